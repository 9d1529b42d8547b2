//! Periods: months, quarters, halves and years by the program's fiscal start, and the program itself.
//!
//! A day is counted from 1970-01-01. A period of a kind is numbered, so that the next one has the next number.

use jiff::civil::Date;
pub use meed_grammar::tree::{MonthEnds, NamedBy};

/// A range of days, both ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    /// First day.
    pub from: i32,
    /// Last day.
    pub to: i32,
}

impl Days {
    /// All days that there are, of the years 1 to 9999.
    pub const ALL: Self = Self { from: -719_162, to: 2_932_896 };

    /// Whether a day lies in it.
    pub fn holds(self, day: i32) -> bool {
        self.from <= day && day <= self.to
    }
}

/// Kinds of period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// Six months.
    Half,
    /// Twelve months.
    Year,
    /// The program's whole life; every day lies in it.
    Program,
}

/// The program's periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The month in which the fiscal year starts, 1 to 12.
    pub first_month: i8,
    /// How a fiscal year is named; none when years are calendar years.
    pub named_by: Option<NamedBy>,
    /// Where month ends land; none when the program does not say.
    pub month_ends: Option<MonthEnds>,
}

impl Period {
    /// The period of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "half" => Self::Half,
            "year" => Self::Year,
            "program" => Self::Program,
            _ => return None,
        })
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Half => "half",
            Self::Year => "year",
            Self::Program => "program",
        }
    }

    fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Half => 6,
            Self::Year => 12,
            Self::Program => 0,
        }
    }
}

/// The day of a date, from 1970-01-01.
pub fn day_of(date: Date) -> i32 {
    const EPOCH: Date = jiff::civil::date(1970, 1, 1);
    date.since(EPOCH).map_or(0, |span| span.get_days())
}

/// The date of a day; days far outside the calendar stop at its ends.
pub fn date_of(day: i32) -> Date {
    const EPOCH: Date = jiff::civil::date(1970, 1, 1);
    let span = jiff::Span::new().try_days(i64::from(day));
    let edge = if day < 0 { Date::MIN } else { Date::MAX };
    span.and_then(|span| EPOCH.checked_add(span)).unwrap_or(edge)
}

impl Calendar {
    /// The number of the period that holds `day`.
    pub fn index(&self, period: Period, day: i32) -> i32 {
        let date = date_of(day);
        match period {
            Period::Program => 0,
            Period::Month | Period::Quarter | Period::Half | Period::Year => {
                (self.fiscal_month(date)).div_euclid(period.months())
            }
        }
    }

    /// Months since the start of the fiscal year named by start as 0.
    fn fiscal_month(&self, date: Date) -> i32 {
        i32::from(date.year()) * 12 + i32::from(date.month()) - i32::from(self.first_month)
    }

    /// First and last day of period number `index`; `program` is given by the program's own days.
    pub fn days(&self, period: Period, index: i32, program: Days) -> Days {
        match period {
            Period::Program => program,
            Period::Month | Period::Quarter | Period::Half | Period::Year => {
                let first = index * period.months();
                Days { from: self.first_day(first), to: self.first_day(first + period.months()) - 1 }
            }
        }
    }

    fn first_day(&self, fiscal_month: i32) -> i32 {
        let month = fiscal_month + i32::from(self.first_month) - 1;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        Date::new(year as i16, month as i8, 1).map_or(if year < 0 { i32::MIN / 2 } else { i32::MAX / 2 }, day_of)
    }

    /// The name of period number `index`: `2026-02`, `2026-Q1`, `2026-H1`, `2026`, `program`; on a fiscal calendar
    /// `FY2026-M01`, `FY2026-Q1`, `FY2026-H1`, `FY2026`.
    pub fn name(&self, period: Period, index: i32) -> String {
        let (per_year, letter) = match period {
            Period::Program => return "program".to_owned(),
            Period::Month => (12, "M"),
            Period::Quarter => (4, "Q"),
            Period::Half => (2, "H"),
            Period::Year => (1, ""),
        };
        let (year, part) = (self.year_name(index.div_euclid(per_year)), index.rem_euclid(per_year) + 1);
        let fiscal = self.is_fiscal();
        let prefix = if fiscal { "FY" } else { "" };
        match period {
            Period::Year => format!("{prefix}{year:04}"),
            Period::Month if fiscal => format!("{prefix}{year:04}-M{part:02}"),
            Period::Month => format!("{year:04}-{part:02}"),
            Period::Quarter | Period::Half | Period::Program => format!("{prefix}{year:04}-{letter}{part}"),
        }
    }

