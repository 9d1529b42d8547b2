//! The tree of a Meed file: what was written, with the place of everything, and nothing of what it means.
//!
//! Names are not looked up, literals are kept as they were written (grouping commas and signs taken out), brackets
//! stay as nodes because a pair of brackets can settle which of two readings is meant. INVARIANT: every node has the
//! span of its own text, without the blanks and comments around it.

use crate::span::Span;

/// A whole file: the items in the order written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Top-level items, in order.
    pub items: Vec<Item>,
}

/// One item at the margin of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `program NAME "title" { … }`
    Program(Program),
    /// `use channel`
    Use(Name),
    /// `extend deal { … }`: more members for a record of a library
    Extend(Extend),
    /// `entity …` or `event …`
    Record(Record),
    /// `schedule NAME graduated { … }`
    Schedule(Schedule),
    /// `parameter NAME = LITERAL`
    Parameter(Parameter),
    /// `rule NAME "title" { … }`
    Rule(Rule),
    /// `test "title" { … }`
    Test(Test),
    /// Part of the language that this version reads but does not run: `unit`, `table`, `balance`, `choose`, `rates`, `calendar`
    Unsupported(Unsupported),
    /// A piece that could not be read; it still declares its name, so that other items do not fail for it
    Damaged(Damaged),
}

/// A name as written (NFC), with its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The name after NFC normalization.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A quoted text, with quotes taken off and doubled quotes made single.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The content.
    pub value: String,
    /// Its place, quotes included.
    pub span: Span,
}

/// Something the language has but this version does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// In the designer's words: "a split", "a balance", "a contest (`ranked by`)".
    pub what: &'static str,
    /// The name it declares, if it declares one.
    pub name: Option<Name>,
    /// Its place.
    pub span: Span,
}

/// A piece that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The word that opened the piece (`rule`, `schedule`, …), empty if there was none.
    pub keyword: String,
    /// The name it declares, if one could be seen.
    pub name: Option<Name>,
    /// Its place.
    pub span: Span,
}

/// `program NAME "title" { … }`
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Debug, PartialEq)]
pub struct ProgramClause {
    /// What it says.
    pub kind: ProgramClauseKind,
    /// Its place.
    pub span: Span,
}

/// What a line of a program's head says.
#[derive(Clone, Debug, PartialEq)]
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
    /// Something not supported yet.
    Unsupported(Unsupported),
}

/// After which of its calendar years a fiscal year is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// The year in which it starts.
    Start,
    /// The year in which it ends.
    End,
}

/// Where 31 January plus one month lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthEnds {
    /// On the last day of February.
    RoundDown,
    /// On the first day of March.
    RoundUp,
}

/// `active FROM to TO`: both days in. Either may be left open in a rule (`active from D`, `active to D`).
#[derive(Clone, Debug, PartialEq)]
pub struct Active {
    /// First day, a date literal or a parameter.
    pub from: Option<Expr>,
    /// Last day.
    pub to: Option<Expr>,
    /// Its place.
    pub span: Span,
}

/// `half even`, `upward`, … with what it rounds to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounding {
    /// The mode.
    pub mode: RoundingMode,
    /// To what; without it the unit's decimals.
    pub to: Option<RoundTo>,
    /// Its place.
    pub span: Span,
}

/// The ten ways to round. `half …` differ only where the digits cut off are exactly one half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// `to N decimals`, `to whole`, `to multiples of X`
#[derive(Clone, Debug, PartialEq)]
pub enum RoundTo {
    /// `to N decimals`
    Decimals(u32),
    /// `to whole`
    Whole,
    /// `to multiples of X`
    MultiplesOf(Box<Expr>),
}

/// `extend NAME { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Extend {
    /// The record of a library.
    pub record: Name,
    /// What it gains.
    pub members: Vec<Member>,
    /// The whole item.
    pub span: Span,
}

/// `entity NAME [from …] { … }` or `event NAME [from …] { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Entity or event.
    pub kind: RecordKind,
    /// Its name.
    pub name: Name,
    /// Where its rows come from, if said.
    pub from: Option<RecordSource>,
    /// Its key, when and fields, as written.
    pub members: Vec<Member>,
    /// The whole item.
    pub span: Span,
}

/// The two kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// A party or thing that events refer to.
    Entity,
    /// Something that happened.
    Event,
}

/// `from "table"` or `from agent`
#[derive(Clone, Debug, PartialEq)]
pub enum RecordSource {
    /// `from "sales_teams"`: the table of that name.
    Table(Text),
    /// `from agent`: the distinct values of the key's column in the table of that record.
    Distinct(Name),
}

