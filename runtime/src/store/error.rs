//! Why rows cannot be kept.

use std::io;

/// Rows that could not be spilled, or not be read back.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("cannot keep rows in the folder `{}`: {reason}", meed_grammar::foreign::shown(folder))]
pub struct StoreError {
    /// The folder.
    pub folder: String,
    /// What the system says.
    pub reason: String,
}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        Self::other(error)
    }
}