    /// The period of this name, as [`Calendar::name`] writes it.
    pub fn parse_name(&self, name: &str) -> Option<(Period, i32)> {
        if name == "program" {
            return Some((Period::Program, 0));
        }
        let plain = name.strip_prefix("FY").unwrap_or(name);
        let year: i32 = plain.get(..4)?.parse().ok()?;
        let start = year - self.year_name(0);
        let (period, index) = match plain.get(4..)? {
            "" => (Period::Year, start),
            rest => {
                let rest = rest.strip_prefix('-')?;
                let number = |text: &str| text.parse::<i32>().ok();
                match rest.chars().next()? {
                    'Q' => (Period::Quarter, start * 4 + number(&rest[1..])? - 1),
                    'H' => (Period::Half, start * 2 + number(&rest[1..])? - 1),
                    'M' => (Period::Month, start * 12 + number(&rest[1..])? - 1),
                    _ => (Period::Month, start * 12 + number(rest)? - 1),
                }
            }
        };
        (self.name(period, index) == name).then_some((period, index))
    }

    /// Whether the fiscal year is not the calendar year.
    pub fn is_fiscal(&self) -> bool {
        self.named_by.is_some() || self.first_month != 1
    }

    fn year_name(&self, start: i32) -> i32 {
        match self.named_by {
            Some(NamedBy::End) if self.first_month != 1 => start + 1,
            Some(NamedBy::End | NamedBy::Start) | None => start,
        }
    }

    /// The name of the fiscal year that holds `day`, as a number.
    pub fn year(&self, day: i32) -> i32 {
        self.year_name(self.index(Period::Year, day))
    }

    /// `day` moved by months; where the month is too short the program's rule decides (down when it has none). None
    /// outside the calendar's range.
    pub fn add_months(&self, day: i32, months: i64) -> Option<i32> {
        let date = date_of(day);
        let month = (i64::from(date.year()) * 12 + i64::from(date.month()) - 1).checked_add(months)?;
        let (year, month) = (i16::try_from(month.div_euclid(12)).ok()?, month.rem_euclid(12) as i8 + 1);
        let first = Date::new(year, month, 1).ok()?;
        match Date::new(year, month, date.day()) {
            Ok(date) => Some(day_of(date)),
            Err(_) => Some(match self.month_ends {
                Some(MonthEnds::RoundUp) => day_of(first.last_of_month()) + 1,
                Some(MonthEnds::RoundDown) | None => day_of(first.last_of_month()),
            }),
        }
    }

    /// Whole months from one day to another: the largest n with `from + n months <= to`; negative when `to` is before.
    pub fn whole_months(&self, from: i32, to: i32) -> i32 {
        if to < from {
            return -self.whole_months(to, from);
        }
        let (a, b) = (date_of(from), date_of(to));
        let n = (i32::from(b.year()) - i32::from(a.year())) * 12 + i32::from(b.month()) - i32::from(a.month());
        match self.add_months(from, i64::from(n)) {
            Some(day) if day <= to => n,
            _ => n - 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const CALENDAR: Calendar = Calendar { first_month: 1, named_by: None, month_ends: None };
    const FISCAL: Calendar = Calendar { first_month: 2, named_by: Some(NamedBy::Start), month_ends: None };

    #[test]
    fn names_read_back() {
        let day = day_of(date(2026, 3, 14));
        for (calendar, names) in [
            (CALENDAR, ["2026-03", "2026-Q1", "2026-H1", "2026", "program"]),
            (FISCAL, ["FY2026-M02", "FY2026-Q1", "FY2026-H1", "FY2026", "program"]),
        ] {
            let kinds = [Period::Month, Period::Quarter, Period::Half, Period::Year, Period::Program];
            for (kind, name) in kinds.into_iter().zip(names) {
                let index = calendar.index(kind, day);
                assert_eq!(calendar.name(kind, index), name);
                assert_eq!(calendar.parse_name(name), Some((kind, index)));
                let days = calendar.days(kind, index, Days { from: day, to: day });
                assert!(days.from <= day && day <= days.to);
            }
        }
    }

    #[test]
    fn january_belongs_to_the_fiscal_year_before() {
        let january = day_of(date(2027, 1, 31));
        assert_eq!(FISCAL.name(Period::Quarter, FISCAL.index(Period::Quarter, january)), "FY2026-Q4");
        let by_end = Calendar { named_by: Some(NamedBy::End), ..FISCAL };
        assert_eq!(by_end.name(Period::Year, by_end.index(Period::Year, january)), "FY2027");
    }

    #[test]
    fn month_ends_land_by_the_rule() {
        let january = day_of(date(2026, 1, 31));
        let up = Calendar { month_ends: Some(MonthEnds::RoundUp), ..CALENDAR };
        assert_eq!(CALENDAR.add_months(january, 1), Some(day_of(date(2026, 2, 28))));
        assert_eq!(up.add_months(january, 1), Some(day_of(date(2026, 3, 1))));
        assert_eq!(CALENDAR.whole_months(january, day_of(date(2026, 2, 28))), 1);
        assert_eq!(up.whole_months(january, day_of(date(2026, 2, 28))), 0);
    }
}
