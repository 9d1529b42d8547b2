//! `meed data [PROGRAM]`: which tables and columns a program reads; as files to begin with; and a draft of how its files are read.

mod draft;
mod example;

use crate::ExitStatus;
use crate::draw::{Messages, file_name, print_all};
use crate::out::{not_written, write_whole};
use crate::project;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{
    ColumnSource, Field, FieldSource, Format, PercentFormat, Plan, Record, RecordId, RecordKind, RecordTable, Type,
};
use meed_grammar::foreign::shown;
use std::path::{Path, PathBuf};

/// List the tables and columns that a program reads.
#[derive(clap::Args)]
pub struct Data {
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder or one around it]
    program: Option<PathBuf>,
    /// Write the tables into this folder, with two example rows each
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Print a draft of how the files of this folder could be read, from their headers and cells
    #[arg(long, value_name = "FOLDER", conflicts_with = "to")]
    from: Option<PathBuf>,
}

impl Data {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let program = match project::program(self.program.as_deref(), &[], messages) {
            Ok(program) => program,
            Err(status) => return status,
        };
        let compiled = program.compile(messages);
        let Some(plan) = &compiled.plan else { return ExitStatus::Program };
        match (&self.to, &self.from) {
            (Some(folder), _) => write(plan, folder, messages),
            (None, Some(folder)) => draft::print(&program, plan, folder, messages),
            (None, None) => print_all(&listed(plan), messages),
        }
    }
}

/// A column that is read.
struct Column<'a> {
    field: &'a Field,
    source: &'a ColumnSource,
    /// Its place among the columns of its field, which are several where the key that it names has several parts.
    part: usize,
    /// Whether its field is a part of the key.
    is_key: bool,
}

/// The records that have tables which are read.
fn tables(plan: &Plan) -> impl Iterator<Item = (RecordId, &Record)> {
    let has_table = |record: &Record| record.used && matches!(record.source, RecordTable::Table(_));
    (0..).map(RecordId).zip(&plan.records).filter(move |(_, record)| has_table(record))
}

/// The columns that are read of a record's table, each once.
fn columns(record: &Record) -> Vec<Column<'_>> {
    let skipped = record.layout.skip.as_ref().map(meed_compiler::plan::RowTest::fields).unwrap_or_default();
    let mut found: Vec<Column<'_>> = Vec::new();
    for (idx, field) in record.fields.iter().enumerate() {
        let is = |id: &meed_compiler::plan::FieldId| id.index() == idx;
        let is_key = record.key.iter().any(is);
        if !(field.used || is_key || skipped.iter().any(is)) {
            continue;
        }
        let sources = match &field.source {
            FieldSource::Column(source) => std::slice::from_ref(source),
            FieldSource::Columns(sources) => sources,
            FieldSource::Day(_) | FieldSource::Place | FieldSource::Returned(_) | FieldSource::Read(..) => &[],
        };
        for (part, source) in sources.iter().enumerate() {
            let is_new = found.iter().all(|known| !known.source.header.eq_ignore_ascii_case(&source.header));
            if is_new {
                found.push(Column { field, source, part, is_key });
            }
        }
    }
    found
}

/// The file that a record's table is looked for in.
fn file_of(record: &Record) -> String {
    let usual = || {
        let name = &record.name;
        let stem = name.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
        format!("{}.csv", stem.map_or_else(|| format!("{name}s"), |stem| format!("{stem}ies")))
    };
    let RecordTable::Table(Some(source)) = &record.source else { return usual() };
    match Path::new(source).extension().and_then(|ending| ending.to_str()) {
        Some("csv" | "tsv" | "txt") => source.replace('*', "1"),
        // A workbook is not what is written here.
        Some(_) => usual(),
        None => format!("{}.csv", source.replace('*', "1")),
    }
}

/// The tables with their columns, for people.
fn listed(plan: &Plan) -> String {
    let mut text = String::new();
    for (_, record) in tables(plan) {
        let kind = match record.kind {
            RecordKind::Entity => "entity",
            RecordKind::Event => "event",
        };
        text += &format!("{}: {kind} {}, {}\n", file_of(record), record.name, table_words(record));
        let columns = columns(record);
        let width = columns.iter().map(|column| column.source.header.chars().count()).max().unwrap_or(0);
        for column in columns {
            let header = &column.source.header;
            text += &format!("  {header:width$}  {}\n", words(plan, &column));
        }
        text.push('\n');
    }
    if text.is_empty() {
        return "the program reads no tables\n".to_owned();
    }
    text.trim_end().to_owned() + "\n"
}

