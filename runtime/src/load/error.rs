//! Faults that stop a run before any row is judged: files that cannot be read, columns that are not there.

#![expect(missing_docs, reason = "the message of each variant says what its fields are")]

use crate::scratch::ScratchError;
use meed_compiler::internal::InternalError;
use thiserror::Error;

/// Why tables could not be loaded.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LoadError {
    /// The file is not there or may not be read.
    #[error("cannot read `{file}`: {reason}")]
    CannotRead { file: String, reason: String },
    /// Its ending is not one that is read.
    #[error("cannot tell the format of `{file}` by its ending")]
    UnknownFormat { file: String },
    /// A CSV file without a header.
    #[error("`{file}` is empty: it has no header")]
    EmptyFile { file: String },
    /// A CSV file whose header is not UTF-8.
    #[error("`{file}` is not UTF-8 text")]
    NotUtf8 { file: String },
    /// A quote that is never closed.
    #[error("in `{file}` the quote that opens in row {row} is never closed")]
    UnclosedQuote { file: String, row: u64 },
    /// A row longer than memory should hold.
    #[error("row {row} of `{file}` is longer than a gigabyte")]
    RowTooLong { file: String, row: u64 },
    /// A Parquet file that is damaged, cut off, or uses what is not read.
    #[error("`{file}` is not a readable Parquet file: {reason}")]
    BadParquet { file: String, reason: String },
    /// A table that a rule needs was not given.
    #[error("no table for `{record}`")]
    MissingTable { record: String, expected: String },
    /// A needed column is not there.
    #[error("`{file}` has no column `{header}` for the field `{field}` of `{record}`")]
    MissingColumn {
        file: String,
        record: String,
        field: String,
        header: String,
        found: Vec<String>,
        near: Option<String>,
    },
    /// A needed header stands there twice.
    #[error("`{file}` has {count} columns `{header}`, which the field `{field}` of `{record}` reads")]
    DuplicateColumn { file: String, record: String, field: String, header: String, count: usize },
    /// A column holds binary floating point.
    #[error("column `{column}` of `{file}` holds binary floating point")]
    FloatingPoint { file: String, column: String, decimals: u32 },
    /// A column holds values of another type.
    #[error("column `{column}` of `{file}` holds {found}, and the field `{field}` of `{record}` is {wanted}")]
    WrongColumnType { file: String, column: String, record: String, field: String, found: String, wanted: String },
    /// A percent in a typed column whose scale is not said.
    #[error("column `{column}` of `{file}` holds numbers, and it is not said what part of 1 the percent `{field}` is")]
    PercentScale { file: String, column: String, field: String },
    /// A time zone that is not known.
    #[error("the time zone `{zone}` of the field `{field}` is not known")]
    UnknownZone { zone: String, field: String },
    /// More rows than a table can have.
    #[error("`{record}` has more than 2,147,000,000 rows")]
    TooManyRows { record: String },
    /// Rows that are too many for memory could not be kept on the disk.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// An invariant of Meed that does not hold.
    #[error(transparent)]
    Internal(#[from] InternalError),
}

impl LoadError {
    /// The code, one per kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CannotRead { .. } => "cannot-read-file",
            Self::UnknownFormat { .. } => "unknown-file-format",
            Self::EmptyFile { .. } => "empty-file",
            Self::NotUtf8 { .. } => "not-utf8",
            Self::UnclosedQuote { .. } => "unclosed-quote",
            Self::RowTooLong { .. } => "row-too-long",
            Self::BadParquet { .. } => "bad-parquet",
            Self::MissingTable { .. } => "missing-table",
            Self::MissingColumn { .. } => "missing-column",
            Self::DuplicateColumn { .. } => "duplicate-column",
            Self::FloatingPoint { .. } => "floating-point-column",
            Self::WrongColumnType { .. } => "wrong-column-type",
            Self::PercentScale { .. } => "percent-scale",
            Self::UnknownZone { .. } => "unknown-zone",
            Self::TooManyRows { .. } => "too-many-rows",
            Self::Scratch(_) => "cannot-keep-rows",
            Self::Internal(_) => "internal-error",
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownFormat { .. } => Some("files that end in .csv, .tsv, .txt or .parquet are read".to_owned()),
            Self::NotUtf8 { .. } => Some("save the file as UTF-8".to_owned()),
            Self::UnclosedQuote { .. } => Some("close the quote, or double it where it is part of the text".to_owned()),
            Self::MissingTable { expected, .. } => Some(format!("give a file whose name begins with `{expected}`")),
            Self::MissingColumn { found, near, .. } => {
                let found = found.iter().map(|header| format!("`{header}`")).collect::<Vec<_>>().join(", ");
                let columns = if found.is_empty() { "it has no columns".into() } else { format!("it has {found}") };
                Some(match near {
                    Some(near) => format!("did you mean `{near}`? {columns}"),
                    None => columns,
                })
            }
            Self::DuplicateColumn { .. } => {
                Some("rename one, or name the header with `from` where they differ in case".into())
            }
            Self::FloatingPoint { decimals, .. } => {
                Some(format!("Meed reads exact decimals: write it as DECIMAL(18, {decimals})"))
            }
            Self::PercentScale { .. } => {
                Some(r#"write `as "0.12"` where 0.12 means 12%, or `as "12"` where 12 does"#.to_owned())
            }
            Self::UnknownZone { .. } => Some("write a name like `Europe/Berlin` or an offset like `+02:00`".to_owned()),
            Self::CannotRead { .. }
            | Self::EmptyFile { .. }
            | Self::RowTooLong { .. }
            | Self::BadParquet { .. }
            | Self::WrongColumnType { .. }
            | Self::TooManyRows { .. }
            | Self::Scratch(_) => None,
            Self::Internal(_) => Some(InternalError::HELP.to_owned()),
        }
    }
}

/// The header most like `wanted`, if any is like it.
pub(crate) fn nearest(wanted: &str, found: &[String]) -> Option<String> {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(wanted);
    let distances = found.iter().map(|header| (distance(&wanted, &plain(header)), header));
    let (nearness, header) = distances.min_by_key(|(nearness, _)| *nearness)?;
    (nearness <= wanted.len() / 3).then(|| header.clone())
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
