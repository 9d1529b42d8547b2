//! A book in a file, by SQLite. Anybody can open it with tools of their own: the view `lines` has texts and dates.

use crate::chain::Link;
use crate::error::BookError;
use crate::line::PostedLine;
use crate::payee::Payee;
use crate::store::{FORMAT, LineSum, Names, Store, SumBy};
use meed_runtime::inner::earlier::{Line, Subject};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// By which SQLite knows files of Meed: `Meed` in ASCII.
const APPLICATION: i32 = 0x4d65_6564;
/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long whoever has written waits for those who read.
const LONG_PATIENCE: Duration = Duration::from_secs(300);

/// Days are counted from 1970-01-01, amounts in the smallest parts of their units. Lines are in the order of their numbers on the disk.
const SCHEMA: &str = "
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

pub(super) struct Sqlite {
    connection: Connection,
    /// The columns by which lines are read.
    columns: &'static str,
    /// The path, and which file was there when it was opened; none of a file that is being made.
    path: PathBuf,
    file: Option<(u64, u64)>,
    place: String,
    words: Words,
}

/// Words and payees that are known, so that lines are written and read without looking each of them up.
#[derive(Default)]
struct Words {
    ids: FxHashMap<Rc<str>, i64>,
    texts: FxHashMap<i64, Rc<str>>,
    payees: FxHashMap<(Rc<str>, String), i64>,
}

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
            std::fs::copy(path, &kept)?;
            std::fs::File::open(&kept)?.sync_all()?;
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

    fn wrong(&self) -> impl Fn(rusqlite::Error) -> BookError + use<> {
        let place = self.place.clone();
        move |error| fault(&error, &place)
    }

    fn word_id(&mut self, text: &str) -> Result<i64, BookError> {
        if let Some(id) = self.words.ids.get(text) {
            return Ok(*id);
        }
        let find = || {
            let mut insert = self.connection.prepare_cached("INSERT OR IGNORE INTO word (word) VALUES (?1)")?;
            insert.execute([text])?;
            let mut select = self.connection.prepare_cached("SELECT id FROM word WHERE word = ?1")?;
            select.query_row([text], |row| row.get(0))
        };
        let id = find().map_err(self.wrong())?;
        self.words.ids.insert(text.into(), id);
        Ok(id)
    }

    fn word(&mut self, id: i64) -> Result<Rc<str>, BookError> {
        if let Some(text) = self.words.texts.get(&id) {
            return Ok(text.clone());
        }
        let find = || {
            let mut select = self.connection.prepare_cached("SELECT word FROM word WHERE id = ?1")?;
            select.query_row([id], |row| row.get::<_, String>(0)).optional()
        };
        let text = find().map_err(self.wrong())?;
        let text: Rc<str> = text.ok_or_else(|| BookError::Store(format!("there is no word {id}")))?.into();
        self.words.texts.insert(id, text.clone());
        Ok(text)
    }

    fn payee_id(&mut self, kind: &str, key: &str) -> Result<i64, BookError> {
        // The kind is one of few words, so that it is shared.
        let kind: Rc<str> = match self.words.ids.get_key_value(kind) {
            Some((known, _)) => known.clone(),
            None => kind.into(),
        };
        let payee = (kind, key.to_owned());
        if let Some(id) = self.words.payees.get(&payee) {
            return Ok(*id);
        }
        let find = || {
            let mut insert =
                self.connection.prepare_cached("INSERT OR IGNORE INTO payee (kind, key) VALUES (?1, ?2)")?;
            insert.execute([&*payee.0, key])?;
            let mut select = self.connection.prepare_cached("SELECT id FROM payee WHERE kind = ?1 AND key = ?2")?;
            select.query_row([&*payee.0, key], |row| row.get(0))
        };
        let id = find().map_err(self.wrong())?;
        self.words.payees.insert(payee, id);
        Ok(id)
    }

    /// A line as the disk has it: the ids of its words, and all else.
    fn read_line(&mut self, read: (u64, [i64; 6], PostedLine)) -> Result<(u64, PostedLine), BookError> {
        let (settlement, [event, rule, period, unit, booked, reason], mut line) = read;
        let mut text = |id| self.word(id).map(|text| text.to_string());
        line.subject.event = text(event)?;
        line.subject.rule = text(rule)?;
        line.subject.period = text(period)?;
        line.subject.unit = text(unit)?;
        line.booked = text(booked)?;
        line.reason = text(reason)?;
        Ok((settlement, line))
    }
}

