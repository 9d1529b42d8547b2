//! The periods that rules per entity and period have rows for, and look back at.

use crate::store::loaded::Loaded;
use meed_compiler::plan::{Match, Period, Plan, RecordId, Window};
use std::ops::RangeInclusive;

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
        #[expect(clippy::reversed_empty_ranges, reason = "no period has begun")]
        return 1..=0;
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
        Window::Previous(kind) if begun.is_empty() => (kind, begun),
        Window::Previous(kind) => {
            // Days as the rows of the grid have them.
            let seen = |own: i32| previous(plan, kind, plan.cut_days(rows.period, own).to);
            (kind, seen(*begun.start())..=seen(*begun.end()))
        }
    }
}

/// The period of a kind before the one that holds a day.
pub(crate) fn previous(plan: &Plan, kind: Period, day: i32) -> i32 {
    plan.calendar.index(kind, day) - 1
}
