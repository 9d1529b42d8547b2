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
    other_means: String,
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
        let [state, waits_for, other_means] = [1, 3, 4].map(|cell| cells[cell].to_owned());
        (cells[0].to_owned(), Row { state, passing, all, waits_for, other_means })
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

/// By group, the words of the construct that its mechanic is about.
const CONSTRUCTS: &[(&str, &str)] = &[
    ("A02-marginal-per-transaction", "graduated"),
    ("A05-marginal-from-prior", "adds up"),
    ("A13-marginal-rebate", "graduated"),
    ("A15-whole-tier-rebate", "retroactive"),
    ("B01-partial-settlements", "retroactive"),
    ("C03-packages-started", "started"),
    ("C05-minimum-top-up", "at least"),
    ("D04-half-cent-split", "pay split"),
    ("D08-equal-split", "by equal shares"),
    ("E05-unilevel", "pay each"),
    ("F02-position-weights", "middle"),
    ("G03-concurrency", "choose highest"),
    ("H04-released-with-payment", "hold until"),
    ("H07-early-exit-clawback", "take back"),
    ("H08-credit-notes", "reverses"),
    ("K03-table-unique", "one match"),
    ("K05-table-first", "first match"),
    ("K06-table-first-number", "first match"),
    ("K08-table-collect-sum", "sum of matches"),
    ("L01-graduated", "graduated"),
    ("L04-packages", "every"),
    ("M03-rounding-modes", "rounded"),
    ("M07-currency-conversion", "money in"),
    ("N01-split-spare-to-first", "spare in listed order"),
    ("P03-flat-band", "retroactive"),
    ("P05-interpolated-rate", "curve"),
    ("P07-floor-and-cap", "at most"),
    ("O02-graduated-bounds", "graduated"),
    ("O08-delta-package", "every"),
    ("Z08-set-fee", "first match"),
];

#[test]
fn a_page_has_the_construct_of_its_mechanic_or_says_how_it_goes_without() {
    let (pages, table) = (own_pages(), table());
    for (group, words) in CONSTRUCTS {
        let row = &table[*group];
        let page = &pages[*group];
        let blocks = page.preamble.iter().chain(page.cases.iter().flat_map(|case| &case.blocks));
        let has = blocks.filter(|block| block.kind() == "meed").any(|block| block.text.contains(words));
        assert_eq!(row.other_means.is_empty(), has, "{group}, `{words}`");
    }
    let known = |group: &String| CONSTRUCTS.iter().any(|(known, _)| known == group);
    assert!(table.iter().all(|(group, row)| row.other_means.is_empty() || known(group)));
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
