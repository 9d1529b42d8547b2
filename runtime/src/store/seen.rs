//! The same tables as they were on an earlier day: rows up to it, and what returns up to it had left of them.
//!
//! A program that is settled at the ends of periods is run for each of them, over rows that are loaded once. Rows are in the order
//! of their days, so that those up to a day come first; what later returns took off is added again.

use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{FieldId, Plan, Reading, RecordId};

/// What returns took off the rows of an event, each of them by row, then by day.
#[derive(Debug)]
pub(crate) struct Taken {
    pub record: RecordId,
    /// The numbers that something is taken off.
    pub fields: Vec<FieldId>,
    pub rows: Vec<TakenRow>,
}

/// What one return took off.
#[derive(Debug)]
pub(crate) struct TakenRow {
    pub row: u32,
    pub day: i32,
    /// How many days after its row.
    pub age: i32,
    /// The return: its event and its row.
    pub by: (RecordId, u32),
    /// The share of its row that is taken back with it: a part of a whole that is not zero.
    pub share: (i64, i64),
    /// In the order of the fields; none where it took the whole row.
    pub numbers: Vec<i64>,
}

/// What the tables are on the last day, while they are seen as on an earlier one.
#[derive(Debug)]
pub(super) struct Whole {
    /// By record, how many rows rules see.
    n_stream: Vec<usize>,
    /// By record, how many rows are after the day.
    after: Vec<u64>,
    /// The day as of which they are seen now.
    through: i32,
}

impl Loaded {
    /// Makes the tables those of a run through a day, which is not after the one that they were loaded for.
    ///
    /// # Errors
    /// When rows that are not held cannot be read.
    pub(crate) fn see_through(&mut self, plan: &Plan, day: i32) -> Result<(), StoreError> {
        let whole = self.whole.take().unwrap_or_else(|| Whole {
            n_stream: self.data.tables.iter().map(|table| table.n_stream).collect(),
            after: self.counts.iter().map(|counts| counts.after_run_date).collect(),
            through: i32::MAX,
        });
        for (idx, definition) in plan.records.iter().enumerate() {
            let record = RecordId(idx as u32);
            // Spans of dated fields are facts, known ahead.
            let Some(when) = definition.when.filter(|_| definition.used && definition.spans.is_none()) else {
                continue;
            };
            self.hide(record);
            let n_later = match &mut self.pages[idx] {
                Some(pages) => pages.see_through(day)?,
                None => {
                    let n_rows = whole.n_stream[idx];
                    let days = match self.data.tables[idx].columns.get(when.index()) {
                        Some(Some(Column { values: Values::I32(days), .. })) => &days[..n_rows],
                        _ if n_rows == 0 => &[],
                        _ => broken("an event whose days are not kept"),
                    };
                    let n_seen = days.partition_point(|own| *own <= day);
                    self.data.tables[idx].n_stream = n_seen;
                    n_rows - n_seen
                }
            };
            self.counts[idx].after_run_date = whole.after[idx] + n_later as u64;
        }
        for taken in &self.taken {
            taken.see_through(plan, &mut self.data.tables[taken.record.index()].columns, whole.through, day);
        }
        self.whole = Some(Whole { through: day, ..whole });
        Ok(())
    }
}

impl Taken {
    /// Moves the columns of what is left from one day to another, in each reading.
    fn see_through(&self, plan: &Plan, columns: &mut [Option<Column>], from: i32, to: i32) {
        self.move_reading(plan, columns, Reading::Left, from, to);
        for reading in plan.record(self.record).readings() {
            self.move_reading(plan, columns, reading, from, to);
        }
    }

    fn move_reading(&self, plan: &Plan, columns: &mut [Option<Column>], reading: Reading, from: i32, to: i32) {
        let counts = |taking: &&TakenRow| plan.counts_in(reading, taking.day, taking.day - taking.age);
        let definition = plan.record(self.record);
        let fields: Vec<Option<FieldId>> =
            self.fields.iter().map(|field| definition.read_as(*field, reading)).collect();
        let (least, most) = (from.min(to), from.max(to));
        for taking in self.rows.iter().filter(|taking| taking.day > least && taking.day <= most).filter(counts) {
            for (field, number) in fields.iter().zip(&taking.numbers) {
                let column = field.and_then(|field| columns.get_mut(field.index())?.as_mut());
                if let Some(Column { values: Values::I64(values), .. }) = column {
                    let left = &mut values[taking.row as usize];
                    *left = if to > from { *left - number } else { *left + number };
                }
            }
        }
        let Some(returned) = definition.returned(reading) else { return };
        let numbers_of = |columns: &[Option<Column>], row: usize| {
            let mut numbers = fields.iter().filter_map(|field| match columns[(*field)?.index()].as_ref()?.values {
                Values::I64(ref values) => Some(values[row]),
                Values::I32(_) | Values::U32(_) | Values::U8(_) => None,
            });
            !fields.is_empty() && numbers.all(|number| number == 0)
        };
        for takings in self.rows.chunk_by(|a, b| a.row == b.row) {
            let mut known = takings.iter().filter(|taking| taking.day <= to).filter(counts).peekable();
            let is_touched = known.peek().is_some();
            let is_whole = known.any(|taking| taking.numbers.is_empty());
            let row = takings[0].row as usize;
            let is_returned = is_whole || is_touched && numbers_of(columns, row);
            if let Some(Some(Column { values: Values::U8(values), .. })) = columns.get_mut(returned.index()) {
                values[row] = u8::from(is_returned);
            }
        }
    }
}
