//! How tables are read, and what that may take.

use crate::store::order::SortKey;
use crate::store::rows::TableRows;
use crate::store::spill::Spill;
use meed_compiler::plan::FieldId;
use std::num::NonZero;
use std::path::Path;

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
    /// About how many bytes may be taken by what is never spilled: a page of a Parquet file, and the rows of rules per
    /// entity and period.
    pub memory: usize,
    /// The folder for rejected cells that are too many to be held, so that [`Rejects::each`] gives all of them; without it
    /// the first are kept, and all are counted.
    ///
    /// [`Rejects::each`]: crate::store::rejects::Rejects::each
    pub rejects: Option<&'a Path>,
    /// Whether it is kept which rows were returned when, also where no rule asks for that.
    pub keeps_returns: bool,
    /// How many threads may work at a time.
    pub threads: NonZero<usize>,
}

impl LoadOptions<'_> {
    /// A run through this day, otherwise as usual.
    pub fn through(day: i32) -> Self {
        Self {
            through: day,
            batch_rows: 16_384,
            progress: None,
            spill: None,
            memory: MEMORY,
            rejects: None,
            keeps_returns: false,
            threads: NonZero::<usize>::MIN,
        }
    }

    /// Lets the rows of an event go where these options say that they may.
    pub(super) fn apply(&self, rows: &mut TableRows, when: FieldId) {
        rows.allow_spilling(SortKey { when, through: self.through }, self.spill, self.threads);
    }
}