/// The columns by which lines are read, by [`line`].
const COLUMNS: &str = "settlement, number, event, line.key, rule, payee.kind, payee.key, period, unit, due, version, place, \
     \"when\", booked, reason, was, amount, row FROM line JOIN payee ON payee.id = line.payee";

/// The same, of format 1, which has no digests of rows.
const COLUMNS_1: &str = "settlement, number, event, line.key, rule, payee.kind, payee.key, period, unit, due, version, place, \
     \"when\", booked, reason, was, amount, NULL AS row FROM line JOIN payee ON payee.id = line.payee";

/// The settlement of a line, the ids of its words, and the rest of it.
fn line(row: &Row<'_>) -> rusqlite::Result<(u64, [i64; 6], PostedLine)> {
    let subject = Subject {
        key: row.get(3)?,
        payee_kind: row.get(5)?,
        payee: row.get(6)?,
        due: row.get(9)?,
        ..Subject::default()
    };
    let amount: i64 = row.get(16)?;
    let was: i64 = row.get(15)?;
    let line = Line {
        version: row.get(10)?,
        place: row.get(11)?,
        when: row.get(12)?,
        amount: amount.into(),
        row: row.get::<_, Option<i64>>(17)?.map(i64::cast_unsigned),
    };
    let ids = [row.get(2)?, row.get(4)?, row.get(7)?, row.get(8)?, row.get(13)?, row.get(14)?];
    let number = whole(row.get(1)?);
    let posted = PostedLine { number, subject, line, booked: String::new(), reason: String::new(), was: was.into() };
    Ok((whole(row.get(0)?), ids, posted))
}

/// A number that is never negative; a file that somebody edited has another line than it says then.
fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn id(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn list(settlements: &[u64]) -> String {
    settlements.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// An amount as the disk has it.
fn small(amount: i128, line: &PostedLine, what: &'static str) -> Result<i64, BookError> {
    let Subject { rule, key, .. } = &line.subject;
    i64::try_from(amount).map_err(|_| BookError::TooLarge { rule: rule.clone(), key: key.clone(), what })
}

/// Which file is at a path, where the system tells.
fn file_at(path: &Path) -> Option<(u64, u64)> {
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

fn fault(error: &rusqlite::Error, place: &str) -> BookError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => BookError::Busy { place: place.to_owned() },
        Some(ErrorCode::DiskFull) => BookError::Full(error.to_string()),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            BookError::NotABook { place: place.to_owned(), reason: Some(error.to_string()) }
        }
        Some(_) | None => BookError::Store(format!("`{place}`: {error}")),
    }
}

