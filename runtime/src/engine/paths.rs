//! Values along paths of references, for a run of rows at once, as whole numbers.

use crate::store::loaded::days_of;
use meed_compiler::data::{Column, Data, Rows, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Expr, Op, Plan, Root, Type};
use std::ops::Range;

/// Values of a run of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct PathValues {
    /// The values; where one is missing, the entry is arbitrary.
    pub values: Vec<i64>,
    /// 1 where a value is missing; empty when none is.
    pub missing: Vec<u8>,
}

impl PathValues {
    /// Whether the value of this row is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        self.missing.get(row) == Some(&1)
    }

    /// Follows a path from rows `start..start + len` of a stream.
    pub fn follow(&mut self, plan: &Plan, path: &Expr, data: &Data, rows: &Rows, start: u32, len: u32) {
        self.values.clear();
        self.missing.clear();
        let Op::Field { root, record, path } = &path.op else { broken("a key that is no path of fields") };
        let mut record = *record;
        let is_run = matches!(rows, Rows::Events { .. }) && !path.is_empty();
        if !is_run {
            self.roots(rows, *root, start, len);
        }
        for (idx, field) in path.iter().enumerate() {
            match &data.tables[record.index()].columns[field.index()] {
                Some(column) if is_run && idx == 0 => self.run(column, start as usize..(start + len) as usize),
                Some(column) => self.step(column),
                None => {
                    broken(format!("the field {} of `{}`, which no table keeps", field.0, plan.record(record).name))
                }
            }
            if let Type::Ref(next) = plan.record(record).fields[field.index()].ty {
                record = next;
            }
        }
    }

    fn roots(&mut self, rows: &Rows, root: Root, start: u32, len: u32) {
        let places = start as usize..(start + len) as usize;
        match (rows, root) {
            (Rows::Events { .. }, _) => self.values.extend(i64::from(start)..i64::from(start + len)),
            (Rows::ByDate(dated), _) => self.values.extend(dated.row[places].iter().map(|&row| i64::from(row))),
            (Rows::EntityPeriods(periods), _) => {
                self.values.extend(periods.entity[places].iter().map(|&row| i64::from(row)))
            }
            (Rows::Payments(payments), Root::Payee) => {
                self.values.extend(payments.payee[places].iter().map(|&row| i64::from(row)));
            }
            (Rows::Payments(payments), Root::Row | Root::Source) => {
                self.values.extend(payments.source[places].iter().map(|&row| i64::from(row)));
            }
        }
    }

    /// Takes what a column holds in rows side by side.
    fn run(&mut self, column: &Column, rows: Range<usize>) {
        if let Some(known) = &column.known {
            self.missing.extend(known[rows.clone()].iter().map(|known| 1 - known));
        }
        match &column.values {
            Values::I64(values) => self.values.extend_from_slice(&values[rows]),
            Values::I32(values) => self.values.extend(values[rows].iter().map(|value| i64::from(*value))),
            Values::U32(values) => self.values.extend(values[rows].iter().map(|value| i64::from(*value))),
            Values::U8(values) => self.values.extend(values[rows].iter().map(|value| i64::from(*value))),
        }
    }

    /// Replaces rows by what a column holds there.
    fn step(&mut self, column: &Column) {
        if let Some(known) = &column.known {
            self.missing.resize(self.values.len(), 0);
            let marks = self.missing.iter_mut().zip(&self.values);
            marks.filter(|(missing, _)| **missing == 0).for_each(|(missing, &row)| *missing = 1 - known[row as usize]);
        }
        match &column.values {
            Values::I64(values) => self.replace(|row| values[row]),
            Values::I32(values) => self.replace(|row| i64::from(values[row])),
            Values::U32(values) => self.replace(|row| i64::from(values[row])),
            Values::U8(values) => self.replace(|row| i64::from(values[row])),
        }
    }

    fn replace(&mut self, value: impl Fn(usize) -> i64) {
        if self.missing.is_empty() {
            self.values.iter_mut().for_each(|row| *row = value(*row as usize));
            return;
        }
        let known = self.values.iter_mut().zip(&self.missing).filter(|(_, missing)| **missing == 0);
        known.for_each(|(row, _)| *row = value(*row as usize));
    }
}

/// The days of rows `start..start + len` of a stream.
pub(super) fn days<'a>(plan: &Plan, data: &'a Data, rows: &'a Rows, start: u32, len: u32) -> &'a [i32] {
    let places = start as usize..(start + len) as usize;
    match rows {
        Rows::Events { record } => &days_of(plan, data, *record)[places],
        Rows::ByDate(dated) => &dated.when[places],
        Rows::EntityPeriods(periods) => &periods.last_day[places],
        Rows::Payments(payments) => &payments.when[places],
    }
}
