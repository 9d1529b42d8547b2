//! The order in which accepted rows are: by `when`, then key; behind them rows that may only be referred to, by key.

use crate::keys::columns::Keys;
use crate::keys::dictionary::NONE;
use crate::store::rejected::Rejected;
use crate::store::row_batch::RowBatch;
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::FieldId;
use std::cmp::Ordering;

/// How rows are in the table.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// By row of the table, the row read; `None` if they are the same.
    pub rows: Option<Vec<u32>>,
    pub n_rows: usize,
    /// How many of them rules see.
    pub n_stream: usize,
    pub n_after: u64,
    pub n_undated: u64,
}

/// By what the rows of an event are sorted, before their keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortKey {
    pub when: FieldId,
    pub through: i32,
}

impl Order {
    /// By row of `n_read`, its row in the table; `None` if they are the same.
    pub fn places(&self, n_read: usize) -> Option<Vec<u32>> {
        let rows = self.rows.as_ref()?;
        let mut places = vec![NONE; n_read];
        rows.iter().zip(0..).for_each(|(&row, place)| places[row as usize] = place);
        Some(places)
    }
}

/// Orders the rows, numbered as they are, that are not rejected.
pub(crate) fn order(batch: &RowBatch, rejected: &Rejected, when: Option<FieldId>, through: i32) -> Order {
    let by_key = || order_by_key(&batch.keys, rejected);
    let Some(when) = when else { return by_key() };
    let when = batch.columns[when.index()].as_ref().unwrap_or_else(|| broken("an event whose days are not kept"));
    let Values::I32(days) = &when.values else { broken("days that are no dates") };
    let moments = (!batch.moments.is_empty()).then_some(batch.moments.as_slice());
    let n_rows = days.len();
    if rejected.is_empty() && when.known.is_none() && stands(&batch.keys, days, moments, through) {
        return Order { n_rows, n_stream: n_rows, ..Order::default() };
    }
    order_by_day(&batch.keys, rejected, when, days, moments, through)
}

/// Whether rows are in order as they were read, and none is after the last day.
fn stands(keys: &Keys, days: &[i32], moments: Option<&[i64]>, through: i32) -> bool {
    let by_key = |row: usize| match keys.whole_numbers() {
        Some(keys) => keys[row - 1].cmp(&keys[row]),
        None => keys.cmp(row - 1, row),
    };
    let by_moment = |row: usize| moments.map_or(Ordering::Equal, |moments| moments[row - 1].cmp(&moments[row]));
    days.last().is_none_or(|&last| last <= through)
        && (1..days.len())
            .all(|row| days[row - 1].cmp(&days[row]).then_with(|| by_moment(row)).then_with(|| by_key(row)).is_lt())
}

fn order_by_key(keys: &Keys, rejected: &Rejected) -> Order {
    let n_rows = keys.len();
    if rejected.is_empty() && (1..n_rows).all(|row| keys.cmp(row - 1, row).is_lt()) {
        return Order { n_rows, n_stream: n_rows, ..Order::default() };
    }
    let mut rows: Vec<u32> = (0..n_rows as u32).filter(|&row| !rejected.contains(row)).collect();
    sort_by_key(&mut rows, keys, None);
    let n_rows = rows.len();
    Order { rows: Some(rows), n_rows, n_stream: n_rows, ..Order::default() }
}

