//! A folder with a `meed.toml`: which program, which tables, and how it is run.
//!
//! Comes in: what the command line names, or nothing. Goes out: the program's path and text and, in a project, its
//! settings, with paths taken from the project's folder. The command line wins over the file; that is for the command
//! to see to.

mod settings;

pub use settings::{FILE_NAME, Settings};

use crate::ExitStatus;
use crate::bind::STANDARD_INPUT;
use crate::draw::{Messages, file_name};
use meed_book::Place;
use meed_compiler::{Compiled, Problem, Shown, Sources};
use meed_runtime::inner::source::{Workbook, as_csv};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A program that was found.
pub struct Program {
    /// Its file.
    pub path: PathBuf,
    /// Its text, and those of the files that it uses.
    pub sources: Sources,
    /// The settings of its project; those of no project are empty.
    pub settings: Settings,
    /// The folders in which sheets are looked for, its own first.
    folders: Vec<PathBuf>,
}

impl Program {
    /// Compiles it with the project's parameters and tells its problems.
    pub fn compile(&self, messages: Messages) -> Compiled {
        let compiled = meed_compiler::compile_sources(&self.sources, &self.settings.set);
        let problems = meed_compiler::repairs(self.sources.text(), &self.settings.set, compiled.problems.clone());
        self.tell(&problems, messages);
        compiled
    }

    /// Tells problems, each with the file that it is in.
    pub fn tell(&self, problems: &[Problem], messages: Messages) {
        tell(&self.path, &self.sources, problems, messages);
    }

    /// The files of the sheets that were read with it.
    pub fn sheets(&self) -> Vec<PathBuf> {
        let found = |name: &str| self.folders.iter().map(|folder| folder.join(name)).find(|path| path.exists());
        self.sources.sheets().iter().filter_map(|(name, _)| found(name)).collect()
    }

    /// The file and the line there of a line of all texts.
    pub fn place_of_line(&self, line: usize) -> (PathBuf, usize) {
        let text = self.sources.text();
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let start = std::iter::once(0).chain(ends).nth(line.saturating_sub(1)).unwrap_or(text.len());
        // A text of 4 GiB is refused before it is read, so that each place is a `u32`.
        self.place(u32::try_from(start).unwrap_or(u32::MAX))
    }

    /// The file and the line of a place, for people.
    pub fn place(&self, at: u32) -> (PathBuf, usize) {
        let path = files(&self.path, &self.sources).swap_remove(self.sources.file_at(at));
        (path, self.sources.line_at(at))
    }
}

/// The files of a program, its own first. A library of rules is no file, and stands among them by its name.
pub fn files(path: &Path, sources: &Sources) -> Vec<PathBuf> {
    let others = sources.files().iter().skip(1).map(|file| match file.library {
        Some(_) => PathBuf::from(format!("library {}", file.name)),
        None => path.with_file_name(&file.name),
    });
    std::iter::once(path.to_owned()).chain(others).collect()
}

/// Tells problems of the program at `path`, each with the file that it is in.
pub fn tell(path: &Path, sources: &Sources, problems: &[Problem], messages: Messages) {
    let files = files(path, sources);
    for problem in problems {
        let Shown { file, text, problem } = sources.shown(problem);
        messages.problems(files.get(file).map_or(path, PathBuf::as_path), text, &[problem]);
    }
}

/// The text of a file beside the program or, of a sheet, among its tables.
fn beside(folders: &[PathBuf], name: &str) -> Result<String, String> {
    let is_program = Path::new(name).extension().is_some_and(|extension| extension == "meed");
    let mut folders = folders.iter().take(if is_program { 1 } else { usize::MAX });
    let own = folders.next().map_or(Path::new("."), PathBuf::as_path);
    let elsewhere = folders.find(|folder| !own.join(name).exists() && folder.join(name).exists());
    read_in(elsewhere.map_or(own, PathBuf::as_path), name)
}

/// The folder of the program, then those of its tables: those named, or `data` beside it.
fn folders(path: &Path, data: &[String]) -> Vec<PathBuf> {
    let own = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut tables: Vec<PathBuf> = data.iter().map(PathBuf::from).filter(|folder| folder.is_dir()).collect();
    if tables.is_empty() {
        tables.push(own.join("data"));
    }
    std::iter::once(own.to_owned()).chain(tables).collect()
}

