//! The rows of one record while its tables are read: typed columns, keys, and the few rows that are at fault.

mod keys;

use super::bind::{Report, Take, Task};
use super::cell::NOT_UTF8;
use super::decode::{Block, decode};
use super::origins::Origins;
use super::part::{PartReader, codes};
use super::rejects::Faults;
use super::runs::Runs;
use super::source::Source;
use super::stretch::Stretch;
use crate::keys::{Dictionary, KeySpace, Keys, NONE};
use crate::scratch::ScratchError;
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Field, Record, RecordId, Type};
use rustc_hash::FxHashSet;

/// What all records share while tables are read.
pub(super) struct Shared {
    /// By domain.
    pub dictionaries: Vec<Dictionary>,
    /// By record: the keys of those that others refer to.
    pub spaces: Vec<Option<KeySpace>>,
}

/// Why a row is rejected.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub row: u32,
    /// Its key, where the rows of the table are no longer held.
    pub key: Option<String>,
    /// Its place among the faults of the row: that it is no row, then fields as written, then keys and references.
    pub rank: usize,
    pub column: String,
    pub value: String,
    pub reason: String,
}

/// Rows, by their places in the order of reading, that are rejected.
///
/// A bit for each row up to the last of them, so that a file of which all are bad takes no more memory than its rows.
#[derive(Debug, Default)]
pub(crate) struct Rejected {
    words: Vec<u64>,
    n_rows: usize,
}

/// The rows of one record.
#[derive(Default)]
pub(super) struct Draft {
    /// How many were read.
    pub n_rows: u32,
    /// How many rows of blanks alone were skipped.
    pub n_blank: u64,
    pub origins: Origins,
    /// The rows read last: all of them, as long as there are no runs.
    pub rows: Stretch,
    /// Where rows that are too many for memory lie.
    pub runs: Option<Runs>,
    /// Rows whose key cannot be read, rising.
    pub keyless: Vec<u32>,
    /// Rows whose key an earlier row bears, and the first that does.
    pub repeated: Vec<(u32, u32)>,
    pub faults: Faults,
    pub rejected: Rejected,
}

impl Draft {
    /// A draft without rows; `distinct` are the records that hold distinct values of its columns.
    pub fn new(record: &Record, n_parts: usize, distinct: &[RecordId]) -> Self {
        let column = |field: &Field| field.used.then(|| Column { values: empty(field.ty), known: None });
        let rows = Stretch {
            columns: record.fields.iter().map(column).collect(),
            keys: Keys::new(n_parts),
            distinct: distinct.iter().map(|&record| (record, Vec::new())).collect(),
            ..Stretch::default()
        };
        Self { rows, ..Self::default() }
    }

