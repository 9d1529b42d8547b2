//! Exact numbers: a whole number over a denominator known while compiling, and where a quotient by a value came
//! in, over a second one known only per row.
//!
//! What has no room in 64 bits raises the fault flag; nothing is ever rounded but in `rounding`.

use super::checked_int::CheckedInt;
use super::emit::{Emit, Flag};
use crate::plan::Comparison;
use crate::value::{Exact, RoundingMode};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, Value, types};
use dashu_int::IBig;

/// The number `numerator / (den * over)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub numerator: CheckedInt,
    /// Above zero.
    pub den: i64,
    /// Above zero, unless a fault was met.
    pub over: Option<CheckedInt>,
}

impl Number {
    /// A whole number of `1/den`.
    pub fn new(numerator: CheckedInt, den: i64) -> Self {
        Self { numerator, den, over: None }
    }

    fn is_constant(&self) -> bool {
        self.over.is_none() && self.numerator.constant().is_some()
    }

    /// Its value, if it is known while compiling.
    pub fn constant(&self) -> Option<Exact> {
        let numerator = self.numerator.constant()?;
        self.is_constant().then(|| crate::value::fraction(numerator.into(), self.den.into()))
    }
}

impl Emit<'_> {
    /// A number known while compiling.
    pub fn number(&mut self, value: &Exact) -> Number {
        let den = i64::try_from(value.denominator());
        let numerator = i64::try_from(value.numerator());
        match (numerator, den) {
            (Ok(numerator), Ok(den)) => Number::new(self.checked_int(numerator), den),
            _ => self.no_room(),
        }
    }

    pub fn zero(&mut self) -> Number {
        Number::new(self.checked_int(0), 1)
    }

    /// Stands for what cannot be computed here: the row is the interpreter's.
    pub fn no_room(&mut self) -> Number {
        self.raise(Flag::Yes);
        self.zero()
    }

    pub fn add_numbers(&mut self, a: Number, b: Number) -> Number {
        let (a, b) = self.alike(a, b);
        Number { numerator: self.add(a.numerator, b.numerator), ..a }
    }

    pub fn subtract_numbers(&mut self, a: Number, b: Number) -> Number {
        let (a, b) = self.alike(a, b);
        Number { numerator: self.subtract(a.numerator, b.numerator), ..a }
    }

    pub fn negate_number(&mut self, a: Number) -> Number {
        Number { numerator: self.negate(a.numerator), ..a }
    }

    pub fn multiply_numbers(&mut self, mut a: Number, mut b: Number) -> Number {
        self.cancel(&mut a, &mut b);
        self.cancel(&mut b, &mut a);
        let Some(den) = a.den.checked_mul(b.den) else { return self.no_room() };
        let over = match (a.over, b.over) {
            (None, over) | (over, None) => over,
            (Some(a), Some(b)) => Some(self.multiply(a, b)),
        };
        Number { numerator: self.multiply(a.numerator, b.numerator), den, over }
    }

    /// What a constant factor and the other's denominator have in common.
    fn cancel(&mut self, a: &mut Number, b: &mut Number) {
        if let Some(factor) = a.numerator.constant().filter(|factor| *factor != 0) {
            let common = gcd(factor, b.den);
            if common > 1 {
                a.numerator = self.checked_int(factor / common);
                b.den /= common;
            }
        }
    }

    /// `a / b`; the fault flag is raised where b is zero.
    pub fn divide_numbers(&mut self, a: Number, b: Number) -> Number {
        if let Some(divisor) = b.constant() {
            if divisor == Exact::ZERO {
                return self.no_room();
            }
            let inverse = self.number(&(Exact::ONE / divisor));
            return self.multiply_numbers(a, inverse);
        }
        let zero = self.is(IntCC::Equal, b.numerator, 0);
        self.raise(zero);
        let size = self.absolute(b.numerator);
        let divisor = CheckedInt::within(size.value, size.low.max(1), size.high.max(1));
        let common = gcd(a.den, b.den);
        let numerator = self.scale(a.numerator, b.den / common);
        let negative = self.is(IntCC::SignedLessThan, b.numerator, 0);
        let turned = if negative == Flag::No { numerator } else { self.negate(numerator) };
        let numerator = self.choose(negative, turned, numerator);
        let (numerator, over) = match (a.over, b.over) {
            (None, None) => (numerator, divisor),
            (Some(a), Some(b)) if a.value == b.value => (numerator, divisor),
            (a, b) => {
                let numerator = b.map_or(numerator, |b| self.multiply(numerator, b));
                (numerator, a.map_or(divisor, |a| self.multiply(a, divisor)))
            }
        };
        Number { numerator, den: a.den / common, over: Some(over) }
    }

    /// Both over the same denominators.
    fn alike(&mut self, a: Number, b: Number) -> (Number, Number) {
        let (a, b) = self.same_den(a, b);
        match (a.over, b.over) {
            (None, None) => (a, b),
            (Some(x), Some(y)) if x.value == y.value => (a, b),
            (x, y) => {
                let left = y.map_or(a.numerator, |y| self.multiply(a.numerator, y));
                let right = x.map_or(b.numerator, |x| self.multiply(b.numerator, x));
                let over = match (x, y) {
                    (Some(x), Some(y)) => Some(self.multiply(x, y)),
                    (x, y) => x.or(y),
                };
                (Number { numerator: left, over, ..a }, Number { numerator: right, over, ..b })
            }
        }
    }

    /// Both over the same denominator known while compiling.
    fn same_den(&mut self, a: Number, b: Number) -> (Number, Number) {
        if a.den == b.den {
            return (a, b);
        }
        let common = gcd(a.den, b.den);
        let Some(den) = (a.den / common).checked_mul(b.den) else { return (self.no_room(), self.zero()) };
        let left = self.scale(a.numerator, den / a.den);
        let right = self.scale(b.numerator, den / b.den);
        (Number { numerator: left, den, ..a }, Number { numerator: right, den, ..b })
    }

    /// `a` where the flag is yes, else `b`.
    pub fn choose_number(&mut self, flag: Flag, a: Number, b: Number) -> Number {
        match flag {
            Flag::Yes => return a,
            Flag::No => return b,
            Flag::When(_) => {}
        }
        let common = gcd(a.den, b.den);
        let Some(den) = (a.den / common).checked_mul(b.den) else { return self.no_room() };
        // Bringing both to one denominator must not fail for the side that is not chosen.
        let other = self.not(flag);
        let left = self.guarded(flag, |emit| emit.scale(a.numerator, den / a.den));
        let right = self.guarded(other, |emit| emit.scale(b.numerator, den / b.den));
        let numerator = self.choose(flag, left, right);
        let over = match (a.over, b.over) {
            (None, None) => None,
            (Some(x), Some(y)) if x.value == y.value => Some(x),
            (x, y) => {
                let one = self.checked_int(1);
                Some(self.choose(flag, x.unwrap_or(one), y.unwrap_or(one)))
            }
        };
        Number { numerator, den, over }
    }

    /// A comparison of two numbers.
    pub fn compare_numbers(&mut self, comparison: Comparison, a: Number, b: Number) -> Flag {
        if let Some(bound) = b.constant()
            && a.over.is_none()
        {
            return self.compare_with(comparison, a, &bound);
        }
        if a.is_constant() && b.over.is_none() {
            return self.compare_numbers(comparison.turned(), b, a);
        }
        let (a, b) = self.alike(a, b);
        self.holds(condition(comparison), a.numerator, b.numerator)
    }

    /// A comparison with a bound known while compiling: the bound becomes a whole number of `1/den`.
    pub fn compare_with(&mut self, comparison: Comparison, a: Number, bound: &Exact) -> Flag {
        let scaled = bound * Exact::from(a.den);
        let floor = crate::value::round(&scaled, RoundingMode::Downward);
        let whole = scaled.is_whole();
        let (comparison, limit) = match comparison {
            Comparison::Equal | Comparison::NotEqual if !whole => {
                return Flag::from(comparison == Comparison::NotEqual);
            }
            Comparison::Less if !whole => (Comparison::LessOrEqual, floor),
            Comparison::GreaterOrEqual if !whole => (Comparison::Greater, floor),
            Comparison::Equal
            | Comparison::NotEqual
            | Comparison::Less
            | Comparison::LessOrEqual
            | Comparison::Greater
            | Comparison::GreaterOrEqual => (comparison, floor),
        };
        match i64::try_from(limit.clone()) {
            Ok(limit) => self.is(condition(comparison), a.numerator, limit),
            Err(_) => Flag::from(match comparison {
                Comparison::Equal => false,
                Comparison::NotEqual => true,
                Comparison::Less | Comparison::LessOrEqual => limit > IBig::ZERO,
                Comparison::Greater | Comparison::GreaterOrEqual => limit < IBig::ZERO,
            }),
        }
    }

    /// The whole number next to `a / quantum`.
    pub fn round_number(&mut self, a: Number, mode: RoundingMode, quantum: &Exact) -> CheckedInt {
        let factor = Exact::from(1) / (quantum * Exact::from(a.den));
        let parts = (i64::try_from(factor.numerator()), i64::try_from(factor.denominator()));
        let (Ok(factor), Ok(den)) = parts else { return self.no_room().numerator };
        let numerator = self.scale(a.numerator, factor);
        let mut divisor = self.checked_int(den);
        if let Some(over) = a.over {
            divisor = self.multiply(divisor, over);
        }
        self.divide_rounded(numerator, divisor, mode)
    }

    /// The number as a whole number of `1/den`, which it is.
    pub fn over_den(&mut self, a: Number, den: i64) -> CheckedInt {
        if a.over.is_some() {
            return self.no_room().numerator;
        }
        let common = gcd(a.den, den);
        let numerator = self.scale(a.numerator, den / common);
        let divisor = self.checked_int(a.den / common);
        let whole = self.divide_rounded(numerator, divisor, RoundingMode::Downward);
        if a.den > common {
            let back = self.scale(whole, a.den / common);
            let rest = self.holds(IntCC::NotEqual, back, numerator);
            self.raise(rest);
        }
        whole
    }
}

