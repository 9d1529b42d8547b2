//! Tables and queries of databases, as `--data` names them: `sqlite:crm.db?table=deals`, `postgres://host/crm?query=select …`.
//!
//! A thread reads the rows and writes them as JSON lines into a pipe, of which this end is read like any file: numbers stay exact, what
//! has no type stays apart from it, and the digest of a run is of what was read. A new kind of database is its file and its line in
//! [`DatabaseTable::rows`].

use crate::source::columns::SourceType;
use crate::source::error::SourceError;
use crate::source::file::{Content, SourceFile, StreamFormat};
use crate::source::json_lines;
#[cfg(feature = "postgres")]
use crate::source::postgres;
#[cfg(feature = "sqlite")]
use crate::source::sqlite;
use meed_compiler::internal;
use std::fmt;
use std::io::{self, BufWriter, PipeReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// A table or a query of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseTable {
    database: Database,
    rows: Rows,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// The URL of a server, and a password that it does not say.
    Postgres(String, Option<String>),
}

/// Which rows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rows {
    Table(String),
    Query(String),
}

/// The address of a database that does not say which rows.
#[derive(Debug, thiserror::Error)]
#[error("`{}` names a database and no table of it", without_password(.0))]
pub struct DatabaseFault(pub String);

/// The columns of a table.
pub(super) type Columns = Vec<(String, SourceType)>;

/// Reads a table: tells its columns, then writes its rows as JSON lines.
type ReadRows = Box<dyn FnOnce(&SyncSender<Columns>, &mut dyn Write) -> Result<(), String> + Send>;

const SERVERS: [&str; 2] = ["postgres:", "postgresql:"];
/// What stands before the rows that are meant.
const ROWS: [&str; 4] = ["?table=", "&table=", "?query=", "&query="];

