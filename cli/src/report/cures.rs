//! What cures cells that no other format of their field would read: what stands for nothing, letters of other systems, copies, sums.

use meed_compiler::plan::{Field, FieldSource, Plan, RecordId, Type};
use meed_grammar::foreign::shown;
use meed_runtime::inner::store::Reject;

/// Texts by which systems say that there is no value, in small letters.
const NOTHING: [&str; 14] = [
    "n/a",
    "#n/a",
    "na",
    "null",
    "nil",
    "none",
    "nan",
    "-",
    "--",
    "?",
    "(blank)",
    "(null)",
    "not available",
    "unknown",
];

/// What cures a cell, to be said behind why it cannot be taken; empty where nothing is known.
pub fn cure(plan: &Plan, record: RecordId, field: Option<&Field>, value: &str, reason: &str) -> String {
    let source = format!("`source {}`", plan.record(record).name);
    if reason == "not UTF-8 text" {
        return format!("; a file from Windows is read with `windows-1252` in {source}");
    }
    if reason.starts_with("duplicate key") {
        return format!("; where rows that are equal are copies, say `equal rows are one` in {source}");
    }
    let Some(field) = field else { return String::new() };
    let is_number = matches!(field.ty, Type::Number | Type::Count | Type::Percent | Type::Money(_));
    let has_digits = value.bytes().any(|byte| byte.is_ascii_digit());
    if NOTHING.contains(&value.trim().to_lowercase().as_str()) {
        let optional = match field.optional {
            true => String::new(),
            false => format!(", and `optional` for the field `{}`", field.name),
        };
        return format!("; where that says nothing, say `missing \"{}\"` in {source}{optional}", shown(value));
    }
    match field.ty {
        Type::Date if has_time(value) => {
            "; a column with times is that of a field of the type `date and time`".to_owned()
        }
        Type::Date if is_serial(value) => {
            "; that is the number of a day in a spreadsheet: show the column as dates there and save it again"
                .to_owned()
        }
        _ if is_number && has_digits && (value.starts_with('(') || value.ends_with('-')) => {
            "; write it with a `-` in front".to_owned()
        }
        _ if is_number && has_digits && value.contains(['e', 'E']) && value.parse::<f64>().is_ok() => {
            "; save it as a plain number, without a power of ten".to_owned()
        }
        _ => String::new(),
    }
}

/// The field that is read from a column.
pub fn field_of<'a>(plan: &'a Plan, record: RecordId, column: &str) -> Option<&'a Field> {
    plan.record(record).fields.iter().find(|field| match &field.source {
        FieldSource::Column(source) => source.header.trim().eq_ignore_ascii_case(column.trim()),
        _ => false,
    })
}

/// What cures rows that are none, such as those of sums: cells that must be there are missing in several columns of one row.
pub fn rows_of_sums<'a>(plan: &Plan, rejects: impl Iterator<Item = &'a Reject>) -> Option<String> {
    let mut last: Option<&Reject> = None;
    for reject in rejects.filter(|reject| reject.reason == "missing") {
        if let Some(last) = last
            && (last.record, last.row, &last.file) == (reject.record, reject.row, &reject.file)
        {
            let record = plan.record(reject.record);
            let when = record.when.and_then(|when| record.fields.get(when.index()));
            let field = when.or_else(|| record.fields.get(record.key.first()?.index()))?;
            return Some(format!(
                "rows that are none, such as sums, are left out by `skip rows where {} is unknown` in `source {}`",
                field.name, record.name
            ));
        }
        last = Some(reject);
    }
    None
}

/// `2026-02-01 10:00`
fn has_time(value: &str) -> bool {
    value.split_at_checked(10).is_some_and(|(day, rest)| {
        day.parse::<jiff::civil::Date>().is_ok() && rest.starts_with(['T', ' ']) && rest.contains(':')
    })
}

/// Whether a text is the number that a spreadsheet keeps a day of these times as: 1982 to 2064.
fn is_serial(value: &str) -> bool {
    value.parse::<u32>().is_ok_and(|number| (30_000..60_000).contains(&number))
}
