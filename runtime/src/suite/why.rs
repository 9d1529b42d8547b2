//! Why an expectation does not hold: given rows that no tested rule can see, fields that were not given, and what
//! `explain` says of the payments that are meant.

use crate::explain::answer::explain;
use crate::explain::query::{Answer, Explanation, Query};
use crate::suite::failure::Failure;
use crate::suite::judge::place;
use crate::suite::settled::Settled;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{
    Field, FieldId, FieldSource, Node, Op, Plan, RecordId, RecordKind, Stream, Type, Version, VersionId,
};
use meed_compiler::{Expectation, Given, TestCase};
use meed_grammar::foreign::shown;
use std::collections::BTreeSet;

/// So many rows are explained; a failing test is small, or its first rows tell.
const MOST: usize = 3;

/// Given rows of events without their day: no rule would see them, and a test that expects no payment would pass by that.
pub(super) fn undated(plan: &Plan, test: &TestCase) -> Vec<Failure> {
    let seen = seen(plan, test);
    let undated = test.given.iter().filter_map(|given| {
        let definition = plan.record(given.record);
        let when = &definition.fields[definition.when?.index()];
        let is_given = given.cells.iter().any(|cell| cell.field == when.name);
        // By another date a rule sees it all the same.
        let by_date =
            plan.versions.iter().any(|rule| matches!(rule.stream, Stream::ByDate(own, _) if own == given.record));
        let must = definition.kind == RecordKind::Event && !when.optional && seen.contains(&given.record) && !by_date;
        (must && !is_given).then(|| {
            let message = format!("{} is given without `{}`, so no rule sees it", row(plan, given), when.name);
            Failure::new(given.span, message)
        })
    });
    undated.collect()
}

impl Settled {
    /// Says of each failure why it came to that.
    pub(super) fn explain(&mut self, plan: &Plan, text: &str, test: &TestCase, failures: &mut [Failure]) {
        for failure in failures {
            let expectation = test.expect.iter().find(|expectation| place(expectation) == failure.span);
            let Some(query) = expectation.and_then(query) else { continue };
            if let Some(Expectation::Pays { rule, .. }) = expectation {
                failure.why.extend(outside(plan, test, rule, self.through));
                failure.why.extend(not_given(plan, test, rule));
            }
            // A fault of the run is told by the run.
            let Ok(answer) = explain(plan, text, &mut self.loaded, self.through, &query) else { continue };
            failure.why.extend(words(&answer));
            if failure.why.is_empty() {
                let payee = query.payee.unwrap_or_default();
                failure.why.push(format!("no row that is given would pay {}", shown(&payee)));
            }
        }
    }
}

/// What to ask about an expectation of payments.
fn query(expectation: &Expectation) -> Option<Query> {
    let (rule, payee, key, period) = match expectation {
        Expectation::Pays { rule, payee, key, period, .. } => (rule, Some(payee), key, period),
        Expectation::DoesNotPay { rule, payee, key, period, .. } => (rule, payee.as_ref(), key, period),
        Expectation::NoOtherPayments(_)
        | Expectation::Totals { .. }
        | Expectation::Decides { .. }
        | Expectation::Balance { .. }
        | Expectation::Rejected { .. } => return None,
    };
    let rule = Some(rule.clone());
    Some(Query { rule, payee: payee.cloned(), key: key.clone(), balance: None, period: period.clone(), most: MOST })
}

/// Of a row that was paid what made the amount, of one that was not what stopped it.
fn words(answer: &Answer) -> Vec<String> {
    let mut words = answer.notes.clone();
    for explanation in &answer.explanations {
        words.push(explanation.heading.clone());
        words.extend(steps(explanation));
    }
    if answer.n_more > 0 {
        words.push(format!("and {} more", answer.n_more));
    }
    words
}

fn steps(explanation: &Explanation) -> Vec<String> {
    let stopped = explanation.steps.iter().any(|step| step.holds == Some(false));
    let told = explanation.steps.iter().filter(|step| step.holds == stopped.then_some(false));
    told.flat_map(|step| {
        let mark = if stopped { "✗" } else { "·" };
        let details = step.details.iter().map(|detail| format!("    {detail}"));
        std::iter::once(format!("  {mark} {}", step.text)).chain(details)
    })
    .collect()
}

/// Given rows of a rule's events whose day is outside of the program or after the last day of the test.
fn outside(plan: &Plan, test: &TestCase, rule: &str, through: i32) -> Vec<String> {
    let mut seen = BTreeSet::new();
    versions(plan, rule).for_each(|id| streams(plan, plan.version(id), &mut seen));
    let outside = test.given.iter().filter(|given| seen.contains(&given.record)).filter_map(|given| {
        let when = &plan.record(given.record).fields[plan.record(given.record).when?.index()].name;
        let day = &given.cells.iter().find(|cell| cell.field == *when)?.value;
        // Days as text have the order of days; a date and time begins with its day.
        let day = day.get(..10)?;
        let (from, to) = (date_of(plan.active.from).to_string(), date_of(plan.active.to).to_string());
        let row = format!("{} of {day}", row(plan, given));
        if day < from.as_str() || day > to.as_str() {
            return Some(format!("{row} is outside the program, which is active from {from} to {to}"));
        }
        let through = date_of(through).to_string();
        (day > through.as_str()).then(|| format!("{row} is after {through}, through which the test runs"))
    });
    outside.collect()
}

