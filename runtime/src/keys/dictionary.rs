//! Texts and ids by code: equal texts have one code, and a whole number is the text it is written as.

use crate::keys::component::KeyComponent;
use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};
use std::{borrow::Cow, hash::Hasher};

/// No code, no row: missing, or not found.
pub(crate) const NONE: u32 = u32::MAX;
/// Whole numbers below this always have a place in the table, whatever their number.
const SMALL: usize = 1 << 16;

/// The texts of a domain by code. Codes follow the order of reading and are never shown.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    /// Code of a small whole number.
    direct: Vec<u32>,
    /// Codes of the other whole numbers.
    wholes: FxHashMap<i64, u32>,
    /// Codes of short texts, each beside its text: a look takes one step in memory where it would take five.
    short: HashTable<(Short, u32)>,
    /// Codes of those among them that are letters and a number, by that number, once they were met: a look at a table in place of one
    /// into a hash table.
    numbered: Vec<Numbered>,
    /// Codes of the other texts.
    texts: HashTable<u32>,
    /// By code: a whole number, or `-1 - n` for text number n.
    entries: Vec<i64>,
    /// Where each text ends in `bytes`.
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

impl Dictionary {
    /// How many codes there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The text of a code.
    pub fn text(&self, code: u32) -> Cow<'_, str> {
        self.component(code).text()
    }

    /// The text of a code as a component of a key, for comparing in the order of keys.
    pub fn component(&self, code: u32) -> KeyComponent<'_> {
        match self.entries[code as usize] {
            whole @ 0.. => KeyComponent::Whole(whole),
            text => KeyComponent::Text(self.nth_text((-1 - text) as usize)),
        }
    }

    /// The code of a text, if it has one.
    pub fn code(&self, text: &str) -> Option<u32> {
        let code = self.find(KeyComponent::of(text.as_bytes()));
        (code != NONE).then_some(code)
    }

    pub(crate) fn find(&self, component: KeyComponent<'_>) -> u32 {
        match component {
            KeyComponent::Whole(value) => self.find_whole(value),
            KeyComponent::Text(text) => match short(text) {
                Some(text) => {
                    self.short.find(hash_short(text), |(known, _)| *known == text).map_or(NONE, |(_, code)| *code)
                }
                None => {
                    let same = |&code: &u32| self.component(code) == KeyComponent::Text(text);
                    self.texts.find(hash(text), same).copied().unwrap_or(NONE)
                }
            },
        }
    }

    pub(crate) fn intern(&mut self, component: KeyComponent<'_>) -> u32 {
        match component {
            KeyComponent::Whole(value) => self.intern_whole(value),
            KeyComponent::Text(text) => self.intern_text(text),
        }
    }

    /// The code of any whole number.
    #[inline]
    pub(crate) fn intern_number(&mut self, value: i64) -> u32 {
        match self.direct.get(value as usize) {
            Some(&code) if code != NONE => code,
            Some(_) | None => self.intern(KeyComponent::of_whole(value, &mut String::new())),
        }
    }

    /// The code of a whole number of up to eighteen digits, not negative.
    #[inline]
    pub(crate) fn intern_whole(&mut self, value: i64) -> u32 {
        match self.direct.get(value as usize) {
            Some(&code) if code != NONE => code,
            Some(_) | None => self.add_whole(value),
        }
    }

    fn find_whole(&self, value: i64) -> u32 {
        match self.direct.get(value as usize) {
            Some(&code) => code,
            None => self.wholes.get(&value).copied().unwrap_or(NONE),
        }
    }

    /// The code of a whole number that the table does not tell: a known one beyond the table, or a new one.
    ///
    /// INVARIANT: the table alone has the numbers below its length, `wholes` alone those from there on.
    #[inline(never)]
    fn add_whole(&mut self, value: i64) -> u32 {
        if let Some(&code) = self.wholes.get(&value) {
            return code;
        }
        let code = self.entries.len() as u32;
        self.entries.push(value);
        // The table may be sixteen times as long as there are codes, then hashing is the smaller evil.
        if value as usize >= self.direct.len() && (value as usize) < SMALL.max(self.len() * 16) {
            self.widen(value as usize + 1);
        }
        match self.direct.get_mut(value as usize) {
            Some(place) => *place = code,
            None => {
                self.wholes.insert(value, code);
            }
        }
        code
    }

    /// Makes the table longer; numbers that then belong to it move there with the codes they have.
    fn widen(&mut self, least: usize) {
        self.direct.resize(least.next_power_of_two().max(SMALL), NONE);
        let Self { direct, wholes, .. } = self;
        wholes.retain(|&value, code| match direct.get_mut(value as usize) {
            Some(place) => {
                *place = *code;
                false
            }
            None => true,
        });
    }

    fn intern_text(&mut self, text: &[u8]) -> u32 {
        if let Some(short) = short(text) {
            return self.intern_short(text, short);
        }
        let Self { texts, entries, ends, bytes, .. } = self;
        let nth = |code: u32| {
            let nth = (-1 - entries[code as usize]) as usize;
            &bytes[if nth == 0 { 0 } else { ends[nth - 1] }..ends[nth]]
        };
        let hash_of = hash(text);
        if let Some(&code) = texts.find(hash_of, |&code| nth(code) == text) {
            return code;
        }
        texts.insert_unique(hash_of, entries.len() as u32, |&code| hash(nth(code)));
        self.add_text(text)
    }

    #[inline]
    fn intern_short(&mut self, text: &[u8], short: Short) -> u32 {
        let form = Form::of(text);
        if let Some((form, number)) = form
            && let Some(known) = self.numbered.iter().find(|known| known.form == form)
            && let Some(&code) = known.codes.get(number)
            && code != NONE
        {
            return code;
        }
        let hash_of = hash_short(short);
        let found = self.short.find(hash_of, |(known, _)| *known == short).map(|(_, code)| *code);
        let code = match found {
            Some(code) => code,
            None => {
                let code = self.add_text(text);
                self.short.insert_unique(hash_of, (short, code), |(known, _)| hash_short(*known));
                code
            }
        };
        if let Some((form, number)) = form {
            self.remember(form, number, code, found.is_none());
        }
        code
    }

    /// Keeps the code of a text that is a number of some form, if there are few forms, and numbers are not much larger than texts of the
    /// form are many.
    fn remember(&mut self, form: Form, number: usize, code: u32, is_new: bool) {
        let known = match self.numbered.iter_mut().position(|known| known.form == form) {
            Some(place) => &mut self.numbered[place],
            None if self.numbered.len() == MOST_FORMS => return,
            None => {
                self.numbered.push(Numbered { form, n_texts: 0, codes: Vec::new() });
                let last = self.numbered.len() - 1;
                &mut self.numbered[last]
            }
        };
        known.n_texts += usize::from(is_new);
        if number < FEW.max(known.n_texts * 4) {
            if number >= known.codes.len() {
                known.codes.resize((number + 1).next_power_of_two(), NONE);
            }
            known.codes[number] = code;
        }
    }

    /// The code of a new text.
    fn add_text(&mut self, text: &[u8]) -> u32 {
        let code = self.entries.len() as u32;
        self.entries.push(-1 - self.ends.len() as i64);
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        code
    }

    fn nth_text(&self, nth: usize) -> &[u8] {
        let start = if nth == 0 { 0 } else { self.ends[nth - 1] };
        &self.bytes[start..self.ends[nth]]
    }
}

