//! Types and expressions.

use super::*;
use crate::value::Exact;
use meed_grammar::span::Span;

/// The type of a value. Whether it can be missing is beside it, in [`Expr::optional`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Exact number.
    Number,
    /// Whole number.
    Count,
    /// A share; `2%` is the number 1/50.
    Percent,
    /// An amount of the program's currency, in whole units (dollars, not cents), or of another unit.
    Money(UnitId),
    /// Yes or no.
    YesNo,
    /// A day.
    Date,
    /// A period of a kind, as its first day.
    Period(Period),
    /// One of a list, as its place in the list.
    Choice(ChoiceId),
    /// A text, as its code in the domain.
    Text(DomainId),
    /// An opaque key, as its code in the domain.
    Id(DomainId),
    /// A row of a record.
    Ref(RecordId),
}

impl Type {
    /// An amount of the program's currency.
    pub const MONEY: Self = Self::Money(UnitId::CURRENCY);

    /// Whether it is an amount of a unit.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Money(_))
    }

    /// The unit of an amount.
    pub fn unit(self) -> Option<UnitId> {
        if let Self::Money(unit) = self { Some(unit) } else { None }
    }

    /// Whether its values are exact numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Count | Self::Percent | Self::Money(_))
    }
}

/// An expression: exact, typed, with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// The operator.
    pub op: Op,
    /// The type of its value.
    pub ty: Type,
    /// Whether it can be missing.
    pub optional: bool,
    /// Its place.
    pub span: Span,
}

/// What an expression is: a value that is there (a leaf), a function of others, or control, which decides what is evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A number.
    Number(Exact),
    /// Yes or no.
    YesNo(bool),
    /// A day, counted from 1970-01-01.
    Date(i32),
    /// A place in a list of `one of`, from 0.
    Choice(u32),
    /// Missing.
    Missing,
    /// A value of a row: follow the references but the last field from the root; an empty path is the row itself.
    Field {
        /// Where the path begins.
        root: Root,
        /// The record of the root's row.
        record: RecordId,
        /// The fields to follow.
        path: Vec<FieldId>,
    },
    /// The amount of the payment that a rule over payments reads.
    PaymentAmount,
    /// What else a credit has.
    Credit(CreditPart),
    /// The `when` of that payment; in a rule per entity and period the period's last day; in an event rule the row's `when`.
    When,
    /// A `let` or `set`.
    Local(LocalId),
    /// A decision of another rule for the same row (missing where that rule took none).
    Decision {
        /// Which.
        decision: DecisionId,
        /// Whose.
        root: Root,
    },
    /// What a balance comes to at the moment of the row.
    Balance(Account),
    /// What was got from balances, by the places of what takes from them in the rule.
    Taken(u32),
    /// The rank of the row in its contest, from 1.
    Rank,
    /// The aggregate for the row.
    Fold(FoldId),
    /// The level of an accumulation, summand by summand; only inside [`Op::Increment`] or as a running level.
    Level {
        /// The state.
        state: StateId,
        /// Which of its sums.
        summand: u32,
        /// Before or after the row.
        side: Side,
    },
    /// `body` after the row minus `body` before it (minus 0 for the first row of the accumulation). Inside `body`,
    /// levels of this state have [`Side::Current`].
    Increment {
        /// The accumulation.
        state: StateId,
        /// What is evaluated twice.
        body: Box<Expr>,
    },
    /// A function of the values of its operands.
    Call(Function, Vec<Expr>),
    /// An argument, inside a schedule's bounds and rates.
    Argument(u32),
    /// All of them. Conditions are evaluated from the left and stop at the first that decides.
    And(Vec<Expr>),
    /// One of them.
    Or(Vec<Expr>),
    /// The first, or where it is missing the second.
    IfUnknown(Box<Expr>, Box<Expr>),
    /// The value of the first condition that holds, else the last; an unknown condition does not hold.
    If {
        /// Condition and value.
        branches: Vec<(Expr, Expr)>,
        /// The rest.
        otherwise: Box<Expr>,
    },
}

impl Op {
    /// A function with one operand.
    pub fn one(function: Function, x: Expr) -> Self {
        Self::Call(function, vec![x])
    }

    /// A function with two operands.
    pub fn two(function: Function, a: Expr, b: Expr) -> Self {
        Self::Call(function, vec![a, b])
    }

