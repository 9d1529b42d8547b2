//! The Plan: what a program means, as a small acyclic dataflow over streams of rows.
//!
//! Comes in: nothing of the text but spans. Goes out: one description that is interpreted, compiled, explained and
//! printed. A rule reads one stream, row by row in the order of `when` and key, through a straight line of [`Node`]s.
//! Everything that remembers (first-per, accumulations, limits) is a keyed [`State`]; everything that looks at many rows
//! at once is a [`Fold`], done before the rules that read it. The Plan knows no files and no columns' layout.

pub mod balance;
pub mod calendar;
pub mod cover;
pub mod fields;
pub mod function;
pub mod hold;
pub mod ids;
pub mod label;
pub mod layout;
pub mod node;
pub mod op;
pub mod phases;
pub mod rank;
pub mod schedule;
pub mod search;
pub mod set_reversal;
pub mod share;
pub mod shared_limit;
pub mod signature;
pub mod stacking;
pub mod state;
pub mod table;
pub mod text;
pub mod verify;
pub mod walk;

pub use balance::*;
pub use calendar::{Back, Calendar, Days, Period, Weekday, Years};
pub use fields::*;
pub use function::{Function, Signature};
pub use hold::Hold;
pub use ids::*;
pub use label::Label;
pub use layout::{Bounds, Layout, RowTest, TextEncoding};
pub use node::*;
pub use op::*;
pub use phases::{Phase, Together, Work};
pub use rank::*;
pub use schedule::*;
pub use search::*;
pub use set_reversal::SetReversal;
pub use share::*;
pub use shared_limit::*;
pub use signature::{Kind, Notation, Operands, ResultKind, Scale};
pub use stacking::*;
pub use state::*;
pub use table::*;

use crate::internal::broken;
use crate::value::RoundingMode;
use meed_grammar::span::Span;

/// A whole program, ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program's name.
    pub name: String,
    /// Its title, or its name.
    pub title: String,
    /// The units of its payments: the currency, then those that the program declares.
    pub units: Vec<Unit>,
    /// Its periods.
    pub calendar: Calendar,
    /// First and last day of its life.
    pub active: Days,
    /// Entities and events, those of the library that the program uses among them.
    pub records: Vec<Record>,
    /// The lists of `one of`; equal lists are one.
    pub choices: Vec<Vec<String>>,
    /// How many domains of texts and ids there are; values of one domain can be compared.
    pub n_domains: u32,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// Decision tables.
    pub tables: Vec<Table>,
    /// Tests on texts and ids, done once per distinct value.
    pub predicates: Vec<Predicate>,
    /// Keys of states: what they are kept per.
    pub keys: Vec<Key>,
    /// Keyed states.
    pub states: Vec<State>,
    /// Which rows belong to the rows of rules per entity and period.
    pub matches: Vec<Match>,
    /// Aggregates of them.
    pub folds: Vec<Fold>,
    /// Sets whose rows are found for each row that asks.
    pub searches: Vec<Search>,
    /// Events whose rows take back what they find.
    pub set_reversals: Vec<SetReversal>,
    /// Choices between rules.
    pub stackings: Vec<Stacking>,
    /// What is kept for parties.
    pub balances: Vec<Balance>,
    /// Limits over several rules, as written.
    pub shared_limits: Vec<SharedLimit>,
    /// Decisions (`set`).
    pub decisions: Vec<Decision>,
    /// Rules, in the order of their first versions as written.
    pub rules: Vec<Rule>,
    /// The versions of all rules, as written.
    pub versions: Vec<Version>,
    /// The versions in an order in which each comes after those it reads; those of one rule by their days.
    pub order: Vec<VersionId>,
    /// Parameters with the values they have in this run, as written in Meed, and whether they were overridden.
    pub parameters: Vec<Parameter>,
}

/// A unit of payment.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// ISO 4217 code, or its name in the program.
    pub code: String,
    /// Its decimals.
    pub decimals: u32,
    /// How payments are rounded.
    pub mode: RoundingMode,
    /// Whether lines are rounded alone and not along their running total.
    pub each_line: bool,
    /// For amounts in the currency that each row names: which it is. Its own code stands for none of them, and its decimals are the
    /// most of any.
    pub by_row: Option<ByRow>,
}

/// The unit of an amount is the one that a field of the row names.
#[derive(Clone, Debug, PartialEq)]
pub struct ByRow {
    /// The field, a value of a list.
    pub currency: Expr,
    /// By place in the list, the currency.
    pub units: Vec<UnitId>,
}

impl Default for Unit {
    fn default() -> Self {
        Self { code: "USD".to_owned(), decimals: 2, mode: RoundingMode::HalfEven, each_line: false, by_row: None }
    }
}

impl Unit {
    /// How many of its smallest amounts one has: 100 for two decimals.
    pub fn per_one(&self) -> i64 {
        10i64.pow(self.decimals)
    }
}

/// A parameter as this run has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value as written in Meed.
    pub value: String,
    /// The value in the program's text, when this run has another.
    pub overridden: Option<String>,
}

