//! What the tests of this room share: the corpus, and trees without places.

#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};

/// Our own programs, which together use every production.
pub const CORPUS: &[(&str, &str)] = &[
    ("later", include_str!("../corpus/later.meed")),
    ("records", include_str!("../corpus/records.meed")),
    ("rules", include_str!("../corpus/rules.meed")),
    ("schedules", include_str!("../corpus/schedules.meed")),
    ("tests", include_str!("../corpus/tests.meed")),
];

/// Our own programs, and the sample programs and the library where they are present.
pub fn programs() -> Vec<(String, String)> {
    let mut programs: Vec<_> = CORPUS.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["../../shared/programs", "../examples", "../stdlib"] {
        let found = meed_files(&root.join(folder));
        if found.is_empty() {
            println!("skipped: no programs in {folder}");
        }
        for path in found {
            let text = std::fs::read_to_string(&path).expect("a program can be read");
            programs.push((path.display().to_string(), text));
        }
    }
    programs
}

fn meed_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            files.extend(meed_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "meed") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Problems as lines to read.
pub fn shown(text: &str, problems: &[meed_grammar::problem::Problem]) -> String {
    let line = |problem: &meed_grammar::problem::Problem| {
        let number = text[..problem.primary.0.start as usize].matches('\n').count() + 1;
        format!("  line {number}: [{}] {problem}: {}\n", problem.code, problem.primary.1)
    };
    problems.iter().map(line).collect()
}
