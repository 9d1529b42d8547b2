//! Holds what a run pays against what earlier runs paid.

use crate::earlier::read::EarlierRuns;
use crate::earlier::run_lines::{Before, Difference, NotPaidBefore, RunLines};
use crate::earlier::sums::Room;
use crate::engine::result::RunResult;
use crate::manifest::{Parameters, Program};
use crate::pay::sinks::Sinks;
use crate::pay::write::write;
use crate::store::loaded::Loaded;
use meed_compiler::plan::Plan;
use std::io;

/// What a run pays more or less than earlier runs paid.
pub struct Compared {
    /// In the order in which the run writes; what it pays no more behind, in the order of subjects.
    pub(super) changed: Vec<Difference>,
    /// The period in which what an earlier run settled is booked now.
    pub(super) booked: String,
    /// The last day of the earlier runs.
    pub(super) through: i32,
}

impl EarlierRuns {
    /// Holds what a run pays against them; the program and the parameters are those of this run.
    ///
    /// # Errors
    /// When the lines of the run cannot be read back, or sums do not fit.
    pub fn compare(
        self,
        plan: &Plan,
        loaded: &Loaded,
        result: &RunResult,
        (program, parameters): (&Program, &Parameters),
        room: Room<'_>,
    ) -> io::Result<Compared> {
        let through = self.through;
        let mut lines = RunLines::with(plan, room, NotPaidBefore::Apart { through });
        write(plan, loaded, result, &mut Sinks { payments: Some(&mut lines), ..Sinks::default() })?;
        let is_repriced = self.last.program != *program || self.last.parameters != *parameters;
        let before = Before { through, is_repriced, rules: self.rules };
        let mut changed: Vec<Difference> = Vec::new();
        lines.compare(loaded, &before, self.lines.in_order()?, |difference| {
            changed.push(difference);
            Ok(())
        })?;
        changed.sort_by_key(|difference| difference.rank);
        let kind = plan.calendar.told_by();
        let day =
            if plan.calendar.knows(kind, result.through) { result.through } else { plan.active.to.min(result.through) };
        let booked = plan.calendar.name(kind, plan.calendar.index(kind, day));
        Ok(Compared { changed, booked, through })
    }
}
