//! `meed quote [PROGRAM] --deal '{…}'`: what one event would be paid now, and why.

use crate::ExitStatus;
use crate::draw::{Messages, print_all};
use crate::explain::{explained, explanation};
use crate::job::{Job, JobOptions, Limits, all_threads};
use crate::progress::Progress;
use crate::report;
use meed_compiler::internal::broken;
use meed_compiler::plan::{FieldId, FieldSource, Record, RecordId, RecordKind, RecordTable, Type};
use meed_grammar::foreign::{lines, shown};
use meed_runtime::inner::explain::{ExplainError, Quote as Answer, quote};
use meed_runtime::inner::source::{Content, SourceFile, TableInput};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;

/// The key of an event that is given none; it comes last of its day.
const OWN_KEY: &str = "~quote";

/// Say what one event would be paid, and why.
///
/// The event is taken for one more row of its table, with fields by their names and cells in the plain form of their types. The other rows are those of
/// the tables up to its day.
#[derive(clap::Args)]
#[command(override_usage = "meed quote [PROGRAM] --data DATA --EVENT JSON\n       \
                            meed quote program.meed --data tables --deal '{\"partner\": \"ACME\", \"closed_on\": \"2026-02-10\", \"amount\": 1000}'")]
pub struct Quote {
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder or one around it]
    program: Option<PathBuf>,
    #[command(flatten)]
    job: JobOptions,
    /// The event: `--deal '{…}'` for an event `deal`, or `--row deal='{…}'`
    #[arg(long, value_name = "EVENT=JSON")]
    row: String,
    /// Memory budget for the rows of rules per entity and period, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    memory: u32,
}

/// The words of the command line, with `--deal {…}` as `--row deal={…}` where a quote is asked for.
pub fn spelled(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    if !words.iter().skip(1).take(3).any(|word| word == "quote") {
        return words;
    }
    let mut idx = 1;
    while let Some(word) = words.get(idx) {
        let name = word.to_str().and_then(|word| word.strip_prefix("--")).map(str::to_owned);
        let next = words.get(idx + 1).and_then(|next| next.to_str()).filter(|next| next.trim_start().starts_with('{'));
        match (name, next) {
            (Some(name), _) if names_a_row(&name) => {
                words.splice(idx..=idx, ["--row".into(), name.into()]);
            }
            (Some(name), Some(json)) if name != "row" && name != "set" => {
                let row = format!("{name}={json}");
                words.splice(idx..=idx + 1, ["--row".into(), row.into()]);
            }
            _ => {}
        }
        idx += 1;
    }
    words
}

/// Whether an option is `deal={…}`, the row of an event.
fn names_a_row(option: &str) -> bool {
    let value = option.split_once('=').map(|(_, value)| value.trim_start());
    value.is_some_and(|value| value.starts_with('{')) && !option.starts_with("row=")
}

impl Quote {
    pub fn run(self, messages: Messages) -> ExitStatus {
        self.answered(messages).unwrap_or_else(|status| status)
    }

    fn answered(&self, messages: Messages) -> Result<ExitStatus, ExitStatus> {
        let refused = |problem: Refused| {
            messages.error("command-line", &problem.message, problem.help.as_deref());
            ExitStatus::Usage
        };
        let (name, cells) = read(&self.row).map_err(refused)?;
        let mut job = Job::new(self.program.as_deref(), &self.job, messages)?;
        let event = event_named(&job, &name).map_err(refused)?;
        let row = Row::new(job.plan.record(event), &cells).map_err(refused)?;
        if let Some(day) = row.day {
            job.settle_through(day, messages)?;
        }
        let (mut tables, _) = job.open(&job.bind(messages)?, messages)?;
        let key = row.key.clone();
        let own = row.into_file(&name);
        match tables.iter_mut().find(|table| table.record == event) {
            Some(table) => table.files.push(own),
            None => tables.push(TableInput { record: event, files: vec![own] }),
        }
        let scratch = std::env::temp_dir();
        let limits = Limits {
            memory: self.memory,
            scratch: &scratch,
            spills: false,
            lists_rejects: true,
            keeps_returns: false,
            threads: all_threads(),
        };
        let mut loaded = job.load(tables, limits, &Progress::new(), messages)?;
        report::rejects_of(&job.plan, &loaded, Some(&format!("--{name}")), 20, messages);
        report::parameters(&job.plan);
        let answer = quote(&job.plan, job.sources.text(), &mut loaded, job.through, event, &key);
        let answer = answer.map_err(|error| match &error {
            ExplainError::Run(error) => job.fault(error, messages),
            error => refused(Refused { message: error.to_string(), help: None }),
        })?;
        if answer.is_rejected {
            let message = format!("{} is rejected, and nothing is paid for it", answer.event);
            messages.error("rejected-rows", &message, None);
            return Ok(ExitStatus::Tables);
        }
        let text = if messages.are_json() { object(&answer) } else { drawn(&answer) };
        Ok(print_all(&text, messages))
    }
}

