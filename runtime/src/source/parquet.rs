//! Parquet files as a source of batches.

mod ahead;
mod pages;

use crate::source::arrow::{ChosenArrays, header_of, types_of};
use crate::source::columns::{ColumnChunk, Source, SourceType, Wanted, of_column};
use crate::source::error::SourceError;
use ahead::{AT_A_TIME, Batches};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use meed_compiler::internal::{self, broken};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::fmt::Display;
use std::fs::File;
use std::num::NonZero;
use std::sync::Arc;

/// The rows that are read at a time take about so many bytes at most, as long as rows are alike.
const BATCH_BYTES: u64 = 16 << 20;

/// A Parquet file, read a few thousand rows at a time.
pub(crate) struct ParquetSource {
    file: String,
    handle: File,
    metadata: ArrowReaderMetadata,
    batch_rows: usize,
    /// How many bytes a page may take.
    memory: usize,
    header: Vec<String>,
    types: Vec<SourceType>,
    arrays: ChosenArrays,
    threads: NonZero<usize>,
    batches: Option<Batches<Read>>,
}

/// Decodes the next batch.
type Read = Box<dyn FnMut() -> Result<Option<RecordBatch>, SourceError> + Send>;

impl ParquetSource {
    /// Reads the footer. With several threads, batches are decoded by one of their own.
    pub fn open(
        file: String,
        handle: File,
        batch_rows: usize,
        memory: usize,
        threads: NonZero<usize>,
    ) -> Result<Self, SourceError> {
        let metadata = guarded(&file, || ArrowReaderMetadata::load(&handle, ArrowReaderOptions::new()))?;
        let schema = metadata.schema().clone();
        Ok(Self {
            file,
            handle,
            metadata,
            batch_rows,
            memory,
            header: header_of(&schema),
            types: types_of(&schema),
            arrays: ChosenArrays::default(),
            threads,
            batches: None,
        })
    }
}

impl Source for ParquetSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn source_type(&self, column: usize) -> SourceType {
        of_column(&self.types, column).clone()
    }

    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        let mut columns: Vec<usize> = wanted.iter().map(|wanted| wanted.column).collect();
        columns.sort_unstable();
        columns.dedup();
        self.check_pages(&columns)?;
        let batch_bytes = if self.threads.get() > 1 { BATCH_BYTES / AT_A_TIME } else { BATCH_BYTES };
        let batch_rows = self.batch_rows.min(rows_of_batches(self.metadata.metadata(), &columns, batch_bytes));
        let (handle, metadata) = (&self.handle, &self.metadata);
        let reader = guarded(&self.file, || -> Result<_, ParquetError> {
            let fields = metadata.schema().fields().iter().enumerate();
            let fields: Vec<Field> = fields
                .map(|(idx, field)| {
                    let ty = if columns.contains(&idx) { read_as(metadata, idx, field) } else { None };
                    field.as_ref().clone().with_data_type(ty.unwrap_or_else(|| field.data_type().clone()))
                })
                .collect();
            let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
            let chosen = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(handle.try_clone()?, chosen);
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
            builder.with_projection(mask).with_batch_size(batch_rows).build()
        })?;
        // The batches have the chosen columns only.
        let place = |column: usize| {
            let place = columns.iter().position(|&chosen| chosen == column);
            place.unwrap_or_else(|| broken("a column that was not chosen"))
        };
        self.arrays = ChosenArrays::new(wanted.iter().map(|w| Wanted { column: place(w.column), ..*w }).collect());
        let (file, mut reader): (String, ParquetRecordBatchReader) = (self.file.clone(), reader);
        let read: Read = Box::new(move || guarded(&file, || reader.next().transpose()));
        let n_rows = usize::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        let is_ahead = self.threads.get() > 1 && n_rows > batch_rows;
        self.batches = Some(if is_ahead { Batches::ahead(read) } else { Batches::Own(read) });
        Ok(())
    }

    fn advance(&mut self) -> Result<usize, SourceError> {
        let Some(batches) = &mut self.batches else { return Ok(0) };
        let Some(batch) = batches.next()? else { return Ok(0) };
        let filled = self.arrays.fill(|wanted| batch.column(wanted.column).clone());
        filled.map_err(|reason| SourceError::BadParquet { file: self.file.clone(), reason })?;
        Ok(batch.num_rows())
    }

    fn cells(&self, chosen: usize) -> ColumnChunk<'_> {
        self.arrays.cells(chosen)
    }

    fn entries(&self, chosen: usize) -> Vec<&[u8]> {
        self.arrays.entries(chosen)
    }

    fn text(&self, chosen: usize, row: usize) -> String {
        self.arrays.text(chosen, row)
    }
}

