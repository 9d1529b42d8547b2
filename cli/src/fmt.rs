//! `meed fmt FILE…`

use crate::Ending;
use crate::draw::{self, MessageFormat};
use std::path::PathBuf;

/// Write programs in their usual form.
#[derive(clap::Args)]
pub struct Fmt {
    /// The programs
    #[arg(required = true)]
    programs: Vec<PathBuf>,
    /// Change nothing; fail where something would change
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub fn run(self) -> Ending {
        let mut ending = Ending::Well;
        for path in &self.programs {
            let Some(text) = draw::read_program(path) else { return Ending::Program };
            match meed_grammar::format(&text) {
                Ok(formatted) if formatted == text => {}
                Ok(_) if self.check => {
                    eprintln!("{} is not in its usual form", path.display());
                    ending = Ending::Program;
                }
                Ok(formatted) => {
                    if let Err(error) = crate::out::write_whole(path, formatted.as_bytes()) {
                        eprintln!("error: cannot write `{}`: {error}", path.display());
                        return Ending::Output;
                    }
                }
                Err(problems) => {
                    draw::problems(path, &text, &problems, MessageFormat::Human);
                    ending = Ending::Program;
                }
            }
        }
        ending
    }
}
