//! Aggregates per entity and period, done before the rules that read them.
//!
//! Every entity and every period that some row of the rule looks at has a place in an array; rows of the fold's
//! stream go in one after the other, and the rule's rows then read what they look at.

use crate::engine::beside::{asks_others, shared};
use crate::engine::days::PeriodOf;
use crate::engine::options::RunOptions;
use crate::engine::paths::{PathValues, days};
use crate::engine::patience::Patience;
use crate::load::periods::aggregated_periods;
use crate::store::loaded::Loaded;
use crate::store::pages::DateSpan;
use crate::store::threads::{for_each, of_use};
use meed_compiler::codegen::Kernels;
use meed_compiler::data::{Data, EntityPeriods, FoldData, FoldState, Rows, status};
use meed_compiler::internal::broken;
use meed_compiler::interpret::{Fault, FaultKind, interpret_fold};
use meed_compiler::plan::{Days, Fold, FoldFunction, FoldId, Plan, Window};
use meed_compiler::value::Exact;
use std::num::NonZero;

/// Rows gathered at a time.
const CHUNK: usize = 4096;
/// A cell up to this has room for the values of 64 bits of as many rows as there can be.
const HALF_FULL: u128 = (i128::MAX / 2) as u128;
/// Values met are sorted out when they are more than this, and twice as many as were left before.
const MANY_MET: usize = 1 << 20;
/// The place of a row that no row of the rule looks at.
const NOWHERE: u32 = u32::MAX;

/// An aggregate that is being filled, page by page of its stream.
pub(super) struct AggregateState<'a> {
    id: FoldId,
    fold: &'a Fold,
    places: Places,
    gathered: Gathered,
    /// How many values met were left when they were last sorted out.
    n_distinct: usize,
}

/// What rows of the stream come to, by place.
struct Gathered {
    fold_state: FoldState,
    joined: PathValues,
    slots: Vec<u32>,
}

/// A row of a fold's stream that met a fault, in the page that is seen.
pub(super) struct RowFault {
    pub row: u32,
    pub fault: Fault,
}

impl<'a> AggregateState<'a> {
    /// Nothing yet of a stream whose days lie in this span.
    pub fn new(plan: &'a Plan, id: FoldId, loaded: &Loaded, options: &RunOptions, days: DateSpan) -> Self {
        let fold = &plan.folds[id.index()];
        let places = Places::new(plan, fold, loaded, options, days);
        let n_entities = loaded.data.tables[plan.rows_of(fold).entity.index()].n_rows;
        let gathered = Gathered::new(FoldState::new(&fold.function, n_entities * places.n_periods));
        Self { id, fold, places, gathered, n_distinct: 0 }
    }

    /// Takes rows of the stream in, and marks those as [`status::COUNTED`]. Says how many machine code left to the
    /// interpreter.
    ///
    /// # Errors
    /// The first row that met a fault.
    pub fn take(
        &mut self,
        plan: &Plan,
        data: &mut Data,
        stream: &Rows,
        kernels: Option<&Kernels>,
        taken: &mut [u8],
    ) -> Result<u64, RowFault> {
        let Self { id, fold, places, gathered, .. } = self;
        let stretch = FoldRows { plan, id: *id, fold, places, stream, kernels };
        let replayed = stretch.take(data, 0, taken, gathered)?;
        self.sort_out();
        Ok(replayed)
    }

