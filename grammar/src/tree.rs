//! The tree of a Meed file: what was written, with the place of everything, and nothing of what it means.
//!
//! Names are not looked up, literals are kept as they were written (grouping commas and signs taken out), brackets
//! stay as nodes because a pair of brackets can settle which of two readings is meant. INVARIANT: every node has the
//! span of its own text, without the blanks and comments around it.

mod expression;
mod program;
mod record;
mod rule;
mod schedule;
mod set;
mod table;
mod test;

pub use expression::*;
pub use program::*;
pub use record::*;
pub use rule::*;
pub use schedule::*;
pub use set::*;
pub use table::*;
pub use test::*;

use crate::span::Span;
use serde::Serialize;

/// A whole file: the items in the order written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct File {
    /// Top-level items, in order.
    pub items: Vec<Item>,
}

/// One item at the margin of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// `program NAME "title" { … }`
    Program(Program),
    /// `use channel`
    Use(Name),
    /// `use "terms.meed"`: the items of another file
    UseFile(Text),
    /// `extend deal { … }`: more members for a record of a library
    Extend(Extend),
    /// `entity …` or `event …`
    Record(Record),
    /// `source deal from "Deals*.csv" { … }`
    Source(Source),
    /// `kind tier one of silver, gold`
    Kind(Kind),
    /// `calendar fiscal from "times.csv" { … }`
    Calendar(Calendar),
    /// `rates daily from "rates.csv"`
    Rates(Rates),
    /// `unit points whole, rounded toward zero`
    Unit(Unit),
    /// `schedule NAME graduated { … }`
    Schedule(Schedule),
    /// `table NAME(…) gives … { rows }`
    Table(Table),
    /// `parameter NAME = LITERAL`
    Parameter(Parameter),
    /// `rule NAME "title" { … }`
    Rule(Rule),
    /// `test "title" { … }`
    Test(Test),
    /// `choose highest per deal { … }`: the rules in it follow as items of their own.
    Choose(Choose),
    /// `balance mdf per partner expires after 2 quarters`
    Balance(Balance),
    /// `limit reward_cap { over R, S   at most $5,000 per payee per year }`
    SharedLimit(SharedLimit),
    /// A piece that could not be read; it still declares its name, so that other items do not fail for it
    Damaged(Damaged),
}

impl Item {
    /// The place of the name that it declares or uses.
    pub fn place(&self) -> Span {
        match self {
            Self::Program(program) => program.name.span,
            Self::Use(name) => name.span,
            Self::UseFile(file) => file.span,
            Self::Extend(extend) => extend.record.span,
            Self::Record(record) => record.name.span,
            Self::Source(source) => source.record.span,
            Self::Kind(kind) => kind.name.span,
            Self::Calendar(calendar) => calendar.name.span,
            Self::Rates(rates) => rates.name.span,
            Self::Unit(unit) => unit.name.span,
            Self::Schedule(schedule) => schedule.name.span,
            Self::Table(table) => table.name.span,
            Self::Parameter(parameter) => parameter.name.span,
            Self::Rule(rule) => rule.name.span,
            Self::Test(test) => test.title.span,
            Self::Choose(choose) => choose.span,
            Self::Balance(balance) => balance.name.span,
            Self::SharedLimit(limit) => limit.name.span,
            Self::Damaged(damaged) => damaged.span,
        }
    }
}

/// A name as written (NFC), with its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Name {
    /// The name after NFC normalization.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// In place of the word of a period, a year of a party's own: no program can write it so.
pub const OWN_PERIOD: &str = "own year";

/// The first name of a path that stands for a party's own year, `year from rep.joined_on`: the date follows.
pub const OWN_YEAR: &str = "year from";

/// A quoted text, with quotes taken off and doubled quotes made single.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// The content.
    pub value: String,
    /// Its place, quotes included.
    pub span: Span,
}

/// A piece that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damaged {
    /// The word that opened the piece (`rule`, `schedule`, …), empty if there was none.
    pub keyword: String,
    /// The name it declares, if one could be seen.
    pub name: Option<Name>,
    /// The names that it sets, where it is a rule.
    pub sets: Vec<Name>,
    /// Its place.
    pub span: Span,
}
