//! Parquet files to what the rules read: entity tables by number, and deals of 32 bytes in the order of the rules.
//!
//! The evaluation may assume what a programmer who knows the data would: keys are dense numbers (or text that holds them),
//! and nothing is missing. What breaks an assumption is an error, never a wrong payment. Deals are put in order while they
//! are decoded: each goes to the bucket of its day, so only deals that a file holds out of key order need a sort.

use std::{
    collections::HashMap,
    fs::File,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal64Array, DictionaryArray, RecordBatch, StringArray,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    },
};

use crate::{
    Result,
    keys::{KeyForm, number_of},
    program::{DAYS, SPIFF_FAMILIES, day_of},
};

/// Rows decoded at a time: few enough that a batch stays in the cache until its deals are placed.
const BATCH: usize = 16_384;

/// The entities of a data folder, by number.
pub struct Entities {
    /// Whether a partner is gold or platinum and has two certified engineers.
    pub earns_rebate: Vec<bool>,
    /// The last day of each rep's certificate, in days since 1970.
    pub certified_until: Vec<i32>,
    /// How keys of partners are written.
    pub partner_form: KeyForm,
    /// How keys of reps are written.
    pub rep_form: KeyForm,
    in_spiff: HashMap<String, bool>,
}

/// One deal, without its day: the day is the bucket it lies in.
#[derive(Clone, Copy)]
pub struct Deal {
    /// The deal's number.
    pub id: u64,
    /// The amount in cents.
    pub cents: i64,
    /// The partner's number.
    pub partner: u32,
    /// The rep's number.
    pub rep: u32,
    /// The customer's number.
    pub customer: u32,
    /// The units that the SPIFF pays for on its days: those of sales of its families.
    pub spiff_units: u16,
    /// A sale, not a return.
    pub is_sale: bool,
    /// Registered before it closed.
    pub is_registered: bool,
}

/// The deals of a data folder.
pub struct Deals {
    /// Deals by day of 2026, each day in the order of the keys.
    pub days: Vec<Vec<Deal>>,
    /// How many deals there are.
    pub n_rows: usize,
    /// How keys of deals are written.
    pub form: KeyForm,
    /// Time spent on reading the file.
    pub decoding: Duration,
    /// Time spent on putting deals in order.
    pub ordering: Duration,
}

#[cfg(test)]
impl Entities {
    /// Entities with these marks and certificates, numbers for keys and no products.
    pub fn of(earns_rebate: Vec<bool>, certified_until: Vec<i32>) -> Entities {
        let (partner_form, rep_form) = (KeyForm::Number, KeyForm::Number);
        Entities { earns_rebate, certified_until, partner_form, rep_form, in_spiff: HashMap::new() }
    }
}

/// Reads `partner.parquet`, `rep.parquet` and `product.parquet` in `dir`.
pub fn entities(dir: &Path) -> Result<Entities> {
    let mut earns_rebate = Vec::new();
    let mut partner_form = KeyForm::Number;
    for batch in open(&dir.join("partner.parquet"), &["partner_id", "tier", "certified_engineers"])? {
        let batch = batch?;
        check_dense(&keys(&batch, "partner_id")?, earns_rebate.len(), "partner_id")?;
        partner_form = form(&batch, "partner_id", KeyForm::PARTNER)?;
        let tiers = texts(&batch, "tier", |tier| Ok(tier == "gold" || tier == "platinum"))?;
        let engineers: Vec<u32> = keys(&batch, "certified_engineers")?;
        earns_rebate.extend(tiers.iter().zip(engineers).map(|(tier, engineers)| *tier && engineers >= 2));
    }
    let mut certified_until = Vec::new();
    let mut rep_form = KeyForm::Number;
    for batch in open(&dir.join("rep.parquet"), &["rep_id", "certified_until"])? {
        let batch = batch?;
        check_dense(&keys(&batch, "rep_id")?, certified_until.len(), "rep_id")?;
        rep_form = form(&batch, "rep_id", KeyForm::REP)?;
        certified_until.extend_from_slice(dates(&batch, "certified_until")?.values());
    }
    let mut in_spiff = HashMap::new();
    for batch in open(&dir.join("product.parquet"), &["product", "family"])? {
        let batch = batch?;
        let products = texts(&batch, "product", |product| Ok(product.to_owned()))?;
        let families = texts(&batch, "family", |family| Ok(SPIFF_FAMILIES.contains(&family)))?;
        in_spiff.extend(products.into_iter().zip(families));
    }
    Ok(Entities { earns_rebate, certified_until, partner_form, rep_form, in_spiff })
}

/// Reads `deals.parquet` in `dir` and puts the deals in the order of the rules: by day, then by key.
pub fn deals(dir: &Path, entities: &Entities) -> Result<Deals> {
    let mut deals = Deals {
        days: vec![Vec::new(); DAYS],
        n_rows: 0,
        form: KeyForm::Number,
        decoding: Duration::ZERO,
        ordering: Duration::ZERO,
    };
    let mut started = Instant::now();
    let columns = [
        "deal_id",
        "closed_on",
        "partner_id",
        "rep_id",
        "customer_id",
        "product",
        "kind",
        "amount",
        "registered",
        "quantity",
    ];
    for batch in open(&dir.join("deals.parquet"), &columns)? {
        let batch = batch?;
        let decoded = Instant::now();
        deals.decoding += decoded - started;
        place(&batch, entities, &mut deals)?;
        drop(batch);
        started = Instant::now();
        deals.ordering += started - decoded;
    }
    for day in &mut deals.days {
        if !day.is_sorted_by_key(|deal| deal.id) {
            day.sort_unstable_by_key(|deal| deal.id);
        }
    }
    deals.ordering += started.elapsed();
    Ok(deals)
}

