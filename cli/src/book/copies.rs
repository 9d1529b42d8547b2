//! A new book, a backup, and a book of an older format.

use super::{BookOptions, done, tell};
use crate::ExitStatus;
use crate::draw::{Messages, say};
use meed_book::{Book, Place};
use meed_grammar::foreign::shown;

/// Begin a book where there is none
#[derive(clap::Args)]
pub struct New {}

/// Copy the book whole to a new file, or to an empty database
#[derive(clap::Args)]
pub struct Backup {
    /// Where to: a file, or the URL of a PostgreSQL database
    to: Place,
}

/// Bring a book of an earlier version of Meed to this one's format; the old one is kept
#[derive(clap::Args)]
pub struct Upgrade {
    /// Where the old one is kept: a file [default: beside the book]
    #[arg(long, value_name = "FILE")]
    keep: Option<std::path::PathBuf>,
}

impl New {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let Self {} = self;
        let place = options.place(None, messages)?;
        let begun = Book::create(&place, env!("CARGO_PKG_VERSION"), options.day());
        begun.map_err(|error| tell(&error, messages))?;
        let book = Book::open(&place).map_err(|error| tell(&error, messages))?;
        done(&book, &format!("a new book: `{}`", shown(&place.to_string())));
        Ok(())
    }
}

impl Backup {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let copied = book.backup(&self.to).map_err(|error| tell(&error, messages))?;
        let checked = Book::check(&self.to, Some(&book.state().head)).map_err(|error| tell(&error, messages))?;
        if let Some(finding) = checked.findings.first() {
            messages.error("book-edited", &format!("the copy is not as the book: {}", finding.0), None);
            return Err(ExitStatus::Output);
        }
        let place = self.to.to_string();
        done(&book, &format!("`{}` has {} entries and {} lines", shown(&place), copied.entries, copied.lines));
        Ok(())
    }
}

impl Upgrade {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let place = options.place(None, messages)?;
        match Book::upgrade(&place, self.keep.as_deref(), options.day()) {
            Ok(Some(kept)) => say(&format!(
                "`{}` is of this format now; the old one is `{}`",
                shown(&place.to_string()),
                shown(&kept.to_string())
            )),
            Ok(None) => say(&format!("`{}` is of this format already", shown(&place.to_string()))),
            Err(error) => return Err(tell(&error, messages)),
        }
        Ok(())
    }
}
