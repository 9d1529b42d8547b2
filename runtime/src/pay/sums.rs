//! Sums of lines by payee and period where nothing is wanted of the lines themselves: a number for each payee and period, and no order.

use crate::pay::line_columns::LineColumns;
use crate::pay::page_lines::{PageLines, Wanted};
use crate::pay::paid_rule::PaidRule;
use crate::pay::periods::Periods;
use crate::pay::totals::Total;
use crate::store::error::StoreError;
use meed_compiler::plan::{Period, RecordId, UnitId};

/// As many numbers are worth having however few the lines are.
const FEW: usize = 1 << 16;
/// Lines that are added together.
const BLOCK: usize = 1 << 14;

/// The sums of all lines of a rule, in their order; none where they have to be told apart by more than payee and period, or payees and
/// periods are many more than lines.
pub(super) fn sums(rule: &PaidRule<'_>) -> Result<Option<Vec<Total>>, StoreError> {
    let mut periods = Periods::new(rule);
    let Some(mut sums) = Sums::new(rule, &periods) else { return Ok(None) };
    let wanted = Wanted { keys: false, numbers: false };
    for page in 0..rule.n_pages {
        let lines = PageLines::new(rule, page)?;
        for from in (0..lines.n_lines).step_by(BLOCK) {
            let block = lines.columns(from, lines.n_lines.min(from + BLOCK), wanted);
            let numbers = periods.numbers(&block);
            if sums.add(&block, &numbers).is_none() {
                return Ok(None);
            }
        }
    }
    Ok(Some(sums.rows()))
}

/// Sums of the lines of a rule whose payees are of one kind, in one unit.
struct Sums {
    kind: RecordId,
    unit: UnitId,
    period: Period,
    /// The number of the first period.
    first: i32,
    n_periods: usize,
    /// By payee and period.
    sums: Vec<i128>,
}

impl Sums {
    fn new(rule: &PaidRule<'_>, periods: &Periods<'_>) -> Option<Self> {
        let ([(kind, keys)], [_]) = (&rule.kinds[..], &rule.plan.units[..]) else { return None };
        let (period, first, last) = periods.span()?;
        let n_periods = usize::try_from(last.checked_sub(first)?.checked_add(1)?).ok()?;
        // Lines of many pages are not held, and their sums are to take no more than the rows may.
        let most = match rule.paged_event() {
            Some(record) => rule.loaded.memory(record).page_bytes / size_of::<i128>(),
            None => FEW.max(rule.n_lines()),
        };
        let n_sums = keys.len().checked_mul(n_periods).filter(|n_sums| *n_sums <= most)?;
        Some(Self { kind: *kind, unit: UnitId::CURRENCY, period, first, n_periods, sums: vec![0; n_sums] })
    }

    /// Adds lines; none where one of them is not among those that these sums are for.
    fn add(&mut self, lines: &LineColumns, numbers: &[i32]) -> Option<()> {
        if !lines.booked.is_empty() {
            return None;
        }
        for ((&payee, &amount), &number) in lines.payees.iter().zip(&lines.amounts).zip(numbers) {
            let period = usize::try_from(number.checked_sub(self.first)?).ok();
            let period = period.filter(|period| *period < self.n_periods)?;
            self.sums[payee as usize * self.n_periods + period] += i128::from(amount);
        }
        Some(())
    }

    /// The sums, in the order of payees and periods.
    fn rows(&self) -> Vec<Total> {
        let total = |(place, &sum): (usize, &i128)| Total {
            payee: (self.kind, (place / self.n_periods) as u32),
            period: (self.period, self.first + (place % self.n_periods) as i32),
            unit: self.unit,
            sum,
        };
        self.sums.iter().enumerate().filter(|(_, sum)| **sum != 0).map(total).collect()
    }
}
