//! Expressions, one lane each: the machine's form of `interpret::eval`.
//!
//! All operands are computed; an operand that the interpreter would not look at has its faults taken back.

use super::emit::Flag;
use super::number::{Number, condition};
use super::row::{Kind, Lane, RowCode};
use super::word::Word;
use crate::data::Width;
use crate::internal::broken;
use crate::kernel::Input;
use crate::plan::{Comparison, Expr, Op, Stream, TimeUnit, View};
use crate::value::Exact;
use cranelift_codegen::ir::condcodes::IntCC;

impl RowCode<'_, '_> {
    /// The value of an expression.
    pub fn lane(&mut self, expr: &Expr) -> Lane {
        match &expr.op {
            Op::Number(value) => Lane::new(Kind::Number(self.emit.number(value))),
            Op::YesNo(value) => Lane::new(Kind::YesNo(Flag::from(*value))),
            Op::Date(day) => Lane::new(Kind::Code(self.emit.word(i64::from(*day)))),
            Op::Choice(place) => Lane::new(Kind::Code(self.emit.word(i64::from(*place)))),
            Op::Missing | Op::Argument(_) => self.missing(expr.ty),
            Op::Field { root, record, path } => self.field(*root, *record, path),
            Op::PaymentAmount => self.payment_amount(),
            Op::When => Lane::new(Kind::Code(self.when())),
            Op::Local(local) => match self.locals[local.index()] {
                Some(lane) => lane,
                None => self.missing(expr.ty),
            },
            Op::Decision { decision, root } => self.decision(*decision, *root),
            Op::Group(group) => self.group(*group),
            Op::Level { state, atom, view } => {
                let view = if *view == View::Turn { self.turn } else { *view };
                match self.levels.iter().find(|levels| levels.state == *state) {
                    Some(levels) => {
                        let side = if view == View::Before { &levels.before } else { &levels.after };
                        Lane { known: levels.known, kind: Kind::Number(side[*atom as usize]) }
                    }
                    None => self.missing(expr.ty),
                }
            }
            Op::Telescoped { state, body } => {
                let before = self.before(body, *state);
                let after = self.number(body, View::After);
                let known = after.0;
                let number = self.emit.guarded(known, |emit| emit.subtract_numbers(after.1, before));
                Lane { known, kind: Kind::Number(number) }
            }
            Op::Negate(x) => self.map(x, |code, x| code.emit.negate_number(x)),
            Op::Add(a, b) => self.map2(a, b, |code, a, b| code.emit.add_numbers(a, b)),
            Op::Subtract(a, b) => self.map2(a, b, |code, a, b| code.emit.subtract_numbers(a, b)),
            Op::Multiply(a, b) => self.map2(a, b, |code, a, b| code.emit.multiply_numbers(a, b)),
            Op::Divide(a, b) => self.map2(a, b, |code, a, b| code.emit.divide_numbers(a, b)),
            Op::Smallest(values) => self.extreme(values, Comparison::Less),
            Op::Largest(values) => self.extreme(values, Comparison::Greater),
            Op::Round { value, mode, quantum } => self.map(value, |code, value| {
                let steps = code.emit.round_number(value, *mode, quantum);
                let quantum = code.emit.number(quantum);
                code.emit.multiply_numbers(Number::new(steps, 1), quantum)
            }),
            Op::Schedule { schedule, arguments, value, ask } => {
                let schedule = &self.plan.schedules[schedule.index()];
                let mut known = Flag::Yes;
                let mut numbers = Vec::with_capacity(arguments.len());
                for argument in arguments.iter().chain([value.as_ref()]) {
                    // The interpreter stops at the first that is missing.
                    let (present, number) = self.guarded(known, |code| code.number(argument, code.turn));
                    known = self.emit.and(known, present);
                    numbers.push(number);
                }
                let Some(x) = numbers.pop() else { broken("a schedule asked at nothing") };
                let (result, number) = self.guarded(known, |code| code.ask(schedule, &numbers, x, *ask));
                Lane { known: self.emit.and(known, result), kind: Kind::Number(number) }
            }
            Op::Compare(comparison, a, b) => {
                let (a, b) = (self.lane(a), self.lane(b));
                let known = self.emit.and(a.known, b.known);
                let holds = self.guarded(known, |code| code.compare(*comparison, a.kind, b.kind));
                Lane { known, kind: Kind::YesNo(holds) }
            }
            Op::And(conditions) => self.decide(conditions, false),
            Op::Or(conditions) => self.decide(conditions, true),
            Op::Not(condition) => {
                let lane = self.lane(condition);
                let flag = self.yes_no(lane.kind);
                Lane { known: lane.known, kind: Kind::YesNo(self.emit.not(flag)) }
            }
            Op::Predicate { predicate, value } => {
                let lane = self.lane(value);
                let code = self.code(lane.kind).value;
                let zero = self.emit.int(0);
                let code = self.emit.select(lane.known, code, zero);
                let passes = self.load_mark(Input::Predicate(*predicate), code);
                Lane { known: lane.known, kind: Kind::YesNo(passes) }
            }
            Op::IsKnown(value) => Lane::new(Kind::YesNo(self.lane(value).known)),
            Op::IfUnknown(value, default) => {
                let value = self.lane(value);
                let missing = self.emit.not(value.known);
                let default = self.guarded(missing, |code| code.lane(default));
                self.choose(value.known, value, default)
            }
            Op::If { branches, otherwise } => self.conditional(branches, otherwise),
            Op::AddTime { date, count, unit } => {
                let (date, count) = (self.lane(date), self.lane(count));
                let known = self.emit.and(date.known, count.known);
                let (date, count) = (self.code(date.kind), self.numeric(count.kind));
                let day = self.guarded(known, |code| code.add_time(date, count, *unit));
                Lane { known, kind: Kind::Code(day) }
            }
            Op::TimeBetween { unit, from, to } => {
                let (from, to) = (self.lane(from), self.lane(to));
                let known = self.emit.and(from.known, to.known);
                let (from, to) = (self.code(from.kind), self.code(to.kind));
                let count = self.guarded(known, |code| match unit {
                    TimeUnit::Days => code.emit.subtract(to, from),
                    TimeUnit::Months => code.whole_months(from, to, 1),
                    TimeUnit::Years => code.whole_months(from, to, 12),
                });
                Lane { known, kind: Kind::Number(Number::new(count, 1)) }
            }
            Op::DatePart(part, date) => {
                let date = self.lane(date);
                let day = self.code(date.kind);
                let part = self.guarded(date.known, |code| code.date_part(*part, day));
                Lane { known: date.known, kind: Kind::Number(Number::new(part, 1)) }
            }
        }
    }

