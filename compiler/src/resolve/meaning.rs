//! What a name means at a place: the one look-up that types and the order of rules share, so that they cannot disagree.
//!
//! A name is looked up from the inside out: `let`s, arguments, fields of the row, rows by name, payments, the row around a
//! set, entities keyed by a party and
//! its period, parameters, decisions. Only the first name of a path is looked up; what follows are fields, but for the decision
//! of a row that is called by its name (`deal.share`).

use super::Resolved;
use crate::plan::{LineKind, LocalId, Period, RecordId, RecordKind, Root, RuleId, Stream, Type};
use meed_grammar::steps;
use meed_grammar::tree;
use rustc_hash::FxHashMap;

/// What the first name of a path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A `let` or `set` above.
    Local(LocalId),
    /// An argument of a schedule.
    Argument(u32),
    /// A field of the row.
    Field(Root, RecordId),
    /// The row around a set, or a field or `let` of it.
    Outer,
    /// The payment that the rule reads.
    Payment,
    /// A row by its name.
    Row(Root, RecordId),
    /// In a rule per party and period, the row of an entity that is keyed by both.
    OfPeriod(RecordId),
    /// A parameter.
    Parameter,
    /// What another rule sets for these rows.
    Decision,
    /// What another rule sets for the set's row, an entity, by periods.
    Decided(Root, RecordId),
}

/// Where a name is looked up: what is in sight there.
#[derive(Clone)]
pub(crate) struct Sight<'s> {
    /// The `let`s and `set`s above.
    pub lets: &'s FxHashMap<String, LocalId>,
    /// Arguments of a schedule.
    pub arguments: &'s [(String, Type)],
    /// The record whose fields are bare names.
    pub bare: Option<(Root, RecordId)>,
    /// The record of the row around a set, and its names.
    pub outer: Option<(RecordId, &'s [String])>,
    /// The `let`s of that row.
    pub outer_lets: Option<&'s FxHashMap<String, LocalId>>,
    /// Whether rows are payments or credits, and which.
    pub payment: Option<LineKind>,
    /// Rows by name.
    pub roots: &'s [(String, Root, RecordId)],
    /// The rule at work, and its rows.
    pub rule: Option<(&'s str, &'s Stream)>,
    /// In the brackets of a set, what is in sight of the row around it.
    pub outside: Option<Box<Sight<'s>>>,
}

/// What a field leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// A row of a record.
    Record(RecordId),
    /// One of a list, by its place among the lists of the program.
    List(usize),
    /// A value of another kind.
    Value,
}

/// What is known of all names before any has a type. Everything is found once, so that chains of rules cost no more than
/// their length.
#[derive(Debug, Default)]
pub(crate) struct NameIndex {
    /// Records by name.
    pub records: FxHashMap<String, RecordId>,
    /// By record, its fields by name.
    pub fields: Vec<FxHashMap<String, Leads>>,
    /// Entities that are keyed by a party and a period, by name.
    pub by_period: FxHashMap<String, (RecordId, RecordId, Period)>,
    /// Values of the lists of `one of`, list by list as they are declared.
    pub lists: Vec<Vec<String>>,
    /// By name, the rule; numbered in the order of their first versions.
    pub ids: FxHashMap<String, RuleId>,
    /// By name, the record whose rows are behind the payments of a rule in the end; `None` if there is none.
    pub origins: FxHashMap<String, Option<RecordId>>,
    /// By name that is set: the rule, by its place, and the rows for which it sets it.
    pub deciders: FxHashMap<String, Vec<(usize, Stream)>>,
    /// By name, the places of the rules whose payments or decisions some version of a rule reads.
    pub reads: FxHashMap<String, Vec<usize>>,
    /// The same of payments alone.
    pub paid: FxHashMap<String, Vec<usize>>,
}

impl NameIndex {
    /// The rules that set a name for these rows.
    pub fn deciders(&self, name: &str, stream: &Stream) -> impl Iterator<Item = usize> {
        let known = self.deciders.get(name).into_iter().flatten();
        known.filter(move |(_, own)| own == stream).map(|(idx, _)| *idx)
    }

    /// The rules that set a name for rows of this record, of which kind they may be.
    pub fn deciders_of(&self, name: &str, record: RecordId) -> impl Iterator<Item = (usize, &Stream)> {
        let known = self.deciders.get(name).into_iter().flatten();
        let is_of = move |stream: &Stream| match stream {
            Stream::Events(own) | Stream::ByDate(own, _) | Stream::Periods(own, _) => *own == record,
            Stream::Lines(..) => false,
        };
        known.filter(move |(_, own)| is_of(own)).map(|(idx, own)| (*idx, own))
    }

