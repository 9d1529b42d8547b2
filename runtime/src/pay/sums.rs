//! Sums of lines by payee and period where nothing is wanted of the lines themselves: a number for each payee and period, and no order.

use crate::engine::lines::LineRows;
use crate::engine::origin::Origin;
use crate::pay::periods::Periods;
use crate::pay::rule_lines::RuleLines;
use crate::pay::totals::Total;
use meed_compiler::plan::{Period, RecordId, UnitId};

/// As many numbers are worth having however few the lines are.
const FEW: usize = 1 << 16;

/// Sums of the lines of a rule whose payees are of one kind, in one unit.
pub(super) struct Sums {
    kind: RecordId,
    unit: UnitId,
    period: Period,
    /// The number of the first period.
    first: i32,
    n_periods: usize,
    /// By payee and period.
    sums: Vec<i128>,
}

impl RuleLines<'_> {
    /// The sums of all lines in their order; none where they have to be told apart by more than payee and period, or payees and
    /// periods are many more than lines.
    pub fn sums(&self) -> Option<Vec<Total>> {
        let periods = Periods::new(&self.context);
        let mut sums = Sums::new(self, &periods, self.n_lines())?;
        sums.add(self, &periods)?;
        Some(sums.rows())
    }
}

impl Sums {
    /// No lines yet, of as many as these in all.
    pub fn new(rule: &RuleLines<'_>, periods: &Periods<'_>, n_lines: usize) -> Option<Self> {
        let [(kind, keys)] = rule.kinds[..] else { return None };
        let plan = rule.context.plan;
        if plan.calendar.settled.is_some() {
            return None;
        }
        let (period, from, to) = periods.span(plan)?;
        let n_periods = usize::try_from(to.checked_sub(from)?.checked_add(1)?).ok()?;
        let n_sums = keys.len().checked_mul(n_periods)?;
        if n_sums > FEW.max(n_lines) {
            return None;
        }
        let unit = rule.versions.first()?.unit;
        Some(Self { kind, unit, period, first: from, n_periods, sums: vec![0; n_sums] })
    }

    /// Adds lines; none where one of them is not among those that these sums are for.
    pub fn add(&mut self, rule: &RuleLines<'_>, periods: &Periods<'_>) -> Option<()> {
        for version in &rule.versions {
            let said = version.lines.said();
            let is_alike = said.units.is_empty() && said.booked.is_empty() && said.takings.is_empty();
            if !is_alike || version.unit != self.unit {
                return None;
            }
            match &rule.context.origin {
                Origin::Event { days, .. } => {
                    self.add_lines(&version.lines, |root| periods.number_of_day(days[root as usize]))?;
                }
                Origin::EntityPeriods { periods, .. } => {
                    self.add_lines(&version.lines, |root| periods.period[root as usize])?;
                }
            }
        }
        Some(())
    }

    fn add_lines(&mut self, lines: &LineRows, number: impl Fn(u32) -> i32) -> Option<()> {
        for ((&payee, &root), &amount) in lines.payees.iter().zip(lines.roots()).zip(&lines.amounts) {
            let period = usize::try_from(number(root).checked_sub(self.first)?).ok();
            let period = period.filter(|period| *period < self.n_periods)?;
            self.sums[payee as usize * self.n_periods + period] += i128::from(amount);
        }
        Some(())
    }

    /// The sums, in the order of payees and periods.
    pub fn rows(&self) -> Vec<Total> {
        let total = |(place, &sum): (usize, &i128)| Total {
            payee: (self.kind, (place / self.n_periods) as u32),
            period: (self.period, self.first + (place % self.n_periods) as i32),
            unit: self.unit,
            sum,
        };
        self.sums.iter().enumerate().filter(|(_, sum)| **sum != 0).map(total).collect()
    }
}
