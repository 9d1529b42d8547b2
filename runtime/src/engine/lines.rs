//! Payment lines as columns, what they come from, and lines as the stream of another rule.

use crate::engine::credits::NOBODY;
use crate::engine::result::RunResult;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::paged::{ColumnMut, Columns, Paged};
use meed_compiler::data::{Output, Payments, Rows};
use meed_compiler::internal::broken;
use meed_compiler::plan::{LineKind, Period, Plan, RecordId, RuleId, Stream, UnitId, VersionId};
use std::borrow::Cow;

/// The lines of one rule (one version of it), in the order of its stream.
#[derive(Debug, Default)]
pub struct Lines {
    /// By page of the rows that the rule reads.
    pages: Paged<LineRows>,
    n_lines: usize,
    sums: Vec<(UnitId, LineSum)>,
    largest: u64,
}

/// The units of lines.
pub(super) enum LineUnits {
    /// All are of one.
    One(UnitId),
    /// By line.
    Each(Vec<u32>),
}

/// Lines as columns.
#[derive(Clone, Debug, Default)]
pub struct LineRows {
    /// The row of the rule's stream.
    pub rows: Vec<u32>,
    /// The payee's row.
    pub payees: Vec<u32>,
    /// Smallest units, not zero.
    pub amounts: Vec<i64>,
    /// For a rule over payments, the row of the event, or of the entity periods, that the payment comes from in the end; empty for
    /// others.
    roots: Vec<u32>,
    /// The unit of each, where rows name their currencies; empty where all are of one.
    units: Vec<u32>,
    /// The place of each among the lines of its row, from 1; empty where a row has one line.
    places: Vec<u32>,
    /// The kind of party of each; empty where the rule pays one kind.
    kinds: Vec<u32>,
    /// The period of the close that each is booked in, or [`OWN_PERIOD`]; empty where the program is settled once.
    booked: Vec<i32>,
    /// The day of the close that booked each; empty where the program is settled once.
    known_on: Vec<i32>,
    /// The day on which each that was held is due, or [`NO_DUE`]; empty where the rule holds nothing.
    dues: Vec<i32>,
    /// The return that takes each back, by its number among those of the event from 1, or 0; empty where none is taken back. Those that
    /// are come last.
    takings: Vec<u32>,
}

/// Where a line is booked in the period that its row belongs to.
pub(crate) const OWN_PERIOD: i32 = i32::MIN;

/// In place of the day on which a line is due: it was never held.
pub(crate) const NO_DUE: i32 = i32::MIN;

/// A line of one of several versions of a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Its place among the versions.
    pub version: u32,
    /// The row of the event, or of the entity periods, that it comes from in the end.
    pub root: u32,
    pub payee: u32,
    pub amount: i64,
    pub unit: UnitId,
    pub place: u32,
    pub kind: RecordId,
    pub booked: i32,
    /// The day on which it is due, or [`NO_DUE`].
    pub due: i32,
    /// The return that takes it back, or 0.
    pub taking: u32,
}

/// Lines of one unit together.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineSum {
    /// How many.
    pub n_lines: u64,
    /// What they add up to, in smallest units.
    pub sum: i128,
}

/// What the lines of a rule come from in the end.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// Rows of an event, with their days.
    Event {
        /// The event.
        record: RecordId,
        /// By row of the stream.
        days: &'a [i32],
        /// By row of the stream, the row of the event, where they come by another date than the event's own.
        rows: Option<&'a [u32]>,
    },
    /// Rows of an entity and a period each.
    EntityPeriods {
        /// The entity.
        record: RecordId,
        /// The kind of period.
        period: Period,
        /// The rows.
        periods: &'a meed_compiler::data::EntityPeriods,
    },
}

impl Lines {
    /// No lines yet.
    pub(super) fn new(pages: Paged<LineRows>) -> Self {
        Self { pages, ..Self::default() }
    }

