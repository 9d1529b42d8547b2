//! Aggregates per entity and period, done before the rules that read them.
//!
//! Every entity and every period that some row of the rule's grid looks at has a place in an array; rows of the group's
//! stream go in one after the other, and the grid then takes out what it looks at.

use super::days::PeriodOf;
use super::grid::periods;
use super::paths::{Found, days};
use super::{RunOptions, RunResult, lines, place};
use crate::load::Loaded;
use meed_compiler::codegen::Kernels;
use meed_compiler::data::{Gathered, Grid, GroupData, Rows, status};
use meed_compiler::interpret::{Fault, FaultKind, interpret_group};
use meed_compiler::plan::{Group, GroupFunction, GroupId, Period, Plan, Stream, Window};

/// Rows gathered at a time.
const CHUNK: u32 = 4096;
/// The place of a row that no row of the grid looks at.
const NOWHERE: u32 = u32::MAX;

/// What became of the rows of a group's stream.
#[derive(Default)]
pub(super) struct Filled {
    /// By row: whether it was taken in, as [`status::COUNTED`].
    pub taken: Vec<u8>,
    /// Rows that machine code left to the interpreter.
    pub replayed: u64,
}

/// Fills the group for every row of the rule's grid.
///
/// # Errors
/// The row of the group's stream that met a fault, in words.
pub(super) fn fill(
    plan: &Plan,
    id: GroupId,
    loaded: &mut Loaded,
    grid: &Grid,
    options: &RunOptions,
    kernels: Option<&Kernels>,
    result: &RunResult,
) -> Result<Filled, (String, Fault)> {
    let group = &plan.groups[id.index()];
    let (stream, n_rows) = match &group.stream {
        Stream::Events(record) => {
            (Rows::Events { record: *record }, loaded.data.tables[record.index()].n_stream as u32)
        }
        Stream::Payments(name) => {
            let payments = lines::payments(plan, name, loaded, result);
            let n_rows = payments.amount.len() as u32;
            (Rows::Payments(payments), n_rows)
        }
        Stream::Grid(..) => return Ok(Filled::default()),
    };
    let n_entities = loaded.data.tables[group.entity.index()].n_rows;
    let places = Places::new(plan, group, options, days(plan, loaded, &stream, 0, n_rows));
    let mut gathered = Gathered::new(&group.function, n_entities * places.n_periods);
    let mut taken = vec![0; n_rows as usize];
    let (kernel, compiled) = (kernels.and_then(|kernels| kernels.group(id)), kernels.is_some());
    let mut replayed = 0;
    let mut slots = Vec::new();
    let mut joined = Found::default();
    let mut start = 0;
    while start < n_rows {
        let len = CHUNK.min(n_rows - start);
        joined.follow(plan, &group.join, loaded, &stream, start, len);
        places.number(&joined, days(plan, loaded, &stream, start, len), &mut slots);
        let marks = &mut taken[start as usize..(start + len) as usize];
        let mut next = 0;
        while next < len {
            if let Some(kernel) = kernel {
                next = kernel.gather(plan, &mut loaded.data, &stream, start, &slots, next, &mut gathered, marks);
                if next == len {
                    break;
                }
            }
            replayed += u64::from(compiled);
            let (row, slot) = (start + next, slots[next as usize]);
            if slot != NOWHERE {
                let is_in = interpret_group(plan, group, &loaded.data, &stream, row, slot, &mut gathered);
                let is_in = is_in.map_err(|fault| (words(plan, group, loaded, result, &stream, row), fault))?;
                marks[next as usize] = if is_in { status::COUNTED } else { 0 };
            }
            next += 1;
        }
        start += len;
    }
    let finished = finish(plan, group, gathered, &places, grid);
    loaded.data.groups[id.index()] = finished.ok_or_else(|| {
        let fault = Fault { kind: FaultKind::Overflow("an aggregate"), span: group.span };
        (format!("the aggregate over all periods of one {}", plan.record(group.entity).name), fault)
    })?;
    Ok(Filled { taken, replayed })
}

fn words(plan: &Plan, group: &Group, loaded: &Loaded, result: &RunResult, stream: &Rows, row: u32) -> String {
    place::words(plan, &group.stream, loaded, result, stream, row)
}

/// Which periods have a place, and where.
struct Places {
    window: Window,
    kind: Period,
    of: PeriodOf,
    first: i32,
    n_periods: usize,
}

