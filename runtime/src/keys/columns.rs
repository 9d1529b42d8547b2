//! The keys of the rows of a table, as columns.

use crate::keys::component::KeyComponent;
use std::{borrow::Cow, cmp::Ordering, ops::Range};

/// The keys of the rows of a table, in the order of its rows: one column for each field of the key (for a field that is
/// a reference, each field of the key it refers to).
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// By component, all of one length.
    pub(crate) components: Vec<KeyColumn>,
}

/// One component of the keys.
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

impl Keys {
    /// No keys yet, of so many components.
    pub(crate) fn new(n_components: usize) -> Self {
        Self { components: vec![KeyColumn::default(); n_components] }
    }

    /// Keys of one component, all of them plain whole numbers.
    pub(crate) fn of_whole_numbers(values: Vec<i64>) -> Self {
        Self { components: vec![KeyColumn::Whole(values)] }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.components.first().map_or(0, KeyColumn::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many components a key has.
    pub fn n_components(&self) -> usize {
        self.components.len()
    }

    /// One component of one key, as text.
    pub fn component(&self, row: usize, component: usize) -> Cow<'_, str> {
        self.components[component].get(row).text()
    }

    /// The key as text; components are joined by `|`.
    pub fn text(&self, row: usize) -> Cow<'_, str> {
        match self.components.as_slice() {
            [component] => component.get(row).text(),
            components => {
                let texts = components.iter().map(|component| component.get(row).text());
                // A row that a test gives has no place in a file.
                let texts: Vec<Cow<'_, str>> = texts.filter(|text| !text.is_empty()).collect();
                Cow::Owned(texts.join("|"))
            }
        }
    }

    /// One component of one key.
    pub fn key_component(&self, row: usize, component: usize) -> KeyComponent<'_> {
        self.components[component].get(row)
    }

    /// Writes the key as text behind other texts.
    pub fn write(&self, row: usize, text: &mut Vec<u8>) {
        for (idx, component) in self.components.iter().enumerate() {
            if component.get(row) == KeyComponent::Text(b"") {
                continue;
            }
            if idx > 0 {
                text.push(b'|');
            }
            match component.get(row) {
                KeyComponent::Whole(value) => text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
                KeyComponent::Text(bytes) => text.extend_from_slice(bytes),
            }
        }
    }

    /// The whole number that is the key, where all keys of the table are plain whole numbers of one component.
    pub fn whole_numbers(&self) -> Option<&[i64]> {
        match self.components.as_slice() {
            [KeyColumn::Whole(values)] => Some(values),
            _ => None,
        }
    }

    /// Takes all keys away, and keeps the room for those that are whole numbers.
    pub(crate) fn clear(&mut self) {
        for component in &mut self.components {
            match component {
                KeyColumn::Whole(values) => values.clear(),
                KeyColumn::Text { .. } => *component = KeyColumn::default(),
            }
        }
    }

    /// Makes room for so many keys of so many components, should they be whole numbers; before there are any.
    pub(crate) fn make_room(&mut self, n_components: usize, n_keys: usize) {
        self.components.resize_with(n_components, KeyColumn::default);
        for component in &mut self.components {
            if let KeyColumn::Whole(values) = component {
                values.reserve_exact(n_keys);
            }
        }
    }

    /// Appends some of other keys, of as many components.
    pub(crate) fn append(&mut self, other: &Self, rows: Range<usize>) {
        self.components.resize_with(other.components.len(), KeyColumn::default);
        self.components.iter_mut().zip(&other.components).for_each(|(own, other)| own.append(other, rows.clone()));
    }

    /// Appends the keys of these rows of others, of as many components.
    pub(crate) fn append_rows(&mut self, other: &Self, rows: &[u32]) {
        self.components.resize_with(other.components.len(), KeyColumn::default);
        self.components.iter_mut().zip(&other.components).for_each(|(own, other)| own.append_rows(other, rows));
    }

    /// These keys.
    pub(crate) fn gather(&self, rows: &[u32]) -> Self {
        let mut keys = Self::new(self.n_components());
        keys.append_rows(self, rows);
        keys
    }

    /// Compares the keys of two rows.
    pub fn cmp(&self, row: usize, other: usize) -> Ordering {
        let by_component = |component: &KeyColumn| component.get(row).cmp(&component.get(other));
        self.components.iter().map(by_component).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The row whose key has these components: by halving where the first `n_sorted` rows are in key order, row by row
    /// after them.
    pub fn find(&self, components: &[&str], n_sorted: usize) -> Option<usize> {
        if components.len() != self.components.len() {
            return None;
        }
        let wanted: Vec<KeyComponent<'_>> = components.iter().map(|text| KeyComponent::of(text.as_bytes())).collect();
        let compare = |row: usize| {
            let by_component = |(component, wanted): (&KeyColumn, &KeyComponent<'_>)| component.get(row).cmp(wanted);
            self.components
                .iter()
                .zip(&wanted)
                .map(by_component)
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal)
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

    /// The component of this row.
    pub fn get(&self, row: usize) -> KeyComponent<'_> {
        match self {
            Self::Whole(values) => KeyComponent::Whole(values[row]),
            Self::Text { ends, bytes } => {
                let start = if row == 0 { 0 } else { ends[row - 1] };
                KeyComponent::of(&bytes[start..ends[row]])
            }
        }
    }

    /// Adds a component.
    pub(crate) fn push(&mut self, component: KeyComponent<'_>) {
        match (&mut *self, component) {
            (Self::Whole(values), KeyComponent::Whole(value)) => values.push(value),
            (Self::Whole(_), KeyComponent::Text(text)) => {
                self.turn_to_text();
                self.push_text(text);
            }
            (Self::Text { .. }, KeyComponent::Text(text)) => self.push_text(text),
            (Self::Text { .. }, KeyComponent::Whole(value)) => self.push_text(value.to_string().as_bytes()),
        }
    }

    /// Appends some of other components.
    pub(crate) fn append(&mut self, other: &Self, rows: Range<usize>) {
        self.begin_like(other);
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
        self.begin_like(other);
        match (&mut *self, other) {
            (Self::Whole(own), Self::Whole(other)) => own.extend(rows.iter().map(|&row| other[row as usize])),
            (Self::Text { ends, bytes }, Self::Text { ends: other_ends, bytes: other }) => {
                for &row in rows {
                    let start = if row == 0 { 0 } else { other_ends[row as usize - 1] };
                    bytes.extend_from_slice(&other[start..other_ends[row as usize]]);
                    ends.push(bytes.len());
                }
            }
            (own, other) => rows.iter().for_each(|&row| own.push(other.get(row as usize))),
        }
    }

    /// What has no rows yet keeps texts where those that come are texts.
    fn begin_like(&mut self, other: &Self) {
        if let (Self::Whole(own), Self::Text { .. }) = (&*self, other)
            && own.is_empty()
        {
            *self = Self::Text { ends: Vec::new(), bytes: Vec::new() };
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
