//! The outputs of a run, which appear together or not at all.
//!
//! A run takes its folder before it reads anything ([`Outputs::begin`]), writes its files into a hidden folder of their
//! own, and shows them by one rename ([`Outputs::appear`]). Whatever ends it before that, an error, a signal, the
//! machine, the folder shows the run before.

mod before;
mod error;
mod folder;
mod rejects;

pub use error::OutError;
pub use rejects::write as write_rejects;

use crate::ExitStatus;
use crate::digest::{DigestStream, Digests, FileDigest, Hashed};
use crate::draw::{Messages, file_name};
use crate::format::Format;
use crate::printed::Printed;
use crate::rejected_rows::RejectedRows;
use before::Before;
use folder::{LockedFolder, sync_folder};
use meed_compiler::plan::Plan;
use meed_runtime::inner::output::{Batch, CsvStyle, Formulas, Header, Sink};
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::{self, FILE_NAME, Manifest};
use rejects::Elsewhere;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file that could not be written.
type Fault = (PathBuf, io::Error);

/// How far the outputs are; who holds it decides what happens next.
#[derive(Default)]
pub enum Stage {
    /// Nothing is to be removed.
    #[default]
    NotBegun,
    /// The folder is this run's, and still shows the run before.
    Writing(LockedFolder),
    /// The folder shows this run.
    Written,
}

/// The same, for the run and for what stops it.
pub type Shared = Arc<Mutex<Stage>>;

/// What is to be written where.
pub struct Request<'a> {
    pub folder: &'a Path,
    pub format: Format,
    /// Names of the tables.
    pub tables: Vec<&'static str>,
    /// The file for rejected rows.
    pub rejects: Option<&'a Path>,
    /// The files that could be beside it, with the rows as their files have them.
    pub rejected_rows: Vec<PathBuf>,
    /// How tables are written as CSV.
    pub style: CsvStyle,
    /// The table that is printed too.
    pub printed: Option<Printed>,
    /// The program's name.
    pub program: &'a str,
    /// How many threads may work at a time.
    pub threads: NonZero<usize>,
}

/// The files of a run under way.
pub struct Outputs {
    shared: Shared,
    folder: PathBuf,
    format: Format,
    /// How tables are written as CSV.
    style: CsvStyle,
    printed: Option<Printed>,
    before: Option<Before>,
    /// The folder of the new files, once there is one.
    set: Option<PathBuf>,
    files: Vec<Pending>,
    digests: Digests,
    rejects: Option<Place>,
    /// The rejected rows as their files have them, where they go elsewhere.
    rows_elsewhere: Vec<Elsewhere>,
    threads: NonZero<usize>,
}

/// A file of the set.
struct Pending {
    table: &'static str,
    file: String,
    handle: File,
    n_rows: Rc<Cell<u64>>,
}

/// Where rejected rows go.
enum Place {
    /// Among the tables, under this name.
    Beside(String),
    Elsewhere(Elsewhere),
}

impl Outputs {
    /// Takes the folder.
    ///
    /// # Errors
    /// When another run has it, when it is another program's, or when other people's files are where outputs will be.
    pub fn begin(request: &Request<'_>, shared: Shared) -> Result<Self, OutError> {
        let folder = if request.folder.as_os_str().is_empty() { Path::new(".") } else { request.folder };
        let mut stage = held(&shared);
        let locked = LockedFolder::lock(folder)?;
        let begun = Self::examine(request, &locked);
        let (before, rejects) = begun.inspect_err(|_| locked.leave())?;
        *stage = Stage::Writing(locked);
        drop(stage);
        let (folder, format) = (folder.to_owned(), request.format);
        let style = request.style.clone();
        Ok(Self {
            shared,
            folder,
            format,
            style,
            printed: request.printed.clone(),
            before,
            set: None,
            files: Vec::new(),
            digests: Digests::new(),
            rejects,
            rows_elsewhere: Vec::new(),
            threads: request.threads,
        })
    }

    fn examine(request: &Request<'_>, folder: &LockedFolder) -> Result<(Option<Before>, Option<Place>), OutError> {
        folder.has_links().map_err(|error| (folder.path.clone(), error))?;
        let ending = request.format.ending();
        let mut names: Vec<String> = request.tables.iter().map(|table| format!("{table}.{ending}")).collect();
        names.push(FILE_NAME.to_owned());
        let rejects = match request.rejects {
            Some(path) => Some(match name_in(path, &folder.path) {
                Some(name) => {
                    names.push(name.clone());
                    let rows = request.rejected_rows.iter().filter_map(|path| path.file_name()?.to_str());
                    names.extend(rows.map(str::to_owned));
                    Place::Beside(name)
                }
                None => Place::Elsewhere(Elsewhere::new(path)?),
            }),
            None => None,
        };
        Ok((Before::look(folder, request.program, &names)?, rejects))
    }

    /// What becomes of cells that begin like formulas, and how many there were.
    pub fn formulas(&self) -> Formulas {
        self.style.formulas.clone()
    }

    /// The folder, as it was named.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the folder shows an earlier run.
    pub fn has_earlier_run(&self) -> bool {
        self.before.is_some()
    }