/// Appends the deals of one batch to the buckets of their days.
fn place(batch: &RecordBatch, entities: &Entities, deals: &mut Deals) -> Result<()> {
    let ids: Vec<u64> = keys(batch, "deal_id")?;
    let closed_on = dates(batch, "closed_on")?;
    let partners: Vec<u32> = keys(batch, "partner_id")?;
    let reps: Vec<u32> = keys(batch, "rep_id")?;
    let customers: Vec<u32> = keys(batch, "customer_id")?;
    let in_spiff = texts(batch, "product", |product| {
        entities.in_spiff.get(product).copied().ok_or_else(|| format!("no product `{product}`").into())
    })?;
    let sales = texts(batch, "kind", |kind| Ok(kind == "sale"))?;
    let amounts: &Decimal64Array =
        column(batch, "amount")?.as_primitive_opt().ok_or("`amount` is no decimal of 18 digits")?;
    let registered = column(batch, "registered")?.as_boolean_opt().ok_or("`registered` is not yes/no")?;
    let quantities: Vec<u16> = keys(batch, "quantity")?;
    for (row, &date) in closed_on.values().iter().enumerate() {
        let day = day_of(date).ok_or("a deal is not of 2026")?;
        deals.days[usize::from(day)].push(Deal {
            id: ids[row],
            cents: amounts.value(row),
            partner: partners[row],
            rep: reps[row],
            customer: customers[row],
            spiff_units: if sales[row] && in_spiff[row] { quantities[row] } else { 0 },
            is_sale: sales[row],
            is_registered: registered.value(row),
        });
    }
    deals.n_rows += batch.num_rows();
    deals.form = form(batch, "deal_id", KeyForm::DEAL)?;
    Ok(())
}

/// Opens the columns `names` of a Parquet file, in the types that the functions below expect.
fn open(path: &Path, names: &[&str]) -> Result<ParquetRecordBatchReader> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let found = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    let fields: Vec<Field> = found
        .schema()
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), read_as(field), field.is_nullable()))
        .collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let wanted = ArrowReaderMetadata::try_new(Arc::clone(found.metadata()), options)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, wanted);
    let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    Ok(builder.with_projection(mask).with_batch_size(BATCH).build()?)
}

/// Text is read through its dictionary unless it is a key, decimals without their upper half.
fn read_as(field: &Field) -> DataType {
    match field.data_type() {
        DataType::Decimal128(precision, 2) if *precision <= 18 => DataType::Decimal64(*precision, 2),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            if field.name().ends_with("_id") {
                DataType::Utf8
            } else {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
        }
        other => other.clone(),
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    let column = batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))?;
    if column.null_count() > 0 {
        return Err(format!("`{name}` is missing in some rows").into());
    }
    Ok(column)
}

fn dates<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Date32Array> {
    column(batch, name)?.as_primitive_opt().ok_or_else(|| format!("`{name}` is no date").into())
}

/// Whole numbers, or the numbers in text keys.
fn keys<T: TryFrom<u64> + TryFrom<i32> + TryFrom<i64>>(batch: &RecordBatch, name: &str) -> Result<Vec<T>> {
    let column = column(batch, name)?;
    let misfit = || format!("`{name}` has a number out of range");
    if let Some(array) = column.as_primitive_opt::<Int32Type>() {
        Ok(array.values().iter().map(|key| T::try_from(*key).ok()).collect::<Option<_>>().ok_or_else(misfit)?)
    } else if let Some(array) = column.as_primitive_opt::<Int64Type>() {
        Ok(array.values().iter().map(|key| T::try_from(*key).ok()).collect::<Option<_>>().ok_or_else(misfit)?)
    } else if let Some(array) = column.as_string_opt::<i32>() {
        let number = |key: Option<&str>| T::try_from(number_of(key.unwrap_or_default())?).map_err(|_| misfit().into());
        array.iter().map(number).collect()
    } else {
        Err(format!("`{name}` is neither whole numbers nor text").into())
    }
}

/// The form of a key column, given what its text form is.
fn form(batch: &RecordBatch, name: &str, text: KeyForm) -> Result<KeyForm> {
    Ok(if column(batch, name)?.data_type() == &DataType::Utf8 { text } else { KeyForm::Number })
}

/// What `meaning` makes of each row's text, asked once per dictionary entry.
fn texts<T: Clone>(batch: &RecordBatch, name: &str, meaning: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    let column = column(batch, name)?;
    let array: &DictionaryArray<Int32Type> =
        column.as_dictionary_opt().ok_or_else(|| format!("`{name}` is no text"))?;
    let entries: &StringArray = array.values().as_string();
    let meanings = entries.iter().map(|entry| meaning(entry.unwrap_or_default())).collect::<Result<Vec<T>>>()?;
    Ok(array.keys().values().iter().map(|entry| meanings[entry.cast_unsigned() as usize].clone()).collect())
}

/// Keys are the numbers from zero on, in the order of the rows, of which `n_before` came before.
fn check_dense(keys: &[u64], n_before: usize, name: &str) -> Result<()> {
    match keys.iter().zip(n_before as u64..).find(|(key, place)| **key != *place) {
        None => Ok(()),
        Some((key, place)) => Err(format!("`{name}` {key} stands where {place} should").into()),
    }
}