/// Why an event is no row.
struct Refused {
    message: String,
    help: Option<String>,
}

/// A field and its cell, as written.
type Cells = Vec<(String, Option<String>)>;

/// The event's name and its cells, from `deal={…}`. Numbers stay as they are written.
fn read(row: &str) -> Result<(String, Cells), Refused> {
    let help = || Some("write it as --deal '{\"partner\": \"ACME\", \"amount\": 1000.50}'".to_owned());
    let Some((name, json)) = row.split_once('=') else {
        return Err(Refused { message: format!("`--row {}` gives no event", shown(row)), help: help() });
    };
    let fields: Fields = serde_json::from_str(json).map_err(|error| Refused {
        message: format!("the {} is no JSON object of fields: {error}", shown(name.trim())),
        help: help(),
    })?;
    let mut cells: Cells = Vec::new();
    for (field, value) in fields.0 {
        if cells.iter().any(|(known, _)| *known == field) {
            return Err(Refused { message: format!("`{}` is given twice", shown(&field)), help: None });
        }
        let cell = cell(&field, value.get())?;
        cells.push((field, cell));
    }
    Ok((name.trim().to_owned(), cells))
}

/// A value as a cell.
fn cell(field: &str, value: &str) -> Result<Option<String>, Refused> {
    Ok(match value {
        "null" => None,
        "true" => Some("yes".to_owned()),
        "false" => Some("no".to_owned()),
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        nested if nested.starts_with(['{', '[']) => {
            let message = format!("`{}` is given a list or an object, and a field is one cell", shown(field));
            return Err(Refused { message, help: None });
        }
        number => Some(number.to_owned()),
    })
}

/// The members of a JSON object, in order, as written.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of fields")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Fields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The event of a name.
fn event_named(job: &Job, name: &str) -> Result<RecordId, Refused> {
    let plan = &job.plan;
    let is_event =
        |record: &&Record| record.kind == RecordKind::Event && matches!(record.source, RecordTable::Table(_));
    let known = plan.record_named(name).filter(|id| is_event(&plan.record(*id)));
    let Some(event) = known else {
        let names = plan.records.iter().filter(is_event).map(|record| record.name.as_str());
        let help = meed_grammar::nearest(name, names).map(|near| format!("did you mean `--{near}`?"));
        return Err(Refused { message: format!("the program has no event `{}`", shown(name)), help });
    };
    if !plan.record(event).used {
        let message = format!("no rule reads `{}`: nothing is paid for one", shown(name));
        return Err(Refused { message, help: None });
    }
    Ok(event)
}

/// An event that is quoted.
struct Row {
    key: String,
    day: Option<i32>,
    header: Vec<String>,
    cells: Vec<Option<String>>,
}