    /// Adds the lines of the next page, and empties `output`.
    pub(super) fn push(&mut self, output: &mut Output, rows: &Rows, units: LineUnits) -> Result<(), StoreError> {
        self.n_lines += output.amounts.len();
        match &units {
            LineUnits::One(unit) => self.add(*unit, &output.amounts),
            LineUnits::Each(units) => {
                units.iter().zip(&output.amounts).for_each(|(unit, amount)| self.add(UnitId(*unit), &[*amount]));
            }
        }
        let largest = output.amounts.iter().map(|amount| amount.unsigned_abs()).max();
        self.largest = self.largest.max(largest.unwrap_or(0));
        let roots = match rows {
            Rows::Payments(payments) => output.rows.iter().map(|&row| payments.root[row as usize]).collect(),
            Rows::Events { .. } | Rows::ByDate(_) | Rows::EntityPeriods(_) => Vec::new(),
        };
        let places = match rows {
            // Payments for the parts of a split are told apart as these are.
            Rows::Payments(payments) if output.places.is_empty() && payments.place.iter().any(|place| *place != 1) => {
                output.rows.iter().map(|&row| payments.place[row as usize]).collect()
            }
            _ => std::mem::take(&mut output.places),
        };
        let takings = match rows {
            Rows::Payments(payments) if !payments.taking.is_empty() => {
                output.rows.iter().map(|&row| payments.taking[row as usize]).collect()
            }
            _ => Vec::new(),
        };
        self.pages.push(LineRows {
            rows: std::mem::take(&mut output.rows),
            payees: std::mem::take(&mut output.payees),
            amounts: std::mem::take(&mut output.amounts),
            roots,
            units: if let LineUnits::Each(units) = units { units } else { Vec::new() },
            places,
            kinds: std::mem::take(&mut output.kinds),
            booked: Vec::new(),
            known_on: Vec::new(),
            dues: Vec::new(),
            takings,
        })
    }

    /// Adds a page of lines, of this unit where they do not say their own.
    pub(super) fn push_rows(&mut self, lines: LineRows, usual: UnitId) -> Result<(), StoreError> {
        self.n_lines += lines.len();
        if lines.units.is_empty() {
            self.add(usual, &lines.amounts);
        }
        lines.units.iter().zip(&lines.amounts).for_each(|(unit, amount)| self.add(UnitId(*unit), &[*amount]));
        let largest = lines.amounts.iter().map(|amount| amount.unsigned_abs()).max();
        self.largest = self.largest.max(largest.unwrap_or(0));
        self.pages.push(lines)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.n_lines
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_lines == 0
    }

    fn add(&mut self, unit: UnitId, amounts: &[i64]) {
        let place = self.sums.iter().position(|(known, _)| *known == unit).unwrap_or_else(|| {
            self.sums.push((unit, LineSum::default()));
            self.sums.len() - 1
        });
        let known = &mut self.sums[place].1;
        known.n_lines += amounts.len() as u64;
        known.sum += amounts.iter().map(|&amount| i128::from(amount)).sum::<i128>();
    }

    /// By unit, how many they are and what they add up to.
    pub fn sums(&self) -> &[(UnitId, LineSum)] {
        &self.sums
    }

    /// The largest amount, whatever its sign.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// All lines; `None` where the rows that the rule reads are not held in memory, and so their lines are not either.
    pub fn whole(&self) -> Option<&LineRows> {
        self.pages.whole()
    }

    /// All lines of a rule over tables that are seen whole.
    #[track_caller]
    pub(crate) fn all(&self) -> &LineRows {
        self.whole().unwrap_or_else(|| broken("lines of several pages, where all were to be one"))
    }

    /// How many pages what the rule reads has.
    pub(crate) fn n_pages(&self) -> usize {
        self.pages.len()
    }

    /// The lines of a page, with rows counted from its first.
    pub(crate) fn page(&self, page: usize) -> Result<Cow<'_, LineRows>, StoreError> {
        self.pages.get(page)
    }
}

impl Columns for LineRows {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        let Self { rows, payees, amounts, roots, units, places, kinds, booked, known_on, dues, takings } = self;
        vec![
            ColumnMut::U32(rows),
            ColumnMut::U32(payees),
            ColumnMut::I64(amounts),
            ColumnMut::U32(roots),
            ColumnMut::U32(units),
            ColumnMut::U32(places),
            ColumnMut::U32(kinds),
            ColumnMut::I32(booked),
            ColumnMut::I32(known_on),
            ColumnMut::I32(dues),
            ColumnMut::U32(takings),
        ]
    }
}

