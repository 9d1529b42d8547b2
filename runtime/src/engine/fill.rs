//! Fills the aggregates that a rule reads, page by page of what they are over, before the rule runs.

use crate::engine::aggregate::{AggregateState, RowFault};
use crate::engine::counts::{Counts, returned_in};
use crate::engine::result::{RunError, RunFault};
use crate::engine::run::Run;
use meed_compiler::data::{EntityPeriods, Rows};
use meed_compiler::internal::broken;
use meed_compiler::plan::{FoldId, Stream, VersionId};

impl Run<'_, '_> {
    /// Fills aggregates that a rule reads.
    pub(super) fn fill_aggregates(&mut self, id: VersionId, folds: &[FoldId], rows: &Rows) -> Result<(), RunError> {
        self.at.set(Some((id, 0)));
        if folds.is_empty() {
            return Ok(());
        }
        let Rows::EntityPeriods(periods) = rows else {
            broken("aggregates of a rule that is not per entity and period")
        };
        let mut streams: Vec<&Stream> = Vec::new();
        for fold in folds {
            let stream = &self.plan.matched(*fold).stream;
            if !streams.contains(&stream) {
                streams.push(stream);
            }
        }
        for stream in streams {
            let of = |fold: &&FoldId| self.plan.matched(**fold).stream == *stream;
            let folds: Vec<FoldId> = folds.iter().filter(of).copied().collect();
            self.aggregate(id, stream, &folds, periods)?;
        }
        Ok(())
    }

    /// Fills those aggregates of a rule that are over one stream. Of several faults that of the first aggregate is told.
    fn aggregate(
        &mut self,
        id: VersionId,
        stream: &Stream,
        folds: &[FoldId],
        periods: &EntityPeriods,
    ) -> Result<(), RunError> {
        let mut aggregates: Vec<AggregateState<'_>> = Vec::new();
        let mut counts = Counts::default();
        let mut flags: Vec<u8> = Vec::new();
        let mut met = None;
        let root = self.plan.root_of(stream);
        for page in 0..self.n_pages(root) {
            if let Some(root) = root {
                self.see(root, page)?;
            }
            let (rows, n_rows) = self.rows_of_stream(stream, page)?;
            self.size_payments(stream, n_rows);
            if aggregates.is_empty() {
                let (days, _) = self.span(stream, &rows, n_rows);
                let begin = |&fold: &FoldId| AggregateState::new(self.plan, fold, self.loaded, self.options, days);
                aggregates = folds.iter().map(begin).collect();
            }
            let mut taken = vec![0; n_rows as usize];
            for idx in 0..aggregates.len() {
                let (data, kernels, threads) = (&mut self.loaded.data, self.kernels.as_ref(), self.options.threads);
                let by_threads = threads.get() > 1 && n_rows >= self.options.thread_rows;
                let aggregate = &mut aggregates[idx];
                if by_threads && aggregate.take_by_threads(self.plan, data, &rows, kernels, &mut taken, threads) {
                    continue;
                }
                match aggregate.take(self.plan, data, &rows, kernels, &mut taken) {
                    Ok(replayed) => self.result.replayed[id.index()] += replayed,
                    Err(RowFault { row, fault }) => {
                        met = Some(self.fault(id, stream, &rows, row, fault));
                        aggregates.truncate(idx);
                        break;
                    }
                }
            }
            if met.is_some() && aggregates.is_empty() {
                break;
            }
            if let Stream::Events(record) = stream {
                counts.add(&taken, returned_in(self.plan, &self.loaded.data, id, *record));
                self.flags.mark(*record, 0, &taken);
                flags.append(&mut taken);
            }
        }
        if let Some(fault) = met {
            return Err(fault);
        }
        for aggregate in aggregates {
            let finished = aggregate.finish(self.plan, self.loaded, periods);
            let rule = || self.plan.version(id).name.clone();
            finished.map_err(|(place, fault)| RunFault { rule: rule(), place, fault })?;
        }
        if let Stream::Events(record) = stream {
            if self.finds(id).contains(record) {
                // Of other days the same rows are told once.
                if !self.gathered.iter().any(|(of, known, _)| (*of, known) == (id, record)) {
                    self.gathered.push((id, *record, flags));
                }
                return Ok(());
            }
            let counts = counts.with_unseen(&self.loaded.counts[record.index()]);
            self.result.rules[id.index()].push((*record, counts));
        }
        Ok(())
    }
}
