//! No number in a program makes a check or a run costly, and none stops Meed itself: every literal of every program of the
//! suite and the examples, put in place of by numbers that nobody writes, is refused with a message or settles alike.

use meed_compiler::compile;
use meed_grammar::{TokenKind, tokens};
use meed_runtime::inner::engine::Engine;
use meed_tests::page::{Block, Page, pages};
use meed_tests::ways::{WAYS, settle};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A check or a run without rows takes no longer, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(20);

/// What is in place of a literal, by its digits: signs and units of the literal stay.
fn instead() -> Vec<String> {
    let zeros = |n: usize| format!("1{}", "0".repeat(n));
    ["0", "-1", "0.5", "1B", "0.000000000000000001", "999999999999999999"]
        .map(str::to_owned)
        .into_iter()
        .chain([18, 30, 400].map(zeros))
        .collect()
}

fn programs() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut programs = Vec::new();
    for path in pages(&root.join("tests/suite")) {
        let page = Page::open(&path).expect("a page of cases");
        let text = |blocks: &[Block]| {
            blocks.iter().filter(|block| block.kind() == "meed").map(|block| block.text.clone()).collect::<String>()
        };
        let before = text(&page.preamble);
        programs.extend(page.cases.iter().map(|case| before.clone() + &text(&case.blocks)));
    }
    let mut folders = vec![root.join("examples"), root.join("compiler/tests/plan")];
    if let Some(shared) = meed_tests::shared() {
        folders.push(shared.join("programs"));
    }
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(&folder).expect("a folder of programs").flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for entry in entries {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|end| end == "meed") {
                programs.push(std::fs::read_to_string(&entry).expect("a program"));
            }
        }
    }
    programs
}

/// The program with each of its literals replaced by each of the numbers.
fn changed(program: &str) -> impl Iterator<Item = String> + '_ {
    let is_number = |kind| matches!(kind, TokenKind::Number | TokenKind::Percent | TokenKind::Money);
    let literals: Vec<_> = tokens(program).into_iter().filter(|token| is_number(token.kind)).collect();
    literals.into_iter().flat_map(move |token| {
        let written = token.span.text(program);
        let digit = |sign: char| sign.is_ascii_digit();
        let (first, last) = (written.find(digit).unwrap_or(0), written.rfind(digit).map_or(0, |at| at + 1));
        let (before, behind) =
            (written[..first].trim_start_matches('-'), written[last..].trim_start_matches(['k', 'M', 'B']));
        let (start, end) = (&program[..token.span.start as usize], &program[token.span.end as usize..]);
        let change = |number: String| {
            let (minus, digits) = number.strip_prefix('-').map_or(("", number.as_str()), |digits| ("-", digits));
            format!("{start}{minus}{before}{digits}{behind}{end}")
        };
        instead().into_iter().map(change).collect::<Vec<_>>()
    })
}

/// Checks a program and settles it without rows by both engines; what is wrong with that, if anything.
fn tried(program: &str) -> Result<(), String> {
    let started = Instant::now();
    let done = catch_unwind(|| {
        let compiled = compile(program, &[]);
        if let Some(mistake) = compiled.problems.iter().find(|problem| problem.code == "compiler-mistake") {
            return Err(mistake.message.clone());
        }
        let Some(plan) = compiled.plan else { return Ok(()) };
        // What a party or period costs is for the memory that a run has, not for the literals of a program.
        if plan.active.to - plan.active.from > 3_660 {
            return Ok(());
        }
        let (whole, code) = (WAYS[0], WAYS[3]);
        assert!(code.engine == Engine::Jit, "the ways have changed");
        let outcomes = [whole, code].map(|way| settle(&plan, &[], plan.active.to, way));
        match outcomes {
            [Ok(one), Ok(other)] if one.payments == other.payments && one.fault == other.fault => Ok(()),
            [Err(error), _] | [_, Err(error)] => Err(error),
            [one, other] => Err(format!("{one:?} and {other:?}")),
        }
    });
    let took = started.elapsed();
    match done {
        Err(_) => Err("a panic".to_owned()),
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) if took > LONGEST => Err(format!("took {took:?}")),
        Ok(Ok(())) => Ok(()),
    }
}

/// Tries every `step`th changed program.
fn try_each(step: usize) {
    let programs = programs();
    let all = programs.iter().flat_map(|program| changed(program));
    let (mut n_tried, mut failures) = (0, Vec::new());
    for program in all.step_by(step) {
        n_tried += 1;
        if let Err(error) = tried(&program) {
            failures.push(format!("{error}, in\n{program}\n"));
        }
    }
    println!("{n_tried} programs");
    assert!(n_tried > 50, "there is hardly a literal");
    failures.truncate(10);
    assert!(failures.is_empty(), "{}", failures.concat());
}

#[test]
fn some_literals_that_nobody_writes_are_refused_or_settle() {
    try_each(229);
}

#[test]
#[ignore = "takes minutes: `just literals`"]
fn all_literals_that_nobody_writes_are_refused_or_settle() {
    try_each(1);
}
