//! Flat chains of operands and operators become trees, by one table of precedences.
//!
//! Where two honest readings exist, none is taken silently: the chain is folded one way and a problem asks for brackets.

use super::Rule;
use super::ambiguity::{
    Operator, comparison_chain, is_name, list_brackets, missing_percent, mixed_and_or, of_beside_sum, too_long,
};
use super::expressions::{damaged, only, operand};
use super::node::Node;
use super::roundings::rounding;
use crate::limits;
use crate::problem::Problem;
use crate::tree::{BinaryOp, CompareOp, Expr, ExprKind, Moment, Name, RateDay};

/// Operators and operands of one expression together; a chain of more is refused.
const LONGEST: usize = limits::VALUES;

/// `term and term or …`
pub(super) fn condition(node: &Node<'_, '_>) -> Expr {
    let (operands, operators) = chain(node, |part| (part.rule() == Rule::term).then(|| term(part)));
    if let Some(first) = operators.first()
        && let Some(other) = operators.iter().find(|operator| operator.op != first.op)
    {
        mixed_and_or(node, &operands, &operators, other.span);
    }
    fold(node, operands, operators)
}

fn term(node: &Node<'_, '_>) -> Expr {
    if too_long(node) {
        return damaged(node);
    }
    let mut value: Option<Expr> = None;
    let mut nots = Vec::new();
    let mut comparisons = 0;
    for part in node.parts() {
        match part.rule() {
            Rule::k_not => nots.push(part.span()),
            Rule::arithmetic => value = Some(arithmetic(&part)),
            _ => {
                let left = value.take().unwrap_or_else(|| damaged(node));
                if part.rule() != Rule::at_moment {
                    comparisons += 1;
                }
                let chained = comparisons > 1 && part.rule() != Rule::at_moment;
                if chained && comparisons == 2 {
                    comparison_chain(&part, &left);
                }
                value = Some(if chained { damaged(node) } else { tail(left, &part) });
            }
        }
    }
    let mut value = value.unwrap_or_else(|| damaged(node));
    for span in nots.into_iter().rev() {
        let span = span.to(value.span);
        value = Expr { kind: ExprKind::Not(Box::new(value)), span };
    }
    value
}

/// What is behind the left side of a comparison.
fn tail(left: Expr, node: &Node<'_, '_>) -> Expr {
    let span = left.span.to(node.span());
    let value = Box::new(left);
    let negated = node.has(Rule::k_not);
    let kind = match node.rule() {
        Rule::is_known => ExprKind::Known { value, negated: negated != node.has(Rule::k_unknown) },
        Rule::between => {
            let mut ends = node.parts_of(Rule::arithmetic).map(|end| Box::new(arithmetic(&end)));
            let low = ends.next().unwrap_or_else(|| Box::new(damaged(node)));
            let high = ends.next().unwrap_or_else(|| Box::new(damaged(node)));
            ExprKind::Between { value, negated, low, high }
        }
        Rule::in_list => {
            if let Some(mistake) = node.part(Rule::mistake_list)
                && !list_brackets(&value, &mistake)
            {
                return damaged(node);
            }
            let mut list = only(node);
            // Whether one name alone is a list is known where names are looked up.
            if let ExprKind::List(values) = &mut list.kind
                && let Some(mistake) = node.part(Rule::mistake_list)
                && is_name(&mistake)
            {
                list = values.pop().unwrap_or_else(|| damaged(node));
            }
            ExprKind::In { value, negated, list: Box::new(list) }
        }
        Rule::at_moment => {
            let moment = match () {
                () if node.has(Rule::k_start) => Moment::Start,
                () if node.has(Rule::k_end) => Moment::End,
                () => Moment::Throughout,
            };
            ExprKind::At { value, moment }
        }
        _ => {
            let op = node.part(Rule::compare_op);
            let op_span = op.as_ref().map_or(span, |op| op.span());
            let op = op.map_or(CompareOp::Equal, |op| compare_op(&op));
            ExprKind::Compare { op, op_span, left: value, right: Box::new(only(node)) }
        }
    };
    Expr { kind, span }
}

fn compare_op(node: &Node<'_, '_>) -> CompareOp {
    match node.parts().next().map(|sign| sign.rule()) {
        Some(Rule::k_is) if node.has(Rule::k_not) => CompareOp::NotEqual,
        Some(Rule::not_equal) => CompareOp::NotEqual,
        Some(Rule::less) => CompareOp::Less,
        Some(Rule::less_or_equal) => CompareOp::LessOrEqual,
        Some(Rule::greater) => CompareOp::Greater,
        Some(Rule::greater_or_equal) => CompareOp::GreaterOrEqual,
        Some(Rule::k_contains) => CompareOp::Contains,
        Some(Rule::k_starts) => CompareOp::StartsWith,
        Some(Rule::k_ends) => CompareOp::EndsWith,
        _ => CompareOp::Equal,
    }
}

/// `unary + unary * …`, perhaps rounded.
pub(super) fn arithmetic(node: &Node<'_, '_>) -> Expr {
    let (operands, operators) = chain(node, |part| (part.rule() == Rule::unary).then(|| unary(part)));
    for (operator, (left, right)) in operators.iter().zip(operands.iter().zip(operands.iter().skip(1))) {
        if operator.op == BinaryOp::Of {
            missing_percent(node, left, right);
        }
    }
    let of = operators.iter().find(|operator| operator.op == BinaryOp::Of);
    let sum = operators.iter().find(|operator| matches!(operator.op, BinaryOp::Add | BinaryOp::Subtract));
    if let (Some(of), Some(sum)) = (of, sum) {
        of_beside_sum(node, &operands, &operators, of.span, sum.span);
    }
    let value = fold(node, operands, operators);
    match node.part(Rule::rounding) {
        Some(part) => {
            let span = value.span.to(part.span());
            Expr { kind: ExprKind::Rounded { value: Box::new(value), rounding: rounding(&part, only) }, span }
        }
        None => value,
    }
}

