//! A contest: what a row does before the ranking of its period and, once that is known, behind it.

use super::eval::{Levels, Row, Value};
use super::phases::CarriedRow;
use super::trace::{Trace, TraceStep};
use super::{Fault, FaultKind, RuleRun, too_large};
use crate::data::{Chunk, Data, Output, Rows, status};
use crate::internal::broken;
use crate::plan::{Emit, Node, Plan, Type, Version, VersionId};
use crate::value::Exact;
use std::cell::RefCell;

/// A row that is ranked.
#[derive(Debug)]
pub struct Candidate {
    /// The row of the rule's stream.
    pub row: u32,
    /// Its measure.
    pub measure: Exact,
    /// The day, the event and the row that completed the measure; none where no row is in it, or nobody asks.
    pub completed: Option<(i32, u32, u32)>,
    locals: Vec<Value>,
    levels: Vec<Levels>,
    mark: u8,
    is_below_zero: bool,
    trace: Option<Trace>,
}

/// Where a row stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placing {
    /// Its rank, from 1.
    pub rank: u32,
    /// How many rows have this rank, with it.
    pub n_level: u32,
    /// How many rows are ranked.
    pub n_ranked: u32,
    /// Whether nothing tells which of these comes first, though it should.
    pub is_undecided: bool,
    /// Whether its period has not ended.
    pub is_open: bool,
    /// The day on which its measure was complete, where that counts.
    pub completed: Option<i32>,
    /// Of prizes that are shared: what the places are paid together, in smallest units, and what the row gets.
    pub shared: Option<(i128, i64)>,
}

fn at_work<'a>(
    plan: &'a Plan,
    id: VersionId,
    data: &'a mut Data,
    rows: &'a Rows,
    chunk: &'a Chunk,
    row: u32,
    traced: bool,
) -> RuleRun<'a, 'a> {
    let definition = plan.version(id);
    let row = Row::new(plan, rows, row, definition.n_locals as usize, traced);
    RuleRun { plan, id, definition, row, data, chunk, line: None, placing: None }
}

fn ranking(definition: &Version) -> usize {
    definition.ranking().map_or_else(|| broken("a contest without a ranking"), |(at, _)| at)
}

/// Does what comes before the ranking with a row. A row that does not come that far is done with, and its trace, if one is kept, is
/// given back.
///
/// # Errors
/// A [`Fault`] that stops the run.
#[expect(clippy::too_many_arguments, reason = "the row of a run is all of these, and none belongs to another")]
pub fn before_ranking(
    plan: &Plan,
    id: VersionId,
    data: &mut Data,
    rows: &Rows,
    chunk: &Chunk,
    row: u32,
    output: &mut Output,
    traced: bool,
) -> Result<Result<Candidate, Option<Trace>>, Fault> {
    let definition = plan.version(id);
    let at = ranking(definition);
    let mut run = at_work(plan, id, data, rows, chunk, row, traced);
    let mark = run.nodes(&definition.nodes[..at], definition.active)?;
    let place = (row - chunk.start) as usize;
    if mark & status::MATCHED == 0 {
        let mark = mark | if run.row.below_zero.get() { status::BELOW_ZERO } else { 0 };
        output.status[place] = mark;
        let trace = run.row.trace.map(|trace| trace.into_inner().with_status(mark));
        return Ok(Err(trace));
    }
    let Node::Rank(rank) = &definition.nodes[at] else { broken("a ranking that is none") };
    let Some(measure) = run.row.eval(&rank.measure, run.data)?.number() else { broken("a measure that is missing") };
    let mut completed = None;
    for last in &rank.completed {
        let (Type::Ref(record), Some(found)) = (last.ty, run.row.eval(last, run.data)?.code()) else { continue };
        let day = match plan.record(record).when {
            Some(when) => run.row.column(run.data, record, when, found).date(),
            None => broken("a row without a day"),
        };
        completed = completed.max(day.map(|day| (day, record.0, found)));
    }
    let Row { locals, levels, below_zero, trace, .. } = run.row;
    Ok(Ok(Candidate {
        row,
        measure,
        completed,
        locals,
        levels,
        mark: mark & !status::MATCHED,
        is_below_zero: below_zero.get(),
        trace: trace.map(RefCell::into_inner),
    }))
}

