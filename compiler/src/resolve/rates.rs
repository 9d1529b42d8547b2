//! Rates of exchange: an event of their own, whose rows say from which day on a rate holds.
//!
//! `rates daily from "rates.csv"` is what could be written as
//! `event daily from "rates.csv" { key (from, to, day)  when day  from text  to text  rate number at least 0.000000001 }`.

use meed_grammar::span::Span;
use meed_grammar::tree::{
    Bounds, Expr, ExprKind, Field, FieldType, FieldTypeKind, Member, Name, Rates, Record, RecordKind, RecordSource,
};

/// The smallest rate that a column can hold.
const SMALLEST: &str = "0.000000001";

/// The record of rates.
pub(super) fn record_of(rates: &Rates) -> Record {
    let span = rates.name.span;
    let name = |text: &str| Name { text: text.to_owned(), span };
    let field = |text: &str, kind: Option<FieldTypeKind>| Field {
        name: name(text),
        ty: kind.map(|kind| FieldType { kind, span }),
        optional: None,
        column: None,
        format: None,
        ignoring_case: None,
        dated: None,
        if_there: None,
        reverses: None,
        bounds: None,
        span,
    };
    let least = Some(Expr { kind: ExprKind::Number(SMALLEST.to_owned()), span });
    let bounds = Some(Bounds { least, most: None, span });
    let rate = Field { bounds, ..field("rate", Some(FieldTypeKind::Number(None))) };
    Record {
        kind: RecordKind::Event,
        name: rates.name.clone(),
        from: Some(RecordSource::Table(rates.file.clone())),
        members: vec![
            Member::Key { parts: ["from", "to", "day"].map(|part| field(part, None)).to_vec(), span },
            Member::When(field("day", None)),
            Member::Field(field("from", Some(FieldTypeKind::Text))),
            Member::Field(field("to", Some(FieldTypeKind::Text))),
            Member::Field(rate),
        ],
        history_of: None,
        lines: Vec::new(),
        span: Span { start: rates.span.start, end: rates.span.end },
    }
}
