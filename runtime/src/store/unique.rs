//! Rows that have a key which an earlier row has.

use crate::keys::columns::Keys;
use crate::keys::component::KeyComponent;
use crate::keys::space::KeySpace;
use crate::store::error::StoreError;
use crate::store::row_batch::Wanted;
use crate::store::rows::TableRows;
use hashbrown::HashTable;
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// About how many bytes of memory what is known of a key takes.
const WORD: usize = 16;

/// Rows whose key an earlier row has.
#[derive(Default)]
pub(crate) struct Repeated {
    /// Each such row and the first that has its key, by their places in the order of reading.
    pub pairs: Vec<(u32, u32)>,
    /// The keys of rows that are no longer held.
    found: Option<Found>,
}

impl Repeated {
    /// All such rows of a table.
    pub fn of(rows: &TableRows) -> Result<Self, StoreError> {
        Ok(match rows.bytes_for_keys() {
            Some(bytes) => {
                let (pairs, found) = repeated_in_batches(rows, bytes)?;
                Self { pairs, found: Some(found) }
            }
            None => Self::known(repeated(&rows.batch.keys, &rows.keyless)),
        })
    }

    /// Rows that were found while they were read.
    pub fn known(pairs: Vec<(u32, u32)>) -> Self {
        Self { pairs, found: None }
    }

    /// The key of such a row.
    pub fn key(&self, rows: &TableRows, place: u32) -> String {
        match &self.found {
            Some(found) => found.text(place),
            None => rows.batch.keys.text(place as usize).into_owned(),
        }
    }
}

/// Every row whose key an earlier row has, with the first such row; rows of `keyless` (rising) have no key.
fn repeated(keys: &Keys, keyless: &[u32]) -> Vec<(u32, u32)> {
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

/// The same, of rows that are spilled, and the keys of the rows found. Nothing is held but a share of the keys at a time, and
/// those that may be equal.
fn repeated_in_batches(rows: &TableRows, bytes: usize) -> Result<(Vec<(u32, u32)>, Found), StoreError> {
    let keys = Wanted { keys: true, ..Wanted::default() };
    let n_words = bytes / WORD;
    let suspects = if all_whole_differ(rows, n_words)? { FxHashSet::default() } else { suspects(rows, n_words)? };
    let mut found = Found { places: Vec::new(), space: KeySpace::new(rows.batch.keys.n_components()) };
    if !suspects.is_empty() {
        let mut components: Vec<u32> = Vec::new();
        rows.each_batch(keys, |batch| {
            for row in 0..batch.keys.len() {
                let place = batch.place(row);
                if suspects.contains(&hash(&batch.keys, row as u32)) && !rows.is_keyless(place) {
                    let of_row = batch.keys.components.iter().map(|component| component.get(row));
                    components.clear();
                    components.extend(
                        found.space.components.iter_mut().zip(of_row).map(|(known, component)| known.intern(component)),
                    );
                    found.places.push((place, found.space.code(&components)));
                }
            }
        })?;
    }
    let Found { places, space } = &mut found;
    places.sort_unstable();
    let pairs = places.iter().filter_map(|&(place, code)| Some((place, space.set_owner(code, place)?))).collect();
    Ok((pairs, found))
}

/// Rows by their places, rising, and their keys, each text of which is held once.
#[derive(Default)]
struct Found {
    places: Vec<(u32, u32)>,
    space: KeySpace,
}

impl Found {
    /// The key of the row read at a place.
    fn text(&self, place: u32) -> String {
        let found = self.places.binary_search_by_key(&place, |(place, _)| *place);
        found.map_or_else(|_| String::new(), |idx| self.space.text(self.places[idx].1))
    }
}

/// What keys hash to that share it with others.
fn suspects(rows: &TableRows, n_words: usize) -> Result<FxHashSet<u64>, StoreError> {
    let mut suspects = FxHashSet::default();
    let n_shares = (u64::from(rows.n_rows) / n_words.max(1) as u64) + 1;
    for share in 0..n_shares {
        let mut known: FxHashSet<u64> = FxHashSet::default();
        rows.each_batch(Wanted { keys: true, ..Wanted::default() }, |batch| {
            for row in 0..batch.keys.len() {
                let hash = hash(&batch.keys, row as u32);
                if (hash >> 24) % n_shares == share && !rows.is_keyless(batch.place(row)) && !known.insert(hash) {
                    suspects.insert(hash);
                }
            }
        })?;
    }
    Ok(suspects)
}

/// Whether keys are whole numbers that lie close together and all differ; not, too, where that is not known.
fn all_whole_differ(rows: &TableRows, n_most: usize) -> Result<bool, StoreError> {
    if !rows.keyless.is_empty() {
        return Ok(false);
    }
    let keys = Wanted { keys: true, ..Wanted::default() };
    let mut span = Some((i64::MAX, i64::MIN));
    rows.each_batch(keys, |batch| {
        span = span.zip(batch.keys.whole_numbers()).map(|((least, most), whole)| {
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
    rows.each_batch(keys, |batch| {
        differ = differ && batch.keys.whole_numbers().is_some_and(|whole| all_new(whole, least, &mut seen));
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
    for component in &keys.components {
        // A component is a whole number or a text whatever the others of its column are.
        match component.get(row as usize) {
            KeyComponent::Whole(value) => value.hash(&mut hasher),
            KeyComponent::Text(text) => text.hash(&mut hasher),
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::columns::KeyColumn;
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
            n_components in 1usize..3,
            whole in any::<bool>(),
            keyless in prop::collection::btree_set(0u32..80, 0..4),
        ) {
            let keyless: Vec<u32> = keyless.into_iter().filter(|&row| (row as usize) < rows.len()).collect();
            let of = |row: &(String, String)| -> Vec<String> {
                let plain = |key: &str| if whole { key.trim_start_matches(['0', 'C']).to_owned() + "1" } else { key.to_owned() };
                [plain(&row.0), plain(&row.1)][..n_components].to_vec()
            };
            let mut components = vec![KeyColumn::default(); n_components];
            let mut first: HashMap<Vec<String>, u32> = HashMap::new();
            let mut expected = Vec::new();
            for (row, key) in (0..).zip(rows.iter().map(of)) {
                components.iter_mut().zip(&key).for_each(|(component, text)| component.push(KeyComponent::of(text.as_bytes())));
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
            prop_assert_eq!(repeated(&Keys { components }, &keyless), expected);
        }
    }
}
