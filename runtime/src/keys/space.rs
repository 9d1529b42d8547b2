//! The keys of a record that others refer to, as codes: references are kept as codes until every table is read.

use crate::keys::columns::Keys;
use crate::keys::component::KeyComponent;
use crate::keys::dictionary::{Dictionary, NONE};
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// Keys by code, those of rows and those that references name.
#[derive(Debug, Default)]
pub(crate) struct KeySpace {
    /// The texts of each component; with one component its codes are those of the keys.
    pub components: Vec<Dictionary>,
    /// Codes of tuples of components, where there are several.
    tuples: HashTable<u32>,
    /// By code of a tuple, its components' codes one behind the other.
    members: Vec<u32>,
    /// By code, the first row read that has the key; shorter than there are codes.
    rows: Vec<u32>,
}

impl KeySpace {
    pub fn new(n_components: usize) -> Self {
        Self { components: vec![Dictionary::default(); n_components], ..Self::default() }
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        match self.components.as_slice() {
            [component] => component.len(),
            components => self.members.len() / components.len().max(1),
        }
    }

    /// The code of a key by the codes of its components.
    pub fn code(&mut self, components: &[u32]) -> u32 {
        if let [component] = components {
            return *component;
        }
        let Self { tuples, members, .. } = self;
        let n_components = components.len();
        let tuple = |code: u32| &members[code as usize * n_components..][..n_components];
        let hash_of = hash(components);
        if let Some(&code) = tuples.find(hash_of, |&code| tuple(code) == components) {
            return code;
        }
        let code = (members.len() / n_components) as u32;
        tuples.insert_unique(hash_of, code, |&code| hash(tuple(code)));
        members.extend_from_slice(components);
        code
    }

    /// One component of a key.
    pub fn component(&self, code: u32, component: usize) -> KeyComponent<'_> {
        match self.components.as_slice() {
            [only] => only.component(code),
            components => components[component].component(self.members[code as usize * components.len() + component]),
        }
    }

    /// A key as text.
    pub fn text(&self, code: u32) -> String {
        let components: Vec<Cow<'_, str>> =
            (0..self.components.len()).map(|component| self.component(code, component).text()).collect();
        components.join("|")
    }

    /// The row that has a key, [`NONE`] where there is none.
    pub fn row(&self, code: u32) -> u32 {
        self.rows.get(code as usize).copied().unwrap_or(NONE)
    }

    /// Says that a row has a key; the row that did before, if any, stays.
    pub fn set_owner(&mut self, code: u32, row: u32) -> Option<u32> {
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

    /// Says that a row has a key; of several the first one does.
    pub fn set_first_owner(&mut self, code: u32, row: u32) {
        if self.set_owner(code, row).is_some_and(|known| known > row) {
            self.rows[code as usize] = row;
        }
    }

    /// Replaces the rows by code.
    pub fn set_rows(&mut self, rows: Vec<u32>) {
        self.rows = rows;
    }

    /// The keys of these codes.
    pub fn keys(&self, codes: &[u32]) -> Keys {
        let mut keys = Keys::new(self.components.len());
        for (component, column) in keys.components.iter_mut().enumerate() {
            codes.iter().for_each(|&code| column.push(self.component(code, component)));
        }
        keys
    }
}

fn hash(components: &[u32]) -> u64 {
    let mut hasher = FxHasher::default();
    components.hash(&mut hasher);
    hasher.finish()
}
