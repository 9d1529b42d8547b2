//! The value of an expression for one row.

use super::Fault;
use super::trace::Trace;
use crate::data::{Column, Data, FoldData, Rows, Values};
use crate::internal::broken;
use crate::plan::calendar::date_of;
use crate::plan::{
    Comparison, CreditPart, DatePart, Days, DecisionId, Edge, Expr, FieldId, FoldId, Op, Period, Plan, RecordId, Root,
    Side, StateId, Stream, Type,
};
use crate::value::{Exact, fraction, with_decimals};
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// There is none.
    Missing,
    /// A number, a share, a count, an amount in whole units.
    Number(Exact),
    /// Yes or no.
    YesNo(bool),
    /// A day.
    Date(i32),
    /// A place in a list, the code of a text or id, the row of a record.
    Code(u32),
}

impl Value {
    /// Whether it is a condition that holds; unknown does not hold.
    pub fn is_true(&self) -> bool {
        self.clone().yes_no() == Some(true)
    }

    /// The number that it is; `None` if it is missing.
    #[track_caller]
    pub fn number(self) -> Option<Exact> {
        match self {
            Self::Number(value) => Some(value),
            Self::Missing => None,
            Self::YesNo(_) | Self::Date(_) | Self::Code(_) => broken(format!("{self:?} in place of a number")),
        }
    }

    /// Whether it is yes; `None` if it is missing.
    #[track_caller]
    pub fn yes_no(self) -> Option<bool> {
        match self {
            Self::YesNo(value) => Some(value),
            Self::Missing => None,
            Self::Number(_) | Self::Date(_) | Self::Code(_) => broken(format!("{self:?} in place of yes or no")),
        }
    }

    /// The day that it is; `None` if it is missing.
    #[track_caller]
    pub fn date(self) -> Option<i32> {
        match self {
            Self::Date(day) => Some(day),
            Self::Missing => None,
            Self::Number(_) | Self::YesNo(_) | Self::Code(_) => broken(format!("{self:?} in place of a date")),
        }
    }

    /// The place, code or row that it is; `None` if it is missing.
    #[track_caller]
    pub fn code(self) -> Option<u32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Missing => None,
            Self::Number(_) | Self::YesNo(_) | Self::Date(_) => broken(format!("{self:?} in place of a key or text")),
        }
    }
}

/// The levels of an accumulation around one row.
#[derive(Clone, Debug)]
pub struct Levels {
    /// Which.
    pub state: StateId,
    /// By summand.
    pub before: Vec<Exact>,
    /// By summand.
    pub after: Vec<Exact>,
    /// Whether no row was taken in before.
    pub first: bool,
}

/// One row of a stream, with what its rule has found out so far.
pub struct Row<'a> {
    pub(super) plan: &'a Plan,
    rows: &'a Rows,
    /// The stream's row.
    pub row: u32,
    /// What the row that asks gives, where this one is a row of a set.
    pub arguments: &'a [Value],
    /// By `let`.
    pub locals: Vec<Value>,
    /// Levels of the accumulations met so far.
    pub levels: Vec<Levels>,
    /// Smallest units by which a line rounded alone is above the rounding along the total.
    pub missed: i128,
    /// Whether a schedule that does not say what it gives below zero was asked there.
    pub below_zero: Cell<bool>,
    /// What was got from balances so far.
    pub(super) taken: Vec<Exact>,
    /// Its rank in a contest, once that is known.
    pub(super) rank: Option<u32>,
    /// Of an entity and period, the day on which it acts on balances.
    pub(super) moment: Option<i32>,
    pub(super) trace: Option<RefCell<Trace>>,
    side: Side,
}

impl<'a> Row<'a> {
    /// Row `row` of `rows`.
    pub fn new(plan: &'a Plan, rows: &'a Rows, row: u32, n_locals: usize, traced: bool) -> Self {
        Self {
            plan,
            rows,
            row,
            arguments: &[],
            locals: vec![Value::Missing; n_locals],
            levels: Vec::new(),
            missed: 0,
            below_zero: Cell::new(false),
            taken: Vec::new(),
            rank: None,
            moment: None,
            trace: traced.then(RefCell::default),
            side: Side::After,
        }
    }

    /// Writes to the trace, if there is one.
    pub fn note(&self, write: impl FnOnce(&mut Trace)) {
        if let Some(trace) = &self.trace {
            write(&mut trace.borrow_mut());
        }
    }

