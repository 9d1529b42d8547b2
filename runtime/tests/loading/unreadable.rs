//! Cells that cannot be read, or that no field could hold: the row is rejected, and nothing of the cell becomes a key.

use crate::arrow::{batch, parquet, parquet_bytes, text_batch};
use crate::rows::{EVERY_TYPE, HEADER, as_csv, deals, partners};
use crate::view::{csv, input, load_rows, plan, view};
use arrow_array::types::{Date32Type, Int8Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, Decimal256Array,
    DictionaryArray, Int8Array, PrimitiveArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow_buffer::i256;
use meed_compiler::plan::Plan;
use meed_runtime::inner::load::{LoadOptions, load};
use meed_runtime::inner::source::{Content, SourceFile, TableInput};
use std::sync::Arc;

/// Fields that take any cell as the text of it.
const OPAQUE: [&str; 4] = ["id", "partner", "customer", "note"];

/// A row of deals with one column of another type.
fn one(header: &str, column: &ArrayRef) -> RecordBatch {
    let mut columns: Vec<ArrayRef> = text_batch(&HEADER, &deals(1)).columns().to_vec();
    columns[HEADER.iter().position(|known| *known == header).expect("a header")] = column.clone();
    batch(&HEADER, columns)
}

/// The same in each form in which it can come.
fn forms(header: &str, column: &ArrayRef) -> [Content; 3] {
    let one = one(header, column);
    [Content::Batches(vec![one.clone()]), parquet(&one, 8), Content::Batches(vec![one.slice(0, 0), one])]
}

/// What becomes of one deal: its key, or why it is rejected.
fn fate(plan: &Plan, content: Content) -> Result<String, [String; 3]> {
    let found = view(plan, vec![partners(plan), input(plan, "deal", vec![("deals", content)])], 16);
    let deals = found.tables.iter().find(|table| table.name == "deal").expect("deals are read");
    match &found.rejects[..] {
        [] => Ok(deals.rows[0][0].clone()),
        [[_, _, column, value, reason], ..] => {
            assert_eq!(deals.rows, Vec::<Vec<String>>::new(), "a rejected row is not in the table");
            Err([column.clone(), value.clone(), reason.clone()])
        }
    }
}

#[test]
fn days_and_instants_outside_the_calendar_are_no_keys_and_no_texts() {
    let plan = plan(EVERY_TYPE);
    let dictionary = DictionaryArray::<Int8Type>::new(
        Int8Array::from(vec![0]),
        Arc::new(PrimitiveArray::<Date32Type>::from(vec![i32::MAX])) as ArrayRef,
    );
    let columns: [(ArrayRef, &str); 9] = [
        (Arc::new(Date32Array::from(vec![i32::MAX])), "2147483647"),
        (Arc::new(Date32Array::from(vec![i32::MIN])), "-2147483648"),
        (Arc::new(Date32Array::from(vec![2_932_897])), "2932897"),
        (Arc::new(Date64Array::from(vec![i64::MAX])), "9223372036854775807"),
        (Arc::new(TimestampSecondArray::from(vec![i64::MAX])), "9223372036854775807"),
        (Arc::new(TimestampMillisecondArray::from(vec![i64::MIN])), "-9223372036854775808"),
        (Arc::new(TimestampMicrosecondArray::from(vec![i64::MIN]).with_timezone("UTC")), "-9223372036854775808"),
        (Arc::new(TimestampSecondArray::from(vec![253_402_300_800]).with_timezone("UTC")), "253402300800"),
        (Arc::new(dictionary), "2147483647"),
    ];
    for (column, value) in &columns {
        for header in OPAQUE {
            for content in forms(header, column) {
                let expected = [header, value, "outside the calendar"].map(str::to_owned);
                assert_eq!(fate(&plan, content), Err(expected), "{header}: {:?}", column.data_type());
            }
        }
        // Another value of `one of` may be anything, but not what is none.
        for content in forms("stage", column) {
            let [column, _, reason] = fate(&plan, content).expect_err("it is no text");
            assert_eq!((column.as_str(), reason.as_str()), ("stage", "outside the calendar"));
        }
    }
}

#[test]
fn typed_cells_become_the_keys_that_texts_would() {
    let plan = plan(EVERY_TYPE);
    let decimal = |array: Decimal128Array, scale| array.with_precision_and_scale(30, scale).expect("a decimal");
    let long = Decimal256Array::from(vec![i256::from_string(&"9".repeat(60)).expect("a number")]);
    let columns: [(ArrayRef, &str); 9] = [
        (Arc::new(Date32Array::from(vec![20_485])), "2026-02-01"),
        (Arc::new(Date32Array::from(vec![-719_162])), "0001-01-01"),
        (Arc::new(BooleanArray::from(vec![true])), "true"),
        (Arc::new(TimestampMicrosecondArray::from(vec![1_000_000])), "1970-01-01T00:00:01"),
        (Arc::new(TimestampNanosecondArray::from(vec![1]).with_timezone("UTC")), "1970-01-01T00:00:00.000000001Z"),
        (Arc::new(decimal(Decimal128Array::from(vec![-150]), 2)), "-1.50"),
        (Arc::new(decimal(Decimal128Array::from(vec![7]), -2)), "700"),
        (Arc::new(decimal(Decimal128Array::from(vec![7]), 0)), "7"),
        (Arc::new(long.with_precision_and_scale(70, 2).expect("a decimal")), &("9".repeat(58) + ".99")),
    ];
    for (column, key) in &columns {
        // No Parquet file has a decimal of fewer than no decimals.
        let held = Content::Batches(vec![one("id", column)]);
        assert_eq!(fate(&plan, held).as_deref(), Ok(*key));
    }
}

#[test]
fn what_lies_under_a_missing_cell_is_not_looked_at() {
    let plan = plan(EVERY_TYPE);
    let days = Date32Array::new(vec![i32::MAX].into(), Some(vec![false].into()));
    let [held, ..] = forms("note", &(Arc::new(days.clone()) as ArrayRef));
    assert!(fate(&plan, held).is_ok());
    let [held, ..] = forms("id", &(Arc::new(days) as ArrayRef));
    assert_eq!(fate(&plan, held), Err(["id", "", "missing"].map(str::to_owned)));
}

#[test]
fn bytes_that_are_no_text_are_no_keys() {
    let plan = plan(EVERY_TYPE);
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"\xff\xfeA"[..]]));
    for header in OPAQUE {
        for content in forms(header, &bytes) {
            let [column, value, reason] = fate(&plan, content).expect_err("it is no text");
            assert_eq!((column.as_str(), reason.as_str()), (header, "not UTF-8 text"));
            assert_eq!(value, "\u{fffd}\u{fffd}A");
        }
    }
}

