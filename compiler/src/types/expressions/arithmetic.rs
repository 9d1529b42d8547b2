//! Sums, products, shares and quotients of numbers and amounts.

use crate::plan::{Function, Op, Type};
use crate::types::Typing;
use crate::types::expressions::{fold, unbracketed};
use crate::types::scope::{Scope, Typed};
use crate::value::{Exact, exact_text};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, ExprKind};

impl Typing<'_> {
    pub(super) fn arithmetic(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &tree::Expr,
        right: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        if let ExprKind::Period { count, unit } = &unbracketed(right).kind
            && matches!(op, BinaryOp::Add | BinaryOp::Subtract)
        {
            return self.move_date(left, count, *unit, op == BinaryOp::Subtract, span, scope);
        }
        let (a, b) = (self.expression(left, scope), self.expression(right, scope));
        self.combined(op, op_span, a?, b?, is_quotient(left), span)
    }

    /// Apart from [`Self::arithmetic`], which is as deep in itself as a sum is long, so that its frame is small.
    fn combined(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        a: Typed,
        b: Typed,
        of_quotient: bool,
        span: Span,
    ) -> Option<Typed> {
        if a.ty == Type::Date && b.ty == Type::Date && op == BinaryOp::Subtract {
            let help = "write: days from A to B";
            self.problem(Problem::error("type-mismatch", op_span, "dates are not subtracted").help(help));
            return None;
        }
        for side in [&a, &b] {
            if !side.ty.is_numeric() || side.text.is_some() {
                let message = format!("{} cannot be reckoned with", self.type_words(side.ty));
                self.problem(Problem::error("type-mismatch", side.span, message));
                return None;
            }
        }
        let (literal, optional) = (a.literal && b.literal, a.optional || b.optional);
        let (op, ty) = match op {
            BinaryOp::Add => self.sum(a, b, Function::Add)?,
            BinaryOp::Subtract => self.sum(a, b, Function::Subtract)?,
            BinaryOp::Of => self.share(a, b, of_quotient, op_span)?,
            BinaryOp::Multiply => self.product(a, b, op_span)?,
            BinaryOp::Divide => self.quotient(a, b)?,
            BinaryOp::And | BinaryOp::Or => return None,
        };
        Some(fold(Typed { literal, ..Typed::new(op, ty, optional, span) }))
    }

    fn sum(&mut self, a: Typed, b: Typed, function: Function) -> Option<(Op, Type)> {
        let (a, b) = self.unify(a, b)?;
        let ty = if a.literal && !b.literal { b.ty } else { a.ty };
        Some((two(function, a, b), ty))
    }

    /// `2% of amount`, `(sales / target) of bonus`
    fn share(&mut self, a: Typed, b: Typed, quotient: bool, op_span: Span) -> Option<(Op, Type)> {
        if a.literal && !quotient {
            let text = if let Op::Number(value) = &a.op { exact_text(value) } else { "2".to_owned() };
            let message = format!("missing `%`: {text} of something is not a share of it");
            // What is less than one is a share already, only written otherwise.
            let fraction = match &a.op {
                Op::Number(value) if -Exact::ONE < *value && *value < Exact::ONE => {
                    Some(exact_text(&(value.clone() * Exact::from(100))))
                }
                _ => None,
            };
            let problem = Problem::error("missing-percent", a.span, message);
            self.problem(match fraction {
                Some(percent) => problem.help(format!("write `{percent}%`")).sure(a.span, format!("{percent}%")),
                None => {
                    problem.help(format!("write `{text}%`, or multiply with `*`")).choice(a.span, format!("{text}%"))
                }
            });
            return None;
        }
        match (a.ty, b.ty) {
            (Type::Money(_), Type::Money(_)) => self.product(a, b, op_span),
            (Type::Money(_), _) => {
                self.problem(
                    Problem::error("type-mismatch", a.span, "`of` takes a share on its left")
                        .label("this is an amount")
                        .help("write the percent first: 2% of amount"),
                );
                None
            }
            (Type::Percent, Type::Count) => Some((two(Function::Multiply, a, b), Type::Number)),
            (Type::Percent, ty) => Some((two(Function::Multiply, a, b), ty)),
            _ if !quotient && !self.is_share(&a) => {
                self.not_a_share(&a);
                None
            }
            _ => self.product(a, b, op_span),
        }
    }

    fn product(&mut self, a: Typed, b: Typed, op_span: Span) -> Option<(Op, Type)> {
        let ty = match (a.ty, b.ty) {
            (Type::Money(_), Type::Money(_)) => {
                self.problem(
                    Problem::error("money-times-money", op_span, "money times money is nothing that can be paid")
                        .label("both sides are amounts")
                        .help("multiply an amount by a percent, a count or a number"),
                );
                return None;
            }
            (ty @ Type::Money(_), _) | (_, ty @ Type::Money(_)) => ty,
            (Type::Count, Type::Count) => Type::Count,
            (Type::Percent, _) | (_, Type::Percent) => Type::Percent,
            _ => Type::Number,
        };
        Some((two(Function::Multiply, a, b), ty))
    }

    fn quotient(&mut self, a: Typed, b: Typed) -> Option<(Op, Type)> {
        self.not_zero(&b)?;
        let ty = match (a.ty, b.ty) {
            (Type::Money(a), Type::Money(b)) if a == b => Type::Number,
            (_, Type::Money(_)) => {
                let message = match a.ty {
                    Type::Money(_) => "an amount is divided by an amount of the same unit",
                    _ => "only an amount can be divided by an amount",
                };
                self.problem(Problem::error("type-mismatch", b.span, message));
                return None;
            }
            (ty @ Type::Money(_), _) => ty,
            (Type::Percent, Type::Number | Type::Count) => Type::Percent,
            _ => Type::Number,
        };
        Some((two(Function::Divide, a, b), ty))
    }
}

/// Whether a quotient is there, which may have been worked out already.
fn is_quotient(written: &tree::Expr) -> bool {
    matches!(unbracketed(written).kind, ExprKind::Binary { op: BinaryOp::Divide, .. })
}

fn two(function: Function, a: Typed, b: Typed) -> Op {
    Op::two(function, a.into_expr(), b.into_expr())
}
