//! Runs one test, by one engine or by both.

use crate::engine::options::Engine;
use crate::source::file::SourceFile;
use crate::suite::coverage::Coverage;
use crate::suite::failure::{Failure, Files};
use crate::suite::settled::Settled;
use meed_compiler::TestCase;
use meed_compiler::plan::Plan;

/// Runs one test by one engine, on a Plan that was compiled with the test's own parameters; files are taken from the
/// working folder.
pub fn run_test(plan: &Plan, test: &TestCase, engine: Engine) -> Vec<Failure> {
    let files = |name: &str| SourceFile::open(name.as_ref());
    match Settled::new(plan, test, &files, engine, None) {
        Ok(settled) => settled.judge(plan, test, &files),
        Err(failure) => vec![failure],
    }
}

/// Runs one test of a program's text by both engines, gathers what it reaches, and explains what fails.
pub fn run_both(plan: &Plan, text: &str, test: &TestCase, files: Files, coverage: &mut Coverage) -> Vec<Failure> {
    coverage.begin(plan);
    let mut interpreted = match Settled::new(plan, test, files, Engine::Interpreter, Some(coverage)) {
        Ok(settled) => settled,
        Err(failure) => return vec![failure],
    };
    let mut failures = interpreted.judge(plan, test, files);
    match Settled::new(plan, test, files, Engine::Jit, None) {
        Ok(compiled) => failures.extend(interpreted.difference(&compiled, test)),
        Err(failure) => {
            let message = format!("the interpreter settles this, machine code does not: {}", failure.message);
            failures.push(Failure::new(failure.span, message));
        }
    }
    interpreted.explain(plan, text, test, &mut failures);
    failures
}
