//! Payment lines as a Parquet file with the columns of Meed's payments.
//!
//! Rows are in order by rule as the program writes them, then by payee, period, date and deal. Lines arise by date and deal, so a
//! counting sort by payee is all the order that is missing.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int8Array, RecordBatch, StringArray,
    builder::StringBuilder, types::Int8Type,
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding},
    file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder},
    schema::types::ColumnPath,
};

use crate::{
    Result,
    keys::KeyForm,
    program::{FIRST_DAY, PAYEE_KINDS, PayeeKind, QUARTERS, RULES, quarter_of},
    rules::{Line, Lines},
};

/// Rows built and written at a time.
const BATCH: usize = 16_384;

/// How the keys in a payments file are written.
#[derive(Clone, Copy)]
pub struct Forms {
    /// Keys of partners.
    pub partner: KeyForm,
    /// Keys of reps.
    pub rep: KeyForm,
    /// Keys of deals.
    pub deal: KeyForm,
}

/// Writes the lines of every rule to a new file at `path`.
pub fn write(path: &Path, lines: &Lines, forms: Forms) -> Result<()> {
    let schema = batch(0, &[], forms)?.schema();
    let mut writer = ArrowWriter::try_new(File::create(path)?, schema, Some(properties()))?;
    for (rule, lines) in lines.iter().enumerate() {
        for rows in by_payee(lines).chunks(BATCH) {
            // Lines lie scattered: each is fetched once, not once per column.
            let sorted: Vec<Line> = rows.iter().map(|row| lines[*row as usize]).collect();
            writer.write(&batch(rule, &sorted, forms)?)?;
        }
    }
    writer.close()?;
    Ok(())
}

/// The places of lines by payee, each payee's in the order in which they arose.
fn by_payee(lines: &[Line]) -> Vec<u32> {
    let mut next: Vec<u32> = Vec::new();
    for line in lines {
        let payee = line.payee as usize + 1;
        if payee >= next.len() {
            next.resize((payee + 1).next_power_of_two(), 0);
        }
        next[payee] += 1;
    }
    for payee in 1..next.len() {
        next[payee] += next[payee - 1];
    }
    let mut order = vec![0; lines.len()];
    for (row, line) in (0..).zip(lines) {
        let place = &mut next[line.payee as usize];
        order[*place as usize] = row;
        *place += 1;
    }
    order
}

/// One batch of a rule's lines as columns.
fn batch(rule: usize, lines: &[Line], forms: Forms) -> Result<RecordBatch> {
    let n_lines = lines.len();
    let of_deal = RULES[rule] != "volume_rebate";
    let payee_kind = PAYEE_KINDS[rule];
    let payee_form = match payee_kind {
        PayeeKind::Partner => forms.partner,
        PayeeKind::Rep => forms.rep,
    };
    let cents = lines.iter().map(|line| i128::from(line.cents));
    let when = Arc::new(Date32Array::from_iter_values(lines.iter().map(|line| FIRST_DAY + i32::from(line.day))));
    let quarters = Int8Array::from_iter_values(lines.iter().map(|line| quarter_of(line.day) as i8));
    let version = Date32Array::from_value(FIRST_DAY, n_lines);
    Ok(RecordBatch::try_from_iter([
        ("rule", always(RULES[rule], n_lines)),
        ("version", Arc::new(version)),
        ("payee_kind", always(payee_kind.name(), n_lines)),
        ("payee", texts(lines.iter().map(|line| u64::from(line.payee)), payee_form)),
        ("unit", always("USD", n_lines)),
        ("amount", Arc::new(Decimal128Array::from_iter_values(cents).with_precision_and_scale(18, 2)?)),
        ("event", always(if of_deal { "deal" } else { "" }, n_lines)),
        ("key", if of_deal { texts(lines.iter().map(|line| line.deal), forms.deal) } else { empty(n_lines) }),
        ("when", Arc::clone(&when) as ArrayRef),
        ("period", Arc::new(DictionaryArray::new(quarters, Arc::new(StringArray::from(QUARTERS.to_vec()))))),
        ("due", when),
        ("accrual", Arc::new(BooleanArray::from(vec![false; n_lines]))),
    ])?)
}

/// The same text in every row.
fn always(text: &str, n_rows: usize) -> ArrayRef {
    let values = Arc::new(StringArray::from(vec![text]));
    Arc::new(DictionaryArray::<Int8Type>::new(Int8Array::from_value(0, n_rows), values))
}

/// Keys as text.
fn texts(numbers: impl Iterator<Item = u64>, form: KeyForm) -> ArrayRef {
    let mut column = StringBuilder::with_capacity(BATCH, 10 * BATCH);
    let (mut text, mut written) = (String::new(), None);
    for number in numbers {
        if written != Some(number) {
            form.write(number, &mut text);
            written = Some(number);
        }
        column.append_value(&text);
    }
    Arc::new(column.finish())
}

fn empty(n_rows: usize) -> ArrayRef {
    Arc::new(StringArray::from(vec![""; n_rows]))
}

/// Encodings that spare a look into a hash table per value: dates rise or stay, amounts and deals hardly repeat, and a
/// payee's lines are together. Statistics would compare every text twice more, and payments are read whole.
fn properties() -> WriterProperties {
    let plain = ["payee", "amount", "key"].map(|name| (name, Encoding::PLAIN));
    let delta = ["version", "when", "due"].map(|name| (name, Encoding::DELTA_BINARY_PACKED));
    let builder = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None);
    let set = |builder: WriterPropertiesBuilder, (name, encoding)| {
        let path = ColumnPath::from(name);
        builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding)
    };
    plain.into_iter().chain(delta).fold(builder, set).build()
}
