//! The rows of a rule per entity and period.

use meed_compiler::data::{Data, EntityPeriods};
use meed_compiler::internal::broken;
use meed_compiler::interpret::eval::Value;
use meed_compiler::plan::{Days, FieldId, Life, Period, Plan, RecordId, Type};
use rustc_hash::FxHashMap;
use std::ops::RangeInclusive;

/// The days between which each row of an entity lives; a side is empty where all are open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lives {
    pub first: Vec<i32>,
    pub last: Vec<i32>,
}

impl Lives {
    /// Those of the rows of a record.
    pub fn of(plan: &Plan, data: &Data, record: RecordId) -> Self {
        let table = &data.tables[record.index()];
        let side = |field: Option<FieldId>, open: i32| {
            let Some(column) = field.and_then(|field| table.columns[field.index()].as_ref()) else { return Vec::new() };
            let day = |row| match column.value(row, Type::Date, 0) {
                Value::Date(day) => day,
                _ => open,
            };
            (0..table.n_rows).map(day).collect()
        };
        let Life { from, to } = plan.record(record).life;
        Self { first: side(from, i32::MIN), last: side(to, i32::MAX) }
    }

    /// The last day of that part of a period in which an entity lives, which has begun by a day; none where there is none.
    fn last_day(&self, entity: usize, days: Days, through: i32) -> Option<i32> {
        let first = self.first.get(entity).map_or(days.from, |first| days.from.max(*first));
        let last = self.last.get(entity).map_or(days.to, |last| days.to.min(*last));
        (first <= last && first <= through).then_some(last)
    }
}

/// The rows of the begun years of their own of each entity, which are counted from a date of it: an entity without one has none, and
/// none before that date.
pub(crate) fn own_years(plan: &Plan, data: &Data, record: RecordId, lives: &Lives, through: i32) -> EntityPeriods {
    let table = &data.tables[record.index()];
    let field = plan.record(record).own_year;
    let column = field.and_then(|field| table.columns[field.index()].as_ref());
    let column = column.unwrap_or_else(|| broken("years of each entity that are counted from nothing"));
    let last_begun = through.min(plan.active.to);
    let mut rows: Vec<(i32, u32, i32)> = Vec::new();
    for entity in 0..table.n_rows {
        let Value::Date(from) = column.value(entity, Type::Date, 0) else { continue };
        let begins = |year: i32| plan.calendar.add_months(from, i64::from(year) * 12);
        let mut year = plan.calendar.own_year(from, plan.active.from).max(0);
        while let (Some(first), Some(next)) = (begins(year), begins(year + 1)) {
            if first > last_begun {
                break;
            }
            let days = Days { from: first.max(plan.active.from), to: (next - 1).min(plan.active.to) };
            if let Some(last_day) = lives.last_day(entity, days, through) {
                rows.push((last_day, entity as u32, next - 1));
            }
            year += 1;
        }
    }
    rows.sort_unstable();
    EntityPeriods {
        entity: rows.iter().map(|(_, entity, _)| *entity).collect(),
        period: rows.iter().map(|(.., period)| *period).collect(),
        last_day: rows.iter().map(|(last_day, ..)| *last_day).collect(),
        ends: Vec::new(),
    }
}

/// The rows of the begun periods of a kind in which each of `n_entities` lives, in the order of their last days, then of keys;
/// `ends` are the longer periods whose ends a rule asks for.
pub(crate) fn entity_periods(
    plan: &Plan,
    n_entities: u32,
    lives: &Lives,
    period: Period,
    ends: &[Period],
    begun: RangeInclusive<i32>,
    through: i32,
) -> EntityPeriods {
    // Whether there is room for them was asked when the tables were loaded.
    let n_rows = n_entities as usize * begun.clone().count();
    let mut periods = EntityPeriods {
        entity: Vec::with_capacity(n_rows),
        period: Vec::with_capacity(n_rows),
        last_day: Vec::with_capacity(n_rows),
        ends: Vec::new(),
    };
    if lives.first.is_empty() && lives.last.is_empty() {
        for index in begun.clone() {
            // A period that the program's end cuts belongs to the program's last day.
            let Days { to, .. } = plan.cut_days(period, index);
            periods.entity.extend(0..n_entities);
            periods.period.resize(periods.entity.len(), index);
            periods.last_day.resize(periods.entity.len(), to);
        }
    } else {
        let mut rows: Vec<(i32, u32, i32)> = Vec::with_capacity(n_rows);
        for index in begun.clone() {
            let days = plan.cut_days(period, index);
            let row = |entity: u32| Some((lives.last_day(entity as usize, days, through)?, entity, index));
            rows.extend((0..n_entities).filter_map(row));
        }
        rows.sort_unstable();
        for (last_day, entity, index) in rows {
            periods.entity.push(entity);
            periods.period.push(index);
            periods.last_day.push(last_day);
        }
    }
    for &longer in ends {
        let ends_in = |index: i32| {
            let longer_index = plan.calendar.index(longer, plan.cut_days(period, index).to);
            let is_last = plan.last_within(period, longer, longer_index) == index;
            u8::from(is_last && plan.has_ended(longer, longer_index, through))
        };
        let first = *begun.start();
        let place = |index: i32| (index - first) as usize;
        if lives.first.is_empty() && lives.last.is_empty() {
            let of_period: Vec<u8> = begun.clone().map(ends_in).collect();
            periods.ends.push((longer, periods.period.iter().map(|index| of_period[place(*index)]).collect()));
            continue;
        }
        // The last period of the longer one in which the entity lives.
        let longer_of = |index: i32| plan.calendar.index(longer, plan.cut_days(period, index).to);
        let longers: Vec<(i32, bool)> =
            begun.clone().map(longer_of).map(|index| (index, plan.has_ended(longer, index, through))).collect();
        let mut last: FxHashMap<(u32, i32), i32> = FxHashMap::default();
        for (entity, index) in periods.entity.iter().zip(&periods.period) {
            let known = last.entry((*entity, longers[place(*index)].0)).or_insert(*index);
            *known = (*known).max(*index);
        }
        let of_row = |(entity, index): (&u32, &i32)| {
            let (longer, has_ended) = longers[place(*index)];
            u8::from(has_ended && last.get(&(*entity, longer)) == Some(index))
        };
        periods.ends.push((longer, periods.entity.iter().zip(&periods.period).map(of_row).collect()));
    }
    periods
}
