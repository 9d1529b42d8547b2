//! Expressions: what each kind of expression means, of which type it is, and what can be missing.

mod arithmetic;
mod calls;
mod conditional;
mod conditions;
mod currency;
mod names;
mod types;

pub(super) use calls::pays_none;

use super::scope::{Scope, Typed};
use super::{Lowering, suggest};
use crate::plan::calendar::day_of;
use crate::plan::{self, ChoiceId, ColumnSource, Expr, FieldSource, Format, Op, Type};
use crate::resolve::not_supported;
use crate::value::{Exact, parse_exact, power_of_ten, round_to};
use arithmetic::time_unit;
use conditions::negate;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, CompareOp, ExprKind, RoundTo};

impl Lowering<'_> {
    /// The typed expression; none when it has a problem, which is then reported.
    pub(super) fn expression(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let span = expr.span;
        let plain = |op, ty| Some(Typed::new(op, ty, false, span));
        match &expr.kind {
            ExprKind::Number(text) => {
                let value = self.literal(text, span)?;
                let ty = if value.denominator() == &dashu_int::UBig::ONE { Type::Count } else { Type::Number };
                Some(Typed { literal: true, ..Typed::new(Op::Number(value), ty, false, span) })
            }
            ExprKind::Percent(text) => plain(Op::Number(self.literal(text, span)? / Exact::from(100)), Type::Percent),
            ExprKind::Money { amount, currency } => {
                self.check_currency(currency, span)?;
                plain(Op::Number(self.literal(amount, span)?), Type::Money)
            }
            ExprKind::Date(text) => match text.parse::<jiff::civil::Date>() {
                Ok(date) => plain(Op::Date(day_of(date)), Type::Date),
                Err(_) => {
                    let message = format!("`{text}` is no day of the calendar");
                    let mut problem = Problem::error("no-such-day", span, message);
                    if let Some(last) = last_of_month(text) {
                        problem = problem.help(format!("the last day of that month is {last}")).edit(span, last);
                    }
                    self.problem(problem);
                    None
                }
            },
            ExprKind::Text(text) => {
                let domain = plan::DomainId(0);
                Some(Typed { text: Some(text.clone()), ..Typed::new(Op::Missing, Type::Text(domain), false, span) })
            }
            ExprKind::YesNo(value) => plain(Op::YesNo(*value), Type::YesNo),
            ExprKind::Path(path) => self.path(path, scope),
            ExprKind::Call { name, arguments } => self.call(name, arguments, span, scope),
            ExprKind::List(_) => {
                self.problem(
                    Problem::error("misplaced-value", span, "a list stands after `in`")
                        .help("write: level in [gold, platinum]"),
                );
                None
            }
            ExprKind::Bracket(inner) => self.expression(inner, scope),
            ExprKind::Negate(inner) => {
                let inner = self.numeric(inner, scope)?;
                let (ty, optional) = (inner.ty, inner.optional);
                let literal = inner.literal;
                let typed = Typed::new(Op::Negate(Box::new(inner.into_expr())), ty, optional, span);
                Some(Typed { literal, ..fold(typed) })
            }
            ExprKind::Not(inner) => {
                let inner = self.condition(inner, scope)?;
                let optional = inner.optional;
                Some(Typed::new(Op::Not(Box::new(inner)), Type::YesNo, optional, span))
            }
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => self.connective(expr, scope),
            ExprKind::Binary { op, op_span, left, right } => self.arithmetic(*op, *op_span, left, right, span, scope),
            ExprKind::Compare { op, op_span, left, right } => self.comparison(*op, *op_span, left, right, span, scope),
            ExprKind::Between { value, negated, low, high } => {
                let from = self.comparison(CompareOp::GreaterOrEqual, value.span, value, low, span, scope)?;
                let to = self.comparison(CompareOp::LessOrEqual, value.span, value, high, span, scope)?;
                let optional = from.optional || to.optional;
                let both = Typed::new(Op::And(vec![from.into_expr(), to.into_expr()]), Type::YesNo, optional, span);
                Some(negate(both, *negated))
            }
            ExprKind::In { value, negated, list } => {
                let found = self.membership(value, list, span, scope)?;
                Some(negate(found, *negated))
            }
            ExprKind::Known { value, negated } => {
                let value = self.expression(value, scope)?;
                let known = Typed::new(Op::IsKnown(Box::new(value.into_expr())), Type::YesNo, false, span);
                Some(negate(known, *negated))
            }
            ExprKind::IfUnknown { value, default } => {
                let value = self.expression(value, scope)?;
                let default = self.hinted(default, Some(value.ty), scope)?;
                let (value, default) = self.unify(value, default)?;
                let (ty, optional) = (value.ty, default.optional);
                let op = Op::IfUnknown(Box::new(value.into_expr()), Box::new(default.into_expr()));
                Some(Typed::new(op, ty, optional, span))
            }
            ExprKind::Conditional { branches, otherwise } => {
                self.conditional(branches, otherwise.as_deref(), None, span, scope)
            }
            ExprKind::Rounded { value, rounding } => {
                let value = self.numeric(value, scope)?;
                let quantum = match &rounding.to {
                    None if value.ty == Type::Money => Exact::ONE / power_of_ten(self.plan.unit.decimals),
                    None => {
                        let end = Span { start: rounding.span.end, end: rounding.span.end };
                        self.problem(
                            Problem::error("missing-decimals", rounding.span, "rounded to what?")
                                .help("add `to whole`, `to 2 decimals` or `to multiples of 5`")
                                .edit(end, " to whole"),
                        );
                        return None;
                    }
                    Some(RoundTo::Decimals(decimals)) => Exact::ONE / power_of_ten(*decimals),
                    Some(RoundTo::Whole) => Exact::ONE,
                    Some(RoundTo::MultiplesOf(step)) => {
                        let step_span = step.span;
                        let step = fold(self.numeric(step, scope)?);
                        match step.op {
                            Op::Number(step) if step > Exact::ZERO => step,
                            _ => {
                                self.problem(
                                    Problem::error("not-a-literal", step_span, "the step is a literal above zero")
                                        .help("write it, for example: to multiples of 5"),
                                );
                                return None;
                            }
                        }
                    }
                };
                let (ty, optional) = (value.ty, value.optional);
                let op = Op::Round { value: Box::new(value.into_expr()), mode: rounding.mode, quantum };
                Some(fold(Typed::new(op, ty, optional, span)))
            }
            ExprKind::Clamp { value, at_least, at_most } => {
                let mut typed = self.numeric(value, scope)?;
                for (bound, floor) in [(at_least, true), (at_most, false)] {
                    if let Some(bound) = bound {
                        let bound = self.numeric(bound, scope)?;
                        typed = self.extreme(vec![typed, bound], floor, span)?;
                    }
                }
                Some(typed)
            }
            ExprKind::Extreme { largest, values } => {
                let values = values.iter().map(|value| self.expression(value, scope)).collect::<Option<Vec<_>>>()?;
                self.extreme(values, *largest, span)
            }
            ExprKind::Aggregate { function, value, set } => {
                self.aggregate(*function, value.as_deref(), set.as_ref(), span, scope)
            }
            ExprKind::Running { value, set, per, before } => {
                self.running(value.as_deref(), set.as_ref(), per, *before, span, scope)
            }
            ExprKind::AddsUp { .. } => self.adds_up(expr, scope),
            ExprKind::RateOf(inner) | ExprKind::BandOf(inner) => {
                let rate = matches!(expr.kind, ExprKind::RateOf(_));
                self.ask(inner, if rate { plan::Ask::Rate } else { plan::Ask::Band }, span, scope)
            }
            ExprKind::Period { .. } => {
                let help = "add it to a date or take it off: closed_on + 12 months";
                self.problem(
                    Problem::error("misplaced-value", span, "a length of time stands beside a date").help(help),
                );
                None
            }
            ExprKind::TimeBetween { unit, from, to } => {
                let (from, to) = (self.date(from, scope)?, self.date(to, scope)?);
                let optional = from.optional || to.optional;
                let unit = time_unit(*unit);
                self.note_months(unit, span);
                let op = Op::TimeBetween { unit, from: Box::new(from.into_expr()), to: Box::new(to.into_expr()) };
                Some(Typed::new(op, Type::Count, optional, span))
            }
            ExprKind::DatePart { part, date } => {
                let date = self.date(date, scope)?;
                let optional = date.optional;
                let part = match part {
                    tree::DatePart::Year => plan::DatePart::Year,
                    tree::DatePart::Half => plan::DatePart::Half,
                    tree::DatePart::Quarter => plan::DatePart::Quarter,
                    tree::DatePart::Month => plan::DatePart::Month,
                    tree::DatePart::Day => plan::DatePart::Day,
                };
                Some(Typed::new(Op::DatePart(part, Box::new(date.into_expr())), Type::Count, optional, span))
            }
            ExprKind::Unsupported(unsupported) => {
                self.problem(not_supported(unsupported));
                None
            }
            ExprKind::Damaged => None,
        }
    }

    fn literal(&mut self, text: &str, span: Span) -> Option<Exact> {
        let value = parse_exact(text);
        if value.is_none() {
            self.problem(Problem::error("wrong-number", span, format!("`{text}` is no number")));
        }
        value
    }

    /// An expression where a value of a choice may be named.
    pub(super) fn hinted(&mut self, expr: &tree::Expr, hint: Option<Type>, scope: &mut Scope) -> Option<Typed> {
        match (&expr.kind, hint) {
            (ExprKind::Bracket(inner), _) => self.hinted(inner, hint, scope),
            (ExprKind::Path(path), Some(Type::Choice(choice))) if path.parts.len() == 1 => {
                let name = &path.parts[0];
                if let Some(place) = self.plan.choices[choice.index()].iter().position(|value| *value == name.text) {
                    return Some(Typed::new(Op::Choice(place as u32), Type::Choice(choice), false, expr.span));
                }
                if self.names_something(name, scope) {
                    return self.path(path, scope);
                }
                self.unknown_choice(choice, name);
                None
            }
            (ExprKind::Text(text), Some(ty)) if self.is_list_of_texts(ty) => Some(self.listed_text(text, expr.span)),
            (ExprKind::Text(text), Some(Type::Choice(choice))) => {
                let values = self.plan.choices[choice.index()].clone();
                let mut problem =
                    Problem::error("quoted-choice", expr.span, "the values of a `one of` are written without quotes");
                let near = meed_grammar::nearest(text, values.iter().map(String::as_str));
                let same = values.iter().find(|value| value.to_lowercase() == text.to_lowercase()).map(String::as_str);
                let spelled = self.spelled(choice, text);
                if let Some(value) = same.or(spelled.as_deref()).or(near) {
                    problem = problem.help(format!("write `{value}`")).edit(expr.span, value);
                }
                self.problem(problem);
                None
            }
            (ExprKind::Conditional { branches, otherwise }, Some(_)) => {
                self.conditional(branches, otherwise.as_deref(), hint, expr.span, scope)
            }
            _ => self.expression(expr, scope),
        }
    }

    /// The value of a choice that some column spells so.
    fn spelled(&self, choice: ChoiceId, text: &str) -> Option<String> {
        let fields = self.plan.records.iter().flat_map(|record| &record.fields);
        let value = fields.filter(|field| field.ty == Type::Choice(choice)).find_map(|field| match &field.source {
            FieldSource::Column(ColumnSource { format: Format::Choice { spellings, .. }, .. }) => {
                spellings.iter().find(|spelling| spelling.text == text).map(|spelling| spelling.value)
            }
            _ => None,
        })?;
        self.plan.choices[choice.index()].get(value as usize).cloned()
    }

    fn unknown_choice(&mut self, choice: ChoiceId, name: &tree::Name) {
        let values = self.plan.choices[choice.index()].clone();
        let problem =
            Problem::error("unknown-value", name.span, format!("`{}` is not one of {}", name.text, values.join(", ")));
        self.problem(suggest(problem, name, values.iter().map(String::as_str)));
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

    fn date(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = self.expression(expr, scope)?;
        if typed.ty == Type::Date {
            return Some(typed);
        }
        let words = self.type_words(typed.ty);
        self.problem(Problem::error("type-mismatch", expr.span, format!("this must be a date, not {words}")));
        None
    }
}

/// The last day of the month that a date names, if there is such a month.
fn last_of_month(date: &str) -> Option<String> {
    let (year, rest) = date.split_once('-')?;
    let (month, _) = rest.split_once('-')?;
    let first = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
    Some(first.last_of_month().to_string())
}

/// Numbers that need no row are worked out at once.
pub(super) fn fold(typed: Typed) -> Typed {
    let number = |expr: &Expr| {
        if let Op::Number(value) = &fold(Typed::from_expr(expr.clone())).op { Some(value.clone()) } else { None }
    };
    let value = match &typed.op {
        Op::Negate(x) => number(x).map(|x| -x),
        Op::Add(a, b) => number(a).zip(number(b)).map(|(a, b)| a + b),
        Op::Subtract(a, b) => number(a).zip(number(b)).map(|(a, b)| a - b),
        Op::Multiply(a, b) => number(a).zip(number(b)).map(|(a, b)| a * b),
        Op::Divide(a, b) => number(a).zip(number(b)).filter(|(_, b)| *b != Exact::ZERO).map(|(a, b)| a / b),
        Op::Round { value, mode, quantum } => number(value).map(|value| round_to(&value, *mode, quantum)),
        _ => None,
    };
    match value {
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
