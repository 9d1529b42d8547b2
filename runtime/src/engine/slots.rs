//! Keys of states as dense numbers: what a total is kept per becomes a place in an array.

use crate::load::Loaded;
use meed_compiler::data::{Column, Rows, Values};
use meed_compiler::plan::{Expr, FieldId, Op, Plan, RecordId, Root, SlotSpec, Type};
use rustc_hash::FxHashMap;

/// The slots handed out for one key, in the order in which keys are met.
#[derive(Debug, Default)]
pub(super) struct Slots {
    known: FxHashMap<Vec<i64>, u32>,
}

impl Slots {
    /// How many slots there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// The slots of a run of rows; `u32::MAX` where a part of the key is missing.
    pub fn chunk(
        &mut self,
        plan: &Plan,
        spec: &SlotSpec,
        loaded: &Loaded,
        rows: &Rows,
        start: u32,
        len: u32,
    ) -> Vec<u32> {
        (start..start + len).map(|row| self.slot(plan, spec, loaded, rows, row)).collect()
    }

    fn slot(&mut self, plan: &Plan, spec: &SlotSpec, loaded: &Loaded, rows: &Rows, row: u32) -> u32 {
        let mut key = Vec::with_capacity(spec.parts.len() + 1);
        for part in &spec.parts {
            match value(plan, part, loaded, rows, row) {
                Some(value) => key.push(value),
                None => return u32::MAX,
            }
        }
        if let Some(period) = spec.period {
            key.push(i64::from(plan.calendar.index(period, when(plan, loaded, rows, row))));
        }
        let next = self.known.len() as u32;
        *self.known.entry(key).or_insert(next)
    }
}

/// The day of a row.
pub(super) fn when(plan: &Plan, loaded: &Loaded, rows: &Rows, row: u32) -> i32 {
    match rows {
        Rows::Events { record } => {
            let when = plan.record(*record).when;
            when.and_then(|when| field(plan, loaded, *record, &[when], row)).map_or(i32::MAX, |day| day as i32)
        }
        Rows::Grid(grid) => grid.last_day[row as usize],
        Rows::Payments(payments) => payments.when[row as usize],
    }
}

/// The value of a path as a whole number; none where it is missing.
pub(super) fn value(plan: &Plan, path: &Expr, loaded: &Loaded, rows: &Rows, row: u32) -> Option<i64> {
    let Op::Field { root, record, path } = &path.op else { return None };
    let first = match (rows, root) {
        (Rows::Events { .. }, _) => row,
        (Rows::Grid(grid), _) => grid.entity[row as usize],
        (Rows::Payments(payments), Root::Payee) => payments.payee[row as usize],
        (Rows::Payments(payments), Root::Row | Root::Source) => payments.source[row as usize],
    };
    field(plan, loaded, *record, path, first)
}

fn field(plan: &Plan, loaded: &Loaded, mut record: RecordId, path: &[FieldId], row: u32) -> Option<i64> {
    let mut at = i64::from(row);
    for field in path {
        let column = loaded.data.tables[record.index()].columns[field.index()].as_ref()?;
        at = whole(column, at as usize)?;
        if let Type::Ref(next) = plan.record(record).fields[field.index()].ty {
            record = next;
        }
    }
    Some(at)
}

fn whole(column: &Column, row: usize) -> Option<i64> {
    if column.known.as_ref().is_some_and(|known| known[row] == 0) {
        return None;
    }
    Some(match &column.values {
        Values::I64(values) => values[row],
        Values::I32(values) => i64::from(values[row]),
        Values::U32(values) => i64::from(values[row]),
        Values::U8(values) => i64::from(values[row]),
    })
}
