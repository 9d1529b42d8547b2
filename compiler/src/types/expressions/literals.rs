//! Literals: numbers, shares, amounts, dates, texts, and the signs of currencies.

use crate::plan::calendar::day_of;
use crate::plan::{Days, DomainId, Op, Period, Type, UnitId};
use crate::types::Typing;
use crate::types::scope::Typed;
use crate::value::{Exact, parse_exact};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::Name;

impl Typing<'_> {
    /// A plain number; a whole one is a count.
    pub(in crate::types) fn number_literal(&mut self, text: &str, span: Span) -> Option<Typed> {
        let value = self.exact(text, span)?;
        let ty = if value.is_whole() { Type::Count } else { Type::Number };
        Some(Typed { literal: true, ..Typed::new(Op::Number(value), ty, false, span) })
    }

    /// `2%`
    pub(in crate::types) fn percent_literal(&mut self, text: &str, span: Span) -> Option<Typed> {
        let value = self.exact(text, span)? / Exact::from(100);
        Some(Typed::new(Op::Number(value), Type::Percent, false, span))
    }

    /// `$500`, `500 EUR`, `500 points`
    pub(in crate::types) fn money_literal(&mut self, amount: &str, currency: &str, span: Span) -> Option<Typed> {
        let ty = match self.units.get(currency) {
            Some(unit) => Type::Money(*unit),
            None => {
                self.check_currency(currency, span)?;
                Type::MONEY
            }
        };
        Some(Typed::new(Op::Number(self.exact(amount, span)?), ty, false, span))
    }

    /// Whether the word behind an amount can be that of a unit; a sign that is not the currency's is told of elsewhere.
    pub(in crate::types) fn is_of_unit(&self, written: &str, unit: UnitId) -> bool {
        self.units.get(written).map_or(unit == UnitId::CURRENCY, |known| *known == unit)
    }

    /// `2026-02-01`
    pub(in crate::types) fn date_literal(&mut self, text: &str, span: Span) -> Option<Typed> {
        if let Ok(date) = text.parse::<jiff::civil::Date>() {
            return Some(Typed::new(Op::Date(day_of(date)), Type::Date, false, span));
        }
        let mut problem = Problem::error("no-such-day", span, format!("`{text}` is no day of the calendar"));
        if let Some(last) = last_of_month(text) {
            problem = problem.help(format!("the last day of that month is {last}")).choice(span, last);
        }
        self.problem(problem);
        None
    }

    /// `2026-Q1`, of a kind if one is wanted.
    pub(in crate::types) fn period_literal(&mut self, kind: Option<Period>, text: &str, span: Span) -> Option<Typed> {
        if self.calendar_unknown {
            return None;
        }
        let calendar = &self.program.calendar;
        let found = kind.and_then(|kind| Some((kind, calendar.parse_name_of(kind, text)?)));
        if let Some((kind, index)) = found.or_else(|| calendar.parse_name(text).filter(|_| kind.is_none())) {
            let first = calendar.days(kind, index, Days::ALL).from;
            return Some(Typed::new(Op::Date(first), Type::Period(kind), false, span));
        }
        let wanted = kind.unwrap_or(calendar.told_by());
        let example = calendar.name(wanted, calendar.index(wanted, self.program.active.from));
        let message = match kind {
            Some(kind) => format!("`{text}` is no {}", kind.word()),
            None => format!("`{text}` is no period"),
        };
        self.problem(
            Problem::error("unknown-period", span, message)
                .help(format!("write a {} such as {example}", wanted.word())),
        );
        None
    }

    fn exact(&mut self, text: &str, span: Span) -> Option<Exact> {
        self.digits(text, span)?;
        let value = parse_exact(text);
        if value.is_none() {
            self.problem(Problem::error("wrong-number", span, format!("`{text}` is no number")));
        }
        value
    }

    fn check_currency(&mut self, written: &str, span: Span) -> Option<()> {
        let code = self.program.currency().code.clone();
        if is_written(written, &code) {
            return Some(());
        }
        let is_word = written.chars().all(char::is_alphabetic);
        if is_word && iso_currency::Currency::from_code(written).is_none() {
            let at = Span { start: span.end - written.len() as u32, end: span.end };
            let problem = Problem::error("unknown-name", at, format!("there is no unit `{written}`"));
            let name = Name { text: written.to_owned(), span: at };
            let problem = match self.units.is_empty() {
                true => problem.help(format!("declare it: unit {written} whole, rounded toward zero")),
                false => self.suggest(problem, &name, || self.units.keys().map(String::as_str)),
            };
            self.problem(problem);
            return None;
        }
        let message = format!("`{written}` is not the sign of {code}, the program's currency");
        let sign = if is_word { code.clone() } else { sign_of(&code).unwrap_or(&code).to_owned() };
        self.problem(
            Problem::error("currency-mismatch", span, message).help(format!("write the amount with `{sign}`")),
        );
        None
    }
}

/// A quoted text; what it stands for is known only beside another value.
pub(super) fn text_literal(text: &str, span: Span) -> Typed {
    Typed { text: Some(text.to_owned()), ..Typed::new(Op::Missing, Type::Text(DomainId(0)), false, span) }
}

/// The last day of the month that a date names, if there is such a month.
fn last_of_month(date: &str) -> Option<String> {
    let (year, rest) = date.split_once('-')?;
    let (month, _) = rest.split_once('-')?;
    let first = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
    Some(first.last_of_month().to_string())
}

/// The currencies that a sign stands for.
fn signs(sign: &str) -> &'static [&'static str] {
    match sign {
        "$" => &[
            "USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "BRL", "BBD", "BMD", "BND",
            "BSD", "BZD", "FJD", "GYD", "JMD", "KYD", "LRD", "NAD", "SBD", "SRD", "TTD", "UYU", "XCD",
        ],
        "€" => &["EUR"],
        "£" => &["GBP", "EGP", "FKP", "GIP", "LBP", "SHP", "SYP"],
        "¥" => &["JPY", "CNY"],
        "₹" => &["INR"],
        "₩" => &["KRW", "KPW"],
        "₽" => &["RUB"],
        "₺" => &["TRY"],
        "₪" => &["ILS"],
        "₫" => &["VND"],
        "฿" => &["THB"],
        "₴" => &["UAH"],
        "₱" => &["PHP"],
        "₦" => &["NGN"],
        _ => &[],
    }
}

/// Whether a sign or code before or behind an amount stands for a currency.
pub(in crate::types) fn is_written(written: &str, code: &str) -> bool {
    written == code || signs(written).contains(&code)
}

/// The sign of a currency, if it has one.
pub(in crate::types) fn sign_of(code: &str) -> Option<&'static str> {
    ["$", "€", "£", "¥", "₹", "₩", "₽", "₺", "₪", "₫", "฿", "₴", "₱", "₦"]
        .into_iter()
        .find(|sign| signs(sign).contains(&code))
}
