//! The periods of lines, as numbers and as words.

use crate::engine::lines::OWN_PERIOD;
use crate::engine::origin::Origin;
use crate::output::batch::Cells;
use crate::pay::line_columns::LineColumns;
use crate::pay::rule_lines::OutputContext;
use crate::store::pages::DateSpan;
use meed_compiler::plan::{Period, Plan};
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

    /// The numbers of the periods of lines.
    pub fn numbers(&self, lines: &LineColumns) -> Vec<i32> {
        match &self.context.origin {
            Origin::Event { .. } => lines.days.iter().map(|day| self.number_of_day(*day)).collect(),
            Origin::EntityPeriods { periods, .. } => {
                lines.roots.iter().map(|&root| periods.period[root as usize]).collect()
            }
        }
    }

    /// The number of the period of an event's day.
    pub fn number_of_day(&self, day: i32) -> i32 {
        let known = self.numbers.get(day.wrapping_sub(self.first_day) as usize);
        known.copied().unwrap_or_else(|| self.context.plan.calendar.index(self.kind, day))
    }

    /// The kind of the periods, and the numbers of the first and the last one in which there can be lines; none where these are no
    /// periods of the program.
    pub fn span(&self, plan: &Plan) -> Option<(Period, i32, i32)> {
        let number = |day| plan.calendar.knows(self.kind, day).then(|| plan.calendar.index(self.kind, day));
        match &self.context.origin {
            Origin::Event { .. } => Some((self.kind, number(plan.active.from)?, number(plan.active.to)?)),
            Origin::EntityPeriods { periods, .. } => {
                let (first, last) = (periods.period.iter().min()?, periods.period.iter().max()?);
                Some((self.kind, *first, *last))
            }
        }
    }

    /// Whether the period has not ended by the run's date.
    pub fn is_open(&self, root: u32) -> bool {
        self.context.origin.is_open(self.context.plan, root, self.context.through)
    }

    /// The period that a line is booked in: that of its row, or of the close that it became known in.
    pub fn booked_of(&self, booked: i32, number: i32) -> (Period, i32) {
        match booked {
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
