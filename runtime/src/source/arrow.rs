//! Arrow batches as a source: arrays as columns of the few encodings that values have.

use crate::source::columns::{ColumnChunk, Encoding, Source, SourceType, Wanted, of_column};
use crate::source::error::SourceError;
use crate::source::text::decimal_of_digits;
use crate::source::text::trim;
use crate::source::text::value_of;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{DataType, Schema, TimeUnit};
use meed_compiler::internal::broken;
use std::borrow::Cow;

/// Batches as a source.
pub(crate) struct BatchSource {
    file: String,
    header: Vec<String>,
    types: Vec<SourceType>,
    batches: Batches,
    arrays: ChosenArrays,
}

/// Batches that come one after the other.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, SourceError>>>;

/// The arrays of the chosen columns of a batch.
#[derive(Default)]
pub(crate) struct ChosenArrays {
    wanted: Vec<Wanted>,
    arrays: Vec<ArrayRef>,
    /// By chosen column, the texts of an array that does not come as it is.
    formatted: Vec<Option<Vec<Option<String>>>>,
    /// By chosen column, the last dictionary and its number.
    lists: Vec<Option<(ArrayRef, u64)>>,
}

impl BatchSource {
    /// Batches of one table, at least one; all must have the same columns.
    pub fn open(file: String, batches: Vec<RecordBatch>) -> Result<Self, SourceError> {
        let Some(first) = batches.first() else { return Err(SourceError::EmptyFile { file }) };
        let schema = first.schema();
        let same = |batch: &RecordBatch| {
            let schemas = (batch.schema(), &schema);
            schemas.0.fields().iter().map(|field| field.name()).eq(schemas.1.fields().iter().map(|field| field.name()))
                && types_of(&schemas.0) == types_of(schemas.1)
        };
        if !batches.iter().all(same) {
            return Err(SourceError::CannotRead { file, reason: "its batches have different columns".to_owned() });
        }
        Ok(Self::of(file, &schema, Box::new(batches.into_iter().map(Ok))))
    }

    /// Batches that all have these columns.
    pub fn of(file: String, schema: &Schema, batches: Batches) -> Self {
        let (header, types) = (header_of(schema), types_of(schema));
        Self { file, header, types, batches, arrays: ChosenArrays::default() }
    }
}

impl Source for BatchSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn source_type(&self, column: usize) -> SourceType {
        of_column(&self.types, column).clone()
    }

    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.arrays = ChosenArrays::new(wanted.to_vec());
        Ok(())
    }

    fn advance(&mut self) -> Result<usize, SourceError> {
        // A batch without rows is not the end.
        let has_rows = |batch: &Result<RecordBatch, _>| batch.as_ref().map_or(true, |batch| batch.num_rows() > 0);
        let Some(batch) = self.batches.by_ref().find(has_rows).transpose()? else { return Ok(0) };
        let filled = self.arrays.fill(|wanted| batch.column(wanted.column).clone());
        filled.map_err(|reason| SourceError::CannotRead { file: self.file.clone(), reason })?;
        Ok(batch.num_rows())
    }

    fn cells(&self, chosen: usize) -> ColumnChunk<'_> {
        self.arrays.cells(chosen)
    }

    fn entries(&self, chosen: usize) -> Vec<&[u8]> {
        self.arrays.entries(chosen)
    }

    fn text(&self, chosen: usize, row: usize) -> String {
        self.arrays.text(chosen, row)
    }
}

