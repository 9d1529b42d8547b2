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
        text += REFUND;
        if draw.chance(40) {
            let rule = text.find("rule sale_rule_0 {").and_then(|start| Some(start + text[start..].find("\n}\n")?));
            if let Some(end) = rule {
                text.insert_str(end, "\n  returns change nothing");
            }
        }
    }
    text
}

/// Takes sales back.
const REFUND: &str = "event refund { key id  when refunded_on  sale reverses by amount  amount money }\n";

/// Whether sales of a program are taken back.
pub fn has_refunds(text: &str) -> bool {
    text.contains(REFUND)
}
