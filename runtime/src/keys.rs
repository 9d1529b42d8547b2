//! Keys and the texts they are compared by.
//!
//! A key is a tuple of texts. Plainly written whole numbers (no sign, no leading zero) stand first, by value; then all
//! others by code point; a key of several fields is compared field by field. A whole number that fits 63 bits is kept
//! as a number, so that `7` in a CSV file and the integer 7 in a Parquet file are one key without further care.

mod dictionary;
#[cfg(test)]
mod model;
mod space;
mod stored;

pub use dictionary::Dictionary;
pub(crate) use dictionary::NONE;
pub(crate) use space::KeySpace;
pub(crate) use stored::StoredKeys;

use crate::table::Texts;
use std::{borrow::Cow, cmp::Ordering, ops::Range};

/// Whole numbers below this, of up to eighteen digits, are kept as numbers.
const LONGEST_WHOLE: i64 = 1_000_000_000_000_000_000;

/// The keys of the rows of a table, in the order of its rows: one column for each field of the key (for a field that is
/// a reference, each field of the key it refers to).
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// By part, all of one length.
    pub(crate) parts: Vec<KeyColumn>,
}

/// One part of the keys.
#[derive(Clone, Debug)]
pub enum KeyColumn {
    /// All are plain whole numbers.
    Whole(Vec<i64>),
    /// Texts, one behind the other.
    Text {
        /// Where each text ends.
        ends: Vec<usize>,
        /// UTF-8.
        bytes: Vec<u8>,
    },
}

/// One part of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPart<'a> {
    /// A plain whole number, not negative.
    Whole(i64),
    /// Any other text (or a plain whole number too long for the variant above).
    Text(&'a [u8]),
}

impl Keys {
    /// No keys yet, of so many parts.
    pub(crate) fn new(n_parts: usize) -> Self {
        Self { parts: vec![KeyColumn::default(); n_parts] }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.parts.first().map_or(0, KeyColumn::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many parts a key has.
    pub fn n_parts(&self) -> usize {
        self.parts.len()
    }

    /// One part of one key, as text.
    pub fn part(&self, row: usize, part: usize) -> Cow<'_, str> {
        self.parts[part].get(row).text()
    }

    /// The key as text; parts are joined by `|`.
    pub fn text(&self, row: usize) -> Cow<'_, str> {
        match self.parts.as_slice() {
            [part] => part.get(row).text(),
            parts => {
                let texts: Vec<Cow<'_, str>> = parts.iter().map(|part| part.get(row).text()).collect();
                Cow::Owned(texts.join("|"))
            }
        }
    }