/// The names of the columns.
pub(super) fn header_of(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// What the columns hold.
pub(super) fn types_of(schema: &Schema) -> Vec<SourceType> {
    schema.fields().iter().map(|field| source_type(field.data_type())).collect()
}

fn source_type(ty: &DataType) -> SourceType {
    match ty {
        DataType::Dictionary(_, values) => source_type(values),
        DataType::Null => SourceType::Nothing,
        DataType::Boolean => SourceType::YesNo,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => SourceType::Floats,
        DataType::Date32 | DataType::Date64 => SourceType::Dates,
        DataType::Timestamp(..) => SourceType::Instants,
        _ if ty.is_integer() || ty.is_decimal() => SourceType::Numbers,
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => SourceType::Texts,
        DataType::Time32(_) | DataType::Time64(_) => SourceType::Other("times of day".to_owned()),
        other => SourceType::Other(format!("values of the type {other}")),
    }
}

impl ChosenArrays {
    pub fn new(wanted: Vec<Wanted>) -> Self {
        let lists = wanted.iter().map(|_| None).collect();
        Self { wanted, lists, ..Self::default() }
    }

    /// Takes the arrays of the next batch.
    pub fn fill(&mut self, column: impl Fn(&Wanted) -> ArrayRef) -> Result<(), String> {
        self.arrays = self.wanted.iter().map(|wanted| plain(column(wanted))).collect::<Result<_, _>>()?;
        let formatted = |(wanted, array): (&Wanted, &ArrayRef)| {
            let as_it_is = !wanted.as_text || comes_as_text(array.data_type());
            (!as_it_is || is_too_long(array)).then(|| format(array))
        };
        self.formatted = self.wanted.iter().zip(&self.arrays).map(formatted).collect();
        for (array, list) in self.arrays.iter().zip(&mut self.lists) {
            let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() else { continue };
            let values = dictionary.values();
            // The list is kept, so that a new one cannot lie where it lay.
            let next = match list {
                Some((known, number)) if known.to_data().ptr_eq(&values.to_data()) => *number,
                Some((_, number)) => *number + 1,
                None => 0,
            };
            *list = Some((values.clone(), next));
        }
        Ok(())
    }

    pub fn cells(&self, chosen: usize) -> ColumnChunk<'_> {
        if let Some(texts) = of_column(&self.formatted, chosen) {
            let texts = texts.iter().map(|text| trim(text.as_deref().unwrap_or_default().as_bytes()));
            return ColumnChunk { encoding: Encoding::Texts(texts.collect()), known: None };
        }
        let array = of_column(&self.arrays, chosen);
        let number = of_column(&self.lists, chosen).as_ref().map_or(0, |(_, number)| *number);
        let known = (array.logical_null_count() > 0 && !array.data_type().is_null()).then(|| {
            let known = |row: usize| u8::from(array.is_valid(row));
            (0..array.len()).map(known).collect()
        });
        ColumnChunk { encoding: encoding(array, number), known }
    }

    pub fn entries(&self, chosen: usize) -> Vec<&[u8]> {
        of_column(&self.arrays, chosen)
            .as_dictionary_opt::<Int32Type>()
            .map(|dictionary| texts(dictionary.values()))
            .unwrap_or_default()
    }

    pub fn text(&self, chosen: usize, row: usize) -> String {
        if let Some(texts) = of_column(&self.formatted, chosen) {
            let text = texts.get(row).unwrap_or_else(|| broken("a row that is not in this batch"));
            return text.as_deref().unwrap_or_default().to_owned();
        }
        // One cell alone is looked at: a batch may have as many bad cells as rows.
        let cell = of_column(&self.arrays, chosen).slice(row, 1);
        if !cell.is_valid(0) {
            return String::new();
        }
        match encoding(&cell, 0) {
            // Bytes are shown as the text they should be.
            Encoding::Texts(texts) => texts.first().map_or_else(String::new, |text| value_of(text)),
            Encoding::Entries { .. } => {
                let dictionary = cell.as_dictionary_opt::<Int32Type>();
                let entry = dictionary.and_then(|own| Some(own.values().slice(own.key(0)?, 1)));
                entry.as_ref().and_then(|entry| texts(entry).first().map(|text| value_of(text))).unwrap_or_default()
            }
            encoding => encoding.text_to_show(0),
        }
    }
}

/// Dictionaries of texts with places of 32 bits, and no other dictionaries.
fn plain(array: ArrayRef) -> Result<ArrayRef, String> {
    let DataType::Dictionary(places, values) = array.data_type() else { return Ok(array) };
    let wanted = match (places.as_ref(), source_type(values)) {
        (DataType::Int32, SourceType::Texts) => return Ok(array),
        (_, SourceType::Texts) => DataType::Dictionary(Box::new(DataType::Int32), values.clone()),
        _ => values.as_ref().clone(),
    };
    arrow_cast::cast(&array, &wanted).map_err(|error| error.to_string())
}

/// Whether a text field takes the cells of such an array as they come.
fn comes_as_text(ty: &DataType) -> bool {
    match ty {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => *scale == 0,
        _ => true,
    }
}

/// Whether an array has decimals beyond 128 bits.
fn is_too_long(array: &ArrayRef) -> bool {
    array
        .as_primitive_opt::<Decimal256Type>()
        .is_some_and(|array| array.iter().flatten().any(|value| value.to_i128().is_none()))
}

/// Decimals as texts; every decimal has one, so nothing that cannot be read hides among them.
fn format(array: &ArrayRef) -> Vec<Option<String>> {
    fn all<T: DecimalType>(array: &ArrayRef, scale: i8) -> Vec<Option<String>>
    where
        T::Native: std::fmt::Display,
    {
        let values = array.as_primitive::<T>();
        values.iter().map(|value| value.map(|value| decimal_of_digits(&value.to_string(), scale.into()))).collect()
    }
    match array.data_type() {
        DataType::Decimal32(_, scale) => all::<Decimal32Type>(array, *scale),
        DataType::Decimal64(_, scale) => all::<Decimal64Type>(array, *scale),
        DataType::Decimal128(_, scale) => all::<Decimal128Type>(array, *scale),
        DataType::Decimal256(_, scale) => all::<Decimal256Type>(array, *scale),
        // Everything else comes as it is.
        _ => vec![None; array.len()],
    }
}

