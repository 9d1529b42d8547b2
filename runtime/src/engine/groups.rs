//! Aggregates per entity and period, done before the rules that read them.

use super::{RunOptions, RunResult, as_stream, payments_of, periods, slots};
use crate::load::Loaded;
use meed_compiler::data::{GroupData, Rows, status};
use meed_compiler::interpret::eval::{Value, compare};
use meed_compiler::interpret::{Fault, FaultKind, interpret_group};
use meed_compiler::plan::{Group, GroupFunction, GroupId, Period, Plan, Stream, Window};
use meed_compiler::value::{Exact, over};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Ordering;

/// What was gathered for one entity and period.
#[derive(Clone, Default)]
struct Gathered {
    sum: Exact,
    count: u64,
    extreme: Option<Value>,
    distinct: FxHashSet<String>,
}

/// Fills the group for every row of the rule's grid, and says which rows of its stream were taken in.
///
/// # Errors
/// The row of the group's stream that met a fault.
pub(super) fn fill(
    plan: &Plan,
    id: GroupId,
    loaded: &mut Loaded,
    rows: &Rows,
    options: &RunOptions,
    result: &RunResult,
) -> Result<Vec<u8>, (u32, Fault)> {
    let group = &plan.groups[id.index()];
    let Rows::Grid(grid) = rows else { return Ok(Vec::new()) };
    let (stream, n_rows) = match &group.stream {
        Stream::Events(record) => {
            (Rows::Events { record: *record }, loaded.data.tables[record.index()].n_stream as u32)
        }
        Stream::Payments(name) => {
            let lines = payments_of(plan, name, result);
            (Rows::Payments(as_stream(&lines)), lines.len() as u32)
        }
        Stream::Grid(..) => return Ok(Vec::new()),
    };
    let kind = match group.window {
        Window::Own | Window::ToDate => group.period,
        Window::Previous(period) => period,
    };
    let mut gathered: FxHashMap<(u32, i32), Gathered> = FxHashMap::default();
    let mut taken = vec![0u8; n_rows as usize];
    let begun = periods(plan, group.period, options.through);
    for row in 0..n_rows {
        let Some(entity) = slots::value(plan, &group.join, loaded, &stream, row) else { continue };
        let Some(value) = interpret_group(plan, group, &loaded.data, &stream, row).map_err(|fault| (row, fault))?
        else {
            continue;
        };
        let day = slots::when(plan, loaded, &stream, row);
        let mut index = plan.calendar.index(kind, day);
        if group.window == Window::ToDate {
            index = index.max(*begun.start());
        }
        if seen(plan, group, kind, index, &begun) {
            taken[row as usize] = status::COUNTED;
        }
        gathered.entry((entity as u32, index)).or_default().take(&group.function, value);
    }
    if group.window == Window::ToDate {
        let entities: FxHashSet<u32> = gathered.keys().map(|(entity, _)| *entity).collect();
        for entity in entities {
            let mut so_far = Gathered::default();
            for index in begun.clone() {
                if let Some(own) = gathered.get(&(entity, index)) {
                    so_far.join(&group.function, own);
                }
                gathered.insert((entity, index), so_far.clone());
            }
        }
    }
    let nothing = Gathered::default();
    let found = (0..grid.entity.len()).map(|row| {
        let index = match group.window {
            Window::Own | Window::ToDate => grid.period[row],
            Window::Previous(period) => plan.calendar.index(period, grid.last_day[row]) - 1,
        };
        gathered.get(&(grid.entity[row], index)).unwrap_or(&nothing)
    });
    loaded.data.groups[id.index()] = column(group, found).map_err(|fault| (0, fault))?;
    Ok(taken)
}

/// Whether some row of the grid sees this period.
fn seen(plan: &Plan, group: &Group, kind: Period, index: i32, begun: &std::ops::RangeInclusive<i32>) -> bool {
    match group.window {
        Window::Own => begun.contains(&index),
        Window::ToDate => index <= *begun.end(),
        Window::Previous(_) => begun.clone().any(|own| {
            let last = plan.calendar.days(group.period, own, plan.active).to;
            plan.calendar.index(kind, last) - 1 == index
        }),
    }
}

impl Gathered {
    fn take(&mut self, function: &GroupFunction, value: Value) {
        self.count += 1;
        match (function, value) {
            (GroupFunction::Sum(..), Value::Number(value)) => self.sum = &self.sum + value,
            (GroupFunction::Smallest(..), value) => self.keep(value, Ordering::Less),
            (GroupFunction::Largest(..), value) => self.keep(value, Ordering::Greater),
            (GroupFunction::Distinct(_), value) => {
                self.distinct.insert(format!("{value:?}"));
            }
            (GroupFunction::Sum(..) | GroupFunction::Count, _) => {}
        }
    }

    fn keep(&mut self, value: Value, wanted: Ordering) {
        if self.extreme.as_ref().is_none_or(|known| compare(&value, known) == wanted) {
            self.extreme = Some(value);
        }
    }

    fn join(&mut self, function: &GroupFunction, other: &Self) {
        self.sum = &self.sum + &other.sum;
        self.count += other.count;
        self.distinct.extend(other.distinct.iter().cloned());
        if let Some(value) = &other.extreme {
            let wanted =
                if matches!(function, GroupFunction::Smallest(..)) { Ordering::Less } else { Ordering::Greater };
            self.keep(value.clone(), wanted);
        }
    }
}

fn column<'a>(group: &Group, found: impl Iterator<Item = &'a Gathered>) -> Result<GroupData, Fault> {
    let fixed = |den: i64, value: &Exact| {
        over(value, den).ok_or(Fault { kind: FaultKind::Overflow("an aggregate"), span: group.span })
    };
    Ok(match &group.function {
        GroupFunction::Sum(_, Some(den)) => {
            let values = found.map(|gathered| fixed(*den, &gathered.sum)).collect::<Result<_, _>>()?;
            GroupData::Fixed { den: *den, values, known: None }
        }
        GroupFunction::Sum(_, None) => GroupData::Exact(found.map(|gathered| Some(gathered.sum.clone())).collect()),
        GroupFunction::Count => {
            GroupData::Fixed { den: 1, values: found.map(|gathered| i128::from(gathered.count)).collect(), known: None }
        }
        GroupFunction::Distinct(_) => GroupData::Fixed {
            den: 1,
            values: found.map(|gathered| gathered.distinct.len() as i128).collect(),
            known: None,
        },
        GroupFunction::Smallest(_, None) | GroupFunction::Largest(_, None) => GroupData::Exact(
            found
                .map(|gathered| match &gathered.extreme {
                    Some(Value::Number(value)) => Some(value.clone()),
                    _ => None,
                })
                .collect(),
        ),
        GroupFunction::Smallest(_, Some(den)) | GroupFunction::Largest(_, Some(den)) => {
            let (mut values, mut known) = (Vec::new(), Vec::new());
            for gathered in found {
                known.push(u8::from(gathered.extreme.is_some()));
                values.push(match &gathered.extreme {
                    Some(Value::Number(value)) => fixed(*den, value)?,
                    Some(Value::Date(day)) => i128::from(*day),
                    Some(Value::Code(code)) => i128::from(*code),
                    Some(Value::YesNo(_) | Value::Missing) | None => 0,
                });
            }
            GroupData::Fixed { den: *den, values, known: Some(known) }
        }
    })
}
