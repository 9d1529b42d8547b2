//! Decision tables.

use super::*;
use crate::span::Span;
use serde::Serialize;

/// `table NAME(arguments) gives results, policy { rows }`, or `table NAME(arguments) from "file.csv" gives … { columns }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// What it is asked with, in the order of its columns.
    pub arguments: Vec<TableArgument>,
    /// What it gives.
    pub results: Vec<TableResult>,
    /// Which of several rows counts; missing when nothing was written.
    pub policy: Option<(Policy, Span)>,
    /// Its rows.
    pub rows: TableRows,
    /// The whole item.
    pub span: Span,
}

/// A column that is asked with. Its type may be told by its cells and by who asks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableArgument {
    /// Its name.
    pub name: Name,
    /// Its type, if one was written.
    pub ty: Option<FieldType>,
}

/// `rate percent`; where one word stands, it is the type as well.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableResult {
    /// Its name.
    pub name: Name,
    /// Its type, if one was written behind the name.
    pub ty: Option<FieldType>,
}

/// Which of several rows that match counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// `one match`: no two rows may match.
    One,
    /// `first match`
    First,
    /// `highest by rate`
    Highest(Name),
    /// `lowest by rate`
    Lowest(Name),
    /// `sum of matches`
    Sum,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableRows {
    /// They are written in the program; the first may be the header.
    Written(Vec<TableRow>),
    /// They are read from a file.
    Sheet {
        /// The file's name, beside the program.
        file: Text,
        /// Which column is which.
        columns: Vec<TableColumn>,
        /// `empty means any`
        empty_any: Option<Span>,
        /// `otherwise | …`, what holds where none of its rows matches.
        otherwise: Option<TableRow>,
    },
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableRow {
    /// Its cells, from the left.
    pub cells: Vec<TableCell>,
    /// The whole line.
    pub span: Span,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableCell {
    /// What it says.
    pub kind: CellKind,
    /// Its place.
    pub span: Span,
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// `any`
    Any,
    /// `known`
    Known,
    /// `unknown`
    Unknown,
    /// `none`: no result
    None,
    /// `otherwise`: the row of whatever no other row takes
    Otherwise,
    /// Values and ranges, of which one must hold; with `not`, none of them.
    Is {
        /// `not …`
        negated: Option<Span>,
        /// The values.
        ranges: Vec<CellRange>,
    },
}

/// A value, or values between bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellRange {
    /// `gold`, `"Cloud"`, `10%`
    Value(Expr),
    /// `below 18`
    Below(Expr),
    /// `over 18`
    Over(Expr),
    /// `to 12`
    To(Expr),
    /// `18 or more`
    OrMore(Expr),
    /// `before 2026-03-01`
    Before(Expr),
    /// `after 2026-03-01`
    After(Expr),
    /// `5 to 9`: both ends in
    Through(Expr, Expr),
    /// `5 to below 10`
    UpTo(Expr, Expr),
}

/// `quantity from "Min" to "Max"`, `rate from "Disc %" as "12"`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableColumn {
    /// The argument or result.
    pub name: Name,
    /// The header of its column, or of the lower end of a range; missing where only the upper end is said.
    pub from: Option<Text>,
    /// The header of the upper end of a range.
    pub to: Option<Text>,
    /// `or more`: the column is the lower end of a range without an upper one.
    pub or_more: Option<Span>,
    /// A sample of its cells.
    pub format: Option<Text>,
    /// The whole line.
    pub span: Span,
}
