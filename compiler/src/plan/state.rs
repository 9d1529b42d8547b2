//! What a program remembers: keyed states, matches and folds of them, decisions.

use super::*;
use meed_grammar::span::Span;

/// What a state is kept per: the values of paths of a stream's row, and the period that holds its `when`.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Whose rows.
    pub stream: Stream,
    /// Whether who gets a line is the first part: the key is then one of lines.
    pub of_payee: bool,
    /// The parts of the key, fields only. A row with a missing part has no slot and must not be touched.
    pub parts: Vec<Expr>,
    /// The period.
    pub period: Option<Period>,
}

/// A keyed state, an associative thing per slot. Versions of one rule share theirs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The rule that keeps it.
    pub rule: RuleId,
    /// Its key.
    pub key: KeyId,
    /// What is kept.
    pub kind: StateKind,
}

/// What a state keeps per slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// How many rows have passed, as far as it is counted.
    Seen,
    /// Sums, one per summand, each a whole number of `1/den` where `den` is known while compiling, else an exact fraction;
    /// and whether any row was taken in.
    Sums {
        /// The denominators.
        denominators: Vec<Option<i64>>,
        /// Whether the last is no sum of its own, but the highest that the one before it has reached, from zero on.
        highest: bool,
    },
    /// The sum of rounded lines, in smallest units, or how many lines there were.
    Paid,
}

/// Which rows of an event, or which lines of a rule, belong to a row of a rule per entity and period.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The rule whose rows they belong to.
    pub rule: RuleId,
    /// The rows.
    pub stream: Stream,
    /// The entity of the rule.
    pub entity: RecordId,
    /// The path from the row to that entity.
    pub key: Expr,
    /// Which of them are in.
    pub also: Option<Expr>,
    /// The rule's period.
    pub period: Period,
    /// Which rows by time.
    pub window: Window,
    /// At the end of which period they are read as they stood, without what returns took off them later, if they are: the rule's own or a
    /// longer one.
    pub stood: Option<Period>,
}

/// An aggregate over matched rows, ready before the rule runs that reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// The rows.
    pub over: MatchId,
    /// What is asked.
    pub function: FoldFunction,
    /// Its place.
    pub span: Span,
}

/// Rows of which time, seen from the rule's period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// Those of the period itself.
    Own,
    /// All up to the last day of the period.
    ToDate,
    /// Those of the period of this length before the one that holds the last day of the rule's period.
    Previous(Period),
    /// Those of the period of this length that stands in the year before where the one with that day stands.
    SameLastYear(Period),
}

/// Aggregates. Of no rows a sum and a count are 0, the others missing.
#[derive(Clone, Debug, PartialEq)]
pub enum FoldFunction {
    /// The sum, a whole number of `1/den` where `den` is known while compiling.
    Sum(Expr, Option<i64>),
    /// How many rows.
    Count,
    /// The smallest; numbers as whole numbers of `1/den`, or days, or places in a list.
    Smallest(Expr, Option<i64>),
    /// The largest.
    Largest(Expr, Option<i64>),
    /// How many different values (codes, rows, days or numbers).
    Distinct(Expr),
}

impl FoldFunction {
    /// The denominator of its values, if it is known while compiling.
    pub fn den(&self) -> Option<i64> {
        match self {
            Self::Sum(_, den) | Self::Smallest(_, den) | Self::Largest(_, den) => *den,
            Self::Count | Self::Distinct(_) => Some(1),
        }
    }

    /// Whether it has a value also of no rows.
    pub fn is_always_known(&self) -> bool {
        match self {
            Self::Sum(..) | Self::Count | Self::Distinct(_) => true,
            Self::Smallest(..) | Self::Largest(..) => false,
        }
    }

    /// What is aggregated; none for a count.
    pub fn value(&self) -> Option<&Expr> {
        match self {
            Self::Sum(value, _) | Self::Smallest(value, _) | Self::Largest(value, _) | Self::Distinct(value) => {
                Some(value)
            }
            Self::Count => None,
        }
    }

    /// The type of what is aggregated; none for a count.
    pub fn value_type(&self) -> Option<Type> {
        match self {
            Self::Sum(value, _) | Self::Smallest(value, _) | Self::Largest(value, _) => Some(value.ty),
            Self::Count | Self::Distinct(_) => None,
        }
    }
}

/// A decision: a value that a rule sets for its row, written out, and read by other rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Its name.
    pub name: String,
    /// Whose rows it belongs to.
    pub stream: Stream,
    /// Its type.
    pub ty: Type,
}

impl Plan {
    /// Which of a state's sums is the highest that another has reached, if one is.
    pub fn highest_of(&self, state: StateId) -> Option<usize> {
        match &self.states[state.index()].kind {
            StateKind::Sums { denominators, highest: true } => Some(denominators.len() - 1),
            StateKind::Sums { .. } | StateKind::Seen | StateKind::Paid => None,
        }
    }
}
