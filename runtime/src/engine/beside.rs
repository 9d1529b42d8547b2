//! Versions that know nothing of one another, side by side: each is handed what it remembers, and a thread does its rows.

use crate::engine::group_index::GroupIndex;
use crate::engine::result::RunError;
use crate::engine::run::Run;
use crate::engine::stretch::Stretches;
use crate::engine::under_way::UnderWay;
use crate::store::threads::{for_each, of_use};
use meed_compiler::data::{Chunk, Data, DecisionData, Output, Rows, StateData};
use meed_compiler::internal::{InternalError, broken, guarded};
use meed_compiler::interpret::Fault;
use meed_compiler::interpret::lines::finish_lines;
use meed_compiler::plan::{DecisionId, Expr, Function, Node, Op, Plan, StateId, VersionId};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;

/// So many versions are side by side for each thread at most: enough that no thread waits for long, and few, as what becomes of each row is
/// kept for each version until all are done.
const FOR_EACH_THREAD: usize = 4;

/// Rows of a version in the hands of a thread.
struct Task<'a> {
    id: VersionId,
    used: &'a [usize],
    states: &'a [StateId],
    indexes: Vec<Option<GroupIndex>>,
    /// What everybody reads, and what the version remembers.
    data: Data,
    rows: Range<u32>,
    output: Output,
    /// By row, what became of it.
    status: Vec<u8>,
    replayed: u64,
    met: Option<(u32, Fault)>,
    /// An invariant that did not hold, and where.
    broken: Option<(InternalError, Option<(VersionId, u32)>)>,
}

impl Run<'_, '_> {
    /// How many of these versions, from the first, may be done side by side: they read the same rows and nothing of one another.
    pub(super) fn n_side_by_side(&self, ids: &[VersionId]) -> usize {
        let [first, rest @ ..] = ids else { return 0 };
        if self.options.threads.get() == 1 || !self.is_alone(*first) {
            return 1;
        }
        let stream = &self.plan.version(*first).stream;
        let is_beside = |(idx, id): &(usize, &VersionId)| {
            let others = &ids[..=*idx];
            let same = self.plan.version(**id).stream == *stream;
            same && self.is_alone(**id) && !others.iter().any(|other| share(self.plan, **id, *other))
        };
        let most = of_use(self.options.threads) * FOR_EACH_THREAD;
        1 + rest.iter().enumerate().take(most - 1).take_while(is_beside).count()
    }

    /// Whether a version waits for no other in any row, asks nothing that others have made, and nobody looks on.
    fn is_alone(&self, id: VersionId) -> bool {
        let version = self.plan.version(id);
        let is_seen = self.observer.as_ref().is_some_and(|observer| observer.wants(id));
        let asks = version.nodes.iter().flat_map(Node::exprs).any(asks_others);
        // Who gets a line is numbered by all rules together.
        let by_payee = version.nodes.iter().filter_map(Node::state).any(|state| self.plan.key_of(state).of_payee);
        !is_seen && !asks && !by_payee && self.plan.stacking_of(id).is_none()
    }

    /// Whether threads do the rows of these versions: there are enough of both, and no two number the same keys as they come.
    pub(super) fn by_threads(&self, members: &[UnderWay], n_rows: u32) -> bool {
        let n_shared = |key: usize| members.iter().filter(|member| member.used.contains(&key)).count();
        let is_own = |(key, index): (usize, &Option<GroupIndex>)| {
            index.as_ref().is_none_or(GroupIndex::is_fixed) || n_shared(key) < 2
        };
        let n_parts: usize = members.iter().map(|member| self.n_ranges(member, members.len())).sum();
        self.options.threads.get() > 1
            && n_parts > 1
            && n_rows >= self.options.thread_rows
            && members.iter().all(|member| self.is_alone(member.id))
            && self.group_indexes.iter().enumerate().all(is_own)
    }

