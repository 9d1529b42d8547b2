//! The periods of a program: by a fiscal year of months, by years of weeks, or by a calendar that a table beside it has.

use super::head::MONTHS;
use super::tables::written_day;
use super::{Typing, listed};
use crate::plan::calendar::{CalendarColumn, CalendarTable, Pattern, Weeks, date_of, day_of};
use crate::plan::{DatePart, Days, Period, Weekday, Years};
use crate::resolve::near;
use meed_grammar::foreign::shown;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Name, NamedBy, Text};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Days of a calendar at most: a hundred years.
const MOST_DAYS: usize = 36_525;

impl Typing<'_> {
    /// `periods 4-4-5 ending last saturday of december`
    pub(super) fn periods_of_weeks(
        &mut self,
        pattern: &Text,
        nearest: Option<Span>,
        day: &Name,
        month: &Name,
        named_by: Option<(NamedBy, Span)>,
        span: Span,
    ) {
        let Some(pattern) = Pattern::ALL.into_iter().find(|known| known.word() == pattern.value) else { return };
        let Some(last_day) = Weekday::from_word(&day.text.to_lowercase()) else { return self.no_weekday(day) };
        let Some(place) = MONTHS.iter().position(|name| *name == month.text.to_lowercase()) else {
            return self.no_month(month);
        };
        if named_by.is_none() && place != 11 {
            self.ask_year_name(span);
        }
        let calendar = &mut self.program.calendar;
        calendar.named_by = named_by.map(|(named_by, _)| named_by);
        calendar.years = Years::Weeks(Weeks { pattern, last_day, month: place as i8 + 1, nearest: nearest.is_some() });
        calendar.weeks_start = Weekday::ALL[(last_day as usize + 1) % 7];
    }

    /// `periods from fiscal`
    pub(super) fn periods_from(&mut self, name: &Name, tables: Vec<Option<CalendarTable>>) {
        self.calendar_unknown = true;
        let calendars = &self.resolved.calendars;
        let Some(place) = calendars.iter().position(|calendar| calendar.name.text == name.text) else {
            if !self.damaged(&name.text) {
                let problem =
                    Problem::error("unknown-name", name.span, format!("there is no calendar `{}`", name.text));
                let known: Vec<&str> = calendars.iter().map(|calendar| calendar.name.text.as_str()).collect();
                let help = "write one: calendar fiscal from \"days.csv\" { day  quarter }";
                let problem = if known.is_empty() {
                    problem.help(help)
                } else {
                    listed(near(problem, name, known.iter().copied()), known)
                };
                self.problem(problem);
            }
            return;
        };
        if let Some(Some(table)) = tables.into_iter().nth(place) {
            self.program.calendar.years = Years::Table(Arc::new(table));
            self.calendar_unknown = false;
        }
    }

    /// The tables of all calendars; none where one cannot be taken.
    pub(super) fn calendar_tables(&mut self) -> Vec<Option<CalendarTable>> {
        self.resolved.calendars.iter().map(|calendar| self.calendar_table(calendar)).collect()
    }

    /// Whether a program's life lies within the days of its calendar.
    pub(super) fn calendar_holds_life(&mut self, span: Span) {
        let (life, Years::Table(table)) = (self.program.active, &self.program.calendar.years) else { return };
        let days = table.days;
        if !(days.holds(life.from) && days.holds(life.to)) {
            let message =
                format!("the program's calendar has the days from {} to {}", date_of(days.from), date_of(days.to));
            self.problem(
                Problem::error("calendar-days", span, message)
                    .label("the program's life is longer")
                    .help("give the calendar the other days, or let the program begin and end within them"),
            );
        }
    }

    /// A kind of period that the program's calendar has.
    pub(super) fn held(&mut self, period: Period, span: Span) -> Option<Period> {
        if self.calendar_unknown || self.program.calendar.has(period) {
            return Some(period);
        }
        let word = period.word();
        let (message, help) = match &self.program.calendar.years {
            Years::Table(_) => (
                format!("the program's calendar has no column `{word}`"),
                format!("add it to the calendar: {word} from \"…\""),
            ),
            Years::Months | Years::Weeks(_) => {
                (format!("years of whole weeks have no {word}s"), "write week or month".to_owned())
            }
        };
        self.problem(Problem::error("unknown-period", span, message).help(help));
        None
    }

    /// Whether a part of dates can be asked for.
    pub(super) fn has_part(&mut self, part: DatePart, span: Span) -> Option<()> {
        let kind = match part {
            DatePart::Day => return Some(()),
            DatePart::Year => Period::Year,
            DatePart::Half => Period::Half,
            DatePart::Quarter => Period::Quarter,
            DatePart::Month => Period::Month,
        };
        self.held(kind, span)?;
        self.held(Period::Year, span)?;
        if part == DatePart::Year && !self.calendar_unknown && !self.program.calendar.numbers_years() {
            let message = "the program's calendar names a year without a number of four digits";
            self.problem(Problem::error("unknown-period", span, message).help("name years as in 2026 or FY2026"));
            return None;
        }
        Some(())
    }

    /// Whether the calendar has a period before the first one of the program's life.
    pub(super) fn has_before(&mut self, period: Period, span: Span) -> Option<()> {
        self.held(period, span)?;
        let calendar = &self.program.calendar;
        if matches!(calendar.years, Years::Table(_)) && calendar.index(period, self.program.active.from) < 1 {
            let first = date_of(self.program.active.from);
            let message = format!("the program's calendar has no {} before {first}", period.word());
            let help = "give the calendar the days before the program begins";
            self.problem(Problem::error("calendar-days", span, message).help(help));
            return None;
        }
        Some(())
    }

    /// The table of a calendar.
    fn calendar_table(&mut self, calendar: &tree::Calendar) -> Option<CalendarTable> {
        let file = &calendar.file;
        let lines = self.sheet_lines(file)?;
        let (header, body) = self.sheet_header(file, &lines)?;
        if body.len() > MOST_DAYS {
            let message = format!("a calendar has at most 36,525 days, `{}` has {}", file.value, body.len());
            self.problem(Problem::error("over-limit", file.span, message).help("leave out the years not needed"));
            return None;
        }
        let before = self.n_errors;
        let mut places: Vec<(Period, usize, Option<&Text>)> = Vec::new();
        for column in &calendar.columns {
            let period = self.calendar_column(column)?;
            if places.iter().any(|(known, ..)| *known == period) {
                let message = format!("`{}` is there twice", column.period.text);
                self.problem(Problem::error("duplicate-clause", column.span, message).help("remove one of them"));
                continue;
            }
            let wanted = column.column.as_ref().map_or(column.period.text.as_str(), |column| &column.value);
            let exact = column.column.is_some();
            let place = header
                .iter()
                .position(|known| if exact { known == wanted } else { known.eq_ignore_ascii_case(wanted) });
            match place {
                Some(place) => places.push((period, place, column.format.as_ref())),
                None => self.no_sheet_column(file, header, wanted, column.span),
            }
        }
        if places.iter().all(|(period, ..)| *period != Period::Day) && self.n_errors == before {
            let message = format!("calendar `{}` does not say which column has its days", calendar.name.text);
            self.problem(
                Problem::error("missing-clause", calendar.name.span, message).help("add a line: day from \"Date\""),
            );
        }
        if places.len() == 1 && self.n_errors == before {
            let message = format!("calendar `{}` has no periods", calendar.name.text);
            let help = "add a line for each: quarter from \"Fiscal quarter\"";
            self.problem(Problem::error("missing-clause", calendar.name.span, message).help(help));
        }
        if self.n_errors > before {
            return None;
        }
        let days = self.calendar_days(file, body, &places)?;
        let columns: Vec<CalendarColumn> = places
            .iter()
            .filter(|(period, ..)| *period != Period::Day)
            .filter_map(|(period, place, _)| self.calendar_periods(file, *period, *place, body, &days))
            .collect();
        let all = Days { from: days.first()?.0, to: days.last()?.0 };
        (self.n_errors == before).then_some(CalendarTable { days: all, columns })
    }

    fn calendar_column(&mut self, column: &tree::CalendarColumn) -> Option<Period> {
        let period = Period::from_word(&column.period.text)?;
        match (period, &column.format) {
            (Period::Program, _) => {
                let message = "a calendar has no column for the whole program";
                self.problem(Problem::error("unknown-period", column.period.span, message).help("remove the line"));
                None
            }
            (Period::Day, _) | (_, None) => Some(period),
            (_, Some(format)) => {
                let message = format!("the words of the column are the names of each {}", period.word());
                self.problem(Problem::error("unknown-format", format.span, message).help("remove the `as`"));
                None
            }
        }
    }

    /// The days of a table in their order, each with its row: one after the other, none twice.
    fn calendar_days(
        &mut self,
        file: &Text,
        body: &[Vec<String>],
        places: &[(Period, usize, Option<&Text>)],
    ) -> Option<Vec<(i32, usize)>> {
        let (_, place, format) = places.iter().find(|(period, ..)| *period == Period::Day)?;
        let pattern = format.map_or("YYYY-MM-DD", |format| &format.value);
        let before = self.n_errors;
        let mut days: Vec<(i32, usize)> = Vec::with_capacity(body.len());
        for (idx, line) in body.iter().enumerate() {
            let text = line.get(*place).map_or("", String::as_str);
            match written_day(text, pattern).and_then(|day| day.parse().ok()) {
                Some(day) => days.push((day_of(day), idx)),
                None if self.n_errors == before => {
                    let message = format!("row {} of `{}`: `{}` is no date", idx + 1, file.value, shown(text));
                    let span = format.map_or(file.span, |format| format.span);
                    let help = "correct the cell, or say how the column is written: day as \"DD.MM.YYYY\"";
                    self.problem(Problem::error("table-cell", span, message).help(help));
                }
                None => {}
            }
        }
        if self.n_errors > before {
            return None;
        }
        days.sort_unstable();
        let wrong = |message: String| {
            Problem::error("calendar-days", file.span, message)
                .help("a calendar has one row for each day, without a gap")
        };
        for pair in days.windows(2) {
            let ((day, row), (next, next_row)) = (pair[0], pair[1]);
            if day == next {
                let message =
                    format!("`{}` has the day {} in rows {} and {}", file.value, date_of(day), row + 1, next_row + 1);
                self.problem(wrong(message));
                return None;
            }
            if next != day + 1 {
                self.problem(wrong(format!("`{}` has no row for {}", file.value, date_of(day + 1))));
                return None;
            }
        }
        if days.is_empty() {
            self.problem(wrong(format!("`{}` has no days", file.value)));
            return None;
        }
        Some(days)
    }

    /// The periods of a column: days with one name, which are neighbors.
    fn calendar_periods(
        &mut self,
        file: &Text,
        period: Period,
        place: usize,
        body: &[Vec<String>],
        days: &[(i32, usize)],
    ) -> Option<CalendarColumn> {
        let mut column = CalendarColumn { period, starts: Vec::new(), names: Vec::new() };
        let mut known: FxHashMap<&str, i32> = FxHashMap::default();
        let mut last: Option<&str> = None;
        for &(day, row) in days {
            let name = body[row].get(place).map_or("", String::as_str);
            if last == Some(name) {
                continue;
            }
            let wrong = match known.insert(name, day) {
                _ if name.is_empty() => Some(format!("row {} of `{}` names no {}", row + 1, file.value, period.word())),
                Some(first) => Some(format!(
                    "the days of {} `{}` are not neighbors: it begins on {} and again on {}",
                    period.word(),
                    shown(name),
                    date_of(first),
                    date_of(day)
                )),
                None => None,
            };
            if let Some(message) = wrong {
                let help = "each period has days that follow one another and a name that no other of its kind has";
                self.problem(Problem::error("calendar-days", file.span, message).help(help));
                return None;
            }
            column.starts.push(day);
            column.names.push(name.to_owned());
            last = Some(name);
        }
        Some(column)
    }
}
