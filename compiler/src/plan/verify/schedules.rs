//! Schedules and their pieces.

use super::expression::Place;
use super::{Invariant, Report};
use crate::plan::{End, Expr, Function, Line, Op, Piece, Pieces, Plan, Reach, Type};
use crate::value::Exact;

pub(super) fn verify(plan: &Plan, report: &mut Report) {
    for schedule in &plan.schedules {
        report.at(format!("schedule `{}`", schedule.name));
        let place = Place { arguments: &schedule.arguments, ..Place::nowhere(plan) };
        let bounds: Vec<&Expr> = match &schedule.pieces {
            Pieces::Lines { pieces, .. } => pieces.iter().filter_map(|piece| piece.end.bound()).collect(),
            Pieces::Steps { .. } => Vec::new(),
        };
        for value in schedule.exprs() {
            place.check(value, report);
            let numeric = value.ty.is_numeric() && !value.optional;
            report.demand(numeric, Invariant::Types, "bounds, rates and amounts are numbers");
            report.demand(is_arithmetic(value), Invariant::Schedules, "arithmetic on literals and arguments");
        }
        let kinds = [schedule.domain, schedule.result, schedule.rate].into_iter().chain(schedule.arguments.clone());
        report.demand(kinds.into_iter().all(Type::is_numeric), Invariant::Types, "a schedule is taken of a number");
        report.demand(rises(&bounds), Invariant::Schedules, "bounds rise");
        match &schedule.pieces {
            Pieces::Lines { pieces, .. } => follow(pieces, report),
            Pieces::Steps { size, .. } => {
                let empty = size.op.as_number().is_some_and(|size| *size <= Exact::ZERO);
                report.demand(!empty, Invariant::Divisors, "a package has a size above zero");
            }
        }
    }
}

/// Pieces follow one another to one without an end; those that carry on what is before them all do.
fn follow(pieces: &[Piece], report: &mut Report) {
    let n_open = pieces.iter().filter(|piece| piece.end == End::Never).count();
    let last_is_open = pieces.last().is_some_and(|piece| piece.end == End::Never);
    let ends = n_open == 1 && last_is_open;
    report.demand(ends, Invariant::Schedules, "the last piece has no end, and only the last");
    let first_is_point = pieces.first().is_some_and(|piece| piece.end == End::Point);
    report.demand(!first_is_point, Invariant::Schedules, "a point is the end of the piece before");
    let lines = || pieces.iter().filter_map(|piece| piece.line.as_ref().map(|line| (line, &piece.end)));
    let between_ends = lines().all(|(line, end)| !matches!(line, Line::Between(..)) || end.bound().is_some());
    report.demand(between_ends, Invariant::Schedules, "a line between heights has an end");
    let carries = |line: &Line| matches!(line, Line::Priced { reach: Reach::Above, .. });
    let n_carrying = lines().filter(|(line, _)| carries(line)).count();
    let alike = n_carrying == 0 || n_carrying == lines().count();
    report.demand(alike, Invariant::Schedules, "pieces carry on what is before them, or none does");
}

fn is_arithmetic(value: &Expr) -> bool {
    match &value.op {
        Op::Number(_) | Op::Argument(_) => true,
        op => match op.as_call() {
            Some((Function::Negate, [x])) => is_arithmetic(x),
            Some((Function::Add | Function::Subtract | Function::Multiply, [a, b])) => {
                is_arithmetic(a) && is_arithmetic(b)
            }
            Some((Function::Divide, [a, b])) => is_arithmetic(a) && matches!(b.op, Op::Number(_)),
            _ => false,
        },
    }
}

fn rises(bounds: &[&Expr]) -> bool {
    bounds.windows(2).all(|pair| match (&pair[0].op, &pair[1].op) {
        (Op::Number(low), Op::Number(high)) => low < high,
        _ => true,
    })
}