fn table_words(record: &Record) -> String {
    let optional = record.kind == RecordKind::Entity
        && columns(record).iter().all(|column| column.is_key)
        && record.key.len() == 1;
    let table = if optional { "which needs no table: its keys are those that others name" } else { "a row each" };
    let header = match record.layout.header_row {
        0 | 1 => String::new(),
        row => format!(", headers in row {row}"),
    };
    format!("{table}{header}")
}

/// What a column has.
fn words(plan: &Plan, Column { field, source, is_key, .. }: &Column<'_>) -> String {
    let own = if *is_key { "the key: " } else { "" };
    let ty = match field.ty {
        Type::Number => "a number".to_owned(),
        Type::Count => "a whole number".to_owned(),
        Type::Percent => match source.format {
            Format::Number { percent: PercentFormat::Hundredths, .. } => {
                "a percent without its sign, 12 for 12%".to_owned()
            }
            Format::Number { percent: PercentFormat::Share, .. } => "a share, 0.12 for 12%".to_owned(),
            _ => "a percent, 12%".to_owned(),
        },
        Type::Money(unit) => format!("money, {}", plan.unit(unit).code),
        Type::YesNo => match &source.format {
            Format::YesNo { yes, no } => format!("{yes} or {no}"),
            _ => "yes or no".to_owned(),
        },
        Type::Date => match &source.format {
            Format::Date(pattern) => format!("a date, {pattern}"),
            Format::DateTime { .. } => "a date and time".to_owned(),
            Format::LastDayOf(sample) => format!("the name of a period, such as {sample}"),
            _ => "a date, 2026-02-01".to_owned(),
        },
        Type::Period(period) => format!("a {}", period.word()),
        Type::Choice(choice) => {
            let names = plan.choices.get(choice.index()).map(|choice| choice.join(", ")).unwrap_or_default();
            format!("one of {names}")
        }
        Type::Text(_) => "a text".to_owned(),
        Type::Id(_) => "a name or number that is its own".to_owned(),
        Type::Ref(record) => format!("the key of a row of {}", plan.record(record).name),
    };
    let optional = if field.optional { ", may be empty" } else { "" };
    let name =
        if source.header.eq_ignore_ascii_case(&field.name) { String::new() } else { format!(" ({})", field.name) };
    format!("{own}{ty}{optional}{name}")
}

/// Writes every table with its headers and two rows.
fn write(plan: &Plan, folder: &Path, messages: Messages) -> ExitStatus {
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    let mut by_file: Vec<(String, Vec<RecordId>)> = Vec::new();
    for (id, record) in tables(plan) {
        let name = file_of(record);
        match by_file.iter_mut().find(|(known, _)| *known == name) {
            Some((_, records)) => records.push(id),
            None => by_file.push((name, vec![id])),
        }
    }
    for (name, records) in by_file {
        let path = folder.join(&name);
        if path.exists() {
            let message = format!("`{}` is there already", file_name(&path));
            messages.error("cannot-write", &message, Some("name a new folder"));
            return ExitStatus::Usage;
        }
        match example::table(plan, &records, &name) {
            Ok(text) => files.push((path, text)),
            Err(error) => return not_written(&path, &error, messages),
        }
    }
    if let Err(error) = std::fs::create_dir_all(folder) {
        return not_written(folder, &error, messages);
    }
    for (path, text) in &files {
        if let Err(error) = write_whole(path, text) {
            return not_written(path, &error, messages);
        }
    }
    let names: Vec<String> =
        files.iter().filter_map(|(path, _)| Some(shown(&path.file_name()?.to_string_lossy()).into_owned())).collect();
    let last = date_of(plan.active.to);
    messages.note(&format!(
        "written to `{}`, two example rows each: {}; put yours in their place, then: meed run --data {} --through {last}",
        file_name(folder),
        names.join(", "),
        file_name(folder)
    ));
    ExitStatus::Well
}
