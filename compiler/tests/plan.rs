//! The Plan as text: what is printed reads back as the same Plan.

use meed_compiler::Sources;
use meed_compiler::plan::Plan;
use std::path::{Path, PathBuf};

/// The program of a file, with the sheets that stand beside it.
fn compiled(text: &str, name: &str) -> Plan {
    let beside =
        |sheet: &str| std::fs::read_to_string(Path::new(name).with_file_name(sheet)).map_err(|error| error.to_string());
    let compiled = meed_compiler::compile_sources(&Sources::gather("program.meed", text, beside), &[]);
    let errors: Vec<_> = compiled.problems.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
    compiled.plan.expect("a program without errors has a Plan")
}

/// The Plan with every place left out, as the text of its parts.
fn without_places(plan: &Plan) -> String {
    let all = format!("{plan:#?}");
    all.lines().filter(|line| !line.trim_start().starts_with("span: ")).map(|line| format!("{line}\n")).collect()
}

fn holds(text: &str, name: &str) {
    let plan = compiled(text, name);
    let printed = plan.to_text();
    let read = Plan::from_text(&printed).unwrap_or_else(|error| panic!("{name}: {error}\n{printed}"));
    assert_eq!(read.to_text(), printed, "{name}");
    let (read, plan) = (without_places(&read), without_places(&plan));
    for (idx, (read, wanted)) in read.lines().zip(plan.lines()).enumerate() {
        assert_eq!(read, wanted, "{name}, line {idx} of the Plan's parts\n{printed}");
    }
    assert_eq!(read.lines().count(), plan.lines().count(), "{name}");
}

#[test]
fn every_operator_reads_back() {
    holds(include_str!("plan/everything.meed"), "everything");
}

#[test]
fn the_examples_read_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let programs = programs_under(&folder);
    assert!(!programs.is_empty());
    for path in programs {
        holds(&std::fs::read_to_string(&path).expect("the program can be read"), &path.display().to_string());
    }
}

#[test]
fn the_sample_programs_read_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/programs");
    if !folder.is_dir() {
        println!("skipped: ../shared is absent");
        return;
    }
    for path in programs_under(&folder) {
        holds(&std::fs::read_to_string(&path).expect("the program can be read"), &path.display().to_string());
    }
}

#[test]
fn a_plan_reads_well() {
    let example = include_str!("../../examples/quickstart/quickstart.meed");
    let printed = compiled(example, "quickstart").to_text();
    // The library's unused records would fill the page.
    let used: Vec<&str> =
        printed.split("\n\n").filter(|part| !part.lines().next().unwrap_or("").ends_with("not-read")).collect();
    insta::assert_snapshot!(used.join("\n\n"));
}

#[test]
fn a_damaged_text_names_its_line() {
    let printed = compiled(include_str!("../../examples/quickstart/quickstart.meed"), "quickstart").to_text();
    let damaged = printed.replace("rounded half even", "").replace("keep row.registered", "keep row.registred");
    let error = Plan::from_text(&damaged).expect_err("no such field");
    let line = damaged.lines().position(|line| line.contains("registred")).expect("the damaged line") + 1;
    assert_eq!(error.to_string(), format!("line {line}: `row.registred` names nothing here"));
}

fn programs_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(programs_under(&path));
        } else if path.extension().is_some_and(|ending| ending == "meed") {
            found.push(path);
        }
    }
    found.sort();
    found
}
