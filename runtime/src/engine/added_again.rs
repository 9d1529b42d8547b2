//! `returns take back what was added`: what a rule adds for a period is worked out again on the day of each return that comes later, as
//! of that day, and the difference is added then.
//!
//! A row is done again on the days on which one of its aggregates changes. These rows stand behind those of the rule, each with the
//! aggregates of its day.

use crate::engine::result::RunError;
use crate::engine::run::Run;
use crate::engine::stood::{Stood, part_of};
use meed_compiler::balances::Mover;
use meed_compiler::data::{Addition, Data, EntityPeriods, FoldData, Rows};
use meed_compiler::internal::broken;
use meed_compiler::interpret::Fault;
use meed_compiler::interpret::balances::add_difference;
use meed_compiler::interpret::trace::Trace;
use meed_compiler::plan::{Plan, VersionId};
use rustc_hash::FxHashMap;

/// A row that is done again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    /// Which.
    pub row: u32,
    /// As of which day.
    pub day: i32,
}

/// What a rule adds that is done again.
pub(super) struct AddedAgain {
    /// In the order of the rows that stand behind those of the rule.
    pub rows: Vec<Again>,
    /// By row, what it has added so far.
    added: FxHashMap<u32, Vec<Addition>>,
}

impl AddedAgain {
    /// Nothing has been added yet.
    pub fn of(rows: Vec<Again>) -> Self {
        Self { rows, added: FxHashMap::default() }
    }

    /// Keeps what a row has added on its own day.
    pub fn first(&mut self, row: u32, made: Vec<Addition>) {
        if !self.rows.is_empty() && !made.is_empty() {
            self.added.insert(row, made);
        }
    }

    /// Adds by how much what a row comes to has changed, and tells of it.
    pub fn again(
        &mut self,
        plan: &Plan,
        data: &mut Data,
        id: VersionId,
        idx: usize,
        made: Vec<Addition>,
    ) -> Result<(u32, Trace), Fault> {
        let Again { row, day } = self.rows[idx];
        let before = self.added.remove(&row).unwrap_or_default();
        let steps = add_difference(plan, data, Mover { version: id, row }, day, &before, &made)?;
        self.added.insert(row, made);
        Ok((row, Trace::of_addition(steps)))
    }
}

impl Run<'_, '_> {
    /// Which rows of a version are done again, and when; their aggregates are put behind those of its rows.
    pub(super) fn changed_later(
        &mut self,
        id: VersionId,
        periods: &EntityPeriods,
        closed: &Stood,
    ) -> Result<Vec<Again>, RunError> {
        let (plan, through) = (self.plan, self.options.through);
        let folds = &plan.version(id).folds;
        let reads = |record| folds.iter().any(|fold| plan.matched(*fold).stream.event() == Some(record));
        let takings = self.loaded.taken.iter().filter(|taken| reads(taken.record)).flat_map(|taken| &taken.rows);
        let mut days: Vec<i32> = takings.map(|taking| taking.day).filter(|day| *day <= through).collect();
        days.sort_unstable();
        days.dedup();
        let n_rows = periods.entity.len();
        let n_counts = self.result.rules[id.index()].len();
        // By row, where its aggregates as of the day before stand.
        let mut known: Vec<usize> = (0..n_rows).collect();
        let mut again: Vec<Again> = Vec::new();
        for day in days {
            let is_closed = |row: &usize| closed.day_of(*row as u32).is_some_and(|closed| closed < day);
            let rows: Vec<usize> = (0..n_rows).filter(is_closed).collect();
            if rows.is_empty() {
                continue;
            }
            let mut whole: Vec<FoldData> = folds.iter().map(|fold| self.take_fold(*fold)).collect();
            self.see_as_of(day)?;
            self.fill_aggregates(id, folds, &Rows::EntityPeriods(part_of(periods, &rows)))?;
            let parts: Vec<FoldData> = folds.iter().map(|fold| self.take_fold(*fold)).collect();
            for (idx, row) in rows.into_iter().enumerate() {
                let mut both = whole.iter().zip(&parts);
                if both.all(|(whole, part)| is_same(whole, known[row], part, idx)) {
                    continue;
                }
                whole.iter_mut().zip(&parts).for_each(|(whole, part)| append(whole, part, idx));
                known[row] = n_rows + again.len();
                again.push(Again { row: row as u32, day });
            }
            for (fold, whole) in folds.iter().zip(whole) {
                self.loaded.data.folds[fold.index()] = whole;
            }
        }
        // What became of rows is told once, of all of them.
        self.result.rules[id.index()].truncate(n_counts);
        self.see_as_of(through)?;
        Ok(again)
    }
}

/// The rows of a rule, and behind them those that are done again.
pub(super) fn with_again(periods: &EntityPeriods, again: &[Again]) -> EntityPeriods {
    let rows: Vec<usize> = (0..periods.entity.len()).chain(again.iter().map(|again| again.row as usize)).collect();
    part_of(periods, &rows)
}

/// Whether two places of an aggregate have the same value.
fn is_same(whole: &FoldData, at: usize, part: &FoldData, idx: usize) -> bool {
    match (whole, part) {
        (FoldData::Exact(whole), FoldData::Exact(part)) => whole[at] == part[idx],
        (FoldData::Fixed { values, known, .. }, FoldData::Fixed { values: part, known: part_known, .. }) => {
            let is_known = |known: &Option<Vec<u8>>, at: usize| known.as_ref().is_none_or(|known| known[at] == 1);
            let (is, was) = (is_known(part_known, idx), is_known(known, at));
            is == was && (!is || values[at] == part[idx])
        }
        _ => broken("an aggregate in two ways"),
    }
}

/// Puts one value of an aggregate behind all others.
fn append(whole: &mut FoldData, part: &FoldData, idx: usize) {
    match (whole, part) {
        (FoldData::Exact(whole), FoldData::Exact(part)) => whole.push(part[idx].clone()),
        (FoldData::Fixed { values, known, .. }, FoldData::Fixed { values: part, known: part_known, .. }) => {
            values.push(part[idx]);
            if let (Some(known), Some(part_known)) = (known, part_known) {
                known.push(part_known[idx]);
            }
        }
        _ => broken("an aggregate in two ways"),
    }
}
