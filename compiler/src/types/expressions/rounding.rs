//! Roundings and bounds of a value.

use super::fold;
use crate::plan::{Expr, Function, Op, Type};
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use crate::value::{Exact, power_of_ten};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, RoundTo, Rounding};

/// More than any amount or number has; every further one makes the numbers longer that a row is worked out with.
const MOST_DECIMALS: u32 = 18;

impl Typing<'_> {
    /// `X rounded half even to 2 decimals`
    pub(super) fn rounded(
        &mut self,
        value: &tree::Expr,
        rounding: &Rounding,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let value = self.numeric(value, scope)?;
        if let Some(RoundTo::MultiplesOf(step)) = &rounding.to {
            let step = fold(self.numeric(step, scope)?);
            if step.op.as_number().is_none() {
                return self.in_steps(value, step, rounding, span);
            }
        }
        let quantum = self.quantum(rounding, value.ty, scope)?;
        let (ty, optional) = (value.ty, value.optional);
        let op = Op::one(Function::Round { mode: rounding.mode, quantum }, value.into_expr());
        Some(fold(Typed::new(op, ty, optional, span)))
    }

    /// `rounded half even to multiples of step`, where the step is a value of the row: so many steps, rounded, times the step, whose
    /// sign does not matter. A step of zero is a division by zero.
    fn in_steps(&mut self, value: Typed, step: Typed, rounding: &Rounding, span: Span) -> Option<Typed> {
        if step.ty.is_money() && value.ty != step.ty || step.ty == Type::Percent && value.ty.is_money() {
            let message =
                format!("{} is not rounded to steps of {}", self.type_words(value.ty), self.type_words(step.ty));
            self.problem(Problem::error("type-mismatch", step.span, message));
            return None;
        }
        let (optional, stepped) = (value.optional || step.optional, step.ty.is_money());
        let ty = match (value.ty, step.ty) {
            (ty @ Type::Money(_), _) => ty,
            (Type::Percent, Type::Percent) => Type::Percent,
            _ => Type::Number,
        };
        let step = step.into_expr();
        let expr = |op, ty| Expr { op, ty, optional, span };
        let back = Expr { op: Op::one(Function::Negate, step.clone()), ..step.clone() };
        let size = Expr { op: Op::two(Function::Largest, step.clone(), back), ..step };
        let count = match (value.ty, stepped) {
            (Type::Money(_), true) | (Type::Count, _) => Type::Number,
            (of_value, _) => of_value,
        };
        let steps = expr(Op::two(Function::Divide, value.into_expr(), size.clone()), count);
        let round = Function::Round { mode: rounding.mode, quantum: Exact::ONE };
        let rounded = expr(Op::one(round, steps), count);
        Some(Typed::new(Op::two(Function::Multiply, rounded, size), ty, optional, span))
    }

    /// The step of a rounding; money has its own.
    fn quantum(&mut self, rounding: &Rounding, ty: Type, scope: &mut Scope) -> Option<Exact> {
        match &rounding.to {
            None if let Some(unit) = ty.unit().filter(|unit| self.program.unit(*unit).by_row.is_none()) => {
                Some(Exact::ONE / power_of_ten(self.program.unit(unit).decimals))
            }
            None => {
                let end = Span { start: rounding.span.end, end: rounding.span.end };
                self.problem(
                    Problem::error("missing-decimals", rounding.span, "rounded to what?")
                        .help("add `to whole`, `to 2 decimals` or `to multiples of 5`")
                        .choice(end, " to whole")
                        .choice(end, " to 2 decimals"),
                );
                None
            }
            Some(RoundTo::Decimals(decimals)) => {
                let decimals = self.counted(*decimals, "a value is rounded to", limits::ROUNDED_DECIMALS)?;
                Some(Exact::ONE / power_of_ten(decimals))
            }
            Some(RoundTo::DecimalsOf(places)) => self.decimals_of(places, scope),
            Some(RoundTo::Whole) => Some(Exact::ONE),
            Some(RoundTo::MultiplesOf(step)) => {
                let span = step.span;
                match fold(self.numeric(step, scope)?).op {
                    Op::Number(step) if step > Exact::ZERO => Some(step),
                    _ => {
                        self.problem(
                            Problem::error("not-a-literal", span, "the step is a literal above zero")
                                .help("write it, for example: to multiples of 5"),
                        );
                        None
                    }
                }
            }
        }
    }

    /// So many decimals as a parameter says.
    fn decimals_of(&mut self, places: &tree::Expr, scope: &mut Scope) -> Option<Exact> {
        let value = fold(self.expression(places, scope)?);
        let whole = match &value.op {
            Op::Number(number) if !value.ty.is_money() && value.ty != Type::Percent => whole_number(number),
            _ => None,
        };
        match whole.filter(|places| *places <= MOST_DECIMALS) {
            Some(places) => Some(Exact::ONE / power_of_ten(places)),
            None => {
                let message = format!("the decimals are a whole number from 0 to {MOST_DECIMALS}");
                self.problem(
                    Problem::error("not-a-literal", places.span, message)
                        .help("write it, or name a parameter: rounded half even to 2 decimals"),
                );
                None
            }
        }
    }

    /// `(X at least A at most B)`
    pub(super) fn clamp(
        &mut self,
        value: &tree::Expr,
        at_least: Option<&tree::Expr>,
        at_most: Option<&tree::Expr>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let mut typed = self.numeric(value, scope)?;
        for (bound, floor) in [(at_least, true), (at_most, false)] {
            if let Some(bound) = bound {
                let bound = self.numeric(bound, scope)?;
                let function = if floor { Function::Largest } else { Function::Smallest };
                typed = self.called(function, vec![typed, bound], span)?;
            }
        }
        Some(typed)
    }
}

/// A whole number that is not negative and not too long.
fn whole_number(number: &Exact) -> Option<u32> {
    let is_whole = number.is_whole();
    u32::try_from(number.numerator()).ok().filter(|_| is_whole)
}
