//! Periods: days, weeks, half months, months, quarters, halves and years by the program's fiscal start, and the program itself.
//!
//! A day is counted from 1970-01-01. A period of a kind is numbered, so that the next one has the next number. Months and what
//! is longer are those of a fiscal year of civil months, of a year of weeks, or of a table.

mod table;
mod weeks;

use jiff::civil::Date;
use meed_grammar::tree::OWN_PERIOD;
pub use meed_grammar::tree::{MonthEnds, NamedBy};
use std::sync::Arc;
pub use table::{CalendarColumn, CalendarTable};
pub use weeks::{Pattern, Weeks};

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
    /// A day.
    Day,
    /// Seven days, from the day of the week that the program says.
    Week,
    /// The days of a month up to the 15th, or its other days.
    HalfMonth,
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// Six months.
    Half,
    /// Twelve months.
    Year,
    /// From a date of a party to the day before its next anniversary. It has the number of its last day.
    OwnYear,
    /// The program's whole life; every day lies in it.
    Program,
}

/// Days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weekday {
    /// The day that weeks start with unless a program says another.
    Monday,
    /// The day after it, and so on.
    Tuesday,
    /// The third day.
    Wednesday,
    /// The fourth day.
    Thursday,
    /// The fifth day.
    Friday,
    /// The sixth day.
    Saturday,
    /// The seventh day.
    Sunday,
}

impl Weekday {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    /// Its name in small letters.
    pub fn word(self) -> &'static str {
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"][self as usize]
    }

    /// The day of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|day| day.word() == word)
    }
}

/// What months and longer periods are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Years {
    /// Of civil months.
    Months,
    /// Of weeks.
    Weeks(Weeks),
    /// As a table has them.
    Table(Arc<CalendarTable>),
}

/// How far back a period is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Back {
    /// So many of its kind.
    Periods(u32),
    /// To the same place in the year before.
    Year,
}

/// The program's periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// What months and longer periods are made of.
    pub years: Years,
    /// The month in which a fiscal year of civil months starts, 1 to 12.
    pub first_month: i8,
    /// How a fiscal year is named; `None` if years are calendar years.
    pub named_by: Option<NamedBy>,
    /// Where month ends land; `None` if the program does not say.
    pub month_ends: Option<MonthEnds>,
    /// The day that weeks start with.
    pub weeks_start: Weekday,
    /// The periods at whose ends the program is settled, where it says so.
    pub settled: Option<Period>,
}

impl Period {
    /// All kinds of a calendar, from short to long.
    pub const ALL: [Self; 8] =
        [Self::Day, Self::Week, Self::HalfMonth, Self::Month, Self::Quarter, Self::Half, Self::Year, Self::Program];

