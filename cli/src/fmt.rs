//! `meed fmt [PROGRAM…]`

use crate::ExitStatus;
use crate::draw::Messages;
use crate::project;
use std::path::{Path, PathBuf};

/// Format programs.
#[derive(clap::Args)]
pub struct Fmt {
    /// The programs [default: that of the project in this folder]
    programs: Vec<PathBuf>,
    /// Change nothing; fail if something would change
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let named: Vec<Option<&Path>> = if self.programs.is_empty() {
            vec![None]
        } else {
            self.programs.iter().map(|path| Some(&**path)).collect()
        };
        let statuses = named.into_iter().map(|path| self.one(path, messages));
        // The first that fails says how the command ends; the others are done all the same.
        statuses.fold(ExitStatus::Well, |status, next| if status == ExitStatus::Well { next } else { status })
    }

    fn one(&self, named: Option<&Path>, messages: Messages) -> ExitStatus {
        let program = match project::program(named, &[], messages) {
            Ok(program) => program,
            Err(status) => return status,
        };
        let path = program.path.display();
        // The files that it uses are others, to be named themselves.
        let text = program.sources.text_of(0);
        match meed_grammar::format(text) {
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
