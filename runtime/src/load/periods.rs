//! The periods that rules per entity and period have rows for, and look back at.

use meed_compiler::plan::{Match, Period, Plan, Window};
use std::ops::RangeInclusive;

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
pub(crate) fn aggregated_periods(plan: &Plan, rows: &Match, through: i32) -> (Period, RangeInclusive<i32>) {
    let begun = begun_periods(plan, rows.period, through);
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
