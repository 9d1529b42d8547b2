//! Sums of lines by payee and period, as lines go by.

use crate::pay::rule_lines::LineRef;
use meed_compiler::plan::RecordId;

/// Sums of lines as they go by, by payee and period.
#[derive(Default)]
pub(super) struct Totals {
    pub rows: Vec<Total>,
    open: Option<Total>,
}

pub(super) struct Total {
    /// The record of the payee and its row.
    pub payee: (RecordId, u32),
    pub period: i32,
    pub sum: i128,
}

impl Totals {
    pub fn add(&mut self, line: &LineRef<'_>, period: i32) {
        let payee = (line.version.payee, line.payee);
        match &mut self.open {
            Some(open) if open.payee == payee && open.period == period => open.sum += i128::from(line.amount),
            Some(_) | None => {
                self.end();
                self.open = Some(Total { payee, period, sum: line.amount.into() });
            }
        }
    }

    /// Says that the lines of a payee are all there.
    pub fn end(&mut self) {
        self.rows.extend(self.open.take().filter(|open| open.sum != 0));
    }
}
