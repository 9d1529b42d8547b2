//! The generator of program P's workload: `partner`, `rep`, `product` and `deals` as Parquet, and the program itself.
//!
//! Deals are drawn and written one row group at a time, so memory does not grow with their number. Columns have the names
//! and types that the program's acceptance data has: decimals are stored as 64-bit integers, product and kind as
//! dictionaries, everything is compressed by snappy.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int32Array, Int64Array, RecordBatch,
    StringArray, types::Int32Type,
};
use arrow_cast::display::array_value_to_string;
use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties};

use crate::{Result, keys::KeyForm, program};

use self::draw::{Deal, N_REGIONS, World};

mod draw;

/// Rows of a row group, and so the most that is in memory at once.
const ROW_GROUP: usize = 1 << 20;

/// Writes the workload with `n_deals` deals, and the program's text, into `dir`.
pub fn generate(n_deals: u64, dir: &Path, with_csv: bool, text_keys: bool) -> Result<()> {
    if text_keys && n_deals > 99_999_999 {
        return Err("text keys have room for 99999999 deals".into());
    }
    fs::create_dir_all(dir)?;
    let mut world = World::new(n_deals)?;
    write_entities(&world, dir, text_keys)?;
    write_deals(&mut world, n_deals, dir, with_csv, text_keys)?;
    fs::write(dir.join("settlement.meed"), program::SOURCE)?;
    Ok(())
}

fn write_entities(world: &World, dir: &Path, text_keys: bool) -> Result<()> {
    let partners = &world.partners;
    let regions = (0..N_REGIONS).map(|region| format!("REGION-{region:02}")).collect();
    write_table(
        &dir.join("partner.parquet"),
        vec![
            ("partner_id", keys(0..count(partners.len()), KeyForm::PARTNER, text_keys)),
            (
                "tier",
                dictionary(
                    partners.iter().map(|partner| partner.tier).collect(),
                    ["silver", "gold", "platinum"].map(String::from).to_vec(),
                ),
            ),
            ("region", dictionary(partners.iter().map(|partner| partner.region).collect(), regions)),
            (
                "certified_engineers",
                Arc::new(Int32Array::from_iter_values(partners.iter().map(|partner| partner.certified_engineers))),
            ),
            ("joined_on", Arc::new(Date32Array::from_iter_values(partners.iter().map(|partner| partner.joined_on)))),
        ],
    )?;
    let reps = &world.reps;
    write_table(
        &dir.join("rep.parquet"),
        vec![
            ("rep_id", keys(0..count(reps.len()), KeyForm::REP, text_keys)),
            ("partner_id", keys(reps.iter().map(|rep| rep.employer), KeyForm::PARTNER, text_keys)),
            ("certified_until", Arc::new(Date32Array::from_iter_values(reps.iter().map(|rep| rep.certified_until)))),
        ],
    )?;
    let families = world.families.iter().map(|family| format!("FAM-{family:02}"));
    write_table(
        &dir.join("product.parquet"),
        vec![
            ("product", Arc::new(StringArray::from_iter_values(product_names(world.families.len())))),
            ("family", Arc::new(StringArray::from_iter_values(families))),
        ],
    )
}

fn write_deals(world: &mut World, n_deals: u64, dir: &Path, with_csv: bool, text_keys: bool) -> Result<()> {
    let products = product_names(world.families.len());
    let table = |deals: &[Deal], first| batch_of(deal_columns(deals, first, &products, text_keys));
    let empty = table(&[], 1)?;
    let mut parquet =
        ArrowWriter::try_new(File::create(dir.join("deals.parquet"))?, empty.schema(), Some(properties()))?;
    let mut csv = if with_csv { Some(BufWriter::new(File::create(dir.join("deals.csv"))?)) } else { None };
    if let Some(csv) = &mut csv {
        write_csv_head(&empty, csv)?;
    }
    for first in (1..=n_deals).step_by(ROW_GROUP) {
        let n_rows = usize::try_from(n_deals + 1 - first)?.min(ROW_GROUP);
        let deals: Vec<Deal> = (0..n_rows).map(|_| world.deal()).collect();
        let batch = table(&deals, first)?;
        parquet.write(&batch)?;
        if let Some(csv) = &mut csv {
            write_csv(&batch, csv)?;
        }
    }
    parquet.close()?;
    if let Some(mut csv) = csv {
        csv.flush()?;
    }
    Ok(())
}

