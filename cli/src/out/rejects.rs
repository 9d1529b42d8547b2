//! Rejected rows as CSV, in the folder of the run or elsewhere.

use super::folder::{lock, sync_folder};
use super::{Fault, OutError, around};
use meed_compiler::plan::Plan;
use meed_runtime::inner::output::CsvStyle;
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::{self, digest_of};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

/// The columns of the table of rejected cells.
const HEADER: [&str; 7] = ["record", "file", "row", "line", "column", "value", "reason"];

/// Writes the rejected cells.
pub fn write(plan: &Plan, loaded: &Loaded, style: &CsvStyle, mut target: impl Write) -> io::Result<()> {
    target.write_all(style.dialect.mark())?;
    let mut writer = csv::WriterBuilder::new().delimiter(style.dialect.separator).from_writer(target);
    writer.write_record(HEADER)?;
    loaded.rejects.each(|reject| {
        let row = reject.row.to_string();
        let line = reject.line.map_or_else(String::new, |line| line.to_string());
        let record = &plan.record(reject.record).name;
        let texts = [record, &reject.file, &row, &line, &reject.column, &reject.value, &reject.reason];
        writer
            .write_record(texts.map(|text| style.formulas.cell(text.as_bytes()).into_owned()))
            .map_err(io::Error::from)
    })?;
    writer.flush()
}

/// A file outside of the folder, which is replaced just before the outputs appear.
pub struct Elsewhere {
    /// As it was named.
    name: PathBuf,
    /// Where that leads.
    target: PathBuf,
    /// The rows as CSV in an unnamed file: they may be too many for memory.
    written: Option<File>,
    digest: (u64, String),
    n_rows: u64,
    /// Whether the old file was put aside, and whether there was one.
    aside: Option<bool>,
}

impl Elsewhere {
    /// Demands that the file can be there at all.
    pub fn new(path: &Path) -> Result<Self, OutError> {
        let fault = |kind: io::ErrorKind| OutError::from((path.to_owned(), kind.into()));
        if path.is_dir() {
            return Err(fault(io::ErrorKind::IsADirectory));
        }
        if !around(path).is_dir() {
            return Err(fault(io::ErrorKind::NotFound));
        }
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Self { name: path.to_owned(), target, written: None, digest: (0, String::new()), n_rows: 0, aside: None })
    }

    /// Takes the rows.
    pub fn take(&mut self, plan: &Plan, loaded: &Loaded, style: &CsvStyle) -> Result<(), Fault> {
        self.take_from(loaded.rejects.n_all(), |file| write(plan, loaded, style, file))
    }

    /// Takes what a function writes.
    pub fn take_from(&mut self, n_rows: u64, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Fault> {
        self.n_rows = n_rows;
        let take = || -> io::Result<()> {
            let mut file = tempfile::tempfile()?;
            write(&mut file)?;
            file.rewind()?;
            self.digest = digest_of(&file)?;
            self.written = Some(file);
            Ok(())
        };
        take().map_err(|error| (self.name.clone(), error))
    }

    /// What `run.json` says of it.
    pub fn describe(&self) -> manifest::Rejects {
        let (size, sha256) = self.digest.clone();
        manifest::Rejects { name: self.name.display().to_string(), size, rows: self.n_rows, sha256 }
    }

    /// Copies the rows to a file.
    fn copy_to(&self, mut target: &File) -> io::Result<()> {
        let Some(mut written) = self.written.as_ref() else { return Err(io::Error::other("no rows were taken")) };
        written.rewind()?;
        io::copy(&mut written, &mut target).map(drop)
    }

    /// Replaces the file. The old one can be put back.
    pub fn put(&mut self) -> Result<(), OutError> {
        match std::fs::metadata(&self.target) {
            // A device or a pipe is not replaced but written to.
            Ok(there) if !there.is_file() => {
                let written = File::options().write(true).open(&self.target).and_then(|file| self.copy_to(&file));
                return written.map_err(|error| (self.name.clone(), error).into());
            }
            Ok(_) | Err(_) => {}
        }
        let part = self.beside("part");
        let Some(file) = lock(&part).map_err(|error| (self.name.clone(), error))? else {
            return Err(OutError::InUse(self.name.clone()));
        };
        let placed = self.place(&part, file);
        if placed.is_err() {
            // The old file is still in its place, or is now put back there.
            for left in [part, self.beside("old")].iter().filter(|_| self.aside.is_none()) {
                let _ = std::fs::remove_file(left);
            }
            self.put_back();
        }
        placed.map_err(|error| (self.name.clone(), error).into())
    }

    /// Makes the file what it was before, as far as the system lets us.
    pub fn put_back(&mut self) {
        let _ = match self.aside.take() {
            Some(true) => std::fs::rename(self.beside("old"), &self.target),
            Some(false) => std::fs::remove_file(&self.target),
            None => Ok(()),
        };
    }

    /// Lets go of the old file.
    pub fn forget_old(&mut self) {
        if self.aside.take() == Some(true) {
            let _ = std::fs::remove_file(self.beside("old"));
        }
    }

    fn place(&mut self, part: &Path, file: File) -> io::Result<()> {
        file.set_len(0)?;
        self.copy_to(&file)?;
        let was_there = self.target.exists();
        if was_there {
            file.set_permissions(self.target.metadata()?.permissions())?;
            let old = self.beside("old");
            match std::fs::remove_file(&old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            std::fs::hard_link(&self.target, &old).or_else(|_| std::fs::copy(&self.target, &old).map(drop))?;
        }
        file.sync_all()?;
        std::fs::rename(part, &self.target)?;
        self.aside = Some(was_there);
        sync_folder(around(&self.target))
    }

    /// A hidden name beside the file, always the same, so that what a killed run left is used again.
    fn beside(&self, what: &str) -> PathBuf {
        let name = self.target.file_name().unwrap_or_default().to_string_lossy();
        self.target.with_file_name(format!(".{name}.meed-{what}"))
    }
}
