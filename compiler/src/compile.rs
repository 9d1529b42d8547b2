//! The way from text to Plan, as one function.

use crate::checks;
use crate::internal::{InternalError, guarded};
use crate::lower::{TestCase, lower};
use crate::plan::Plan;
use crate::plan::verify::Breach;
use crate::resolve::resolve;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;

/// What compiling gives: problems always, a Plan where none of them is an error.
pub struct Compiled {
    /// The Plan, if the program can run.
    pub plan: Option<Plan>,
    /// The program's tests.
    pub tests: Vec<TestCase>,
    /// Errors and warnings, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Compiles a program; `overrides` are parameters with the values this run gives them, as written in Meed.
///
/// ```
/// let program = r#"
///     program tiny { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
///     use channel
///     rule two_percent { for each deal  where registered  pay partner 2% of amount }
/// "#;
/// let compiled = meed_compiler::compile(program, &[]);
/// assert!(compiled.problems.is_empty());
/// assert_eq!(compiled.plan.map(|plan| plan.rules.len()), Some(1));
/// ```
pub fn compile(source: &str, overrides: &[(String, String)]) -> Compiled {
    guarded(|| compile_text(source, overrides)).unwrap_or_else(|error| Compiled {
        plan: None,
        tests: Vec::new(),
        problems: vec![mistake(Span::default(), error.to_string())],
    })
}

fn compile_text(source: &str, overrides: &[(String, String)]) -> Compiled {
    let parsed = meed_grammar::parse(source);
    let n_written = parsed.problems.len();
    let mut problems = parsed.problems;
    let mut found = Vec::new();
    checks::names(&parsed.file, &mut found);
    let resolved = resolve(parsed.file, &mut found);
    let lowered = lower(&resolved, overrides, &mut found);
    // Where something could not be read, what was put in its place says nothing.
    if n_written == 0 {
        checks::plan(&lowered.plan, &resolved, &mut found);
    }
    for problem in found {
        // A mistake of writing may be met again by what it means; it is told once.
        let told = |known: &Problem| known.code == problem.code && known.primary.0 == problem.primary.0;
        if !problems[..n_written].iter().any(told) && !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems.sort_by_key(|problem| problem.primary.0);
    let mut runs = !problems.iter().any(Problem::is_error);
    if runs {
        let breaches = lowered.plan.verify();
        problems.extend(breaches.iter().map(|breach| mistake(place_of(breach, &lowered.plan), breach.to_string())));
        runs = breaches.is_empty();
    }
    Compiled { plan: runs.then_some(lowered.plan), tests: lowered.tests, problems }
}

/// An invariant of Meed that does not hold: said kindly, for it is no mistake of the program.
fn mistake(place: Span, what: String) -> Problem {
    Problem::error("internal-error", place, what).help(InternalError::HELP)
}

/// The rule whose Plan breaks an obligation, if it is one.
fn place_of(breach: &Breach, plan: &Plan) -> Span {
    let rule = plan.rules.iter().find(|rule| breach.place.contains(&format!("`{}`", rule.name)));
    rule.map_or_else(Span::default, |rule| rule.span)
}