impl ParquetSource {
    /// Demands that no page of these columns takes more memory than there may be for it.
    fn check_pages(&self, columns: &[usize]) -> Result<(), SourceError> {
        guarded(&self.file, || {
            let mut largest = (0, 0);
            for_each_chunk(self.metadata.metadata(), columns, |_, column, chunk| {
                let (start, len) = chunk.byte_range();
                largest = largest.max((pages::largest_page(&self.handle, start..start + len), column));
            });
            Ok::<_, ParquetError>(largest)
        })
        .and_then(|(size, column)| match size <= self.memory as u64 {
            true => Ok(()),
            false => Err(SourceError::PageTooLarge {
                file: self.file.clone(),
                column: of_column(&self.header, column).clone(),
                size: size.div_ceil(1 << 20),
                memory: self.memory >> 20,
            }),
        })
    }
}

/// Shows the chunk of every row group that holds one of these columns, with the number of the group and the column.
fn for_each_chunk(
    metadata: &ParquetMetaData,
    columns: &[usize],
    mut show: impl FnMut(usize, usize, &ColumnChunkMetaData),
) {
    let schema = metadata.file_metadata().schema_descr();
    for (number, group) in metadata.row_groups().iter().enumerate() {
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let column = schema.get_column_root_idx(leaf);
            if columns.contains(&column) {
                show(number, column, chunk);
            }
        }
    }
}

/// How many rows of these columns are read at a time: fewer, where rows are long or texts share what they begin with.
fn rows_of_batches(metadata: &ParquetMetaData, columns: &[usize], batch_bytes: u64) -> usize {
    let mut sizes = vec![0u64; metadata.num_row_groups()];
    let mut shares_beginnings = false;
    for_each_chunk(metadata, columns, |group, _, chunk| {
        // What a footer says may be any number, below zero or beyond all memory.
        if let (Some(size), Ok(more)) = (sizes.get_mut(group), u64::try_from(chunk.uncompressed_size())) {
            *size = size.saturating_add(more);
        }
        shares_beginnings |= chunk.encodings().any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY);
    });
    let widths = sizes.iter().zip(metadata.row_groups()).map(|(size, group)| {
        let n_rows = group.num_rows().max(1).unsigned_abs();
        size / n_rows
    });
    let rows = batch_bytes / widths.max().unwrap_or(0).max(1);
    // How long such texts are is known only when they are unpacked.
    let rows = rows.clamp(1, if shares_beginnings { 256 } else { batch_bytes });
    usize::try_from(rows).unwrap_or_else(|_| broken("a batch has more rows than bytes"))
}

/// The type in which a column is read quickest, where that is not its own.
fn read_as(metadata: &ArrowReaderMetadata, column: usize, field: &Field) -> Option<DataType> {
    let schema = metadata.parquet_schema();
    let leaf = (0..schema.num_columns()).find(|&leaf| schema.get_column_root_idx(leaf) == column)?;
    match field.data_type() {
        // Decimals in bytes of any length are read in full width only.
        DataType::Decimal128(precision, scale)
            if *precision <= 18 && schema.column(leaf).physical_type() != PhysicalType::BYTE_ARRAY =>
        {
            Some(DataType::Decimal64(*precision, *scale))
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(text_type(metadata.metadata(), leaf)),
        DataType::Dictionary(_, values) => match values.as_ref() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(text_type(metadata.metadata(), leaf)),
            other => Some(other.clone()),
        },
        // In nanoseconds the years before 1678 and after 2261 would not fit.
        DataType::Timestamp(TimeUnit::Nanosecond, zone)
            if schema.column(leaf).physical_type() == PhysicalType::INT96 =>
        {
            Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        _ => None,
    }
}

/// Texts are read as the dictionaries they are kept in; where they are not, without copying them once more.
fn text_type(metadata: &ParquetMetaData, leaf: usize) -> DataType {
    if metadata.row_groups().iter().all(|group| is_dictionary(group.column(leaf))) {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
    } else {
        DataType::Utf8View
    }
}

/// Whether all pages of a column point into a dictionary, as far as the footer tells.
fn is_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    let points = |encoding: Encoding| matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
    match chunk.page_encoding_stats_mask() {
        Some(pages) => pages.encodings().all(points),
        None => chunk.dictionary_page_offset().is_some() && chunk.encodings().any(points),
    }
}

/// Works on a file that may be damaged in any way; where that makes the decoder panic, the panic is an error of the
/// file like any other, and is not shown.
fn guarded<T, E: Display>(file: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, SourceError> {
    let bad = |reason: String| SourceError::BadParquet { file: file.to_owned(), reason };
    match internal::guarded(work) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(bad(error.to_string())),
        Err(_) => Err(bad("its pages are damaged".to_owned())),
    }
}
