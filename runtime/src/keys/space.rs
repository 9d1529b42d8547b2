//! The keys of a record that others refer to, as codes: references are kept as codes until every table is read.

use super::dictionary::{Dictionary, NONE};
use super::{KeyPart, Keys};
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// Keys by code, those of rows and those that references name.
#[derive(Debug, Default)]
pub(crate) struct KeySpace {
    /// The texts of each part; with one part its codes are those of the keys.
    pub parts: Vec<Dictionary>,
    /// Codes of tuples of parts, where there are several.
    tuples: HashTable<u32>,
    /// By code of a tuple, its parts' codes one behind the other.
    members: Vec<u32>,
    /// By code, the first row read that bears the key; shorter than there are codes.
    rows: Vec<u32>,
}

impl KeySpace {
    pub fn new(n_parts: usize) -> Self {
        Self { parts: vec![Dictionary::default(); n_parts], ..Self::default() }
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        match self.parts.as_slice() {
            [part] => part.len(),
            parts => self.members.len() / parts.len().max(1),
        }
    }

    /// The code of a key by the codes of its parts.
    pub fn code(&mut self, parts: &[u32]) -> u32 {
        if let [part] = parts {
            return *part;
        }
        let Self { tuples, members, .. } = self;
        let n_parts = parts.len();
        let tuple = |code: u32| &members[code as usize * n_parts..][..n_parts];
        let hash_of = hash(parts);
        if let Some(&code) = tuples.find(hash_of, |&code| tuple(code) == parts) {
            return code;
        }
        let code = (members.len() / n_parts) as u32;
        tuples.insert_unique(hash_of, code, |&code| hash(tuple(code)));
        members.extend_from_slice(parts);
        code
    }

    /// One part of a key.
    pub fn part(&self, code: u32, part: usize) -> KeyPart<'_> {
        match self.parts.as_slice() {
            [only] => only.part(code),
            parts => parts[part].part(self.members[code as usize * parts.len() + part]),
        }
    }

    /// A key as text.
    pub fn text(&self, code: u32) -> String {
        let parts: Vec<Cow<'_, str>> = (0..self.parts.len()).map(|part| self.part(code, part).text()).collect();
        parts.join("|")
    }

    /// The row that bears a key, [`NONE`] where there is none.
    pub fn row(&self, code: u32) -> u32 {
        self.rows.get(code as usize).copied().unwrap_or(NONE)
    }

    /// Says that a row bears a key; the row that did before, if any, stays.
    pub fn bear(&mut self, code: u32, row: u32) -> Option<u32> {
        if self.rows.len() <= code as usize {
            self.rows.resize(code as usize + 1, NONE);
        }
        let place = &mut self.rows[code as usize];
        if *place == NONE {
            *place = row;
            None
        } else {
            Some(*place)
        }
    }

    /// Says that a row bears a key; of several the first one does.
    pub fn bear_first(&mut self, code: u32, row: u32) {
        if self.bear(code, row).is_some_and(|known| known > row) {
            self.rows[code as usize] = row;
        }
    }

    /// Replaces the rows by code.
    pub fn set_rows(&mut self, rows: Vec<u32>) {
        self.rows = rows;
    }

    /// The keys of these codes.
    pub fn keys(&self, codes: &[u32]) -> Keys {
        let mut keys = Keys::new(self.parts.len());
        for (part, column) in keys.parts.iter_mut().enumerate() {
            codes.iter().for_each(|&code| column.push(self.part(code, part)));
        }
        keys
    }
}

fn hash(parts: &[u32]) -> u64 {
    let mut hasher = FxHasher::default();
    parts.hash(&mut hasher);
    hasher.finish()
}
