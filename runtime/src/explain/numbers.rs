//! Numbers in words that can be read aloud.

use meed_compiler::plan::{Plan, Type, Unit};
use meed_compiler::value::{Exact, RoundingMode, decimal_text, exact_text, power_of_ten, round};

/// Smallest units as an amount: `1,000.25 USD`.
pub(crate) fn amount(unit: &Unit, units: i128) -> String {
    format!("{} {}", grouped(&decimal_text(units, unit.decimals)), unit.code)
}

/// An exact amount, with more decimals where it has them.
pub(crate) fn money(unit: &Unit, value: &Exact) -> String {
    // Which currency it is, only the row says.
    if unit.by_row.is_some() {
        return number(value);
    }
    let units = value * Exact::from(unit.per_one());
    match (units.is_whole(), i128::try_from(units.numerator())) {
        (true, Ok(units)) => amount(unit, units),
        _ => format!("{} {}", number(value), unit.code),
    }
}

/// An exact amount that may have a long fraction: its first decimals, and that there are more.
pub(crate) fn in_short(unit: &Unit, value: &Exact) -> String {
    /// What is longer is cut.
    const LONGEST: usize = 18;
    let whole = money(unit, value);
    if whole.len() <= LONGEST && !whole.contains('/') {
        return whole;
    }
    let decimals = power_of_ten(6);
    let cut = Exact::from(round(&(value * &decimals), RoundingMode::TowardZero)) / decimals;
    if cut == *value {
        return whole;
    }
    format!("{}… {}", number(&cut), unit.code)
}

/// A number of a type.
pub(crate) fn numeric(plan: &Plan, ty: Type, value: &Exact) -> String {
    match ty {
        Type::Money(unit) => money(plan.unit(unit), value),
        Type::Percent => percent(value),
        _ => number(value),
    }
}

/// A share of something, to two decimals of a percent: `80%`, `about 33.33%`.
pub(crate) fn share(value: &Exact) -> String {
    let hundredths = value * Exact::from(10_000);
    let rounded = round(&hundredths, RoundingMode::HalfEven);
    if hundredths == Exact::from(rounded.clone()) {
        return percent(value);
    }
    format!("about {}", percent(&(Exact::from(rounded) / Exact::from(10_000))))
}

/// A share as it is written: `2%`.
pub(crate) fn percent(value: &Exact) -> String {
    format!("{}%", number(&(value * Exact::from(100))))
}

/// A number; one that is no decimal as whole and fraction: `333 1/3`.
pub(crate) fn number(value: &Exact) -> String {
    let text = exact_text(value);
    if !text.contains('/') {
        return grouped(&text);
    }
    let whole = round(value, RoundingMode::TowardZero);
    let rest = value - Exact::from(whole.clone());
    let rest = if whole == 0.into() {
        rest
    } else if rest < Exact::ZERO {
        -rest
    } else {
        rest
    };
    let whole = if whole == 0.into() { String::new() } else { format!("{} ", grouped(&whole.to_string())) };
    format!("{whole}{}", exact_text(&rest))
}

/// Digits in groups of three.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, decimals) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = sign.to_owned();
    for (idx, digit) in whole.chars().enumerate() {
        if idx > 0 && (whole.len() - idx) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + decimals
}

#[cfg(test)]
mod tests {
    use super::{number, percent};
    use meed_compiler::value::fraction;

    #[test]
    fn numbers_can_be_read_aloud() {
        for (top, bottom, text) in [
            (1_000_000, 1, "1,000,000"),
            (-12_345, 100, "-123.45"),
            (1000, 3, "333 1/3"),
            (-1000, 3, "-333 1/3"),
            (1, 3, "1/3"),
            (-1, 3, "-1/3"),
            (0, 1, "0"),
        ] {
            assert_eq!(number(&fraction(top, bottom)), text);
        }
        assert_eq!(percent(&fraction(1, 50)), "2%");
        assert_eq!(percent(&fraction(1, 80)), "1.25%");
    }
}
