//! The operators of the Plan: expressions, schedules, states, groups and the steps of a rule.

use super::{Days, Period};
use crate::value::{Exact, RoundingMode};
use meed_grammar::span::Span;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// An entity or event.
    RecordId
    /// A field of a record.
    FieldId
    /// A list of `one of`.
    ChoiceId
    /// Texts or ids that can be compared with one another.
    DomainId
    /// A schedule.
    ScheduleId
    /// A test on texts.
    PredicateId
    /// What a state is kept per.
    SlotId
    /// A keyed state.
    StateId
    /// An aggregate.
    GroupId
    /// A decision.
    DecisionId
    /// A rule or one version of it.
    RuleId
    /// A `let` or `set` within its rule.
    LocalId
}

/// The type of a value. Whether it can be missing is beside it, in [`Expr::optional`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Exact number.
    Number,
    /// Whole number.
    Count,
    /// A share; `2%` is the number 1/50.
    Percent,
    /// An amount of the program's currency, in whole units (dollars, not cents).
    Money,
    /// Yes or no.
    YesNo,
    /// A day.
    Date,
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
    /// Whether its values are exact numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Count | Self::Percent | Self::Money)
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

/// Operators. Unless said otherwise an operator with a missing operand is missing.
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
    /// The aggregate for the entity and period of the row.
    Group(GroupId),
    /// The level of an accumulation, atom by atom; only inside [`Op::Telescoped`] or as a running level.
    Level {
        /// The state.
        state: StateId,
        /// Which of its sums.
        atom: u32,
        /// Before or after the row.
        view: View,
    },
    /// `body` after the row minus `body` before it (minus 0 for the first row of the accumulation). Inside `body`,
    /// levels of this state have [`View::Turn`].
    Telescoped {
        /// The accumulation.
        state: StateId,
        /// What is evaluated twice.
        body: Box<Expr>,
    },
    /// `-x`
    Negate(Box<Expr>),
    /// `a + b`
    Add(Box<Expr>, Box<Expr>),
    /// `a - b`
    Subtract(Box<Expr>, Box<Expr>),
    /// `a * b`, `a of b`
    Multiply(Box<Expr>, Box<Expr>),
    /// `a / b`; dividing by zero stops the run and names the row
    Divide(Box<Expr>, Box<Expr>),
    /// The smallest of several.
    Smallest(Vec<Expr>),
    /// The largest of several.
    Largest(Vec<Expr>),
    /// Rounded to a multiple of `quantum`.
    Round {
        /// The value.
        value: Box<Expr>,
        /// How.
        mode: RoundingMode,
        /// The step, above zero: 1/100 for two decimals.
        quantum: Exact,
    },
    /// F(value); missing in a band that pays `none`.
    Schedule {
        /// The schedule.
        schedule: ScheduleId,
        /// Its arguments.
        arguments: Vec<Expr>,
        /// Where it is taken.
        value: Box<Expr>,
        /// What is asked: the amount, the rate, or the band.
        ask: Ask,
    },
    /// An argument, inside a schedule's bounds and rates.
    Argument(u32),
    /// Comparison of two values of one type (choices by their place, dates by day, codes only `=` and `!=`).
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// All of them. Conditions are evaluated from the left and stop at the first that decides.
    And(Vec<Expr>),
    /// One of them.
    Or(Vec<Expr>),
    /// The contrary.
    Not(Box<Expr>),
    /// A test on a text or id.
    Predicate {
        /// The test.
        predicate: PredicateId,
        /// The text or id.
        value: Box<Expr>,
    },
    /// Whether a value is there; never missing.
    IsKnown(Box<Expr>),
    /// The first, or where it is missing the second.
    IfUnknown(Box<Expr>, Box<Expr>),
    /// The value of the first condition that holds, else the last; an unknown condition does not hold.
    If {
        /// Condition and value.
        branches: Vec<(Expr, Expr)>,
        /// The rest.
        otherwise: Box<Expr>,
    },
    /// `D + 12 months`
    AddTime {
        /// The day.
        date: Box<Expr>,
        /// How many (a whole number).
        count: Box<Expr>,
        /// Of what.
        unit: TimeUnit,
    },
    /// `days from A to B`
    TimeBetween {
        /// Counted in.
        unit: TimeUnit,
        /// From.
        from: Box<Expr>,
        /// To.
        to: Box<Expr>,
    },
    /// `quarter number of D`
    DatePart(DatePart, Box<Expr>),
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
pub enum View {
    /// Before the row.
    Before,
    /// After the row.
    After,
    /// Whichever side the enclosing [`Op::Telescoped`] evaluates.
    Turn,
}

/// What is asked of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
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
}

/// A piecewise-linear function. Below zero F is 0, or -F(-x) when `mirrored`; F(0) is 0 unless `even_at_zero`.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// The types of its arguments.
    pub arguments: Vec<Type>,
    /// What it is taken of.
    pub domain: Type,
    /// What F gives.
    pub result: Type,
    /// What `rate of` gives.
    pub rate: Type,
    /// `even at zero`
    pub even_at_zero: bool,
    /// `mirrored`
    pub mirrored: bool,
    /// Its pieces.
    pub shape: Shape,
    /// Its place.
    pub span: Span,
}

