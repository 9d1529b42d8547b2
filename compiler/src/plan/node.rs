//! The streams of rows and the nodes of a rule.

use super::*;
use meed_grammar::span::Span;

/// The rows a rule reads, in the order of `when`, then key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The rows of an event.
    Events(RecordId),
    /// The rows of an event that have this date, in its order: a path from the row.
    ByDate(RecordId, Vec<FieldId>),
    /// An entity's rows times the periods that touch the program's life and have begun.
    Periods(RecordId, Period),
    /// The payment lines, after limits, of all versions of a rule, or the credits of the rows that its split found.
    Lines(RuleId, LineKind),
}

/// What rows that a rule made are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// Its payments, with what returns take back of them.
    Payment,
    /// Its payments, without what returns take back of them: what it pays a row.
    Original,
    /// What rows found by its split are credited with, before limits.
    Credit,
}

impl LineKind {
    /// As the language calls one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Payment | Self::Original => "payment",
            Self::Credit => "credit",
        }
    }
}

impl Stream {
    /// The same rows in whatever order: those of an event by another date are the event's.
    pub fn rows(&self) -> Self {
        self.event().map_or_else(|| self.clone(), Self::Events)
    }

    /// The event whose rows these are, by its own day or another.
    pub fn event(&self) -> Option<RecordId> {
        match self {
            Self::Events(record) | Self::ByDate(record, _) => Some(*record),
            Self::Periods(..) | Self::Lines(..) => None,
        }
    }
}

/// A node of a rule: what it does with a row. A row that fails a filter, or is not the first, goes no further.
#[derive(Clone, Debug)]
pub enum Node {
    /// Sums over every accepted row of the stream, matched or not: comes before all filters.
    TotalOfAll {
        /// The state.
        state: StateId,
        /// Which rows add (a bracketed set), or all.
        filter: Option<Expr>,
        /// What each adds.
        summands: Vec<Expr>,
    },
    /// The row's day must lie in the rule's range. Stands before `where`, or behind a first that looks back.
    Active,
    /// The row's day must not be after the rule's range: rows before it are only looked at for a first `ever`.
    Until,
    /// `where`; an unknown condition does not hold.
    Keep(Expr),
    /// `let`
    Let(LocalId, Expr),
    /// `first per`
    First {
        /// How many of a key were there.
        state: StateId,
        /// So many go on.
        most: u8,
    },
    /// Sums over the rows that came this far: what adds up, and running levels.
    Total {
        /// The state.
        state: StateId,
        /// What each adds.
        summands: Vec<Expr>,
    },
    /// `set`: the local's value is written out.
    Set(DecisionId, LocalId),
    /// `ranked by`: what is behind it is done once the ranks of the period are known.
    Rank(Rank),
    /// `take … from`: what is got goes to [`Op::Taken`]. No condition is behind it.
    TakeFrom(TakeFrom),
    /// What the row earns, rounded: a line in the making.
    Emit(Emit),
    /// `add … to`
    Add(Add),
    /// It is paid only if its rule is chosen for the row.
    Choose(StackingId),
    /// The line in the making becomes one for each party that it is divided among.
    Share(Share),
    /// A limit on the line in the making, or on each that it was divided into.
    Limit(Limit),
    /// The line is done: the last node of a rule that pays.
    Pay(Pay),
}

/// A line in the making: `round(factor * worth after) - round(factor * worth before)`, rounded by the unit.
///
/// Where the unit says `each line` it is `round(factor * (after - before))` instead, and the run reports by how much the lines
/// miss the total.
#[derive(Clone, Debug, PartialEq)]
pub struct Emit {
    /// A reference; a missing payee is nobody. None where the line is divided.
    pub payee: Option<Expr>,
    /// Where it is of one of several kinds: whether anybody is, a yes/no. None where there always is somebody.
    pub somebody: Option<Expr>,
    /// k of this row; 1 if none is said.
    pub factor: Option<Expr>,
    /// What is rounded. Missing it is no line. Levels of the owner in it have [`Side::Current`].
    pub worth: Expr,
    /// Along what it is rounded.
    pub owner: Owner,
    /// In what it is paid, which owns the decimals and the rounding.
    pub unit: UnitId,
    /// Its place.
    pub span: Span,
}

/// Along what lines are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The row alone: nothing is before it.
    Row,
    /// A total: what it is worth without this row and with it. Before its first row it is worth 0.
    Total(StateId),
}

/// The end of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Pay {
    /// `take back`: the sign is turned, after the limits.
    pub negative: bool,
    /// The day on which it is due, a date that is known, where the rule says one.
    pub due: Option<Expr>,
    /// The parts in which it is paid, where the rule says so.
    pub installments: Option<Installments>,
}

/// Equal parts of a line, spare cents in the first ones, each due on the last day of a period: of the one that holds the line's day, and
/// of the next ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Installments {
    /// How many, at least one.
    pub number: u32,
    /// The period.
    pub period: Period,
}

impl Node {
    /// What it remembers.
    pub fn state(&self) -> Option<StateId> {
        match self {
            Self::TotalOfAll { state, .. } | Self::First { state, .. } | Self::Total { state, .. } => Some(*state),
            Self::Limit(limit) => limit.state(),
            Self::Active
            | Self::Until
            | Self::Keep(_)
            | Self::Let(..)
            | Self::Set(..)
            | Self::Rank(_)
            | Self::TakeFrom(_)
            | Self::Emit(_)
            | Self::Add(_)
            | Self::Choose(_)
            | Self::Share(_)
            | Self::Pay(_) => None,
        }
    }
}

impl Limit {
    /// M, or N.
    pub fn bound(&self) -> &Expr {
        match self {
            Self::PerPayment(bound)
            | Self::AtMost { amount: bound, .. }
            | Self::Payments { most: bound, .. }
            | Self::AtLeast { amount: bound, .. } => bound,
        }
    }

    /// What it remembers.
    pub fn state(&self) -> Option<StateId> {
        match self {
            Self::PerPayment(_) => None,
            Self::AtMost { state, .. } | Self::Payments { state, .. } | Self::AtLeast { state, .. } => Some(*state),
        }
    }
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
    /// A line above zero is none once so many were counted; others pass.
    Payments {
        /// So many, a whole number.
        most: Expr,
        /// How many were counted, kind [`StateKind::Paid`].
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
