//! `meed check [PROGRAM]`

use crate::ExitStatus;
use crate::draw::{Messages, file_name};
use crate::project::{self, Program};
use std::path::PathBuf;

/// Check a program and report its problems.
#[derive(clap::Args)]
pub struct Check {
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder]
    program: Option<PathBuf>,
    /// Make the sure repairs in the file, then check it again
    #[arg(long)]
    fix: bool,
}

impl Check {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let mut program = match project::program(self.program.as_deref(), &[], messages) {
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
        messages.note(&format!("`{}`: no problems ({rules}, {tests})", plan.name));
        ExitStatus::Well
    }
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
