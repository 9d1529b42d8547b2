//! Where rows come from: one file here for each format of tables.
//!
//! Bytes, files and Arrow batches come in; batches of columns go out, in the few encodings that values have in tables
//! ([`columns`]). Whatever a format keeps them in stays behind that door. This room knows no record of the program and
//! judges no cell. A new format is its file and its line in [`FORMATS`].

// Foreign bytes and texts are read here: no place outside of an array, and no number is cut.
#![cfg_attr(
    not(test),
    deny(
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub(crate) mod arrow;
pub(crate) mod cells;
pub(crate) mod columns;
pub(crate) mod csv;
mod encoding;
pub(crate) mod error;
pub(crate) mod file;
mod missing;
pub(crate) mod parquet;
pub(crate) mod text;
pub(crate) mod workbook;

use error::SourceError;
use file::{Content, SourceFile};
use std::fs::File;
use std::path::Path;
use workbook::Workbook;

/// The formats of files in the order in which messages list their endings.
const FORMATS: &[Format] = &[
    Format { ending: "csv", delimited: true, content: |file| Content::Csv(Box::new(file), None) },
    Format { ending: "tsv", delimited: true, content: |file| Content::Csv(Box::new(file), Some(b'\t')) },
    Format { ending: "txt", delimited: true, content: |file| Content::Csv(Box::new(file), None) },
    Format { ending: "xlsx", delimited: false, content: |file| Content::Workbook(file, Workbook::Xlsx) },
    Format { ending: "ods", delimited: false, content: |file| Content::Workbook(file, Workbook::Ods) },
    Format { ending: "parquet", delimited: false, content: Content::Parquet },
];

/// A format of files.
struct Format {
    /// In small letters.
    ending: &'static str,
    /// Whether it is lines of delimited text, of which rejected ones can be copied.
    delimited: bool,
    content: fn(File) -> Content,
}

impl SourceFile {
    /// Opens a file by its ending: `.csv`, `.tsv`, `.txt`, `.xlsx`, `.ods` or `.parquet`.
    ///
    /// # Errors
    /// When it cannot be opened or its ending is another.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let Some(Format { content, .. }) = format_of(path) else {
            let endings: Vec<String> = FORMATS.iter().map(|format| format!(".{}", format.ending)).collect();
            let known = match endings.split_last() {
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            };
            return Err(SourceError::UnknownFormat { file: name, known });
        };
        match File::open(path) {
            Ok(file) => Ok(Self { name, content: content(file) }),
            Err(error) => Err(SourceError::CannotRead { file: name, reason: error.to_string() }),
        }
    }

    /// Whether a file is lines of delimited text below a header, by its ending; one of another ending is taken for that.
    pub fn is_delimited(path: &Path) -> bool {
        format_of(path).is_none_or(|format| format.delimited)
    }

    /// Whether the ending of a file's name is that of a format that is read.
    pub fn is_table(path: &Path) -> bool {
        format_of(path).is_some()
    }
}

fn format_of(path: &Path) -> Option<&'static Format> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    FORMATS.iter().find(|format| format.ending == ending)
}
