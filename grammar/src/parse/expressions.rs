//! Expressions: what one operand of the grammar becomes. Chains of operators are folded in `fold`.

use super::Rule;
use super::ambiguity;
use super::fold;
use super::literals::{decimal, money};
use super::node::Node;
use super::sets::{
    aggregate_word, count_of, earlier_window, extreme, function_of, in_set, named_set, one_row, running,
};
use crate::limits;
use crate::problem::Problem;
use crate::span::Span;
use crate::tree::*;

/// The first expression among the parts of a node, which the grammar guarantees.
pub(super) fn only(node: &Node<'_, '_>) -> Expr {
    node.parts().find_map(|part| operand(&part)).unwrap_or_else(|| damaged(node))
}

/// The last expression among the parts of a node.
pub(super) fn last(node: &Node<'_, '_>) -> Expr {
    node.parts().filter_map(|part| operand(&part)).last().unwrap_or_else(|| damaged(node))
}

/// What is where an expression could not be read.
pub(super) fn damaged(node: &Node<'_, '_>) -> Expr {
    Expr { kind: ExprKind::Damaged, span: node.span() }
}

/// `amount`: a condition or value, perhaps a conditional.
pub(super) fn value(node: &Node<'_, '_>) -> Expr {
    let first = node.part(Rule::condition).map(|condition| fold::condition(&condition));
    let first = first.unwrap_or_else(|| damaged(node));
    match node.part(Rule::conditional) {
        Some(tail) => Expr { kind: conditional(first, &tail), span: node.span() },
        None => first,
    }
}

/// The expression of a node, or none if the node is a keyword or sign.
pub(super) fn operand(node: &Node<'_, '_>) -> Option<Expr> {
    let kind = match node.rule() {
        Rule::amount => return Some(value(node)),
        Rule::condition => return Some(fold::condition(node)),
        Rule::arithmetic => return Some(fold::arithmetic(node)),
        Rule::aggregate_value | Rule::quantity => return Some(only(node)),
        Rule::number => ExprKind::Number(decimal(node.text())),
        Rule::percent => ExprKind::Percent(decimal(node.text().trim_end_matches('%'))),
        Rule::money => money(node.text()),
        Rule::date => ExprKind::Date(node.text().to_owned()),
        Rule::period_name => ExprKind::PeriodName(node.text().to_owned()),
        Rule::text => ExprKind::Text(node.to_text().value),
        Rule::yes => ExprKind::YesNo(true),
        Rule::no => ExprKind::YesNo(false),
        Rule::path => ExprKind::Path(node.to_path()),
        Rule::call => {
            let (name, arguments) = call(node);
            let result = node.part(Rule::field_of).map(|of| of.to_path());
            ExprKind::Call { name, arguments, result }
        }
        Rule::negative => ExprKind::Negate(Box::new(only(node))),
        Rule::list | Rule::mistake_list | Rule::given_key => ExprKind::List(listed(node)),
        Rule::round_list if node.has(Rule::comma) => ExprKind::List(listed(node)),
        Rule::bracket | Rule::round_list => ExprKind::Bracket(Box::new(inside(node))),
        Rule::counted | Rule::in_unit | Rule::given_amount | Rule::cell_amount => return Some(counted(node)),
        Rule::bracketed => return Some(counted(node)),
        Rule::named => return Some(named(node)),
        Rule::running => running(node),
        Rule::count_of => count_of(node),
        Rule::extreme => extreme(node),
        Rule::function_of => function_of(node),
        Rule::aggregate => ExprKind::Aggregate {
            function: aggregate_word(node),
            value: Some(Box::new(only(node))),
            set: node.part(Rule::in_set).map(|set| in_set(&set)),
        },
        Rule::rate_of => ExprKind::RateOf(Box::new(only(node))),
        Rule::band_of => ExprKind::BandOf(Box::new(only(node))),
        Rule::time_between => {
            ExprKind::TimeBetween { unit: period_unit(node), from: Box::new(only(node)), to: Box::new(last(node)) }
        }
        Rule::period_edge => ExprKind::PeriodEdge {
            edge: if node.has(Rule::k_first) { PeriodEdge::First } else { PeriodEdge::Last },
            period: period_word(node),
            date: node.parts().find_map(|part| operand(&part)).map(Box::new),
        },
        Rule::days_in => ExprKind::DaysIn { period: period_word(node), whole: node.has(Rule::whole_period) },
        Rule::lowest_of => {
            let mut days = node.parts().filter_map(|part| operand(&part)).skip(1);
            let mut day = || Box::new(days.next().unwrap_or_else(|| damaged(node)));
            let value = node.part(Rule::path).map_or_else(|| node.to_path(), |path| path.to_path());
            ExprKind::ExtremeOver { highest: node.has(Rule::k_highest), value, from: day(), to: day() }
        }
        Rule::take_from => ExprKind::TakeFrom {
            amount: Box::new(only(node)),
            accounts: node.parts_of(Rule::account).map(|account| super::clauses::to_account(&account)).collect(),
        },
        Rule::balance_of => ExprKind::BalanceOf(
            node.part(Rule::account)
                .map_or_else(|| super::clauses::to_account(node), |account| super::clauses::to_account(&account)),
        ),
        Rule::paid_by => ExprKind::PaidBy { rule: node.name() },
        Rule::one_row => one_row(node),
        Rule::named_set => named_set(node),
        Rule::period_of => ExprKind::PeriodOf { period: first_words(node), date: Box::new(only(node)) },
        Rule::date_part => ExprKind::DatePart { part: date_part(node), date: Box::new(only(node)) },
        _ => return None,
    };
    Some(Expr { kind, span: node.span() })
}

