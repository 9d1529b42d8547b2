//! Tables as Arrow batches, for programs that embed Meed; beside Parquet the only place that writes Arrow's layout.

use crate::output::batch::{Batch, Cells, Header, Kind, Sink, Texts};
use arrow_array::types::Int16Type;
use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Int16Array, Int32Array, RecordBatch, StringArray,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema};
use std::io;
use std::sync::Arc;

/// Hands every batch to a function, as Arrow.
pub struct ArrowSink<F: FnMut(RecordBatch) -> io::Result<()>> {
    header: Header,
    take: F,
}

impl<F: FnMut(RecordBatch) -> io::Result<()>> ArrowSink<F> {
    /// A table with these columns.
    pub fn new(header: Header, take: F) -> Self {
        Self { header, take }
    }
}

impl<F: FnMut(RecordBatch) -> io::Result<()>> Sink for ArrowSink<F> {
    fn take(&mut self, batch: &Batch) -> io::Result<()> {
        (self.take)(to_arrow(&self.header, batch)?)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The Arrow schema of a table.
pub(crate) fn schema(header: &Header) -> Arc<Schema> {
    let field = |(name, kind): &(&'static str, Kind)| {
        let (ty, optional) = match kind {
            Kind::Word => (DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8)), false),
            Kind::Text => (DataType::Utf8, false),
            Kind::Amount { decimals, digits } => (DataType::Decimal128(*digits, *decimals as i8), false),
            Kind::Day => (DataType::Date32, true),
            Kind::Whole => (DataType::Int32, false),
        };
        Field::new(*name, ty, optional)
    };
    Arc::new(Schema::new(header.iter().map(field).collect::<Vec<_>>()))
}

/// A batch as Arrow.
pub(crate) fn to_arrow(header: &Header, batch: &Batch) -> io::Result<RecordBatch> {
    let columns = batch.columns.iter().zip(header).map(|(cells, (_, kind))| array(cells, *kind, batch.n_rows));
    RecordBatch::try_new(schema(header), columns.collect::<io::Result<_>>()?).map_err(io::Error::other)
}

fn array(cells: &Cells, kind: Kind, n_rows: usize) -> io::Result<ArrayRef> {
    Ok(match cells {
        Cells::Words { words, codes } => {
            let codes = Int16Array::from_iter_values(codes.iter().map(|&code| code as i16));
            let words = Arc::new(StringArray::from_iter_values(words));
            Arc::new(DictionaryArray::<Int16Type>::try_new(codes, words).map_err(io::Error::other)?)
        }
        Cells::Texts(texts) => Arc::new(strings(texts)?),
        Cells::Amounts(amounts) => {
            let Kind::Amount { decimals, digits } = kind else {
                return Err(io::Error::other("amounts in a column of another kind"));
            };
            let array = Decimal128Array::from_iter_values(amounts.iter().copied());
            Arc::new(array.with_precision_and_scale(digits, decimals as i8).map_err(io::Error::other)?)
        }
        Cells::Days(days) => Arc::new(Date32Array::from_iter_values(days.iter().copied())),
        Cells::NoDays => Arc::new(Date32Array::new_null(n_rows)),
        Cells::Wholes(numbers) => Arc::new(Int32Array::from_iter_values(numbers.iter().copied())),
    })
}

fn strings(texts: &Texts) -> io::Result<StringArray> {
    let offsets: Vec<i32> = std::iter::once(0).chain(texts.ends.iter().copied()).collect();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, Buffer::from_slice_ref(&texts.bytes), None).map_err(io::Error::other)
}