    /// One part of one key.
    pub fn key_part(&self, row: usize, part: usize) -> KeyPart<'_> {
        self.parts[part].get(row)
    }

    /// Writes the keys of rows as texts.
    pub(crate) fn write_rows(&self, rows: impl Iterator<Item = u32>, texts: &mut Texts) {
        let [KeyColumn::Whole(values)] = self.parts.as_slice() else {
            for row in rows {
                self.write(row as usize, &mut texts.bytes);
                texts.end();
            }
            return;
        };
        // Rows lie scattered: fetched before any is written, they are under way together.
        let found: Vec<i64> = rows.map(|row| values[row as usize]).collect();
        let mut digits = itoa::Buffer::new();
        for value in found {
            texts.push(digits.format(value));
        }
    }

    /// Writes the key as text behind other texts.
    pub fn write(&self, row: usize, text: &mut Vec<u8>) {
        for (idx, part) in self.parts.iter().enumerate() {
            if idx > 0 {
                text.push(b'|');
            }
            match part.get(row) {
                KeyPart::Whole(value) => text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
                KeyPart::Text(bytes) => text.extend_from_slice(bytes),
            }
        }
    }

    /// The whole number that is the key, where all keys of the table are plain whole numbers of one part.
    pub fn whole_numbers(&self) -> Option<&[i64]> {
        match self.parts.as_slice() {
            [KeyColumn::Whole(values)] => Some(values),
            _ => None,
        }
    }

    /// Appends some of other keys, of as many parts.
    pub(crate) fn append(&mut self, other: &Self, rows: Range<usize>) {
        self.parts.resize_with(other.parts.len(), KeyColumn::default);
        self.parts.iter_mut().zip(&other.parts).for_each(|(own, other)| own.append(other, rows.clone()));
    }

    /// Appends the keys of these rows of others, of as many parts.
    pub(crate) fn append_rows(&mut self, other: &Self, rows: &[u32]) {
        self.parts.resize_with(other.parts.len(), KeyColumn::default);
        self.parts.iter_mut().zip(&other.parts).for_each(|(own, other)| own.append_rows(other, rows));
    }

    /// These keys.
    pub(crate) fn gather(&self, rows: &[u32]) -> Self {
        let mut keys = Self::new(self.n_parts());
        keys.append_rows(self, rows);
        keys
    }

    /// Compares the keys of two rows.
    pub fn cmp(&self, row: usize, other: usize) -> Ordering {
        let by_part = |part: &KeyColumn| part.get(row).cmp(&part.get(other));
        self.parts.iter().map(by_part).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The row whose key has these parts: by halving where the first `n_sorted` rows stand in key order, row by row
    /// after them.
    pub fn find(&self, parts: &[&str], n_sorted: usize) -> Option<usize> {
        if parts.len() != self.parts.len() {
            return None;
        }
        let wanted: Vec<KeyPart<'_>> = parts.iter().map(|text| KeyPart::of(text.as_bytes())).collect();
        let compare = |row: usize| {
            let by_part = |(part, wanted): (&KeyColumn, &KeyPart<'_>)| part.get(row).cmp(wanted);
            self.parts.iter().zip(&wanted).map(by_part).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
        };
        let (mut low, mut high) = (0, n_sorted.min(self.len()));
        while low < high {
            let middle = low + (high - low) / 2;
            match compare(middle) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        (n_sorted..self.len()).find(|&row| compare(row).is_eq())
    }
}

impl Default for KeyColumn {
    fn default() -> Self {
        Self::Whole(Vec::new())
    }
}

impl KeyColumn {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(values) => values.len(),
            Self::Text { ends, .. } => ends.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The part of this row.
    pub fn get(&self, row: usize) -> KeyPart<'_> {
        match self {
            Self::Whole(values) => KeyPart::Whole(values[row]),
            Self::Text { ends, bytes } => {
                let start = if row == 0 { 0 } else { ends[row - 1] };
                KeyPart::of(&bytes[start..ends[row]])
            }
        }
    }

    /// Adds a part.
    pub(crate) fn push(&mut self, part: KeyPart<'_>) {
        match (&mut *self, part) {
            (Self::Whole(values), KeyPart::Whole(value)) => values.push(value),
            (Self::Whole(_), KeyPart::Text(text)) => {
                self.turn_to_text();
                self.push_text(text);
            }
            (Self::Text { .. }, KeyPart::Text(text)) => self.push_text(text),
            (Self::Text { .. }, KeyPart::Whole(value)) => self.push_text(value.to_string().as_bytes()),
        }
    }

    /// Appends some of other parts.
    pub(crate) fn append(&mut self, other: &Self, rows: Range<usize>) {
        match (&mut *self, other) {
            (Self::Whole(own), Self::Whole(other)) => own.extend_from_slice(&other[rows]),
            (Self::Text { ends, bytes }, Self::Text { ends: other_ends, bytes: other }) if !rows.is_empty() => {
                let begin = if rows.start == 0 { 0 } else { other_ends[rows.start - 1] };
                let shift = |end: &usize| end - begin + bytes.len();
                ends.extend(other_ends[rows.clone()].iter().map(shift));
                bytes.extend_from_slice(&other[begin..other_ends[rows.end - 1]]);
            }
            (own, other) => rows.for_each(|row| own.push(other.get(row))),
        }
    }

    fn append_rows(&mut self, other: &Self, rows: &[u32]) {
        match (&mut *self, other) {
            (Self::Whole(own), Self::Whole(other)) => own.extend(rows.iter().map(|&row| other[row as usize])),
            (own, other) => rows.iter().for_each(|&row| own.push(other.get(row as usize))),
        }
    }

    fn push_text(&mut self, text: &[u8]) {
        if let Self::Text { ends, bytes } = self {
            bytes.extend_from_slice(text);
            ends.push(bytes.len());
        }
    }

    fn turn_to_text(&mut self) {
        if let Self::Whole(values) = self {
            let (mut ends, mut bytes) = (Vec::with_capacity(values.len() + 1), Vec::with_capacity(values.len() * 8));
            for value in values.iter() {
                bytes.extend_from_slice(value.to_string().as_bytes());
                ends.push(bytes.len());
            }
            *self = Self::Text { ends, bytes };
        }
    }
}

impl<'a> KeyPart<'a> {
    /// The part that a text is.
    pub fn of(text: &'a [u8]) -> Self {
        // Eighteen digits always fit.
        if text.len() > 18 || text.is_empty() || (text[0] == b'0' && text.len() > 1) {
            return Self::Text(text);
        }
        let mut value = 0i64;
        for &byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Self::Text(text);
            }
            value = value * 10 + i64::from(digit);
        }
        Self::Whole(value)
    }

    /// Whether a whole number is kept as one.
    pub(crate) fn is_whole(value: i64) -> bool {
        (0..LONGEST_WHOLE).contains(&value)
    }

    /// The part that a whole number is; a negative one, or one longer than eighteen digits, is the text of it.
    pub fn of_whole(value: i64, digits: &'a mut String) -> Self {
        if Self::is_whole(value) {
            return Self::Whole(value);
        }
        *digits = value.to_string();
        Self::Text(digits.as_bytes())
    }

    /// As text.
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Whole(value) => Cow::Owned(value.to_string()),
            Self::Text(text) => String::from_utf8_lossy(text),
        }
    }

    /// The order of keys.
    #[expect(
        clippy::should_implement_trait,
        reason = "parts of different texts are compared, and equality is that of texts"
    )]
    pub fn cmp(&self, other: &KeyPart<'_>) -> Ordering {
        match (self, other) {
            (Self::Whole(a), KeyPart::Whole(b)) => a.cmp(b),
            (Self::Whole(_), KeyPart::Text(_)) => Ordering::Less,
            // A text that is a plain whole number is longer than any number kept as such.
            (Self::Text(_), KeyPart::Whole(_)) => Ordering::Greater,
            (Self::Text(a), KeyPart::Text(b)) => match (is_plain(a), is_plain(b)) {
                (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        }
    }
}

/// Whether a text is a whole number without sign and leading zero.
fn is_plain(text: &[u8]) -> bool {
    match text {
        [] => false,
        [b'0', _, ..] => false,
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_whole_numbers_come_first_by_value_then_texts_by_code_point() {
        let ordered = [
            "0",
            "7",
            "10",
            "999999999999999999",
            "1000000000000000000",
            "99999999999999999999",
            "-7",
            "007",
            "1.5",
            "A",
            "a",
            "ä",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(KeyPart::of(a.as_bytes()).cmp(&KeyPart::of(b.as_bytes())), i.cmp(&j), "{a} and {b}");
            }
        }
    }
}
