//! The table of one record while it is read: typed columns, keys, and the few rows that are at fault.

mod keys;

use crate::decode::cell::NOT_UTF8;
use crate::decode::column::{Block, decode};
use crate::decode::component::{ComponentReader, codes, written};
use crate::keys::columns::Keys;
use crate::keys::dictionary::{Dictionary, NONE};
use crate::keys::space::KeySpace;
use crate::load::bind::{BoundsInWords, Report, Take, Task};
use crate::load::sift::{LeftOut, Sift};
use crate::source::columns::Source;
use crate::store::error::StoreError;
use crate::store::origins::Origins;
use crate::store::rejected::Rejected;
use crate::store::rejects::{Fault, Faults};
use crate::store::row_batch::RowBatch;
use crate::store::rows::TableRows;
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Calendar, Field, Record, RecordId, TextEncoding, Type};
use rustc_hash::FxHashSet;
use std::borrow::Cow;

/// What all records share while tables are read.
pub(super) struct Shared {
    /// By domain.
    pub dictionaries: Vec<Dictionary>,
    /// By record: the keys of those that others refer to.
    pub spaces: Vec<Option<KeySpace>>,
}

/// The table of one record while it is read.
#[derive(Default)]
pub(super) struct TableBuilder {
    pub rows: TableRows,
    /// How the letters of its files are written, for messages.
    encoding: TextEncoding,
    /// How many blank rows were skipped.
    pub n_blank: u64,
    pub origins: Origins,
    /// Rows whose key an earlier row has, and the first that has it.
    pub repeated: Vec<(u32, u32)>,
    pub faults: Faults,
    /// Rows that no rule sees; those that are left out are among them.
    pub rejected: Rejected,
    /// Rows that are left out: their source skips them, or they are copies of others.
    pub left_out: Rejected,
    /// How many of them are skipped.
    pub n_skipped: u64,
    /// What rows are known by, where copies are left out.
    seen: FxHashSet<[u8; 16]>,
}

impl TableBuilder {
    /// No rows yet; `distinct` are the records that hold distinct values of its columns.
    pub fn new(record: &Record, n_components: usize, distinct: &[RecordId]) -> Self {
        let column = |field: &Field| field.used.then(|| Column { values: empty(field.ty), known: None });
        let batch = RowBatch {
            columns: record.fields.iter().map(column).collect(),
            keys: Keys::new(n_components),
            distinct: distinct.iter().map(|&record| (record, Vec::new())).collect(),
            ..RowBatch::default()
        };
        Self { rows: TableRows::new(batch), encoding: record.layout.encoding, ..Self::default() }
    }

    /// Takes the batch of `n_rows` rows that is in a source.
    ///
    /// # Errors
    /// When faults that are too many cannot be kept.
    pub fn take(
        &mut self,
        n_rows: usize,
        source: &dyn Source,
        sift: &Sift,
        tasks: &mut [Task],
        shared: &mut Shared,
    ) -> Result<(), StoreError> {
        let mut block = Block::default();
        for (row, why) in sift.of_batch(n_rows, source, &mut self.seen) {
            self.left_out.insert(self.rows.n_rows + row);
            self.rejected.insert(self.rows.n_rows + row);
            self.n_skipped += u64::from(why == LeftOut::Skipped);
        }
        for row in 0..n_rows {
            let Some(line) = source.line(row) else { break };
            self.origins.at_line(self.rows.n_rows + row as u32, line);
        }
        for (row, reason) in source.damaged() {
            let row = self.rows.n_rows + *row as u32;
            self.fault(Fault {
                row,
                key: None,
                rank: 0,
                column: String::new(),
                value: String::new(),
                reason: reason.clone(),
            });
        }
        for task in tasks {
            block.clear();
            self.take_column(n_rows, source, task, shared, &mut block);
        }
        self.rows.n_rows += n_rows as u32;
        self.make_room_for_faults()
    }

    fn take_column(
        &mut self,
        n_rows: usize,
        source: &dyn Source,
        task: &mut Task,
        shared: &mut Shared,
        block: &mut Block,
    ) {
        let Task { report, chosen_columns, take, list } = task;
        let chosen = chosen_columns.first().copied().flatten();
        match (take, chosen) {
            (Take::Key { record, components, reports }, _) => {
                let space = shared.spaces[record.index()].as_mut();
                return self.take_keys(n_rows, source, chosen_columns, components, reports, space);
            }
            (Take::Place { file }, _) => {
                let given = chosen.map(|chosen| (0..n_rows).map(|row| source.text(chosen, row)).collect());
                return self.take_places(n_rows, file, given);
            }
            (Take::Day { field, day }, _) => {
                block.values.resize(n_rows, i64::from(*day));
                self.rows.take_moments(&[], n_rows);
                return self.keep(*field, block);
            }
            (Take::Refer { field, target, components }, _) => {
                let Some(space) = &mut shared.spaces[target.index()] else {
                    broken("a reference to a record whose keys are not kept")
                };
                match (components.as_slice(), chosen) {
                    ([component], Some(chosen)) => {
                        codes(component, source, chosen, list, &mut space.components[0], block)
                    }
                    _ => {
                        self.take_tuples(n_rows, source, chosen_columns, components, report.as_ref(), space, block);
                        return self.keep(*field, block);
                    }
                }
                self.keep(*field, block);
            }
            (Take::Distinct { place, record, component }, _) => {
                match (&mut shared.spaces[record.index()], chosen) {
                    (Some(space), Some(chosen)) => {
                        codes(component, source, chosen, list, &mut space.components[0], block)
                    }
                    (Some(_), None) => block.push_missing(n_rows),
                    (None, _) => broken("distinct values of a record whose keys are not kept"),
                }
                for row in block.absent() {
                    block.values[row as usize] = i64::from(NONE);
                }
                self.rows.batch.distinct[*place].1.extend(block.values.iter().map(|&code| code as u32));
                return;
            }
            (Take::Value { field, reader, bounds, is_when }, Some(chosen)) => {
                decode(reader, source, chosen, list, block);
                bounds.apply(block);
                if *is_when {
                    self.rows.take_moments(&block.moments, n_rows);
                }
                self.keep(*field, block);
            }
            (Take::Text { field, domain }, Some(chosen)) => {
                let dictionary = &mut shared.dictionaries[domain.index()];
                codes(&ComponentReader::Text, source, chosen, list, dictionary, block);
                self.keep(*field, block);
            }
            (Take::Value { field, is_when, .. }, None) => {
                block.push_missing(n_rows);
                if *is_when {
                    self.rows.take_moments(&[], n_rows);
                }
                self.keep(*field, block);
            }
            (Take::Text { field, .. }, None) => {
                block.push_missing(n_rows);
                self.keep(*field, block);
            }
            (Take::Check(reader, bounds), Some(chosen)) => {
                decode(reader, source, chosen, list, block);
                bounds.apply(block);
                // Letters that cannot be read do no harm where nobody reads them.
                block.bad.retain(|(_, reason)| reason != NOT_UTF8);
            }
            (Take::Check(..), None) => return,
        }
        if let Some(report) = report {
            self.report_bad(report, chosen, source, block);
            self.report_missing(report, source, &block.missing);
        }
    }

