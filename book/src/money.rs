//! Amounts of a unit, in whole smallest parts, written as decimal text.

use meed_compiler::value::decimal_text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of a unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Money {
    /// The unit, `USD`.
    pub unit: String,
    /// Digits after the point.
    pub decimals: u32,
    /// In the smallest parts of the unit.
    pub amount: i128,
}

/// As entries have it: the text has as many decimals as the unit.
#[derive(Serialize, Deserialize)]
struct Written {
    unit: String,
    amount: String,
}

impl Money {
    /// Reads decimal text of a unit of so many decimals, `-12.5`; none if it is no number or has more decimals.
    pub fn parse(text: &str, unit: &str, decimals: u32) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let n_part = u32::try_from(part.len()).ok()?;
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !are_digits(whole) || !are_digits(part) || digits.ends_with('.') || n_part > decimals {
            return None;
        }
        let scale = 10i128.checked_pow(decimals - n_part)?;
        let amount = format!("{whole}{part}").parse::<i128>().ok()?.checked_mul(scale)?;
        Some(Self { unit: unit.to_owned(), decimals, amount: if is_negative { -amount } else { amount } })
    }

    /// The amount as decimal text.
    pub fn text(&self) -> String {
        decimal_text(self.amount, self.decimals)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text(), self.unit)
    }
}

impl From<Money> for Written {
    fn from(money: Money) -> Self {
        Self { amount: money.text(), unit: money.unit }
    }
}

impl TryFrom<Written> for Money {
    type Error = String;

    fn try_from(Written { unit, amount }: Written) -> Result<Self, String> {
        let decimals = amount.split_once('.').map_or(0, |(_, part)| part.len());
        let decimals = u32::try_from(decimals).map_err(|_| "an amount of too many decimals")?;
        Self::parse(&amount, &unit, decimals).ok_or_else(|| format!("`{amount}` is no amount"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, amount) in [("12.34", 1234), ("-0.05", -5), ("7", 700), ("0.5", 50)] {
            assert_eq!(Money::parse(text, "USD", 2).map(|money| money.amount), Some(amount), "{text}");
        }
        for text in
            ["", ".", "1.", ".5", "1.234", "+1", "1e3", "1,000", "--1", "99999999999999999999999999999999999999999"]
        {
            assert_eq!(Money::parse(text, "USD", 2), None, "{text}");
        }
        let money = Money { unit: "USD".to_owned(), decimals: 2, amount: -5 };
        let json = serde_json::to_string(&money).expect("it is text");
        assert_eq!(json, r#"{"unit":"USD","amount":"-0.05"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).expect("it was written so"), money);
        assert!(serde_json::from_str::<Money>(r#"{"unit":"USD","amount":"x"}"#).is_err());
    }
}
