//! Why a file or table in memory gives no rows at all.

#![expect(missing_docs, reason = "the message of each variant says what its fields are")]

use meed_grammar::foreign::shown;
use thiserror::Error;

/// What a file is that is named as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherFormat {
    /// A workbook, XLSX or ODS.
    Workbook,
    /// A workbook of Excel before 2007.
    OldWorkbook,
    /// Parquet.
    Parquet,
    /// Packed by gzip.
    Packed,
    /// A page of the web.
    Page,
    /// JSON that is one list.
    JsonList,
}

impl OtherFormat {
    /// In words, and what to do.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Workbook => ("a workbook", "give its name the ending .xlsx, or .ods where it is one of OpenDocument"),
            Self::OldWorkbook => ("a workbook of the old kind", "save it as .xlsx or as CSV"),
            Self::Parquet => ("Parquet", "give its name the ending .parquet"),
            Self::Packed => ("packed by gzip", "give its name the ending .gz behind the other"),
            Self::Page => ("a page of the web", "ask for the export as CSV or as a workbook"),
            Self::JsonList => {
                ("one list of JSON", "write one object on each line, as by: jq --compact-output '.[]' FILE > NEW.jsonl")
            }
        }
    }
}

/// Why a file could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SourceError {
    /// The file is not there or may not be read.
    #[error("cannot read `{}`: {}", shown(file), shown(reason))]
    CannotRead { file: String, reason: String },
    /// Its ending is not one that is read.
    #[error("cannot tell the format of `{}` by its ending", shown(file))]
    UnknownFormat { file: String, known: String },
    /// It is named as what it is not.
    #[error("`{}` is {}, and not what its name says", shown(file), is.words().0)]
    OtherFormat { file: String, is: OtherFormat },
    /// A CSV file without a header.
    #[error("`{}` is empty: it has no header", shown(file))]
    EmptyFile { file: String },
    /// A CSV file that ends before the row of its headers, or has nothing there.
    #[error("`{}` has no header in row {row}", shown(file))]
    NoHeaderRow { file: String, row: u32 },
    /// A quote that is never closed.
    #[error("in `{}` the quote that opens in row {row} is never closed", shown(file))]
    UnclosedQuote { file: String, row: u64 },
    /// A row longer than memory should hold.
    #[error("row {row} of `{}` is longer than 16 MiB", shown(file))]
    RowTooLong { file: String, row: u64 },
    /// A workbook that is damaged or too large.
    #[error("`{}` is not a readable workbook: {}", shown(file), shown(reason))]
    BadWorkbook { file: String, reason: String },
    /// A sheet that a workbook does not have.
    #[error("`{}` has no sheet `{}`", shown(file), shown(sheet))]
    NoSheet { file: String, sheet: String, known: Vec<String> },
    /// An Arrow file that is damaged, cut off, or uses what is not read.
    #[error("`{}` is not readable Arrow IPC: {}", shown(file), shown(reason))]
    BadArrow { file: String, reason: String },
    /// A batch of an Arrow file that takes more memory than there may be for it.
    #[error("a batch of `{}` is {size} MiB, and the limit is {memory} MiB", shown(file))]
    BatchTooLarge { file: String, size: u64, memory: usize },
    /// A Parquet file that is damaged, cut off, or uses what is not read.
    #[error("`{}` is not a readable Parquet file: {}", shown(file), shown(reason))]
    BadParquet { file: String, reason: String },
    /// A page of a Parquet file that takes more memory than there may be for it.
    #[error(
        "a page of column `{}` of `{}` is {size} MiB when unpacked, and the limit is {memory} MiB",
        shown(column),
        shown(file)
    )]
    PageTooLarge { file: String, column: String, size: u64, memory: usize },
}

impl SourceError {
    /// The code, one per kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CannotRead { .. } => "cannot-read-file",
            Self::UnknownFormat { .. } => "unknown-file-format",
            Self::OtherFormat { .. } => "other-file-format",
            Self::EmptyFile { .. } => "empty-file",
            Self::NoHeaderRow { .. } => "no-header-row",
            Self::UnclosedQuote { .. } => "unclosed-quote",
            Self::RowTooLong { .. } => "row-too-long",
            Self::BadWorkbook { .. } => "bad-workbook",
            Self::NoSheet { .. } => "no-sheet",
            Self::BadArrow { .. } => "bad-arrow",
            Self::BatchTooLarge { .. } => "batch-too-large",
            Self::BadParquet { .. } => "bad-parquet",
            Self::PageTooLarge { .. } => "page-too-large",
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownFormat { file, .. }
                if [".db", ".sqlite", ".sqlite3"].iter().any(|end| file.ends_with(end)) =>
            {
                Some(format!("of a database name the table too: sqlite:{}?table=NAME", shown(file)))
            }
            Self::UnknownFormat { file, .. } if file.ends_with(".json") => {
                Some(OtherFormat::JsonList.words().1.to_owned())
            }
            Self::UnknownFormat { file, .. } if file.ends_with(".xls") => {
                Some(OtherFormat::OldWorkbook.words().1.to_owned())
            }
            Self::OtherFormat { is, .. } => Some(is.words().1.to_owned()),
            Self::UnknownFormat { known, .. } => Some(format!("files that end in {known} are read")),
            Self::NoHeaderRow { .. } => Some(
                "rows are counted from 1, rows of blanks among them: `header in row N` says where headers are"
                    .to_owned(),
            ),
            Self::NoSheet { known, .. } => {
                let listed: Vec<String> = known.iter().take(12).map(|name| format!("`{}`", shown(name))).collect();
                Some(format!("it has {}", listed.join(", ")))
            }
            Self::BadWorkbook { .. } => Some("save it again, or as CSV".to_owned()),
            Self::UnclosedQuote { .. } => Some("close the quote, or double it where it is part of the text".to_owned()),
            Self::BatchTooLarge { .. } => {
                Some("write the file in smaller batches, or allow more memory with --memory MIB".to_owned())
            }
            Self::PageTooLarge { .. } => {
                Some("write the file with smaller pages, or allow more memory with --memory MIB".to_owned())
            }
            Self::CannotRead { .. }
            | Self::EmptyFile { .. }
            | Self::RowTooLong { .. }
            | Self::BadArrow { .. }
            | Self::BadParquet { .. } => None,
        }
    }
}
