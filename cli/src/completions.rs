//! `meed completions SHELL`

use crate::ExitStatus;
use crate::draw::{Messages, copy_all};

/// Print what has a shell complete the commands and options of Meed.
#[derive(clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

impl Completions {
    pub fn run(self, mut meed: clap::Command, messages: Messages) -> ExitStatus {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut meed, "meed", &mut script);
        copy_all(|out| out.write_all(&script), messages)
    }
}
