//! The window of rows that rules see, of an event that is not held, and what goes with it.

use super::Run;
use super::paths::{days, root_of};
use crate::load::Extent;
use crate::scratch::ScratchError;
use meed_compiler::data::Rows;
use meed_compiler::internal::broken;
use meed_compiler::plan::{DecisionId, RecordId, Stream};

impl Run<'_, '_> {
    /// The event whose rows, or payments for them, a stream has, where these are not held.
    pub(super) fn on_disk(&self, stream: &Stream) -> Option<RecordId> {
        root_of(self.plan, stream).filter(|root| self.loaded.windows[root.index()].is_some())
    }

    /// Makes a window of an event the rows that are seen.
    pub(super) fn see(&mut self, record: RecordId, window: usize) -> Result<(), ScratchError> {
        if self.seen == Some((record, window)) {
            return Ok(());
        }
        self.put_away()?;
        self.loaded.show(record, window)?;
        self.seen = Some((record, window));
        let Some(kept) = &self.result.kept else { broken("rows on the disk without what was decided on them") };
        let n_rows = self.loaded.data.tables[record.index()].n_stream;
        *self.marks.of(record) = kept.marks(record, window, n_rows)?;
        for (idx, decision) in self.plan.decisions.iter().enumerate() {
            if root_of(self.plan, &decision.stream) == Some(record) {
                let data = &mut self.loaded.data.decisions[idx];
                *data = kept.decision(DecisionId(idx as u32), window)?;
                if let Stream::Events(_) = decision.stream {
                    data.grow(n_rows);
                }
            }
        }
        Ok(())
    }

    /// Puts away what is known of the rows that are seen, and the rows.
    pub(super) fn put_away(&mut self) -> Result<(), ScratchError> {
        let Some((record, window)) = self.seen.take() else { return Ok(()) };
        let Some(kept) = &mut self.result.kept else { broken("rows on the disk without what was decided on them") };
        let marks = std::mem::take(self.marks.of(record));
        kept.put(self.plan, record, window, &marks, &mut self.loaded.data, &self.decided)?;
        self.decided.fill(false);
        self.loaded.hide(record);
        Ok(())
    }

    /// How many rows a stream has, and between which days.
    pub(super) fn extent(&self, stream: &Stream, rows: &Rows, n_rows: u32) -> Extent {
        let on_disk = self.on_disk(stream).and_then(|root| self.loaded.extent(root));
        on_disk.unwrap_or_else(|| Extent::of(days(self.plan, self.loaded, rows, 0, n_rows)))
    }
}
