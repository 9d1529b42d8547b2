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
#[expect(clippy::large_enum_variant, reason = "a rule has a handful of them, and they are made once")]
pub enum ClauseKind {
    /// `for each deal`, `for each partner per quarter`
    ForEach {
        /// The event or entity.
        subject: Name,
        /// `per quarter`; [`OWN_PERIOD`](super::OWN_PERIOD) for a year of the party's own.
        per: Option<Name>,
        /// The date from which the party's own years are counted: `per year from joined_on`.
        from: Option<Path>,
        /// `by signed_on`
        by: Option<Path>,
    },
    /// `for each payment from RULE`, `for each credit from RULE`
    ForEachPayment {
        /// The rule whose payments are read.
        rule: Name,
        /// `credit`, where credits of its split are read.
        credit: Option<Span>,
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
    /// `first per K [and K2] per P`, `first 5 per K [and K2] ever`
    FirstPer {
        /// How many, as written, and its place; one where none is said.
        most: Option<Text>,
        /// Every name after a `per` or `and`; which one is a period is decided later.
        per: Vec<Path>,
        /// `ever`
        ever: Option<Span>,
    },
    /// `ranked by X [, share prizes | , to the earliest | , keep rank]`
    RankedBy {
        /// By what.
        measure: Expr,
        /// What becomes of a tie; a tie is a mistake where nothing is said.
        ties: Option<Ties>,
        /// Where that is written.
        ties_span: Option<Span>,
    },
    /// `keep top N`
    KeepTop(Expr),
    /// `pay PAYEE AMOUNT`
    Pay {
        /// Who is paid; missing when one expression alone was written.
        payee: Option<Expr>,
        /// How much.
        amount: Expr,
        /// `, unknown means nobody`
        unknown: Option<UnknownMeans>,
    },
    /// `pay split AMOUNT { … }`, `pay split AMOUNT among SET MODEL to PAYEE`
    PaySplit {
        /// What is divided.
        amount: Expr,
        /// Among whom.
        parties: Parties,
        /// `spare in listed order`
        spare: Option<Spare>,
        /// `, unknown means nobody`
        unknown: Option<UnknownMeans>,
    },
    /// `pay each STEP above PATH up to N levels AMOUNT`
    PayEach {
        /// Who is paid: with a chain.
        way: Way,
        /// How much each is paid, which reads the receiver as `each`.
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
        /// `, pro rata`
        pro_rata: Option<Span>,
    },
    /// `at most N payments per K [and K2] per P`
    AtMostPayments {
        /// How many.
        most: Expr,
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
    /// `, due D`
    Due {
        /// The day.
        day: Expr,
        /// `, unknown means D`
        unknown: Option<UnknownMeans>,
    },
    /// `in N parts per P`
    InParts {
        /// How many; none where the number is not a whole one above zero.
        number: Option<u32>,
        /// Where that is written.
        number_span: Span,
        /// The period at whose end each part is due.
        period: Name,
    },
    /// `hold until M per K [, paid per P] [, all at the end]`
    Hold {
        /// From how much on it is paid out.
        until: Expr,
        /// Every name after a `per` or `and`.
        per: Vec<Path>,
        /// `paid per P`
        paid_per: Option<Name>,
        /// `all at the end`
        all_at_end: Option<Span>,
    },
    /// `add X to B [of PATH] [at start] [until D]`
    Add {
        /// How much.
        amount: Expr,
        /// To what.
        account: Account,
        /// `at start`
        at_start: Option<Span>,
        /// `until D`: its last day.
        until: Option<Expr>,
    },
    /// `returns change nothing`, `returns within 90 days`, `returns take back what was paid`, `returns take back what was added`
    Returns(Returns),
}

impl ClauseKind {
    /// Whether it pays somebody, or takes back.
    pub fn pays(&self) -> bool {
        matches!(self, Self::Pay { .. } | Self::PaySplit { .. } | Self::PayEach { .. } | Self::TakeBack { .. })
    }
}

/// What a rule says of returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Returns {
    /// `change nothing`
    ChangeNothing,
    /// `within N days`; none where it is no whole number.
    Within(Option<u32>),
    /// `take back what was paid`
    TakeBackPaid,
    /// `take back what was added`
    TakeBackAdded,
}

/// What becomes of those who have one rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// `share prizes`: they share equally what the places that they take up are paid.
    SharePrizes,
    /// `to the earliest`: whose measure was complete first comes first.
    ToTheEarliest,
    /// `keep rank`: each is paid as of that rank.
    KeepRank,
}

