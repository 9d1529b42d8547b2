//! Which of several rules pay a row.
//!
//! What each rule of a choice would pay is known row by row, after its limits by keys of the row as they stand; only what is paid then
//! counts under these. So the rules of a choice are done together, for both engines alike.

use super::eval::Row;
use super::lines::{RowOfLines, reader_of};
use super::trace::{Chosen, Trace, TraceStep};
use super::{Fault, paid, too_large};
use crate::data::{Chunk, Data, KeptRow, Output, Rows, status};
use crate::internal::broken;
use crate::plan::{DecisionId, Limit, Node, Plan, Root, StackingId, StackingPolicy, StateId, Type, Version, VersionId};
use crate::value::{Exact, RoundingMode, round};
use meed_grammar::span::Span;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

/// One version of a rule of a choice, with what its rows have made in a chunk.
pub struct Member<'a> {
    /// Which.
    pub id: VersionId,
    /// The first of its lines that is still to be chosen.
    pub first: usize,
    /// Where its lines are, and go.
    pub output: &'a mut Output,
    /// The traces of the rows that it has done, in order; none where nobody asks for them.
    pub traces: Vec<(u32, Trace)>,
}

/// Why a choice stops the run: the member and the row, and what it met.
pub type Stopped = (usize, u32, Fault);

