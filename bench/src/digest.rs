//! What engines are compared by: a digest line per rule, and totals by rule, payee and quarter.
//!
//! A digest counts the lines of a rule and sums their cents three times: plain, weighted by the deal and weighted by the
//! payee, so that a cent on the wrong deal or in the wrong pocket shows. Payments come from the hand-written evaluation or
//! from any engine's file; amounts must be whole cents, nothing is rounded here.

use std::{
    fmt::{self, Display, Formatter},
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, cast::AsArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};

use crate::{Result, keys::number_of, program::RULES};

/// A digest of payments: count, and sums of cents, per rule.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Digest([[i128; 4]; 5]);

impl Digest {
    /// Counts one line in.
    pub fn add(&mut self, rule: usize, deal: u64, payee: u64, cents: i64) {
        let cents = i128::from(cents);
        let [n_lines, sum, by_deal, by_payee] = &mut self.0[rule];
        *n_lines += 1;
        *sum += cents;
        *by_deal += cents * i128::from(deal % 9973);
        *by_payee += cents * i128::from(payee % 997);
    }
}

impl Display for Digest {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (rule, [n_lines, sum, by_deal, by_payee]) in (1..).zip(&self.0) {
            if *n_lines > 0 {
                writeln!(out, "{rule},{n_lines},{sum},{by_deal},{by_payee}")?;
            }
        }
        Ok(())
    }
}

/// Cents by rule, payee and quarter; a total is there as soon as it has a line, even if its lines cancel.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Totals([Vec<[Option<i64>; 4]>; 5]);

impl Totals {
    /// Adds one line.
    pub fn add(&mut self, rule: usize, payee: usize, quarter: usize, cents: i64) {
        let payees = &mut self.0[rule];
        if payee >= payees.len() {
            payees.resize(payee + 1, [None; 4]);
        }
        let total = &mut payees[payee][quarter];
        *total = Some(total.unwrap_or(0) + cents);
    }

    /// Writes `rule,payee,quarter,cents` in the order of these numbers.
    pub fn write(&self, out: impl Write) -> Result<()> {
        let mut out = BufWriter::new(out);
        for (rule, payees) in (1..).zip(&self.0) {
            for (payee, quarters) in payees.iter().enumerate() {
                for (quarter, cents) in (1..).zip(quarters) {
                    if let Some(cents) = cents {
                        writeln!(out, "{rule},{payee},{quarter},{cents}")?;
                    }
                }
            }
        }
        Ok(out.flush()?)
    }
}

/// The digest and the totals of a payments file, `.csv` or `.parquet`.
pub fn of_file(path: &Path) -> Result<(Digest, Totals)> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut sums = Sums::default();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => sums.add_csv(file)?,
        Some("parquet") => sums.add_parquet(file)?,
        Some(_) | None => return Err("payments are read from .csv and .parquet".into()),
    }
    Ok((sums.digest, sums.totals))
}

/// The columns of payments that are summed.
const COLUMNS: [&str; 5] = ["rule", "payee", "amount", "key", "when"];

#[derive(Default)]
struct Sums {
    digest: Digest,
    totals: Totals,
}

impl Sums {
    /// Adds one line; only lines of a deal have a key that counts.
    fn add(&mut self, rule: &str, payee: &str, cents: i64, key: &str, when: &str) -> Result<()> {
        let rule = RULES.iter().position(|name| *name == rule).ok_or_else(|| format!("no rule `{rule}` in P"))?;
        let deal = if RULES[rule] == "volume_rebate" { 0 } else { number_of(key)? };
        let payee = number_of(payee)?;
        self.digest.add(rule, deal, payee, cents);
        self.totals.add(rule, usize::try_from(payee)?, quarter_of_date(when)?, cents);
        Ok(())
    }

    fn add_csv(&mut self, file: File) -> Result<()> {
        let mut reader = csv::Reader::from_reader(file);
        let heads = reader.headers()?.clone();
        let place = |name| heads.iter().position(|head| head == name).ok_or_else(|| format!("no column `{name}`"));
        let [rule, payee, amount, key, when] = COLUMNS.map(place);
        let (rule, payee, amount, key, when) = (rule?, payee?, amount?, key?, when?);
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row)? {
            self.add(&row[rule], &row[payee], cents_of_text(&row[amount])?, &row[key], &row[when])?;
        }
        Ok(())
    }

    fn add_parquet(&mut self, file: File) -> Result<()> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
        for batch in builder.with_projection(mask).with_batch_size(65_536).build()? {
            self.add_batch(&batch?)?;
        }
        Ok(())
    }

    fn add_batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let column = |name| batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"));
        let text = |name| -> Result<StringArray> { Ok(cast(column(name)?, &DataType::Utf8)?.as_string().clone()) };
        let (rules, payees, keys, whens) = (text("rule")?, text("payee")?, text("key")?, text("when")?);
        let amounts = cents(column("amount")?)?;
        for (row, cents) in amounts.into_iter().enumerate() {
            // An absent key reads as empty text.
            self.add(rules.value(row), payees.value(row), cents, keys.value(row), whens.value(row))?;
        }
        Ok(())
    }
}

/// The cents of an amount column, which holds decimals or their text.
fn cents(amounts: &ArrayRef) -> Result<Vec<i64>> {
    if amounts.null_count() > 0 {
        return Err("a line without an amount".into());
    }
    match amounts.data_type() {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => {
            let factor = 10_i128.pow(u32::try_from(*scale)?);
            let wide = cast(amounts, &DataType::Decimal128(38, *scale))?;
            let wide = wide.as_primitive::<arrow_array::types::Decimal128Type>();
            wide.values()
                .iter()
                .map(|&amount| {
                    let hundredfold = amount * 100;
                    if hundredfold % factor != 0 {
                        return Err(format!("an amount of {amount} / {factor} is not whole cents").into());
                    }
                    Ok(i64::try_from(hundredfold / factor)?)
                })
                .collect()
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = cast(amounts, &DataType::Utf8)?;
            texts.as_string::<i32>().iter().map(|text| cents_of_text(text.unwrap_or_default())).collect()
        }
        other => Err(format!("amounts are decimals or text, not {other}").into()),
    }
}

/// The cents in a decimal text such as `-12.3`.
fn cents_of_text(text: &str) -> Result<i64> {
    let misfit = || format!("`{text}` is not whole cents");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 2 || !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(misfit().into());
    }
    let cents: i64 = format!("{whole}{fraction:0<2}").parse().map_err(|_| misfit())?;
    Ok(sign * cents)
}

/// The quarter, from zero, of a date of 2026 as text.
fn quarter_of_date(date: &str) -> Result<usize> {
    let month = date.strip_prefix("2026-").and_then(|rest| rest.get(..2)).and_then(|month| month.parse::<usize>().ok());
    match month {
        Some(month @ 1..=12) => Ok((month - 1) / 3),
        Some(_) | None => Err(format!("`{date}` is no date of 2026").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_amounts_are_whole_cents() {
        for (text, cents) in [("0", 0), ("12", 1_200), ("12.3", 1_230), ("-0.05", -5), ("7.5000", 750)] {
            assert_eq!(cents_of_text(text).unwrap(), cents, "{text}");
        }
        for text in ["", "-", "1.005", ".5", "--1", "1e3", "1.-5"] {
            assert!(cents_of_text(text).is_err(), "{text}");
        }
    }
}
