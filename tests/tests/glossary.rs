//! The glossary against the sources: what it names is there, what the Plan and the rooms are called is in it, and words that
//! were given up stay given up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where types are declared.
const ROOMS: [&str; 6] = ["grammar/src", "stdlib/src", "compiler/src", "runtime/src", "book/src", "cli/src"];

/// The rooms whose folders each have an entry.
const FOLDERS: [&str; 2] = ["compiler/src", "runtime/src"];

/// Names of types that were given up for a better word, which is beside each. One more line here keeps one more word away.
const GIVEN_UP: &[(&str, &str)] = &[
    ("Ask", "ScheduleOutput"),
    ("Blank", "FunctionSlot"),
    ("Breach", "Violation"),
    ("By", "SortKey"),
    ("Dealt", "Partition"),
    ("Draft", "TableBuilder"),
    ("Effort", "OptLevel"),
    ("Ending", "ExitStatus"),
    ("Family", "RuleLines"),
    ("Gather", "Prefetch"),
    ("Gathering", "Aggregate"),
    ("Grid", "EntityPeriods"),
    ("Group", "Fold"),
    ("Holds", "SourceType"),
    ("Kept", "RowFlags"),
    ("Lane", "RowValue"),
    ("Obligation", "Invariant"),
    ("Point", "ExplainStep"),
    ("Runs", "SortedRuns"),
    ("SlotSpec", "Key"),
    ("Slots", "GroupIndex"),
    ("Stored", "SpilledBatch"),
    ("Teller", "Explainer"),
    ("View", "Side"),
    ("Watch", "StageTimer"),
    ("Windows", "Pages"),
];

/// The words that declare a type.
const TYPES: [&str; 4] = ["struct ", "enum ", "trait ", "type "];

struct Entry {
    section: String,
    term: String,
    means: String,
    names: Vec<String>,
}

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn entries() -> Vec<Entry> {
    let text = std::fs::read_to_string(house().join("docs/glossary.md")).expect("the glossary");
    let (mut section, mut entries) = (String::new(), Vec::new());
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        }
        let Some(row) = line.strip_prefix("| ").and_then(|line| line.strip_suffix('|')) else { continue };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if cells[0] == "term" || cells[0] == "---" {
            continue;
        }
        assert_eq!(cells.len(), 3, "three cells: {line}");
        let names = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let (term, means) = (cells[0].to_owned(), cells[1].to_owned());
        entries.push(Entry { section: section.clone(), term, means, names });
    }
    assert!(entries.len() > 100, "the tables are found");
    entries
}

/// The Rust files below a folder, or beside it with its name, by their text.
fn sources(room: &str) -> Vec<String> {
    let root = house().join(room);
    let beside = root.with_extension("rs");
    let (mut folders, mut texts) = (vec![root], Vec::new());
    texts.extend(std::fs::read_to_string(beside));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a room").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                texts.push(std::fs::read_to_string(&path).expect("a source file"));
            }
        }
    }
    texts
}

/// What lines of code declare by one of these words, and whether it is public everywhere.
fn declared(texts: &[String], words: &[&str]) -> BTreeMap<String, bool> {
    let mut names = BTreeMap::new();
    for line in texts.iter().flat_map(|text| text.lines()) {
        let line = line.trim_start();
        let bare = ["pub(crate) ", "pub(super) ", "pub ", ""].into_iter().find_map(|start| line.strip_prefix(start));
        let bare = bare.unwrap_or(line).trim_start_matches("const ").trim_start_matches("unsafe ");
        for rest in words.iter().filter_map(|word| bare.strip_prefix(word)) {
            let name: String = rest.chars().take_while(|sign| sign.is_alphanumeric() || *sign == '_').collect();
            if !name.is_empty() {
                *names.entry(name).or_default() |= line.starts_with("pub ");
            }
        }
    }
    names
}

#[test]
fn every_name_of_the_glossary_is_in_the_sources() {
    let texts: Vec<String> = ROOMS.iter().flat_map(|room| sources(room)).collect();
    let known = declared(&texts, &[&TYPES[..], &["fn "]].concat());
    for entry in entries() {
        for name in entry.names {
            let there = if name.contains('/') { house().join(&name).exists() } else { known.contains_key(&name) };
            assert!(there, "`{}` names `{name}`, which is nowhere", entry.term);
        }
    }
}

#[test]
fn every_type_of_the_plan_and_every_folder_has_an_entry() {
    let told: BTreeSet<String> = entries().into_iter().flat_map(|entry| entry.names).collect();
    let types = declared(&sources("compiler/src/plan"), &TYPES);
    let types = types.into_iter().filter(|(_, public)| *public).map(|(name, _)| name);
    let mut wanted: Vec<String> = types.collect();
    assert!(wanted.len() > 40, "the types are found");
    for room in FOLDERS {
        for entry in std::fs::read_dir(house().join(room)).expect("a room").flatten() {
            if entry.path().is_dir() {
                wanted.push(format!("{room}/{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    let missing: Vec<String> = wanted.into_iter().filter(|name| !told.contains(name)).collect();
    assert_eq!(missing, Vec::<String>::new(), "without an entry in docs/glossary.md");
}

#[test]
fn every_term_has_one_meaning_in_one_sentence() {
    let entries = entries();
    let mut terms = BTreeSet::new();
    for entry in &entries {
        assert!(terms.insert(entry.term.to_lowercase()), "`{}` is told twice", entry.term);
        let sentence = entry.means.starts_with(char::is_uppercase) && entry.means.ends_with('.');
        assert!(sentence && !entry.means.contains(". "), "`{}` is told in one sentence: {}", entry.term, entry.means);
        assert!(entry.means.len() <= 120, "`{}` is told in a short sentence", entry.term);
    }
    for pair in entries.windows(2).filter(|pair| pair[0].section == pair[1].section) {
        assert!(
            pair[0].term.to_lowercase() < pair[1].term.to_lowercase(),
            "`{}` stands before `{}`",
            pair[1].term,
            pair[0].term
        );
    }
}

#[test]
fn no_type_has_a_name_that_was_given_up() {
    let texts: Vec<String> = ROOMS.iter().flat_map(|room| sources(room)).collect();
    let known = declared(&texts, &TYPES);
    let back: Vec<_> = GIVEN_UP.iter().filter(|(name, _)| known.contains_key(*name)).collect();
    assert_eq!(back, Vec::<&(&str, &str)>::new(), "each has a better word beside it");
}
