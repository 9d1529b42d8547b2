//! Reads records, their fields and columns.

use super::super::lexer::{Cursor, Read};
use super::super::words::Word;
use super::{number, phrase, reading, record};
use crate::plan::{
    Bounds, ChoiceId, ColumnSource, DomainId, Field, FieldId, FieldSource, Format, Layout, Life, PercentFormat, Plan,
    Record, RecordKind, RecordTable, Reverses, Spans, Spelling, Type,
};
use meed_grammar::span::Span;

/// A record of which only name and kind are known.
pub(super) fn named(name: &str, kind: RecordKind) -> Record {
    Record {
        name: name.to_owned(),
        kind,
        source: RecordTable::Table(None),
        layout: Layout::default(),
        fields: Vec::new(),
        key: Vec::new(),
        when: None,
        spans: None,
        life: Life::default(),
        own_year: None,
        reverses: None,
        used: true,
        span: Span::default(),
    }
}

/// The head of a record, and its place.
pub(super) fn first_line(plan: &mut Plan, line: &mut Cursor) -> Read<usize> {
    let id = record(plan, line)?;
    let source = if line.takes("from") {
        RecordTable::Table(Some(line.text()?))
    } else if line.takes("distinct") {
        line.expect("in")?;
        RecordTable::Distinct(record(plan, line)?)
    } else {
        RecordTable::Table(None)
    };
    let definition = &mut plan.records[id.index()];
    definition.source = source;
    definition.used = !line.takes("not-read");
    Ok(id.index())
}

pub(super) fn inner_line(plan: &mut Plan, idx: usize, line: &mut Cursor) -> Read<()> {
    match line.word()? {
        "key:" => plan.records[idx].key = line.list(|line| field_named(&plan.records[idx], line))?,
        "file:" => super::super::layout::read_file(&mut plan.records[idx].layout, line)?,
        "skip:" => {
            let test = super::super::layout::read_test(&plan.records[idx], line)?;
            plan.records[idx].layout.skip = Some(test);
        }
        "spans:" => {
            line.expect("of")?;
            let of = field_named(&plan.records[idx], line)?;
            line.expect("to")?;
            plan.records[idx].spans = Some(Spans { of, to: field_named(&plan.records[idx], line)? });
        }
        "own-year:" => plan.records[idx].own_year = Some(field_named(&plan.records[idx], line)?),
        "life:" => {
            if line.takes("from") {
                plan.records[idx].life.from = Some(field_named(&plan.records[idx], line)?);
            }
            if line.takes("to") {
                plan.records[idx].life.to = Some(field_named(&plan.records[idx], line)?);
            }
        }
        "when:" => plan.records[idx].when = Some(field_named(&plan.records[idx], line)?),
        "reverses:" => {
            let row = field_named(&plan.records[idx], line)?;
            let Type::Ref(target) = plan.records[idx].fields[row.index()].ty else {
                return Err("what is reversed is a row of another event".to_owned());
            };
            let mut takes = Vec::new();
            while line.peek().is_some() {
                let own = field_named(&plan.records[idx], line)?;
                line.expect("off")?;
                takes.push((own, field_named(plan.record(target), line)?));
            }
            plan.records[idx].reverses = Some(Reverses { row, takes });
        }
        name => {
            let field = field(plan, idx, name, line)?;
            plan.records[idx].fields.push(field);
        }
    }
    Ok(())
}

pub(in super::super) fn field_named(record: &Record, line: &mut Cursor) -> Read<FieldId> {
    let name = line.word()?;
    record.field(name).ok_or_else(|| format!("`{}` has no field `{name}`", record.name))
}

fn field(plan: &mut Plan, idx: usize, name: &str, line: &mut Cursor) -> Read<Field> {
    let ty = field_type(plan, line)?;
    let optional = line.takes_mark('?');
    let if_there = optional && line.takes("if-there");
    let has_decimals = line.peek().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let decimals = if has_decimals {
        let decimals = number(line)?;
        line.expect("decimals")?;
        decimals
    } else {
        0
    };
    let mut bound = |word: &str| if line.takes(word) { number(line).map(Some) } else { Ok(None) };
    let bounds = Bounds { least: bound("at-least")?, most: bound("at-most")? };
    let used = !line.takes("not-read") && !line.takes("as-key");
    let without_column = match line.peek() {
        Some("day") => {
            line.word()?;
            Some(FieldSource::Day(super::day(line)?))
        }
        Some("file-and-row") => {
            line.word()?;
            Some(FieldSource::Place)
        }
        Some("returned") => {
            line.word()?;
            Some(FieldSource::Returned(reading(line)?))
        }
        Some("read") => {
            line.word()?;
            let reading = reading(line)?;
            Some(FieldSource::Read(field_named(&plan.records[idx], line)?, reading))
        }
        _ => None,
    };
    if let Some(source) = without_column {
        return Ok(Field {
            name: name.to_owned(),
            ty,
            decimals,
            optional,
            used,
            if_there,
            bounds,
            source,
            span: Span::default(),
        });
    }
    let mut sources = vec![column(plan, ty, line)?];
    while line.takes("and") {
        sources.push(column(plan, ty, line)?);
    }
    let source = match <[ColumnSource; 1]>::try_from(sources) {
        Ok([source]) => FieldSource::Column(source),
        Err(sources) => FieldSource::Columns(sources),
    };
    Ok(Field { name: name.to_owned(), ty, decimals, optional, used, if_there, bounds, source, span: Span::default() })
}

