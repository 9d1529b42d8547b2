//! Sums of lines by payee and period, as lines go by.

use crate::pay::rule_lines::LineRef;
use meed_compiler::plan::{RecordId, UnitId};

/// Sums of lines as they go by, by payee, period and unit.
#[derive(Default)]
pub(super) struct Totals {
    pub rows: Vec<Total>,
    /// Of the payee and period that lines go by with, by unit.
    open: Vec<Total>,
}

pub(super) struct Total {
    /// The record of the payee and its row.
    pub payee: (RecordId, u32),
    pub period: i32,
    pub unit: UnitId,
    pub sum: i128,
}

impl Totals {
    pub fn add(&mut self, line: &LineRef<'_>, period: i32) {
        let payee = (line.kind, line.payee);
        if self.open.first().is_some_and(|open| open.payee != payee || open.period != period) {
            self.end();
        }
        match self.open.iter_mut().find(|open| open.unit == line.unit) {
            Some(open) => open.sum += i128::from(line.amount),
            None => self.open.push(Total { payee, period, unit: line.unit, sum: line.amount.into() }),
        }
    }

    /// Says that the lines of a payee are all there.
    pub fn end(&mut self) {
        self.open.sort_by_key(|open| open.unit);
        self.rows.extend(self.open.drain(..).filter(|open| open.sum != 0));
    }
}
