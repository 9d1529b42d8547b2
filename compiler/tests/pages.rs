//! The pages of error codes: each shows its code and nothing else, at the place to edit, its repair is
//! well, and the edit that a message offers is a repair too. Every code has a page, every page a code. Pages of what
//! stops a run are tried where runs are, in the crate of tests.

mod support;

use meed_compiler::{Problem, compile, errors, repairs};
use meed_grammar::span::Span;
use std::collections::BTreeSet;
use std::path::Path;
use support::{completed, listed};

/// Codes of mistakes of Meed itself, which no program shows, and those that take more lines or files than an example has.
const WITHOUT_EXAMPLE: &[&str] =
    &["internal-error", "bound-as-value", "calendar-days", "file-cycle", "format-changed", "more-problems"];

#[test]
fn every_example_shows_its_code_where_the_hand_must_go() {
    let mut failures = String::new();
    for code in shown_codes() {
        if let Err(failure) = example_shows(code) {
            failures += &format!("{code}: {failure}\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let emitted: BTreeSet<String> = problem_codes(&ROOMS).into_iter().chain(kind_codes()).collect();
    let pages: BTreeSet<String> = errors::codes().map(str::to_owned).collect();
    assert!(errors::codes().is_sorted());
    assert_eq!(emitted.difference(&pages).collect::<Vec<_>>(), Vec::<&String>::new(), "codes without a page");
    assert_eq!(pages.difference(&emitted).collect::<Vec<_>>(), Vec::<&String>::new(), "pages without a code");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("errors");
    let files = std::fs::read_dir(folder).expect("the folder of pages").flatten();
    let files: BTreeSet<String> = files
        .filter_map(|file| file.file_name().to_str().and_then(|name| name.strip_suffix(".md")).map(str::to_owned))
        .collect();
    assert_eq!(files, pages, "every page is embedded");
}

#[test]
fn every_page_has_its_parts() {
    for code in errors::codes() {
        let page = errors::page(code).unwrap_or_default();
        assert!(page.starts_with(&format!("# {code}\n")), "{code}: the page begins with its code");
        assert!(page.contains("\nWhy it matters: "), "{code}: the page says why it matters for money");
        assert!(page.lines().all(|line| line.len() <= 160), "{code}: a line is too long to be read on a terminal");
    }
}

/// The codes of this room and of the grammar that a program can show.
fn shown_codes() -> impl Iterator<Item = &'static str> {
    let codes = problem_codes(&["grammar/src", "compiler/src"]);
    errors::codes().filter(move |code| codes.contains(*code) && !WITHOUT_EXAMPLE.contains(code))
}

fn example_shows(code: &str) -> Result<(), String> {
    let page = errors::page(code).unwrap_or_default();
    let (example, repair) = (block(page, "## Example\n")?, block(page, "## Repair\n")?);
    let problems = compile(&repair.1, &[]).problems;
    if !problems.is_empty() {
        return Err(format!("its repair has problems\n{}", listed(&problems)));
    }
    let problems = compile(&example.1, &[]).problems;
    let [problem] = &problems[..] else {
        return Err(format!("its example has other problems\n{}", listed(&problems)));
    };
    if problem.code != code {
        return Err(format!("its example shows another code\n{}", listed(&problems)));
    }
    in_house_style(problem)?;
    if problem.help.is_none() && problem.primary.1.is_empty() && problem.repairs.is_empty() {
        return Err(format!("the message does not say what to do: {problem}"));
    }
    let line = |span: Span| example.1[..span.start as usize].matches('\n').count();
    let lines: Vec<usize> =
        std::iter::once(&problem.primary).chain(&problem.others).map(|(span, _)| line(*span)).collect();
    let changed = changed_lines(example.0, repair.0);
    if problem.primary.0.is_empty() || !lines.iter().any(|line| changed.contains(line)) {
        let text = problem.primary.0.text(&example.1);
        return Err(format!("the label stands at `{text}` in lines {lines:?}, the repair is in {changed:?}"));
    }
    let offered = repairs(&example.1, &[], problems.clone()).swap_remove(0).repairs;
    if offered.is_empty() && !problem.repairs.is_empty() {
        return Err(format!("no repair helps: {:?}", problem.repairs));
    }
    for repair in &offered {
        let text = repair.applied(&example.1);
        let left = compile(&text, &[]).problems;
        if !left.is_empty() {
            return Err(format!("{} does not repair it\n{}{text}", repair.title, listed(&left)));
        }
    }
    Ok(())
}

/// The fenced program under a heading: as it is, and completed.
fn block<'p>(page: &'p str, heading: &str) -> Result<(&'p str, String), String> {
    let missing = || format!("no program stands under `{heading}`");
    let (_, rest) = page.split_once(heading).ok_or_else(missing)?;
    let (_, rest) = rest.split_once("```meed").ok_or_else(missing)?;
    let (words, rest) = rest.split_once('\n').ok_or_else(missing)?;
    let (text, _) = rest.split_once("```").ok_or_else(missing)?;
    Ok((text, if words.trim() == "whole" { text.to_owned() } else { completed(text) }))
}

/// The lines of `before` that `after` has otherwise, the neighbors of lines that it has more, and the first lines of the
/// items they are in.
fn changed_lines(before: &str, after: &str) -> BTreeSet<usize> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut changed = BTreeSet::new();
    let (mut one, mut other) = (0, 0);
    while one < before.len() || other < after.len() {
        if one < before.len() && before.get(one) == after.get(other) {
            (one, other) = (one + 1, other + 1);
            continue;
        }
        // The next line that both have ends the change.
        let meets = (0..before.len() + after.len()).find_map(|sum| {
            (0..=sum).map(|step| (one + step, other + sum - step)).find(|(one, other)| {
                before.get(*one).is_some_and(|line| !line.trim().is_empty()) && before.get(*one) == after.get(*other)
            })
        });
        let (next, next_other) = meets.unwrap_or((before.len(), after.len()));
        changed.extend(one..next);
        if one == next {
            changed.extend([one.saturating_sub(1), one]);
        }
        let item = (0..=one.min(before.len() - 1)).rev().find(|line| before[*line].starts_with(char::is_alphabetic));
        changed.extend(item);
        (one, other) = (next, next_other);
    }
    changed
}

