//! A run: every rule over the pages of the rows that it reads.

use crate::engine::cut::Part;
use crate::engine::dated_rows::dated_rows;
use crate::engine::entity_periods::{Lives, entity_periods, own_years};
use crate::engine::flags::RowFlags;
use crate::engine::group_index::GroupIndex;
use crate::engine::line_stream::{credits, payments};
use crate::engine::options::{Engine, Observer, RunOptions};
use crate::engine::place;
use crate::engine::result::{RunError, RunFault, RunResult};
use crate::engine::shared_limit::{ends, tell};
use crate::engine::stretch::Stretches;
use crate::engine::under_way::UnderWay;
use crate::load::periods::grid_periods;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::paged::Shelf;
use meed_compiler::balances::Balances;
use meed_compiler::codegen::{Kernels, MAKES_CODE};
use meed_compiler::data::{Chunk, Data, DecisionData, FoldData, Output, Rows, StateData};
use meed_compiler::internal::guarded;
use meed_compiler::interpret::choice::{Member, choose_lines};
use meed_compiler::interpret::lines::finish_lines;
use meed_compiler::interpret::{Fault, FaultKind, interpret_row, trace::Trace};
use meed_compiler::plan::{
    Limit, LineKind, Node, Period, Plan, RecordId, RuleId, StackingId, StateId, Stream, Version, VersionId,
};
use std::cell::Cell;
use std::ops::Range;

/// Runs every rule over the tables as they are seen.
///
/// Rules that read one event, or payments for it, one behind the other in the Plan's order, do each page of its rows before
/// the next.
///
/// # Errors
/// The first [`RunError`] met; nothing of the run is then to be used.
pub(super) fn run_through(
    plan: &Plan,
    loaded: &mut Loaded,
    options: &RunOptions,
    observer: Option<&mut dyn Observer>,
) -> Result<RunResult, RunError> {
    guarded_run(plan, loaded, options, observer, false).map(|(result, _)| result)
}

/// Runs every rule, and keeps the machine code and the numbers of keys; what rules remember is in the tables' data. Keys have room for days
/// up to the run's.
///
/// # Errors
/// As of a run.
pub(super) fn run_and_keep(plan: &Plan, loaded: &mut Loaded, options: &RunOptions) -> Result<KeptWork, RunError> {
    guarded_run(plan, loaded, options, None, true).map(|(_, kept)| kept)
}

/// The machine code of a run, and the numbers of keys.
pub(super) type KeptWork = (Option<Kernels>, Vec<Option<GroupIndex>>);

/// A run that ends with an error where an invariant does not hold.
fn guarded_run(
    plan: &Plan,
    loaded: &mut Loaded,
    options: &RunOptions,
    observer: Option<&mut dyn Observer>,
    is_kept: bool,
) -> Result<(RunResult, KeptWork), RunError> {
    let at = Cell::new(None);
    let done = guarded(|| run_rules(plan, &mut *loaded, options, observer, &at, is_kept));
    done.unwrap_or_else(|error| Err(error.at(at.get().map(|at| place::of_mistake(plan, loaded, at))).into()))
}

