//! Expressions.

use super::*;
use crate::span::Span;
use serde::Serialize;

/// A dotted name: `rep.employer.level`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Path {
    /// Its parts, at least one.
    pub parts: Vec<Name>,
    /// Its place.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExprKind {
    /// `1,000`, `2.5`, `250k`: digits with grouping taken out and `k`, `M`, `B` multiplied in, as plain decimal text (`-1.5`)
    Number(String),
    /// `2.5%`: the number before the sign, as plain decimal text
    Percent(String),
    /// `$500`, `-$2.5k`, `500 EUR`
    Money {
        /// Plain decimal text.
        amount: String,
        /// The sign (`$`) or code (`EUR`) as written.
        currency: String,
    },
    /// `amount in USD at closed_on`: an amount of another currency
    InCurrency {
        /// The amount.
        value: Box<Expr>,
        /// The code of the currency.
        currency: Name,
        /// The day of the rate.
        at: Option<RateDay>,
    },
    /// `2026-Q1` (its text; the calendar is checked later)
    PeriodName(String),
    /// `quarter of closed_on`: the period that holds a day
    PeriodOf {
        /// The word of the period.
        period: Name,
        /// The day.
        date: Box<Expr>,
    },
    /// `2026-02-01` (its text; the calendar is checked later)
    Date(String),
    /// `"Cloud"`
    Text(String),
    /// `yes` or `no`
    YesNo(bool),
    /// `rep.employer.level`, `registered`, `gold`
    Path(Path),
    /// `volume_bands(X)`, `contract(X, ceiling = Y)`, `granted(customer, family).rate`
    Call {
        /// The schedule or table.
        name: Name,
        /// What is in its brackets.
        arguments: Vec<GivenArgument>,
        /// `.rate`: which result of a table
        result: Option<Path>,
    },
    /// `[gold, platinum]`
    List(Vec<Expr>),
    /// `(…)`
    Bracket(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// `a + b`, `2% of x`, `a and b`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The operator's place.
        op_span: Span,
        /// Left of it.
        left: Box<Expr>,
        /// Right of it.
        right: Box<Expr>,
    },
    /// `a >= b`, `stage is won`
    Compare {
        /// The comparison.
        op: CompareOp,
        /// Its place.
        op_span: Span,
        /// Left of it.
        left: Box<Expr>,
        /// Right of it.
        right: Box<Expr>,
    },
    /// `x [not] between a and b`, both ends in
    Between {
        /// The value.
        value: Box<Expr>,
        /// `not between`
        negated: bool,
        /// The lower end.
        low: Box<Expr>,
        /// The upper end.
        high: Box<Expr>,
    },
    /// `x in [a, b]`, `x not in […]`
    In {
        /// The value.
        value: Box<Expr>,
        /// `not in`
        negated: bool,
        /// The list.
        list: Box<Expr>,
    },
    /// `x is known`, `x is unknown`
    Known {
        /// The value.
        value: Box<Expr>,
        /// `is unknown`, `is not known`
        negated: bool,
    },
    /// `x if unknown y`
    IfUnknown {
        /// The value.
        value: Box<Expr>,
        /// What stands for it.
        default: Box<Expr>,
    },
    /// `A if C, B if D, otherwise E`
    Conditional {
        /// Value and condition, in order.
        branches: Vec<(Expr, Expr)>,
        /// Missing when none was written.
        otherwise: Option<Box<Expr>>,
    },
    /// `x rounded half even to 2 decimals`
    Rounded {
        /// The value.
        value: Box<Expr>,
        /// How.
        rounding: Rounding,
    },
    /// `(X at least A at most B)`
    Clamp {
        /// The value.
        value: Box<Expr>,
        /// The floor.
        at_least: Option<Box<Expr>>,
        /// The cap.
        at_most: Option<Box<Expr>>,
    },
    /// `smallest of (a, b)`, `largest of (a, b)`: a function of the language by its word
    Function {
        /// The word.
        name: Name,
        /// The values.
        values: Vec<Expr>,
    },
    /// `sum of deal.amount`, `sum of amount in (deal where registered)`, `count of deal`
    Aggregate {
        /// The aggregate.
        function: Aggregate,
        /// What is aggregated; missing for `count of SET`.
        value: Option<Box<Expr>>,
        /// Over what; missing in the short form (`sum of deal.amount`), whose set is the first name of the path.
        set: Option<Set>,
    },
    /// `earliest (SET)`, `highest by amount (SET)`, `the (SET).segment`
    OneRow {
        /// Which of its rows.
        which: OneRow,
        /// `highest by PATH`
        by: Option<Path>,
        /// Of which set.
        set: Set,
        /// A field of that row, or what it leads to.
        field: Option<Path>,
    },
    /// `(deal where registered)`: a set that a `let` names.
    Set(Set),
    /// `(goal of (rep, year of closed_on)).target`: a field of a row in brackets.
    FieldOf {
        /// The row.
        row: Box<Expr>,
        /// What of it.
        field: Path,
    },
    /// `running sum of X [in SET] per K per P [before this row]`, `running count per K`
    Running {
        /// What is summed; missing for a count.
        value: Option<Box<Expr>>,
        /// The bracketed set, if any.
        set: Option<Set>,
        /// Every name after a `per` or `and`.
        per: Vec<Path>,
        /// `before this row`
        before: bool,
    },
    /// `bands as amount adds up per rep per year`
    AddsUp {
        /// The schedule.
        schedule: Name,
        /// Its arguments, if written.
        arguments: Vec<GivenArgument>,
        /// What adds up.
        quantity: Box<Expr>,
        /// `over all deals`: the event's name as written (a plural is allowed)
        over_all: Option<Name>,
        /// Every name after a `per` or `and`.
        per: Vec<Path>,
        /// `at its highest`
        at_its_highest: Option<Span>,
    },
    /// `rate of bands(x)`
    RateOf(Box<Expr>),
    /// `band of bands(x)`
    BandOf(Box<Expr>),
    /// `12 months`, `N days`: a length of time, legal beside a date
    Period {
        /// How many.
        count: Box<Expr>,
        /// Of what.
        unit: PeriodUnit,
    },
    /// `days from A to B`, `whole months from A to B`
    TimeBetween {
        /// Counted in.
        unit: PeriodUnit,
        /// From.
        from: Box<Expr>,
        /// To.
        to: Box<Expr>,
    },
    /// `year of D`, `quarter number of D`
    DatePart {
        /// Which part.
        part: DatePart,
        /// Of which date.
        date: Box<Expr>,
    },
    /// `level is gold at end`, `certified >= 2 throughout`, `level at D`: dated fields in it are of those days
    At {
        /// The value or condition.
        value: Box<Expr>,
        /// When.
        moment: Moment,
    },
    /// `partner.tier previous quarter`, `tier same quarter last year`: a decision of an earlier period
    Earlier {
        /// What is read.
        value: Path,
        /// Of which period.
        window: Window,
    },
    /// `lowest of users from D to D`: of what a dated field has been from the one day to the other
    ExtremeOver {
        /// `highest of`
        highest: bool,
        /// The dated field, and what leads to it.
        value: Path,
        /// The first day.
        from: Box<Expr>,
        /// The last day.
        to: Box<Expr>,
    },
    /// `first day of quarter`, `last day of quarter of D`
    PeriodEdge {
        /// Which day.
        edge: PeriodEdge,
        /// Of which kind of period.
        period: Name,
        /// The period that holds this day; the rule's own where none is written.
        date: Option<Box<Expr>>,
    },
    /// `days in quarter`, `days in the whole quarter`
    DaysIn {
        /// Of which kind of period.
        period: Name,
        /// Whether the program's ends cut nothing off.
        whole: bool,
    },
    /// `amount as reported`: before anything was taken off it.
    AsReported(Path),
    /// `paid by RULE`
    PaidBy {
        /// What it pays for the same row.
        rule: Name,
    },
    /// `take X from A and B`
    TakeFrom {
        /// How much is asked for.
        amount: Box<Expr>,
        /// From each of these.
        accounts: Vec<Account>,
    },
    /// `balance of mdf [of PATH]`
    BalanceOf(Account),
    /// What could not be read; reported already.
    Damaged,
}

