//! The same rows load alike from every format, in every order, split and batch size.

use crate::arrow::{batch, parquet, parquet_without_notes, text_batch};
use crate::rows::{EVERY_TYPE, HEADER, as_csv, deals, partners};
use crate::view::{Side, input, plan, view};
use arrow_array::{ArrayRef, cast::AsArray};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use meed_compiler::plan::Plan;
use meed_runtime::inner::source::Content;

fn from_csv(plan: &Plan, rows: &[Vec<String>]) -> Side {
    let deals = input(plan, "deal", vec![("deals", as_csv(&HEADER, rows))]);
    view(plan, vec![partners(plan), deals], 16_384)
}

/// A column of texts as a type, by way of one that Arrow can make of it.
fn typed(column: &ArrayRef, header: &str, ty: &DataType) -> ArrayRef {
    let by_way = match header {
        "signed_at" => DataType::Timestamp(TimeUnit::Second, Some("+00:00".into())),
        "closed_on" => DataType::Date32,
        "amount" => DataType::Decimal128(20, 2),
        "share" => DataType::Decimal128(20, 4),
        "factor" => DataType::Decimal128(20, 9),
        "quantity" | "partner" => DataType::Int64,
        "registered" => DataType::Boolean,
        _ => DataType::Utf8,
    };
    let first = cast(column, &by_way).expect("the texts are of the type");
    cast(&first, ty).expect("the type can be made")
}

/// Every type that a column of this header can have.
fn types_of(header: &str) -> Vec<DataType> {
    use DataType::*;
    let dictionary = |places: DataType| Dictionary(Box::new(places), Box::new(Utf8));
    let texts = vec![
        LargeUtf8,
        Utf8View,
        Binary,
        LargeBinary,
        BinaryView,
        dictionary(Int32),
        dictionary(Int8),
        dictionary(UInt64),
    ];
    let decimals = |scale: i8| {
        vec![
            Decimal32(9, scale.min(2)),
            Decimal64(18, scale),
            Decimal128(20, scale),
            Decimal128(38, scale + 1),
            Decimal256(50, scale),
            Decimal256(76, scale + 3),
        ]
    };
    let wholes = vec![Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Decimal128(10, 0), Decimal64(12, 0)];
    let instant = |unit: TimeUnit, zone: &str| Timestamp(unit, Some(zone.into()));
    let mut types = match header {
        "signed_at" => vec![
            instant(TimeUnit::Second, "+00:00"),
            instant(TimeUnit::Millisecond, "+02:00"),
            instant(TimeUnit::Microsecond, "+00:00"),
            instant(TimeUnit::Nanosecond, "-05:00"),
        ],
        "closed_on" => {
            vec![Date32, Date64, Timestamp(TimeUnit::Microsecond, None), instant(TimeUnit::Second, "+00:00")]
        }
        "amount" => decimals(2).into_iter().skip(1).collect(),
        "share" => decimals(4).into_iter().skip(1).collect(),
        "factor" => decimals(9).into_iter().skip(1).collect(),
        "quantity" => wholes.clone(),
        "partner" => wholes.clone(),
        "registered" => vec![Boolean],
        _ => Vec::new(),
    };
    // Arrow writes an instant or a yes as text in its own way.
    types.extend(texts);
    types
}

#[test]
fn every_type_of_column_loads_like_its_text() {
    let plan = plan(EVERY_TYPE);
    let rows = deals(120);
    let expected = from_csv(&plan, &rows);
    assert_eq!(expected.rejects, Vec::<[String; 5]>::new());
    let texts = text_batch(&HEADER, &rows);
    let mut n_tried = 0;
    for (idx, header) in HEADER.iter().enumerate() {
        for ty in types_of(header) {
            let column = if matches!(ty, DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..))
                || format!("{ty}").contains("Binary")
            {
                cast(texts.column(idx), &ty).expect("texts are texts")
            } else {
                typed(texts.column(idx), header, &ty)
            };
            let mut columns: Vec<ArrayRef> = texts.columns().to_vec();
            columns[idx] = column;
            let one = batch(&HEADER, columns);
            let sources = [
                ("batches", Content::Batches(vec![one.slice(0, 50), one.slice(50, 70)])),
                ("parquet", parquet(&one, 50)),
                ("parquet without notes", parquet_without_notes(&one)),
            ];
            // Parquet has no word for these two, and they would come back as plain numbers.
            let is_nameless = matches!(ty, DataType::Date64 | DataType::Timestamp(TimeUnit::Second, _));
            for (how, content) in sources.into_iter().take(if is_nameless { 2 } else { 3 }) {
                let deals = input(&plan, "deal", vec![("deals", content)]);
                let found = view(&plan, vec![partners(&plan), deals], 64);
                assert_eq!(found, expected, "{header} as {ty} from {how}");
                n_tried += 1;
            }
        }
    }
    assert!(n_tried > 200, "{n_tried}");
}

#[test]
fn clocks_without_a_zone_are_read_in_the_zone_of_the_field() {
    let plan = plan(EVERY_TYPE);
    let mut rows = deals(40);
    for row in &mut rows {
        row[1] = row[1].trim_end_matches('Z').to_owned();
    }
    let expected = from_csv(&plan, &rows);
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
        let texts = text_batch(&HEADER, &rows);
        let mut columns: Vec<ArrayRef> = texts.columns().to_vec();
        columns[1] = cast(&columns[1], &DataType::Timestamp(unit, None)).expect("texts are instants");
        let deals = input(&plan, "deal", vec![("deals", parquet(&batch(&HEADER, columns), 16))]);
        assert_eq!(view(&plan, vec![partners(&plan), deals], 7), expected, "{unit:?}");
    }
}

