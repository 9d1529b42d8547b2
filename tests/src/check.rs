//! Runs a case in every way and holds what comes out against what its page expects.

use crate::case::{Expectation, Kind, Setup};
use crate::page::{Case, Page};
use crate::table::Table;
use crate::ways::{Outcome, WAYS, alike, difference, settle};
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::day_of;
use meed_compiler::{Compiled, Problem};
use meed_grammar::span::Span;
use meed_runtime::inner::engine::Engine;
use std::ops::Range;

/// What a page came to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What does not hold, by heading.
    pub failures: Vec<String>,
    /// Blocks that would have to say something else, and what.
    pub changes: Vec<(Range<usize>, String)>,
}

/// Checks the cases of a page whose heading contains `wanted`.
pub fn check_page(page: &Page, wanted: &str) -> Verdict {
    let mut verdict = Verdict::default();
    let mut titles: Vec<&str> = page.cases.iter().map(|case| case.title.as_str()).collect();
    titles.sort_unstable();
    if let Some(twice) = titles.windows(2).find(|pair| pair[0] == pair[1]) {
        verdict.failures.push(format!("two headings are `{}`", twice[0]));
    }
    if page.cases.is_empty() {
        verdict.failures.push("the page has no case".to_owned());
    }
    let blocks = page.preamble.iter().chain(page.cases.iter().flat_map(|case| &case.blocks));
    for block in blocks.filter(|block| block.kind() == "meed") {
        if let Ok(formatted) = meed_grammar::format(&block.text)
            && formatted != block.text
        {
            verdict.failures.push(format!("a program is not formatted; write:\n{formatted}"));
            verdict.changes.push((block.place.clone(), formatted));
        }
    }
    for case in page.cases.iter().filter(|case| case.title.contains(wanted)) {
        if let Err(error) = check(page, case, &mut verdict.changes) {
            verdict.failures.push(format!("## {}\n{}", case.title, indented(&error)));
        }
    }
    verdict
}