/// The values of a list.
fn listed(node: &Node<'_, '_>) -> Vec<Expr> {
    if let Some(round) = node.part(Rule::round_list).filter(|round| round.has(Rule::comma)) {
        return listed(&round);
    }
    let mut values: Vec<Expr> = node.parts().filter_map(|part| operand(&part)).collect();
    if let Some(more) = values.get(limits::LISTED) {
        let message = format!("a list has at most {} values", limits::words(limits::LISTED));
        node.reader.report(
            Problem::error("over-limit", more.span, message)
                .label("the first that is too many")
                .help("let a field of the data say which rows are meant"),
        );
        values.truncate(limits::LISTED);
    }
    values
}

fn call(node: &Node<'_, '_>) -> (Name, Vec<GivenArgument>) {
    let name = node.part(Rule::call_name).map_or_else(|| node.name(), |name| name.to_name());
    let given = node.parts_of(Rule::given_argument);
    let given = given
        .map(|given| GivenArgument { name: given.part(Rule::name).map(|name| name.to_name()), value: only(&given) });
    (name, given.collect())
}

/// What is in a pair of brackets.
fn inside(node: &Node<'_, '_>) -> Expr {
    let first = only(node);
    if let Some(tail) = node.part(Rule::conditional) {
        let span = first.span.to(tail.span());
        return Expr { kind: conditional(first, &tail), span };
    }
    let Some(clamp) = node.part(Rule::clamp) else {
        return first;
    };
    ambiguity::rounded_bound(node, &first, &clamp);
    let limit = |rule| clamp.part(rule).map(|limit| Box::new(only(&limit)));
    let span = first.span.to(clamp.span());
    let (at_least, at_most) = (limit(Rule::clamp_least), limit(Rule::clamp_most));
    Expr { kind: ExprKind::Clamp { value: Box::new(first), at_least, at_most }, span }
}

fn conditional(first: Expr, tail: &Node<'_, '_>) -> ExprKind {
    let mut branches = vec![(first, only(tail))];
    for branch in tail.parts_of(Rule::branch) {
        branches.push((only(&branch), last(&branch)));
    }
    let otherwise = tail.part(Rule::otherwise).map(|otherwise| Box::new(only(&otherwise)));
    if otherwise.is_none() {
        let span = tail.span();
        tail.reader.report(
            Problem::error(
                "missing-otherwise",
                span,
                "missing `otherwise`: how much when the condition does not hold?",
            )
            .label("`otherwise` belongs after this")
            .help("write `, otherwise 0%` (or `$0`); where nothing at all is to be paid, use `where`"),
        );
    }
    ExprKind::Conditional { branches, otherwise }
}