fn run_rules<'a, 'o>(
    plan: &'a Plan,
    loaded: &'a mut Loaded,
    options: &'a RunOptions,
    observer: Option<&'a mut (dyn Observer + 'o)>,
    at: &'a Cell<Option<(VersionId, u32)>>,
    is_kept: bool,
) -> Result<(RunResult, KeptWork), RunError> {
    let result = RunResult::begin(plan, loaded, options.through)?;
    forget(plan, &mut loaded.data);
    let flags = RowFlags::new(plan, loaded)?;
    let limited_pages = Shelf::new(loaded)?;
    let group_indexes = plan.keys.iter().map(|_| None).collect();
    loaded.show_samples();
    let by_code = options.engine == Engine::Jit && MAKES_CODE;
    let kernels = by_code.then(|| Kernels::compile(plan, &loaded.data, options.code));
    let mut run = Run {
        plan,
        kernels,
        loaded,
        options,
        observer,
        group_indexes,
        is_kept,
        flags,
        gathered: Vec::new(),
        seen: None,
        at,
        decided: vec![false; plan.decisions.len()],
        limited: plan.limited_together(),
        limited_pages,
        waiting: Vec::new(),
        result,
    };
    let together = plan.together();
    let ends = ends(plan, &run.limited);
    let mut next = 0;
    while let Some(&first) = plan.order.get(next) {
        let root = plan.root_of(&plan.version(first).stream);
        let rules = &plan.order[next..];
        let alike = |id: &&VersionId| root.is_some() && plan.root_of(&plan.version(**id).stream) == root;
        let on_balances = |id: &VersionId| together[plan.version(*id).rule.index()];
        let n_alike = if on_balances(&first).is_some() {
            let n_together = rules.iter().take_while(|id| on_balances(id) == on_balances(&first)).count();
            run.on_balances(&rules[..n_together])?;
            n_together
        } else if plan.version(first).ranking().is_some() {
            run.contest(first)?;
            1
        } else {
            let is_apart = |id: &VersionId| on_balances(id).is_some() || plan.version(*id).ranking().is_some();
            let until = rules.iter().position(is_apart).unwrap_or(rules.len());
            let rules = &rules[..until];
            let n_alike = rules.iter().take_while(alike).count();
            // Whoever reads lines that are limited together comes once they are known.
            let n_known = ends[next..next + n_alike].iter().position(|end| *end).map_or(n_alike, |end| end + 1);
            let n_alike = n_known.max(n_chosen(plan, rules));
            run.rules(&rules[..n_alike], root)?;
            n_alike
        };
        run.limit_together()?;
        next += n_alike;
    }
    run.put_away()?;
    run.result.events = run.flags.counts(plan, run.loaded)?;
    Ok((run.result, (run.kernels, run.group_indexes)))
}

/// Begins with nothing that an earlier run remembered.
fn forget(plan: &Plan, data: &mut Data) {
    data.states = plan.states.iter().map(|state| StateData::new(&state.kind)).collect();
    data.folds.clear();
    data.folds.resize_with(plan.folds.len(), || FoldData::Exact(Vec::new()));
    data.searches = plan.searches.iter().map(|_| None).collect();
    data.payee_slots.clear();
    data.balances = plan.balances.iter().map(|balance| Balances::new(balance.may_be_negative)).collect();
    data.decisions = plan.decisions.iter().map(|_| DecisionData::default()).collect();
    for (decision, own) in plan.decisions.iter().zip(&mut data.decisions) {
        if let Stream::Events(record) = &decision.stream {
            own.grow(data.tables[record.index()].n_rows);
        }
    }
}

/// A run under way.
pub(super) struct Run<'a, 'o> {
    pub plan: &'a Plan,
    pub kernels: Option<Kernels>,
    pub loaded: &'a mut Loaded,
    pub options: &'a RunOptions,
    pub observer: Option<&'a mut (dyn Observer + 'o)>,
    /// By key that something is kept per, once a rule needs it.
    pub group_indexes: Vec<Option<GroupIndex>>,
    /// Whether more rows of days up to the run's come once it is done.
    pub is_kept: bool,
    pub flags: RowFlags,
    /// Rows that aggregates of a version took in, of events among which it also finds rows: both are counted as one.
    pub gathered: Vec<(VersionId, RecordId, Vec<u8>)>,
    /// The event of several pages and its page that is seen.
    pub seen: Option<(RecordId, usize)>,
    /// The rule under way, and its row or the first of its chunk, to tell where an invariant does not hold.
    pub at: &'a Cell<Option<(VersionId, u32)>>,
    /// By decision, whether a rule may have taken it in the page that is seen.
    pub decided: Vec<bool>,
    /// By rule, the first of those whose lines are known together with its own.
    pub limited: Vec<Option<RuleId>>,
    /// Where what rules under such limits keep is put.
    pub limited_pages: Shelf,
    /// Rules that are done but for limits over several.
    pub waiting: Vec<UnderWay>,
    pub result: RunResult,
}

