//! `--watch`: a command is run again whenever a file that it may read changes.

use crate::ExitStatus;
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
type Looks = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Runs the command of these words, without `--watch`, now and after every change; ends only when it is told to.
///
/// `named` are the files and folders on the command line; without any, those of the project here are looked at.
pub fn watch(words: &[OsString], named: &[PathBuf], messages: Messages) -> ExitStatus {
    let places = places(named);
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
fn places(named: &[PathBuf]) -> Vec<PathBuf> {
    let mut places = Vec::new();
    let mut projects: Vec<PathBuf> = named.iter().filter(|path| path.join(FILE_NAME).is_file()).cloned().collect();
    if named.is_empty() {
        projects.extend(folder_here());
    }
    for folder in projects {
        let text = std::fs::read_to_string(folder.join(FILE_NAME)).unwrap_or_default();
        // What is wrong with it is told by the command.
        if let Ok(settings) = Settings::read(&folder, &text) {
            places.extend(settings.data.iter().map(|entry| PathBuf::from(file_of(entry))));
            places.extend(settings.program.iter().filter_map(|program| Some(program.parent()?.to_owned())));
        }
        places.push(folder);
    }
    for path in named {
        places.push(path.clone());
        if path.extension().is_some_and(|ending| ending == "meed") {
            places.extend(path.parent().map(Path::to_owned));
        }
    }
    places
}

/// The file of an entry as after `--data`.
pub fn file_of(entry: &str) -> &str {
    entry.split_once('=').filter(|_| !Path::new(entry).is_dir()).map_or(entry, |(_, file)| file)
}

/// The files as they are now. Links are passed over: they are what a run has written.
fn look(places: &[PathBuf]) -> Looks {
    let mut looks = Looks::new();
    let mut note = |path: PathBuf| {
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
