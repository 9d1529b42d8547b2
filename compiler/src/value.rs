//! Exact numbers, and the one place that rounds.
//!
//! Every number between an input cell and a payment is an exact fraction ([`Exact`]); it becomes a whole number of
//! smallest units only in [`round`]. Decimal text is read and written here too. No floating point.

pub mod division;
mod exact;

pub use exact::Exact;

use dashu_int::ops::{BitTest, DivRem, UnsignedAbs};
use dashu_int::{IBig, UBig};
pub use meed_grammar::tree::RoundingMode;

/// A whole number of any size.
pub type Whole = IBig;

/// Bits of a numerator or a denominator that is reckoned with. What is paid needs less than 100; the rest is room for
/// factors that cancel out. Without a bound `let b = a * a` doubles the digits of a value with each `let`.
const MOST_BITS: usize = 8_192;

/// Whether a value is small enough to be reckoned with.
pub fn is_moderate(value: &Exact) -> bool {
    value.words().is_some() || value.numerator().bit_len() <= MOST_BITS && value.denominator().bit_len() <= MOST_BITS
}

/// The whole number next to `value` by `mode`.
///
/// `half …` modes go to the nearer neighbor and differ only where both are equally near.
pub fn round(value: &Exact, mode: RoundingMode) -> Whole {
    if let Some((numerator, denominator)) = value.words() {
        return IBig::from(round_quotient(numerator.into(), denominator.into(), mode));
    }
    let (quotient, remainder) = value.numerator().div_rem(IBig::from(value.denominator()));
    if remainder == IBig::ZERO {
        return quotient;
    }
    let negative = remainder < IBig::ZERO;
    let twice = remainder.unsigned_abs() * 2u8;
    let nearness = twice.cmp(&value.denominator());
    let odd = quotient.clone() % IBig::from(2) != IBig::ZERO;
    if away_from_zero(mode, negative, odd, nearness) {
        if negative { quotient - 1 } else { quotient + 1 }
    } else {
        quotient
    }
}

/// The whole number next to `numerator / denominator`, which is above 0, by `mode`.
pub fn round_quotient(numerator: i128, denominator: i128, mode: RoundingMode) -> i128 {
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    if remainder == 0 {
        return quotient;
    }
    let nearness = remainder.unsigned_abs().cmp(&(denominator.unsigned_abs() - remainder.unsigned_abs()));
    if away_from_zero(mode, remainder < 0, quotient % 2 != 0, nearness) {
        quotient + remainder.signum()
    } else {
        quotient
    }
}

/// Whether a number cut toward zero must take one more step away from zero: the definition of every mode.
///
/// `odd` is whether the cut number is odd, `nearness` compares twice what was cut off with one step.
pub fn away_from_zero(mode: RoundingMode, negative: bool, odd: bool, nearness: std::cmp::Ordering) -> bool {
    use std::cmp::Ordering::Equal;
    let half = |on_tie: bool| if nearness == Equal { on_tie } else { nearness.is_gt() };
    match mode {
        RoundingMode::HalfEven => half(odd),
        RoundingMode::HalfOdd => half(!odd),
        RoundingMode::HalfAwayFromZero => half(true),
        RoundingMode::HalfTowardZero => half(false),
        RoundingMode::HalfUpward => half(!negative),
        RoundingMode::HalfDownward => half(negative),
        RoundingMode::AwayFromZero => true,
        RoundingMode::TowardZero => false,
        RoundingMode::Upward => !negative,
        RoundingMode::Downward => negative,
    }
}

/// `value` rounded to a multiple of `quantum`.
pub fn round_to(value: &Exact, mode: RoundingMode, quantum: &Exact) -> Exact {
    Exact::from(round(&(value / quantum), mode)) * quantum
}

/// The fraction `numerator / denominator`; the denominator must not be 0.
pub fn fraction(numerator: i128, denominator: i128) -> Exact {
    if denominator > 0 {
        return Exact::of_words(numerator, denominator);
    }
    Exact::from_parts(-IBig::from(numerator), UBig::from(denominator.unsigned_abs()))
}

/// The numerator over `den`, if the value is a whole number of `1/den` that fits.
pub fn over(value: &Exact, den: i64) -> Option<i128> {
    if let Some((numerator, own)) = value.words() {
        let (scaled, own) = (i128::from(numerator) * i128::from(den), i128::from(own));
        return (scaled % own == 0).then_some(scaled / own);
    }
    let scaled = value * Exact::from(den);
    scaled.is_whole().then(|| i128::try_from(scaled.numerator()).ok()).flatten()
}

/// The least common multiple of two denominators, if it fits.
pub fn lcm(a: i64, b: i64) -> Option<i64> {
    (a / num_integer::gcd(a, b)).checked_mul(b)
}

