//! Schedules and their bands.

use super::expression::Place;
use super::{Obligation, Report};
use crate::plan::{Band, BandPays, Beyond, Expr, Function, Op, Plan, Schedule, Shape, Type};
use crate::value::Exact;

pub(super) fn verify(plan: &Plan, report: &mut Report) {
    for schedule in &plan.schedules {
        report.at(format!("schedule `{}`", schedule.name));
        let place = Place { arguments: &schedule.arguments, ..Place::nowhere(plan) };
        let (values, bounds) = parts(schedule);
        for value in values.iter().chain(&bounds) {
            place.check(value, report);
            let numeric = value.ty.is_numeric() && !value.optional;
            report.demand(numeric, Obligation::Types, "bounds, rates and amounts are numbers");
            report.demand(is_arithmetic(value), Obligation::Schedules, "arithmetic on literals and arguments");
        }
        let kinds = [schedule.domain, schedule.result, schedule.rate].into_iter().chain(schedule.arguments.clone());
        report.demand(kinds.into_iter().all(Type::is_numeric), Obligation::Types, "a schedule is taken of a number");
        report.demand(rises(&bounds), Obligation::Schedules, "bounds rise");
        match &schedule.shape {
            Shape::Graduated(bands) | Shape::Retroactive(bands) => {
                report.demand(ends(bands), Obligation::Schedules, "the last band has no end, and only the last");
            }
            Shape::Curve { points, .. } => {
                report.demand(!points.is_empty(), Obligation::Schedules, "a curve has points")
            }
            Shape::Every { size, .. } => {
                let empty = matches!(&size.op, Op::Number(size) if *size <= Exact::ZERO);
                report.demand(!empty, Obligation::Divisors, "a package has a size above zero");
            }
        }
    }
}

/// What is paid, and the bounds in order.
fn parts(schedule: &Schedule) -> (Vec<&Expr>, Vec<&Expr>) {
    match &schedule.shape {
        Shape::Graduated(bands) | Shape::Retroactive(bands) => {
            let pays = bands.iter().flat_map(|band| match &band.pays {
                BandPays::None => Vec::new(),
                BandPays::Amount { rate, flat } => rate.iter().chain(flat).collect(),
            });
            (pays.collect(), bands.iter().filter_map(|band| band.upper.as_ref().map(|edge| &edge.value)).collect())
        }
        Shape::Curve { below, points, beyond } => {
            let beyond = if let Beyond::Value(height) = beyond { Some(&**height) } else { None };
            let heights = points.iter().map(|(_, height)| height);
            (
                std::iter::once(&**below).chain(heights).chain(beyond).collect(),
                points.iter().map(|(at, _)| at).collect(),
            )
        }
        Shape::Every { size, pays, .. } => (vec![size, pays], Vec::new()),
    }
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

fn ends(bands: &[Band]) -> bool {
    let n_open = bands.iter().filter(|band| band.upper.is_none()).count();
    n_open == 1 && bands.last().is_some_and(|band| band.upper.is_none())
}
