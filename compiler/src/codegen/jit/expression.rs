//! Expressions, one value each: the machine's form of `interpret::eval`.
//!
//! All operands are computed; an operand that the interpreter would not look at has its faults taken back.

use super::checked_int::CheckedInt;
use super::emit::Flag;
use super::number::Number;
use super::row::{Kind, RowCode, RowValue};
use crate::data::Width;
use crate::internal::broken;
use crate::kernel::Input;
use crate::plan::{Expr, Op, Side, Stream, Type};
use crate::value::Exact;
use cranelift_codegen::ir::condcodes::IntCC;

impl RowCode<'_, '_> {
    /// The value of an expression.
    pub fn value(&mut self, expr: &Expr) -> RowValue {
        match &expr.op {
            Op::Number(value) => RowValue::new(Kind::Number(self.emit.number(value))),
            Op::YesNo(value) => RowValue::new(Kind::YesNo(Flag::from(*value))),
            Op::Date(day) => RowValue::new(Kind::Code(self.emit.checked_int(i64::from(*day)))),
            Op::Choice(place) => RowValue::new(Kind::Code(self.emit.checked_int(i64::from(*place)))),
            Op::Missing | Op::Argument(_) => self.missing(expr.ty),
            Op::Field { root, record, path } => self.field(*root, *record, path),
            Op::PaymentAmount => self.payment_amount(expr.ty),
            // A fraction of any size: what reads it is done by the interpreter.
            Op::Credit(_) => broken("a part of a credit in machine code"),
            Op::Balance(_) | Op::Taken(_) => broken("a balance in machine code"),
            Op::Rank => broken("a rank in machine code"),
            Op::When => RowValue::new(Kind::Code(self.when())),
            Op::Local(local) => match self.locals[local.index()] {
                Some(value) => value,
                None => self.missing(expr.ty),
            },
            Op::Decision { decision, root } => self.decision(*decision, *root),
            Op::Fold(fold) => self.fold(*fold),
            Op::Level { state, summand, side } => {
                let side = if *side == Side::Current { self.side } else { *side };
                match self.levels.iter().find(|levels| levels.state == *state) {
                    Some(levels) => {
                        let found = if side == Side::Before { &levels.before } else { &levels.after };
                        RowValue { known: levels.known, kind: Kind::Number(found[*summand as usize]) }
                    }
                    None => self.missing(expr.ty),
                }
            }
            Op::Increment { state, body } => {
                let before = self.before(body, *state);
                let after = self.number(body, Side::After);
                let known = after.0;
                let number = self.emit.guarded(known, |emit| emit.subtract_numbers(after.1, before));
                RowValue { known, kind: Kind::Number(number) }
            }
            Op::Call(function, operands) => self.call(function, operands),
            Op::And(conditions) => self.decide(conditions, false),
            Op::Or(conditions) => self.decide(conditions, true),
            Op::IfUnknown(value, default) => {
                let value = self.value(value);
                let missing = self.emit.not(value.known);
                let default = self.guarded(missing, |code| code.value(default));
                self.choose(value.known, value, default)
            }
            Op::If { branches, otherwise } => self.conditional(branches, otherwise),
        }
    }

    /// Whether a condition is known to hold.
    pub fn holds(&mut self, condition: &Expr) -> Flag {
        let RowValue { known, kind } = self.value(condition);
        let holds = self.yes_no(kind);
        self.emit.and(known, holds)
    }

    /// Whether a number is known, and the number, with the levels of one side of the row.
    pub fn number(&mut self, expr: &Expr, side: Side) -> (Flag, Number) {
        let outside = std::mem::replace(&mut self.side, side);
        let value = self.value(expr);
        self.side = outside;
        (value.known, self.numeric(value.kind))
    }

    /// What stood before the row: 0 for the first row of the accumulation, or where there was no result.
    pub fn before(&mut self, body: &Expr, state: crate::plan::StateId) -> Number {
        let levels = self.levels.iter().find(|levels| levels.state == state);
        // Without a step that adds up nothing stood before the row.
        let Some((known, slot)) = levels.map(|levels| (levels.known, levels.slot)) else { return self.emit.zero() };
        let later = self.load_mark(Input::Touched(state), slot);
        let asked = self.emit.and(known, later);
        let (present, number) = self.guarded(asked, |code| code.number(body, Side::Before));
        let counts = self.emit.and(asked, present);
        let zero = self.emit.zero();
        self.emit.choose_number(counts, number, zero)
    }