/// One line of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    /// `key id from "…"`, `key (person, quarter)`
    Key {
        /// One part, or several of a composite key.
        parts: Vec<Field>,
        /// Its place.
        span: Span,
    },
    /// `when closed_on [optional] [date | date and time] from "…" as "…"`
    When(Field),
    /// `name type …`
    Field(Field),
    /// A line of a kind not supported yet (`deal reverses`, a `dated` field).
    Unsupported(Unsupported),
}

/// A field's name and type and how its column is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type; a key part or a `when` may leave it out.
    pub ty: Option<FieldType>,
    /// `optional`
    pub optional: Option<Span>,
    /// `from "Header"`
    pub column: Option<Text>,
    /// `as "DD-MM-YYYY"`
    pub format: Option<Text>,
    /// `ignoring case`
    pub ignoring_case: Option<Span>,
    /// The whole line.
    pub span: Span,
}

/// The type written in a field, an argument of a schedule, or a key part.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldType {
    /// What it is.
    pub kind: FieldTypeKind,
    /// Its place.
    pub span: Span,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTypeKind {
    /// `id`
    Id,
    /// `text`
    Text,
    /// `count`
    Count,
    /// `number`, `number to N decimals`
    Number(Option<u32>),
    /// `percent`
    Percent,
    /// `money`, `money to N decimals`
    Money(Option<u32>),
    /// `date`
    Date,
    /// `date and time`, `date and time in "Europe/Berlin"`
    DateTime {
        /// The zone's IANA name or offset, if written.
        zone: Option<Text>,
    },
    /// `yes/no`
    YesNo,
    /// `one of …`, lowest first
    OneOf(Vec<Choice>),
    /// An entity or event: a reference
    Record(Name),
    /// A type not supported yet (`money in FIELD`, a unit)
    Unsupported(Unsupported),
}

/// One value of a `one of`: `won "Closed Won" or "Won"`, `open otherwise`.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its name.
    pub name: Name,
    /// How the data spells it; empty means as its name.
    pub spellings: Vec<Text>,
    /// `otherwise`: every spelling not listed.
    pub otherwise: Option<Span>,
}

/// `parameter NAME = LITERAL`
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// The whole item.
    pub span: Span,
}

/// `schedule NAME(arguments) graduated … { bands }`
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// `graduated`, `retroactive` or `curve`; missing when none was written.
    pub shape: Option<(Shape, Span)>,
    /// `even at zero`
    pub even_at_zero: Option<Span>,
    /// `mirrored`
    pub mirrored: Option<Span>,
    /// Its bands, as written.
    pub bands: Vec<Band>,
    /// The whole item.
    pub span: Span,
}

/// `ceiling money`
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: FieldType,
}

/// How bands are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each band prices its own slice.
    Graduated,
    /// The band reached prices everything.
    Retroactive,
    /// Straight lines between points.
    Curve,
}

/// One band.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Where it ends or begins.
    pub bound: Bound,
    /// What it pays.
    pub pays: Pays,
    /// The whole band.
    pub span: Span,
}

/// Where a band ends (`to`, `below`) or begins (`from`, `at`), or that it goes on for ever.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// `to X`: up to and with X
    To(Expr),
    /// `below X`: up to but without X
    Below(Expr),
    /// `from X`: from and with X
    From(Expr),
    /// `at X pays Y`: a point of a curve
    At(Expr),
    /// `beyond`
    Beyond,
    /// `every N started pays Y`, `every N completed pays Y`
    Every {
        /// The size of a package.
        size: Expr,
        /// `started`, `completed`, or missing when neither was written
        counted: Option<(Packages, Span)>,
    },
}

/// Which packages of an `every` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packages {
    /// A package counts when it is begun.
    Started,
    /// A package counts when it is full.
    Completed,
}

/// What a band pays.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a schedule has a handful of these")]
pub enum Pays {
    /// `2%`, `$200`, `$1 each`, `2% plus $300`
    Amount {
        /// A rate, a price or an amount; which one its type and `each` decide.
        value: Expr,
        /// `each`
        each: Option<Span>,
        /// `plus X`
        plus: Option<Expr>,
    },
    /// `none`: no result
    None(Span),
    /// `flat`: goes on at the height reached
    Flat(Span),
}

/// `rule NAME "title" { … }`
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What it says.
    pub kind: ClauseKind,
    /// Its place.
    pub span: Span,
}

