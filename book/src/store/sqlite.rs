//! A book in a file, by SQLite. Anybody can open it with tools of their own: the view `lines` has texts and dates.

mod file;
mod words;

use self::file::{SCHEMA, file_at};
use self::words::{Words, line};
use crate::chain::Link;
use crate::error::BookError;
use crate::line::PostedLine;
use crate::payee::Payee;
use crate::store::{LineSum, Names, Store, SumBy, id, whole};
use meed_runtime::inner::earlier::{Line, Subject};
use rusqlite::{Connection, ErrorCode, Row, params};
use rustc_hash::FxHashMap;
use std::path::PathBuf;
use std::time::Duration;

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long whoever has written waits for those who read.
const LONG_PATIENCE: Duration = Duration::from_secs(300);

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

impl Sqlite {
    fn wrong(&self) -> impl Fn(rusqlite::Error) -> BookError + use<> {
        let place = self.place.clone();
        move |error| fault(&error, &place)
    }
}

fn list(settlements: &[u64]) -> String {
    settlements.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// An amount as the disk has it.
fn small(amount: i128, line: &PostedLine, what: &'static str) -> Result<i64, BookError> {
    let Subject { rule, key, .. } = &line.subject;
    i64::try_from(amount).map_err(|_| BookError::TooLarge { rule: rule.clone(), key: key.clone(), what })
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