fn unary(node: &Node<'_, '_>) -> Expr {
    if too_long(node) {
        return damaged(node);
    }
    let mut value: Option<Expr> = None;
    let mut minuses = Vec::new();
    for part in node.parts() {
        match (part.rule(), value.take()) {
            (Rule::minus_sign, _) => minuses.push(part.span()),
            (Rule::if_unknown, Some(left)) => {
                let span = left.span.to(part.span());
                let kind = ExprKind::IfUnknown { value: Box::new(left), default: Box::new(only(&part)) };
                value = Some(Expr { kind, span });
            }
            (Rule::at_day, Some(left)) => {
                let span = left.span.to(part.span());
                let moment = Moment::Day(Box::new(only(&part)));
                value = Some(Expr { kind: ExprKind::At { value: Box::new(left), moment }, span });
            }
            (Rule::in_currency, Some(left)) => {
                let span = left.span.to(part.span());
                let code = part.part(Rule::currency_code);
                let currency =
                    code.map_or_else(|| part.name(), |code| Name { text: code.text().to_owned(), span: code.span() });
                let at = part.part(Rule::rate_day).map(|day| match day.part(Rule::period_word) {
                    Some(_) => RateDay::EndOf(super::expressions::period_word(&day)),
                    None => RateDay::Day(Box::new(only(&day))),
                });
                value = Some(Expr { kind: ExprKind::InCurrency { value: Box::new(left), currency, at }, span });
            }
            (_, left) => value = left.or_else(|| operand(&part)),
        }
    }
    let mut value = value.unwrap_or_else(|| damaged(node));
    for span in minuses.into_iter().rev() {
        let span = span.to(value.span);
        value = Expr { kind: ExprKind::Negate(Box::new(value)), span };
    }
    value
}

/// Splits a flat chain into operands and the operators between them. INVARIANT: one operand more than operators.
fn chain<'s, 'r>(node: &Node<'s, 'r>, build: impl Fn(&Node<'s, 'r>) -> Option<Expr>) -> (Vec<Expr>, Vec<Operator>) {
    let reader = node.reader;
    let parts: Vec<_> = node.parts().collect();
    let outside = reader.depth.get();
    let depth = outside + parts.len() / 2 + 1;
    if depth > LONGEST {
        reader.report(
            Problem::error("too-deep", node.span(), "this is too long to be read as one")
                .label(format!("more than {LONGEST} values and brackets are inside one another"))
                .help("give parts of it a name with `let`"),
        );
        return (vec![damaged(node)], Vec::new());
    }
    reader.depth.set(depth);
    let mut operands = Vec::new();
    let mut operators = Vec::new();
    for part in &parts {
        match operator(part.rule()) {
            Some(op) => operators.push(Operator { op, span: part.span() }),
            None => operands.extend(build(part)),
        }
    }
    reader.depth.set(outside);
    (operands, operators)
}

fn operator(rule: Rule) -> Option<BinaryOp> {
    Some(match rule {
        Rule::k_or => BinaryOp::Or,
        Rule::k_and => BinaryOp::And,
        Rule::plus_sign => BinaryOp::Add,
        Rule::minus => BinaryOp::Subtract,
        Rule::times => BinaryOp::Multiply,
        Rule::divide => BinaryOp::Divide,
        Rule::k_of => BinaryOp::Of,
        _ => return None,
    })
}

/// How tightly an operator binds.
fn precedence(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Add | BinaryOp::Subtract => 3,
        BinaryOp::Multiply | BinaryOp::Divide => 4,
        BinaryOp::Of => 5,
    }
}

/// Folds a flat chain; `of` binds to the right, all others to the left.
fn fold(node: &Node<'_, '_>, operands: Vec<Expr>, operators: Vec<Operator>) -> Expr {
    let mut values: Vec<Expr> = Vec::new();
    let mut waiting: Vec<Operator> = Vec::new();
    let mut operands = operands.into_iter();
    values.extend(operands.next());
    for (operator, value) in operators.into_iter().zip(operands) {
        while let Some(last) = waiting.last() {
            let (last, next) = (precedence(last.op), precedence(operator.op));
            if last < next || (last == next && operator.op == BinaryOp::Of) {
                break;
            }
            join(&mut values, &mut waiting);
        }
        waiting.push(operator);
        values.push(value);
    }
    while !waiting.is_empty() {
        join(&mut values, &mut waiting);
    }
    values.pop().unwrap_or_else(|| damaged(node))
}

/// Joins the last two values by the last operator.
fn join(values: &mut Vec<Expr>, waiting: &mut Vec<Operator>) {
    if let (Some(right), Some(left), Some(operator)) = (values.pop(), values.pop(), waiting.pop()) {
        let span = left.span.to(right.span);
        let kind =
            ExprKind::Binary { op: operator.op, op_span: operator.span, left: Box::new(left), right: Box::new(right) };
        values.push(Expr { kind, span });
    }
}
