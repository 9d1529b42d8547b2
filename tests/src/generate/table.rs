//! Decision tables over numbers of every kind.

use super::Draw;
use super::expression::Kind;

/// A table and how it is asked.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub text: String,
    /// What it is asked with.
    pub arguments: Vec<Kind>,
    /// Its results: name and kind.
    pub results: Vec<(&'static str, Kind)>,
}

/// A random table. It always says which row counts; whether some row always does is not looked at.
pub fn table(draw: &mut Draw, name: &str) -> Table {
    let kinds = [Kind::Money, Kind::Percent, Kind::Count, Kind::Number];
    let arguments: Vec<Kind> = (0..draw.between(1, 3)).map(|_| draw.pick(&kinds)).collect();
    let results = vec![("first", draw.pick(&kinds)), ("second", draw.pick(&kinds))];
    let policy = draw.pick(&["first match", "highest by second", "lowest by first", "sum of matches"]);
    let heads: Vec<String> = (0..).zip(&arguments).map(|(idx, kind)| format!("x{idx} {}", type_word(*kind))).collect();
    let gives: Vec<String> = results.iter().map(|(name, kind)| format!("{name} {}", type_word(*kind))).collect();
    let mut text = format!("table {name}({}) gives {}, {policy} {{\n", heads.join(", "), gives.join(", "));
    for _ in 0..draw.between(1, 70) {
        let mut cells: Vec<String> = arguments.iter().map(|kind| cell(draw, *kind)).collect();
        cells.extend(results.iter().map(|(_, kind)| result(draw, *kind)));
        text += &format!("  {}\n", cells.join(" | "));
    }
    if draw.chance(50) {
        let cells: Vec<String> = results.iter().map(|(_, kind)| result(draw, *kind)).collect();
        text += &format!("  otherwise | {}\n", cells.join(" | "));
    }
    Table { name: name.to_owned(), text: text + "}", arguments, results }
}

fn type_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => "money",
        Kind::Percent => "percent",
        Kind::Count => "count",
        Kind::Number | Kind::Date | Kind::YesNo => "number",
    }
}

fn value(draw: &mut Draw, kind: Kind) -> String {
    match kind {
        Kind::Money => format!("${}", draw.between(0, 3_000)),
        Kind::Percent => format!("{}.5%", draw.between(0, 90)),
        Kind::Count => draw.between(0, 60).to_string(),
        Kind::Number | Kind::Date | Kind::YesNo => format!("{}.25", draw.between(0, 60)),
    }
}

fn cell(draw: &mut Draw, kind: Kind) -> String {
    let low = value(draw, kind);
    match draw.below(9) {
        0 | 1 => "any".to_owned(),
        2 => "known".to_owned(),
        3 => format!("below {low}"),
        4 => format!("{low} or more"),
        5 => format!("not {low}, {}", value(draw, kind)),
        6 => format!("to {low}, over {}", value(draw, kind)),
        7 if kind == Kind::Count => "1 to below 30, 40 to 50".to_owned(),
        _ => format!("over {low}"),
    }
}

fn result(draw: &mut Draw, kind: Kind) -> String {
    if draw.chance(10) { "none".to_owned() } else { value(draw, kind) }
}
