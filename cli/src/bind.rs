//! Which file belongs to which record: `--data deal=deals.csv`, or a folder of files named as records are.

#![expect(clippy::result_large_err, reason = "an error ends the run, it is made once")]

mod files;
mod place;

use crate::ExitStatus;
use files::{expand, list, place};
use meed_compiler::plan::{Plan, Record, RecordId, RecordTable};
use meed_grammar::foreign::shown;
use meed_runtime::inner::load::LoadError;
use meed_runtime::inner::source::{DatabaseFault, SourceError, SourceFile, without_password};
pub use place::{STANDARD_INPUT, TablePlace, place_name};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Why data cannot be bound to records.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// `--data` names no record of the program.
    #[error("the program has no record `{}`", shown(name))]
    UnknownRecord { name: String, near: Option<String> },
    /// A record that is in another record's table.
    #[error("`{record}` has no table of its own: its keys are in the table of `{other}`")]
    NoTable { record: String, other: String },
    /// A file without the name of its record.
    #[error("`{}` is a file: whose table is it?", shown(.0))]
    FileAlone(String),
    /// Two files could be the table of one record.
    #[error("two files could be the table of `{record}`: `{}` and `{}`", shown(first), shown(second))]
    TwoCandidates { record: String, first: String, second: String },
    /// One file twice in one table.
    #[error("`{}` is named twice for `{record}`: its rows would count twice", shown(file))]
    Twice { record: String, file: String },
    /// A pattern matches no file.
    #[error("no file matches `{}`", shown(.0))]
    NoMatch(String),
    /// Standard input as two tables.
    #[error("standard input is read as the table of `{first}` and cannot be that of `{second}` too")]
    StandardInputTwice { first: String, second: String },
    /// A database without a table.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// A table that is on no disk of this machine.
    #[error("`{}` is not read: tables are files of this machine, or of SQLite and PostgreSQL", shown(address))]
    Remote { address: String, fetch: Option<&'static str> },
    /// A folder cannot be listed.
    #[error("cannot list `{}`: {reason}", shown(folder))]
    Folder { folder: String, reason: String },
    /// A table that another program writes while it is read.
    #[error("`{0}` was changed while it was read")]
    Changed(String),
    /// A table cannot be opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A table cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl BindError {
    /// The code, one per kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownRecord { .. }
            | Self::NoTable { .. }
            | Self::FileAlone(_)
            | Self::StandardInputTwice { .. }
            | Self::Database(_) => "command-line",
            Self::TwoCandidates { .. } | Self::Twice { .. } | Self::NoMatch(_) | Self::Folder { .. } => "which-table",
            Self::Remote { .. } => "remote-table",
            Self::Changed(_) => "input-changed",
            Self::Source(error) => error.code(),
            Self::Load(error) => error.code(),
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownRecord { near, .. } => near.as_ref().map(|near| format!("did you mean `{near}`?")),
            Self::NoTable { other, .. } => Some(format!("give the table of `{other}`")),
            Self::FileAlone(file) if file.contains(' ') => {
                Some(format!("name its record: --data 'deal={}'", shown(file)))
            }
            Self::FileAlone(file) => Some(format!("name its record: --data deal={}", shown(file))),
            Self::TwoCandidates { record, first, .. } => Some(format!("name one: --data {record}={}", shown(first))),
            Self::Remote { address, fetch: Some(fetch) } => {
                Some(format!("copy it here first, as by: {}", fetch.replace("ADDRESS", &shown(address))))
            }
            Self::Remote { fetch: None, .. } => Some("copy it here first, and name the file".to_owned()),
            Self::StandardInputTwice { .. } => Some("name a file for one of them".to_owned()),
            Self::Database(_) => Some("say which rows: ?table=NAME, or ?query=SELECT … behind it".to_owned()),
            Self::Twice { .. } | Self::NoMatch(_) | Self::Folder { .. } => None,
            Self::Changed(_) => Some("run again when nothing writes to it".to_owned()),
            Self::Source(error) => error.help(),
            Self::Load(error) => error.help(),
        }
    }

    /// How the command ends.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::UnknownRecord { .. }
            | Self::NoTable { .. }
            | Self::FileAlone(_)
            | Self::StandardInputTwice { .. }
            | Self::Database(_)
            | Self::Twice { .. } => ExitStatus::Usage,
            Self::TwoCandidates { .. }
            | Self::NoMatch(_)
            | Self::Remote { .. }
            | Self::Folder { .. }
            | Self::Changed(_)
            | Self::Source(_)
            | Self::Load(_) => ExitStatus::Tables,
        }
    }
}