/// A rule: what its versions share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its versions, as written; none where all of them have a problem.
    pub versions: Vec<VersionId>,
}

/// A version of a rule; of a rule with one version, the rule as written.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its rule.
    pub rule: RuleId,
    /// The rule's name, for messages.
    pub name: String,
    /// Its title, or its name.
    pub title: String,
    /// From 1, by its days.
    pub number: u32,
    /// The days on which it matches, within the program's life.
    pub active: Days,
    /// The rows it reads.
    pub stream: Stream,
    /// What it does with a row, in order.
    pub nodes: Vec<Node>,
    /// How many `let`s and `set`s it has.
    pub n_locals: u32,
    /// Names, types and places of these, for explanations.
    pub locals: Vec<Local>,
    /// Aggregates that it reads.
    pub folds: Vec<FoldId>,
    /// As what it and its sets read rows that others take back.
    pub reading: Reading,
    /// Whether a return takes back its share of what was paid for its row; rows are read as they were reported then.
    pub takes_back: bool,
    /// Whether what it adds for a period is worked out again on the day of each return that comes later, and the difference added then.
    pub adds_again: bool,
    /// Whether its sets are of rows as they stood at the end of each period, so that a period that is closed stays so.
    pub as_it_stood: bool,
    /// How its lines are held until they are worth a payment, if they are.
    pub hold: Option<Hold>,
    /// The whole rule in the text.
    pub span: Span,
}

/// A `let` or `set` of a rule.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether it can be missing.
    pub optional: bool,
}

impl Plan {
    /// A path of fields from a row of a record, as it is written: `partner.tier`.
    pub fn path_words(&self, record: RecordId, path: &[FieldId]) -> String {
        path_words(&self.records, record, path)
    }

    /// The event whose rows, in the order of their days, a stream comes from in the end; `None` if it comes from entity periods,
    /// or rows by another date.
    pub fn root_of(&self, stream: &Stream) -> Option<RecordId> {
        match stream {
            Stream::Events(record) => Some(*record),
            Stream::Periods(..) | Stream::ByDate(..) => None,
            Stream::Lines(rule, _) => self.first_version(*rule).and_then(|id| self.root_of(&self.version(id).stream)),
        }
    }

