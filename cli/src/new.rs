//! `meed new FOLDER`, from scratch or from an example.

use crate::ExitStatus;
use crate::draw::Messages;
use include_dir::{Dir, include_dir};
use meed_grammar::foreign::shown;
use std::path::{Path, PathBuf};

/// Create a project: a small program with tests and tables, or a whole example.
#[derive(clap::Args)]
pub struct New {
    /// The folder, new or empty
    folder: PathBuf,
    /// Begin with this example, such as `development-fund`
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
}

/// The examples of this repository.
static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../examples");

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
        let example = match self.from.as_deref().map(example).transpose() {
            Ok(example) => example,
            Err(near) => {
                let asked = self.from.as_deref().unwrap_or_default();
                let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
                let all = names().collect::<Vec<_>>().join(", ");
                let message = format!("there is no example `{}`", shown(asked));
                messages.error("command-line", &message, Some(&format!("{near}there are {all}")));
                return ExitStatus::Usage;
            }
        };
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
        if let Some(example) = example {
            return self.begin_with(example, messages);
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

impl New {
    fn begin_with(&self, example: &Dir<'_>, messages: Messages) -> ExitStatus {
        let folder = self.folder.display();
        let is_program = |file: &&include_dir::File<'_>| file.path().extension().is_some_and(|end| end == "meed");
        let program = example.files().find(is_program).and_then(|file| file.path().file_name());
        let program = program.unwrap_or_default().to_string_lossy().into_owned();
        let settings = format!("program = \"{program}\"\ndata = \"data\"\nout = \"payments\"\n");
        let done = std::fs::create_dir_all(&self.folder)
            .and_then(|()| copy(example, example.path(), &self.folder))
            .and_then(|()| std::fs::write(self.folder.join("meed.toml"), settings));
        if let Err(error) = done {
            messages.error("cannot-write", &format!("cannot write into `{folder}`: {error}"), None);
            return ExitStatus::Output;
        }
        let rejects = example.get_file(example.path().join("expected/rejects.csv"));
        let run = if rejects.is_some() { "meed run --rejects rejects.csv" } else { "meed run" };
        let guide = example.get_file(example.path().join("README.md"));
        let guide = if guide.is_some() { "README.md says what it is; " } else { "" };
        messages.note(&format!("`{folder}` holds the example; {guide}there, try: meed check, meed test, {run}"));
        ExitStatus::Well
    }
}

/// Writes what is in a folder of the examples.
fn copy(from: &Dir<'_>, root: &Path, to: &Path) -> std::io::Result<()> {
    let place = |path: &Path| to.join(path.strip_prefix(root).unwrap_or(path));
    for file in from.files() {
        std::fs::write(place(file.path()), file.contents())?;
    }
    for folder in from.dirs() {
        std::fs::create_dir_all(place(folder.path()))?;
        copy(folder, root, to)?;
    }
    Ok(())
}

/// The examples, without the number that they have.
fn names() -> impl Iterator<Item = String> {
    let name = |folder: &Dir<'_>| folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    EXAMPLES.dirs().map(move |folder| plain(&name(folder)))
}

fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    name.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches('-').to_owned()
}

/// The example of a name, with its number or without; else the name that is most like it.
fn example(name: &str) -> Result<&'static Dir<'static>, Option<String>> {
    let wanted = plain(name);
    let place = names().position(|known| known == wanted);
    place.and_then(|place| EXAMPLES.dirs().nth(place)).ok_or_else(|| {
        let known: Vec<String> = names().collect();
        meed_grammar::nearest(&wanted, known.iter().map(String::as_str)).map(str::to_owned)
    })
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
