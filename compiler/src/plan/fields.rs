//! Records and their fields: what is read from which column, and how.

use super::{Bounds, FieldId, Layout, RecordId, Type};
use crate::plan::Period;
use crate::plan::Plan;
use meed_grammar::span::Span;
pub use meed_grammar::tree::RecordKind;
use std::collections::BTreeSet;

/// An entity or event.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Entity or event.
    pub kind: RecordKind,
    /// The stem of its table's file, or the record whose table holds its keys.
    pub source: RecordTable,
    /// How its file is written, apart from its fields.
    pub layout: Layout,
    /// Its fields; key parts and `when` among them.
    pub fields: Vec<Field>,
    /// The fields of its key, at least one.
    pub key: Vec<FieldId>,
    /// The `when` of an event.
    pub when: Option<FieldId>,
    /// Where its rows are spans of days, from their `when` on, that may not overlap: whose they are, and their last day.
    pub spans: Option<Spans>,
    /// From which day to which a row of an entity lives, if it says so.
    pub life: Life,
    /// The date from which years of its own are counted, where a rule has them.
    pub own_year: Option<FieldId>,
    /// Which row of another event each of its rows takes back, if it does so.
    pub reverses: Option<Reverses>,
    /// Whether any rule, or a record that a rule reads, needs its rows.
    pub used: bool,
    /// Its place; of a library's record the empty span.
    pub span: Span,
}

/// Whose the spans of a history are, and the field of their last day, which is open where it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans {
    /// The reference to the entity.
    pub of: FieldId,
    /// The last day.
    pub to: FieldId,
}

/// What the rows of an event take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverses {
    /// The reference to the row.
    pub row: FieldId,
    /// Number fields of their own, each with the field of the row that it is taken off; of none the whole row is taken back.
    pub takes: Vec<(FieldId, FieldId)>,
}

/// The first and the last day of a row of an entity, both in; a side that is not there, or missing in a row, is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The field of the first day.
    pub from: Option<FieldId>,
    /// The field of the last day.
    pub to: Option<FieldId>,
}

impl Life {
    /// Whether a row may begin or end.
    pub fn is_bounded(self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}

/// Where a record's rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordTable {
    /// A table: its source name if one was written (`from "sales_teams"`).
    Table(Option<String>),
    /// The distinct values of one column in the table of another record, missing ones left out.
    Distinct(RecordId),
}

/// A field and how its column is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type. A reference is read as the key of the record it refers to.
    pub ty: Type,
    /// Decimals kept: of money, number and percent (a percent counts as a share: `12.5%` is 0.125).
    pub decimals: u32,
    /// Whether it can be missing.
    pub optional: bool,
    /// Whether a rule reads it, it is the `when`, or it is on the way to what a rule reads. A key is read in any case; as
    /// a field it is not used unless a rule asks for it.
    pub used: bool,
    /// Whether a reference whose key is not there is missing; it is optional then.
    pub if_there: bool,
    /// What its values lie between; a row with another value is rejected.
    pub bounds: Bounds,
    /// Where its values come from.
    pub source: FieldSource,
    /// Its place; of a library's field the empty span.
    pub span: Span,
}

/// Where a field's values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSource {
    /// One column.
    Column(ColumnSource),
    /// A reference to a record with a key of several fields: one column for each part, in the key's order.
    Columns(Vec<ColumnSource>),
    /// No column: the day of every row.
    Day(i32),
    /// No column: a row's key is its file and its place in it.
    Place,
    /// No column: whether nothing is left of the row in this reading, as others have taken all of it back.
    Returned(Reading),
    /// No column: another field in this reading, which is not the usual one.
    Read(FieldId, Reading),
}

/// As what rows are read that others take back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reading {
    /// As what is left of them on the run's day.
    #[default]
    Left,
    /// As they were reported.
    Reported,
    /// As what is left of them so many days after each, whatever was taken back later.
    Within(u32),
    /// As what is left of them at the end of the period that holds the day of each.
    AtEnd(Period),
}

impl Reading {
    /// Whether rows are read as neither what is left of them on the run's day nor as they were reported.
    pub const fn is_of_some_returns(self) -> bool {
        matches!(self, Self::Within(_) | Self::AtEnd(_))
    }
}

impl Plan {
    /// Whether a return of a day counts in a reading of a row of a day.
    pub fn counts_in(&self, reading: Reading, taken_on: i32, row_day: i32) -> bool {
        match reading {
            Reading::Left | Reading::Reported => true,
            Reading::Within(days) => i64::from(taken_on) - i64::from(row_day) <= i64::from(days),
            Reading::AtEnd(period) => {
                !self.calendar.knows(period, row_day) || taken_on <= self.period_end(period, row_day)
            }
        }
    }
}

