//! Rows of which nothing is left: no rule, total, aggregate or set has them.

use crate::plan::{Expr, Function, Op, Plan, Reading, Root, Search, Stream, Type};
use meed_grammar::span::Span;

/// That something is left of a row of a stream; none where its rows are not taken back.
pub(super) fn is_left(plan: &Plan, stream: &Stream, reading: Reading) -> Option<Expr> {
    let (&Stream::Events(record) | &Stream::ByDate(record, _)) = stream else { return None };
    let returned =
        plan.record(record).returned(reading).filter(|field| plan.record(record).fields[field.index()].used)?;
    let yes_no = |op| Expr { op, ty: Type::YesNo, optional: false, span: Span::default() };
    let field = Op::Field { root: Root::Row, record, path: vec![returned] };
    Some(yes_no(Op::one(Function::Not, yes_no(field))))
}

/// The same with a condition; that alone where rows are not taken back, or read as they were reported.
pub(super) fn left_and(plan: &Plan, stream: &Stream, reading: Reading, condition: Option<Expr>) -> Option<Expr> {
    match (is_left(plan, stream, reading), condition) {
        (Some(left), Some(condition)) => {
            let (span, optional) = (condition.span, condition.optional);
            Some(Expr { op: Op::And(vec![left, condition]), ty: Type::YesNo, optional, span })
        }
        (left, condition) => left.or(condition),
    }
}

/// A set without rows of which nothing is left. A row that is named is found whatever is left of it.
pub(super) fn of_search(plan: &Plan, mut search: Search) -> Search {
    let is_named = matches!(&search.keys[..], [Expr { op: Op::Field { path, .. }, .. }] if path.is_empty());
    if !is_named {
        search.only = left_and(plan, &search.stream, search.reading, search.only);
    }
    search.reading = Reading::Left;
    search
}
