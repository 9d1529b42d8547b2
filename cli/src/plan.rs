//! `meed plan [PROGRAM]`

use crate::ExitStatus;
use crate::draw::{self, Messages};
use crate::project;
use std::path::PathBuf;

/// Print what a program means, step by step.
#[derive(clap::Args)]
pub struct Plan {
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder]
    program: Option<PathBuf>,
}

impl Plan {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let program = match project::program(self.program.as_deref(), &[], messages) {
            Ok(program) => program,
            Err(status) => return status,
        };
        let compiled = program.compile(messages);
        let Some(plan) = compiled.plan else { return ExitStatus::Program };
        draw::print_all(&plan.to_text(), messages)
    }
}
