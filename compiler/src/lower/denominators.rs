//! Denominators that are known while compiling: every value of an expression is a whole number of `1/den`.

use crate::plan::{
    Expr, FindFunction, FoldFunction, Function, Line, Op, Pieces, Plan, Scale, ScheduleId, ScheduleOutput, Search,
    StateKind, Type,
};
use crate::value::{Exact, lcm};
use dashu_int::{IBig, UBig};
use meed_grammar::steps;

/// The denominator of a number, `None` if it depends on the data or does not fit.
/// `locals` are the denominators of the rule's `let`s.
pub(super) fn den(plan: &Plan, expr: &Expr, locals: &[Option<i64>]) -> Option<i64> {
    steps::count(1);
    let go = |expr: &Expr| den(plan, expr, locals);
    match &expr.op {
        Op::Number(value) => i64::try_from(value.denominator()).ok(),
        Op::Field { record, path, .. } => {
            let mut at = *record;
            let mut found = None;
            for field in path {
                let field = &plan.record(at).fields[field.index()];
                found = Some(field);
                if let Type::Ref(next) = field.ty {
                    at = next;
                }
            }
            10i64.checked_pow(found?.decimals)
        }
        Op::PaymentAmount => expr.ty.unit().map(|unit| plan.unit(unit).per_one()),
        Op::Credit(_) => None,
        Op::Rank => Some(1),
        Op::Balance(_) | Op::Taken(_) => expr.ty.unit().map(|unit| plan.unit(unit).per_one()),
        Op::Local(local) => locals.get(local.index()).copied().flatten(),
        Op::Fold(group) => match &plan.folds[group.index()].function {
            FoldFunction::Sum(_, den) | FoldFunction::Smallest(_, den) | FoldFunction::Largest(_, den) => *den,
            FoldFunction::Count | FoldFunction::Distinct(_) => Some(1),
        },
        Op::Level { state, summand, .. } => match &plan.states[state.index()].kind {
            StateKind::Sums { denominators, .. } => denominators[*summand as usize],
            StateKind::Seen | StateKind::Paid => None,
        },
        Op::Increment { body, .. } => go(body),
        Op::IfUnknown(a, b) => lcm(go(a)?, go(b)?),
        Op::Call(function, operands) => match function.signature().scale {
            Scale::Whole => Some(1),
            Scale::Common => operands.iter().try_fold(1, |all, value| lcm(all, go(value)?)),
            // A constant whole factor may cancel part of it, which is not worth looking for.
            Scale::Product => operands.iter().try_fold(1i64, |all, value| all.checked_mul(go(value)?)),
            Scale::Quotient => match &operands[..] {
                [a, Expr { op: Op::Number(value), .. }] if *value != Exact::ZERO => {
                    let numerator = i64::try_from(UBig::try_from(abs(&value.numerator())).ok()?).ok()?;
                    go(a)?.checked_mul(numerator)
                }
                _ => None,
            },
            Scale::Quantum => match function {
                Function::Round { quantum, .. } => i64::try_from(quantum.denominator()).ok(),
                _ => None,
            },
            Scale::OfSchedule => match expr.op.as_schedule() {
                Some((schedule, ScheduleOutput::Amount, [], value)) => of_schedule(plan, schedule, go(value)?),
                _ => None,
            },
            Scale::OfTable => match function {
                Function::Lookup { table, result } => {
                    Some(plan.tables.get(table.index())?.results.get(*result as usize)?.den)
                }
                _ => None,
            },
            Scale::OfSearch => match function {
                Function::Find { search, output } => {
                    plan.searches.get(search.index())?.outputs.get(*output as usize)?.den
                }
                _ => None,
            },
            Scale::NoNumber => None,
        },
        // What is never there is a whole number of anything.
        Op::Missing => Some(1),
        Op::Decision { .. } | Op::Argument(_) => None,
        Op::If { branches, otherwise } => {
            branches.iter().try_fold(go(otherwise)?, |all, (_, value)| lcm(all, go(value)?))
        }
        Op::YesNo(_) | Op::Date(_) | Op::Choice(_) | Op::When | Op::And(_) | Op::Or(_) => None,
    }
}

/// A search whose outputs have their denominators.
pub(super) fn of_search(plan: &Plan, search: &Search) -> Search {
    let mut search = search.clone();
    for output in &mut search.outputs {
        output.den = match output.function {
            FindFunction::Count | FindFunction::Distinct => Some(1),
            _ if output.value.ty.is_numeric() => den(plan, &output.value, &[]),
            _ => Some(1),
        };
    }
    search
}

/// The denominator of F(x) of a schedule without arguments, where x has the denominator `x`.
fn of_schedule(plan: &Plan, schedule: ScheduleId, x: i64) -> Option<i64> {
    let constant = |expr: &Expr| i64::try_from(expr.op.as_number()?.denominator()).ok();
    match &plan.schedules[schedule.index()].pieces {
        Pieces::Lines { pieces, .. } => pieces.iter().try_fold(1, |all, piece| {
            let end = piece.end.bound().map_or(Some(1), constant)?;
            match &piece.line {
                None => Some(all),
                Some(Line::Priced { jump, slope, .. }) => {
                    let slope = slope.as_ref().map_or(Some(1), constant)?;
                    let jump = jump.as_ref().map_or(Some(1), constant)?;
                    lcm(lcm(all, slope.checked_mul(lcm(x, end)?)?)?, jump)
                }
                Some(Line::Between(..)) => None,
            }
        }),
        Pieces::Steps { each, .. } => constant(each),
    }
}

fn abs(value: &IBig) -> IBig {
    if *value < IBig::ZERO { -value.clone() } else { value.clone() }
}