impl LineRows {
    /// Lines of these rows, with nothing said of their places and kinds yet.
    pub(crate) fn new(rows: Vec<u32>, payees: Vec<u32>, amounts: Vec<i64>, units: Vec<u32>) -> Self {
        Self { rows, payees, amounts, units, ..Self::default() }
    }

    /// The same, with the place of each among the lines of its row, and the kind of party that it is for.
    pub(crate) fn with_parts(self, places: Vec<u32>, kinds: Vec<u32>) -> Self {
        Self { places, kinds, ..self }
    }

    /// The same, with the period of the close that each is booked in.
    pub(crate) fn booked_in(self, booked: Vec<i32>) -> Self {
        Self { booked, ..self }
    }

    /// The same, with the day of the close that booked each.
    pub(super) fn known_on(self, known_on: Vec<i32>) -> Self {
        Self { known_on, ..self }
    }

    /// The day of the close that booked a line in a later period than its own; none of others.
    pub(super) fn closed_on(&self, idx: usize) -> Option<i32> {
        (self.booked(idx) != OWN_PERIOD).then(|| self.known_on.get(idx).copied()).flatten()
    }

    /// The same, with the day on which each is due.
    pub(crate) fn due_on(self, dues: Vec<i32>) -> Self {
        Self { dues, ..self }
    }

    /// The day on which a line is due, or [`NO_DUE`].
    pub fn due(&self, idx: usize) -> i32 {
        self.dues.get(idx).copied().unwrap_or(NO_DUE)
    }

    /// The lines whose day fits, each with its unit, place, kind and day.
    pub(super) fn only(&self, unit: UnitId, kind: RecordId, days: &[i32], fits: impl Fn(i32) -> bool) -> Self {
        let chosen: Vec<usize> = (0..self.len()).filter(|&idx| fits(days[idx])).collect();
        let of = |value: &dyn Fn(usize) -> u32| chosen.iter().map(|&idx| value(idx)).collect::<Vec<u32>>();
        Self {
            rows: of(&|idx| self.roots()[idx]),
            payees: of(&|idx| self.payees[idx]),
            amounts: chosen.iter().map(|&idx| self.amounts[idx]).collect(),
            roots: Vec::new(),
            units: of(&|idx| self.unit(idx, unit).0),
            places: of(&|idx| self.place(idx)),
            kinds: of(&|idx| self.kind(idx, kind).0),
            booked: chosen.iter().map(|&idx| self.booked(idx)).collect(),
            known_on: Vec::new(),
            dues: chosen.iter().map(|&idx| days[idx]).collect(),
            takings: if self.takings.is_empty() { Vec::new() } else { of(&|idx| self.taking(idx)) },
        }
    }

    /// The lines of which something is left, before they are booked.
    pub(super) fn without_zeros(mut self) -> Self {
        if self.amounts.contains(&0) {
            let left: Vec<bool> = self.amounts.iter().map(|amount| *amount != 0).collect();
            for column in self.columns() {
                match column {
                    ColumnMut::I64(values) => keep(values, &left),
                    ColumnMut::I32(values) => keep(values, &left),
                    ColumnMut::U32(values) => keep(values, &left),
                    ColumnMut::U8(values) => keep(values, &left),
                    ColumnMut::Keys(_) => broken("lines with keys"),
                }
            }
        }
        self
    }

    /// The same, with the return that takes each back.
    pub(crate) fn taken_by(self, takings: Vec<u32>) -> Self {
        let takings = if takings.iter().any(|taking| *taking > 0) { takings } else { Vec::new() };
        Self { takings, ..self }
    }

