//! Sets that rules find row by row: made ready before the first rule that asks, and which rows were found.

use crate::engine::counts::{Counts, FoundRows, returned_in};
use crate::engine::result::RunError;
use crate::engine::run::Run;
use meed_compiler::data::status;
use meed_compiler::plan::{RecordId, Stream, VersionId};
use meed_compiler::search::{RowFault, prepare};

impl Run<'_, '_> {
    /// Makes the sets ready that a version asks.
    pub(super) fn prepare_searches(&mut self, id: VersionId) -> Result<(), RunError> {
        for search in self.plan.searches_of(self.plan.version(id)) {
            if self.loaded.data.searches[search.index()].is_some() {
                continue;
            }
            let stream = &self.plan.search(search).stream;
            // Events whose rows, or payments for them, are found are held in memory.
            let (source, n_rows) = self.rows_of_stream(stream, 0)?;
            let kernel = self.kernels.as_ref().and_then(|kernels| kernels.filter(search));
            #[expect(unsafe_code, reason = "as where the kernels of rules are called")]
            let filtered =
                kernel.map(|kernel| unsafe { kernel.filter(self.plan, &mut self.loaded.data, &source, n_rows) });
            let filtered = filtered.unwrap_or_default();
            prepare(self.plan, &mut self.loaded.data, search, source, &filtered).map_err(|at| {
                let (RowFault { row, fault }, rows) = *at;
                self.fault(id, stream, &rows, row, fault)
            })?;
        }
        Ok(())
    }

    /// The events among whose rows a version finds some.
    pub(super) fn finds(&self, id: VersionId) -> Vec<RecordId> {
        let mut found: Vec<RecordId> = Vec::new();
        for search in self.plan.searches_of(self.plan.version(id)) {
            let Some(record) = self.plan.search(search).record() else { continue };
            let definition = self.plan.record(record);
            if definition.when.is_some() && definition.spans.is_none() && !found.contains(&record) {
                found.push(record);
            }
        }
        found
    }

    /// Room for the rows of events that a version can find, where it asks sets.
    pub(super) fn found_rows(&self, id: VersionId) -> FoundRows {
        let room = |record: RecordId| (record, vec![0; self.loaded.data.tables[record.index()].n_stream]);
        self.finds(id).into_iter().map(room).collect()
    }

    /// Adds the rows that a version has found since it was asked last.
    pub(super) fn add_found(&self, id: VersionId, found: &mut FoundRows) {
        for search in self.plan.searches_of(self.plan.version(id)) {
            let Some(record) = self.plan.search(search).record() else { continue };
            let Some(index) = &self.loaded.data.searches[search.index()] else { continue };
            if let Some((_, flags)) = found.iter_mut().find(|(known, _)| *known == record) {
                // Rows that no rule sees by their own day are counted by nobody.
                for row in index.take_found() {
                    if let Some(flag) = flags.get_mut(row as usize) {
                        *flag |= status::COUNTED;
                    }
                }
            }
        }
    }

    /// Counts what a version has found and what its aggregates took in of the same event; of its own event the counts are those of all that became of its rows.
    pub(super) fn count_found(&mut self, id: VersionId, found: FoundRows, own: Option<&mut Counts>) {
        let version = self.plan.version(id);
        let mut own = own;
        for (record, mut flags) in found {
            if let Some(at) = self.gathered.iter().position(|(of, known, _)| (*of, *known) == (id, record)) {
                let (_, _, gathered) = self.gathered.swap_remove(at);
                flags.iter_mut().zip(gathered).for_each(|(flag, mark)| *flag |= mark);
            }
            self.flags.mark(record, 0, &flags);
            let mut counts = Counts::default();
            counts.add(&flags, returned_in(self.plan, &self.loaded.data, id, record));
            match &mut own {
                Some(own) if version.stream == Stream::Events(record) => **own = counts,
                _ => {
                    let counts = counts.with_unseen(&self.loaded.counts[record.index()]);
                    self.result.rules[id.index()].push((record, counts));
                }
            }
        }
    }
}
