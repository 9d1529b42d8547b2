//! Tables as Arrow batches, for programs that embed Meed.

use super::{Batch, Header, Sink};
use crate::columns;
use arrow_array::RecordBatch;
use std::io;

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
        (self.take)(columns::to_arrow(&self.header, batch)?)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
