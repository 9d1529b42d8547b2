//! `meed man FOLDER`

use crate::ExitStatus;
use crate::draw::Messages;
use crate::out::not_written;
use std::path::PathBuf;

/// Write the pages of the manual, one for each command.
#[derive(clap::Args)]
pub struct Man {
    /// The folder for them
    folder: PathBuf,
}

impl Man {
    pub fn run(self, meed: clap::Command, messages: Messages) -> ExitStatus {
        let written = std::fs::create_dir_all(&self.folder).and_then(|()| clap_mangen::generate_to(meed, &self.folder));
        match written {
            Ok(()) => ExitStatus::Well,
            Err(error) => not_written(&self.folder, &error, messages),
        }
    }
}
