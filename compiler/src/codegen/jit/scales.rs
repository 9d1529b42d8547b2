//! How fine numbers really are.
//!
//! A column keeps nine decimals of a share though all of its shares may be whole percents; products of two such numbers
//! have no room in 64 bits. So a few rows are looked at, and numbers are read in the coarsest unit that fits them all.
//! That is a guess: machine code looks at every row, and one that is finer is the interpreter's.

use super::number::gcd;
use crate::data::{Data, Values};
use crate::plan::{FieldId, FoldId, Plan, RecordId, Type};
use rustc_hash::FxHashMap;

/// Rows of a column that are looked at.
const SAMPLES: usize = 1024;
/// Columns of so many decimals are read as they are.
const FEW_DECIMALS: u32 = 4;

/// By how much numbers of a source are multiples.
#[derive(Debug, Default)]
pub(super) struct Scales {
    fields: FxHashMap<(RecordId, FieldId), i64>,
    folds: FxHashMap<FoldId, i64>,
}

impl Scales {
    /// The scales of fine columns.
    pub fn guess(plan: &Plan, data: &Data) -> Self {
        let mut scales = Self::default();
        for (record, table) in (0..).map(RecordId).zip(data.tables.iter()) {
            let fields = plan.record(record).fields.iter().zip(&table.columns);
            for (field, (definition, column)) in (0..).map(FieldId).zip(fields) {
                let fine = definition.decimals > FEW_DECIMALS && matches!(definition.ty, Type::Number | Type::Percent);
                let Some(column) = column.as_ref().filter(|_| fine) else { continue };
                let Values::I64(values) = &column.values else { continue };
                let step = values.len() / SAMPLES + 1;
                let is_known = |row: usize| column.known.as_ref().is_none_or(|known| known[row] == 1);
                let known = (0..values.len()).step_by(step).filter(|&row| is_known(row) && values[row] != 0);
                let factor = known.fold(10i64.pow(definition.decimals), |factor, row| gcd(values[row], factor));
                scales.fields.insert((record, field), factor);
            }
        }
        scales
    }

    /// What the numbers of a column are multiples of.
    pub fn field(&self, record: RecordId, field: FieldId) -> i64 {
        self.fields.get(&(record, field)).copied().unwrap_or(1)
    }

    /// What the values of a fold are multiples of.
    pub fn fold(&self, id: FoldId) -> i64 {
        self.folds.get(&id).copied().unwrap_or(1)
    }

    /// Notes that values of a fold are whole numbers of `1/own`, kept as such of `1/den`.
    pub fn note_fold(&mut self, id: FoldId, own: i64, den: i64) {
        self.folds.insert(id, den / gcd(own, den));
    }
}
