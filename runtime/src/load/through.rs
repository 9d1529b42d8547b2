//! Whether the day through which a run settles must be said.
//!
//! Unsaid it is the program's last day. Where a period of a rule begins after the last row that the rule reads, nobody
//! knows whether nothing happened in it or the tables end before it: its guarantees would be paid as final.

use crate::load::periods::begun_periods;
use crate::store::loaded::Loaded;
use meed_compiler::data::{Column, Values};
use meed_compiler::plan::{
    Expr, Function, Node, Op, Period, Plan, Reading, RecordId, RuleId, SearchId, Stream, Version,
};
use std::collections::BTreeSet;

/// A rule that asks for the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// The rule.
    pub rule: String,
    /// The kind of its periods.
    pub period: Period,
    /// The first of them that begins after the last row, by its name.
    pub first: String,
    /// The events that the rule reads.
    pub events: Vec<RecordId>,
    /// The day of their last row, if there is one.
    pub last_row: Option<i32>,
    /// Where that day is within the program's life: the day, and the last day of the period that holds it.
    pub last_period: Option<(i32, i32)>,
}

/// The first rule that asks for the day; `None` if the program's last day leaves nothing open. `loaded` is what a run
/// through the program's last day reads.
pub fn unsaid(plan: &Plan, loaded: &Loaded) -> Option<Unsaid> {
    plan.versions.iter().find_map(|rule| unsaid_of(plan, loaded, rule))
}

fn unsaid_of(plan: &Plan, loaded: &Loaded, rule: &Version) -> Option<Unsaid> {
    let Stream::Periods(_, period) = rule.stream else { return None };
    // Any day may be the last of somebody's own year.
    let period = if period == Period::OwnYear { Period::Day } else { period };
    let mut events = BTreeSet::new();
    events_of(plan, rule, &mut events);
    // A rule that reads no event has nothing to wait for; rows after the program's end show that its tables go so far.
    if events.is_empty() || events.iter().any(|event| loaded.counts[event.index()].after_run_date > 0) {
        return None;
    }
    let last_row = events.iter().filter_map(|&event| last_day(plan, loaded, event)).max();
    let begun = begun_periods(plan, period, plan.active.to);
    let held = last_row.filter(|&day| day >= plan.active.from).map(|day| (day, plan.calendar.index(period, day)));
    let first = held.map_or(*begun.start(), |(_, index)| index + 1);
    // The last day of a period decides which version of a rule holds.
    let first = (first..=*begun.end()).find(|&index| rule.active.holds(plan.cut_days(period, index).to))?;
    let last_period = held.map(|(day, index)| (day, plan.cut_days(period, index).to));
    let rule = rule.name.clone();
    Some(Unsaid {
        rule,
        period,
        first: plan.calendar.name(period, first),
        events: events.into_iter().collect(),
        last_row,
        last_period,
    })
}

/// The events that a rule reads: those of its sets, and those behind payments in them.
fn events_of(plan: &Plan, rule: &Version, events: &mut BTreeSet<RecordId>) {
    let rates = rates_of(rule);
    for search in plan.searches_of(rule).into_iter().filter(|search| !rates.contains(search)) {
        match &plan.search(search).stream {
            // The spans of dated fields are facts, which may be open, and no events.
            Stream::Events(record) | Stream::ByDate(record, _)
                if plan.record(*record).when.is_some() && plan.record(*record).spans.is_none() =>
            {
                events.insert(*record);
            }
            Stream::Lines(rule, _) => behind(plan, *rule, events),
            Stream::Events(_) | Stream::ByDate(..) | Stream::Periods(..) => {}
        }
    }
    for fold in &rule.folds {
        match &plan.matched(*fold).stream {
            Stream::Events(event) | Stream::ByDate(event, _) => drop(events.insert(*event)),
            Stream::Lines(rule, _) => behind(plan, *rule, events),
            Stream::Periods(..) => {}
        }
    }
}

