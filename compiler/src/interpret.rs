//! The interpreter: what a rule means for one row, in exact fractions, obviously right.
//!
//! Comes in: a [`Plan`], the [`Data`] of a run and a row. Goes out: the row's line, its status, what its states
//! remember after it, and on request a [`Trace`] of everything that decided. Machine code must agree with it on
//! every word; a row that machine code cannot do in its width is done here.

pub mod balances;
pub mod choice;
pub mod contest;
pub mod eval;
mod function;
pub mod limits;
pub mod lines;
pub mod phases;
pub mod schedule;
pub mod trace;

use crate::data::{Chunk, Data, FoldState, MODERATE, Met, Output, Rows, StateData, SumData, status};
use crate::internal::broken;
use crate::plan::{
    Emit, Expr, Fold, FoldFunction, Limit, Node, Owner, Plan, Root, Side, StateId, Stream, Version, VersionId,
};
use crate::value::{Exact, fraction, over, round};
use eval::{Levels, Row, Value};
use meed_grammar::span::Span;
use phases::CarriedRow;
use trace::Trace;

/// Why a row stops the run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// `/ 0`
    #[error("division by zero")]
    DivisionByZero,
    /// Bounds that an argument made cross.
    #[error("the bounds of schedule `{0}` cross")]
    CrossingBounds(String),
    /// Packages of size zero or less.
    #[error("the package size of schedule `{0}` is not above zero")]
    EmptyPackage(String),
    /// A payment, sum or decision that does not fit.
    #[error("{0} is too large to hold")]
    Overflow(&'static str),
    /// More than one row where there may be one.
    #[error("the set has more than one row")]
    SeveralRows {
        /// The rows that they are among.
        stream: Stream,
        /// Two of them.
        rows: [u32; 2],
    },
    /// A share or weight of a split that no division can do with.
    #[error("{0}")]
    Share(&'static str),
    /// A chain of parties that comes back to one of them.
    #[error("the chain comes back to a party that is in it already")]
    Ring,
    /// Several rows of a contest are level, and nothing tells which of them comes first.
    #[error(
        "{n_level} are level at rank {rank}, and no row tells whose measure was complete first: leave out who has none, or let them share prizes"
    )]
    Tie {
        /// Their rank.
        rank: u32,
        /// How many they are.
        n_level: u32,
    },
    /// Less than nothing is asked from a balance.
    #[error("{1} is asked from `{0}`, and what is taken is never below zero")]
    NegativeTake(String, String),
    /// No rate of exchange where one is needed.
    #[error("there is no rate for this currency on or before that day")]
    NoRate,
    /// A date outside the years 1 to 9999, or a length of time that is no whole number.
    #[error("{0}")]
    Date(&'static str),
}

impl FaultKind {
    /// The code, one per kind; the page `compiler/errors/<code>.md` explains it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DivisionByZero => "division-by-zero",
            Self::CrossingBounds(_) => "crossing-bounds",
            Self::EmptyPackage(_) => "empty-package",
            Self::Overflow(_) => "overflow",
            Self::SeveralRows { .. } => "several-rows",
            Self::Share(_) => "bad-share",
            Self::NoRate => "missing-rate",
            Self::NegativeTake(..) => "negative-take",
            Self::Ring => "bad-chain",
            Self::Tie { .. } => "contest-tie",
            Self::Date(_) => "impossible-date",
        }
    }
}

/// A fault met while a rule computes, with the place in the program where it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// Where in the program.
    pub span: Span,
}

