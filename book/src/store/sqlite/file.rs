//! The file of a book: opened, made whole or not at all, and brought to this format.

use super::words::{COLUMNS, COLUMNS_1, Words};
use super::{PATIENCE, Sqlite, fault};
use crate::error::BookError;
use crate::store::{FORMAT, Store};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};

/// By which SQLite knows files of Meed: `Meed` in ASCII.
const APPLICATION: i32 = 0x4d65_6564;
/// Days are counted from 1970-01-01, amounts in the smallest parts of their units. Lines are in the order of their numbers on the disk.
pub(super) const SCHEMA: &str = "
CREATE TABLE entry (number INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE payee (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, UNIQUE (kind, key)) STRICT;
CREATE TABLE name (kind TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
CREATE TABLE line (
    settlement INTEGER NOT NULL, number INTEGER NOT NULL,
    event INTEGER NOT NULL REFERENCES word, key TEXT NOT NULL, rule INTEGER NOT NULL REFERENCES word,
    payee INTEGER NOT NULL REFERENCES payee, period INTEGER NOT NULL REFERENCES word, unit INTEGER NOT NULL REFERENCES word,
    due INTEGER, version INTEGER NOT NULL, place INTEGER NOT NULL, \"when\" INTEGER NOT NULL,
    booked INTEGER NOT NULL REFERENCES word, reason INTEGER NOT NULL REFERENCES word, was INTEGER NOT NULL, amount INTEGER NOT NULL,
    row INTEGER, PRIMARY KEY (settlement, number)
) STRICT, WITHOUT ROWID;
CREATE VIEW lines AS SELECT
    settlement, number, rule.word AS rule, version, payee.kind AS payee_kind, payee.key AS payee, unit.word AS unit, was, amount,
    event.word AS event, line.key, place, date(\"when\" * 86400, 'unixepoch') AS \"when\", period.word AS period,
    booked.word AS booked, date(due * 86400, 'unixepoch') AS due, reason.word AS reason
FROM line
    JOIN payee ON payee.id = line.payee JOIN word AS rule ON rule.id = line.rule JOIN word AS unit ON unit.id = line.unit
    JOIN word AS event ON event.id = line.event JOIN word AS period ON period.id = line.period
    JOIN word AS booked ON booked.id = line.booked JOIN word AS reason ON reason.id = line.reason;
";

impl Sqlite {
    pub fn open(path: &Path) -> Result<Self, BookError> {
        let (store, format) = Self::open_any(path)?;
        match format {
            FORMAT => Ok(store),
            format => Err(BookError::Older { place: store.place, format, known: FORMAT }),
        }
    }

    /// Brings a file to this format: a new one takes its place, and the old one is kept under another name. Nothing where it is of this
    /// format.
    pub fn upgrade(
        path: &Path,
        keep: Option<&Path>,
        fill: impl FnOnce(&mut dyn Store, &mut dyn Store, u32) -> Result<(), BookError>,
    ) -> Result<Option<PathBuf>, BookError> {
        // A link stays a link.
        let path = &path.canonicalize().map_err(|_| BookError::NoBook { place: path.display().to_string() })?;
        let (mut old, format) = Self::open_any(path)?;
        if format == FORMAT {
            return Ok(None);
        }
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let ending = path.extension().map_or_else(String::new, |ending| format!(".{}", ending.to_string_lossy()));
        let beside = || path.with_file_name(format!("{stem}.format-{format}{ending}"));
        let kept = keep.map_or_else(beside, Path::to_owned);
        if kept.symlink_metadata().is_ok() {
            return Err(BookError::Exists { place: kept.display().to_string() });
        }
        let next = path.with_file_name(format!(".{stem}.format-{FORMAT}{ending}"));
        // From here on nobody else writes, and whoever waits finds another file.
        old.begin()?;
        // What an upgrade left that was killed.
        let _ = std::fs::remove_file(&next);
        Self::create(&next, |new| fill(&mut old, new, format))?;
        let swap = || {
            // The old file gets its second name without being opened: closing it would end the lock of this process on it.
            if std::fs::hard_link(path, &kept).is_err() {
                std::fs::copy(path, &kept)?;
            }
            std::fs::rename(&next, path)?;
            #[cfg(unix)]
            std::fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(())
        };
        let swapped: Result<(), BookError> = swap().inspect_err(|_| {
            let _ = std::fs::remove_file(&next);
        });
        old.roll_back();
        swapped.map(|()| Some(kept))
    }

    /// Opens a file of any format that is known.
    fn open_any(path: &Path) -> Result<(Self, u32), BookError> {
        let place = path.display().to_string();
        if !path.exists() {
            return Err(BookError::NoBook { place });
        }
        if path.is_dir() {
            return Err(BookError::NotABook { place, reason: Some("it is a folder".to_owned()) });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // Of a name that means something to SQLite, such as `:memory:`, it is the file that is meant.
        let whole = std::path::absolute(path).map_err(|error| BookError::Store(format!("`{place}`: {error}")))?;
        let connection = Connection::open_with_flags(whole, flags).map_err(|error| fault(&error, &place))?;
        let mut store = Self {
            connection,
            columns: COLUMNS,
            file: file_at(path),
            path: path.to_owned(),
            place,
            words: Words::default(),
        };
        store.prepare()?;
        let none = |reason| BookError::NotABook { place: store.place.clone(), reason };
        let pragma = |name: &str| store.connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        match pragma("application_id") {
            Ok(APPLICATION) => {}
            Ok(_) => return Err(none(None)),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => return Err(none(None)),
            Err(error) => return Err(fault(&error, &store.place)),
        }
        let format = pragma("user_version").map_err(|error| fault(&error, &store.place))?;
        let place = store.place.clone();
        match u32::try_from(format) {
            Ok(FORMAT) => Ok((store, FORMAT)),
            Ok(format) if format > FORMAT => Err(BookError::Newer { place, format, known: FORMAT }),
            Ok(1) => {
                store.columns = COLUMNS_1;
                Ok((store, 1))
            }
            Ok(_) | Err(_) => Err(BookError::NotABook { place, reason: Some("it has no format".to_owned()) }),
        }
    }

    pub fn create<T>(path: &Path, fill: impl FnOnce(&mut dyn Store) -> Result<T, BookError>) -> Result<T, BookError> {
        let place = path.display().to_string();
        let exists = || BookError::Exists { place: place.clone() };
        if path.symlink_metadata().is_ok() {
            return Err(exists());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(BookError::Refused(format!("there is no folder `{}`", folder.display())));
        }
        let beside = |error: std::io::Error| BookError::Full(format!("`{}`: {error}", folder.display()));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".meed-").suffix(".part");
        // As readable as any new file; the user's mask says to whom.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(beside)?;
        let connection = Connection::open(file.path()).map_err(|error| fault(&error, &place))?;
        let mut store = Self {
            connection,
            columns: COLUMNS,
            file: None,
            path: path.to_owned(),
            place: place.clone(),
            words: Words::default(),
        };
        store.prepare()?;
        store.begin()?;
        let wrong = |error: rusqlite::Error| fault(&error, &place);
        store.connection.execute_batch(SCHEMA).map_err(wrong)?;
        store.connection.pragma_update(None, "application_id", APPLICATION).map_err(wrong)?;
        store.connection.pragma_update(None, "user_version", FORMAT).map_err(wrong)?;
        let filled = fill(&mut store)?;
        store.commit()?;
        store.connection.close().map_err(|(_, error)| fault(&error, &place))?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(),
            _ => beside(error.error),
        })?;
        #[cfg(unix)]
        std::fs::File::open(folder)?.sync_all()?;
        Ok(filled)
    }

    /// What an edited file says of triggers and functions is not done.
    fn prepare(&self) -> Result<(), BookError> {
        let set = || {
            self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
            // What is erased or moved leaves nothing in the file.
            self.connection.pragma_update(None, "secure_delete", true)?;
            self.connection.busy_timeout(PATIENCE)?;
            self.connection.pragma_update(None, "synchronous", "FULL")?;
            self.connection.pragma_update(None, "cache_size", -65_536)?;
            self.connection.set_prepared_statement_cache_capacity(64);
            Ok(())
        };
        set().map_err(|error| fault(&error, &self.place))
    }
}

/// Which file is at a path, where the system tells.
pub(super) fn file_at(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        path.metadata().ok().map(|file| (file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
