//! Decision tables as text, and back.

use super::lexer::{Cursor, Read, quoted};
use super::phrase::type_text;
use super::read::phrase::exact;
use super::read::{number, phrase};
use crate::plan::{CellTest, Constant, Plan, Policy, Range, RangeEnd, Table, TableColumn, TableRow, Type};
use crate::value::exact_text;
use meed_grammar::span::Span;
use std::fmt::Write;

/// The lines of a table.
pub(super) fn write(plan: &Plan, table: &Table, out: &mut String) {
    let arguments = list(&table.arguments, |column| format!("{} : {}", column.name, type_text(plan, column.ty)));
    let results =
        list(&table.results, |column| format!("{} : {} in-1/{}", column.name, type_text(plan, column.ty), column.den));
    let policy = match table.policy {
        Policy::One => "one-match".to_owned(),
        Policy::First => "first-match".to_owned(),
        Policy::Highest(result) => format!("highest {}", result + 1),
        Policy::Lowest(result) => format!("lowest {}", result + 1),
        Policy::Sum => "sum".to_owned(),
    };
    let _ = writeln!(out, "\ntable {} ({arguments}) gives ({results}) {policy}", table.name);
    for row in &table.rows {
        let _ = writeln!(out, "  row ({}) gives ({})", list(&row.cells, cell), list(&row.results, constant));
    }
    if let Some(results) = &table.otherwise {
        let _ = writeln!(out, "  otherwise gives ({})", list(results, constant));
    }
}

fn list<T>(things: &[T], text: impl Fn(&T) -> String) -> String {
    things.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn cell(test: &CellTest) -> String {
    match test {
        CellTest::Any => "any".to_owned(),
        CellTest::Known => "known".to_owned(),
        CellTest::Unknown => "unknown".to_owned(),
        CellTest::Ranges(ranges) => {
            ranges.iter().map(|known| format!("range{}", range(known))).collect::<Vec<_>>().join(" ")
        }
        CellTest::Texts { texts, negated } => {
            let word = if *negated { "other-than" } else { "text" };
            texts.iter().fold(word.to_owned(), |line, text| format!("{line} {}", quoted(text)))
        }
    }
}

fn range(range: &Range) -> String {
    let end = |end: &Option<RangeEnd>, included: &str, excluded: &str| {
        end.as_ref().map_or(String::new(), |end| {
            format!(" {} {}", if end.included { included } else { excluded }, exact_text(&end.at))
        })
    };
    format!("{}{}", end(&range.from, "from", "above"), end(&range.to, "to", "below"))
}

fn constant(value: &Option<Constant>) -> String {
    value.as_ref().map_or("none".to_owned(), |value| exact_text(&value.number()))
}

/// Reads the first line of a table.
pub(super) fn first_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let name = line.word()?.to_owned();
    let arguments = columns(plan, line, |_| Ok(1))?;
    line.expect("gives")?;
    let results = columns(plan, line, |line| {
        let parts = line.word()?;
        let den = parts.strip_prefix("in-1/").and_then(|den| den.parse().ok());
        den.filter(|den| *den > 0).ok_or_else(|| format!("`{parts}` is no part of one"))
    })?;
    let place = |line: &mut Cursor| number::<u32>(line).map(|place| place.saturating_sub(1));
    let policy = match line.word()? {
        "one-match" => Policy::One,
        "first-match" => Policy::First,
        "highest" => Policy::Highest(place(line)?),
        "lowest" => Policy::Lowest(place(line)?),
        "sum" => Policy::Sum,
        other => return Err(format!("`{other}` says not which row counts")),
    };
    plan.tables.push(Table {
        name,
        arguments,
        results,
        policy,
        rows: Vec::new(),
        otherwise: None,
        span: Span::default(),
    });
    Ok(())
}

fn columns(plan: &Plan, line: &mut Cursor, den: impl Fn(&mut Cursor) -> Read<i64>) -> Read<Vec<TableColumn>> {
    line.expect_mark('(')?;
    let columns = line.list(|line| {
        let name = line.word()?.to_owned();
        line.expect(":")?;
        Ok(TableColumn { name, ty: phrase::ty(plan, line)?, den: den(line)? })
    })?;
    line.expect_mark(')')?;
    Ok(columns)
}

/// Reads a row.
pub(super) fn inner_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let Some(table) = plan.tables.last_mut() else { return Err("this belongs to no table".to_owned()) };
    let types: Vec<Type> = table.results.iter().map(|result| result.ty).collect();
    match line.word()? {
        "row" => {
            line.expect_mark('(')?;
            let cells = line.list(read_cell)?;
            line.expect_mark(')')?;
            let results = read_results(&types, line)?;
            table.rows.push(TableRow { cells, results, span: Span::default() });
        }
        "otherwise" => table.otherwise = Some(read_results(&types, line)?),
        other => return Err(format!("`{other}` belongs to no table")),
    }
    Ok(())
}

fn read_cell(line: &mut Cursor) -> Read<CellTest> {
    Ok(match line.word()? {
        "any" => CellTest::Any,
        "known" => CellTest::Known,
        "unknown" => CellTest::Unknown,
        "range" => {
            let mut ranges = vec![read_range(line)?];
            while line.takes("range") {
                ranges.push(read_range(line)?);
            }
            CellTest::Ranges(ranges)
        }
        word @ ("text" | "other-than") => {
            let mut texts = vec![line.text()?];
            while let Ok(text) = line.text() {
                texts.push(text);
            }
            CellTest::Texts { texts, negated: word == "other-than" }
        }
        other => return Err(format!("`{other}` is no condition of a cell")),
    })
}

fn read_range(line: &mut Cursor) -> Read<Range> {
    let mut end = |included: &str, excluded: &str| -> Read<Option<RangeEnd>> {
        let included = match (line.takes(included), line.takes(excluded)) {
            (true, _) => true,
            (false, true) => false,
            (false, false) => return Ok(None),
        };
        Ok(Some(RangeEnd { at: exact(line.word()?)?, included }))
    };
    Ok(Range { from: end("from", "above")?, to: end("to", "below")? })
}

fn read_results(types: &[Type], line: &mut Cursor) -> Read<Vec<Option<Constant>>> {
    line.expect("gives")?;
    line.expect_mark('(')?;
    let mut types = types.iter();
    let results = line.list(|line| {
        let word = line.word()?;
        let ty = types.next().ok_or("more results than the table has")?;
        if word == "none" {
            return Ok(None);
        }
        let value = exact(word)?;
        let place = || i64::try_from(value.numerator()).map_err(|_| format!("`{word}` does not fit here"));
        Ok(Some(match ty {
            Type::YesNo => Constant::YesNo(place()? != 0),
            Type::Date | Type::Period(_) => {
                Constant::Date(i32::try_from(place()?).map_err(|_| format!("`{word}` is no day"))?)
            }
            Type::Choice(_) => Constant::Choice(u32::try_from(place()?).map_err(|_| format!("`{word}` is no place"))?),
            _ => Constant::Number(value),
        }))
    })?;
    line.expect_mark(')')?;
    Ok(results)
}
