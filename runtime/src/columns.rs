//! The cells of one column of one batch, whatever file they come from.
//!
//! The only module, with those of `format`, that knows Arrow's layout. Readers of fields see slices and an enum; they
//! do not know whether a text stands in a CSV buffer, an Arrow array or a dictionary.

use arrow_array::{
    Array, BooleanArray, LargeStringArray, StringArray, StringViewArray, cast::AsArray, types::*,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, i256};
use arrow_schema::{DataType, TimeUnit};
use std::borrow::Cow;

/// Cells and which of them are known. A text that is empty is missing too.
pub(crate) struct ColumnCells<'a> {
    pub cells: Cells<'a>,
    pub known: Known<'a>,
}

/// Which cells are not null; all when none is.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a>(Option<&'a NullBuffer>);

/// The cells by what they hold.
pub(crate) enum Cells<'a> {
    /// Nothing but nulls.
    Missing,
    Text(Texts<'a>),
    Coded(Coded<'a>),
    Int32(&'a [i32]),
    Int64(Cow<'a, [i64]>),
    Decimal(Decimals<'a>),
    Bool(&'a BooleanBuffer),
    /// Days from 1970-01-01.
    Days(Cow<'a, [i32]>),
    Times(Times<'a>),
}

/// Texts by row, blanks around them taken off.
#[derive(Clone, Copy)]
pub(crate) enum Texts<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    /// Cells of a CSV file: `spans[row * n_slots + slot]` in `bytes`.
    Spans { bytes: &'a [u8], spans: &'a [(u32, u32)], n_slots: usize, slot: usize },
    /// Cells of rows written in Meed.
    Rows { rows: &'a [Vec<Option<String>>], column: usize },
    /// Texts made from other values: where each ends; an empty one is missing.
    Made { bytes: &'a [u8], ends: &'a [usize] },
}

/// Codes into a small list of texts.
pub(crate) struct Coded<'a> {
    pub codes: Cow<'a, [i32]>,
    pub values: Texts<'a>,
    pub n_values: usize,
    /// Another number whenever the values are others than in the batch before.
    pub generation: u64,
}

/// Whole numbers of `10^-scale`.
pub(crate) struct Decimals<'a> {
    pub values: DecimalValues<'a>,
    pub scale: i8,
}

/// Decimals by width.
pub(crate) enum DecimalValues<'a> {
    I32(&'a [i32]),
    I64(&'a [i64]),
    I128(Cow<'a, [i128]>),
    I256(&'a [i256]),
}

/// Points in time.
#[derive(Clone, Copy)]
pub(crate) struct Times<'a> {
    pub values: &'a [i64],
    pub per_second: i64,
    /// Whether they are instants (a zone is known) and not what a clock on the wall showed.
    pub zoned: bool,
}

/// What a column holds, as far as a message needs to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Text,
    Whole,
    Decimal,
    YesNo,
    Date,
    Time,
    Float,
    /// Only nulls.
    Empty,
    /// Anything Meed does not read.
    Other(String),
}

impl Known<'_> {
    pub const ALL: Known<'static> = Known(None);

    pub fn at(self, row: usize) -> bool {
        self.0.is_none_or(|nulls| nulls.is_valid(row))
    }

    pub fn all(self) -> bool {
        self.0.is_none_or(|nulls| nulls.null_count() == 0)
    }
}

impl<'a> Texts<'a> {
    /// The text of a row; none where it is empty.
    #[inline]
    pub fn get(self, row: usize) -> Option<&'a [u8]> {
        let text = match self {
            Self::Small(array) => array.value(row).as_bytes(),
            Self::Large(array) => array.value(row).as_bytes(),
            Self::View(array) => array.value(row).as_bytes(),
            Self::Spans { bytes, spans, n_slots, slot } => {
                let (start, end) = spans[row * n_slots + slot];
                &bytes[start as usize..end as usize]
            }
            Self::Rows { rows, column } => match rows[row].get(column) {
                Some(Some(text)) => text.as_bytes(),
                Some(None) | None => return None,
            },
            Self::Made { bytes, ends } => {
                let start = if row == 0 { 0 } else { ends[row - 1] };
                &bytes[start..ends[row]]
            }
        };
        let text = trim(text);
        (!text.is_empty()).then_some(text)
    }

    /// The text of an entry of a dictionary, which can be null.
    pub fn entry(self, idx: usize) -> Option<&'a [u8]> {
        let is_null = match self {
            Self::Small(array) => array.is_null(idx),
            Self::Large(array) => array.is_null(idx),
            Self::View(array) => array.is_null(idx),
            Self::Spans { .. } | Self::Rows { .. } | Self::Made { .. } => false,
        };
        if is_null { None } else { self.get(idx) }
    }

    fn of(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8 => Some(Self::Small(array.as_string())),
            DataType::LargeUtf8 => Some(Self::Large(array.as_string())),
            DataType::Utf8View => Some(Self::View(array.as_string_view())),
            _ => None,
        }
    }
}

/// Takes blanks off both ends, those beyond ASCII too.
#[inline]
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(first), Some(last)) if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => trim_blanks(text),
    }
}

