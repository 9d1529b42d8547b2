//! What the interpreter noted while it did one row: the material of slices and explanations.

use super::contest::Placing;
use super::eval::{Levels, Value};
use super::schedule::{self, Part};
use super::{Fault, RuleRun};
use crate::balances::Mover;
use crate::data::status;
use crate::plan::{
    BalanceId, Days, Emit, Expr, Function, LocalId, Node, Op, Owner, Period, RecordId, RuleId, ScheduleId,
    ScheduleOutput, SharedLimitId, Side, StateId, Type, Unit, UnitId,
};
use crate::value::Exact;
use meed_grammar::span::Span;

/// Everything that decided one row of one rule, in order.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Bits of [`crate::data::status`].
    pub status: u8,
    /// Its steps.
    pub steps: Vec<TraceStep>,
    /// Where schedules were taken, on both sides of the row where there are two.
    pub evaluations: Vec<Evaluation>,
    /// Both sides of comparisons by order that were equal.
    pub equal: Vec<Span>,
    /// Values met since the last step: place, type, value.
    values: Vec<(Span, Type, Value)>,
    /// Conditions met since the last step, and whether they hold.
    truths: Vec<(Span, Value)>,
}

/// A place where a schedule was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Which.
    pub schedule: ScheduleId,
    /// Its arguments.
    pub arguments: Vec<Exact>,
    /// Of what.
    pub x: Exact,
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
        /// The conditions in it that were looked at, and whether each holds.
        truths: Vec<(Span, Value)>,
    },
    /// What adds up took the row in, or only looked at its level.
    Total {
        /// The accumulation.
        state: StateId,
        /// By summand.
        before: Vec<Exact>,
        /// By summand.
        after: Vec<Exact>,
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
        /// Whether this row is the first, or one of the first.
        first: bool,
        /// How many of its key have passed, with this row where it is one of the first.
        place: u8,
    },
    /// `pay`
    Pay {
        /// The payee's row, if there is one.
        payee: Option<u32>,
        /// Whether it is divided, and who gets it is told by [`TraceStep::Share`].
        divided: bool,
        /// The rounded amount before limits, in whole units; `None` if there is no result.
        rounded: Option<Exact>,
        /// The decimals of what is paid.
        decimals: u32,
        /// The exact parts.
        slices: Vec<Slice>,
        /// Where it is rounded along a total: the exact amount of the total before this row and after it.
        along: Option<(Exact, Exact)>,
        /// `take back`
        take_back: bool,
        /// The values it looked at.
        values: Vec<(Span, Type, Value)>,
    },
    /// One rule or several of a choice pay the row.
    Choose {
        /// The place of this rule among those that would pay.
        place: usize,
        /// The rules that would pay the row, and what they are given.
        all: Vec<Chosen>,
    },
    /// `ranked by`
    Ranked {
        /// By what.
        measure: Exact,
        /// Where the row stands.
        placing: Placing,
        /// The place of the measure.
        span: Span,
    },
    /// `add … to`, in smallest units.
    Added {
        /// To what.
        balance: BalanceId,
        /// Whose.
        owner: u32,
        /// On which day.
        day: i32,
        /// How much.
        amount: i64,
        /// The last day of the lot, if it ends.
        ends: Option<i32>,
        /// The lots that changed, and by how much.
        drawn: Vec<(Option<Mover>, i64)>,
        /// What is there then.
        left: i128,
        /// The values it looked at.
        values: Vec<(Span, Type, Value)>,
        /// Its place.
        span: Span,
    },
    /// What is added once more as a return comes, in smallest units.
    AddedAgain {
        /// To what.
        balance: BalanceId,
        /// Whose.
        owner: u32,
        /// The day of the return.
        day: i32,
        /// What had been added for the row.
        was: i64,
        /// What it comes to with the return.
        is: i64,
        /// The last day of the lot, if one is added that ends.
        ends: Option<i32>,
        /// The lots that changed, and by how much.
        drawn: Vec<(Option<Mover>, i64)>,
        /// What is there then.
        left: i128,
    },
    /// `take … from`, in smallest units.
    Taken {
        /// On which day.
        day: i32,
        /// How much was asked.
        asked: i64,
        /// How much there was to get.
        got: i64,
        /// From what.
        from: Vec<Drawn>,
        /// The values it looked at.
        values: Vec<(Span, Type, Value)>,
        /// Its place.
        span: Span,
    },
    /// Who of several kinds gets the line.
    Payee {
        /// The kind.
        kind: RecordId,
        /// The payee's row, if there is one.
        payee: Option<u32>,
        /// The values that were looked at to find out.
        values: Vec<(Span, Type, Value)>,
        /// The place of the party in the rule.
        span: Span,
    },
    /// What a return takes back of a line, behind all that the row was paid.
    TakenBack {
        /// The return.
        by: (RecordId, u32),
        /// Its day.
        day: i32,
        /// The share of the row that was taken back before it, and with it.
        shares: (Exact, Exact),
        /// Whose line it is: the kind of party, and its row.
        party: (RecordId, u32),
        /// The unit of the line, and its decimals.
        unit: UnitId,
        /// See `unit`.
        decimals: u32,
        /// What the line was, in smallest units.
        paid: i64,
        /// What becomes a line of its own.
        amount: i64,
    },
    /// A limit over several rules, on a line in smallest units.
    SharedLimit {
        /// Which.
        limit: SharedLimitId,
        /// The place of the line among those of the row.
        place: u32,
        /// The line before.
        before: i128,
        /// What is left of it.
        after: i128,
        /// What was counted before the line, and with it, as far as the limit goes.
        room: (i128, i128),
        /// Where all lines get the same share: what they are together.
        all: Option<i128>,
        /// What each rule was paid before.
        used: Vec<(RuleId, i128)>,
        /// Whose lines are counted, where it is of somebody.
        party: Option<(RecordId, u32)>,
        /// In which time.
        period: Option<(Period, i32)>,
    },
    /// The line is divided, in smallest units.
    Share {
        /// The whole.
        whole: i64,
        /// Its parts; none where there is nobody to divide it among.
        parts: Vec<SharedPart>,
    },
    /// What each party of a chain is paid.
    Levels {
        /// Before limits.
        parts: Vec<SharedPart>,
        /// By part, the values that were looked at for it.
        values: Vec<Vec<(Span, Type, Value)>>,
    },
    /// A limit, in smallest units.
    Limit {
        /// The place of its amount.
        span: Span,
        /// The place of the part that it acts on, from 1; none where it acts on the whole.
        place: Option<u32>,
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

/// What was taken from one balance.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Which.
    pub balance: BalanceId,
    /// Whose.
    pub owner: u32,
    /// What was there before, in smallest units.
    pub there: i128,
    /// The lots that it came from, and by how much each changed.
    pub lots: Vec<(Option<Mover>, i64)>,
}

