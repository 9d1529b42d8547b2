//! What the rows of a test come to.

use crate::engine::options::{Engine, Observer, RunOptions};
use crate::engine::settle::run;
use crate::load::load;
use crate::load::options::LoadOptions;
use crate::output::sheet::Sheet;
use crate::pay::write;
use crate::store::loaded::Loaded;
use crate::suite::coverage::Coverage;
use crate::suite::failure::{Failure, Files};
use crate::suite::given;
use meed_compiler::TestCase;
use meed_compiler::plan::Plan;

/// What a test's rows come to.
pub(super) struct Settled {
    pub loaded: Loaded,
    pub through: i32,
    pub payments: Vec<Vec<String>>,
    pub totals: Vec<Vec<String>>,
    pub decisions: Vec<Vec<String>>,
    pub credits: Vec<Vec<String>>,
    pub uncredited: Vec<Vec<String>>,
    pub differences: Vec<Vec<String>>,
    pub held: Vec<Vec<String>>,
    pub movements: Vec<Vec<String>>,
}

impl Settled {
    pub fn new(
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
            payments: rows(write::payments(plan, &loaded, &result))?,
            totals: rows(write::totals(plan, &loaded, &result))?,
            decisions: rows(write::decisions(plan, &loaded, &result))?,
            credits: rows(write::credits(plan, &loaded, &result))?,
            uncredited: rows(write::uncredited(plan, &loaded, &result))?,
            differences: rows(write::differences(plan, &loaded, &result))?,
            held: rows(write::held(plan, &loaded, &result))?,
            movements: rows(write::movements(plan, &loaded, &result))?,
            loaded,
            through,
        })
    }

    /// The first row in which another engine's payments, decisions, credits or what is uncredited differ.
    pub fn difference(&self, other: &Self, test: &TestCase) -> Option<Failure> {
        let tables = [
            (&self.payments, &other.payments),
            (&self.decisions, &other.decisions),
            (&self.credits, &other.credits),
            (&self.uncredited, &other.uncredited),
            (&self.differences, &other.differences),
            (&self.held, &other.held),
            (&self.movements, &other.movements),
        ];
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
    use crate::source::file::SourceFile;

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