    /// Whether a condition is known to hold.
    pub fn holds(&mut self, condition: &Expr) -> Flag {
        let lane = self.lane(condition);
        let value = self.yes_no(lane.kind);
        self.emit.and(lane.known, value)
    }

    /// Whether a number is known, and the number, with the levels of one side of the row.
    pub fn number(&mut self, expr: &Expr, turn: View) -> (Flag, Number) {
        let outside = std::mem::replace(&mut self.turn, turn);
        let lane = self.lane(expr);
        self.turn = outside;
        (lane.known, self.numeric(lane.kind))
    }

    /// What stood before the row: 0 for the first row of the accumulation, or where there was no result.
    pub fn before(&mut self, body: &Expr, state: crate::plan::StateId) -> Number {
        let levels = self.levels.iter().find(|levels| levels.state == state);
        // Without a step that adds up nothing stood before the row.
        let Some((known, slot)) = levels.map(|levels| (levels.known, levels.slot)) else { return self.emit.zero() };
        let later = self.load_mark(Input::Touched(state), slot);
        let asked = self.emit.and(known, later);
        let (present, number) = self.guarded(asked, |code| code.number(body, View::Before));
        let counts = self.emit.and(asked, present);
        let zero = self.emit.zero();
        self.emit.choose_number(counts, number, zero)
    }

    /// As [`super::emit::Emit::guarded`].
    pub fn guarded<T>(&mut self, asked: Flag, emit: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.emit.begin_guard();
        let value = emit(self);
        self.emit.end_guard(asked, before);
        value
    }

    fn map(&mut self, x: &Expr, apply: impl FnOnce(&mut Self, Number) -> Number) -> Lane {
        let x = self.lane(x);
        let number = self.numeric(x.kind);
        let number = self.guarded(x.known, |code| apply(code, number));
        Lane { known: x.known, kind: Kind::Number(number) }
    }

    fn map2(&mut self, a: &Expr, b: &Expr, apply: impl FnOnce(&mut Self, Number, Number) -> Number) -> Lane {
        let (a, b) = (self.lane(a), self.lane(b));
        let known = self.emit.and(a.known, b.known);
        let (a, b) = (self.numeric(a.kind), self.numeric(b.kind));
        let number = self.guarded(known, |code| apply(code, a, b));
        Lane { known, kind: Kind::Number(number) }
    }

