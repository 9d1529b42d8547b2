//! The period of a day, looked up where days are many.

use meed_compiler::plan::{Calendar, Period};

/// Spans longer than this are worked out day by day.
const LONGEST: i64 = 200_000;

/// The numbers of the periods of one kind that hold the days of a span.
#[derive(Clone, Debug)]
pub(super) struct PeriodOf {
    calendar: Calendar,
    period: Period,
    first_day: i32,
    numbers: Vec<i32>,
}

impl PeriodOf {
    /// The periods of the days from `first` to `last`.
    pub fn new(calendar: Calendar, period: Period, first: i32, last: i32) -> Self {
        let short = period != Period::Program && i64::from(last) - i64::from(first) < LONGEST;
        let numbers = if short { (first..=last).map(|day| calendar.index(period, day)).collect() } else { Vec::new() };
        Self { calendar, period, first_day: first, numbers }
    }

    /// The number of the period that holds `day`.
    pub fn number(&self, day: i32) -> i32 {
        let known = day.checked_sub(self.first_day).and_then(|idx| self.numbers.get(usize::try_from(idx).ok()?));
        known.copied().unwrap_or_else(|| self.calendar.index(self.period, day))
    }
}
