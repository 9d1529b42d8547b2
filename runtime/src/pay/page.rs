//! What the lines or decisions of a page come from: rows of an event with their days and keys, or an entity's periods.

use crate::engine::lines::Origin;
use crate::engine::result::RunResult;
use crate::keys::columns::Keys;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Plan, RecordId, VersionId};
use std::borrow::Cow;

/// What the rows of a rule come from in a page.
pub(super) enum PageOrigin<'a> {
    /// Rows of an event.
    Event { record: RecordId, days: Cow<'a, [i32]>, keys: Cow<'a, Keys> },
    /// Entities and periods, or rows of an event by another date.
    Held { origin: Origin<'a>, keys: &'a Keys },
}

impl<'a> PageOrigin<'a> {
    /// What the rows of a rule come from; none for a rule that was not run.
    pub fn new(
        plan: &Plan,
        id: VersionId,
        loaded: &'a Loaded,
        result: &'a RunResult,
        page: usize,
    ) -> Result<Option<Self>, StoreError> {
        if let Some(record) = plan.root_of(&plan.version(id).stream) {
            let (days, keys) = (loaded.days_of(plan, record, page)?, loaded.keys_of(record, page)?);
            return Ok(Some(Self::Event { record, days, keys }));
        }
        Ok(Origin::of(plan, id, loaded, result).map(|origin| {
            let (Origin::Event { record, .. } | Origin::EntityPeriods { record, .. }) = origin;
            Self::Held { origin, keys: &loaded.keys[record.index()] }
        }))
    }

    pub fn origin(&self) -> Origin<'_> {
        match self {
            Self::Event { record, days, .. } => Origin::Event { record: *record, days, rows: None },
            Self::Held { origin, .. } => *origin,
        }
    }

    /// The keys of the rows of the event or the entity.
    pub fn keys(&self) -> &Keys {
        match self {
            Self::Event { keys, .. } => keys,
            Self::Held { keys, .. } => keys,
        }
    }
}

/// How many pages the rows have that a rule reads.
pub(super) fn n_pages(plan: &Plan, id: VersionId, loaded: &Loaded) -> usize {
    plan.root_of(&plan.version(id).stream).map_or(1, |root| loaded.n_pages(root))
}
