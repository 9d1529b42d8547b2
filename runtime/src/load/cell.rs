//! How one cell of a field is read: from text by the field's format, or from a typed column.
//!
//! A value is a whole number: of `10^-decimals` for numbers, a day, a place in a list of `one of`, 1 and 0 for yes and no.

use super::day::{self, Pattern, Zone};
use crate::columns::trim;
use meed_compiler::{
    plan::{Format, PercentFormat, Plan, Spelling, Type},
    value::{DecimalFault, parse_decimal},
};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Why a cell cannot be taken.
pub(crate) type Reason = Cow<'static, str>;

/// Reads the cells of a field that is no text, id or reference.
#[derive(Clone, Debug)]
pub(crate) enum CellReader {
    Number(NumberReader),
    Date(Option<Pattern>),
    /// A date and time; the value is the day, the instant is kept for ordering.
    Moment {
        zone: Zone,
        pattern: Option<Pattern>,
    },
    YesNo {
        spelled: Option<[String; 2]>,
    },
    Choice(ChoiceReader),
}

/// Reads numbers, counts, percents and money.
#[derive(Clone, Debug)]
pub(crate) struct NumberReader {
    /// What its cells are called in messages.
    noun: &'static str,
    decimals: u32,
    /// Separators of groups and decimals, where they are not those of plain numbers.
    separators: Option<(Option<char>, char)>,
    percent: PercentFormat,
    /// Signs of the currency that may stand before or after, where a format is given.
    signs: Vec<String>,
}

/// Reads a `one of`.
#[derive(Clone, Debug)]
pub(crate) struct ChoiceReader {
    spellings: FxHashMap<String, u32>,
    otherwise: Option<u32>,
    ignoring_case: bool,
    /// What may stand there, for messages.
    listed: String,
}

impl CellReader {
    /// The reader for a type and format; none for texts, ids and references, or when the zone is not known.
    pub fn new(plan: &Plan, ty: Type, decimals: u32, format: &Format) -> Option<Self> {
        Some(match ty {
            Type::Number | Type::Count | Type::Percent | Type::Money => {
                Self::Number(NumberReader::new(plan, ty, decimals, format))
            }
            Type::Date => match format {
                Format::Date(pattern) => Self::Date(Some(Pattern::new(pattern))),
                Format::DateTime { zone, pattern } => {
                    let pattern = pattern.as_ref().map(|pattern| Pattern::new(pattern));
                    Self::Moment { zone: Zone::new(zone.as_deref())?, pattern }
                }
                Format::Plain | Format::Number { .. } | Format::Choice { .. } | Format::YesNo { .. } => {
                    Self::Date(None)
                }
            },
            Type::YesNo => match format {
                Format::YesNo { yes, no } => Self::YesNo { spelled: Some([no.clone(), yes.clone()]) },
                _ => Self::YesNo { spelled: None },
            },
            Type::Choice(choice) => Self::Choice(ChoiceReader::new(&plan.choices[choice.index()], format)),
            Type::Text(_) | Type::Id(_) | Type::Ref(_) => return None,
        })
    }

    /// What a text says.
    pub fn parse(&self, text: &[u8]) -> Result<i64, Reason> {
        match self {
            Self::Number(reader) => reader.parse(text),
            Self::Date(None) => day::parse_iso(text).map(i64::from).ok_or(Cow::Borrowed("not a date like 2026-02-01")),
            Self::Date(Some(pattern)) => {
                let moment = pattern.parse(text).ok_or(Cow::Borrowed("not a date of the given format"))?;
                Ok(i64::from(moment.day))
            }
            Self::Moment { .. } => self.parse_moment(text).map(|(day, _)| i64::from(day)),
            Self::YesNo { spelled: Some([no, yes]) } => {
                let is = |word: &String| trim(text).eq_ignore_ascii_case(word.as_bytes());
                if is(yes) {
                    Ok(1)
                } else if is(no) {
                    Ok(0)
                } else {
                    Err(Cow::Owned(format!("neither `{yes}` nor `{no}`")))
                }
            }
            Self::YesNo { spelled: None } => {
                let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
                if is("yes") || is("true") {
                    Ok(1)
                } else if is("no") || is("false") {
                    Ok(0)
                } else {
                    Err(Cow::Borrowed("not yes, no, true or false"))
                }
            }
            Self::Choice(reader) => reader.parse(text),
        }
    }

    /// Day and instant of a text, for fields that are a date and time.
    pub fn parse_moment(&self, text: &[u8]) -> Result<(i32, i128), Reason> {
        let Self::Moment { zone, pattern } = self else {
            return self.parse(text).map(|day| (day as i32, 0));
        };
        let moment = match pattern {
            Some(pattern) => pattern.parse(text).ok_or(Cow::Borrowed("not a date and time of the given format"))?,
            None => {
                day::parse_iso_moment(text).ok_or(Cow::Borrowed("not a date and time like 2026-02-01T08:30:00Z"))?
            }
        };
        zone.place(moment).ok_or(Cow::Borrowed("outside the calendar"))
    }
}

impl NumberReader {
    fn new(plan: &Plan, ty: Type, decimals: u32, format: &Format) -> Self {
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
            Type::Money => "an amount",
            Type::Count => "a whole number",
            Type::Percent => "a percent",
            _ => "a number",
        };
        let signs = match format {
            Format::Number { .. } if ty == Type::Money => currency_signs(&plan.unit.code),
            _ => Vec::new(),
        };
        Self { noun, decimals, separators, percent, signs }
    }

    fn parse(&self, text: &[u8]) -> Result<i64, Reason> {
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
    Some(&plain[..n])
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

impl ChoiceReader {
    fn new(values: &[String], format: &Format) -> Self {
        let (spelled, otherwise, ignoring_case): (&[Spelling], _, _) = match format {
            Format::Choice { spellings, otherwise, ignoring_case } => (spellings, *otherwise, *ignoring_case),
            _ => (&[], None, false),
        };
        let fold = |text: &str| if ignoring_case { text.to_lowercase() } else { text.to_owned() };
        let has_spelling = |value: u32| spelled.iter().any(|spelling| spelling.value == value);
        let named = values.iter().zip(0..).filter(|(_, value)| !has_spelling(*value) && otherwise != Some(*value));
        let named = named.map(|(name, value)| (name.as_str(), value));
        let spelled = spelled.iter().map(|spelling| (spelling.text.as_str(), spelling.value));
        let all: Vec<(&str, u32)> = spelled.chain(named).collect();
        let listed = all.iter().map(|(text, _)| format!("`{text}`")).collect::<Vec<_>>().join(", ");
        let spellings = all.into_iter().map(|(text, value)| (fold(text), value)).collect();
        Self { spellings, otherwise, ignoring_case, listed }
    }

    fn parse(&self, text: &[u8]) -> Result<i64, Reason> {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let found =
            if self.ignoring_case { self.spellings.get(&text.to_lowercase()) } else { self.spellings.get(text) };
        let value = found.copied().or(self.otherwise);
        value.map(i64::from).ok_or_else(|| Cow::Owned(format!("none of {}", self.listed)))
    }
}
