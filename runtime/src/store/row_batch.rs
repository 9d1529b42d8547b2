//! Rows in columns on their way into order: values, keys, and at which place each row was read.

use crate::keys::columns::{KeyColumn, Keys};
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::RecordId;
use std::cmp::Ordering;
use std::ops::Range;

/// Some rows.
#[derive(Debug, Default)]
pub(crate) struct RowBatch {
    /// By field, those that are kept; a reference is the code of the key it names.
    pub columns: Vec<Option<Column>>,
    /// Nanoseconds since the day of `when` began in UTC, where that is a date and time.
    pub moments: Vec<i64>,
    pub keys: Keys,
    /// For each record that holds the distinct values of a column of this one: by row, the code of its key.
    pub distinct: Vec<(RecordId, Vec<u32>)>,
    /// By row its place in the order of reading; empty if that is `first` and what follows it.
    pub places: Vec<u32>,
    pub first: u32,
}

/// What is wanted of rows, besides their places.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub keys: bool,
    pub field: Option<usize>,
    pub distinct: bool,
}

impl RowBatch {
    /// The place of a row in the order of reading.
    pub fn place(&self, row: usize) -> u32 {
        if self.places.is_empty() { self.first + row as u32 } else { self.places[row] }
    }

    /// Takes the rows out; what comes next is read at the place `next`.
    pub fn replaced(&mut self, next: u32) -> Self {
        let column = |column: &Option<Column>| {
            column.as_ref().map(|column| Column { values: like(&column.values), known: None })
        };
        let empty = Self {
            columns: self.columns.iter().map(column).collect(),
            keys: Keys::new(self.keys.n_components()),
            distinct: self.distinct.iter().map(|(record, _)| (*record, Vec::new())).collect(),
            first: next,
            ..Self::default()
        };
        std::mem::replace(self, empty)
    }

    /// How many bytes the rows take.
    pub fn bytes(&self) -> usize {
        let column = |column: &Column| bytes(&column.values) + column.known.as_ref().map_or(0, Vec::len);
        let columns: usize = self.columns.iter().flatten().map(column).sum();
        let keys = |keys: &KeyColumn| match keys {
            KeyColumn::Whole(values) => values.len() * 8,
            KeyColumn::Text { ends, bytes } => ends.len() * 8 + bytes.len(),
        };
        let keys: usize = self.keys.components.iter().map(keys).sum();
        let distinct: usize = self.distinct.iter().map(|(_, codes)| codes.len() * 4).sum();
        columns + keys + distinct + self.moments.len() * 8 + self.places.len() * 4
    }

    /// Compares the keys of a row and of a row of other rows.
    pub fn cmp_keys(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        let components = self.keys.components.iter().zip(&other.keys.components);
        let by_component = |(own, other): (&KeyColumn, &KeyColumn)| own.get(row).cmp(&other.get(other_row));
        components.map(by_component).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// Appends the moments of `n_more` rows to those of `n_rows`; where none of them has one there are none.
    pub fn take_moments(&mut self, n_rows: usize, moments: &[i64], n_more: usize) {
        if !moments.is_empty() {
            self.moments.resize(n_rows, 0);
            self.moments.extend_from_slice(moments);
        } else if !self.moments.is_empty() {
            self.moments.resize(n_rows + n_more, 0);
        }
    }

    /// Appends some rows of others.
    pub fn append(&mut self, other: &Self, rows: Range<usize>) {
        self.columns.resize_with(other.columns.len(), || None);
        let n_rows = self.places.len();
        for (own, other) in self.columns.iter_mut().zip(&other.columns) {
            if let Some(other) = other {
                append_column(own, other, rows.clone(), n_rows);
            }
        }
        let moments = if other.moments.is_empty() { &[] } else { &other.moments[rows.clone()] };
        self.take_moments(n_rows, moments, rows.len());
        self.keys.append(&other.keys, rows.clone());
        self.distinct.resize_with(other.distinct.len(), || (RecordId(0), Vec::new()));
        for (own, (record, codes)) in self.distinct.iter_mut().zip(&other.distinct) {
            own.0 = *record;
            own.1.extend_from_slice(&codes[rows.clone()]);
        }
        self.places.extend(rows.map(|row| other.place(row)));
    }
}

fn bytes(values: &Values) -> usize {
    match values {
        Values::I64(values) => values.len() * 8,
        Values::I32(values) => values.len() * 4,
        Values::U32(values) => values.len() * 4,
        Values::U8(values) => values.len(),
    }
}

/// No values, of the same width.
fn like(values: &Values) -> Values {
    match values {
        Values::I64(_) => Values::I64(Vec::new()),
        Values::I32(_) => Values::I32(Vec::new()),
        Values::U32(_) => Values::U32(Vec::new()),
        Values::U8(_) => Values::U8(Vec::new()),
    }
}

fn append_column(own: &mut Option<Column>, other: &Column, rows: Range<usize>, n_rows: usize) {
    let own = own.get_or_insert_with(|| Column { values: like(&other.values), known: None });
    match (&mut own.values, &other.values) {
        (Values::I64(own), Values::I64(other)) => own.extend_from_slice(&other[rows.clone()]),
        (Values::I32(own), Values::I32(other)) => own.extend_from_slice(&other[rows.clone()]),
        (Values::U32(own), Values::U32(other)) => own.extend_from_slice(&other[rows.clone()]),
        (Values::U8(own), Values::U8(other)) => own.extend_from_slice(&other[rows.clone()]),
        (Values::I64(_) | Values::I32(_) | Values::U32(_) | Values::U8(_), _) => {
            broken("columns of one field in two widths")
        }
    }
    match (&mut own.known, &other.known) {
        (None, None) => {}
        (Some(own), None) => own.resize(n_rows + rows.len(), 1),
        (own, Some(other)) => own.get_or_insert_with(|| vec![1; n_rows]).extend_from_slice(&other[rows]),
    }
}