/// The sets of rates of exchange that a rule asks: rates are facts, known ahead.
fn rates_of(rule: &Version) -> Vec<SearchId> {
    let mut found = Vec::new();
    for expr in rule.nodes.iter().flat_map(Node::exprs) {
        expr.walk(&mut |expr| {
            if let Op::Call(Function::Rate, operands) = &expr.op
                && let [Expr { op: Op::Call(Function::Find { search, .. }, _), .. }] = &operands[..]
            {
                found.push(*search);
            }
        });
    }
    found
}

/// The events behind the payments of a rule.
fn behind(plan: &Plan, rule: RuleId, events: &mut BTreeSet<RecordId>) {
    let Some(id) = plan.first_version(rule) else { return };
    match &plan.version(id).stream {
        Stream::Events(event) | Stream::ByDate(event, _) => drop(events.insert(*event)),
        Stream::Lines(source, _) => behind(plan, *source, events),
        Stream::Periods(..) => plan.versions_of(rule).for_each(|id| events_of(plan, plan.version(id), events)),
    }
}

/// The day of the last row of an event that rules see.
fn last_day(plan: &Plan, loaded: &Loaded, event: RecordId) -> Option<i32> {
    days_of(plan, loaded, event).map(|(_, last)| last)
}

/// The days of the first and the last row of an event that rules see.
fn days_of(plan: &Plan, loaded: &Loaded, event: RecordId) -> Option<(i32, i32)> {
    if let Some((days, _)) = loaded.span(event) {
        return Some((days.first, days.last));
    }
    // Rows are in the order of their days.
    let n_rows = loaded.data.tables[event.index()].n_stream;
    let days = loaded.days(plan, event).get(..n_rows)?;
    days.first().copied().zip(days.last().copied())
}

/// The day of the first row of an event that a rule sees: of which something is left, unless it reads rows as they were reported.
fn first_day(plan: &Plan, loaded: &Loaded, event: RecordId, reading: Reading) -> Option<i32> {
    let (first, _) = days_of(plan, loaded, event)?;
    let table = &loaded.data.tables[event.index()];
    let returned = plan.record(event).returned(reading);
    let column = returned.and_then(|field| table.columns.get(field.index())?.as_ref());
    let Some(Column { values: Values::U8(returned), .. }) = column else { return Some(first) };
    // Rows of which others can take something off are held.
    let days = loaded.days(plan, event).get(..table.n_stream)?;
    days.iter().zip(returned).find(|(_, returned)| **returned == 0).map(|(day, _)| *day)
}

/// The first periods of entities before the program of which rules that only set have rows: those of the first row of any event
/// that such rules for the entity and the kind of period read. They all begin there, as one may read what another sets.
pub(super) fn earlier(plan: &Plan, loaded: &Loaded) -> Vec<(RecordId, Period, i32)> {
    let mut first_days: Vec<((RecordId, Period), i32)> = Vec::new();
    for rule in plan.versions.iter().filter(|rule| rule.is_early()) {
        let Stream::Periods(entity, period) = rule.stream else { continue };
        let mut events = BTreeSet::new();
        events_of(plan, rule, &mut events);
        for first in events.into_iter().filter_map(|event| first_day(plan, loaded, event, rule.reading)) {
            match first_days.iter_mut().find(|(known, _)| *known == (entity, period)) {
                Some((_, day)) => *day = first.min(*day),
                None => first_days.push(((entity, period), first)),
            }
        }
    }
    let begins = |((entity, period), day): ((RecordId, Period), i32)| {
        // A calendar from a table knows no days before its own.
        let index = if plan.calendar.knows(period, day) { plan.calendar.index(period, day) } else { 0 };
        (index < plan.calendar.index(period, plan.active.from)).then_some((entity, period, index))
    };
    first_days.into_iter().filter_map(begins).collect()
}
