//! From files to tables: every row is accepted or rejected with a reason, references become rows, rows stand in order.
//!
//! Comes in: a Plan and the files of its records. Goes out: [`Loaded`], the columns that rules read, the key of every
//! row, and the account of rows. It opens no file by itself but through [`SourceFile::open`], and rejects nothing in
//! silence.
//!
//! Three steps: [`Read::tables`] takes batch after batch into narrow columns in which references are codes of keys;
//! then keys are held against one another and codes against keys (`link`); then rows are put in order and codes become
//! rows (`settle`). What a table is kept in ends at `source`, what Arrow looks like at `columns`.

mod again;
mod bind;
mod cell;
mod csv;
mod day;
mod decode;
mod draft;
mod error;
mod grids;
mod link;
mod number;
mod offer;
mod order;
mod origins;
mod part;
mod read;
pub(crate) mod rejects;
mod runs;
mod settle;
pub(crate) mod source;
mod stretch;
pub(crate) mod typed;
mod unique;
mod unreadable;
mod windows;

pub use error::LoadError;
pub(crate) use link::{is_key_alone, is_walked};
pub use read::Read;
pub use rejects::{MOST_HELD, Reject, Rejects};
pub use source::{Content, SourceFile, TableInput};
pub use unreadable::Unreadable;

use crate::keys::{Dictionary, Keys};
use crate::scratch::Spill;
use meed_compiler::data::Data;
use meed_compiler::plan::{Plan, RecordId};
use origins::Origins;
use std::path::Path;
pub(crate) use windows::{Extent, Windows};

/// What may be taken where nothing else is said: 256 MiB.
const MEMORY: usize = 256 << 20;

/// How tables are read.
#[derive(Clone, Copy)]
pub struct LoadOptions<'a> {
    /// The last day of the run, counted from 1970-01-01; later rows are left out and counted.
    pub through: i32,
    /// How many rows are read at a time.
    pub batch_rows: usize,
    /// Is told after every batch how many rows of all tables were read so far.
    pub progress: Option<&'a dyn Fn(u64)>,
    /// Where rows go that are too many for memory; without it all are held.
    pub spill: Option<Spill<'a>>,
    /// About how many bytes may be taken by what cannot go to the disk: a page of a Parquet file, and the rows of rules per
    /// entity and period.
    pub memory: usize,
    /// The folder for rejected cells that are too many to be held, so that [`Rejects::each`] gives all of them; without it
    /// the first are kept, and all are counted.
    pub rejects: Option<&'a Path>,
}

impl LoadOptions<'_> {
    /// A run through this day, otherwise as usual.
    pub fn through(day: i32) -> Self {
        Self { through: day, batch_rows: 16_384, progress: None, spill: None, memory: MEMORY, rejects: None }
    }
}

/// What became of the rows of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowAccount {
    /// Rows read.
    pub read: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows after the run's date.
    pub after_run_date: u64,
    /// Rows without a date, which no rule sees.
    pub undated: u64,
}

/// Tables, keys and accounts.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Tables and predicates; states and the like are still empty.
    pub data: Data,
    /// By record, the keys of its rows.
    pub keys: Vec<Keys>,
    /// By domain, the texts by code.
    pub dictionaries: Vec<Dictionary>,
    /// By record.
    pub accounts: Vec<RowAccount>,
    /// By record, how many rows of blanks alone were skipped; they are not among the rows read.
    pub blank_rows: Vec<u64>,
    /// In the order of records, files and rows.
    pub rejects: Rejects,
    /// Entities of which only the key is read and no table was given: their rows are the keys that accepted rows name.
    pub named_only: Vec<RecordId>,
    /// By record.
    pub(crate) origins: Vec<Origins>,
    /// By record, its rejected rows by their places in the order of reading.
    pub(crate) rejected: Vec<draft::Rejected>,
    /// By record, the rows of an event that were too many to be held. Its table and keys are those of the window that a
    /// run looks at.
    pub(crate) windows: Vec<Option<Windows>>,
}

impl Loaded {
    /// The file, and in it the row (counted from 1 without the header), that a row of a record comes from; of an entity in
    /// [`Loaded::named_only`] no file and row 0.
    pub fn origin(&self, record: RecordId, row: usize) -> (&str, u64) {
        self.origins[record.index()].origin(row)
    }

    /// How many rows were read from each file of a record, in the order of the files.
    pub fn rows_of_files(&self, record: RecordId) -> impl Iterator<Item = u64> {
        self.origins[record.index()].rows(self.accounts[record.index()].read)
    }
}

/// Loads the tables of every record that a rule reads.
///
/// # Errors
/// A [`LoadError`] where a file or column that is needed cannot be had at all. Rows that cannot be taken are no error
/// here: they are in [`Loaded::rejects`].
pub fn load(plan: &Plan, inputs: Vec<TableInput>, options: &LoadOptions<'_>) -> Result<Loaded, LoadError> {
    Read::tables(plan, inputs, options)?.settle()
}
