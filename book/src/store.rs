//! Where a book is kept: entries, lines and names, and nothing that they mean. One file a kind of store.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

use crate::chain::Link;
use crate::error::BookError;
use crate::line::PostedLine;
use crate::payee::Payee;
use meed_runtime::inner::source::without_password;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The format of stores that this Meed writes.
pub(crate) const FORMAT: u32 = 2;

/// Where a book is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// On a PostgreSQL server, by its URL.
    Server(String),
}

/// The display names of payees.
pub type Names = Vec<(Payee, String)>;

/// A sum of lines: for whom, by which rule and in which period booked if that was asked for, in which unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineSum {
    pub payee: Payee,
    pub rule: Option<String>,
    pub booked: Option<String>,
    pub unit: String,
    pub amount: i128,
    /// What of it is of the settlement that was asked for beside all.
    pub of_last: i128,
}

/// What sums of lines are by, beside payee and unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SumBy {
    Payee,
    PayeeRuleAndBooked,
}

/// A store. What is written between `begin` and `commit` is there whole or not at all.
pub(crate) trait Store {
    /// Entries from a number on.
    fn links(&mut self, from: u64) -> Result<Vec<Link>, BookError>;

    /// Keeps others from writing.
    fn begin(&mut self) -> Result<(), BookError>;

    fn commit(&mut self) -> Result<(), BookError>;

    /// Reads what is there now, whatever others write, until it is rolled back.
    fn begin_reading(&mut self) -> Result<(), BookError>;

    /// Leaves nothing behind of what was erased.
    fn forget(&mut self) -> Result<(), BookError>;

    fn roll_back(&mut self);

    fn put_link(&mut self, link: &Link) -> Result<(), BookError>;

    /// Lines of a settlement, behind those that it has.
    fn put_lines(&mut self, settlement: u64, lines: &[PostedLine]) -> Result<(), BookError>;

    /// At most so many lines of a settlement behind a number.
    fn lines(&mut self, settlement: u64, after: u64, limit: usize) -> Result<Vec<PostedLine>, BookError>;

    /// Lines of some settlements for one payee, where a key is given those of that alone, with their settlements, in order.
    fn lines_of(
        &mut self,
        settlements: &[u64],
        payee: &Payee,
        key: Option<&str>,
    ) -> Result<Vec<(u64, PostedLine)>, BookError>;

    fn drop_lines(&mut self, settlement: u64) -> Result<(), BookError>;

    /// The settlements that have lines.
    fn with_lines(&mut self) -> Result<Vec<u64>, BookError>;

    /// Sums of some settlements, and beside them of one of these; of what is due by a day if one is given.
    fn sums(
        &mut self,
        settlements: &[u64],
        last: Option<u64>,
        by: SumBy,
        due_by: Option<i32>,
    ) -> Result<Vec<LineSum>, BookError>;

    /// The keys of payees of a kind of whom there are lines.
    fn keys_of(&mut self, kind: &str) -> Result<Vec<String>, BookError>;

    fn names(&mut self) -> Result<Names, BookError>;

    fn put_names(&mut self, names: &[(Payee, String)]) -> Result<(), BookError>;

    /// Whether there was a name.
    fn erase_name(&mut self, payee: &Payee) -> Result<bool, BookError>;

    /// What the store itself finds wrong.
    fn faults(&mut self) -> Result<Vec<String>, BookError>;
}

/// A number as stores have it, which is never negative; a store that somebody edited has another line than it says then.
fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A number as stores take it.
fn id(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Place {
    /// Opens the book there.
    pub(crate) fn open(&self) -> Result<Box<dyn Store>, BookError> {
        match self {
            Self::File(path) => Ok(Box::new(sqlite::Sqlite::open(path)?)),
            #[cfg(feature = "postgres")]
            Self::Server(url) => Ok(Box::new(postgres::Server::open(url, &self.to_string())?)),
            #[cfg(not(feature = "postgres"))]
            Self::Server(_) => Err(BookError::NoServer),
        }
    }

    /// Brings the book there to this format, where `fill` copies what it has; gives where the old one is kept.
    pub(crate) fn upgrade(
        &self,
        keep: Option<&Path>,
        fill: impl FnOnce(&mut dyn Store, &mut dyn Store, u32) -> Result<(), BookError>,
    ) -> Result<Option<Self>, BookError> {
        match self {
            Self::File(path) => Ok(sqlite::Sqlite::upgrade(path, keep, fill)?.map(Self::File)),
            // Books on servers are of no earlier format.
            Self::Server(_) => self.open().map(|_| None),
        }
    }

    /// Makes an empty store there, and has it filled; it is there whole or not at all.
    pub(crate) fn create<T>(&self, fill: impl FnOnce(&mut dyn Store) -> Result<T, BookError>) -> Result<T, BookError> {
        match self {
            Self::File(path) => sqlite::Sqlite::create(path, fill),
            #[cfg(feature = "postgres")]
            Self::Server(url) => postgres::Server::create(url, &self.to_string(), fill),
            #[cfg(not(feature = "postgres"))]
            Self::Server(_) => Err(BookError::NoServer),
        }
    }
}

/// A URL of a server, or the path of a file.
impl FromStr for Place {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        Ok(if is_url { Self::Server(text.to_owned()) } else { Self::File(text.into()) })
    }
}

/// For messages: a password is not told.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server(url) => f.write_str(&without_password(url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_told() {
        let told = |text: &str| text.parse::<Place>().map(|place| place.to_string()).unwrap_or_default();
        assert_eq!(
            told("postgres://finance:secret@db.example:5432/books?password=x"),
            "postgres://finance@db.example:5432/books"
        );
        assert_eq!(told("postgresql://finance:a@b@host/books"), "postgresql://finance@host/books");
        assert_eq!(told("postgresql:///books"), "postgresql:///books");
        assert_eq!(told("books/2026.db"), "books/2026.db");
    }
}
