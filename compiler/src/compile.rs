//! The way from text to Plan, as one function.

use crate::checks;
use crate::internal::{InternalError, guarded};
use crate::lower::lower;
use crate::plan::Plan;
use crate::plan::verify::Violation;
use crate::resolve::files::Sources;
use crate::resolve::resolve;
use crate::typed::{Places, Program};
use crate::types::{TestCase, types};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;
use rustc_hash::FxHashSet;

/// What compiling gives: problems always, a Plan where none of them is an error.
pub struct Compiled {
    /// The Plan, if the program can run.
    pub plan: Option<Plan>,
    /// If it cannot: the Plan of the rules without a problem, which is not run.
    pub partial: Option<Plan>,
    /// The typed tree of what has no problem; none after a mistake of Meed.
    pub program: Option<Program>,
    /// What is where, for editors.
    pub places: Places,
    /// The program's tests.
    pub tests: Vec<TestCase>,
    /// Errors and warnings, in the order of the text; of many the first [`limits::MESSAGES`], then how many there are.
    /// Their repairs are proposals; [`crate::repairs`] tries them.
    pub problems: Vec<Problem>,
    /// How much work it was: tokens read, nodes visited, names looked up.
    pub steps: u64,
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
/// assert_eq!(compiled.plan.map(|plan| plan.versions.len()), Some(1));
/// ```
pub fn compile(source: &str, overrides: &[(String, String)]) -> Compiled {
    compile_sources(&Sources::alone("program", source), overrides)
}

/// Compiles a program that is several texts; the places of its problems are places in [`Sources::text`].
pub fn compile_sources(sources: &Sources, overrides: &[(String, String)]) -> Compiled {
    guarded(|| compile_text(sources, overrides)).unwrap_or_else(|error| Compiled {
        plan: None,
        partial: None,
        program: None,
        places: Places::default(),
        tests: Vec::new(),
        problems: vec![mistake(Span::default(), error.to_string())],
        steps: 0,
    })
}

fn compile_text(sources: &Sources, overrides: &[(String, String)]) -> Compiled {
    let before = steps::taken();
    let mut compiled = examine(sources.text(), Some(sources), overrides);
    compiled.problems = first(compiled.problems);
    compiled.steps = steps::taken().wrapping_sub(before);
    compiled
}

/// Compiles a program, with all its problems, however many there are. Without its files, of a text that was changed, it is not
/// known which of them a place is in.
pub(crate) fn examine(source: &str, sources: Option<&Sources>, overrides: &[(String, String)]) -> Compiled {
    let parsed = meed_grammar::parse(source);
    let n_written = parsed.problems.len();
    let mut problems = parsed.problems;
    let mut found: Vec<Problem> = sources.map_or(Vec::new(), |sources| sources.problems().to_vec());
    checks::names(&parsed.file, &mut found);
    // In a text that was changed, and in one of several files, a library may be used by each of them.
    let file_at = |span: Span| sources.map(|sources| sources.file_at(span.start));
    let mut resolved = resolve(parsed.file, &file_at, &mut found);
    resolved.sheets = sources.map(|sources| sources.sheets().to_vec());
    let typed = types(&resolved, source, overrides, &mut found);
    let plan = lower(&typed.program);
    // After a syntax error, checks of the Plan would report placeholders.
    if n_written == 0 {
        checks::plan(&plan, &resolved, &mut found);
    }
    if let Some(sources) = sources {
        problems = problems.into_iter().map(|problem| sources.in_program(problem)).collect();
        found = found.into_iter().map(|problem| sources.in_program(problem)).collect();
    }
    // A mistake of writing may be met again by what it means; it is told once.
    let written: FxHashSet<(&str, Span)> = problems.iter().map(|known| (known.code, known.primary.0)).collect();
    found.retain(|problem| !written.contains(&(problem.code, problem.primary.0)));
    let mut told: FxHashSet<Problem> = FxHashSet::default();
    problems.extend(found.into_iter().filter(|problem| told.insert(problem.clone())));
    problems.sort_by_key(|problem| problem.primary.0);
    let mut runs = !problems.iter().any(Problem::is_error);
    if runs {
        let violations = plan.verify();
        problems.extend(violations.iter().map(|violation| mistake(place_of(violation, &plan), violation.to_string())));
        // A rule that is left out without a message would pay nothing in silence.
        let left_out: Vec<&str> =
            plan.rules.iter().filter(|rule| rule.versions.is_empty()).map(|rule| rule.name.as_str()).collect();
        let silent = |rule: &&str| mistake(Span::default(), format!("rule `{rule}` is left out without a message"));
        problems.extend(left_out.iter().map(silent));
        runs = violations.is_empty() && left_out.is_empty();
    }
    steps::count(problems.len());
    let (program, places) = (Some(typed.program), typed.places);
    let (plan, partial) = if runs { (Some(plan), None) } else { (None, Some(plan)) };
    Compiled { plan, partial, program, places, tests: typed.tests, problems, steps: 0 }
}

/// As many problems as people read; if there are more, the errors first, and how many are left out.
fn first(mut problems: Vec<Problem>) -> Vec<Problem> {
    let more = problems.len().saturating_sub(limits::MESSAGES);
    if more == 0 {
        return problems;
    }
    problems.sort_by_key(|problem| !problem.is_error());
    let (level, place) = (problems[limits::MESSAGES].severity, problems[limits::MESSAGES].primary.0);
    problems.truncate(limits::MESSAGES);
    problems.sort_by_key(|problem| problem.primary.0);
    let most = limits::words(limits::MESSAGES);
    let message = match more {
        1 => format!("one more problem is not shown: at most {most} are"),
        _ => format!("{} more problems are not shown: at most {most} are", limits::words(more)),
    };
    let problem = Problem::error("more-problems", place, message)
        .label("the first of these")
        .help("repair those above and check again");
    problems.push(Problem { severity: level, ..problem });
    problems
}

/// An invariant of Meed that does not hold: said kindly, for it is no mistake of the program.
fn mistake(place: Span, what: String) -> Problem {
    Problem::error("internal-error", place, what).help(InternalError::HELP)
}

/// The rule whose Plan breaks an invariant, if it is one.
fn place_of(violation: &Violation, plan: &Plan) -> Span {
    let rule = plan.versions.iter().find(|rule| violation.place.contains(&format!("`{}`", rule.name)));
    rule.map_or_else(Span::default, |rule| rule.span)
}
