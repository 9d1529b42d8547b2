//! Output files, which appear whole or not at all.

use meed_runtime::load::Loaded;
use meed_runtime::table::{CsvSink, Formulas, Header, JsonLinesSink, ParquetSink, Sink};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that could not be written.
type Fault = (PathBuf, std::io::Error);

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values
    Csv,
    /// Parquet
    Parquet,
    /// One JSON object for each row
    Jsonl,
}

/// The files of a run: written beside their places, then moved there.
pub struct Outputs {
    folder: PathBuf,
    format: Format,
    /// What becomes of cells that begin like formulas, in tables as CSV.
    pub formulas: Formulas,
    staged: Vec<(PathBuf, NamedTempFile)>,
}

impl Outputs {
    /// Makes the folder where it is not there, and clears away what a run that was killed has left in it.
    pub fn new(folder: &Path, format: Format) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder).map_err(|error| (folder.to_owned(), error))?;
        clear(folder);
        Ok(Self { folder: folder.to_owned(), format, formulas: Formulas::marked(), staged: Vec::new() })
    }

    /// A table of this name in the folder.
    pub fn table(&mut self, name: &str, header: Header) -> Result<Box<dyn Sink>, Fault> {
        let path = self.folder.join(format!("{name}.{}", self.format.ending()));
        let file = self.file(&path)?;
        let sink: std::io::Result<Box<dyn Sink>> = match self.format {
            Format::Csv => {
                CsvSink::with_formulas(header, file, self.formulas.clone()).map(|sink| Box::new(sink) as Box<dyn Sink>)
            }
            Format::Parquet => ParquetSink::new(header, file).map(|sink| Box::new(sink) as Box<dyn Sink>),
            Format::Jsonl => Ok(Box::new(JsonLinesSink::new(header, file))),
        };
        sink.map_err(|error| (path, error))
    }

    /// The rejected rows, as CSV.
    pub fn rejects(&mut self, path: &Path, loaded: &Loaded) -> Result<(), Fault> {
        let mut writer = csv::Writer::from_writer(self.file(path)?);
        let formulas = self.formulas.clone();
        let cell = |text: &str| formulas.cell(text.as_bytes()).into_owned();
        let mut write = || -> std::io::Result<()> {
            writer.write_record(["file", "row", "column", "value", "reason"])?;
            loaded.rejects.each(|reject| {
                let row = reject.row.to_string();
                let texts = [&reject.file, &row, &reject.column, &reject.value, &reject.reason];
                writer.write_record(texts.map(|text| cell(text))).map_err(std::io::Error::from)
            })?;
            writer.flush()
        };
        write().map_err(|error| (path.to_owned(), error))
    }

    /// A handle of a new file that will stand at `path`.
    fn file(&mut self, path: &Path) -> Result<File, Fault> {
        if path.is_dir() {
            return Err((path.to_owned(), std::io::ErrorKind::IsADirectory.into()));
        }
        let staged = stage(path).map_err(|error| (path.to_owned(), error))?;
        let file = staged.as_file().try_clone().map_err(|error| (path.to_owned(), error))?;
        self.staged.push((path.to_owned(), staged));
        Ok(file)
    }

    /// Moves all files to their places. All are on the disk first, so that a full one leaves what was there before.
    pub fn appear(self) -> Result<(), Fault> {
        for (path, staged) in &self.staged {
            staged.as_file().sync_all().map_err(|error| (path.clone(), error))?;
        }
        for (path, staged) in self.staged {
            staged.persist(&path).map_err(|error| (path.clone(), error.error))?;
        }
        Ok(())
    }
}

impl Format {
    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
        }
    }
}

const PREFIX: &str = ".meed-";
const SUFFIX: &str = ".part";

/// A new file beside the place where it will stand, as readable as the one that stands there.
fn stage(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = format!("{PREFIX}{}-", std::process::id());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    match std::fs::metadata(path) {
        Ok(there) => builder.permissions(there.permissions()).tempfile_in(folder),
        Err(_) => as_usual(&mut builder).tempfile_in(folder),
    }
}

/// With the permissions that the system gives new files.
fn as_usual<'b, 'n>(builder: &'b mut tempfile::Builder<'n, 'n>) -> &'b mut tempfile::Builder<'n, 'n> {
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// Takes away the files of runs that are no more, where the system tells which are.
fn clear(folder: &Path) {
    let runs = Path::new("/proc");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|_| runs.is_dir()) {
        let name = entry.file_name();
        let run = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split_once('-'));
        let gone = run.is_some_and(|(run, _)| run.parse::<u32>().is_ok() && !runs.join(run).exists());
        if gone {
            // What cannot be taken away harms nobody.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Writes a file whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = stage(path)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
