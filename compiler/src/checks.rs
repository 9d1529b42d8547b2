//! What a program says that it cannot mean: names that mislead, conditions that never hold, payments that are never
//! paid. Each is certain from the text alone; no row is looked at.
//!
//! Comes in: the tree of the program for its names, its Plan for the rest. Goes out: problems. A rule that had errors is
//! not in the Plan and is not judged here.

mod balances;
mod below;
mod closed;
mod conditions;
mod names;
mod payments;
mod ranges;
mod returned;

pub(crate) use names::names;

use crate::plan::Plan;
use crate::resolve::Resolved;
use meed_grammar::problem::Problem;

/// What the Plan of a program shows to be in vain.
pub(crate) fn plan(plan: &Plan, resolved: &Resolved, problems: &mut Vec<Problem>) {
    conditions::conditions(plan, problems);
    payments::payments(plan, resolved, problems);
    below::below_zero(plan, resolved, problems);
    below::dropped(plan, resolved, problems);
    returned::returned(plan, problems);
    closed::closed(plan, problems);
    balances::balances(plan, resolved, problems);
}
