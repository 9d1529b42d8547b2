//! Whole numbers of 64 bits, with the range they are known to lie in.
//!
//! An operation whose range fits 64 bits is one instruction; another raises the fault flag where it overflows. A range
//! of one number is a constant.

use super::emit::{Emit, Flag};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};

/// A whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CheckedInt {
    pub value: Value,
    /// The smallest it can be.
    pub low: i64,
    /// The largest it can be.
    pub high: i64,
}

impl CheckedInt {
    /// Any number of 64 bits.
    pub fn any(value: Value) -> Self {
        Self { value, low: i64::MIN, high: i64::MAX }
    }

    /// A number of this range.
    pub fn within(value: Value, low: i64, high: i64) -> Self {
        Self { value, low, high }
    }

    pub fn constant(self) -> Option<i64> {
        (self.low == self.high).then_some(self.low)
    }
}

impl Emit<'_> {
    pub fn checked_int(&mut self, value: i64) -> CheckedInt {
        CheckedInt { value: self.int(value), low: value, high: value }
    }

    /// A number known while compiling; one that does not fit raises the fault flag.
    pub fn wide_int(&mut self, value: i128) -> CheckedInt {
        match i64::try_from(value) {
            Ok(value) => self.checked_int(value),
            Err(_) => {
                self.raise(Flag::Yes);
                self.checked_int(0)
            }
        }
    }

    pub fn add(&mut self, a: CheckedInt, b: CheckedInt) -> CheckedInt {
        let (low, high) = (wide(a.low) + wide(b.low), wide(a.high) + wide(b.high));
        match (a.constant(), b.constant()) {
            (Some(0), _) => b,
            (_, Some(0)) => a,
            (Some(_), Some(_)) => self.wide_int(low),
            _ if fits(low, high) => self.within(low, high, |emit| emit.builder.ins().iadd(a.value, b.value)),
            _ => self.checked(low, high, |emit| emit.builder.ins().sadd_overflow(a.value, b.value)),
        }
    }

    pub fn subtract(&mut self, a: CheckedInt, b: CheckedInt) -> CheckedInt {
        let (low, high) = (wide(a.low) - wide(b.high), wide(a.high) - wide(b.low));
        match (a.constant(), b.constant()) {
            (_, Some(0)) => a,
            (Some(_), Some(_)) => self.wide_int(low),
            _ if a.value == b.value => self.checked_int(0),
            _ if fits(low, high) => self.within(low, high, |emit| emit.builder.ins().isub(a.value, b.value)),
            _ => self.checked(low, high, |emit| emit.builder.ins().ssub_overflow(a.value, b.value)),
        }
    }

    pub fn multiply(&mut self, a: CheckedInt, b: CheckedInt) -> CheckedInt {
        let corners = [(a.low, b.low), (a.low, b.high), (a.high, b.low), (a.high, b.high)];
        let products = corners.map(|(a, b)| wide(a) * wide(b));
        let (low, high) =
            products.iter().fold((i128::MAX, i128::MIN), |(low, high), &product| (low.min(product), high.max(product)));
        match (a.constant(), b.constant()) {
            (Some(1), _) => b,
            (_, Some(1)) => a,
            (Some(0), _) | (_, Some(0)) => self.checked_int(0),
            (Some(_), Some(_)) => self.wide_int(low),
            _ if fits(low, high) => self.within(low, high, |emit| emit.builder.ins().imul(a.value, b.value)),
            _ => self.checked(low, high, |emit| emit.builder.ins().smul_overflow(a.value, b.value)),
        }
    }

    pub fn scale(&mut self, a: CheckedInt, factor: i64) -> CheckedInt {
        let factor = self.checked_int(factor);
        self.multiply(a, factor)
    }

    /// `a / factor`; the fault flag is raised where a rest is left.
    pub fn unscaled(&mut self, a: CheckedInt, factor: i64) -> CheckedInt {
        if factor == 1 {
            return a;
        }
        let twos = factor.trailing_zeros();
        let inverse = self.int(inverse(factor >> twos));
        let scaled = self.builder.ins().imul(a.value, inverse);
        let quotient = self.builder.ins().sshr_imm_u(scaled, i64::from(twos));
        let quotient = CheckedInt::within(quotient, a.low / factor, a.high / factor);
        // Only the quotient of a multiple gives the multiple back without overflow.
        let by = self.int(factor);
        let (back, overflow) = self.builder.ins().smul_overflow(quotient.value, by);
        let other = self.compare(IntCC::NotEqual, back, a.value);
        let rest = self.or(Flag::When(overflow), other);
        self.raise(rest);
        quotient
    }

    pub fn negate(&mut self, a: CheckedInt) -> CheckedInt {
        let zero = self.checked_int(0);
        self.subtract(zero, a)
    }

    /// `|a|`
    pub fn absolute(&mut self, a: CheckedInt) -> CheckedInt {
        if a.low >= 0 {
            return a;
        }
        let negated = self.negate(a);
        let negative = self.is(IntCC::SignedLessThan, a, 0);
        let value = self.select(negative, negated.value, a.value);
        CheckedInt::within(value, 0, negated.high.max(a.high))
    }

    pub fn smaller(&mut self, a: CheckedInt, b: CheckedInt) -> CheckedInt {
        let below = self.holds(IntCC::SignedLessThan, a, b);
        let chosen = self.choose(below, a, b);
        CheckedInt::within(chosen.value, a.low.min(b.low), a.high.min(b.high))
    }

    pub fn larger(&mut self, a: CheckedInt, b: CheckedInt) -> CheckedInt {
        let above = self.holds(IntCC::SignedGreaterThan, a, b);
        let chosen = self.choose(above, a, b);
        CheckedInt::within(chosen.value, a.low.max(b.low), a.high.max(b.high))
    }

    /// `a` where the flag is yes, else `b`.
    pub fn choose(&mut self, flag: Flag, a: CheckedInt, b: CheckedInt) -> CheckedInt {
        match flag {
            Flag::Yes => a,
            Flag::No => b,
            Flag::When(_) if a.constant().is_some() && a.constant() == b.constant() => a,
            Flag::When(_) => {
                let value = self.select(flag, a.value, b.value);
                CheckedInt::within(value, a.low.min(b.low), a.high.max(b.high))
            }
        }
    }

    /// A comparison (signed), decided by the ranges where they decide it.
    pub fn holds(&mut self, condition: IntCC, a: CheckedInt, b: CheckedInt) -> Flag {
        match condition {
            IntCC::SignedLessThan if a.high < b.low => Flag::Yes,
            IntCC::SignedLessThan if a.low >= b.high => Flag::No,
            IntCC::SignedLessThanOrEqual if a.high <= b.low => Flag::Yes,
            IntCC::SignedLessThanOrEqual if a.low > b.high => Flag::No,
            IntCC::SignedGreaterThan => self.holds(IntCC::SignedLessThan, b, a),
            IntCC::SignedGreaterThanOrEqual => self.holds(IntCC::SignedLessThanOrEqual, b, a),
            IntCC::Equal | IntCC::NotEqual if a.high < b.low || b.high < a.low => {
                Flag::from(condition == IntCC::NotEqual)
            }
            IntCC::Equal | IntCC::NotEqual if a.constant().is_some() && a.constant() == b.constant() => {
                Flag::from(condition == IntCC::Equal)
            }
            _ => self.compare(condition, a.value, b.value),
        }
    }

    /// A comparison with a number known while compiling.
    pub fn is(&mut self, condition: IntCC, a: CheckedInt, b: i64) -> Flag {
        let b = self.checked_int(b);
        self.holds(condition, a, b)
    }

    fn within(&mut self, low: i128, high: i128, emit: impl FnOnce(&mut Self) -> Value) -> CheckedInt {
        CheckedInt { value: emit(self), low: clamp(low), high: clamp(high) }
    }

    fn checked(&mut self, low: i128, high: i128, emit: impl FnOnce(&mut Self) -> (Value, Value)) -> CheckedInt {
        let (value, overflow) = emit(self);
        self.raise(Flag::When(overflow));
        CheckedInt { value, low: clamp(low), high: clamp(high) }
    }
}

/// The inverse of an odd number among numbers of 64 bits.
fn inverse(odd: i64) -> i64 {
    // Each step doubles the bits that are right; three are right at the start.
    (0..5).fold(odd, |inverse, _| inverse.wrapping_mul(2i64.wrapping_sub(odd.wrapping_mul(inverse))))
}

fn wide(value: i64) -> i128 {
    i128::from(value)
}

fn fits(low: i128, high: i128) -> bool {
    low >= wide(i64::MIN) && high <= wide(i64::MAX)
}

fn clamp(value: i128) -> i64 {
    value.clamp(wide(i64::MIN), wide(i64::MAX)) as i64
}