/// What a rule of a choice would pay a row, and what it is given, in smallest units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The rule.
    pub rule: RuleId,
    /// What it would pay.
    pub would: i128,
    /// What it pays.
    pub given: i128,
}

/// A part of a line that is divided.
#[derive(Clone, Debug)]
pub struct SharedPart {
    /// The part in the text; of found rows the whole clause.
    pub span: Span,
    /// Its place among the parts that somebody is to get, from 1; 0 for what is kept.
    pub place: u32,
    /// The kind of party that is to get it; none for what is kept.
    pub kind: Option<RecordId>,
    /// Who gets it; none where that is unknown.
    pub payee: Option<u32>,
    /// The row found, in the stream of its set.
    pub found: Option<u32>,
    /// Its exact share, in smallest units.
    pub exact: Exact,
    /// What it is, in smallest units.
    pub amount: i64,
}

/// A part of a line before rounding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The band it comes from; none for an amount that is no schedule.
    pub band: Option<u32>,
    /// Of how much.
    pub quantity: Option<Exact>,
    /// The type of that quantity.
    pub of: Type,
    /// At which rate or price.
    pub rate: Option<Exact>,
    /// The exact amount.
    pub amount: Exact,
}

impl Trace {
    /// The same of a row that ended so.
    pub(super) fn with_status(self, status: u8) -> Self {
        Self { status, ..self }
    }