#[cold]
fn trim_blanks(text: &[u8]) -> &[u8] {
    std::str::from_utf8(text).map_or(text, |text| text.trim().as_bytes())
}

impl DecimalValues<'_> {
    /// The value of a row, if 128 bits hold it.
    #[inline]
    pub fn get(&self, row: usize) -> Option<i128> {
        match self {
            Self::I32(values) => Some(i128::from(values[row])),
            Self::I64(values) => Some(i128::from(values[row])),
            Self::I128(values) => Some(values[row]),
            Self::I256(values) => values[row].to_i128(),
        }
    }
}

impl ColumnKind {
    /// What a column of this Arrow type holds.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Dictionary(_, values) => match Self::of(values) {
                Self::Text => Self::Text,
                _ => Self::Other(data_type.to_string()),
            },
            integer if integer.is_integer() => Self::Whole,
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Self::Decimal
            }
            DataType::Boolean => Self::YesNo,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(..) => Self::Time,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            DataType::Null => Self::Empty,
            other => Self::Other(other.to_string()),
        }
    }
}

/// The cells of an Arrow array; none for types that Meed does not read. `generation` is that of a dictionary's values.
pub(crate) fn cells_of(array: &dyn Array, generation: u64) -> Option<ColumnCells<'_>> {
    let cells = match array.data_type() {
        DataType::Null => Cells::Missing,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Cells::Text(Texts::of(array)?),
        DataType::Dictionary(..) => coded(array, generation)?,
        DataType::Int8 => widened::<Int8Type>(array),
        DataType::Int16 => widened::<Int16Type>(array),
        DataType::Int32 => Cells::Int32(array.as_primitive::<Int32Type>().values()),
        DataType::Int64 => Cells::Int64(Cow::Borrowed(array.as_primitive::<Int64Type>().values())),
        DataType::UInt8 => widened::<UInt8Type>(array),
        DataType::UInt16 => widened::<UInt16Type>(array),
        DataType::UInt32 => widened::<UInt32Type>(array),
        DataType::UInt64 => {
            let values = array.as_primitive::<UInt64Type>().values();
            let values = DecimalValues::I128(values.iter().map(|&value| i128::from(value)).collect());
            Cells::Decimal(Decimals { values, scale: 0 })
        }
        &DataType::Decimal32(_, scale) => {
            let values = DecimalValues::I32(array.as_primitive::<Decimal32Type>().values());
            Cells::Decimal(Decimals { values, scale })
        }
        &DataType::Decimal64(_, scale) => {
            let values = DecimalValues::I64(array.as_primitive::<Decimal64Type>().values());
            Cells::Decimal(Decimals { values, scale })
        }
        &DataType::Decimal128(_, scale) => {
            let values = DecimalValues::I128(Cow::Borrowed(array.as_primitive::<Decimal128Type>().values()));
            Cells::Decimal(Decimals { values, scale })
        }
        &DataType::Decimal256(_, scale) => {
            let values = DecimalValues::I256(array.as_primitive::<Decimal256Type>().values());
            Cells::Decimal(Decimals { values, scale })
        }
        DataType::Boolean => {
            let array: &BooleanArray = array.as_boolean();
            Cells::Bool(array.values())
        }
        DataType::Date32 => Cells::Days(Cow::Borrowed(array.as_primitive::<Date32Type>().values())),
        DataType::Date64 => {
            let day = |&millis: &i64| i32::try_from(millis.div_euclid(86_400_000)).unwrap_or(i32::MAX);
            Cells::Days(array.as_primitive::<Date64Type>().values().iter().map(day).collect())
        }
        DataType::Timestamp(unit, zone) => {
            let (values, per_second) = match unit {
                TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().values(), 1),
                TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().values(), 1_000),
                TimeUnit::Microsecond => (array.as_primitive::<TimestampMicrosecondType>().values(), 1_000_000),
                TimeUnit::Nanosecond => (array.as_primitive::<TimestampNanosecondType>().values(), 1_000_000_000),
            };
            Cells::Times(Times { values, per_second, zoned: zone.is_some() })
        }
        _ => return None,
    };
    Some(ColumnCells { cells, known: Known(array.nulls()) })
}

fn widened<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array) -> Cells<'_> {
    Cells::Int64(array.as_primitive::<T>().values().iter().map(|&value| value.into()).collect())
}

fn coded(array: &dyn Array, generation: u64) -> Option<Cells<'_>> {
    let dictionary = array.as_any_dictionary_opt()?;
    let values = Texts::of(dictionary.values().as_ref())?;
    let n_values = dictionary.values().len();
    let codes = match dictionary.keys().as_primitive_opt::<Int32Type>() {
        Some(keys) => Cow::Borrowed(keys.values().as_ref()),
        None if n_values == 0 => Cow::Owned(vec![0; array.len()]),
        None => dictionary.normalized_keys().into_iter().map(|key| i32::try_from(key).unwrap_or(i32::MAX)).collect(),
    };
    Some(Cells::Coded(Coded { codes, values, n_values, generation }))
}
