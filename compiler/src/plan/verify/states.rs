//! States, their keys, and groups.

use super::expression::Place;
use super::{Obligation, Report};
use crate::plan::{Expr, Group, GroupFunction, Op, Plan, StateKind, Stream, Type};

pub(super) fn verify(plan: &Plan, report: &mut Report) {
    for state in &plan.states {
        let owner = plan.rules.get(state.rule.index());
        report.at(format!("a state of `{}`", owner.map_or("no rule", |rule| &rule.name)));
        let Some(slot) = plan.slots.get(state.slot.index()) else {
            report.demand(false, Obligation::Named, "its key");
            continue;
        };
        // The versions of a rule share one stream, which is looked at with their ranges.
        report.demand(owner.is_some(), Obligation::Named, "its rule");
        let first = owner.and_then(|rule| rule.versions.first()).map(|id| plan.version(*id));
        let same = first.is_none_or(|first| first.stream == slot.stream);
        report.demand(same, Obligation::States, "it is kept over the rule's rows");
        let place = Place::row(plan, &slot.stream);
        for part in &slot.parts {
            place.check(part, report);
            report.demand(is_path(part), Obligation::Slots, "a part of the key");
        }
        if let StateKind::Sums { dens } = &state.kind {
            let positive = dens.iter().flatten().all(|den| *den > 0);
            report.demand(positive && !dens.is_empty(), Obligation::Divisors, "the parts of one of a sum");
        }
    }
    plan.groups.iter().for_each(|known| group(plan, known, report));
}

fn is_path(part: &Expr) -> bool {
    matches!(part.op, Op::Field { .. })
}

fn group(plan: &Plan, group: &Group, report: &mut Report) {
    let owner = plan.rules.get(group.rule.index());
    report.at(format!("a group of `{}`", owner.map_or("no rule", |rule| &rule.name)));
    report.demand(owner.is_some(), Obligation::Named, "its rule");
    let place = Place::row(plan, &group.stream);
    place.check(&group.join, report);
    let joined = is_path(&group.join) && group.join.ty == Type::Ref(group.entity);
    report.demand(joined, Obligation::Groups, "the path to the entity");
    report.demand(!matches!(group.stream, Stream::Periods(..)), Obligation::Groups, "rows of events or payments");
    if let Some(filter) = &group.filter {
        place.check(filter, report);
        report.demand(filter.ty == Type::YesNo, Obligation::Types, "a condition is a yes or no");
    }
    let (value, den) = match &group.function {
        GroupFunction::Sum(value, den) => {
            report.demand(value.ty.is_numeric(), Obligation::Types, "a sum is of numbers");
            (value, *den)
        }
        GroupFunction::Smallest(value, den) | GroupFunction::Largest(value, den) => (value, *den),
        GroupFunction::Distinct(value) => (value, None),
        GroupFunction::Count => return,
    };
    place.check(value, report);
    report.demand(den.is_none_or(|den| den > 0), Obligation::Divisors, "the parts of one of a group");
}
