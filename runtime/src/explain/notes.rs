//! What the tables themselves have to say to a question: a key that is nowhere, rejected, undated, or too late.

use crate::explain::explainer::Explainer;
use crate::explain::groups::RuleRow;
use crate::explain::query::Asked;
use crate::explain::select::row_of;
use crate::store::error::StoreError;
use crate::store::rejects::Reject;
use meed_compiler::data::Rows;
use meed_compiler::interpret::eval::{Row, Value};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Expr, FieldId, Op, RecordId, Reverses, Root, Stream, Type, VersionId};
use meed_grammar::foreign::{escaped, shown};
use meed_grammar::span::Span;

/// More rejected cells with one key are counted only.
const MOST_TOLD: u64 = 20;

/// Notes to a question.
///
/// # Errors
/// When rejected rows that are on the disk cannot be read.
pub(super) fn notes(explainer: &Explainer, asked: &Asked) -> Result<Vec<String>, StoreError> {
    let mut notes = Vec::new();
    if let Some(key) = &asked.query.key {
        notes.extend(key_notes(explainer, asked, key)?);
    }
    let kinds: Vec<RecordId> = asked.rules.iter().flat_map(|id| explainer.plan.payee_kinds(*id)).collect();
    let names_a_row = asked.query.key.is_some() || asked.query.period.is_some();
    if kinds.is_empty() && (asked.query.payee.is_some() || !names_a_row) && !asked.rules.is_empty() {
        let mut names: Vec<String> =
            asked.rules.iter().map(|id| format!("`{}`", explainer.plan.version(*id).name)).collect();
        names.dedup();
        notes.push(format!("{} pays nobody: ask with the key of a row, or with a period", names.join(" and ")));
    } else if let Some(payee) = &asked.query.payee
        && kinds.iter().all(|record| row_of(explainer.loaded, *record, payee).is_none())
    {
        notes.push(format!("no party with the key `{}` is in the tables", shown(payee)));
    }
    Ok(notes)
}

fn key_notes(explainer: &Explainer, asked: &Asked, key: &str) -> Result<Vec<String>, StoreError> {
    let mut notes = Vec::new();
    let mut found = false;
    let mut n_rejected = 0;
    explainer.loaded.rejects.each(|reject| {
        if reject.key == key {
            n_rejected += 1;
            if n_rejected <= MOST_TOLD {
                notes.push(rejected(explainer, &reject));
            }
        }
        Ok::<(), StoreError>(())
    })?;
    if n_rejected > MOST_TOLD {
        notes.push(format!(
            "and {} more cells of rows with the key `{}` are rejected",
            n_rejected - MOST_TOLD,
            shown(key)
        ));
    }
    found |= n_rejected > 0;
    for record in explainer.events() {
        let Some(row) = row_of(explainer.loaded, record, key) else { continue };
        found = true;
        let table = &explainer.loaded.data.tables[record.index()];
        let by_date =
            explainer.plan.versions.iter().any(|rule| matches!(rule.stream, Stream::ByDate(own, _) if own == record));
        if (row as usize) >= table.n_stream && !by_date {
            notes.push(match explainer.day_of_event(record, row) {
                Some(day) => {
                    let through = date_of(explainer.result.through);
                    format!("{} is of {}, after the run's date {through}", explainer.party(record, row), date_of(day))
                }
                None => format!("{} has no date, so no rule sees it", explainer.party(record, row)),
            });
            continue;
        }
        notes.extend(taken_back(explainer, RuleRow { record, row }));
        for id in &asked.rules {
            if let Stream::ByDate(own, path) = &explainer.plan.version(*id).stream
                && *own == record
            {
                notes.extend(not_dated(explainer, *id, RuleRow { record, row }, path));
            }
        }
        let per_period =
            asked.rules.iter().filter(|id| matches!(explainer.plan.version(**id).stream, Stream::Periods(..)));
        notes.extend(per_period.flat_map(|id| explainer.aggregates_of(*id, RuleRow { record, row })));
    }
    let entities = explainer.plan.records.iter().enumerate().filter(|(_, record)| record.used && record.when.is_none());
    found |= entities.into_iter().any(|(idx, _)| row_of(explainer.loaded, RecordId(idx as u32), key).is_some());
    if !found {
        notes.push(format!("no accepted row has the key `{}`", shown(key)));
    }
    Ok(notes)
}

