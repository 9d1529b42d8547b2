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
            let hash_of = hash_short(short);
            if let Some((_, code)) = self.short.find(hash_of, |(known, _)| *known == short) {
                return *code;
            }
            let code = self.add_text(text);
            self.short.insert_unique(hash_of, (short, code), |(known, _)| hash_short(*known));
            return code;
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