/// Reads one rule for one row.
///
/// `row` is the stream's row; its slots are in `chunk`. The line, if any, and the row's status go to `output`.
///
/// # Errors
/// A [`Fault`] that stops the run; states may then have taken in part of the row.
#[expect(clippy::too_many_arguments, reason = "the row of a run is all of these, and none belongs to another")]
pub fn interpret_row(
    plan: &Plan,
    rule: VersionId,
    data: &mut Data,
    rows: &Rows,
    chunk: &Chunk,
    row: u32,
    output: &mut Output,
    trace: Option<&mut Trace>,
) -> Result<(), Fault> {
    let (own, _) = plan.legs(plan.version(rule));
    let carried = CarriedRow::begin(plan, rule, data, rows, row, trace.is_some());
    carried.phase(plan, rule, data, chunk, own)?.end(plan, rule, chunk, output, trace);
    Ok(())
}

/// Takes one row into a fold, at `slot`; says whether it is in.
///
/// # Errors
/// A [`Fault`] that stops the run.
pub fn interpret_fold(
    plan: &Plan,
    fold: &Fold,
    data: &Data,
    rows: &Rows,
    row: u32,
    slot: u32,
    fold_state: &mut FoldState,
) -> Result<bool, Fault> {
    let row = Row::new(plan, rows, row, 0, false);
    if let Some(filter) = &plan.matches[fold.over.index()].also
        && !row.eval(filter, data)?.is_true()
    {
        return Ok(false);
    }
    let value = match &fold.function {
        FoldFunction::Count => Value::Number(Exact::ONE),
        FoldFunction::Sum(value, _)
        | FoldFunction::Smallest(value, _)
        | FoldFunction::Largest(value, _)
        | FoldFunction::Distinct(value) => row.eval(value, data)?,
    };
    if value == Value::Missing {
        return Ok(false);
    }
    fold_state.take(&fold.function, slot, &value).ok_or(too_large("an aggregate", fold.span))?;
    Ok(true)
}

struct RuleRun<'a, 'd> {
    plan: &'a Plan,
    id: VersionId,
    definition: &'a Version,
    row: Row<'a>,
    data: &'d mut Data,
    chunk: &'d Chunk,
    line: Option<(u32, i64)>,
    /// Where the row stands in its contest.
    placing: Option<contest::Placing>,
}

impl RuleRun<'_, '_> {
    fn nodes(&mut self, nodes: &[Node], active: crate::plan::Days) -> Result<u8, Fault> {
        let mut mark = 0;
        for node in nodes {
            match node {
                Node::TotalOfAll { state, filter, summands } => {
                    let adds = match filter {
                        Some(filter) => self.row.eval(filter, self.data)?.is_true(),
                        None => true,
                    };
                    if self.accumulate(*state, adds.then_some(summands.as_slice()))? {
                        mark |= status::COUNTED;
                    }
                }
                Node::Active => {
                    // A period that the program's end cuts belongs to the program's last day.
                    let day = self.row.when(self.data);
                    let day = if self.row.is_period() { day.min(self.plan.active.to) } else { day };
                    let holds = active.holds(day);
                    self.row.note(|trace| trace.active(day, active, holds));
                    if !holds {
                        return Ok(mark);
                    }
                }
                Node::Until => {
                    let day = self.row.when(self.data);
                    if day > active.to {
                        self.row.note(|trace| trace.active(day, active, false));
                        return Ok(mark);
                    }
                }
                Node::Keep(condition) => {
                    let holds = self.row.eval(condition, self.data)?;
                    self.row.note(|trace| trace.condition(condition.span, &holds));
                    if !holds.is_true() {
                        return Ok(mark);
                    }
                }
                Node::Let(local, value) => {
                    let value = self.row.eval(value, self.data)?;
                    self.row.note(|trace| trace.local(*local, &value));
                    self.row.locals[local.index()] = value;
                }
                Node::First { state, most } => {
                    let slot = self.slot(*state);
                    let StateData::Seen(seen) = self.data.state(*state) else { broken("a first without its marks") };
                    let first = seen[slot] < *most;
                    seen[slot] += u8::from(first);
                    let place = seen[slot];
                    self.row.note(|trace| trace.first(*state, first, place));
                    if !first {
                        return Ok(mark);
                    }
                }
                Node::Total { state, summands } => {
                    if self.accumulate(*state, Some(summands))? {
                        mark |= status::COUNTED;
                    }
                }
                Node::Set(decision, local) => {
                    let value = self.row.locals[local.index()].clone();
                    let words = decision_words(&value)
                        .ok_or(Fault { kind: FaultKind::Overflow("a decision"), span: self.definition.span })?;
                    let idx = self.row.decision_row(*decision, Root::Row);
                    let decided = &mut self.data.decisions[decision.index()];
                    (decided.nums[idx], decided.denominators[idx], decided.known[idx]) = words;
                }
                Node::Emit(emit) => {
                    self.line = self.emit(emit)?;
                }
                Node::Rank(_) => broken("a ranking of one row"),
                Node::TakeFrom(take) => self.take_from(take)?,
                Node::Add(add) => mark |= self.add_to(add)?,
                Node::Limit(limit) => self.limit(limit)?,
                Node::Choose(_) | Node::Share(_) => broken("a line that is divided before it is made"),
                Node::Pay(pay) => {
                    if let (Some((_, amount)), true) = (&mut self.line, pay.negative) {
                        let span = self.definition.emit().map_or_else(Span::default, |emit| emit.span);
                        *amount = amount.checked_neg().ok_or(too_large("a payment", span))?;
                    }
                }
            }
        }
        Ok(mark | status::MATCHED)
    }

