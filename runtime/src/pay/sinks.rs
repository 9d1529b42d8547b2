//! Where the tables of a run go.

use crate::output::batch::{Batch, Sink};
use crate::pay::slices::Slices;
use std::io;

/// Rows made at a time.
pub(crate) const BATCH: usize = 16_384;

/// Where the tables of a run go.
pub struct Sinks<'a> {
    /// One row for each payment line.
    pub payments: &'a mut dyn Sink,
    /// Sums of the payments by rule, payee and period; sums of zero are left out.
    pub totals: &'a mut dyn Sink,
    /// One row for each slice of a line, where a run kept them.
    pub slices: Option<(&'a Slices, &'a mut dyn Sink)>,
}

/// A table that nobody wants.
pub struct Nowhere;

impl Sink for Nowhere {
    fn take(&mut self, _: &Batch) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
