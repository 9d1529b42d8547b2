//! A column of texts that hardly repeat, one behind the other, with their lengths before them.
//!
//! "Parquet encoding definitions", DELTA_LENGTH_BYTE_ARRAY.

use crate::output::batch::Cells;
use crate::output::parquet::chunk::Chunk;
use crate::output::parquet::column::{Column, other_kind};
use crate::output::parquet::delta::delta;
use parquet::basic::Encoding;
use std::io;

/// A page ends with the batch that reaches so many bytes.
const PAGE_BYTES: usize = 1 << 20;

/// The rows of a row group in one column.
pub(super) struct TextColumn {
    chunk: Chunk,
    lengths: Vec<i64>,
    bytes: Vec<u8>,
    page: Vec<u8>,
}

impl TextColumn {
    /// No rows yet.
    pub fn new() -> Self {
        let chunk = Chunk::new(Encoding::DELTA_LENGTH_BYTE_ARRAY);
        Self { chunk, lengths: Vec::new(), bytes: Vec::new(), page: Vec::new() }
    }
}

impl Column for TextColumn {
    fn take(&mut self, cells: &Cells, _: usize) -> io::Result<()> {
        let Cells::Texts(texts) = cells else { return Err(other_kind("texts")) };
        let mut start = 0;
        for &end in &texts.ends {
            // A length has 31 bits.
            let length = i32::try_from(end - start).map_err(|_| io::Error::other("a text of more than 2 GiB"))?;
            self.lengths.push(length.into());
            start = end;
        }
        self.bytes.extend_from_slice(&texts.bytes);
        let n_bytes = self.bytes.len() + self.lengths.len();
        if n_bytes >= PAGE_BYTES { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> io::Result<()> {
        if self.lengths.is_empty() {
            return Ok(());
        }
        self.page.clear();
        delta::<32>(&self.lengths, &mut self.page);
        self.page.append(&mut self.bytes);
        self.chunk.values(&self.page, self.lengths.len())?;
        self.lengths.clear();
        Ok(())
    }

    fn chunk(&mut self) -> &mut Chunk {
        &mut self.chunk
    }
}
