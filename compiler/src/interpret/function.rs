//! What functions give of the values of their operands, in exact fractions.

use super::FaultKind;
use super::eval::{Row, Value, compare, date_part, edge_of, holds};
use super::schedule;
use crate::data::Data;
use crate::internal::broken;
use crate::plan::{BelowZero, Constant, Edge, Function, TimeUnit, Years};
use crate::value::{Exact, is_moderate, round_to};
use std::cmp::Ordering;

/// 0001-01-01 and 9999-12-31.
const FIRST: i32 = -719_162;
const LAST: i32 = 2_932_896;

impl Row<'_> {
    /// The value of a function of these operands; missing where one of them is, unless the function looks for that.
    ///
    /// # Errors
    /// The faults of the function's row in [`Function::signature`].
    pub(super) fn apply(&self, function: &Function, operands: &[Value], data: &Data) -> Result<Value, FaultKind> {
        let signature = function.signature();
        if signature.strict && operands.contains(&Value::Missing) {
            return Ok(Value::Missing);
        }
        if let Some(divisor) = signature.divisor
            && operands[divisor] == Value::Number(Exact::ZERO)
        {
            return Err(FaultKind::DivisionByZero);
        }
        let value = self.of_known(function, operands, data);
        if let Err(kind) = &value
            && !signature.faults.contains(&kind.code())
        {
            broken(format!("`{}` met a fault that is not its own: {kind}", signature.word))
        }
        value
    }

    fn of_known(&self, function: &Function, operands: &[Value], data: &Data) -> Result<Value, FaultKind> {
        use Value::{Code, Date, Number, YesNo};
        Ok(match (function, operands) {
            (Function::Negate, [Number(x)]) => Number(-x),
            (Function::Add, [Number(a), Number(b)]) => moderate(a + b)?,
            (Function::Subtract, [Number(a), Number(b)]) => moderate(a - b)?,
            (Function::Multiply, [Number(a), Number(b)]) => moderate(a * b)?,
            (Function::Divide, [Number(a), Number(b)]) => moderate(a / b)?,
            (Function::Smallest, values) => extreme(values, Ordering::Less),
            (Function::Largest, values) => extreme(values, Ordering::Greater),
            (Function::Round { mode, quantum }, [Number(x)]) => Number(round_to(x, *mode, quantum)),
            (Function::Schedule { schedule, output }, [arguments @ .., Number(x)]) => {
                let schedule = &self.plan.schedules[schedule.index()];
                let arguments: Vec<Exact> = arguments.iter().filter_map(|value| value.clone().number()).collect();
                if *x < Exact::ZERO && schedule.below_zero == BelowZero::Unsaid {
                    self.below_zero.set(true);
                }
                schedule::evaluate(schedule, &arguments, x, *output)?.map_or(Value::Missing, Number)
            }
            (Function::Lookup { table, result }, arguments) => {
                data.lookups[table.index()].read(arguments, *result as usize).map_or(Value::Missing, given)
            }
            (Function::Find { search, output }, operands) => match &data.searches[search.index()] {
                Some(index) => index.ask(self.plan, data, self.plan.search(*search), *output as usize, operands)?,
                None => broken("a set that is asked before it is ready"),
            },
            (Function::Compare(comparison), [a, b]) => YesNo(holds(*comparison, compare(a, b))),
            (Function::Not, [YesNo(value)]) => YesNo(!value),
            (Function::Test(test), [Code(code)]) => YesNo(data.predicates[test.index()][*code as usize] == 1),
            (Function::Text(test), []) => Code(data.literals[test.index()]),
            (Function::Rate, [Value::Missing]) => return Err(FaultKind::NoRate),
            (Function::Rate, [rate]) => rate.clone(),
            (Function::Known, [value]) => YesNo(*value != Value::Missing),
            (Function::AddTime(unit), [Date(day), Number(count)]) => Date(self.add_time(*day, count, *unit)?),
            (Function::TimeBetween(unit), [Date(from), Date(to)]) => Number(Exact::from(match unit {
                TimeUnit::Days => to - from,
                TimeUnit::Months => self.plan.calendar.whole_months(*from, *to),
                TimeUnit::Years => self.plan.calendar.whole_months(*from, *to) / 12,
            })),
            (Function::OwnYear, [Date(from), Date(day)]) => {
                Number(Exact::from(self.plan.calendar.own_year(*from, *day)))
            }
            (Function::PeriodEdge(period, edge), [Date(day)]) => {
                Date(edge_of(self.plan, *period, *edge, *day).ok_or(NO_SUCH_DAY)?)
            }
            (Function::PeriodOf(period), [Date(day)]) => {
                Date(edge_of(self.plan, *period, Edge::First, *day).ok_or(NO_SUCH_DAY)?)
            }
            (Function::PeriodBack(period, back), [Date(day)]) => Date(
                self.plan.calendar.first_day_back(*period, *back, *day).ok_or(match &self.plan.calendar.years {
                    Years::Table(_) => NO_SUCH_DAY,
                    Years::Months | Years::Weeks(_) => OUT,
                })?,
            ),
            (Function::DatePart(part), [Date(day)]) => {
                Number(Exact::from(date_part(self.plan, *part, *day).ok_or(NO_SUCH_DAY)?))
            }
            (
                Function::Negate
                | Function::Add
                | Function::Subtract
                | Function::Multiply
                | Function::Divide
                | Function::Round { .. }
                | Function::Schedule { .. }
                | Function::Compare(_)
                | Function::Not
                | Function::Test(_)
                | Function::Text(_)
                | Function::Known
                | Function::Rate
                | Function::AddTime(_)
                | Function::TimeBetween(_)
                | Function::OwnYear
                | Function::DatePart(_)
                | Function::PeriodEdge(..)
                | Function::PeriodBack(..)
                | Function::PeriodOf(_),
                _,
            ) => broken(format!("`{}` of {operands:?}", function.signature().word)),
        })
    }

    fn add_time(&self, day: i32, count: &Exact, unit: TimeUnit) -> Result<i32, FaultKind> {
        let whole = count.is_whole().then(|| i64::try_from(count.numerator()).ok());
        let count = whole.ok_or(FaultKind::Date("a length of time must be a whole number"))?;
        let count = count.ok_or(OUT)?;
        let moved = match unit {
            TimeUnit::Days => i64::from(day).checked_add(count).and_then(|day| i32::try_from(day).ok()),
            TimeUnit::Months => self.plan.calendar.add_months(day, count),
            TimeUnit::Years => count.checked_mul(12).and_then(|count| self.plan.calendar.add_months(day, count)),
        };
        moved.filter(|day| (FIRST..=LAST).contains(day)).ok_or(OUT)
    }
}

const OUT: FaultKind = FaultKind::Date("the date is outside the years 1 to 9999");
const NO_SUCH_DAY: FaultKind =
    FaultKind::Date("the calendar of the program does not have that day: give it all days that rules ask about");

/// A value that is small enough to be computed with.
fn moderate(value: Exact) -> Result<Value, FaultKind> {
    if is_moderate(&value) { Ok(Value::Number(value)) } else { Err(FaultKind::Overflow("a value")) }
}

/// What a table gives as a value.
fn given(constant: Constant) -> Value {
    match constant {
        Constant::Number(value) => Value::Number(value),
        Constant::YesNo(value) => Value::YesNo(value),
        Constant::Date(day) => Value::Date(day),
        Constant::Choice(place) => Value::Code(place),
    }
}

fn extreme(values: &[Value], wanted: Ordering) -> Value {
    let best = values.iter().reduce(|best, value| if compare(value, best) == wanted { value } else { best });
    best.cloned().unwrap_or_else(|| broken("the smallest or largest of nothing"))
}
