//! Payments that are never paid: schedules and amounts that are nothing whatever the row, limits that let nothing through.

use crate::plan::{Emit, Expr, Function, Limit, Line, Node, Op, Owner, Parties, Pieces, Plan, Schedule, Share};
use crate::resolve::Resolved;
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::steps;

pub(super) fn payments(plan: &Plan, resolved: &Resolved, problems: &mut Vec<Problem>) {
    for schedule in plan.schedules.iter().filter(|schedule| pays_nothing(schedule)) {
        let span = resolved.schedule(&schedule.name).map_or(schedule.span, |declared| declared.name.span);
        let message = format!("schedule `{}` never pays anything", schedule.name);
        problems.push(
            Problem::warning("never-pays", span, message)
                .label("every band of it is nothing")
                .help("give one of its bands a rate or an amount, or remove the schedule"),
        );
    }
    for (rule, step) in plan.versions.iter().flat_map(|rule| rule.nodes.iter().map(move |step| (rule, step))) {
        let nothing = match step {
            Node::Share(Share { parties: Parties::Levels(levels), .. }) => {
                let all = levels.iter().all(|level| is_nothing(&level.amount));
                levels.first().filter(|_| all).map(|level| (&level.amount, "this amount is always nothing"))
            }
            Node::Emit(Emit { payee: None, worth: Expr { op: Op::Number(_), .. }, .. })
                if rule.share().is_some_and(Share::is_chain) =>
            {
                None
            }
            Node::Emit(emit) => {
                // What adds up is worth something for some row; a factor or an amount of a row may be nothing for all.
                let of_row = (emit.owner == Owner::Row).then_some(&emit.worth);
                let nothing = emit.factor.iter().chain(of_row).find(|value| is_nothing(value));
                nothing.map(|value| (value, "this amount is always nothing"))
            }
            Node::Limit(Limit::PerPayment(most) | Limit::AtMost { amount: most, .. }) if is_nothing(most) => {
                Some((most, "this limit lets nothing through"))
            }
            _ => None,
        };
        if let Some((value, message)) = nothing {
            let help = "write what is to be paid, or remove the rule";
            problems.push(Problem::warning("never-pays", value.span, message).help(help));
        }
    }
}

/// Whether a value is 0 for every row.
fn is_nothing(value: &Expr) -> bool {
    steps::count(1);
    match &value.op {
        Op::Number(number) => *number == Exact::ZERO,
        op => match op.as_call() {
            Some((Function::Multiply, factors)) => factors.iter().any(is_nothing),
            Some((Function::Divide | Function::Negate, [a, ..])) => is_nothing(a),
            _ => false,
        },
    }
}

/// Whether F is 0 or missing everywhere.
fn pays_nothing(schedule: &Schedule) -> bool {
    match &schedule.pieces {
        Pieces::Lines { pieces, .. } => {
            let mut given = pieces.iter().filter_map(|piece| piece.line.as_ref()).flat_map(Line::exprs);
            given.all(is_nothing)
        }
        Pieces::Steps { each, .. } => is_nothing(each),
    }
}