impl Run<'_, '_> {
    /// Runs rules that read one event, or a single rule. The fault that is told is that of the first rule that meets one, as if
    /// each were done by itself: those before it go on to see whether they do.
    fn rules(&mut self, ids: &[VersionId], root: Option<RecordId>) -> Result<(), RunError> {
        let mut rules: Vec<UnderWay> = ids.iter().map(|&id| self.begin(id)).collect();
        let mut met = None;
        for page in 0..self.n_pages(root) {
            if let Some(root) = root {
                self.see(root, page)?;
            }
            let mut idx = 0;
            while idx < rules.len() {
                let left = &ids[idx..rules.len()];
                let end = idx + n_chosen(self.plan, left).max(self.n_side_by_side(left));
                if let Some((n_done, fault)) = self.together(&mut rules[idx..end], page) {
                    met = Some(fault);
                    rules.truncate(idx + n_done);
                    break;
                }
                idx = end;
            }
            if rules.is_empty() {
                break;
            }
        }
        if let Some(fault) = met {
            return Err(fault);
        }
        for rule in rules {
            self.finish(rule);
        }
        Ok(())
    }

    /// Does the rows of a page, of one version, of all of a choice, or of several side by side. Where a row stops the run, how many of the
    /// versions before go on, and what was met: each goes on as if it were done by itself.
    fn together(&mut self, members: &mut [UnderWay], page: usize) -> Option<(usize, RunError)> {
        let ids: Vec<VersionId> = members.iter().map(|member| member.id).collect();
        if let Some(observer) = &mut self.observer {
            members.iter().for_each(|member| observer.begins(member.id));
        }
        let rule = self.plan.version(ids[0]);
        let (rows, n_rows) = match self.rows_of(&ids, page) {
            Ok(rows) => rows,
            Err(error) => return Some((0, error.into())),
        };
        if let Err(error) = self.make_ready(members, &rows, n_rows) {
            return Some((0, error));
        }
        let stacking = self.plan.stacking_of(ids[0]);
        // A key that several versions have is numbered once.
        let mut used: Vec<usize> = members.iter().flat_map(|member| member.used.iter().copied()).collect();
        used.sort_unstable();
        used.dedup();
        let states: Vec<StateId> = members.iter().flat_map(|member| member.states.iter().copied()).collect();
        let mut chunk = Chunk { start: 0, len: 0, slots: vec![Vec::new(); self.plan.keys.len()] };
        // Rows of periods before the program are those of rules that only set.
        if let Rows::EntityPeriods(periods) = &rows
            && !rule.is_early()
        {
            chunk.start = periods.last_day.partition_point(|day| *day < self.plan.active.from) as u32;
        }
        let mut met = None;
        let mut n_left = members.len();
        if self.by_threads(members, n_rows - chunk.start) {
            met = self.side_by_side(members, &rows, chunk.start..n_rows);
            n_left = met.as_ref().map_or(n_left, |(n_done, _)| *n_done);
            chunk.start = n_rows;
        }
        while chunk.start < n_rows && n_left > 0 {
            let members = &mut members[..n_left];
            let most = self.options.chunk_rows.max(1).min(n_rows - chunk.start);
            chunk.len = members.iter().fold(most, |len, member| member.n_alike(chunk.start, len));
            self.number((&used, &states), &rows, &mut chunk);
            members.iter_mut().for_each(|member| member.output.begin(chunk.len as usize));
            let parts: Vec<Option<Vec<Part>>> =
                members.iter_mut().map(|member| self.cut(member, &rows, &chunk)).collect();
            let stopped = match stacking {
                Some(stacking) => self.chosen(stacking, members, parts, &rows, &chunk).err().map(|fault| (0, fault)),
                None => {
                    let chunks = members.iter_mut().zip(parts).enumerate();
                    let mut done = chunks.map(|(idx, (member, parts))| (idx, self.chunk(member, parts, &rows, &chunk)));
                    done.find_map(|(idx, done)| done.err().map(|fault| (idx, fault)))
                }
            };
            if let Some((idx, fault)) = stopped {
                n_left = idx;
                met = Some((idx, fault));
            }
            members[..n_left].iter_mut().for_each(|member| self.mark(member, &rows, &chunk));
            if chunk.start == 0 {
                members[..n_left].iter_mut().for_each(|member| member.output.make_room(chunk.len, n_rows - chunk.len));
            }
            chunk.start += chunk.len;
        }
        for (idx, member) in members[..n_left].iter_mut().enumerate() {
            if let Err(error) = self.keep(member, &rows, n_rows) {
                return Some((idx, error));
            }
        }
        met
    }