#[test]
fn rows_load_alike_however_they_are_cut() {
    let plan = plan(EVERY_TYPE);
    let rows = deals(1_000);
    let expected = from_csv(&plan, &rows);
    let typed_batch = every_column_typed(&rows);
    for batch_rows in [1, 7, 65_536] {
        let sources = [
            ("csv", as_csv(&HEADER, &rows)),
            ("cells as texts", Content::Batches(vec![text_batch(&HEADER, &rows)])),
            ("parquet in one group", parquet(&typed_batch, 5_000)),
            ("parquet in many groups", parquet(&typed_batch, 130)),
        ];
        for (how, content) in sources {
            let deals = input(&plan, "deal", vec![("deals", content)]);
            assert_eq!(
                view(&plan, vec![partners(&plan), deals], batch_rows),
                expected,
                "{how}, {batch_rows} at a time"
            );
        }
    }
}

/// All columns but texts in types of their own.
fn every_column_typed(rows: &[Vec<String>]) -> arrow_array::RecordBatch {
    let texts = text_batch(&HEADER, rows);
    let column = |(header, column): (&&str, &ArrayRef)| {
        let ty = types_of(header).swap_remove(0);
        let is_text = matches!(*header, "id" | "stage" | "customer" | "note");
        let ty = if is_text { DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)) } else { ty };
        if is_text { cast(column, &ty).expect("texts are texts") } else { typed(column, header, &ty) }
    };
    batch(&HEADER, HEADER.iter().zip(texts.columns()).map(column).collect())
}

#[test]
fn order_and_split_of_files_change_nothing_but_origins() {
    let plan = plan(EVERY_TYPE);
    let rows = deals(900);
    let without_origins = |mut view: Side| {
        view.tables.iter_mut().flat_map(|table| &mut table.rows).for_each(|row| drop(row.remove(1)));
        view
    };
    let expected = without_origins(from_csv(&plan, &rows));
    // A stride that shares no factor with the number of rows visits each once.
    let shuffled: Vec<Vec<String>> = (0..rows.len()).map(|idx| rows[(idx * 541 + 7) % rows.len()].clone()).collect();
    assert_eq!(without_origins(from_csv(&plan, &shuffled)), expected);
    let mut turned: Vec<usize> = (0..HEADER.len()).collect();
    turned.reverse();
    let turned_header: Vec<&str> = turned.iter().map(|&idx| HEADER[idx]).collect();
    let turned_rows: Vec<Vec<String>> =
        shuffled[500..].iter().map(|row| turned.iter().map(|&idx| row[idx].clone()).collect()).collect();
    let files = vec![
        ("a.csv", as_csv(&HEADER, &shuffled[..300])),
        ("none.csv", as_csv(&HEADER, &[])),
        ("b.parquet", parquet(&every_column_typed(&shuffled[300..500]), 64)),
        ("c.csv", as_csv(&turned_header, &turned_rows)),
    ];
    let split = view(&plan, vec![input(&plan, "deal", files), partners(&plan)], 100);
    let origin = split
        .tables
        .iter()
        .find(|table| table.name == "deal")
        .and_then(|table| table.rows.iter().find(|row| row[0] == shuffled[512][0]).map(|row| row[1].clone()));
    assert_eq!(origin.as_deref(), Some("c.csv:13"));
    assert_eq!(without_origins(split), expected);
}

#[test]
fn whole_numbers_are_one_key_in_every_file() {
    let plan = plan(
        "program keys { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
         entity partner { key id  name text }
         event deal { key id  when on date  partner partner  amount money }
         rule all { for each deal  where partner.name is not \"x\"  pay partner amount }",
    );
    let keys = ["10", "7", "007", "-7", "9", "a"];
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|key| vec![(*key).to_owned(), "2026-03-01".to_owned(), "1".to_owned(), "5".to_owned()])
        .collect();
    let header = ["id", "on", "partner", "amount"];
    let partner = || input(&plan, "partner", vec![("partners", crate::view::csv("id,name\n1,one\n"))]);
    let loaded = view(&plan, vec![partner(), input(&plan, "deal", vec![("d", as_csv(&header, &rows))])], 4);
    let order: Vec<&str> = loaded.tables[1].rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(order, ["7", "9", "10", "-7", "007", "a"]);
    // In a column of whole numbers 7 is that same key, in a file beside one with texts a duplicate.
    let whole = text_batch(&header, &rows[1..2]);
    let mut columns: Vec<ArrayRef> = whole.columns().to_vec();
    columns[0] = cast(&columns[0], &DataType::Int32).expect("a whole number");
    assert_eq!(columns[0].as_primitive::<arrow_array::types::Int32Type>().value(0), 7);
    let files = vec![("texts", as_csv(&header, &rows)), ("wholes", Content::Batches(vec![batch(&header, columns)]))];
    let loaded = view(&plan, vec![partner(), input(&plan, "deal", files)], 4);
    let rejects: Vec<String> = loaded.rejects.iter().map(|reject| format!("{}:{}", reject[0], reject[1])).collect();
    assert_eq!(rejects, ["texts:2", "wholes:1"]);
}