    /// Into how many ranges the rows of a version are cut, beside others.
    fn n_ranges(&self, member: &UnderWay, n_beside: usize) -> usize {
        // What is kept of lines that are divided is not told by how their rows are cut.
        let is_free = member.cut.is_anywhere() && member.used.is_empty() && self.is_alone(member.id);
        let sets = decided(self.plan, member.id).next().is_some();
        if is_free && !sets { of_use(self.options.threads).div_ceil(n_beside) } else { 1 }
    }

    /// Does the rows of a page from one on, of versions side by side. Where a row stops the run, how many of the versions before go on,
    /// and what was met.
    pub(super) fn side_by_side(
        &mut self,
        members: &mut [UnderWay],
        rows: &Rows,
        page: Range<u32>,
    ) -> Option<(usize, RunError)> {
        let (plan, options) = (self.plan, self.options);
        let used: Vec<Vec<usize>> = members.iter().map(|member| member.used.clone()).collect();
        let states: Vec<Vec<StateId>> = members.iter().map(|member| member.states.clone()).collect();
        let mut tasks: Vec<Task<'_>> = Vec::new();
        for (idx, member) in members.iter().enumerate() {
            let each = page.len().div_ceil(self.n_ranges(member, members.len())).max(1);
            for start in page.clone().step_by(each) {
                let (used, rows) = (&used[idx], start..page.end.min(start.saturating_add(each as u32)));
                tasks.push(Task {
                    id: member.id,
                    used,
                    states: &states[idx],
                    indexes: self.indexes_for(used, members),
                    data: hand_over(plan, member.id, &mut self.loaded.data),
                    status: Vec::with_capacity(rows.len()),
                    rows,
                    output: Output::default(),
                    replayed: 0,
                    met: None,
                    broken: None,
                });
            }
        }
        let (kernels, chunk_rows) = (self.kernels.as_ref(), options.chunk_rows.max(1));
        for_each(&mut tasks, options.threads, |task| {
            let at = Cell::new(None);
            let stretches = Stretches { plan, kernels, at: &at, rows };
            if let Err(error) = guarded(|| task.work(stretches, chunk_rows)) {
                task.broken = Some((error, at.get()));
            }
        });
        let mut met: Option<(usize, RunError)> = None;
        let mut tasks = tasks.into_iter().peekable();
        for (idx, member) in members.iter_mut().enumerate() {
            let id = member.id;
            let (mut status, mut fault) = (Vec::with_capacity(page.len()), None);
            while let Some(mut task) = tasks.next_if(|task| task.id == id) {
                if let Some((error, at)) = task.broken {
                    self.at.set(at);
                    broken(error.to_string());
                }
                for (known, index) in self.group_indexes.iter_mut().zip(task.indexes) {
                    *known = index.or(known.take());
                }
                exchange(plan, id, &mut self.loaded.data, &mut task.data);
                self.result.replayed[id.index()] += task.replayed;
                fault = fault.or(task.met);
                status.extend(task.status);
                member.output.append(task.output);
            }
            // Versions behind one that is stopped are done with.
            if met.is_some() {
                continue;
            }
            if let Some((row, fault)) = fault {
                met = Some((idx, self.fault(id, &plan.version(id).stream, rows, row, fault)));
                continue;
            }
            member.output.status = status;
            self.mark(member, rows, &Chunk { start: page.start, len: page.len() as u32, slots: Vec::new() });
        }
        met
    }

    /// The numbers of the keys of a version that is handed to a thread.
    fn indexes_for(&mut self, used: &[usize], members: &[UnderWay]) -> Vec<Option<GroupIndex>> {
        let mut indexes: Vec<Option<GroupIndex>> = self.group_indexes.iter().map(|_| None).collect();
        for &key in used {
            let is_shared = members.iter().filter(|member| member.used.contains(&key)).count() > 1;
            indexes[key] = if is_shared { self.group_indexes[key].clone() } else { self.group_indexes[key].take() };
        }
        indexes
    }
}