/// The files of each record's table.
#[derive(Debug, Default, PartialEq)]
pub struct Bound {
    /// By record that has a table and is read.
    pub tables: Vec<(RecordId, Vec<TablePlace>)>,
    /// What is not read, and why where that is no matter of its name.
    pub not_read: Vec<(TablePlace, Option<String>)>,
}

/// Binds what `--data` says.
#[expect(clippy::indexing_slicing, reason = "`candidates` gives numbers of the files that it was asked about")]
pub fn bind(plan: &Plan, data: &[String]) -> Result<Bound, BindError> {
    let mut named: Vec<(RecordId, TablePlace)> = Vec::new();
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in data {
        if TablePlace::elsewhere(entry)?.is_some() {
            return Err(BindError::FileAlone(without_password(entry)));
        }
        match entry.split_once('=').filter(|_| !Path::new(entry).is_dir()) {
            Some((name, pattern)) => {
                let record = record_named(plan, name.trim())?;
                for table in places(pattern.trim())? {
                    if named.iter().any(|(known, other)| *known == record && is_same(other, &table)) {
                        let record = plan.record(record).name.clone();
                        return Err(BindError::Twice { record, file: table.to_string() });
                    }
                    let is_twice =
                        |(_, other): &&(_, TablePlace)| table == TablePlace::StandardInput && *other == table;
                    if let Some((first, _)) = named.iter().find(is_twice) {
                        let name = |id| plan.record(id).name.clone();
                        return Err(BindError::StandardInputTwice { first: name(*first), second: name(record) });
                    }
                    named.push((record, table));
                }
            }
            None if Path::new(entry).is_file() => return Err(BindError::FileAlone(entry.clone())),
            None => {
                is_here(entry)?;
                files.extend(list(Path::new(entry))?);
            }
        }
    }
    let mut bound = Bound::default();
    let mut reasons: Vec<Option<Option<String>>> = vec![Some(None); files.len()];
    for (id, record) in (0..).map(RecordId).zip(&plan.records) {
        let own: Vec<TablePlace> =
            named.iter().filter(|(known, _)| *known == id).map(|(_, table)| table.clone()).collect();
        let found = candidates(record, &files);
        if !record.used {
            let reason = format!("no rule reads `{}`", record.name);
            bound.not_read.extend(own.into_iter().map(|table| (table, Some(reason.clone()))));
            found.iter().for_each(|&file| reasons[file] = Some(Some(reason.clone())));
            continue;
        }
        let paths = match (&own[..], &found[..]) {
            ([], []) => continue,
            ([], [one]) => {
                reasons[*one] = None;
                vec![TablePlace::File(files[*one].clone())]
            }
            // A pattern means all files that fit it.
            ([], many) if is_pattern(record) => {
                many.iter().for_each(|&file| reasons[file] = None);
                many.iter().map(|&file| TablePlace::File(files[file].clone())).collect()
            }
            ([], [one, two, ..]) => {
                let name = |file: usize| files[file].display().to_string();
                return Err(BindError::TwoCandidates {
                    record: record.name.clone(),
                    first: name(*one),
                    second: name(*two),
                });
            }
            _ => {
                let reason = Some(format!("another file is named for `{}`", record.name));
                for &file in &found {
                    reasons[file] = Some(reason.clone());
                }
                own
            }
        };
        bound.tables.push((id, paths));
    }
    // A file whose name fits and whose ending does not is likely meant.
    let names: Vec<String> = plan.records.iter().flat_map(|record| names_of(&record.name.to_lowercase())).collect();
    for (file, reason) in files.iter().zip(&mut reasons) {
        let is_meant = !files::is_table(file) && names.contains(&files::stem(file));
        if let (true, Some(None), Err(error)) = (is_meant, &reason, SourceFile::open(file)) {
            *reason = Some(error.help());
        }
    }
    let rest = files.into_iter().zip(reasons).filter_map(|(file, reason)| Some((TablePlace::File(file), reason?)));
    bound.not_read.extend(rest);
    // A file of a folder may be named too, and one that another record does not need may be read for its own.
    let read: HashSet<PathBuf> =
        bound.tables.iter().flat_map(|(_, tables)| tables.iter().filter_map(TablePlace::file).map(place)).collect();
    bound.not_read.retain(|(table, _)| table.file().is_none_or(|file| !read.contains(&place(file))));
    Ok(bound)
}

