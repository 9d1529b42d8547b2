//! `source`: how the file of a record is written, folded into the record.

use super::{Names, Resolved, near, not_supported};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Field, Member, RecordSource};
use rustc_hash::FxHashMap;

impl Resolved {
    /// Says of each record what its source says. What is said in the record already, or twice, is a mistake.
    pub(super) fn fold_sources(&mut self, names: &mut Names, problems: &mut Vec<Problem>) {
        let mut first: FxHashMap<String, Span> = FxHashMap::default();
        for source in std::mem::take(&mut self.sources) {
            let name = &source.record;
            problems.extend(source.unsupported.iter().map(not_supported));
            if let Some(first) = first.get(&name.text) {
                problems.push(
                    Problem::error("duplicate-name", name.span, format!("`{}` has two sources", name.text))
                        .other(*first, "the first one")
                        .help("make one of them"),
                );
                continue;
            }
            first.insert(name.text.clone(), name.span);
            let Some(&place) = self.record_places.get(&name.text) else {
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
            fold(&mut self.records[place].item, source, is_own, problems);
        }
    }
}

fn fold(record: &mut tree::Record, source: tree::Source, is_own: bool, problems: &mut Vec<Problem>) {
    if let Some(file) = source.from {
        match &record.from {
            None => record.from = Some(RecordSource::Table(file)),
            Some(_) => {
                let message = format!("where the rows of `{}` come from is said twice", record.name.text);
                let mut problem = Problem::error("duplicate-clause", file.span, message);
                if is_own {
                    problem = problem.other(record.name.span, "it is said here too");
                }
                problems.push(problem.help("take one of them out"));
            }
        }
    }
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
            (said.column.as_ref().map(|text| text.span), field.column.is_some()),
            (said.format.as_ref().map(|text| text.span), field.format.is_some()),
            (said.ignoring_case, field.ignoring_case.is_some()),
        ];
        for span in twice.into_iter().filter_map(|(said, known)| said.filter(|_| known)) {
            let message = format!("how `{}` is read is said twice", name.text);
            problems.push(
                Problem::error("duplicate-clause", span, message).help("say it once, in the record or in its source"),
            );
        }
        field.column = field.column.take().or(said.column);
        field.format = field.format.take().or(said.format);
        field.ignoring_case = field.ignoring_case.or(said.ignoring_case);
    }
}

/// The fields of a record, with the parts of its key and its `when`.
fn fields(record: &mut tree::Record) -> impl Iterator<Item = &mut Field> {
    record.members.iter_mut().flat_map(|member| match member {
        Member::Key { parts, .. } => parts.iter_mut(),
        Member::When(field) | Member::Field(field) => std::slice::from_mut(field).iter_mut(),
        Member::Unsupported(_) => [].iter_mut(),
    })
}
