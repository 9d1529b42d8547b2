//! A folder with a `meed.toml`: which program, which tables, and how it is run.
//!
//! Comes in: what the command line names, or nothing. Goes out: the program's path and text and, in a project, its
//! settings, with paths taken from the project's folder. The command line wins over the file; that is for the command
//! to see to.

mod settings;

pub use settings::{FILE_NAME, Settings};

use crate::ExitStatus;
use crate::draw::{Messages, file_name};
use meed_compiler::Compiled;
use std::path::{Path, PathBuf};

/// A program that was found.
pub struct Program {
    /// Its file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The settings of its project; those of no project are empty.
    pub settings: Settings,
}

impl Program {
    /// Compiles it with the project's parameters and tells its problems.
    pub fn compile(&self, messages: Messages) -> Compiled {
        let compiled = meed_compiler::compile(&self.text, &self.settings.set);
        let problems = meed_compiler::repairs(&self.text, &self.settings.set, compiled.problems.clone());
        messages.problems(&self.path, &self.text, &problems);
        compiled
    }
}

/// Finds and reads the program: the file that is named, that of the project folder that is named, or that of the
/// project here.
pub fn program(named: Option<&Path>, messages: Messages) -> Result<Program, ExitStatus> {
    let settings = match named {
        Some(path) if path.is_dir() => settings(path, messages)?,
        Some(path) => Settings { program: Some(path.to_owned()), ..Settings::default() },
        None if Path::new(FILE_NAME).is_file() => settings(Path::new(""), messages)?,
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
    let text = read_text(&path, messages).ok_or(ExitStatus::Program)?;
    Ok(Program { path, text, settings })
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
    let file = file_name(path);
    match std::fs::read(path).map(String::from_utf8) {
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
