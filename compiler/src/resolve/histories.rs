//! Histories: the dated fields of an entity are a record of their own, whose rows are spans of days.
//!
//! `entity partner { key id   level tier dated }` has beside it what could be written as
//! `event partner_history { key (partner, from)  partner partner from "id"  when from  to optional date  level tier }`.

use meed_grammar::span::Span;
use meed_grammar::tree::{Field, FieldType, FieldTypeKind, Member, Name, Record, RecordKind, Text};

/// The name of the record that has an entity's dated fields.
pub fn history_name(entity: &str) -> String {
    format!("{entity}_history")
}

/// The record of a record's dated fields, if it has some.
pub(super) fn history_of(record: &Record) -> Option<Record> {
    let dated = record.members.iter().filter_map(|member| match member {
        Member::Field(field) if field.dated.is_some() => Some(Field { dated: None, ..field.clone() }),
        _ => None,
    });
    let dated: Vec<Field> = dated.collect();
    let first = dated.first()?;
    let span = first.span;
    let name = |text: &str| Name { text: text.to_owned(), span };
    let plain = |text: &str, kind: Option<FieldTypeKind>, column: Option<Text>| Field {
        name: name(text),
        ty: kind.map(|kind| FieldType { kind, span }),
        optional: None,
        column,
        format: None,
        ignoring_case: None,
        dated: None,
        if_there: None,
        reverses: None,
        bounds: None,
        span,
    };
    // The reference is read by the name of the entity's key, as in the entity's own table.
    let key = record.members.iter().find_map(|member| match member {
        Member::Key { parts, .. } => Some(parts),
        _ => None,
    });
    let column = key.filter(|parts| parts.len() == 1).and_then(|parts| parts.first()).map(|part| match &part.column {
        Some(column) => column.clone(),
        None => Text { value: part.name.text.clone(), span },
    });
    let owner = plain(&record.name.text, Some(FieldTypeKind::Record(record.name.clone())), column);
    let to = Field { optional: Some(span), ..plain("to", Some(FieldTypeKind::Date), None) };
    let mut members = vec![
        Member::Key { parts: vec![plain(&record.name.text, None, None), plain("from", None, None)], span },
        Member::Field(owner),
        Member::When(plain("from", None, None)),
        Member::Field(to),
    ];
    members.extend(dated.into_iter().map(Member::Field));
    Some(Record {
        kind: RecordKind::Event,
        name: name(&history_name(&record.name.text)),
        from: None,
        members,
        history_of: Some(record.name.clone()),
        lines: Vec::new(),
        span: Span { start: span.start, end: span.end },
    })
}
