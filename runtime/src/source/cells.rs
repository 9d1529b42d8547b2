//! Rows of a test as a source: cells in memory, plain whatever a field's format.

use crate::source::columns::{ColumnChunk, Encoding, Source, SourceType, Wanted, of_column};
use crate::source::error::SourceError;
use crate::source::text::trim;
use meed_compiler::internal::broken;
use std::ops::Range;

/// Rows of a test.
pub(crate) struct CellSource {
    header: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
    wanted: Vec<Wanted>,
    batch_rows: usize,
    batch: Range<usize>,
}

impl CellSource {
    pub fn new(header: Vec<String>, rows: Vec<Vec<Option<String>>>, batch_rows: usize) -> Self {
        Self { header, rows, wanted: Vec::new(), batch_rows, batch: 0..0 }
    }

    fn cell(&self, chosen: usize, row: usize) -> &str {
        let row = self.rows.get(row).unwrap_or_else(|| broken("a row that is not there"));
        row.get(of_column(&self.wanted, chosen).column).and_then(Option::as_deref).unwrap_or_default()
    }
}

impl Source for CellSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn source_type(&self, _: usize) -> SourceType {
        SourceType::Texts
    }

    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.wanted = wanted.to_vec();
        Ok(())
    }

    fn advance(&mut self) -> Result<usize, SourceError> {
        let start = self.batch.end;
        self.batch = start..self.rows.len().min(start + self.batch_rows);
        Ok(self.batch.len())
    }

    fn cells(&self, chosen: usize) -> ColumnChunk<'_> {
        let texts = self.batch.clone().map(|row| trim(self.cell(chosen, row).as_bytes()));
        ColumnChunk { encoding: Encoding::Texts(texts.collect()), known: None }
    }

    fn text(&self, chosen: usize, row: usize) -> String {
        self.cell(chosen, self.batch.start + row).trim().to_owned()
    }
}
