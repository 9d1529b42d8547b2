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
    /// `by PATH or PATH`; none where it is not said to whom the rows belong.
    pub by: Vec<Way>,
    /// `where CONDITION`
    pub condition: Option<Box<Expr>>,
    /// `to date`, `previous quarter`, …
    pub window: Option<Window>,
    /// `, unknown means no`
    pub unknown: Option<UnknownMeans>,
    /// `, as it stood`
    pub as_it_stood: Option<Span>,
    /// Its place.
    pub span: Span,
}

impl Set {
    /// All rows of a source, with nothing else said.
    pub fn plain(source: SetSource, span: Span) -> Self {
        let by = Vec::new();
        Self { source, of: None, by, condition: None, window: None, unknown: None, as_it_stood: None, span }
    }
}

/// How rows belong to somebody: a row is in a set once when one of the ways leads to whom it asks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Way {
    /// The path, or where a chain begins.
    pub path: Path,
    /// `each STEP above PATH up to N levels`
    pub chain: Option<Chain>,
    /// Its place.
    pub span: Span,
}

/// `each STEP above … up to N levels`: those whom the step leads to, again and again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chain {
    /// The step, a field of the row that the path leads to, and of each above it.
    pub step: Name,
    /// How often; none where it is no whole number above zero.
    pub levels: Option<u32>,
    /// The number's place.
    pub levels_span: Span,
}

/// How the receiver of a payment up a chain is called.
pub const EACH: &str = "each";
/// Its level, from 1.
pub const DEPTH: &str = "depth";

impl Way {
    /// The paths that it stands for.
    pub fn paths(&self) -> Vec<Path> {
        let Some(chain) = &self.chain else { return vec![self.path.clone()] };
        let levels = chain.levels.unwrap_or(0) as usize;
        let parts =
            |n_steps| self.path.parts.iter().chain(std::iter::repeat_n(&chain.step, n_steps)).cloned().collect();
        (1..=levels).map(|n_steps| Path { parts: parts(n_steps), span: self.span }).collect()
    }
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
    /// `credit from RULE`
    Credits(Name),
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
