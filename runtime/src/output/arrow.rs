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
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        (self.take)(to_arrow(&self.header, &batch)?)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The Arrow schema of a table.
///
/// # Errors
/// When an amount has more decimals than Arrow's numbers can.
pub(crate) fn schema(header: &Header) -> io::Result<Arc<Schema>> {
    let field = |(name, kind): &(&'static str, Kind)| {
        let (ty, optional) = match kind {
            Kind::Word => (DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8)), false),
            Kind::Name | Kind::Text => (DataType::Utf8, false),
            Kind::Amount { decimals, digits } => (DataType::Decimal128(*digits, scale(*decimals)?), false),
            Kind::Day => (DataType::Date32, true),
            Kind::Whole => (DataType::Int32, false),
        };
        Ok(Field::new(*name, ty, optional))
    };
    Ok(Arc::new(Schema::new(header.iter().map(field).collect::<io::Result<Vec<_>>>()?)))
}

fn scale(decimals: u32) -> io::Result<i8> {
    i8::try_from(decimals).map_err(|_| io::Error::other(format!("amounts of {decimals} decimals")))
}

/// A batch as Arrow.
pub(crate) fn to_arrow(header: &Header, batch: &Batch) -> io::Result<RecordBatch> {
    let columns = batch.columns.iter().zip(header).map(|(cells, (_, kind))| array(cells, *kind, batch.n_rows));
    RecordBatch::try_new(schema(header)?, columns.collect::<io::Result<_>>()?).map_err(io::Error::other)
}

/// The cells of a column as Arrow.
pub(crate) fn array(cells: &Cells, kind: Kind, n_rows: usize) -> io::Result<ArrayRef> {
    Ok(match cells {
        Cells::Words { words, codes } if kind == Kind::Name => {
            let mut texts = Texts::default();
            for &code in codes {
                texts.bytes.extend_from_slice(words.get(code.into()));
                texts.end();
            }
            Arc::new(strings(&texts)?)
        }
        Cells::Words { words, codes } => {
            let places = codes.iter().map(|&code| i16::try_from(code));
            let codes = Int16Array::from(places.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?);
            let words = Arc::new(strings(words)?);
            Arc::new(DictionaryArray::<Int16Type>::try_new(codes, words).map_err(io::Error::other)?)
        }
        Cells::Texts(texts) => Arc::new(strings(texts)?),
        Cells::Amounts(amounts) => {
            let Kind::Amount { decimals, digits } = kind else {
                return Err(io::Error::other("amounts in a column of another kind"));
            };
            let mut values: Vec<i128> = Vec::new();
            amounts.scaled(decimals, digits, &mut values)?;
            let array = Decimal128Array::from(values);
            Arc::new(array.with_precision_and_scale(digits, scale(decimals)?).map_err(io::Error::other)?)
        }
        Cells::Days(days) => Arc::new(Date32Array::from_iter_values(days.iter().copied())),
        Cells::SomeDays(days) => Arc::new(days.iter().copied().collect::<Date32Array>()),
        Cells::NoDays => Arc::new(Date32Array::new_null(n_rows)),
        Cells::Wholes(numbers) => Arc::new(Int32Array::from_iter_values(numbers.iter().copied())),
    })
}

fn strings(texts: &Texts) -> io::Result<StringArray> {
    let ends = texts.ends.iter().map(|&end| i32::try_from(end));
    let offsets: Result<Vec<i32>, _> = std::iter::once(Ok(0)).chain(ends).collect();
    let offsets = offsets.map_err(|_| io::Error::other("the texts of a batch take more than 2 GiB"))?;
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, Buffer::from_slice_ref(&texts.bytes), None).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::batch::Amounts;

    #[test]
    fn what_does_not_fit_into_arrow_is_an_error_and_never_cut() {
        let error = |kind: Kind, cells: Cells| {
            let batch = Batch { n_rows: 1, columns: vec![cells] };
            to_arrow(&vec![("x", kind)], &batch).expect_err("it does not fit").to_string()
        };
        // The bytes of such texts are not looked at, so none are needed.
        for end in [1 << 31, 1 << 32, (1 << 32) + 5] {
            let mut texts = Texts::default();
            texts.ends.push(end);
            assert_eq!(error(Kind::Text, Cells::Texts(texts)), "the texts of a batch take more than 2 GiB");
        }
        let amount = Kind::Amount { decimals: 258, digits: 38 };
        assert_eq!(
            error(amount, Cells::Amounts(Amounts { values: vec![1], ..Amounts::default() })),
            "amounts of 258 decimals"
        );
        let words = Cells::Words { words: Texts::from_iter(["a"]), codes: vec![40_000] };
        assert!(!error(Kind::Word, words).is_empty());
    }
}
