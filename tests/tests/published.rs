//! The published figures: the table in the docs against the pages, and the pages against the files they come from.

use meed_tests::page::{Page, pages};
use meed_tests::{published, shared};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/published")
}

/// Pages by group.
fn own_pages() -> BTreeMap<String, Page> {
    let group = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    pages(&folder()).iter().map(|path| (group(path), Page::open(path).expect("the page can be read"))).collect()
}

/// A row of the table in the docs.
#[derive(Debug)]
struct Row {
    state: String,
    passing: usize,
    all: usize,
    waits_for: String,
}

fn text() -> String {
    let path = folder().join("../../../docs/published-figures.md");
    std::fs::read_to_string(path).expect("the table can be read")
}

fn table() -> BTreeMap<String, Row> {
    let text = text();
    let lines = text.lines().filter(|line| line.starts_with("| ")).skip(2);
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (passing, all) = cells[2].split_once(" of ").expect("how many of how many");
        let number = |text: &str| text.parse().expect("a number");
        let (passing, all) = (number(passing), number(all));
        (cells[0].to_owned(), Row { state: cells[1].to_owned(), passing, all, waits_for: cells[3].to_owned() })
    };
    lines.map(row).collect()
}

#[test]
fn the_table_says_what_the_pages_hold() {
    let (pages, table) = (own_pages(), table());
    assert_eq!(table.len(), 42, "groups in the table");
    for group in pages.keys() {
        assert!(table.contains_key(group), "{group} has a page but no row");
    }
    for (group, row) in &table {
        let passing = pages.get(group).map_or(0, |page| page.cases.len());
        assert_eq!(row.passing, passing, "cases of {group}");
        let state = if passing == 0 {
            "waits"
        } else if passing < row.all {
            "partly"
        } else {
            "passes"
        };
        assert_eq!(row.state, state, "state of {group}");
        assert_eq!(row.waits_for.is_empty(), state == "passes", "what {group} waits for");
    }
    let count = |state: &str| table.values().filter(|row| row.state == state).count();
    let sum = |number: fn(&Row) -> usize| table.values().map(number).sum::<usize>();
    let counts = format!(
        "{} groups pass, {} partly, {} wait: {} of {} cases.",
        count("passes"),
        count("partly"),
        count("waits"),
        sum(|row| row.passing),
        sum(|row| row.all)
    );
    assert!(text().contains(&counts), "{counts}");
}

#[test]
fn pages_hold_the_figures_of_their_files() {
    let Some(shared) = shared() else { return };
    let (pages, table) = (own_pages(), table());
    let mut differences = Vec::new();
    for (group, row) in &table {
        let path = shared.join(format!("cases/{group}.json"));
        let text = std::fs::read_to_string(&path).expect("the file of the group can be read");
        let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(file["cases"].as_array().map(Vec::len), Some(row.all), "cases of {group}");
        if let Some(page) = pages.get(group) {
            let (found, ids) = published::compare(page, &file);
            assert_eq!(ids.len() + found.iter().filter(|one| one.contains("no case")).count(), page.cases.len());
            differences.extend(found.into_iter().map(|difference| format!("{group} {difference}")));
        }
    }
    assert_eq!(differences, Vec::<String>::new(), "{}", differences.join("\n"));
}
