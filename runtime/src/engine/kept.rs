//! What rules know of every row of a table that lies on the disk, put away with its window and taken out again.

use super::paths::root_of;
use crate::load::Loaded;
use crate::scratch::{Array, ScratchError, ScratchFile};
use meed_compiler::data::{Data, DecisionData};
use meed_compiler::plan::{DecisionId, Plan, RecordId};

/// Marks and decisions of the windows that are not seen.
#[derive(Debug)]
pub(crate) struct Kept {
    file: ScratchFile,
    /// By record and window: what all rules so far made of each row.
    marks: Vec<Vec<Option<Array<u8>>>>,
    /// By decision and window.
    decisions: Vec<Vec<Option<Decided>>>,
}

/// The values of a decision over the rows of a window.
#[derive(Debug)]
struct Decided {
    nums: Array<i64>,
    dens: Array<i64>,
    known: Array<u8>,
}

impl Kept {
    /// Nothing, for the tables that lie on the disk; none where all are held.
    pub fn new(plan: &Plan, loaded: &Loaded) -> Result<Option<Self>, ScratchError> {
        let Some(file) = loaded.scratch_file()? else { return Ok(None) };
        let per_window = |record: Option<RecordId>| {
            record
                .filter(|record| loaded.windows[record.index()].is_some())
                .map_or(0, |record| loaded.n_windows(record))
        };
        let none = |n_windows: usize| (0..n_windows).map(|_| None).collect();
        let roots = plan.decisions.iter().map(|decision| root_of(plan, &decision.stream));
        Ok(Some(Self {
            file,
            marks: (0..plan.records.len() as u32).map(|record| none(per_window(Some(RecordId(record))))).collect(),
            decisions: roots
                .map(|root| {
                    let windows: Vec<Option<Decided>> = (0..per_window(root)).map(|_| None).collect();
                    windows
                })
                .collect(),
        }))
    }

    /// Puts a window's marks away, and the decisions that were taken in it.
    pub fn put(
        &mut self,
        plan: &Plan,
        record: RecordId,
        window: usize,
        marks: &[u8],
        data: &mut Data,
        decided: &[bool],
    ) -> Result<(), ScratchError> {
        match &mut self.marks[record.index()][window] {
            Some(array) => self.file.replace(array, marks)?,
            none => *none = Some(self.file.keep(marks)?),
        }
        for (idx, decision) in plan.decisions.iter().enumerate() {
            if root_of(plan, &decision.stream) != Some(record) {
                continue;
            }
            let DecisionData { nums, dens, known } = std::mem::take(&mut data.decisions[idx]);
            if decided[idx] && known.contains(&1) {
                self.decisions[idx][window] = Some(Decided {
                    nums: self.file.keep(&nums)?,
                    dens: self.file.keep(&dens)?,
                    known: self.file.keep(&known)?,
                });
            }
        }
        Ok(())
    }

    /// The marks of a window of `n_rows` rows; none of them has one where no rule saw it.
    pub fn marks(&self, record: RecordId, window: usize, n_rows: usize) -> Result<Vec<u8>, ScratchError> {
        match &self.marks[record.index()][window] {
            Some(marks) => self.file.load_all(marks),
            None => Ok(vec![0; n_rows]),
        }
    }

    /// The values of a decision over a window; none where nothing was decided.
    pub fn decision(&self, id: DecisionId, window: usize) -> Result<DecisionData, ScratchError> {
        let Some(Some(Decided { nums, dens, known })) = self.decisions[id.index()].get(window) else {
            return Ok(DecisionData::default());
        };
        Ok(DecisionData {
            nums: self.file.load_all(nums)?,
            dens: self.file.load_all(dens)?,
            known: self.file.load_all(known)?,
        })
    }
}
