//! Why the book does not do something.

use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::EarlierError;
use std::io;

/// Why the book does not do something. Nothing has changed where one is given.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says what its parts are")]
pub enum BookError {
    #[error("there is no book `{}`", shown(place))]
    NoBook { place: String },
    #[error("`{}` is there already", shown(place))]
    Exists { place: String },
    #[error("`{}` is no book of Meed{}", shown(place), reason.as_ref().map_or(String::new(), |reason| format!(": {reason}")))]
    NotABook { place: String, reason: Option<String> },
    #[error(
        "`{}` is of format {format}, written by a later version of Meed; this one knows formats to {known}",
        shown(place)
    )]
    Newer { place: String, format: u32, known: u32 },
    #[error(
        "`{}` is of format {format}, written by an earlier version of Meed; this one writes format {known}",
        shown(place)
    )]
    Older { place: String, format: u32, known: u32 },
    #[error("another Meed is writing to `{}`", shown(place))]
    Busy { place: String },
    #[error("entry {number} of the book is not as it was written: {what}")]
    Edited { number: u64, what: String },
    #[error("the lines of {of} are not as they were written")]
    EditedLines { of: String },
    #[error("the book changed while this was computed: {what}")]
    Changed { what: String },
    #[error("{0}")]
    Refused(String),
    #[error("{message}")]
    RefusedWith { message: String, help: String },
    #[error("the payment of `{}` by `{}` does not fit into the book: {what}", shown(key), shown(rule))]
    TooLarge { rule: String, key: String, what: &'static str },
    #[error("the book cannot be read or written: {0}")]
    Store(String),
    #[error("there is no room for the book: {0}")]
    Full(String),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Earlier(#[from] EarlierError),
    #[error("this build of Meed has no client for PostgreSQL")]
    NoServer,
}

impl BookError {
    /// What cannot be done, with what to do instead.
    pub(crate) fn refused(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::RefusedWith { message: message.into(), help: help.into() }
    }

    /// The code, one per kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoBook { .. } | Self::NotABook { .. } => "no-book",
            Self::Newer { .. } | Self::Older { .. } => "book-format",
            Self::Busy { .. } | Self::Changed { .. } => "book-busy",
            Self::Edited { .. } | Self::EditedLines { .. } => "book-edited",
            Self::Exists { .. } | Self::Refused(_) | Self::RefusedWith { .. } => "book-refused",
            Self::TooLarge { .. } => "overflow",
            Self::Store(_) | Self::Full(_) | Self::Io(_) => "cannot-write-book",
            Self::Earlier(error) => error.code(),
            Self::NoServer => "no-book",
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::NoBook { .. } => "name the book with --book; a new one is begun by: meed book new --book FILE",
            Self::Exists { .. } => "name another file: a book is never written over",
            Self::Newer { .. } => "use that version of Meed",
            Self::Older { .. } => "bring it to this format: meed book upgrade; the old file is kept",
            Self::Busy { .. } => "wait until it has finished, then do this again",
            Self::Changed { .. } => "do it again",
            Self::Edited { .. } | Self::EditedLines { .. } => {
                "take the last backup, and find out who changed it: meed book check"
            }
            Self::Full(_) => "free some room; nothing was changed",
            Self::NoServer => "build it with the feature `postgres`, or use a book in a file",
            Self::RefusedWith { help, .. } => help,
            Self::Earlier(error) => return error.help(),
            Self::NotABook { .. } | Self::Refused(_) | Self::TooLarge { .. } | Self::Store(_) | Self::Io(_) => {
                return None;
            }
        };
        Some(help.to_owned())
    }
}