/// A number or bracket, perhaps with a unit of time behind it.
fn counted(node: &Node<'_, '_>) -> Expr {
    let value = only(node);
    if node.has(Rule::period_unit) {
        let unit = period_unit(node);
        let Some(after) = node.part(Rule::after_day) else {
            return Expr { kind: ExprKind::Period { count: Box::new(value), unit }, span: node.span() };
        };
        // So long after a day is that day and so long.
        let op_span = after.span_of(Rule::k_after).unwrap_or_else(|| after.span());
        let end = node.span_of(Rule::period_unit).map_or(op_span.start, |unit| unit.end);
        let long = Span { start: node.span().start, end };
        let right = Box::new(Expr { kind: ExprKind::Period { count: Box::new(value), unit }, span: long });
        let kind = ExprKind::Binary { op: BinaryOp::Add, op_span, left: Box::new(only(&after)), right };
        return Expr { kind, span: node.span() };
    }
    if let Some(field) = node.part(Rule::field_of) {
        let kind = ExprKind::FieldOf { row: Box::new(value), field: field.to_path() };
        return Expr { kind, span: node.span() };
    }
    match node.part(Rule::unit_name) {
        Some(unit) => {
            // Like `50 EUR`.
            let ExprKind::Number(amount) = value.kind else { return value };
            Expr { kind: ExprKind::Money { amount, currency: unit.name().text }, span: node.span() }
        }
        None => value,
    }
}

/// A name or call, perhaps with `as … adds up` or a unit of time behind it.
fn named(node: &Node<'_, '_>) -> Expr {
    if let (Some(earlier), Some(path)) = (node.part(Rule::earlier), node.part(Rule::path)) {
        let kind = ExprKind::Earlier { value: path.to_path(), window: earlier_window(&earlier) };
        return Expr { kind, span: node.span() };
    }
    if let (Some(_), Some(path)) = (node.part(Rule::as_reported), node.part(Rule::path)) {
        return Expr { kind: ExprKind::AsReported(path.to_path()), span: node.span() };
    }
    let Some(tail) = node.part(Rule::adds_up) else {
        return counted(node);
    };
    let (schedule, arguments) = match node.part(Rule::call) {
        Some(head) => {
            if let Some(of) = head.part(Rule::field_of) {
                let message = "what adds up is a whole schedule, not a result of it";
                let problem = Problem::error("misplaced-value", of.span(), message);
                node.reader.report(problem.help("write: volume_bands as amount adds up per rep"));
            }
            call(&head)
        }
        None => (node.part(Rule::path).map_or_else(|| node.name(), |path| path.name()), Vec::new()),
    };
    let kind = ExprKind::AddsUp {
        schedule,
        arguments,
        quantity: Box::new(only(&tail)),
        over_all: tail.part(Rule::over_all).map(|over| over.name()),
        per: tail.per(),
        at_its_highest: tail.span_of(Rule::at_its_highest),
    };
    Expr { kind, span: node.span() }
}

fn period_unit(node: &Node<'_, '_>) -> PeriodUnit {
    let unit = node.part(Rule::period_unit);
    let node = unit.as_ref().unwrap_or(node);
    if node.has(Rule::k_days) || node.has(Rule::k_day) {
        PeriodUnit::Days
    } else if node.has(Rule::k_months) || node.has(Rule::k_month) {
        PeriodUnit::Months
    } else {
        PeriodUnit::Years
    }
}

/// The period that `quarter of D` and `half month of D` begin with.
fn first_words(node: &Node<'_, '_>) -> Name {
    let word = node.parts().next().unwrap_or_else(|| node.clone());
    let text = if word.rule() == Rule::half_month { "half month" } else { word.text() };
    Name { text: text.to_owned(), span: word.span() }
}

pub(super) fn period_word(node: &Node<'_, '_>) -> Name {
    let word = node.part(Rule::period_word).unwrap_or_else(|| node.clone());
    if word.has(Rule::half_month) { word.name() } else { word.to_name() }
}

fn date_part(node: &Node<'_, '_>) -> DatePart {
    match node.parts().next().map(|word| word.rule()) {
        Some(Rule::k_half) => DatePart::Half,
        Some(Rule::k_quarter) => DatePart::Quarter,
        Some(Rule::k_month) => DatePart::Month,
        Some(Rule::k_day) => DatePart::Day,
        _ => DatePart::Year,
    }
}
