//! Why the payments of an earlier run cannot be taken.

use crate::manifest::ManifestError;
use crate::source::error::SourceError;
use crate::store::error::StoreError;
use meed_compiler::plan::calendar::date_of;
use meed_grammar::foreign::shown;

/// Why the payments of an earlier run cannot be taken.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says what its parts are")]
pub enum EarlierError {
    /// The folder has no `run.json`.
    #[error("`{}` is no folder that a run has written: it has no run.json", shown(folder))]
    NoRun { folder: String },
    /// Its `run.json` or its payments are not as the run wrote them.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Its payments are others than it wrote.
    #[error("`{}` is not as the run wrote it: its digest is another than in run.json", shown(file))]
    Changed { file: String },
    /// Another program paid there.
    #[error("`{}` is of the program `{}`, not of `{}`", shown(folder), shown(theirs), shown(ours))]
    OtherProgram { folder: String, theirs: String, ours: String },
    /// It is through a later day than this run.
    #[error("`{}` is through {}, later than this run", shown(folder), date_of(*through))]
    Later { folder: String, through: i32 },
    /// A folder is named twice.
    #[error("`{}` and `{}` are one run", shown(folder), shown(other))]
    Twice { folder: String, other: String },
    /// What the run of a folder paid is beside what another one had paid, and that one is not named.
    #[error("`{}` holds only what its run paid beside `{}`, which is not named", shown(folder), shown(other))]
    Incomplete { folder: String, other: String },
    /// The folder that a run paid beside has another run now.
    #[error("`{}` was paid beside what `{}` held then, which is another run now", shown(folder), shown(other))]
    Replaced { folder: String, other: String },
    /// Two runs that do not know one another paid the same.
    #[error("`{}` was paid without knowing what `{}` had paid", shown(folder), shown(other))]
    Apart { folder: String, other: String },
    /// It has no payments.
    #[error("`{}` has no table of payments", shown(folder))]
    NoPayments { folder: String },
    /// A file of payments of before has not the columns of such a file.
    #[error("`{}` is no table of payments: its columns must be {columns}", shown(file))]
    NoColumn { file: String, columns: String },
    /// Its payments cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// They cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A cell of its payments is none that a run writes.
    #[error("row {row} of `{}`: `{}` is no {what}", shown(file), shown(value))]
    Cell { file: String, row: u64, value: String, what: &'static str },
}

impl EarlierError {
    /// The code, one per kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source(error) => error.code(),
            Self::Store(_) => "cannot-keep-rows",
            _ => "earlier-run",
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoRun { .. } => Some("name the folder that an earlier run was told by --out".to_owned()),
            Self::Incomplete { other, .. } => Some(format!("name it too: --paid {}", shown(other))),
            Self::Replaced { .. } | Self::Apart { .. } => {
                Some("run again what came second, with --paid and the folder of the first".to_owned())
            }
            Self::Later { .. } => Some("name a later day: --through".to_owned()),
            Self::Changed { .. } => Some("run it again".to_owned()),
            Self::Source(error) => error.help(),
            _ => None,
        }
    }
}