    /// Demands that nobody has changed the files that will be replaced.
    pub fn keep_changes(&mut self) -> Result<(), OutError> {
        let stage = held(&self.shared);
        match (&mut self.before, &*stage) {
            (Some(before), Stage::Writing(folder)) => before.is_untouched(folder),
            _ => Ok(()),
        }
    }

    /// A new table.
    pub fn table(&mut self, name: &'static str, header: Header) -> Result<Box<dyn Sink>, Fault> {
        let file = format!("{name}.{}", self.format.ending());
        let path = self.folder.join(&file);
        let (target, n_rows) = self.file(name, file).map_err(|error| (path.clone(), error))?;
        let sink = self.format.sink(header.clone(), target, self.style.clone(), self.threads);
        let sink = sink.and_then(|sink| match &self.printed {
            Some(printed) => printed.beside(name, &header, &self.style, sink),
            None => Ok(sink),
        });
        let sink = sink.map_err(|error| (path, error))?;
        Ok(Box::new(Counted { sink, n_rows }))
    }

    /// The rejected rows, as CSV, where a file was named for them.
    pub fn rejects(&mut self, plan: &Plan, loaded: &Loaded) -> Result<(), Fault> {
        match &mut self.rejects {
            None => Ok(()),
            Some(Place::Elsewhere(elsewhere)) => elsewhere.take(plan, loaded, &self.style),
            Some(Place::Beside(name)) => {
                let (name, path) = (name.clone(), self.folder.join(&*name));
                let (target, n_rows) = self.file("rejects", name).map_err(|error| (path.clone(), error))?;
                n_rows.set(loaded.rejects.n_all());
                rejects::write(plan, loaded, &self.style, target).map_err(|error| (path, error))
            }
        }
    }

    /// The rejected rows as their files have them, under these names beside the table of rejected cells.
    pub fn rejected_rows(&mut self, rows: Vec<(PathBuf, RejectedRows)>) -> Result<(), Fault> {
        for (path, RejectedRows { mut text, n_rows, .. }) in rows {
            let fault = |error: io::Error| (path.clone(), error);
            if let Some(Place::Beside(_)) = &self.rejects {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let (mut target, counted) = self.file("rejected_rows", name).map_err(fault)?;
                counted.set(n_rows);
                io::copy(&mut text, &mut target).map_err(fault)?;
            } else {
                let mut elsewhere =
                    Elsewhere::new(&path).map_err(|error| fault(io::Error::other(error.to_string())))?;
                elsewhere.take_from(n_rows, |file| io::copy(&mut text, file).map(drop))?;
                self.rows_elsewhere.push(elsewhere);
            }
        }
        Ok(())
    }

    /// Replaces the files outside of the folder, all or none.
    fn put_elsewhere(&mut self) -> Result<(), OutError> {
        let mut put: Result<(), OutError> = Ok(());
        for elsewhere in self.elsewhere() {
            put = elsewhere.put();
            if put.is_err() {
                break;
            }
        }
        if put.is_err() {
            self.elsewhere().for_each(Elsewhere::put_back);
        }
        put
    }

    /// The files outside of the folder.
    fn elsewhere(&mut self) -> impl Iterator<Item = &mut Elsewhere> {
        let rejects = match &mut self.rejects {
            Some(Place::Elsewhere(elsewhere)) => Some(elsewhere),
            Some(Place::Beside(_)) | None => None,
        };
        rejects.into_iter().chain(&mut self.rows_elsewhere)
    }

    /// A new file of the set.
    fn file(&mut self, table: &'static str, file: String) -> io::Result<(Hashed<File>, Rc<Cell<u64>>)> {
        let stage = held(&self.shared);
        let Stage::Writing(folder) = &*stage else { return Err(io::ErrorKind::Interrupted.into()) };
        let set = match &self.set {
            Some(set) => set,
            None => self.set.insert(folder.new_set()?),
        };
        let inner = File::create_new(set.join(&file))?;
        // As readable as the file that it replaces.
        if let Ok(there) = self.folder.join(&file).metadata() {
            inner.set_permissions(there.permissions())?;
        }
        let (handle, n_rows) = (inner.try_clone()?, Rc::new(Cell::new(0)));
        let stream: DigestStream = self.digests.stream(self.files.len());
        self.files.push(Pending { table, file, handle, n_rows: n_rows.clone() });
        Ok((Hashed { inner, stream }, n_rows))
    }

