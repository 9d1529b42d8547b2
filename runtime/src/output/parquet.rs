//! Tables as Parquet.

use crate::output::arrow::{schema, to_arrow};
use crate::output::batch::{Batch, Header, Kind, Sink};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::io::{self, Write};

/// Writes a table as Parquet.
pub struct ParquetSink<W: Write + Send> {
    header: Header,
    writer: Option<ArrowWriter<W>>,
}

impl<W: Write + Send> ParquetSink<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(header: Header, target: W) -> io::Result<Self> {
        let writer = ArrowWriter::try_new(target, schema(&header)?, Some(properties(&header)))?;
        Ok(Self { header, writer: Some(writer) })
    }
}

impl<W: Write + Send> Sink for ParquetSink<W> {
    fn take(&mut self, batch: &Batch) -> io::Result<()> {
        let batch = to_arrow(&self.header, batch)?;
        match &mut self.writer {
            Some(writer) => Ok(writer.write(&batch)?),
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(writer) = self.writer.take() {
            writer.close()?;
        }
        Ok(())
    }
}

/// Encodings that spare a look into a hash table for each value: keys hardly repeat, days rise or stay.
fn properties(header: &Header) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None);
    for (name, kind) in header {
        let encoding = match kind {
            Kind::Word => continue,
            Kind::Text | Kind::Amount { .. } => Encoding::PLAIN,
            Kind::Day | Kind::Whole => Encoding::DELTA_BINARY_PACKED,
        };
        let path = ColumnPath::from(*name);
        builder = builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding);
    }
    builder.build()
}
