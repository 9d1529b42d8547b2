//! Runs a Plan over loaded tables: rule by rule in the Plan's order, chunk by chunk in the order of rows.
//!
//! Comes in: a [`Plan`] and [`Loaded`] tables. Goes out: the lines of every rule and what became of every row. Rounding
//! and meaning are the compiler's; this room keeps keys, chunks and accounts.

mod groups;
mod slots;

use crate::load::Loaded;
use meed_compiler::data::{Chunk, DecisionData, Grid, Output, Payments, Rows, StateData, SumData, status};
use meed_compiler::interpret::{Fault, interpret_row, trace::Trace};
use meed_compiler::plan::{Days, Limit, Period, Plan, RecordId, RuleId, StateKind, Step, Stream};
use slots::Slots;

/// How a Plan is run.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// The last day of the run.
    pub through: i32,
    /// Rows done at a time.
    pub chunk_rows: u32,
    /// Whether every line keeps the trace of how it came about.
    pub traced: bool,
}

/// One payment line.
#[derive(Clone, Debug)]
pub struct Line {
    /// The row of the rule's stream.
    pub row: u32,
    /// The payee's row.
    pub payee: u32,
    /// Smallest units.
    pub amount: i64,
    /// Its day.
    pub when: i32,
    /// The number of its period, and of which kind.
    pub period: (Period, i32),
    /// The event behind it, if there is one.
    pub event: Option<(RecordId, u32)>,
    /// The entity behind it, where it comes from a rule per entity and period.
    pub entity: Option<u32>,
    /// Whether its period has not ended by the run's date.
    pub accrual: bool,
    /// How it came about, on request.
    pub trace: Option<Box<Trace>>,
}

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