impl Row {
    fn new(event: &Record, given: &Cells) -> Result<Self, Refused> {
        let mut header: Vec<String> = event.fields.iter().map(|field| field.name.clone()).collect();
        for field in &event.fields {
            // A reference by several key fields has a column for each.
            if let (Type::Ref(_), FieldSource::Columns(columns)) = (field.ty, &field.source)
                && columns.len() > 1
            {
                header.extend(columns.iter().map(|column| column.header.clone()));
            }
        }
        for (name, _) in given {
            if !header.contains(name) {
                let near = meed_grammar::nearest(name, header.iter().map(String::as_str));
                let message = format!("`{}` has no field `{}`", event.name, shown(name));
                return Err(Refused { message, help: near.map(|near| format!("did you mean `{near}`?")) });
            }
        }
        if event.has_no_key() {
            let message = format!("rows of `{}` have no key of their own, and one cannot be asked for", event.name);
            return Err(Refused { message, help: None });
        }
        // As in a table, spaces around a cell are no part of it, and an empty one is missing.
        let given_of = |name: &str| {
            let cell = given.iter().find(|(known, _)| known == name).and_then(|(_, cell)| cell.as_deref());
            cell.map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned)
        };
        let mut cells: Vec<Option<String>> = header.iter().map(|name| given_of(name)).collect();
        let mut key = Vec::new();
        for FieldId(idx) in &event.key {
            let place = *idx as usize;
            let Some(field) = event.fields.get(place) else { broken("a key of a field that is none") };
            let is_alone = event.key.len() == 1 && matches!(field.ty, Type::Id(_) | Type::Text(_));
            let cell = cells.get(place).cloned().flatten().or_else(|| is_alone.then(|| OWN_KEY.to_owned()));
            let Some(cell) = cell else {
                let message = format!("the {} has no `{}`, which is a part of its key", event.name, field.name);
                return Err(Refused { message, help: None });
            };
            if let Some(own) = cells.get_mut(place) {
                *own = Some(cell.clone());
            }
            key.push(cell);
        }
        let mut day = None;
        if let Some(when) = event.when {
            let Some(field) = event.fields.get(when.index()) else { broken("a day of a field that is none") };
            let text = cells.get(when.index()).cloned().flatten();
            if text.is_none() && !field.optional {
                let message =
                    format!("the {} has no `{}`, and no rule sees it without its day", event.name, field.name);
                let help = Some(format!("add \"{}\": \"2026-02-10\"", field.name));
                return Err(Refused { message, help });
            }
            // What cannot be read is rejected like any other row.
            let date = text.as_deref().and_then(|text| text.get(..10)?.parse::<jiff::civil::Date>().ok());
            day = date.map(meed_compiler::plan::calendar::day_of);
        }
        let is_given = |name: &str| header.iter().zip(&cells).any(|(known, cell)| known == name && cell.is_some());
        let missing: Vec<String> = event
            .fields
            .iter()
            .filter(|field| field.used && !field.optional && !is_made(&field.source))
            .filter(|field| match &field.source {
                FieldSource::Columns(columns) if columns.len() > 1 => {
                    !columns.iter().all(|column| is_given(&column.header))
                }
                _ => !is_given(&field.name),
            })
            .map(|field| format!("`{}`", field.name))
            .collect();
        if !missing.is_empty() {
            let message = format!("the {} has no {}, which rules read", event.name, missing.join(" and no "));
            return Err(Refused { message, help: None });
        }
        Ok(Self { key: key.join("|"), day, header, cells })
    }

    fn into_file(self, event: &str) -> SourceFile {
        let Self { header, cells, .. } = self;
        SourceFile { name: format!("--{event}"), content: Content::Cells { header, rows: vec![cells] } }
    }
}

/// Whether a field is in no cell of its row.
fn is_made(source: &FieldSource) -> bool {
    source.is_made_by_returns() || matches!(source, FieldSource::Day(_))
}

/// For people.
fn drawn(answer: &Answer) -> String {
    let mut out = format!("{}\n\n", answer.event);
    for note in &answer.notes {
        let _ = writeln!(out, "  {note}");
    }
    for paid in &answer.payments {
        let held = if paid.is_held { ", which is held" } else { "" };
        let (kind, payee, amount, unit) = (&paid.payee_kind, &paid.payee, &paid.amount, &paid.unit);
        let _ = writeln!(out, "  {} pays {kind} {payee} {amount} {unit}{held}", paid.rule);
    }
    for set in &answer.decisions {
        let _ = writeln!(out, "  {} sets {} to {}", set.rule, set.name, set.value);
    }
    if answer.payments.is_empty() {
        out.push_str("  nothing is paid for it\n");
    }
    let mut rule = "";
    for known in &answer.explanations {
        out.push('\n');
        out.push_str(&explanation(known, known.rule != rule));
        rule = &known.rule;
    }
    lines(&out).into_owned()
}

/// For machines.
fn object(answer: &Answer) -> String {
    let payments: Vec<_> = answer
        .payments
        .iter()
        .map(|paid| {
            serde_json::json!({
                "rule": paid.rule, "payee_kind": paid.payee_kind, "payee": paid.payee, "unit": paid.unit, "amount": paid.amount,
                "held": paid.is_held
            })
        })
        .collect();
    let decisions: Vec<_> = answer
        .decisions
        .iter()
        .map(|set| serde_json::json!({ "rule": set.rule, "name": set.name, "value": set.exact }))
        .collect();
    let explanations: Vec<_> = answer.explanations.iter().map(explained).collect();
    let object = serde_json::json!({
        "event": answer.event, "notes": answer.notes, "payments": payments, "decisions": decisions, "explanations": explanations
    });
    format!("{object}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_named_as_an_option() {
        let words = |line: &[&str]| spelled(line.iter().map(OsString::from));
        let own = |line: &[&str]| line.iter().map(OsString::from).collect::<Vec<_>>();
        let wanted = own(&["meed", "quote", "p.meed", "--data", "t", "--row", "deal={\"a\": 1}"]);
        assert_eq!(words(&["meed", "quote", "p.meed", "--data", "t", "--deal", "{\"a\": 1}"]), wanted);
        assert_eq!(words(&["meed", "quote", "p.meed", "--data", "t", "--deal={\"a\": 1}"]), wanted);
        assert_eq!(words(&["meed", "quote", "p.meed", "--data", "t", "--row", "deal={\"a\": 1}"]), wanted);
        let other = own(&["meed", "run", "--deal", "{}"]);
        assert_eq!(words(&["meed", "run", "--deal", "{}"]), other);
    }
}