    /// The period of this word, or of the two words of `half month`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::OwnYear]).find(|period| period.word() == word)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::HalfMonth => "half month",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Half => "half",
            Self::Year => "year",
            Self::OwnYear => OWN_PERIOD,
            Self::Program => "program",
        }
    }

    /// How many months it has; none where it is not made of months.
    fn months(self) -> Option<i32> {
        match self {
            Self::Day | Self::Week | Self::HalfMonth | Self::OwnYear | Self::Program => None,
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Half => Some(6),
            Self::Year => Some(12),
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

/// The first day of a week: that of week 0 which starts with a Monday.
const FIRST_MONDAY: i32 = -3;

/// The last day of the first half of a month.
const HALF_MONTH: i8 = 15;

impl Calendar {
    /// Calendar years, weeks from Monday, and no word about month ends.
    pub const PLAIN: Self = Self {
        years: Years::Months,
        first_month: 1,
        named_by: None,
        month_ends: None,
        weeks_start: Weekday::Monday,
        settled: None,
    };

    /// The column of a table that has the periods of a kind.
    fn column(&self, period: Period) -> Option<(&CalendarTable, &CalendarColumn)> {
        match &self.years {
            Years::Table(table) => table.column(period).map(|column| (&**table, column)),
            Years::Months | Years::Weeks(_) => None,
        }
    }

    /// Whether there are periods of a kind. Of years of weeks and of tables no half months are known, and a table has those of its
    /// columns.
    pub fn has(&self, period: Period) -> bool {
        match (&self.years, period) {
            (Years::Months, _) | (_, Period::Day | Period::Week | Period::OwnYear | Period::Program) => true,
            (Years::Weeks(_), _) => period != Period::HalfMonth,
            (Years::Table(_), _) => self.column(period).is_some(),
        }
    }

    /// The kind of period by which the lines of events are told: the one at whose ends the program is settled, else the quarter, or
    /// where there are none the next shorter kind.
    pub fn told_by(&self) -> Period {
        if let Some(settled) = self.settled {
            return settled;
        }
        let kinds = [Period::Quarter, Period::Month, Period::Half, Period::Year];
        kinds.into_iter().find(|kind| self.has(*kind)).unwrap_or(Period::Program)
    }

    /// Whether a day lies in a period of this kind; a table has no others than its own.
    pub fn knows(&self, period: Period, day: i32) -> bool {
        self.column(period).is_none_or(|(table, _)| table.days.holds(day))
    }

    /// The number of the period that holds `day`.
    pub fn index(&self, period: Period, day: i32) -> i32 {
        if let Some((table, column)) = self.column(period) {
            return column.index(table.days, day);
        }
        if let (Years::Weeks(weeks), Period::Month | Period::Quarter | Period::Half | Period::Year) =
            (&self.years, period)
        {
            return weeks.index(period, day);
        }
        match period {
            Period::Program => 0,
            Period::Day | Period::OwnYear => day,
            Period::Week => (day - self.first_week()).div_euclid(7),
            Period::HalfMonth => {
                let date = date_of(day);
                self.fiscal_month(date) * 2 + i32::from(date.day() > HALF_MONTH)
            }
            Period::Month => self.fiscal_month(date_of(day)),
            Period::Quarter => self.fiscal_month(date_of(day)).div_euclid(3),
            Period::Half => self.fiscal_month(date_of(day)).div_euclid(6),
            Period::Year => self.fiscal_month(date_of(day)).div_euclid(12),
        }
    }

    /// The first day of week 0.
    fn first_week(&self) -> i32 {
        FIRST_MONDAY + self.weeks_start as i32
    }

    /// Months since the start of the fiscal year named by start as 0.
    fn fiscal_month(&self, date: Date) -> i32 {
        i32::from(date.year()) * 12 + i32::from(date.month()) - i32::from(self.first_month)
    }

    /// First and last day of period number `index`; `program` is given by the program's own days.
    pub fn days(&self, period: Period, index: i32, program: Days) -> Days {
        if let Some((table, column)) = self.column(period) {
            return column.days(table.days, index);
        }
        match (period, period.months()) {
            (_, Some(_)) if let Years::Weeks(weeks) = &self.years => weeks.days(period, index),
            (_, Some(months)) => {
                let first = index * months;
                Days { from: self.first_day(first), to: self.first_day(first + months) - 1 }
            }
            (Period::Day | Period::OwnYear, _) => Days { from: index, to: index },
            (Period::Week, _) => {
                let from = index * 7 + self.first_week();
                Days { from, to: from + 6 }
            }
            (Period::HalfMonth, _) => {
                let month = index.div_euclid(2);
                let (first, next) = (self.first_day(month), self.first_day(month + 1));
                let half = first + i32::from(HALF_MONTH);
                if index.rem_euclid(2) == 0 {
                    Days { from: first, to: half - 1 }
                } else {
                    Days { from: half, to: next - 1 }
                }
            }
            (Period::Program | Period::Month | Period::Quarter | Period::Half | Period::Year, _) => program,
        }
    }

    fn first_day(&self, fiscal_month: i32) -> i32 {
        let month = fiscal_month + i32::from(self.first_month) - 1;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        Date::new(year as i16, month as i8, 1).map_or(if year < 0 { i32::MIN / 2 } else { i32::MAX / 2 }, day_of)
    }

    /// The name of period number `index`: `2026-02-14`, a week by its first day `W2026-02-09`, a party's own year by its last `Y2026-05-14`, `2026-02-H1`, `2026-02`,
    /// `2026-Q1`, `2026-H1`, `2026`, `program`; on a fiscal calendar `FY2026-M01-H1`, `FY2026-M01`, `FY2026-Q1`, `FY2026-H1`,
    /// `FY2026`.
    pub fn name(&self, period: Period, index: i32) -> String {
        if let Some((table, column)) = self.column(period) {
            return column.name(table.days, index);
        }
        let (per_year, letter) = match period {
            Period::Program => return "program".to_owned(),
            Period::Day => return date_of(index).to_string(),
            Period::OwnYear => return format!("Y{}", date_of(index)),
            Period::Week => return format!("W{}", date_of(index * 7 + self.first_week())),
            Period::HalfMonth => {
                return format!("{}-H{}", self.name(Period::Month, index.div_euclid(2)), index.rem_euclid(2) + 1);
            }
            Period::Month if self.is_fiscal() => (12, "-M"),
            Period::Month => (12, "-"),
            Period::Quarter => (4, "-Q"),
            Period::Half => (2, "-H"),
            Period::Year => (1, ""),
        };
        let (year, part) = (self.year_name(index.div_euclid(per_year)), index.rem_euclid(per_year) + 1);
        let prefix = if self.is_fiscal() { "FY" } else { "" };
        match period {
            Period::Year => format!("{prefix}{year:04}"),
            Period::Month => format!("{prefix}{year:04}{letter}{part:02}"),
            Period::Day
            | Period::Week
            | Period::HalfMonth
            | Period::Quarter
            | Period::Half
            | Period::OwnYear
            | Period::Program => {
                format!("{prefix}{year:04}{letter}{part}")
            }
        }
    }

    /// The period of this kind and name.
    pub fn parse_name_of(&self, kind: Period, name: &str) -> Option<i32> {
        match self.column(kind) {
            Some((_, column)) => column.named(name),
            None => self.parse_name(name).filter(|(found, _)| *found == kind).map(|(_, index)| index),
        }
    }

    /// The period of this name, as [`Calendar::name`] writes it. Where a table has one name for periods of two kinds it is the
    /// longer one.
    pub fn parse_name(&self, name: &str) -> Option<(Period, i32)> {
        if name == "program" {
            return Some((Period::Program, 0));
        }
        if let Years::Table(table) = &self.years {
            let named = |period: &Period| Some((*period, table.column(*period)?.named(name)?));
            if let Some(found) = Period::ALL.iter().rev().find_map(named) {
                return Some(found);
            }
        }
        if let Ok(date) = name.strip_prefix(['W', 'Y']).unwrap_or(name).parse::<Date>() {
            let period = match name.chars().next() {
                Some('W') => Period::Week,
                Some('Y') => Period::OwnYear,
                _ => Period::Day,
            };
            let index = self.index(period, day_of(date));
            return (self.name(period, index) == name).then_some((period, index));
        }
        let mut parts = name.strip_prefix("FY").unwrap_or(name).split('-');
        let start = parts.next()?.parse::<i32>().ok()? - self.year_name(0);
        let number = |text: &str| text.parse::<i32>().ok();
        let of_year = |part: &str| match part.split_at_checked(1)? {
            ("Q", quarter) => Some((Period::Quarter, start.checked_mul(4)? + number(quarter)? - 1)),
            ("H", half) => Some((Period::Half, start.checked_mul(2)? + number(half)? - 1)),
            ("M", month) => Some((Period::Month, start.checked_mul(12)? + number(month)? - 1)),
            _ => Some((Period::Month, start.checked_mul(12)? + number(part)? - 1)),
        };
        let (period, index) = match (parts.next(), parts.next()) {
            (None, _) => (Period::Year, start),
            (Some(part), None) => of_year(part)?,
            (Some(part), Some(half)) => {
                let (_, month) = of_year(part)?;
                (Period::HalfMonth, month.checked_mul(2)? + number(half.strip_prefix('H')?)? - 1)
            }
        };
        // What is written otherwise than it would be named is no name: an hour, `2026-Q01`, `2026-Q5`.
        (parts.next().is_none() && self.has(period) && self.name(period, index) == name).then_some((period, index))
    }

    /// Whether the fiscal year is not the calendar year.
    pub fn is_fiscal(&self) -> bool {
        self.named_by.is_some() || self.first_month != 1 || self.years != Years::Months
    }

    fn year_name(&self, start: i32) -> i32 {
        if let Years::Weeks(weeks) = &self.years {
            // Such a year is numbered by the calendar year in which it ends.
            return if self.named_by == Some(NamedBy::Start) && weeks.month != 12 { start - 1 } else { start };
        }
        match self.named_by {
            Some(NamedBy::End) if self.first_month != 1 => start + 1,
            Some(NamedBy::End | NamedBy::Start) | None => start,
        }
    }

    /// The name of the fiscal year that holds `day`, as a number; none where a table does not have the day, or gives years no number.
    pub fn year(&self, day: i32) -> Option<i32> {
        if !self.knows(Period::Year, day) {
            return None;
        }
        let index = self.index(Period::Year, day);
        match &self.years {
            Years::Table(_) => {
                self.column(Period::Year).and_then(|(_, column)| table::year_in(column.names.get(index as usize)?))
            }
            Years::Months | Years::Weeks(_) => Some(self.year_name(index)),
        }
    }

    /// Whether every year of a table has a number in its name.
    pub fn numbers_years(&self) -> bool {
        match &self.years {
            Years::Months | Years::Weeks(_) => true,
            Years::Table(_) => self
                .column(Period::Year)
                .is_some_and(|(_, column)| column.names.iter().all(|name| table::year_in(name).is_some())),
        }
    }

    /// The number within its year, from 1, of the period of a kind that holds `day`; none where a table does not have the day.
    pub fn number(&self, period: Period, day: i32) -> Option<i32> {
        match &self.years {
            Years::Table(table) => table.days.holds(day).then(|| table.number(period, day)).flatten(),
            Years::Months | Years::Weeks(_) => {
                let per_year = 12 / period.months()?;
                Some(self.index(period, day).rem_euclid(per_year) + 1)
            }
        }
    }

    /// The first day of the period that is so far before the one which holds `day`; none outside of the years 1 to 9999 and of a
    /// table.
    pub fn first_day_back(&self, period: Period, back: Back, day: i32) -> Option<i32> {
        if !self.knows(period, day) {
            return None;
        }
        let index = self.index(period, day);
        let found = match (back, &self.years) {
            (Back::Periods(count), _) => index.checked_sub(i32::try_from(count).ok()?)?,
            (Back::Year, Years::Table(table)) => table.year_before(period, index)?,
            (Back::Year, _) if period == Period::HalfMonth => index.checked_sub(24)?,
            (Back::Year, _) => index.checked_sub(12 / period.months()?)?,
        };
        if found < 0 && self.column(period).is_some() {
            return None;
        }
        let first = self.days(period, found, Days::ALL).from;
        Days::ALL.holds(first).then_some(first)
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

    /// The number of the year that holds a day among those which begin on the anniversaries of a date, the first of them 0.
    pub fn own_year(&self, from: i32, day: i32) -> i32 {
        let n = i32::from(date_of(day).year()) - i32::from(date_of(from).year());
        match self.add_months(from, i64::from(n) * 12) {
            Some(begins) if begins <= day => n,
            _ => n - 1,
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

    const CALENDAR: Calendar = Calendar::PLAIN;
    const FISCAL: Calendar = Calendar { first_month: 2, named_by: Some(NamedBy::Start), ..Calendar::PLAIN };

    #[test]
    fn names_read_back() {
        let day = day_of(date(2026, 3, 14));
        let sunday = Calendar { weeks_start: Weekday::Sunday, ..CALENDAR };
        for (calendar, names) in [
            (CALENDAR, "2026-03-14 W2026-03-09 2026-03-H1 2026-03 2026-Q1 2026-H1 2026 program"),
            (FISCAL, "2026-03-14 W2026-03-09 FY2026-M02-H1 FY2026-M02 FY2026-Q1 FY2026-H1 FY2026 program"),
            (sunday, "2026-03-14 W2026-03-08 2026-03-H1 2026-03 2026-Q1 2026-H1 2026 program"),
        ] {
            for (kind, name) in Period::ALL.into_iter().zip(names.split(' ')) {
                let index = calendar.index(kind, day);
                assert_eq!(calendar.name(kind, index), name);
                assert_eq!(calendar.parse_name(name), Some((kind, index)));
                let days = calendar.days(kind, index, Days { from: day, to: day });
                assert!(days.from <= day && day <= days.to);
            }
        }
        for wrong in [
            "2026-03-15-H1",
            "W2026-03-10",
            "2026-Q5",
            "2026-3",
            "2026-03-H3",
            "FY2026",
            "2026-03-14T00",
            "",
            "9999999999-Q1",
        ] {
            assert_eq!(CALENDAR.parse_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn periods_of_a_kind_follow_one_another() {
        let sunday = Calendar { weeks_start: Weekday::Sunday, ..FISCAL };
        for calendar in [CALENDAR, FISCAL, sunday] {
            for kind in Period::ALL.into_iter().filter(|kind| *kind != Period::Program) {
                let mut day = day_of(date(2024, 1, 1));
                let mut index = calendar.index(kind, day);
                for _ in 0..400 {
                    let days = calendar.days(kind, index, Days::ALL);
                    assert!(days.holds(day) && calendar.index(kind, days.to) == index, "{kind:?} {index}");
                    (day, index) = (days.to + 1, index + 1);
                    assert_eq!(calendar.index(kind, day), index);
                }
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
