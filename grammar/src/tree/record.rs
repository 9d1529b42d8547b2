//! Entities and events.

use super::*;
use crate::span::Span;
use serde::Serialize;

/// `extend NAME { … }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Extend {
    /// The record of a library.
    pub record: Name,
    /// What it gains.
    pub members: Vec<Member>,
    /// The whole item.
    pub span: Span,
}

/// `source RECORD [from "file"] { … }`: how a record's file is written, apart from what the record means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    /// The record, of the program or of a library.
    pub record: Name,
    /// The name of its file, in which `*` stands for any letters, if said.
    pub from: Option<Text>,
    /// How fields are read: their `column`, `format` and `ignoring_case`.
    pub fields: Vec<Field>,
    /// What is not supported yet.
    pub unsupported: Vec<Unsupported>,
    /// The whole item.
    pub span: Span,
}

/// `entity NAME [from …] { … }` or `event NAME [from …] { … }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Entity or event.
    pub kind: RecordKind,
    /// Its name.
    pub name: Name,
    /// Where its rows come from, if said.
    pub from: Option<RecordSource>,
    /// Its key, when and fields, as written.
    pub members: Vec<Member>,
    /// The whole item.
    pub span: Span,
}

/// The two kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A party or thing that events refer to.
    Entity,
    /// Something that happened.
    Event,
}

/// `from "table"` or `from agent`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordSource {
    /// `from "sales_teams"`: the table of that name.
    Table(Text),
    /// `from agent`: the distinct values of the key's column in the table of that record.
    Distinct(Name),
}

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// `key id from "…"`, `key (person, quarter)`
    Key {
        /// One part, or several of a composite key.
        parts: Vec<Field>,
        /// Its place.
        span: Span,
    },
    /// `when closed_on [optional] [date | date and time] from "…" as "…"`
    When(Field),
    /// `name type …`
    Field(Field),
    /// A line of a kind not supported yet (`deal reverses`, a `dated` field).
    Unsupported(Unsupported),
}

/// A field's name and type and how its column is read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type; a key part or a `when` may leave it out.
    pub ty: Option<FieldType>,
    /// `optional`
    pub optional: Option<Span>,
    /// `from "Header"`
    pub column: Option<Text>,
    /// `as "DD-MM-YYYY"`
    pub format: Option<Text>,
    /// `ignoring case`
    pub ignoring_case: Option<Span>,
    /// The whole line.
    pub span: Span,
}

/// The type written in a field, an argument of a schedule, or a key part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldType {
    /// What it is.
    pub kind: FieldTypeKind,
    /// Its place.
    pub span: Span,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldTypeKind {
    /// `id`
    Id,
    /// `text`
    Text,
    /// `count`
    Count,
    /// `number`, `number to N decimals`
    Number(Option<Decimals>),
    /// `percent`
    Percent,
    /// `money`, `money to N decimals`
    Money(Option<Decimals>),
    /// `date`
    Date,
    /// `date and time`, `date and time in "Europe/Berlin"`
    DateTime {
        /// The zone's IANA name or offset, if written.
        zone: Option<Text>,
    },
    /// `yes/no`
    YesNo,
    /// `one of …`, lowest first
    OneOf(Vec<Choice>),
    /// An entity or event: a reference
    Record(Name),
    /// A type not supported yet (`money in FIELD`, a unit)
    Unsupported(Unsupported),
}

/// One value of a `one of`: `won "Closed Won" or "Won"`, `open otherwise`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// Its name.
    pub name: Name,
    /// How the data spells it; empty means as its name.
    pub spellings: Vec<Text>,
    /// `otherwise`: every spelling not listed.
    pub otherwise: Option<Span>,
}
