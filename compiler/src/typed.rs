//! The typed tree: a program whose names are found and whose types are known, clause by clause as it is written.
//!
//! Comes from `types`; `lower` makes the [`Plan`](crate::plan::Plan) of it, and an editor reads it beside [`Places`]. It
//! has what the Plan has not: bands as they are written, the amount of a `pay` as one expression, totals and aggregates
//! where they are. Expressions are those of the Plan, but for two numbers: inside a version, [`Op::Level`] counts its
//! [`Version::totals`] and [`Op::Fold`] its [`Version::folds`]. A rule with a problem is not in it.
//!
//! [`Op::Level`]: crate::plan::Op::Level
//! [`Op::Fold`]: crate::plan::Op::Fold

mod lets;
mod places;
mod schedule;
mod walk;

pub use lets::{Defined, Extent, Lets, WRITTEN_OUT, extent, inline};
pub use places::{Places, Use};
pub use schedule::{Band, BandPays, Beyond, Edge, Schedule, Shape};
pub use walk::{every, exprs_of_version, walk, without_places};

use crate::plan::{
    Add, Balance, Calendar, Days, Decision, DecisionId, Expr, Hold, Installments, Local, LocalId, Parameter, Period,
    Predicate, Rank, Reading, Record, RecordId, Search, SetReversal, Share, SharedLimit, Stacking, Stream, Table,
    TakeFrom, Type, Unit, UnitId, Window,
};
use meed_grammar::span::Span;

/// A whole program.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its title, or its name.
    pub title: String,
    /// The units of its payments: the currency, then those that the program declares.
    pub units: Vec<Unit>,
    /// Its periods.
    pub calendar: Calendar,
    /// First and last day of its life.
    pub active: Days,
    /// Entities and events, those of the library that it uses among them.
    pub records: Vec<Record>,
    /// The lists of `one of`; equal lists are one.
    pub choices: Vec<Vec<String>>,
    /// How many domains of texts and ids there are.
    pub n_domains: u32,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// Decision tables.
    pub tables: Vec<Table>,
    /// Sets whose rows are found for each row that asks.
    pub searches: Vec<Search>,
    /// Tests on texts and ids.
    pub predicates: Vec<Predicate>,
    /// Choices between rules.
    pub stackings: Vec<Stacking>,
    /// What is kept for parties.
    pub balances: Vec<Balance>,
    /// Limits over several rules.
    pub shared_limits: Vec<SharedLimit>,
    /// Events whose rows take back what they find.
    pub set_reversals: Vec<SetReversal>,
    /// Decisions (`set`).
    pub decisions: Vec<Decision>,
    /// Parameters with the values that they have in this run.
    pub parameters: Vec<Parameter>,
    /// Rules, in the order of their first versions as written.
    pub rules: Vec<Rule>,
    /// The rules in an order in which each comes after those it reads.
    pub order: Vec<usize>,
}

/// A rule.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its versions, by their days; those with a problem are left out.
    pub versions: Vec<Version>,
}

/// A rule as it is written, or one version of it.
#[derive(Clone, Debug)]
pub struct Version {
    /// The name that it shares with other versions.
    pub name: String,
    /// Its title, or its name.
    pub title: String,
    /// Its place among all that are written.
    pub written: usize,
    /// The days on which it matches.
    pub active: Days,
    /// The rows it reads.
    pub stream: Stream,
    /// What it says, in order.
    pub clauses: Vec<Clause>,
    /// Its `let`s and `set`s.
    pub locals: Vec<Local>,
    /// What it keeps running totals of.
    pub totals: Vec<Total>,
    /// What it aggregates over sets.
    pub folds: Vec<Fold>,
    /// `ever` of its first, if it has one.
    pub ever: Option<Span>,
    /// As what it reads rows that others take back.
    pub reading: Reading,
    /// `returns take back what was paid`
    pub takes_back: bool,
    /// `returns take back what was added`
    pub adds_again: bool,
    /// Its sets are of rows as they stood at the end of each period.
    pub as_it_stood: bool,
    /// `hold until`, and where it is written.
    pub hold: Option<(Hold, Span)>,
    /// The whole of it in the text.
    pub span: Span,
}

/// A clause of a rule.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a rule has a handful of them, and they are made once")]
pub enum Clause {
    /// `where`; an unknown condition does not hold.
    Where(Expr),
    /// `let`, and the value of a `set`.
    Let(LocalId, Expr),
    /// `set`: the local's value is written out.
    Set(DecisionId, LocalId),
    /// `first per`, and how many of them
    First(Keys, u8),
    /// A total of the version is kept from here on: it is before the clause in which it is written.
    Total(u32),
    /// `ranked by`
    Rank(Rank),
    /// `take … from`: what is got is [`Op::Taken`](crate::plan::Op::Taken) of its place among these.
    TakeFrom(TakeFrom),
    /// `pay` or `take back`
    Pay(Pay),
    /// `add … to`
    Add(Add),
    /// `at most` or `at least`
    Limit(Limit),
}

/// `pay PAYEE AMOUNT`
#[derive(Clone, Debug)]
pub struct Pay {
    /// A reference; a missing payee is nobody. None where the amount is divided.
    pub payee: Option<Expr>,
    /// How it is divided, if it is.
    pub share: Option<Share>,
    /// The amount, with what adds up in it.
    pub amount: Expr,
    /// In what it is paid.
    pub unit: UnitId,
    /// `take back`
    pub take_back: bool,
    /// When it is due, where that is said.
    pub when: When,
    /// The whole clause.
    pub span: Span,
}