    /// Makes everything ready that versions over the same rows ask.
    fn make_ready(&mut self, members: &mut [UnderWay], rows: &Rows, n_rows: u32) -> Result<(), RunError> {
        let Some(first) = members.first() else { return Ok(()) };
        let stream = &self.plan.version(first.id).stream;
        self.size_payments(stream, n_rows);
        for member in &*members {
            self.size_decisions(self.plan.version(member.id), n_rows);
            self.prepare_searches(member.id)?;
            self.fill_as_stood(member.id, rows, None)?;
        }
        for key in members.iter().flat_map(|member| &member.used) {
            if self.group_indexes[*key].is_none() {
                let (days, n_all) = self.span(stream, rows, n_rows);
                let index = GroupIndex::new(self.plan, &self.plan.keys[*key], self.loaded, days, n_all);
                self.group_indexes[*key] = Some(index);
            }
        }
        for member in members {
            member.cut.prepare(self.plan, self.loaded, || self.span(stream, rows, n_rows));
            self.ask_shown(member, rows);
        }
        Ok(())
    }

    /// Gives the rows of a chunk the indexes of their keys, and states room for them.
    pub(super) fn number(&mut self, kept: (&[usize], &[StateId]), rows: &Rows, chunk: &mut Chunk) {
        let Self { plan, at, group_indexes, loaded, .. } = self;
        let stretches = Stretches { plan, kernels: None, at, rows };
        stretches.number(kept, group_indexes, &mut loaded.data, chunk);
    }

    /// Does the rows of a chunk, with the lines that they make.
    fn chunk(
        &mut self,
        member: &mut UnderWay,
        parts: Option<Vec<Part>>,
        rows: &Rows,
        chunk: &Chunk,
    ) -> Result<(), RunError> {
        let id = member.id;
        let done = self.rows_of_chunk(member, parts, rows, chunk, None);
        done.map_err(|(row, fault)| self.fault(id, &self.plan.version(id).stream, rows, row, fault))
    }

    /// Does the rows of a chunk in all rules of a choice, and then chooses row by row.
    fn chosen(
        &mut self,
        stacking: StackingId,
        members: &mut [UnderWay],
        parts: Vec<Option<Vec<Part>>>,
        rows: &Rows,
        chunk: &Chunk,
    ) -> Result<(), RunError> {
        let ids: Vec<VersionId> = members.iter().map(|member| member.id).collect();
        let firsts: Vec<usize> = members.iter().map(|member| member.output.rows.len()).collect();
        let mut traces: Vec<Vec<(u32, Trace)>> = members.iter().map(|_| Vec::new()).collect();
        // Of several faults that of the first row is told, and of one row that of the first rule.
        let mut met: Option<(u32, usize, Fault)> = None;
        for (idx, ((member, parts), traces)) in members.iter_mut().zip(parts).zip(&mut traces).enumerate() {
            if let Err((row, fault)) = self.rows_of_chunk(member, parts, rows, chunk, Some(traces))
                && met.as_ref().is_none_or(|(least, ..)| row < *least)
            {
                met = Some((row, idx, fault));
            }
        }
        let end = met.as_ref().map_or(chunk.start + chunk.len, |(row, ..)| *row);
        let mut lines: Vec<Member<'_>> = members
            .iter_mut()
            .zip(firsts)
            .zip(traces)
            .map(|((member, first), traces)| Member { id: member.id, first, output: &mut member.output, traces })
            .collect();
        let data = &mut self.loaded.data;
        if let Err((idx, row, fault)) = choose_lines(self.plan, stacking, &mut lines, data, rows, chunk, end) {
            met = Some((row, idx, fault));
        }
        let traces: Vec<Vec<(u32, Trace)>> = lines.into_iter().map(|member| member.traces).collect();
        if let Some((row, idx, fault)) = met {
            return Err(self.fault(ids[idx], &self.plan.version(ids[idx]).stream, rows, row, fault));
        }
        for (member, traces) in members.iter_mut().zip(traces) {
            for (row, trace) in traces {
                tell(&mut self.observer, &mut member.limited, member.id, row, trace);
            }
        }
        Ok(())
    }

