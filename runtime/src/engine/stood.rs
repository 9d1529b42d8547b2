//! Rows as they stood when a period was closed: a rule whose periods stay closed reads each of them as of its last day, or as of the day
//! before it acts on a balance at its start; and sets that are read as they stood are so in every rule.

use crate::engine::balances::moments;
use crate::engine::result::RunError;
use crate::engine::run::Run;
use crate::store::error::StoreError;
use meed_compiler::data::{EntityPeriods, FoldData, Rows};
use meed_compiler::internal::broken;
use meed_compiler::plan::{FoldId, Period, VersionId};
use std::collections::BTreeMap;

/// The rows of a rule that read the tables as of earlier days.
#[derive(Default)]
pub(super) struct Stood {
    /// By row, that day; none where it is the run's. Empty where it is so for all.
    days: Vec<Option<i32>>,
}

impl Stood {
    /// The day as of which a row reads the tables, if it is not the run's.
    pub fn day_of(&self, row: u32) -> Option<i32> {
        self.days.get(row as usize).copied().flatten()
    }

    /// The rows by that day.
    fn by_day(&self) -> BTreeMap<i32, Vec<usize>> {
        let mut by_day: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for (row, day) in self.days.iter().enumerate() {
            if let Some(day) = day {
                by_day.entry(*day).or_default().push(row);
            }
        }
        by_day
    }
}

impl Run<'_, '_> {
    /// As of which days the rows of a version read the tables, where what they read may have changed since.
    pub(super) fn closed_before(&self, id: VersionId, rows: &Rows) -> Stood {
        let version = self.plan.version(id);
        if !version.as_it_stood {
            return Stood::default();
        }
        let through = self.options.through;
        // Without sets that are found, rows of later days lie in no window of a period that has ended.
        let last = match self.plan.searches_of(version).is_empty() {
            true => self.loaded.taken.iter().flat_map(|taken| &taken.rows).map(|taking| taking.day).max(),
            false => Some(through),
        };
        let Some(last) = last else { return Stood::default() };
        let before = i32::from(version.acts_at_start());
        let day = |moment: i32| Some(moment - before).filter(|day| *day < last.min(through));
        Stood { days: moments(self.plan, self.loaded, version, rows).into_iter().map(day).collect() }
    }

    /// As of which days the other rows of a version read sets as they stood, where what they read may have changed since.
    fn stood_before(&self, of: Period, rows: &Rows, closed: Option<&Stood>) -> Stood {
        let plan = self.plan;
        let Rows::EntityPeriods(periods) = rows else { return Stood::default() };
        let taken = self.loaded.taken.iter().flat_map(|taken| &taken.rows);
        let through = self.options.through;
        let Some(last) = taken.map(|taking| taking.day).filter(|day| *day <= through).max() else {
            return Stood::default();
        };
        let day = |(row, last_day): (u32, &i32)| match closed.and_then(|closed| closed.day_of(row)) {
            Some(_) => None,
            None => Some(plan.period_end(of, *last_day)).filter(|day| *day < last),
        };
        Stood { days: (0..).zip(&periods.last_day).map(day).collect() }
    }

    /// Fills the aggregates that a version reads, those of closed periods as of their last days, and those that are read as they stood.
    pub(super) fn fill_as_stood(&mut self, id: VersionId, rows: &Rows, closed: Option<&Stood>) -> Result<(), RunError> {
        let plan = self.plan;
        let folds = &plan.version(id).folds;
        self.fill_aggregates(id, folds, rows)?;
        let Rows::EntityPeriods(periods) = rows else { return Ok(()) };
        if let Some(closed) = closed {
            self.fill_again(id, folds, periods, closed)?;
        }
        let mut ends: Vec<Period> = folds.iter().filter_map(|fold| plan.matched(*fold).stood).collect();
        ends.sort_unstable();
        ends.dedup();
        for of in ends {
            let stood: Vec<FoldId> =
                folds.iter().copied().filter(|fold| plan.matched(*fold).stood == Some(of)).collect();
            let days = self.stood_before(of, rows, closed);
            self.fill_again(id, &stood, periods, &days)?;
        }
        Ok(())
    }

    /// Fills aggregates once more for the rows that read them as of another day.
    fn fill_again(
        &mut self,
        id: VersionId,
        folds: &[FoldId],
        periods: &EntityPeriods,
        stood: &Stood,
    ) -> Result<(), RunError> {
        let by_day = stood.by_day();
        if folds.is_empty() || by_day.is_empty() {
            return Ok(());
        }
        let n_counts = self.result.rules[id.index()].len();
        for (day, of_day) in by_day {
            let whole: Vec<FoldData> = folds.iter().map(|fold| self.take_fold(*fold)).collect();
            self.see_as_of(day)?;
            self.fill_aggregates(id, folds, &Rows::EntityPeriods(part_of(periods, &of_day)))?;
            // What became of rows is told once, of all of them.
            self.result.rules[id.index()].truncate(n_counts);
            for (fold, mut whole) in folds.iter().zip(whole) {
                put(&mut whole, &of_day, self.take_fold(*fold));
                self.loaded.data.folds[fold.index()] = whole;
            }
        }
        self.see_as_of(self.options.through)?;
        Ok(())
    }

    /// Takes the values of an aggregate out of where they are.
    pub(super) fn take_fold(&mut self, fold: FoldId) -> FoldData {
        std::mem::replace(&mut self.loaded.data.folds[fold.index()], FoldData::Exact(Vec::new()))
    }

    /// Makes the tables those of a day.
    pub(super) fn see_as_of(&mut self, day: i32) -> Result<(), StoreError> {
        self.put_away()?;
        self.loaded.see_through(self.plan, day)
    }
}

/// Some of the rows of entities and periods.
pub(super) fn part_of(periods: &EntityPeriods, rows: &[usize]) -> EntityPeriods {
    EntityPeriods {
        entity: rows.iter().map(|row| periods.entity[*row]).collect(),
        period: rows.iter().map(|row| periods.period[*row]).collect(),
        last_day: rows.iter().map(|row| periods.last_day[*row]).collect(),
        ends: periods.ends.iter().map(|(kind, ends)| (*kind, rows.iter().map(|row| ends[*row]).collect())).collect(),
    }
}

/// Puts the values of some rows in their places.
fn put(whole: &mut FoldData, rows: &[usize], part: FoldData) {
    match (whole, part) {
        (FoldData::Exact(whole), FoldData::Exact(part)) => {
            rows.iter().zip(part).for_each(|(row, value)| whole[*row] = value);
        }
        (FoldData::Fixed { values, known, .. }, FoldData::Fixed { values: part, known: part_known, .. }) => {
            rows.iter().zip(part).for_each(|(row, value)| values[*row] = value);
            if let (Some(known), Some(part)) = (known, part_known) {
                rows.iter().zip(part).for_each(|(row, value)| known[*row] = value);
            }
        }
        (FoldData::Exact(_), FoldData::Fixed { .. }) | (FoldData::Fixed { .. }, FoldData::Exact(_)) => {
            broken("an aggregate in two ways")
        }
    }
}