/// Fields that a rule reads and that a given row has not.
fn not_given(plan: &Plan, test: &TestCase, rule: &str) -> Vec<String> {
    let mut read = BTreeSet::new();
    versions(plan, rule).for_each(|id| fields(plan, plan.version(id), &mut read));
    let mut missing = Vec::new();
    for given in &test.given {
        let definition = plan.record(given.record);
        for &(record, field) in read.iter().filter(|(record, _)| *record == given.record) {
            let id = FieldId(field);
            let field = &plan.record(record).fields[field as usize];
            // What no table has is nobody's to give.
            let is_made = match field.source {
                FieldSource::Column(_) | FieldSource::Columns(_) => false,
                FieldSource::Day(_) | FieldSource::Place | FieldSource::Returned(_) | FieldSource::Read(..) => true,
            };
            let is_known = is_made
                || field.optional
                || definition.key.contains(&id)
                || definition.when == Some(id)
                || given.cells.iter().any(|cell| is_of(field, &cell.field));
            if !is_known {
                missing.push(format!("{} is given without `{}`, which `{rule}` reads", row(plan, given), field.name));
            }
        }
    }
    missing
}

/// Whether a field is read from the column of this name.
fn is_of(field: &Field, column: &str) -> bool {
    match &field.source {
        FieldSource::Columns(columns) => columns.iter().any(|known| known.header == column),
        _ => field.name == column,
    }
}

/// `deal D1`
fn row(plan: &Plan, given: &Given) -> String {
    let definition = plan.record(given.record);
    let part = |field: &FieldId| {
        let name = &definition.fields[field.index()].name;
        given.cells.iter().find(|cell| cell.field == *name).map_or("", |cell| cell.value.as_str())
    };
    let key = definition.key.iter().map(part).collect::<Vec<_>>().join("|");
    format!("{} {}", definition.name, shown(&key))
}

/// The events of the rules that a test is about: those that it names, or all.
fn seen(plan: &Plan, test: &TestCase) -> BTreeSet<RecordId> {
    let named = |expectation: &Expectation| match expectation {
        Expectation::Pays { rule, .. } | Expectation::DoesNotPay { rule, .. } => Some(rule.clone()),
        Expectation::NoOtherPayments(_)
        | Expectation::Totals { .. }
        | Expectation::Decides { .. }
        | Expectation::Balance { .. }
        | Expectation::Rejected { .. } => None,
    };
    let named: Option<Vec<String>> = test.expect.iter().map(named).collect();
    let mut seen = BTreeSet::new();
    for rule in &plan.versions {
        if named.as_ref().is_none_or(|named| named.contains(&rule.name)) {
            streams(plan, rule, &mut seen);
        }
    }
    seen
}

/// The versions of the rule of this name.
fn versions<'a>(plan: &'a Plan, rule: &str) -> impl Iterator<Item = VersionId> + 'a {
    plan.rule_named(rule).into_iter().flat_map(|rule| plan.versions_of(rule))
}

/// The events whose rows a rule reads, itself or by what it adds up.
fn streams(plan: &Plan, rule: &Version, seen: &mut BTreeSet<RecordId>) {
    let searched = plan.searches_of(rule);
    let found = searched.iter().map(|id| &plan.search(*id).stream);
    let own = [&rule.stream].into_iter();
    for stream in own.chain(found).chain(rule.folds.iter().map(|id| &plan.matched(*id).stream)) {
        match stream {
            Stream::Events(record) if plan.record(*record).when.is_none() => {}
            Stream::Events(record) | Stream::ByDate(record, _) => {
                seen.insert(*record);
            }
            // A rule over payments comes after the rule that pays them.
            Stream::Lines(paid, _) if *paid != rule.rule => {
                plan.versions_of(*paid).for_each(|id| streams(plan, plan.version(id), seen));
            }
            Stream::Lines(..) | Stream::Periods(..) => {}
        }
    }
}

/// The fields that a rule reads.
fn fields(plan: &Plan, rule: &Version, read: &mut BTreeSet<(RecordId, u32)>) {
    let groups = rule.folds.iter().flat_map(|id| plan.exprs_of(*id));
    let searches = plan.searches_of(rule);
    let sets = searches.iter().flat_map(|id| plan.search(*id).exprs());
    let unit = rule.emit().and_then(|emit| plan.unit(emit.unit).by_row.as_ref()).map(|by_row| &by_row.currency);
    for expr in rule.nodes.iter().flat_map(Node::exprs).chain(groups).chain(sets).chain(unit) {
        expr.walk(&mut |expr| {
            if let Op::Field { record, path, .. } = &expr.op {
                let mut record = *record;
                for field in path {
                    read.insert((record, field.0));
                    if let Type::Ref(target) = plan.record(record).fields[field.index()].ty {
                        record = target;
                    }
                }
            }
        });
    }
}