#[test]
fn cells_longer_than_any_are_rejected_with_their_ends() {
    let plan = plan(EVERY_TYPE);
    let (longest, longer) = ("é".repeat(1 << 15), format!("{}z", "é".repeat(1 << 15)));
    let texts = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    for header in ["id", "partner", "customer", "note", "amount", "stage", "closed_on", "signed_at"] {
        let mut row = deals(1);
        row[0][HEADER.iter().position(|known| *known == header).expect("a header")].clone_from(&longer);
        let column: ArrayRef = texts(&longer);
        for content in forms(header, &column).into_iter().chain([as_csv(&HEADER, &row)]) {
            let [column, value, reason] = fate(&plan, content).expect_err("it is too long");
            assert_eq!((column.as_str(), reason.as_str()), (header, "longer than 65,536 bytes"));
            assert!(value.chars().count() == 1_000 && value.starts_with("éé") && value.ends_with('z'), "{value}");
        }
    }
    let [held, stored, _] = forms("id", &texts(&longest));
    assert_eq!(fate(&plan, held).as_deref(), Ok(longest.as_str()));
    assert_eq!(fate(&plan, stored).as_deref(), Ok(longest.as_str()));
}

#[test]
fn rows_and_pages_that_take_too_much_stop_the_run() {
    let plan = plan(EVERY_TYPE);
    let mut row = deals(1);
    row[0][11] = "x".repeat((16 << 20) + 1);
    let inputs = |content| vec![partners(&plan), input(&plan, "deal", vec![("deals", content)])];
    let error = load_rows(&plan, inputs(as_csv(&HEADER, &row)), 16).expect_err("the row is too long");
    assert_eq!((error.code(), error.to_string().as_str()), ("row-too-long", "row 1 of `deals` is longer than 16 MiB"));
    let endless = csv([HEADER.join(",").as_bytes(), &b",x".repeat(9 << 20)].concat());
    assert_eq!(load_rows(&plan, inputs(endless), 16).expect_err("the header is too long").code(), "row-too-long");
    // Three megabytes of one letter are a few bytes on the disk; how much they are is known before they are unpacked.
    row[0][11] = "x".repeat(3 << 20);
    let bytes = parquet_bytes(&text_batch(&HEADER, &row), 8);
    let read = |memory| {
        let inputs: Vec<TableInput> = inputs(crate::arrow::file(&bytes));
        load(&plan, inputs, &LoadOptions { memory, ..LoadOptions::through(plan.active.to) })
    };
    let error = read(2 << 20).expect_err("the page is too large");
    assert_eq!(error.code(), "page-too-large");
    assert!(error.to_string().starts_with("a page of column `note` of `deals` is "), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("--memory")), "{error:?}");
    let loaded = read(64 << 20).expect("there is room for it");
    assert_eq!(loaded.rejects[0].reason, "longer than 65,536 bytes");
}

#[test]
fn files_of_long_rows_are_read_in_small_batches() {
    let plan = plan(EVERY_TYPE);
    let mut rows = deals(1_200);
    rows.iter_mut().enumerate().for_each(|(idx, row)| {
        // Texts that neither compress away nor repeat.
        row[11] = (0..1_000u64)
            .map(|part| format!("{:016x}", (part * 7_919 + idx as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
    });
    let bytes = parquet_bytes(&text_batch(&HEADER, &rows), 1_200);
    let inputs = vec![
        partners(&plan),
        TableInput {
            record: plan.record_named("deal").expect("deals"),
            files: vec![SourceFile { name: "deals".to_owned(), content: crate::arrow::file(&bytes) }],
        },
    ];
    let seen = std::cell::RefCell::new(Vec::new());
    let progress = |n_rows: u64| seen.borrow_mut().push(n_rows);
    let options = LoadOptions { progress: Some(&progress), ..LoadOptions::through(plan.active.to) };
    load(&plan, inputs, &options).expect("it loads");
    let batches: Vec<u64> = seen.borrow().windows(2).map(|pair| pair[1] - pair[0]).collect();
    // 16,000 bytes a row: about a thousand rows are 16 MiB.
    assert!(batches.len() > 1 && batches.iter().all(|&n_rows| n_rows < 1_100), "{batches:?}");
}
