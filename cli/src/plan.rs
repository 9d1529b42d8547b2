//! `meed plan [PROGRAM]`, which was the name of `meed show plan`.

use crate::ExitStatus;
use crate::draw::{self, Messages};
use crate::project;
use meed_compiler::plan as compiler;
use std::path::{Path, PathBuf};

/// Print what a program means, step by step; the same as `meed show plan`.
#[derive(clap::Args)]
pub struct Plan {
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder or one around it]
    program: Option<PathBuf>,
}

impl Plan {
    pub fn run(self, messages: Messages) -> ExitStatus {
        // In tools of this kind `plan` says what a change will do.
        messages.note("`meed plan` is `meed show plan`: write that");
        print(self.program.as_deref(), compiler::Plan::to_text, messages)
    }
}

/// Prints what a program has become, in some words for it.
pub fn print(program: Option<&Path>, words: fn(&compiler::Plan) -> String, messages: Messages) -> ExitStatus {
    let program = match project::program(program, &[], messages) {
        Ok(program) => program,
        Err(status) => return status,
    };
    let compiled = program.compile(messages);
    let Some(plan) = compiled.plan else { return ExitStatus::Program };
    draw::print_all(&words(&plan), messages)
}
