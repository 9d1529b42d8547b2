//! Every container of keys beside a plain map of texts, over keys in the shapes of real systems.

use crate::keys::columns::{KeyColumn, Keys};
use crate::keys::component::KeyComponent;
use crate::keys::dictionary::{Dictionary, NONE};
use crate::keys::space::KeySpace;
use crate::store::spill::SpillFile;
use crate::store::spilled_keys::SpilledKeys;
use proptest::prelude::*;
use std::collections::HashMap;

/// Texts of keys as systems number their rows: a counter from some offset with a step, plain, padded or behind a prefix.
/// Lengths and offsets lie around those at which the containers change what they do: 2^16, sixteen times the number of
/// codes, a million, 10^18.
fn numbered() -> impl Strategy<Value = Vec<String>> {
    let base = prop_oneof![
        Just(0i128),
        Just(1),
        (1i128 << 16) - 30..(1i128 << 16) + 30,
        (16i128 * 4_090..16 * 4_110),
        Just(999_990),
        Just(1_000_000),
        1_000_000i128..9_999_999,
        Just((1i128 << 32) - 3),
        Just(10i128.pow(18) - 4),
        Just(10i128.pow(19)),
    ];
    let step = prop_oneof![6 => Just(1i128), 1 => Just(7), 1 => Just(16), 1 => Just(100_003)];
    let count = prop_oneof![8 => 1i128..40, 2 => 4_090i128..4_110];
    let shape = prop_oneof![8 => Just(""), 1 => Just("0"), 1 => Just("C"), 1 => Just("-"), 1 => Just("K-00")];
    (base, step, count, shape)
        .prop_map(|(base, step, count, shape)| (0..count).map(|n| format!("{shape}{}", base + n * step)).collect())
}

