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
    /// The return that takes a line back, by its number among those of the event from 1, if that is not 0.
    pub fn taking(&self, number: u32) -> Option<&TakenRow> {
        self.loaded.taking_of(&self.origin, number)
    }
}

/// The lines of a rule with its versions.
pub(super) struct RuleLines<'a> {
    pub context: OutputContext<'a>,
    pub versions: Vec<Version<'a>>,
    /// The kinds of parties that are paid, with the keys of their rows; in order.
    pub kinds: Vec<(RecordId, &'a Keys)>,
    n_lines: u32,
}

/// The lines of one version of a rule.
pub(super) struct Version<'a> {
    pub id: VersionId,
    pub number: i32,
    /// The kind of party that it pays, where lines do not say.
    pub usual: RecordId,
    /// What it pays in, where rows do not say.
    pub unit: UnitId,
    pub lines: Cow<'a, LineRows>,
    /// The place of its first line.
    first: u32,
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
        Self { context, versions, kinds, n_lines }
    }

    /// How many lines there are.
    pub fn n_lines(&self) -> usize {
        self.n_lines as usize
    }

    /// The order in which lines are written: their places in the lines of all versions, one version behind the other.
    pub fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.n_lines).collect();
        // Versions hold on different days, and rows of an event or entity periods are in order by day.
        if self.has_takings() {
            let OutputContext { loaded, origin, .. } = self.context;
            order.sort_by_key(|&place| {
                let (version, idx) = self.version_at(place);
                loaded.place_of_line(&origin, version.lines.roots()[idx], version.lines.taking(idx))
            });
        } else if self.versions.len() > 1 {
            order.sort_by_key(|&place| self.root_at(place));
        }
        if let [(_, keys)] = self.kinds[..] {
            return by_number(&order, keys.len(), |place| self.payee_at(place).1);
        }
        let (ranks, n_ranks) = self.ranks();
        by_number(&order, n_ranks, |place| {
            let (kind, payee) = self.payee_at(place);
            ranks[self.place_of_kind(kind)][payee as usize]
        })
    }

    /// By kind of party, the place of each party that is paid among all of them in the order of keys; and how many they are.
    fn ranks(&self) -> (Vec<Vec<u32>>, usize) {
        let mut ranks: Vec<Vec<u32>> = self.kinds.iter().map(|(_, keys)| vec![u32::MAX; keys.len()]).collect();
        let mut parties: Vec<(usize, u32)> = Vec::new();
        for version in &self.versions {
            for (idx, &payee) in version.lines.payees.iter().enumerate() {
                let kind = self.place_of_kind(version.lines.kind(idx, version.usual));
                let rank = &mut ranks[kind][payee as usize];
                if std::mem::replace(rank, 0) == u32::MAX {
                    parties.push((kind, payee));
                }
            }
        }
        parties.sort_unstable_by(|(a, a_row), (b, b_row)| {
            compare(self.kinds[*a].1, *a_row, self.kinds[*b].1, *b_row).then(a.cmp(b)).then(a_row.cmp(b_row))
        });
        (0..).zip(&parties).for_each(|(place, (kind, payee))| ranks[*kind][*payee as usize] = place);
        (ranks, parties.len())
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

    /// Which version the line at a place is of, and its place in that.
    pub fn located(&self, place: u32) -> (u32, usize) {
        let version = match self.versions.as_slice() {
            [_] => 0,
            versions => versions.partition_point(|version| version.first <= place) - 1,
        };
        (version as u32, (place - self.versions[version].first) as usize)
    }

    /// The same, with the version itself.
    fn version_at(&self, place: u32) -> (&Version<'a>, usize) {
        let (version, idx) = self.located(place);
        (&self.versions[version as usize], idx)
    }

    /// Who is paid by the line at a place.
    fn payee_at(&self, place: u32) -> (RecordId, u32) {
        let (version, idx) = self.version_at(place);
        (version.lines.kind(idx, version.usual), version.lines.payees[idx])
    }

    /// The row that the line at a place is for.
    pub fn root_at(&self, place: u32) -> u32 {
        let (version, idx) = self.version_at(place);
        version.lines.roots()[idx]
    }
}

/// Lines by a number below `n_numbers`, those of one number staying in their order.
fn by_number(lines: &[u32], n_numbers: usize, number_of: impl Fn(u32) -> u32) -> Vec<u32> {
    let mut next = vec![0u32; n_numbers + 1];
    lines.iter().for_each(|&line| next[number_of(line) as usize + 1] += 1);
    for number in 1..next.len() {
        next[number] += next[number - 1];
    }
    let mut order = vec![0; lines.len()];
    for &line in lines {
        let place = &mut next[number_of(line) as usize];
        order[*place as usize] = line;
        *place += 1;
    }
    order
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