/// What a run gives.
#[derive(Debug, Default)]
pub struct RunResult {
    /// By rule: its lines in the order of `when`, then key.
    pub lines: Vec<Vec<Line>>,
    /// By rule: what became of the rows of the events it reads.
    pub rules: Vec<Vec<(RecordId, Counts)>>,
    /// By record: what became of its rows over all rules; none for what is no event or not used.
    pub events: Vec<Option<Counts>>,
    /// By rule: smallest units by which lines rounded alone are above the rounding along the total.
    pub missed: Vec<i128>,
    /// By rule per entity and period: its rows.
    pub grids: Vec<Option<Grid>>,
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
pub fn run(plan: &Plan, loaded: &mut Loaded, options: &RunOptions) -> Result<RunResult, RunFault> {
    let mut result = RunResult {
        lines: vec![Vec::new(); plan.rules.len()],
        rules: vec![Vec::new(); plan.rules.len()],
        events: vec![None; plan.records.len()],
        missed: vec![0; plan.rules.len()],
        grids: vec![None; plan.rules.len()],
    };
    loaded.data.states = plan.states.iter().map(|state| empty_state(&state.kind)).collect();
    let mut slots: Vec<Slots> = plan.slots.iter().map(|_| Slots::default()).collect();
    let mut marks: Vec<Vec<u8>> = loaded.data.tables.iter().map(|table| vec![0; table.n_stream]).collect();
    loaded.data.groups.clear();
    loaded.data.groups.resize_with(plan.groups.len(), || meed_compiler::data::GroupData::Exact(Vec::new()));
    size_decisions(plan, loaded, options);
    for &id in &plan.order {
        run_rule(plan, id, loaded, options, &mut slots, &mut marks, &mut result)?;
    }
    for (idx, record) in plan.records.iter().enumerate() {
        if record.used && record.when.is_some() {
            let mut counts = count(&marks[idx]);
            counts.unmatched += loaded.accounts[idx].undated;
            result.events[idx] = Some(counts);
        }
    }
    Ok(result)
}

fn run_rule(
    plan: &Plan,
    id: RuleId,
    loaded: &mut Loaded,
    options: &RunOptions,
    slots: &mut [Slots],
    marks: &mut [Vec<u8>],
    result: &mut RunResult,
) -> Result<(), RunFault> {
    let rule = plan.rule(id);
    let (rows, n_rows, sources) = rows_of(plan, id, loaded, options, result);
    for &group in &rule.groups {
        let taken = groups::fill(plan, group, loaded, &rows, options, result).map_err(|(row, fault)| {
            let place = match &plan.groups[group.index()].stream {
                Stream::Events(record) => row_words(plan, loaded, *record, row),
                Stream::Grid(..) | Stream::Payments(_) => format!("payment {}", row + 1),
            };
            RunFault { rule: rule.name.clone(), place, fault }
        })?;
        if let Stream::Events(record) = plan.groups[group.index()].stream {
            let known = result.rules[id.index()].iter().position(|(known, _)| *known == record);
            let mark = &mut marks[record.index()];
            mark.iter_mut().zip(&taken).for_each(|(mark, taken)| *mark |= taken);
            let counts = count(&taken);
            match known {
                Some(idx) if result.rules[id.index()][idx].1.counted >= counts.counted => {}
                Some(idx) => result.rules[id.index()][idx].1 = counts,
                None => result.rules[id.index()].push((record, counts)),
            }
        }
    }
    let used: Vec<usize> = (0..plan.slots.len()).filter(|&idx| uses(plan, id, idx)).collect();
    let mut own_marks = Vec::with_capacity(n_rows as usize);
    let mut start = 0;
    while start < n_rows {
        let len = options.chunk_rows.max(1).min(n_rows - start);
        let mut chunk = Chunk { start, len, slots: vec![Vec::new(); plan.slots.len()] };
        for &spec in &used {
            chunk.slots[spec] = slots[spec].chunk(plan, &plan.slots[spec], loaded, &rows, start, len);
            let n_slots = slots[spec].len();
            for (state, data) in plan.states.iter().zip(&mut loaded.data.states) {
                if state.slot.index() == spec {
                    data.grow(n_slots);
                }
            }
        }
        let mut output = Output { status: vec![0; len as usize], ..Output::default() };
        let mut traces = Vec::new();
        for row in start..start + len {
            let mut trace = options.traced.then(Trace::default);
            let before = output.rows.len();
            interpret_row(plan, id, &mut loaded.data, &rows, &chunk, row, &mut output, trace.as_mut()).map_err(
                |fault| {
                    let place = place_words(plan, &rule.stream, loaded, &rows, row);
                    RunFault { rule: rule.name.clone(), place, fault }
                },
            )?;
            if output.rows.len() > before {
                traces.push(trace.map(Box::new));
            }
        }
        for (idx, trace) in traces.into_iter().enumerate() {
            let (row, payee, amount) = (output.rows[idx], output.payees[idx], output.amounts[idx]);
            let line = line(plan, &rule.stream, loaded, &rows, row, &sources, options);
            result.lines[id.index()].push(Line { row, payee, amount, trace, ..line });
        }
        result.missed[id.index()] += output.missed;
        own_marks.append(&mut output.status);
        start += len;
    }
    if let Rows::Events { record } = rows {
        marks[record.index()].iter_mut().zip(&own_marks).for_each(|(mark, own)| *mark |= own);
        let mut counts = count(&own_marks);
        counts.unmatched += loaded.accounts[record.index()].undated;
        result.rules[id.index()].push((record, counts));
    }
    if let Rows::Grid(grid) = rows {
        result.grids[id.index()] = Some(grid);
    }
    Ok(())
}

/// The rows of a rule's stream, how many, and for payments the lines behind them.
fn rows_of(
    plan: &Plan,
    id: RuleId,
    loaded: &Loaded,
    options: &RunOptions,
    result: &RunResult,
) -> (Rows, u32, Vec<Line>) {
    match &plan.rule(id).stream {
        Stream::Events(record) => {
            (Rows::Events { record: *record }, loaded.data.tables[record.index()].n_stream as u32, Vec::new())
        }
        Stream::Grid(entity, period) => {
            let ends: Vec<Period> = plan
                .rule(id)
                .steps
                .iter()
                .filter_map(|step| match step {
                    Step::Limit(Limit::AtLeast { period, .. }) => Some(*period),
                    _ => None,
                })
                .collect();
            let grid = grid(plan, loaded.data.tables[entity.index()].n_rows as u32, *period, &ends, options.through);
            let n_rows = grid.entity.len() as u32;
            (Rows::Grid(grid), n_rows, Vec::new())
        }
        Stream::Payments(name) => {
            let lines = payments_of(plan, name, result);
            let payments = as_stream(&lines);
            (Rows::Payments(payments), lines.len() as u32, lines)
        }
    }
}

/// The lines of all versions of a rule, in the order of `when`, then of what is behind them.
pub(crate) fn payments_of(plan: &Plan, name: &str, result: &RunResult) -> Vec<Line> {
    let mut lines: Vec<Line> = plan.versions(name).flat_map(|id| result.lines[id.index()].iter().cloned()).collect();
    lines.sort_by_key(|line| (line.when, line.event.map(|(_, row)| row), line.entity, line.payee));
    lines
}

/// Lines as the columns of a stream.
pub(crate) fn as_stream(lines: &[Line]) -> Payments {
    Payments {
        payee: lines.iter().map(|line| line.payee).collect(),
        amount: lines.iter().map(|line| line.amount).collect(),
        when: lines.iter().map(|line| line.when).collect(),
        source: lines.iter().map(|line| line.event.map_or(line.entity.unwrap_or(0), |(_, row)| row)).collect(),
    }
}

/// The periods of a kind that touch the program's life and have begun.
pub(crate) fn periods(plan: &Plan, period: Period, through: i32) -> std::ops::RangeInclusive<i32> {
    let last = plan.active.to.min(through);
    if last < plan.active.from {
        #[expect(clippy::reversed_empty_ranges, reason = "no period has begun")]
        return 1..=0;
    }
    plan.calendar.index(period, plan.active.from)..=plan.calendar.index(period, last)
}

fn grid(plan: &Plan, n_entities: u32, period: Period, ends: &[Period], through: i32) -> Grid {
    let mut grid = Grid::default();
    let days = |period: Period, index: i32| plan.calendar.days(period, index, plan.active);
    for index in periods(plan, period, through) {
        let Days { to, .. } = days(period, index);
        for entity in 0..n_entities {
            grid.entity.push(entity);
            grid.period.push(index);
            grid.last_day.push(to);
        }
    }
    let last_in_program = plan.active.to;
    for &longer in ends {
        let marks = grid.last_day.iter().map(|&last| {
            let end = days(longer, plan.calendar.index(longer, last.min(last_in_program))).to;
            u8::from((last >= end || last >= last_in_program) && last.min(end) <= through)
        });
        let marks = marks.collect();
        grid.ends.push((longer, marks));
    }
    grid
}

fn line(
    plan: &Plan,
    stream: &Stream,
    loaded: &Loaded,
    rows: &Rows,
    row: u32,
    sources: &[Line],
    options: &RunOptions,
) -> Line {
    let empty = Line {
        row,
        payee: 0,
        amount: 0,
        when: 0,
        period: (Period::Quarter, 0),
        event: None,
        entity: None,
        accrual: false,
        trace: None,
    };
    match rows {
        Rows::Events { record } => {
            let when = slots::when(plan, loaded, rows, row);
            Line {
                when,
                period: (Period::Quarter, plan.calendar.index(Period::Quarter, when)),
                event: Some((*record, row)),
                ..empty
            }
        }
        Rows::Grid(grid) => {
            let idx = row as usize;
            let kind = if let Stream::Grid(_, kind) = stream { *kind } else { Period::Program };
            Line {
                when: grid.last_day[idx],
                period: (kind, grid.period[idx]),
                entity: Some(grid.entity[idx]),
                accrual: grid.last_day[idx] > options.through,
                ..empty
            }
        }
        Rows::Payments(_) => Line { row, ..sources[row as usize].clone() },
    }
}

fn uses(plan: &Plan, id: RuleId, slot: usize) -> bool {
    let of = |state: &meed_compiler::plan::StateId| plan.states[state.index()].slot.index() == slot;
    plan.rule(id).steps.iter().any(|step| match step {
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

fn empty_state(kind: &StateKind) -> StateData {
    match kind {
        StateKind::Seen => StateData::Seen(Vec::new()),
        StateKind::Paid => StateData::Paid(Vec::new()),
        StateKind::Sums { dens } => {
            let sum = |den: &Option<i64>| match den {
                Some(den) => SumData::Fixed { den: *den, sums: Vec::new() },
                None => SumData::Exact(Vec::new()),
            };
            StateData::Sums { sums: dens.iter().map(sum).collect(), touched: Vec::new() }
        }
    }
}

fn size_decisions(plan: &Plan, loaded: &mut Loaded, options: &RunOptions) {
    let sizes: Vec<usize> = plan
        .decisions
        .iter()
        .map(|decision| match &decision.stream {
            Stream::Events(record) => loaded.data.tables[record.index()].n_rows,
            Stream::Grid(entity, period) => {
                loaded.data.tables[entity.index()].n_rows * periods(plan, *period, options.through).count()
            }
            // Sized by the most lines a rule can make: one for each row of what it reads.
            Stream::Payments(_) => loaded.data.tables.iter().map(|table| table.n_rows).max().unwrap_or(0) * 64,
        })
        .collect();
    loaded.data.decisions = sizes
        .into_iter()
        .map(|size| DecisionData { nums: vec![0; size], dens: vec![1; size], known: vec![0; size] })
        .collect();
}

fn count(marks: &[u8]) -> Counts {
    let mut counts = Counts::default();
    for &mark in marks {
        if mark & status::PAID != 0 {
            counts.paid += 1;
        } else if mark & status::COUNTED != 0 {
            counts.counted += 1;
        } else if mark & status::MATCHED != 0 {
            counts.nothing += 1;
        } else {
            counts.unmatched += 1;
        }
    }
    counts
}

fn row_words(plan: &Plan, loaded: &Loaded, record: RecordId, row: u32) -> String {
    let (file, number) = loaded.origin(record, row as usize);
    format!("{} {} ({file}, row {number})", plan.record(record).name, loaded.keys[record.index()].text(row as usize))
}

fn place_words(plan: &Plan, stream: &Stream, loaded: &Loaded, rows: &Rows, row: u32) -> String {
    match rows {
        Rows::Events { record } => row_words(plan, loaded, *record, row),
        Rows::Grid(grid) => {
            let Stream::Grid(record, kind) = stream else { return String::new() };
            let key = loaded.keys[record.index()].text(grid.entity[row as usize] as usize);
            format!("{} {key} in {}", plan.record(*record).name, plan.calendar.name(*kind, grid.period[row as usize]))
        }
        Rows::Payments(_) => format!("payment {}", row + 1),
    }
}