    /// Does the rows of a chunk; the lines that they make are done with, but where they wait for a choice: then the traces of the rows are
    /// kept with them.
    fn rows_of_chunk(
        &mut self,
        member: &mut UnderWay,
        parts: Option<Vec<Part>>,
        rows: &Rows,
        chunk: &Chunk,
        waiting: Option<&mut Vec<(u32, Trace)>>,
    ) -> Result<(), (u32, Fault)> {
        if member.shows(chunk.start) {
            return self.shown_rows(member, rows, chunk, waiting);
        }
        let mut n_done = member.output.rows.len();
        let met = if self.goes_by_phases(member, chunk) {
            self.by_phases(member, rows, chunk)
        } else if let Some(parts) = parts {
            self.part_by_part(member, rows, chunk, parts)
        } else {
            self.stretch(member.id, rows, chunk, 0..chunk.len, &mut member.output)
        };
        // Of several faults the first row's is told: lines that rows before have made come before it.
        if waiting.is_none() {
            self.finish_lines(member.id, rows, chunk, &mut n_done, &mut member.output, None)?;
        }
        met
    }

    /// Does some rows of a chunk by machine code, and by the interpreter where there is none.
    pub(super) fn stretch(
        &mut self,
        id: VersionId,
        rows: &Rows,
        chunk: &Chunk,
        stretch: Range<u32>,
        output: &mut Output,
    ) -> Result<(), (u32, Fault)> {
        let stretches = Stretches { plan: self.plan, kernels: self.kernels.as_ref(), at: self.at, rows };
        let replayed = stretches.stretch(id, &mut self.loaded.data, chunk, stretch, output)?;
        self.result.replayed[id.index()] += replayed;
        Ok(())
    }

    /// Does the rows of a chunk that somebody wants to see.
    fn shown_rows(
        &mut self,
        member: &mut UnderWay,
        rows: &Rows,
        chunk: &Chunk,
        mut waiting: Option<&mut Vec<(u32, Trace)>>,
    ) -> Result<(), (u32, Fault)> {
        let UnderWay { id, output, limited, .. } = member;
        let id = *id;
        // Lines that are done with already.
        let mut n_done = output.rows.len();
        for row in chunk.start..chunk.start + chunk.len {
            self.at.set(Some((id, row)));
            let mut trace = Trace::default();
            let data = &mut self.loaded.data;
            let done = interpret_row(self.plan, id, data, rows, chunk, row, output, Some(&mut trace));
            match &mut waiting {
                Some(waiting) => {
                    done.map_err(|fault| (row, fault))?;
                    waiting.push((row, trace));
                }
                // Of several faults the first row's is told: lines that rows before have made come before it.
                None => {
                    self.finish_lines(id, rows, chunk, &mut n_done, output, Some(&mut trace))?;
                    done.map_err(|fault| (row, fault))?;
                    tell(&mut self.observer, limited, id, row, trace);
                }
            }
        }
        Ok(())
    }

    /// Does what is left to do with the lines from this one on.
    fn finish_lines(
        &mut self,
        id: VersionId,
        rows: &Rows,
        chunk: &Chunk,
        n_done: &mut usize,
        output: &mut Output,
        trace: Option<&mut Trace>,
    ) -> Result<(), (u32, Fault)> {
        finish_lines(self.plan, id, &mut self.loaded.data, rows, chunk, *n_done, output, trace)?;
        *n_done = output.rows.len();
        Ok(())
    }

    /// A fault at a row of a stream, in the page that is seen.
    pub(super) fn fault(&mut self, id: VersionId, stream: &Stream, rows: &Rows, row: u32, fault: Fault) -> RunError {
        if let Some(root) = self.plan.root_of(stream)
            && let Err(error) = self.loaded.show_names(root)
        {
            return error.into();
        }
        let mut place = place::words(self.plan, stream, self.loaded, &self.result, rows, row);
        if let FaultKind::SeveralRows { stream, rows: [first, second] } = &fault.kind {
            let known = self.plan.searches.iter().position(|search| search.stream == *stream);
            let found = known.and_then(|idx| self.loaded.data.searches[idx].as_ref());
            let words = |row: u32| match found {
                Some(index) => place::words(self.plan, stream, self.loaded, &self.result, index.source(), row),
                None => format!("row {row}"),
            };
            place = format!("{place}, which finds {} and {}", words(*first), words(*second));
        }
        RunFault { rule: self.plan.version(id).name.clone(), place, fault }.into()
    }