    fn payment_amount(&mut self) -> Lane {
        match self.stream {
            Stream::Payments(_) => {
                let amount = self.load(Input::PaymentAmount, self.row, Width::I64);
                Lane::new(Kind::Number(Number::new(Word::any(amount), self.plan.per_unit())))
            }
            Stream::Events(_) | Stream::Grid(..) => broken("the amount of a payment where there is none"),
        }
    }

    fn extreme(&mut self, values: &[Expr], wanted: Comparison) -> Lane {
        let mut best: Option<Lane> = None;
        for value in values {
            let known = best.map_or(Flag::Yes, |best| best.known);
            let value = self.guarded(known, |code| code.lane(value));
            best = Some(match best {
                None => value,
                Some(best) => {
                    let known = self.emit.and(best.known, value.known);
                    let better = self.guarded(known, |code| code.compare(wanted, value.kind, best.kind));
                    Lane { known, ..self.choose(better, value, best) }
                }
            });
        }
        best.unwrap_or_else(|| broken("the smallest or largest of nothing"))
    }

    /// `and` (decided by a no) and `or` (decided by a yes), from the left; unknown unless decided.
    fn decide(&mut self, conditions: &[Expr], decisive: bool) -> Lane {
        let (mut decided, mut unknown) = (Flag::No, Flag::No);
        for condition in conditions {
            let open = self.emit.not(decided);
            let lane = self.guarded(open, |code| code.lane(condition));
            let value = self.yes_no(lane.kind);
            let value = if decisive { value } else { self.emit.not(value) };
            let decides = self.emit.and(lane.known, value);
            let missing = self.emit.not(lane.known);
            decided = self.emit.or(decided, decides);
            unknown = self.emit.or(unknown, missing);
        }
        let settled = self.emit.not(unknown);
        let known = self.emit.or(decided, settled);
        let value = if decisive { decided } else { self.emit.not(decided) };
        Lane { known, kind: Kind::YesNo(value) }
    }

    fn conditional(&mut self, branches: &[(Expr, Expr)], otherwise: &Expr) -> Lane {
        let mut open = Flag::Yes;
        let mut taken = Vec::new();
        for (condition, value) in branches {
            let holds = self.guarded(open, |code| code.holds(condition));
            let takes = self.emit.and(open, holds);
            taken.push((takes, self.guarded(takes, |code| code.lane(value))));
            let not = self.emit.not(holds);
            open = self.emit.and(open, not);
        }
        let mut result = self.guarded(open, |code| code.lane(otherwise));
        for (takes, value) in taken {
            result = self.choose(takes, value, result);
        }
        result
    }

    /// One of two values of one type.
    fn choose(&mut self, flag: Flag, a: Lane, b: Lane) -> Lane {
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
        Lane { known, kind }
    }

    fn compare(&mut self, comparison: Comparison, a: Kind, b: Kind) -> Flag {
        match (a, b) {
            (Kind::Number(a), Kind::Number(b)) => self.emit.compare_numbers(comparison, a, b),
            (Kind::Code(a), Kind::Code(b)) => self.emit.holds(condition(comparison), a, b),
            (Kind::YesNo(a), Kind::YesNo(b)) => {
                let (a, b) = (self.emit.flag_int(a), self.emit.flag_int(b));
                self.emit.compare(condition(comparison), a, b)
            }
            (Kind::Number(_) | Kind::YesNo(_) | Kind::Code(_), _) => {
                self.emit.raise(Flag::Yes);
                Flag::No
            }
        }
    }

    /// The yes or no of a lane that is one.
    pub fn yes_no(&mut self, kind: Kind) -> Flag {
        match kind {
            Kind::YesNo(flag) => flag,
            Kind::Number(_) | Kind::Code(_) => {
                self.emit.raise(Flag::Yes);
                Flag::No
            }
        }
    }

    /// The number of a lane that is one.
    pub fn numeric(&mut self, kind: Kind) -> Number {
        match kind {
            Kind::Number(number) => number,
            Kind::YesNo(_) | Kind::Code(_) => self.emit.no_room(),
        }
    }

    /// The day, code or row of a lane that is one.
    pub fn code(&mut self, kind: Kind) -> Word {
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