    /// Notes a value, where it tells something that its text does not.
    pub(super) fn value(&mut self, expr: &Expr, value: &Value) {
        if expr.ty == Type::YesNo {
            self.truths.push((expr.span, value.clone()));
        }
        match &expr.op {
            // The levels of both sides are told by the total.
            Op::Level { side: Side::Current, .. } => {}
            Op::Field { .. }
            | Op::PaymentAmount
            | Op::Credit(_)
            | Op::Balance(_)
            | Op::Taken(_)
            | Op::Rank
            | Op::When
            | Op::Local(_)
            | Op::Decision { .. }
            | Op::Fold(_)
            | Op::Level { .. }
            | Op::Increment { .. } => self.met_value(expr, value),
            Op::IfUnknown(..) if expr.op.is_decided() => self.met_value(expr, value),
            Op::Call(function, _) if function.signature().telling => self.met_value(expr, value),
            Op::Number(_)
            | Op::YesNo(_)
            | Op::Date(_)
            | Op::Choice(_)
            | Op::Missing
            | Op::Argument(_)
            | Op::Call(..)
            | Op::And(_)
            | Op::Or(_)
            | Op::IfUnknown(..)
            | Op::If { .. } => {}
        }
    }

    fn met_value(&mut self, expr: &Expr, value: &Value) {
        let entry = (expr.span, expr.ty, value.clone());
        if !self.values.contains(&entry) {
            self.values.push(entry);
        }
    }

    /// Notes where a schedule is asked, and both sides of a comparison by order that are equal.
    pub(super) fn called(&mut self, function: &Function, operands: &[Expr], values: &[Value]) {
        if values.contains(&Value::Missing) {
            return;
        }
        match (function, values) {
            (Function::Schedule { schedule, .. }, [arguments @ .., Value::Number(x)]) => {
                let arguments = arguments.iter().filter_map(|value| value.clone().number()).collect();
                self.evaluations.push(Evaluation { schedule: *schedule, arguments, x: x.clone() });
            }
            (Function::Compare(comparison), [a, b]) if !comparison.is_equality() && a == b => {
                self.equal.extend(operands.iter().map(|operand| operand.span));
            }
            _ => {}
        }
    }

    /// Takes in what was noted on the sides of the row.
    pub(super) fn join(&mut self, sides: Self) {
        self.evaluations.extend(sides.evaluations);
        self.equal.extend(sides.equal);
    }

    pub(super) fn active(&mut self, day: i32, days: Days, holds: bool) {
        self.steps.push(TraceStep::Active { day, days, holds });
    }

    pub(super) fn condition(&mut self, span: Span, value: &Value) {
        let truths = std::mem::take(&mut self.truths);
        let values = self.take_values();
        self.steps.push(TraceStep::Condition { span, value: value.clone(), values, truths });
    }

    pub(super) fn total(&mut self, levels: &Levels) {
        self.take_values();
        let (before, after) = (levels.before.clone(), levels.after.clone());
        self.steps.push(TraceStep::Total { state: levels.state, before, after });
    }

    pub(super) fn local(&mut self, local: LocalId, value: &Value) {
        let values = self.take_values();
        self.steps.push(TraceStep::Local { local, value: value.clone(), values });
    }

    pub(super) fn first(&mut self, state: StateId, first: bool, place: u8) {
        self.steps.push(TraceStep::First { state, first, place });
    }

    /// What is done on a balance, with the values that it looked at.
    pub(super) fn balance(&mut self, step: impl FnOnce(Vec<(Span, Type, Value)>) -> TraceStep) {
        let values = self.take_values();
        self.steps.push(step(values));
    }

    /// Of a line that is made behind all that its row was paid.
    pub fn of_line(step: TraceStep) -> Self {
        Self { status: status::PAID, steps: vec![step], ..Self::default() }
    }

    /// Of what is added once more for a row.
    pub fn of_addition(steps: Vec<TraceStep>) -> Self {
        Self { status: status::COUNTED, steps, ..Self::default() }
    }