/// When an amount is due.
#[derive(Clone, Debug, Default)]
pub enum When {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// `, due D`, and where it is written.
    Due(Expr, Span),
    /// `in N parts per P`, and where it is written.
    InParts(Installments, Span),
}

/// A limit on what is paid.
#[derive(Clone, Debug)]
pub enum Limit {
    /// `at most M`
    Each(Expr),
    /// `at most M per …`
    AtMost(Expr, Keys),
    /// `at most N payments per …`
    Payments(Expr, Keys),
    /// `at least M per …`, and its period
    AtLeast(Expr, Keys, Period),
}

/// `per K and K2 per P`
#[derive(Clone, Debug)]
pub struct Keys {
    /// The parts, fields of the row.
    pub parts: Vec<Expr>,
    /// The period.
    pub period: Option<Period>,
    /// Whether a part is a party's own year.
    pub own_year: bool,
    /// `per payee`: whoever gets the line.
    pub payee: bool,
}

/// Sums that are kept per key while rows pass.
#[derive(Clone, Debug)]
pub struct Total {
    /// Per what.
    pub keys: Keys,
    /// Of which rows.
    pub over: Over,
    /// What each row adds to each sum.
    pub summands: Vec<Expr>,
    /// Whether the highest that the one sum has reached is kept behind it.
    pub highest: bool,
    /// What it is for: versions share only totals of one purpose.
    pub purpose: Purpose,
}

/// The rows of a total.
#[derive(Clone, Debug)]
pub enum Over {
    /// Those that have come so far in the rule.
    Matched,
    /// Those of the rule's event that fit the condition, matched or not.
    Set(Option<Expr>),
    /// Those of the rule's event in the program's life, matched or not (`over all`, at this place).
    All(Span),
}

/// What a state that versions share is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// `first per`
    First,
    /// `running sum of`
    RunningSum,
    /// `running count`
    RunningCount,
    /// `as … adds up`
    AddsUp,
    /// `at most`, `at least`
    Limit,
}

/// An aggregate over the rows of a set, per entity and period of the rule.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The rows.
    pub stream: Stream,
    /// The entity of the rule.
    pub entity: RecordId,
    /// The path from the row to that entity.
    pub join: Expr,
    /// Which rows are in.
    pub filter: Option<Expr>,
    /// The rule's period.
    pub period: Period,
    /// Which rows by time.
    pub window: Window,
    /// Where it is said that they are read as they stood on the last day of the rule's own period.
    pub stood: Option<Span>,
    /// At the end of which period they are read as they stood, as a budget closes then.
    pub closed: Option<Period>,
    /// What is asked.
    pub function: FoldFunction,
    /// What is aggregated; none for a count.
    pub value: Option<Expr>,
    /// Its place.
    pub span: Span,
}

/// Aggregates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldFunction {
    /// The sum.
    Sum,
    /// How many rows.
    Count,
    /// The smallest.
    Smallest,
    /// The largest.
    Largest,
    /// How many different values.
    Distinct,
}

impl Program {
    /// The program's currency.
    pub fn currency(&self) -> &Unit {
        self.unit(UnitId::CURRENCY)
    }

    /// The unit of this id.
    pub fn unit(&self, id: UnitId) -> &Unit {
        &self.units[id.index()]
    }

    /// One that says nothing yet.
    pub(crate) fn empty() -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            units: vec![Unit::default()],
            calendar: Calendar::PLAIN,
            active: Days { from: 0, to: 0 },
            records: Vec::new(),
            choices: Vec::new(),
            n_domains: 0,
            schedules: Vec::new(),
            tables: Vec::new(),
            searches: Vec::new(),
            predicates: Vec::new(),
            stackings: Vec::new(),
            balances: Vec::new(),
            shared_limits: Vec::new(),
            set_reversals: Vec::new(),
            decisions: Vec::new(),
            parameters: Vec::new(),
            rules: Vec::new(),
            order: Vec::new(),
        }
    }

    /// The record of this id.
    pub fn record(&self, id: RecordId) -> &Record {
        &self.records[id.index()]
    }
}

impl Version {
    /// What it pays, if it pays.
    pub fn pay(&self) -> Option<&Pay> {
        self.clauses.iter().find_map(|clause| match clause {
            Clause::Pay(pay) => Some(pay),
            _ => None,
        })
    }

    /// The entities whose rows it pays, each once.
    pub fn payees(&self) -> Vec<RecordId> {
        self.pay().map(Pay::kinds).unwrap_or_default()
    }
}

impl When {
    /// Where it is written.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Unsaid => None,
            Self::Due(_, span) | Self::InParts(_, span) => Some(*span),
        }
    }
}

impl Pay {
    /// Whether parties of a chain are paid, each by itself.
    pub fn is_chain(&self) -> bool {
        self.share.as_ref().is_some_and(Share::is_chain)
    }

    /// The kinds of parties that are paid.
    pub fn kinds(&self) -> Vec<RecordId> {
        match (&self.share, &self.payee) {
            (Some(share), _) => share.kinds(),
            (None, Some(Expr { ty: Type::Ref(record), .. })) => vec![*record],
            (None, _) => Vec::new(),
        }
    }
}