    /// Adds what a return takes back of a line, for whoever has got that.
    pub(super) fn take_back(&mut self, idx: usize, amount: i64, taking: u32) {
        self.takings.resize(self.rows.len(), 0);
        self.takings.push(taking);
        self.amounts.push(amount);
        // A column that is left out says the same of all lines.
        let Self { rows, payees, roots, units, places, kinds, .. } = self;
        for column in [rows, payees, roots, units, places, kinds] {
            column.extend(column.get(idx).copied());
        }
    }

    /// The return that takes a line back, by its number among those of the event from 1, or 0.
    pub fn taking(&self, idx: usize) -> u32 {
        self.takings.get(idx).copied().unwrap_or(0)
    }

    /// Whether some line is what a return takes back.
    pub fn has_takings(&self) -> bool {
        self.takings.iter().any(|taking| *taking > 0)
    }

    /// The lines of a row; of a rule of which returns take back what was paid, without that.
    pub(crate) fn of_row(&self, row: u32, takes_back: bool) -> Vec<usize> {
        let is_own = |idx: &usize| self.rows[*idx] == row && !(takes_back && self.taking(*idx) > 0);
        (0..self.len()).filter(is_own).collect()
    }

    /// The period of the close that a line is booked in, or [`OWN_PERIOD`].
    pub fn booked(&self, idx: usize) -> i32 {
        self.booked.get(idx).copied().unwrap_or(OWN_PERIOD)
    }

    /// The place of a line among those of its row, from 1.
    pub fn place(&self, idx: usize) -> u32 {
        self.places.get(idx).copied().unwrap_or(1)
    }

    /// The kind of party that a line is for, where the rule's is `usual` or parts have their own.
    pub fn kind(&self, idx: usize, usual: RecordId) -> RecordId {
        self.kinds.get(idx).map_or(usual, |kind| RecordId(*kind))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The unit of a line, where the rule's is `usual` or rows name their own.
    pub fn unit(&self, idx: usize, usual: UnitId) -> UnitId {
        self.units.get(idx).map_or(usual, |unit| UnitId(*unit))
    }

    /// The rows of the event, or of the entity periods, that the lines come from in the end.
    pub fn roots(&self) -> &[u32] {
        if self.roots.is_empty() { &self.rows } else { &self.roots }
    }
}

/// Keeps what is marked; a column that is left out has nothing.
fn keep<T>(values: &mut Vec<T>, marks: &[bool]) {
    let mut marks = marks.iter();
    values.retain(|_| marks.next() == Some(&true));
}

impl<'a> Origin<'a> {
    /// What the lines of a rule come from.
    pub fn of(plan: &Plan, id: VersionId, loaded: &'a Loaded, result: &'a RunResult) -> Option<Self> {
        match &plan.version(id).stream {
            Stream::Events(record) => {
                Some(Self::Event { record: *record, days: loaded.days(plan, *record), rows: None })
            }
            Stream::ByDate(record, _) => {
                result.dated(id).map(|dated| Self::Event { record: *record, days: &dated.when, rows: Some(&dated.row) })
            }
            Stream::Periods(record, period) => {
                result.periods(id).map(|periods| Self::EntityPeriods { record: *record, period: *period, periods })
            }
            Stream::Lines(rule, _) => plan.first_version(*rule).and_then(|id| Self::of(plan, id, loaded, result)),
        }
    }

    /// The day of a row.
    pub fn day(&self, root: u32) -> i32 {
        match self {
            Self::Event { days, .. } => days[root as usize],
            Self::EntityPeriods { periods, .. } => periods.last_day[root as usize],
        }
    }

    /// Whether a row is of a period that has not ended by a day.
    pub fn is_open(&self, plan: &Plan, root: u32, through: i32) -> bool {
        match self {
            Self::Event { .. } => false,
            Self::EntityPeriods { period, periods, .. } => {
                !plan.has_ended(*period, periods.period[root as usize], through)
            }
        }
    }