    pub(super) fn payee(&mut self, kind: RecordId, payee: Option<u32>, span: Span) {
        let values = self.take_values();
        self.steps.push(TraceStep::Payee { kind, payee, values, span });
    }

    pub(super) fn step(&mut self, step: TraceStep) {
        self.take_values();
        self.steps.push(step);
    }

    pub(super) fn pay(
        &mut self,
        payee: Option<Value>,
        rounded: Option<Exact>,
        unit: &Unit,
        found: Parts,
        take_back: bool,
    ) {
        let values = self.take_values();
        let divided = payee.is_none();
        let payee = if let Some(Value::Code(row)) = payee { Some(row) } else { None };
        let Parts { slices, along } = found;
        self.steps.push(TraceStep::Pay {
            payee,
            divided,
            rounded,
            decimals: unit.decimals,
            slices,
            along,
            take_back,
            values,
        });
    }

    /// Forgets what was met since the last step.
    pub(super) fn forget_values(&mut self) {
        self.take_values();
    }

    /// What was met since the last step.
    pub(super) fn take_values(&mut self) -> Vec<(Span, Type, Value)> {
        self.truths.clear();
        std::mem::take(&mut self.values)
    }

    pub(super) fn limit(
        &mut self,
        span: Span,
        place: Option<u32>,
        before: i128,
        after: i128,
        bound: i128,
        paid: Option<(i128, i128)>,
    ) {
        self.take_values();
        self.steps.push(TraceStep::Limit { span, place, before, after, bound, paid });
    }
}

impl Slice {
    /// An amount that is of nothing.
    fn whole(amount: Exact) -> Self {
        Self { band: None, quantity: None, of: Type::MONEY, rate: None, amount }
    }
}

/// The exact parts of an amount and, where it is rounded along a total, that total's amount before and after the row.
#[derive(Debug, Default)]
pub(super) struct Parts {
    slices: Vec<Slice>,
    along: Option<(Exact, Exact)>,
}

