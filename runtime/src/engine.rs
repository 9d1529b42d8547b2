//! Runs a Plan over loaded tables: rule by rule in the Plan's order, chunk by chunk in the order of rows.
//!
//! Comes in: a [`Plan`] and [`Loaded`] tables. Goes out: the lines of every rule and what became of every row. Rounding
//! and meaning are the compiler's; this room keeps keys, chunks and accounts.

mod accounts;
mod days;
mod grid;
mod groups;
mod lines;
mod paths;
mod place;
mod slots;

pub use accounts::Counts;
pub use lines::{Lines, Origin};

use crate::load::Loaded;
use accounts::Marks;
use meed_compiler::codegen::Kernels;
use meed_compiler::data::{Chunk, DecisionData, Grid, Output, Rows, StateData};
use meed_compiler::interpret::{Fault, interpret_row, trace::Trace};
use meed_compiler::plan::{Limit, Period, Plan, RecordId, Rule, RuleId, StateId, Step, Stream};
use slots::Slots;

/// Which engine does the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Row by row in exact fractions.
    Interpreter,
    /// Machine code; a row that it cannot do in its width is done by the interpreter.
    #[default]
    Jit,
}

/// How a Plan is run.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// The last day of the run.
    pub through: i32,
    /// Rows done at a time.
    pub chunk_rows: u32,
    /// Which engine does the rows.
    pub engine: Engine,
}

/// Looks on while a Plan is run. Rules that it wants to see are done by the interpreter.
pub trait Observer {
    /// Whether the rows of this rule are to be shown.
    fn wants(&self, rule: RuleId) -> bool;
    /// A row of a rule that is wanted, in the order of the stream, and everything that decided it.
    fn row(&mut self, rule: RuleId, row: u32, trace: Trace);
    /// A rule is about to begin.
    fn begins(&mut self, _rule: RuleId) {}
}

/// What a run gives.
#[derive(Debug, Default)]
pub struct RunResult {
    /// The last day of the run.
    pub through: i32,
    /// By rule: its lines in the order of `when`, then key.
    pub lines: Vec<Lines>,
    /// By rule: the rows it read; none for a rule over events, which reads those of the event's table.
    pub streams: Vec<Option<Rows>>,
    /// By rule: what became of the rows of the events it reads.
    pub rules: Vec<Vec<(RecordId, Counts)>>,
    /// By record: what became of its rows over all rules; none for what is no event or not used.
    pub events: Vec<Option<Counts>>,
    /// By rule: smallest units by which lines rounded alone are above the rounding along the total.
    pub missed: Vec<i128>,
    /// By rule: the rows that machine code left to the interpreter.
    pub replayed: Vec<u64>,
}

/// A fault, with the rule and the row that met it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("rule `{rule}`, {place}: {}", fault.kind)]
pub struct RunFault {
    /// The rule.
    pub rule: String,
    /// The row, or the entity and period, in words.
    pub place: String,
    /// What happened and where in the program.
    pub fault: Fault,
}

/// Runs every rule.
///
/// # Errors
/// The first [`RunFault`] met; nothing of the run is then to be used.
pub fn run<'a>(
    plan: &'a Plan,
    loaded: &'a mut Loaded,
    options: &'a RunOptions,
    observer: Option<&'a mut dyn Observer>,
) -> Result<RunResult, RunFault> {
    let n_rules = plan.rules.len();
    let result = RunResult {
        through: options.through,
        lines: vec![Lines::default(); n_rules],
        streams: (0..n_rules).map(|_| None).collect(),
        rules: vec![Vec::new(); n_rules],
        events: vec![None; plan.records.len()],
        missed: vec![0; n_rules],
        replayed: vec![0; n_rules],
    };
    loaded.data.states = plan.states.iter().map(|state| StateData::new(&state.kind)).collect();
    loaded.data.groups.clear();
    loaded.data.groups.resize_with(plan.groups.len(), || meed_compiler::data::GroupData::Exact(Vec::new()));
    loaded.data.decisions = plan.decisions.iter().map(|_| DecisionData::default()).collect();
    for (decision, data) in plan.decisions.iter().zip(&mut loaded.data.decisions) {
        if let Stream::Events(record) = &decision.stream {
            data.grow(loaded.data.tables[record.index()].n_rows);
        }
    }
    let marks = Marks::new(loaded);
    let slots = plan.slots.iter().map(|_| None).collect();
    let kernels = (options.engine == Engine::Jit).then(|| Kernels::compile(plan, &loaded.data));
    let mut run = Run { plan, kernels, loaded, options, observer, slots, marks, result };
    for &id in &plan.order {
        run.rule(id)?;
    }
    run.result.events = run.marks.events(plan, run.loaded);
    Ok(run.result)
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan,
    kernels: Option<Kernels>,
    loaded: &'a mut Loaded,
    options: &'a RunOptions,
    observer: Option<&'a mut dyn Observer>,
    /// By slot spec, once a rule needs it.
    slots: Vec<Option<Slots>>,
    marks: Marks,
    result: RunResult,
}

