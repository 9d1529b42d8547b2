//! Functions of days, by tables over three centuries; a day outside them is the interpreter's.

use super::checked_int::CheckedInt;
use super::emit::Flag;
use super::number::Number;
use super::row::RowCode;
use crate::data::Width;
use crate::internal::broken;
use crate::interpret::eval::{date_part, edge_of};
use crate::kernel::{DayTable, FIRST_DAY, Input, N_DAYS, N_MONTHS, NO_ANSWER};
use crate::plan::calendar::MonthEnds;
use crate::plan::calendar::{date_of, day_of};
use crate::plan::{Back, DatePart, Edge, Period, Plan, TimeUnit};
use crate::value::RoundingMode;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;

/// The days that a date may have, as the interpreter has it.
const YEARS_1_TO_9999: (i64, i64) = (-719_162, 2_932_896);

impl RowCode<'_, '_> {
    /// The day moved by a length of time, which must be whole.
    pub(super) fn add_time(&mut self, day: CheckedInt, count: Number, unit: TimeUnit) -> CheckedInt {
        let count = self.whole(count);
        match unit {
            TimeUnit::Days => {
                let moved = self.emit.add(day, count);
                let (first, last) = YEARS_1_TO_9999;
                let before = self.emit.is(IntCC::SignedLessThan, moved, first);
                let after = self.emit.is(IntCC::SignedGreaterThan, moved, last);
                let outside = self.emit.or(before, after);
                self.emit.raise(outside);
                CheckedInt::within(moved.value, first, last)
            }
            TimeUnit::Months => self.add_months(day, count),
            TimeUnit::Years => {
                let months = self.emit.scale(count, 12);
                self.add_months(day, months)
            }
        }
    }

    /// A number that must be whole.
    pub(super) fn whole(&mut self, count: Number) -> CheckedInt {
        if count.den == 1 && count.over.is_none() {
            return count.numerator;
        }
        let below = self.emit.round_number(count, RoundingMode::Downward, &crate::value::Exact::ONE);
        let back = Number::new(below, 1);
        let part = self.emit.compare_numbers(crate::plan::Comparison::NotEqual, count, back);
        self.emit.raise(part);
        below
    }

    fn add_months(&mut self, day: CheckedInt, count: CheckedInt) -> CheckedInt {
        let month = self.look_up(DayTable::Month, day);
        let moved = self.emit.add(month, count);
        let moved = self.inside(moved, i64::from(N_MONTHS));
        self.same_day(day, month, moved)
    }

    /// The day of month `moved` that `day` has in its own month; where the month is too short the program's rule decides.
    fn same_day(&mut self, day: CheckedInt, month: CheckedInt, moved: CheckedInt) -> CheckedInt {
        let own = self.month_start(month, 0);
        let (start, next) = (self.month_start(moved, 0), self.month_start(moved, 1));
        let into = self.emit.subtract(day, own);
        let same = self.emit.add(start, into);
        let latest = match self.plan.calendar.month_ends {
            Some(MonthEnds::RoundUp) => next,
            Some(MonthEnds::RoundDown) | None => {
                let one = self.emit.checked_int(1);
                self.emit.subtract(next, one)
            }
        };
        self.emit.smaller(same, latest)
    }

    /// Whole months from one day to another, or whole years of 12 of them.
    pub(super) fn whole_months(&mut self, from: CheckedInt, to: CheckedInt, months: i64) -> CheckedInt {
        let (early, late) = (self.emit.smaller(from, to), self.emit.larger(from, to));
        let (first, last) = (self.look_up(DayTable::Month, early), self.look_up(DayTable::Month, late));
        let count = self.emit.subtract(last, first);
        let moved = self.same_day(early, first, last);
        let past = self.emit.holds(IntCC::SignedGreaterThan, moved, late);
        let past = self.emit.flag_int(past);
        let count = self.emit.subtract(count, CheckedInt::within(past, 0, 1));
        let months = self.emit.checked_int(months);
        let count = self.emit.divide_rounded(count, months, RoundingMode::TowardZero);
        let back = self.emit.negate(count);
        let turned = self.emit.holds(IntCC::SignedLessThan, to, from);
        self.emit.choose(turned, back, count)
    }

