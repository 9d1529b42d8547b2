//! Words and payees by their numbers, and lines that are made of them.

use super::Sqlite;
use crate::error::BookError;
use crate::line::PostedLine;
use crate::store::whole;
use meed_runtime::inner::earlier::{Line, Subject};
use rusqlite::{OptionalExtension, Row};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Words and payees that are known, so that lines are written and read without looking each of them up.
#[derive(Default)]
pub(super) struct Words {
    ids: FxHashMap<Rc<str>, i64>,
    texts: FxHashMap<i64, Rc<str>>,
    payees: FxHashMap<(Rc<str>, String), i64>,
}

impl Sqlite {
    pub(super) fn word_id(&mut self, text: &str) -> Result<i64, BookError> {
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

    pub(super) fn word(&mut self, id: i64) -> Result<Rc<str>, BookError> {
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

    pub(super) fn payee_id(&mut self, kind: &str, key: &str) -> Result<i64, BookError> {
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
    pub(super) fn read_line(&mut self, read: (u64, [i64; 6], PostedLine)) -> Result<(u64, PostedLine), BookError> {
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
pub(super) const COLUMNS: &str = "settlement, number, event, line.key, rule, payee.kind, payee.key, period, unit, due, version, place, \
     \"when\", booked, reason, was, amount, row FROM line JOIN payee ON payee.id = line.payee";

/// The same, of format 1, which has no digests of rows.
pub(super) const COLUMNS_1: &str = "settlement, number, event, line.key, rule, payee.kind, payee.key, period, unit, due, version, place, \
     \"when\", booked, reason, was, amount, NULL AS row FROM line JOIN payee ON payee.id = line.payee";

/// The settlement of a line, the ids of its words, and the rest of it.
pub(super) fn line(row: &Row<'_>) -> rusqlite::Result<(u64, [i64; 6], PostedLine)> {
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
