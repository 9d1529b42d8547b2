//! Sets that are found row by row as text, and back.

use super::lexer::{Cursor, Read};
use super::names::Place;
use super::phrase::type_text;
use super::read::{number, phrase, rules, stream};
use super::write::{self, parts_of_one};
use crate::plan::{Expr, FindFunction, Plan, Reading, Search, SearchId, SearchOutput};
use meed_grammar::span::Span;
use std::fmt::Write;

/// The place of a row of a set: what the row that asks gives are arguments.
fn place<'a>(plan: &'a Plan, search: &'a Search) -> Place<'a> {
    Place { arguments: &search.operands, ..Place::of(plan, &search.stream) }
}

/// The lines of a search.
pub(super) fn write(plan: &Plan, id: SearchId, out: &mut String) {
    let search = plan.search(id);
    let place = place(plan, search);
    let operands: Vec<String> = search.operands.iter().map(|ty| type_text(plan, *ty)).collect();
    let mut line = |text: String| {
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{text}");
    };
    let rows = write::stream(plan, &search.stream);
    line(format!("\nsearch {} in {rows} for ({})", id.0 + 1, operands.join(", ")));
    let operand = |idx: u32| format!("argument.{}", idx + 1);
    for key in &search.keys {
        line(format!("  key {}", place.typed(key)));
    }
    for way in &search.ways {
        line(format!("  or {}", place.typed(way)));
    }
    for (word, idx) in [("from", search.from), ("to", search.to), ("before", search.before)] {
        if let Some(idx) = idx {
            line(format!("  {word} {}", operand(idx)));
        }
    }
    for (word, condition) in [("where", &search.only), ("also", &search.also)] {
        if let Some(condition) = condition {
            line(format!("  {word} {}", place.phrase(condition)));
        }
    }
    for output in &search.outputs {
        let by = match &output.function {
            FindFunction::Highest(by) | FindFunction::Lowest(by) => format!(" by {}", place.typed(by)),
            _ => String::new(),
        };
        let den = parts_of_one(output.den);
        line(format!("  gives {} {den} {}{by}", output.function.word(), place.typed(&output.value)));
    }
}

/// Reads `search 1 in each deal for (->partner, date)`.
pub(super) fn first_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let known: usize = number(line)?;
    if known != plan.searches.len() + 1 {
        return Err(format!("search {known} where search {} is expected", plan.searches.len() + 1));
    }
    line.expect("in")?;
    let stream = stream(plan, line)?;
    line.expect("for")?;
    let operands = line.bracketed(|line| phrase::ty(plan, line))?;
    plan.searches.push(Search {
        stream,
        keys: Vec::new(),
        ways: Vec::new(),
        from: None,
        to: None,
        before: None,
        only: None,
        also: None,
        operands,
        reading: Reading::Left,
        outputs: Vec::new(),
        span: Span::default(),
    });
    Ok(())
}

/// Reads what a search says.
pub(super) fn inner_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let Some(mut search) = plan.searches.pop() else { return Err("this belongs to no search".to_owned()) };
    let types = search.operands.clone();
    let place = Place { arguments: &types, ..Place::of(plan, &search.stream) };
    let operand = |line: &mut Cursor| -> Read<Option<u32>> {
        let word = line.word()?;
        let idx = word.strip_prefix("argument.").and_then(|idx| idx.parse::<u32>().ok()?.checked_sub(1));
        idx.map(Some).ok_or_else(|| format!("`{word}` is no operand"))
    };
    match line.word()? {
        "key" => search.keys.push(place.read_typed(line)?),
        "or" => search.ways.push(place.read_typed(line)?),
        "from" => search.from = operand(line)?,
        "to" => search.to = operand(line)?,
        "before" => search.before = operand(line)?,
        "where" => search.only = Some(place.read(line)?),
        "also" => search.also = Some(place.read(line)?),
        "gives" => {
            let word = line.word()?.to_owned();
            let den = rules::parts_of_one(line)?;
            let value = place.read_typed(line)?;
            let by = |line: &mut Cursor| -> Read<Expr> {
                line.expect("by")?;
                place.read_typed(line)
            };
            let function = match word.as_str() {
                "sum" => FindFunction::Sum,
                "count" => FindFunction::Count,
                "distinct" => FindFunction::Distinct,
                "smallest" => FindFunction::Smallest,
                "largest" => FindFunction::Largest,
                "earliest" => FindFunction::Earliest,
                "latest" => FindFunction::Latest,
                "only" => FindFunction::Only,
                "each" => FindFunction::Each,
                "highest" => FindFunction::Highest(by(line)?),
                "lowest" => FindFunction::Lowest(by(line)?),
                other => return Err(format!("`{other}` is asked of no set")),
            };
            search.outputs.push(SearchOutput { function, value, den });
        }
        other => return Err(format!("`{other}` belongs to no search")),
    }
    plan.searches.push(search);
    Ok(())
}