    /// A part of a date.
    pub(super) fn date_part(&mut self, part: DatePart, day: CheckedInt) -> CheckedInt {
        self.look_up(DayTable::Part(part), day)
    }

    /// The first or last day of the period that holds a day.
    pub(super) fn edge_of(&mut self, period: Period, edge: Edge, day: CheckedInt) -> CheckedInt {
        self.look_up(DayTable::Edge(period, edge), day)
    }

    /// The first day of a period before the one that holds a day.
    pub(super) fn period_back(&mut self, period: Period, back: Back, day: CheckedInt) -> CheckedInt {
        self.look_up(DayTable::Back(period, back), day)
    }

    fn look_up(&mut self, table: DayTable, day: CheckedInt) -> CheckedInt {
        let first = self.emit.checked_int(i64::from(FIRST_DAY));
        let index = self.emit.subtract(day, first);
        let index = self.inside(index, i64::from(N_DAYS));
        let value = self.load(Input::Days(table), index.value, Width::I32);
        let (low, high) = match table {
            DayTable::Month => (0, i64::from(N_MONTHS)),
            DayTable::Part(_) => (0, 9999),
            DayTable::Edge(..) | DayTable::Back(..) => YEARS_1_TO_9999,
        };
        // A day without an answer is the interpreter's.
        if table != DayTable::Month {
            let whole = CheckedInt::within(value, i64::from(NO_ANSWER), high);
            let none = self.emit.is(IntCC::SignedLessThan, whole, low);
            self.emit.raise(none);
        }
        CheckedInt::within(value, low, high)
    }

    fn month_start(&mut self, month: CheckedInt, later: i64) -> CheckedInt {
        let index = self.emit.builder.ins().iadd_imm_s(month.value, later);
        let day = self.load(Input::MonthStarts, index, Width::I32);
        CheckedInt::within(day, i64::from(FIRST_DAY), i64::from(FIRST_DAY + N_DAYS))
    }

    /// An index below `n`; another raises the fault flag.
    fn inside(&mut self, index: CheckedInt, n: i64) -> CheckedInt {
        let end = self.emit.int(n);
        let outside = self.emit.compare(IntCC::UnsignedGreaterThanOrEqual, index.value, end);
        self.emit.raise(outside);
        let zero = self.emit.int(0);
        let index = match outside {
            Flag::When(_) => self.emit.select(outside, zero, index.value),
            Flag::Yes | Flag::No => index.value,
        };
        CheckedInt::within(index, 0, n - 1)
    }
}

/// The table of a function of days.
pub(super) fn day_table(plan: &Plan, table: DayTable) -> Vec<i32> {
    let answer = |day: i32| match table {
        DayTable::Edge(period, edge) => edge_of(plan, period, edge, day),
        DayTable::Back(period, back) => plan.calendar.first_day_back(period, back, day),
        DayTable::Part(part) => date_part(plan, part, day),
        DayTable::Month => {
            let date = date_of(day);
            Some((i32::from(date.year()) - 1900) * 12 + i32::from(date.month()) - 1)
        }
    };
    (FIRST_DAY..FIRST_DAY + N_DAYS).map(|day| answer(day).unwrap_or(NO_ANSWER)).collect()
}

/// The first day of every month, and the day after the last.
pub(super) fn month_starts() -> Vec<i32> {
    let first = date_of(FIRST_DAY);
    let start = |month: i32| {
        let year = first.year() + (month / 12) as i16;
        let first = jiff::civil::Date::new(year, (month % 12 + 1) as i8, 1);
        first.map_or_else(|_| broken("a month outside of the calendar"), day_of)
    };
    (0..=N_MONTHS).map(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_three_centuries() {
        let starts = month_starts();
        assert_eq!(starts.first(), Some(&FIRST_DAY));
        assert_eq!(starts.last(), Some(&(FIRST_DAY + N_DAYS)));
        assert_eq!(date_of(FIRST_DAY).to_string(), "1900-01-01");
        assert_eq!(date_of(FIRST_DAY + N_DAYS - 1).to_string(), "2199-12-31");
    }
}
