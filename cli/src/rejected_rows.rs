//! The rejected rows as their files have them, beside the table of rejected cells: `NAME.rows.csv`.

use crate::bind::{Bound, TablePlace, place_name};
use crate::draw::Messages;
use meed_compiler::plan::{Plan, RecordId, TextEncoding};
use meed_runtime::SourceFile;
use meed_runtime::inner::store::Loaded;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// Why the rows of a pipe are not copied.
const READ_ONCE: &str = "it can be read only once";

/// The rejected rows of one record.
pub struct RejectedRows {
    /// The record's name.
    pub record: String,
    /// The rows with the header of their file, as they are, in an unnamed file: they may be too many for memory.
    pub text: File,
    pub n_rows: u64,
}

/// Reads the files that have rejected rows once more, and says of which that cannot be done.
pub fn copy(plan: &Plan, bound: &Bound, loaded: &Loaded, messages: Messages) -> io::Result<Vec<RejectedRows>> {
    let mut copied = Vec::new();
    for (record, places) in &bound.tables {
        let mut text = BufWriter::new(tempfile::tempfile()?);
        let (mut header, mut n_rows) = (Vec::new(), 0);
        for (nth, place) in places.iter().enumerate() {
            let n_rejected = loaded.n_rejected(*record, nth);
            if n_rejected == 0 {
                continue;
            }
            let is_utf16 = plan.record(*record).layout.encoding == TextEncoding::Utf16;
            let copied = match place {
                TablePlace::Database(_) => Some("it is no file"),
                TablePlace::StandardInput => Some(READ_ONCE),
                TablePlace::File(_) if is_utf16 => Some("it is UTF-16"),
                TablePlace::File(path) => of_file(loaded, (*record, nth), path, &mut header, &mut text)?,
            };
            match copied {
                None => n_rows += n_rejected,
                Some(why) => {
                    messages.note(&format!("the rejected rows of {} are not copied: {why}", place_name(place)));
                }
            }
        }
        let mut text = text.into_inner().map_err(io::IntoInnerError::into_error)?;
        if n_rows > 0 {
            text.rewind()?;
            copied.push(RejectedRows { record: plan.record(*record).name.clone(), text, n_rows });
        }
    }
    Ok(copied)
}

/// The name of the file of a record's rows beside the table of rejected cells; without a record, where only one has any.
pub fn beside(rejects: &Path, record: Option<&str>) -> PathBuf {
    let stem = rejects.file_stem().unwrap_or_default().to_string_lossy();
    rejects.with_file_name(match record {
        Some(record) => format!("{stem}-{record}.rows.csv"),
        None => format!("{stem}.rows.csv"),
    })
}

/// All names that such files can have.
pub fn all_beside(rejects: &Path, plan: &Plan) -> Vec<PathBuf> {
    let records = plan.records.iter().filter(|record| record.used).map(|record| Some(record.name.as_str()));
    records.chain([None]).map(|record| beside(rejects, record)).collect()
}

/// Copies the rows of a file; why not, where that cannot be.
fn of_file(
    loaded: &Loaded,
    (record, nth): (RecordId, usize),
    path: &Path,
    header: &mut Vec<u8>,
    target: &mut dyn Write,
) -> io::Result<Option<&'static str>> {
    // A pipe gives its rows once.
    if !path.is_file() {
        return Ok(Some(READ_ONCE));
    }
    if !SourceFile::is_delimited(path) {
        return Ok(Some("it is not text"));
    }
    let mut text = BufReader::new(File::open(path)?);
    let is_copied = loaded.copy_rejected(record, nth, &mut text, header, target)?;
    Ok((!is_copied).then_some("its header is not that of the other files of its record"))
}
