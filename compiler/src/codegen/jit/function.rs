//! What functions give of the values of their operands: the machine's form of `interpret::function`.

use super::checked_int::CheckedInt;
use super::emit::Flag;
use super::number::{Number, condition};
use super::row::{Kind, RowCode, RowValue};
use crate::data::Width;
use crate::internal::broken;
use crate::kernel::Input;
use crate::plan::{Comparison, Edge, Expr, Function, TimeUnit};

impl RowCode<'_, '_> {
    /// A function of its operands, which are all computed; missing where one of them is, unless it looks for that.
    pub(super) fn call(&mut self, function: &Function, operands: &[Expr]) -> RowValue {
        let values: Vec<RowValue> = operands.iter().map(|operand| self.value(operand)).collect();
        if let (Function::Known, [value]) = (function, &values[..]) {
            return RowValue::new(Kind::YesNo(value.known));
        }
        if let (Function::Rate, [rate]) = (function, &values[..]) {
            // The interpreter says what is missing.
            let missing = self.emit.not(rate.known);
            self.emit.raise(missing);
            return RowValue { known: Flag::Yes, kind: rate.kind };
        }
        if let Function::Lookup { table, result } = function {
            return self.lookup(*table, *result, operands, &values);
        }
        if let Function::Find { search, output } = function {
            return self.find(*search, *output, operands, &values);
        }
        let known = values.iter().fold(Flag::Yes, |known, value| self.emit.and(known, value.known));
        let kinds: Vec<Kind> = values.iter().map(|value| value.kind).collect();
        let (found, kind) = self.guarded(known, |code| code.of_known(function, &kinds, known));
        RowValue { known: self.emit.and(known, found), kind }
    }

    /// Whether there is a result, and the result, where the operands are known.
    fn of_known(&mut self, function: &Function, operands: &[Kind], known: Flag) -> (Flag, Kind) {
        let number = |number: Number| (Flag::Yes, Kind::Number(number));
        match (function, operands) {
            (Function::Negate, &[x]) => {
                let x = self.numeric(x);
                number(self.emit.negate_number(x))
            }
            (Function::Add, &[a, b]) => {
                let (a, b) = (self.numeric(a), self.numeric(b));
                number(self.emit.add_numbers(a, b))
            }
            (Function::Subtract, &[a, b]) => {
                let (a, b) = (self.numeric(a), self.numeric(b));
                number(self.emit.subtract_numbers(a, b))
            }
            (Function::Multiply, &[a, b]) => {
                let (a, b) = (self.numeric(a), self.numeric(b));
                number(self.emit.multiply_numbers(a, b))
            }
            (Function::Divide, &[a, b]) => {
                let (a, b) = (self.numeric(a), self.numeric(b));
                number(self.emit.divide_numbers(a, b))
            }
            (Function::Smallest, values) => (Flag::Yes, self.extreme(values, Comparison::Less)),
            (Function::Largest, values) => (Flag::Yes, self.extreme(values, Comparison::Greater)),
            (Function::Round { mode, quantum }, &[x]) => {
                let x = self.numeric(x);
                let steps = self.emit.round_number(x, *mode, quantum);
                let quantum = self.emit.number(quantum);
                number(self.emit.multiply_numbers(Number::new(steps, 1), quantum))
            }
            (Function::Schedule { schedule, output }, [arguments @ .., x]) => {
                let arguments: Vec<Number> = arguments.iter().map(|argument| self.numeric(*argument)).collect();
                let x = self.numeric(*x);
                let (found, value) =
                    self.schedule_output(&self.plan.schedules[schedule.index()], &arguments, x, *output);
                (found, Kind::Number(value))
            }
            (Function::Compare(comparison), &[a, b]) => (Flag::Yes, Kind::YesNo(self.compare(*comparison, a, b))),
            (Function::Not, &[x]) => {
                let flag = self.yes_no(x);
                (Flag::Yes, Kind::YesNo(self.emit.not(flag)))
            }
            (Function::Test(test), &[text]) => {
                let code = self.code(text).value;
                let zero = self.emit.int(0);
                // The code of a text that is missing is no place in the table.
                let code = self.emit.select(known, code, zero);
                (Flag::Yes, Kind::YesNo(self.load_mark(Input::Predicate(*test), code)))
            }
            (Function::Text(test), []) => {
                let first = self.emit.int(0);
                let code = self.load(Input::Literal(*test), first, Width::U32);
                (Flag::Yes, Kind::Code(CheckedInt::any(code)))
            }
            (Function::AddTime(unit), &[date, count]) => {
                let (date, count) = (self.code(date), self.numeric(count));
                (Flag::Yes, Kind::Code(self.add_time(date, count, *unit)))
            }
            (Function::TimeBetween(unit), &[from, to]) => {
                let (from, to) = (self.code(from), self.code(to));
                number(Number::new(
                    match unit {
                        TimeUnit::Days => self.emit.subtract(to, from),
                        TimeUnit::Months => self.whole_months(from, to, 1),
                        TimeUnit::Years => self.whole_months(from, to, 12),
                    },
                    1,
                ))
            }
            // It is a key alone, which machine code is given as a number.
            (Function::OwnYear, _) => {
                self.emit.raise(Flag::Yes);
                number(self.emit.no_room())
            }
            (Function::PeriodEdge(period, edge), &[date]) => {
                let day = self.code(date);
                (Flag::Yes, Kind::Code(self.edge_of(*period, *edge, day)))
            }
            (Function::PeriodOf(period), &[date]) => {
                let day = self.code(date);
                (Flag::Yes, Kind::Code(self.edge_of(*period, Edge::First, day)))
            }
            (Function::PeriodBack(period, back), &[date]) => {
                let day = self.code(date);
                (Flag::Yes, Kind::Code(self.period_back(*period, *back, day)))
            }
            (Function::DatePart(part), &[date]) => {
                let day = self.code(date);
                number(Number::new(self.date_part(*part, day), 1))
            }
            (
                Function::Negate
                | Function::Add
                | Function::Subtract
                | Function::Multiply
                | Function::Divide
                | Function::Round { .. }
                | Function::Schedule { .. }
                | Function::Lookup { .. }
                | Function::Find { .. }
                | Function::Compare(_)
                | Function::Not
                | Function::Test(_)
                | Function::Text(_)
                | Function::Known
                | Function::Rate
                | Function::AddTime(_)
                | Function::TimeBetween(_)
                | Function::DatePart(_)
                | Function::PeriodEdge(..)
                | Function::PeriodBack(..)
                | Function::PeriodOf(_),
                _,
            ) => broken(format!("`{}` of {} operands", function.signature().word, operands.len())),
        }
    }

    fn extreme(&mut self, values: &[Kind], wanted: Comparison) -> Kind {
        let best = values.iter().copied().reduce(|best, value| {
            let better = self.compare(wanted, value, best);
            self.choose(better, RowValue::new(value), RowValue::new(best)).kind
        });
        best.unwrap_or_else(|| broken("the smallest or largest of nothing"))
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
}