/// The text of a file in a folder. A link that leads out of it is none: whoever checks a program that somebody sent reads no
/// files of their own by it.
fn read_in(folder: &Path, name: &str) -> Result<String, String> {
    let file = folder.join(name);
    if let (Ok(folder), Ok(place)) = (folder.canonicalize(), file.canonicalize())
        && place.parent() != Some(&folder)
    {
        return Err("a link leads outside of the folder".to_owned());
    }
    if let Some(format) = Workbook::of(&file) {
        let bytes = std::fs::File::open(&file).map_err(|error| error.to_string())?;
        return as_csv(name, bytes, format).map_err(|error| error.to_string());
    }
    let bytes = std::fs::read(&file).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// The programs that are named, one by one: a folder without a `meed.toml` stands for the files in it and below. Nothing where none is named.
pub fn named(paths: &[PathBuf], messages: Messages) -> Result<Vec<PathBuf>, ExitStatus> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() || path.join(FILE_NAME).is_file() {
            all.push(path.clone());
            continue;
        }
        let found = programs_in(path).map_err(|error| {
            messages.error("cannot-read-file", &format!("cannot list `{}`: {error}", file_name(path)), None);
            ExitStatus::Usage
        })?;
        if found.is_empty() {
            let message = format!("`{}` is a folder without a `{FILE_NAME}` and without programs", file_name(path));
            messages.error("command-line", &message, Some("name the program's file"));
            return Err(ExitStatus::Usage);
        }
        all.extend(found);
    }
    Ok(all)
}

/// The `.meed` files in a folder and below, by name; hidden folders are passed over.
fn programs_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        // A link to a folder around this one would have no end.
        if entry.file_type()?.is_dir() && !is_hidden {
            found.extend(programs_in(&path)?);
        } else if path.is_file() && path.extension().is_some_and(|ending| ending == "meed") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Finds and reads the program: the file that is named, that of the project folder that is named, or that of the
/// project here. `data` is what the command line names as tables.
pub fn program(named: Option<&Path>, data: &[String], messages: Messages) -> Result<Program, ExitStatus> {
    let settings = match named {
        Some(path) if path.is_dir() => settings(path, messages)?,
        Some(path) => Settings { program: Some(path.to_owned()), ..Settings::default() },
        None if let Some(folder) = folder_here() => settings(&folder, messages)?,
        None => {
            let help =
                format!("name a `.meed` file, or work in a folder with a `{FILE_NAME}`, as `meed new` makes one");
            messages.error("command-line", "no program is named", Some(&help));
            return Err(ExitStatus::Usage);
        }
    };
    let Some(path) = settings.program.clone() else {
        let file = file_name(&settings.file());
        messages.error(
            "command-line",
            &format!("`{file}` names no program"),
            Some("add a line like: program = \"x.meed\""),
        );
        return Err(ExitStatus::Usage);
    };
    let text = if path == Path::new(STANDARD_INPUT) { read_input(messages) } else { read_text(&path, messages) };
    let text = text.ok_or(ExitStatus::Program)?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let folders = folders(&path, if data.is_empty() { &settings.data } else { data });
    let sources = Sources::gather(&name, &text, |name| beside(&folders, name));
    Ok(Program { path, sources, settings, folders })
}

/// The book of the project here; nothing where there is none, or it names no book.
pub fn book(messages: Messages) -> Result<Option<Place>, ExitStatus> {
    let Some(folder) = folder_here() else { return Ok(None) };
    Ok(settings(&folder, messages)?.book)
}

/// The folder of the project here: this one, or the nearest around it that has a `meed.toml`.
pub fn folder_here() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let n_up = here.ancestors().position(|folder| folder.join(FILE_NAME).is_file())?;
    Some(std::iter::repeat_n("..", n_up).collect())
}

fn settings(folder: &Path, messages: Messages) -> Result<Settings, ExitStatus> {
    let file = folder.join(FILE_NAME);
    if !file.is_file() {
        let message = format!("`{}` is a folder without a `{FILE_NAME}`", file_name(folder));
        messages.error("command-line", &message, Some("name the program's file"));
        return Err(ExitStatus::Usage);
    }
    let text = read_text(&file, messages).ok_or(ExitStatus::Usage)?;
    Settings::read(folder, &text).map_err(|problems| {
        messages.problems(&file, &text, &problems);
        ExitStatus::Usage
    })
}

/// Reads a text, or says why it cannot be read.
pub fn read_text(path: &Path, messages: Messages) -> Option<String> {
    text_of(std::fs::read(path), &file_name(path), messages)
}

/// Reads the text of standard input.
fn read_input(messages: Messages) -> Option<String> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    text_of(read.map(|_| bytes), STANDARD_INPUT, messages)
}

fn text_of(read: std::io::Result<Vec<u8>>, file: &str, messages: Messages) -> Option<String> {
    match read.map(String::from_utf8) {
        Ok(Ok(text)) => Some(text),
        Ok(Err(_)) => {
            messages.error("not-utf8", &format!("`{file}` is not UTF-8 text"), Some("save the file as UTF-8"));
            None
        }
        Err(error) => {
            messages.error("cannot-read-file", &format!("cannot read `{file}`: {error}"), None);
            None
        }
    }
}