/// The cells of an array, whose dictionary has this number.
fn encoding(array: &ArrayRef, number: u64) -> Encoding<'_> {
    match array.data_type() {
        DataType::Dictionary(..) => match array.as_dictionary_opt::<Int32Type>() {
            Some(dictionary) => Encoding::Entries { places: Cow::Borrowed(dictionary.keys().values()), list: number },
            None => Encoding::Nothing(array.len()),
        },
        DataType::Int8 => widened::<Int8Type>(array),
        DataType::Int16 => widened::<Int16Type>(array),
        DataType::Int32 => widened::<Int32Type>(array),
        DataType::UInt8 => widened::<UInt8Type>(array),
        DataType::UInt16 => widened::<UInt16Type>(array),
        DataType::UInt32 => widened::<UInt32Type>(array),
        DataType::Int64 => borrowed::<Int64Type>(array, 0),
        DataType::UInt64 => {
            let values = array.as_primitive::<UInt64Type>().values();
            Encoding::Wides { values: values.iter().map(|&value| i128::from(value)).collect(), decimals: 0 }
        }
        DataType::Decimal32(_, scale) => {
            let values = array.as_primitive::<Decimal32Type>().values();
            let values = values.iter().map(|&value| i64::from(value)).collect();
            Encoding::Wholes { values: Cow::Owned(values), decimals: i32::from(*scale) }
        }
        DataType::Decimal64(_, scale) => borrowed::<Decimal64Type>(array, i32::from(*scale)),
        DataType::Decimal128(_, scale) => {
            let values = array.as_primitive::<Decimal128Type>().values().to_vec();
            Encoding::Wides { values, decimals: i32::from(*scale) }
        }
        DataType::Decimal256(_, scale) => {
            // Whether all of them fit was asked before.
            let values = array.as_primitive::<Decimal256Type>().values();
            let values = values.iter().map(|value| value.to_i128().unwrap_or_default()).collect();
            Encoding::Wides { values, decimals: i32::from(*scale) }
        }
        DataType::Boolean => {
            let bits = array.as_boolean().values();
            Encoding::YesNo(bits.iter().map(u8::from).collect())
        }
        DataType::Date32 => {
            Encoding::Days(Cow::Borrowed(array.as_primitive::<arrow_array::types::Date32Type>().values()))
        }
        DataType::Date64 => instants::<Date64Type>(array, 1_000, false),
        DataType::Timestamp(unit, zone) => match unit {
            TimeUnit::Second => instants::<TimestampSecondType>(array, 1, zone.is_some()),
            TimeUnit::Millisecond => instants::<TimestampMillisecondType>(array, 1_000, zone.is_some()),
            TimeUnit::Microsecond => instants::<TimestampMicrosecondType>(array, 1_000_000, zone.is_some()),
            TimeUnit::Nanosecond => instants::<TimestampNanosecondType>(array, 1_000_000_000, zone.is_some()),
        },
        DataType::Null => Encoding::Nothing(array.len()),
        _ => Encoding::Texts(texts(array)),
    }
}

fn widened<T: ArrowPrimitiveType>(array: &ArrayRef) -> Encoding<'_>
where
    i64: From<T::Native>,
{
    let values = array.as_primitive::<T>().values();
    Encoding::Wholes { values: Cow::Owned(values.iter().map(|&value| i64::from(value)).collect()), decimals: 0 }
}

fn borrowed<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, decimals: i32) -> Encoding<'_> {
    Encoding::Wholes { values: Cow::Borrowed(array.as_primitive::<T>().values()), decimals }
}

fn instants<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, per_second: i64, in_utc: bool) -> Encoding<'_> {
    Encoding::Instants { values: Cow::Borrowed(array.as_primitive::<T>().values()), per_second, in_utc }
}

/// Texts of an array without blanks around them; of any other array none.
fn texts(array: &ArrayRef) -> Vec<&[u8]> {
    fn all<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Vec<&'a [u8]> {
        values.map(|value| trim(value.unwrap_or_default())).collect()
    }
    match array.data_type() {
        DataType::Utf8 => all(array.as_string::<i32>().iter().map(|text| text.map(str::as_bytes))),
        DataType::LargeUtf8 => all(array.as_string::<i64>().iter().map(|text| text.map(str::as_bytes))),
        DataType::Utf8View => all(array.as_string_view().iter().map(|text| text.map(str::as_bytes))),
        DataType::Binary => all(array.as_binary::<i32>().iter()),
        DataType::LargeBinary => all(array.as_binary::<i64>().iter()),
        DataType::BinaryView => all(array.as_binary_view().iter()),
        _ => vec![&[]; array.len()],
    }
}