    fn slot(&self, state: StateId) -> usize {
        let spec = self.plan.states[state.index()].key;
        self.chunk.slot(spec, self.row.row) as usize
    }

    /// Adds the summands to the state (or none), and keeps the levels before and after for this row. Says whether the row
    /// was taken in; a row with a missing part in its key is not.
    fn accumulate(&mut self, state: StateId, summands: Option<&[Expr]>) -> Result<bool, Fault> {
        let slot = self.slot(state);
        if slot == u32::MAX as usize {
            return Ok(false);
        }
        let mut adds = Vec::new();
        for summand in summands.into_iter().flatten() {
            match self.row.eval(summand, self.data)?.number() {
                Some(value) => adds.push((value, summand.span)),
                None => return Ok(false),
            }
        }
        let StateData::Sums { sums, touched } = self.data.state(state) else { broken("a total without its sums") };
        let first = touched[slot] == 0;
        let before: Vec<Exact> = sums.iter().map(|sum| sum.get(slot)).collect();
        for (sum, (value, span)) in sums.iter_mut().zip(&adds) {
            sum.add(slot, value).ok_or(too_large("a running total", *span))?;
        }
        if let Some((highest, span)) = self.plan.highest_of(state).zip(adds.first().map(|(_, span)| *span)) {
            let above = sums[0].get(slot) - sums[highest].get(slot);
            if above > Exact::ZERO {
                sums[highest].add(slot, &above).ok_or(too_large("a running total", span))?;
            }
        }
        let after = sums.iter().map(|sum| sum.get(slot)).collect();
        if summands.is_some() {
            touched[slot] = 1;
        }
        let levels = Levels { state, before, after, first };
        self.row.note(|trace| trace.total(&levels));
        self.row.levels.push(levels);
        Ok(summands.is_some())
    }

