//! What the interpreter noted while it did one row: the material of slices and explanations.

use super::eval::Value;
use super::schedule::{self, Part};
use super::{Fault, RuleRun};
use crate::plan::{Amount, Ask, Days, Expr, LocalId, Op, StateId, Type, View};
use crate::value::Exact;
use meed_grammar::span::Span;

/// Everything that decided one row of one rule, in order.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Bits of [`crate::data::status`].
    pub status: u8,
    /// Its steps.
    pub steps: Vec<TraceStep>,
    /// Values met since the last step: place, type, value.
    values: Vec<(Span, Type, Value)>,
}

/// One step of a trace.
#[derive(Clone, Debug)]
pub enum TraceStep {
    /// The rule's range.
    Active {
        /// The row's day.
        day: i32,
        /// The rule's days.
        days: Days,
        /// Whether the day lies in them.
        holds: bool,
    },
    /// `where`
    Condition {
        /// Its place.
        span: Span,
        /// Whether it holds; missing when unknown.
        value: Value,
        /// The values it looked at: place, type, value.
        values: Vec<(Span, Type, Value)>,
    },
    /// `let` or `set`
    Local {
        /// Which.
        local: LocalId,
        /// Its value.
        value: Value,
        /// The values it looked at.
        values: Vec<(Span, Type, Value)>,
    },
    /// `first per`
    First {
        /// Its state.
        state: StateId,
        /// Whether this row is the first.
        first: bool,
    },
    /// `pay`
    Pay {
        /// The payee's row, if there is one.
        payee: Option<u32>,
        /// The rounded amount before limits, in whole units; none where there is no result.
        rounded: Option<Exact>,
        /// The exact parts.
        slices: Vec<Slice>,
        /// `take back`
        take_back: bool,
        /// The values it looked at.
        values: Vec<(Span, Type, Value)>,
    },
    /// A limit, in smallest units.
    Limit {
        /// The place of its amount.
        span: Span,
        /// The line before it.
        before: i128,
        /// The line after it.
        after: i128,
        /// M.
        bound: i128,
        /// What was paid under it before and after this line; none for a limit per payment.
        paid: Option<(i128, i128)>,
    },
}

/// A part of a line before rounding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The band it comes from; none for an amount that is no schedule.
    pub band: Option<u32>,
    /// Of how much.
    pub quantity: Option<Exact>,
    /// At which rate or price.
    pub rate: Option<Exact>,
    /// The exact amount.
    pub amount: Exact,
}

impl Trace {
    /// Notes a value, where it tells something that its text does not.
    pub(super) fn value(&mut self, expr: &Expr, value: &Value) {
        match &expr.op {
            Op::Field { .. }
            | Op::PaymentAmount
            | Op::When
            | Op::Local(_)
            | Op::Decision { .. }
            | Op::Group(_)
            | Op::Level { .. }
            | Op::Telescoped { .. }
            | Op::Schedule { .. }
            | Op::AddTime { .. }
            | Op::TimeBetween { .. }
            | Op::DatePart(..) => {
                let entry = (expr.span, expr.ty, value.clone());
                if !self.values.contains(&entry) {
                    self.values.push(entry);
                }
            }
            Op::Number(_)
            | Op::YesNo(_)
            | Op::Date(_)
            | Op::Choice(_)
            | Op::Missing
            | Op::Argument(_)
            | Op::Negate(_)
            | Op::Add(..)
            | Op::Subtract(..)
            | Op::Multiply(..)
            | Op::Divide(..)
            | Op::Smallest(_)
            | Op::Largest(_)
            | Op::Round { .. }
            | Op::Compare(..)
            | Op::And(_)
            | Op::Or(_)
            | Op::Not(_)
            | Op::Predicate { .. }
            | Op::IsKnown(_)
            | Op::IfUnknown(..)
            | Op::If { .. } => {}
        }
    }

    pub(super) fn active(&mut self, day: i32, days: Days, holds: bool) {
        self.steps.push(TraceStep::Active { day, days, holds });
    }

    pub(super) fn condition(&mut self, span: Span, value: &Value) {
        let values = std::mem::take(&mut self.values);
        self.steps.push(TraceStep::Condition { span, value: value.clone(), values });
    }

    pub(super) fn local(&mut self, local: LocalId, value: &Value) {
        let values = std::mem::take(&mut self.values);
        self.steps.push(TraceStep::Local { local, value: value.clone(), values });
    }

    pub(super) fn first(&mut self, state: StateId, first: bool) {
        self.steps.push(TraceStep::First { state, first });
    }

    pub(super) fn pay(&mut self, payee: &Value, rounded: Option<Exact>, slices: Vec<Slice>, take_back: bool) {
        let values = std::mem::take(&mut self.values);
        let payee = if let Value::Code(row) = payee { Some(*row) } else { None };
        self.steps.push(TraceStep::Pay { payee, rounded, slices, take_back, values });
    }

    pub(super) fn limit(&mut self, span: Span, before: i128, after: i128, bound: i128, paid: Option<(i128, i128)>) {
        self.values.clear();
        self.steps.push(TraceStep::Limit { span, before, after, bound, paid });
    }
}

