//! What each payee is paid over all rules, for whoever wants to know the largest.

use crate::pay::totals::Total;
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Plan, RecordId, UnitId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Of a kind with more parties nothing is said: their sums would take memory that rows need.
const MOST: usize = 1 << 20;

/// Sums by payee, of payments of all rules.
#[derive(Default)]
pub struct PayeeSums {
    /// By kind and unit, the sums by row.
    sums: FxHashMap<(RecordId, UnitId), Vec<i128>>,
    /// Kinds of which too many are paid in a unit.
    left_out: FxHashSet<(RecordId, UnitId)>,
}

/// What one payee is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidPayee {
    /// Its kind.
    pub kind: RecordId,
    /// Its key.
    pub key: String,
    /// In the smallest parts of the unit.
    pub sum: i128,
}

impl PayeeSums {
    pub(super) fn add(&mut self, totals: &[Total]) {
        for Total { payee: (kind, row), unit, sum, .. } in totals {
            let row = *row as usize;
            if row >= MOST {
                self.left_out.insert((*kind, *unit));
                continue;
            }
            let sums = self.sums.entry((*kind, *unit)).or_default();
            if sums.len() <= row {
                sums.resize(row + 1, 0);
            }
            if let Some(known) = sums.get_mut(row) {
                *known += sum;
            }
        }
    }

    /// The payees that are paid most in each unit, the largest first, those of one sum by kind and key; nothing of a unit in which parties
    /// are paid that were not added up.
    pub fn largest(&self, plan: &Plan, loaded: &Loaded, n: usize) -> Vec<(UnitId, Vec<PaidPayee>)> {
        let mut units: Vec<UnitId> = self.sums.keys().map(|(_, unit)| *unit).collect();
        units.sort_unstable();
        units.dedup();
        let largest = |unit: UnitId| {
            let kinds = (0..).map(RecordId).take(plan.records.len());
            let mut found: Vec<PaidPayee> = Vec::new();
            for kind in kinds {
                if self.left_out.contains(&(kind, unit)) {
                    return None;
                }
                let Some(sums) = self.sums.get(&(kind, unit)) else { continue };
                let mut rows: Vec<(i128, u32)> = sums.iter().copied().zip(0..).filter(|(sum, _)| *sum > 0).collect();
                // Rows are in the order of their keys.
                rows.sort_unstable_by_key(|(sum, row)| (std::cmp::Reverse(*sum), *row));
                let key = |row: u32| loaded.keys[kind.index()].text(row as usize).into_owned();
                let paid = |(sum, row): &(i128, u32)| PaidPayee { kind, key: key(*row), sum: *sum };
                found.extend(rows.iter().take(n).map(paid));
            }
            found.sort_by_key(|paid| std::cmp::Reverse(paid.sum));
            found.truncate(n);
            Some((unit, found))
        };
        units.into_iter().filter_map(largest).filter(|(_, found)| !found.is_empty()).collect()
    }
}
