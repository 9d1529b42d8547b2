//! Which file belongs to which record: `--data deal=deals.csv`, or a folder of files named as records are.

#![expect(clippy::result_large_err, reason = "an error ends the run, it is made once")]

use meed_compiler::plan::{Plan, Record, RecordId, RecordTable};
use meed_runtime::load::{LoadError, SourceFile, TableInput};
use std::path::{Path, PathBuf};

/// Why data cannot be bound to records.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// `--data` names no record of the program.
    #[error("the program has no record `{0}`")]
    UnknownRecord(String),
    /// Two files could be the table of one record.
    #[error("two files could be the table of `{record}`: `{first}` and `{second}`; name one with --data {record}=FILE")]
    TwoCandidates { record: String, first: String, second: String },
    /// A pattern matches no file.
    #[error("no file matches `{0}`")]
    NoMatch(String),
    /// A folder cannot be listed.
    #[error("cannot list `{folder}`: {reason}")]
    Folder { folder: String, reason: String },
    /// A table cannot be opened.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// What was bound, and the files of folders that belong to no record.
pub struct Bound {
    pub inputs: Vec<TableInput>,
    pub not_read: Vec<PathBuf>,
}

/// Binds what `--data` says.
pub fn bind(plan: &Plan, data: &[String]) -> Result<Bound, BindError> {
    let mut named: Vec<(usize, Vec<PathBuf>)> = Vec::new();
    let mut folders: Vec<&Path> = Vec::new();
    for entry in data {
        match entry.split_once('=') {
            Some((name, path)) => {
                let record = plan.records.iter().position(|record| record.name == name);
                let record = record.ok_or_else(|| BindError::UnknownRecord(name.to_owned()))?;
                named.push((record, matches(path)?));
            }
            None => folders.push(Path::new(entry)),
        }
    }
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in folders {
        files.extend(list(folder)?);
    }
    let mut inputs = Vec::new();
    let mut read = vec![false; files.len()];
    for (idx, record) in plan.records.iter().enumerate() {
        let is_table = matches!(record.source, RecordTable::Table(_));
        let paths: Vec<PathBuf> =
            named.iter().filter(|(record, _)| *record == idx).flat_map(|(_, paths)| paths.clone()).collect();
        let found: Vec<usize> = candidates(record, &files);
        found.iter().for_each(|&file| read[file] = true);
        if !record.used || !is_table {
            continue;
        }
        let paths = match (&paths[..], &found[..]) {
            ([], []) => continue,
            ([], [one]) => vec![files[*one].clone()],
            ([], [one, two, ..]) => {
                return Err(BindError::TwoCandidates {
                    record: record.name.clone(),
                    first: files[*one].display().to_string(),
                    second: files[*two].display().to_string(),
                });
            }
            _ => paths,
        };
        let files = paths.iter().map(|path| SourceFile::open(path)).collect::<Result<_, _>>()?;
        inputs.push(TableInput { record: RecordId(idx as u32), files });
    }
    let not_read = files.into_iter().zip(read).filter(|(_, read)| !read).map(|(file, _)| file).collect();
    Ok(Bound { inputs, not_read })
}

/// Files whose stem is the record's source name, else its own name or that with `s`, ignoring case.
fn candidates(record: &Record, files: &[PathBuf]) -> Vec<usize> {
    let own = record.name.to_lowercase();
    let wanted: Vec<String> = match &record.source {
        RecordTable::Table(Some(source)) => vec![source.to_lowercase()],
        RecordTable::Table(None) => vec![own.clone(), format!("{own}s")],
        RecordTable::Distinct(_) => Vec::new(),
    };
    let stem = |file: &PathBuf| file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    (0..files.len()).filter(|&idx| wanted.contains(&stem(&files[idx]))).collect()
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, BindError> {
    let fault =
        |error: std::io::Error| BindError::Folder { folder: folder.display().to_string(), reason: error.to_string() };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        if path.is_file() && matches!(ending.as_str(), "csv" | "tsv" | "txt" | "parquet") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The files of a name in which `*` stands for anything.
fn matches(pattern: &str) -> Result<Vec<PathBuf>, BindError> {
    let path = Path::new(pattern);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some((first, last)) = name.split_once('*') else { return Ok(vec![path.to_owned()]) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fits = |file: &PathBuf| {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.len() >= first.len() + last.len() && name.starts_with(first) && name.ends_with(last)
    };
    let found: Vec<PathBuf> = list(folder)?.into_iter().filter(fits).collect();
    if found.is_empty() { Err(BindError::NoMatch(pattern.to_owned())) } else { Ok(found) }
}
