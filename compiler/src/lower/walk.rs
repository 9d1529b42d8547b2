//! Visits of expressions.

use crate::plan::{Amount, BandPays, Beyond, Expr, GroupFunction, Limit, Op, Plan, Shape, Step};

/// The expression with every `let` replaced by what it stands for.
pub(super) fn inline(mut expr: Expr, definitions: &[Expr]) -> Expr {
    walk(&mut expr, &mut |expr| {
        if let Op::Local(local) = expr.op {
            *expr = Expr { span: expr.span, ..inline(definitions[local.index()].clone(), definitions) };
        }
    });
    expr
}

/// Visits every expression from the leaves up.
pub(super) fn walk(expr: &mut Expr, visit: &mut impl FnMut(&mut Expr)) {
    for child in children(&mut expr.op) {
        walk(child, visit);
    }
    visit(expr);
}

/// Visits every expression of a Plan.
pub(super) fn every(plan: &mut Plan, visit: &mut impl FnMut(&mut Expr)) {
    let mut roots: Vec<&mut Expr> = Vec::new();
    for schedule in &mut plan.schedules {
        match &mut schedule.shape {
            Shape::Graduated(bands) | Shape::Retroactive(bands) => {
                for band in bands {
                    roots.extend(band.upper.as_mut().map(|edge| &mut edge.value));
                    if let BandPays::Amount { rate, flat } = &mut band.pays {
                        roots.extend(rate.iter_mut().chain(flat));
                    }
                }
            }
            Shape::Curve { below, points, beyond } => {
                roots.push(below);
                roots.extend(points.iter_mut().flat_map(|(at, height)| [at, height]));
                if let Beyond::Value(height) = beyond {
                    roots.push(height);
                }
            }
            Shape::Every { size, pays, .. } => roots.extend([&mut **size, &mut **pays]),
        }
    }
    roots.extend(plan.slots.iter_mut().flat_map(|slot| &mut slot.parts));
    for group in &mut plan.groups {
        roots.push(&mut group.join);
        roots.extend(&mut group.filter);
        match &mut group.function {
            GroupFunction::Sum(value, _)
            | GroupFunction::Smallest(value, _)
            | GroupFunction::Largest(value, _)
            | GroupFunction::Distinct(value) => roots.push(value),
            GroupFunction::Count => {}
        }
    }
    roots.extend(plan.rules.iter_mut().flat_map(|rule| &mut rule.steps).flat_map(of_step));
    roots.into_iter().for_each(|root| walk(root, visit));
}

fn of_step(step: &mut Step) -> Vec<&mut Expr> {
    match step {
        Step::AccumulateAll { filter, atoms, .. } => filter.iter_mut().chain(atoms).collect(),
        Step::Active | Step::First(_) | Step::Set(..) => Vec::new(),
        Step::Filter(value) | Step::Let(_, value) => vec![value],
        Step::Accumulate { atoms, .. } => atoms.iter_mut().collect(),
        Step::Pay(pay) => match &mut pay.amount {
            Amount::Plain(value) => vec![&mut pay.payee, value],
            Amount::AlongTotal { factor, body, .. } => factor.iter_mut().chain([&mut pay.payee, body]).collect(),
        },
        Step::Limit(Limit::PerPayment(amount) | Limit::AtMost { amount, .. } | Limit::AtLeast { amount, .. }) => {
            vec![amount]
        }
    }
}

fn children(op: &mut Op) -> Vec<&mut Expr> {
    match op {
        Op::Telescoped { body: x, .. }
        | Op::Negate(x)
        | Op::Round { value: x, .. }
        | Op::Not(x)
        | Op::Predicate { value: x, .. }
        | Op::IsKnown(x)
        | Op::DatePart(_, x) => vec![x],
        Op::Add(a, b)
        | Op::Subtract(a, b)
        | Op::Multiply(a, b)
        | Op::Divide(a, b)
        | Op::Compare(_, a, b)
        | Op::IfUnknown(a, b) => vec![a, b],
        Op::AddTime { date: a, count: b, .. } | Op::TimeBetween { from: a, to: b, .. } => vec![a, b],
        Op::Smallest(values) | Op::Largest(values) | Op::And(values) | Op::Or(values) => values.iter_mut().collect(),
        Op::Schedule { arguments, value, .. } => arguments.iter_mut().chain([value.as_mut()]).collect(),
        Op::If { branches, otherwise } => {
            branches.iter_mut().flat_map(|(a, b)| [a, b]).chain([otherwise.as_mut()]).collect()
        }
        Op::Number(_)
        | Op::YesNo(_)
        | Op::Date(_)
        | Op::Choice(_)
        | Op::Missing
        | Op::Field { .. }
        | Op::PaymentAmount
        | Op::When
        | Op::Local(_)
        | Op::Decision { .. }
        | Op::Group(_)
        | Op::Level { .. }
        | Op::Argument(_) => Vec::new(),
    }
}
