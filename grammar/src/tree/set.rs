//! Sets, the aggregates over them and their windows.

use super::*;
use crate::span::Span;
use serde::Serialize;

/// Aggregates over a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// `sum of X in SET`
    Sum,
    /// `count of SET`
    Count,
    /// `average of X in SET`
    Average,
    /// `smallest of X in SET`
    Smallest,
    /// `largest of X in SET`
    Largest,
    /// `count of distinct X in SET`
    CountDistinct,
}

/// `deal`, `payments from RULE`, `(deal by PATH where C to date)`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Set {
    /// The rows.
    pub source: SetSource,
    /// `of this`, `of everyone`
    pub of: Option<SetOf>,
    /// `by PATH`
    pub by: Option<Path>,
    /// `where CONDITION`
    pub condition: Option<Box<Expr>>,
    /// `to date`, `previous quarter`, …
    pub window: Option<Window>,
    /// `, unknown means no`
    pub unknown: Option<UnknownMeans>,
    /// Its place.
    pub span: Span,
}

/// Whose rows a set takes, where neither a path nor a condition says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetOf {
    /// `(line of this)`: those that refer to the rule's row.
    This,
    /// `(deal of everyone)`: everybody's, also in a rule per entity and period.
    Everyone,
}

/// One row of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OneRow {
    /// `the (SET)`: the set can have but one.
    Only,
    /// `earliest (SET)`
    Earliest,
    /// `latest (SET)`
    Latest,
    /// `highest by PATH (SET)`
    Highest,
    /// `lowest by PATH (SET)`
    Lowest,
}

/// Which rows a set takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetSource {
    /// An event, an entity, or a set that a `let` names.
    Event(Name),
    /// `payments from RULE`
    Payments(Name),
    /// `decision from RULE`
    Decisions(Name),
}

/// Which rows by time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    /// Which.
    pub kind: WindowKind,
    /// Its place.
    pub span: Span,
}

/// Windows of a set.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// `to date`
    ToDate,
    /// `previous quarter`, `previous 4 quarters`
    Previous {
        /// How many; one where it is not written, nothing where it is no whole number.
        count: Option<u32>,
        /// Of what.
        period: Name,
    },
    /// `before this`
    BeforeThis,
    /// `within 180 days`
    Within(Box<Expr>),
    /// `last 12 months`, `last 4 quarters`
    Last {
        /// How many; nothing where it is no whole number.
        count: Option<u32>,
        /// Of what, in the plural.
        unit: Name,
    },
    /// `same quarter last year`
    SameLastYear(Name),
    /// `in the whole quarter`
    Whole(Name),
    /// `ever`
    Ever,
}
