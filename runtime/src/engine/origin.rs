//! What the lines of a rule come from: rows of an event with their days, or an entity's periods.

use crate::engine::result::RunResult;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Period, Plan, RecordId, Stream, VersionId};
use std::borrow::Cow;

/// What the lines of a rule come from in the end.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// Rows of an event, with their days.
    Event {
        /// The event.
        record: RecordId,
        /// By row of the stream.
        days: &'a [i32],
        /// By row of the stream, the row of the event, where they come by another date than the event's own.
        rows: Option<&'a [u32]>,
    },
    /// Rows of an entity and a period each.
    EntityPeriods {
        /// The entity.
        record: RecordId,
        /// The kind of period.
        period: Period,
        /// The rows.
        periods: &'a meed_compiler::data::EntityPeriods,
    },
}

impl<'a> Origin<'a> {
    /// What the lines of a rule come from.
    pub fn of(plan: &Plan, id: VersionId, loaded: &'a Loaded, result: &'a RunResult) -> Option<Self> {
        match &plan.version(id).stream {
            Stream::Events(record) => {
                Some(Self::Event { record: *record, days: loaded.days(plan, *record), rows: None })
            }
            Stream::ByDate(record, _) => {
                result.dated(id).map(|dated| Self::Event { record: *record, days: &dated.when, rows: Some(&dated.row) })
            }
            Stream::Periods(record, period) => {
                result.periods(id).map(|periods| Self::EntityPeriods { record: *record, period: *period, periods })
            }
            Stream::Lines(rule, _) => plan.first_version(*rule).and_then(|id| Self::of(plan, id, loaded, result)),
        }
    }

    /// The day of a row.
    pub fn day(&self, root: u32) -> i32 {
        match self {
            Self::Event { days, .. } => days[root as usize],
            Self::EntityPeriods { periods, .. } => periods.last_day[root as usize],
        }
    }

    /// Whether a row is of a period that has not ended by a day.
    pub fn is_open(&self, plan: &Plan, root: u32, through: i32) -> bool {
        match self {
            Self::Event { .. } => false,
            Self::EntityPeriods { period, periods, .. } => {
                !plan.has_ended(*period, periods.period[root as usize], through)
            }
        }
    }

    /// The row of the event or the entity.
    pub fn source(&self, root: u32) -> u32 {
        match self {
            Self::Event { rows, .. } => rows.map_or(root, |rows| rows[root as usize]),
            Self::EntityPeriods { periods, .. } => periods.entity[root as usize],
        }
    }
}

/// What the lines of a rule come from in a page.
pub(crate) enum PageOrigin<'a> {
    /// Rows of an event.
    Event {
        /// The event.
        record: RecordId,
        /// By row of the page.
        days: Cow<'a, [i32]>,
    },
    /// Entities and periods, or rows of an event by another date.
    Held(Origin<'a>),
}

impl<'a> PageOrigin<'a> {
    /// None for a rule that was not run.
    pub fn new(
        plan: &Plan,
        id: VersionId,
        loaded: &'a Loaded,
        result: &'a RunResult,
        page: usize,
    ) -> Result<Option<Self>, StoreError> {
        Ok(match plan.root_of(&plan.version(id).stream) {
            Some(record) => Some(Self::Event { record, days: loaded.days_of(plan, record, page)? }),
            None => Origin::of(plan, id, loaded, result).map(Self::Held),
        })
    }

    pub fn origin(&self) -> Origin<'_> {
        match self {
            Self::Event { record, days } => Origin::Event { record: *record, days, rows: None },
            Self::Held(origin) => *origin,
        }
    }
}