impl Emit<'_> {
    /// Numerator and denominator in lowest terms.
    pub fn reduced(&mut self, a: Number) -> (Value, Value) {
        let mut den = self.checked_int(a.den);
        if let Some(over) = a.over {
            den = self.multiply(den, over);
        }
        if den.constant() == Some(1) {
            return (a.numerator.value, den.value);
        }
        let common = self.common_divisor(a.numerator.value, den.value);
        (self.builder.ins().sdiv(a.numerator.value, common), self.builder.ins().sdiv(den.value, common))
    }

    /// Its numerator and its whole denominator, with what they have in common.
    pub fn over_one(&mut self, a: Number) -> (Value, Value) {
        let den = self.checked_int(a.den);
        let den = a.over.map_or(den, |over| self.multiply(den, over));
        (a.numerator.value, den.value)
    }

    /// Euclid's loop; at least 1.
    fn common_divisor(&mut self, a: Value, b: Value) -> Value {
        let negated = self.builder.ins().ineg(a);
        let size = self.builder.ins().smax(a, negated);
        let (head, step, end) = (self.block(), self.block(), self.block());
        let [x, y] = [(); 2].map(|()| self.parameter(head, types::I64));
        self.builder.ins().jump(head, &[size, b].map(BlockArg::Value));
        self.builder.switch_to_block(head);
        self.builder.ins().brif(y, step, &[], end, &[]);
        self.continue_in(step);
        let rest = self.builder.ins().urem(x, y);
        self.builder.ins().jump(head, &[y, rest].map(BlockArg::Value));
        self.builder.seal_block(head);
        self.continue_in(end);
        // A number spoiled by a fault may have no divisor of 64 bits.
        let one = self.int(1);
        self.builder.ins().smax(x, one)
    }
}

/// The machine's word for a comparison.
pub(super) fn condition(comparison: Comparison) -> IntCC {
    match comparison {
        Comparison::Equal => IntCC::Equal,
        Comparison::NotEqual => IntCC::NotEqual,
        Comparison::Less => IntCC::SignedLessThan,
        Comparison::LessOrEqual => IntCC::SignedLessThanOrEqual,
        Comparison::Greater => IntCC::SignedGreaterThan,
        Comparison::GreaterOrEqual => IntCC::SignedGreaterThanOrEqual,
    }
}

/// The greatest common divisor of a number other than zero and one above zero.
pub(super) fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).unwrap_or(1)
}