impl Candidate {
    fn resume<'a>(
        &self,
        plan: &'a Plan,
        id: VersionId,
        data: &'a mut Data,
        rows: &'a Rows,
        chunk: &'a Chunk,
        placing: Placing,
    ) -> RuleRun<'a, 'a> {
        let mut run = at_work(plan, id, data, rows, chunk, self.row, false);
        (run.row.locals, run.row.levels) = (self.locals.clone(), self.levels.clone());
        run.row.rank = Some(placing.rank);
        run.placing = Some(placing);
        run
    }

    /// What a place is paid, in smallest units; nothing where a condition leaves it out.
    ///
    /// # Errors
    /// A [`Fault`] that stops the run.
    pub fn prize(
        &self,
        plan: &Plan,
        id: VersionId,
        data: &mut Data,
        rows: &Rows,
        chunk: &Chunk,
        rank: u32,
    ) -> Result<i64, Fault> {
        let definition = plan.version(id);
        let mut run = self.resume(plan, id, data, rows, chunk, Placing { rank, ..Placing::default() });
        for node in &definition.nodes[ranking(definition) + 1..] {
            match node {
                Node::Keep(condition) => {
                    if !run.row.eval(condition, run.data)?.is_true() {
                        return Ok(0);
                    }
                }
                Node::Let(local, value) => run.row.locals[local.index()] = run.row.eval(value, run.data)?,
                // Whoever is paid, the prize is the same.
                Node::Emit(emit) => {
                    let emit = Emit { payee: None, somebody: None, ..emit.clone() };
                    return Ok(run.emit(&emit)?.map_or(0, |(_, amount)| amount));
                }
                // What is set is of the rank itself.
                Node::Set(..) => {}
                _ => broken("something kept behind prizes that are shared"),
            }
        }
        Ok(0)
    }

    /// Does what comes behind the ranking; the line, if there is one, goes to `output`.
    ///
    /// # Errors
    /// A [`Fault`] that stops the run.
    #[expect(clippy::too_many_arguments, reason = "the row of a run is all of these, and none belongs to another")]
    pub fn after_ranking(
        mut self,
        plan: &Plan,
        id: VersionId,
        data: &mut Data,
        rows: &Rows,
        chunk: &Chunk,
        placing: Placing,
        output: &mut Output,
    ) -> Result<Option<Trace>, Fault> {
        let definition = plan.version(id);
        let at = ranking(definition);
        let mut trace = self.trace.take();
        let mut run = self.resume(plan, id, data, rows, chunk, placing.clone());
        run.row.below_zero.set(self.is_below_zero);
        if let Some(trace) = &mut trace {
            let Node::Rank(rank) = &definition.nodes[at] else { broken("a ranking that is none") };
            trace.step(TraceStep::Ranked { measure: self.measure.clone(), placing, span: rank.measure.span });
        }
        run.row.trace = trace.map(RefCell::new);
        let (own, _) = plan.legs(definition);
        let mark = self.mark | run.nodes(&definition.nodes[at + 1..own.end], definition.active)?;
        let RuleRun { row, line, .. } = run;
        let mut trace = row.trace.is_some().then(Trace::default);
        CarriedRow { row, line, mark }.end(plan, id, chunk, output, trace.as_mut());
        Ok(trace)
    }
}

impl RuleRun<'_, '_> {
    /// The amount of a line in a contest: of level rows what each gets of their prizes.
    pub(super) fn prize_of_row(&self, amount: i64) -> Result<i64, Fault> {
        let Some(placing) = &self.placing else { return Ok(amount) };
        if placing.is_undecided && placing.is_open {
            // What is not decided yet is no accrual.
            return Ok(0);
        }
        if placing.is_undecided && amount != 0 {
            let span = self.definition.ranking().map_or_else(Default::default, |(_, rank)| rank.span);
            return Err(Fault { kind: FaultKind::Tie { rank: placing.rank, n_level: placing.n_level }, span });
        }
        Ok(placing.shared.as_ref().map_or(amount, |(_, share)| *share))
    }
}

/// What each of so many level rows gets of a sum, in the order of their rows: equal parts, the spare cents to the first.
///
/// # Errors
/// When the sum does not fit.
pub fn shares_of(sum: i128, n_level: u32, version: &Version) -> Result<Vec<i64>, Fault> {
    let n_level = i128::from(n_level);
    let (each, spare) = (sum.abs() / n_level, sum.abs() % n_level);
    let span = version.emit().map_or_else(Default::default, |emit| emit.span);
    let share = |place: i128| {
        let share = (each + i128::from(place < spare)) * sum.signum();
        i64::try_from(share).map_err(|_| too_large("a payment", span))
    };
    (0..n_level).map(share).collect()
}
