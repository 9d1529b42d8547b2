//! The periods that rules per entity and period have rows for, and look back at.

use crate::store::loaded::Loaded;
use meed_compiler::plan::{Match, Period, Plan, RecordId, Window};
use std::ops::RangeInclusive;

#[expect(clippy::reversed_empty_ranges, reason = "no period")]
const NONE: RangeInclusive<i32> = 1..=0;

/// The periods of a kind of which rules of an entity have rows: those that touch the program's life and have begun, and before
/// them those from the first on in which a rule that only sets has something to see.
pub(crate) fn grid_periods(
    plan: &Plan,
    loaded: &Loaded,
    entity: RecordId,
    period: Period,
    through: i32,
) -> RangeInclusive<i32> {
    let begun = begun_periods(plan, period, through);
    let is_of = |(of, kind, _): &&(RecordId, Period, i32)| (*of, *kind) == (entity, period);
    match loaded.earlier.iter().find(is_of) {
        Some(&(.., first)) if !begun.is_empty() => first.min(*begun.start())..=*begun.end(),
        _ => begun,
    }
}

/// The periods of a kind that touch the program's life and have begun.
pub(crate) fn begun_periods(plan: &Plan, period: Period, through: i32) -> RangeInclusive<i32> {
    let last = plan.active.to.min(through);
    if last < plan.active.from {
        return NONE;
    }
    plan.calendar.index(period, plan.active.from)..=plan.calendar.index(period, last)
}

/// The periods that rows of a rule look at for an aggregate, and their kind.
pub(crate) fn aggregated_periods(
    plan: &Plan,
    loaded: &Loaded,
    rows: &Match,
    through: i32,
) -> (Period, RangeInclusive<i32>) {
    let begun = grid_periods(plan, loaded, rows.entity, rows.period, through);
    match rows.window {
        Window::Own | Window::ToDate => (rows.period, begun),
        Window::Previous(kind) | Window::SameLastYear(kind) => {
            // Days as the rows of the grid have them.
            let last = |own: i32| plan.cut_days(rows.period, own).to;
            let mut seen = begun.clone().filter_map(|own| plan.looked_back(rows.window, last(own)));
            let Some(first) = seen.next() else { return (kind, NONE) };
            (kind, first..=seen.next_back().unwrap_or(first))
        }
    }
}
