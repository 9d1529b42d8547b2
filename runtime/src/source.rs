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
pub(crate) mod database;
mod encoding;
pub(crate) mod error;
pub(crate) mod file;
mod first_bytes;
mod ipc;
mod json_lines;
mod missing;
pub(crate) mod opening;
mod packed;
pub(crate) mod parquet;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod text;
mod unnamed_file;
pub(crate) mod workbook;

use error::SourceError;
pub use packed::Packing;

use file::{Content, SourceFile, StreamFormat};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use workbook::Workbook;

/// The formats of files in the order in which messages list their endings.
const FORMATS: &[Format] = &[
    Format { ending: "csv", delimited: true, content: Opens::Bytes(|bytes| Content::Csv(bytes, None)) },
    Format { ending: "tsv", delimited: true, content: Opens::Bytes(|bytes| Content::Csv(bytes, Some(b'\t'))) },
    Format { ending: "txt", delimited: true, content: Opens::Bytes(|bytes| Content::Csv(bytes, None)) },
    Format { ending: "jsonl", delimited: false, content: Opens::Bytes(json_lines) },
    Format { ending: "ndjson", delimited: false, content: Opens::Bytes(json_lines) },
    Format { ending: "xlsx", delimited: false, content: Opens::File(|file| Content::Workbook(file, Workbook::Xlsx)) },
    Format { ending: "ods", delimited: false, content: Opens::File(|file| Content::Workbook(file, Workbook::Ods)) },
    Format { ending: "parquet", delimited: false, content: Opens::File(Content::Parquet) },
    Format { ending: "arrow", delimited: false, content: ARROW },
    Format { ending: "arrows", delimited: false, content: ARROW },
    Format { ending: "feather", delimited: false, content: ARROW },
    Format { ending: "ipc", delimited: false, content: ARROW },
];

fn arrow(bytes: Box<dyn Read + Send>) -> Content {
    Content::Stream(bytes, StreamFormat::new(ipc::open_bytes))
}

/// A format of files.
struct Format {
    /// In small letters.
    ending: &'static str,
    /// Whether it is lines of delimited text, of which rejected ones can be copied.
    delimited: bool,
    content: Opens,
}

/// How a file of a format is opened.
#[derive(Clone, Copy)]
enum Opens {
    /// From its bytes, first to last, which can be packed.
    Bytes(fn(Box<dyn Read + Send>) -> Content),
    /// From a file that is read here and there.
    File(fn(File) -> Content),
    /// The same, but where it is packed from its bytes.
    Either(fn(File) -> Content, fn(Box<dyn Read + Send>) -> Content),
}

const ARROW: Opens = Opens::Either(Content::ArrowFile, arrow);

fn json_lines(bytes: Box<dyn Read + Send>) -> Content {
    Content::Stream(bytes, StreamFormat::new(json_lines::open))
}

impl SourceFile {
    /// Opens a file by its ending: `.csv`, `.tsv`, `.txt`, `.jsonl`, `.ndjson`, of Arrow IPC `.arrow`, `.arrows`, `.feather` or `.ipc`,
    /// each also packed with `.gz` or `.zst` behind that; `.xlsx`, `.ods` or `.parquet`.
    ///
    /// # Errors
    /// When it cannot be opened or its ending is another.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let Some((Format { content, .. }, packing)) = format_of(path) else {
            let endings: Vec<String> = FORMATS.iter().map(|format| format!(".{}", format.ending)).collect();
            let known = match endings.split_last() {
                Some((last, others)) => {
                    format!(
                        "{} or {last}; all but workbooks and Parquet also packed, with .gz or .zst behind that",
                        others.join(", ")
                    )
                }
                None => String::new(),
            };
            // What looks like the address of a server may have a password.
            let is_address = name.contains("//") || name.contains("password=");
            let file = if is_address { database::without_password(&name) } else { name };
            return Err(SourceError::UnknownFormat { file, known });
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => return Err(SourceError::CannotRead { file: name, reason: error.to_string() }),
        };
        let content = match (*content, packing) {
            (Opens::Bytes(content) | Opens::Either(_, content), Some(packing)) => {
                Content::Packed(Box::new(file), packing, content)
            }
            (Opens::Bytes(content), None) => content(Box::new(file)),
            (Opens::File(content), _) | (Opens::Either(content, _), None) => content(file),
        };
        Ok(Self { name, content })
    }

    /// Whether a file is lines of delimited text below a header, by its ending; one of another ending is taken for that, one that is packed
    /// is none.
    pub fn is_delimited(path: &Path) -> bool {
        format_of(path).is_none_or(|(format, packing)| format.delimited && packing.is_none())
    }

    /// Whether the ending of a file's name is that of a format that is read.
    pub fn is_table(path: &Path) -> bool {
        format_of(path).is_some()
    }

    /// What a file would be called if it were not packed; itself where it is not.
    pub fn unpacked_name(path: &Path) -> PathBuf {
        match format_of(path) {
            Some((_, Some(_))) => path.with_extension(""),
            Some((_, None)) | None => path.to_owned(),
        }
    }
}

fn format_of(path: &Path) -> Option<(&'static Format, Option<Packing>)> {
    let (path, packing) = match packed::unpacked_name(path) {
        Some((inner, packing)) => (inner, Some(packing)),
        None => (path.to_owned(), None),
    };
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    let format = FORMATS.iter().find(|format| format.ending == ending)?;
    let fits = packing.is_none() || !matches!(format.content, Opens::File(_));
    fits.then_some((format, packing))
}