/// Ten to the power of `decimals`.
pub fn power_of_ten(decimals: u32) -> Exact {
    10i64.checked_pow(decimals).map_or_else(|| Exact::from(IBig::from(10).pow(decimals as usize)), Exact::from)
}

/// So many of `10^-decimals`.
pub fn with_decimals(number: i64, decimals: u32) -> Exact {
    match 10i64.checked_pow(decimals) {
        Some(power) => fraction(number.into(), power.into()),
        None => Exact::from(number) / power_of_ten(decimals),
    }
}

/// Reads plain decimal text (`-12.50`) exactly.
pub fn parse_exact(text: &str) -> Option<Exact> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) || digits.ends_with('.') {
        return None;
    }
    let number: IBig = format!("{whole}{decimals}").parse().ok()?;
    let value = Exact::from(number) / power_of_ten(decimals.len() as u32);
    Some(if negative { -value } else { value })
}

/// Why a decimal cell could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalFault {
    /// Not a plain decimal number.
    Unreadable,
    /// More decimals than the field keeps. Zeros at the end do not count, but where they make three: `1.250` may be a thousand.
    TooManyDecimals,
    /// Beyond what the field can hold.
    TooLarge,
}

/// Reads plain decimal text as a whole number of `10^-decimals`. An optional `-` (or `+`), digits, optionally a point and digits.
pub fn parse_decimal(text: &[u8], decimals: u32) -> Result<i64, DecimalFault> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut value: i64 = 0;
    let mut seen_digit = false;
    let mut after_point: Option<u32> = None;
    let mut n_more = 0;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                let digit = i64::from(byte - b'0');
                seen_digit = true;
                if let Some(n) = &mut after_point {
                    if *n == decimals {
                        if digit != 0 {
                            return Err(excess(digits));
                        }
                        n_more += 1;
                        continue;
                    }
                    *n += 1;
                }
                value = value.checked_mul(10).and_then(|v| v.checked_sub(digit)).ok_or_else(|| too_large(digits))?;
            }
            b'.' if after_point.is_none() && seen_digit => after_point = Some(0),
            _ => return Err(DecimalFault::Unreadable),
        }
    }
    if !seen_digit || digits.ends_with(b".") {
        return Err(DecimalFault::Unreadable);
    }
    if n_more > 0 && decimals + n_more == 3 {
        return Err(DecimalFault::TooManyDecimals);
    }
    let missing = decimals - after_point.unwrap_or(0);
    let value = 10i64.checked_pow(missing).and_then(|factor| value.checked_mul(factor));
    let value = value.and_then(|v| if negative { Some(v) } else { v.checked_neg() });
    value.ok_or(DecimalFault::TooLarge)
}

/// A number too long is only too long if all of it is a number.
fn too_large(digits: &[u8]) -> DecimalFault {
    if is_decimal(digits) { DecimalFault::TooLarge } else { DecimalFault::Unreadable }
}

fn excess(digits: &[u8]) -> DecimalFault {
    if is_decimal(digits) { DecimalFault::TooManyDecimals } else { DecimalFault::Unreadable }
}