/// What a clause says.
#[derive(Clone, Debug, PartialEq)]
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
    /// `first per K [and K2] [per P]`
    FirstPer {
        /// Every name after a `per` or `and`; which one is a period is decided later.
        per: Vec<Path>,
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
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownMeans {
    /// What it means.
    pub kind: UnknownMeansKind,
    /// Its place.
    pub span: Span,
}

/// What a missing value stands for.
#[derive(Clone, Debug, PartialEq)]
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

/// A dotted name: `rep.employer.level`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Its parts, at least one.
    pub parts: Vec<Name>,
    /// Its place.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
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
    /// `2026-02-01` (its text; the calendar is checked later)
    Date(String),
    /// `"Cloud"`
    Text(String),
    /// `yes` or `no`
    YesNo(bool),
    /// `rep.employer.level`, `registered`, `gold`
    Path(Path),
    /// `volume_bands(X)`
    Call {
        /// The schedule or table.
        name: Name,
        /// Its arguments.
        arguments: Vec<Expr>,
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
    /// `smallest of (a, b)`, `largest of (a, b)`
    Extreme {
        /// `largest`
        largest: bool,
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
        arguments: Vec<Expr>,
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
    /// Part of the language not supported yet.
    Unsupported(Unsupported),
    /// What could not be read; reported already.
    Damaged,
}

/// Operators with two sides. `Of` is `P of X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

/// Aggregates over a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// `sum of X in SET`
    Sum,
    /// `count of SET`
    Count,
    /// `average of X in SET`
    Average,
    /// `smallest of X in SET`
    Smallest,
    /// `largest of X in SET`
    Largest,
    /// `count of distinct X in SET`
    CountDistinct,
}

/// `deal`, `payments from RULE`, `(deal by PATH where C to date)`
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// The rows.
    pub source: SetSource,
    /// `by PATH`
    pub by: Option<Path>,
    /// `where CONDITION`
    pub condition: Option<Box<Expr>>,
    /// `to date`, `previous quarter`, …
    pub window: Option<Window>,
    /// Its place.
    pub span: Span,
}

/// Which rows a set takes.
#[derive(Clone, Debug, PartialEq)]
pub enum SetSource {
    /// An event.
    Event(Name),
    /// `payments from RULE`
    Payments(Name),
}

/// Which rows by time.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Which.
    pub kind: WindowKind,
    /// Its place.
    pub span: Span,
}

/// Windows of a set.
#[derive(Clone, Debug, PartialEq)]
pub enum WindowKind {
    /// `to date`
    ToDate,
    /// `previous quarter`
    Previous(Name),
    /// Not supported yet: `before this`, `within N days`, `same quarter last year`, `ever`
    Unsupported(Unsupported),
}

/// Units of a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodUnit {
    /// `day`, `days`
    Days,
    /// `month`, `months`, `whole months`
    Months,
    /// `year`, `years`, `whole years`
    Years,
}

/// Parts of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// `test "title" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its title.
    pub title: Text,
    /// Its lines, in order.
    pub steps: Vec<TestStep>,
    /// The whole item.
    pub span: Span,
}

/// One line of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestStep {
    /// What it says.
    pub kind: TestStepKind,
    /// Its place.
    pub span: Span,
}

/// What a line of a test says.
#[derive(Clone, Debug, PartialEq)]
pub enum TestStepKind {
    /// `given deal D1 { partner ACME  amount $10 }`
    Given {
        /// The record.
        record: Name,
        /// Its key: a name, a number or a text; several in brackets for a composite key.
        key: Vec<TestKey>,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
    },
    /// `given deal from "deals.csv"`
    GivenFrom {
        /// The record.
        record: Name,
        /// The file.
        file: Text,
    },
    /// `through DATE`
    Through(Expr),
    /// `with parameter = value`
    With {
        /// The parameter.
        parameter: Name,
        /// Its value.
        value: Expr,
    },
    /// `expect RULE pays PAYEE AMOUNT [for KEY] [in PERIOD]`
    Pays {
        /// The rule.
        rule: Name,
        /// Who.
        payee: Vec<TestKey>,
        /// How much.
        amount: Expr,
        /// `for KEY`
        for_key: Option<Vec<TestKey>>,
        /// `in 2026-Q1`: the period as written
        in_period: Option<Text>,
    },
    /// `expect RULE does not pay [PAYEE] [for KEY] [in PERIOD]`
    DoesNotPay {
        /// The rule.
        rule: Name,
        /// Who; missing means anybody.
        payee: Option<Vec<TestKey>>,
        /// `for KEY`
        for_key: Option<Vec<TestKey>>,
        /// `in 2026-Q1`
        in_period: Option<Text>,
    },
    /// `expect no other payments`
    NoOtherPayments,
    /// `expect NAME of KEY [in PERIOD] is VALUE`
    Decides {
        /// The decision.
        name: Name,
        /// Of which event or entity.
        key: Vec<TestKey>,
        /// `in 2026-Q1`
        in_period: Option<Text>,
        /// The value; missing for `is unknown`.
        value: Option<Expr>,
    },
    /// `expect KEY rejected`
    Rejected(Vec<TestKey>),
    /// `expect totals from "totals.csv"`
    TotalsFrom(Text),
}

/// A key in a test: a name, a number or a text, compared as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestKey {
    /// The key's text.
    pub text: String,
    /// Its place.
    pub span: Span,
}
