//! The head of a program, and what takes its sales back.

use super::Draw;
use super::expression::MODES;

pub(super) fn head(draw: &mut Draw) -> String {
    let each_line = if draw.chance(40) { " each line" } else { "" };
    let currency = draw.pick(&["USD", "USD", "USD", "BHD"]);
    let fiscal = match draw.below(3) {
        0 => "",
        1 => "  fiscal year starts february named by start\n  weeks start thursday\n",
        _ => "  fiscal year starts october named by end\n",
    };
    let ends = draw.pick(&["up", "down"]);
    format!(
        "program generated {{\n  currency {currency} rounded {}{each_line}\n{fiscal}  active 2026-01-10 to 2026-11-25\n  month ends round {ends}\n}}\n",
        draw.pick(&MODES)
    )
}

/// The same program settled at the ends of periods, or with an event that takes sales back, of which some rules know nothing.
pub(super) fn closed_and_returned(draw: &mut Draw, text: String) -> String {
    let mut text = text;
    if draw.chance(8) {
        let settled = format!("  settled per {}\n  month ends", draw.pick(&["quarter", "quarter", "half", "month"]));
        text = text.replacen("  month ends", &settled, 1);
    }
    if draw.chance(25) {
        text += if draw.chance(70) { REFUND } else { FOUND };
        for name in ["sale_rule_0", "split_rule", "period_rule_0", "points_rule", "grant"] {
            let start = text.find(&format!("rule {name} {{"));
            let rule = start.and_then(|start| Some((start, start + text[start..].find("\n}\n")?)));
            let Some((start, end)) = rule.filter(|_| draw.chance(60)) else { continue };
            let per_period = name.starts_with("period") || name == "grant";
            let word = match name {
                "grant" if draw.chance(80) => "take back what was added".to_owned(),
                _ => said_of_returns(draw, per_period),
            };
            // What such a rule reads is said by its word about returns alone.
            let own = text[start..end].replace(", as it stood", "");
            text.replace_range(start..end, &format!("{own}\n  returns {word}"));
        }
    }
    text
}

/// What a rule can say of returns.
fn said_of_returns(draw: &mut Draw, per_period: bool) -> String {
    match draw.below(if per_period { 2 } else { 4 }) {
        0 => "change nothing".to_owned(),
        1 => format!("within {} days", draw.pick(&[1, 30, 90, 400])),
        _ => "take back what was paid".to_owned(),
    }
}

/// Takes sales back.
const REFUND: &str = "event refund { key id  when refunded_on  sale reverses by amount  amount money }\n";

/// Takes back sales that it finds.
const FOUND: &str = "event refund { key id  when refunded_on  which id from \"sale\"  amount money  \
                     reverses (sale where sale.id = refund.which and (sale.amount >= refund.amount or sale.ok) within 200 days) }\n";

/// Whether sales of a program are taken back.
pub fn has_refunds(text: &str) -> bool {
    text.contains(REFUND) || text.contains(FOUND)
}