    fn emit(&mut self, emit: &Emit) -> Result<Option<(u32, i64)>, Fault> {
        // Who gets a line that is divided is known where it is.
        let payee = match &emit.payee {
            Some(payee) => self.row.eval(payee, self.data)?,
            None => match &emit.somebody {
                Some(somebody) if !self.row.eval(somebody, self.data)?.is_true() => Value::Missing,
                _ => Value::Code(0),
            },
        };
        let unit = self.plan.unit(self.row.unit_of_row(emit.unit, self.data)?);
        let per_unit = Exact::from(unit.per_one());
        let cents = |value: &Exact| round(&(value * &per_unit), unit.mode);
        let factor = match &emit.factor {
            Some(factor) => self.row.eval(factor, self.data)?,
            None => Value::Number(Exact::ONE),
        };
        let after = self.row.eval_side(&emit.worth, self.data, Side::After)?;
        let before = match emit.owner {
            Owner::Row => Exact::ZERO,
            Owner::Total(state) => self.row.eval_before(&emit.worth, self.data, state)?,
        };
        let rounded = match (factor.number(), after.number()) {
            (Some(factor), Some(after)) => {
                let (after, before) = (&factor * after, factor * before);
                let along = cents(&after) - cents(&before);
                if unit.each_line {
                    let line = cents(&(after - before));
                    // Two roundings of the same sums are a few units apart.
                    let missed = i128::try_from(line.clone() - along);
                    self.row.missed += missed.unwrap_or_else(|_| broken("roundings far apart"));
                    Some(line)
                } else {
                    Some(along)
                }
            }
            (None, _) | (_, None) => None,
        };
        if self.row.trace.is_some() {
            let found = self.slices(emit)?;
            let rounded = rounded.clone().map(Exact::from).map(|cents| cents / &per_unit);
            let take_back = self.definition.is_negative();
            let payee = (emit.payee.is_some() || payee == Value::Missing).then(|| payee.clone());
            self.row.note(|trace| trace.pay(payee, rounded, unit, found, take_back));
        }
        let (Some(payee), Some(rounded)) = (payee.code(), rounded) else { return Ok(None) };
        let amount = i64::try_from(rounded).ok().ok_or(too_large("a payment", emit.span))?;
        Ok(Some((payee, self.prize_of_row(amount)?)))
    }

    fn limit(&mut self, limit: &Limit) -> Result<(), Fault> {
        let Some((payee, amount)) = self.line else { return Ok(()) };
        let amount = i128::from(amount);
        let bound = self.row.bound(limit, self.data)?;
        let counted = limit
            .state()
            .map(|state| paid(self.data, state, self.chunk.slot(self.plan.states[state.index()].key, self.row.row)));
        let (left, room) = self.row.limited(limit, amount, bound, counted)?;
        let span = limit.bound().span;
        self.row.note(|trace| trace.limit(span, None, amount, left, bound, room));
        let left = i64::try_from(left).ok().ok_or(too_large("a payment", span))?;
        self.line = Some((payee, left));
        Ok(())
    }
}

impl SumData {
    /// The sum of a slot.
    pub fn get(&self, slot: usize) -> Exact {
        match self {
            Self::Fixed { den, sums } => fraction(sums[slot], i128::from(*den)),
            Self::Exact(sums) => sums[slot].clone(),
        }
    }

    /// Adds to the sum of a slot; `None` if it does not fit.
    pub fn add(&mut self, slot: usize, value: &Exact) -> Option<()> {
        match self {
            Self::Fixed { den, sums } => sums[slot] = sums[slot].checked_add(over(value, *den)?)?,
            Self::Exact(sums) => sums[slot] = &sums[slot] + value,
        }
        Some(())
    }
}

impl FoldState {
    /// An empty fold of this function.
    pub fn new(function: &FoldFunction, n_slots: usize) -> Self {
        let exact = matches!(
            function,
            FoldFunction::Sum(_, None) | FoldFunction::Smallest(_, None) | FoldFunction::Largest(_, None)
        );
        let n_cells = if exact || matches!(function, FoldFunction::Distinct(_)) { 0 } else { n_slots };
        Self {
            cells: vec![0; n_cells],
            seen: vec![0; n_slots],
            exact: vec![Exact::ZERO; if exact { n_slots } else { 0 }],
            ..Self::default()
        }
    }

