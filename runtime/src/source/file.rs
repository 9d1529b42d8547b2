//! One file or table in memory, and the door to its rows.

use crate::source::arrow::BatchSource;
use crate::source::cells::CellSource;
use crate::source::columns::{Source, Wanted};
use crate::source::csv::CsvSource;
use crate::source::encoding::decoded;
use crate::source::error::SourceError;
use crate::source::first_bytes::content_of;
use crate::source::ipc;
use crate::source::missing::MissingTexts;
use crate::source::opening::Opening;
use crate::source::packed::{Packing, unpacked};
use crate::source::parquet::ParquetSource;
use crate::source::workbook::{Workbook, WorkbookSource};
use arrow_array::RecordBatch;
use meed_compiler::plan::{Layout, RecordId, TextEncoding};
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;

/// The files of one record.
pub struct TableInput {
    /// The record.
    pub record: RecordId,
    /// Its files, together one table.
    pub files: Vec<SourceFile>,
}

/// One file or table in memory.
pub struct SourceFile {
    /// Its name, in messages and in `run.json`.
    pub name: String,
    /// Its rows.
    pub content: Content,
}

/// Where rows come from.
pub enum Content {
    /// CSV; the delimiter is found from the header where none is given.
    Csv(Box<dyn Read + Send>, Option<u8>),
    /// Any other format that is read from its first byte to its last.
    Stream(Box<dyn Read + Send>, StreamFormat),
    /// Bytes of which the first ones tell what they are.
    Unnamed(Box<dyn Read + Send>),
    /// Bytes that are packed, and what they are once they are unpacked.
    Packed(Box<dyn Read + Send>, Packing, fn(Box<dyn Read + Send>) -> Self),
    /// A workbook, of which one sheet is read.
    Workbook(File, Workbook),
    /// Arrow IPC.
    ArrowFile(File),
    /// Parquet.
    Parquet(File),
    /// Arrow, as engineers hand it over.
    Batches(Vec<RecordBatch>),
    /// Rows of a test: the header holds names of fields, cells are plain whatever a field's format.
    Cells {
        /// Names of fields.
        header: Vec<String>,
        /// Cells by row.
        rows: Vec<Vec<Option<String>>>,
    },
}

impl From<Vec<RecordBatch>> for SourceFile {
    /// Batches of one table; messages name it after its record.
    fn from(batches: Vec<RecordBatch>) -> Self {
        Self { name: String::new(), content: Content::Batches(batches) }
    }
}

impl From<RecordBatch> for SourceFile {
    fn from(batch: RecordBatch) -> Self {
        Self::from(vec![batch])
    }
}

/// A format that is read from its first byte to its last: how a file of it is opened, by its name and its bytes.
pub struct StreamFormat(OpenStream);

type OpenStream =
    Box<dyn FnOnce(String, Box<dyn Read + Send>, &Opening<'_>) -> Result<Box<dyn Source>, SourceError> + Send>;

impl StreamFormat {
    pub(super) fn new(
        open: impl FnOnce(String, Box<dyn Read + Send>, &Opening<'_>) -> Result<Box<dyn Source>, SourceError>
        + Send
        + 'static,
    ) -> Self {
        Self(Box::new(open))
    }
}

impl Content {
    /// Puts a reader around the bytes, where they are read from the first to the last; else what is read of them is
    /// not known, and the content stays as it is.
    ///
    /// # Errors
    /// The content, where it is no stream of bytes.
    pub fn wrap(self, around: impl FnOnce(Box<dyn Read + Send>) -> Box<dyn Read + Send>) -> Result<Self, Self> {
        match self {
            Self::Csv(bytes, delimiter) => Ok(Self::Csv(around(bytes), delimiter)),
            Self::Stream(bytes, format) => Ok(Self::Stream(around(bytes), format)),
            Self::Unnamed(bytes) => Ok(Self::Unnamed(around(bytes))),
            Self::Packed(bytes, packing, content) => Ok(Self::Packed(around(bytes), packing, content)),
            other @ (Self::Workbook(..)
            | Self::ArrowFile(_)
            | Self::Parquet(_)
            | Self::Batches(_)
            | Self::Cells { .. }) => Err(other),
        }
    }
}

impl SourceFile {
    /// The door to its rows; none for a table in memory that has no batches and so no columns either.
    pub(crate) fn into_source(self, opening: &Opening<'_>) -> Result<Option<Box<dyn Source>>, SourceError> {
        let source = self.into_table(opening)?;
        let texts = &opening.layout.missing;
        Ok(source.map(|source| match texts.is_empty() || source.is_plain() {
            true => source,
            false => Box::new(MissingTexts { source, texts: texts.clone() }),
        }))
    }

    fn into_table(self, opening: &Opening<'_>) -> Result<Option<Box<dyn Source>>, SourceError> {
        let (batch_rows, memory, layout) = (opening.batch_rows.max(1), opening.memory, opening.layout);
        let cannot = |error: io::Error| SourceError::CannotRead { file: self.name.clone(), reason: error.to_string() };
        Ok(match self.content {
            Content::Csv(reader, delimiter) => {
                let reader = decoded(reader, layout.encoding);
                Some(Box::new(CsvSource::open(self.name, reader, delimiter, layout.header_row, batch_rows)?))
            }
            Content::Packed(bytes, packing, content) => {
                let content = content(unpacked(bytes, packing).map_err(cannot)?);
                return Self { name: self.name, content }.into_table(opening);
            }
            Content::Unnamed(bytes) => {
                let content = content_of(bytes).map_err(cannot)?;
                return Self { name: self.name, content }.into_table(opening);
            }
            Content::Stream(reader, StreamFormat(open)) => Some(open(self.name, reader, opening)?),
            Content::Workbook(file, format) => {
                Some(Box::new(WorkbookSource::open(self.name, file, format, layout, batch_rows)?))
            }
            Content::ArrowFile(file) => Some(ipc::open_file(self.name, file, opening)?),
            Content::Parquet(file) => {
                Some(Box::new(ParquetSource::open(self.name, file, batch_rows, memory, opening.threads)?))
            }
            Content::Batches(batches) if batches.is_empty() => None,
            Content::Batches(batches) => Some(Box::new(BatchSource::open(self.name, batches)?)),
            Content::Cells { header, rows } => Some(Box::new(CellSource::new(header, rows, batch_rows))),
        })
    }
}

impl SourceFile {
    /// The headers and the texts of the first rows, by row, as a source reads them that says nothing but how letters are written; for whoever
    /// wants to know what a file is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn first_rows(
        self,
        n_rows: usize,
        encoding: TextEncoding,
    ) -> Result<(Vec<String>, Vec<Vec<String>>), SourceError> {
        const MEMORY: usize = 256 << 20;
        let layout = Layout { encoding, ..Layout::default() };
        let opening = Opening { layout: &layout, batch_rows: n_rows, memory: MEMORY, threads: NonZero::<usize>::MIN };
        let Some(mut source) = self.into_source(&opening)? else { return Ok((Vec::new(), Vec::new())) };
        let header = source.header().to_vec();
        let wanted: Vec<Wanted> = (0..header.len()).map(|column| Wanted { column, as_text: true }).collect();
        source.choose(&wanted)?;
        let mut rows = Vec::new();
        while rows.len() < n_rows {
            let in_batch = source.advance()?;
            if in_batch == 0 {
                break;
            }
            let cells = |row| (0..wanted.len()).map(|chosen| source.text(chosen, row)).collect();
            rows.extend((0..in_batch.min(n_rows - rows.len())).map(cells));
        }
        Ok((header, rows))
    }
}