    /// The same by so many threads, each with a range of the rows; whether that was done. Machine code adds values of 64 bits, so that
    /// no sum of such rows is too large for a cell that is not half full; where a cell is, or the interpreter has to do a row, nothing is
    /// taken in.
    pub fn take_by_threads(
        &mut self,
        plan: &Plan,
        data: &Data,
        stream: &Rows,
        kernels: Option<&Kernels>,
        taken: &mut [u8],
        threads: NonZero<usize>,
    ) -> bool {
        let Self { id, fold, places, gathered, .. } = self;
        let n_places = gathered.fold_state.seen.len();
        let is_small = n_places.saturating_mul(of_use(threads)) <= taken.len();
        let has_code = kernels.is_some_and(|kernels| kernels.fold(*id).is_some());
        let has_room = gathered.fold_state.cells.iter().all(|cell| cell.unsigned_abs() <= HALF_FULL);
        let is_sum = !matches!(fold.function, FoldFunction::Distinct(_)) && fold.function.den().is_some();
        if !is_small || !has_code || !has_room || !is_sum || plan.exprs_of(*id).into_iter().any(asks_others) {
            return false;
        }
        let stretch = FoldRows { plan, id: *id, fold, places, stream, kernels };
        let each = taken.len().div_ceil(of_use(threads)).max(1);
        let mut marks = taken.to_vec();
        let mut ranges: Vec<FoldRange<'_>> = marks
            .chunks_mut(each)
            .zip((0..).step_by(each))
            .map(|(marks, start)| FoldRange {
                start,
                marks,
                data: shared(plan, data),
                gathered: Gathered::new(FoldState::new(&fold.function, n_places)),
                is_done: false,
            })
            .collect();
        for_each(&mut ranges, threads, |range| {
            let FoldRange { start, marks, data, gathered, is_done } = range;
            *is_done = matches!(stretch.take(data, *start, marks, gathered), Ok(0));
        });
        if !ranges.iter().all(|range| range.is_done) {
            return false;
        }
        for FoldRange { gathered: range, .. } in ranges {
            let FoldState { cells, seen, .. } = range.fold_state;
            for place in (0..n_places).filter(|place| seen[*place] == 1) {
                let added = gathered.fold_state.join(&fold.function, place, cells[place], &Exact::ZERO);
                added.unwrap_or_else(|| broken("sums of words that are too large"));
            }
        }
        taken.copy_from_slice(&marks);
        true
    }

    /// Values met again and again are held once.
    fn sort_out(&mut self) {
        let entries = &mut self.gathered.fold_state.entries;
        if entries.len() > self.n_distinct * 2 + MANY_MET {
            entries.sort_unstable();
            entries.dedup();
            self.n_distinct = entries.len();
        }
    }

    /// Gives every row of the rule what it looks at.
    ///
    /// # Errors
    /// When the aggregate over all periods does not fit; with it, what that is in words.
    pub fn finish(self, plan: &Plan, loaded: &mut Loaded, periods: &EntityPeriods) -> Result<(), (String, Fault)> {
        let Self { id, fold, places, gathered, .. } = self;
        let finished = finish(plan, fold, gathered.fold_state, &places, periods);
        loaded.data.folds[id.index()] = finished.ok_or_else(|| {
            let fault = Fault { kind: FaultKind::Overflow("an aggregate"), span: fold.span };
            (format!("the aggregate over all periods of one {}", plan.record(plan.rows_of(fold).entity).name), fault)
        })?;
        Ok(())
    }
}

impl Gathered {
    fn new(fold_state: FoldState) -> Self {
        Self { fold_state, joined: PathValues::default(), slots: Vec::new() }
    }
}

/// A range of the rows of a page, in the hands of a thread.
struct FoldRange<'a> {
    start: u32,
    marks: &'a mut [u8],
    data: Data,
    gathered: Gathered,
    /// Whether machine code did all of them.
    is_done: bool,
}

/// Rows that go into an aggregate.
struct FoldRows<'a> {
    plan: &'a Plan,
    id: FoldId,
    fold: &'a Fold,
    places: &'a Places,
    stream: &'a Rows,
    kernels: Option<&'a Kernels>,
}

