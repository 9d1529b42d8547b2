//! The periods of lines, as numbers and as words.

use crate::engine::lines::OWN_PERIOD;
use crate::engine::origin::Origin;
use crate::output::batch::Cells;
use crate::pay::rule_lines::{LineRef, OutputContext};
use crate::store::pages::DateSpan;
use meed_compiler::plan::Period;
use rustc_hash::FxHashMap;

/// The periods of lines.
pub(super) struct Periods<'a> {
    context: &'a OutputContext<'a>,
    kind: Period,
    /// By day of an event, from the first.
    numbers: Vec<i32>,
    first_day: i32,
}

impl<'a> Periods<'a> {
    pub fn new(context: &'a OutputContext<'a>) -> Self {
        let (kind, first_day, last_day) = match &context.origin {
            Origin::Event { days, .. } => {
                let DateSpan { first, last } = DateSpan::of(days);
                (context.plan.calendar.told_by(), first, last)
            }
            Origin::EntityPeriods { period, .. } => (*period, 0, 0),
        };
        // Days far apart are looked up one by one.
        let last_day = last_day.min(first_day.saturating_add(100_000));
        let numbers = (first_day..=last_day).map(|day| context.plan.calendar.index(kind, day)).collect();
        Self { context, kind, numbers, first_day }
    }

    /// The number of the period of a line.
    pub fn number(&self, line: &LineRef<'_>) -> i32 {
        match &self.context.origin {
            Origin::Event { .. } => {
                let day = self.context.day(line);
                let known = self.numbers.get(day.wrapping_sub(self.first_day) as usize);
                known.copied().unwrap_or_else(|| self.context.plan.calendar.index(self.kind, day))
            }
            Origin::EntityPeriods { periods, .. } => periods.period[line.root as usize],
        }
    }

    /// Whether the period has not ended by the run's date.
    pub fn is_open(&self, root: u32) -> bool {
        self.context.origin.is_open(self.context.plan, root, self.context.through)
    }

    /// The period that a line is booked in: that of its row, or of the close that it became known in.
    pub fn booked_of(&self, line: &LineRef<'_>, number: i32) -> (Period, i32) {
        match line.booked {
            OWN_PERIOD => (self.kind, number),
            booked => (self.context.plan.calendar.told_by(), booked),
        }
    }

    /// The names of periods of the rows' own kind, as few words again and again.
    pub fn cells(&self, numbers: &[i32]) -> Cells {
        self.cells_of(&numbers.iter().map(|&number| (self.kind, number)).collect::<Vec<_>>())
    }

    /// The same of periods of several kinds.
    pub fn cells_of(&self, numbers: &[(Period, i32)]) -> Cells {
        let mut known: Vec<(Period, i32)> = Vec::new();
        let mut places: FxHashMap<(Period, i32), u16> = FxHashMap::default();
        let mut codes: Vec<u16> = Vec::with_capacity(numbers.len());
        for (row, &number) in numbers.iter().enumerate() {
            if row > 0 && numbers[row - 1] == number {
                codes.push(codes[row - 1]);
                continue;
            }
            codes.push(*places.entry(number).or_insert_with(|| {
                known.push(number);
                (known.len() - 1) as u16
            }));
        }
        let name = |&(kind, number): &(Period, i32)| self.context.plan.calendar.name(kind, number);
        Cells::Words { words: known.iter().map(name).collect(), codes }
    }
}