    /// The rows of the stream of these versions in a page, and how many.
    pub(super) fn rows_of(&self, ids: &[VersionId], page: usize) -> Result<(Rows, u32), StoreError> {
        let rule = self.plan.version(ids[0]);
        match &rule.stream {
            Stream::Periods(entity, period) => {
                let ends: Vec<Period> = ids.iter().flat_map(|id| guaranteed(self.plan.version(*id))).collect();
                Ok(self.periods_of(*entity, *period, &ends))
            }
            stream => self.rows_of_stream(stream, page),
        }
    }

    /// The rows of an entity by periods, with the longer periods whose ends are asked for.
    fn periods_of(&self, entity: RecordId, period: Period, ends: &[Period]) -> (Rows, u32) {
        let n_entities = self.loaded.data.tables[entity.index()].n_rows as u32;
        let lives = Lives::of(self.plan, &self.loaded.data, entity);
        let through = self.options.through;
        let periods = if period == Period::OwnYear {
            own_years(self.plan, &self.loaded.data, entity, &lives, through)
        } else {
            let begun = grid_periods(self.plan, self.loaded, entity, period, through);
            entity_periods(self.plan, n_entities, &lives, period, ends, begun, through)
        };
        let n_rows = periods.entity.len() as u32;
        (Rows::EntityPeriods(periods), n_rows)
    }

    /// The rows of an event, of entities by periods, or payments, in a page.
    pub(super) fn rows_of_stream(&self, stream: &Stream, page: usize) -> Result<(Rows, u32), StoreError> {
        Ok(match stream {
            Stream::Events(record) => {
                (Rows::Events { record: *record }, self.loaded.data.tables[record.index()].n_stream as u32)
            }
            Stream::ByDate(record, path) => {
                let dated = dated_rows(self.plan, self.loaded, *record, path, self.options.through);
                let n_rows = dated.row.len() as u32;
                (Rows::ByDate(dated), n_rows)
            }
            Stream::Lines(rule, kind) => {
                let payments = match kind {
                    LineKind::Payment | LineKind::Original => {
                        payments(self.plan, *rule, *kind, self.loaded, &self.result, page)?
                    }
                    LineKind::Credit => credits(self.plan, *rule, self.loaded, &self.result, page)?,
                };
                let n_rows = payments.amount.len() as u32;
                (Rows::Payments(payments), n_rows)
            }
            Stream::Periods(entity, period) => self.periods_of(*entity, *period, &[]),
        })
    }

    /// Gives what was decided for payments room for all of them, where nothing was decided for those in the page.
    pub(super) fn size_payments(&mut self, stream: &Stream, n_rows: u32) {
        if matches!(stream, Stream::Lines(..)) {
            let decisions = self.plan.decisions.iter().zip(&mut self.loaded.data.decisions);
            let of_stream = decisions.filter(|(decision, _)| decision.stream == *stream);
            of_stream.for_each(|(_, data)| data.grow(n_rows as usize));
        }
    }

    pub(super) fn size_decisions(&mut self, rule: &Version, n_rows: u32) {
        for step in &rule.nodes {
            if let Node::Set(decision, _) = step {
                self.decided[decision.index()] = true;
                self.loaded.data.decisions[decision.index()].grow(n_rows as usize);
            }
        }
    }
}

/// How many of these versions, from the first, are of one choice; one where the first is of none.
pub(super) fn n_chosen(plan: &Plan, ids: &[VersionId]) -> usize {
    let stacking = ids.first().and_then(|id| plan.stacking_of(*id));
    let alike = |id: &&VersionId| stacking.is_some() && plan.stacking_of(**id) == stacking;
    ids.iter().take_while(alike).count().max(1)
}

/// The periods of a rule's guarantees.
fn guaranteed(rule: &Version) -> Vec<Period> {
    let period = |step: &Node| match step {
        Node::Limit(Limit::AtLeast { period, .. }) => Some(*period),
        _ => None,
    };
    rule.nodes.iter().filter_map(period).collect()
}
