//! What a newcomer is told is so: the files and names of the walkthroughs are there, and the Plan that is explained is printed.
//! `BLESS=1` rewrites that Plan.

use std::path::{Path, PathBuf};

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(house().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The texts in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The walkthroughs by their heading.
fn walkthroughs(page: &str) -> Vec<(&str, &str)> {
    let (_, rest) = page.split_once("\n## Walkthroughs\n").expect("the walkthroughs");
    rest.split("\n### ").skip(1).filter_map(|part| part.split_once('\n')).collect()
}

#[test]
fn every_file_of_a_walkthrough_is_there_and_has_what_is_looked_for() {
    let page = read("CONTRIBUTING.md");
    let walkthroughs = walkthroughs(&page);
    assert_eq!(walkthroughs.len(), 4);
    for (title, text) in walkthroughs {
        let mut n_files = 0;
        for row in text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let file = quoted(cells[1]).next().expect("a file");
            n_files += 1;
            // The name of a new file is the writer's; its folder is not.
            if file.contains('<') {
                let folder = Path::new(file).parent().expect("a folder");
                assert!(house().join(folder).is_dir(), "{title}: `{}` is nowhere", folder.display());
                continue;
            }
            let source = read(file);
            for name in quoted(cells[2]) {
                assert!(source.contains(name), "{title}: `{file}` has no `{name}`");
            }
        }
        assert!(n_files > 5, "{title}: the files are found");
    }
}

#[test]
fn every_path_of_the_page_is_there() {
    let page = read("CONTRIBUTING.md");
    let prose = page.split("```").step_by(2).flat_map(quoted);
    let rooms = ["grammar/", "stdlib/", "compiler/", "runtime/", "cli/", "tests/", "docs/", "examples/"];
    let paths = prose.filter(|text| rooms.iter().any(|room| text.starts_with(room)) && !text.contains('<'));
    let missing: Vec<&str> = paths.filter(|path| !house().join(path).exists()).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// The block of this kind in the part of the page about Plans.
fn block<'p>(page: &'p str, kind: &str) -> &'p str {
    let (_, rest) = page.split_once("\n## Read a Plan\n").expect("the part about Plans");
    let (_, rest) = rest.split_once(&format!("```{kind}\n")).expect("the block");
    rest.split_once("```").expect("the block ends").0
}

#[test]
fn the_plan_is_that_of_the_program_and_every_line_told_is_in_it() {
    let page = read("CONTRIBUTING.md");
    let compiled = meed_compiler::compile(block(&page, "meed"), &[]);
    assert_eq!(compiled.problems, []);
    let plan = compiled.plan.expect("a program without problems has a Plan").to_text();
    let written = block(&page, "plan");
    if std::env::var("BLESS").is_ok_and(|value| value == "1") && written != plan {
        std::fs::write(house().join("CONTRIBUTING.md"), page.replace(written, &plan)).expect("the page can be written");
    }
    assert_eq!(written, plan);
    let (_, rest) = page.split_once("| line | says |").expect("the table of lines");
    let (table, _) = rest.split_once("\n\n").expect("the table ends");
    let told: Vec<&str> = table.lines().filter_map(|row| quoted(row).next()).collect();
    assert!(told.len() > 10);
    for line in told {
        assert!(plan.contains(line.trim_end_matches('…').trim_end()), "`{line}` is not in the Plan");
    }
}

/// A version of Rust as its numbers.
fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().expect("a number")).collect()
}

/// The text behind `name = ` in a file.
fn setting(file: &str, name: &str) -> String {
    let text = read(file);
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
    value.unwrap_or_else(|| panic!("{file} says no {name}")).trim().trim_matches('"').to_owned()
}

#[test]
fn the_pinned_rust_is_no_older_than_the_oldest_allowed() {
    let (pinned, oldest) = (setting("rust-toolchain.toml", "channel"), setting("Cargo.toml", "rust-version"));
    assert!(version(&pinned) >= version(&oldest), "{pinned} is pinned, {oldest} is allowed");
    // While both are one, what CI builds is also built by the oldest Rust that is allowed.
    assert!(version(&pinned).starts_with(&version(&oldest)), "let .ci/run build with {oldest} too");
}
