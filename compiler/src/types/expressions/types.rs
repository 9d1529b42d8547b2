//! One type for several values, or a problem that says why they do not go together.

use crate::plan::{DatePart, Function, Op, Period, Type, UnitId};
use crate::types::Typing;
use crate::types::expressions::literals::sign_of;
use crate::types::scope::Typed;
use crate::value::{Exact, exact_text};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;

impl Typing<'_> {
    /// One type for both, or a problem.
    pub(in crate::types) fn unify(&mut self, a: Typed, b: Typed) -> Option<(Typed, Typed)> {
        let mut values = self.unify_all(vec![a, b])?;
        let b = values.pop()?;
        Some((values.pop()?, b))
    }

    /// A value beside a period: a year may be written as a number, and a period of a calendar as a text.
    fn as_period(&mut self, kind: Period, value: Typed) -> Option<Typed> {
        match (&value.op, &value.text) {
            (_, Some(text)) => self.period_literal(Some(kind), &text.clone(), value.span),
            (Op::Number(number), _) if value.literal && kind == Period::Year => {
                self.period_literal(Some(kind), &exact_text(number), value.span)
            }
            (Op::Call(Function::DatePart(DatePart::Year), operands), _) if kind == Period::Year => {
                let op = Op::Call(Function::PeriodOf(kind), operands.clone());
                Some(Typed { op, ty: Type::Period(kind), ..value })
            }
            _ => Some(value),
        }
    }

    pub(super) fn unify_all(&mut self, mut values: Vec<Typed>) -> Option<Vec<Typed>> {
        if let Some(kind) =
            values.iter().find_map(|value| if let Type::Period(kind) = value.ty { Some(kind) } else { None })
        {
            values = values.into_iter().map(|value| self.as_period(kind, value)).collect::<Option<_>>()?;
        }
        let zero = |value: &Typed| value.literal && matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        let leader = values.iter().position(|value| !zero(value)).unwrap_or(0);
        let mut ty = values[leader].ty;
        for idx in 0..values.len() {
            // A plain 0 is of any unit, and nothing but a number.
            if zero(&values[idx]) && ty.is_numeric() {
                continue;
            }
            ty = match (ty, values[idx].ty) {
                (a, b) if a == b => a,
                (Type::Count | Type::Number, Type::Count | Type::Number) => Type::Number,
                (Type::Percent, Type::Number | Type::Count) if self.is_share(&values[idx]) => Type::Percent,
                (Type::Number | Type::Count, Type::Percent)
                    if values[..idx].iter().all(|value| zero(value) || self.is_share(value)) =>
                {
                    Type::Percent
                }
                (Type::Text(a) | Type::Id(a), Type::Text(b) | Type::Id(b)) => {
                    let literal = values[leader].text.is_some() || values[idx].text.is_some();
                    if !literal {
                        self.join_domains(a, b);
                    }
                    if values[leader].text.is_some() { values[idx].ty } else { ty }
                }
                (a, b) => {
                    let (first, second) = (&values[leader], &values[idx]);
                    let message = format!("{} and {} do not go together", self.type_words(a), self.type_words(b));
                    let mut problem = Problem::error("type-mismatch", second.span, message)
                        .label(self.type_words(b))
                        .other(first.span, self.type_words(a));
                    let (number, other) = if second.literal { (second, a) } else { (first, b) };
                    if number.literal
                        && let Op::Number(value) = &number.op
                    {
                        problem = self.with_its_sign(problem, number.span, value, other);
                    }
                    self.problem(problem);
                    return None;
                }
            };
        }
        for value in &mut values {
            if ty.is_numeric() {
                value.ty = ty;
            }
        }
        Some(values)
    }

    /// Repairs a number that is beside money or a percent without its sign.
    fn with_its_sign(&self, problem: Problem, span: Span, value: &Exact, other: Type) -> Problem {
        let text = exact_text(value);
        match other {
            Type::Money(UnitId::CURRENCY) => {
                // `10k` keeps its letter.
                let written = self.written(span);
                let is_number = written.starts_with(|sign: char| sign.is_ascii_digit());
                let fixed = match sign_of(&self.program.currency().code) {
                    Some(sign) if is_number => format!("{sign}{written}"),
                    _ => self.money_text(value),
                };
                problem.help(format!("write `{fixed}`")).sure(span, fixed)
            }
            Type::Money(unit) if self.program.unit(unit).by_row.is_some() => {
                let code = &self.program.currency().code;
                problem.help(format!("convert the amount first: (amount in {code} at closed_on)"))
            }
            Type::Money(unit) => {
                let fixed = self.amount_text(value, unit);
                problem.help(format!("write `{fixed}`")).sure(span, fixed)
            }
            // 0.8 is 80% and nothing else; 80 beside a percent may be meant so, but it is worth a hundred times as much.
            Type::Percent if *value <= Exact::ONE && *value >= -Exact::ONE => {
                let fixed = format!("{}%", exact_text(&(value.clone() * Exact::from(100))));
                problem.help(format!("write `{fixed}`")).sure(span, fixed)
            }
            Type::Percent => problem.help(format!("write `{text}%`")).choice(span, format!("{text}%")),
            _ => problem,
        }
    }

    /// A number as an amount of a unit: `$500`, `500 points`.
    pub(in crate::types) fn amount_text(&self, value: &Exact, unit: UnitId) -> String {
        match unit {
            UnitId::CURRENCY => self.money_text(value),
            _ => format!("{} {}", exact_text(value), self.program.unit(unit).code),
        }
    }

    /// A number as an amount of the program's currency.
    pub(in crate::types) fn money_text(&self, value: &Exact) -> String {
        let text = exact_text(value);
        match (sign_of(&self.program.currency().code), text.strip_prefix('-')) {
            (Some(sign), Some(digits)) => format!("-{sign}{digits}"),
            (Some(sign), None) => format!("{sign}{text}"),
            (None, _) => format!("{text} {}", self.program.currency().code),
        }
    }
}
