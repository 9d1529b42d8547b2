//! Dates: moved by a length of time, counted between, and their parts.

use super::fold;
use crate::plan::{self, Function, Op, TimeUnit, Type};
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Typing<'_> {
    fn date(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = self.expression(expr, scope)?;
        if typed.ty == Type::Date {
            return Some(typed);
        }
        let words = self.type_words(typed.ty);
        self.problem(Problem::error("type-mismatch", expr.span, format!("this must be a date, not {words}")));
        None
    }

    /// `D + 12 months`
    pub(super) fn move_date(
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
        self.length_of_time(&count, unit)?;
        let count = if back {
            let (ty, optional, span) = (count.ty, count.optional, count.span);
            fold(Typed::new(Op::one(Function::Negate, count), ty, optional, span)).into_expr()
        } else {
            count
        };
        let op = Op::two(Function::AddTime(unit), date.into_expr(), count);
        Some(Typed::new(op, Type::Date, optional, span))
    }

    fn note_months(&mut self, unit: TimeUnit, span: Span) {
        if unit != TimeUnit::Days && self.program.calendar.month_ends.is_none() && self.months_used.is_none() {
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

    /// `days from A to B`
    pub(super) fn time_between(
        &mut self,
        unit: tree::PeriodUnit,
        from: &tree::Expr,
        to: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let (from, to) = (self.date(from, scope)?, self.date(to, scope)?);
        let optional = from.optional || to.optional;
        let unit = time_unit(unit);
        self.note_months(unit, span);
        let op = Op::two(Function::TimeBetween(unit), from.into_expr(), to.into_expr());
        Some(Typed::new(op, Type::Count, optional, span))
    }

    /// `quarter number of D`
    pub(super) fn date_part(
        &mut self,
        part: tree::DatePart,
        date: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let date = self.date(date, scope)?;
        let optional = date.optional;
        let part = match part {
            tree::DatePart::Year => plan::DatePart::Year,
            tree::DatePart::Half => plan::DatePart::Half,
            tree::DatePart::Quarter => plan::DatePart::Quarter,
            tree::DatePart::Month => plan::DatePart::Month,
            tree::DatePart::Day => plan::DatePart::Day,
        };
        Some(Typed::new(Op::one(Function::DatePart(part), date.into_expr()), Type::Count, optional, span))
    }
}

fn time_unit(unit: tree::PeriodUnit) -> TimeUnit {
    match unit {
        tree::PeriodUnit::Days => TimeUnit::Days,
        tree::PeriodUnit::Months => TimeUnit::Months,
        tree::PeriodUnit::Years => TimeUnit::Years,
    }
}
