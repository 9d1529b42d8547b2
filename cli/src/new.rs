//! `meed new FOLDER`

use crate::ExitStatus;
use crate::draw::Messages;
use std::path::{Path, PathBuf};

/// Create a project: a small program with tests and tables.
#[derive(clap::Args)]
pub struct New {
    /// The folder, new or empty
    folder: PathBuf,
}

const PROGRAM: &str = include_str!("new/program.meed");

/// The other files by their places; `starter` stands for the program's name.
const FILES: [(&str, &str); 7] = [
    ("README.md", include_str!("new/README.md")),
    ("meed.toml", include_str!("new/meed.toml")),
    ("data/deals.csv", include_str!("new/data/deals.csv")),
    ("data/introductions.csv", include_str!("new/data/introductions.csv")),
    ("data/partners.csv", include_str!("new/data/partners.csv")),
    ("data/persons.csv", include_str!("new/data/persons.csv")),
    ("data/customers.csv", include_str!("new/data/customers.csv")),
];

impl New {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let folder = self.folder.display();
        match std::fs::read_dir(&self.folder).map(|mut entries| entries.next().is_none()) {
            Ok(false) => {
                let help = Some("name a new folder");
                messages.error("cannot-write", &format!("`{folder}` is not empty"), help);
                return ExitStatus::Usage;
            }
            Ok(true) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                messages.error("cannot-write", &format!("cannot use `{folder}`: {error}"), None);
                return ExitStatus::Output;
            }
        }
        let name = program_name(&self.folder);
        if let Err((path, error)) = write(&self.folder, &name) {
            messages.error("cannot-write", &format!("cannot write `{}`: {error}", path.display()), None);
            return ExitStatus::Output;
        }
        messages.note(&format!("`{folder}` holds the program `{name}`; there, try: meed check, meed test, meed run"));
        ExitStatus::Well
    }
}

fn write(folder: &Path, name: &str) -> Result<(), (PathBuf, std::io::Error)> {
    let data = folder.join("data");
    std::fs::create_dir_all(&data).map_err(|error| (data, error))?;
    let program = format!("{name}.meed");
    for (file, text) in [(program.as_str(), PROGRAM)].into_iter().chain(FILES) {
        let path = folder.join(file);
        std::fs::write(&path, text.replace("starter", name)).map_err(|error| (path, error))?;
    }
    Ok(())
}

/// The folder's name as a name of the language, where it can be one.
fn program_name(folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = folder.file_name().unwrap_or_default().to_string_lossy().chars().map(plain).collect();
    let compiled = meed_compiler::compile(&PROGRAM.replace("starter", &name), &[]);
    if compiled.problems.is_empty() { name } else { "incentives".to_owned() }
}
