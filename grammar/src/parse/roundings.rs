//! The words of rounding.

use super::Rule;
use super::literals::decimals;
use super::node::Node;
use crate::problem::Problem;
use crate::tree::{Expr, RoundTo, Rounding, RoundingMode};

/// `rounded half even to 2 decimals`; `only` reads the one value in a node.
pub(super) fn rounding(node: &Node<'_, '_>, only: impl Fn(&Node<'_, '_>) -> Expr) -> Rounding {
    let mode = node.part(Rule::mode).map_or(RoundingMode::HalfEven, |mode| rounding_mode(&mode));
    let to = node.part(Rule::round_to).map(|to| {
        if to.has(Rule::k_whole) {
            RoundTo::Whole
        } else if to.has(Rule::k_multiples) {
            RoundTo::MultiplesOf(Box::new(only(&to)))
        } else if to.has(Rule::path) {
            RoundTo::DecimalsOf(Box::new(only(&to)))
        } else {
            RoundTo::Decimals(to.part(Rule::number).map_or_else(|| decimals(&to), |number| decimals(&number)))
        }
    });
    Rounding { mode, to, span: node.span() }
}

fn rounding_mode(node: &Node<'_, '_>) -> RoundingMode {
    let half = node.has(Rule::k_half);
    if let Some(mistake) = node.part(Rule::mistake_half) {
        return half_up(node, &mistake);
    }
    let has = |rule| node.has(rule);
    match half {
        true if has(Rule::k_even) => RoundingMode::HalfEven,
        true if has(Rule::k_odd) => RoundingMode::HalfOdd,
        true if has(Rule::k_away) => RoundingMode::HalfAwayFromZero,
        true if has(Rule::k_toward) => RoundingMode::HalfTowardZero,
        true if has(Rule::k_upward) => RoundingMode::HalfUpward,
        true => RoundingMode::HalfDownward,
        false if has(Rule::k_away) => RoundingMode::AwayFromZero,
        false if has(Rule::k_toward) => RoundingMode::TowardZero,
        false if has(Rule::k_upward) => RoundingMode::Upward,
        false => RoundingMode::Downward,
    }
}

fn half_up(node: &Node<'_, '_>, mistake: &Node<'_, '_>) -> RoundingMode {
    let up = mistake.has(Rule::k_up);
    let (word, first, second) =
        if up { ("up", "half away from zero", "half upward") } else { ("down", "half toward zero", "half downward") };
    let (minus_first, minus_second) = if up { ("-3", "-2") } else { ("-2", "-3") };
    node.reader.report(
        Problem::error(
            "half-up",
            node.span(),
            format!("`half {word}` has two meanings, which differ for negative amounts"),
        )
        .label(format!("-2.5 becomes {minus_first}, or {minus_second}"))
        .help(format!("write `{first}` (-2.5 becomes {minus_first}) or `{second}` (-2.5 becomes {minus_second})")),
    );
    if up { RoundingMode::HalfAwayFromZero } else { RoundingMode::HalfTowardZero }
}
