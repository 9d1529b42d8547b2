//! How numbers, counts, percents and money are read: from text by the field's format, or from a typed column.

use crate::decode::cell::Reason;
use crate::source::text::trim;
use meed_compiler::{
    plan::{Format, PercentFormat, Plan, Type},
    value::{DecimalFault, parse_decimal},
};
use std::borrow::Cow;

/// Reads numbers, counts, percents and money.
#[derive(Clone, Debug)]
pub(crate) struct NumberReader {
    /// What its cells are called in messages.
    noun: &'static str,
    decimals: u32,
    /// Separators of groups and decimals, where they are not those of plain numbers.
    separators: Option<(Option<char>, char)>,
    percent: PercentFormat,
    /// Signs of the currency that may be before or after, where a format is given.
    signs: Vec<String>,
}

impl NumberReader {
    pub fn new(plan: &Plan, ty: Type, decimals: u32, format: &Format) -> Self {
        let is_percent = ty == Type::Percent;
        let (separators, percent) = match format {
            Format::Number { group, decimal, percent } => {
                let plain = group.is_none() && *decimal == '.';
                let percent = match percent {
                    PercentFormat::No if is_percent => PercentFormat::Sign,
                    percent => *percent,
                };
                ((!plain).then_some((*group, *decimal)), percent)
            }
            _ => (None, if is_percent { PercentFormat::Sign } else { PercentFormat::No }),
        };
        let noun = match ty {
            Type::Money(_) => "an amount",
            Type::Count => "a whole number",
            Type::Percent => "a percent",
            _ => "a number",
        };
        let signs = match format {
            Format::Number { .. } if let Some(unit) = ty.unit() => currency_signs(&plan.unit(unit).code),
            _ => Vec::new(),
        };
        Self { noun, decimals, separators, percent, signs }
    }

    /// What a text says.
    pub fn parse(&self, text: &[u8]) -> Result<i64, Reason> {
        let mut number = text;
        if self.percent == PercentFormat::Sign {
            number = trim(text.strip_suffix(b"%").ok_or(Cow::Borrowed("a percent without `%`"))?);
        }
        if !self.signs.is_empty() {
            number = self.without_sign(number);
        }
        let mut plain = [0; 64];
        if let Some(separators) = self.separators {
            number = plain_digits(number, separators, &mut plain).ok_or_else(|| self.unreadable())?;
        }
        self.value(number)
    }

    /// What a number of a file says, which has neither separators nor signs of its texts.
    pub fn parse_plain(&self, number: &[u8]) -> Result<i64, Reason> {
        if self.percent == PercentFormat::Sign { self.parse(number) } else { self.value(number) }
    }

    /// The value of a plain number.
    fn value(&self, number: &[u8]) -> Result<i64, Reason> {
        match self.percent {
            PercentFormat::No | PercentFormat::Share => {
                parse_decimal(number, self.decimals).map_err(|fault| self.reason(fault, self.decimals))
            }
            PercentFormat::Sign | PercentFormat::Hundredths => {
                let decimals = self.decimals.saturating_sub(2);
                let value = parse_decimal(number, decimals).map_err(|fault| self.reason(fault, decimals))?;
                self.hundredth(value, decimals)
            }
        }
    }

    /// By how many decimals the value has more than a typed number with `decimals`.
    pub fn shift(&self, decimals: i32) -> i32 {
        self.decimals.cast_signed() - decimals - if self.percent == PercentFormat::Hundredths { 2 } else { 0 }
    }

    /// The value of a typed number, by [`NumberReader::shift`].
    pub fn shifted(&self, number: i128, shift: i32) -> Result<i64, Reason> {
        let power = 10i128.checked_pow(shift.unsigned_abs());
        let value = match power {
            Some(power) if shift >= 0 => number.checked_mul(power),
            Some(power) if number % power == 0 => Some(number / power),
            Some(_) => {
                let kept = if self.percent == PercentFormat::Hundredths { 2 } else { 0 };
                return Err(self.reason(DecimalFault::TooManyDecimals, self.decimals - kept));
            }
            None if number == 0 => Some(0),
            None if shift >= 0 => None,
            None => return Err(self.reason(DecimalFault::TooManyDecimals, self.decimals)),
        };
        let value = value.and_then(|value| i64::try_from(value).ok());
        value.ok_or_else(|| self.reason(DecimalFault::TooLarge, self.decimals))
    }

    /// A share from a number of hundredths that keeps `decimals`.
    fn hundredth(&self, value: i64, decimals: u32) -> Result<i64, Reason> {
        let divisor = 10i64.pow(2 + decimals - self.decimals);
        if value % divisor == 0 {
            Ok(value / divisor)
        } else {
            Err(self.reason(DecimalFault::TooManyDecimals, decimals))
        }
    }

    fn without_sign<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        for sign in &self.signs {
            if let Some(rest) = text.strip_prefix(sign.as_bytes()).or_else(|| text.strip_suffix(sign.as_bytes())) {
                return trim(rest);
            }
        }
        text
    }

    fn unreadable(&self) -> Reason {
        Cow::Owned(format!("not {}", self.noun))
    }

    fn reason(&self, fault: DecimalFault, decimals: u32) -> Reason {
        match fault {
            DecimalFault::Unreadable => self.unreadable(),
            DecimalFault::TooManyDecimals if decimals == 0 => Cow::Owned(format!("not {} without decimals", self.noun)),
            DecimalFault::TooManyDecimals => Cow::Owned(format!("more than {decimals} decimals")),
            DecimalFault::TooLarge => Cow::Borrowed("too large to be kept exactly"),
        }
    }
}

/// The digits of a number with other separators as a plain number; groups must be of three digits.
fn plain_digits<'a>(text: &[u8], separators: (Option<char>, char), plain: &'a mut [u8; 64]) -> Option<&'a [u8]> {
    let text = std::str::from_utf8(text).ok()?;
    let (group, decimal) = separators;
    let (whole, decimals) = match text.split_once(decimal) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (text, None),
    };
    let mut n = 0;
    let mut push = |byte: u8| {
        *plain.get_mut(n)? = byte;
        n += 1;
        Some(())
    };
    let (sign, whole) = match whole.strip_prefix('-') {
        Some(rest) => (Some(b'-'), rest),
        None => (None, whole),
    };
    if let Some(sign) = sign {
        push(sign)?;
    }
    let groups: Vec<&str> = match group {
        // Where blanks stand between groups, those that break no line do too.
        Some(' ') => whole.split([' ', '\u{a0}', '\u{202f}']).collect(),
        Some(group) => whole.split(group).collect(),
        None => vec![whole],
    };
    for (idx, digits) in groups.iter().enumerate() {
        let fits = groups.len() == 1 || if idx == 0 { (1..=3).contains(&digits.len()) } else { digits.len() == 3 };
        if !fits || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        digits.bytes().try_for_each(&mut push)?;
    }
    if let Some(decimals) = decimals {
        push(b'.')?;
        if !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        decimals.bytes().try_for_each(&mut push)?;
    }
    plain.get(..n)
}

/// How a currency is written beside an amount.
fn currency_signs(code: &str) -> Vec<String> {
    let sign = match code {
        "USD" | "CAD" | "AUD" | "NZD" | "SGD" | "HKD" | "MXN" => Some("$"),
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        "JPY" | "CNY" => Some("¥"),
        "INR" => Some("₹"),
        _ => None,
    };
    sign.map(str::to_owned).into_iter().chain([code.to_owned()]).collect()
}
