//! How many rows ended as what.

use crate::store::loaded::RowCounts;
use meed_compiler::data::status;

/// How many rows of a stream ended as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// After the run's day.
    pub after: u64,
    /// With a line of their own.
    pub paid: u64,
    /// Taken in by an aggregate or accumulation.
    pub counted: u64,
    /// Matched, but without a line.
    pub nothing: u64,
    /// Not matched.
    pub unmatched: u64,
}

impl Counts {
    /// With the rows of an event that no rule sees: those after the run's day, and those without a day.
    pub(super) fn with_unseen(self, rows: &RowCounts) -> Self {
        Self { after: rows.after_run_date, unmatched: self.unmatched + rows.undated, ..self }
    }

    /// Adds rows by their flags, bits of [`status`]; the first that holds counts.
    pub(super) fn add(&mut self, flags: &[u8]) {
        let mut by_flags = [0u64; 8];
        flags.iter().for_each(|&flag| by_flags[usize::from(flag & 7)] += 1);
        for (flag, n_rows) in by_flags.into_iter().enumerate() {
            let has = |bit: u8| flag & usize::from(bit) != 0;
            let end = match () {
                () if has(status::PAID) => &mut self.paid,
                () if has(status::COUNTED) => &mut self.counted,
                () if has(status::MATCHED) => &mut self.nothing,
                () => &mut self.unmatched,
            };
            *end += n_rows;
        }
    }
}
