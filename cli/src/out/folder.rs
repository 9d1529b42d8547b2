//! The folder of a run: one run at a time has it, and what no run needs goes.
//!
//! ```text
//! payments.csv -> .meed/current/payments.csv     what people open
//! run.json     -> .meed/current/run.json
//! .meed/current -> run-x7Kq2a                    replaced by one rename: then all files are the new run's
//! .meed/run-x7Kq2a/                              the files of one run, never changed
//! .meed/lock                                     locked as long as a run has the folder
//! ```
//!
//! INVARIANT: at every moment each name in the folder leads to the files of one whole run, the same for all of them, or
//! to nothing. Renaming plain files one by one cannot give that, and swapping whole folders would take other people's
//! files along.

use super::OutError;
use meed_runtime::manifest::FILE_NAME;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The hidden folder of Meed in a folder of outputs.
const STORE: &str = ".meed";
/// In it, the link to the files of the run that the folder shows.
const CURRENT: &str = "current";
/// In it, that link before it has its name.
const NEXT: &str = "next";
const SET: &str = "run-";

/// A folder that this run alone may change.
pub struct LockedFolder {
    /// As it was named.
    pub path: PathBuf,
    store: PathBuf,
    _lock: File,
    /// Folders that were made for it, the innermost first.
    made: Vec<PathBuf>,
}

impl LockedFolder {
    /// Makes the folder where there is none, takes it, and removes what a run that was killed left in it.
    pub fn lock(path: &Path) -> Result<Self, OutError> {
        let store = path.join(STORE);
        loop {
            let made: Vec<PathBuf> =
                store.ancestors().take_while(|folder| is_new(folder)).map(Path::to_owned).collect();
            std::fs::create_dir_all(&store).map_err(|error| (path.to_owned(), error))?;
            match lock(&store.join("lock")) {
                Ok(Some(lock)) => {
                    let folder = Self { path: path.to_owned(), store, _lock: lock, made };
                    folder.tidy().map_err(|error| (path.to_owned(), error))?;
                    return Ok(folder);
                }
                Ok(None) => return Err(OutError::InUse(path.to_owned())),
                // A run that failed took its new folder away in between.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((store.join("lock"), error).into()),
            }
        }
    }

    /// The folder in which `run.json` is looked for: the link to it may have been removed.
    pub fn shown(&self) -> PathBuf {
        match std::fs::symlink_metadata(self.path.join(FILE_NAME)) {
            Ok(_) => self.path.clone(),
            Err(_) => self.store.join(CURRENT),
        }
    }

    /// An empty folder for the files of a run.
    pub fn new_set(&self) -> io::Result<PathBuf> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(SET);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        Ok(builder.tempdir_in(&self.store)?.keep())
    }

    /// Whether a name leads to the files of the current run, or did.
    pub fn is_link(&self, name: &str) -> bool {
        std::fs::read_link(self.path.join(name)).is_ok_and(|target| target == target_of(name))
    }

    /// Makes a name lead to the files of the current run. A file that is there is an error, also one that is new.
    pub fn link(&self, name: &str) -> io::Result<()> {
        if self.is_link(name) { Ok(()) } else { symlink(&target_of(name), &self.path.join(name)) }
    }

    /// The same for a file that is there, whose bytes are those that the name will lead to.
    pub fn replace_by_link(&self, name: &str) -> io::Result<()> {
        // From beside the link the target is one folder up; it is only moved there.
        replace_link(&target_of(name), &self.store.join(NEXT), &self.path.join(name))
    }

    /// Makes all names lead to the files of another run at once.
    pub fn switch(&self, set: &Path) -> io::Result<()> {
        let name = set.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let current = self.store.join(CURRENT);
        if std::fs::symlink_metadata(&current).is_ok_and(|there| there.is_dir()) {
            // In a copy of a folder that was made of what links lead to. Nothing leads there.
            std::fs::rename(&current, self.store.join(format!("{SET}copied-{}", name.display())))?;
        }
        replace_link(Path::new(name), &self.store.join(NEXT), &current)
    }

    /// Demands that what was done with names is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        sync_folder(&self.store)?;
        sync_folder(&self.path)?;
        // A folder that was made is named by the one around it.
        self.made.iter().filter_map(|folder| folder.parent()).try_for_each(sync_folder)
    }

    /// Demands that links can be made here at all.
    pub fn has_links(&self) -> io::Result<()> {
        let next = self.store.join(NEXT);
        symlink(Path::new(CURRENT), &next)
            .map_err(|error| io::Error::new(error.kind(), format!("symbolic links cannot be made there ({error})")))?;
        std::fs::remove_file(next)
    }

    /// Removes the files of other runs than the current one, and names that lead nowhere.
    pub fn tidy(&self) -> io::Result<()> {
        let current = std::fs::read_link(self.store.join(CURRENT)).unwrap_or_default();
        for entry in std::fs::read_dir(&self.store)?.flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().starts_with(SET) && Path::new(&name) != current {
                // What cannot be removed, as a file that something is mounted on, harms nobody and is tried again.
                let _ = std::fs::remove_dir_all(entry.path());
            } else if name == NEXT {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        for entry in std::fs::read_dir(&self.path)?.flatten() {
            let is_ours = entry.file_name().to_str().is_some_and(|name| self.is_link(name));
            if is_ours && !entry.path().exists() {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// Ends a run that has written nothing: the folder is as it was before.
    pub fn leave(&self) {
        // Nothing depends on it: what stays is removed by the next run.
        let _ = self.tidy();
        if is_new(&self.store.join(CURRENT)) {
            let _ = std::fs::remove_file(self.store.join("lock"));
            let _ = std::fs::remove_dir(&self.store);
            self.made.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
        }
    }
}

/// Takes a lock of the operating system on a file, which may be new; `None` if another process has it.
///
/// The system frees it when the process ends, however it ends, and knows it across containers.
pub fn lock(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path) => return Ok(Some(file)),
            // Its last holder has removed or renamed it: another may lock the new one.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Demands that the names in a folder are on the disk, where the system can do so.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder)?.sync_all() {
        // Some file systems of networks sync names by themselves.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Where the name of an output leads.
fn target_of(name: &str) -> PathBuf {
    Path::new(STORE).join(CURRENT).join(name)
}

fn is_new(path: &Path) -> bool {
    !path.as_os_str().is_empty() && std::fs::symlink_metadata(path).is_err()
}

fn replace_link(target: &Path, next: &Path, place: &Path) -> io::Result<()> {
    match std::fs::remove_file(next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    symlink(target, next)?;
    std::fs::rename(next, place)
}

#[cfg(unix)]
fn symlink(target: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "outputs appear at once only where folders have symbolic links"))
}

/// Whether an open file is the one at a path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(own), Ok(there)) = (file.metadata(), path.metadata()) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}
