//! Sums of lines by payee and period, as lines go by.

use meed_compiler::plan::{Period, Plan, RecordId, UnitId};

/// Sums of lines as they go by, by payee, period and unit.
pub(super) struct Totals<'a> {
    pub rows: Vec<Total>,
    /// Of the payee that lines go by with, by period and unit; of one period alone where lines come in the order of theirs.
    open: Vec<Total>,
    /// The calendar, where lines are booked in other periods than those that they come in the order of.
    booked: Option<&'a Plan>,
}

pub(super) struct Total {
    /// The record of the payee and its row.
    pub payee: (RecordId, u32),
    pub period: (Period, i32),
    pub unit: UnitId,
    pub sum: i128,
}

impl<'a> Totals<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        let booked = plan.calendar.settled.map(|_| plan);
        Self { rows: Vec::new(), open: Vec::new(), booked }
    }

    /// Adds a line.
    pub fn add(&mut self, payee: (RecordId, u32), period: (Period, i32), unit: UnitId, amount: i64) {
        let is_booked = self.booked.is_some();
        if self.open.first().is_some_and(|open| open.payee != payee || !is_booked && open.period != period) {
            self.end();
        }
        match self.open.iter_mut().find(|open| open.unit == unit && open.period == period) {
            Some(open) => open.sum += i128::from(amount),
            None => self.open.push(Total { payee, period, unit, sum: amount.into() }),
        }
    }

    /// Says that the lines of a payee are all there.
    pub fn end(&mut self) {
        match self.booked {
            Some(plan) => self.open.sort_by_key(|open| {
                let days = plan.calendar.days(open.period.0, open.period.1, plan.active);
                (days.to, days.from, open.unit)
            }),
            None => self.open.sort_by_key(|open| open.unit),
        }
        self.rows.extend(self.open.drain(..).filter(|open| open.sum != 0));
    }
}
