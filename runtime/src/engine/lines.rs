//! Payment lines as columns.

use crate::store::error::StoreError;
use crate::store::paged::{ColumnMut, Columns, Paged};
use meed_compiler::data::{Output, Rows};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Installments, RecordId, UnitId};
use meed_compiler::value::division::equal_parts;
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
    /// The day on which each is due, or [`NO_DUE`]; empty where nothing is said of that.
    dues: Vec<i32>,
    /// The return that takes each back, by its number among those of the event from 1, or 0; empty where none is taken back. Those that
    /// are come last.
    takings: Vec<u32>,
}

/// What is said of each line; a column is empty where the same holds for all of them.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    /// See [`LineRows::place`].
    pub places: &'a [u32],
    /// See [`LineRows::booked`].
    pub booked: &'a [i32],
    /// See [`LineRows::due`].
    pub dues: &'a [i32],
    /// See [`LineRows::taking`].
    pub takings: &'a [u32],
}

/// So many amounts are added up at a time.
const SUMMED: usize = 1 << 12;
/// So many amounts, none larger than this, add up to no more than a word holds.
const MODERATE: u64 = (i64::MAX as u64) >> 12;

/// Where a line is booked in the period that its row belongs to.
pub(crate) const OWN_PERIOD: i32 = i32::MIN;

/// In place of the day on which a line is due: nothing is said of it, or it was never held.
pub(crate) const NO_DUE: i32 = i32::MIN;

/// A line of one of several versions of a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// The row of the event, or of the entity periods, that it comes from in the end.
    pub root: u32,
    pub payee: u32,
    pub amount: i64,
    pub unit: UnitId,
    pub place: u32,
    pub kind: RecordId,
    pub booked: i32,
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

impl Lines {
    /// No lines yet.
    pub(super) fn new(pages: Paged<LineRows>) -> Self {
        Self { pages, ..Self::default() }
    }

    /// Adds a page of lines, of this unit where they do not say their own.
    pub(super) fn push(&mut self, lines: LineRows, usual: UnitId) -> Result<(), StoreError> {
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
        for amounts in amounts.chunks(SUMMED) {
            let largest = amounts.iter().fold(0, |largest, amount| amount.unsigned_abs().max(largest));
            // Mostly amounts are so small that their sum has room in a word.
            known.sum += if largest <= MODERATE {
                i128::from(amounts.iter().sum::<i64>())
            } else {
                amounts.iter().map(|&amount| i128::from(amount)).sum()
            };
        }
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
    /// Those that a page of rows has made, with the unit of each where they do not all have one, which empties `output`.
    pub(super) fn made(output: &mut Output, rows: &Rows, units: Vec<u32>) -> Self {
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
        Self {
            rows: std::mem::take(&mut output.rows),
            payees: std::mem::take(&mut output.payees),
            amounts: std::mem::take(&mut output.amounts),
            roots,
            units,
            places,
            kinds: std::mem::take(&mut output.kinds),
            booked: Vec::new(),
            known_on: Vec::new(),
            dues: std::mem::take(&mut output.dues),
            takings,
        }
    }

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

    /// Each line in equal parts, with the days on which the parts of a line are due.
    pub(super) fn in_parts(self, parts: Installments, mut due: impl FnMut(&Self, usize) -> Vec<i32>) -> Self {
        let mut paid = Self::default();
        for idx in 0..self.len() {
            let before = (self.place(idx) - 1) * parts.number;
            for ((number, amount), day) in (1..).zip(equal_parts(self.amounts[idx], parts.number)).zip(due(&self, idx))
            {
                if amount == 0 {
                    continue;
                }
                paid.amounts.push(amount);
                paid.places.push(before + number);
                paid.dues.push(day);
                paid.rows.push(self.rows[idx]);
                paid.payees.push(self.payees[idx]);
                // A column that is left out says the same of all lines.
                paid.roots.extend(self.roots.get(idx));
                paid.units.extend(self.units.get(idx));
                paid.kinds.extend(self.kinds.get(idx));
                paid.takings.extend(self.takings.get(idx));
            }
        }
        paid
    }

    /// Adds what a return of this day takes back of a line, for whoever has got that; what is due later is taken back then.
    pub(super) fn take_back(&mut self, idx: usize, amount: i64, taking: u32, day: i32) {
        let due = self.dues.get(idx).map(|due| day.max(*due));
        self.dues.extend(due);
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

    /// What is said of each line, where something is said of them.
    pub(crate) fn said(&self) -> Said<'_> {
        let Self { places, booked, dues, takings, .. } = self;
        Said { places, booked, dues, takings }
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
