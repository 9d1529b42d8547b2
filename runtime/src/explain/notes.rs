//! What the tables themselves have to say to a question: a key that is nowhere, rejected, undated, or too late.

use super::groups::RuleRow;
use super::select::row_of;
use super::{Asked, Teller};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{RecordId, Stream};

/// Notes to a question.
pub(super) fn notes(teller: &Teller, asked: &Asked) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(key) = &asked.query.key {
        notes.extend(key_notes(teller, asked, key));
    }
    if let Some(payee) = &asked.query.payee {
        let kinds: Vec<RecordId> = asked.rules.iter().filter_map(|id| teller.plan.payee_record(*id)).collect();
        if kinds.iter().all(|record| row_of(teller.loaded, *record, payee).is_none()) {
            notes.push(format!("no party with the key `{payee}` is in the tables"));
        }
    }
    notes
}

fn key_notes(teller: &Teller, asked: &Asked, key: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut found = false;
    for reject in teller.loaded.rejects.iter().filter(|reject| reject.key == key) {
        found = true;
        let (record, file, row) = (&teller.plan.record(reject.record).name, &reject.file, reject.row);
        let value = if reject.value.is_empty() { String::new() } else { format!(" `{}`", reject.value) };
        let reason = &reject.reason;
        notes.push(format!(
            "{record} {key} is rejected: {file}, row {row}, column `{}`{value}: {reason}",
            reject.column
        ));
    }
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
        notes.push(format!("no accepted row has the key `{key}`"));
    }
    notes
}