fn deal_columns(deals: &[Deal], first: u64, products: &[String], text_keys: bool) -> Vec<(&'static str, ArrayRef)> {
    let numbers = first..first + deals.len() as u64;
    let deal_id: ArrayRef = if text_keys {
        Arc::new(text_array(numbers, KeyForm::DEAL))
    } else {
        Arc::new(Int64Array::from_iter_values(numbers.map(u64::cast_signed)))
    };
    let amount = Decimal128Array::from_iter_values(deals.iter().map(|deal| i128::from(deal.cents)))
        .with_precision_and_scale(18, 2)
        .expect("18 digits with 2 decimals are a decimal type");
    vec![
        ("deal_id", deal_id),
        ("closed_on", Arc::new(Date32Array::from_iter_values(deals.iter().map(|deal| deal.closed_on)))),
        ("partner_id", keys(deals.iter().map(|deal| deal.partner), KeyForm::PARTNER, text_keys)),
        ("rep_id", keys(deals.iter().map(|deal| deal.rep), KeyForm::REP, text_keys)),
        ("customer_id", keys(deals.iter().map(|deal| deal.customer), KeyForm::CUSTOMER, text_keys)),
        ("product", dictionary(deals.iter().map(|deal| deal.product).collect(), products.to_vec())),
        (
            "kind",
            dictionary(
                deals.iter().map(|deal| i32::from(deal.returned)).collect(),
                ["sale", "return"].map(String::from).to_vec(),
            ),
        ),
        ("amount", Arc::new(amount)),
        ("registered", Arc::new(deals.iter().map(|deal| Some(deal.registered)).collect::<BooleanArray>())),
        ("quantity", Arc::new(Int32Array::from_iter_values(deals.iter().map(|deal| deal.quantity)))),
    ]
}

fn write_csv_head(batch: &RecordBatch, out: &mut impl Write) -> Result<()> {
    let schema = batch.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    Ok(writeln!(out, "{}", names.join(","))?)
}

fn write_csv(batch: &RecordBatch, out: &mut impl Write) -> Result<()> {
    // No value of the workload holds a comma, a quote or a line break.
    for row in 0..batch.num_rows() {
        for (idx, column) in batch.columns().iter().enumerate() {
            let separator = if idx == 0 { "" } else { "," };
            write!(out, "{separator}{}", array_value_to_string(column, row)?)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_table(path: &Path, columns: Vec<(&'static str, ArrayRef)>) -> Result<()> {
    let batch = batch_of(columns)?;
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties()))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

/// Every column may be null, as data frames write them, though none is.
fn batch_of(columns: Vec<(&'static str, ArrayRef)>) -> Result<RecordBatch> {
    Ok(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))?)
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build()
}

fn keys(numbers: impl Iterator<Item = i32>, form: KeyForm, text_keys: bool) -> ArrayRef {
    if text_keys {
        Arc::new(text_array(numbers.map(|number| u64::from(number.unsigned_abs())), form))
    } else {
        Arc::new(Int32Array::from_iter_values(numbers))
    }
}

fn text_array(numbers: impl Iterator<Item = u64>, form: KeyForm) -> StringArray {
    StringArray::from_iter_values(numbers.map(|number| form.text(number)))
}

fn dictionary(entries: Vec<i32>, values: Vec<String>) -> ArrayRef {
    let values = Arc::new(StringArray::from_iter_values(values));
    Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::from(entries), values))
}

fn product_names(n_products: usize) -> Vec<String> {
    (0..n_products).map(|product| format!("SKU-{product:03}")).collect()
}

fn count(n_rows: usize) -> i32 {
    i32::try_from(n_rows).expect("entities of the workload are few")
}
