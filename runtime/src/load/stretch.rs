//! Rows of one table while they are on their way into order: columns, keys, and where each row was read.

use super::order::{Order, scatter};
use crate::keys::{KeyColumn, Keys, StoredKeys};
use crate::scratch::{Array, ScratchError, ScratchFile};
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::RecordId;
use std::cmp::Ordering;
use std::ops::Range;

/// Some rows.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    /// By field, those that are kept; a reference is the code of the key it names.
    pub columns: Vec<Option<Column>>,
    /// Nanoseconds since the day of `when` began in UTC, where that is a date and time.
    pub moments: Vec<i64>,
    pub keys: Keys,
    /// For each record that holds the distinct values of a column of this one: by row, the code of its key.
    pub distinct: Vec<(RecordId, Vec<u32>)>,
    /// Where each row stands in the order of reading; empty where that is `first` and what follows it.
    pub places: Vec<u32>,
    pub first: u32,
}

/// Rows that lie on the disk.
#[derive(Debug)]
pub(super) struct Stored {
    pub n_rows: usize,
    /// How many of them, from the first, are seen by rules.
    pub n_stream: usize,
    columns: Vec<Option<StoredColumn>>,
    moments: Option<Array<i64>>,
    keys: StoredKeys,
    distinct: Vec<(RecordId, Array<u32>)>,
    places: Array<u32>,
}

#[derive(Debug)]
struct StoredColumn {
    values: StoredValues,
    known: Option<Array<u8>>,
}

#[derive(Debug)]
enum StoredValues {
    I64(Array<i64>),
    I32(Array<i32>),
    U32(Array<u32>),
    U8(Array<u8>),
}

impl Stretch {
    /// Where a row stands in the order of reading.
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
            keys: Keys::new(self.keys.n_parts()),
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
        let keys: usize = self.keys.parts.iter().map(keys).sum();
        let distinct: usize = self.distinct.iter().map(|(_, codes)| codes.len() * 4).sum();
        columns + keys + distinct + self.moments.len() * 8 + self.places.len() * 4
    }

    /// Compares the keys of a row and of a row of other rows.
    pub fn cmp_keys(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        let parts = self.keys.parts.iter().zip(&other.keys.parts);
        let by_part = |(own, other): (&KeyColumn, &KeyColumn)| own.get(row).cmp(&other.get(other_row));
        parts.map(by_part).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
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

    /// Writes the rows to a file in this order; all but the file's account of them is gone from memory then.
    pub fn keep(self, order: &Order, file: &mut ScratchFile) -> Result<Stored, ScratchError> {
        let Self { columns, moments, keys, distinct, places, first } = self;
        let rows = order.rows.as_deref();
        let n_rows = order.n_rows;
        let to = order.places(n_rows);
        let to = to.as_deref();
        let keys = match rows {
            Some(rows) => StoredKeys::keep(&keys.gather(rows), file)?,
            None => StoredKeys::keep(&keys, file)?,
        };
        let places = if places.is_empty() { (first..first + n_rows as u32).collect() } else { places };
        let mut column = |Column { values, known }: Column| {
            let values = match values {
                Values::I64(values) => StoredValues::I64(file.keep(&arranged(values, to))?),
                Values::I32(values) => StoredValues::I32(file.keep(&arranged(values, to))?),
                Values::U32(values) => StoredValues::U32(file.keep(&arranged(values, to))?),
                Values::U8(values) => StoredValues::U8(file.keep(&arranged(values, to))?),
            };
            let known = known.map(|known| file.keep(&arranged(known, to))).transpose()?;
            Ok(StoredColumn { values, known })
        };
        let columns = columns.into_iter().map(|own| own.map(&mut column).transpose()).collect::<Result<_, _>>()?;
        let mut codes = |(record, codes)| Ok((record, file.keep(&arranged(codes, to))?));
        let distinct = distinct.into_iter().map(&mut codes).collect::<Result<_, _>>()?;
        let moments = (!moments.is_empty()).then(|| file.keep(&arranged(moments, to))).transpose()?;
        let places = file.keep(&arranged(places, to))?;
        Ok(Stored { n_rows, n_stream: order.n_stream, columns, moments, keys, distinct, places })
    }
}

impl Stored {
    /// One column of some rows; none where it is not kept.
    pub fn column(&self, field: usize, rows: Range<usize>, file: &ScratchFile) -> Result<Option<Column>, ScratchError> {
        let Some(StoredColumn { values, known }) = &self.columns[field] else { return Ok(None) };
        let values = match values {
            StoredValues::I64(values) => Values::I64(file.load(values, rows.clone())?),
            StoredValues::I32(values) => Values::I32(file.load(values, rows.clone())?),
            StoredValues::U32(values) => Values::U32(file.load(values, rows.clone())?),
            StoredValues::U8(values) => Values::U8(file.load(values, rows.clone())?),
        };
        let known = known.as_ref().map(|known| file.load(known, rows)).transpose()?;
        Ok(Some(Column { values, known }))
    }

    /// All columns of some rows.
    pub fn columns(&self, rows: Range<usize>, file: &ScratchFile) -> Result<Vec<Option<Column>>, ScratchError> {
        (0..self.columns.len()).map(|field| self.column(field, rows.clone(), file)).collect()
    }

    /// The keys of some rows.
    pub fn keys(&self, rows: Range<usize>, file: &ScratchFile) -> Result<Keys, ScratchError> {
        self.keys.load(rows, file)
    }

    /// Where each row stands in the order of reading.
    pub fn places(&self, rows: Range<usize>, file: &ScratchFile) -> Result<Vec<u32>, ScratchError> {
        file.load(&self.places, rows)
    }

    /// The codes of keys of records that hold distinct values.
    pub fn distinct(&self, file: &ScratchFile) -> Result<Vec<(RecordId, Vec<u32>)>, ScratchError> {
        self.distinct.iter().map(|(record, codes)| Ok((*record, file.load_all(codes)?))).collect()
    }

    /// Some rows, all of what is needed to put them in order.
    pub fn stretch(&self, rows: Range<usize>, file: &ScratchFile) -> Result<Stretch, ScratchError> {
        Ok(Stretch {
            columns: self.columns(rows.clone(), file)?,
            moments: match &self.moments {
                Some(moments) => file.load(moments, rows.clone())?,
                None => Vec::new(),
            },
            keys: self.keys(rows.clone(), file)?,
            places: self.places(rows, file)?,
            ..Stretch::default()
        })
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

fn arranged<T: Copy + Default>(values: Vec<T>, to: Option<&[u32]>) -> Vec<T> {
    match to {
        Some(to) => scatter(values.iter().copied(), to, values.len()),
        None => values,
    }
}