/// Operators with two sides. `Of` is `P of X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `of`
    Of,
    /// `and`
    And,
    /// `or`
    Or,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CompareOp {
    /// `=` or `is`
    Equal,
    /// `!=` or `is not`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `contains`
    Contains,
    /// `starts with`
    StartsWith,
    /// `ends with`
    EndsWith,
}

/// Whose rate of exchange counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RateDay {
    /// `at closed_on`
    Day(Box<Expr>),
    /// `at end of quarter`
    EndOf(Name),
}

/// Units of a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// `day`, `days`
    Days,
    /// `month`, `months`, `whole months`
    Months,
    /// `year`, `years`, `whole years`
    Years,
}

/// When dated fields are read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// `at start`: on the first day of the rule's own period.
    Start,
    /// `at end`: on its last day.
    End,
    /// `throughout`: on every day of it.
    Throughout,
    /// `at D`
    Day(Box<Expr>),
}

/// A day of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodEdge {
    /// `first day of`
    First,
    /// `last day of`
    Last,
}

/// Parts of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// `year of D`
    Year,
    /// `half number of D`
    Half,
    /// `quarter number of D`
    Quarter,
    /// `month number of D`
    Month,
    /// `day number of D`: day of the month
    Day,
}

/// `ceiling = partner.ceiling` in the brackets of a schedule, or the quantity, which has no name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GivenArgument {
    /// The argument's name, if written.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