impl FieldSource {
    /// Whether it is no field of the tables: what others take back makes it.
    pub const fn is_made_by_returns(&self) -> bool {
        matches!(self, Self::Returned(_) | Self::Read(..))
    }
}

/// A column of a table and how its cells are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSource {
    /// The header; compared ignoring case unless `exact`.
    pub header: String,
    /// Whether the header was written (`from "Header"`) and must match as it is.
    pub exact: bool,
    /// The format of its cells.
    pub format: Format,
}

/// How a cell is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// As usual for the type: dates `2026-02-01`, plain numbers, percent with `%`.
    Plain,
    /// A date pattern of `YYYY`, `YY`, `MM`, `M`, `DD`, `D`, `MMM`, `MMMM` and separators.
    Date(String),
    /// The last day of the period that the cell names, by a sample that is a [`Label`](super::Label).
    LastDayOf(String),
    /// The name of a period by a sample that is a [`Label`](super::Label).
    Period(String),
    /// One of several; no two of them read a cell differently.
    OneOf(Vec<Format>),
    /// Numbers with these separators (`1.000,50`).
    Number {
        /// Between groups, if any.
        group: Option<char>,
        /// Before the decimals.
        decimal: char,
        /// Whether the cell carries a currency sign or a percent sign to take off.
        percent: PercentFormat,
    },
    /// Spellings of a `one of`.
    Choice {
        /// How each value is spelled; a value with none is spelled as its name.
        spellings: Vec<Spelling>,
        /// The value of every other spelling.
        otherwise: Option<u32>,
        /// Whether case is ignored.
        ignoring_case: bool,
    },
    /// Spellings of yes and no, case ignored when not given.
    YesNo {
        /// Spelling of yes.
        yes: String,
        /// Spelling of no.
        no: String,
    },
    /// A date and time; its day is taken in this zone (UTC when none).
    DateTime {
        /// IANA name or offset.
        zone: Option<String>,
        /// The pattern, if not ISO 8601.
        pattern: Option<String>,
    },
}

impl Field {
    /// Whether its values have a time of day, by which rows of one day are ordered.
    pub fn has_time(&self) -> bool {
        matches!(&self.source, FieldSource::Column(column) if matches!(column.format, Format::DateTime { .. }))
    }
}

/// How a percent cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentFormat {
    /// Not a percent.
    No,
    /// `12%`
    Sign,
    /// `12`
    Hundredths,
    /// `0.12`
    Share,
}

/// A spelling of a value of `one of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The text in the data.
    pub text: String,
    /// Its place in the list.
    pub value: u32,
}

/// A path of fields from a row of a record, as it is written: `partner.tier`.
pub fn path_words(records: &[Record], record: RecordId, path: &[FieldId]) -> String {
    let mut at = record;
    let name = |field: &FieldId| {
        let field = &records[at.index()].fields[field.index()];
        if let Type::Ref(next) = field.ty {
            at = next;
        }
        field.name.as_str()
    };
    path.iter().map(name).collect::<Vec<_>>().join(".")
}

impl Record {
    /// The field that tells of each row whether nothing is left of it, where others can take it back.
    pub fn returned(&self, reading: Reading) -> Option<FieldId> {
        let place = self.fields.iter().position(|field| field.source == FieldSource::Returned(reading));
        place.map(|idx| FieldId(idx as u32))
    }

    /// The readings in which only some returns of its rows count, as rules that read these say.
    pub fn readings(&self) -> BTreeSet<Reading> {
        let of_some = |field: &Field| match field.source {
            FieldSource::Read(_, reading) | FieldSource::Returned(reading) => Some(reading),
            _ => None,
        };
        let readings = self.fields.iter().filter(|field| field.used).filter_map(of_some);
        readings.filter(|reading| reading.is_of_some_returns()).collect()
    }

    /// The field that holds another in a reading.
    pub fn read_as(&self, field: FieldId, reading: Reading) -> Option<FieldId> {
        if reading == Reading::Left {
            return Some(field);
        }
        let place = self.fields.iter().position(|other| other.source == FieldSource::Read(field, reading));
        place.map(|idx| FieldId(idx as u32))
    }

    /// Whether its rows have no key of their own.
    pub fn has_no_key(&self) -> bool {
        self.key.iter().any(|key| self.fields[key.index()].source == FieldSource::Place)
    }

    /// The field of this name, ignoring nothing.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.fields.iter().position(|field| field.name == name).map(|idx| FieldId(idx as u32))
    }
}
