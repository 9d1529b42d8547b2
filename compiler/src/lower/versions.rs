//! What versions of one rule have to do with one another.

use crate::plan::{Comparison, Days, Expr, Function, Node, Op, Type, Version};
use crate::typed;
use crate::value::Exact;
use meed_grammar::span::Span;

/// A first `ever` is held against rows from before the rule's first day, by the conditions of its first version: that one
/// looks at them, and goes no further with them. `lowered` are the versions by their days.
pub(super) fn look_back(rule: &typed::Rule, lowered: &mut [(usize, Version)]) {
    let [(_, oldest), ..] = lowered else { return };
    if rule.versions.iter().all(|version| version.ever.is_none()) || oldest.active == Days::ALL {
        return;
    }
    if let Some(range) = oldest.nodes.iter_mut().find(|step| matches!(step, Node::Active)) {
        *range = Node::Until;
    }
    // A level counts rows of the rule's own days, as it would without the `ever`.
    let from = oldest.active.from;
    let first = oldest.nodes.iter().position(|step| matches!(step, Node::First { .. }));
    for step in oldest.nodes.iter_mut().take(first.unwrap_or(0)) {
        if let Node::Total { summands, .. } = step {
            summands.iter_mut().for_each(|summand| *summand = from_day(summand.clone(), from));
        }
    }
    if let Some(first) = first {
        oldest.nodes.insert(first + 1, Node::Active);
    }
}

/// Whether a row is of this day or later. Rows after the program's last day are none of a run.
pub(super) fn since(day: i32, span: Span) -> Expr {
    let plain = |op, ty| Expr { op, ty, optional: false, span };
    let (when, first) = (plain(Op::When, Type::Date), plain(Op::Date(day), Type::Date));
    plain(Op::two(Function::Compare(Comparison::GreaterOrEqual), when, first), Type::YesNo)
}

/// A value of the rows from a day on; nothing for those before.
fn from_day(value: Expr, day: i32) -> Expr {
    let Expr { ty, optional, span, .. } = value;
    let nothing = Expr { op: Op::Number(Exact::ZERO), ty, optional: false, span };
    let op = Op::If { branches: vec![(since(day, span), value)], otherwise: Box::new(nothing) };
    Expr { op, ty, optional, span }
}