/// Counts the rows of each day, puts every row behind the earlier ones of its day, and sorts the days in which keys did
/// not come in order.
fn order_by_day(
    keys: &Keys,
    rejected: &Rejected,
    when: &Column,
    days: &[i32],
    moments: Option<&[i64]>,
    through: i32,
) -> Order {
    let is_known = |row: usize| when.known.as_ref().is_none_or(|known| known[row] == 1);
    let is_accepted = |row: usize| rejected.is_empty() || !rejected.contains(row as u32);
    let in_stream = |row: usize| is_accepted(row) && is_known(row) && days[row] <= through;
    let mut span = (i32::MAX, i32::MIN);
    let (mut n_after, mut n_undated) = (0, 0);
    let mut later: Vec<u32> = Vec::new();
    for (row, &day) in days.iter().enumerate() {
        if in_stream(row) {
            span = (span.0.min(day), span.1.max(day));
        } else if is_accepted(row) {
            if is_known(row) {
                n_after += 1
            } else {
                n_undated += 1
            }
            later.push(row as u32);
        }
    }
    let n_days = if span.0 > span.1 { 0 } else { (span.1 - span.0) as usize + 1 };
    // By day, where its next row goes; at first the counts, shifted by one.
    let mut next = vec![0u32; n_days + 1];
    (0..days.len()).filter(|&row| in_stream(row)).for_each(|row| next[(days[row] - span.0) as usize + 1] += 1);
    for day in 1..next.len() {
        next[day] += next[day - 1];
    }
    let n_stream = next[n_days] as usize;
    let starts = next.clone();
    let mut rows = vec![0u32; n_stream];
    let mut last = Last::new(n_days, keys, moments);
    (0..days.len()).filter(|&row| in_stream(row)).for_each(|row| {
        let day = (days[row] - span.0) as usize;
        let is_first = next[day] == starts[day];
        last.see(day, row, is_first);
        rows[next[day] as usize] = row as u32;
        next[day] += 1;
    });
    for (day, bounds) in starts.windows(2).enumerate() {
        if last.is_disordered[day] {
            sort_by_key(&mut rows[bounds[0] as usize..bounds[1] as usize], keys, moments);
        }
    }
    sort_by_key(&mut later, keys, None);
    rows.append(&mut later);
    Order { n_rows: rows.len(), n_stream, n_after, n_undated, rows: Some(rows) }
}

/// The last row of each day so far, to see while rows are placed which days come in order.
struct Last<'a> {
    keys: &'a Keys,
    whole: Option<&'a [i64]>,
    moments: Option<&'a [i64]>,
    /// By day, the last moment and key; where keys are texts, its row in place of the key.
    rows: Vec<(i64, i64)>,
    is_disordered: Vec<bool>,
}

impl<'a> Last<'a> {
    fn new(n_days: usize, keys: &'a Keys, moments: Option<&'a [i64]>) -> Self {
        let (rows, is_disordered) = (vec![(0, 0); n_days], vec![false; n_days]);
        Self { keys, whole: keys.whole_numbers(), moments, rows, is_disordered }
    }

    fn see(&mut self, day: usize, row: usize, is_first: bool) {
        let moment = self.moments.map_or(0, |moments| moments[row]);
        let next = (moment, self.whole.map_or(row as i64, |whole| whole[row]));
        let last = std::mem::replace(&mut self.rows[day], next);
        let follows = match self.whole {
            Some(_) => last < next,
            None => last.0.cmp(&moment).then_with(|| self.keys.cmp(last.1 as usize, row)).is_lt(),
        };
        self.is_disordered[day] |= !is_first && !follows;
    }
}

/// Sorts rows by moment, then key.
fn sort_by_key(rows: &mut [u32], keys: &Keys, moments: Option<&[i64]>) {
    let by_moment =
        |a: u32, b: u32| moments.map_or(Ordering::Equal, |moments| moments[a as usize].cmp(&moments[b as usize]));
    let Some(whole) = keys.whole_numbers() else {
        let compare = |a: u32, b: u32| by_moment(a, b).then_with(|| keys.cmp(a as usize, b as usize));
        if !rows.is_sorted_by(|&a, &b| compare(a, b).is_lt()) {
            rows.sort_unstable_by(|&a, &b| compare(a, b));
        }
        return;
    };
    if rows.is_sorted_by(|&a, &b| by_moment(a, b).then_with(|| whole[a as usize].cmp(&whole[b as usize])).is_lt()) {
        return;
    }
    // The keys lie far apart in memory: beside their rows they are sorted several times faster.
    let moment = |row: u32| moments.map_or(0, |moments| moments[row as usize]);
    let mut pairs: Vec<(i64, i64, u32)> = rows.iter().map(|&row| (moment(row), whole[row as usize], row)).collect();
    pairs.sort_unstable();
    rows.iter_mut().zip(pairs).for_each(|(row, (_, _, sorted))| *row = sorted);
}

/// Values by where they go. Rows are read one after the other and written at few places at a time, one for each day:
/// faster than the reverse.
pub(crate) fn scatter<T: Copy + Default>(values: &[T], places: &[u32], n_rows: usize, target: &mut Vec<T>) {
    // Every row of the table is some row read, so that nothing of what was there before is left.
    target.resize(n_rows, T::default());
    // Rejected rows go nowhere.
    for (&value, &place) in values.iter().zip(places).filter(|(_, place)| **place != NONE) {
        target[place as usize] = value;
    }
}
