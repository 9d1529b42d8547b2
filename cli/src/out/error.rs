//! Why outputs cannot be written.

use crate::ExitStatus;
use crate::draw::Messages;
use crate::job::{mistake, no_room};
use meed_compiler::internal::InternalError;
use meed_runtime::inner::store::StoreError;
use meed_runtime::manifest::ManifestError;
use std::io;
use std::path::PathBuf;

/// Why a run cannot write its outputs; what was there before is left as it was.
#[derive(Debug, thiserror::Error)]
pub enum OutError {
    /// The system refuses.
    #[error("cannot write `{}`: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    /// Another run has the folder.
    #[error("another run is writing to `{}`", .0.display())]
    InUse(PathBuf),
    /// A file that is no output of the folder's last run.
    #[error("cannot write `{}`: {what}", path.display())]
    InTheWay { path: PathBuf, what: &'static str },
    /// The folder belongs to another program.
    #[error("`{}` is the output of the program `{found}`, not of `{program}`", folder.display())]
    OtherProgram { folder: PathBuf, found: String, program: String },
    /// `run.json` cannot be trusted.
    #[error("{0}")]
    Manifest(ManifestError),
}

impl From<(PathBuf, io::Error)> for OutError {
    fn from((path, error): (PathBuf, io::Error)) -> Self {
        Self::Write { path, error }
    }
}

impl OutError {
    /// The code, one per kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Write { .. } => "cannot-write",
            Self::InUse(_) => "folder-in-use",
            Self::InTheWay { .. } => "file-in-the-way",
            Self::OtherProgram { .. } => "other-program",
            Self::Manifest(_) => "bad-run-json",
        }
    }

    /// What to do about it, where that is known.
    fn help(&self) -> Option<&'static str> {
        match self {
            Self::Write { .. } => None,
            Self::InUse(_) => Some("wait until it ends, or name another folder with --out"),
            Self::InTheWay { .. } => Some("move it away, or name another folder with --out"),
            Self::OtherProgram { .. } => Some("give each program a folder of its own: --out FOLDER"),
            Self::Manifest(_) => Some("move the outputs and `run.json` away, or name another folder with --out"),
        }
    }

    /// Says it, and how the command ends.
    pub fn tell(&self, messages: Messages) -> ExitStatus {
        if let Self::Write { error, .. } = self
            && let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<StoreError>())
        {
            return no_room(error, messages);
        }
        if let Self::Write { error, .. } = self
            && let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<InternalError>())
        {
            return mistake(error, messages);
        }
        messages.error(self.code(), &self.to_string(), self.help());
        ExitStatus::Output
    }
}
