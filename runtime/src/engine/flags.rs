//! What rules made of every row, and the values that they decided.

use crate::engine::counts::{Counts, returned};
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::paged::{ColumnMut, Columns, Paged, Shelf};
use meed_compiler::data::{DecisionData, Table, status};
use meed_compiler::plan::{Plan, Record, RecordId};

/// By record and row, what all rules so far made of it: bits of [`status`](meed_compiler::data::status).
pub(super) struct RowFlags {
    /// By record, those of the page that is seen.
    seen: Vec<Vec<u8>>,
    /// By record, those of the other pages.
    away: Vec<Paged<Vec<u8>>>,
    /// By record, those of rows that only rules by another date see: their own day is missing or after the run's. Empty where none
    /// were seen.
    beyond: Vec<Vec<u8>>,
}

impl RowFlags {
    pub fn new(plan: &Plan, loaded: &Loaded) -> Result<Self, StoreError> {
        let shelf = Shelf::new(loaded)?;
        let records = (0..loaded.data.tables.len() as u32).map(RecordId);
        Ok(Self {
            seen: loaded
                .data
                .tables
                .iter()
                .zip(&plan.records)
                .enumerate()
                .map(|(idx, (table, record))| first_flags(loaded, RecordId(idx as u32), table, record))
                .collect(),
            away: records.map(|record| shelf.paged(loaded, Some(record))).collect(),
            beyond: loaded.data.tables.iter().map(|_| Vec::new()).collect(),
        })
    }

    /// Adds what became of some rows, one behind the other.
    pub fn mark(&mut self, record: RecordId, start: usize, flags: &[u8]) {
        let known = &mut self.seen[record.index()][start..start + flags.len()];
        known.iter_mut().zip(flags).for_each(|(known, flag)| *known |= flag);
    }

    /// Adds what became of all rows of a record that is held, those among them whose own day no rule sees.
    pub fn mark_any(&mut self, record: RecordId, flags: &[u8]) {
        let (seen, beyond) = flags.split_at(self.seen[record.index()].len());
        self.mark(record, 0, seen);
        let known = &mut self.beyond[record.index()];
        known.resize(beyond.len(), 0);
        known.iter_mut().zip(beyond).for_each(|(known, flag)| *known |= flag);
    }

    /// Makes the flags of a page of `n_rows` rows those that are seen.
    pub fn turn_to(&mut self, record: RecordId, page: usize, n_rows: usize) -> Result<(), StoreError> {
        self.seen[record.index()] = self.put(record, page, n_rows)?;
        Ok(())
    }

    /// Puts the flags of the page that is seen away.
    pub fn put_away(&mut self, record: RecordId, page: usize) -> Result<(), StoreError> {
        let flags = std::mem::take(&mut self.seen[record.index()]);
        self.away[record.index()].put(page, flags)
    }

    /// The flags of a page that were put away; none has one where no rule saw the page.
    fn put(&self, record: RecordId, page: usize, n_rows: usize) -> Result<Vec<u8>, StoreError> {
        let mut flags = self.away[record.index()].get(page)?.into_owned();
        flags.resize(n_rows, 0);
        Ok(flags)
    }

    /// How the rows of every event that is read ended.
    pub fn counts(&self, plan: &Plan, loaded: &Loaded) -> Result<Vec<Option<Counts>>, StoreError> {
        let mut events = Vec::new();
        for (idx, definition) in plan.records.iter().enumerate() {
            let record = RecordId(idx as u32);
            let mut counts = Counts::default();
            for page in 0..loaded.n_pages(record) {
                if loaded.is_shown(record, page) {
                    counts.add(&self.seen[idx], returned(plan, &loaded.data, record));
                } else {
                    // Rows that others take back are held.
                    counts.add(&self.put(record, page, loaded.n_stream(record, page))?, &[]);
                }
            }
            counts = counts.with_unseen(&loaded.counts[idx]);
            // Rows of no day of their own, or of a later one, that a rule by another date has seen.
            let first = loaded.data.tables[idx].n_stream;
            for (row, flag) in (first..).zip(&self.beyond[idx]).filter(|(_, flag)| **flag != 0) {
                let own = if loaded.has_day(plan, record, row) { &mut counts.after } else { &mut counts.unmatched };
                *own -= 1;
                counts.add(&[*flag], &[]);
            }
            // Spans of dated fields are facts of an entity, and no event of their own.
            let is_event = definition.when.is_some() && definition.spans.is_none();
            events.push((definition.used && is_event).then_some(counts));
        }
        Ok(events)
    }
}

/// The flags of rows before any rule: a row that takes another back was taken off it.
fn first_flags(loaded: &Loaded, id: RecordId, table: &Table, record: &Record) -> Vec<u8> {
    let mut flags = vec![0; table.n_stream];
    // What found something to take back.
    for (_, row) in loaded.taken.iter().flat_map(|taken| &taken.rows).map(|taking| taking.by).filter(|by| by.0 == id) {
        if let Some(flag) = flags.get_mut(row as usize) {
            *flag = status::COUNTED;
        }
    }
    let Some(reverses) = record.reverses.as_ref().filter(|_| record.used) else { return flags };
    let column = table.columns[reverses.row.index()].as_ref();
    let known = column.and_then(|column| column.known.as_ref());
    for (row, flag) in flags.iter_mut().enumerate() {
        if known.is_none_or(|known| known[row] == 1) {
            *flag = status::COUNTED;
        }
    }
    flags
}

impl Columns for DecisionData {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        let Self { nums, denominators, known } = self;
        vec![ColumnMut::I64(nums), ColumnMut::I64(denominators), ColumnMut::U8(known)]
    }
}
