//! Numbers and amounts as plain decimal text.

use super::node::Node;
use crate::tree::{Decimals, ExprKind};

/// Digits with grouping taken out and `k`, `M`, `B` multiplied in, as plain decimal text.
pub(super) fn decimal(text: &str) -> String {
    let scaled = [('k', 3), ('M', 6), ('B', 9)].into_iter();
    let scaled = scaled.filter_map(|(letter, zeros)| Some((text.strip_suffix(letter)?, zeros))).next();
    let (digits, zeros) = scaled.unwrap_or((text, 0));
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let digits: String = digits.chars().filter(|&digit| digit != ',').collect();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let mut whole = whole.to_owned();
    let mut fraction = fraction.chars();
    for _ in 0..zeros {
        whole.push(fraction.next().unwrap_or('0'));
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    match fraction.as_str() {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

pub(super) fn money(text: &str) -> ExprKind {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let digits = |part: &str| decimal(&format!("{sign}{part}"));
    match rest.split_once([' ', '\u{00A0}', '\u{202F}']) {
        Some((amount, code)) => ExprKind::Money { amount: digits(amount), currency: code.to_owned() },
        None => {
            let symbol = rest.chars().next().map_or(0, char::len_utf8);
            let (symbol, amount) = rest.split_at(symbol);
            ExprKind::Money { amount: digits(amount), currency: symbol.to_owned() }
        }
    }
}

/// How many decimals; none where that is no whole number that anybody counts.
pub(super) fn decimals(node: &Node<'_, '_>) -> Decimals {
    Decimals { count: decimal(node.text()).parse().ok(), span: node.span() }
}
