//! What can be said of a function's operands and its result, in the table of functions.

use super::Type;

/// How a function is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `(a + b)` in the Plan's text.
    Between,
    /// `negative(a)` in the Plan's text.
    Before,
    /// As [`Self::Before`], and in the language `WORD of (a, b)`.
    Called,
}

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// One operand of each kind, in order.
    Each(&'static [Kind]),
    /// So many operands of one type, which is of this kind.
    Alike(usize, Kind),
    /// One operand or more of one type, which is of this kind.
    Several(Kind),
    /// The arguments of a schedule, then its quantity.
    OfSchedule,
    /// The arguments of a decision table.
    OfTable,
    /// What a set is found by.
    OfSearch,
}

/// Kinds of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers, counts, shares, amounts.
    Numeric,
    /// Numbers and counts.
    Plain,
    /// What can be ordered: numbers of any kind, dates, values of lists.
    Ordered,
    /// Whatever it is.
    Any,
    /// Yes or no.
    YesNo,
    /// Days.
    Date,
    /// A date, or a period, which is its first day.
    Days,
    /// Texts and ids.
    Text,
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultKind {
    /// The type of its first operand.
    Operand,
    /// Money times anything else is money; money times money is nothing.
    Product,
    /// Only money is divided by money.
    Quotient,
    /// This type.
    Is(Type),
    /// What is asked of the schedule.
    OfSchedule,
    /// The result of the decision table.
    OfTable,
    /// What is asked of the set.
    OfSearch,
    /// A text of the test's domain.
    OfTest,
}

/// Where the denominator of a result comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// The result is a whole number.
    Whole,
    /// The least common multiple of the operands' denominators.
    Common,
    /// The product of the operands' denominators.
    Product,
    /// That of the first, divided by a second that is a constant.
    Quotient,
    /// That of the step it is rounded to.
    Quantum,
    /// That of the schedule's pieces.
    OfSchedule,
    /// That of the result of the decision table.
    OfTable,
    /// That of what is asked of the set.
    OfSearch,
    /// The result is no number.
    NoNumber,
}

impl Kind {
    /// Whether a type is of this kind.
    pub fn holds(self, ty: Type) -> bool {
        match self {
            Self::Numeric => ty.is_numeric(),
            Self::Plain => matches!(ty, Type::Count | Type::Number),
            Self::Ordered => ty.is_numeric() || matches!(ty, Type::Date | Type::Period(_) | Type::Choice(_)),
            Self::Any => true,
            Self::YesNo => ty == Type::YesNo,
            Self::Date => ty == Type::Date,
            Self::Days => matches!(ty, Type::Date | Type::Period(_)),
            Self::Text => matches!(ty, Type::Text(_) | Type::Id(_)),
        }
    }
}
