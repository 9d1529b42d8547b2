//! Cells that cannot be read, column by column: a wrong format is one mistake, however many rows have it.
//!
//! What would read them is found in `offer`, from the first values of the column.

use crate::store::origins::Origins;
use meed_compiler::plan::RecordId;
use rustc_hash::FxHashMap;

/// So many values of a column are kept, of so many bytes in all: an offer must read all of them.
const SAMPLE: (usize, usize) = (1_000, 64 << 10);
/// So many columns are told apart; in a folder of thousands of files the first tell what is wrong.
const MOST_COLUMNS: usize = 200;

/// A column of a file with cells that cannot be read, all for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The record.
    pub record: RecordId,
    /// The place of the field in the record.
    pub field: usize,
    /// The file, as it was named.
    pub file: String,
    /// The column.
    pub column: String,
    /// Why the cells cannot be taken.
    pub reason: String,
    /// How many rows have such a cell.
    pub n_rows: u64,
    /// How many rows the file has.
    pub n_all: u64,
    /// The first such row, counted from 1 without the header.
    pub row: u64,
    /// The line on which it begins.
    pub line: Option<u64>,
    /// The first values.
    pub sample: Vec<String>,
}

/// The columns of one record.
#[derive(Debug, Default)]
pub(crate) struct UnreadableColumns {
    columns: Vec<Column>,
    /// By the number of the file, the field's rank and the reason.
    places: FxHashMap<(usize, usize, String), usize>,
}

#[derive(Debug)]
struct Column {
    /// The number of its file.
    file: usize,
    rank: usize,
    column: String,
    reason: String,
    n_rows: u64,
    /// The place of the first such row.
    first: u32,
    sample: Vec<String>,
    n_bytes: usize,
}

impl UnreadableColumns {
    /// Counts a cell of the file that is being read.
    pub fn note(&mut self, origins: &Origins, row: u32, rank: usize, column: &str, reason: &str, value: &str) {
        let Some(file) = origins.n_files().checked_sub(1) else { return };
        let next = self.columns.len();
        let place = (file, rank, reason.to_owned());
        let idx = match self.places.get(&place) {
            Some(&idx) => idx,
            None if next == MOST_COLUMNS => return,
            None => {
                self.places.insert(place, next);
                let (column, reason) = (column.to_owned(), reason.to_owned());
                let (n_rows, sample, n_bytes) = (0, Vec::new(), 0);
                self.columns.push(Column { file, rank, column, reason, n_rows, first: row, sample, n_bytes });
                next
            }
        };
        let known = &mut self.columns[idx];
        known.n_rows += 1;
        if known.sample.len() < SAMPLE.0 && known.n_bytes < SAMPLE.1 {
            known.n_bytes += value.len();
            known.sample.push(value.to_owned());
        }
    }

    /// What was counted, where so many rows were read in all.
    pub fn of(self, record: RecordId, origins: &Origins, n_read: u32) -> Vec<Unreadable> {
        let rows: Vec<u64> = origins.rows(n_read.into()).collect();
        let told = self.columns.into_iter().map(|known| {
            let Column { file, rank, column, reason, n_rows, first, sample, .. } = known;
            Unreadable {
                record,
                field: rank - 1,
                file: origins.file(file).to_owned(),
                column,
                reason,
                n_rows,
                n_all: rows[file],
                row: origins.read_at(first).1,
                line: origins.line_at(first),
                sample,
            }
        });
        told.collect()
    }
}
