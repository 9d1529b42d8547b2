//! From the key of a record to its row.

use super::{Dictionary, KeyPart, Keys, NONE};
use rustc_hash::FxHashMap;

/// The bit of a row that was rejected; the rest is its position in reading.
pub(crate) const REJECTED: u32 = 1 << 31;

/// Finds rows by key. While tables are read it hands out codes, also to keys that are referred to before their row was
/// met; then each code gets its row.
#[derive(Debug, Default)]
pub(crate) struct KeyIndex {
    /// By part of the key.
    parts: Vec<Dictionary>,
    /// Codes of the first two parts, of these and the third, and so on.
    folds: Vec<FxHashMap<(u32, u32), u32>>,
    /// The codes that each code of the last fold is made of.
    folded: Vec<Vec<(u32, u32)>>,
    /// By code: the row, [`REJECTED`] and a position, or [`NONE`].
    rows: Vec<u32>,
    /// The same by small whole number, for keys of one part.
    direct: Vec<u32>,
}

impl KeyIndex {
    /// An index for keys of so many parts.
    pub fn new(n_parts: usize) -> Self {
        let n_folds = n_parts.saturating_sub(1);
        Self {
            parts: vec![Dictionary::default(); n_parts],
            folds: vec![FxHashMap::default(); n_folds],
            folded: vec![Vec::new(); n_folds],
            ..Self::default()
        }
    }

    /// How many codes there are.
    pub fn n_codes(&self) -> usize {
        match self.folded.last() {
            Some(folded) => folded.len(),
            None => self.parts.first().map_or(0, Dictionary::len),
        }
    }

    /// The dictionary of one part, to intern in.
    pub fn part(&mut self, part: usize) -> &mut Dictionary {
        &mut self.parts[part]
    }

    /// The code of a key from the codes of its parts.
    pub fn fold(&mut self, codes: &[u32]) -> u32 {
        let mut code = codes[0];
        for ((fold, folded), &next) in self.folds.iter_mut().zip(&mut self.folded).zip(&codes[1..]) {
            code = *fold.entry((code, next)).or_insert_with(|| {
                folded.push((code, next));
                folded.len() as u32 - 1
            });
        }
        code
    }

    /// The code of the key of a row.
    pub fn intern(&mut self, keys: &Keys, row: usize, codes: &mut Vec<u32>) -> u32 {
        codes.clear();
        codes.extend(keys.parts.iter().zip(&mut self.parts).map(|(part, dictionary)| dictionary.intern(part.get(row))));
        self.fold(codes)
    }

    /// The parts of the key that a code stands for.
    pub fn key(&self, code: u32) -> Vec<KeyPart<'_>> {
        let mut code = code;
        let mut parts = Vec::with_capacity(self.parts.len());
        for (folded, dictionary) in self.folded.iter().zip(&self.parts[1..]).rev() {
            let (rest, last) = folded[code as usize];
            parts.push(dictionary.part(last));
            code = rest;
        }
        parts.push(self.parts[0].part(code));
        parts.reverse();
        parts
    }

    /// The key that a code stands for, as text.
    pub fn text(&self, code: u32) -> String {
        let texts: Vec<_> = self.key(code).into_iter().map(KeyPart::text).collect();
        texts.join("|")
    }

    /// Sets the rows by code; from here on keys are found and none is added.
    pub fn finish(&mut self, rows: Vec<u32>) {
        if let [only] = self.parts.as_slice() {
            let row_of = |&code: &u32| rows.get(code as usize).copied().unwrap_or(NONE);
            self.direct = only.direct().iter().map(row_of).collect();
        }
        self.rows = rows;
    }

    /// The row of a key of one part.
    #[inline]
    pub fn find_whole(&self, value: i64) -> u32 {
        match usize::try_from(value).ok().and_then(|value| self.direct.get(value)) {
            Some(&row) => row,
            None => {
                let mut digits = String::new();
                self.find(&[KeyPart::of_whole(value, &mut digits)])
            }
        }
    }

    /// The row of a key.
    pub fn find(&self, parts: &[KeyPart<'_>]) -> u32 {
        let mut codes = parts.iter().zip(&self.parts).map(|(part, dictionary)| dictionary.find(*part));
        let Some(mut code) = codes.next() else { return NONE };
        for (fold, next) in self.folds.iter().zip(codes) {
            code = fold.get(&(code, next)).copied().unwrap_or(NONE);
        }
        self.rows.get(code as usize).copied().unwrap_or(NONE)
    }
}