    /// The value of `expr` for this row.
    pub fn eval(&self, expr: &Expr, data: &Data) -> Result<Value, Fault> {
        let value = self.eval_op(expr, data)?;
        if self.trace.is_some() {
            self.note(|trace| trace.value(expr, &value));
        }
        Ok(value)
    }

    /// The value of `body` with the levels of one side of the row.
    pub fn eval_side(&mut self, body: &Expr, data: &Data, side: Side) -> Result<Value, Fault> {
        self.side = side;
        let value = self.eval(body, data);
        self.side = Side::After;
        value
    }

    /// What stood before the row: 0 for the first row of the accumulation, or where there was no result.
    pub fn eval_before(&mut self, body: &Expr, data: &Data, state: StateId) -> Result<Exact, Fault> {
        if self.levels(state).is_none_or(|levels| levels.first) {
            return Ok(Exact::ZERO);
        }
        Ok(self.eval_side(body, data, Side::Before)?.number().unwrap_or(Exact::ZERO))
    }

    /// The levels of an accumulation, if it has taken its step for this row.
    pub fn levels(&self, state: StateId) -> Option<&Levels> {
        self.levels.iter().find(|levels| levels.state == state)
    }

    /// The day of the row.
    pub fn when(&self, data: &Data) -> i32 {
        match self.rows {
            Rows::Events { record } => match self.plan.record(*record).when {
                Some(field) => {
                    let day = self.column(data, *record, field, self.row).date();
                    day.unwrap_or_else(|| broken("a row without a day among those that rules see"))
                }
                None => broken("an event without a `when`"),
            },
            Rows::ByDate(dated) => dated.when[self.row as usize],
            Rows::EntityPeriods(periods) => periods.last_day[self.row as usize],
            Rows::Payments(payments) => payments.when[self.row as usize],
        }
    }

    /// The entity and the number of the period that the row is, if it is one.
    pub(super) fn entity_period(&self) -> Option<(u32, i32)> {
        let Rows::EntityPeriods(periods) = self.rows else { return None };
        Some((periods.entity[self.row as usize], periods.period[self.row as usize]))
    }

    /// Whether the row is an entity and period.
    pub fn is_period(&self) -> bool {
        matches!(self.rows, Rows::EntityPeriods(_))
    }

    /// Whether a guarantee for the longer period is trued up at this entity and period: it is the last of its kind in that
    /// period, which has ended.
    pub fn period_ends(&self, period: Period) -> bool {
        let Rows::EntityPeriods(periods) = self.rows else { return false };
        periods.ends.iter().any(|(kind, ends)| *kind == period && ends[self.row as usize] == 1)
    }

