//! What became of every row: per rule as it runs, and over all rules.

use super::kept::Kept;
use crate::load::Loaded;
use crate::scratch::ScratchError;
use meed_compiler::data::status;
use meed_compiler::plan::{Plan, RecordId};

/// How many rows of a stream ended as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
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
    /// Adds rows by their marks, bits of [`status`]; the first that holds counts.
    pub(super) fn add(&mut self, marks: &[u8]) {
        let mut by_mark = [0u64; 8];
        marks.iter().for_each(|&mark| by_mark[usize::from(mark & 7)] += 1);
        for (mark, n_rows) in by_mark.into_iter().enumerate() {
            let has = |bit: u8| mark & usize::from(bit) != 0;
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

/// By record and row, what all rules so far made of it.
pub(super) struct Marks(Vec<Vec<u8>>);

impl Marks {
    pub fn new(loaded: &Loaded) -> Self {
        Self(loaded.data.tables.iter().map(|table| vec![0; table.n_stream]).collect())
    }

    /// Adds what became of a run of rows.
    pub fn mark(&mut self, record: RecordId, start: usize, marks: &[u8]) {
        let known = &mut self.0[record.index()][start..start + marks.len()];
        known.iter_mut().zip(marks).for_each(|(known, mark)| *known |= mark);
    }

    /// The marks of the rows of a record that are seen.
    pub fn of(&mut self, record: RecordId) -> &mut Vec<u8> {
        &mut self.0[record.index()]
    }

    /// The counts of every event that is read; those that lie on the disk are counted there.
    pub fn events(
        &self,
        plan: &Plan,
        loaded: &Loaded,
        kept: Option<&Kept>,
    ) -> Result<Vec<Option<Counts>>, ScratchError> {
        let mut events = Vec::new();
        for (idx, record) in plan.records.iter().enumerate() {
            let id = RecordId(idx as u32);
            let mut counts = Counts::default();
            match kept.filter(|_| loaded.windows[idx].is_some()) {
                Some(kept) => {
                    for window in 0..loaded.n_windows(id) {
                        counts.add(&kept.marks(id, window, loaded.n_stream(id, window))?);
                    }
                }
                None => counts.add(&self.0[idx]),
            }
            counts.unmatched += loaded.accounts[idx].undated;
            events.push((record.used && record.when.is_some()).then_some(counts));
        }
        Ok(events)
    }
}
