//! Rows that bear a key which an earlier row bears.

use crate::keys::{KeyColumn, KeyPart, Keys};
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Every row whose key an earlier row bears, with the first such row; rows of `keyless` (rising) have no key.
pub(super) fn repeated(keys: &Keys, keyless: &[u32]) -> Vec<(u32, u32)> {
    let n_rows = keys.len();
    if keyless.is_empty() {
        if (1..n_rows).all(|row| keys.cmp(row - 1, row).is_lt()) {
            return Vec::new();
        }
        if let Some(whole) = keys.whole_numbers()
            && all_differ(whole)
        {
            return Vec::new();
        }
    }
    let mut known: HashTable<u32> = HashTable::with_capacity(n_rows);
    let mut repeated = Vec::new();
    let mut keyless = keyless.iter().peekable();
    for row in 0..n_rows as u32 {
        if keyless.next_if_eq(&&row).is_some() {
            continue;
        }
        let hash_of = |row: &u32| hash(keys, *row);
        let same = |&other: &u32| keys.cmp(other as usize, row as usize).is_eq();
        match known.find(hash_of(&row), same) {
            Some(&first) => repeated.push((row, first)),
            None => {
                known.insert_unique(hash_of(&row), row, hash_of);
            }
        }
    }
    repeated
}

/// Whether whole numbers, not negative, that lie close together all differ; not, too, where they lie far apart.
fn all_differ(whole: &[i64]) -> bool {
    let (Some(&least), Some(&most)) = (whole.iter().min(), whole.iter().max()) else { return true };
    let span = (most - least) as usize;
    if span / 64 > whole.len() {
        return false;
    }
    let mut seen = vec![0u64; span / 64 + 1];
    whole.iter().all(|&value| {
        let at = (value - least) as usize;
        let (word, bit) = (&mut seen[at / 64], 1u64 << (at % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    })
}

fn hash(keys: &Keys, row: u32) -> u64 {
    let mut hasher = FxHasher::default();
    for part in &keys.parts {
        match (part, part.get(row as usize)) {
            // In a column of texts whole numbers are texts too, and the other way around no text is a whole number.
            (KeyColumn::Whole(_), KeyPart::Whole(value)) => value.hash(&mut hasher),
            (_, part) => part.text().hash(&mut hasher),
        }
    }
    hasher.finish()
}