/// A balance, and whose: `mdf of deal.partner`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    /// The balance.
    pub balance: Name,
    /// `of PATH`; the row's own where it is not said.
    pub of: Option<Path>,
    /// Both.
    pub span: Span,
}

/// `choose highest per deal { rule … rule … }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choose {
    /// Which of the rules pay a row.
    pub policy: ChoosePolicy,
    /// What the rules are for each: `deal`, or `partner` and `quarter`.
    pub per: Vec<Name>,
    /// The rules, as written.
    pub rules: Vec<Name>,
    /// What stands before the brace.
    pub span: Span,
}

/// Which rules of a choice pay a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a rule has a handful of them, and they are made once")]
pub enum ChoosePolicy {
    /// The one that pays most.
    Highest,
    /// The first that pays something.
    First,
    /// All of them, up to an amount.
    AllUpTo(Expr),
}

/// Among whom an amount is divided.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a rule has a handful of them, and they are made once")]
pub enum Parties {
    /// `{ 60% to partner   rest to desk }`
    Listed(Vec<SplitPart>),
    /// `among SET MODEL to PAYEE`
    Found {
        /// The rows, each of which is a part.
        set: Set,
        /// By what they share.
        model: CreditModel,
        /// Who is paid for a row.
        payee: Expr,
    },
}

/// One of the listed parts of a split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitPart {
    /// How much of the whole.
    pub take: SplitTake,
    /// To whom.
    pub to: SplitTo,
    /// The whole part.
    pub span: Span,
}

/// How much a listed part is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitTake {
    /// `60%`, of the whole.
    Share(Expr),
    /// `up to $10`, of what the parts before it have left.
    UpTo(Expr),
    /// `rest`
    Rest,
}

/// To whom a listed part goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a rule has a handful of them, and they are made once")]
pub enum SplitTo {
    /// `to PAYEE`
    Payee(Expr),
    /// `kept`: to nobody.
    Kept,
    /// `split { … }`: it is divided again.
    Split(Vec<SplitPart>),
}

/// By what found rows share an amount.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a rule has a handful of them, and they are made once")]
pub enum CreditModel {
    /// `by equal shares`
    EqualShares,
    /// `by weight EXPR`
    Weight(Expr),
    /// `in order up to EXPR`
    InOrder(Expr),
    /// `first touch`
    FirstTouch,
    /// `last touch`
    LastTouch,
    /// `40% first 20% middle 40% last`
    Places {
        /// Of the first row.
        first: Expr,
        /// Of all rows between, together.
        middle: Expr,
        /// Of the last row.
        last: Expr,
    },
    /// `halving every 30 days`
    Halving {
        /// The days, as written.
        days: String,
        /// Their place.
        span: Span,
    },
    /// `each in full`
    InFull,
}

impl CreditModel {
    /// Its values, of the rows found.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Weight(value) | Self::InOrder(value) => vec![value],
            Self::Places { first, middle, last } => vec![first, middle, last],
            Self::EqualShares | Self::FirstTouch | Self::LastTouch | Self::Halving { .. } | Self::InFull => Vec::new(),
        }
    }
}

/// Where the cents go that cut down shares leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Spare {
    /// `spare to the largest fraction`, which is the default.
    LargestFraction,
    /// `spare in listed order`
    ListedOrder,
    /// `spare to the largest share`
    LargestShare,
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
