//! The head of a program, and parameters.

use super::*;
use crate::span::Span;
use serde::Serialize;

/// `program NAME "title" { … }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Program {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Option<Text>,
    /// Its clauses, as written.
    pub clauses: Vec<ProgramClause>,
    /// The whole item.
    pub span: Span,
}

/// One line of a program's head.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProgramClause {
    /// What it says.
    pub kind: ProgramClauseKind,
    /// Its place.
    pub span: Span,
}

/// What a line of a program's head says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a program has a handful of these")]
pub enum ProgramClauseKind {
    /// `currency USD rounded half even [each line]`
    Currency {
        /// ISO 4217 code as written.
        code: Name,
        /// The rounding, if one was written.
        rounding: Option<Rounding>,
        /// `each line`
        each_line: Option<Span>,
    },
    /// `fiscal year starts february [named by start | named by end]`
    FiscalYear {
        /// The month's name as written.
        month: Name,
        /// `start` or `end`.
        named_by: Option<(NamedBy, Span)>,
    },
    /// `active DATE to DATE`
    Active(Active),
    /// `month ends round down` or `month ends round up`
    MonthEnds(MonthEnds),
    /// `weeks start sunday`, the day's name as written.
    WeeksStart(Name),
    /// `settled per quarter`: the period's word as written.
    Settled(Name),
    /// `periods from fiscal`: the name of a calendar.
    PeriodsFrom(Name),
    /// `periods 4-4-5 ending last saturday of december [named by start | named by end]`
    PeriodsOfWeeks {
        /// `4-4-5`, as written.
        pattern: Text,
        /// `nearest … to the end of` the month, in place of `last … of` it.
        nearest: Option<Span>,
        /// The day of the week's name as written.
        day: Name,
        /// The month's name as written.
        month: Name,
        /// `start` or `end`.
        named_by: Option<(NamedBy, Span)>,
    },
}

/// After which of its calendar years a fiscal year is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// The year in which it starts.
    Start,
    /// The year in which it ends.
    End,
}

/// Where 31 January plus one month lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthEnds {
    /// On the last day of February.
    RoundDown,
    /// On the first day of March.
    RoundUp,
}

/// `active FROM to TO`: both days in. Either may be left open in a rule (`active from D`, `active to D`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Active {
    /// First day, a date literal or a parameter.
    pub from: Option<Expr>,
    /// Last day.
    pub to: Option<Expr>,
    /// Its place.
    pub span: Span,
}

/// `half even`, `upward`, … with what it rounds to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rounding {
    /// The mode.
    pub mode: RoundingMode,
    /// To what; without it the unit's decimals.
    pub to: Option<RoundTo>,
    /// Its place.
    pub span: Span,
}

/// The ten ways to round. `half …` differ only where the digits cut off are exactly one half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundingMode {
    /// Ties to the even neighbor.
    HalfEven,
    /// Ties to the odd neighbor.
    HalfOdd,
    /// Ties away from zero.
    HalfAwayFromZero,
    /// Ties toward zero.
    HalfTowardZero,
    /// Ties toward plus infinity.
    HalfUpward,
    /// Ties toward minus infinity.
    HalfDownward,
    /// Away from zero.
    AwayFromZero,
    /// Toward zero.
    TowardZero,
    /// Toward plus infinity.
    Upward,
    /// Toward minus infinity.
    Downward,
}

impl RoundingMode {
    /// Whether a number goes to the nearer neighbor, so that one half is a tie.
    pub const fn is_half(self) -> bool {
        use RoundingMode::{HalfAwayFromZero, HalfDownward, HalfEven, HalfOdd, HalfTowardZero, HalfUpward};
        matches!(self, HalfEven | HalfOdd | HalfAwayFromZero | HalfTowardZero | HalfUpward | HalfDownward)
    }
}

/// `to N decimals`, `to whole`, `to multiples of X`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundTo {
    /// `to N decimals`
    Decimals(Decimals),
    /// `to PARAMETER decimals`
    DecimalsOf(Box<Expr>),
    /// `to whole`
    Whole,
    /// `to multiples of X`
    MultiplesOf(Box<Expr>),
}

/// The N of `to N decimals`. What it may be is for whoever keeps or rounds so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Decimals {
    /// How many; `None` if a fraction, a negative or a huge number is written.
    pub count: Option<u32>,
    /// The number's place.
    pub span: Span,
}

/// `calendar fiscal from "times.csv" { day from "TIME_ID"  quarter from "FISCAL_QUARTER_DESC" }`: a table with a row for each day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calendar {
    /// Its name.
    pub name: Name,
    /// The file of its table.
    pub file: Text,
    /// Its columns, as written.
    pub columns: Vec<CalendarColumn>,
    /// The whole item.
    pub span: Span,
}

/// A column of a calendar: the day, or the name of the period that it lies in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalendarColumn {
    /// The word of the period.
    pub period: Name,
    /// The header, if it is not that word.
    pub column: Option<Text>,
    /// How days are written.
    pub format: Option<Text>,
    /// Its place.
    pub span: Span,
}

/// `balance mdf per partner expires after 2 quarters`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Balance {
    /// Its name.
    pub name: Name,
    /// Whose it is; more than one is a mistake.
    pub per: Vec<Path>,
    /// `expires after N PERIODS`
    pub expires: Option<Expires>,
    /// `may be negative`
    pub may_be_negative: Option<Span>,
    /// The whole item.
    pub span: Span,
}

/// `limit reward_cap { over R, S   at most $5,000 per payee per year }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedLimit {
    /// Its name.
    pub name: Name,
    /// The rules over whose payments it is.
    pub over: Vec<Name>,
    /// How much; more than one is a mistake.
    pub limits: Vec<Clause>,
    /// The whole item.
    pub span: Span,
}

/// `expires after 2 quarters`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expires {
    /// How many; none if it is no whole number that fits.
    pub count: Option<u32>,
    /// The word of the period.
    pub period: Name,
    /// Its place.
    pub span: Span,
}

/// `parameter NAME = LITERAL`, `parameter NAME = [LITERAL, …]`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// The whole item.
    pub span: Span,
}