    /// The entity of this name that is keyed by this kind of party and period.
    fn of_period(&self, name: &str, party: RecordId, period: Period) -> Option<RecordId> {
        let (record, own, kind) = self.by_period.get(name)?;
        (*own == party && *kind == period).then_some(*record)
    }

    /// What a field of a record leads to.
    pub fn field(&self, record: RecordId, name: &str) -> Option<&Leads> {
        steps::count(1);
        self.fields.get(record.index())?.get(name)
    }
}

impl Resolved {
    /// What the first name of a path means here; `None` if it means nothing.
    pub(crate) fn meaning(&self, path: &[tree::Name], sight: &Sight<'_>) -> Option<Meaning> {
        let (first, rest) = path.split_first()?;
        let name = first.text.as_str();
        if let Some(&local) = sight.lets.get(name) {
            return Some(Meaning::Local(local));
        }
        if let Some(idx) = sight.arguments.iter().position(|(argument, _)| argument == name) {
            return Some(Meaning::Argument(idx as u32));
        }
        if let Some((root, record)) = sight.bare.filter(|(_, record)| self.index.field(*record, name).is_some()) {
            return Some(Meaning::Field(root, record));
        }
        let in_set = sight.outer.is_some() || sight.outside.is_some();
        if in_set && rest.is_empty() {
            let is_credit = sight.payment == Some(LineKind::Credit);
            if sight.payment.is_some() && matches!(name, "amount" | "when")
                || is_credit && matches!(name, "share" | "base")
            {
                return Some(Meaning::Payment);
            }
            if let Some((_, stream)) = sight.rule
                && self.is_decided(name, stream, sight)
            {
                return Some(Meaning::Decision);
            }
            if let Some((root, record)) = sight.bare
                && self.index.deciders_of(name, record).next().is_some()
            {
                return Some(Meaning::Decided(root, record));
            }
        }
        // In the brackets of a set its own row comes before a field of the row around it that has the same name.
        if let Some((_, root, record)) = sight.roots.iter().find(|(root, _, _)| root == name) {
            return Some(Meaning::Row(*root, *record));
        }
        if sight.payment.is_some_and(|kind| kind.word() == name) {
            return Some(Meaning::Payment);
        }
        if self.is_of_outer_row(name, sight) {
            return Some(Meaning::Outer);
        }
        if let Some(outside) = &sight.outside
            && (name == "this" || !matches!(self.meaning(path, outside), None | Some(Meaning::Parameter)))
        {
            return Some(Meaning::Outer);
        }
        if let Some((_, Stream::Periods(party, period))) = sight.rule
            && let Some(record) = self.index.of_period(name, *party, *period)
        {
            return Some(Meaning::OfPeriod(record));
        }
        if self.has_parameter(name) {
            return Some(Meaning::Parameter);
        }
        let is_decision = rest.is_empty() && sight.rule.is_some_and(|(_, stream)| self.is_decided(name, stream, sight));
        is_decision.then_some(Meaning::Decision)
    }

    /// Whether, inside the brackets of a set, a name is of the row around it.
    fn is_of_outer_row(&self, name: &str, sight: &Sight<'_>) -> bool {
        let Some((outer, names)) = sight.outer else { return false };
        names.iter().any(|known| known == name)
            || self.index.field(outer, name).is_some()
            || sight.outer_lets.is_some_and(|lets| lets.contains_key(name))
    }

    /// Whether another rule than the one at work sets a name for these rows. What a rule sets itself is a `let` of it, and
    /// means nothing above its `set`.
    fn is_decided(&self, name: &str, stream: &Stream, sight: &Sight<'_>) -> bool {
        let own = sight.rule.is_some_and(|(rule, _)| self.sets(rule, name));
        !own && self.index.deciders(name, stream).next().is_some()
    }

    /// The rows of which `name` is a decision, read behind the name of a row (`deal.share`); `None` if it is a field.
    pub(crate) fn decided_rows(&self, name: &str, root: Root, record: RecordId, sight: &Sight<'_>) -> Option<Stream> {
        if self.index.field(record, name).is_some() {
            return None;
        }
        let stream = match (root, sight.rule?.1) {
            (Root::Row, stream) => stream.clone(),
            (Root::Source, _) if self.records[record.index()].item.kind == RecordKind::Event => Stream::Events(record),
            (Root::Source | Root::Payee, _) => return None,
        };
        self.is_decided(name, &stream, sight).then_some(stream)
    }
}