    /// Shows the files, once all are on the disk, and gives what `run.json` says.
    ///
    /// `describe` gives that for the tables, which it is handed. Sinks must be gone.
    pub fn appear(
        mut self,
        describe: impl FnOnce(Vec<manifest::Table>, Option<manifest::Rejects>) -> Manifest,
    ) -> Result<Manifest, OutError> {
        self.keep_changes()?;
        let Some(set) = self.set.clone() else {
            return Err((self.folder.clone(), io::Error::other("no table was written")).into());
        };
        let tables = self.tables()?;
        let rejects = match &self.rejects {
            Some(Place::Elsewhere(elsewhere)) => Some(elsewhere.describe()),
            Some(Place::Beside(_)) | None => None,
        };
        let manifest = describe(tables, rejects);
        let shown = self.folder.join(FILE_NAME);
        let text = manifest.to_json().map_err(|error| (shown.clone(), error.into()))?;
        let shared = self.shared.clone();
        let mut stage = held(&shared);
        let Stage::Writing(folder) = &*stage else {
            return Err((self.folder.clone(), io::ErrorKind::Interrupted.into()).into());
        };
        write_new(&set.join(FILE_NAME), text.as_bytes()).map_err(|error| (shown, error))?;
        sync_folder(&set).map_err(|error| (self.folder.clone(), error))?;
        if let Some(before) = &self.before {
            before.adopt(folder)?;
        }
        for name in self.files.iter().map(|pending| &*pending.file).chain([FILE_NAME]) {
            folder.link(name).map_err(|error| in_the_way(folder.path.join(name), error))?;
        }
        folder.sync().map_err(|error| (self.folder.clone(), error))?;
        self.put_elsewhere()?;
        if let Err(error) = folder.switch(&set) {
            self.elsewhere().for_each(Elsewhere::put_back);
            return Err((self.folder.clone(), error).into());
        }
        let written = std::mem::replace(&mut *stage, Stage::Written);
        drop(stage);
        self.elsewhere().for_each(Elsewhere::forget_old);
        if let Stage::Writing(folder) = written {
            // The run before goes only when this one is sure to stay.
            folder.sync().map_err(|error| (self.folder.clone(), shown_only(&error)))?;
            // What could not be removed is removed by the next run.
            let _ = folder.tidy();
        }
        Ok(manifest)
    }

    /// The tables with their digests, when all are on the disk.
    fn tables(&mut self) -> Result<Vec<manifest::Table>, Fault> {
        for pending in &self.files {
            pending.handle.sync_all().map_err(|error| (self.folder.join(&pending.file), error))?;
        }
        let digests = std::mem::replace(&mut self.digests, Digests::new()).finish(self.files.len());
        let mut tables = Vec::new();
        for (Pending { table, file, n_rows, .. }, digest) in self.files.iter().zip(digests) {
            let missing = || Err(io::Error::other("it has no digest"));
            let FileDigest { size, sha256 } =
                digest.unwrap_or_else(missing).map_err(|error| (self.folder.join(file), error))?;
            let (table, file) = ((*table).to_owned(), file.clone());
            tables.push(manifest::Table { table, file, size, rows: n_rows.get(), sha256 });
        }
        Ok(tables)
    }
}

/// A run that ends without its outputs leaves none of them behind.
impl Drop for Outputs {
    fn drop(&mut self) {
        let mut stage = held(&self.shared);
        if let Stage::Writing(folder) = &*stage {
            folder.leave();
            *stage = Stage::NotBegun;
        }
    }
}

/// Takes hold of how far the outputs are. A thread that panicked with it has left nothing that cannot be removed.
pub fn held(shared: &Shared) -> MutexGuard<'_, Stage> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts the rows of a table.
struct Counted {
    sink: Box<dyn Sink>,
    n_rows: Rc<Cell<u64>>,
}

impl Sink for Counted {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        self.n_rows.set(self.n_rows.get() + batch.n_rows as u64);
        self.sink.take(batch)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.sink.finish()
    }
}

/// The outputs have appeared, and a power cut could take them away.
fn shown_only(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the new outputs are shown, but may not be on the disk yet: {error}"))
}

/// A name that was free when the run began.
fn in_the_way(path: PathBuf, error: io::Error) -> OutError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => OutError::InTheWay { path, what: "it was made while the run computed" },
        _ => (path, error).into(),
    }
}

/// The name of a file that is directly in a folder.
fn name_in(path: &Path, folder: &Path) -> Option<String> {
    let is_in = around(path).canonicalize().ok()? == folder.canonicalize().ok()?;
    if is_in { path.file_name()?.to_str().map(str::to_owned) } else { None }
}

/// The folder of a file.
fn around(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Replaces a file whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_by(path, |mut file| file.write_all(bytes))
}

/// Replaces a file by what a function writes, whole or not at all.
pub fn write_by<T>(path: &Path, write: impl FnOnce(File) -> io::Result<T>) -> io::Result<T> {
    let file = beside(path)?;
    let written = write(file.as_file().try_clone()?)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(around(path))?;
    Ok(written)
}

/// Says that a file that was asked for is not written.
pub fn not_written(path: &Path, error: &io::Error, messages: Messages) -> ExitStatus {
    messages.error("cannot-write", &format!("cannot write `{}`: {error}", file_name(path)), None);
    ExitStatus::Output
}

/// An unfinished file beside a path, as readable as the file that it replaces, or as any new one.
pub fn beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".meed-").suffix(".part");
    match std::fs::metadata(path) {
        Ok(there) => {
            builder.permissions(there.permissions());
        }
        #[cfg(unix)]
        Err(_) => {
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        #[cfg(not(unix))]
        Err(_) => {}
    }
    builder.tempfile_in(around(path))
}
