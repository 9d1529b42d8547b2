//! Dates: moved by a length of time, counted between, and their parts.

use super::fold;
use crate::internal::broken;
use crate::plan::{self, Expr, Function, Op, Period, Stream, TimeUnit, Type};

use crate::typed::without_places;
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use crate::types::sets::window::{cut_first, days_after};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Typing<'_> {
    /// An expression that must be a date.
    pub(super) fn date(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = self.expression(expr, scope)?;
        if matches!(typed.ty, Type::Date) {
            return Some(typed);
        }
        let words = self.type_words(typed.ty);
        self.problem(Problem::error("type-mismatch", expr.span, format!("this must be a date, not {words}")));
        None
    }

    /// A date, or a period, which is its first day.
    fn date_or_period(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = self.expression(expr, scope)?;
        if matches!(typed.ty, Type::Date | Type::Period(_)) {
            return Some(typed);
        }
        let words = self.type_words(typed.ty);
        self.problem(Problem::error(
            "type-mismatch",
            expr.span,
            format!("this must be a date or a period, not {words}"),
        ));
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
        self.moved(date, count, unit, back, span, scope)
    }

    /// A date moved by a length of time.
    pub(in crate::types) fn moved(
        &mut self,
        date: Typed,
        count: &tree::Expr,
        unit: tree::PeriodUnit,
        back: bool,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
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

    pub(in crate::types) fn note_months(&mut self, unit: TimeUnit, span: Span) {
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
        let date = self.date_or_period(date, scope)?;
        let optional = date.optional;
        let part = match part {
            tree::DatePart::Year => plan::DatePart::Year,
            tree::DatePart::Half => plan::DatePart::Half,
            tree::DatePart::Quarter => plan::DatePart::Quarter,
            tree::DatePart::Month => plan::DatePart::Month,
            tree::DatePart::Day => plan::DatePart::Day,
        };
        self.has_part(part, span)?;
        Some(Typed::new(Op::one(Function::DatePart(part), date.into_expr()), Type::Count, optional, span))
    }

    /// Whether the word of a period is the name of a number here, of which what follows is multiplied.
    pub(super) fn names_number(&mut self, word: &tree::Name, scope: &mut Scope) -> bool {
        let path = tree::Path { parts: vec![word.clone()], span: word.span };
        self.names_something(word, scope) && self.path(&path, scope).is_some_and(|value| value.ty.is_numeric())
    }

    /// `quarter of D`
    pub(super) fn period_of_date(
        &mut self,
        period: &tree::Name,
        date: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let kind = self.period_of(period)?;
        let date = self.date(date, scope)?;
        let optional = date.optional;
        Some(Typed::new(Op::one(Function::PeriodOf(kind), date.into_expr()), Type::Period(kind), optional, span))
    }

    /// `first day of quarter`, `last day of quarter of D`
    pub(super) fn period_edge(
        &mut self,
        edge: tree::PeriodEdge,
        period: &tree::Name,
        date: Option<&tree::Expr>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let edge = match edge {
            tree::PeriodEdge::First => plan::Edge::First,
            tree::PeriodEdge::Last => plan::Edge::Last,
        };
        let kind = self.period_of(period)?;
        let Some(date) = date else {
            return self.of_rule(scope, &mut |typing, rule| typing.own_edge(kind, edge, span, rule));
        };
        let of = self.date_or_period(date, scope)?;
        if kind == Period::Program {
            let message = "the program has one first and one last day, whatever the date";
            let rest = Span { start: period.span.end, end: span.end };
            self.problem(
                Problem::error("misplaced-value", date.span, message)
                    .help("leave out `of` and the date")
                    .choice(rest, ""),
            );
            return None;
        }
        let optional = of.optional;
        Some(Typed::new(Op::one(Function::PeriodEdge(kind, edge), of.into_expr()), Type::Date, optional, span))
    }

    /// `days in quarter`, `days in the whole quarter`
    pub(super) fn days_in(&mut self, period: &tree::Name, whole: bool, span: Span, scope: &mut Scope) -> Option<Typed> {
        if scope.asking.is_some() {
            return self.of_rule(scope, &mut |typing, rule| typing.days_in(period, whole, span, rule));
        }
        let kind = self.period_of(period)?;
        let life = self.program.active;
        let date = |day| Some(Typed::new(Op::Date(day), Type::Date, false, span));
        let [first, last] = [plan::Edge::First, plan::Edge::Last].map(|edge| match (whole, kind, edge) {
            (false, ..) => self.own_edge(kind, edge, span, scope),
            (true, Period::Program, plan::Edge::First) => date(life.from),
            (true, Period::Program, plan::Edge::Last) => date(life.to),
            (true, ..) => self.row_day(kind, span, scope).map(|day| self.whole_edge(kind, edge, day, scope)),
        });
        // Up to the day behind the last, so that one value is the count; its ends are written nowhere.
        let one = Typed::new(Op::Number(Exact::ONE), Type::Count, false, span).into_expr();
        let next = Op::two(Function::AddTime(TimeUnit::Days), last?.into_expr(), one);
        let ends = [first?.into_expr(), Expr { op: next, ty: Type::Date, optional: false, span }];
        let [first, next] = ends.map(without_places);
        Some(Typed::new(Op::two(Function::TimeBetween(TimeUnit::Days), first, next), Type::Count, false, span))
    }

    /// The first or last day of that part of the rule's period which lies within the program's life.
    fn own_edge(&mut self, kind: Period, edge: plan::Edge, span: Span, scope: &Scope) -> Option<Typed> {
        let day = self.row_day(kind, span, scope)?;
        let of_program = match edge {
            plan::Edge::First => self.program.active.from,
            plan::Edge::Last => self.program.active.to,
        };
        let of_program = Typed::new(Op::Date(of_program), Type::Date, false, span);
        let of_program = of_program.into_expr();
        let own = if kind == Period::Program {
            of_program
        } else {
            let whole = self.whole_edge(kind, edge, day, scope).into_expr();
            match edge {
                plan::Edge::First => cut_first(whole, of_program, scope.early, span),
                plan::Edge::Last => {
                    let op = Op::two(Function::Smallest, whole, of_program);
                    Expr { op, ty: Type::Date, optional: false, span }
                }
            }
        };
        // What it is made of is written nowhere.
        let day = without_places(self.within_life(scope, edge, own));
        Some(Typed::from_expr(Expr { span, ..day }))
    }

    /// The first or last day of the rule's period of a kind; in a rule for years of a party's own `year` is that year.
    fn whole_edge(&mut self, kind: Period, edge: plan::Edge, day: Typed, scope: &Scope) -> Typed {
        let later = i64::from(edge == plan::Edge::Last);
        match self.rules_own_year(scope, later, day.span).filter(|_| kind == Period::Year) {
            Some(begins) => Typed::from_expr(days_after(begins, -later)),
            None => edge_of_day(kind, edge, day),
        }
    }

    /// The period of a word that the grammar has read as one.
    pub(in crate::types) fn period_of(&mut self, word: &tree::Name) -> Option<Period> {
        let period = Period::from_word(&word.text);
        self.held(period.unwrap_or_else(|| broken(format!("`{}` read as a period", word.text))), word.span)
    }

    /// The last day of the rule's own period; asked for where no date is written.
    fn row_day(&mut self, kind: Period, span: Span, scope: &Scope) -> Option<Typed> {
        let is_period = scope.rule.as_ref().is_some_and(|rule| matches!(rule.stream, Stream::Periods(..)));
        if !is_period && kind != Period::Program {
            let word = kind.word();
            let message = format!("of which {word}? only a rule per party and period has one of its own");
            self.problem(
                Problem::error("missing-date", span, message)
                    .help(format!("say the {word} that holds a date: first day of {word} of closed_on")),
            );
            return None;
        }
        Some(Typed::new(Op::When, Type::Date, false, span))
    }
}

fn edge_of_day(kind: Period, edge: plan::Edge, day: Typed) -> Typed {
    let span = day.span;
    Typed::new(Op::one(Function::PeriodEdge(kind, edge), day.into_expr()), Type::Date, false, span)
}

fn time_unit(unit: tree::PeriodUnit) -> TimeUnit {
    match unit {
        tree::PeriodUnit::Days => TimeUnit::Days,
        tree::PeriodUnit::Months => TimeUnit::Months,
        tree::PeriodUnit::Years => TimeUnit::Years,
    }
}
