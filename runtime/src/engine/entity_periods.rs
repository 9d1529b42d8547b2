//! The rows of a rule per entity and period.

use crate::load::periods::begun_periods;
use meed_compiler::data::EntityPeriods;
use meed_compiler::plan::{Days, Period, Plan};

/// The rows of `n_entities` and the begun periods of a kind; `ends` are the longer periods whose ends a rule asks for.
pub(crate) fn entity_periods(
    plan: &Plan,
    n_entities: u32,
    period: Period,
    ends: &[Period],
    through: i32,
) -> EntityPeriods {
    // Whether there is room for them was asked when the tables were loaded.
    let n_rows = n_entities as usize * begun_periods(plan, period, through).count();
    let mut periods = EntityPeriods {
        entity: Vec::with_capacity(n_rows),
        period: Vec::with_capacity(n_rows),
        last_day: Vec::with_capacity(n_rows),
        ends: Vec::new(),
    };
    for index in begun_periods(plan, period, through) {
        // A period that the program's end cuts belongs to the program's last day.
        let Days { to, .. } = plan.cut_days(period, index);
        periods.entity.extend(0..n_entities);
        periods.period.resize(periods.entity.len(), index);
        periods.last_day.resize(periods.entity.len(), to);
    }
    for &longer in ends {
        let ends_in = |index: i32| {
            let longer_index = plan.calendar.index(longer, plan.cut_days(period, index).to);
            let is_last = plan.last_within(period, longer, longer_index) == index;
            u8::from(is_last && plan.has_ended(longer, longer_index, through))
        };
        let per_entity = |index: i32| std::iter::repeat_n(ends_in(index), n_entities as usize);
        periods.ends.push((longer, begun_periods(plan, period, through).flat_map(per_entity).collect()));
    }
    periods
}
