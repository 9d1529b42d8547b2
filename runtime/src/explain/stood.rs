//! The rows of sets as they stood.

use crate::engine::result::RunResult;
use crate::explain::explainer::{Explainer, StoodRows};
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use meed_compiler::data::Rows;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{FoldId, Plan, Stream, VersionId};

/// The rows of the sets that these rows of rules read as they stood on the last day of their period.
pub(super) fn rows_as_they_stood(
    plan: &Plan,
    text: &str,
    loaded: &mut Loaded,
    through: i32,
    result: &RunResult,
    picked: &[(VersionId, u32)],
) -> Result<StoodRows, StoreError> {
    let mut found = StoodRows::default();
    let nothing = StoodRows::default();
    for &(id, row) in picked {
        let version = plan.version(id);
        let is_closed = version.as_it_stood && !version.acts_at_start();
        let closed_by = |fold: &FoldId| plan.matched(*fold).stood.or(is_closed.then_some(plan.matched(*fold).period));
        let (Some(Rows::EntityPeriods(periods)), Stream::Periods(_, kind)) =
            (&result.streams[id.index()], &version.stream)
        else {
            continue;
        };
        let last = plan.cut_days(*kind, periods.period[row as usize]).to;
        for fold in &version.folds {
            // Payments and credits are those of the run's day.
            if matches!(plan.matched(*fold).stream, Stream::Lines(..)) {
                continue;
            }
            let Some(day) = closed_by(fold).map(|period| plan.period_end(period, last)).filter(|day| *day < through)
            else {
                continue;
            };
            loaded.see_through(plan, day)?;
            let explainer = Explainer { plan, text, loaded, result, firsts: &[], stood: &nothing };
            let mut words = explainer.rows_in(&plan.folds[fold.index()], periods, row);
            words.insert(0, format!("  as it stood on {}:", date_of(day)));
            found.insert((*fold, row), words);
        }
        loaded.see_through(plan, through)?;
    }
    Ok(found)
}
