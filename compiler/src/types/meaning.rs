//! What a name means at a place: the one look-up that typing and the order of rules share, so that they cannot disagree.
//!
//! A name is looked up from the inside out: `let`s, arguments, fields of the row, the row around a set, payments, rows by
//! name, parameters, decisions. Only the first name of a path is looked up; what follows are fields, but for the decision
//! of a row that is called by its name (`deal.share`).

use super::Typing;
use super::scope::Scope;
use crate::plan::{LocalId, RecordId, RecordKind, Root, RuleId, Stream};
use meed_grammar::tree;
use rustc_hash::FxHashMap;

/// What the first name of a path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
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
    /// A parameter.
    Parameter,
    /// What another rule sets for these rows.
    Decision,
}

/// What is known of all rules before any is lowered. Everything is found once, so that chains of rules cost no more than
/// their length.
#[derive(Default)]
pub(super) struct RuleIndex {
    /// By name, the rule; numbered in the order of their first versions.
    pub ids: FxHashMap<String, RuleId>,
    /// By name, the places of the versions.
    pub versions: FxHashMap<String, Vec<usize>>,
    /// By name, the record whose rows are behind the payments of a rule in the end; none where there is none.
    pub origins: FxHashMap<String, Option<RecordId>>,
    /// By name that is set: the rule, by its place, and the rows for which it sets it.
    pub deciders: FxHashMap<String, Vec<(usize, Stream)>>,
    /// By name, the places of the rules whose payments or decisions some version of a rule reads.
    pub reads: FxHashMap<String, Vec<usize>>,
}

impl RuleIndex {
    /// The rules that set a name for these rows.
    pub fn deciders(&self, name: &str, stream: &Stream) -> impl Iterator<Item = usize> {
        let known = self.deciders.get(name).into_iter().flatten();
        known.filter(move |(_, own)| own == stream).map(|(idx, _)| *idx)
    }
}

impl Typing<'_> {
    /// What the first name of a path means here; none where it means nothing.
    pub(super) fn meaning(&self, path: &[tree::Name], scope: &Scope) -> Option<Meaning> {
        let (first, rest) = path.split_first()?;
        let name = first.text.as_str();
        if let Some(&local) = scope.lets.names.get(name) {
            return Some(Meaning::Local(local));
        }
        if let Some(idx) = scope.arguments.iter().position(|(argument, _)| argument == name) {
            return Some(Meaning::Argument(idx as u32));
        }
        if let Some((root, record)) = scope.bare.filter(|(_, record)| self.field_of(*record, name).is_some()) {
            return Some(Meaning::Field(root, record));
        }
        if self.is_of_outer_row(name, rest.is_empty(), scope) {
            return Some(Meaning::Outer);
        }
        if scope.payment && name == "payment" {
            return Some(Meaning::Payment);
        }
        if let Some((_, root, record)) = scope.roots.iter().find(|(root, _, _)| root == name) {
            return Some(Meaning::Row(*root, *record));
        }
        if self.parameters.contains_key(name) {
            return Some(Meaning::Parameter);
        }
        let is_decision =
            rest.is_empty() && scope.rule.as_ref().is_some_and(|rule| self.is_decided(name, &rule.stream, scope));
        is_decision.then_some(Meaning::Decision)
    }

    /// Whether a bare name means anything here.
    pub(super) fn names_something(&self, name: &tree::Name, scope: &Scope) -> bool {
        self.meaning(std::slice::from_ref(name), scope).is_some()
    }

    /// Whether, inside the brackets of a set, a name is of the row around it; of a payment in a set, its amount and day
    /// are found before that row's fields.
    fn is_of_outer_row(&self, name: &str, is_bare: bool, scope: &Scope) -> bool {
        let Some((outer, _, names)) = &scope.outer else { return false };
        scope.payment && is_bare && matches!(name, "amount" | "when")
            || names.iter().any(|known| known == name)
            || self.field_of(*outer, name).is_some()
            || scope.outer_lets.as_ref().is_some_and(|(lets, _)| lets.names.contains_key(name))
    }

    /// Whether another rule than the one at work sets a name for these rows. What a rule sets itself is a `let` of it, and
    /// means nothing above its `set`.
    fn is_decided(&self, name: &str, stream: &Stream, scope: &Scope) -> bool {
        let own = scope.rule.as_ref().is_some_and(|rule| self.resolved.sets(&rule.name, name));
        !own && self.index.deciders(name, stream).next().is_some()
    }

    /// The rows of which `name` is a decision, read behind the name of a row (`deal.share`); none where it is a field.
    pub(super) fn decided_rows(&self, name: &str, root: Root, record: RecordId, scope: &Scope) -> Option<Stream> {
        if self.field_of(record, name).is_some() {
            return None;
        }
        let stream = match (root, &scope.rule.as_ref()?.stream) {
            (Root::Row, stream) => stream.clone(),
            (Root::Source, _) if self.program.record(record).kind == RecordKind::Event => Stream::Events(record),
            (Root::Source | Root::Payee, _) => return None,
        };
        self.is_decided(name, &stream, scope).then_some(stream)
    }
}
