//! In which period something is booked.

use crate::entry::{Day, PeriodDays};
use crate::error::BookError;
use crate::state::Settlement;
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::{Days, date_of};
use meed_grammar::foreign::shown;
use std::collections::BTreeMap;

/// Periods of a program that are kept with a settlement, at most: what is looked up there are periods to close.
const MOST: usize = 1_000;
/// Days behind a program and a run in which corrections can be booked.
const LATER: i32 = 800;

/// The periods by which a program's lines are told, from its first day on, and some behind its last day and the run's.
pub(crate) fn periods_of(plan: &Plan, through: i32) -> Vec<PeriodDays> {
    let kind = plan.calendar.told_by();
    let last = plan.active.to.max(through).saturating_add(LATER);
    let mut periods = Vec::new();
    let mut day = plan.active.from;
    while day <= last && plan.calendar.knows(kind, day) {
        let index = plan.calendar.index(kind, day);
        let Days { from, to } = plan.calendar.days(kind, index, plan.active);
        // A program that has ended has one period, whatever the day.
        if to < day || (periods.len() >= MOST && from > through) {
            break;
        }
        periods.push(PeriodDays { period: plan.calendar.name(kind, index), from: date_of(from), to: date_of(to) });
        day = to + 1;
    }
    let too_many = periods.len().saturating_sub(MOST);
    periods.drain(..too_many);
    periods
}

/// In which period a row is booked whose own period is named: in that, unless it is closed, then in the first open one from the day of
/// the run on.
pub(crate) struct Booking<'a> {
    plan: &'a Plan,
    /// Periods in which something was booked: the program may have another calendar now.
    known: BTreeMap<&'a str, &'a PeriodDays>,
    closed: Option<Day>,
    open: Option<PeriodDays>,
}

impl<'a> Booking<'a> {
    pub fn new(
        plan: &'a Plan,
        posted: &[&'a Settlement],
        periods: &[PeriodDays],
        closed: Option<Day>,
        through: i32,
    ) -> Self {
        let open = open_period(periods, closed, date_of(through)).ok();
        let of = |known: &&'a Settlement| known.settled.periods.iter().chain(&known.settled.booked);
        let known = posted.iter().flat_map(of).map(|days| (&*days.period, days)).collect();
        Self { plan, known, closed, open }
    }

    pub fn of(&self, own: &str) -> Result<PeriodDays, BookError> {
        let days = match self.plan.calendar.parse_name(own) {
            Some((kind, index)) => {
                let Days { from, to } = self.plan.calendar.days(kind, index, self.plan.active);
                Some(PeriodDays { period: own.to_owned(), from: date_of(from), to: date_of(to) })
            }
            None => self.known.get(own).map(|days| (*days).clone()),
        };
        match days {
            Some(days) if self.closed.is_none_or(|closed| days.to > closed) => Ok(days),
            // Of a calendar that the program has no more nobody knows whether it is closed.
            Some(_) | None => self.open.clone().ok_or_else(|| no_open(own)),
        }
    }
}

/// The first open period that has not ended before a day.
pub(crate) fn open_period(periods: &[PeriodDays], closed: Option<Day>, day: Day) -> Result<PeriodDays, BookError> {
    let is_open = |days: &&PeriodDays| closed.is_none_or(|closed| days.to > closed);
    // On a day after all periods, the last of them that is open.
    let found = periods.iter().filter(is_open).find(|days| days.to >= day);
    let found = found.or_else(|| periods.iter().rfind(|days| is_open(days)));
    found.cloned().ok_or_else(|| no_open(&periods.last().map_or(String::new(), |days| days.period.clone())))
}

fn no_open(own: &str) -> BookError {
    let message = format!("`{}` is closed, and there is no later period that is open", shown(own));
    BookError::refused(
        message,
        "settle through a day of a later period, as --through DATE; where a table has the calendar, it must have that period",
    )
}