    /// Appends values to the column of a field.
    fn keep(&mut self, field: usize, block: &Block) {
        let Some(column) = &mut self.rows.batch.columns[field] else { broken("values of a field that is not kept") };
        let values = block.values.iter();
        let start = match &mut column.values {
            Values::I64(column) => append(column, values.copied()),
            Values::I32(column) => append(column, values.map(|&value| value as i32)),
            Values::U32(column) => append(column, values.map(|&value| value as u32)),
            Values::U8(column) => append(column, values.map(|&value| value as u8)),
        };
        if block.is_whole() && column.known.is_none() {
            return;
        }
        let known = column.known.get_or_insert_with(|| vec![1; start]);
        known.resize(start + block.values.len(), 1);
        for row in block.absent() {
            known[start + row as usize] = 0;
        }
    }

    /// Notes the cells of a batch that cannot be taken.
    fn report_bad(&mut self, report: &Report, chosen: Option<usize>, source: &dyn Source, block: &Block) {
        let own_reason = match self.encoding {
            TextEncoding::Utf8 => NOT_UTF8,
            TextEncoding::Windows1252 => "not windows-1252 text",
            TextEncoding::Utf16 => "not utf-16 text",
        };
        for (row, reason) in &block.bad {
            if self.left_out.contains(self.rows.n_rows + row) {
                continue;
            }
            let reason = if reason == NOT_UTF8 { Cow::Borrowed(own_reason) } else { reason.clone() };
            let value = chosen.map_or(String::new(), |chosen| source.text(chosen, *row as usize));
            let (column, reason) = (report.header.clone(), reason.into_owned());
            self.faults.unreadable(&self.origins, self.rows.n_rows + row, report.rank, &column, &reason, &value);
            self.fault(Fault { row: self.rows.n_rows + row, key: None, rank: report.rank, column, value, reason });
        }
    }

    /// Notes the cells of a batch that are missing, where they may not be.
    fn report_missing(&mut self, report: &Report, source: &dyn Source, missing: &[u32]) {
        if !report.must || missing.is_empty() {
            return;
        }
        // A row of too few cells is rejected for that, its missing cells are no news.
        let damaged: FxHashSet<usize> = source.damaged().iter().map(|(row, _)| *row).collect();
        for row in missing.iter().filter(|&&row| !damaged.contains(&(row as usize))) {
            let (column, reason) = (report.header.clone(), "missing".to_owned());
            self.fault(Fault {
                row: self.rows.n_rows + row,
                key: None,
                rank: report.rank,
                column,
                value: String::new(),
                reason,
            });
        }
    }

    /// Rejects a row.
    pub fn fault(&mut self, fault: Fault) {
        if self.left_out.contains(fault.row) {
            return;
        }
        self.rejected.insert(fault.row);
        self.faults.push(fault);
    }

    /// Lets faults go that are too many to be held. All tasks of a batch must be done, so that its rows have their keys.
    pub fn make_room_for_faults(&mut self) -> Result<(), StoreError> {
        if !self.faults.are_many() {
            return Ok(());
        }
        self.rows.name(&mut self.faults);
        self.faults.make_room()
    }
}

impl BoundsInWords {
    fn apply(&self, block: &mut Block) {
        block.bound(self.bounds, |value| written(value, self.ty, self.decimals, &[], &Calendar::PLAIN));
    }
}

/// No values yet, in the width of the type.
fn empty(ty: Type) -> Values {
    match ty {
        Type::Number | Type::Count | Type::Percent | Type::Money(_) => Values::I64(Vec::new()),
        Type::Date | Type::Period(_) => Values::I32(Vec::new()),
        Type::Text(_) | Type::Id(_) | Type::Ref(_) => Values::U32(Vec::new()),
        Type::YesNo | Type::Choice(_) => Values::U8(Vec::new()),
    }
}

/// Appends values and says how many there were.
fn append<T>(column: &mut Vec<T>, values: impl Iterator<Item = T>) -> usize {
    let start = column.len();
    column.extend(values);
    start
}