    /// The row of the event or the entity.
    pub fn source(&self, root: u32) -> u32 {
        match self {
            Self::Event { rows, .. } => rows.map_or(root, |rows| rows[root as usize]),
            Self::EntityPeriods { periods, .. } => periods.entity[root as usize],
        }
    }
}

/// The lines of all versions of a rule in a page as a stream, in the order of `when`, then of what is behind them.
pub(super) fn payments(
    plan: &Plan,
    rule: RuleId,
    kind: LineKind,
    loaded: &Loaded,
    result: &RunResult,
    page: usize,
) -> Result<Payments, StoreError> {
    let origin = plan.first_version(rule).and_then(|id| Origin::of(plan, id, loaded, result));
    let mut payments = Payments::default();
    let Some(origin) = origin else { broken(format!("payments of `{}` that come from nothing", plan.rule(rule).name)) };
    let mut found = in_order(plan, rule, &origin, loaded, result, page)?;
    if kind == LineKind::Original {
        found.retain(|line| line.taking == 0);
    }
    let when = |line: &Line| loaded.day_of_line(&origin, line.root, line.taking);
    let is_taken_back = found.iter().any(|line| line.taking > 0);
    for line in found {
        let Line { root, payee, amount, place, kind, taking, .. } = line;
        if is_taken_back {
            payments.taking.push(taking);
        }
        payments.root.push(root);
        payments.kind.push(kind);
        payments.place.push(place);
        payments.payee.push(payee);
        payments.amount.push(amount);
        payments.when.push(when(&line));
        payments.source.push(origin.source(root));
    }
    Ok(payments)
}

/// The lines of all versions of a rule in a page, those that returns take back on the days of these.
pub(crate) fn in_order(
    plan: &Plan,
    rule: RuleId,
    origin: &Origin<'_>,
    loaded: &Loaded,
    result: &RunResult,
    page: usize,
) -> Result<Vec<Line>, StoreError> {
    let mut found = result.merged(plan, plan.versions_of(rule), page)?;
    if found.iter().any(|line| line.taking > 0) {
        found.sort_by_key(|line| loaded.place_of_line(origin, line.root, line.taking));
    }
    Ok(found)
}

/// The credits of the rows found by a rule's splits in a page as a stream, in the same order; one of nobody is none.
pub(super) fn credits(
    plan: &Plan,
    rule: RuleId,
    loaded: &Loaded,
    result: &RunResult,
    page: usize,
) -> Result<Payments, StoreError> {
    let origin = plan.first_version(rule).and_then(|id| Origin::of(plan, id, loaded, result));
    let Some(origin) = origin else { broken(format!("credits of `{}` that come from nothing", plan.rule(rule).name)) };
    let versions: Vec<VersionId> = plan.versions_of(rule).collect();
    let known = versions.iter().map(|id| result.credits[id.index()].get(page)).collect::<Result<Vec<_>, _>>()?;
    let mut found: Vec<(usize, usize)> =
        known.iter().enumerate().flat_map(|(version, rows)| (0..rows.len()).map(move |idx| (version, idx))).collect();
    found.retain(|(version, idx)| known[*version].payees[*idx] != NOBODY);
    found.sort_by_key(|(version, idx)| known[*version].roots[*idx]);
    let mut credits = Payments::default();
    for (version, idx) in found {
        let rows = &known[version];
        let root = rows.roots[idx];
        credits.root.push(root);
        credits
            .kind
            .push(plan.payee_record(versions[version]).unwrap_or_else(|| broken("credits of no kind of party")));
        credits.place.push(rows.places[idx]);
        credits.payee.push(rows.payees[idx]);
        credits.amount.push(rows.amounts[idx]);
        credits.share.push(rows.share(idx));
        credits.base.push(rows.base(idx));
        credits.when.push(origin.day(root));
        credits.source.push(origin.source(root));
    }
    Ok(credits)
}

/// The rows of the event, or of the entity periods, behind these credits, in their order.
pub(crate) fn credited_rows(
    plan: &Plan,
    rule: RuleId,
    result: &RunResult,
    page: usize,
) -> Result<Vec<u32>, StoreError> {
    let mut roots = Vec::new();
    for id in plan.versions_of(rule) {
        let known = result.credits[id.index()].get(page)?;
        roots.extend((0..known.len()).filter(|&idx| known.payees[idx] != NOBODY).map(|idx| known.roots[idx]));
    }
    roots.sort_unstable();
    Ok(roots)
}
