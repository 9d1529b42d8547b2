//! A program that is settled at the ends of periods: what each close books is what changed since the one before.
//!
//! Each close is a run of its own through its day. Lines of a row that a close before has not booked are booked as they are; of others
//! the difference is, by party and unit. So the lines of all closes add up to what one run through the last day pays, and what
//! was booked once is not touched again.

use crate::engine::difference::{Change, DifferenceRows, Party, changes};
use crate::engine::lines::{LineRows, Lines, NO_DUE, OWN_PERIOD};
use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::paged::{ColumnMut, Columns, Paged, Shelf};
use meed_compiler::data::{DatedRows, EntityPeriods};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Period, Plan, RecordId, Stream, UnitId, VersionId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

/// The end of a period at which the program is settled, or the run's own day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub day: i32,
    /// The number of the period that holds the day.
    pub period: i32,
}

/// The closes of a run: the ends of periods up to its day, and its day. None where the program does not say that it is settled so.
pub(super) fn closes(plan: &Plan, through: i32) -> Option<Vec<Close>> {
    let kind = plan.calendar.settled?;
    let mut closes = Vec::new();
    // A period is cut to the program's life, within which it has ended when that part has.
    let mut day = plan.active.from;
    while plan.calendar.knows(kind, day) {
        let end = plan.period_end(kind, day);
        if end >= through {
            break;
        }
        closes.push(Close { day: end, period: plan.calendar.index(kind, day) });
        day = end + 1;
    }
    let last = if plan.calendar.knows(kind, through) { through } else { plan.active.to.min(through) };
    closes.push(Close { day: through, period: plan.calendar.index(kind, last) });
    Some(closes)
}

/// Lines by what they are for, in its order.
#[derive(Clone, Debug, Default)]
struct BookRows {
    /// What a line is for: the row of the event, or the period and the row of the entity.
    keys: Vec<i64>,
    kinds: Vec<u32>,
    payees: Vec<u32>,
    units: Vec<u32>,
    amounts: Vec<i64>,
    places: Vec<u32>,
    /// The day on which each is due, or [`NO_DUE`].
    dues: Vec<i32>,
    /// Of booked lines, the period of the close.
    booked: Vec<i32>,
    /// Of booked lines, the day of the close.
    known_on: Vec<i32>,
    /// Of booked differences, the sum before; and 1 where a return is the reason.
    was: Vec<i64>,
    returned: Vec<u8>,
}

/// A line of these.
#[derive(Clone, Copy)]
struct BookLine {
    key: i64,
    party: Party,
    amount: i64,
    place: u32,
}

/// What was booked so far.
pub(super) struct BookedSoFar {
    /// By version, what the close before came to.
    was: Vec<Paged<BookRows>>,
    /// By version, what is booked.
    booked: Vec<Paged<BookRows>>,
    /// The close before.
    before: Option<Close>,
}

