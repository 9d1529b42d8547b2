//! What changed between two results, as sums: neither lines that come in another order nor parts that are counted anew are a change.

use crate::store::paged::{ColumnMut, Columns};

/// A sum that two results differ in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change<K> {
    pub key: K,
    /// None where the earlier result has no line for it.
    pub was: Option<i128>,
    /// None where the later result has none.
    pub is: Option<i128>,
}

/// The sums by key that differ, in the order of keys.
pub(crate) fn changes<K: Ord>(was: Vec<(K, i128)>, is: Vec<(K, i128)>) -> Vec<Change<K>> {
    let mut lines: Vec<(K, bool, i128)> = was.into_iter().map(|(key, amount)| (key, false, amount)).collect();
    lines.extend(is.into_iter().map(|(key, amount)| (key, true, amount)));
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let mut changes: Vec<Change<K>> = Vec::new();
    for (key, is_later, amount) in lines {
        if changes.last().is_none_or(|last| last.key != key) {
            changes.push(Change { key, was: None, is: None });
        }
        if let Some(change) = changes.last_mut() {
            let sum = if is_later { &mut change.is } else { &mut change.was };
            *sum = Some(sum.unwrap_or(0) + amount);
        }
    }
    changes.retain(|change| change.was.unwrap_or(0) != change.is.unwrap_or(0));
    changes
}

/// Whose a line is: the kind of party, its row, the unit, and the day on which it is due.
pub(crate) type Party = (u32, u32, u32, i32);

/// Why a sum of an earlier period changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A return of the row became known.
    Returned,
    /// Other rows moved what it is paid by.
    Moved,
}

/// Sums of earlier periods that a close changed, by the row of the event or of the entity's periods.
#[derive(Clone, Debug, Default)]
pub(crate) struct DifferenceRows {
    pub roots: Vec<u32>,
    pub kinds: Vec<u32>,
    pub payees: Vec<u32>,
    pub units: Vec<u32>,
    /// The day on which each is due, as lines have it.
    pub dues: Vec<i32>,
    /// The sum before, and what it became more.
    pub was: Vec<i64>,
    pub amounts: Vec<i64>,
    pub booked: Vec<i32>,
    /// 1 where a return of the row became known.
    pub returned: Vec<u8>,
    /// The return that takes the line back, as lines have it.
    pub takings: Vec<u32>,
}

impl DifferenceRows {
    /// The difference of a row, or of a return that takes it back, a party (its kind, its row, the unit and the due day) and a close,
    /// among the last ones.
    pub fn place_of(&self, root: u32, taking: u32, party: Party, booked: i32) -> Option<usize> {
        let of_row = (0..self.roots.len()).rev().take_while(|&idx| self.roots[idx] == root);
        of_row
            .filter(|&idx| self.booked[idx] == booked && self.takings[idx] == taking)
            .find(|&idx| self.party(idx) == party)
    }

    /// Whose a difference is.
    pub fn party(&self, idx: usize) -> Party {
        (self.kinds[idx], self.payees[idx], self.units[idx], self.dues[idx])
    }

    /// Why a sum changed.
    pub fn reason(&self, idx: usize) -> Reason {
        if self.returned[idx] == 1 { Reason::Returned } else { Reason::Moved }
    }
}

impl Columns for DifferenceRows {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        let Self { roots, kinds, payees, units, dues, was, amounts, booked, returned, takings } = self;
        vec![
            ColumnMut::U32(roots),
            ColumnMut::U32(kinds),
            ColumnMut::U32(payees),
            ColumnMut::U32(units),
            ColumnMut::I32(dues),
            ColumnMut::I64(was),
            ColumnMut::I64(amounts),
            ColumnMut::I32(booked),
            ColumnMut::U8(returned),
            ColumnMut::U32(takings),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sums_that_differ_are_changes() {
        let was = vec![("b", 5), ("a", 1), ("a", 2), ("c", 4)];
        let is = vec![("a", 3), ("b", 7), ("d", 1), ("e", 2), ("e", -2)];
        let change = |key, was, is| Change { key, was, is };
        let expected = [change("b", Some(5), Some(7)), change("c", Some(4), None), change("d", None, Some(1))];
        assert_eq!(changes(was, is), expected);
    }
}