impl DatabaseTable {
    /// The table that an address names; nothing where it is the address of no database.
    ///
    /// # Errors
    /// When it says not which rows.
    pub fn parse(address: &str) -> Option<Result<Self, DatabaseFault>> {
        let begins = |scheme: &&str| address.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme));
        let sqlite = ["sqlite:"].iter().find(|scheme| begins(scheme)).and_then(|scheme| address.get(scheme.len()..));
        let server = SERVERS.iter().find(|scheme| begins(scheme)).and_then(|scheme| address.get(scheme.len()..));
        let place = match (sqlite, server) {
            (Some(place), _) => place,
            (None, Some(rest)) if rest.starts_with("//") => address,
            (None, Some(_)) => return Some(Err(DatabaseFault(address.to_owned()))),
            (None, None) => return None,
        };
        let found = ROWS.iter().filter_map(|word| {
            let (database, rows) = place.split_once(word)?;
            let rows = rows.trim().to_owned();
            Some((database, if word.ends_with("table=") { Rows::Table(rows) } else { Rows::Query(rows) }))
        });
        // What follows the first of them is all of it: a query may have any signs.
        let Some((database, rows)) = found.min_by_key(|(database, _)| database.len()) else {
            return Some(Err(DatabaseFault(address.to_owned())));
        };
        let (Rows::Table(words) | Rows::Query(words)) = &rows;
        if words.is_empty() || database.is_empty() {
            return Some(Err(DatabaseFault(address.to_owned())));
        }
        let database = match sqlite {
            Some(_) => Database::Sqlite(PathBuf::from(database)),
            None => Database::Postgres(database.to_owned(), None),
        };
        Some(Ok(Self { database, rows }))
    }

    /// The same with the file of the database beside a folder, if it is one that is named from there.
    pub fn within(self, folder: &Path) -> Self {
        match self.database {
            Database::Sqlite(path) => Self { database: Database::Sqlite(folder.join(path)), ..self },
            Database::Postgres(..) => self,
        }
    }

    /// The same with a password for a server, where its URL says none.
    pub fn with_password(self, password: Option<String>) -> Self {
        match self.database {
            Database::Postgres(url, None) => Self { database: Database::Postgres(url, password), ..self },
            Database::Postgres(..) | Database::Sqlite(_) => self,
        }
    }

    /// The file of the database, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.database {
            Database::Sqlite(path) => Some(path),
            Database::Postgres(..) => None,
        }
    }

    /// Begins to read the rows.
    ///
    /// # Errors
    /// When the database cannot be opened or has no such table.
    pub fn open(&self) -> Result<SourceFile, SourceError> {
        let name = self.to_string();
        let cannot = |reason: String| SourceError::CannotRead { file: name.clone(), reason };
        let read = self.rows().map_err(cannot)?;
        let (bytes, target) = io::pipe().map_err(|error| cannot(error.to_string()))?;
        let (told, columns) = sync_channel(1);
        let work = move || {
            let mut target = BufWriter::with_capacity(1 << 16, target);
            let done = internal::guarded(|| read(&told, &mut target)).unwrap_or_else(|error| Err(error.to_string()));
            done.and_then(|()| target.flush().map_err(|error| error.to_string()))
        };
        let thread = std::thread::Builder::new().name("database".to_owned()).spawn(work);
        let thread = thread.map_err(|error| cannot(error.to_string()))?;
        let mut rows = RowBytes { bytes, thread: Some(thread) };
        let Ok(columns) = columns.recv() else {
            let reason = rows.end().err().map_or_else(|| "it has no columns".to_owned(), |error| error.to_string());
            return Err(cannot(reason));
        };
        if let Some(twice) = twice(&columns) {
            return Err(cannot(format!("two of its columns are called `{twice}`: name one of them by `as`")));
        }
        let format =
            StreamFormat::new(move |name, bytes, opening| Ok(json_lines::with_columns(name, bytes, opening, columns)));
        Ok(SourceFile { name: self.to_string(), content: Content::Stream(Box::new(rows), format) })
    }

    fn rows(&self) -> Result<ReadRows, String> {
        match &self.database {
            #[cfg(feature = "sqlite")]
            Database::Sqlite(path) => {
                let (path, query) = (path.clone(), self.query(quoted));
                Ok(Box::new(move |told, target| sqlite::read(&path, &query, told, target)))
            }
            #[cfg(not(feature = "sqlite"))]
            Database::Sqlite(_) => Err("this build of Meed reads no SQLite databases".to_owned()),
            #[cfg(feature = "postgres")]
            Database::Postgres(url, password) => {
                // A schema and its table.
                let query = self.query(|name| name.split('.').map(quoted).collect::<Vec<_>>().join("."));
                let (url, password) = (url.clone(), password.clone());
                Ok(Box::new(move |told, target| postgres::read(&url, password.as_deref(), &query, told, target)))
            }
            #[cfg(not(feature = "postgres"))]
            Database::Postgres(..) => {
                Err("this build of Meed has no client of PostgreSQL (feature `postgres`)".to_owned())
            }
        }
    }

    /// The query for its rows.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    fn query(&self, quote: impl Fn(&str) -> String) -> String {
        match &self.rows {
            Rows::Table(name) => format!("SELECT * FROM {}", quote(name)),
            Rows::Query(query) => query.trim_end_matches(|sign: char| sign == ';' || sign.is_whitespace()).to_owned(),
        }
    }
}

/// A name as SQL takes it, whatever signs it has.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn twice(columns: &Columns) -> Option<&str> {
    let mut names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.array_windows().find(|[one, other]| one == other).map(|[name, _]| *name)
}

/// As it was named, but for a password.
impl fmt::Display for DatabaseTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = match &self.rows {
            Rows::Table(name) => format!("table={name}"),
            Rows::Query(query) => format!("query={query}"),
        };
        match &self.database {
            Database::Sqlite(path) => write!(f, "sqlite:{}?{rows}", path.display()),
            Database::Postgres(url, _) => {
                let url = without_password(url);
                let sign = if url.contains('?') { '&' } else { '?' };
                write!(f, "{url}{sign}{rows}")
            }
        }
    }
}

