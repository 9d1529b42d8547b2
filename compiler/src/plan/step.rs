//! The streams of rows and the steps of a rule.

use super::*;
use meed_grammar::span::Span;

/// The rows a rule reads, in the order of `when`, then key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The rows of an event.
    Events(RecordId),
    /// An entity's rows times the periods that touch the program's life and have begun.
    Periods(RecordId, Period),
    /// The payment lines, after limits, of all versions of a rule.
    Lines(RuleId),
}

/// What a rule does with a row, in order. A row that fails a filter, or is not the first, goes no further.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sums over every accepted row of the stream, matched or not: stands before all filters.
    AccumulateAll {
        /// The state.
        state: StateId,
        /// Which rows add (a bracketed set), or all.
        filter: Option<Expr>,
        /// What each adds.
        atoms: Vec<Expr>,
    },
    /// The row's day must lie in the rule's range. Stands before `where`, or behind a first that looks back.
    Active,
    /// The row's day must not be after the rule's range: rows before it are only looked at for a first `ever`.
    Until,
    /// `where`; an unknown condition does not hold.
    Filter(Expr),
    /// `let`
    Let(LocalId, Expr),
    /// `first per`
    First(StateId),
    /// Sums over the rows that came this far: what adds up, and running levels.
    Accumulate {
        /// The state.
        state: StateId,
        /// What each adds.
        atoms: Vec<Expr>,
    },
    /// `set`: the local's value is written out.
    Set(DecisionId, LocalId),
    /// `pay` or `take back`
    Pay(Pay),
    /// A limit on the rounded line.
    Limit(Limit),
}

/// `pay PAYEE AMOUNT`, rounded by the unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Pay {
    /// A reference; a missing payee is nobody.
    pub payee: Expr,
    /// How much.
    pub amount: Amount,
    /// `take back`: the sign is turned after the limits.
    pub take_back: bool,
    /// Its place.
    pub span: Span,
}

/// How an amount becomes a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// Rounded alone. A missing amount is no payment.
    Plain(Expr),
    /// `round(factor * body(after)) - round(factor * body(before))`, the rounding along the total; the first row of an
    /// accumulation has 0 before. Where the unit says `each line` it is `round(factor * (body(after) - body(before)))`,
    /// and the run reports by how much the lines miss the total.
    AlongTotal {
        /// k of this row.
        factor: Option<Expr>,
        /// The accumulation.
        state: StateId,
        /// F of what adds up; levels inside have [`View::Turn`].
        body: Expr,
    },
}

/// A limit, acting on what the one before left, in smallest units.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// Cuts at M and at -M; M is rounded toward zero to smallest units.
    PerPayment(Expr),
    /// The line is the change of min(Σ, M); M is rounded toward zero to smallest units.
    AtMost {
        /// M.
        amount: Expr,
        /// Σ, kind [`StateKind::Paid`].
        state: StateId,
    },
    /// In a rule per entity and period: at the last of the rule's periods in `period`, if that has ended
    /// ([`Plan::has_ended`](super::Plan::has_ended)), the shortfall to M is added; M is rounded away from zero to smallest
    /// units.
    AtLeast {
        /// M.
        amount: Expr,
        /// Σ per entity and `period`, kind [`StateKind::Paid`].
        state: StateId,
        /// The period of the guarantee.
        period: Period,
    },
}
