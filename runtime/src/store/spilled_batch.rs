//! Rows in columns that are spilled, to be read back column by column and row by row.

use crate::keys::columns::Keys;
use crate::store::error::StoreError;
use crate::store::order::{Order, scatter};
use crate::store::row_batch::RowBatch;
use crate::store::spill::{Array, SpillFile};
use crate::store::spilled_keys::SpilledKeys;
use meed_compiler::data::{Column, Values};
use meed_compiler::plan::RecordId;
use std::ops::Range;

/// Rows that are spilled.
#[derive(Debug)]
pub(super) struct SpilledBatch {
    pub n_rows: usize,
    /// How many of them, from the first, are seen by rules.
    pub n_stream: usize,
    columns: Vec<Option<SpilledColumn>>,
    moments: Option<Array<i64>>,
    keys: SpilledKeys,
    distinct: Vec<(RecordId, Array<u32>)>,
    places: Array<u32>,
}

#[derive(Debug)]
struct SpilledColumn {
    values: SpilledValues,
    known: Option<Array<u8>>,
}

#[derive(Debug)]
enum SpilledValues {
    I64(Array<i64>),
    I32(Array<i32>),
    U32(Array<u32>),
    U8(Array<u8>),
}

impl SpilledBatch {
    /// One column of some rows; `None` if it is not kept.
    pub fn column(&self, field: usize, rows: Range<usize>, file: &SpillFile) -> Result<Option<Column>, StoreError> {
        let Some(SpilledColumn { values, known }) = &self.columns[field] else { return Ok(None) };
        let values = match values {
            SpilledValues::I64(values) => Values::I64(file.read_some(values, rows.clone())?),
            SpilledValues::I32(values) => Values::I32(file.read_some(values, rows.clone())?),
            SpilledValues::U32(values) => Values::U32(file.read_some(values, rows.clone())?),
            SpilledValues::U8(values) => Values::U8(file.read_some(values, rows.clone())?),
        };
        let known = known.as_ref().map(|known| file.read_some(known, rows)).transpose()?;
        Ok(Some(Column { values, known }))
    }

    /// All columns of some rows.
    pub fn columns(&self, rows: Range<usize>, file: &SpillFile) -> Result<Vec<Option<Column>>, StoreError> {
        (0..self.columns.len()).map(|field| self.column(field, rows.clone(), file)).collect()
    }

    /// The keys of some rows.
    pub fn keys(&self, rows: Range<usize>, file: &SpillFile) -> Result<Keys, StoreError> {
        self.keys.read(rows, file)
    }

    /// By row its place in the order of reading.
    pub fn places(&self, rows: Range<usize>, file: &SpillFile) -> Result<Vec<u32>, StoreError> {
        file.read_some(&self.places, rows)
    }

    /// The codes of keys of records that hold distinct values.
    pub fn distinct(&self, file: &SpillFile) -> Result<Vec<(RecordId, Vec<u32>)>, StoreError> {
        self.distinct.iter().map(|(record, codes)| Ok((*record, file.read_all(codes)?))).collect()
    }

    /// Some rows, all of what is needed to put them in order.
    pub fn batch(&self, rows: Range<usize>, file: &SpillFile) -> Result<RowBatch, StoreError> {
        Ok(RowBatch {
            columns: self.columns(rows.clone(), file)?,
            moments: match &self.moments {
                Some(moments) => file.read_some(moments, rows.clone())?,
                None => Vec::new(),
            },
            keys: self.keys(rows.clone(), file)?,
            places: self.places(rows, file)?,
            ..RowBatch::default()
        })
    }

    /// Writes rows to a file in this order; all but the file's account of them is gone from memory then.
    pub fn write(rows: RowBatch, order: &Order, file: &SpillFile) -> Result<Self, StoreError> {
        let RowBatch { columns, moments, keys, distinct, places, first } = rows;
        let sorted = order.rows.as_deref();
        let n_rows = order.n_rows;
        let to = order.places(n_rows);
        let to = to.as_deref();
        let keys = match sorted {
            Some(rows) => SpilledKeys::write(&keys.gather(rows), file)?,
            None => SpilledKeys::write(&keys, file)?,
        };
        let places = if places.is_empty() { (first..first + n_rows as u32).collect() } else { places };
        let column = |Column { values, known }: Column| {
            let values = match values {
                Values::I64(values) => SpilledValues::I64(file.write(&arranged(values, to))?),
                Values::I32(values) => SpilledValues::I32(file.write(&arranged(values, to))?),
                Values::U32(values) => SpilledValues::U32(file.write(&arranged(values, to))?),
                Values::U8(values) => SpilledValues::U8(file.write(&arranged(values, to))?),
            };
            let known = known.map(|known| file.write(&arranged(known, to))).transpose()?;
            Ok(SpilledColumn { values, known })
        };
        let columns = columns.into_iter().map(|own| own.map(column).transpose()).collect::<Result<_, _>>()?;
        let codes = |(record, codes)| Ok((record, file.write(&arranged(codes, to))?));
        let distinct = distinct.into_iter().map(codes).collect::<Result<_, _>>()?;
        let moments = (!moments.is_empty()).then(|| file.write(&arranged(moments, to))).transpose()?;
        let places = file.write(&arranged(places, to))?;
        Ok(Self { n_rows, n_stream: order.n_stream, columns, moments, keys, distinct, places })
    }
}

fn arranged<T: Copy + Default>(values: Vec<T>, to: Option<&[u32]>) -> Vec<T> {
    match to {
        Some(to) => {
            let mut target = Vec::new();
            scatter(&values, to, values.len(), &mut target);
            target
        }
        None => values,
    }
}
