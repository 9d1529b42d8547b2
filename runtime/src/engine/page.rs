//! The page of rows that rules see, and what goes with it.

use crate::engine::paths::days;
use crate::engine::run::Run;
use crate::store::error::StoreError;
use crate::store::pages::DateSpan;
use meed_compiler::data::Rows;
use meed_compiler::plan::{DecisionId, RecordId, Stream};

impl Run<'_, '_> {
    /// How many pages the rows have that come from an event in the end, or from none.
    pub(super) fn n_pages(&self, root: Option<RecordId>) -> usize {
        root.map_or(1, |root| self.loaded.n_pages(root))
    }

    /// Makes a page of an event the rows that are seen.
    pub(super) fn see(&mut self, record: RecordId, page: usize) -> Result<(), StoreError> {
        if self.loaded.is_shown(record, page) {
            return Ok(());
        }
        self.put_away()?;
        self.loaded.show(record, page)?;
        self.seen = Some((record, page));
        let n_rows = self.loaded.data.tables[record.index()].n_stream;
        self.flags.turn_to(record, page, n_rows)?;
        for (idx, decision) in self.plan.decisions.iter().enumerate() {
            if self.plan.root_of(&decision.stream) == Some(record) {
                let data = &mut self.loaded.data.decisions[idx];
                *data = self.result.put_away(DecisionId(idx as u32), page)?;
                if let Stream::Events(_) = decision.stream {
                    data.grow(n_rows);
                }
            }
        }
        Ok(())
    }

    /// Puts away what is known of the rows that are seen, and the rows, where others are to be seen.
    pub(super) fn put_away(&mut self) -> Result<(), StoreError> {
        let Some((record, page)) = self.seen.take() else { return Ok(()) };
        self.flags.put_away(record, page)?;
        for (idx, decision) in self.plan.decisions.iter().enumerate() {
            if self.plan.root_of(&decision.stream) == Some(record) {
                let data = std::mem::take(&mut self.loaded.data.decisions[idx]);
                if self.decided[idx] && data.known.contains(&1) {
                    self.result.decisions[idx].put(page, data)?;
                }
            }
        }
        self.decided.fill(false);
        self.loaded.hide(record);
        Ok(())
    }

    /// The days of all rows of a stream, and how many rows there are.
    pub(super) fn span(&self, stream: &Stream, rows: &Rows, n_rows: u32) -> (DateSpan, usize) {
        let of_all = self.plan.root_of(stream).and_then(|root| self.loaded.span(root));
        let (mut span, n_all) = of_all
            .unwrap_or_else(|| (DateSpan::of(days(self.plan, &self.loaded.data, rows, 0, n_rows)), n_rows as usize));
        if self.is_kept {
            let through = self.options.through;
            span = DateSpan { first: span.first.min(through), last: span.last.max(through) };
        }
        (span, n_all)
    }
}
