//! What is paid: whether an amount is rounded along a running total.

use super::Lowering;
use crate::plan::{Amount, Expr, Function, Op, Pay, Type};
use crate::typed::{self, Lets, extent, inline};
use crate::value::Exact;
use meed_grammar::span::Span;

impl Lowering<'_> {
    pub(super) fn pay(&mut self, pay: &typed::Pay) -> Pay {
        let amount = self.expr(&pay.amount);
        let amount = along_total(&amount, &self.lets).unwrap_or(Amount::Plain(amount));
        Pay { payee: self.expr(&pay.payee), amount, take_back: pay.take_back, span: pay.span }
    }
}

/// The amount as `k * F(what adds up)`, where it is just that.
fn along_total(value: &Expr, lets: &Lets) -> Option<Amount> {
    if !telescopes(value, lets) {
        return None;
    }
    let (factor, telescoped) = scaled(value, value.span, lets)?;
    let Op::Telescoped { state, body } = telescoped.op else { return None };
    Some(Amount::AlongTotal { factor, state, body: written_out(&body, lets) })
}

/// The factor and what adds up. `span` is where the amount uses them, be it by the name of a `let`.
fn scaled(value: &Expr, span: Span, lets: &Lets) -> Option<(Option<Expr>, Expr)> {
    let one = || Expr { op: Op::Number(Exact::ONE), ty: Type::Number, optional: false, span };
    let with = |inner: &Expr, apply: &dyn Fn(Expr) -> Op, optional: bool| {
        let (factor, telescoped) = scaled(inner, inner.span, lets)?;
        let op = apply(factor.unwrap_or_else(one));
        Some((Some(Expr { op, ty: Type::Number, optional, span }), telescoped))
    };
    // The factor where it stands, with the other operand of the function beside it.
    let beside = |function: &Function, factor: &Expr, other: &Expr, first: bool| {
        let other = written_out(other, lets);
        let optional = other.optional;
        let apply = |k: Expr| {
            let (a, b) = if first { (k, other.clone()) } else { (other.clone(), k) };
            Op::two(function.clone(), a, b)
        };
        with(factor, &apply, optional)
    };
    match &value.op {
        Op::Local(local) => scaled(&lets[*local].value, span, lets),
        Op::Telescoped { .. } => Some((None, value.clone())),
        op => match op.as_call()? {
            (Function::Multiply, [a, b]) if !telescopes(a, lets) => beside(&Function::Multiply, b, a, false),
            (function @ (Function::Multiply | Function::Divide), [a, b]) if !telescopes(b, lets) => {
                beside(function, a, b, true)
            }
            (Function::Negate, [x]) => with(x, &|k| Op::one(Function::Negate, k), false),
            _ => None,
        },
    }
}

/// A part of an amount without `let`s, unless that is more than can be written out: then the `let`s stay.
fn written_out(value: &Expr, lets: &Lets) -> Expr {
    if extent(value, lets).fits() { inline(value.clone(), lets) } else { value.clone() }
}

fn telescopes(value: &Expr, lets: &Lets) -> bool {
    extent(value, lets).telescopes
}
