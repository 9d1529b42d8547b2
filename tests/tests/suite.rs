//! The cases that are pages: every page under `tests/suite`, room by room. `CASE=words` runs only the headings that contain
//! these words; `BLESS=1` rewrites expected blocks that differ.

use meed_tests::check::check_page;
use meed_tests::page::{Page, pages};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite")
}

/// Pages stand for themselves, and each way of settling them takes its time: as many are checked side by side as there are processors.
fn room(name: &str) {
    let paths = pages(&suite().join(name));
    let next = AtomicUsize::new(0);
    let failures: Mutex<Vec<(usize, Vec<String>)>> = Mutex::default();
    let n_workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..n_workers {
            scope.spawn(|| {
                loop {
                    let idx = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(idx) else { break };
                    let found = failures_of(path);
                    failures.lock().expect("no page panics").push((idx, found));
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("no page panics");
    failures.sort_unstable();
    let failures: Vec<String> = failures.into_iter().flat_map(|(_, found)| found).collect();
    assert!(failures.is_empty(), "\n{}\ncases that fail: {}", failures.join("\n"), failures.len());
}

/// The cases of a page that fail.
fn failures_of(path: &Path) -> Vec<String> {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let place = path.strip_prefix(suite()).unwrap_or(path).display().to_string();
    let page = match Page::open(path) {
        Ok(page) => page,
        Err(error) => return vec![format!("{place}: {error}")],
    };
    let verdict = check_page(&page, &wanted);
    let failures = verdict.failures.iter().map(|failure| format!("{place} {failure}")).collect();
    if bless && !verdict.changes.is_empty() {
        std::fs::write(path, page.with(verdict.changes)).expect("the page can be written");
    }
    failures
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