    fn eval_op(&self, expr: &Expr, data: &Data) -> Result<Value, Fault> {
        Ok(match &expr.op {
            Op::Number(value) => Value::Number(value.clone()),
            Op::YesNo(value) => Value::YesNo(*value),
            Op::Date(day) => Value::Date(*day),
            Op::Choice(place) => Value::Code(*place),
            Op::Missing => Value::Missing,
            Op::Field { root, record, path } => self.field(data, *root, *record, path),
            Op::PaymentAmount => match self.rows {
                Rows::Payments(payments) => {
                    let Type::Money(unit) = expr.ty else { broken("the amount of a payment in no unit") };
                    let per_one = self.plan.unit(unit).per_one();
                    Value::Number(fraction(payments.amount[self.row as usize].into(), per_one.into()))
                }
                Rows::Events { .. } | Rows::ByDate(_) | Rows::EntityPeriods(_) => {
                    broken("the amount of a payment where there is none")
                }
            },
            Op::Credit(part) => {
                let known = match (self.rows, part) {
                    (Rows::Payments(credits), CreditPart::Share) => credits.share.get(self.row as usize),
                    (Rows::Payments(credits), CreditPart::Base) => credits.base.get(self.row as usize),
                    (Rows::Events { .. } | Rows::ByDate(_) | Rows::EntityPeriods(_), _) => None,
                };
                Value::Number(known.unwrap_or_else(|| broken("a part of a credit where there is none")).clone())
            }
            Op::Balance(account) => self.balance(account, data)?,
            // Who looks at a row without its contest, to explain it, finds no rank.
            Op::Rank => self.rank.map_or(Value::Missing, |rank| Value::Number(Exact::from(rank))),
            Op::Taken(nth) => match self.taken.get(*nth as usize) {
                Some(got) => Value::Number(got.clone()),
                None => broken("what was never taken"),
            },
            Op::When => Value::Date(self.when(data)),
            Op::Local(local) => self.locals[local.index()].clone(),
            Op::Decision { decision, root } => self.decision(data, *decision, *root),
            Op::Fold(group) => self.group(data, *group),
            Op::Level { state, summand, side } => match self.levels(*state) {
                Some(levels) => {
                    let side = if *side == Side::Current { self.side } else { *side };
                    let levels = if side == Side::Before { &levels.before } else { &levels.after };
                    Value::Number(levels[*summand as usize].clone())
                }
                None => Value::Missing,
            },
            Op::Increment { state, body } => {
                let trace = self.trace.is_some().then(RefCell::default);
                let (locals, levels, taken) = (self.locals.clone(), self.levels.clone(), self.taken.clone());
                let mut sides = Row { locals, levels, taken, trace, below_zero: Cell::new(false), ..*self };
                let before = sides.eval_before(body, data, *state)?;
                let after = sides.eval_side(body, data, Side::After)?;
                self.below_zero.set(self.below_zero.get() || sides.below_zero.get());
                if let Some(found) = sides.trace {
                    self.note(|trace| trace.join(found.into_inner()));
                }
                after.number().map_or(Value::Missing, |after| Value::Number(after - before))
            }
            Op::Call(function, operands) => {
                // Two operands at most are the rule; only more than that need memory.
                let several: Vec<Value>;
                let (one, two);
                let values: &[Value] = match &operands[..] {
                    [x] => {
                        one = [self.eval(x, data)?];
                        &one
                    }
                    [a, b] => {
                        two = [self.eval(a, data)?, self.eval(b, data)?];
                        &two
                    }
                    more => {
                        several = more.iter().map(|value| self.eval(value, data)).collect::<Result<_, _>>()?;
                        &several
                    }
                };
                self.note(|trace| trace.called(function, operands, values));
                self.apply(function, values, data).map_err(|kind| Fault { kind, span: expr.span })?
            }
            Op::Argument(idx) => match self.arguments.get(*idx as usize) {
                Some(value) => value.clone(),
                None => broken("an argument outside of its schedule or set"),
            },
            Op::And(conditions) => self.decide(data, conditions, false)?,
            Op::Or(conditions) => self.decide(data, conditions, true)?,
            Op::IfUnknown(value, default) => match self.eval(value, data)? {
                Value::Missing => self.eval(default, data)?,
                known => known,
            },
            Op::If { branches, otherwise } => {
                for (condition, value) in branches {
                    if self.eval(condition, data)?.is_true() {
                        return self.eval(value, data);
                    }
                }
                self.eval(otherwise, data)?
            }
        })
    }

    /// `and` (decided by a no) and `or` (decided by a yes), from the left; unknown unless decided.
    fn decide(&self, data: &Data, conditions: &[Expr], decisive: bool) -> Result<Value, Fault> {
        let mut unknown = false;
        for condition in conditions {
            match self.eval(condition, data)?.yes_no() {
                Some(value) if value == decisive => return Ok(Value::YesNo(decisive)),
                Some(_) => {}
                None => unknown = true,
            }
        }
        Ok(if unknown { Value::Missing } else { Value::YesNo(!decisive) })
    }

    /// The place, among those of its row, of the payment that a rule over payments reads; 1 of all other rows.
    pub fn place(&self) -> u32 {
        if let Rows::Payments(payments) = self.rows { payments.place[self.row as usize] } else { 1 }
    }

    /// The row where a path begins.
    pub fn root(&self, root: Root) -> u32 {
        match (self.rows, root) {
            (Rows::Events { .. }, _) => self.row,
            (Rows::ByDate(dated), _) => dated.row[self.row as usize],
            (Rows::EntityPeriods(periods), _) => periods.entity[self.row as usize],
            (Rows::Payments(payments), Root::Payee) => payments.payee[self.row as usize],
            (Rows::Payments(payments), Root::Source | Root::Row) => payments.source[self.row as usize],
        }
    }

    fn field(&self, data: &Data, root: Root, mut record: RecordId, path: &[FieldId]) -> Value {
        let mut row = self.root(root);
        for (idx, &field) in path.iter().enumerate() {
            let value = self.column(data, record, field, row);
            if idx + 1 == path.len() {
                return value;
            }
            let Type::Ref(target) = self.plan.record(record).fields[field.index()].ty else {
                broken("a path through a field that is no reference")
            };
            let Some(next) = value.code() else { return Value::Missing };
            (row, record) = (next, target);
        }
        Value::Code(row)
    }

