//! `meed test PROGRAM`

use crate::Ending;
use crate::draw::Messages;
use crate::project::{self, Program};
use meed_compiler::Problem;
use std::path::PathBuf;

/// Run the tests of a program.
#[derive(clap::Args)]
pub struct Test {
    /// The program, a `.meed` file or a folder with a `meed.toml`; without it the project here
    program: Option<PathBuf>,
}

impl Test {
    pub fn run(self, messages: Messages) -> Ending {
        let Program { path, text, .. } = match project::program(self.program.as_deref(), messages) {
            Ok(program) => program,
            Err(ending) => return ending,
        };
        let compiled = meed_compiler::compile(&text, &[]);
        messages.problems(&path, &text, &compiled.problems);
        if compiled.plan.is_none() {
            return Ending::Program;
        }
        let mut failed = 0;
        for test in &compiled.tests {
            let with = meed_compiler::compile(&text, &test.overrides);
            let failures = with.plan.map_or_else(Vec::new, |plan| {
                meed_runtime::suite::run_test(&plan, test, meed_runtime::engine::Engine::Jit)
            });
            let passed = failures.is_empty() && !with.problems.iter().any(Problem::is_error);
            println!("{}  {}", if passed { "passed" } else { "FAILED" }, test.title);
            if !passed {
                failed += 1;
                let problem = |failure: &meed_runtime::suite::Failure| {
                    Problem::error("test-failed", failure.span, "an expectation does not hold")
                        .label(failure.message.clone())
                };
                let drawn: Vec<Problem> = failures.iter().map(problem).chain(with.problems).collect();
                messages.problems(&path, &text, &drawn);
            }
        }
        println!("{} passed, {failed} failed", compiled.tests.len() - failed);
        if failed == 0 { Ending::Well } else { Ending::Program }
    }
}