impl Run<'_> {
    fn rule(&mut self, id: RuleId) -> Result<(), RunFault> {
        if let Some(observer) = &mut self.observer {
            observer.begins(id);
        }
        let rule = self.plan.rule(id);
        let (rows, n_rows) = self.rows_of(id);
        self.size_decisions(rule, n_rows);
        self.groups(id, &rows)?;
        let used: Vec<usize> = (0..self.plan.slots.len()).filter(|&slot| uses(self.plan, rule, slot)).collect();
        for &spec in &used {
            if self.slots[spec].is_none() {
                self.slots[spec] = Some(Slots::new(self.plan, &self.plan.slots[spec], self.loaded, &rows, n_rows));
            }
        }
        let observed = self.observer.as_ref().is_some_and(|observer| observer.wants(id));
        let event = if let Rows::Events { record } = rows { Some(record) } else { None };
        let mut counts = Counts::default();
        let mut output = Output::default();
        let mut chunk = Chunk { start: 0, len: 0, slots: vec![Vec::new(); self.plan.slots.len()] };
        while chunk.start < n_rows {
            chunk.len = self.options.chunk_rows.max(1).min(n_rows - chunk.start);
            self.number(&used, &rows, &mut chunk);
            output.begin(chunk.len as usize);
            self.chunk(id, &rows, &chunk, &mut output, observed)?;
            if let Some(record) = event {
                counts.add(&output.status);
                self.marks.mark(record, chunk.start as usize, &output.status);
            }
            chunk.start += chunk.len;
        }
        if let Some(record) = event {
            counts.unmatched += self.loaded.accounts[record.index()].undated;
            self.result.rules[id.index()].push((record, counts));
        }
        self.result.missed[id.index()] = output.missed;
        self.result.lines[id.index()] = Lines::new(output, &rows);
        if event.is_none() {
            self.result.streams[id.index()] = Some(rows);
        }
        Ok(())
    }

    /// Fills the aggregates that a rule reads.
    fn groups(&mut self, id: RuleId, rows: &Rows) -> Result<(), RunFault> {
        let Rows::Grid(grid) = rows else { return Ok(()) };
        let mut taken: Vec<(RecordId, Vec<u8>)> = Vec::new();
        for &group in &self.plan.rule(id).groups {
            let kernels = self.kernels.as_ref();
            let filled = groups::fill(self.plan, group, self.loaded, grid, self.options, kernels, &self.result);
            let groups::Filled { taken: marks, replayed } =
                filled.map_err(|(place, fault)| RunFault { rule: self.plan.rule(id).name.clone(), place, fault })?;
            self.result.replayed[id.index()] += replayed;
            let Stream::Events(record) = self.plan.groups[group.index()].stream else { continue };
            match taken.iter_mut().find(|(known, _)| *known == record) {
                Some((_, known)) => known.iter_mut().zip(&marks).for_each(|(known, mark)| *known |= mark),
                None => taken.push((record, marks)),
            }
        }
        for (record, marks) in taken {
            self.marks.mark(record, 0, &marks);
            let mut counts = Counts::default();
            counts.add(&marks);
            counts.unmatched += self.loaded.accounts[record.index()].undated;
            self.result.rules[id.index()].push((record, counts));
        }
        Ok(())
    }

    /// Gives the rows of a chunk their slots, and states room for them.
    fn number(&mut self, used: &[usize], rows: &Rows, chunk: &mut Chunk) {
        for &spec in used {
            let Some(slots) = &mut self.slots[spec] else { continue };
            chunk.slots[spec].resize(chunk.len as usize, 0);
            slots.number(self.plan, &self.plan.slots[spec], self.loaded, rows, chunk.start, &mut chunk.slots[spec]);
            for (state, data) in self.plan.states.iter().zip(&mut self.loaded.data.states) {
                if state.slot.index() == spec {
                    data.grow(slots.len());
                }
            }
        }
    }

    fn chunk(
        &mut self,
        id: RuleId,
        rows: &Rows,
        chunk: &Chunk,
        output: &mut Output,
        observed: bool,
    ) -> Result<(), RunFault> {
        let kernel = self.kernels.as_ref().and_then(|kernels| kernels.rule(id)).filter(|_| !observed);
        let (mut row, end) = (chunk.start, chunk.start + chunk.len);
        let mut replayed = 0;
        while row < end {
            if let Some(kernel) = kernel {
                let done = kernel.run(self.plan, &mut self.loaded.data, rows, chunk, row - chunk.start, output);
                row = chunk.start + done;
                if row == end {
                    break;
                }
            }
            let mut trace = observed.then(Trace::default);
            let done = interpret_row(self.plan, id, &mut self.loaded.data, rows, chunk, row, output, trace.as_mut());
            done.map_err(|fault| self.fault(id, rows, row, fault))?;
            if let (Some(trace), Some(observer)) = (trace, &mut self.observer) {
                observer.row(id, row, trace);
            }
            row += 1;
            replayed += 1;
        }
        if self.kernels.is_some() && !observed {
            self.result.replayed[id.index()] += replayed;
        }
        Ok(())
    }

    fn fault(&self, id: RuleId, rows: &Rows, row: u32, fault: Fault) -> RunFault {
        let rule = self.plan.rule(id);
        let place = place::words(self.plan, &rule.stream, self.loaded, &self.result, rows, row);
        RunFault { rule: rule.name.clone(), place, fault }
    }

    /// The rows of a rule's stream, and how many.
    fn rows_of(&self, id: RuleId) -> (Rows, u32) {
        let rule = self.plan.rule(id);
        match &rule.stream {
            Stream::Events(record) => {
                (Rows::Events { record: *record }, self.loaded.data.tables[record.index()].n_stream as u32)
            }
            Stream::Grid(entity, period) => {
                let n_entities = self.loaded.data.tables[entity.index()].n_rows as u32;
                let grid = grid::grid(self.plan, n_entities, *period, &guaranteed(rule), self.options.through);
                let n_rows = grid.entity.len() as u32;
                (Rows::Grid(grid), n_rows)
            }
            Stream::Payments(name) => {
                let payments = lines::payments(self.plan, name, self.loaded, &self.result);
                let n_rows = payments.amount.len() as u32;
                (Rows::Payments(payments), n_rows)
            }
        }
    }

    fn size_decisions(&mut self, rule: &Rule, n_rows: u32) {
        for step in &rule.steps {
            if let Step::Set(decision, _) = step {
                self.loaded.data.decisions[decision.index()].grow(n_rows as usize);
            }
        }
    }
}