impl Places {
    fn new(plan: &Plan, group: &Group, options: &RunOptions, days: &[i32]) -> Self {
        let begun = periods(plan, group.period, options.through);
        let (kind, first, last) = match group.window {
            Window::Own | Window::ToDate => (group.period, *begun.start(), *begun.end()),
            Window::Previous(kind) => {
                let seen = |own: i32| previous(plan, kind, plan.calendar.days(group.period, own, plan.active).to);
                (kind, seen(*begun.start()), seen(*begun.end()))
            }
        };
        let (earliest, latest) = (days.iter().copied().min().unwrap_or(0), days.iter().copied().max().unwrap_or(0));
        Self {
            window: group.window,
            kind,
            of: PeriodOf::new(plan.calendar, kind, earliest, latest),
            first,
            n_periods: if begun.is_empty() { 0 } else { (last - first + 1) as usize },
        }
    }

    /// The places of a run of rows.
    fn number(&self, joined: &Found, days: &[i32], slots: &mut Vec<u32>) {
        slots.clear();
        slots.extend(days.iter().enumerate().map(|(row, &day)| {
            if joined.is_missing(row) {
                return NOWHERE;
            }
            self.slot(joined.values[row] as u32, self.of.number(day)).unwrap_or(NOWHERE)
        }));
    }

    /// The place of an entity in the period of this number; none where no row of the grid looks.
    fn slot(&self, entity: u32, number: i32) -> Option<u32> {
        let number = match self.window {
            Window::ToDate => number.max(self.first),
            Window::Own | Window::Previous(_) => number,
        };
        let idx = usize::try_from(i64::from(number) - i64::from(self.first)).ok()?;
        (idx < self.n_periods).then(|| entity * self.n_periods as u32 + idx as u32)
    }
}

/// The period of a kind before the one that holds a day.
fn previous(plan: &Plan, kind: Period, day: i32) -> i32 {
    plan.calendar.index(kind, day) - 1
}

/// What every row of the grid looks at; none when a sum does not fit.
fn finish(plan: &Plan, group: &Group, mut gathered: Gathered, places: &Places, grid: &Grid) -> Option<GroupData> {
    if let GroupFunction::Distinct(_) = group.function {
        count_distinct(&mut gathered, places);
    } else if places.window == Window::ToDate {
        for place in (0..gathered.seen.len()).filter(|place| place % places.n_periods != 0) {
            if gathered.seen[place - 1] == 1 {
                let cell = gathered.cells.get(place - 1).copied().unwrap_or(0);
                let exact = gathered.exact.get(place - 1).cloned().unwrap_or_default();
                gathered.join(&group.function, place, cell, &exact)?;
            }
        }
    }
    let looked_at = (0..grid.entity.len()).map(|row| {
        let number = match group.window {
            Window::Own | Window::ToDate => grid.period[row],
            Window::Previous(_) => previous(plan, places.kind, grid.last_day[row]),
        };
        places.slot(grid.entity[row], number).map(|slot| slot as usize)
    });
    let seen = |place: &Option<usize>| place.filter(|&place| gathered.seen[place] == 1);
    let den = match &group.function {
        GroupFunction::Count | GroupFunction::Distinct(_) => Some(1),
        GroupFunction::Sum(_, den) | GroupFunction::Smallest(_, den) | GroupFunction::Largest(_, den) => *den,
    };
    let zero_of_none = match &group.function {
        GroupFunction::Count | GroupFunction::Distinct(_) | GroupFunction::Sum(..) => true,
        GroupFunction::Smallest(..) | GroupFunction::Largest(..) => false,
    };
    Some(match den {
        None => GroupData::Exact(
            looked_at
                .map(|place| match seen(&place) {
                    Some(place) => Some(gathered.exact[place].clone()),
                    None => zero_of_none.then(Default::default),
                })
                .collect(),
        ),
        Some(den) => {
            let known = |place: Option<usize>| u8::from(seen(&place).is_some());
            GroupData::Fixed {
                den,
                known: (!zero_of_none).then(|| looked_at.clone().map(known).collect()),
                values: looked_at.map(|place| seen(&place).map_or(0, |place| gathered.cells[place])).collect(),
            }
        }
    })
}

/// Turns the values met into counts; to date a value counts from the period in which it is met first.
fn count_distinct(gathered: &mut Gathered, places: &Places) {
    let n_periods = places.n_periods.max(1) as u32;
    gathered.cells = vec![0; gathered.seen.len()];
    let mut entries = std::mem::take(&mut gathered.entries);
    if places.window == Window::ToDate {
        entries.sort_unstable_by_key(|met| (met.slot / n_periods, met.value, met.slot));
        entries.dedup_by_key(|met| (met.slot / n_periods, met.value));
    } else {
        entries.sort_unstable();
        entries.dedup();
    }
    for met in entries {
        gathered.cells[met.slot as usize] += 1;
    }
    if places.window == Window::ToDate {
        for place in (0..gathered.cells.len()).filter(|place| place % n_periods as usize != 0) {
            gathered.cells[place] += gathered.cells[place - 1];
            gathered.seen[place] |= gathered.seen[place - 1];
        }
    }
}
