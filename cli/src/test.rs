//! `meed test [PROGRAM]`

use crate::ExitStatus;
use crate::draw::{Messages, file_name, print};
use crate::project::{self, Program};
use meed_compiler::plan::Plan;
use meed_compiler::{Compiled, Problem, TestCase, compile_sources};
use meed_grammar::foreign::{lines, shown};
use meed_runtime::inner::source::{SourceError, SourceFile};
use meed_runtime::inner::suite::{Coverage, Failure, run_both};
use std::path::{Component, Path, PathBuf};

/// Run the tests of a program.
///
/// Each test runs with the interpreter and with machine code, and fails if the two differ. What no test reaches is
/// listed: rules, bands, bounds and limits.
#[derive(clap::Args)]
pub struct Test {
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder or one around it]
    pub program: Option<PathBuf>,
    /// Test again whenever a file changes
    #[arg(long)]
    pub watch: bool,
}

impl Test {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let program = match project::program(self.program.as_deref(), &[], messages) {
            Ok(program) => program,
            Err(status) => return status,
        };
        let compiled = compile_sources(&program.sources, &[]);
        program.tell(&compiled.problems, messages);
        let Some(plan) = &compiled.plan else { return ExitStatus::Program };
        let mut coverage = Coverage::new();
        let mut n_failed = 0;
        for test in &compiled.tests {
            let problems = problems(&program, &compiled, plan, test, &mut coverage);
            n_failed += usize::from(!problems.is_empty());
            told(test, problems.is_empty(), messages);
            program.tell(&problems, messages);
        }
        let n_passed = compiled.tests.len() - n_failed;
        if messages.are_json() {
            print(&format!("{}\n", serde_json::json!({ "passed": n_passed, "failed": n_failed })));
        } else if !messages.are_quiet() {
            print(&format!("{n_passed} passed, {n_failed} failed\n"));
        }
        match compiled.tests.is_empty() {
            _ if messages.are_quiet() => {}
            true => messages.note("the program has no tests"),
            false => unreached(&program, plan, &coverage, messages),
        }
        if n_failed == 0 { ExitStatus::Well } else { ExitStatus::Program }
    }
}

/// What is wrong with a test, or with what it expects.
fn problems(
    program: &Program,
    compiled: &Compiled,
    plan: &Plan,
    test: &TestCase,
    coverage: &mut Coverage,
) -> Vec<Problem> {
    let with = (!test.overrides.is_empty()).then(|| compile_sources(&program.sources, &test.overrides));
    if let Some(with) = &with {
        // A value that a test gives can be wrong in the rules that read it.
        let new = |problem: &&Problem| problem.is_error() && !compiled.problems.contains(problem);
        let new: Vec<Problem> = with.problems.iter().filter(new).cloned().collect();
        if !new.is_empty() {
            return new;
        }
    }
    let plan = with.as_ref().and_then(|with| with.plan.as_ref()).unwrap_or(plan);
    let files = |name: &str| open(&program.path, name);
    let failed = |failure: Failure| {
        let problem = Problem::error("test-failed", failure.span, "this test does not hold").label(failure.message);
        if failure.why.is_empty() { problem } else { problem.help(failure.why.join("\n")) }
    };
    run_both(plan, program.sources.text(), test, &files, coverage).into_iter().map(failed).collect()
}

/// Opens a file that a test names, which must be in the program's folder or below: whoever checks a program that somebody
/// sent reads no files of their own by it, and the tests pass wherever the folder is.
fn open(program: &Path, name: &str) -> Result<SourceFile, SourceError> {
    let folder = program.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let outside = |reason: &str| {
        let reason = format!("{reason}, and a test reads only files in the folder of its program");
        Err(SourceError::CannotRead { file: name.to_owned(), reason })
    };
    let mut depth = 0usize;
    for part in Path::new(name).components() {
        match part {
            Component::Prefix(_) | Component::RootDir => return outside("it is named from the root"),
            Component::CurDir => {}
            Component::Normal(_) => depth += 1,
            Component::ParentDir => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return outside("it is outside"),
            },
        }
    }
    let path = folder.join(name);
    // A file that is not there is told by opening it.
    if let (Ok(folder), Ok(place)) = (folder.canonicalize(), path.canonicalize())
        && !place.starts_with(folder)
    {
        return outside("a link leads outside");
    }
    SourceFile::open(&path)
}

fn told(test: &TestCase, passed: bool, messages: Messages) {
    if messages.are_json() {
        print(&format!("{}\n", serde_json::json!({ "test": test.title, "passed": passed })));
    } else if !messages.are_quiet() || !passed {
        print(&format!("{}  {}\n", if passed { "passed" } else { "FAILED" }, shown(&test.title)));
    }
}

/// Lists what no test reaches, with its line.
fn unreached(program: &Program, plan: &Plan, coverage: &Coverage, messages: Messages) {
    let found = coverage.unreached(plan);
    if found.is_empty() || messages.are_json() {
        for unreached in found {
            let (file, line) = program.place(unreached.span.start);
            let object = if file == program.path {
                serde_json::json!({ "not_reached": unreached.text, "line": line })
            } else {
                serde_json::json!({ "not_reached": unreached.text, "line": line, "file": file.display().to_string() })
            };
            print(&format!("{object}\n"));
        }
        return;
    }
    print("no test reaches\n");
    for unreached in found {
        let (file, line) = program.place(unreached.span.start);
        let place = format!("{}:{line}", file_name(&file));
        print(&format!("  {place}: {}\n", lines(&unreached.text)));
    }
}
