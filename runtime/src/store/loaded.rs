//! The tables of a program, ready for the engine, which sees one page of the rows of an event after the other.
//!
//! Pages of a record are numbered from 0; a table that is held is one page, which is always the one that is seen. Row 0 is
//! the first row of the page that is seen.

use crate::keys::columns::Keys;
use crate::keys::dictionary::Dictionary;
use crate::store::error::StoreError;
use crate::store::origins::Origins;
use crate::store::pages::{DateSpan, Memory, Pages};
use crate::store::rejected::Rejected;
use crate::store::rejects::Rejects;
use crate::store::rows::Ordered;
use crate::store::seen::{Taken, Whole};
use meed_compiler::data::{Data, Table, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{FieldId, Period, Plan, RecordId};
use std::borrow::Cow;

/// What became of the rows of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// Rows read.
    pub read: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows after the run's date.
    pub after_run_date: u64,
    /// Rows without a date, which no rule sees.
    pub undated: u64,
}

/// Rows of the files of a record that are no rows of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOutRows {
    /// Rows that its source skips.
    pub skipped: u64,
    /// Rows that equal others in every column.
    pub copies: u64,
}

/// Tables, keys and counts of rows.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Tables and predicates; states and the like are still empty.
    pub data: Data,
    /// By record, the keys of its rows.
    pub keys: Vec<Keys>,
    /// By domain, the texts by code.
    pub dictionaries: Vec<Dictionary>,
    /// By record.
    pub counts: Vec<RowCounts>,
    /// By record, how many blank rows were skipped; they are not among the rows read.
    pub blank_rows: Vec<u64>,
    /// By record; these are not among the rows read either.
    pub left_out: Vec<LeftOutRows>,
    /// How many rows have a reference `if there` to a row that is not, by field; only where there are some.
    pub not_there: Vec<(RecordId, FieldId, u64)>,
    /// In the order of records, files and rows.
    pub rejects: Rejects,
    /// Entities of which only the key is read and no table was given: their rows are the keys that accepted rows name.
    pub named_only: Vec<RecordId>,
    /// By record.
    pub(crate) origins: Vec<Origins>,
    /// By record, its rejected rows by their places in the order of reading.
    pub(crate) rejected: Vec<Rejected>,
    /// The first periods of entities of which rules that only set have rows, where they begin before the program.
    pub(crate) earlier: Vec<(RecordId, Period, i32)>,
    /// What returns took off, where a run sees tables as on earlier days too.
    pub(crate) taken: Vec<Taken>,
    /// What the tables are on the last day, once they were seen as on another.
    pub(super) whole: Option<Whole>,
    /// By record, the pages of an event whose rows are not held; its table and keys are those of the page that is seen.
    pub(super) pages: Vec<Option<Pages>>,
}

impl Loaded {
    /// Adds the table of the next record, which has these origins.
    pub(crate) fn push(&mut self, ordered: Ordered, mut origins: Origins) {
        let Ordered { table, keys, rows, pages, .. } = ordered;
        self.data.tables.push(table);
        self.keys.push(keys);
        if let Some(rows) = rows {
            origins.place(rows);
        }
        self.origins.push(origins);
        self.pages.push(pages);
    }

    /// The file, and in it the row (counted from 1 without the header), that a row of a record comes from; of an entity in
    /// [`Loaded::named_only`] no file and row 0.
    pub fn origin(&self, record: RecordId, row: usize) -> (&str, u64) {
        self.origins[record.index()].origin(row)
    }

    /// How many rows, with those that are left out, were read from each file of a record, in the order of the files.
    pub fn rows_of_files(&self, record: RecordId) -> impl Iterator<Item = u64> {
        let (counts, left_out) = (&self.counts[record.index()], &self.left_out[record.index()]);
        self.origins[record.index()].rows(counts.read + left_out.skipped + left_out.copies)
    }

    /// Whether every table is seen whole, so that its rows can be looked at in any order.
    pub fn is_whole(&self) -> bool {
        self.pages.iter().all(Option::is_none)
    }

    /// How many pages of rows a table has.
    pub(crate) fn n_pages(&self, record: RecordId) -> usize {
        self.pages[record.index()].as_ref().map_or(1, Pages::len)
    }

    /// How many rows of a page rules see.
    pub(crate) fn n_stream(&self, record: RecordId, page: usize) -> usize {
        match &self.pages[record.index()] {
            Some(pages) => pages.n_stream(page),
            None => self.data.tables[record.index()].n_stream,
        }
    }

    /// Whether a page is the one that is seen.
    pub(crate) fn is_shown(&self, record: RecordId, page: usize) -> bool {
        self.pages[record.index()].as_ref().is_none_or(|pages| pages.shown == Some(page))
    }

