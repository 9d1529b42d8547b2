//! Tables as Parquet.
//!
//! Columns are encoded here, from what batches hold already, by the encoding that suits each; the library writes what is around
//! them, and amounts of more than eighteen digits.

mod bits;
mod chunk;
mod delta;
mod numbers;
mod texts;
mod words;

use crate::output::arrow::{array, schema};
use crate::output::batch::{Batch, Cells, Header, Kind, Sink};
use arrow_schema::Schema;
use numbers::NumberColumn;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use std::io::{self, Write};
use std::sync::Arc;
use texts::TextColumn;
use words::WordColumn;

/// A row group ends with the batch that reaches so many rows.
const GROUP_ROWS: usize = 1 << 20;

/// Writes a table as Parquet.
pub struct ParquetSink<W: Write + Send> {
    header: Header,
    schema: Arc<Schema>,
    file: Option<SerializedFileWriter<W>>,
    factory: ArrowRowGroupWriterFactory,
    /// The columns of the row group under way; none before its first row.
    columns: Vec<ColumnWriter>,
    n_rows: usize,
    n_groups: usize,
}

enum ColumnWriter {
    Words(WordColumn),
    Texts(TextColumn),
    Numbers(NumberColumn),
    Other(Box<ArrowColumnWriter>),
}

impl<W: Write + Send> ParquetSink<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(header: Header, target: W) -> io::Result<Self> {
        let schema = schema(&header)?;
        let writer = ArrowWriter::try_new(target, schema.clone(), Some(properties()))?;
        let (file, factory) = writer.into_serialized_writer()?;
        Ok(Self { header, schema, file: Some(file), factory, columns: Vec::new(), n_rows: 0, n_groups: 0 })
    }

    fn begin_group(&mut self) -> io::Result<()> {
        let writers = self.factory.create_column_writers(self.n_groups)?;
        let kinds = self.header.iter().map(|(_, kind)| kind);
        let column = |(writer, kind): (ArrowColumnWriter, &Kind)| match kind {
            Kind::Word | Kind::Name => ColumnWriter::Words(WordColumn::default()),
            Kind::Text => ColumnWriter::Texts(TextColumn::new()),
            Kind::Amount { digits: 19.., .. } => ColumnWriter::Other(Box::new(writer)),
            Kind::Amount { .. } | Kind::Day | Kind::Whole => ColumnWriter::Numbers(NumberColumn::new(*kind)),
        };
        self.columns = writers.into_iter().zip(kinds).map(column).collect();
        Ok(())
    }

    fn end_group(&mut self) -> io::Result<()> {
        let columns = std::mem::take(&mut self.columns);
        let Some(file) = self.file.as_mut().filter(|_| !columns.is_empty()) else { return Ok(()) };
        let descriptions = file.schema_descr().columns().to_vec();
        let mut group = file.next_row_group()?;
        for (column, description) in columns.into_iter().zip(descriptions) {
            let (bytes, close) = match column {
                ColumnWriter::Words(words) => words.finish(description)?,
                ColumnWriter::Texts(texts) => texts.finish(description)?,
                ColumnWriter::Numbers(numbers) => numbers.finish(description)?,
                ColumnWriter::Other(writer) => {
                    writer.close()?.append_to_row_group(&mut group)?;
                    continue;
                }
            };
            group.append_column(&bytes, close)?;
        }
        group.close()?;
        self.n_rows = 0;
        self.n_groups += 1;
        Ok(())
    }
}

impl<W: Write + Send> Sink for ParquetSink<W> {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        if batch.n_rows == 0 {
            return Ok(());
        }
        if self.columns.is_empty() {
            self.begin_group()?;
        }
        let fields = self.schema.fields().iter().zip(&self.header);
        for ((column, cells), (field, (_, kind))) in self.columns.iter_mut().zip(&batch.columns).zip(fields) {
            match column {
                ColumnWriter::Words(words) => words.take(cells)?,
                ColumnWriter::Texts(texts) => match cells {
                    Cells::Texts(cells) => texts.take(cells)?,
                    _ => return Err(io::Error::other("a column of texts with cells of another kind")),
                },
                ColumnWriter::Numbers(numbers) => numbers.take(cells, batch.n_rows)?,
                ColumnWriter::Other(writer) => {
                    for leaf in compute_leaves(field, &array(cells, *kind, batch.n_rows)?)? {
                        writer.write(&leaf)?;
                    }
                }
            }
        }
        self.n_rows += batch.n_rows;
        if self.n_rows >= GROUP_ROWS { self.end_group() } else { Ok(()) }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end_group()?;
        if let Some(file) = self.file.take() {
            file.close()?;
        }
        Ok(())
    }
}

/// For what the library encodes: amounts too wide for a machine word, which hardly repeat.
fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_dictionary_enabled(false)
        .build()
}