    pub(super) fn column(&self, data: &Data, record: RecordId, field: FieldId, row: u32) -> Value {
        let definition = &self.plan.record(record).fields[field.index()];
        match &data.tables[record.index()].columns[field.index()] {
            Some(column) => column.value(row as usize, definition.ty, definition.decimals),
            None => broken(format!("the field `{}`, which no table keeps", definition.name)),
        }
    }

    /// Where a decision is kept: those for an event by its rows, whatever their order.
    pub fn decision_row(&self, decision: DecisionId, root: Root) -> usize {
        let row = match (&self.plan.decisions[decision.index()].stream, root) {
            (Stream::Events(_), root) => self.root(root),
            (Stream::Periods(..), _) | (_, Root::Row) => self.row,
            (Stream::ByDate(..) | Stream::Lines(..), root) => self.root(root),
        };
        row as usize
    }

    fn decision(&self, data: &Data, decision: DecisionId, root: Root) -> Value {
        let definition = &self.plan.decisions[decision.index()];
        let idx = self.decision_row(decision, root);
        let decided = data.decision(decision);
        if decided.known[idx] == 0 {
            return Value::Missing;
        }
        typed(definition.ty, decided.nums[idx], decided.denominators[idx])
    }

    fn group(&self, data: &Data, group: FoldId) -> Value {
        let idx = self.row as usize;
        let function = &self.plan.folds[group.index()].function;
        match data.fold(group) {
            FoldData::Fixed { den, values, known } => {
                if known.as_ref().is_some_and(|known| known[idx] == 0) {
                    return Value::Missing;
                }
                match function.value_type() {
                    Some(ty) if !ty.is_numeric() => typed(ty, values[idx] as i64, 1),
                    _ => Value::Number(fraction(values[idx], i128::from(*den))),
                }
            }
            FoldData::Exact(values) => values[idx].clone().map_or(Value::Missing, Value::Number),
        }
    }
}

/// A part of a date; none where the calendar of the program does not have the day.
pub fn date_part(plan: &Plan, part: DatePart, day: i32) -> Option<i32> {
    let calendar = &plan.calendar;
    match part {
        DatePart::Year => calendar.year(day),
        DatePart::Half => calendar.number(Period::Half, day),
        DatePart::Quarter => calendar.number(Period::Quarter, day),
        DatePart::Month => calendar.number(Period::Month, day),
        DatePart::Day => Some(i32::from(date_of(day).day())),
    }
}

/// The first or last day of the period that holds a day, within the years that dates have; none where the calendar of the
/// program does not have the day.
pub fn edge_of(plan: &Plan, period: Period, edge: Edge, day: i32) -> Option<i32> {
    let days = plan.calendar.days(period, plan.calendar.index(period, day), plan.active);
    plan.calendar.knows(period, day).then(|| match edge {
        Edge::First => days.from.max(Days::ALL.from),
        Edge::Last => days.to.min(Days::ALL.to),
    })
}

/// The words of a decision, or of a column, as a value of its type.
pub fn typed(ty: Type, num: i64, den: i64) -> Value {
    match ty {
        Type::Number | Type::Count | Type::Percent | Type::Money(_) => Value::Number(fraction(num.into(), den.into())),
        Type::YesNo => Value::YesNo(num == 1),
        Type::Date | Type::Period(_) => Value::Date(num as i32),
        Type::Choice(_) | Type::Text(_) | Type::Id(_) | Type::Ref(_) => Value::Code(num as u32),
    }
}

impl Column {
    /// The value of a row.
    pub fn value(&self, row: usize, ty: Type, decimals: u32) -> Value {
        if self.known.as_ref().is_some_and(|known| known[row] == 0) {
            return Value::Missing;
        }
        match &self.values {
            Values::I64(values) => Value::Number(with_decimals(values[row], decimals)),
            Values::I32(values) => Value::Date(values[row]),
            Values::U32(values) => Value::Code(values[row]),
            Values::U8(values) if ty == Type::YesNo => Value::YesNo(values[row] == 1),
            Values::U8(values) => Value::Code(values[row].into()),
        }
    }
}

/// Compares two values of one type, neither of them missing.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::YesNo(a), Value::YesNo(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Code(a), Value::Code(b)) => a.cmp(b),
        (Value::Missing | Value::Number(_) | Value::YesNo(_) | Value::Date(_) | Value::Code(_), _) => {
            broken(format!("{a:?} compared with {b:?}"))
        }
    }
}

/// Whether values in this order compare so.
pub(crate) fn holds(comparison: Comparison, ordering: Ordering) -> bool {
    match comparison {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}
