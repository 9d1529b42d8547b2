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
    /// `by PATH`
    pub by: Option<Path>,
    /// `where CONDITION`
    pub condition: Option<Box<Expr>>,
    /// `to date`, `previous quarter`, …
    pub window: Option<Window>,
    /// Its place.
    pub span: Span,
}

/// Which rows a set takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetSource {
    /// An event.
    Event(Name),
    /// `payments from RULE`
    Payments(Name),
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
    /// `previous quarter`
    Previous(Name),
    /// Not supported yet: `before this`, `within N days`, `same quarter last year`, `ever`
    Unsupported(Unsupported),
}