/// What the rows of a version come from in a page.
enum Roots<'a> {
    Event { record: RecordId, days: Cow<'a, [i32]> },
    ByDate { record: RecordId, dated: &'a DatedRows },
    Periods { kind: Period, periods: &'a EntityPeriods },
}

impl BookedSoFar {
    pub fn new(plan: &Plan, loaded: &Loaded) -> Result<Self, StoreError> {
        let shelf = Shelf::new(loaded)?;
        let rows = || plan.versions.iter().map(|rule| shelf.paged(loaded, plan.root_of(&rule.stream))).collect();
        Ok(Self { was: rows(), booked: rows(), before: None })
    }

    /// Books what changed since the close before.
    pub fn close(
        &mut self,
        plan: &Plan,
        loaded: &Loaded,
        result: &RunResult,
        close: Close,
        is_last: bool,
    ) -> Result<(), StoreError> {
        let returned = self.returned(loaded, close);
        for id in (0..plan.versions.len() as u32).map(VersionId) {
            for page in 0..result.lines[id.index()].n_pages() {
                let Some(roots) = Roots::of(plan, id, loaded, result, page)? else { continue };
                let is = book_rows(plan, id, result, page, |root| {
                    // A close books nothing of a period that has not ended.
                    (is_last || roots.has_ended(plan, root, close.day)).then(|| roots.key(root))
                })?;
                let was = self.was[id.index()].get(page)?;
                let mut booked = self.booked[id.index()].get(page)?.into_owned();
                let before = self.before;
                differences(&was, &is, |line, was| {
                    let is_settled =
                        before.is_some_and(|before| roots.has_ended_by_key(plan, loaded, line.key, before.day));
                    let row = roots.event_row(line.key).filter(|_| taking_in(line.key) == 0);
                    booked.push(&line);
                    booked.booked.push(if is_settled { close.period } else { OWN_PERIOD });
                    booked.known_on.push(close.day);
                    booked.was.push(was);
                    booked.returned.push(u8::from(row.is_some_and(|row| returned.contains(&row))));
                });
                drop(was);
                self.was[id.index()].put(page, is)?;
                self.booked[id.index()].put(page, booked)?;
            }
        }
        self.before = Some(close);
        Ok(())
    }

    /// The rows of which returns became known since the close before.
    fn returned(&self, loaded: &Loaded, close: Close) -> FxHashSet<(RecordId, u32)> {
        let after = self.before.map_or(i32::MIN, |before| before.day);
        let of = loaded.taken.iter().flat_map(|taken| taken.rows.iter().map(|taking| (taken.record, taking)));
        of.filter(|(_, taking)| taking.day > after && taking.day <= close.day)
            .map(|(record, taking)| (record, taking.row))
            .collect()
    }

    /// Gives the result of the last run what was booked.
    pub fn end(self, plan: &Plan, loaded: &Loaded, result: &mut RunResult) -> Result<(), StoreError> {
        let shelf = Shelf::new(loaded)?;
        let mut all = Vec::new();
        let mut differences = Vec::new();
        for (id, rule) in (0..).map(VersionId).zip(&plan.versions) {
            let mut lines = Lines::new(shelf.paged(loaded, plan.root_of(&rule.stream)));
            let mut changed: Paged<DifferenceRows> = shelf.paged(loaded, plan.root_of(&rule.stream));
            let rows = result.periods_behind(plan, id).map(rows_of_periods);
            for page in 0..result.lines[id.index()].n_pages() {
                let known = self.booked[id.index()].get(page)?;
                let root = |key: i64| match &rows {
                    Some(rows) => rows.get(&key).copied().unwrap_or_else(|| broken("a period that is gone")),
                    // The row of an event, whatever takes its line back.
                    None => key as u32,
                };
                let roots: Vec<u32> = known.keys.iter().map(|key| root(*key)).collect();
                let mut order: Vec<usize> = (0..roots.len()).collect();
                // Of one row what was booked first comes first.
                order.sort_by_key(|&idx| roots[idx]);
                let (line_rows, difference_rows) = known.in_order(&order, &roots, rows.is_none());
                lines.push(line_rows, plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit))?;
                changed.push(difference_rows)?;
            }
            all.push(lines);
            differences.push(changed);
        }
        result.paid_out = all.into_iter().map(Some).collect();
        result.differences = differences;
        Ok(())
    }
}

/// By period and row of the entity, the row of the rule.
fn rows_of_periods(periods: &EntityPeriods) -> FxHashMap<i64, u32> {
    let keys = periods.period.iter().zip(&periods.entity).map(|(&period, &entity)| period_key(period, entity));
    keys.zip(0..).collect()
}

/// The return that takes the line of a row of an event back, or 0: it stands above the row in the key of what a line is for.
fn taking_in(key: i64) -> u32 {
    (key >> 32) as u32
}

fn period_key(period: i32, entity: u32) -> i64 {
    i64::from(period) << 32 | i64::from(entity)
}

impl<'a> Roots<'a> {
    /// None for a rule that was not run.
    fn of(
        plan: &Plan,
        id: VersionId,
        loaded: &'a Loaded,
        result: &'a RunResult,
        page: usize,
    ) -> Result<Option<Self>, StoreError> {
        Ok(match &plan.version(id).stream {
            Stream::Events(record) => Some(Self::Event { record: *record, days: loaded.days_of(plan, *record, page)? }),
            Stream::ByDate(record, _) => result.dated(id).map(|dated| Self::ByDate { record: *record, dated }),
            Stream::Periods(_, kind) => result.periods(id).map(|periods| Self::Periods { kind: *kind, periods }),
            Stream::Lines(rule, _) => match plan.first_version(*rule) {
                Some(behind) => Self::of(plan, behind, loaded, result, page)?,
                None => None,
            },
        })
    }

    fn key(&self, root: u32) -> i64 {
        match self {
            Self::Event { .. } | Self::ByDate { .. } => i64::from(root),
            Self::Periods { periods, .. } => period_key(periods.period[root as usize], periods.entity[root as usize]),
        }
    }

    /// The row of the event that a line is for.
    fn event_row(&self, key: i64) -> Option<(RecordId, u32)> {
        match self {
            Self::Event { record, .. } => Some((*record, key as u32)),
            Self::ByDate { record, dated } => Some((*record, dated.row[key as u32 as usize])),
            Self::Periods { .. } => None,
        }
    }

    /// Whether a period of the rule's own has ended by a day; of an event every row counts at once.
    fn has_ended(&self, plan: &Plan, root: u32, day: i32) -> bool {
        match self {
            Self::Event { .. } | Self::ByDate { .. } => true,
            Self::Periods { kind, periods } => plan.has_ended(*kind, periods.period[root as usize], day),
        }
    }

    /// Whether the period that a line belongs to has ended by a day.
    fn has_ended_by_key(&self, plan: &Plan, loaded: &Loaded, key: i64, day: i32) -> bool {
        let own_day = |origin: &Origin<'_>| loaded.day_of_line(origin, key as u32, taking_in(key));
        let of_event = |own: i32| {
            let kind = plan.calendar.told_by();
            plan.has_ended(kind, plan.calendar.index(kind, own), day)
        };
        match self {
            Self::Event { record, days } => of_event(own_day(&Origin::Event { record: *record, days, rows: None })),
            Self::ByDate { record, dated } => {
                of_event(own_day(&Origin::Event { record: *record, days: &dated.when, rows: None }))
            }
            Self::Periods { kind, .. } => plan.has_ended(*kind, (key >> 32) as i32, day),
        }
    }
}

/// The lines of a version in a page by what they are for, those that a key is given for.
fn book_rows(
    plan: &Plan,
    id: VersionId,
    result: &RunResult,
    page: usize,
    key: impl Fn(u32) -> Option<i64>,
) -> Result<BookRows, StoreError> {
    let lines: &LineRows = &*result.lines[id.index()].page(page)?;
    let usual = plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
    let kind = plan.payee_record(id).unwrap_or(RecordId(0));
    let line = |idx: usize| {
        let party = (lines.kind(idx, kind).0, lines.payees[idx], lines.unit(idx, usual).0, lines.due(idx));
        let place = lines.place(idx);
        let own = key(lines.roots()[idx])?;
        // What a return takes back is booked by itself.
        let key = if lines.taking(idx) > 0 { i64::from(lines.taking(idx)) << 32 | own } else { own };
        Some(BookLine { key, party, amount: lines.amounts[idx], place })
    };
    let mut found: Vec<BookLine> = (0..lines.len()).filter_map(line).collect();
    if !found.is_sorted_by_key(|line| line.key) {
        found.sort_by_key(|line| line.key);
    }
    let mut rows = BookRows::default();
    found.iter().for_each(|line| rows.push(line));
    Ok(rows)
}

/// Tells lines that are new, and what others became more, with what their sum was; both are in the order of keys.
fn differences(was: &BookRows, is: &BookRows, mut tell: impl FnMut(BookLine, i64)) {
    let (mut old, mut new) = (0, 0);
    while old < was.len() || new < is.len() {
        let next = |rows: &BookRows, idx: usize| rows.keys.get(idx).copied().unwrap_or(i64::MAX);
        let key = next(was, old).min(next(is, new));
        let end = |rows: &BookRows, from: usize| from + rows.keys[from..].iter().take_while(|own| **own == key).count();
        let (old_end, new_end) = (end(was, old), end(is, new));
        if let (1, 1) = (old_end - old, new_end - new)
            && was.line(old).party == is.line(new).party
            && was.amounts[old] == is.amounts[new]
        {
            // By far the most rows do not change.
        } else if old == old_end {
            (new..new_end).for_each(|idx| tell(is.line(idx), 0));
        } else {
            let sums = |rows: &BookRows, lines: std::ops::Range<usize>| {
                lines.map(|idx| (rows.line(idx).party, i128::from(rows.amounts[idx]))).collect()
            };
            for Change { key: party, was: sum_before, is: sum } in
                changes(sums(was, old..old_end), sums(is, new..new_end))
            {
                let mut own = (new..new_end).map(|idx| is.line(idx)).filter(|line| line.party == party);
                let Some(sum_before) = sum_before else {
                    own.for_each(|line| tell(line, 0));
                    continue;
                };
                let line =
                    own.next().or_else(|| (old..old_end).map(|idx| was.line(idx)).find(|line| line.party == party));
                let amount = i64::try_from(sum.unwrap_or(0) - sum_before);
                let (Some(line), Ok(amount), Ok(before)) = (line, amount, i64::try_from(sum_before)) else {
                    broken("a difference that no line has")
                };
                tell(BookLine { amount, ..line }, before);
            }
        }
        (old, new) = (old_end, new_end);
    }
}

impl BookRows {
    fn len(&self) -> usize {
        self.keys.len()
    }

    fn line(&self, idx: usize) -> BookLine {
        let party = (self.kinds[idx], self.payees[idx], self.units[idx], self.dues[idx]);
        BookLine { key: self.keys[idx], party, amount: self.amounts[idx], place: self.places[idx] }
    }

    fn push(&mut self, line: &BookLine) {
        let (kind, payee, unit, due) = line.party;
        self.keys.push(line.key);
        self.kinds.push(kind);
        self.payees.push(payee);
        self.units.push(unit);
        self.dues.push(due);
        self.amounts.push(line.amount);
        self.places.push(line.place);
    }

    /// What is booked as lines in this order, and those among them that change what an earlier period was settled at.
    fn in_order(&self, order: &[usize], roots: &[u32], of_events: bool) -> (LineRows, DifferenceRows) {
        let u32s = |values: &[u32]| order.iter().map(|&idx| values[idx]).collect::<Vec<u32>>();
        let amounts = order.iter().map(|&idx| self.amounts[idx]).collect();
        let booked = order.iter().map(|&idx| self.booked[idx]).collect();
        let is_due = order.iter().any(|&idx| self.dues[idx] != NO_DUE);
        let dues = if is_due { order.iter().map(|&idx| self.dues[idx]).collect() } else { Vec::new() };
        let takings: Vec<u32> = match of_events {
            true => order.iter().map(|&idx| taking_in(self.keys[idx])).collect(),
            false => Vec::new(),
        };
        let lines = LineRows::new(u32s(roots), u32s(&self.payees), amounts, u32s(&self.units))
            .with_parts(u32s(&self.places), u32s(&self.kinds))
            .due_on(dues)
            .booked_in(booked)
            .known_on(order.iter().map(|&idx| self.known_on[idx]).collect())
            .taken_by(takings);
        let mut changed = DifferenceRows::default();
        for &idx in order.iter().filter(|idx| self.booked[**idx] != OWN_PERIOD) {
            // Several parts of a party that is new are one difference.
            let taking = if of_events { taking_in(self.keys[idx]) } else { 0 };
            let known = changed.place_of(roots[idx], taking, self.line(idx).party, self.booked[idx]);
            if let Some(known) = known {
                changed.amounts[known] += self.amounts[idx];
                continue;
            }
            changed.roots.push(roots[idx]);
            changed.kinds.push(self.kinds[idx]);
            changed.payees.push(self.payees[idx]);
            changed.units.push(self.units[idx]);
            changed.dues.push(self.dues[idx]);
            changed.was.push(self.was[idx]);
            changed.amounts.push(self.amounts[idx]);
            changed.booked.push(self.booked[idx]);
            changed.returned.push(if taking > 0 { 1 } else { self.returned[idx] });
            changed.takings.push(taking);
        }
        (lines, changed)
    }
}

impl Columns for BookRows {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        let Self { keys, kinds, payees, units, amounts, places, dues, booked, known_on, was, returned } = self;
        vec![
            ColumnMut::I64(keys),
            ColumnMut::U32(kinds),
            ColumnMut::U32(payees),
            ColumnMut::U32(units),
            ColumnMut::I64(amounts),
            ColumnMut::U32(places),
            ColumnMut::I32(dues),
            ColumnMut::I32(booked),
            ColumnMut::I32(known_on),
            ColumnMut::I64(was),
            ColumnMut::U8(returned),
        ]
    }
}