    /// A Plan that says nothing yet.
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
            predicates: Vec::new(),
            keys: Vec::new(),
            states: Vec::new(),
            matches: Vec::new(),
            folds: Vec::new(),
            searches: Vec::new(),
            stackings: Vec::new(),
            balances: Vec::new(),
            shared_limits: Vec::new(),
            set_reversals: Vec::new(),
            decisions: Vec::new(),
            rules: Vec::new(),
            versions: Vec::new(),
            order: Vec::new(),
            parameters: Vec::new(),
        }
    }

    /// The days of a period that lie within the program's life; `from` is after `to` where none do. A period before the
    /// program's first is whole.
    pub fn cut_days(&self, period: Period, index: i32) -> Days {
        let Days { from, to } = self.calendar.days(period, index, self.active);
        if to < self.active.from {
            return Days { from, to };
        }
        Days { from: from.max(self.active.from), to: to.min(self.active.to) }
    }

    /// The period of which a window asks on a day, where that is not the rule's own; none where the calendar has no such.
    pub fn looked_back(&self, window: Window, day: i32) -> Option<i32> {
        match window {
            Window::Previous(kind) => Some(self.calendar.index(kind, day) - 1),
            Window::SameLastYear(kind) => {
                let first = self.calendar.first_day_back(kind, Back::Year, day)?;
                Some(self.calendar.index(kind, first))
            }
            Window::Own | Window::ToDate => broken("a window of the rule's own period that looks back"),
        }
    }

    /// Whether a period has ended by the last day of a run: whether that part of it has which lies within the program's
    /// life. This one meaning decides what is an accrual and when a guarantee is trued up, in rules of any period.
    pub fn has_ended(&self, period: Period, index: i32, through: i32) -> bool {
        self.cut_days(period, index).to <= through
    }

    /// The last day of the period that holds a day, which ends with the program where the day lies within its life.
    pub fn period_end(&self, period: Period, day: i32) -> i32 {
        let end = self.calendar.days(period, self.calendar.index(period, day), self.active).to;
        if day <= self.active.to { end.min(self.active.to) } else { end }
    }

    /// The days on which the first so many parts of a line of this day are due; none where the calendar lacks a period.
    pub fn due_days(&self, parts: Installments, number: u32, day: i32) -> Option<Vec<i32>> {
        let mut next = day;
        let due = |_| {
            let known = self.calendar.knows(parts.period, next);
            known.then(|| {
                let last = self.calendar.days(parts.period, self.calendar.index(parts.period, next), self.active).to;
                next = last + 1;
                last
            })
        };
        (0..number).map(due).collect()
    }

    /// The number of the last period of a kind that ends in a longer one within the program's life: a week that ends in the
    /// month after is that month's.
    pub fn last_within(&self, period: Period, longer: Period, index: i32) -> i32 {
        let end = self.cut_days(longer, index).to;
        let last = self.calendar.index(period, end);
        if self.cut_days(period, last).to > end { last - 1 } else { last }
    }

    /// The program's currency.
    pub fn currency(&self) -> &Unit {
        self.unit(UnitId::CURRENCY)
    }

    /// The unit of this id.
    pub fn unit(&self, id: UnitId) -> &Unit {
        &self.units[id.index()]
    }

    /// The unit of this name.
    pub fn unit_named(&self, code: &str) -> Option<UnitId> {
        self.units.iter().position(|unit| unit.code == code).map(|idx| UnitId(idx as u32))
    }

    /// The unit that a version pays in; that of the currency where it pays nothing.
    pub fn unit_of(&self, id: VersionId) -> &Unit {
        self.unit(self.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit))
    }

    /// The units that a version may pay in.
    pub fn units_of(&self, id: VersionId) -> Vec<UnitId> {
        match self.version(id).emit().map(|emit| emit.unit) {
            Some(unit) => self.unit(unit).by_row.as_ref().map_or_else(|| vec![unit], |by_row| by_row.units.clone()),
            None => Vec::new(),
        }
    }

    /// The unit that a rule pays in.
    pub fn unit_of_rule(&self, id: RuleId) -> &Unit {
        self.first_version(id).map_or(self.currency(), |id| self.unit_of(id))
    }

    /// The rule of this id.
    pub fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[id.index()]
    }

    /// The version of this id.
    pub fn version(&self, id: VersionId) -> &Version {
        &self.versions[id.index()]
    }

    /// The versions of a rule, as written.
    pub fn versions_of(&self, id: RuleId) -> impl Iterator<Item = VersionId> + '_ {
        self.rule(id).versions.iter().copied()
    }

    /// The first version of a rule, whose stream is that of all; a rule that was left out has none.
    pub fn first_version(&self, id: RuleId) -> Option<VersionId> {
        self.rule(id).versions.first().copied()
    }

    /// The rows of an aggregate.
    pub fn matched(&self, fold: FoldId) -> &Match {
        self.rows_of(&self.folds[fold.index()])
    }

    /// The rows of an aggregate that is at hand.
    pub fn rows_of(&self, fold: &Fold) -> &Match {
        &self.matches[fold.over.index()]
    }

    /// The expressions of an aggregate and of its rows.
    pub fn exprs_of(&self, fold: FoldId) -> Vec<&Expr> {
        let (fold, rows) = (&self.folds[fold.index()], self.matched(fold));
        std::iter::once(&rows.key).chain(&rows.also).chain(fold.function.value()).collect()
    }

    /// The rule of this name.
    pub fn rule_named(&self, name: &str) -> Option<RuleId> {
        self.rules.iter().position(|rule| rule.name == name).map(|idx| RuleId(idx as u32))
    }

    /// The record of this id.
    pub fn record(&self, id: RecordId) -> &Record {
        &self.records[id.index()]
    }

    /// Whether a row can be without a slot: a part of its key can be missing.
    pub fn key_can_miss(&self, id: KeyId) -> bool {
        self.keys[id.index()].parts.iter().any(|part| match &part.op {
            Op::Field { record, path, .. } => self.path_can_miss(*record, path),
            _ => true,
        })
    }

    /// Whether a field on a path is optional.
    pub fn path_can_miss(&self, record: RecordId, path: &[FieldId]) -> bool {
        let mut at = record;
        path.iter().any(|field| {
            let field = &self.record(at).fields[field.index()];
            if let Type::Ref(next) = field.ty {
                at = next;
            }
            field.optional
        })
    }

    /// The record of this name.
    pub fn record_named(&self, name: &str) -> Option<RecordId> {
        self.records.iter().position(|record| record.name == name).map(|idx| RecordId(idx as u32))
    }

    /// The entity whose rows are paid by this rule, if it pays; the first of several.
    pub fn payee_record(&self, id: VersionId) -> Option<RecordId> {
        self.payee_kinds(id).first().copied()
    }
}

impl Version {
    /// What it pays, if it pays.
    pub fn emit(&self) -> Option<&Emit> {
        self.nodes.iter().find_map(|node| match node {
            Node::Emit(emit) => Some(emit),
            _ => None,
        })
    }

    /// Whether only the first rows of a key go on.
    pub fn has_first(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node, Node::First { .. }))
    }

    /// Whether it takes back.
    pub fn is_negative(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node, Node::Pay(Pay { negative: true, .. })))
    }

    /// Whether it also has rows of periods before the program: it only sets, and has no days of its own.
    pub fn is_early(&self) -> bool {
        self.active == Days::ALL && matches!(self.stream, Stream::Periods(_, period) if period != Period::OwnYear)
    }

    /// The days of the rows that it looks at: its range, and where it holds a first `ever`, all days before.
    pub fn looks_at(&self) -> Days {
        let looks_back = self.nodes.iter().any(|node| matches!(node, Node::Until));
        Days { from: if looks_back { Days::ALL.from } else { self.active.from }, to: self.active.to }
    }
}