/// Some runs of numbers one behind the other, and then some of their keys once more.
fn keys() -> impl Strategy<Value = Vec<String>> {
    let runs = prop::collection::vec(numbered(), 1..4);
    (runs, prop::collection::vec(any::<prop::sample::Index>(), 0..60)).prop_map(|(runs, again)| {
        let mut keys = runs.concat();
        let repeats: Vec<String> = again.iter().map(|index| keys[index.index(keys.len())].clone()).collect();
        // A key that was met early comes again at once, and at the end.
        keys.splice(1..1, repeats.iter().take(3).cloned());
        keys.extend(repeats);
        keys
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_has_one_code_whatever_came_between(keys in keys()) {
        let mut dictionary = Dictionary::default();
        let mut model: HashMap<&str, u32> = HashMap::new();
        for key in &keys {
            let next = model.len() as u32;
            prop_assert_eq!(dictionary.code(key), model.get(key.as_str()).copied(), "before {}", key);
            let expected = *model.entry(key).or_insert(next);
            let component = KeyComponent::of(key.as_bytes());
            prop_assert_eq!(dictionary.intern(component), expected, "{}", key);
            if let Ok(value) = key.parse::<i64>() && value.to_string() == *key {
                prop_assert_eq!(dictionary.intern_number(value), expected, "{}", key);
            }
        }
        prop_assert_eq!(dictionary.len(), model.len());
        for (key, code) in model {
            prop_assert_eq!(dictionary.text(code), key);
            prop_assert_eq!(dictionary.code(key), Some(code));
        }
    }

    #[test]
    fn a_key_is_borne_by_its_first_row(keys in keys(), n_components in 1usize..3, later in any::<bool>()) {
        let mut space = KeySpace::new(n_components);
        let mut model: HashMap<Vec<&str>, (u32, u32)> = HashMap::new();
        let parts_of = |row: usize| -> Vec<&str> {
            (0..n_components).map(|component| keys[(row + component * 3) % keys.len()].as_str()).collect()
        };
        let n_rows = keys.len();
        for row in 0..n_rows {
            // Rows may be told in falling order too, as those of sorted runs are.
            let told = if later { n_rows - 1 - row } else { row };
            let components = parts_of(told);
            let codes: Vec<u32> = components
                .iter()
                .enumerate()
                .map(|(idx, component)| space.components[idx].intern(KeyComponent::of(component.as_bytes())))
                .collect();
            let code = space.code(&codes);
            let next = model.len() as u32;
            let first = model.entry(components).or_insert((next, told as u32));
            prop_assert_eq!(code, first.0);
            if later {
                space.set_first_owner(code, told as u32);
                first.1 = first.1.min(told as u32);
            } else {
                let known = (first.1 != told as u32).then_some(first.1);
                prop_assert_eq!(space.set_owner(code, told as u32), known);
            }
        }
        prop_assert_eq!(space.len(), model.len());
        prop_assert_eq!(space.row(model.len() as u32), NONE);
        for (components, (code, row)) in &model {
            prop_assert_eq!(space.row(*code), *row);
            prop_assert_eq!(space.text(*code), components.join("|"));
            let found = space.keys(&[*code]);
            prop_assert_eq!(found.text(0), components.join("|"));
        }
    }

    #[test]
    fn columns_of_keys_are_lists_of_texts(
        runs in prop::collection::vec(numbered(), 1..4),
        cuts in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..6),
    ) {
        let (mut column, mut model) = (KeyColumn::default(), Vec::new());
        for run in &runs {
            let mut other = KeyColumn::default();
            run.iter().for_each(|key| other.push(KeyComponent::of(key.as_bytes())));
            for (from, to) in &cuts {
                let (from, to) = (from.index(run.len()), to.index(run.len() + 1));
                let rows = from.min(to)..to;
                column.append(&other, rows.clone());
                model.extend_from_slice(&run[rows]);
            }
        }
        prop_assert_eq!(column.len(), model.len());
        let keys = Keys { components: vec![column] };
        for (row, key) in model.iter().enumerate() {
            prop_assert_eq!(keys.text(row), key.as_str());
        }
        if model.is_empty() {
            return Ok(());
        }
        let picked: Vec<u32> = cuts.iter().map(|(from, _)| from.index(model.len()) as u32).collect();
        let gathered = keys.gather(&picked);
        let folder = tempfile::tempdir().expect("a folder");
        let file = SpillFile::new(folder.path()).expect("a file");
        let stored = SpilledKeys::write(&keys, &file).expect("there is room");
        for (place, &row) in picked.iter().enumerate() {
            let row = row as usize;
            prop_assert_eq!(gathered.text(place), model[row].as_str());
            let loaded = stored.read(row..model.len(), &file).expect("it is there");
            prop_assert_eq!(loaded.text(0), model[row].as_str());
            prop_assert_eq!(loaded.text(model.len() - 1 - row), model[model.len() - 1].as_str());
        }
    }

    #[test]
    fn a_key_is_found_among_sorted_ones(keys in keys()) {
        let mut sorted: Vec<&String> = keys.iter().collect();
        sorted.sort_by(|a, b| KeyComponent::of(a.as_bytes()).cmp(&KeyComponent::of(b.as_bytes())));
        sorted.dedup();
        let mut column = KeyColumn::default();
        sorted.iter().for_each(|key| column.push(KeyComponent::of(key.as_bytes())));
        let table = Keys { components: vec![column] };
        for (row, key) in sorted.iter().enumerate() {
            prop_assert_eq!(table.find(&[key], sorted.len()), Some(row));
            prop_assert_eq!(table.find(&[key], row), Some(row));
        }
        prop_assert_eq!(table.find(&["no such key"], sorted.len()), None);
    }
}

/// The rows on which a whole number once had two codes: 65561 lies beyond the table when it is met first, and is met
/// again when sixteen times the number of codes has just passed it.
#[test]
fn a_number_keeps_its_code_when_the_table_reaches_it() {
    let mut dictionary = Dictionary::default();
    let first = dictionary.intern_whole(65_561);
    for value in 1..=4_100 {
        dictionary.intern_whole(value);
    }
    assert_eq!(dictionary.intern_whole(65_561), first);
    assert_eq!((dictionary.code("65561"), dictionary.len()), (Some(first), 4_101));
}

/// The table grows while codes are given out, to 2^20 places and more.
#[test]
fn numbers_keep_their_codes_while_the_table_grows() {
    let mut dictionary = Dictionary::default();
    let early: Vec<i64> = (0..22).flat_map(|power| [(1i64 << power) - 1, 1 << power, 16 << power]).collect();
    let codes: Vec<u32> = early.iter().map(|&value| dictionary.intern_whole(value)).collect();
    for value in (0..200_000).map(|n| n * 3) {
        dictionary.intern_whole(value);
        let nth = value as usize % early.len();
        assert_eq!(dictionary.intern_whole(early[nth]), codes[nth], "{}", early[nth]);
    }
    let distinct: std::collections::HashSet<u32> = (0..600_000).map(|value| dictionary.intern_whole(value)).collect();
    assert_eq!(distinct.len(), 600_000);
}
