//! `meed fmt [PROGRAM…]`

use crate::ExitStatus;
use crate::bind::STANDARD_INPUT;
use crate::draw::{Messages, print_all};
use crate::project;
use std::path::{Path, PathBuf};

/// Format programs.
#[derive(clap::Args)]
pub struct Fmt {
    /// The programs: `.meed` files, folders, or `-` for standard input, which is printed formatted; a folder with a `meed.toml` is its
    /// project, any other all programs in it [default: the project in this folder or one around it]
    programs: Vec<PathBuf>,
    /// Change nothing; fail if something would change
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub fn run(self, messages: Messages) -> ExitStatus {
        match project::named(&self.programs, messages) {
            Ok(named) if named.is_empty() => self.one(None, messages),
            // The others are done all the same.
            Ok(named) => ExitStatus::of_all(named.iter().map(|path| self.one(Some(path), messages))),
            Err(status) => status,
        }
    }

    fn one(&self, named: Option<&Path>, messages: Messages) -> ExitStatus {
        let program = match project::program(named, &[], messages) {
            Ok(program) => program,
            Err(status) => return status,
        };
        let path = program.path.display();
        // The files that it uses are others, to be named themselves.
        let text = program.sources.text_of(0);
        let is_input = program.path == Path::new(STANDARD_INPUT);
        match meed_grammar::format(text) {
            Ok(formatted) if is_input && !self.check => print_all(&formatted, messages),
            Ok(formatted) if formatted == text => ExitStatus::Well,
            Ok(_) if self.check => {
                let help = Some("meed fmt writes it so");
                messages.error("not-formatted", &format!("`{path}` is not in its usual form"), help);
                ExitStatus::Program
            }
            Ok(formatted) => match crate::out::write_whole(&program.path, formatted.as_bytes()) {
                Ok(()) => ExitStatus::Well,
                Err(error) => {
                    messages.error("cannot-write", &format!("cannot write `{path}`: {error}"), None);
                    ExitStatus::Output
                }
            },
            Err(problems) => {
                messages.problems(&program.path, text, &problems);
                ExitStatus::Program
            }
        }
    }
}
