//! What is in a folder before a run writes there: the last run's files, and those of other people, which stay.

use super::folder::{LockedFolder, sync_folder};
use super::{Fault, OutError};
use meed_runtime::manifest::{FILE_NAME, ManifestError, WrittenRun, check};
use std::fs::File;
use std::io;
use std::thread::JoinHandle;

/// The run that a folder shows.
pub struct Before {
    run: WrittenRun,
    /// Its digests are checked while the new run computes.
    verified: Option<JoinHandle<Result<(), ManifestError>>>,
}

impl Before {
    /// Looks at the folder, and demands that only files of this program's last run are where outputs will be.
    pub fn look(folder: &LockedFolder, program: &str, names: &[String]) -> Result<Option<Self>, OutError> {
        let run = WrittenRun::open(&folder.shown()).map_err(OutError::Manifest)?;
        if let Some(run) = &run
            && run.manifest.program.name != program
        {
            let (found, program) = (run.manifest.program.name.clone(), program.to_owned());
            return Err(OutError::OtherProgram { folder: folder.path.clone(), found, program });
        }
        for name in names {
            is_replaceable(folder, name, run.as_ref())?;
        }
        Ok(run.map(|run| {
            let checked = run.clone();
            Self { run, verified: Some(std::thread::spawn(move || checked.verify())) }
        }))
    }

    /// Demands that nobody has changed the last run's files: they would be lost.
    pub fn is_untouched(&mut self, folder: &LockedFolder) -> Result<(), OutError> {
        let Some(verified) = self.verified.take() else { return Ok(()) };
        match verified.join() {
            Ok(Err(ManifestError::Changed { path })) => {
                let path = path.file_name().map_or_else(|| path.clone(), |name| folder.path.join(name));
                Err(OutError::InTheWay { path, what: "it was changed after a run wrote it" })
            }
            // What somebody has removed cannot be lost.
            Ok(Err(ManifestError::Unreadable { reason, .. })) if reason.kind() == io::ErrorKind::NotFound => Ok(()),
            Ok(Err(error)) => Err(OutError::Manifest(error)),
            Ok(Ok(())) => Ok(()),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Makes links of the names of the last run where they are files, as in a copy of the folder: what they lead to is
    /// the same bytes.
    pub fn adopt(&self, folder: &LockedFolder) -> Result<(), OutError> {
        let tables = &self.run.manifest.tables;
        let is_file = |name: &str| !folder.is_link(name) && folder.path.join(name).is_file();
        let mut names: Vec<&str> = tables.iter().map(|table| &*table.file).filter(|name| is_file(name)).collect();
        if is_file(FILE_NAME) {
            self.gather(folder)?;
            names.push(FILE_NAME);
        }
        for name in names {
            is_replaceable(folder, name, Some(&self.run))?;
            folder.replace_by_link(name).map_err(|error| (folder.path.join(name), error))?;
        }
        Ok(())
    }

    /// Copies the files of the last run to where the names will lead.
    fn gather(&self, folder: &LockedFolder) -> Result<(), Fault> {
        let set = folder.new_set().map_err(|error| (folder.path.clone(), error))?;
        for name in self.run.manifest.tables.iter().map(|table| &*table.file).chain([FILE_NAME]) {
            let (from, to) = (folder.path.join(name), set.join(name));
            if from.exists() {
                let copied = std::fs::copy(&from, &to).and_then(|_| File::open(&to)?.sync_all());
                copied.map_err(|error| (from, error))?;
            }
        }
        sync_folder(&set).and_then(|()| folder.switch(&set)).map_err(|error| (folder.path.clone(), error))
    }
}

/// Whether a name is free, a link of Meed's, or a file of the last run.
fn is_replaceable(folder: &LockedFolder, name: &str, run: Option<&WrittenRun>) -> Result<(), OutError> {
    let path = folder.path.join(name);
    let there = match std::fs::symlink_metadata(&path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err((path, error).into()),
    };
    // A `run.json` that is a file was read before.
    if folder.is_link(name) || (name == FILE_NAME && run.is_some() && there.is_file()) {
        return Ok(());
    }
    let of_run = run.and_then(|run| run.manifest.tables.iter().find(|table| table.file == name));
    match of_run {
        Some(table) if there.is_file() && check(&path, table.size, &table.sha256).is_ok() => Ok(()),
        Some(_) if there.is_file() => Err(OutError::InTheWay { path, what: "it was changed after a run wrote it" }),
        Some(_) | None if there.is_dir() => Err(OutError::InTheWay { path, what: "it is a folder" }),
        Some(_) | None => Err(OutError::InTheWay { path, what: "no run of Meed wrote the file that is there" }),
    }
}