/// The address of a table or of a server for messages, without a password.
pub fn without_password(address: &str) -> String {
    let rows = ROWS.iter().filter_map(|word| address.find(word)).min();
    let (place, rows) = address.split_at(rows.unwrap_or(address.len()));
    let (user, host) = match place.rsplit_once('@') {
        Some((user, host)) => {
            let (scheme, user) = user.split_at(user.find("//").map_or(0, |at| at + 2));
            let user = user.split_once(':').map_or(user, |(user, _)| user);
            (format!("{scheme}{user}@"), host)
        }
        None => (String::new(), place),
    };
    let (host, said) = host.split_once('?').map_or((host, None), |(host, said)| (host, Some(said)));
    let is_told = |said: &&str| !said.to_lowercase().starts_with("password=");
    let said: Vec<&str> = said.into_iter().flat_map(|said| said.split('&')).filter(is_told).collect();
    let said = if said.is_empty() { String::new() } else { format!("?{}", said.join("&")) };
    // A password that stands behind the rows is none of the server's, and is no less one.
    let rows = match rows.to_lowercase().find("password=") {
        Some(at) => rows.get(..at).unwrap_or_default().to_owned() + "password=…",
        None => rows.to_owned(),
    };
    // What follows is behind the first of them or behind others.
    let rows = match (rows.split_at_checked(1), said.is_empty()) {
        (Some((_, rows)), true) => format!("?{rows}"),
        (Some((_, rows)), false) => format!("&{rows}"),
        (None, _) => String::new(),
    };
    format!("{user}{host}{said}{rows}")
}

/// The rows of a table as bytes, written by a thread of their own.
struct RowBytes {
    bytes: PipeReader,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl RowBytes {
    /// Waits for the thread, and says what it met.
    fn end(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let done = thread.join().unwrap_or_else(|_| Err("the thread that reads it ended".to_owned()));
        done.map_err(io::Error::other)
    }
}

impl Read for RowBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(buffer)? {
            // A table that could not be read to its end has no end.
            0 if !buffer.is_empty() => self.end().map(|()| 0),
            n_read => Ok(n_read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_which_rows_of_which_database() {
        let told = |address: &str| match DatabaseTable::parse(address) {
            None => "none".to_owned(),
            Some(Err(fault)) => fault.to_string(),
            Some(Ok(table)) => format!("{table} | {:?}", table.rows),
        };
        let cases = [
            ("deals.csv", "none"),
            ("s3://bucket/deals.csv", "none"),
            ("sqlite:crm.db?table=deals", "sqlite:crm.db?table=deals | Table(\"deals\")"),
            (
                "sqlite:a b.db?query=select a as 'x?table=y' from t&u;",
                "sqlite:a b.db?query=select a as 'x?table=y' from t&u; | Query(\"select a as 'x?table=y' from t&u;\")",
            ),
            (
                "postgres://me:secret@host:5432/crm?sslmode=disable&table=sales.deals",
                "postgres://me@host:5432/crm?sslmode=disable&table=sales.deals | Table(\"sales.deals\")",
            ),
            ("sqlite:crm.db", "`sqlite:crm.db` names a database and no table of it"),
            ("sqlite:crm.db?table=", "`sqlite:crm.db?table=` names a database and no table of it"),
            ("sqlite:?table=a", "`sqlite:?table=a` names a database and no table of it"),
            ("postgres://me:secret@host/crm", "`postgres://me@host/crm` names a database and no table of it"),
            ("postgres:/me:secret@host/crm", "`postgres@host/crm` names a database and no table of it"),
            (
                "POSTGRES://me:secret@host/crm?tabel=a",
                "`POSTGRES://me@host/crm?tabel=a` names a database and no table of it",
            ),
        ];
        for (address, wanted) in cases {
            assert_eq!(told(address), wanted);
        }
    }

    #[test]
    fn a_password_is_not_told() {
        let cases = [
            ("postgres://finance:secret@db.example:5432/books?password=x", "postgres://finance@db.example:5432/books"),
            ("postgresql://finance:a@b@host/books", "postgresql://finance@host/books"),
            ("postgresql:///books", "postgresql:///books"),
            (
                "postgres://me:se?cret@h/x?options=-csearch_path=s&PASSWORD=y",
                "postgres://me@h/x?options=-csearch_path=s",
            ),
            ("postgres://me@h/x?table=a&password=y", "postgres://me@h/x?table=a&password=…"),
            ("postgres://me:a@h/x?query=select '@' from t", "postgres://me@h/x?query=select '@' from t"),
        ];
        for (url, told) in cases {
            assert_eq!(without_password(url), told);
        }
    }
}
