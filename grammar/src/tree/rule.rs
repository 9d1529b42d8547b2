//! Rules and their clauses.

use super::*;
use crate::span::Span;
use serde::Serialize;

/// `rule NAME "title" { … }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// Its name: its key in ledgers and reports.
    pub name: Name,
    /// Its title.
    pub title: Option<Text>,
    /// Its clauses, as written; their order is checked later.
    pub clauses: Vec<Clause>,
    /// The whole item.
    pub span: Span,
}

/// A clause of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clause {
    /// What it says.
    pub kind: ClauseKind,
    /// Its place.
    pub span: Span,
}

/// What a clause says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClauseKind {
    /// `for each deal`, `for each partner per quarter`
    ForEach {
        /// The event or entity.
        subject: Name,
        /// `per quarter`
        per: Option<Name>,
        /// `by signed_on`
        by: Option<Path>,
    },
    /// `for each payment from RULE`
    ForEachPayment {
        /// The rule whose payments are read.
        rule: Name,
    },
    /// `active FROM to TO`
    Active(Active),
    /// `where CONDITION`
    Where {
        /// The condition.
        condition: Expr,
        /// `, unknown means no`
        unknown: Option<UnknownMeans>,
    },
    /// `let NAME = VALUE`
    Let {
        /// Its name.
        name: Name,
        /// Its value.
        value: Expr,
        /// `, unknown means 0`
        unknown: Option<UnknownMeans>,
    },
    /// `set NAME to VALUE`
    Set {
        /// The decision's name.
        name: Name,
        /// Its value.
        value: Expr,
        /// `, unknown means 0`
        unknown: Option<UnknownMeans>,
    },
    /// `first per K [and K2] per P`, `first per K [and K2] ever`
    FirstPer {
        /// Every name after a `per` or `and`; which one is a period is decided later.
        per: Vec<Path>,
        /// `ever`
        ever: Option<Span>,
    },
    /// `pay PAYEE AMOUNT`
    Pay {
        /// Who is paid; missing when one expression alone was written.
        payee: Option<Expr>,
        /// How much.
        amount: Expr,
        /// `, unknown means nobody`
        unknown: Option<UnknownMeans>,
    },
    /// `take back from PAYEE AMOUNT`
    TakeBack {
        /// From whom.
        payee: Option<Expr>,
        /// How much.
        amount: Expr,
        /// `, unknown means nobody`
        unknown: Option<UnknownMeans>,
    },
    /// `at most M per K [and K2] per P`
    AtMost {
        /// The limit.
        amount: Expr,
        /// Every name after a `per` or `and`.
        per: Vec<Path>,
    },
    /// `at least M per K per P`
    AtLeast {
        /// The guarantee.
        amount: Expr,
        /// Every name after a `per` or `and`.
        per: Vec<Path>,
    },
    /// A clause not supported yet.
    Unsupported(Unsupported),
}

/// `unknown means yes | no | 0 | nobody`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnknownMeans {
    /// What it means.
    pub kind: UnknownMeansKind,
    /// Its place.
    pub span: Span,
}

/// What a missing value stands for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownMeansKind {
    /// `yes`
    Yes,
    /// `no`
    No,
    /// `nobody`
    Nobody,
    /// A value, as `0`
    Value(Box<Expr>),
}