/// Lower case, no full stop, no "you", no words of the machine room.
fn in_house_style(problem: &Problem) -> Result<(), String> {
    let labels = std::iter::once(&problem.primary).chain(&problem.others).map(|(_, label)| label);
    for text in std::iter::once(&problem.message).chain(labels).chain(&problem.help) {
        let plain: String = text.replace("did you mean", "").split('`').step_by(2).collect();
        let words: Vec<&str> = plain.split(|sign: char| !sign.is_alphanumeric()).collect();
        let wrong =
            ["you", "your", "parse", "token", "expression", "identifier", "variable", "function", "None", "Some"];
        if text.ends_with('.') || text.starts_with(char::is_uppercase) || words.iter().any(|word| wrong.contains(word))
        {
            return Err(format!("this is not how messages speak: {text}"));
        }
    }
    Ok(())
}

/// Every room that reports problems.
const ROOMS: [&str; 5] = ["grammar/src", "compiler/src", "runtime/src", "book/src", "cli/src"];

/// The codes of the problems in the sources of some rooms.
fn problem_codes(rooms: &[&str]) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (path, text) in sources(rooms) {
        for opening in ["Problem::error(", "Problem::warning(", "messages.error(", "messages.detail("] {
            // The code of a kind of fault is written where the kind is.
            let given =
                |rest: &&str| !rest.split(',').next().is_some_and(|code| code.ends_with(".code()") || code == "code");
            for rest in text.split(opening).skip(1).map(str::trim_start).filter(given) {
                let code = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
                let (code, _) = code.unwrap_or_else(|| panic!("a code is written in place: {path}"));
                codes.insert(code.to_owned());
            }
        }
    }
    codes
}

/// The codes of kinds of faults and of tables that cannot be had: what their `code` gives, and what the command line
/// writes in brackets.
fn kind_codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (_, text) in sources(&ROOMS) {
        for body in text.split("fn code(&self) -> &'static str {").skip(1) {
            let (body, _) = body.split_once("\n    }\n").expect("the function ends");
            codes.extend(body.split('"').skip(1).step_by(2).map(str::to_owned));
        }
        let written = text.split("error[").skip(1).filter_map(|rest| rest.split_once(']'));
        codes.extend(written.map(|(code, _)| code.to_owned()).filter(|code| !code.contains('{')));
    }
    codes
}

/// The source files of some rooms.
fn sources(rooms: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    let mut folders: Vec<_> = rooms.iter().map(|room| root.join(room)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    files
}