/// What others take off a row, up to the run's day.
fn taken_back(explainer: &Explainer, event: RuleRow) -> Vec<String> {
    let mut words = Vec::new();
    for reversal in explainer.plan.set_reversals.iter().filter(|reversal| reversal.target == event.record) {
        let taken = explainer.loaded.taken.iter().filter(|taken| taken.record == event.record);
        let of_row = taken.flat_map(|taken| &taken.rows).filter(|taking| taking.row == event.row);
        for taking in of_row.filter(|taking| taking.by.0 == reversal.taker) {
            let (by, of) = (explainer.event(taking.by.0, taking.by.1), explainer.party(event.record, event.row));
            words.push(format!("{of}: {by} takes it whole"));
        }
    }
    for (idx, other) in explainer.plan.records.iter().enumerate().filter(|(_, other)| other.used) {
        let Some(Reverses { row, takes }) = &other.reverses else { continue };
        if other.fields[row.index()].ty != Type::Ref(event.record) {
            continue;
        }
        let (record, data) = (RecordId(idx as u32), &explainer.loaded.data);
        let rows = Rows::Events { record };
        let field = |field: FieldId| {
            let definition = &other.fields[field.index()];
            let op = Op::Field { root: Root::Row, record, path: vec![field] };
            Expr { op, ty: definition.ty, optional: true, span: Span::default() }
        };
        for taking in 0..data.tables[idx].n_stream as u32 {
            let reader = Row::new(explainer.plan, &rows, taking, 0, false);
            if reader.eval(&field(*row), data).ok() != Some(Value::Code(event.row)) {
                continue;
            }
            let numbers: Vec<String> = takes
                .iter()
                .filter_map(|(own, of)| {
                    let value = reader.eval(&field(*own), data).ok()?;
                    let name = &explainer.plan.record(event.record).fields[of.index()].name;
                    Some(format!("{} off its {name}", explainer.value(other.fields[own.index()].ty, &value)))
                })
                .collect();
            let what = if numbers.is_empty() { "it whole".to_owned() } else { numbers.join(" and ") };
            let (by, of) = (explainer.event(record, taking), explainer.party(event.record, event.row));
            words.push(format!("{of}: {by} takes {what}"));
        }
    }
    let n_more = words.len().saturating_sub(MOST_TOLD as usize);
    words.truncate(MOST_TOLD as usize);
    if n_more > 0 {
        words.push(format!("and {n_more} more take something back"));
    }
    words
}

/// Why a rule by another date does not see a row of its event; none where it sees it.
fn not_dated(explainer: &Explainer, id: VersionId, event: RuleRow, path: &[FieldId]) -> Option<String> {
    let RuleRow { record, row } = event;
    let dated = explainer.result.dated(id)?;
    if dated.row.contains(&row) {
        return None;
    }
    let op = Op::Field { root: Root::Row, record, path: path.to_vec() };
    let date = Expr { op, ty: Type::Date, optional: true, span: Span::default() };
    let rows = Rows::Events { record };
    let day = Row::new(explainer.plan, &rows, row, 0, false).eval(&date, &explainer.loaded.data).ok()?.date();
    let (rule, party) = (&explainer.plan.version(id).name, explainer.party(record, row));
    let name = explainer.plan.path_words(record, path);
    Some(match day {
        Some(day) => {
            let (day, through) = (date_of(day), date_of(explainer.result.through));
            format!("{rule} does not see {party}: its {name} is {day}, after the run's date {through}")
        }
        None => format!("{rule} does not see {party}: its {name} is missing"),
    })
}

/// A rejected cell, with its place.
fn rejected(explainer: &Explainer, reject: &Reject) -> String {
    let (record, row) = (&explainer.plan.record(reject.record).name, reject.row);
    let (key, file, column) = (shown(&reject.key), shown(&reject.file), shown(&reject.column));
    let value = if reject.value.is_empty() { String::new() } else { format!(" `{}`", shown(&reject.value)) };
    let reason = escaped(&reject.reason);
    format!("{record} {key} is rejected: {file}, row {row}, column `{column}`{value}: {reason}")
}
