//! A row in the phases of its rule: with what it has found out it is carried from one to the next.

use super::eval::Row;
use super::trace::Trace;
use super::{Fault, RuleRun};
use crate::data::{Chunk, Data, KeptRow, Output, Rows, status};
use crate::plan::{Plan, VersionId};
use std::ops::Range;

/// A row on its way through a rule.
pub struct CarriedRow<'a> {
    pub(super) row: Row<'a>,
    /// The line in the making: the payee and smallest units.
    pub(super) line: Option<(u32, i64)>,
    /// What became of the row so far: bits of [`status`]. It has matched as long as it goes on.
    pub(super) mark: u8,
}

impl<'a> CarriedRow<'a> {
    /// A row of the rule's stream before the first node.
    pub fn begin(plan: &'a Plan, id: VersionId, data: &Data, rows: &'a Rows, row: u32, traced: bool) -> Self {
        let definition = plan.version(id);
        let mut row = Row::new(plan, rows, row, definition.n_locals as usize, traced);
        if !plan.balances.is_empty() {
            row.take_moment(definition, data);
        }
        Self { row, line: None, mark: status::MATCHED }
    }

    /// Its place in the stream.
    pub fn row(&self) -> u32 {
        self.row.row
    }

    /// Whether it has come through all nodes so far.
    pub fn goes_on(&self) -> bool {
        self.mark & status::MATCHED != 0
    }

    /// Does the next nodes with it. Its slots are in `chunk`.
    ///
    /// # Errors
    /// A [`Fault`] that stops the run; states may then have taken in part of the row.
    pub fn phase(
        self,
        plan: &'a Plan,
        id: VersionId,
        data: &mut Data,
        chunk: &Chunk,
        nodes: Range<usize>,
    ) -> Result<Self, Fault> {
        let Self { row, line, mark } = self;
        let definition = plan.version(id);
        let mut run = RuleRun { plan, id, definition, row, data, chunk, line, placing: None };
        let own = run.nodes(&definition.nodes[nodes], definition.active)?;
        let RuleRun { row, line, .. } = run;
        Ok(Self { row, line, mark: (mark & !status::MATCHED) | own })
    }

    /// Writes what became of it, behind the last node of its own: the line, if any, and its status.
    pub fn end(self, plan: &Plan, id: VersionId, chunk: &Chunk, output: &mut Output, trace: Option<&mut Trace>) {
        let Self { row: state, line, mut mark } = self;
        let definition = plan.version(id);
        if let Some((payee, amount)) = line.filter(|(_, amount)| *amount != 0 || plan.keeps_zero(definition)) {
            mark |= status::PAID;
            output.rows.push(state.row);
            output.payees.push(payee);
            output.amounts.push(amount);
            if !plan.legs(definition).1.is_empty() && !plan.is_apart(definition) {
                output.kept.push(KeptRow { locals: state.locals, levels: state.levels, rank: state.rank });
            }
        }
        if state.below_zero.get() {
            mark |= status::BELOW_ZERO;
        }
        output.missed += state.missed;
        output.status[(state.row - chunk.start) as usize] = mark;
        if let (Some(trace), Some(found)) = (trace, state.trace) {
            *trace = found.into_inner();
            trace.status = mark;
        }
    }
}
