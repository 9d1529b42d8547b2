//! What the lines or decisions of a page come from: rows of an event with their days and keys, or an entity's periods.

use crate::engine::origin::{self, Origin};
use crate::engine::result::RunResult;
use crate::keys::columns::Keys;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Plan, VersionId};
use std::borrow::Cow;

/// What the rows of a rule come from in a page.
pub(super) struct PageOrigin<'a> {
    origin: origin::PageOrigin<'a>,
    /// The keys of the rows of the event or the entity.
    keys: Cow<'a, Keys>,
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
        let Some(origin) = origin::PageOrigin::new(plan, id, loaded, result, page)? else { return Ok(None) };
        let keys = match origin {
            origin::PageOrigin::Event { record, .. } => loaded.keys_of(record, page)?,
            origin::PageOrigin::Held(Origin::Event { record, .. } | Origin::EntityPeriods { record, .. }) => {
                Cow::Borrowed(&loaded.keys[record.index()])
            }
        };
        Ok(Some(Self { origin, keys }))
    }

    pub fn origin(&self) -> Origin<'_> {
        self.origin.origin()
    }

    /// The keys of the rows of the event or the entity.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }
}

/// How many pages the rows have that a rule reads.
pub(super) fn n_pages(plan: &Plan, id: VersionId, loaded: &Loaded) -> usize {
    plan.root_of(&plan.version(id).stream).map_or(1, |root| loaded.n_pages(root))
}
