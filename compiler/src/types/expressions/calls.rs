//! Schedules applied to a value, and the rate or band they reach.

use crate::plan::{self, Function, Op, Type};
use crate::typed::{self, Use};
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::idioms;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, GivenArgument};

impl Typing<'_> {
    pub(super) fn call(
        &mut self,
        name: &tree::Name,
        given: &[GivenArgument],
        result: Option<&tree::Path>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        if let Some(table) = self.tables.get(&name.text) {
            return self.ask_table((*table)?, name, given, result, span, scope);
        }
        if let Some(path) = result {
            let message = "what a schedule pays has no fields";
            self.problem(Problem::error("unknown-name", path.span, message));
            return None;
        }
        let schedule = self.schedule_named(name)?;
        let Form { arguments: types, domain, result, pays_none } = self.form(schedule);
        let (quantity, arguments) = self.placed_arguments(name, given, Some(domain), &types, span, scope)?;
        let value = self.numeric(quantity?, scope)?;
        let value = self.accepts(value, domain)?.into_expr();
        let mut operands = self.arguments(&arguments, types, scope)?;
        operands.push(value);
        let optional = operands.iter().any(|operand| operand.optional) || pays_none;
        let function = Function::Schedule { schedule, output: plan::ScheduleOutput::Amount };
        Some(Typed::new(Op::Call(function, operands), result, optional, span))
    }

    /// The values of arguments, in the order in which the schedule declares them.
    pub(in crate::types) fn arguments(
        &mut self,
        values: &[&tree::Expr],
        types: Vec<Type>,
        scope: &mut Scope,
    ) -> Option<Vec<plan::Expr>> {
        let mut lowered = Vec::new();
        for (value, ty) in values.iter().zip(types) {
            let value = self.numeric(value, scope)?;
            lowered.push(self.accepts(value, ty)?.into_expr());
        }
        Some(lowered)
    }

    /// What a schedule takes and gives.
    pub(in crate::types) fn form(&self, schedule: plan::ScheduleId) -> Form {
        let definition = &self.program.schedules[schedule.index()];
        Form {
            arguments: definition.arguments.clone(),
            domain: definition.domain,
            result: definition.result,
            pays_none: self.known.gaps[schedule.index()].pays_none,
        }
    }

    pub(in crate::types) fn schedule_named(&mut self, name: &tree::Name) -> Option<plan::ScheduleId> {
        match self.schedules.get(&name.text) {
            Some(found) => {
                let found = *found;
                self.places.uses.extend(found.map(|found| (name.span, Use::Schedule(found))));
                found
            }
            None => {
                if !self.damaged(&name.text) {
                    let mut problem =
                        Problem::error("unknown-schedule", name.span, format!("there is no schedule `{}`", name.text));
                    if let Some(written) = idioms::function(&name.text) {
                        problem = problem.label("no function is written so here").help(format!("write: {written}"));
                    }
                    let problem = self
                        .suggest(problem, name, || self.schedules.keys().chain(self.tables.keys()).map(String::as_str));
                    self.problem(problem);
                }
                None
            }
        }
    }

    /// A value as an argument of this type.
    pub(in crate::types) fn accepts(&mut self, value: Typed, ty: Type) -> Option<Typed> {
        if self.fits(&value, ty) {
            return Some(value);
        }
        let message = format!("here {} is wanted, not {}", self.type_words(ty), self.type_words(value.ty));
        self.problem(Problem::error("type-mismatch", value.span, message));
        None
    }

    /// Whether a value can be an argument of this type.
    pub(super) fn fits(&self, value: &Typed, ty: Type) -> bool {
        let zero = matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        value.ty == ty
            || (value.literal && zero)
            || matches!((value.ty, ty), (Type::Count | Type::Percent, Type::Number))
            || (matches!((value.ty, ty), (Type::Count | Type::Number, Type::Percent)) && self.is_share(value))
    }

    pub(super) fn schedule_output(
        &mut self,
        inner: &tree::Expr,
        output: plan::ScheduleOutput,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let value = self.expression(inner, scope)?;
        match value.op {
            Op::Call(Function::Schedule { schedule, output: plan::ScheduleOutput::Amount }, operands) => {
                let rate = self.program.schedules[schedule.index()].rate;
                let ty = if output == plan::ScheduleOutput::Rate { rate } else { Type::Count };
                let definition = &self.program.schedules[schedule.index()];
                let lacks = may_lack(definition, self.known.gaps[schedule.index()], output);
                let optional = operands.iter().any(|operand| operand.optional) || lacks;
                Some(Typed::new(Op::Call(Function::Schedule { schedule, output }, operands), ty, optional, span))
            }
            _ => {
                let help = "write: rate of volume_bands(sum of deal.amount)";
                self.problem(
                    Problem::error("type-mismatch", inner.span, "only a schedule has a rate or a band").help(help),
                );
                None
            }
        }
    }
}

/// What a schedule takes and gives.
pub(in crate::types) struct Form {
    pub arguments: Vec<Type>,
    pub domain: Type,
    pub result: Type,
    /// Whether some band of it has no result.
    pub pays_none: bool,
}

/// What some band of a schedule does not give. It is looked up wherever the schedule is applied.
#[derive(Clone, Copy)]
pub(in crate::types) struct Gaps {
    /// A result.
    pub pays_none: bool,
    /// A rate, because it pays an amount alone.
    flat_only: bool,
    /// A number, because it lies below the first `from`.
    unnumbered: bool,
}

impl Gaps {
    pub fn of(schedule: &typed::Schedule) -> Self {
        match &schedule.shape {
            typed::Shape::Graduated(bands) | typed::Shape::Retroactive(bands) => Self {
                pays_none: bands.iter().any(|band| band.pays == typed::BandPays::None),
                flat_only: bands.iter().any(|band| matches!(band.pays, typed::BandPays::Amount { rate: None, .. })),
                unnumbered: bands.iter().any(|band| band.number == 0),
            },
            typed::Shape::Curve { beyond, .. } => {
                Self { pays_none: *beyond == typed::Beyond::None, flat_only: false, unnumbered: false }
            }
            typed::Shape::Every { .. } => Self { pays_none: false, flat_only: false, unnumbered: false },
        }
    }
}

/// Whether the rate or band of a schedule can be missing for some value.
fn may_lack(schedule: &typed::Schedule, gaps: Gaps, output: plan::ScheduleOutput) -> bool {
    match &schedule.shape {
        typed::Shape::Every { .. } | typed::Shape::Curve { .. } => true,
        typed::Shape::Graduated(_) | typed::Shape::Retroactive(_) => {
            gaps.unnumbered
                || gaps.pays_none
                || (output == plan::ScheduleOutput::Rate && gaps.flat_only)
                || schedule.below_zero != plan::BelowZero::Mirrored
        }
    }
}