    /// Takes a value in, or what another slot has gathered; `None` if it does not fit.
    fn take(&mut self, function: &FoldFunction, slot: u32, value: &Value) -> Option<()> {
        let place = slot as usize;
        match function {
            FoldFunction::Distinct(_) => {
                let value = self.distinct(value);
                self.entries.push(Met { slot, value });
            }
            FoldFunction::Count => self.join(function, place, 1, &Exact::ZERO)?,
            FoldFunction::Sum(_, den) | FoldFunction::Smallest(_, den) | FoldFunction::Largest(_, den) => {
                match (value, den) {
                    (Value::Number(value), Some(den)) => {
                        self.join(function, place, over(value, *den)?, &Exact::ZERO)?
                    }
                    (Value::Number(value), None) => self.join(function, place, 0, value)?,
                    (Value::Date(day), _) => self.join(function, place, i128::from(*day), &Exact::ZERO)?,
                    (Value::Code(code), _) => self.join(function, place, i128::from(*code), &Exact::ZERO)?,
                    (Value::YesNo(yes), _) => self.join(function, place, i128::from(*yes), &Exact::ZERO)?,
                    (Value::Missing, _) => return Some(()),
                }
            }
        }
        self.seen[place] = 1;
        Some(())
    }

    /// Joins a cell with another one of the same fold; `None` if it does not fit.
    pub fn join(&mut self, function: &FoldFunction, place: usize, cell: i128, exact: &Exact) -> Option<()> {
        let new = self.seen[place] == 0;
        match function {
            FoldFunction::Sum(_, None) => self.exact[place] = &self.exact[place] + exact,
            FoldFunction::Sum(_, Some(_)) | FoldFunction::Count => {
                self.cells[place] = self.cells[place].checked_add(cell)?;
            }
            FoldFunction::Smallest(_, None) if new || *exact < self.exact[place] => self.exact[place] = exact.clone(),
            FoldFunction::Largest(_, None) if new || *exact > self.exact[place] => self.exact[place] = exact.clone(),
            FoldFunction::Smallest(_, Some(_)) if new || cell < self.cells[place] => self.cells[place] = cell,
            FoldFunction::Largest(_, Some(_)) if new || cell > self.cells[place] => self.cells[place] = cell,
            FoldFunction::Smallest(..) | FoldFunction::Largest(..) | FoldFunction::Distinct(_) => {}
        }
        self.seen[place] = 1;
        Some(())
    }

    /// A value as a number that differs where values differ.
    fn distinct(&mut self, value: &Value) -> i64 {
        match value {
            Value::Code(code) => i64::from(*code),
            Value::Date(day) => i64::from(*day),
            Value::YesNo(yes) => i64::from(*yes),
            Value::Number(value) => {
                let whole = over(value, 1).and_then(|whole| i64::try_from(whole).ok());
                if let Some(whole) = whole.filter(|whole| (-MODERATE..MODERATE).contains(whole)) {
                    return whole;
                }
                let next = MODERATE + self.numbers.len() as i64;
                *self.numbers.entry(value.to_string()).or_insert(next)
            }
            Value::Missing => i64::MIN,
        }
    }
}

/// What is remembered of lines in a slot.
fn paid(data: &mut Data, state: StateId, slot: u32) -> &mut i128 {
    let StateData::Paid(paid) = data.state(state) else { broken("a limit without what was paid") };
    &mut paid[slot as usize]
}

/// A fault of size.
fn too_large(what: &'static str, span: Span) -> Fault {
    Fault { kind: FaultKind::Overflow(what), span }
}

/// A value as the words of a decision: numerator, denominator, known.
fn decision_words(value: &Value) -> Option<(i64, i64, u8)> {
    Some(match value {
        Value::Missing => (0, 1, 0),
        Value::Number(value) => {
            let numerator = i64::try_from(value.numerator()).ok()?;
            (numerator, i64::try_from(value.denominator()).ok()?, 1)
        }
        Value::YesNo(value) => (i64::from(*value), 1, 1),
        Value::Date(day) => (i64::from(*day), 1, 1),
        Value::Code(code) => (i64::from(*code), 1, 1),
    })
}