/// A type; a new list, or texts that no field before holds, are taken up.
fn field_type(plan: &mut Plan, line: &mut Cursor) -> Read<Type> {
    let text = matches!(line.peek(), Some("text" | "id"));
    let list = line.peek() == Some("one-of");
    if !text && !list {
        return phrase::ty(plan, line);
    }
    let word = line.word()?;
    if list {
        line.expect_mark('(')?;
        let values = line.list(|line| line.word().map(str::to_owned))?;
        line.expect_mark(')')?;
        let known = plan.choices.iter().position(|known| *known == values);
        let idx = known.unwrap_or_else(|| {
            plan.choices.push(values);
            plan.choices.len() - 1
        });
        return Ok(Type::Choice(ChoiceId(idx as u32)));
    }
    // What follows may already be the column, which no field `record.field` is named as.
    let domain = match line.peek().filter(|name| name.contains('.')) {
        Some(name) => match plan.type_of_field(name) {
            Some(Type::Text(domain) | Type::Id(domain)) => {
                line.word()?;
                domain
            }
            _ => return Err(format!("`{name}` holds no texts")),
        },
        None => {
            plan.n_domains += 1;
            DomainId(plan.n_domains - 1)
        }
    };
    Ok(if word == "text" { Type::Text(domain) } else { Type::Id(domain) })
}

fn column(plan: &Plan, ty: Type, line: &mut Cursor) -> Read<ColumnSource> {
    let exact = line.takes("exactly");
    if !exact {
        line.expect("column")?;
    }
    Ok(ColumnSource { header: line.text()?, exact, format: format(plan, ty, line)? })
}

fn format(plan: &Plan, ty: Type, line: &mut Cursor) -> Read<Format> {
    let Some(word) = line.peek().filter(|word| *word == "spelled" || word.starts_with("as-")) else {
        return Ok(Format::Plain);
    };
    line.expect(word)?;
    Ok(match word {
        "as-date" => Format::Date(line.text()?),
        "as-period" => Format::Period(line.text()?),
        "as-last-day-of" => Format::LastDayOf(line.text()?),
        "as-one-of" => {
            line.expect_mark('(')?;
            let formats = line.list(|line| format(plan, ty, line))?;
            line.expect_mark(')')?;
            Format::OneOf(formats)
        }
        "as-yes-no" => Format::YesNo { yes: line.text()?, no: line.text()? },
        "as-moment" => {
            let mut part = |word: &str| if line.takes(word) { line.text().map(Some) } else { Ok(None) };
            Format::DateTime { zone: part("zone")?, pattern: part("pattern")? }
        }
        "spelled" => spellings(plan, ty, line)?,
        word => {
            let percent = PercentFormat::of_word(&word[3..]).ok_or_else(|| format!("`{word}` is no format"))?;
            let (group, decimal) = (line.text()?, line.text()?);
            let decimal = decimal.chars().next().ok_or("which character is before the decimals?")?;
            Format::Number { group: group.chars().next(), decimal, percent }
        }
    })
}

/// `spelled ("Closed Won" won, otherwise open) ignoring-case`
fn spellings(plan: &Plan, ty: Type, line: &mut Cursor) -> Read<Format> {
    let Type::Choice(choice) = ty else { return Err("only the values of a list are spelled".to_owned()) };
    let value = |line: &mut Cursor| {
        let name = line.word()?;
        let place = plan.choices[choice.index()].iter().position(|known| known == name);
        place.map(|place| place as u32).ok_or_else(|| format!("`{name}` is not in the list"))
    };
    let mut spellings = Vec::new();
    let mut otherwise = None;
    line.expect_mark('(')?;
    line.list(|line| {
        if line.takes("otherwise") {
            otherwise = Some(value(line)?);
        } else {
            let text = line.text()?;
            spellings.push(Spelling { text, value: value(line)? });
        }
        Ok(())
    })?;
    line.expect_mark(')')?;
    Ok(Format::Choice { spellings, otherwise, ignoring_case: line.takes("ignoring-case") })
}
