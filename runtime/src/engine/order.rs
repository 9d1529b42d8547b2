//! The one order of rows of several streams: by day, events as the program declares them and then periods, short before long, and
//! within one stream by key.

use crate::engine::lines::Origin;
use crate::store::loaded::Loaded;
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
