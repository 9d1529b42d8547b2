//! The folders of `examples`: a program, its data and what it pays.

use meed_compiler::plan::{Plan, RecordTable};
use std::path::{Path, PathBuf};

/// The folders.
pub fn folders() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let entries = std::fs::read_dir(folder).expect("the examples are there");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    // Those with a number are systems: see `tests/systems.rs`.
    folders.retain(|path| path.is_dir() && !path.join("program.meed").is_file());
    folders.sort();
    folders
}

/// The name of a folder, which is that of its program.
pub fn name(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The text of the program in a folder.
pub fn program(folder: &Path) -> String {
    std::fs::read_to_string(folder.join(format!("{}.meed", name(folder)))).expect("the program can be read")
}

/// The tables in a folder that rules read, by record, under the names that records have in it.
pub fn tables(plan: &Plan, folder: &Path) -> Vec<(String, PathBuf)> {
    let path = |record: &meed_compiler::plan::Record| {
        let RecordTable::Table(source) = &record.source else { return None };
        let name = &record.name;
        let many = name.strip_suffix('y').map_or_else(|| format!("{name}s"), |stem| format!("{stem}ies"));
        let stem = source.clone().unwrap_or_else(|| name.clone());
        let stems = [stem.clone(), format!("{stem}s"), format!("{stem}es"), many];
        let paths = stems.iter().map(|stem| folder.join(format!("data/{stem}.csv")));
        Some((record.name.clone(), paths.into_iter().find(|path| path.is_file())?))
    };
    plan.records.iter().filter(|record| record.used).filter_map(path).collect()
}