/// Numbers below this may be kept by number however few texts there are.
const FEW: usize = 1 << 10;
/// Forms whose texts are kept by their numbers.
const MOST_FORMS: usize = 4;

/// The texts of one form, by their numbers.
#[derive(Clone, Debug)]
struct Numbered {
    form: Form,
    /// How many texts of the form there are.
    n_texts: usize,
    codes: Vec<u32>,
}

/// What is alike in texts such as `C0123456`: what comes before the last digits, and how many these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    /// Up to seven bytes, and behind them how many they are.
    before: u64,
    n_digits: usize,
}

impl Form {
    /// The form of a text that ends in up to nine digits, and their number; every text of a form has another.
    #[inline]
    fn of(text: &[u8]) -> Option<(Self, usize)> {
        let n_digits = text.iter().rev().take(9).take_while(|byte| byte.is_ascii_digit()).count();
        let (before, digits) = text.split_at(text.len() - n_digits);
        if n_digits == 0 || before.len() > 7 {
            return None;
        }
        let number = digits.iter().fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
        let mut bytes = [0u8; 8];
        bytes[..before.len()].copy_from_slice(before);
        bytes[7] = before.len() as u8;
        Some((Self { before: u64::from_le_bytes(bytes), n_digits }, number))
    }
}

/// A text of up to fifteen bytes, and behind them how many they are.
type Short = [u64; 2];

/// A short text; none where it is longer.
#[inline]
fn short(text: &[u8]) -> Option<Short> {
    if text.len() > 15 {
        return None;
    }
    let mut all = [0u8; 16];
    all[..text.len()].copy_from_slice(text);
    all[15] = text.len() as u8;
    let value = u128::from_le_bytes(all);
    Some([value as u64, (value >> 64) as u64])
}

#[inline]
fn hash_short(text: Short) -> u64 {
    let mut hasher = FxHasher::default();
    text.iter().for_each(|part| hasher.write_u64(*part));
    hasher.finish()
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// Numbers that lie far apart are not kept in a table with a place for each.
    #[test]
    fn tables_by_number_are_in_proportion_to_texts() {
        let mut dictionary = Dictionary::default();
        for text in 0..40_000u64 {
            let letter = char::from(b'A' + (text % 4) as u8);
            dictionary.intern(KeyComponent::of(format!("{letter}{:08}", text * 104_729 % 99_999_989).as_bytes()));
        }
        let n_places: usize = dictionary.numbered.iter().map(|known| known.codes.len()).sum();
        assert!(n_places <= 40_000 * 8, "{n_places} places");
    }

    proptest! {
        /// Texts of every form and length have the codes of a plain map.
        #[test]
        fn codes_are_those_of_a_map(
            texts in prop::collection::vec("[A-C]{0,2}[0-9]{0,3}|[A-H][0-9]{4}|[a-z]{0,9}[0-9]{1,12}|\\PC{0,20}|00[0-9]{1,3}", 0..400)
        ) {
            let (mut dictionary, mut known) = (Dictionary::default(), HashMap::new());
            for text in &texts {
                let next = known.len() as u32;
                let wanted = *known.entry(text.clone()).or_insert(next);
                prop_assert_eq!(dictionary.intern(KeyComponent::of(text.as_bytes())), wanted, "{}", text);
                prop_assert_eq!(dictionary.text(wanted), text.as_str());
            }
            prop_assert_eq!(dictionary.len(), known.len());
            for (text, code) in &known {
                prop_assert_eq!(dictionary.code(text), Some(*code));
            }
            for other in ["A", "A1", "A01", "zz", "C0123456789"] {
                prop_assert_eq!(dictionary.code(other), known.get(other).copied());
            }
        }
    }
}
