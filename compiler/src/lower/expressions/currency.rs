//! Signs of currencies.

use crate::lower::Lowering;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;

impl Lowering<'_> {
    pub(super) fn check_currency(&mut self, written: &str, span: Span) -> Option<()> {
        let code = self.plan.unit.code.clone();
        if written == code || signs(written).contains(&code.as_str()) {
            return Some(());
        }
        let message = format!("`{written}` is not the sign of {code}, the program's currency");
        let sign = if written.chars().all(char::is_alphabetic) {
            code.clone()
        } else {
            sign_of(&code).unwrap_or(&code).to_owned()
        };
        self.problem(
            Problem::error("currency-mismatch", span, message).help(format!("write the amount with `{sign}`")),
        );
        None
    }
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

/// The sign of a currency, if it has one.
pub(super) fn sign_of(code: &str) -> Option<&'static str> {
    ["$", "€", "£", "¥", "₹", "₩", "₽", "₺", "₪", "₫", "฿", "₴", "₱", "₦"]
        .into_iter()
        .find(|sign| signs(sign).contains(&code))
}
