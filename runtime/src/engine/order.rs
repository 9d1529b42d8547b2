//! The one order of rows of several streams: by day, events as the program declares them and then periods, short before long, and
//! within one stream by key.

use crate::engine::origin::Origin;
use crate::store::loaded::Loaded;
use crate::store::seen::TakenRow;
use meed_compiler::internal::broken;
use meed_compiler::plan::{Period, Plan, RecordId, Stream, VersionId};

/// Of events that rules read by another date too, the place of each row in the order of keys: rows of one day come by it in all rules.
/// These events are held in memory.
pub(super) struct Ranks(Vec<(RecordId, Vec<u32>)>);

impl Ranks {
    /// Those of the events that these versions read.
    pub fn of(plan: &Plan, loaded: &Loaded, versions: &[VersionId]) -> Self {
        let mut ranks: Vec<(RecordId, Vec<u32>)> = Vec::new();
        for id in versions {
            let Some(record) = by_date(plan, *id).filter(|record| ranks.iter().all(|(known, _)| known != record))
            else {
                continue;
            };
            let keys = &loaded.keys[record.index()];
            let mut order: Vec<u32> = (0..keys.len() as u32).collect();
            order.sort_by(|a, b| keys.cmp(*a as usize, *b as usize));
            let mut rank = vec![0; order.len()];
            (0..).zip(order).for_each(|(place, row)| rank[row as usize] = place);
            ranks.push((record, rank));
        }
        Self(ranks)
    }

    /// The place of a row among those of one day and stream.
    pub fn place(&self, origin: &Origin<'_>, root: u32) -> u32 {
        let rank = match origin {
            Origin::Event { record, .. } => self.0.iter().find(|(known, _)| known == record).map(|(_, rank)| rank),
            Origin::EntityPeriods { .. } => None,
        };
        rank.map_or(root, |rank| rank[origin.source(root) as usize])
    }
}

/// The event of which a version, or the one behind its payments, reads rows by another date.
fn by_date(plan: &Plan, id: VersionId) -> Option<RecordId> {
    match &plan.version(id).stream {
        Stream::ByDate(record, _) => Some(*record),
        Stream::Lines(rule, _) => by_date(plan, plan.first_version(*rule)?),
        Stream::Events(_) | Stream::Periods(..) => None,
    }
}

/// The place of a stream among those of one day.
pub(super) fn class(origin: &Origin<'_>) -> (u32, u32) {
    match origin {
        Origin::Event { record, .. } => (0, record.0),
        Origin::EntityPeriods { record, period, .. } => {
            let place = Period::ALL.iter().position(|kind| kind == period);
            (1 + place.unwrap_or_default() as u32, record.0)
        }
    }
}

/// What returns take back comes on the day of the return, as one of its rows.
impl Loaded {
    /// The return that takes a line of an event back; `taking` is its number from 1, or 0.
    pub(crate) fn taking_of(&self, origin: &Origin<'_>, taking: u32) -> Option<&TakenRow> {
        taking.checked_sub(1)?;
        let Origin::Event { record, .. } = origin else { broken("a period that is taken back") };
        self.taking_of_event(*record, taking)
    }

    /// The same of a line of this event.
    pub(crate) fn taking_of_event(&self, record: RecordId, taking: u32) -> Option<&TakenRow> {
        let idx = taking.checked_sub(1)?;
        let known = self.taken.iter().find(|taken| taken.record == record);
        known.and_then(|taken| taken.rows.get(idx as usize)).or_else(|| broken("a return that is gone"))
    }

    /// The day of a line.
    pub(crate) fn day_of_line(&self, origin: &Origin<'_>, root: u32, taking: u32) -> i32 {
        self.taking_of(origin, taking).map_or_else(|| origin.day(root), |taking| taking.day)
    }

    /// Where a line stands among those of its rule: by its day, then events as they are declared, then their rows.
    pub(crate) fn place_of_line(&self, origin: &Origin<'_>, root: u32, taking: u32) -> (i32, u32, u32) {
        match (self.taking_of(origin, taking), origin) {
            (Some(taking), _) => (taking.day, taking.by.0.0, taking.by.1),
            (None, Origin::Event { record, .. } | Origin::EntityPeriods { record, .. }) => {
                (origin.day(root), record.0, root)
            }
        }
    }

    /// The place of a line's stream among those of one day.
    pub(super) fn class_of_line(&self, origin: &Origin<'_>, taking: u32) -> (u32, u32) {
        self.taking_of(origin, taking).map_or_else(|| class(origin), |taking| (0, taking.by.0.0))
    }

    /// The place of a line among those of one day and stream.
    pub(super) fn row_of_line(&self, origin: &Origin<'_>, ranks: &Ranks, root: u32, taking: u32) -> u32 {
        self.taking_of(origin, taking).map_or_else(|| ranks.place(origin, root), |taking| taking.by.1)
    }
}
