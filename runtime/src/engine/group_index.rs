//! Keys of states as dense numbers: what a total is kept per becomes a place in an array.

use crate::engine::days::PeriodOf;
use crate::engine::paths::{PathValues, days};
use crate::store::loaded::Loaded;
use crate::store::pages::DateSpan;
use meed_compiler::data::{Data, Rows};
use meed_compiler::plan::{Expr, Function, Key, Op, Period, Plan, Type};
use rustc_hash::FxHashMap;

/// Arrays of up to this many places are made whatever the number of rows.
const SMALL: u64 = 1 << 16;
/// Arrays of more places than this, of which few may be touched, would take memory by the rows and not by the keys.
const LARGE: u64 = 1 << 24;
/// The index of a row whose key has a missing component.
const NONE: u32 = u32::MAX;

/// How the values of one key become dense indexes.
#[derive(Clone, Debug)]
pub(super) struct GroupIndex {
    /// By component of the key, how many values it can have.
    sizes: Vec<u64>,
    period: Option<PeriodComponent>,
    numbering: Numbering,
    found: Vec<PathValues>,
    packed: Vec<u64>,
}

#[derive(Clone, Debug)]
struct PeriodComponent {
    of: PeriodOf,
    first: i32,
    n_periods: u64,
}

#[derive(Clone, Debug)]
enum Numbering {
    /// The index is the key itself, as the digits of a number.
    Dense(u32),
    /// Indexes in the order in which keys are met; a key is one number.
    Packed(FxHashMap<u64, u32>),
    /// The same, for keys that are too wide for one number.
    Wide(FxHashMap<Vec<i64>, u32>),
}

impl GroupIndex {
    /// Indexes for the keys of a stream of `n_rows` rows in this span of days.
    pub fn new(plan: &Plan, key: &Key, loaded: &Loaded, days: DateSpan, n_rows: usize) -> Self {
        let sizes: Vec<Option<u64>> = key.parts.iter().map(|part| size(plan, part, loaded)).collect();
        let period = key.period.map(|period| PeriodComponent::new(plan, period, days));
        let n_periods = period.as_ref().map_or(1, |period| period.n_periods);
        let total =
            sizes.iter().try_fold(n_periods, |total, size| size.and_then(|size| total.checked_mul(size.max(1))));
        let numbering = match total {
            Some(total) if total <= SMALL.max((n_rows as u64 * 2).min(LARGE)) && total < u64::from(NONE) => {
                Numbering::Dense(total as u32)
            }
            Some(_) => Numbering::Packed(FxHashMap::default()),
            None => Numbering::Wide(FxHashMap::default()),
        };
        // Where one is not known, none is asked for.
        let sizes: Vec<u64> = sizes.into_iter().map(|size| size.unwrap_or(0)).collect();
        Self { found: vec![PathValues::default(); sizes.len()], sizes, period, numbering, packed: Vec::new() }
    }

    /// Whether an index depends on the key alone, and not on which keys came before.
    pub fn is_fixed(&self) -> bool {
        matches!(self.numbering, Numbering::Dense(_))
    }

    /// How many indexes there are.
    pub fn len(&self) -> usize {
        match &self.numbering {
            Numbering::Dense(n_indexes) => *n_indexes as usize,
            Numbering::Packed(known) => known.len(),
            Numbering::Wide(known) => known.len(),
        }
    }

