//! Arrow batches and Parquet files made of rows.

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use meed_runtime::inner::source::Content;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::properties::WriterProperties;
use std::io::{Seek, Write};
use std::sync::Arc;

/// A batch of columns with these names.
pub fn batch(header: &[&str], columns: Vec<ArrayRef>) -> RecordBatch {
    let columns = header.iter().zip(columns).map(|(name, column)| (*name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

/// A batch of texts; an empty text is null.
pub fn text_batch(header: &[&str], rows: &[Vec<String>]) -> RecordBatch {
    let column = |idx: usize| {
        let cells = rows.iter().map(|row| Some(row[idx].as_str()).filter(|cell| !cell.is_empty()));
        Arc::new(cells.collect::<StringArray>()) as ArrayRef
    };
    batch(header, (0..header.len()).map(column).collect())
}

/// A batch as the bytes of a Parquet file with row groups of so many rows.
pub fn parquet_bytes(batch: &RecordBatch, group_rows: usize) -> Vec<u8> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("the batch is written");
    writer.close().expect("the file ends");
    bytes
}

/// A batch as a Parquet file.
pub fn parquet(batch: &RecordBatch, group_rows: usize) -> Content {
    file(&parquet_bytes(batch, group_rows))
}

/// A batch as a Parquet file that does not say which types of Arrow its columns had, and has no dictionaries.
pub fn parquet_without_notes(batch: &RecordBatch) -> Content {
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true).with_properties(properties);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).expect("a writer");
    writer.write(batch).expect("the batch is written");
    writer.close().expect("the file ends");
    file(&bytes)
}

/// Bytes as a Parquet file.
pub fn file(bytes: &[u8]) -> Content {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("the bytes are written");
    file.rewind().expect("the file begins");
    Content::Parquet(file)
}