    /// Makes a page the table that is seen.
    pub(crate) fn show(&mut self, record: RecordId, page: usize) -> Result<(), StoreError> {
        if self.is_shown(record, page) {
            return Ok(());
        }
        // The rows seen before go first.
        self.hide(record);
        let Some(pages) = &mut self.pages[record.index()] else { return Ok(()) };
        self.data.tables[record.index()] = pages.table(page)?;
        pages.shown = Some(page);
        Ok(())
    }

    /// Frees the memory of the page that is seen, where it can be shown again.
    pub(crate) fn hide(&mut self, record: RecordId) {
        if let Some(pages) = &mut self.pages[record.index()] {
            pages.shown = None;
            self.data.tables[record.index()] = Table::default();
            self.keys[record.index()] = Keys::default();
        }
    }

    /// Shows the keys and the origins of the page that is seen too, for messages.
    pub(crate) fn show_names(&mut self, record: RecordId) -> Result<(), StoreError> {
        let Some(pages) = &self.pages[record.index()] else { return Ok(()) };
        let Some(page) = pages.shown else { return Ok(()) };
        self.keys[record.index()] = pages.keys_of(page)?;
        self.origins[record.index()].see(pages.places_of(page)?);
        Ok(())
    }

    /// Shows a few rows of every page of tables of many, as if they were the table, from which can be told how numbers look.
    pub(crate) fn show_samples(&mut self) {
        for (pages, table) in self.pages.iter_mut().zip(self.data.tables.iter_mut()) {
            let Some(pages) = pages else { continue };
            *table = pages.samples();
            pages.shown = None;
        }
    }

    /// The days of all rows of an event, and how many there are; `None` if the page that is seen has them all.
    pub(crate) fn span(&self, record: RecordId) -> Option<(DateSpan, usize)> {
        let pages = self.pages[record.index()].as_ref()?;
        Some((pages.days()?, pages.n_rows()))
    }

    /// How much memory the rows of an event may take that has many pages.
    pub(crate) fn memory(&self, record: RecordId) -> Memory {
        let held = Memory { bytes: usize::MAX, page_bytes: usize::MAX };
        self.pages[record.index()].as_ref().map_or(held, Pages::memory)
    }

    /// The keys of a page's rows.
    pub(crate) fn keys_of(&self, record: RecordId, page: usize) -> Result<Cow<'_, Keys>, StoreError> {
        Ok(match &self.pages[record.index()] {
            Some(pages) => Cow::Owned(pages.keys_of(page)?),
            None => Cow::Borrowed(&self.keys[record.index()]),
        })
    }

    /// The columns of a page's rows.
    pub(crate) fn table_of(&self, record: RecordId, page: usize) -> Result<Cow<'_, Table>, StoreError> {
        Ok(match &self.pages[record.index()] {
            Some(pages) => Cow::Owned(pages.table(page)?),
            None => Cow::Borrowed(&self.data.tables[record.index()]),
        })
    }

    /// The days of an event's rows in a page.
    pub(crate) fn days_of(&self, plan: &Plan, record: RecordId, page: usize) -> Result<Cow<'_, [i32]>, StoreError> {
        Ok(match &self.pages[record.index()] {
            Some(pages) => Cow::Owned(pages.days_of(page)?),
            None => Cow::Borrowed(self.days(plan, record)),
        })
    }

    /// Whether a row of an event that is held has a day of its own.
    pub(crate) fn has_day(&self, plan: &Plan, event: RecordId, row: usize) -> bool {
        let column =
            plan.record(event).when.and_then(|when| self.data.tables[event.index()].columns[when.index()].as_ref());
        column.is_some_and(|column| column.known.as_ref().is_none_or(|known| known[row] == 1))
    }

    /// The days of an event's rows in the page that is seen.
    pub(crate) fn days(&self, plan: &Plan, event: RecordId) -> &[i32] {
        days_of(plan, &self.data, event)
    }
}

/// The days of an event's rows in the page that is seen.
pub(crate) fn days_of<'d>(plan: &Plan, data: &'d Data, event: RecordId) -> &'d [i32] {
    let when = plan.record(event).when;
    let table = &data.tables[event.index()];
    let column = when.and_then(|when| table.columns.get(when.index())?.as_ref());
    match column.map(|column| &column.values) {
        Some(Values::I32(days)) => days,
        // Without a page that is seen there are no columns.
        None if table.n_rows == 0 => &[],
        Some(Values::I64(_) | Values::U32(_) | Values::U8(_)) | None => broken("an event whose days are not kept"),
    }
}
