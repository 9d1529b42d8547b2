//! `--watch`: a command is run again whenever a file that it may read changes.

use crate::ExitStatus;
use crate::bind::{self, STANDARD_INPUT};
use crate::draw::{Messages, file_name};
use crate::project::{FILE_NAME, Settings, folder_here};
use meed_runtime::inner::source::SourceFile;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// How often files are looked at.
const PAUSE: Duration = Duration::from_millis(300);

/// Files with when they were changed and how long they are.
type FileStates = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// What a command that is run again reads and writes.
pub struct Watched {
    /// The programs and projects on the command line; without any, the project here is looked at.
    pub programs: Vec<PathBuf>,
    /// What `--data` says.
    pub data: Vec<String>,
    /// The file of rejected rows, which is written, and those beside it.
    pub rejects: Option<PathBuf>,
}

/// Runs the command of these words, without `--watch`, now and after every change; ends only when it is told to.
pub fn watch(words: &[OsString], watched: &Watched, messages: Messages) -> ExitStatus {
    let is_input = |path: &Path| path == Path::new(STANDARD_INPUT);
    if watched.programs.iter().any(|path| is_input(path)) || watched.data.iter().any(|entry| entry.ends_with("=-")) {
        messages.error("command-line", "standard input is read once: --watch needs files", None);
        return ExitStatus::Usage;
    }
    let places = places(watched);
    let look = |places: &[PathBuf]| look(places, watched.rejects.as_deref());
    let words: Vec<&OsString> = words.iter().skip(1).filter(|word| *word != "--watch").collect();
    loop {
        // What changes while the command runs has it run again.
        let before = look(&places);
        let run = std::env::current_exe().and_then(|meed| Command::new(meed).args(&words).status());
        if let Err(error) = run {
            messages.error("internal-error", &format!("the command cannot be run again: {error}"), None);
            return ExitStatus::Internal;
        }
        messages.note(&format!("-- waiting for a change of {}; end with Ctrl-C", files(before.len())));
        let changed = loop {
            sleep(PAUSE);
            let now = look(&places);
            if now != before {
                // A file is often written in several steps.
                sleep(PAUSE);
                break now.into_iter().find(|(path, look)| before.get(path) != Some(look)).map(|(path, _)| path);
            }
        };
        messages.note(&match changed {
            Some(path) => format!("-- changed: {}", file_name(&path)),
            None => "-- a file is gone".to_owned(),
        });
    }
}

fn files(n: usize) -> String {
    if n == 1 { "1 file".to_owned() } else { format!("{n} files") }
}

/// The files and folders that are looked at: programs may use others beside them, and so may projects.
fn places(Watched { programs, data, .. }: &Watched) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = data.iter().filter_map(|entry| bind::watched(entry)).collect();
    let mut projects: Vec<PathBuf> = programs.iter().filter(|path| path.join(FILE_NAME).is_file()).cloned().collect();
    if programs.is_empty() {
        projects.extend(folder_here());
    }
    for folder in projects {
        let text = std::fs::read_to_string(folder.join(FILE_NAME)).unwrap_or_default();
        // What is wrong with it is told by the command.
        if let Ok(settings) = Settings::read(&folder, &text) {
            places.extend(settings.data.iter().filter_map(|entry| bind::watched(entry)));
            places.extend(settings.program.iter().filter_map(|program| Some(program.parent()?.to_owned())));
        }
        places.push(folder);
    }
    for path in programs {
        places.push(path.clone());
        if path.extension().is_some_and(|ending| ending == "meed") {
            places.extend(path.parent().map(Path::to_owned));
        }
    }
    places
}

/// The files as they are now. Links are passed over: they are what a run has written, and so are rejected rows.
fn look(places: &[PathBuf], rejects: Option<&Path>) -> FileStates {
    let mut looks = FileStates::new();
    let is_rejects = |path: &Path| {
        let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        rejects.is_some_and(|rejects| {
            path.file_name() == rejects.file_name()
                || (name(path).ends_with(".rows") && name(path).starts_with(&name(rejects)))
        })
    };
    let mut note = |path: PathBuf| {
        if is_rejects(&path) {
            return;
        }
        let Ok(about) = path.symlink_metadata() else { return };
        if about.is_file() {
            looks.insert(path, (about.modified().ok(), about.len()));
        }
    };
    for place in places {
        let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
        match std::fs::read_dir(place) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).filter(|path| is_read(path)).for_each(&mut note),
            Err(_) => note(place.to_owned()),
        }
    }
    looks
}

/// Whether a file of a folder may be read by a command.
fn is_read(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_program = path.extension().is_some_and(|ending| ending == "meed");
    !name.starts_with('.') && (name == FILE_NAME || is_program || SourceFile::is_table(path))
}
