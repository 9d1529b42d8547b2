//! States, their keys, and what is aggregated.

use super::expression::Place;
use super::{Invariant, Report};
use crate::plan::{Expr, FoldFunction, Function, Match, Op, Plan, StateKind, Stream, Type};

pub(super) fn verify(plan: &Plan, report: &mut Report) {
    for state in &plan.states {
        let owner = plan.rules.get(state.rule.index());
        report.at(format!("a state of `{}`", owner.map_or("no rule", |rule| &rule.name)));
        let Some(key) = plan.keys.get(state.key.index()) else {
            report.demand(false, Invariant::Named, "its key");
            continue;
        };
        // The versions of a rule share one stream, which is looked at with their ranges.
        report.demand(owner.is_some(), Invariant::Named, "its rule");
        let first = owner.and_then(|rule| rule.versions.first()).map(|id| plan.version(*id));
        let same = first.is_none_or(|first| first.stream == key.stream);
        report.demand(same, Invariant::States, "it is kept over the rule's rows");
        let place = Place::row(plan, &key.stream);
        for part in &key.parts {
            place.check(part, report);
            report.demand(is_path(part), Invariant::StateKeys, "a part of the key");
        }
        if let StateKind::Sums { denominators, highest } = &state.kind {
            let positive = denominators.iter().flatten().all(|den| *den > 0);
            report.demand(positive && !denominators.is_empty(), Invariant::Divisors, "the parts of one of a sum");
            let fits = !highest || denominators.len() == 2 && denominators[0] == denominators[1];
            report.demand(fits, Invariant::States, "the highest of one sum");
        }
    }
    plan.matches.iter().for_each(|known| matched(plan, known, report));
    for fold in &plan.folds {
        value(plan, &plan.rows_of(fold).stream, &fold.function, report);
    }
}

/// A field, or the years since one.
fn is_path(part: &Expr) -> bool {
    match &part.op {
        Op::Field { .. } => true,
        Op::Call(Function::OwnYear, operands) => matches!(operands.first(), Some(Expr { op: Op::Field { .. }, .. })),
        _ => false,
    }
}

fn matched(plan: &Plan, rows: &Match, report: &mut Report) {
    let owner = plan.rules.get(rows.rule.index());
    report.at(format!("rows of `{}`", owner.map_or("no rule", |rule| &rule.name)));
    report.demand(owner.is_some(), Invariant::Named, "its rule");
    let place = Place::row(plan, &rows.stream);
    place.check(&rows.key, report);
    let joined = is_path(&rows.key) && rows.key.ty == Type::Ref(rows.entity);
    report.demand(joined, Invariant::Folds, "the path to the entity");
    report.demand(!matches!(rows.stream, Stream::Periods(..)), Invariant::Folds, "rows of events or payments");
    if let Some(also) = &rows.also {
        place.check(also, report);
        report.demand(also.ty == Type::YesNo, Invariant::Types, "a condition is a yes or no");
    }
}

/// What is aggregated of rows.
fn value(plan: &Plan, stream: &Stream, function: &FoldFunction, report: &mut Report) {
    let (value, den) = match function {
        FoldFunction::Sum(value, den) => {
            report.demand(value.ty.is_numeric(), Invariant::Types, "a sum is of numbers");
            (value, *den)
        }
        FoldFunction::Smallest(value, den) | FoldFunction::Largest(value, den) => (value, *den),
        FoldFunction::Distinct(value) => (value, None),
        FoldFunction::Count => return,
    };
    Place::row(plan, stream).check(value, report);
    report.demand(den.is_none_or(|den| den > 0), Invariant::Divisors, "the parts of one of an aggregate");
}
