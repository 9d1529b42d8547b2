//! `meed check [PROGRAM]`

use crate::Ending;
use crate::draw::Messages;
use crate::project;
use std::path::PathBuf;

/// Check a program and say what is wrong with it.
#[derive(clap::Args)]
pub struct Check {
    /// The program, a `.meed` file or a folder with a `meed.toml`; without it the project here
    program: Option<PathBuf>,
}

impl Check {
    pub fn run(self, messages: Messages) -> Ending {
        let program = match project::program(self.program.as_deref(), messages) {
            Ok(program) => program,
            Err(ending) => return ending,
        };
        let compiled = program.compile(messages);
        let Some(plan) = compiled.plan else { return Ending::Program };
        let (n_rules, n_tests) = (plan.rules.len(), compiled.tests.len());
        messages.note(&format!("`{}` is well: {n_rules} rules, {n_tests} tests", plan.name));
        Ending::Well
    }
}
