//! A column of amounts of more than eighteen digits, as bytes of one length, the highest first.

use crate::output::batch::Cells;
use crate::output::parquet::chunk::Chunk;
use crate::output::parquet::column::{Column, other_kind};
use parquet::basic::Encoding;
use parquet::schema::types::ColumnDescPtr;
use std::io;

/// Bytes of a page.
const PAGE_BYTES: usize = 1 << 20;

/// The rows of a row group in one column.
pub(super) struct WideColumn {
    chunk: Chunk,
    decimals: u32,
    digits: u8,
    /// How many bytes the schema gives an amount.
    length: usize,
    values: Vec<i128>,
    page: Vec<u8>,
}

impl WideColumn {
    /// A column of amounts, of as many bytes as its description says.
    pub fn new(decimals: u32, digits: u8, description: &ColumnDescPtr) -> io::Result<Self> {
        let length = usize::try_from(description.type_length()).map_err(io::Error::other)?;
        let chunk = Chunk::new(Encoding::PLAIN);
        Ok(Self { chunk, decimals, digits, length, values: Vec::new(), page: Vec::new() })
    }
}

impl Column for WideColumn {
    fn take(&mut self, cells: &Cells, _: usize) -> io::Result<()> {
        let Cells::Amounts(amounts) = cells else { return Err(other_kind("amounts")) };
        amounts.scaled(self.decimals, self.digits, &mut self.values)?;
        if self.values.len() * self.length >= PAGE_BYTES { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> io::Result<()> {
        if self.values.is_empty() {
            return Ok(());
        }
        self.page.clear();
        for value in &self.values {
            let bytes = value.to_be_bytes();
            // The schema has room for the digits, so that what is left out repeats the sign.
            let (_, kept) = bytes.split_at(bytes.len().saturating_sub(self.length));
            self.page.extend_from_slice(kept);
        }
        self.chunk.values(&self.page, self.values.len())?;
        self.values.clear();
        Ok(())
    }

    fn chunk(&mut self) -> &mut Chunk {
        &mut self.chunk
    }
}
