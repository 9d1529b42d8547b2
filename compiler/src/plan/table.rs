//! Decision tables: rows of conditions on what is asked with, and what each row gives.

use super::{Days, Type};
use crate::value::Exact;
use meed_grammar::span::Span;

/// A decision table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What it is asked with, a column each.
    pub arguments: Vec<TableColumn>,
    /// What it gives.
    pub results: Vec<TableColumn>,
    /// Which of several rows that match counts.
    pub policy: Policy,
    /// Its rows, as written.
    pub rows: Vec<TableRow>,
    /// What it gives where no row matches; without it nothing.
    pub otherwise: Option<Vec<Option<Constant>>>,
    /// Its place.
    pub span: Span,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// The type of what is asked, or given.
    pub ty: Type,
    /// Of a result that is a number: every value is a whole number of `1/den`. Of others 1.
    pub den: i64,
}

/// Which of several rows that match counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// No two rows may match; where two do, the run stops.
    One,
    /// The first as written.
    First,
    /// The one with the largest value of this result, of equal ones the first. Rows without that result come last.
    Highest(u32),
    /// The one with the smallest.
    Lowest(u32),
    /// All: each result is the sum of theirs.
    Sum,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// What must hold of each argument.
    pub cells: Vec<CellTest>,
    /// What it gives; `None` is `none`.
    pub results: Vec<Option<Constant>>,
    /// Its place.
    pub span: Span,
}

/// What a cell asks of an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum CellTest {
    /// Nothing.
    Any,
    /// That it is there.
    Known,
    /// That it is missing.
    Unknown,
    /// That it lies in one of these; days, places in lists, no (0) and yes (1) are numbers here.
    Ranges(Vec<Range>),
    /// That its text is one of these, or with `negated` none of them.
    Texts {
        /// The texts.
        texts: Vec<String>,
        /// Whether it must be another.
        negated: bool,
    },
}

/// Numbers between two ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// Where it begins; without it, everywhere below.
    pub from: Option<RangeEnd>,
    /// Where it ends.
    pub to: Option<RangeEnd>,
}

/// An end of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeEnd {
    /// Where.
    pub at: Exact,
    /// Whether the end itself is in.
    pub included: bool,
}

/// A value that a table gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// A number, a count, a share, an amount in whole units.
    Number(Exact),
    /// Yes or no.
    YesNo(bool),
    /// A day.
    Date(i32),
    /// A place in a list.
    Choice(u32),
}

impl Range {
    /// One value.
    pub fn only(at: Exact) -> Self {
        let end = RangeEnd { at, included: true };
        Self { from: Some(end.clone()), to: Some(end) }
    }

    /// Whether a number lies in it.
    pub fn holds(&self, x: &Exact) -> bool {
        let from = self.from.as_ref().is_none_or(|end| if end.included { *x >= end.at } else { *x > end.at });
        let to = self.to.as_ref().is_none_or(|end| if end.included { *x <= end.at } else { *x < end.at });
        from && to
    }
}

impl CellTest {
    /// Whether a number, or nothing, passes. Texts are not asked here.
    pub fn passes(&self, x: Option<&Exact>) -> bool {
        match (self, x) {
            (Self::Any, _) | (Self::Known, Some(_)) | (Self::Unknown, None) => true,
            (Self::Ranges(ranges), Some(x)) => ranges.iter().any(|range| range.holds(x)),
            (Self::Known | Self::Ranges(_) | Self::Texts { .. }, None)
            | (Self::Unknown | Self::Texts { .. }, Some(_)) => false,
        }
    }

    /// Whether a text passes.
    pub fn passes_text(&self, text: &str) -> bool {
        match self {
            Self::Any | Self::Known => true,
            Self::Unknown | Self::Ranges(_) => false,
            Self::Texts { texts, negated } => texts.iter().any(|known| known == text) != *negated,
        }
    }
}

impl Constant {
    /// The number that stands for it among others of its type.
    pub fn number(&self) -> Exact {
        match self {
            Self::Number(value) => value.clone(),
            Self::YesNo(value) => Exact::from(u8::from(*value)),
            Self::Date(day) => Exact::from(*day),
            Self::Choice(place) => Exact::from(*place),
        }
    }
}

impl Table {
    /// Whether the values of a column are whole numbers, so that nothing lies between two that follow one another.
    pub fn is_discrete(ty: Type) -> bool {
        matches!(ty, Type::Count | Type::Date | Type::Period(_) | Type::Choice(_) | Type::YesNo)
    }

    /// The place of a result by its name.
    pub fn result(&self, name: &str) -> Option<u32> {
        self.results.iter().position(|result| result.name == name).map(|place| place as u32)
    }
}

/// The first and last number that a discrete type has, with what it is called at that end; none where there is no end.
pub fn extent(ty: Type, n_choices: usize) -> (Option<i64>, Option<i64>) {
    match ty {
        Type::Choice(_) => (Some(0), Some(n_choices as i64 - 1)),
        Type::YesNo => (Some(0), Some(1)),
        Type::Date | Type::Period(_) => (Some(i64::from(Days::ALL.from)), Some(i64::from(Days::ALL.to))),
        _ => (None, None),
    }
}