impl Expr {
    /// The expressions directly inside of it, those of sets left out.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::InCurrency { value, at, .. } => {
                let day = if let Some(RateDay::Day(day)) = at { Some(&**day) } else { None };
                std::iter::once(&**value).chain(day).collect()
            }
            ExprKind::PeriodOf { date: inner, .. }
            | ExprKind::DatePart { date: inner, .. }
            | ExprKind::Bracket(inner)
            | ExprKind::Negate(inner)
            | ExprKind::Not(inner)
            | ExprKind::RateOf(inner)
            | ExprKind::BandOf(inner)
            | ExprKind::Known { value: inner, .. }
            | ExprKind::Rounded { value: inner, .. }
            | ExprKind::FieldOf { row: inner, .. }
            | ExprKind::TakeFrom { amount: inner, .. }
            | ExprKind::Period { count: inner, .. } => vec![inner],
            ExprKind::Call { arguments, .. } => arguments.iter().map(|given| &given.value).collect(),
            ExprKind::List(values) | ExprKind::Function { values, .. } => values.iter().collect(),
            ExprKind::Binary { left: a, right: b, .. }
            | ExprKind::Compare { left: a, right: b, .. }
            | ExprKind::In { value: a, list: b, .. }
            | ExprKind::IfUnknown { value: a, default: b }
            | ExprKind::TimeBetween { from: a, to: b, .. }
            | ExprKind::ExtremeOver { from: a, to: b, .. } => vec![a, b],
            ExprKind::Between { value, low, high, .. } => vec![value, low, high],
            ExprKind::Conditional { branches, otherwise } => {
                let branches = branches.iter().flat_map(|(value, condition)| [value, condition]);
                branches.chain(otherwise.as_deref()).collect()
            }
            ExprKind::Clamp { value, at_least, at_most } => {
                std::iter::once(&**value).chain(at_least.as_deref()).chain(at_most.as_deref()).collect()
            }
            ExprKind::Aggregate { value, .. } | ExprKind::Running { value, .. } => {
                value.as_deref().into_iter().collect()
            }
            ExprKind::AddsUp { arguments, quantity, .. } => {
                arguments.iter().map(|given| &given.value).chain([&**quantity]).collect()
            }
            ExprKind::At { value, moment } => {
                let day = if let Moment::Day(day) = moment { Some(&**day) } else { None };
                std::iter::once(&**value).chain(day).collect()
            }
            ExprKind::PeriodEdge { date, .. } => date.as_deref().into_iter().collect(),
            ExprKind::Number(_)
            | ExprKind::Percent(_)
            | ExprKind::Money { .. }
            | ExprKind::PeriodName(_)
            | ExprKind::Date(_)
            | ExprKind::Text(_)
            | ExprKind::YesNo(_)
            | ExprKind::Path(_)
            | ExprKind::OneRow { .. }
            | ExprKind::Set(_)
            | ExprKind::Earlier { .. }
            | ExprKind::DaysIn { .. }
            | ExprKind::PaidBy { .. }
            | ExprKind::AsReported(_)
            | ExprKind::BalanceOf(_)
            | ExprKind::Damaged => Vec::new(),
        }
    }

    /// Whether it, or an expression inside of it, is of a kind.
    pub fn has(&self, is_wanted: &impl Fn(&Self) -> bool) -> bool {
        is_wanted(self) || self.children().into_iter().any(|inner| inner.has(is_wanted))
    }
}
