//! `docs/messages.md` says what `--message-format json` writes, field by field and by an example.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/messages.md");
    std::fs::read_to_string(path).expect("the page")
}

/// The text of the first block of a kind.
fn block<'p>(page: &'p str, kind: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("```{kind}\n")).expect("the block");
    rest.split_once("```").expect("the block ends").0
}

/// What `meed check` writes for a program named `example.meed`, and its exit code.
fn check(case: &str, program: &str) -> (Vec<Value>, i32) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(case);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("example.meed"), program).expect("the program");
    let output = Command::new(env!("CARGO_BIN_EXE_meed"))
        .args(["check", "example.meed", "--message-format", "json"])
        .current_dir(&folder)
        .output()
        .expect("the command runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    (lines, output.status.code().unwrap_or(-1))
}

#[test]
fn the_example_gives_the_lines_of_the_page() {
    let page = page();
    let (found, code) = check("messages", block(&page, "meed"));
    let wanted: Vec<Value> =
        block(&page, "json").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(found, wanted, "{}", found.iter().map(|line| format!("{line}\n")).collect::<String>());
    assert_eq!(code, 1);
}

#[test]
fn the_page_names_every_field() {
    let page = page();
    let (lines, _) = check("fields", block(&page, "meed"));
    let mut fields = BTreeSet::new();
    let mut take = |value: &Value| fields.extend(value.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    for line in &lines {
        take(line);
        take(&line["primary"]);
        line["repairs"].as_array().into_iter().flatten().for_each(|repair| {
            take(repair);
            repair["edits"].as_array().into_iter().flatten().for_each(&mut take);
        });
        line["others"].as_array().into_iter().flatten().for_each(&mut take);
    }
    let named = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
    let named: BTreeSet<String> =
        named.flat_map(|(cell, _)| cell.split(", ")).map(|name| name.replace('`', "")).collect();
    assert_eq!(fields, named);
}

#[test]
fn the_edit_of_the_example_repairs_it() {
    let page = page();
    let program = block(&page, "meed");
    let (lines, _) = check("before", program);
    let edit = &lines[0]["repairs"][0]["edits"][0];
    let at = |name: &str| edit[name].as_u64().expect("a place") as usize;
    let mut mended = program.to_owned();
    mended.replace_range(at("start")..at("end"), edit["replacement"].as_str().expect("a text"));
    let (after, code) = check("after", &mended);
    assert_eq!(after, lines[1..].iter().map(|line| moved(line, 1)).collect::<Vec<_>>());
    assert_eq!(code, 1);
}

/// A message whose places are so many bytes later.
fn moved(line: &Value, by: u64) -> Value {
    let mut line = line.clone();
    let mut places = vec![line["primary"].take()];
    places.extend(line["others"].as_array().cloned().unwrap_or_default());
    for place in &mut places {
        for end in ["start", "end"] {
            place[end] = (place[end].as_u64().expect("a place") + by).into();
        }
    }
    line["primary"] = places.remove(0);
    line["others"] = places.into();
    line
}