impl RunResult {
    /// The grid of a rule per entity and period.
    pub fn grid(&self, rule: RuleId) -> Option<&Grid> {
        match &self.streams[rule.index()] {
            Some(Rows::Grid(grid)) => Some(grid),
            Some(Rows::Events { .. } | Rows::Payments(_)) | None => None,
        }
    }
}

/// The periods of a rule's guarantees.
fn guaranteed(rule: &Rule) -> Vec<Period> {
    let period = |step: &Step| match step {
        Step::Limit(Limit::AtLeast { period, .. }) => Some(*period),
        _ => None,
    };
    rule.steps.iter().filter_map(period).collect()
}

/// Whether a rule keeps something per this slot.
fn uses(plan: &Plan, rule: &Rule, slot: usize) -> bool {
    let of = |state: &StateId| plan.states[state.index()].slot.index() == slot;
    rule.steps.iter().any(|step| match step {
        Step::AccumulateAll { state, .. }
        | Step::First(state)
        | Step::Accumulate { state, .. }
        | Step::Limit(Limit::AtMost { state, .. } | Limit::AtLeast { state, .. }) => of(state),
        Step::Active
        | Step::Filter(_)
        | Step::Let(..)
        | Step::Set(..)
        | Step::Pay(_)
        | Step::Limit(Limit::PerPayment(_)) => false,
    })
}
