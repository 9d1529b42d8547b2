//! A calendar that is written day by day in a table: the words of its columns are the names of its periods.

use super::{Days, Period, date_of};

/// A calendar from a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarTable {
    /// The days that it has, one after the other.
    pub days: Days,
    /// Its columns.
    pub columns: Vec<CalendarColumn>,
}

/// The periods of one kind, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarColumn {
    /// Their kind.
    pub period: Period,
    /// The first day of each.
    pub starts: Vec<i32>,
    /// The name of each.
    pub names: Vec<String>,
}

impl CalendarTable {
    /// The periods of a kind, if a column has them.
    pub fn column(&self, period: Period) -> Option<&CalendarColumn> {
        self.columns.iter().find(|column| column.period == period)
    }

    /// The place of a period within its year, from 0, the year, and how many of the kind the year has.
    fn place(&self, column: &CalendarColumn, index: i32) -> Option<(i32, i32, i32)> {
        let years = self.column(Period::Year)?;
        let start = *column.starts.get(usize::try_from(index).ok()?)?;
        let year = years.index(self.days, start);
        let first = column.index(self.days, years.days(self.days, year).from);
        let last = column.index(self.days, years.days(self.days, year).to);
        Some((index - first, year, last - first + 1))
    }

    /// The number within its year, from 1, of the period of a kind that holds a day; none without a column of years.
    pub(super) fn number(&self, period: Period, day: i32) -> Option<i32> {
        let column = self.column(period)?;
        self.place(column, column.index(self.days, day)).map(|(place, ..)| place + 1)
    }

    /// The period at the same place in the year before. A first year that begins before the table is counted from its end.
    pub(super) fn year_before(&self, period: Period, index: i32) -> Option<i32> {
        let column = self.column(period)?;
        let (place, year, n) = self.place(column, index)?;
        let last_year = self.column(Period::Year)?.days(self.days, year.checked_sub(1).filter(|year| *year >= 0)?);
        let (first, last) = (column.index(self.days, last_year.from), column.index(self.days, last_year.to));
        let found = if year == 1 { last - (n - 1 - place).max(0) } else { first + place };
        (first..=last).contains(&found).then_some(found)
    }
}

impl CalendarColumn {
    /// The number of the period that holds a day: before the first day of the table -1, after its last as many as it has.
    pub(super) fn index(&self, all: Days, day: i32) -> i32 {
        if day > all.to {
            self.starts.len() as i32
        } else {
            self.starts.partition_point(|start| *start <= day) as i32 - 1
        }
    }

    /// First and last day of a period; those before and after the table hold all other days.
    pub(super) fn days(&self, all: Days, index: i32) -> Days {
        let start = |index: i32| match usize::try_from(index) {
            Err(_) => Days::ALL.from,
            Ok(index) if index == self.starts.len() => all.to + 1,
            Ok(index) => self.starts.get(index).copied().unwrap_or(Days::ALL.to + 1),
        };
        Days { from: start(index), to: start(index.saturating_add(1)) - 1 }
    }

    /// The name of a period.
    pub(super) fn name(&self, all: Days, index: i32) -> String {
        match usize::try_from(index) {
            Err(_) => format!("before {}", date_of(all.from)),
            Ok(index) => self.names.get(index).cloned().unwrap_or_else(|| format!("after {}", date_of(all.to))),
        }
    }

    /// The number of the period with this name.
    pub(super) fn named(&self, name: &str) -> Option<i32> {
        self.names.iter().position(|known| known == name).map(|place| place as i32)
    }
}

/// The one number of four digits in the name of a year.
pub(super) fn year_in(name: &str) -> Option<i32> {
    let mut runs = name.split(|letter: char| !letter.is_ascii_digit()).filter(|run| run.len() == 4);
    let year = runs.next()?.parse().ok()?;
    runs.next().is_none().then_some(year)
}
