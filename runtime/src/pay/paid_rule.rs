//! A rule whose lines are written: what holds for all of them.

use crate::engine::lines::Lines;
use crate::engine::result::RunResult;
use crate::keys::columns::Keys;
use crate::pay::page::n_pages;
use crate::store::loaded::Loaded;
use meed_compiler::internal::broken;
use meed_compiler::plan::{Period, Plan, RecordId, Rule, Stream, UnitId, VersionId};
use std::cmp::Ordering;

/// A rule whose lines are written.
pub(super) struct PaidRule<'a> {
    pub plan: &'a Plan,
    pub loaded: &'a Loaded,
    pub result: &'a RunResult,
    pub name: &'a str,
    /// The versions that pay somebody.
    pub ids: Vec<VersionId>,
    /// Whether the lines are written as they were computed, and not as they are paid.
    pub as_computed: bool,
    /// The kinds of parties that are paid, with the keys of their rows; in order.
    pub kinds: Vec<(RecordId, &'a Keys)>,
    /// What its lines are for in the end.
    pub source: Source,
    /// How many pages its rows have.
    pub n_pages: usize,
}

/// What the lines of a rule are for in the end.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// Rows of an event.
    Event(RecordId),
    /// Periods of an entity.
    Periods(Period),
}

impl<'a> PaidRule<'a> {
    /// None for a rule that pays nobody.
    pub fn new(
        plan: &'a Plan,
        rule: &'a Rule,
        loaded: &'a Loaded,
        result: &'a RunResult,
        as_computed: bool,
    ) -> Option<Self> {
        let ids: Vec<VersionId> = rule.versions.iter().copied().filter(|&id| plan.payee_record(id).is_some()).collect();
        let first = *ids.first()?;
        let mut kinds: Vec<RecordId> = ids.iter().flat_map(|id| plan.payee_kinds(*id)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let kinds = kinds.into_iter().map(|kind| (kind, &loaded.keys[kind.index()])).collect();
        let source = source(plan, first);
        let n_pages = n_pages(plan, first, loaded);
        Some(Self { plan, loaded, result, name: &rule.name, ids, as_computed, kinds, source, n_pages })
    }

    /// The lines of a version.
    pub fn lines(&self, id: VersionId) -> &'a Lines {
        if self.as_computed { &self.result.lines[id.index()] } else { self.result.paid(id) }
    }

    /// The event of many pages that its rows are of; neither its rows nor their lines are seen whole then.
    pub fn paged_event(&self) -> Option<RecordId> {
        match (self.source, self.n_pages) {
            (Source::Event(record), 2..) => Some(record),
            (Source::Event(_) | Source::Periods(_), _) => None,
        }
    }

    /// How many lines there are.
    pub fn n_lines(&self) -> usize {
        self.ids.iter().map(|id| self.lines(*id).len()).sum()
    }

    /// The kind of party that a version pays, where lines do not say.
    pub fn usual_kind(&self, id: VersionId) -> RecordId {
        self.plan.payee_record(id).unwrap_or_else(|| broken("lines of a version that pays nobody"))
    }

    /// What a version pays in, where lines do not say.
    pub fn usual_unit(&self, id: VersionId) -> UnitId {
        self.plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit)
    }

    /// The keys of the rows of a kind of party.
    pub fn keys(&self, kind: RecordId) -> &'a Keys {
        self.kinds[self.place_of_kind(kind)].1
    }

    /// The place of a kind of party among those that are paid.
    pub fn place_of_kind(&self, kind: RecordId) -> usize {
        let place = self.kinds.iter().position(|(known, _)| *known == kind);
        place.unwrap_or_else(|| broken("a kind of payee that the rule does not pay"))
    }
}

fn source(plan: &Plan, id: VersionId) -> Source {
    match &plan.version(id).stream {
        Stream::Events(record) | Stream::ByDate(record, _) => Source::Event(*record),
        Stream::Periods(_, period) => Source::Periods(*period),
        Stream::Lines(rule, _) => match plan.first_version(*rule) {
            Some(first) => source(plan, first),
            None => broken("payments of a rule that has no version"),
        },
    }
}

/// The order of keys of two records.
pub(super) fn compare(a: &Keys, a_row: u32, b: &Keys, b_row: u32) -> Ordering {
    let n_components = a.n_components().min(b.n_components());
    let by_component = |idx| a.key_component(a_row as usize, idx).cmp(&b.key_component(b_row as usize, idx));
    (0..n_components)
        .map(by_component)
        .find(|ordering| ordering.is_ne())
        .unwrap_or(a.n_components().cmp(&b.n_components()))
}
