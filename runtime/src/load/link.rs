//! Keys that must be unique, and references that must lead somewhere.

use super::{Draft, Loaded, column};
use crate::keys::KeyPart;
use meed_compiler::plan::{Plan, RecordId, Type};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// The order of keys, part by part.
pub(super) fn compare_keys(a: &[Vec<u8>], b: &[Vec<u8>]) -> Ordering {
    let parts = a.iter().zip(b).map(|(a, b)| KeyPart::of(a).cmp(&KeyPart::of(b)));
    parts.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// Rejects every row of a duplicate key, then every row whose reference leads nowhere or to a rejected row, until none
/// is left; what a reference leads to is kept as the row of the other draft.
pub(super) fn link(plan: &Plan, drafts: &mut [Option<Draft>]) {
    let mut places: Vec<FxHashMap<Vec<Vec<u8>>, usize>> = Vec::new();
    for (idx, slot) in drafts.iter_mut().enumerate() {
        let mut rows: FxHashMap<Vec<Vec<u8>>, usize> = FxHashMap::default();
        if let Some(draft) = slot {
            let header = plan.records[idx]
                .key
                .first()
                .map_or(String::new(), |key| plan.records[idx].fields[key.index()].name.clone());
            for row in 0..draft.keys.len() {
                if draft.keys[row].is_empty() {
                    continue;
                }
                if let Some(&first) = rows.get(&draft.keys[row]) {
                    let text = key_text(&draft.keys[row]);
                    for (this, other) in [(row, first), (first, row)] {
                        let (file, number) = draft.origin[other].clone();
                        let reason = format!("the key stands also in {file}, row {number}");
                        if !draft.faults[this].iter().any(|(_, _, known)| known.starts_with("the key stands")) {
                            draft.faults[this].push((header.clone(), text.clone(), reason));
                        }
                    }
                } else {
                    rows.insert(draft.keys[row].clone(), row);
                }
            }
        }
        places.push(rows);
    }
    loop {
        let mut found: Vec<(usize, usize, (String, String, String))> = Vec::new();
        for (idx, field, target) in references(plan) {
            let (Some(draft), Some(other)) = (&drafts[idx], &drafts[target.index()]) else { continue };
            let definition = &plan.records[idx].fields[field];
            for (row, reference) in draft.references[field].iter().enumerate() {
                let Some(key) = reference else { continue };
                if !draft.faults[row].is_empty() {
                    continue;
                }
                let name = &plan.record(target).name;
                let reason = match places[target.index()].get(key) {
                    None => format!("there is no {name} with this key"),
                    Some(&at) if !other.faults[at].is_empty() => {
                        let (file, number) = &other.origin[at];
                        format!("refers to a rejected row: {file}, row {number}")
                    }
                    Some(_) => continue,
                };
                found.push((idx, row, (definition.name.clone(), key_text(key), reason)));
            }
        }
        if found.is_empty() {
            break;
        }
        for (idx, row, fault) in found {
            if let Some(draft) = &mut drafts[idx] {
                draft.faults[row].push(fault);
            }
        }
    }
    for (idx, field, target) in references(plan).collect::<Vec<_>>() {
        let Some(draft) = &mut drafts[idx] else { continue };
        let find = |reference: &Option<Vec<Vec<u8>>>| {
            reference.as_ref().and_then(|key| places[target.index()].get(key)).map(|&row| row as i64)
        };
        draft.values[field] = draft.references[field].iter().map(find).collect();
    }
}

/// Writes references as rows of the tables in their final order.
pub(super) fn place_references(plan: &Plan, drafts: &[Option<Draft>], loaded: &mut Loaded) {
    let mut final_rows: Vec<FxHashMap<(&str, u64), u32>> = Vec::new();
    for origins in &loaded.origins {
        let rows = origins.iter().enumerate();
        final_rows.push(rows.map(|(row, (file, number))| ((file.as_str(), *number), row as u32)).collect());
    }
    for (idx, field, target) in references(plan) {
        let (Some(draft), Some(other)) = (&drafts[idx], &drafts[target.index()]) else { continue };
        let by_origin: FxHashMap<(&str, u64), usize> =
            draft.origin.iter().enumerate().map(|(row, (file, number))| ((file.as_str(), *number), row)).collect();
        let values: Vec<Option<i64>> = loaded.origins[idx]
            .iter()
            .map(|(file, number)| {
                let row = by_origin[&(file.as_str(), *number)];
                draft.values[field][row].and_then(|at| {
                    let (file, number) = &other.origin[at as usize];
                    final_rows[target.index()].get(&(file.as_str(), *number)).map(|&row| i64::from(row))
                })
            })
            .collect();
        loaded.data.tables[idx].columns[field] = Some(column(Type::Ref(target), values.iter().copied()));
    }
}

/// Fields in use that refer to a record in use.
fn references(plan: &Plan) -> impl Iterator<Item = (usize, usize, RecordId)> + '_ {
    plan.records.iter().enumerate().filter(|(_, record)| record.used).flat_map(move |(idx, record)| {
        record.fields.iter().enumerate().filter_map(move |(field, definition)| match definition.ty {
            Type::Ref(target) if definition.used && plan.record(target).used => Some((idx, field, target)),
            _ => None,
        })
    })
}

fn key_text(key: &[Vec<u8>]) -> String {
    key.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>().join("|")
}
