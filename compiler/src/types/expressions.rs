//! Expressions: what each kind of expression means, of which type it is, and what can be missing.

mod arguments;
mod arithmetic;
mod calls;
mod choices;
mod conditional;
mod conditions;
mod currencies;
mod dated;
mod dates;
mod decided;
mod functions;
pub(super) mod literals;
mod names;
mod ranges;
mod rounding;
mod shares;
mod types;

pub(super) use calls::{Form, Gaps};
pub(super) use shares::Shares;

use super::Typing;
use super::scope::{Scope, Typed};
use crate::plan::{Expr, Function, Op, ScheduleOutput, Type};
use crate::value::{Exact, is_moderate, round_to};
use literals::text_literal;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;
use meed_grammar::tree::{self, BinaryOp, ExprKind};

impl Typing<'_> {
    /// The typed expression; `None` if it has a problem, which is then reported.
    pub(super) fn expression(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        steps::count(1);
        let span = expr.span;
        let typed = match &expr.kind {
            ExprKind::Number(text) => self.number_literal(text, span),
            ExprKind::Percent(text) => self.percent_literal(text, span),
            ExprKind::Money { amount, currency } => self.money_literal(amount, currency, span),
            ExprKind::Date(text) => self.date_literal(text, span),
            ExprKind::Text(text) => Some(text_literal(text, span)),
            ExprKind::YesNo(value) => Some(Typed::new(Op::YesNo(*value), Type::YesNo, false, span)),
            ExprKind::Path(path) => self.path(path, scope),
            ExprKind::Call { name, arguments, result } => self.call(name, arguments, result.as_ref(), span, scope),
            ExprKind::Bracket(inner) => self.expression(inner, scope),
            ExprKind::Negate(inner) => self.negative(inner, span, scope),
            ExprKind::Not(inner) => self.not(inner, span, scope),
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => self.connective(expr, scope),
            ExprKind::Binary { op, op_span, left, right } => self.arithmetic(*op, *op_span, left, right, span, scope),
            ExprKind::Compare { op, op_span, left, right } => self.comparison(*op, *op_span, left, right, span, scope),
            ExprKind::Between { value, negated, low, high } => self.between(value, *negated, low, high, span, scope),
            ExprKind::In { value, negated, list } => self.membership(value, *negated, list, span, scope),
            ExprKind::Known { value, negated } => self.known(value, *negated, span, scope),
            ExprKind::IfUnknown { value, default } => self.if_unknown(value, default, span, scope),
            ExprKind::Conditional { branches, otherwise } => {
                self.conditional(branches, otherwise.as_deref(), None, span, scope)
            }
            ExprKind::Rounded { value, rounding } => self.rounded(value, rounding, span, scope),
            ExprKind::Clamp { value, at_least, at_most } => {
                self.clamp(value, at_least.as_deref(), at_most.as_deref(), span, scope)
            }
            ExprKind::Function { name, values } => self.function(name, values, span, scope),
            ExprKind::Aggregate { function, value, set } => {
                self.aggregate(*function, value.as_deref(), set.as_ref(), span, scope)
            }
            ExprKind::OneRow { which, by, set, field } => {
                self.one_row(*which, by.as_ref(), set, field.as_ref(), span, scope)
            }
            ExprKind::At { value, moment } => self.at_moment(value, moment, span, scope),
            ExprKind::FieldOf { row, field } => self.field_of_row(row, field, span, scope),
            ExprKind::Running { value, set, per, before } => {
                self.running(value.as_deref(), set.as_ref(), per, *before, span, scope)
            }
            ExprKind::AddsUp { .. } => self.adds_up(expr, scope),
            ExprKind::RateOf(inner) => self.schedule_output(inner, ScheduleOutput::Rate, span, scope),
            ExprKind::BandOf(inner) => self.schedule_output(inner, ScheduleOutput::Band, span, scope),
            ExprKind::TimeBetween { unit, from, to } => self.time_between(*unit, from, to, span, scope),
            ExprKind::DatePart { part, date } => self.date_part(*part, date, span, scope),
            ExprKind::PeriodOf { period, date } if self.names_number(period, scope) => {
                let path = tree::Path { parts: vec![period.clone()], span: period.span };
                let left = tree::Expr { kind: ExprKind::Path(path), span: period.span };
                self.arithmetic(BinaryOp::Of, period.span, &left, date, span, scope)
            }
            ExprKind::PeriodOf { period, date } => self.period_of_date(period, date, span, scope),
            ExprKind::InCurrency { value, currency, at } => self.in_currency(value, currency, at.as_ref(), span, scope),
            ExprKind::PeriodName(text) => self.period_literal(None, text, span),
            ExprKind::PeriodEdge { edge, period, date } => {
                self.period_edge(*edge, period, date.as_deref(), span, scope)
            }
            ExprKind::ExtremeOver { highest, value, from, to } => {
                self.extreme_over(*highest, value, [&**from, &**to], span, scope)
            }
            ExprKind::Earlier { value, window } => self.earlier(value, window, span, scope),
            ExprKind::DaysIn { period, whole } => self.days_in(period, *whole, span, scope),
            ExprKind::AsReported(path) => self.reported(path, span, scope),
            ExprKind::BalanceOf(account) => self.balance_of(account, span, scope),
            ExprKind::TakeFrom { .. } => {
                self.take_inside(span);
                None
            }
            ExprKind::PaidBy { rule } => self.paid_for_row(rule, span, scope),
            ExprKind::List(_) | ExprKind::Period { .. } | ExprKind::Set(_) | ExprKind::Damaged => {
                self.no_value(expr);
                None
            }
        };
        self.noted(span, typed)
    }

    /// Keeps the type of a place.
    fn noted(&mut self, span: Span, typed: Option<Typed>) -> Option<Typed> {
        // A text has no type before it is beside something.
        if let Some(typed) = typed.as_ref().filter(|typed| typed.text.is_none()) {
            self.places.types.push((span, typed.ty, typed.optional));
        }
        typed
    }

    /// What stands for no value here.
    fn no_value(&mut self, expr: &tree::Expr) {
        match &expr.kind {
            ExprKind::List(_) => {
                self.misplaced(expr.span, "a list belongs after `in`", "write: level in [gold, platinum]");
            }
            ExprKind::Period { .. } => {
                let help = "add it to a date or take it off: closed_on + 12 months";
                self.misplaced(expr.span, "a length of time belongs beside a date", help);
            }
            ExprKind::Set(_) => {
                let help = "ask something of it: count of (deal where registered)";
                self.misplaced(expr.span, "a set is no value", help);
            }
            _ => {}
        }
    }

    /// A value where nothing can be made of it.
    pub(super) fn misplaced(&mut self, span: Span, message: &str, help: &str) {
        self.problem(Problem::error("misplaced-value", span, message).help(help));
    }

    /// `-x`
    fn negative(&mut self, inner: &tree::Expr, span: Span, scope: &mut Scope) -> Option<Typed> {
        let inner = self.numeric(inner, scope)?;
        let (ty, optional, literal) = (inner.ty, inner.optional, inner.literal);
        let typed = Typed::new(Op::one(Function::Negate, inner.into_expr()), ty, optional, span);
        Some(Typed { literal, ..fold(typed) })
    }

    /// `x if unknown y`
    fn if_unknown(&mut self, value: &tree::Expr, default: &tree::Expr, span: Span, scope: &mut Scope) -> Option<Typed> {
        let value = self.expression(value, scope)?;
        let default = self.hinted(default, Some(value.ty), scope)?;
        if value.text.is_some() {
            return Some(value);
        }
        let (value, default) = self.unify(value, default)?;
        let default = self.text_beside_data(default, Some(value.ty))?;
        let (ty, optional) = (value.ty, default.optional);
        let op = Op::IfUnknown(Box::new(value.into_expr()), Box::new(default.into_expr()));
        Some(Typed::new(op, ty, optional, span))
    }

    /// A number of any kind.
    pub(super) fn numeric(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = self.expression(expr, scope)?;
        if typed.ty.is_numeric() && typed.text.is_none() {
            return Some(typed);
        }
        let words = self.type_words(typed.ty);
        self.problem(Problem::error(
            "type-mismatch",
            expr.span,
            format!("this must be a number or an amount, not {words}"),
        ));
        None
    }
}

/// A number that needs no row is worked out at once, its parts having been so before. One of more digits than anybody
/// can be paid stays as it is written.
pub(super) fn fold(typed: Typed) -> Typed {
    let number = |expr: &Expr| expr.op.as_number().cloned();
    let value = match typed.op.as_call() {
        Some((function, [x])) => number(x).and_then(|x| match function {
            Function::Negate => Some(-x),
            Function::Round { mode, quantum } => Some(round_to(&x, *mode, quantum)),
            _ => None,
        }),
        Some((function, [a, b])) => number(a).zip(number(b)).and_then(|(a, b)| match function {
            Function::Add => Some(a + b),
            Function::Subtract => Some(a - b),
            Function::Multiply => Some(a * b),
            Function::Divide if b != Exact::ZERO => Some(a / b),
            _ => None,
        }),
        _ => None,
    };
    match value.filter(is_moderate) {
        Some(value) => Typed { op: Op::Number(value), ..typed },
        None => typed,
    }
}

pub(super) fn unbracketed(expr: &tree::Expr) -> &tree::Expr {
    match &expr.kind {
        ExprKind::Bracket(inner) => unbracketed(inner),
        _ => expr,
    }
}