impl FoldRows<'_> {
    /// Takes rows from one on in, as many as there are marks; says how many machine code left to the interpreter.
    fn take(&self, data: &mut Data, first: u32, taken: &mut [u8], gathered: &mut Gathered) -> Result<u64, RowFault> {
        let Self { plan, id, fold, places, stream, kernels } = *self;
        let Gathered { fold_state, joined, slots } = gathered;
        let kernel = kernels.and_then(|kernels| kernels.fold(id));
        let mut replayed = 0;
        for (marks, start) in taken.chunks_mut(CHUNK).zip((first..).step_by(CHUNK)) {
            let len = marks.len() as u32;
            joined.follow(plan, &plan.rows_of(fold).key, data, stream, start, len);
            places.number(joined, days(plan, data, stream, start, len), slots);
            // A kernel marks anew what another fold of the rule may have marked.
            let before = marks.to_vec();
            let (mut next, mut patience) = (0, Patience::default());
            while next < len {
                if let Some(kernel) = kernel.filter(|_| patience.lasts()) {
                    #[expect(unsafe_code, reason = "as where the kernels of rules are called")]
                    let done = unsafe { kernel.gather(plan, data, stream, start, slots, next, fold_state, marks) };
                    patience.asked(next, done);
                    next = done;
                    if next == len {
                        break;
                    }
                }
                replayed += u64::from(kernels.is_some());
                let (row, slot) = (start + next, slots[next as usize]);
                if slot == NOWHERE {
                    marks[next as usize] = 0;
                } else {
                    let is_in = interpret_fold(plan, fold, data, stream, row, slot, fold_state);
                    let is_in = is_in.map_err(|fault| RowFault { row, fault })?;
                    marks[next as usize] = if is_in { status::COUNTED } else { 0 };
                }
                next += 1;
            }
            marks.iter_mut().zip(before).for_each(|(mark, before)| *mark |= before);
        }
        Ok(replayed)
    }
}

/// Which periods have a place, and where.
struct Places {
    window: Window,
    of: PeriodOf,
    first: i32,
    n_periods: usize,
    /// A period that is the rule's own lies within these days; to date it is up to the program's end, and earlier periods are whole.
    life: Days,
    /// Days of the program's first period that are before the program: they belong to no own period.
    left_out: Days,
}

impl Places {
    fn new(plan: &Plan, fold: &Fold, loaded: &Loaded, options: &RunOptions, days: DateSpan) -> Self {
        let rows = plan.rows_of(fold);
        let (kind, periods) = aggregated_periods(plan, loaded, rows, options.through);
        let is_early = plan.versions_of(rows.rule).any(|id| plan.version(id).is_early());
        let begin =
            plan.calendar.days(rows.period, plan.calendar.index(rows.period, plan.active.from), plan.active).from;
        Self {
            window: rows.window,
            of: PeriodOf::new(plan.calendar.clone(), kind, days.first, days.last),
            first: *periods.start(),
            n_periods: periods.count(),
            life: match rows.window {
                Window::Own if is_early => Days { from: i32::MIN, to: plan.active.to },
                Window::Own => plan.active,
                Window::ToDate => Days { from: i32::MIN, to: plan.active.to },
                Window::Previous(_) | Window::SameLastYear(_) => Days { from: i32::MIN, to: i32::MAX },
            },
            left_out: match rows.window {
                Window::Own => Days { from: begin, to: plan.active.from - 1 },
                Window::ToDate | Window::Previous(_) | Window::SameLastYear(_) => Days { from: i32::MAX, to: i32::MIN },
            },
        }
    }

    /// The places of a run of rows.
    fn number(&self, joined: &PathValues, days: &[i32], slots: &mut Vec<u32>) {
        slots.clear();
        slots.extend(days.iter().enumerate().map(|(row, &day)| {
            if joined.is_missing(row) || !self.life.holds(day) || self.left_out.holds(day) {
                return NOWHERE;
            }
            self.slot(joined.values[row] as u32, self.of.number(day)).unwrap_or(NOWHERE)
        }));
    }