impl Task<'_> {
    /// Does the rows, chunk by chunk, with the lines that they make, up to one that stops the run.
    fn work(&mut self, stretches: Stretches<'_>, chunk_rows: u32) {
        let Self { id, used, states, indexes, data, rows, output, status, replayed, met, .. } = self;
        let mut chunk = Chunk { start: rows.start, len: 0, slots: vec![Vec::new(); stretches.plan.keys.len()] };
        while chunk.start < rows.end {
            chunk.len = chunk_rows.min(rows.end - chunk.start);
            stretches.number((used, states), indexes, data, &mut chunk);
            output.begin(chunk.len as usize);
            let first = output.rows.len();
            let done = stretches.stretch(*id, data, &chunk, 0..chunk.len, output);
            // Of several faults the first row's is told: lines that rows before have made come before it.
            let finished = finish_lines(stretches.plan, *id, data, stretches.rows, &chunk, first, output, None);
            match finished.and(done) {
                Ok(more) => *replayed += more,
                Err(fault) => {
                    *met = Some(fault);
                    return;
                }
            }
            status.extend_from_slice(&output.status);
            chunk.start += chunk.len;
            if chunk.start - rows.start == chunk.len {
                output.make_room(chunk.len, rows.end - chunk.start);
            }
        }
    }
}

/// Whether an expression asks what rules have made, or sets, which remember what they were asked.
pub(super) fn asks_others(expr: &Expr) -> bool {
    let mut asks = false;
    expr.walk(&mut |expr| {
        asks |= match &expr.op {
            Op::Decision { .. } | Op::Fold(_) | Op::Balance(_) | Op::Taken(_) => true,
            Op::Call(function, _) => matches!(function, Function::Find { .. }),
            _ => false,
        };
    });
    asks
}

/// What a version remembers, taken out of the data of a run, with what everybody reads.
fn hand_over(plan: &Plan, id: VersionId, from: &mut Data) -> Data {
    let mut data = shared(plan, from);
    exchange(plan, id, &mut data, from);
    data
}

/// What everybody reads, with room for what is remembered.
pub(super) fn shared(plan: &Plan, from: &Data) -> Data {
    let mut data = Data {
        tables: from.tables.again(),
        predicates: from.predicates.again(),
        lookups: from.lookups.again(),
        literals: from.literals.clone(),
        searches: plan.searches.iter().map(|_| None).collect(),
        payee_slots: vec![Default::default(); plan.keys.len()],
        ..Data::default()
    };
    data.states.resize_with(plan.states.len(), || StateData::Seen(Vec::new()));
    data.decisions.resize_with(plan.decisions.len(), DecisionData::default);
    data
}

/// Exchanges what a version remembers between two that have it, or have room for it.
fn exchange(plan: &Plan, id: VersionId, data: &mut Data, other: &mut Data) {
    let states: BTreeSet<StateId> = plan.version(id).nodes.iter().filter_map(Node::state).collect();
    for state in states {
        std::mem::swap(data.state(state), other.state(state));
    }
    for decision in decided(plan, id) {
        std::mem::swap(&mut data.decisions[decision.index()], &mut other.decisions[decision.index()]);
    }
}

/// The decisions that a version takes, each once.
fn decided(plan: &Plan, id: VersionId) -> impl Iterator<Item = DecisionId> {
    let decision = |node: &Node| if let Node::Set(decision, _) = node { Some(*decision) } else { None };
    let decisions: BTreeSet<DecisionId> = plan.version(id).nodes.iter().filter_map(decision).collect();
    decisions.into_iter()
}

/// Whether two versions remember or decide something together.
fn share(plan: &Plan, id: VersionId, other: VersionId) -> bool {
    let states = |id: VersionId| plan.version(id).nodes.iter().filter_map(Node::state);
    states(id).any(|state| states(other).any(|other| other == state))
        || decided(plan, id).any(|decision| decided(plan, other).any(|other| other == decision))
}
