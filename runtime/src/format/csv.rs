//! CSV: rows of text in, batches out.

mod read;
mod write;

pub(crate) use read::CsvRows;
pub use write::CsvWriter;
