//! Tables with example rows, which the program reads as they are.

use super::{Column, columns};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{FieldSource, Format, PercentFormat, Plan, RecordId, RowTest, TextEncoding, Type};
use meed_compiler::value::decimal_text;
use std::io;

/// How many rows.
const ROWS: i32 = 2;

/// The table of records that are read from one file, in the letters and with the separators that its source and its name say.
pub fn table(plan: &Plan, records: &[RecordId], file: &str) -> io::Result<Vec<u8>> {
    let Some(first) = records.first() else { return Ok(Vec::new()) };
    let layout = &plan.record(*first).layout;
    let mut all: Vec<(RecordId, Column<'_>)> = Vec::new();
    for id in records {
        for column in columns(plan.record(*id)) {
            if all.iter().all(|(_, known)| !known.source.header.eq_ignore_ascii_case(&column.source.header)) {
                all.push((*id, column));
            }
        }
    }
    let separator = if file.to_lowercase().ends_with(".tsv") { b'\t' } else { b',' };
    let mut writer = csv::WriterBuilder::new().delimiter(separator).flexible(true).from_writer(Vec::new());
    // What stands before the headers says nothing.
    for row in 1..layout.header_row.max(1) {
        writer.write_record([format!("row {row}")])?;
    }
    writer.write_record(all.iter().map(|(_, column)| &column.source.header))?;
    for row in 0..ROWS {
        let cells = all.iter().map(|(id, column)| {
            let skips = plan.record(*id).layout.skip.as_ref().map(RowTest::fields).unwrap_or_default();
            match skips.is_empty() || !column.field.optional || column.field.used {
                true => cell(plan, *id, column, row),
                // What a source may skip rows for is left empty where it may be.
                false => String::new(),
            }
        });
        writer.write_record(cells)?;
    }
    let text = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    Ok(match layout.encoding {
        TextEncoding::Utf8 => text.into_bytes(),
        TextEncoding::Windows1252 => match encoding_rs::WINDOWS_1252.encode(&text) {
            (bytes, _, false) => bytes.into_owned(),
            (_, _, true) => return Err(io::Error::other("it has letters that windows-1252 has not")),
        },
        TextEncoding::Utf16 => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
    })
}

/// A cell of a row.
fn cell(plan: &Plan, id: RecordId, column: &Column<'_>, row: i32) -> String {
    // Who stands above the topmost is nobody.
    if column.field.ty == Type::Ref(id) {
        return String::new();
    }
    // The last day of a life, of a span and what else may be open is left open.
    let record = plan.record(id);
    let is_end = |field: Option<meed_compiler::plan::FieldId>| {
        field.and_then(|field| record.fields.get(field.index())).is_some_and(|field| std::ptr::eq(field, column.field))
    };
    if column.field.optional && (is_end(record.life.to) || is_end(record.spans.map(|spans| spans.to))) {
        return String::new();
    }
    value(plan, id, column.field.ty, &column.source.format, column, row)
}

fn value(plan: &Plan, id: RecordId, ty: Type, format: &Format, column: &Column<'_>, row: i32) -> String {
    let format = if let Format::OneOf(formats) = format { formats.first().unwrap_or(format) } else { format };
    match ty {
        Type::Number | Type::Money(_) => number(bounded(column, 1_000), column.field.decimals, format),
        Type::Count => number(bounded(column, 1), 0, format),
        Type::Percent => percent(column, format),
        Type::YesNo => match format {
            Format::YesNo { yes, .. } => yes.clone(),
            _ => "yes".to_owned(),
        },
        Type::Date => date(plan, format, row),
        Type::Period(period) => match format {
            Format::Period(sample) => sample.clone(),
            _ => plan.calendar.name(period, plan.calendar.index(period, plan.active.from)),
        },
        Type::Choice(choice) => {
            let named =
                || plan.choices.get(choice.index()).and_then(|names| names.first()).cloned().unwrap_or_default();
            match format {
                Format::Choice { spellings, .. } => {
                    spellings.iter().find(|spelling| spelling.value == 0).map_or_else(named, |known| known.text.clone())
                }
                _ => named(),
            }
        }
        Type::Text(_) if !column.is_key => "text".to_owned(),
        // A part of a key is called what it is, so that other tables may have it by that name.
        Type::Text(_) | Type::Id(_) if column.is_key && plan.record(id).key.len() == 1 => {
            format!("{}{}", plan.record(id).name.to_uppercase(), row + 1)
        }
        Type::Text(_) | Type::Id(_) => format!("{}{}", column.field.name.to_uppercase(), row + 1),
        Type::Ref(other) => key(plan, other, column, row),
    }
}

/// The part of another row's key that a column names.
fn key(plan: &Plan, other: RecordId, column: &Column<'_>, row: i32) -> String {
    let record = plan.record(other);
    let part = record.key.get(column.part).and_then(|key| record.fields.get(key.index()));
    let Some(field) = part else { return String::new() };
    let source = match &field.source {
        FieldSource::Column(source) => source,
        FieldSource::Columns(sources) if let Some(source) = sources.first() => source,
        // Rows without a key are named by nobody.
        _ => return format!("{}{}", record.name.to_uppercase(), row + 1),
    };
    // As the column of the reference writes it.
    let own = Column { field, source, part: 0, is_key: true };
    value(plan, other, field.ty, &column.source.format, &own, row)
}

/// A number of whole units within the bounds of its field, in the smallest parts that it keeps.
fn bounded(column: &Column<'_>, units: i64) -> i64 {
    let decimals = if column.field.ty == Type::Count { 0 } else { column.field.decimals };
    let value = units.saturating_mul(10i64.saturating_pow(decimals));
    let bounds = column.field.bounds;
    let value = bounds.most.map_or(value, |most| value.min(most));
    bounds.least.map_or(value, |least| value.max(least))
}

fn number(value: i64, decimals: u32, format: &Format) -> String {
    let text = decimal_text(value.into(), decimals);
    // Decimals of nothing are not written.
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    match format {
        Format::Number { decimal, .. } => text.replace('.', &decimal.to_string()),
        _ => text.to_owned(),
    }
}

fn percent(column: &Column<'_>, format: &Format) -> String {
    // As a share, ten of a hundred.
    let tenth = 10i64.saturating_pow(column.field.decimals.saturating_sub(1));
    let bounds = column.field.bounds;
    let value = bounds.most.map_or(tenth, |most| tenth.min(most));
    let value = bounds.least.map_or(value, |least| value.max(least));
    let hundredths = number(value, column.field.decimals.saturating_sub(2), format);
    match format {
        Format::Number { percent: PercentFormat::Hundredths, .. } => hundredths,
        Format::Number { percent: PercentFormat::Share, .. } => number(value, column.field.decimals, format),
        _ => format!("{hundredths}%"),
    }
}

fn date(plan: &Plan, format: &Format, row: i32) -> String {
    let day = (plan.active.from + row).min(plan.active.to);
    let date = date_of(day);
    match format {
        Format::Date(pattern) => written(pattern, day),
        Format::LastDayOf(sample) => sample.clone(),
        Format::DateTime { pattern: Some(pattern), .. } => written(pattern, day),
        Format::DateTime { pattern: None, .. } => format!("{date}T12:00:00Z"),
        _ => date.to_string(),
    }
}

/// A day by a pattern, at noon where it has a time.
fn written(pattern: &str, day: i32) -> String {
    let date = date_of(day);
    let (year, month, dom) = (date.year(), date.month(), date.day());
    let mut text = String::new();
    let mut rest = pattern;
    let parts: [(&str, String); 11] = [
        ("YYYY", format!("{year:04}")),
        ("YY", format!("{:02}", year.rem_euclid(100))),
        ("MMMM", date.strftime("%B").to_string()),
        ("MMM", date.strftime("%b").to_string()),
        ("MM", format!("{month:02}")),
        ("M", month.to_string()),
        ("DD", format!("{dom:02}")),
        ("D", dom.to_string()),
        ("HH", "12".to_owned()),
        ("mm", "00".to_owned()),
        ("SS", "00".to_owned()),
    ];
    while let Some(first) = rest.chars().next() {
        let part = parts.iter().find_map(|(word, part)| Some((rest.strip_prefix(word)?, part)));
        match part {
            Some((after, part)) => {
                text += part;
                rest = after;
            }
            None => {
                text.push(first);
                rest = rest.strip_prefix(first).unwrap_or_default();
            }
        }
    }
    text
}
