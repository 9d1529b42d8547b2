//! What is paid: whether an amount is rounded along a running total.

use super::Lowering;
use crate::plan::{Emit, Expr, Function, Op, Owner, Parties, Share, StateId, Type};
use crate::typed::{self, Lets, extent, inline};
use crate::value::Exact;
use meed_grammar::span::Span;

impl Lowering<'_> {
    pub(super) fn emit(&mut self, pay: &typed::Pay) -> Emit {
        let amount = self.expr(&pay.amount);
        let payee = pay.payee.as_ref().map(|payee| self.expr(payee));
        let (factor, owner, worth) = match along_total(&amount, &self.lets) {
            Some((factor, state, worth)) => (factor, Owner::Total(state), worth),
            None => (None, Owner::Row, amount),
        };
        Emit { payee, somebody: self.somebody(pay), factor, worth, owner, unit: pay.unit, span: pay.span }
    }
}

/// Whether any of several kinds of parties is there to be paid.
impl Lowering<'_> {
    fn somebody(&mut self, pay: &typed::Pay) -> Option<Expr> {
        let Some(Share { parties: Parties::OneOf(one), span, .. }) = &pay.share else { return None };
        if one.parties().all(|party| !party.optional) {
            return None;
        }
        let yes_no = |op| Expr { op, ty: Type::YesNo, optional: false, span: *span };
        let is_known = |party: &Expr| match party.optional {
            true => yes_no(Op::Call(Function::Known, vec![self.expr(party)])),
            false => yes_no(Op::YesNo(true)),
        };
        let known: Vec<Expr> = one.branches.iter().map(|(_, party)| is_known(party)).collect();
        let otherwise = Box::new(is_known(&one.otherwise));
        let conditions: Vec<Expr> = one.branches.iter().map(|(condition, _)| self.expr(condition)).collect();
        Some(yes_no(Op::If { branches: conditions.into_iter().zip(known).collect(), otherwise }))
    }
}

/// How a line is divided; what it reads of `let`s is written out where that fits.
impl Lowering<'_> {
    pub(super) fn share(&mut self, share: &Share) -> Share {
        let mut share = share.clone();
        for value in share.exprs_mut() {
            *value = written_out(&self.expr(value), &self.lets);
        }
        share
    }
}

/// The amount as `k * F(what adds up)`, where it is just that: k, what adds up, and F of it.
fn along_total(value: &Expr, lets: &Lets) -> Option<(Option<Expr>, StateId, Expr)> {
    if !adds_up(value, lets) {
        return None;
    }
    let (factor, increment) = scaled(value, value.span, lets)?;
    let Op::Increment { state, body } = increment.op else { return None };
    Some((factor, state, written_out(&body, lets)))
}

/// The factor and what adds up. `span` is where the amount uses them, be it by the name of a `let`.
fn scaled(value: &Expr, span: Span, lets: &Lets) -> Option<(Option<Expr>, Expr)> {
    let one = || Expr { op: Op::Number(Exact::ONE), ty: Type::Number, optional: false, span };
    let with = |inner: &Expr, apply: &dyn Fn(Expr) -> Op, optional: bool| {
        let (factor, increment) = scaled(inner, inner.span, lets)?;
        let op = apply(factor.unwrap_or_else(one));
        Some((Some(Expr { op, ty: Type::Number, optional, span }), increment))
    };
    // The factor where it is, with the other operand of the function beside it.
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
        Op::Increment { .. } => Some((None, value.clone())),
        op => match op.as_call()? {
            (Function::Multiply, [a, b]) if !adds_up(a, lets) => beside(&Function::Multiply, b, a, false),
            (function @ (Function::Multiply | Function::Divide), [a, b]) if !adds_up(b, lets) => {
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

fn adds_up(value: &Expr, lets: &Lets) -> bool {
    extent(value, lets).adds_up
}
