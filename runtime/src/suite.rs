//! Runs the tests of a program: given rows in, expectations held against the payments.
//!
//! Each test is settled by the interpreter and by machine code; where the two differ it fails, whatever it expects. What
//! no test reaches is gathered beside it: see [`Coverage`].

mod coverage;
mod given;
mod judge;
mod why;

pub use coverage::{Coverage, Unreached};

use crate::engine::{Engine, Observer, RunOptions, run};
use crate::ledger;
use crate::load::{LoadError, LoadOptions, Loaded, SourceFile, load};
use crate::table::Sheet;
use meed_compiler::TestCase;
use meed_compiler::plan::Plan;
use meed_grammar::span::Span;

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its place in the program.
    pub span: Span,
    /// What came instead.
    pub message: String,
    /// Why, line by line; empty where that is not known.
    pub why: Vec<String>,
}

impl Failure {
    fn new(span: Span, message: String) -> Self {
        Self { span, message, why: Vec::new() }
    }
}

/// Opens a file that a test names.
pub type Files<'a> = &'a dyn Fn(&str) -> Result<SourceFile, LoadError>;

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

/// What a test's rows come to.
struct Settled {
    loaded: Loaded,
    through: i32,
    payments: Vec<Vec<String>>,
    totals: Vec<Vec<String>>,
    decisions: Vec<Vec<String>>,
}

impl Settled {
    fn new(
        plan: &Plan,
        test: &TestCase,
        files: Files,
        engine: Engine,
        coverage: Option<&mut Coverage>,
    ) -> Result<Self, Failure> {
        let fail = |message: String| Failure::new(test.span, message);
        let through = test.through.unwrap_or(plan.active.to);
        let inputs = given::inputs(plan, test, files)?;
        let mut loaded = load(plan, inputs, &LoadOptions::through(through)).map_err(|error| fail(error.to_string()))?;
        let options = RunOptions { engine, ..RunOptions::through(through) };
        let observer = coverage.map(|coverage| coverage as &mut dyn Observer);
        let result = run(plan, &mut loaded, &options, observer).map_err(|fault| fail(fault.to_string()))?;
        let rows =
            |sheet: std::io::Result<Sheet>| sheet.map(|sheet| sheet.rows).map_err(|error| fail(error.to_string()));
        Ok(Self {
            payments: rows(ledger::payments(plan, &loaded, &result))?,
            totals: rows(ledger::totals(plan, &loaded, &result))?,
            decisions: rows(ledger::decisions(plan, &loaded, &result))?,
            loaded,
            through,
        })
    }

    /// The first row in which another engine's payments or decisions differ.
    fn difference(&self, other: &Self, test: &TestCase) -> Option<Failure> {
        let tables = [(&self.payments, &other.payments), (&self.decisions, &other.decisions)];
        tables.into_iter().find_map(|(own, other)| {
            let n_rows = own.len().max(other.len());
            let row = (0..n_rows).find(|&row| own.get(row) != other.get(row))?;
            let words = |rows: &[Vec<String>]| rows.get(row).map_or("nothing".to_owned(), |row| row.join(" "));
            let message = format!("the interpreter gives {}, machine code {}", words(own), words(other));
            Some(Failure::new(test.span, message))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_that_differ_fail_the_test() {
        let program = r#"
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
use channel
rule r { for each deal   pay partner $5 }
test "t" { given deal D1 { partner ACME  closed_on 2026-01-01 }   expect r pays ACME $5 }
"#;
        let compiled = meed_compiler::compile(program, &[]);
        let (plan, test) = (compiled.plan.expect("a good program"), &compiled.tests[0]);
        let files = |name: &str| SourceFile::open(name.as_ref());
        let settled = || Settled::new(&plan, test, &files, Engine::Interpreter, None).expect("it settles");
        let (own, mut other) = (settled(), settled());
        assert_eq!(own.difference(&other, test), None);
        other.payments[0][5] = "5.01".to_owned();
        let failure = own.difference(&other, test).expect("a cent more");
        assert!(failure.message.contains("5.00") && failure.message.contains("5.01"), "{}", failure.message);
        other.payments.clear();
        assert!(own.difference(&other, test).is_some_and(|failure| failure.message.ends_with("machine code nothing")));
    }
}
