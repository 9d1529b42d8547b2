//! `meed plan [PROGRAM]`

use crate::Ending;
use crate::draw::{self, Messages};
use crate::project;
use std::path::PathBuf;

/// Print what a program means, step by step.
#[derive(clap::Args)]
pub struct Plan {
    /// The program, a `.meed` file or a folder with a `meed.toml`; without it the project here
    program: Option<PathBuf>,
}

impl Plan {
    pub fn run(self, messages: Messages) -> Ending {
        let program = match project::program(self.program.as_deref(), messages) {
            Ok(program) => program,
            Err(ending) => return ending,
        };
        let compiled = program.compile(messages);
        let Some(plan) = compiled.plan else { return Ending::Program };
        draw::print_all(&plan.to_text(), messages)
    }
}
