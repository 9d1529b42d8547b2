//! `meed explain CODE`

use crate::Ending;

/// Explain an error code.
#[derive(clap::Args)]
pub struct Explain {
    /// The code, such as `missing-percent`
    code: String,
}

impl Explain {
    pub fn run(self) -> Ending {
        match meed_compiler::errors::page(&self.code) {
            Some(page) => {
                print!("{page}");
                Ending::Well
            }
            None => {
                let near = meed_grammar::nearest(&self.code, meed_compiler::errors::codes());
                let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                eprintln!("error: there is no page for `{}`{hint}", self.code);
                Ending::Program
            }
        }
    }
}
