//! Where rows come from: one small door behind which every format of tables lives.
//!
//! A [`Source`] says what columns it has, is told which of them are wanted, and then hands over batch after batch. The
//! cells of a wanted column come as [`Cells`], in the few shapes that values have in tables; whatever a format keeps
//! them in stays behind the door.

use super::{LoadError, LoadOptions};
use crate::columns::{arrays::BatchSource, parquet::ParquetSource};
use arrow_array::RecordBatch;
use meed_compiler::plan::RecordId;
use std::{borrow::Cow, fs::File, io::Read, ops::Range, path::Path};

/// The files of one record.
pub struct TableInput {
    /// The record.
    pub record: RecordId,
    /// Its files, together one table.
    pub files: Vec<SourceFile>,
}

/// One file or table in memory.
pub struct SourceFile {
    /// Its name in messages.
    pub name: String,
    /// Its rows.
    pub content: Content,
}

/// Where rows come from.
pub enum Content {
    /// CSV; the delimiter is found from the header where none is given.
    Csv(Box<dyn Read + Send>, Option<u8>),
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

impl SourceFile {
    /// Opens a file by its ending: `.csv`, `.tsv`, `.txt` or `.parquet`.
    ///
    /// # Errors
    /// When it cannot be opened or its ending is another.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let name = path.display().to_string();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let open = || {
            File::open(path).map_err(|error| LoadError::CannotRead { file: name.clone(), reason: error.to_string() })
        };
        let content = match ending.as_str() {
            "csv" | "txt" => Content::Csv(Box::new(open()?), None),
            "tsv" => Content::Csv(Box::new(open()?), Some(b'\t')),
            "parquet" => Content::Parquet(open()?),
            _ => return Err(LoadError::UnknownFormat { file: name }),
        };
        Ok(Self { name, content })
    }

    /// The door to its rows; none for a table in memory that has no batches and so no columns either.
    pub(super) fn into_source(self, options: &LoadOptions<'_>) -> Result<Option<Box<dyn Source>>, LoadError> {
        let batch_rows = options.batch_rows.max(1);
        Ok(match self.content {
            Content::Csv(reader, delimiter) => {
                Some(Box::new(super::csv::CsvSource::open(self.name, reader, delimiter, batch_rows)?))
            }
            Content::Parquet(file) => Some(Box::new(ParquetSource::open(self.name, file, batch_rows, options.memory)?)),
            Content::Batches(batches) if batches.is_empty() => None,
            Content::Batches(batches) => Some(Box::new(BatchSource::open(self.name, batches)?)),
            Content::Cells { header, rows } => {
                Some(Box::new(CellSource { header, rows, wanted: Vec::new(), batch_rows, batch: 0..0 }))
            }
        })
    }
}

/// A table that is read batch by batch.
pub(crate) trait Source {
    /// The headers of its columns.
    fn header(&self) -> &[String];

    /// Whether headers are names of fields, and cells plain whatever a field's format.
    fn is_plain(&self) -> bool {
        false
    }

    /// What kind of values a column holds.
    fn holds(&self, column: usize) -> Holds;

    /// Says which columns are read, before the first batch; the place of a column in the list is its slot.
    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), LoadError>;

    /// Reads the next batch: how many rows it has, 0 at the end.
    fn advance(&mut self) -> Result<usize, LoadError>;

    /// Rows of this batch that are no rows of the table at all, and why.
    fn damaged(&self) -> &[(usize, String)] {
        &[]
    }

    /// The line of the file on which a row of this batch begins, counted from 1; none of what is no text.
    fn line(&self, row: usize) -> Option<u64> {
        let _ = row;
        None
    }

    /// How many rows of blanks alone were skipped so far.
    fn n_blank(&self) -> u64 {
        0
    }

    /// The cells of this batch in a slot.
    fn cells(&self, slot: usize) -> Cells<'_>;

    /// The texts that [`Shape::Entries`] of this slot point to.
    fn entries(&self, slot: usize) -> Vec<&[u8]> {
        let _ = slot;
        Vec::new()
    }

    /// One cell of this batch as text, for messages.
    fn text(&self, slot: usize, row: usize) -> String;
}

/// A column that is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Its place in the header.
    pub column: usize,
    /// Whether anything but whole numbers must come as text.
    pub as_text: bool,
}

/// What kind of values a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Texts,
    Numbers,
    Floats,
    Dates,
    Instants,
    YesNo,
    /// Nothing but missing values.
    Nothing,
    /// What no field can be, in words.
    Other(String),
}

/// The cells of one column of a batch.
pub(crate) struct Cells<'a> {
    pub shape: Shape<'a>,
    /// 1 where there is a cell; none where all are there. A text that is empty is missing too.
    pub known: Option<Vec<u8>>,
}

/// How the cells of a column come.
pub(crate) enum Shape<'a> {
    /// Texts without blanks around them.
    Texts(Vec<&'a [u8]>),
    /// Places in a list of texts, which is another one when the number is.
    Entries { places: Cow<'a, [i32]>, list: u64 },
    /// Whole numbers of `10^-decimals`.
    Wholes { values: Cow<'a, [i64]>, decimals: i32 },
    /// The same where they are longer.
    Wides { values: Vec<i128>, decimals: i32 },
    /// Days from 1970-01-01.
    Days(Cow<'a, [i32]>),
    /// Parts of a second from 1970; in UTC where the table says so, else as a clock on the wall shows them.
    Instants { values: Cow<'a, [i64]>, per_second: i64, in_utc: bool },
    /// 1 for yes.
    YesNo(Vec<u8>),
    /// No cell at all, for so many rows.
    Nothing(usize),
}

/// Rows of a test.
struct CellSource {
    header: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
    wanted: Vec<Wanted>,
    batch_rows: usize,
    batch: Range<usize>,
}

impl CellSource {
    fn cell(&self, slot: usize, row: usize) -> &str {
        self.rows[row].get(self.wanted[slot].column).and_then(Option::as_deref).unwrap_or_default()
    }
}

impl Source for CellSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn holds(&self, _: usize) -> Holds {
        Holds::Texts
    }

    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), LoadError> {
        self.wanted = wanted.to_vec();
        Ok(())
    }

    fn advance(&mut self) -> Result<usize, LoadError> {
        let start = self.batch.end;
        self.batch = start..self.rows.len().min(start + self.batch_rows);
        Ok(self.batch.len())
    }

    fn cells(&self, slot: usize) -> Cells<'_> {
        let texts = self.batch.clone().map(|row| crate::columns::trim(self.cell(slot, row).as_bytes()));
        Cells { shape: Shape::Texts(texts.collect()), known: None }
    }

    fn text(&self, slot: usize, row: usize) -> String {
        self.cell(slot, self.batch.start + row).trim().to_owned()
    }
}