impl<'a> RuleRun<'a, '_> {
    /// The exact parts of an amount; their sum is the amount before rounding.
    pub(super) fn slices(&mut self, emit: &Emit) -> Result<Parts, Fault> {
        let trace = self.row.trace.take();
        let found = match (emit.owner, &emit.factor) {
            (Owner::Row, None) => Parts { slices: self.plain_slices(&emit.worth, Exact::ONE)?, along: None },
            (Owner::Row, Some(factor)) => {
                Parts { slices: self.product_slices(factor, &emit.worth, Exact::ONE)?, along: None }
            }
            (Owner::Total(state), factor) => self.along_slices(factor.as_ref(), state, &emit.worth, emit.unit)?,
        };
        self.row.trace = trace;
        Ok(found)
    }

    fn along_slices(
        &mut self,
        factor: Option<&Expr>,
        state: StateId,
        body: &Expr,
        unit: UnitId,
    ) -> Result<Parts, Fault> {
        let factor = match factor {
            Some(factor) => self.row.eval(factor, self.data)?,
            None => Value::Number(Exact::ONE),
        };
        let before = self.row.eval_before(body, self.data, state)?;
        let after = self.row.eval_side(body, self.data, Side::After)?;
        let (Value::Number(factor), Value::Number(after)) = (factor, after) else { return Ok(Parts::default()) };
        let slices = self.increment_slices(body, state, &factor)?;
        let along = (!self.plan.unit(unit).each_line).then(|| (&factor * before, &factor * after));
        Ok(Parts { slices, along })
    }

    fn plain_slices(&mut self, expr: &Expr, factor: Exact) -> Result<Vec<Slice>, Fault> {
        match &expr.op {
            Op::Call(Function::Schedule { schedule, output: ScheduleOutput::Amount }, _) => {
                let of = self.plan.schedules[schedule.index()].domain;
                Ok(merge(self.parts(expr, None)?, Vec::new(), &factor, of))
            }
            Op::Increment { state, body } => self.increment_slices(body, *state, &factor),
            // A `let` changes nothing.
            Op::Local(local) => match self.definition(*local) {
                Some(value) => self.plain_slices(value, factor),
                None => Ok(Vec::new()),
            },
            op => match op.as_call() {
                Some((Function::Multiply, [a, b])) => self.product_slices(a, b, factor),
                _ => Ok(match self.row.eval(expr, self.data)? {
                    Value::Number(amount) => vec![Slice::whole(factor * amount)],
                    _ => Vec::new(),
                }),
            },
        }
    }

    fn product_slices(&mut self, a: &Expr, b: &Expr, factor: Exact) -> Result<Vec<Slice>, Fault> {
        let (rate, quantity) = if rate_first(a.ty, b.ty) { (a, b) } else { (b, a) };
        let values = (self.row.eval(rate, self.data)?, self.row.eval(quantity, self.data)?);
        let (Value::Number(rate), Value::Number(amount)) = values else { return Ok(Vec::new()) };
        let rate = factor * rate;
        if self.holds_schedule(quantity) {
            return self.plain_slices(quantity, rate);
        }
        let amount_of = &rate * &amount;
        let slice = Slice { band: None, quantity: Some(amount), of: quantity.ty, rate: Some(rate), amount: amount_of };
        Ok(vec![slice])
    }

    /// What a `let` stands for.
    fn definition(&self, local: LocalId) -> Option<&'a Expr> {
        self.definition.nodes.iter().find_map(|step| match step {
            Node::Let(known, value) if *known == local => Some(value),
            _ => None,
        })
    }

    fn holds_schedule(&self, expr: &Expr) -> bool {
        match &expr.op {
            Op::Call(Function::Schedule { output, .. }, _) => *output == ScheduleOutput::Amount,
            Op::Call(Function::Multiply, factors) => factors.iter().any(|factor| self.holds_schedule(factor)),
            Op::Increment { .. } => true,
            Op::Local(local) => self.definition(*local).is_some_and(|value| self.holds_schedule(value)),
            _ => false,
        }
    }

    fn increment_slices(&mut self, body: &Expr, state: StateId, factor: &Exact) -> Result<Vec<Slice>, Fault> {
        if let Some((schedule, ScheduleOutput::Amount, ..)) = body.op.as_schedule() {
            let of = self.plan.schedules[schedule.index()].domain;
            let after = self.parts(body, Some(Side::After))?;
            let first = self.row.levels(state).is_none_or(|levels| levels.first);
            let before = if first { Vec::new() } else { self.parts(body, Some(Side::Before))? };
            return Ok(merge(after, before, factor, of));
        }
        let before = self.row.eval_before(body, self.data, state)?;
        Ok(match self.row.eval_side(body, self.data, Side::After)? {
            Value::Number(after) => vec![Slice::whole(factor * (after - before))],
            _ => Vec::new(),
        })
    }

    fn parts(&mut self, expr: &Expr, side: Option<Side>) -> Result<Vec<Part>, Fault> {
        let Some((schedule, _, arguments, value)) = expr.op.as_schedule() else { return Ok(Vec::new()) };
        let side = side.unwrap_or(Side::After);
        let mut known = Vec::new();
        for argument in arguments {
            match self.row.eval_side(argument, self.data, side)? {
                Value::Number(argument) => known.push(argument),
                _ => return Ok(Vec::new()),
            }
        }
        let Value::Number(x) = self.row.eval_side(value, self.data, side)? else { return Ok(Vec::new()) };
        let schedule = &self.plan.schedules[schedule.index()];
        let parts = schedule::parts(schedule, &known, &x).map_err(|kind| Fault { kind, span: expr.span })?;
        Ok(parts.unwrap_or_default())
    }
}

/// Whether of two factors the first is the rate: a share, or the price beside a number.
fn rate_first(a: Type, b: Type) -> bool {
    a == Type::Percent || (b != Type::Percent && a.is_money())
}

/// The parts after less the parts before, band by band, times the factor; what comes to nothing is left out.
fn merge(after: Vec<Part>, before: Vec<Part>, factor: &Exact, of: Type) -> Vec<Slice> {
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
            of,
            rate: rate.map(|rate| rate * factor),
            amount: amount * factor,
        })
        .collect()
}