    /// As [`super::emit::Emit::guarded`].
    pub fn guarded<T>(&mut self, asked: Flag, emit: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.emit.begin_guard();
        let live = self.emit.and(self.live, asked);
        let outside = std::mem::replace(&mut self.live, live);
        let value = emit(self);
        self.live = outside;
        self.emit.end_guard(asked, before);
        value
    }

    fn payment_amount(&mut self, ty: Type) -> RowValue {
        match self.stream {
            Stream::Lines(..) => {
                let Type::Money(unit) = ty else { broken("the amount of a payment in no unit") };
                let amount = self.load(Input::PaymentAmount, self.row, Width::I64);
                RowValue::new(Kind::Number(Number::new(CheckedInt::any(amount), self.plan.unit(unit).per_one())))
            }
            Stream::Events(_) | Stream::ByDate(..) | Stream::Periods(..) => {
                broken("the amount of a payment where there is none")
            }
        }
    }

    /// `and` (decided by a no) and `or` (decided by a yes), from the left; unknown unless decided.
    fn decide(&mut self, conditions: &[Expr], decisive: bool) -> RowValue {
        let (mut decided, mut unknown) = (Flag::No, Flag::No);
        for condition in conditions {
            let open = self.emit.not(decided);
            let RowValue { known, kind } = self.guarded(open, |code| code.value(condition));
            let holds = self.yes_no(kind);
            let decides = if decisive { holds } else { self.emit.not(holds) };
            let decides = self.emit.and(known, decides);
            let missing = self.emit.not(known);
            decided = self.emit.or(decided, decides);
            unknown = self.emit.or(unknown, missing);
        }
        let settled = self.emit.not(unknown);
        let known = self.emit.or(decided, settled);
        let value = if decisive { decided } else { self.emit.not(decided) };
        RowValue { known, kind: Kind::YesNo(value) }
    }

    fn conditional(&mut self, branches: &[(Expr, Expr)], otherwise: &Expr) -> RowValue {
        let mut open = Flag::Yes;
        let mut taken = Vec::new();
        for (condition, value) in branches {
            let holds = self.guarded(open, |code| code.holds(condition));
            let takes = self.emit.and(open, holds);
            taken.push((takes, self.guarded(takes, |code| code.value(value))));
            let not = self.emit.not(holds);
            open = self.emit.and(open, not);
        }
        let mut result = self.guarded(open, |code| code.value(otherwise));
        for (takes, value) in taken {
            result = self.choose(takes, value, result);
        }
        result
    }

    /// One of two values of one type.
    pub(super) fn choose(&mut self, flag: Flag, a: RowValue, b: RowValue) -> RowValue {
        let known = self.emit.select_flag(flag, a.known, b.known);
        // Where the chosen one is missing, what bringing both to one form costs does not count.
        let kind = self.guarded(known, |code| match (a.kind, b.kind) {
            (Kind::Number(a), Kind::Number(b)) => Kind::Number(code.emit.choose_number(flag, a, b)),
            (Kind::YesNo(a), Kind::YesNo(b)) => Kind::YesNo(code.emit.select_flag(flag, a, b)),
            (Kind::Code(a), Kind::Code(b)) => Kind::Code(code.emit.choose(flag, a, b)),
            (Kind::Number(_) | Kind::YesNo(_) | Kind::Code(_), _) => {
                code.emit.raise(Flag::Yes);
                a.kind
            }
        });
        RowValue { known, kind }
    }

    /// The yes or no of a value that is one.
    pub fn yes_no(&mut self, kind: Kind) -> Flag {
        match kind {
            Kind::YesNo(flag) => flag,
            Kind::Number(_) | Kind::Code(_) => {
                self.emit.raise(Flag::Yes);
                Flag::No
            }
        }
    }

    /// The number of a value that is one.
    pub fn numeric(&mut self, kind: Kind) -> Number {
        match kind {
            Kind::Number(number) => number,
            Kind::YesNo(_) | Kind::Code(_) => self.emit.no_room(),
        }
    }

    /// The day, code or row of a value that is one.
    pub fn code(&mut self, kind: Kind) -> CheckedInt {
        match kind {
            Kind::Code(code) => code,
            Kind::Number(_) | Kind::YesNo(_) => self.emit.no_room().numerator,
        }
    }
}

impl super::emit::Emit<'_> {
    /// A comparison with zero, which no denominator changes.
    pub fn compare_with_zero(&mut self, condition: IntCC, number: Number) -> Flag {
        self.is(condition, number.numerator, 0)
    }

    /// The number 1.
    pub fn one(&mut self) -> Number {
        self.number(&Exact::ONE)
    }
}