impl Store for Sqlite {
    fn links(&mut self, from: u64) -> Result<Vec<Link>, BookError> {
        let read = || {
            let mut select = self
                .connection
                .prepare_cached("SELECT number, body, hash FROM entry WHERE number >= ?1 ORDER BY number")?;
            let link = |row: &Row<'_>| Ok(Link { number: whole(row.get(0)?), body: row.get(1)?, hash: row.get(2)? });
            select.query_map([id(from)], link)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(self.wrong())
    }

    fn begin(&mut self) -> Result<(), BookError> {
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(self.wrong())?;
        // An upgrade has put another file in its place: what is written here would be lost.
        if self.file.is_some() && self.file != file_at(&self.path) {
            self.roll_back();
            return Err(BookError::Changed { what: "another file has taken its place".to_owned() });
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), BookError> {
        // Whoever reads is done some time, and what took long to compute is worth the wait.
        let commit = || {
            self.connection.busy_timeout(LONG_PATIENCE)?;
            self.connection.execute_batch("COMMIT")?;
            self.connection.busy_timeout(PATIENCE)
        };
        commit().map_err(self.wrong())
    }

    fn begin_reading(&mut self) -> Result<(), BookError> {
        self.connection.execute_batch("BEGIN").map_err(self.wrong())
    }

    fn forget(&mut self) -> Result<(), BookError> {
        // A page that was split keeps what was moved from it until the file is written anew.
        self.connection.execute_batch("VACUUM").map_err(self.wrong())
    }

    fn roll_back(&mut self) {
        // What was not written needs no taking back; ids that were given are looked up anew.
        let _ = self.connection.execute_batch("ROLLBACK");
        self.words = Words::default();
    }

    fn put_link(&mut self, link: &Link) -> Result<(), BookError> {
        let insert = "INSERT INTO entry (number, body, hash) VALUES (?1, ?2, ?3)";
        let written = self.connection.execute(insert, params![id(link.number), link.body, link.hash]);
        written.map(|_| ()).map_err(self.wrong())
    }

    fn put_lines(&mut self, settlement: u64, lines: &[PostedLine]) -> Result<(), BookError> {
        for line in lines {
            let Subject { event, key, rule, payee_kind, payee, period, unit, due } = &line.subject;
            let [event, rule, period, unit, booked, reason] =
                [event, rule, period, unit, &line.booked, &line.reason].map(|word| self.word_id(word));
            let payee = self.payee_id(payee_kind, payee)?;
            let was = small(line.was, line, "what was posted before is too large")?;
            let amount = small(line.line.amount, line, "the amount is too large")?;
            let insert =
                "INSERT INTO line VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
            let mut insert = self.connection.prepare_cached(insert).map_err(self.wrong())?;
            let Line { version, place, when, row, .. } = line.line;
            let values = params![
                id(settlement),
                id(line.number),
                event?,
                key,
                rule?,
                payee,
                period?,
                unit?,
                due,
                version,
                place,
                when,
                booked?,
                reason?,
                was,
                amount,
                row.map(u64::cast_signed)
            ];
            insert.execute(values).map_err(self.wrong())?;
        }
        Ok(())
    }

    fn lines(&mut self, settlement: u64, after: u64, limit: usize) -> Result<Vec<PostedLine>, BookError> {
        let read = || {
            let select =
                format!("SELECT {} WHERE settlement = ?1 AND number > ?2 ORDER BY number LIMIT ?3", self.columns);
            let mut select = self.connection.prepare_cached(&select)?;
            let values = params![id(settlement), id(after), i64::try_from(limit).unwrap_or(i64::MAX)];
            select.query_map(values, line)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let read = read().map_err(self.wrong())?;
        read.into_iter().map(|read| Ok(self.read_line(read)?.1)).collect()
    }

    fn lines_of(
        &mut self,
        settlements: &[u64],
        payee: &Payee,
        key: Option<&str>,
    ) -> Result<Vec<(u64, PostedLine)>, BookError> {
        let read = || {
            let select = format!(
                "SELECT {} WHERE payee.kind = ?1 AND payee.key = ?2 AND (?3 IS NULL OR line.key = ?3) \
                 AND settlement IN ({}) AND number > 0 ORDER BY settlement, number",
                self.columns,
                list(settlements)
            );
            let mut select = self.connection.prepare(&select)?;
            select.query_map(params![payee.kind, payee.key, key], line)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let read = read().map_err(self.wrong())?;
        read.into_iter().map(|read| self.read_line(read)).collect()
    }

    fn drop_lines(&mut self, settlement: u64) -> Result<(), BookError> {
        let dropped = self.connection.execute("DELETE FROM line WHERE settlement = ?1", [id(settlement)]);
        dropped.map(|_| ()).map_err(self.wrong())
    }

    fn with_lines(&mut self) -> Result<Vec<u64>, BookError> {
        // From one settlement to the next by the primary key, whatever number of lines each has.
        let select = "WITH RECURSIVE own (settlement) AS (
                SELECT min(settlement) FROM line
                UNION ALL
                SELECT (SELECT min(settlement) FROM line WHERE settlement > own.settlement) FROM own WHERE own.settlement IS NOT NULL
            ) SELECT settlement FROM own WHERE settlement IS NOT NULL";
        let read = || {
            let mut select = self.connection.prepare(select)?;
            select.query_map([], |row| row.get(0).map(whole))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(self.wrong())
    }

    fn sums(
        &mut self,
        settlements: &[u64],
        last: Option<u64>,
        by: SumBy,
        due_by: Option<i32>,
    ) -> Result<Vec<LineSum>, BookError> {
        // By the ids of payee, rule, period and unit: all, and what is of the last.
        let mut sums: FxHashMap<(i64, i64, i64, i64), (i128, i128)> = FxHashMap::default();
        let by_rule = by == SumBy::PayeeRuleAndBooked;
        let last = last.map(id);
        let mut read = |settlement: u64| {
            let select = "SELECT payee, rule, unit, amount, due, booked FROM line WHERE settlement = ?1 AND number > 0";
            let mut select = self.connection.prepare_cached(select)?;
            let mut rows = select.query([id(settlement)])?;
            while let Some(row) = rows.next()? {
                let due: Option<i32> = row.get(4)?;
                if due.zip(due_by).is_some_and(|(due, by)| due > by) {
                    continue;
                }
                let (rule, booked) = if by_rule { (row.get(1)?, row.get(5)?) } else { (0, 0) };
                let amount = i128::from(row.get::<_, i64>(3)?);
                let (all, of_last) = sums.entry((row.get(0)?, rule, booked, row.get(2)?)).or_default();
                // So many lines of 64 bits as fit on a disk have a sum of 128.
                *all += amount;
                if last == Some(id(settlement)) {
                    *of_last += amount;
                }
            }
            Ok(())
        };
        settlements.iter().try_for_each(|settlement| read(*settlement)).map_err(self.wrong())?;
        let mut found = Vec::with_capacity(sums.len());
        for ((payee, rule, booked, unit), (amount, of_last)) in sums {
            let read = || {
                let mut select = self.connection.prepare_cached("SELECT kind, key FROM payee WHERE id = ?1")?;
                select.query_row([payee], |row| Ok(Payee { kind: row.get(0)?, key: row.get(1)? }))
            };
            let payee = read().map_err(self.wrong())?;
            let mut word = |id| if by_rule { self.word(id).map(|word| Some(word.to_string())) } else { Ok(None) };
            let (rule, booked) = (word(rule)?, word(booked)?);
            found.push(LineSum { payee, rule, booked, unit: self.word(unit)?.to_string(), amount, of_last });
        }
        Ok(found)
    }

    fn keys_of(&mut self, kind: &str) -> Result<Vec<String>, BookError> {
        let read = || {
            let mut select = self.connection.prepare("SELECT key FROM payee WHERE kind = ?1 ORDER BY key")?;
            select.query_map([kind], |row| row.get(0))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(self.wrong())
    }

    fn names(&mut self) -> Result<Names, BookError> {
        let read = || {
            let mut select = self.connection.prepare("SELECT kind, key, name FROM name ORDER BY kind, key")?;
            let name = |row: &Row<'_>| Ok((Payee { kind: row.get(0)?, key: row.get(1)? }, row.get(2)?));
            select.query_map([], name)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(self.wrong())
    }

    fn put_names(&mut self, names: &[(Payee, String)]) -> Result<(), BookError> {
        let write = || {
            let mut insert = self.connection.prepare_cached("INSERT OR REPLACE INTO name VALUES (?1, ?2, ?3)")?;
            names.iter().try_for_each(|(payee, name)| insert.execute([&payee.kind, &payee.key, name]).map(|_| ()))
        };
        write().map_err(self.wrong())
    }

    fn erase_name(&mut self, payee: &Payee) -> Result<bool, BookError> {
        let erase =
            || self.connection.execute("DELETE FROM name WHERE kind = ?1 AND key = ?2", [&payee.kind, &payee.key]);
        erase().map(|n| n > 0).map_err(self.wrong())
    }

    fn faults(&mut self) -> Result<Vec<String>, BookError> {
        let read = || {
            let mut check = self.connection.prepare("PRAGMA integrity_check")?;
            let mut faults: Vec<String> =
                check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
            faults.retain(|fault| fault != "ok");
            let mut select = self.connection.prepare(
                "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY rowid",
            )?;
            let own: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            let wanted: Vec<&str> = SCHEMA.split(';').map(str::trim).filter(|text| !text.is_empty()).collect();
            let unread = "SELECT (SELECT count(*) FROM line WHERE number <= 0 OR settlement <= 0) + (SELECT count(*) FROM entry WHERE number <= 0)";
            if self.connection.query_row(unread, [], |row| row.get::<_, i64>(0))? > 0 {
                faults.push("it has lines or entries with numbers below one".to_owned());
            }
            if own != wanted {
                faults.push("its tables are not as Meed makes them".to_owned());
            }
            Ok(faults)
        };
        read().map_err(self.wrong())
    }
}
