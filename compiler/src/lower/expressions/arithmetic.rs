//! Sums, products, shares and quotients of numbers and amounts, and dates moved by a length of time.

use crate::lower::Lowering;
use crate::lower::expressions::{fold, unbracketed};
use crate::lower::scope::{Scope, Typed};
use crate::plan::{Op, TimeUnit, Type};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, ExprKind};

impl Lowering<'_> {
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
        let (a, b) = (a?, b?);
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
        let optional = a.optional || b.optional;
        let boxed = |value: Typed| Box::new(value.into_expr());
        let typed = match op {
            BinaryOp::Add | BinaryOp::Subtract => {
                let literal = a.literal && b.literal;
                let (a, b) = self.unify(a, b)?;
                let ty = if a.literal && !b.literal { b.ty } else { a.ty };
                let op =
                    if op == BinaryOp::Add { Op::Add(boxed(a), boxed(b)) } else { Op::Subtract(boxed(a), boxed(b)) };
                Typed { literal, ..Typed::new(op, ty, optional, span) }
            }
            BinaryOp::Of if a.literal => {
                let text = if let Op::Number(value) = &a.op { crate::value::exact_text(value) } else { "2".to_owned() };
                self.problem(
                    Problem::error(
                        "missing-percent",
                        a.span,
                        format!("missing `%`: {text} of something is not a share of it"),
                    )
                    .help(format!("write `{text}%`, or multiply with `*`"))
                    .edit(a.span, format!("{text}%")),
                );
                return None;
            }
            BinaryOp::Of | BinaryOp::Multiply => {
                let ty = match (a.ty, b.ty) {
                    (Type::Money, Type::Money) => {
                        let message = "money times money is nothing that can be paid";
                        self.problem(
                            Problem::error("money-times-money", op_span, message)
                                .label("both sides are amounts")
                                .help("multiply an amount by a percent, a count or a number"),
                        );
                        return None;
                    }
                    (Type::Money, _) if op == BinaryOp::Of => {
                        let message = "`of` takes a share on its left";
                        self.problem(
                            Problem::error("type-mismatch", a.span, message)
                                .label("this is an amount")
                                .help("write the percent first: 2% of amount"),
                        );
                        return None;
                    }
                    (Type::Money, _) | (_, Type::Money) => Type::Money,
                    (Type::Count, Type::Count) => Type::Count,
                    (Type::Percent, Type::Percent) => Type::Percent,
                    (Type::Percent, other) if op == BinaryOp::Of => {
                        if other == Type::Count {
                            Type::Number
                        } else {
                            other
                        }
                    }
                    (Type::Percent, _) | (_, Type::Percent) => Type::Percent,
                    _ => Type::Number,
                };
                let literal = a.literal && b.literal;
                Typed { literal, ..Typed::new(Op::Multiply(boxed(a), boxed(b)), ty, optional, span) }
            }
            BinaryOp::Divide => {
                if matches!(&b.op, Op::Number(number) if *number == Exact::ZERO) {
                    let help = "divide by something else, or leave the row out with `where`";
                    self.problem(
                        Problem::error("division-by-zero", b.span, "nothing can be divided by zero").help(help),
                    );
                    return None;
                }
                let ty = match (a.ty, b.ty) {
                    (Type::Money, Type::Money) => Type::Number,
                    (_, Type::Money) => {
                        self.problem(Problem::error(
                            "type-mismatch",
                            b.span,
                            "only an amount can be divided by an amount",
                        ));
                        return None;
                    }
                    (Type::Money, _) => Type::Money,
                    (Type::Percent, Type::Number | Type::Count) => Type::Percent,
                    _ => Type::Number,
                };
                let literal = a.literal && b.literal;
                Typed { literal, ..Typed::new(Op::Divide(boxed(a), boxed(b)), ty, optional, span) }
            }
            BinaryOp::And | BinaryOp::Or => return None,
        };
        Some(fold(typed))
    }

    fn move_date(
        &mut self,
        date: &tree::Expr,
        count: &tree::Expr,
        unit: tree::PeriodUnit,
        back: bool,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let date = self.date(date, scope)?;
        let count = self.numeric(count, scope)?;
        if !matches!(count.ty, Type::Count | Type::Number) {
            let message = format!("a length of time is counted by a whole number, not {}", self.type_words(count.ty));
            self.problem(Problem::error("type-mismatch", count.span, message));
            return None;
        }
        let unit = time_unit(unit);
        self.note_months(unit, span);
        let optional = date.optional || count.optional;
        let count = count.into_expr();
        let count = if back {
            let (ty, optional, span) = (count.ty, count.optional, count.span);
            fold(Typed::new(Op::Negate(Box::new(count)), ty, optional, span)).into_expr()
        } else {
            count
        };
        let op = Op::AddTime { date: Box::new(date.into_expr()), count: Box::new(count), unit };
        Some(Typed::new(op, Type::Date, optional, span))
    }

    pub(super) fn note_months(&mut self, unit: TimeUnit, span: Span) {
        if unit != TimeUnit::Days && self.plan.calendar.month_ends.is_none() && self.months_used.is_none() {
            self.months_used = Some(span);
            let program = self.resolved.program.as_ref().map_or(span, |program| program.name.span);
            self.problem(
                Problem::error("missing-month-ends", program, "where does 31 January plus one month land?")
                    .label("the program does not say")
                    .other(span, "months are counted here")
                    .help("add to the program: month ends round down (28 February) or month ends round up (1 March)"),
            );
        }
    }
}

pub(super) fn time_unit(unit: tree::PeriodUnit) -> TimeUnit {
    match unit {
        tree::PeriodUnit::Days => TimeUnit::Days,
        tree::PeriodUnit::Months => TimeUnit::Months,
        tree::PeriodUnit::Years => TimeUnit::Years,
    }
}