/// The pieces of a schedule. Bounds must rise from band to band; bounds that cross stop the run.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Each band prices its own slice; a band's flat amount is added once when x enters the band.
    Graduated(Vec<Band>),
    /// The band that holds x prices all of x.
    Retroactive(Vec<Band>),
    /// Straight lines between points; the value before the first point and after the last is constant.
    Curve {
        /// The value before the first point.
        below: Box<Expr>,
        /// The points, x and y, rising in x. At a point the value is y.
        points: Vec<(Expr, Expr)>,
        /// What follows the last point.
        beyond: Beyond,
    },
    /// `pays` for each package of `size`.
    Every {
        /// The size of a package, above zero.
        size: Box<Expr>,
        /// Whether a package counts when begun (else when full).
        started: bool,
        /// What each pays.
        pays: Box<Expr>,
    },
}

/// What follows the last point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub enum Beyond {
    /// The height reached.
    Flat,
    /// No result.
    None,
    /// A constant.
    Value(Box<Expr>),
}

/// One band: from the edge of the one before (0 for the first) to its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// From 1 in the order written; 0 for what lies below the first `from`.
    pub number: u32,
    /// Where it ends; the last has none.
    pub upper: Option<Edge>,
    /// What it pays.
    pub pays: BandPays,
    /// Its place.
    pub span: Span,
}

/// The end of a band.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Where.
    pub value: Expr,
    /// Whether this value itself belongs to the band (`to`) or to the next (`below`, `from`).
    pub included: bool,
}

/// What a band pays.
#[derive(Clone, Debug, PartialEq)]
pub enum BandPays {
    /// No result.
    None,
    /// `rate` of the quantity (a share or a price per unit), and `flat` once; each may be absent.
    Amount {
        /// Rate or price.
        rate: Option<Expr>,
        /// Flat amount.
        flat: Option<Expr>,
    },
}

/// What a state is kept per: the values of paths of a stream's row, and the period that holds its `when`.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotSpec {
    /// Whose rows.
    pub stream: Stream,
    /// The parts of the key, fields only. A row with a missing part has no slot and must not be touched.
    pub parts: Vec<Expr>,
    /// The period.
    pub period: Option<Period>,
}

/// A keyed state, an associative thing per slot. Versions of one rule share theirs.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The rule that keeps it.
    pub rule: String,
    /// Its key.
    pub slot: SlotId,
    /// What is kept.
    pub kind: StateKind,
}

/// What a state keeps per slot.
#[derive(Clone, Debug, PartialEq)]
pub enum StateKind {
    /// Whether a row has passed.
    Seen,
    /// Sums, one per atom, each a whole number of `1/den` where `den` is known while compiling, else an exact fraction;
    /// and whether any row was taken in.
    Sums {
        /// The denominators.
        dens: Vec<Option<i64>>,
    },
    /// The sum of rounded lines, in smallest units.
    Paid,
}

/// An aggregate over the rows of an event (or of a rule's payments), per entity and period, ready before its rule runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The rule that reads it.
    pub rule: String,
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
    /// What is asked.
    pub function: GroupFunction,
    /// Its place.
    pub span: Span,
}

/// Rows of which time, seen from the rule's period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// Those of the period itself.
    Own,
    /// All up to the last day of the period.
    ToDate,
    /// Those of the period of this length before the one that holds the last day of the rule's period.
    Previous(Period),
}

/// Aggregates. Of no rows a sum and a count are 0, the others missing.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupFunction {
    /// The sum, a whole number of `1/den` where `den` is known while compiling.
    Sum(Expr, Option<i64>),
    /// How many rows.
    Count,
    /// The smallest; numbers as whole numbers of `1/den`, or days, or places in a list.
    Smallest(Expr, Option<i64>),
    /// The largest.
    Largest(Expr, Option<i64>),
    /// How many different values (codes, rows, days or numbers).
    Distinct(Expr),
}

impl GroupFunction {
    /// The type of what is aggregated; none for a count.
    pub fn value_type(&self) -> Option<Type> {
        match self {
            Self::Sum(value, _) | Self::Smallest(value, _) | Self::Largest(value, _) => Some(value.ty),
            Self::Count | Self::Distinct(_) => None,
        }
    }
}

/// A decision: a value that a rule sets for its row, written out, and read by other rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Its name.
    pub name: String,
    /// Whose rows it belongs to.
    pub stream: Stream,
    /// Its type.
    pub ty: Type,
}

/// The rows a rule reads, in the order of `when`, then key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The rows of an event.
    Events(RecordId),
    /// An entity's rows times the periods that touch the program's life and have begun.
    Grid(RecordId, Period),
    /// The payment lines, after limits, of all versions of a rule.
    Payments(String),
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
    /// The row's day must lie in the rule's range. Stands before `where`.
    Active,
    /// `where`; an unknown condition does not hold.
    Filter(Expr),
    /// `let`
    Let(LocalId, Expr),
    /// `first per`
    First(StateId),
    /// Sums over the rows that came this far.
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
    /// In a rule per entity and period: at the last of the rule's periods in `period`, if that has ended, what misses to
    /// M is added; M is rounded away from zero to smallest units.
    AtLeast {
        /// M.
        amount: Expr,
        /// Σ per entity and `period`, kind [`StateKind::Paid`].
        state: StateId,
        /// The period of the guarantee.
        period: Period,
    },
}

/// The days of a range, both in; a convenience for [`Rule::active`](super::Rule).
impl Days {
    /// Whether a day lies in it.
    pub fn holds(self, day: i32) -> bool {
        self.from <= day && day <= self.to
    }
}
