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
    /// `history`: it is the file of the record's dated fields.
    pub history: Option<Span>,
    /// The name of its file, in which `*` stands for any letters, if said.
    pub from: Option<Text>,
    /// What it says of the whole file, as written.
    pub lines: Vec<SourceLine>,
    /// How fields are read: their `column`, `format` and `ignoring_case`.
    pub fields: Vec<Field>,
    /// The whole item.
    pub span: Span,
}

/// What a source says of a whole file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceLine {
    /// What it says.
    pub kind: SourceLineKind,
    /// Its place.
    pub span: Span,
}

/// What a line of a source says of a whole file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceLineKind {
    /// `header in row 3`, counted from 1; none where that is no row.
    HeaderRow(Option<u32>),
    /// `windows-1252`
    Encoding(TextEncoding),
    /// `missing "null", "N/A"`: texts that say that there is no value.
    Missing(Vec<Text>),
    /// `skip rows where CONDITION`
    SkipRows(Expr),
    /// `when 2026-03-31`: the day of every row.
    When(Expr),
    /// `no key`
    NoKey,
    /// `equal rows are one`
    EqualRows,
    /// `sheet "Deals"`
    Sheet(Text),
}

/// How the letters of a file are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextEncoding {
    /// UTF-8, where nothing else is said.
    #[default]
    Utf8,
    /// The code page of western Windows.
    Windows1252,
    /// UTF-16, in the order of bytes that the mark at its beginning says, else the lower byte first.
    Utf16,
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
    /// The entity whose dated fields it has, where it is made of these and not written.
    pub history_of: Option<Name>,
    /// What its source says of its whole file; nothing until sources are folded in.
    pub lines: Vec<SourceLine>,
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
    /// `reverses (introduction where …)`
    ReversesSet {
        /// The rows that each row takes back whole.
        set: Set,
        /// The whole line.
        span: Span,
    },
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
    pub format: Option<CellFormat>,
    /// `ignoring case`
    pub ignoring_case: Option<Span>,
    /// `dated`: its values have their days, and a file of their own.
    pub dated: Option<Span>,
    /// `if there`: a reference whose key is not there is missing.
    pub if_there: Option<Span>,
    /// `at least $0`, `from 1 to 10,000`
    pub bounds: Option<Bounds>,
    /// `reverses by amount`: the row takes back the one that it refers to.
    pub reverses: Option<Reverses>,
    /// The whole line.
    pub span: Span,
}

/// `deal reverses by amount, quantity`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reverses {
    /// The number fields that are taken off the row; none where it is not said.
    pub by: Vec<Name>,
    /// `reverses` and what follows it.
    pub span: Span,
}

/// How the cells of a field are written: `as "D.M.YYYY" or "YYYY-MM-DD"`, `as the last day of "2026-Q1"`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellFormat {
    /// Patterns or samples, at least one; a cell is of one of them.
    pub samples: Vec<Text>,
    /// `the last day of`: the sample is the name of a period.
    pub last_day_of: Option<Span>,
    /// Its place.
    pub span: Span,
}

/// What the values of a field lie between, both ends in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bounds {
    /// `at least $0`
    pub least: Option<Expr>,
    /// `at most 10,000`
    pub most: Option<Expr>,
    /// Their place.
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
    /// `money in currency`: in the currency that a field of the record names.
    MoneyIn(Name),
}

/// `unit points whole, rounded toward zero`: another reward than the currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unit {
    /// Its name.
    pub name: Name,
    /// How many decimals its amounts have; `whole` is none. Unsaid it is a mistake.
    pub decimals: Option<Decimals>,
    /// How its payments are rounded, if that is written.
    pub rounding: Option<Rounding>,
    /// `each line`
    pub each_line: Option<Span>,
    /// The whole item.
    pub span: Span,
}

/// `rates daily from "rates.csv"`: rates of exchange, in a table of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// Their name.
    pub name: Name,
    /// The table.
    pub file: Text,
    /// The whole item.
    pub span: Span,
}

/// `kind tier one of silver, gold, platinum`: a list that has a name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// Its name, a type.
    pub name: Name,
    /// Its values, lowest first.
    pub values: Vec<Choice>,
    /// The whole item.
    pub span: Span,
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