    /// The place of an entity in the period of this number; `None` if no row of the rule looks at it.
    fn slot(&self, entity: u32, number: i32) -> Option<u32> {
        let number = match self.window {
            Window::ToDate => number.max(self.first),
            Window::Own | Window::Previous(_) | Window::SameLastYear(_) => number,
        };
        let idx = usize::try_from(i64::from(number) - i64::from(self.first)).ok()?;
        (idx < self.n_periods).then(|| entity * self.n_periods as u32 + idx as u32)
    }
}

/// What every row of the rule looks at; `None` if a sum does not fit.
fn finish(
    plan: &Plan,
    fold: &Fold,
    mut fold_state: FoldState,
    places: &Places,
    periods: &EntityPeriods,
) -> Option<FoldData> {
    if let FoldFunction::Distinct(_) = fold.function {
        count_distinct(&mut fold_state, places);
    } else if places.window == Window::ToDate {
        for place in (0..fold_state.seen.len()).filter(|place| place % places.n_periods != 0) {
            if fold_state.seen[place - 1] == 1 {
                // An aggregate has cells of one of both kinds.
                let cell = fold_state.cells.get(place - 1).copied().unwrap_or(0);
                let exact = fold_state.exact.get(place - 1).cloned().unwrap_or_default();
                fold_state.join(&fold.function, place, cell, &exact)?;
            }
        }
    }
    let looked_at = (0..periods.entity.len()).map(|row| {
        let window = plan.rows_of(fold).window;
        let number = match window {
            Window::Own | Window::ToDate => Some(periods.period[row]),
            Window::Previous(_) | Window::SameLastYear(_) => plan.looked_back(window, periods.last_day[row]),
        };
        number.and_then(|number| places.slot(periods.entity[row], number)).map(|slot| slot as usize)
    });
    let seen = |place: &Option<usize>| place.filter(|&place| fold_state.seen[place] == 1);
    let den = match &fold.function {
        FoldFunction::Count | FoldFunction::Distinct(_) => Some(1),
        FoldFunction::Sum(_, den) | FoldFunction::Smallest(_, den) | FoldFunction::Largest(_, den) => *den,
    };
    let zero_of_none = match &fold.function {
        FoldFunction::Count | FoldFunction::Distinct(_) | FoldFunction::Sum(..) => true,
        FoldFunction::Smallest(..) | FoldFunction::Largest(..) => false,
    };
    Some(match den {
        None => FoldData::Exact(
            looked_at
                .map(|place| match seen(&place) {
                    Some(place) => Some(fold_state.exact[place].clone()),
                    None => zero_of_none.then(Default::default),
                })
                .collect(),
        ),
        Some(den) => {
            let known = |place: Option<usize>| u8::from(seen(&place).is_some());
            FoldData::Fixed {
                den,
                known: (!zero_of_none).then(|| looked_at.clone().map(known).collect()),
                values: looked_at.map(|place| seen(&place).map_or(0, |place| fold_state.cells[place])).collect(),
            }
        }
    })
}

/// Turns the values met into counts; to date a value counts from the period in which it is met first.
fn count_distinct(fold_state: &mut FoldState, places: &Places) {
    let n_periods = places.n_periods.max(1) as u32;
    fold_state.cells = vec![0; fold_state.seen.len()];
    let mut entries = std::mem::take(&mut fold_state.entries);
    if places.window == Window::ToDate {
        entries.sort_unstable_by_key(|met| (met.slot / n_periods, met.value, met.slot));
        entries.dedup_by_key(|met| (met.slot / n_periods, met.value));
    } else {
        entries.sort_unstable();
        entries.dedup();
    }
    for met in entries {
        fold_state.cells[met.slot as usize] += 1;
    }
    if places.window == Window::ToDate {
        for place in (0..fold_state.cells.len()).filter(|place| place % n_periods as usize != 0) {
            fold_state.cells[place] += fold_state.cells[place - 1];
            fold_state.seen[place] |= fold_state.seen[place - 1];
        }
    }
}
