//! `meed check [PROGRAM…]`

use crate::ExitStatus;
use crate::bind::STANDARD_INPUT;
use crate::draw::{Messages, file_name};
use crate::project::{self, Program};
use meed_compiler::Sources;
use meed_grammar::tree::Item;
use std::path::{Path, PathBuf};

/// Check a program and report its problems.
#[derive(clap::Args)]
pub struct Check {
    /// The programs: `.meed` files, folders, or `-` for standard input; a folder with a `meed.toml` is its project, any other all programs in
    /// it [default: the project in this folder or one around it]
    pub programs: Vec<PathBuf>,
    /// Make the sure repairs in the file, then check it again
    #[arg(long)]
    fix: bool,
    /// Check again whenever a file changes
    #[arg(long, conflicts_with = "fix")]
    pub watch: bool,
}

impl Check {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let named = match project::named(&self.programs, messages) {
            Ok(named) => named,
            Err(status) => return status,
        };
        if named.is_empty() {
            return self.one(None, true, messages);
        }
        let is_alone = self.programs.iter().eq(&named);
        let statuses = named.iter().map(|path| match is_alone || has_program(path) {
            true => self.one(Some(path), is_alone, messages),
            false => {
                messages.note(&format!("`{}` has no `program`: it is checked with those that use it", file_name(path)));
                ExitStatus::Well
            }
        });
        ExitStatus::of_all(statuses)
    }

    fn one(&self, named: Option<&Path>, is_alone: bool, messages: Messages) -> ExitStatus {
        if self.fix && named == Some(Path::new(STANDARD_INPUT)) {
            let help = "save the program in a file and name that";
            messages.error("command-line", "standard input cannot be repaired", Some(help));
            return ExitStatus::Usage;
        }
        let mut program = match project::program(named, &[], messages) {
            Ok(program) => program,
            Err(status) => return status,
        };
        if self.fix
            && let Err(status) = fix(&mut program, messages)
        {
            return status;
        }
        let compiled = program.compile(messages);
        let Some(plan) = compiled.plan else { return ExitStatus::Program };
        let (n_rules, n_tests) = (plan.versions.len(), compiled.tests.len());
        let (rules, tests) = (counted(n_rules, "rule"), counted(n_tests, "test"));
        let file = if self.programs.len() > 1 || !is_alone {
            format!(" in {}", file_name(&program.path))
        } else {
            String::new()
        };
        messages.note(&format!("`{}`{file}: no problems ({rules}, {tests})", plan.name));
        ExitStatus::Well
    }
}

/// Whether a file has a `program`, or may have one: what cannot be read is told by checking it.
fn has_program(path: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return true };
    let trees = meed_compiler::trees(&Sources::gather("", &text, |_| Err(String::new())));
    trees.map_or(true, |trees| trees.program.items.iter().any(|item| matches!(item, Item::Program(_))))
}

/// `1 rule`, `2 rules`.
fn counted(n: usize, thing: &str) -> String {
    if n == 1 { format!("{n} {thing}") } else { format!("{n} {thing}s") }
}

/// Makes the sure repairs: the whole file is replaced, or nothing is written.
fn fix(program: &mut Program, messages: Messages) -> Result<(), ExitStatus> {
    let fixed = meed_compiler::fixed(program.sources.text(), &program.settings.set);
    let path = file_name(&program.path);
    let texts = program.sources.split(&fixed.text).filter(|_| !fixed.done.is_empty());
    let Some(texts) = texts else {
        messages.note(&format!("nothing in `{path}` has a sure repair; it is as it was"));
        return Ok(());
    };
    let files = project::files(&program.path, &program.sources);
    let is_library = program.sources.files().iter().map(|file| file.library.is_some());
    for (idx, ((file, text), is_library)) in files.iter().zip(texts).zip(is_library).enumerate() {
        // Nothing in a library has a repair, and there is no file to write.
        if text == program.sources.text_of(idx) || is_library {
            continue;
        }
        if let Err(error) = crate::out::write_whole(file, text.as_bytes()) {
            messages.error("cannot-write", &format!("cannot write `{}`: {error}", file_name(file)), None);
            return Err(ExitStatus::Output);
        }
    }
    for (line, title) in &fixed.done {
        let (file, line) = program.place_of_line(*line);
        messages.note(&format!("repaired {}, line {line}: {title}", file_name(&file)));
    }
    let settings = std::mem::take(&mut program.settings);
    let again = project::program(Some(&program.path), &settings.data, messages)?;
    *program = again;
    program.settings = settings;
    Ok(())
}
