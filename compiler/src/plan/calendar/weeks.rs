//! Years of whole weeks: 4-4-5 and its kin, of 52 weeks and now and then of 53.
//!
//! A year ends on a certain day of the week at the end of a month: the last one of the month, or the one nearest to its last
//! day. The weeks that a year has more than 52 belong to its last month. So the week stays whole and a quarter has 13 of them.

use super::{Days, Period, Weekday, date_of, day_of};
use jiff::civil::Date;

/// How a quarter's weeks are shared among its months, and when a year ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weeks {
    /// The weeks of the months of a quarter.
    pub pattern: Pattern,
    /// The last day of each week.
    pub last_day: Weekday,
    /// The month at whose end a year ends, 1 to 12.
    pub month: i8,
    /// Whether a year ends on the nearest such day to the end of the month, which may be in the next; else on the last in it.
    pub nearest: bool,
}

/// How many weeks the three months of a quarter have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// 4, 4 and 5.
    FourFourFive,
    /// 4, 5 and 4.
    FourFiveFour,
    /// 5, 4 and 4.
    FiveFourFour,
}

/// Weeks of a quarter that is not the longer one.
const QUARTER: i32 = 13;

impl Pattern {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FourFourFive, Self::FourFiveFour, Self::FiveFourFour];

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FourFourFive => "4-4-5",
            Self::FourFiveFour => "4-5-4",
            Self::FiveFourFour => "5-4-4",
        }
    }

    /// The week of its quarter with which month 0, 1 or 2 begins.
    const fn start(self, month: i32) -> i32 {
        match (self, month) {
            (_, 0) => 0,
            (Self::FiveFourFour, 1) => 5,
            (_, 1) => 4,
            (Self::FourFourFive, _) => 8,
            (Self::FourFiveFour | Self::FiveFourFour, _) => 9,
        }
    }
}

impl Weeks {
    /// The last day of the year that ends with this month of a calendar year.
    fn end(self, year: i32) -> i32 {
        // Years outside of dates stop at their ends.
        let month = Date::new(year.clamp(1, 9999) as i16, self.month, 1).unwrap_or(Date::MIN);
        let last = day_of(month.last_of_month());
        // Monday is day -3.
        let back = (last + 3 - self.last_day as i32).rem_euclid(7);
        if self.nearest && back > 3 { last - back + 7 } else { last - back }
    }

    /// The number of the year that holds a day: the calendar year of the month with which it ends.
    fn year(self, day: i32) -> i32 {
        let near = i32::from(date_of(day).year());
        (near - 1..=near + 1).find(|year| day <= self.end(*year)).unwrap_or(near + 1)
    }

    /// The first day of a year.
    fn start(self, year: i32) -> i32 {
        self.end(year - 1) + 1
    }

    /// The number of the period that holds a day, of kinds that a year is made of.
    pub(super) fn index(self, period: Period, day: i32) -> i32 {
        let year = self.year(day);
        let week = (day - self.start(year)).div_euclid(7);
        let quarter = (week / QUARTER).min(3);
        let of_quarter = week - quarter * QUARTER;
        let month = (0..3).rev().find(|&month| self.pattern.start(month) <= of_quarter).unwrap_or(0);
        match period {
            Period::Month => year * 12 + quarter * 3 + month,
            Period::Quarter => year * 4 + quarter,
            Period::Half => year * 2 + quarter / 2,
            _ => year,
        }
    }

    /// First and last day of period number `index`, of kinds that a year is made of.
    pub(super) fn days(self, period: Period, index: i32) -> Days {
        Days { from: self.first_day(period, index), to: self.first_day(period, index + 1) - 1 }
    }

    fn first_day(self, period: Period, index: i32) -> i32 {
        let per_year = match period {
            Period::Month => 12,
            Period::Quarter => 4,
            Period::Half => 2,
            _ => 1,
        };
        let (year, part) = (index.div_euclid(per_year), index.rem_euclid(per_year));
        let month = part * 12 / per_year;
        self.start(year) + 7 * (month / 3 * QUARTER + self.pattern.start(month % 3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const NEAREST: Weeks =
        Weeks { pattern: Pattern::FourFourFive, last_day: Weekday::Saturday, month: 12, nearest: true };

    #[test]
    fn a_year_of_53_weeks_has_its_last_in_its_last_month() {
        let days = |period, day| NEAREST.days(period, NEAREST.index(period, day_of(day)));
        let span = |days: Days| format!("{} to {}", date_of(days.from), date_of(days.to));
        assert_eq!(span(days(Period::Year, date(2025, 7, 1))), "2024-12-29 to 2026-01-03");
        assert_eq!(span(days(Period::Quarter, date(2025, 3, 29))), "2024-12-29 to 2025-03-29");
        assert_eq!(span(days(Period::Quarter, date(2026, 1, 3))), "2025-09-28 to 2026-01-03");
        assert_eq!(span(days(Period::Month, date(2026, 1, 3))), "2025-11-23 to 2026-01-03");
        assert_eq!(span(days(Period::Half, date(2025, 6, 28))), "2024-12-29 to 2025-06-28");
    }

    /// The calendar of the National Retail Federation: 53 weeks in 2017 and 2023, ended on 2018-02-03 and 2024-02-03.
    #[test]
    fn retail_years_end_near_the_end_of_january() {
        let retail = Weeks { pattern: Pattern::FourFiveFour, month: 1, ..NEAREST };
        let ends: Vec<String> = (2017..=2025).map(|year| date_of(retail.end(year)).to_string()).collect();
        assert_eq!(
            ends,
            [
                "2017-01-28",
                "2018-02-03",
                "2019-02-02",
                "2020-02-01",
                "2021-01-30",
                "2022-01-29",
                "2023-01-28",
                "2024-02-03",
                "2025-02-01"
            ]
        );
    }
}
