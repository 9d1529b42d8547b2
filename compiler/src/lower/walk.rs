//! Visits of expressions.

use crate::plan::{Expr, Op};

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
