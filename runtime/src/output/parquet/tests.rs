//! Whatever is written is read back by the library, which shares no code with the columns here.

use super::*;
use crate::output::batch::{Amounts, Cells, Texts};
use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use proptest::prelude::*;

const HEADER: [(&str, Kind); 7] = [
    ("word", Kind::Word),
    ("name", Kind::Name),
    ("text", Kind::Text),
    ("amount", Kind::Amount { decimals: 2, digits: 18 }),
    ("wide", Kind::Amount { decimals: 3, digits: 38 }),
    ("day", Kind::Day),
    ("whole", Kind::Whole),
];

/// A row of all kinds.
#[derive(Clone, Debug)]
struct Row {
    name: u8,
    text: String,
    amount: i64,
    wide: i128,
    day: Option<i32>,
    whole: i32,
}

fn row() -> impl Strategy<Value = Row> {
    let digits = 10i64.pow(18) - 1;
    let wide = 10i128.pow(38) - 1;
    let amount = prop_oneof![-300i64..300, -digits..=digits, Just(digits), Just(-digits)];
    let wide = prop_oneof![-300i128..300, -wide..=wide];
    let day = prop_oneof![Just(None), (20_000i32..20_400).prop_map(Some), any::<i32>().prop_map(Some)];
    let whole = prop_oneof![1i32..3, any::<i32>()];
    let text = prop_oneof!["[0-9]{1,8}", "D-[0-9]{4}", "\\PC{0,40}", Just(String::new())];
    let columns = (0u8..9, text, amount, wide, day, whole);
    columns.prop_map(|(name, text, amount, wide, day, whole)| Row { name, text, amount, wide, day, whole })
}

fn batch(rows: &[Row]) -> Batch {
    let names = (0..9).map(|name| format!("N{name}")).collect();
    let days: Vec<Option<i32>> = rows.iter().map(|row| row.day).collect();
    let days = match days.iter().copied().collect::<Option<Vec<i32>>>() {
        Some(days) => Cells::Days(days),
        None if days.iter().all(Option::is_none) => Cells::NoDays,
        None => Cells::SomeDays(days),
    };
    let amounts = |values: Vec<i128>| Cells::Amounts(Amounts { values, decimals: Vec::new() });
    let columns = vec![
        Cells::always("always", rows.len()),
        Cells::Words { words: names, codes: rows.iter().map(|row| row.name.into()).collect() },
        Cells::Texts(rows.iter().map(|row| &row.text).collect::<Texts>()),
        amounts(rows.iter().map(|row| row.amount.into()).collect()),
        amounts(rows.iter().map(|row| row.wide).collect()),
        days,
        Cells::Wholes(rows.iter().map(|row| row.whole).collect()),
    ];
    Batch { n_rows: rows.len(), columns }
}

/// The file of these batches; a row group ends with the batch that reaches so many rows.
fn file(batches: &[Batch], group_rows: usize) -> Vec<u8> {
    let mut written = Vec::new();
    let mut sink = ParquetSink::new(HEADER.to_vec(), &mut written).expect("a file");
    sink.group_rows = group_rows;
    batches.iter().for_each(|batch| sink.take(batch.clone()).expect("taken"));
    sink.finish().expect("written");
    drop(sink);
    written
}

/// Cells as text, row by row.
fn read(bytes: Vec<u8>) -> Vec<Vec<String>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).expect("a file").build().expect("rows");
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in reader {
        let batch: RecordBatch = batch.expect("rows");
        let columns: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).expect("cells")).collect();
        rows.extend(
            (0..batch.num_rows()).map(|row| columns.iter().map(|column| column.value(row).to_string()).collect()),
        );
    }
    rows
}

/// The same of what was to be written. Years beyond four digits are written by the library in a way of its own.
fn wanted(batches: &[Batch]) -> Vec<Vec<String>> {
    let cells = |batch: &Batch, row: usize| {
        let cells = batch.columns.iter().zip(HEADER);
        cells.map(|(cells, (_, kind))| cells.text(row, kind).into_owned()).collect()
    };
    batches.iter().flat_map(|batch| (0..batch.n_rows).map(move |row| cells(batch, row))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn what_is_written_is_read(
        batches in prop::collection::vec(prop::collection::vec(row(), 0..300), 0..5),
        group_rows in prop_oneof![1usize..400, Just(1 << 20)],
    ) {
        // Days of which a text can be made by both.
        let mut batches = batches;
        for row in batches.iter_mut().flatten() {
            row.day = row.day.map(|day| day.rem_euclid(2_000_000) - 500_000);
        }
        let batches: Vec<Batch> = batches.iter().map(|rows| batch(rows)).collect();
        prop_assert_eq!(read(file(&batches, group_rows)), wanted(&batches));
    }
}

/// Long columns have several pages, and blocks that are not full.
#[test]
fn pages_and_blocks_of_every_length_are_read() {
    let rows = |n_rows: usize| -> Vec<Row> {
        let row = |row: usize| Row {
            name: (row / 1000 % 9) as u8,
            text: format!("{}", row * 7_919 % 1_000_003),
            amount: (row as i64 * 104_729) % 1_000_000 - 50_000,
            wide: row as i128 - 7,
            day: (row % 5 != 3).then_some(20_000 + (row / 300) as i32),
            whole: 1,
        };
        (0..n_rows).map(row).collect()
    };
    for n_rows in [1, 2, 31, 32, 33, 127, 128, 129, 130, 257, 400_000] {
        let batches: Vec<Batch> = rows(n_rows).chunks(16_384).map(batch).collect();
        assert!(read(file(&batches, 1 << 20)) == wanted(&batches), "{n_rows} rows");
    }
}

#[test]
fn names_and_days_have_their_least_and_largest_in_the_footer() {
    let day = |day| Row { name: 3, text: String::new(), amount: 0, wide: 0, day, whole: 0 };
    let rows = [Row { name: 5, ..day(Some(20_500)) }, day(None), day(Some(-3))];
    let reader = SerializedFileReader::new(Bytes::from(file(&[batch(&rows)], 1))).expect("a file");
    let group = reader.metadata().row_group(0);
    let statistics = |column: usize| group.column(column).statistics().expect("they are there");
    assert_eq!(statistics(1).min_bytes_opt().zip(statistics(1).max_bytes_opt()), Some((&b"N3"[..], &b"N5"[..])));
    let Statistics::Int32(days) = statistics(5) else { panic!("days are whole numbers") };
    assert_eq!((days.min_opt(), days.max_opt(), days.null_count_opt()), (Some(&-3), Some(&20_500), Some(1)));
}

#[test]
fn amounts_of_more_digits_than_the_column_are_refused() {
    for (column, beyond) in [(3, 10i128.pow(18)), (4, 10i128.pow(38))] {
        for value in [beyond, -beyond] {
            let mut batch = batch(&[Row { name: 0, text: String::new(), amount: 0, wide: 0, day: None, whole: 0 }]);
            batch.columns[column] = Cells::Amounts(Amounts { values: vec![value], decimals: Vec::new() });
            let mut sink = ParquetSink::new(HEADER.to_vec(), Vec::new()).expect("a file");
            let error = sink.take(batch).expect_err("it does not fit").to_string();
            assert!(error.starts_with("an amount of more than"), "{error}");
        }
    }
}