fn is_decimal(digits: &[u8]) -> bool {
    let mut parts = digits.split(|&byte| byte == b'.');
    let plain = |part: Option<&[u8]>| part.is_none_or(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
    plain(parts.next()) && plain(parts.next()) && parts.next().is_none()
}

/// Plain decimal text of a whole number of `10^-decimals`, always with all decimals: `1416.24`.
pub fn decimal_text(value: i128, decimals: u32) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = decimals as usize + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals as usize);
    let sign = if value < 0 { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// Exact text: a decimal where it ends, else a fraction in lowest terms (`1/3`).
pub fn exact_text(value: &Exact) -> String {
    let mut rest = value.denominator();
    let mut count = |factor: u8| {
        let mut n = 0usize;
        loop {
            let (quotient, remainder) = (&rest).div_rem(UBig::from(factor));
            if remainder != UBig::ZERO {
                return n;
            }
            rest = quotient;
            n += 1;
        }
    };
    let decimals = count(2).max(count(5));
    if rest != UBig::ONE {
        return format!("{}/{}", value.numerator(), value.denominator());
    }
    let scaled = value * power_of_ten(decimals as u32);
    let digits = scaled.numerator().to_string();
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// The same of a fraction of machine words, whose denominator is above zero; hundreds of times faster, for values that are written by
/// the million.
pub fn fraction_text(numerator: i64, denominator: i64) -> String {
    let [mut num, mut den] = [numerator, denominator].map(i128::from);
    let divisor = i128::from(num_integer::gcd(numerator.unsigned_abs(), denominator.unsigned_abs())).max(1);
    (num, den) = (num / divisor, den / divisor);
    let (mut rest, mut decimals) = (den, [0u32; 2]);
    for (factor, n) in [2, 5].into_iter().zip(&mut decimals) {
        while rest % factor == 0 && rest > 0 {
            rest /= factor;
            *n += 1;
        }
    }
    let [twos, fives] = decimals;
    let n_decimals = twos.max(fives);
    let scaled = || {
        let factor = 2i128.checked_pow(n_decimals - twos)?.checked_mul(5i128.checked_pow(n_decimals - fives)?)?;
        num.checked_mul(factor)
    };
    match (rest, scaled()) {
        (1, Some(scaled)) => decimal_text(scaled, n_decimals),
        (1, None) => exact_text(&fraction(numerator.into(), denominator.into())),
        _ => format!("{num}/{den}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_machine_words_are_written_as_all_fractions_are() {
        let numbers =
            [0, 1, -1, 2, 3, -7, 10, 25, 99, 100, 1024, 3125, 10_007, 1 << 40, i64::MAX, i64::MIN, i64::MIN + 1];
        for num in numbers {
            for den in numbers.into_iter().filter(|den| *den > 0) {
                assert_eq!(fraction_text(num, den), exact_text(&fraction(num.into(), den.into())), "{num}/{den}");
            }
        }
    }

    #[test]
    fn every_mode_rounds_as_it_says() {
        use RoundingMode::*;
        let table = [
            (HalfEven, [-2, -2, 0, 0, 2, 2]),
            (HalfOdd, [-3, -1, -1, 1, 1, 3]),
            (HalfAwayFromZero, [-3, -2, -1, 1, 2, 3]),
            (HalfTowardZero, [-2, -1, 0, 0, 1, 2]),
            (HalfUpward, [-2, -1, 0, 1, 2, 3]),
            (HalfDownward, [-3, -2, -1, 0, 1, 2]),
            (AwayFromZero, [-3, -2, -1, 1, 2, 3]),
            (TowardZero, [-2, -1, 0, 0, 1, 2]),
            (Upward, [-2, -1, 0, 1, 2, 3]),
            (Downward, [-3, -2, -1, 0, 1, 2]),
        ];
        for (mode, expected) in table {
            for (half, expected) in [-5, -3, -1, 1, 3, 5].into_iter().zip(expected) {
                assert_eq!(round(&fraction(half, 2), mode), IBig::from(expected), "{mode:?} of {half}/2");
            }
            for (numerator, denominator) in (-40..=40).flat_map(|n| (1..=9).map(move |d| (n, d))) {
                let exact = round(&fraction(numerator, denominator), mode);
                let whole = round_quotient(numerator, denominator, mode);
                assert_eq!(IBig::from(whole), exact, "{mode:?} of {numerator}/{denominator}");
            }
        }
    }

    #[test]
    fn decimals_are_read_exactly_or_refused() {
        assert_eq!(parse_decimal(b"1000.25", 2), Ok(100_025));
        assert_eq!(parse_decimal(b"-0.5", 2), Ok(-50));
        assert_eq!(parse_decimal(b"7.5000", 2), Ok(750));
        // It may be a thousand and a half.
        assert_eq!(parse_decimal(b"7.500", 2), Err(DecimalFault::TooManyDecimals));
        assert_eq!(parse_decimal(b"1.000", 0), Err(DecimalFault::TooManyDecimals));
        assert_eq!(parse_decimal(b"7.500", 3), Ok(7_500));
        assert_eq!(parse_decimal(b"7.505", 2), Err(DecimalFault::TooManyDecimals));
        assert_eq!(parse_decimal(b"92233720368547758.07", 2), Ok(i64::MAX));
        assert_eq!(parse_decimal(b"-92233720368547758.08", 2), Ok(i64::MIN));
        assert_eq!(parse_decimal(b"92233720368547758.08", 2), Err(DecimalFault::TooLarge));
        for bad in ["", "-", ".5", "5.", "1,000", "1e5", "1.2.3", "--1", "99999999999999999999x"] {
            assert_eq!(parse_decimal(bad.as_bytes(), 2), Err(DecimalFault::Unreadable), "{bad}");
        }
    }

    #[test]
    fn text_of_numbers() {
        assert_eq!(decimal_text(-5, 2), "-0.05");
        assert_eq!(decimal_text(141_624, 2), "1416.24");
        assert_eq!(decimal_text(7, 0), "7");
        assert_eq!(exact_text(&fraction(1, 3)), "1/3");
        assert_eq!(exact_text(&fraction(-1, 8)), "-0.125");
        assert_eq!(exact_text(&fraction(20, 1)), "20");
    }
}