    /// Whether this is what a rule has decided; of several rules, of which one has, what that one has.
    pub fn is_decided(&self) -> bool {
        match self {
            Self::Decision { .. } => true,
            Self::IfUnknown(first, others) => first.op.is_decided() && others.op.is_decided(),
            _ => false,
        }
    }

    /// The function that it is, and its operands.
    pub fn as_call(&self) -> Option<(&Function, &[Expr])> {
        if let Self::Call(function, operands) = self { Some((function, operands)) } else { None }
    }

    /// The schedule that is asked, what is asked of it, its arguments, and where it is taken.
    pub fn as_schedule(&self) -> Option<(ScheduleId, ScheduleOutput, &[Expr], &Expr)> {
        match self.as_call() {
            Some((Function::Schedule { schedule, output }, [arguments @ .., value])) => {
                Some((*schedule, *output, arguments, value))
            }
            _ => None,
        }
    }

    /// The number that it is.
    pub fn as_number(&self) -> Option<&Exact> {
        if let Self::Number(value) = self { Some(value) } else { None }
    }
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// The row of the stream: the event, or the entity of a rule per entity and period.
    Row,
    /// The payee of the payment that a rule over payments reads.
    Payee,
    /// The event behind that payment (or the entity, where the payment is of a rule per entity and period).
    Source,
}

/// Which side of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Before the row.
    Before,
    /// After the row.
    After,
    /// The side that the increment or line around it evaluates.
    Current,
}

/// What is asked of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScheduleOutput {
    /// F(x).
    Amount,
    /// The rate or price reached; missing for a flat amount.
    Rate,
    /// The band reached, from 1; missing below the first `from` and in `none`.
    Band,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Units of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Days.
    Days,
    /// Calendar months.
    Months,
    /// Calendar years.
    Years,
}

/// Parts of a date; quarter, half and year are those of the fiscal calendar, the year by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatePart {
    /// The year.
    Year,
    /// 1 or 2.
    Half,
    /// 1 to 4.
    Quarter,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
}

/// A day of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edge {
    /// The first.
    First,
    /// The last.
    Last,
}

impl Edge {
    /// The word in the Plan's text for this day of a period.
    pub const fn word(self, period: Period) -> &'static str {
        match (period, self) {
            (Period::Day, Edge::First) => "first-of-day",
            (Period::Day, Edge::Last) => "last-of-day",
            (Period::Week, Edge::First) => "first-of-week",
            (Period::Week, Edge::Last) => "last-of-week",
            (Period::HalfMonth, Edge::First) => "first-of-half-month",
            (Period::HalfMonth, Edge::Last) => "last-of-half-month",
            (Period::Month, Edge::First) => "first-of-month",
            (Period::Month, Edge::Last) => "last-of-month",
            (Period::Quarter, Edge::First) => "first-of-quarter",
            (Period::Quarter, Edge::Last) => "last-of-quarter",
            (Period::Half, Edge::First) => "first-of-half",
            (Period::Half, Edge::Last) => "last-of-half",
            (Period::Year, Edge::First) => "first-of-year",
            (Period::Year, Edge::Last) => "last-of-year",
            // No edge of such a year is asked by a day alone.
            (Period::OwnYear, Edge::First) => "first-of-own-year",
            (Period::OwnYear, Edge::Last) => "last-of-own-year",
            (Period::Program, Edge::First) => "first-of-program",
            (Period::Program, Edge::Last) => "last-of-program",
        }
    }
}

/// A test on a text or id, done once per distinct value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Predicate {
    /// Whose values.
    pub domain: DomainId,
    /// The test.
    pub test: TextTest,
}

/// Tests on texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextTest {
    /// Is one of these.
    In(Vec<String>),
    /// Contains this.
    Contains(String),
    /// Starts with this.
    StartsWith(String),
    /// Ends with this.
    EndsWith(String),
}

impl TextTest {
    /// Whether it holds of a text.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::In(texts) => texts.iter().any(|known| known == text),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::StartsWith(part) => text.starts_with(part.as_str()),
            Self::EndsWith(part) => text.ends_with(part.as_str()),
        }
    }
}

/// What a credit has beside its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CreditPart {
    /// The share of the whole.
    Share,
    /// That share of what the amount is a share of.
    Base,
}

impl CreditPart {
    /// As the language calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Base => "base",
        }
    }
}