fn check(page: &Page, case: &Case, changes: &mut Vec<(Range<usize>, String)>) -> Result<(), String> {
    let setup = Setup::new(page, case)?;
    let compiled = setup.compile(&setup.program, &setup.overrides);
    if setup.expectations.is_empty() && compiled.tests.is_empty() {
        return Err("nothing is expected".to_owned());
    }
    tokens_tile(&setup.program)?;
    if let Some(plan) = &compiled.plan {
        run_tests(&setup, plan, &compiled)?;
        same_when_rewritten(plan, &setup)?;
    }
    let said: String = compiled.problems.iter().map(|problem| problem_text(&setup.program, problem)).collect();
    let mut throughs: Vec<Option<&str>> = setup.expectations.iter().map(|one| one.through.as_deref()).collect();
    throughs.sort_unstable();
    throughs.dedup();
    let mut failures = Vec::new();
    for through in throughs {
        let mut outcome = match &compiled.plan {
            Some(plan) => settle_every_way(plan, &setup, through)?,
            None => Outcome::default(),
        };
        outcome.fault = Some(said.clone() + &outcome.fault.map_or(String::new(), |fault| fault + "\n"));
        let expected: Vec<&Expectation<'_>> =
            setup.expectations.iter().filter(|one| one.through.as_deref() == through).collect();
        let expects = |kind: Kind| expected.iter().any(|one| one.kind == kind);
        if !expects(Kind::Error) && outcome.fault.as_ref().is_some_and(|fault| !fault.is_empty()) {
            // Without output there is nothing to hold; what is expected stays as it is.
            failures.push(format!("unexpected:\n{}", outcome.fault.clone().unwrap_or_default()));
            continue;
        }
        if !expects(Kind::Rejects) && !outcome.rejects.rows.is_empty() {
            failures.push(format!("rejected:\n{}", outcome.rejects.to_text()));
        }
        for one in expected {
            failures.extend(hold(one, &outcome, changes)?);
        }
    }
    if setup.expectations.is_empty() && !said.is_empty() {
        failures.push(said);
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Holds one expected block against what came out; says what differs.
fn hold(
    expected: &Expectation<'_>,
    outcome: &Outcome,
    changes: &mut Vec<(Range<usize>, String)>,
) -> Result<Option<String>, String> {
    let block = expected.block;
    let found = match table(outcome, expected.kind) {
        None => outcome.fault.clone().unwrap_or_default(),
        Some(table) => {
            let wanted = Table::read(&block.text)?;
            let table = match &expected.of {
                Some(of) => table.clone().with(expected.kind.filtered(), of),
                None => table.clone(),
            };
            let found = if table.header.is_empty() { table } else { table.only(&wanted.header)? };
            if found.rows == wanted.rows {
                return Ok(None);
            }
            Table { header: wanted.header, rows: found.rows }.to_text()
        }
    };
    if found == block.text {
        return Ok(None);
    }
    let failure = format!("`{}`\nexpected\n{}found\n{}", block.words.join(" "), block.text, found);
    changes.push((block.place.clone(), found));
    Ok(Some(failure))
}

fn table(outcome: &Outcome, kind: Kind) -> Option<&Table> {
    match kind {
        Kind::Payments => Some(&outcome.payments),
        Kind::Totals => Some(&outcome.totals),
        Kind::Slices => outcome.slices.as_ref(),
        Kind::Decisions => Some(&outcome.decisions),
        Kind::Credits => Some(&outcome.credits),
        Kind::Uncredited => Some(&outcome.uncredited),
        Kind::Differences => Some(&outcome.differences),
        Kind::Held => Some(&outcome.held),
        Kind::Movements => Some(&outcome.movements),
        Kind::Accounts => Some(&outcome.accounts),
        Kind::BelowZero => Some(&outcome.below_zero),
        Kind::Rejects => Some(&outcome.rejects),
        Kind::Error => None,
    }
}

/// Settles in every way; all must come to the same.
fn settle_every_way(plan: &Plan, setup: &Setup<'_>, through: Option<&str>) -> Result<Outcome, String> {
    let through = match through {
        Some(text) => day_of(text.parse().map_err(|_| format!("`{text}` is no date"))?),
        None => plan.active.to,
    };
    let first = settle(plan, &setup.tables, through, WAYS[0])?;
    for way in &WAYS[1..] {
        let other = settle(plan, &setup.tables, through, *way)?;
        if let Some(difference) = difference(&alike(&first, way), &alike(&other, way)) {
            return Err(format!("{} it gives {difference}", way.name));
        }
    }
    Ok(first)
}

fn run_tests(setup: &Setup<'_>, plan: &Plan, compiled: &Compiled) -> Result<(), String> {
    for test in &compiled.tests {
        let with = (!test.overrides.is_empty()).then(|| setup.compile(&setup.program, &test.overrides).plan).flatten();
        for engine in [Engine::Interpreter, Engine::Jit] {
            let failures = meed_runtime::inner::suite::run_test(with.as_ref().unwrap_or(plan), test, engine);
            if let Some(failure) = failures.first() {
                return Err(format!("test \"{}\" ({engine:?}): {}", test.title, failure.message));
            }
        }
    }
    Ok(())
}

/// The formatter must leave what it has formatted, and what the program means; so must the Plan's text.
fn same_when_rewritten(plan: &Plan, setup: &Setup<'_>) -> Result<(), String> {
    let once = meed_grammar::format(&setup.program).map_err(|problems| format!("cannot format: {problems:?}"))?;
    tokens_tile(&once)?;
    match meed_grammar::format(&once) {
        Ok(twice) if twice == once => {}
        _ => return Err(format!("formatting is not stable:\n{once}")),
    }
    let Some(formatted) = setup.compile(&once, &setup.overrides).plan else {
        return Err(format!("formatted, it does not compile:\n{once}"));
    };
    let text = plan.to_text();
    if formatted.to_text() != text {
        return Err(format!("formatted, it means something else:\n{once}"));
    }
    let reread = Plan::from_text(&text).map_err(|error| format!("the Plan cannot be read back: {error:?}\n{text}"))?;
    if reread.to_text() != text {
        return Err(format!("the Plan read back prints as\n{}\nand not as\n{text}", reread.to_text()));
    }
    let settle = |plan: &Plan| settle(plan, &setup.tables, plan.active.to, WAYS[0]);
    if settle(&reread) == settle(plan) {
        Ok(())
    } else {
        Err(format!("read back, the Plan pays something else:\n{text}"))
    }
}

fn tokens_tile(text: &str) -> Result<(), String> {
    let mut end = 0;
    for token in meed_grammar::tokens(text) {
        if token.span.start != end {
            return Err(format!("tokens leave a gap at {end}"));
        }
        end = token.span.end;
    }
    if end as usize == text.len() { Ok(()) } else { Err("tokens do not reach the end".to_owned()) }
}

/// A problem as pages write it: code and message, then the places and the repair.
fn problem_text(source: &str, problem: &Problem) -> String {
    let level = if problem.is_error() { "" } else { "warning " };
    let mut text = format!("{level}{}: {}\n", problem.code, problem.message);
    let place = |span: &Span, label: &str| {
        let words = span.text(source).split_whitespace().collect::<Vec<_>>().join(" ");
        let label = if label.is_empty() { String::new() } else { format!(": {label}") };
        format!("`{words}`{label}\n")
    };
    text += &format!("  at {}", place(&problem.primary.0, &problem.primary.1));
    for (span, label) in &problem.others {
        text += &format!("  and {}", place(span, label));
    }
    if let Some(help) = &problem.help {
        text += &format!("  help: {help}\n");
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
