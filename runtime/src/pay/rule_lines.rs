//! The lines of all versions of one rule, in the order in which they are written.

use crate::engine::lines::LineRows;
use crate::engine::origin::Origin;
use crate::keys::columns::Keys;
use crate::store::loaded::Loaded;
use crate::store::seen::TakenRow;
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, RecordId, UnitId, VersionId};
use std::borrow::Cow;
use std::cmp::Ordering;

/// What the lines of a rule are written with.
#[derive(Clone, Copy)]
pub(super) struct OutputContext<'a> {
    pub plan: &'a Plan,
    pub name: &'a str,
    pub origin: Origin<'a>,
    /// The keys of the event's rows.
    pub keys: &'a Keys,
    pub loaded: &'a Loaded,
    pub through: i32,
}

impl OutputContext<'_> {
    /// The return that takes a line back.
    pub fn taking(&self, line: &LineRef<'_>) -> Option<&TakenRow> {
        self.loaded.taking_of(&self.origin, line.taking)
    }

    /// The day of a line.
    pub fn day(&self, line: &LineRef<'_>) -> i32 {
        self.loaded.day_of_line(&self.origin, line.root, line.taking)
    }
}

/// The lines of a rule with its versions.
pub(super) struct RuleLines<'a> {
    pub context: OutputContext<'a>,
    pub versions: Vec<Version<'a>>,
    /// The kinds of parties that are paid, with the keys of their rows; in order.
    pub kinds: Vec<(RecordId, &'a Keys)>,
    /// Places in the lines of all versions, one version behind the other.
    pub order: Vec<u32>,
}

/// The lines of one version of a rule.
pub(super) struct Version<'a> {
    pub id: VersionId,
    pub number: i32,
    /// The kind of party that it pays, where lines do not say.
    usual: RecordId,
    /// What it pays in, where rows do not say.
    unit: UnitId,
    lines: Cow<'a, LineRows>,
    /// The place of its first line.
    first: u32,
}

/// One line.
pub(super) struct LineRef<'a> {
    pub version: &'a Version<'a>,
    pub idx: usize,
    pub kind: RecordId,
    pub payee: u32,
    pub place: u32,
    /// The period of the close that it is booked in, or [`OWN_PERIOD`](crate::engine::lines::OWN_PERIOD).
    pub booked: i32,
    /// The day on which it is due, or [`NO_DUE`](crate::engine::lines::NO_DUE).
    pub due: i32,
    pub root: u32,
    /// The return that takes it back, or 0.
    pub taking: u32,
    pub amount: i64,
    pub unit: UnitId,
}

impl<'a> Version<'a> {
    /// None for a version that pays nobody.
    pub fn new(plan: &Plan, id: VersionId, lines: Cow<'a, LineRows>) -> Option<Self> {
        let usual = plan.payee_record(id)?;
        let number = plan.version(id).number as i32;
        let unit = plan.version(id).emit()?.unit;
        Some(Self { id, number, usual, unit, lines, first: 0 })
    }
}

impl<'a> RuleLines<'a> {
    /// The lines of versions, at least one.
    pub fn new(context: OutputContext<'a>, loaded: &'a Loaded, mut versions: Vec<Version<'a>>) -> Self {
        let mut n_lines = 0;
        for version in &mut versions {
            version.first = n_lines;
            n_lines += version.lines.len() as u32;
        }
        let kinds = kinds(context.plan, versions.iter().map(|version| version.id));
        let kinds = kinds.into_iter().map(|kind| (kind, &loaded.keys[kind.index()])).collect();
        let mut lines = Self { context, versions, kinds, order: Vec::new() };
        lines.order = lines.order(n_lines);
        lines
    }

    fn order(&self, n_lines: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n_lines).collect();
        // Versions hold on different days, and rows of an event or entity periods are in order by day.
        if self.has_takings() {
            let OutputContext { loaded, origin, .. } = self.context;
            order.sort_by_key(|&place| {
                let line = self.at(place);
                loaded.place_of_line(&origin, line.root, line.taking)
            });
        } else if self.versions.len() > 1 {
            order.sort_by_key(|&place| self.at(place).root);
        }
        if let [(_, keys)] = self.kinds[..] {
            return self.by_payee(&order, keys.len());
        }
        order.sort_by(|&a, &b| {
            let (a, b) = (self.at(a), self.at(b));
            compare(self.keys(a.kind), a.payee, self.keys(b.kind), b.payee).then(a.kind.cmp(&b.kind))
        });
        order
    }

    /// Whether some line is what a return takes back.
    pub fn has_takings(&self) -> bool {
        self.versions.iter().any(|version| version.lines.has_takings())
    }

    /// The place of a kind of party among those that are paid.
    pub fn place_of_kind(&self, kind: RecordId) -> usize {
        let place = self.kinds.iter().position(|(known, _)| *known == kind);
        place.unwrap_or_else(|| broken("a kind of payee that the rule does not pay"))
    }

    /// The keys of the rows of a kind of party.
    pub fn keys(&self, kind: RecordId) -> &'a Keys {
        self.kinds[self.place_of_kind(kind)].1
    }

    /// Sorts by payee, each payee's lines staying in their order.
    fn by_payee(&self, lines: &[u32], n_payees: usize) -> Vec<u32> {
        let mut next = vec![0u32; n_payees + 1];
        for version in &self.versions {
            version.lines.payees.iter().for_each(|&payee| next[payee as usize + 1] += 1);
        }
        for payee in 1..next.len() {
            next[payee] += next[payee - 1];
        }
        let mut order = vec![0; lines.len()];
        for &line in lines {
            let place = &mut next[self.at(line).payee as usize];
            order[*place as usize] = line;
            *place += 1;
        }
        order
    }

    /// The line at a place.
    pub fn at(&self, place: u32) -> LineRef<'_> {
        let version = match self.versions.as_slice() {
            [only] => only,
            versions => &versions[versions.partition_point(|version| version.first <= place) - 1],
        };
        let (idx, lines) = ((place - version.first) as usize, &version.lines);
        let (payee, root, amount) = (lines.payees[idx], lines.roots()[idx], lines.amounts[idx]);
        let (kind, place) = (lines.kind(idx, version.usual), lines.place(idx));
        LineRef {
            version,
            idx,
            kind,
            payee,
            place,
            booked: lines.booked(idx),
            due: lines.due(idx),
            root,
            taking: lines.taking(idx),
            amount,
            unit: lines.unit(idx, version.unit),
        }
    }
}

/// The kinds of parties that versions of a rule pay, in order.
pub(super) fn kinds(plan: &Plan, versions: impl Iterator<Item = VersionId>) -> Vec<RecordId> {
    let mut kinds: Vec<RecordId> = versions.flat_map(|id| plan.payee_kinds(id)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
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
