//! What every column does, however it encodes its cells.

use crate::output::batch::Cells;
use crate::output::parquet::chunk::Chunk;
use parquet::file::statistics::Statistics;
use std::io;

/// A column that makes pages of cells.
pub(super) trait Column: Send {
    /// Takes the cells of so many rows.
    fn take(&mut self, cells: &Cells, n_rows: usize) -> io::Result<()>;

    /// Ends the page under way, if there is any.
    fn end_page(&mut self) -> io::Result<()>;

    /// What the footer says of the values of a row group whose pages are ended; the next one begins.
    fn statistics(&mut self) -> Option<Statistics> {
        None
    }

    /// The pages of the row group.
    fn chunk(&mut self) -> &mut Chunk;
}

/// Cells that do not belong into a column.
pub(super) fn other_kind(column: &str) -> io::Error {
    io::Error::other(format!("a column of {column} with cells of another kind"))
}
