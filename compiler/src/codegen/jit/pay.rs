//! What a rule pays for a row: the rounded amount and the limits on it.

use super::checked_int::CheckedInt;
use super::emit::{Emit, Flag};
use super::number::Number;
use super::rule::{Line, RuleCode};
use crate::internal::broken;
use crate::kernel::Input;
use crate::plan::{self, Expr, Limit, Owner, Side, StateId, Type, UnitId};
use crate::value::{Exact, RoundingMode, power_of_ten};
use cranelift_codegen::ir::condcodes::IntCC;

impl RuleCode<'_, '_> {
    /// The payee and the amount rounded by the unit, and whether there is a line.
    pub(super) fn emit(&mut self, line: &plan::Emit) {
        // Who gets a line that is divided is known where it is.
        let (payee_known, payee) = match &line.payee {
            Some(payee) => {
                let payee = self.code.value(payee);
                (payee.known, self.code.code(payee.kind).value)
            }
            None => {
                let somebody = line.somebody.as_ref().map_or(Flag::Yes, |somebody| self.code.holds(somebody));
                (somebody, self.code.emit.checked_int(0).value)
            }
        };
        let (known, amount) = match line.owner {
            Owner::Row => self.of_row(line.factor.as_ref(), &line.worth, line.unit),
            Owner::Total(state) => self.along_total(line.factor.as_ref(), state, &line.worth, line.unit),
        };
        let live = self.code.emit.and(payee_known, known);
        self.line = Some(Line { live, payee, amount });
    }

    /// An amount rounded alone.
    fn of_row(&mut self, factor: Option<&Expr>, worth: &Expr, unit: UnitId) -> (Flag, CheckedInt) {
        let factor = factor.map(|factor| self.code.number(factor, Side::After));
        let (present, value) = self.code.number(worth, Side::After);
        let known = factor.map_or(present, |(known, _)| self.code.emit.and(known, present));
        let places = self.decimals(unit);
        let mode = self.plan.unit(unit).mode;
        let amount = self.code.guarded(known, |code| {
            let value = factor.map_or(value, |(_, factor)| code.emit.multiply_numbers(factor, value));
            code.emit.smallest_units(value, &places, mode)
        });
        (known, amount)
    }

    fn along_total(&mut self, factor: Option<&Expr>, state: StateId, body: &Expr, unit: UnitId) -> (Flag, CheckedInt) {
        let (known, factor) = match factor {
            Some(factor) => self.code.number(factor, Side::After),
            None => (Flag::Yes, self.code.emit.one()),
        };
        let (present, after) = self.code.number(body, Side::After);
        let before = self.code.before(body, state);
        let known = self.code.emit.and(known, present);
        let places = self.decimals(unit);
        let unit = self.plan.unit(unit);
        let guard = self.code.emit.begin_guard();
        let emit = &mut self.code.emit;
        let after = emit.multiply_numbers(factor, after);
        let before = emit.multiply_numbers(factor, before);
        let (to, from) =
            (emit.smallest_units(after, &places, unit.mode), emit.smallest_units(before, &places, unit.mode));
        let along = emit.subtract(to, from);
        let line = if unit.each_line {
            let change = emit.subtract_numbers(after, before);
            emit.smallest_units(change, &places, unit.mode)
        } else {
            along
        };
        let missed = if unit.each_line { Some(emit.subtract(line, along)) } else { None };
        emit.end_guard(known, guard);
        if let Some(missed) = missed {
            let zero = self.code.emit.checked_int(0);
            let counts = self.code.emit.and(self.live, known);
            let missed = self.code.emit.choose(counts, missed, zero);
            self.missed = Some(missed.value);
        }
        (known, line)
    }

    /// The decimals of an amount: where the row names its currency, those of each kind of currencies, and whether it is one of them.
    fn decimals(&mut self, unit: UnitId) -> Decimals {
        let Some(by_row) = &self.plan.unit(unit).by_row else {
            return Decimals { usual: self.plan.unit(unit).decimals, others: Vec::new() };
        };
        let usual = by_row.units.first().map_or(2, |unit| self.plan.unit(*unit).decimals);
        let currency = self.code.value(&by_row.currency);
        let place = self.code.code(currency.kind);
        let mut others: Vec<(Flag, u32)> = Vec::new();
        for (idx, unit) in (0..).zip(&by_row.units) {
            let decimals = self.plan.unit(*unit).decimals;
            if decimals == usual {
                continue;
            }
            let is_it = self.code.emit.is(IntCC::Equal, place, idx);
            match others.iter_mut().find(|(_, known)| *known == decimals) {
                Some((flag, _)) => *flag = self.code.emit.or(*flag, is_it),
                None => others.push((is_it, decimals)),
            }
        }
        Decimals { usual, others }
    }

