//! Tables as Arrow IPC files, which are read without being decoded.
//!
//! A file has one dictionary for a column and batches bring new words at any time, so that words are written as plain texts.

use crate::output::arrow::{schema, to_arrow};
use crate::output::batch::{Batch, Header, Kind, Sink};
use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Schema};
use std::io::{self, Write};
use std::sync::Arc;

/// Writes a table as an Arrow IPC file.
pub struct IpcSink<W: Write> {
    header: Header,
    schema: Arc<Schema>,
    file: FileWriter<W>,
}

impl<W: Write> IpcSink<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(header: Header, target: W) -> io::Result<Self> {
        let plain = |kind: &Kind| if *kind == Kind::Word { Kind::Name } else { *kind };
        let header: Header = header.iter().map(|(name, kind)| (*name, plain(kind))).collect();
        let schema = schema(&header)?;
        let file = FileWriter::try_new(target, &schema).map_err(met)?;
        Ok(Self { header, schema, file })
    }
}

impl<W: Write> Sink for IpcSink<W> {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        if batch.n_rows == 0 {
            return Ok(());
        }
        let batch = to_arrow(&self.header, &batch)?;
        let batch = RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec()).map_err(met)?;
        self.file.write(&batch).map_err(met)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.file.finish().map_err(met)
    }
}

/// What the file met, without what the library says around it.
fn met(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}
