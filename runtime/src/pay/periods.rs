//! The periods of lines, as numbers and as words.

use crate::engine::lines::OWN_PERIOD;
use crate::output::batch::Cells;
use crate::pay::line_columns::LineColumns;
use crate::pay::paid_rule::{PaidRule, Source};
use meed_compiler::plan::{Period, Plan};
use rustc_hash::FxHashMap;

/// In place of the number of a period that nobody asked for.
const UNKNOWN: i32 = i32::MIN;

/// The periods of lines.
pub(super) struct Periods<'a> {
    plan: &'a Plan,
    through: i32,
    source: Source,
    kind: Period,
    /// By day of the program, the number of its period, once a line has been of that day; before that [`UNKNOWN`].
    numbers: Vec<i32>,
}

impl<'a> Periods<'a> {
    pub fn new(rule: &PaidRule<'a>) -> Self {
        let plan = rule.plan;
        let (kind, n_days) = match rule.source {
            // Days of longer programs are looked up one by one.
            Source::Event(_) => (plan.calendar.told_by(), plan.active.to.saturating_sub(plan.active.from).min(100_000)),
            Source::Periods(period) => (period, -1),
        };
        let numbers = vec![UNKNOWN; usize::try_from(n_days.saturating_add(1)).unwrap_or(0)];
        Self { plan, through: rule.result.through, source: rule.source, kind, numbers }
    }

    /// The numbers of the periods of lines.
    pub fn numbers(&mut self, lines: &LineColumns) -> Vec<i32> {
        match self.source {
            Source::Event(_) => lines.days.iter().map(|&day| self.number_of_day(day)).collect(),
            Source::Periods(_) => lines.periods.clone(),
        }
    }

    fn number_of_day(&mut self, day: i32) -> i32 {
        let place = day.wrapping_sub(self.plan.active.from) as usize;
        if let Some(&known) = self.numbers.get(place)
            && known != UNKNOWN
        {
            return known;
        }
        let number = self.plan.calendar.index(self.kind, day);
        if let Some(known) = self.numbers.get_mut(place) {
            *known = number;
        }
        number
    }

    /// The kind of the periods, and the numbers of the first and the last one in which there can be lines; none where these are not to be
    /// known ahead.
    pub fn span(&self) -> Option<(Period, i32, i32)> {
        let calendar = &self.plan.calendar;
        let number = |day| calendar.knows(self.kind, day).then(|| calendar.index(self.kind, day));
        if self.kind == Period::OwnYear || calendar.settled.is_some() {
            return None;
        }
        Some((self.kind, number(self.plan.active.from)?, number(self.plan.active.to)?))
    }

    /// Whether the period of a number has not ended by the run's date.
    pub fn is_open(&self, number: i32) -> bool {
        match self.source {
            Source::Event(_) => false,
            Source::Periods(period) => !self.plan.has_ended(period, number, self.through),
        }
    }

    /// The period that a line is booked in: that of its row, whose number is given, or of the close that it became known in.
    pub fn booked_of(&self, lines: &LineColumns, line: usize, number: i32) -> (Period, i32) {
        match lines.booked.get(line) {
            None | Some(&OWN_PERIOD) => (self.kind, number),
            Some(&booked) => (self.plan.calendar.told_by(), booked),
        }
    }

    /// The names of periods of the rows' own kind, as few words again and again.
    pub fn cells(&self, numbers: &[i32]) -> Cells {
        self.cells_of(numbers.len(), |row| (self.kind, numbers[row]))
    }

    /// The same of periods of several kinds.
    pub fn cells_of(&self, n_rows: usize, period: impl Fn(usize) -> (Period, i32)) -> Cells {
        let mut known: Vec<(Period, i32)> = Vec::new();
        let mut places: FxHashMap<(Period, i32), u16> = FxHashMap::default();
        let mut codes: Vec<u16> = Vec::with_capacity(n_rows);
        let mut before = None;
        for row in 0..n_rows {
            let period = period(row);
            match (before, codes.last()) {
                (Some(before), Some(&code)) if before == period => codes.push(code),
                _ => codes.push(*places.entry(period).or_insert_with(|| {
                    known.push(period);
                    (known.len() - 1) as u16
                })),
            }
            before = Some(period);
        }
        let name = |&(kind, number): &(Period, i32)| self.plan.calendar.name(kind, number);
        Cells::Words { words: known.iter().map(name).collect(), codes }
    }
}