/// The places that an entry names, behind its record.
fn places(entry: &str) -> Result<Vec<TablePlace>, BindError> {
    if let Some(place) = TablePlace::elsewhere(entry)? {
        return Ok(vec![place]);
    }
    is_here(entry)?;
    Ok(expand(entry)?.into_iter().map(TablePlace::File).collect())
}

/// Whether two places are one: the same file by two names is the same file.
fn is_same(one: &TablePlace, other: &TablePlace) -> bool {
    match (one, other) {
        (TablePlace::File(one), TablePlace::File(other)) => place(one) == place(other),
        (one, other) => one == other,
    }
}

/// The files and folders to be looked at for changes of what an entry names; of a pattern the folder of its files.
pub fn watched(entry: &str) -> Option<PathBuf> {
    let entry = match entry.split_once('=').filter(|_| !Path::new(entry).is_dir()) {
        Some((_, file)) => file.trim(),
        None => entry,
    };
    match TablePlace::elsewhere(entry) {
        Ok(Some(place)) => place.file().map(Path::to_owned),
        Err(_) => None,
        Ok(None) if entry.contains('*') && !Path::new(entry).exists() => {
            Path::new(entry.split('*').next().unwrap_or_default()).parent().map(Path::to_owned)
        }
        Ok(None) => Some(PathBuf::from(entry)),
    }
}

/// What brings a file here from an address that begins so.
const FETCHES: [(&str, &str); 6] = [
    ("s3", "aws s3 cp ADDRESS ."),
    ("gs", "gcloud storage cp ADDRESS ."),
    ("abfs", "azcopy copy ADDRESS ."),
    ("abfss", "azcopy copy ADDRESS ."),
    ("http", "curl -O ADDRESS"),
    ("https", "curl -O ADDRESS"),
];

/// Demands that a table is a file: an address of something elsewhere has a word before `://`.
fn is_here(entry: &str) -> Result<(), BindError> {
    let Some((scheme, _)) = entry.split_once("://") else { return Ok(()) };
    let is_scheme =
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme || Path::new(entry).exists() {
        return Ok(());
    }
    let fetch = FETCHES.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme)).map(|(_, fetch)| *fetch);
    Err(BindError::Remote { address: without_password(entry), fetch })
}

fn record_named(plan: &Plan, name: &str) -> Result<RecordId, BindError> {
    let known = || plan.records.iter().map(|record| record.name.as_str());
    let Some(id) = plan.record_named(name) else {
        let near = meed_grammar::nearest(name, known()).map(str::to_owned);
        return Err(BindError::UnknownRecord { name: name.to_owned(), near });
    };
    match plan.record(id).source {
        RecordTable::Table(_) => Ok(id),
        RecordTable::Distinct(other) => {
            let other = plan.record(other).name.clone();
            Err(BindError::NoTable { record: name.to_owned(), other })
        }
    }
}

/// A name and what may be its plural: deals, touches, companies.
fn names_of(own: &str) -> Vec<String> {
    let mut names = vec![own.to_owned(), format!("{own}s"), format!("{own}es")];
    names.extend(own.strip_suffix('y').map(|stem| format!("{stem}ies")));
    names
}

/// Whether a record's source names files by a pattern.
fn is_pattern(record: &Record) -> bool {
    matches!(&record.source, RecordTable::Table(Some(source)) if source.contains('*'))
}

/// Files that the record's source names, by their stem, or with their ending or by a pattern; else its own name or its plural,
/// ignoring case.
fn candidates(record: &Record, files: &[PathBuf]) -> Vec<usize> {
    let own = record.name.to_lowercase();
    let source = match &record.source {
        RecordTable::Table(source) => source,
        RecordTable::Distinct(_) => return Vec::new(),
    };
    let fitting = |fits: &dyn Fn(&Path) -> bool| -> Vec<usize> {
        let tables = files.iter().enumerate().filter(|(_, file)| files::is_table(file) && fits(file));
        tables.map(|(idx, _)| idx).collect()
    };
    let with = |stems: &[String]| fitting(&|path| stems.contains(&files::stem(path)));
    let named = |source: &String| {
        let source = source.to_lowercase();
        fitting(&|path| {
            let name =
                |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
            [name(path), name(&SourceFile::unpacked_name(path)), files::stem(path)]
                .iter()
                .any(|own| *own == source || files::matches(&source, own))
        })
    };
    let by_source = source.as_ref().map_or_else(Vec::new, named);
    if by_source.is_empty() { with(&names_of(&own)) } else { by_source }
}