/// Chooses for the rows of a chunk below row `end`, and does what is left to do with what is chosen. Members are in the order of the
/// choice.
///
/// # Errors
/// The first row that meets a [`Fault`], which stops the run.
pub fn choose_lines(
    plan: &Plan,
    id: StackingId,
    members: &mut [Member<'_>],
    data: &mut Data,
    rows: &Rows,
    chunk: &Chunk,
    end: u32,
) -> Result<(), Stopped> {
    let mut made: Vec<VecDeque<Made>> = members.iter_mut().map(|member| take(plan, member)).collect();
    let mut chosen: Vec<Vec<u32>> = members.iter().map(|_| Vec::new()).collect();
    let is_traced = members.iter().any(|member| !member.traces.is_empty());
    let mut candidates = Vec::new();
    loop {
        let first = made.iter().filter_map(|made| made.front()).map(|made| made.row).min();
        let Some(row) = first.filter(|row| *row < end) else { break };
        for (idx, made) in made.iter_mut().enumerate() {
            if let Some(made) = made.pop_front_if(|made| made.row == row) {
                let version = plan.version(members[idx].id);
                let trace = trace_of(members, idx, row);
                let candidate = Candidate::new(plan, version, idx, made, data, rows, chunk, trace);
                candidates.push(candidate.map_err(|fault| (idx, row, fault))?);
            }
        }
        let given = choose(plan, id, &candidates, data).map_err(|fault| (candidates[0].member, row, fault))?;
        let one_of = |(candidate, given): (&Candidate<'_>, &i128)| Chosen {
            rule: plan.version(members[candidate.member].id).rule,
            would: candidate.amount,
            given: *given,
        };
        let all: Vec<Chosen> = if is_traced { candidates.iter().zip(&given).map(one_of).collect() } else { Vec::new() };
        for ((candidate, given), place) in candidates.drain(..).zip(given).zip(0..) {
            let idx = candidate.member;
            if given != 0 {
                chosen[idx].push(row);
            }
            candidate.finish(plan, members, data, chunk, given, place, &all).map_err(|fault| (idx, row, fault))?;
        }
    }
    let ids: Vec<VersionId> = members.iter().map(|member| member.id).collect();
    undecide(plan, &ids, &chosen, data, rows, chunk);
    Ok(())
}

/// Takes back what rules have decided of rows of a chunk that they are not chosen for. By rule those rows are given that it is chosen
/// for, in order.
fn undecide(plan: &Plan, ids: &[VersionId], chosen: &[Vec<u32>], data: &mut Data, rows: &Rows, chunk: &Chunk) {
    // Versions of a rule, which are of different rows, decide the same.
    let mut chosen_of: BTreeMap<DecisionId, (VersionId, Vec<u32>)> = BTreeMap::new();
    for (&id, chosen) in ids.iter().zip(chosen) {
        for node in &plan.version(id).nodes {
            if let Node::Set(decision, _) = node {
                chosen_of.entry(*decision).or_insert_with(|| (id, Vec::new())).1.extend(chosen);
            }
        }
    }
    for (decision, (id, mut chosen)) in chosen_of {
        chosen.sort_unstable();
        for row in chunk.start..chunk.start + chunk.len {
            if chosen.binary_search(&row).is_err() {
                let reader = reader_of(plan, plan.version(id), rows, row, None);
                data.decisions[decision.index()].known[reader.decision_row(decision, Root::Row)] = 0;
            }
        }
    }
}

/// A line as a row has made it.
struct Made {
    row: u32,
    payee: u32,
    amount: i64,
    kept: Option<KeptRow>,
}

/// Takes the lines of a member that are still to be chosen out of its output.
fn take(plan: &Plan, member: &mut Member<'_>) -> VecDeque<Made> {
    let Member { first, output, .. } = member;
    let rows = output.rows.split_off(*first);
    let (payees, amounts) = (output.payees.split_off(*first), output.amounts.split_off(*first));
    let mut kept = std::mem::take(&mut output.kept).into_iter();
    let is_apart = plan.is_apart(plan.version(member.id));
    let lines = rows.into_iter().zip(payees).zip(amounts);
    lines
        .map(|((row, payee), amount)| Made { row, payee, amount, kept: if is_apart { None } else { kept.next() } })
        .collect()
}

/// The trace of a member's row, taken out of where it is kept.
fn trace_of(members: &mut [Member<'_>], idx: usize, row: u32) -> Option<Trace> {
    let traces = &mut members[idx].traces;
    let place = traces.binary_search_by_key(&row, |(row, _)| *row).ok()?;
    Some(std::mem::take(&mut traces[place].1))
}

/// What a rule would pay a row.
struct Candidate<'a> {
    member: usize,
    reader: Row<'a>,
    payee: u32,
    /// As it would be paid, with its sign, in smallest units.
    amount: i128,
    /// What its limits would count, where they are met.
    counts: Vec<(StateId, u32, i128)>,
}

impl<'a> Candidate<'a> {
    /// The limits by keys of the row are met as they stand.
    #[expect(clippy::too_many_arguments, reason = "the row of a run is all of these, and none belongs to another")]
    fn new(
        plan: &'a Plan,
        version: &Version,
        member: usize,
        made: Made,
        data: &mut Data,
        rows: &'a Rows,
        chunk: &Chunk,
        trace: Option<Trace>,
    ) -> Result<Self, Fault> {
        let Made { row, payee, amount, kept } = made;
        let mut reader = reader_of(plan, version, rows, row, kept);
        reader.trace = trace.map(RefCell::new);
        let mut left = i128::from(amount);
        let mut counts = Vec::new();
        let (_, of_lines) = plan.legs(version);
        for node in version.nodes[of_lines].iter().take_while(|node| !matches!(node, Node::Choose(_))) {
            let Node::Limit(limit) = node else { broken("a node between a line and its choice") };
            if left == 0 && !matches!(limit, Limit::AtLeast { .. }) {
                continue;
            }
            let bound = reader.bound(limit, data)?;
            let mut counted = None;
            if let Some(state) = limit.state() {
                let slot = chunk.slot(plan.states[state.index()].key, row);
                if slot == u32::MAX {
                    continue;
                }
                counted = Some((state, slot, *paid(data, state, slot)));
            }
            let before = left;
            let (after, room) = reader.limited(limit, left, bound, counted.as_mut().map(|(.., count)| count))?;
            left = after;
            counts.extend(counted);
            reader.note(|trace| trace.limit(limit.bound().span, None, before, after, bound, room));
        }
        let amount = if version.is_negative() { -left } else { left };
        Ok(Self { member, reader, payee, amount, counts })
    }

    /// Does what is left to do where something is given, and counts it.
    #[expect(clippy::too_many_arguments, reason = "the row of a run is all of these, and none belongs to another")]
    fn finish(
        self,
        plan: &Plan,
        members: &mut [Member<'_>],
        data: &mut Data,
        chunk: &Chunk,
        given: i128,
        place: usize,
        all: &[Chosen],
    ) -> Result<(), Fault> {
        let Self { member, mut reader, payee, counts, .. } = self;
        let row = reader.row;
        let version = plan.version(members[member].id);
        reader.note(|trace| trace.step(TraceStep::Choose { place, all: all.to_vec() }));
        let mut trace = reader.trace.take().map(RefCell::into_inner);
        let Member { output, traces, .. } = &mut members[member];
        let mark = &mut output.status[(row - chunk.start) as usize];
        *mark &= !status::PAID;
        let mark = *mark;
        if given != 0 {
            for (state, slot, count) in counts {
                *paid(data, state, slot) = count;
            }
            let span = version.emit().map_or_else(Span::default, |emit| emit.span);
            let whole = if version.is_negative() { -given } else { given };
            let whole = i64::try_from(whole).map_err(|_| too_large("a payment", span))?;
            let nodes = version.nodes.iter().position(|node| matches!(node, Node::Choose(_)));
            let nodes = &version.nodes[nodes.map_or(version.nodes.len(), |choose| choose + 1)..];
            let mut lines = RowOfLines { plan, version, data, chunk, output };
            lines.finish(nodes, reader, payee, whole, trace.as_mut())?;
        } else if let Some(trace) = &mut trace {
            trace.status = mark;
        }
        if let Some(trace) = trace
            && let Ok(place) = traces.binary_search_by_key(&row, |(row, _)| *row)
        {
            traces[place].1 = trace;
        }
        Ok(())
    }
}

/// What each of the candidates is given, in smallest units.
fn choose(plan: &Plan, id: StackingId, candidates: &[Candidate<'_>], data: &Data) -> Result<Vec<i128>, Fault> {
    let amounts: Vec<i128> = candidates.iter().map(|candidate| candidate.amount).collect();
    let one = |chosen: Option<usize>| {
        let given = |(idx, amount): (usize, &i128)| if Some(idx) == chosen { *amount } else { 0 };
        amounts.iter().enumerate().map(given).collect()
    };
    let some = || (0..amounts.len()).filter(|idx| amounts[*idx] != 0);
    Ok(match &plan.stacking(id).policy {
        StackingPolicy::First => one(some().next()),
        StackingPolicy::Highest => {
            // Where all take back, the one that takes back most mirrors the one that had paid most.
            let is_positive = amounts.iter().any(|amount| *amount > 0);
            let better =
                |a: usize, b: usize| if is_positive { amounts[a] > amounts[b] } else { amounts[a] < amounts[b] };
            one(some().reduce(|best, idx| if better(idx, best) { idx } else { best }))
        }
        StackingPolicy::AllUpTo(most) => {
            let reader = &candidates[0].reader;
            let Some(value) = reader.eval(most, data)?.number() else { broken("a choice without its amount") };
            let Type::Money(unit) = most.ty else { broken("a choice up to what is no amount") };
            let units = value * Exact::from(reader.per_one(unit, data)?);
            let most_units = i128::try_from(round(&units, RoundingMode::TowardZero));
            // Of a row that takes back it is the amount of its twin that pays.
            let most = most_units.map_err(|_| too_large("a limit", most.span))?.saturating_abs();
            let mut sum = 0i128;
            let mut given = Vec::new();
            for amount in amounts {
                let next = sum.saturating_add(amount).clamp(-most, most);
                given.push(next - sum);
                sum = next;
            }
            given
        }
    })
}
