//! The cases that are pages: every page under `tests/suite`, room by room. `CASE=words` runs only the headings that contain
//! these words; `BLESS=1` rewrites expected blocks that differ.

use meed_tests::check::check_page;
use meed_tests::page::{Page, pages};
use std::path::{Path, PathBuf};

fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite")
}

fn room(name: &str) {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let mut failures = Vec::new();
    for path in pages(&suite().join(name)) {
        let place = path.strip_prefix(suite()).unwrap_or(&path).display().to_string();
        let page = match Page::open(&path) {
            Ok(page) => page,
            Err(error) => {
                failures.push(format!("{place}: {error}"));
                continue;
            }
        };
        let verdict = check_page(&page, &wanted);
        failures.extend(verdict.failures.iter().map(|failure| format!("{place} {failure}")));
        if bless && !verdict.changes.is_empty() {
            std::fs::write(&path, page.with(verdict.changes)).expect("the page can be written");
        }
    }
    assert!(failures.is_empty(), "\n{}\ncases that fail: {}", failures.join("\n"), failures.len());
}

#[test]
fn language() {
    room("language");
}

#[test]
fn mechanics() {
    room("mechanics");
}

#[test]
fn published() {
    room("published");
}

/// A slip in the words of `CASE` would pass as green, as no case would be run.
#[test]
fn some_heading_contains_the_words_that_are_asked_for() {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let paths = pages(&suite());
    let has_it =
        |path: &PathBuf| Page::open(path).is_ok_and(|page| page.cases.iter().any(|case| case.title.contains(&wanted)));
    assert!(paths.iter().any(has_it), "no heading of {} pages contains `{wanted}`", paths.len());
}

#[test]
fn every_room_is_run() {
    let mut rooms: Vec<String> = std::fs::read_dir(suite())
        .expect("the suite is there")
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    rooms.sort();
    assert_eq!(rooms, ["language", "mechanics", "published"]);
}
