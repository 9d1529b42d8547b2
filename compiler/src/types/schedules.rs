//! Schedules: their shape, their bands, one type for what they are taken of and one for what they pay.

mod bands;
mod curve;
mod zero;

use super::Typing;
use super::expressions::{Gaps, fold};
use super::scope::{Scope, Typed};
use crate::plan::{BelowZero, Op, ScheduleId, Type};
use crate::typed::{Schedule, Shape};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Bound, FieldTypeKind, Packages, Pays};

impl Typing<'_> {
    pub(super) fn schedules(&mut self) {
        for declared in &self.resolved.schedules {
            let schedule = &declared.item;
            let before = self.n_errors;
            let lowered = self.schedule(schedule);
            let clean = self.n_errors == before;
            let id = lowered.filter(|_| clean).map(|lowered| {
                self.known.gaps.push(Gaps::of(&lowered));
                self.program.schedules.push(lowered);
                ScheduleId(self.program.schedules.len() as u32 - 1)
            });
            self.schedules.insert(schedule.name.text.clone(), id);
        }
    }

    fn schedule(&mut self, schedule: &tree::Schedule) -> Option<Schedule> {
        let mut scope = Scope::constant();
        for argument in &schedule.arguments {
            let ty = match &argument.ty.kind {
                FieldTypeKind::Count => Type::Count,
                FieldTypeKind::Number(_) => Type::Number,
                FieldTypeKind::Percent => Type::Percent,
                FieldTypeKind::Money(_) => Type::MONEY,
                FieldTypeKind::Record(name) if let Some(unit) = self.units.get(&name.text) => Type::Money(*unit),
                _ => {
                    let message = format!("`{}` must be money, a percent, a count or a number", argument.name.text);
                    self.problem(Problem::error("type-mismatch", argument.ty.span, message));
                    return None;
                }
            };
            scope.arguments.push((argument.name.text.clone(), ty));
        }
        if schedule.bands.is_empty() {
            let message = format!("schedule `{}` has no bands", schedule.name.text);
            self.problem(
                Problem::error("schedule-end", schedule.name.span, message)
                    .help("write bands, for example: to $100k 1%  beyond 2%"),
            );
            return None;
        }
        let every = schedule.bands.iter().find(|band| matches!(band.bound, Bound::Every { .. }));
        let curve = schedule.shape.is_some_and(|(shape, _)| shape == tree::Shape::Curve);
        if schedule.shape.is_none() && every.is_none() {
            let end = Span { start: schedule.name.span.end, end: schedule.name.span.end };
            self.problem(
                Problem::error("missing-shape", schedule.name.span, format!("do higher bands of `{}` reach back?", schedule.name.text))
                    .label("say `graduated` (each band pays for its own part) or `retroactive` (the band reached pays for all)")
                    .help("write, for example: graduated")
                    .choice(end, " graduated")
                    .choice(end, " retroactive"),
            );
            return None;
        }
        let (shape, domain, result, rate) = match (every, curve) {
            (Some(band), _) => self.every(schedule, band, &mut scope)?,
            (None, true) => self.curve(schedule, &mut scope)?,
            (None, false) => self.bands(schedule, &mut scope)?,
        };
        self.at_zero(schedule, &shape)?;
        Some(Schedule {
            name: schedule.name.text.clone(),
            arguments: scope.arguments.iter().map(|(_, ty)| *ty).collect(),
            domain,
            result,
            rate,
            even_at_zero: schedule.even_at_zero.is_some(),
            below_zero: match (schedule.mirrored, schedule.nothing_below_zero) {
                (Some(_), _) => BelowZero::Mirrored,
                (None, Some(_)) => BelowZero::Nothing,
                (None, None) => BelowZero::Unsaid,
            },
            shape,
            span: schedule.span,
        })
    }

    fn number(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = fold(self.expression(expr, scope)?);
        if !typed.ty.is_numeric() || typed.text.is_some() {
            let message = format!("a band needs a number, an amount or a percent, not {}", self.type_words(typed.ty));
            self.problem(Problem::error("type-mismatch", expr.span, message));
            return None;
        }
        Some(typed)
    }

    fn every(
        &mut self,
        schedule: &tree::Schedule,
        band: &tree::Band,
        scope: &mut Scope,
    ) -> Option<(Shape, Type, Type, Type)> {
        let (Bound::Every { size, counted }, Pays::Amount { value, plus: None, each: None }) =
            (&band.bound, &band.pays)
        else {
            let message = "an `every` pays one amount for each package";
            self.problem(Problem::error("schedule-form", band.span, message).help("write: every 100 started pays $5"));
            return None;
        };
        if let Some(other) = schedule.bands.iter().find(|other| other.span != band.span) {
            let message = "an `every` must be alone in its schedule";
            self.problem(
                Problem::error("schedule-form", other.span, message)
                    .other(band.span, "the `every`")
                    .help("make two schedules and add what they pay"),
            );
            return None;
        }
        let Some((counted, _)) = counted else {
            let message = "does a package pay when it is begun or when it is full?";
            let end = Span { start: size.span.end, end: size.span.end };
            self.problem(
                Problem::error("missing-packages", band.span, message)
                    .help("write `started` or `completed`")
                    .choice(end, " started")
                    .choice(end, " completed"),
            );
            return None;
        };
        let (size, value) = (self.number(size, scope)?, self.number(value, scope)?);
        if let Op::Number(number) = &size.op
            && *number <= Exact::ZERO
        {
            self.problem(Problem::error("bounds-not-rising", size.span, "a package has a size above zero"));
        }
        let (domain, result) = (domain_of(size.ty), value.ty);
        let started = *counted == Packages::Started;
        let shape = Shape::Every { size: Box::new(size.into_expr()), started, pays: Box::new(value.into_expr()) };
        Some((shape, domain, result, result))
    }

    /// One type for all; zero without a unit goes with any.
    fn agree(&mut self, ty: &mut Option<Type>, value: &Typed) -> bool {
        let is_zero = matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        match *ty {
            None => *ty = Some(value.ty),
            Some(known) if known == value.ty || (value.literal && is_zero) => {}
            Some(Type::Count | Type::Number) if matches!(value.ty, Type::Count | Type::Number) => {
                *ty = Some(Type::Number)
            }
            Some(known) => {
                let message = format!("here is {}, before it {}", self.type_words(value.ty), self.type_words(known));
                self.problem(
                    Problem::error("schedule-mixed", value.span, message)
                        .help("the bands of one schedule are of one kind"),
                );
                return false;
            }
        }
        true
    }

    fn rising(&mut self, bounds: &[Typed]) {
        for pair in bounds.windows(2) {
            if let (Op::Number(low), Op::Number(high)) = (&pair[0].op, &pair[1].op)
                && high <= low
            {
                self.problem(
                    Problem::error("bounds-not-rising", pair[1].span, "bounds rise from band to band")
                        .label("not above the one before")
                        .other(pair[0].span, "the one before")
                        .help("put the bands in order, each bound once"),
                );
            }
        }
        if let Some(Typed { op: Op::Number(first), span, .. }) = bounds.first()
            && *first < Exact::ZERO
        {
            let help = "below zero a schedule pays 0, or say `mirrored`";
            self.problem(Problem::error("bounds-not-rising", *span, "bounds are not below zero").help(help));
        }
    }
}

/// Counts and numbers are one kind of quantity.
fn domain_of(ty: Type) -> Type {
    if ty == Type::Count { Type::Number } else { ty }
}
