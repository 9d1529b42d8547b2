//! Balances and contests.

use super::Draw;
use super::expression::{Kind, Scope};

/// A balance or two, with the rules that act on them. `scope` is that of a sale.
pub(super) fn balance_rules(draw: &mut Draw, scope: &Scope) -> String {
    let owner = draw.pick(&["person", "person", "agency", ""]);
    let per = if owner.is_empty() { String::new() } else { format!(" per {owner}") };
    let life = match draw.below(5) {
        0 => format!(" expires after {} months", draw.between(0, 3)),
        1 => format!(" expires after {} quarters", draw.between(0, 2)),
        2 => format!(" expires after {} days", draw.between(0, 40)),
        3 => " may be negative".to_owned(),
        _ => String::new(),
    };
    let mut text = format!("balance kept{per}{life}\nbalance pot\n");
    let amount = |draw: &mut Draw| format!("(({}) if unknown $0)", scope.expression(draw, Kind::Money, 1));
    // Whose it is, and what must be known of it.
    let (of, known) = match owner {
        "agency" => (" of person.agency", "  where person.agency is known\n"),
        "person" if draw.chance(30) => (" of helper", "  where helper is known\n"),
        "person" => (" of person", ""),
        _ => ("", ""),
    };
    let by = draw.pick(&["", "", " by due"]);
    let until = if life.contains("negative") || draw.chance(70) { "" } else { " until sold_on + 50 days" };
    text += &format!("rule earn {{\n  for each sale{by}\n{known}  add {} to kept{of}{until}\n}}\n", amount(draw));
    if !owner.is_empty() {
        let period = draw.pick(&["month", "quarter", "half month", "half"]);
        let sales = if owner == "person" { "(sale by person" } else { "(sale by person.agency" };
        let (window, start) = match draw.below(3) {
            0 => (format!(" previous {period})"), " at start"),
            1 => (" to date)".to_owned(), ""),
            _ => (")".to_owned(), ""),
        };
        let share = draw.between(-5, 9);
        let volume = format!("sum of amount in {sales}{window}");
        let add = match draw.chance(50) {
            true => format!("  add {share}% of ({volume}) to kept{start}\n"),
            false => format!(
                "  let volume = {volume}\n  where volume >= ${}\n  add ({share}% if volume > ${}, otherwise 2%) of volume to kept{start}\n",
                draw.between(0, 900),
                draw.between(0, 4_000)
            ),
        };
        text += &format!("rule grant {{\n  for each {owner} per {period}\n{add}}}\n");
    }
    let asked =
        draw.pick(&["(price at least $0)", "(4% of amount at least $0)", "($7.25 * units at least $0 at most $90)"]);
    let from = if draw.chance(30) { format!("kept{of} and pot") } else { format!("kept{of}") };
    let filter = if draw.chance(50) { format!("  where balance of kept{of} > $10\n") } else { String::new() };
    text += "rule fill { for each sale   where units > 3   add $40 to pot }\n";
    text += &format!("rule draw {{\n  for each sale\n{known}{filter}  let got = take {asked} from {from}\n");
    text += &match draw.below(3) {
        0 => "  pay person 2 * got\n".to_owned(),
        1 => "  set drawn to got\n  pay split got { 60% to person   rest to person.boss }, unknown means nobody\n"
            .to_owned(),
        _ => "  pay person got\n  add 10% of got to pot\n".to_owned(),
    };
    text + "}\n"
}

/// A contest, and sometimes a rule that reads its ranks.
pub(super) fn contest_rule(draw: &mut Draw) -> String {
    let entity = draw.pick(&["person", "person", "region"]);
    let by = if entity == "person" { "(sale by person" } else { "(sale by person.agency.region" };
    let period = draw.pick(&["month", "quarter", "half", "half month"]);
    let measure = match draw.below(4) {
        0 => format!("count of {by})"),
        1 => format!("(sum of units in {by})) + (count of {by} where ok))"),
        2 => format!("sum of amount in {by} where units > 2 to date)"),
        _ => format!("sum of amount in {by})"),
    };
    let ties = draw.pick(&["share prizes", "share prizes", "to the earliest", "keep rank"]);
    let filter =
        if draw.chance(60) { format!("  where count of {by}) > {}\n", draw.between(0, 2)) } else { String::new() };
    let top = if draw.chance(60) { format!("  keep top {}\n", draw.between(1, 4)) } else { String::new() };
    let amount = match (ties, draw.below(3)) {
        ("share prizes", 0) => "($100.01 / rank)".to_owned(),
        ("share prizes", _) => format!("($90 if rank = 1, $40.05 if rank < 4, otherwise ${})", draw.between(0, 3)),
        (_, 0) => format!("{}% of (sum of amount in {by})) / rank", draw.between(-2, 9)),
        _ => "($90 if rank = 1, $40.05 if rank < 4, otherwise $0)".to_owned(),
    };
    let pay = match draw.below(4) {
        0 if entity == "person" => {
            format!("  pay split {amount} {{ 50% to person   rest to person.boss }}, unknown means nobody\n")
        }
        1 => format!("  take back from {entity} {amount}\n"),
        _ => format!("  set place to rank\n  pay {entity} {amount}\n"),
    };
    let limit = draw.pick(&["", "  at most $120 per payee per year\n", "  at most $70\n"]);
    let mut text = format!(
        "rule contest {{\n  for each {entity} per {period}\n{filter}  ranked by {measure}, {ties}\n{top}{pay}{limit}}}\n"
    );
    if text.contains("set place") && draw.chance(60) {
        text += &format!(
            "rule winner {{ for each {entity} per {period}   where place = 1, unknown means no   pay {entity} $3 }}\n"
        );
    }
    text
}
