//! Rows that bear a key which an earlier row bears.

use super::draft::Draft;
use super::runs::Wanted;
use crate::keys::{KeyPart, KeySpace, Keys};
use crate::scratch::ScratchError;
use hashbrown::HashTable;
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// About how many bytes of memory what is known of a key takes.
const WORD: usize = 16;

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

/// The same, of rows that lie on the disk, and the keys of the rows found. Nothing is held but a part of the keys at a
/// time, and those that may be equal.
pub(super) fn repeated_in_runs(draft: &Draft, bytes: usize) -> Result<(Vec<(u32, u32)>, Found), ScratchError> {
    let keys = Wanted { keys: true, ..Wanted::default() };
    let n_words = bytes / WORD;
    let suspects = if all_whole_differ(draft, n_words)? { FxHashSet::default() } else { suspects(draft, n_words)? };
    let mut found = Found { places: Vec::new(), space: KeySpace::new(draft.rows.keys.n_parts()) };
    if !suspects.is_empty() {
        let mut parts: Vec<u32> = Vec::new();
        draft.each_stretch(keys, |stretch| {
            for row in 0..stretch.keys.len() {
                let place = stretch.place(row);
                if suspects.contains(&hash(&stretch.keys, row as u32)) && !draft.is_keyless(place) {
                    let of_row = stretch.keys.parts.iter().map(|part| part.get(row));
                    parts.clear();
                    parts.extend(found.space.parts.iter_mut().zip(of_row).map(|(known, part)| known.intern(part)));
                    found.places.push((place, found.space.code(&parts)));
                }
            }
        })?;
    }
    let Found { places, space } = &mut found;
    places.sort_unstable();
    let pairs = places.iter().filter_map(|&(place, code)| Some((place, space.bear(code, place)?))).collect();
    Ok((pairs, found))
}

/// Rows by their places, rising, and their keys, each text of which is held once.
#[derive(Default)]
pub(super) struct Found {
    places: Vec<(u32, u32)>,
    space: KeySpace,
}

impl Found {
    /// The key of the row read at a place.
    pub fn text(&self, place: u32) -> String {
        let found = self.places.binary_search_by_key(&place, |(place, _)| *place);
        found.map_or_else(|_| String::new(), |idx| self.space.text(self.places[idx].1))
    }
}

/// What keys hash to that share it with others.
fn suspects(draft: &Draft, n_words: usize) -> Result<FxHashSet<u64>, ScratchError> {
    let mut suspects = FxHashSet::default();
    let n_parts = (u64::from(draft.n_rows) / n_words.max(1) as u64) + 1;
    for part in 0..n_parts {
        let mut known: FxHashSet<u64> = FxHashSet::default();
        draft.each_stretch(Wanted { keys: true, ..Wanted::default() }, |stretch| {
            for row in 0..stretch.keys.len() {
                let hash = hash(&stretch.keys, row as u32);
                if (hash >> 24) % n_parts == part && !draft.is_keyless(stretch.place(row)) && !known.insert(hash) {
                    suspects.insert(hash);
                }
            }
        })?;
    }
    Ok(suspects)
}

/// Whether keys are whole numbers that lie close together and all differ; not, too, where that is not known.
fn all_whole_differ(draft: &Draft, n_most: usize) -> Result<bool, ScratchError> {
    if !draft.keyless.is_empty() {
        return Ok(false);
    }
    let keys = Wanted { keys: true, ..Wanted::default() };
    let mut span = Some((i64::MAX, i64::MIN));
    draft.each_stretch(keys, |stretch| {
        span = span.zip(stretch.keys.whole_numbers()).map(|((least, most), whole)| {
            whole.iter().fold((least, most), |(least, most), &value| (least.min(value), most.max(value)))
        });
    })?;
    let Some((least, most)) = span.filter(|(least, most)| least <= most) else { return Ok(false) };
    let n_words = (most - least) as usize / 64 + 1;
    if n_words > n_most.max(16) {
        return Ok(false);
    }
    let mut seen = vec![0u64; n_words];
    let mut differ = true;
    draft.each_stretch(keys, |stretch| {
        differ = differ && stretch.keys.whole_numbers().is_some_and(|whole| all_new(whole, least, &mut seen));
    })?;
    Ok(differ)
}

/// Whether whole numbers, not negative, that lie close together all differ; not, too, where they lie far apart.
fn all_differ(whole: &[i64]) -> bool {
    let (Some(&least), Some(&most)) = (whole.iter().min(), whole.iter().max()) else { return true };
    let span = (most - least) as usize;
    if span / 64 > whole.len() {
        return false;
    }
    all_new(whole, least, &mut vec![0u64; span / 64 + 1])
}

/// Whether none of these numbers was seen before; a bit for each from the least.
fn all_new(whole: &[i64], least: i64, seen: &mut [u64]) -> bool {
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
        // A part is a whole number or a text whatever the others of its column are.
        match part.get(row as usize) {
            KeyPart::Whole(value) => value.hash(&mut hasher),
            KeyPart::Text(text) => text.hash(&mut hasher),
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyColumn;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// Whole numbers close together, far apart and at the end of what is kept as one, and texts.
    fn key() -> impl Strategy<Value = String> {
        let whole =
            prop_oneof![0i64..40, 65_500i64..65_560, 1_000_000i64..1_000_060, 10i64.pow(18) - 5..10i64.pow(18) + 5];
        let shape = prop::sample::select(vec!["", "", "", "0", "C"]);
        (shape, whole).prop_map(|(shape, whole)| format!("{shape}{whole}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn repeated_keys_are_those_met_before(
            rows in prop::collection::vec((key(), key()), 0..80),
            n_parts in 1usize..3,
            whole in any::<bool>(),
            keyless in prop::collection::btree_set(0u32..80, 0..4),
        ) {
            let keyless: Vec<u32> = keyless.into_iter().filter(|&row| (row as usize) < rows.len()).collect();
            let of = |row: &(String, String)| -> Vec<String> {
                let plain = |key: &str| if whole { key.trim_start_matches(['0', 'C']).to_owned() + "1" } else { key.to_owned() };
                [plain(&row.0), plain(&row.1)][..n_parts].to_vec()
            };
            let mut parts = vec![KeyColumn::default(); n_parts];
            let mut first: HashMap<Vec<String>, u32> = HashMap::new();
            let mut expected = Vec::new();
            for (row, key) in (0..).zip(rows.iter().map(of)) {
                parts.iter_mut().zip(&key).for_each(|(part, text)| part.push(KeyPart::of(text.as_bytes())));
                if keyless.contains(&row) {
                    continue;
                }
                match first.get(&key) {
                    Some(&first) => expected.push((row, first)),
                    None => {
                        first.insert(key, row);
                    }
                }
            }
            prop_assert_eq!(repeated(&Keys { parts }, &keyless), expected);
        }
    }
}