    /// Takes the batch of `n_rows` rows that stands in a source.
    ///
    /// # Errors
    /// When faults that are too many cannot be kept on the disk.
    pub fn take(
        &mut self,
        n_rows: usize,
        source: &dyn Source,
        tasks: &mut [Task],
        shared: &mut Shared,
    ) -> Result<(), ScratchError> {
        let mut block = Block::default();
        for row in 0..n_rows {
            let Some(line) = source.line(row) else { break };
            self.origins.at_line(self.n_rows + row as u32, line);
        }
        for (row, reason) in source.damaged() {
            let row = self.n_rows + *row as u32;
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
        self.n_rows += n_rows as u32;
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
        let Task { report, slots, take, list } = task;
        let slot = slots.first().copied().flatten();
        match (take, slot) {
            (Take::Key { record, parts, reports }, _) => {
                let space = shared.spaces[record.index()].as_mut();
                return self.take_keys(n_rows, source, slots, parts, reports, space);
            }
            (Take::Refer { field, target, parts }, _) => {
                let Some(space) = &mut shared.spaces[target.index()] else {
                    broken("a reference to a record whose keys are not kept")
                };
                match (parts.as_slice(), slot) {
                    ([part], Some(slot)) => codes(part, source, slot, list, &mut space.parts[0], block),
                    _ => {
                        self.take_tuples(n_rows, source, slots, parts, report.as_ref(), space, block);
                        return self.keep(*field, block);
                    }
                }
                self.keep(*field, block);
            }
            (Take::Distinct { place, record, part }, _) => {
                match (&mut shared.spaces[record.index()], slot) {
                    (Some(space), Some(slot)) => codes(part, source, slot, list, &mut space.parts[0], block),
                    (Some(_), None) => block.push_missing(n_rows),
                    (None, _) => broken("distinct values of a record whose keys are not kept"),
                }
                for row in block.absent() {
                    block.values[row as usize] = i64::from(NONE);
                }
                self.rows.distinct[*place].1.extend(block.values.iter().map(|&code| code as u32));
                return;
            }
            (Take::Value { field, reader, is_when }, Some(slot)) => {
                decode(reader, source, slot, list, block);
                if *is_when {
                    self.rows.take_moments((self.n_rows - self.rows.first) as usize, &block.moments, n_rows);
                }
                self.keep(*field, block);
            }
            (Take::Text { field, domain }, Some(slot)) => {
                let dictionary = &mut shared.dictionaries[domain.index()];
                codes(&PartReader::Text, source, slot, list, dictionary, block);
                self.keep(*field, block);
            }
            (Take::Value { field, is_when, .. }, None) => {
                block.push_missing(n_rows);
                if *is_when {
                    self.rows.take_moments((self.n_rows - self.rows.first) as usize, &[], n_rows);
                }
                self.keep(*field, block);
            }
            (Take::Text { field, .. }, None) => {
                block.push_missing(n_rows);
                self.keep(*field, block);
            }
            (Take::Check(reader), Some(slot)) => {
                decode(reader, source, slot, list, block);
                // Letters that cannot be read do no harm where nobody reads them.
                block.bad.retain(|(_, reason)| reason != NOT_UTF8);
            }
            (Take::Check(_), None) => return,
        }
        if let Some(report) = report {
            self.report_bad(report, slot, source, block);
            self.report_missing(report, source, &block.missing);
        }
    }

    /// Appends values to the column of a field.
    fn keep(&mut self, field: usize, block: &Block) {
        let Some(column) = &mut self.rows.columns[field] else { broken("values of a field that is not kept") };
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
    fn report_bad(&mut self, report: &Report, slot: Option<usize>, source: &dyn Source, block: &Block) {
        for (row, reason) in &block.bad {
            let value = slot.map_or(String::new(), |slot| source.text(slot, *row as usize));
            let (column, reason) = (report.header.clone(), reason.clone().into_owned());
            self.faults.unreadable(&self.origins, self.n_rows + row, report.rank, &column, &reason, &value);
            self.fault(Fault { row: self.n_rows + row, key: None, rank: report.rank, column, value, reason });
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
                row: self.n_rows + row,
                key: None,
                rank: report.rank,
                column,
                value: String::new(),
                reason,
            });
        }
    }

    /// Whether the key of a row cannot be read.
    pub fn is_keyless(&self, place: u32) -> bool {
        !self.keyless.is_empty() && self.keyless.binary_search(&place).is_ok()
    }

    /// Rejects a row.
    pub fn fault(&mut self, fault: Fault) {
        self.rejected.insert(fault.row);
        self.faults.push(fault);
    }

    /// Lets faults go that are too many to be held. All tasks of a batch must be done, so that its rows have their keys.
    pub fn make_room_for_faults(&mut self) -> Result<(), ScratchError> {
        if !self.faults.are_many() {
            return Ok(());
        }
        self.name_faults();
        self.faults.make_room()
    }
}

impl Rejected {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.n_rows
    }

    /// Rejects a row; not, where that is so already.
    pub fn insert(&mut self, row: u32) -> bool {
        let (word, bit) = (row as usize / 64, 1 << (row % 64));
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.n_rows += usize::from(is_new);
        is_new
    }

    /// Whether a row is rejected.
    #[inline]
    pub fn contains(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }
}

/// No values yet, in the width of the type.
fn empty(ty: Type) -> Values {
    match ty {
        Type::Number | Type::Count | Type::Percent | Type::Money => Values::I64(Vec::new()),
        Type::Date => Values::I32(Vec::new()),
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
