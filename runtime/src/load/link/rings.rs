//! Rings of references: persons of whom each is managed by the next, the last by the first.
//!
//! A field that refers to its own record gives every row at most one next row. Its rings are found by walking from row to
//! row, each row once. References between records, and different fields of one record, make no ring: a partner's owner may
//! well be employed by that partner, a manager be the sponsor of who manages them.

use crate::keys::dictionary::NONE;
use crate::load::build::TableBuilder;
use crate::load::link::{Linked, Reference, codes_by_place, references};
use crate::store::error::StoreError;
use crate::store::rejects::Fault;
use meed_compiler::plan::RecordId;

/// Up to so many keys a ring is drawn whole.
const DRAWN_WHOLE: usize = 6;
/// Longer keys are cut in a drawing.
const LONGEST_KEY: usize = 40;

impl Linked<'_> {
    /// Faults of the rows, not rejected so far, that are on a ring.
    pub(super) fn on_rings(&self) -> Result<Vec<(RecordId, Fault)>, StoreError> {
        let mut faults = Vec::new();
        for reference in references(self.plan).filter(|reference| reference.record == reference.target) {
            let Some(table) = &self.tables[reference.record.index()] else { continue };
            let next = self.next_rows(reference, table)?;
            for ring in rings(&next) {
                let found = (0..ring.len()).map(|place| (reference.record, self.fault(reference, table, &ring, place)));
                faults.extend(found);
            }
        }
        Ok(faults)
    }

    /// By row, the accepted row that an accepted row refers to.
    fn next_rows(&self, reference: Reference, table: &TableBuilder) -> Result<Vec<u32>, StoreError> {
        let Some(space) = &self.spaces[reference.target.index()] else { return Ok(Vec::new()) };
        let mut next = codes_by_place(table, reference.field)?;
        for (row, next) in (0..).zip(&mut next).filter(|(_, next)| **next != NONE) {
            let target = space.row(*next);
            let is_out = target == NONE || table.rejected.contains(row) || table.rejected.contains(target);
            *next = if is_out { NONE } else { target };
        }
        Ok(next)
    }

    fn fault(&self, reference: Reference, table: &TableBuilder, ring: &[u32], place: usize) -> Fault {
        let definition = self.plan.record(reference.record);
        let key = |steps: usize| table.rows.batch.keys.text(ring[(place + steps) % ring.len()] as usize);
        Fault {
            row: ring[place],
            key: None,
            rank: definition.fields.len() + 2,
            column: definition.fields[reference.field].name.clone(),
            value: key(1).into_owned(),
            reason: drawing(ring.len(), |steps| shortened(&key(steps))),
        }
    }
}

/// The rings among rows of which each leads to at most one other, in the order of their first rows.
fn rings(next: &[u32]) -> Vec<Vec<u32>> {
    // By row, the walk that met it first.
    let mut met_by = vec![NONE; next.len()];
    let mut rings = Vec::new();
    for start in 0..next.len() as u32 {
        let mut row = start;
        while row != NONE && met_by[row as usize] == NONE {
            met_by[row as usize] = start;
            row = next[row as usize];
        }
        if row == NONE || met_by[row as usize] != start {
            continue;
        }
        let mut ring = vec![row];
        let mut at = next[row as usize];
        while at != row {
            ring.push(at);
            at = next[at as usize];
        }
        rings.push(ring);
    }
    rings
}

/// A ring of so many rows, from one of them round to it again.
fn drawing(n_rows: usize, key: impl Fn(usize) -> String) -> String {
    let drawn = |steps: std::ops::Range<usize>| steps.map(&key).collect::<Vec<_>>().join(" → ");
    if n_rows <= DRAWN_WHOLE {
        return format!("a loop: {} → {}", drawn(0..n_rows), key(0));
    }
    format!("a loop of {n_rows} rows: {} → … → {} → {}", drawn(0..3), key(n_rows - 1), key(0))
}

fn shortened(key: &str) -> String {
    match key.char_indices().nth(LONGEST_KEY) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: u32 = NONE;

    #[test]
    fn every_ring_is_found_once_and_nothing_else() {
        let cases: [(&[u32], &[&[u32]]); 7] = [
            (&[], &[]),
            (&[NO, 0, 1], &[]),
            (&[0], &[&[0]]),
            (&[1, 0, 0], &[&[0, 1]]),
            // A tail of two rows leads into a ring of three.
            (&[1, 2, 3, 4, 2], &[&[2, 3, 4]]),
            (&[1, 0, 3, 2, 4, NO], &[&[0, 1], &[2, 3], &[4]]),
            (&[2, 2, 3, 2], &[&[2, 3]]),
        ];
        for (next, expected) in cases {
            assert_eq!(rings(next), expected, "{next:?}");
        }
    }

    #[test]
    fn a_drawing_goes_round_and_is_short() {
        let key = |steps: usize| shortened(&char::from(b'A' + steps as u8).to_string());
        assert_eq!(drawing(1, key), "a loop: A → A");
        assert_eq!(drawing(6, key), "a loop: A → B → C → D → E → F → A");
        assert_eq!(drawing(7, key), "a loop of 7 rows: A → B → C → … → G → A");
        assert_eq!(shortened(&"ä".repeat(41)), "ä".repeat(40) + "…");
    }
}
