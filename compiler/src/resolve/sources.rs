//! `source`: how the file of a record is written, folded into the record.

use super::histories::history_name;
use super::{Names, Resolved, member_name, near};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Field, Member, RecordSource};
use rustc_hash::{FxHashMap, FxHashSet};

impl Resolved {
    /// Says of each record what its source says. What is said in the record already, or twice, is a mistake.
    pub(super) fn fold_sources(&mut self, names: &mut Names, problems: &mut Vec<Problem>) {
        let mut first: FxHashMap<String, Span> = FxHashMap::default();
        for source in std::mem::take(&mut self.sources) {
            let record_name = match source.history {
                Some(_) => history_name(&source.record.text),
                None => source.record.text.clone(),
            };
            let name = &source.record;
            if source.history.is_some() && !self.record_places.contains_key(&record_name) {
                let message = format!("`{}` has no dated field, so it has no history", name.text);
                let known = self.record_places.contains_key(&name.text);
                if known {
                    problems.push(
                        Problem::error("unknown-record", name.span, message)
                            .help("write `dated` behind the fields whose values have their days"),
                    );
                    continue;
                }
            }
            if let Some(first) = first.get(&record_name) {
                problems.push(
                    Problem::error("duplicate-name", name.span, format!("`{}` has two sources", name.text))
                        .other(*first, "the first one")
                        .help("make one of them"),
                );
                continue;
            }
            first.insert(record_name.clone(), name.span);
            let Some(&place) = self.record_places.get(&record_name) else {
                if !self.damaged.contains(&name.text) {
                    names.n_suggested += 1;
                    let n_known = if names.n_suggested <= limits::MESSAGES { self.records.len() } else { 0 };
                    let known = self.records[..n_known].iter().map(|record| record.item.name.text.as_str());
                    let message = format!("there is no `{}` of which this could be the source", name.text);
                    problems.push(near(Problem::error("unknown-record", name.span, message), name, known));
                }
                continue;
            };
            let is_own = self.records[place].library.is_none();
            let own_fields = (!is_own).then_some(&self.extended);
            fold(&mut self.records[place].item, source, own_fields, problems);
        }
    }
}

/// Says of a record what its source says. Of a library's record those fields are the program's own that `extended` names.
fn fold(
    record: &mut tree::Record,
    source: tree::Source,
    extended: Option<&FxHashSet<(String, String)>>,
    problems: &mut Vec<Problem>,
) {
    let is_own = extended.is_none();
    record.lines = source.lines;
    for (idx, line) in record.lines.iter().enumerate() {
        let same =
            |other: &&tree::SourceLine| std::mem::discriminant(&other.kind) == std::mem::discriminant(&line.kind);
        if let Some(first) = record.lines[..idx].iter().find(same) {
            let message = format!("the source of `{}` says this twice", record.name.text);
            problems.push(
                Problem::error("duplicate-clause", line.span, message)
                    .other(first.span, "the first one")
                    .help("remove one of them"),
            );
        }
    }
    if let Some(file) = source.from {
        match &record.from {
            None => record.from = Some(RecordSource::Table(file)),
            Some(_) => {
                let message = format!("where the rows of `{}` come from is said twice", record.name.text);
                let mut problem = Problem::error("duplicate-clause", file.span, message);
                if is_own {
                    problem = problem.other(record.name.span, "it is said here too");
                }
                problems.push(problem.help("remove one of them"));
            }
        }
    }
    let record_name = record.name.text.clone();
    // Fields of which this source has said something: the place of that is the program's in any case.
    let mut said_here: FxHashSet<String> = FxHashSet::default();
    for said in source.fields {
        let name = &said.name;
        let known: Vec<String> = fields(record).map(|field| field.name.text.clone()).collect();
        let Some(field) = fields(record).find(|field| field.name.text == name.text) else {
            let message = format!("`{}` has no field `{}`", record.name.text, name.text);
            let known = known.iter().map(String::as_str);
            problems.push(near(Problem::error("unknown-name", name.span, message), name, known));
            continue;
        };
        let twice = [
            (said.column.as_ref().map(|text| text.span), field.column.as_ref().map(|text| text.span)),
            (said.format.as_ref().map(|format| format.span), field.format.as_ref().map(|format| format.span)),
            (said.ignoring_case, field.ignoring_case),
        ];
        let written = extended.is_none_or(|extended| extended.contains(&(record_name.clone(), name.text.clone())));
        for (span, first) in twice.into_iter().filter_map(|(said, known)| said.zip(known)) {
            let message = format!("how `{}` is read is said twice", name.text);
            let mut problem = Problem::error("duplicate-clause", span, message);
            if written || said_here.contains(&name.text) {
                problem = problem.other(first, "it is said here too");
            }
            problems.push(problem.help("say it once, in the record or in its source"));
        }
        said_here.insert(name.text.clone());
        field.column = field.column.take().or(said.column);
        field.format = field.format.take().or(said.format);
        field.ignoring_case = field.ignoring_case.or(said.ignoring_case);
    }
}

/// The fields of a record, with its `when` and those parts of its key that are no fields of their own.
fn fields(record: &mut tree::Record) -> impl Iterator<Item = &mut Field> {
    let own: FxHashSet<String> = record.members.iter().filter_map(member_name).map(str::to_owned).collect();
    record.members.iter_mut().flat_map(move |member| {
        let (fields, is_part) = match member {
            Member::Key { parts, .. } => (parts.as_mut_slice(), true),
            Member::When(field) | Member::Field(field) => (std::slice::from_mut(field), false),
            Member::ReversesSet { .. } => (&mut [][..], false),
        };
        let own = if is_part { own.clone() } else { FxHashSet::default() };
        fields.iter_mut().filter(move |field| !own.contains(&field.name.text))
    })
}
