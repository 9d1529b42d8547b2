//! The files that a run reads, opened for loading and hashed for `run.json`.

#![expect(clippy::result_large_err, reason = "an error ends the run, it is made once")]

use crate::bind::{BindError, Bound, TablePlace};
use crate::digest::{Digests, FileDigest, Hashed};
use meed_compiler::plan::{Plan, RecordId};
use meed_runtime::inner::source::{SourceError, SourceFile, TableInput};
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest;
use std::fs::Metadata;
use std::io;
use std::path::Path;

/// Files under way.
pub struct Inputs {
    files: Vec<InputFile>,
    digests: Digests,
}

struct InputFile {
    record: RecordId,
    place: TablePlace,
    /// What the system says of a file before it is read; `None` for a pipe and what else has nothing that could change.
    before: Option<Metadata>,
}

impl Inputs {
    /// Opens the files of all tables.
    pub fn open(bound: &Bound) -> Result<(Vec<TableInput>, Self), BindError> {
        let mut inputs = Self { files: Vec::new(), digests: Digests::new() };
        let (mut tables, mut to_read) = (Vec::new(), Vec::new());
        for (record, places) in &bound.tables {
            let mut files = Vec::new();
            for place in places {
                let number = inputs.files.len();
                let before = whole_file(place).and_then(|path| path.metadata().ok()).filter(Metadata::is_file);
                inputs.files.push(InputFile { record: *record, place: place.clone(), before });
                let SourceFile { name, content } = place.open()?;
                let hashed = |inner| {
                    let stream = inputs.digests.stream(number);
                    Box::new(Hashed { inner, stream }) as Box<dyn io::Read + Send>
                };
                // Of Parquet only the columns that rules want are loaded.
                let content = content.wrap(hashed).unwrap_or_else(|content| {
                    to_read.extend(whole_file(place).map(|path| (number, path.to_owned())));
                    content
                });
                files.push(SourceFile { name, content });
            }
            tables.push(TableInput { record: *record, files });
        }
        inputs.digests.read(to_read);
        Ok((tables, inputs))
    }

    /// What `run.json` says of the files, once they are loaded.
    ///
    /// A file that was changed since it was opened is an error: rows and digest could be of different contents.
    pub fn finish(self, plan: &Plan, loaded: &Loaded) -> Result<Vec<manifest::Input>, BindError> {
        let digests = self.digests.finish(self.files.len());
        let mut inputs = Vec::new();
        for (idx, (file, digest)) in self.files.iter().zip(digests).enumerate() {
            let name = file.place.to_string();
            let before = self.files.iter().take(idx).filter(|other| other.record == file.record).count();
            let (FileDigest { size, sha256 }, rows) = match (digest, loaded.rows_of_files(file.record).nth(before)) {
                (Some(Ok(digest)), Some(rows)) => (digest, rows),
                (Some(Err(error)), _) => return Err(unreadable(name, &error)),
                (None, _) | (_, None) => return Err(unreadable(name, &io::Error::other("it was not read"))),
            };
            if file.is_changed() {
                return Err(BindError::Changed(name));
            }
            let record = plan.record(file.record).name.clone();
            inputs.push(manifest::Input { record, name, size, rows, sha256 });
        }
        Ok(inputs)
    }
}

impl InputFile {
    fn is_changed(&self) -> bool {
        let (Some(before), Some(path)) = (&self.before, whole_file(&self.place)) else { return false };
        path.metadata().map_or(true, |after| !is_same(before, &after))
    }
}

/// The file that a table is, whole.
fn whole_file(place: &TablePlace) -> Option<&Path> {
    if let TablePlace::File(path) = place { Some(path) } else { None }
}

fn unreadable(file: String, error: &io::Error) -> BindError {
    BindError::Source(SourceError::CannotRead { file, reason: error.to_string() })
}

/// Whether two looks at a path found the same file, untouched in between.
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if (before.dev(), before.ino()) != (after.dev(), after.ino()) {
            return false;
        }
    }
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}
