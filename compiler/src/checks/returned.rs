//! What returns take off that is taken off once more: by a rule over the returns, or in a sum of both.

use crate::plan::{Expr, FieldSource, FoldFunction, Op, Plan, Reading, RecordId, Reverses, Stream, Type, Version};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;

pub(super) fn returned(plan: &Plan, problems: &mut Vec<Problem>) {
    for version in &plan.versions {
        if let Some(taker) = version.stream.event()
            && let Some((target, reverses)) = reversed(plan, taker)
            && version.is_negative()
            && let Some(emit) = version.emit().filter(|emit| asks_what_is_taken(&emit.worth, taker, reverses))
            && let Some(paying) = plan.versions.iter().find(|other| counts_returns(other, target))
        {
            let (name, of) = (&plan.record(taker).name, &plan.record(target).name);
            let message = format!("what `{name}` takes off `{of}` is taken back once more");
            let help = format!("remove this rule, or say in rule `{}`: returns change nothing", paying.name);
            problems.push(twice(plan, emit.span, message, help, taker, reverses));
        }
        for fold in &version.folds {
            let known = &plan.folds[fold.index()];
            let Stream::Events(taker) = plan.matched(*fold).stream else { continue };
            let Some((target, reverses)) = reversed(plan, taker) else { continue };
            let is_sum = |function: &FoldFunction| match function {
                FoldFunction::Sum(value, _) => Some(value.clone()),
                _ => None,
            };
            let taken = is_sum(&known.function).is_some_and(|value| asks_what_is_taken(&value, taker, reverses));
            let both = version.folds.iter().any(|other| {
                let left = is_sum(&plan.folds[other.index()].function).is_some_and(|value| !is_reported(plan, &value));
                plan.matched(*other).stream == Stream::Events(target) && left
            });
            if taken && both && version.reading != Reading::Reported {
                let (name, of) = (&plan.record(taker).name, &plan.record(target).name);
                let message = format!("`{of}` is what `{name}` leaves of it, and this counts `{name}` once more");
                let help = "leave this out, or sum what was reported: amount as reported".to_owned();
                problems.push(twice(plan, known.span, message, help, taker, reverses));
            }
        }
    }
}

/// The event that rows of another take something off, and how.
fn reversed(plan: &Plan, taker: RecordId) -> Option<(RecordId, &Reverses)> {
    let record = plan.record(taker);
    let reverses = record.reverses.as_ref()?;
    match record.fields[reverses.row.index()].ty {
        Type::Ref(target) => Some((target, reverses)),
        _ => None,
    }
}

/// Whether a value is made of what a return takes off, or of the row that it takes it off.
fn asks_what_is_taken(value: &Expr, taker: RecordId, reverses: &Reverses) -> bool {
    let mut asks = false;
    value.walk(&mut |expr| {
        if let Op::Field { record, path, .. } = &expr.op
            && *record == taker
            && let Some(first) = path.first()
        {
            let is_taken = path.len() == 1 && reverses.takes.iter().any(|(own, _)| own == first);
            asks |= is_taken || *first == reverses.row && expr.ty.is_money();
        }
    });
    asks
}

/// Whether a rule pays for what returns leave of an event, or lets them take back what was paid.
fn counts_returns(version: &Version, target: RecordId) -> bool {
    let pays = version.emit().is_some() && !version.is_negative();
    pays && version.stream.event() == Some(target) && (version.reading != Reading::Reported || version.takes_back)
}

/// Whether a value reads what was reported of a row.
fn is_reported(plan: &Plan, value: &Expr) -> bool {
    let mut reported = false;
    value.walk(&mut |expr| {
        if let Op::Field { record, path, .. } = &expr.op
            && let [field] = path[..]
        {
            let source = &plan.record(*record).fields[field.index()].source;
            reported |= matches!(source, FieldSource::Read(_, Reading::Reported));
        }
    });
    reported
}

fn twice(plan: &Plan, at: Span, message: String, help: String, taker: RecordId, reverses: &Reverses) -> Problem {
    let record = plan.record(taker);
    let place = record.fields[reverses.row.index()].span;
    let problem = Problem::warning("returned-twice", at, message).help(help);
    if place.is_empty() { problem } else { problem.other(place, "it takes that off here") }
}
