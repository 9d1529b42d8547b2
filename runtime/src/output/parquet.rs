//! Tables as Parquet.
//!
//! Columns are encoded here, from what batches hold already, by the encoding that suits each; the library writes what is around
//! them.

mod bits;
mod chunk;
mod column;
mod delta;
mod numbers;
mod texts;
mod wide;
mod words;

use crate::output::arrow::schema;
use crate::output::batch::{Batch, Header, Kind, Sink};
use column::Column;
use numbers::NumberColumn;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescPtr;
use std::io::{self, Write};
use texts::TextColumn;
use wide::WideColumn;
use words::WordColumn;

/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 20;

/// Writes a table as Parquet.
pub struct ParquetSink<W: Write + Send> {
    file: Option<SerializedFileWriter<W>>,
    columns: Vec<Box<dyn Column>>,
    /// How many rows the row group under way has.
    n_rows: usize,
    /// A row group ends with the batch that reaches so many.
    group_rows: usize,
}

impl<W: Write + Send> ParquetSink<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(header: Header, target: W) -> io::Result<Self> {
        // The library turns an Arrow schema into one of Parquet, and keeps it in the file for readers.
        let writer = ArrowWriter::try_new(target, schema(&header)?, None).map_err(plain)?;
        let (file, _) = writer.into_serialized_writer().map_err(plain)?;
        let descriptions = file.schema_descr().columns().iter();
        let columns = header.iter().zip(descriptions).map(|((_, kind), description)| column(*kind, description));
        Ok(Self { columns: columns.collect::<io::Result<_>>()?, file: Some(file), n_rows: 0, group_rows: GROUP_ROWS })
    }

    fn end_group(&mut self) -> io::Result<()> {
        let Some(file) = self.file.as_mut().filter(|_| self.n_rows > 0) else { return Ok(()) };
        let descriptions = file.schema_descr().columns().to_vec();
        let mut group = file.next_row_group().map_err(plain)?;
        for (column, description) in self.columns.iter_mut().zip(descriptions) {
            column.end_page()?;
            let statistics = column.statistics();
            let (bytes, close) = column.chunk().end_group(description, statistics)?;
            group.append_column(&bytes, close).map_err(plain)?;
            column.chunk().reuse(bytes);
        }
        group.close().map_err(plain)?;
        self.n_rows = 0;
        Ok(())
    }
}

impl<W: Write + Send> Sink for ParquetSink<W> {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        if batch.n_rows == 0 {
            return Ok(());
        }
        for (column, cells) in self.columns.iter_mut().zip(&batch.columns) {
            column.take(cells, batch.n_rows)?;
        }
        self.n_rows += batch.n_rows;
        if self.n_rows >= self.group_rows { self.end_group() } else { Ok(()) }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end_group()?;
        if let Some(file) = self.file.take() {
            file.close().map_err(plain)?;
        }
        Ok(())
    }
}

/// What the file met, without what the library says around it.
fn plain(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(met) => *met,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

fn column(kind: Kind, description: &ColumnDescPtr) -> io::Result<Box<dyn Column>> {
    Ok(match kind {
        Kind::Word | Kind::Name => Box::new(WordColumn::new()),
        Kind::Text => Box::new(TextColumn::new()),
        Kind::Amount { decimals, digits: digits @ 19.. } => Box::new(WideColumn::new(decimals, digits, description)?),
        Kind::Amount { .. } | Kind::Day | Kind::Whole => Box::new(NumberColumn::new(kind)),
    })
}

#[cfg(test)]
mod tests;