impl RuleRun<'_> {
    /// The exact parts of an amount; their sum is the amount before rounding.
    pub(super) fn slices(&mut self, amount: &Amount) -> Result<Vec<Slice>, Fault> {
        let trace = self.row.trace.take();
        let slices = match amount {
            Amount::Plain(expr) => self.plain_slices(expr, Exact::ONE),
            Amount::AlongTotal { factor, state, body } => {
                let factor = match factor {
                    Some(factor) => self.row.eval(factor, self.data)?,
                    None => Value::Number(Exact::ONE),
                };
                let Value::Number(factor) = factor else { return Ok(Vec::new()) };
                self.telescoped_slices(body, *state, &factor)
            }
        };
        self.row.trace = trace;
        slices
    }

    fn plain_slices(&mut self, expr: &Expr, factor: Exact) -> Result<Vec<Slice>, Fault> {
        if let Op::Schedule { ask: Ask::Amount, .. } = &expr.op {
            let parts = self.parts(expr, None)?;
            return Ok(merge(parts, Vec::new(), &factor));
        }
        if let Op::Telescoped { state, body } = &expr.op {
            return self.telescoped_slices(body, *state, &factor);
        }
        if let Op::Multiply(a, b) = &expr.op {
            let (rate, quantity) = if rate_first(a.ty, b.ty) { (a, b) } else { (b, a) };
            let values = (self.row.eval(rate, self.data)?, self.row.eval(quantity, self.data)?);
            if let (Value::Number(rate), Value::Number(amount)) = values {
                if holds_schedule(quantity) {
                    return self.plain_slices(quantity, factor * rate);
                }
                let rate = factor * rate;
                let amount_of = &rate * &amount;
                return Ok(vec![Slice { band: None, quantity: Some(amount), rate: Some(rate), amount: amount_of }]);
            }
            return Ok(Vec::new());
        }
        Ok(match self.row.eval(expr, self.data)? {
            Value::Number(amount) => vec![Slice { band: None, quantity: None, rate: None, amount: factor * amount }],
            _ => Vec::new(),
        })
    }

    fn telescoped_slices(&mut self, body: &Expr, state: StateId, factor: &Exact) -> Result<Vec<Slice>, Fault> {
        if let Op::Schedule { ask: Ask::Amount, .. } = &body.op {
            let after = self.parts(body, Some(View::After))?;
            let first = self.row.levels(state).is_none_or(|levels| levels.first);
            let before = if first { Vec::new() } else { self.parts(body, Some(View::Before))? };
            return Ok(merge(after, before, factor));
        }
        let before = self.row.eval_before(body, self.data, state)?;
        Ok(match self.row.eval_turn(body, self.data, View::After)? {
            Value::Number(after) => {
                vec![Slice { band: None, quantity: None, rate: None, amount: factor * (after - before) }]
            }
            _ => Vec::new(),
        })
    }

    fn parts(&mut self, expr: &Expr, side: Option<View>) -> Result<Vec<Part>, Fault> {
        let Op::Schedule { schedule, arguments, value, .. } = &expr.op else { return Ok(Vec::new()) };
        let side = side.unwrap_or(View::After);
        let mut known = Vec::new();
        for argument in arguments {
            match self.row.eval_turn(argument, self.data, side)? {
                Value::Number(argument) => known.push(argument),
                _ => return Ok(Vec::new()),
            }
        }
        let Value::Number(x) = self.row.eval_turn(value, self.data, side)? else { return Ok(Vec::new()) };
        let schedule = &self.plan.schedules[schedule.index()];
        let parts = schedule::parts(schedule, &known, &x).map_err(|kind| Fault { kind, span: expr.span })?;
        Ok(parts.unwrap_or_default())
    }
}

/// Whether of two factors the first is the rate: a share, or the price beside a number.
fn rate_first(a: Type, b: Type) -> bool {
    a == Type::Percent || (b != Type::Percent && a == Type::Money)
}

fn holds_schedule(expr: &Expr) -> bool {
    match &expr.op {
        Op::Schedule { ask, .. } => *ask == Ask::Amount,
        Op::Telescoped { .. } => true,
        Op::Multiply(a, b) => holds_schedule(a) || holds_schedule(b),
        _ => false,
    }
}

/// The parts after less the parts before, band by band, times the factor; what comes to nothing is left out.
fn merge(after: Vec<Part>, before: Vec<Part>, factor: &Exact) -> Vec<Slice> {
    let mut slices: Vec<(u32, Option<Exact>, Exact, Exact)> = Vec::new();
    let signed = after.into_iter().map(|part| (part, false)).chain(before.into_iter().map(|part| (part, true)));
    for (part, minus) in signed {
        let (quantity, amount) = if minus { (-part.quantity, -part.amount) } else { (part.quantity, part.amount) };
        match slices.iter_mut().find(|slice| slice.0 == part.band && slice.1 == part.rate) {
            Some(slice) => {
                slice.2 = &slice.2 + quantity;
                slice.3 = &slice.3 + amount;
            }
            None => slices.push((part.band, part.rate, quantity, amount)),
        }
    }
    slices.sort_by_key(|slice| slice.0);
    let worth =
        slices.into_iter().filter(|(_, _, quantity, amount)| *quantity != Exact::ZERO || *amount != Exact::ZERO);
    worth
        .map(|(band, rate, quantity, amount)| Slice {
            band: Some(band),
            quantity: Some(quantity),
            rate: rate.map(|rate| rate * factor),
            amount: amount * factor,
        })
        .collect()
}
