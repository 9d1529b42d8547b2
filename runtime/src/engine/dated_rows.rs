//! The rows of an event by another date than its own, and what becomes of them.

use crate::engine::counts::{Counts, FoundRows};
use crate::engine::paths::PathValues;
use crate::store::loaded::Loaded;
use meed_compiler::data::{DatedRows, Rows};
use meed_compiler::plan::{Expr, FieldId, Op, Plan, RecordId, Root, Type};
use meed_grammar::span::Span;

/// The rows of an event that have a date up to the run's day, in the order of that date, then of their keys. Those whose `when`
/// is missing or after the run's day are among them.
pub(super) fn dated_rows(plan: &Plan, loaded: &Loaded, record: RecordId, path: &[FieldId], through: i32) -> DatedRows {
    let path = Expr {
        op: Op::Field { root: Root::Row, record, path: path.to_vec() },
        ty: Type::Date,
        optional: true,
        span: Span::default(),
    };
    let n_rows = loaded.data.tables[record.index()].n_rows as u32;
    let mut days = PathValues::default();
    days.follow(plan, &path, &loaded.data, &Rows::Events { record }, 0, n_rows);
    let mut found: Vec<(i32, u32)> = Vec::with_capacity(n_rows as usize);
    let mut after = Vec::new();
    for (row, &day) in (0..).zip(&days.values) {
        match day as i32 {
            _ if days.is_missing(row as usize) => {}
            day if day > through => after.push(row),
            day => found.push((day, row)),
        }
    }
    let keys = &loaded.keys[record.index()];
    match keys.whole_numbers() {
        Some(keys) => found.sort_unstable_by_key(|&(day, row)| (day, keys[row as usize])),
        None => found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| keys.cmp(a.1 as usize, b.1 as usize))),
    }
    let (when, row) = found.into_iter().unzip();
    DatedRows { row, when, after }
}

/// What a rule made of the rows of an event that it reads by another date: by row of the event, bits of
/// [`status`](meed_compiler::data::status).
#[derive(Default)]
pub(super) struct DatedMarks {
    pub by_row: Vec<u8>,
}

impl DatedMarks {
    /// Nothing yet.
    pub fn new(n_rows: usize) -> Self {
        Self { by_row: vec![0; n_rows] }
    }

    /// Adds what became of some rows.
    pub fn mark(&mut self, rows: &[u32], status: &[u8]) {
        rows.iter().zip(status).for_each(|(&row, mark)| self.by_row[row as usize] |= mark);
    }

    /// Takes over which rows of the event its sets found.
    pub fn add_found(&mut self, record: RecordId, found: &mut FoundRows) {
        let own = |(known, flags): &(RecordId, Vec<u8>)| (*known == record).then(|| flags.clone());
        if let Some(flags) = found.iter().find_map(own) {
            self.by_row.iter_mut().zip(flags).for_each(|(mark, flag)| *mark |= flag);
            found.retain(|(known, _)| *known != record);
        }
    }

    /// How many rows ended as what.
    pub fn counts(&self, dated: &DatedRows, returned: &[u8]) -> Counts {
        let mut returned = returned.to_vec();
        // After the run's day comes before returned.
        for row in &dated.after {
            if let Some(mark) = returned.get_mut(*row as usize) {
                *mark = 0;
            }
        }
        let mut counts = Counts::default();
        counts.add(&self.by_row, &returned);
        let n_after = dated.after.iter().filter(|row| self.by_row[**row as usize] == 0).count() as u64;
        Counts { after: n_after, unmatched: counts.unmatched - n_after, ..counts }
    }
}
