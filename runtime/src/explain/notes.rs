//! What the tables themselves have to say to a question: a key that is nowhere, rejected, undated, or too late.

use super::groups::RuleRow;
use super::select::row_of;
use super::{Asked, Teller};
use crate::load::Reject;
use crate::scratch::ScratchError;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{RecordId, Stream};
use meed_grammar::foreign::{escaped, shown};

/// More rejected cells with one key are counted only.
const MOST_TOLD: u64 = 20;

/// Notes to a question.
///
/// # Errors
/// When rejected rows that are on the disk cannot be read.
pub(super) fn notes(teller: &Teller, asked: &Asked) -> Result<Vec<String>, ScratchError> {
    let mut notes = Vec::new();
    if let Some(key) = &asked.query.key {
        notes.extend(key_notes(teller, asked, key)?);
    }
    if let Some(payee) = &asked.query.payee {
        let kinds: Vec<RecordId> = asked.rules.iter().filter_map(|id| teller.plan.payee_record(*id)).collect();
        if kinds.iter().all(|record| row_of(teller.loaded, *record, payee).is_none()) {
            notes.push(format!("no party with the key `{}` is in the tables", shown(payee)));
        }
    }
    Ok(notes)
}

fn key_notes(teller: &Teller, asked: &Asked, key: &str) -> Result<Vec<String>, ScratchError> {
    let mut notes = Vec::new();
    let mut found = false;
    let mut n_rejected = 0;
    teller.loaded.rejects.each(|reject| {
        if reject.key == key {
            n_rejected += 1;
            if n_rejected <= MOST_TOLD {
                notes.push(rejected(teller, &reject));
            }
        }
        Ok::<(), ScratchError>(())
    })?;
    if n_rejected > MOST_TOLD {
        notes.push(format!(
            "and {} more cells of rows with the key `{}` are rejected",
            n_rejected - MOST_TOLD,
            shown(key)
        ));
    }
    found |= n_rejected > 0;
    for record in teller.events() {
        let Some(row) = row_of(teller.loaded, record, key) else { continue };
        found = true;
        let table = &teller.loaded.data.tables[record.index()];
        if (row as usize) >= table.n_stream {
            notes.push(match teller.day_of_event(record, row) {
                Some(day) => {
                    let through = date_of(teller.result.through);
                    format!("{} is of {}, after the run's date {through}", teller.party(record, row), date_of(day))
                }
                None => format!("{} has no date, so no rule sees it", teller.party(record, row)),
            });
            continue;
        }
        let grids = asked.rules.iter().filter(|id| matches!(teller.plan.rule(**id).stream, Stream::Grid(..)));
        notes.extend(grids.flat_map(|id| teller.aggregates_of(*id, RuleRow { record, row })));
    }
    let entities = teller.plan.records.iter().enumerate().filter(|(_, record)| record.used && record.when.is_none());
    found |= entities.into_iter().any(|(idx, _)| row_of(teller.loaded, RecordId(idx as u32), key).is_some());
    if !found {
        notes.push(format!("no accepted row has the key `{}`", shown(key)));
    }
    Ok(notes)
}

/// A rejected cell, with its place.
fn rejected(teller: &Teller, reject: &Reject) -> String {
    let (record, row) = (&teller.plan.record(reject.record).name, reject.row);
    let (key, file, column) = (shown(&reject.key), shown(&reject.file), shown(&reject.column));
    let value = if reject.value.is_empty() { String::new() } else { format!(" `{}`", shown(&reject.value)) };
    let reason = escaped(&reject.reason);
    format!("{record} {key} is rejected: {file}, row {row}, column `{column}`{value}: {reason}")
}
