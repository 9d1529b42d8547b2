//! What the language has and this version refuses, each with its reason.
//!
//! Every refusal is one of [`Later`], so that `docs/status.md` and the tests can list all of them.

use meed_grammar::problem::Problem;
use meed_grammar::span::Span;

/// A part of the language that is read and not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// `ignoring case` for other types than `one of`.
    IgnoringCase,
    /// An amount of another row than the set's in another currency.
    OtherRowsCurrency,
    /// A `let` inside the brackets of a set that is tied by a path which can be missing.
    LetInSet,
    /// A total per a dated field, or per something of a row that is found.
    TotalPerFoundRow,
    /// `at start` of years of each party's own.
    AtStartOfOwnYears,
    /// A guarantee for years of each party's own.
    GuaranteeOfOwnYears,
    /// A budget that is shared in proportion over rows by another date.
    BudgetByDate,
    /// In a rule of which returns take back what was added a set that is found row by row.
    AgainRowByRow,
    /// In a rule whose payments are shared in proportion a set that is found row by row.
    ProRataRowByRow,
    /// `as it stood` in a rule for years of each party's own.
    StoodInOwnYears,
    /// `as it stood` in a set that is found row by row.
    StoodRowByRow,
    /// `as it stood` of payments or credits.
    StoodOfLines,
    /// A running level inside what looks at every row.
    RunningInEveryRow,
    /// A window in a running level.
    RunningWindow,
    /// A running level over payments.
    RunningPayments,
    /// A running level over another event than the rule's.
    RunningOtherEvent,
    /// What adds up inside what looks at every row.
    AddsUpInEveryRow,
    /// `at its highest` of what totals make together.
    HighestOfSeveral,
    /// `before this` between two events that both have a time of day.
    BeforeThisWithTimes,
    /// An event whose rows two others take back.
    TakenBackBySeveral,
}

impl Later {
    /// All of them, in the order of `docs/status.md`.
    pub const ALL: &[Self] = &[
        Self::IgnoringCase,
        Self::OtherRowsCurrency,
        Self::LetInSet,
        Self::TotalPerFoundRow,
        Self::AtStartOfOwnYears,
        Self::GuaranteeOfOwnYears,
        Self::BudgetByDate,
        Self::AgainRowByRow,
        Self::ProRataRowByRow,
        Self::StoodInOwnYears,
        Self::StoodRowByRow,
        Self::StoodOfLines,
        Self::RunningInEveryRow,
        Self::RunningWindow,
        Self::RunningPayments,
        Self::RunningOtherEvent,
        Self::AddsUpInEveryRow,
        Self::HighestOfSeveral,
        Self::BeforeThisWithTimes,
        Self::TakenBackBySeveral,
    ];

    /// What it is, in the designer's words.
    pub fn what(self) -> &'static str {
        match self {
            Self::IgnoringCase => "`ignoring case` for other types than `one of`",
            Self::OtherRowsCurrency => "an amount of another row than the set's in another currency",
            Self::LetInSet => "a `let` inside the brackets of a set that is tied by a path which can be missing",
            Self::TotalPerFoundRow => "a total per a dated field, or per something of a row that is found",
            Self::AtStartOfOwnYears => "`at start` of years of each party's own",
            Self::GuaranteeOfOwnYears => "a guarantee for years of each party's own",
            Self::BudgetByDate => "a budget that is shared in proportion over rows by another date",
            Self::AgainRowByRow => "in a rule of which returns take back what was added a set that is found row by row",
            Self::ProRataRowByRow => "in a rule whose payments are shared in proportion a set that is found row by row",
            Self::StoodInOwnYears => "`as it stood` in a rule for years of each party's own",
            Self::StoodRowByRow => "`as it stood` in a set that is found row by row",
            Self::StoodOfLines => "`as it stood` of payments or credits",
            Self::RunningInEveryRow => "a running level inside what looks at every row",
            Self::RunningWindow => "a window in a running level",
            Self::RunningPayments => "a running level over payments",
            Self::RunningOtherEvent => "a running level over another event than the rule's",
            Self::AddsUpInEveryRow => "what adds up inside what looks at every row",
            Self::HighestOfSeveral => "`at its highest` of what totals make together",
            Self::BeforeThisWithTimes => "`before this` between two events that both have a time of day",
            Self::TakenBackBySeveral => "an event whose rows two others take back",
        }
    }

    /// Why it is not there.
    pub fn why(self) -> &'static str {
        match self {
            Self::IgnoringCase => "a key or a text is compared as it is written; a list of values has few spellings",
            Self::OtherRowsCurrency => "rates are looked up by the day of the row that is converted",
            Self::LetInSet => "a row that nobody is tied to has no such value; write what the `let` stands for",
            Self::TotalPerFoundRow => "what adds up is kept by fields of the row and of what it refers to",
            Self::AtStartOfOwnYears => "money is there from the first day of calendar periods only",
            Self::GuaranteeOfOwnYears => "guarantees are trued up at the ends of calendar periods",
            Self::BudgetByDate => "a budget is shared at the end of the period of the row's own day",
            Self::AgainRowByRow => "a period is worked out again from sums that are gathered by period",
            Self::ProRataRowByRow => {
                "a budget reads each period as it stood on its last day, which sets gathered by period can tell"
            }
            Self::StoodInOwnYears => "what stood is known for the ends of calendar periods",
            Self::StoodRowByRow => "what stood is known for sets that are gathered by period",
            Self::StoodOfLines => "payments and credits are those of the run's day",
            Self::RunningInEveryRow => "levels are kept for the rows that a rule takes in",
            Self::RunningWindow => "a running level is of all rows so far",
            Self::RunningPayments => "a running level counts rows of the rule's own event",
            Self::RunningOtherEvent => {
                "a running level counts rows of the rule's own event; a set `to date` asks another"
            }
            Self::AddsUpInEveryRow => "totals are kept for the rows that a rule takes in",
            Self::HighestOfSeveral => "the highest of an amount is not made of the highest of its parts",
            Self::BeforeThisWithTimes => "moments order the rows of one event, and are not kept to compare two",
            Self::TakenBackBySeveral => "what is left of a row is kept for one event that takes it back",
        }
    }
}

/// The problem of a part of the language that this version reads but does not run.
pub(crate) fn later(span: Span, what: Later) -> Problem {
    Problem::error("not-supported", span, format!("{} is not supported yet", what.what()))
        .help("this version of Meed reads it but cannot run it; remove it for now")
}