    /// Writes the indexes of a run of rows; `u32::MAX` where a component of the key is missing.
    pub fn number(&mut self, plan: &Plan, key: &Key, data: &Data, rows: &Rows, start: u32, indexes: &mut [u32]) {
        let len = indexes.len() as u32;
        let by_day = self.period.is_some() || key.parts.iter().any(|part| own_year(part).is_some());
        let days = if by_day { days(plan, data, rows, start, len) } else { &[] };
        for (found, part) in self.found.iter_mut().zip(&key.parts) {
            match own_year(part) {
                Some(from) => {
                    found.follow(plan, from, data, rows, start, len);
                    let years = found.values.iter_mut().zip(days);
                    years.for_each(|(year, day)| *year = plan.calendar.own_year(*year as i32, *day).into());
                }
                None => found.follow(plan, part, data, rows, start, len),
            }
        }
        let period =
            |row: usize| self.period.as_ref().map_or(0, |period| (period.of.number(days[row]) - period.first) as u64);
        let complete = |row: usize| !self.found.iter().any(|found| found.is_missing(row));
        match &mut self.numbering {
            Numbering::Dense(_) => {
                pack(&self.found, &self.sizes, self.period.as_ref(), days, indexes.len(), &mut self.packed);
                indexes.iter_mut().zip(&self.packed).for_each(|(index, key)| *index = *key as u32);
                for found in self.found.iter().filter(|found| !found.missing.is_empty()) {
                    let indexes = indexes.iter_mut().zip(&found.missing);
                    indexes.filter(|(_, missing)| **missing == 1).for_each(|(index, _)| *index = NONE);
                }
            }
            Numbering::Packed(known) => {
                pack(&self.found, &self.sizes, self.period.as_ref(), days, indexes.len(), &mut self.packed);
                for (row, index) in indexes.iter_mut().enumerate() {
                    let next = known.len() as u32;
                    *index = if complete(row) { *known.entry(self.packed[row]).or_insert(next) } else { NONE };
                }
            }
            Numbering::Wide(known) => {
                for (row, index) in indexes.iter_mut().enumerate() {
                    if !complete(row) {
                        *index = NONE;
                        continue;
                    }
                    let next = known.len() as u32;
                    let mut key: Vec<i64> = self.found.iter().map(|found| found.values[row]).collect();
                    key.push(period(row) as i64);
                    *index = *known.entry(key).or_insert(next);
                }
            }
        }
    }
}

/// The keys of rows as the digits of numbers; of a row with a missing component it is anything.
fn pack(
    found: &[PathValues],
    sizes: &[u64],
    period: Option<&PeriodComponent>,
    days: &[i32],
    n_rows: usize,
    packed: &mut Vec<u64>,
) {
    packed.clear();
    match found {
        [] => packed.resize(n_rows, 0),
        [first, rest @ ..] => {
            packed.extend(first.values.iter().map(|value| *value as u64));
            for (found, size) in rest.iter().zip(&sizes[1..]) {
                let keys = packed.iter_mut().zip(&found.values);
                keys.for_each(|(key, value)| *key = key.wrapping_mul(*size).wrapping_add(*value as u64));
            }
        }
    }
    let Some(period) = period else { return };
    // Rows of one day mostly stand side by side.
    let mut keys = packed.as_mut_slice();
    for days in days.chunk_by(|day, next| day == next) {
        let number = (period.of.number(days[0]) - period.first) as u64;
        let (own, rest) = keys.split_at_mut(days.len());
        own.iter_mut().for_each(|key| *key = key.wrapping_mul(period.n_periods).wrapping_add(number));
        keys = rest;
    }
}

impl PeriodComponent {
    fn new(plan: &Plan, period: Period, days: DateSpan) -> Self {
        let DateSpan { first, last } = days;
        let numbers = (plan.calendar.index(period, first), plan.calendar.index(period, last));
        Self {
            of: PeriodOf::new(plan.calendar.clone(), period, first, last),
            first: numbers.0,
            n_periods: (i64::from(numbers.1) - i64::from(numbers.0) + 1) as u64,
        }
    }
}

/// The date from which a component of a key counts years, if it does.
fn own_year(part: &Expr) -> Option<&Expr> {
    match &part.op {
        Op::Call(Function::OwnYear, operands) => operands.first(),
        _ => None,
    }
}

/// How many values a component of a key can have, where that is known.
fn size(plan: &Plan, part: &Expr, loaded: &Loaded) -> Option<u64> {
    let Op::Field { record, path, .. } = &part.op else { return None };
    let mut ty = Type::Ref(*record);
    for field in path {
        let Type::Ref(record) = ty else { return None };
        ty = plan.record(record).fields[field.index()].ty;
    }
    match ty {
        Type::Ref(record) => Some(loaded.data.tables[record.index()].n_rows as u64),
        Type::Text(domain) | Type::Id(domain) => Some(loaded.dictionaries[domain.index()].len() as u64),
        Type::Choice(choice) => Some(plan.choices[choice.index()].len() as u64),
        Type::YesNo => Some(2),
        Type::Number | Type::Count | Type::Percent | Type::Money(_) | Type::Date | Type::Period(_) => None,
    }
}

#[cfg(test)]
mod model;