    /// A limit on the line, if there is one.
    pub(super) fn limit(&mut self, limit: &Limit) {
        let Some(line) = self.line else { return };
        let (expr, mode) = match limit {
            Limit::PerPayment(expr) | Limit::AtMost { amount: expr, .. } => (expr, RoundingMode::TowardZero),
            Limit::AtLeast { amount: expr, .. } => (expr, RoundingMode::AwayFromZero),
            Limit::Payments { .. } => broken("payments that are counted row by row"),
        };
        let guard = self.code.emit.begin_guard();
        let (known, bound) = self.code.number(expr, Side::After);
        let Type::Money(unit) = expr.ty else { broken("a limit that is no amount") };
        let places = self.decimals(unit);
        let bound = self.code.guarded(known, |code| code.emit.smallest_units(bound, &places, mode));
        self.leave_if_unknown(known);
        let left = match limit {
            Limit::PerPayment(_) => per_payment(&mut self.code.emit, line.amount, bound),
            Limit::AtMost { state, .. } => self.at_most(*state, line.amount, bound),
            Limit::Payments { .. } => broken("payments that are counted row by row"),
            Limit::AtLeast { state, period, .. } => {
                let ends = self.code.load_mark(Input::PeriodsEnds(*period), self.code.row);
                self.at_least(*state, line.amount, bound, ends)
            }
        };
        self.code.emit.end_guard(line.live, guard);
        let amount = self.code.emit.choose(known, left, line.amount);
        self.line = Some(Line { amount, ..line });
    }

    /// A bound cannot be missing, as the checker sees to; a row where it is belongs to the interpreter, which says so.
    fn leave_if_unknown(&mut self, known: Flag) {
        let missing = self.code.emit.not(known);
        self.code.emit.raise(missing);
    }

    fn at_most(&mut self, state: StateId, amount: CheckedInt, bound: CheckedInt) -> CheckedInt {
        let (before, address) = self.paid(state);
        let emit = &mut self.code.emit;
        let after = emit.add(before, amount);
        let (to, from) = (emit.smaller(after, bound), emit.smaller(before, bound));
        let left = emit.subtract(to, from);
        self.write_wide(address, after.value, Flag::Yes);
        left
    }

    fn at_least(&mut self, state: StateId, amount: CheckedInt, bound: CheckedInt, ends: Flag) -> CheckedInt {
        let (before, address) = self.paid(state);
        let emit = &mut self.code.emit;
        let sum = emit.add(before, amount);
        let zero = emit.checked_int(0);
        let add = emit.guarded(ends, |emit| {
            let short = emit.subtract(bound, sum);
            emit.larger(short, zero)
        });
        let add = emit.choose(ends, add, zero);
        let after = emit.add(sum, add);
        let line = emit.add(amount, add);
        self.write_wide(address, after.value, Flag::Yes);
        line
    }
}

fn per_payment(emit: &mut Emit<'_>, amount: CheckedInt, bound: CheckedInt) -> CheckedInt {
    // What a negative row takes back is cut like what its positive twin got.
    let turned = emit.negate(bound);
    let bound = emit.larger(bound, turned);
    let least = emit.negate(bound);
    let cut = emit.smaller(amount, bound);
    emit.larger(cut, least)
}

/// Into how many decimals an amount is rounded.
struct Decimals {
    usual: u32,
    others: Vec<(Flag, u32)>,
}

impl Emit<'_> {
    /// A number of whole units rounded to smallest units.
    fn smallest_units(&mut self, value: Number, places: &Decimals, mode: RoundingMode) -> CheckedInt {
        let rounded =
            |emit: &mut Self, decimals: u32| emit.round_number(value, mode, &(Exact::ONE / power_of_ten(decimals)));
        let mut amount = rounded(self, places.usual);
        for (flag, decimals) in &places.others {
            let other = rounded(self, *decimals);
            amount = self.choose(*flag, other, amount);
        }
        amount
    }

    /// Turns the sign of a line.
    pub fn take_back(&mut self, amount: CheckedInt) -> CheckedInt {
        let smallest = self.is(IntCC::Equal, amount, i64::MIN);
        self.raise(smallest);
        self.negate(amount)
    }
}
