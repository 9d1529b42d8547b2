//! Functions: what makes a value of the values of its operands.
//!
//! [`Function::signature`] is the one table of them. Types, the Plan's text, the verifier, denominators and traces
//! read what they ask from it; what a function gives is in `interpret/function.rs` and `codegen/jit/function.rs`. What
//! decides whether an operand is evaluated at all (`and`, `if`) is control, a form of [`Op`](super::Op), and no function.

use super::signature::{Kind, Notation, Operands, ResultKind, Scale};
use super::{
    Back, Comparison, DatePart, Edge, Expr, Period, Plan, PredicateId, ScheduleId, ScheduleOutput, SearchId, TableId,
    TimeUnit, Type,
};
use crate::value::{Exact, RoundingMode};

/// A function. Its operands are all evaluated, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Function {
    /// `-x`
    Negate,
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`, `a of b`
    Multiply,
    /// `a / b`
    Divide,
    /// The smallest of several.
    Smallest,
    /// The largest of several.
    Largest,
    /// Rounded to a multiple of `quantum`.
    Round {
        /// How.
        mode: RoundingMode,
        /// The step, above zero: 1/100 for two decimals.
        quantum: Exact,
    },
    /// F(x) of a schedule; the operands are its arguments, then x. Missing in a band that pays `none`.
    Schedule {
        /// The schedule.
        schedule: ScheduleId,
        /// What is asked: the amount, the rate, or the band.
        output: ScheduleOutput,
    },
    /// What a decision table gives for its arguments; missing where no row matches, or the row has no such result.
    Lookup {
        /// The table.
        table: TableId,
        /// Which of its results.
        result: u32,
    },
    /// What is asked of the rows of a set that this row finds.
    Find {
        /// The set.
        search: SearchId,
        /// Which of its outputs.
        output: u32,
    },
    /// Comparison of two values of one type (choices by their place, dates by day, codes only `=` and `!=`).
    Compare(Comparison),
    /// The contrary.
    Not,
    /// A test on a text or id.
    Test(PredicateId),
    /// The text of a test for one text, as a value of its domain; it takes nothing.
    Text(PredicateId),
    /// Whether a value is there.
    Known,
    /// The rate of a currency, which must be there.
    Rate,
    /// `D + 12 months`
    AddTime(TimeUnit),
    /// `days from A to B`
    TimeBetween(TimeUnit),
    /// The number of the year that holds D among those which begin on the anniversaries of a date, the first of them 0.
    OwnYear,
    /// `quarter number of D`
    DatePart(DatePart),
    /// `first day of quarter of D`, of a period that is not the program.
    PeriodEdge(Period, Edge),
    /// The first day of a period before the one that holds D.
    PeriodBack(Period, Back),
    /// `quarter of D`: the period that holds D.
    PeriodOf(Period),
}

/// What everyone may know of a function who does not have to compute it.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Its word in the Plan's text; of a [`Notation::Called`] one also in the language.
    pub word: &'static str,
    /// How it is written.
    pub notation: Notation,
    /// What it takes.
    pub operands: Operands,
    /// What it gives.
    pub result: ResultKind,
    /// Whether it is missing where an operand is.
    pub strict: bool,
    /// Whether it is there whatever its operands are.
    pub total: bool,
    /// The denominator of its result.
    pub scale: Scale,
    /// The operand that must not be zero, counted from 0.
    pub divisor: Option<usize>,
    /// Codes of the faults that it can meet.
    pub faults: &'static [&'static str],
    /// Whether its value tells a reader something that its text does not.
    pub telling: bool,
}

const OVERFLOW: &[&str] = &["overflow"];
const DIVISION: &[&str] = &["division-by-zero", "overflow"];
const DATE: &[&str] = &["impossible-date"];
const FIND: &[&str] = &[
    "division-by-zero",
    "overflow",
    "impossible-date",
    "crossing-bounds",
    "empty-package",
    "several-rows",
    "missing-rate",
];
const SCHEDULE: &[&str] = &["crossing-bounds", "empty-package"];

impl Signature {
    const fn new(word: &'static str, operands: Operands, result: ResultKind, scale: Scale) -> Self {
        let notation = Notation::Before;
        Self {
            word,
            notation,
            operands,
            result,
            strict: true,
            total: false,
            scale,
            divisor: None,
            faults: &[],
            telling: false,
        }
    }

    const fn between(self) -> Self {
        Self { notation: Notation::Between, ..self }
    }

    const fn called(self) -> Self {
        Self { notation: Notation::Called, ..self }
    }

    const fn faults(self, faults: &'static [&'static str]) -> Self {
        Self { faults, ..self }
    }

    const fn divides_by(self, operand: usize) -> Self {
        Self { divisor: Some(operand), faults: DIVISION, ..self }
    }

    const fn telling(self) -> Self {
        Self { telling: true, ..self }
    }
}

impl Function {
    /// The functions that their word says whole: all but those with a step, a schedule or a test of their own.
    pub const PLAIN: &[Self] = &[
        Self::Negate,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Smallest,
        Self::Largest,
        Self::Compare(Comparison::Equal),
        Self::Compare(Comparison::NotEqual),
        Self::Compare(Comparison::Less),
        Self::Compare(Comparison::LessOrEqual),
        Self::Compare(Comparison::Greater),
        Self::Compare(Comparison::GreaterOrEqual),
        Self::Not,
        Self::Known,
        Self::Rate,
        Self::AddTime(TimeUnit::Days),
        Self::AddTime(TimeUnit::Months),
        Self::AddTime(TimeUnit::Years),
        Self::TimeBetween(TimeUnit::Days),
        Self::TimeBetween(TimeUnit::Months),
        Self::TimeBetween(TimeUnit::Years),
        Self::OwnYear,
        Self::DatePart(DatePart::Year),
        Self::DatePart(DatePart::Half),
        Self::DatePart(DatePart::Quarter),
        Self::DatePart(DatePart::Month),
        Self::DatePart(DatePart::Day),
        Self::PeriodEdge(Period::Day, Edge::First),
        Self::PeriodEdge(Period::Day, Edge::Last),
        Self::PeriodEdge(Period::Week, Edge::First),
        Self::PeriodEdge(Period::Week, Edge::Last),
        Self::PeriodEdge(Period::HalfMonth, Edge::First),
        Self::PeriodEdge(Period::HalfMonth, Edge::Last),
        Self::PeriodEdge(Period::Month, Edge::First),
        Self::PeriodEdge(Period::Month, Edge::Last),
        Self::PeriodEdge(Period::Quarter, Edge::First),
        Self::PeriodEdge(Period::Quarter, Edge::Last),
        Self::PeriodEdge(Period::Half, Edge::First),
        Self::PeriodEdge(Period::Half, Edge::Last),
        Self::PeriodEdge(Period::Year, Edge::First),
        Self::PeriodEdge(Period::Year, Edge::Last),
        Self::PeriodOf(Period::Day),
        Self::PeriodOf(Period::Week),
        Self::PeriodOf(Period::HalfMonth),
        Self::PeriodOf(Period::Month),
        Self::PeriodOf(Period::Quarter),
        Self::PeriodOf(Period::Half),
        Self::PeriodOf(Period::Year),
    ];

    /// Its row of the table.
    pub const fn signature(&self) -> Signature {
        use Kind::{Any, Date, Days, Numeric, Ordered, Plain, Text, YesNo};
        use Operands::{Alike, Each, Several};
        use ResultKind::{Is, Operand};
        let row = Signature::new;
        match self {
            Self::Negate => row("negative", Alike(1, Numeric), Operand, Scale::Common),
            Self::Add => row("+", Alike(2, Numeric), Operand, Scale::Common).between().faults(OVERFLOW),
            Self::Subtract => row("-", Alike(2, Numeric), Operand, Scale::Common).between().faults(OVERFLOW),
            Self::Multiply => {
                row("*", Each(&[Numeric, Numeric]), ResultKind::Product, Scale::Product).between().faults(OVERFLOW)
            }
            Self::Divide => {
                row("/", Each(&[Numeric, Numeric]), ResultKind::Quotient, Scale::Quotient).between().divides_by(1)
            }
            Self::Smallest => row("smallest", Several(Ordered), Operand, Scale::Common).called(),
            Self::Largest => row("largest", Several(Ordered), Operand, Scale::Common).called(),
            Self::Round { .. } => row("round", Alike(1, Numeric), Operand, Scale::Quantum),
            Self::Schedule { output, .. } => {
                row(output_word(*output), Operands::OfSchedule, ResultKind::OfSchedule, Scale::OfSchedule)
                    .faults(SCHEDULE)
                    .telling()
            }
            Self::Lookup { .. } => Signature {
                strict: false,
                ..row("lookup", Operands::OfTable, ResultKind::OfTable, Scale::OfTable).telling()
            },
            Self::Find { .. } => Signature {
                strict: false,
                ..row("find", Operands::OfSearch, ResultKind::OfSearch, Scale::OfSearch).faults(FIND).telling()
            },
            Self::Compare(comparison) => {
                let kind = if comparison.is_equality() { Any } else { Ordered };
                row(comparison.sign(), Alike(2, kind), Is(Type::YesNo), Scale::NoNumber).between()
            }
            Self::Not => row("not", Alike(1, YesNo), Is(Type::YesNo), Scale::NoNumber),
            Self::Test(_) => row("test", Each(&[Text]), Is(Type::YesNo), Scale::NoNumber),
            Self::Text(_) => row("text", Each(&[]), ResultKind::OfTest, Scale::NoNumber),
            Self::Known => {
                Signature { strict: false, total: true, ..row("known", Each(&[Any]), Is(Type::YesNo), Scale::NoNumber) }
            }
            Self::Rate => Signature {
                strict: false,
                total: true,
                ..row("rate-needed", Alike(1, Plain), Operand, Scale::Common).faults(&["missing-rate"]).telling()
            },
            Self::AddTime(unit) => {
                let word = match unit {
                    TimeUnit::Days => "plus-days",
                    TimeUnit::Months => "plus-months",
                    TimeUnit::Years => "plus-years",
                };
                row(word, Each(&[Date, Plain]), Is(Type::Date), Scale::NoNumber).between().faults(DATE).telling()
            }
            Self::TimeBetween(unit) => {
                let word = match unit {
                    TimeUnit::Days => "days",
                    TimeUnit::Months => "months",
                    TimeUnit::Years => "years",
                };
                row(word, Each(&[Date, Date]), Is(Type::Count), Scale::Whole).telling()
            }
            Self::OwnYear => row("own-year", Each(&[Date, Date]), Is(Type::Count), Scale::Whole).telling(),
            Self::DatePart(part) => {
                let word = match part {
                    DatePart::Year => "year",
                    DatePart::Half => "half",
                    DatePart::Quarter => "quarter",
                    DatePart::Month => "month",
                    DatePart::Day => "day",
                };
                row(word, Each(&[Days]), Is(Type::Count), Scale::Whole).faults(DATE).telling()
            }
            Self::PeriodEdge(period, edge) => {
                row(edge.word(*period), Each(&[Days]), Is(Type::Date), Scale::NoNumber).faults(DATE).telling()
            }
            Self::PeriodOf(period) => {
                let word = match period {
                    Period::Day => "day-of",
                    Period::Week => "week-of",
                    Period::HalfMonth => "half-month-of",
                    Period::Month => "month-of",
                    Period::Quarter => "quarter-of",
                    Period::Half => "half-of",
                    Period::Year | Period::OwnYear | Period::Program => "year-of",
                };
                row(word, Each(&[Days]), Is(Type::Period(*period)), Scale::NoNumber).faults(DATE).telling()
            }
            Self::PeriodBack(..) => row("back", Each(&[Date]), Is(Type::Date), Scale::NoNumber).faults(DATE).telling(),
        }
    }

    /// The plain function of this word in the Plan's text, among those that are between their operands or not.
    pub fn of_word(word: &str, between: bool) -> Option<Self> {
        let named = Self::PLAIN.iter().find(|function| {
            let signature = function.signature();
            signature.word == word && (signature.notation == Notation::Between) == between
        });
        named.cloned()
    }

    /// The function that the language writes `WORD of (a, b)`.
    pub fn called(word: &str) -> Option<Self> {
        Self::of_word(word, false).filter(|function| function.signature().notation == Notation::Called)
    }

    /// The words of all that the language writes so.
    pub fn called_words() -> impl Iterator<Item = &'static str> {
        let called = Self::PLAIN.iter().map(Self::signature).filter(|known| known.notation == Notation::Called);
        called.map(|known| known.word)
    }

    /// Whether operands of these types fit it.
    pub fn takes(&self, plan: &Plan, operands: &[Expr]) -> bool {
        let signature = self.signature();
        let alike = || operands.windows(2).all(|pair| pair[0].ty == pair[1].ty);
        let kinds_fit = match signature.operands {
            Operands::Each(kinds) => {
                kinds.len() == operands.len() && kinds.iter().zip(operands).all(|(kind, value)| kind.holds(value.ty))
            }
            Operands::Alike(n, kind) => {
                operands.len() == n && operands.iter().all(|value| kind.holds(value.ty)) && alike()
            }
            Operands::Several(kind) => {
                !operands.is_empty() && operands.iter().all(|value| kind.holds(value.ty)) && alike()
            }
            Operands::OfTable | Operands::OfSearch => true,
            Operands::OfSchedule => operands.iter().all(|value| value.ty.is_numeric()),
        };
        let of_its_own = match (self, operands) {
            (Self::Multiply, [a, b]) => !a.ty.is_money() || !b.ty.is_money(),
            (Self::Divide, [a, b]) => !b.ty.is_money() || a.ty == b.ty,
            (Self::Schedule { schedule, .. }, _) => {
                let known = plan.schedules.get(schedule.index());
                known.is_some_and(|known| known.arguments.len() + 1 == operands.len())
            }
            (Self::Lookup { table, result }, _) => plan.tables.get(table.index()).is_some_and(|table| {
                let fits = |(column, value): (&super::TableColumn, &Expr)| are_asked_alike(column.ty, value.ty);
                table.arguments.len() == operands.len()
                    && table.arguments.iter().zip(operands).all(fits)
                    && (*result as usize) < table.results.len()
            }),
            (Self::Find { search, output }, _) => plan.searches.get(search.index()).is_some_and(|search| {
                let fits = |(ty, value): (&Type, &Expr)| are_asked_alike(*ty, value.ty);
                search.operands.len() == operands.len()
                    && search.operands.iter().zip(operands).all(fits)
                    && (*output as usize) < search.outputs.len()
            }),
            (Self::Text(test), _) => {
                let known = plan.predicates.get(test.index()).map(|known| &known.test);
                matches!(known, Some(super::TextTest::In(texts)) if texts.len() == 1)
            }
            (Self::Test(test), [value]) => {
                let domain = plan.predicates.get(test.index()).map(|known| known.domain);
                matches!(value.ty, Type::Text(found) | Type::Id(found) if Some(found) == domain)
            }
            _ => true,
        };
        kinds_fit && of_its_own
    }

    /// The type of its result.
    pub fn result(&self, plan: &Plan, operands: &[Expr]) -> Type {
        let ty = |idx: usize| operands.get(idx).map_or(Type::Number, |value| value.ty);
        match self.signature().result {
            ResultKind::Operand => ty(0),
            ResultKind::Product => match (ty(0), ty(1)) {
                (ty @ Type::Money(_), _) | (_, ty @ Type::Money(_)) => ty,
                (Type::Percent, Type::Percent) => Type::Percent,
                (Type::Count, Type::Count) => Type::Count,
                _ => Type::Number,
            },
            ResultKind::Quotient => match (ty(0), ty(1)) {
                (Type::Money(_), Type::Money(_)) => Type::Number,
                (a @ (Type::Money(_) | Type::Percent), _) => a,
                _ => Type::Number,
            },
            ResultKind::Is(ty) => ty,
            ResultKind::OfTable => match self {
                Self::Lookup { table, result } => {
                    let found = plan.tables.get(table.index()).and_then(|table| table.results.get(*result as usize));
                    found.map_or(Type::Number, |result| result.ty)
                }
                _ => Type::Number,
            },
            ResultKind::OfTest => match self {
                Self::Text(test) => {
                    plan.predicates.get(test.index()).map_or(Type::Number, |known| Type::Text(known.domain))
                }
                _ => Type::Number,
            },
            ResultKind::OfSearch => match self {
                Self::Find { search, output } => {
                    let found = plan.searches.get(search.index()).and_then(|known| known.outputs.get(*output as usize));
                    found.map_or(Type::Number, super::SearchOutput::ty)
                }
                _ => Type::Number,
            },
            ResultKind::OfSchedule => match self {
                Self::Schedule { schedule, output } => {
                    plan.schedules.get(schedule.index()).map_or(Type::Number, |schedule| schedule.gives(*output))
                }
                _ => Type::Number,
            },
        }
    }
}

const fn output_word(output: ScheduleOutput) -> &'static str {
    match output {
        ScheduleOutput::Amount => "amount",
        ScheduleOutput::Rate => "rate",
        ScheduleOutput::Band => "band",
    }
}

impl Comparison {
    /// `=` and `!=`, which need no order.
    pub const fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Its sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// The comparison with its sides changed.
    pub const fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }
}

/// Whether a value of one type can be asked for where the other is declared: numbers stand for one another, and so do texts and ids of
/// one domain.
fn are_asked_alike(a: Type, b: Type) -> bool {
    let number = |ty: Type| matches!(ty, Type::Number | Type::Count | Type::Percent);
    match (a, b) {
        (Type::Text(a) | Type::Id(a), Type::Text(b) | Type::Id(b)) => a == b,
        (a, b) => a == b || number(a) && number(b),
    }
}
