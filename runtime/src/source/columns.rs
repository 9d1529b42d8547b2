//! What every format gives: a table that is read batch by batch, column by column.

use crate::source::error::SourceError;
use meed_compiler::internal::broken;
use std::borrow::Cow;

/// A table that is read batch by batch.
pub(crate) trait Source {
    /// The headers of its columns.
    fn header(&self) -> &[String];

    /// Whether headers are names of fields, and cells plain whatever a field's format.
    fn is_plain(&self) -> bool {
        false
    }

    /// What kind of values a column holds.
    fn source_type(&self, column: usize) -> SourceType;

    /// Says which columns are read, before the first batch; a chosen column is then told by its place in the list.
    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), SourceError>;

    /// Reads the next batch: how many rows it has, 0 at the end.
    fn advance(&mut self) -> Result<usize, SourceError>;

    /// Rows of this batch that are no rows of the table at all, and why.
    fn damaged(&self) -> &[(usize, String)] {
        &[]
    }

    /// The line of the file on which a row of this batch begins, counted from 1; none of what is no text.
    fn line(&self, row: usize) -> Option<u64> {
        let _ = row;
        None
    }

    /// How many blank rows were skipped so far.
    fn n_blank(&self) -> u64 {
        0
    }

    /// The cells of this batch in a chosen column.
    fn cells(&self, chosen: usize) -> ColumnChunk<'_>;

    /// The texts that [`Encoding::Entries`] of a chosen column point to.
    fn entries(&self, chosen: usize) -> Vec<&[u8]> {
        let _ = chosen;
        Vec::new()
    }

    /// One cell of this batch as text, for messages.
    fn text(&self, chosen: usize, row: usize) -> String;
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
pub(crate) enum SourceType {
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
pub(crate) struct ColumnChunk<'a> {
    pub encoding: Encoding<'a>,
    /// 1 where there is a cell; `None` if all are there. A text that is empty is missing too.
    pub known: Option<Vec<u8>>,
}

/// How the cells of a column come.
pub(crate) enum Encoding<'a> {
    /// Texts without blanks around them.
    Texts(Vec<&'a [u8]>),
    /// Texts without blanks around them, and which of them are numbers of their file and so plain, however its texts are written.
    Scalars(Vec<Scalar<'a>>),
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

/// A cell of a table that has numbers and texts in one column.
#[derive(Clone, Copy)]
pub(crate) enum Scalar<'a> {
    Text(&'a [u8]),
    /// As a plain number is written.
    Number(&'a [u8]),
}

impl<'a> Scalar<'a> {
    /// What is written.
    pub fn text(self) -> &'a [u8] {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

/// What belongs to a column by its place in the header, or to a chosen one by its place in the list of those.
pub(crate) fn of_column<T>(all: &[T], place: usize) -> &T {
    all.get(place).unwrap_or_else(|| broken("a column that is not there"))
}

impl ColumnChunk<'_> {
    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.encoding {
            Encoding::Texts(texts) => texts.len(),
            Encoding::Scalars(cells) => cells.len(),
            Encoding::Entries { places, .. } => places.len(),
            Encoding::Wholes { values, .. } | Encoding::Instants { values, .. } => values.len(),
            Encoding::Wides { values, .. } => values.len(),
            Encoding::Days(days) => days.len(),
            Encoding::YesNo(values) => values.len(),
            Encoding::Nothing(n_rows) => *n_rows,
        }
    }

    /// Whether there is a cell in this row; its text may still be empty.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "asked for every cell, and only of rows of this batch")]
    pub fn is_known(&self, row: usize) -> bool {
        self.known.as_ref().is_none_or(|known| known[row] == 1)
    }
}
