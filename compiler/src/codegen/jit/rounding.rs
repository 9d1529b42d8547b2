//! Rounded division: the machine's form of [`crate::value::round`].
//!
//! Every mode starts from the quotient toward minus infinity and its rest `r`, `0 <= r < d`, and adds one or nothing.
//! A constant divisor is a multiplication by its reciprocal: for `0 <= u < 2^63` and `2^(l-1) < d < 2^l` the number
//! `m = floor(2^(63+l) / d) + 1` is below `2^64`, and `floor(u / d)` is the high half of `u * m`, shifted by `l - 1`,
//! because `m * d` is above `2^(63+l)` by at most `d < 2^l`. A negative number `n` divides as `-1 - floor((-1-n) / d)`.

use super::checked_int::CheckedInt;
use super::emit::{Emit, Flag};
use crate::value::RoundingMode;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};

/// A quotient toward minus infinity and what is left.
struct Quotient {
    whole: CheckedInt,
    rest: Value,
    divisor: CheckedInt,
}

impl Emit<'_> {
    /// `a / divisor` rounded to a whole number; the divisor is above zero. Where it may be anything, because a fault was
    /// met on the way, the result is anything too, but nothing traps.
    pub fn divide_rounded(&mut self, a: CheckedInt, divisor: CheckedInt, mode: RoundingMode) -> CheckedInt {
        if divisor.constant() == Some(1) {
            return a;
        }
        let quotient = match divisor.constant() {
            Some(constant) => self.divide_by_constant(a, constant),
            None => self.divide_by_value(a, divisor),
        };
        let up = self.rounds_up(a, &quotient, mode);
        let up = self.flag_int(up);
        let up = CheckedInt::within(up, 0, 1);
        // The quotient of a divisor of two or more leaves room for one; by one nothing is added.
        let value = self.builder.ins().iadd(quotient.whole.value, up.value);
        CheckedInt::within(value, quotient.whole.low, quotient.whole.high.saturating_add(1))
    }

    fn divide_by_constant(&mut self, a: CheckedInt, divisor: i64) -> Quotient {
        let (low, high) = (a.low.div_euclid(divisor), a.high.div_euclid(divisor));
        let whole = if (divisor as u64).is_power_of_two() {
            self.builder.ins().sshr_imm_u(a.value, i64::from(divisor.trailing_zeros()))
        } else if a.low >= 0 {
            self.divide_not_negative(a.value, divisor)
        } else {
            let sign = self.builder.ins().sshr_imm_u(a.value, 63);
            let folded = self.builder.ins().bxor(a.value, sign);
            let quotient = self.divide_not_negative(folded, divisor);
            self.builder.ins().bxor(quotient, sign)
        };
        let divisor = self.checked_int(divisor);
        let product = self.builder.ins().imul(whole, divisor.value);
        let rest = self.builder.ins().isub(a.value, product);
        Quotient { whole: CheckedInt::within(whole, low, high), rest, divisor }
    }

    fn divide_not_negative(&mut self, a: Value, divisor: i64) -> Value {
        let bits = 64 - divisor.leading_zeros();
        let reciprocal = ((1u128 << (63 + bits)) / divisor as u128 + 1) as u64;
        let reciprocal = self.int(reciprocal as i64);
        let high = self.builder.ins().umulhi(a, reciprocal);
        self.builder.ins().ushr_imm_u(high, i64::from(bits - 1))
    }

    fn divide_by_value(&mut self, a: CheckedInt, divisor: CheckedInt) -> Quotient {
        // A divisor that a fault spoiled is replaced; at least one, it can neither be zero nor overflow the quotient.
        let one = self.int(1);
        let divisor = CheckedInt::within(self.builder.ins().smax(divisor.value, one), 1, i64::MAX);
        let cut = self.builder.ins().sdiv(a.value, divisor.value);
        let product = self.builder.ins().imul(cut, divisor.value);
        let rest = self.builder.ins().isub(a.value, product);
        let sign = self.builder.ins().sshr_imm_u(rest, 63);
        let whole = self.builder.ins().iadd(cut, sign);
        let back = self.builder.ins().band(sign, divisor.value);
        let rest = self.builder.ins().iadd(rest, back);
        Quotient { whole: CheckedInt::within(whole, a.low.min(0), a.high.max(0)), rest, divisor }
    }

    /// Whether the next whole number above is meant and not the one below: [`crate::value::away_from_zero`] for a number
    /// cut toward minus infinity.
    fn rounds_up(&mut self, a: CheckedInt, quotient: &Quotient, mode: RoundingMode) -> Flag {
        match mode {
            RoundingMode::Downward => Flag::No,
            RoundingMode::Upward => self.has_rest(quotient),
            RoundingMode::AwayFromZero => {
                let (rest, positive) = (self.has_rest(quotient), self.is(IntCC::SignedGreaterThan, a, 0));
                self.and(rest, positive)
            }
            RoundingMode::TowardZero => {
                let (rest, negative) = (self.has_rest(quotient), self.is(IntCC::SignedLessThan, a, 0));
                self.and(rest, negative)
            }
            RoundingMode::HalfUpward => self.half(quotient, Flag::Yes),
            RoundingMode::HalfDownward => self.half(quotient, Flag::No),
            RoundingMode::HalfAwayFromZero => {
                let positive = self.is(IntCC::SignedGreaterThan, a, 0);
                self.half(quotient, positive)
            }
            RoundingMode::HalfTowardZero => {
                let negative = self.is(IntCC::SignedLessThan, a, 0);
                self.half(quotient, negative)
            }
            RoundingMode::HalfEven | RoundingMode::HalfOdd => {
                let bit = self.builder.ins().band_imm_u(quotient.whole.value, 1);
                let odd = self.builder.ins().ireduce(cranelift_codegen::ir::types::I8, bit);
                let odd = Flag::When(odd);
                let on_tie = if mode == RoundingMode::HalfEven { odd } else { self.not(odd) };
                self.half(quotient, on_tie)
            }
        }
    }

    fn has_rest(&mut self, quotient: &Quotient) -> Flag {
        let zero = self.int(0);
        self.compare(IntCC::NotEqual, quotient.rest, zero)
    }

    /// Whether the rest is more than half of the divisor, or just half and `on_tie` holds.
    fn half(&mut self, quotient: &Quotient, on_tie: Flag) -> Flag {
        match quotient.divisor.constant() {
            Some(divisor) => {
                let half = self.int(divisor / 2);
                if divisor % 2 == 1 || on_tie == Flag::No {
                    return self.compare(IntCC::SignedGreaterThan, quotient.rest, half);
                }
                // One more on a tie lifts the rest above half.
                let tie = self.flag_int(on_tie);
                let rest = self.builder.ins().iadd(quotient.rest, tie);
                self.compare(IntCC::SignedGreaterThan, rest, half)
            }
            None => {
                let other = self.builder.ins().isub(quotient.divisor.value, quotient.rest);
                let above = self.compare(IntCC::SignedGreaterThan, quotient.rest, other);
                let equal = self.compare(IntCC::Equal, quotient.rest, other);
                let tie = self.and(equal, on_tie);
                self.or(above, tie)
            }
        }
    }
}
