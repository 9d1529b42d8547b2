//! Where a table is: a file, standard input, or a table of a database.

use meed_grammar::foreign::shown;
use meed_runtime::inner::source::{Content, DatabaseFault, DatabaseTable, SourceError, SourceFile};
use std::fmt;
use std::path::{Path, PathBuf};

/// What stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// Where a table is.
#[derive(Clone, Debug, PartialEq)]
pub enum TablePlace {
    File(PathBuf),
    /// Its bytes can be read once; the first of them tell what they are.
    StandardInput,
    Database(DatabaseTable),
}

impl TablePlace {
    /// The place that is no file, of an entry that names one.
    pub fn elsewhere(entry: &str) -> Result<Option<Self>, DatabaseFault> {
        if entry == STANDARD_INPUT {
            return Ok(Some(Self::StandardInput));
        }
        let Some(table) = DatabaseTable::parse(entry).transpose()? else { return Ok(None) };
        // As other clients of such servers take it, so that it is on no command line.
        Ok(Some(Self::Database(table.with_password(std::env::var("PGPASSWORD").ok()))))
    }

    /// An entry of a project's file, with a path from its folder.
    pub fn within(folder: &Path, entry: &str) -> String {
        match DatabaseTable::parse(entry) {
            _ if entry == STANDARD_INPUT => entry.to_owned(),
            // A server's password would not be told again.
            Some(Ok(table)) if table.file().is_some() => table.within(folder).to_string(),
            Some(_) => entry.to_owned(),
            None => folder.join(entry).display().to_string(),
        }
    }

    /// The file that is read, also that of a database.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::StandardInput => None,
            Self::Database(table) => table.file(),
        }
    }

    /// All files that are read, those beside a database among them.
    pub fn files(&self) -> Vec<PathBuf> {
        let Some(file) = self.file() else { return Vec::new() };
        let beside = |ending: &str| PathBuf::from(format!("{}{ending}", file.display()));
        match self {
            Self::Database(_) => vec![file.to_owned(), beside("-wal"), beside("-shm"), beside("-journal")],
            Self::File(_) | Self::StandardInput => vec![file.to_owned()],
        }
    }

    /// Opens it.
    pub fn open(&self) -> Result<SourceFile, SourceError> {
        match self {
            Self::File(path) => SourceFile::open(path),
            Self::StandardInput => {
                let content = Content::Unnamed(Box::new(std::io::stdin()));
                Ok(SourceFile { name: self.to_string(), content })
            }
            Self::Database(table) => table.open(),
        }
    }
}

/// As it was named, but for a password.
impl fmt::Display for TablePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::StandardInput => f.write_str(STANDARD_INPUT),
            Self::Database(table) => write!(f, "{table}"),
        }
    }
}

/// The same for messages.
pub fn place_name(place: &TablePlace) -> String {
    shown(&place.to_string()).into_owned()
}
