//! Bad tables: a file that cannot be had is an error, a row that cannot be taken is rejected with its reason, and nothing
//! panics.

use crate::arrow::{batch, file, parquet, parquet_bytes, text_batch};
use crate::rows::{EVERY_TYPE, HEADER, as_csv, deals, partners};
use crate::view::{csv, input, load_rows, plan, view};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use meed_compiler::plan::Plan;
use meed_runtime::inner::load::LoadError;
use meed_runtime::inner::source::{Content, SourceFile};
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
use std::path::Path;
use std::sync::Arc;

/// The rejects of deals, as column, value and reason.
fn rejects(plan: &Plan, content: Content) -> Vec<[String; 3]> {
    let found = view(plan, vec![partners(plan), input(plan, "deal", vec![("deals", content)])], 16);
    found.rejects.into_iter().map(|[_, _, column, value, reason]| [column, value, reason]).collect()
}

fn error(plan: &Plan, content: Content) -> LoadError {
    let inputs = vec![partners(plan), input(plan, "deal", vec![("deals", content)])];
    load_rows(plan, inputs, 16).expect_err("the tables do not load")
}

/// One row of deals in which some cells are others.
fn row(changes: &[(&str, &str)]) -> Vec<String> {
    let mut row = deals(5).swap_remove(4);
    for (header, cell) in changes {
        let column = HEADER.iter().position(|known| known == header).expect("a header");
        row[column] = (*cell).to_owned();
    }
    row
}

#[test]
fn a_batch_without_a_readable_moment_leaves_the_other_rows_in_order() {
    let plan = plan(EVERY_TYPE);
    let rows = [
        row(&[("id", "A"), ("signed_at", "tomorrow")]),
        row(&[("id", "B"), ("signed_at", "2026-03-05T10:30:00Z")]),
        row(&[("id", "C"), ("signed_at", "2026-03-05T08:30:00Z")]),
        row(&[("id", "D"), ("signed_at", "")]),
        row(&[("id", "E"), ("signed_at", "2026-03-05T09:30:00Z")]),
        row(&[("id", "F"), ("signed_at", "some day")]),
    ];
    for batch_rows in [1, 2, 3, 16] {
        let inputs = vec![partners(&plan), input(&plan, "deal", vec![("deals", as_csv(&HEADER, &rows))])];
        let found = view(&plan, inputs, batch_rows);
        let deals = found.tables.iter().find(|table| table.name == "deal").expect("deals are read");
        let keys: Vec<&str> = deals.rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!((keys, found.rejects.len()), (vec!["C", "E", "B"], 3), "{batch_rows} rows at a time");
    }
}

#[test]
fn cells_that_cannot_be_taken_say_why() {
    let plan = plan(EVERY_TYPE);
    let cases = [
        ("signed_at", "2026-02-30T10:00:00Z", "not a date and time like 2026-02-01T08:30:00Z"),
        ("signed_at", "tomorrow", "not a date and time like 2026-02-01T08:30:00Z"),
        ("signed_at", "", "missing"),
        ("partner", "", "missing"),
        ("partner", "9", "there is no partner with this key"),
        ("closed_on", "01/02/2026", "not a date like 2026-02-01"),
        ("closed_on", "2026-02-29", "not a date like 2026-02-01"),
        ("amount", "1.001", "more than 2 decimals"),
        ("amount", "1e5", "not an amount"),
        ("amount", "$5", "not an amount"),
        ("amount", "\"1,000\"", "not an amount"),
        ("amount", "92233720368547758.08", "too large to be kept exactly"),
        ("amount", "-92233720368547758.09", "too large to be kept exactly"),
        ("amount", "99999999999999999999999", "too large to be kept exactly"),
        ("quantity", "1.5", "not a whole number without decimals"),
        ("quantity", "many", "not a whole number"),
        ("share", "12%", "not a percent"),
        ("share", "0.1234567891", "more than 9 decimals"),
        ("factor", "1.0000000001", "more than 9 decimals"),
        ("registered", "perhaps", "not yes, no, true or false"),
        ("registered", "1", "not yes, no, true or false"),
        ("customer", "   ", "missing"),
        ("id", "", "missing"),
    ];
    for (column, cell, reason) in cases {
        let value = cell.trim().trim_matches('"').to_owned();
        let found = rejects(&plan, as_csv(&HEADER, &[row(&[(column, cell)])]));
        assert_eq!(found, [[column.to_owned(), value, reason.to_owned()]], "{column} {cell}");
    }
    let one_of = view(
        &plan,
        vec![
            input(&plan, "deal", vec![("deals", as_csv(&HEADER, &[]))]),
            input(&plan, "partner", vec![("partners", csv("id,level,joined\n1,bronze,2026-01-01\n"))]),
        ],
        16,
    );
    assert_eq!(one_of.rejects, [["partners", "1", "level", "bronze", "none of `silver`, `gold`"].map(str::to_owned)]);
}

#[test]
fn every_fault_of_a_row_is_told_in_the_order_of_fields() {
    let plan = plan(EVERY_TYPE);
    let bad = row(&[("note", "x"), ("amount", "?"), ("id", ""), ("closed_on", "?"), ("partner", "77")]);
    let columns: Vec<String> =
        rejects(&plan, as_csv(&HEADER, &[bad])).into_iter().map(|[column, _, _]| column).collect();
    // That there is no partner 77 is not looked at any more.
    assert_eq!(columns, ["id", "closed_on", "amount"]);
}

#[test]
fn amounts_at_the_limits_are_taken_from_every_format() {
    let plan = plan(EVERY_TYPE);
    let rows = [
        row(&[("id", "1"), ("amount", "92233720368547758.07"), ("signed_at", "2026-01-01T10:00:00Z")]),
        row(&[("id", "2"), ("amount", "-92233720368547758.08"), ("signed_at", "2026-01-01T10:00:00Z")]),
        row(&[("id", "3"), ("amount", "92233720368547758.0700"), ("signed_at", "2026-01-01T10:00:00Z")]),
    ];
    let from_csv =
        view(&plan, vec![partners(&plan), input(&plan, "deal", vec![("deals", as_csv(&HEADER, &rows))])], 16);
    let amounts: Vec<&String> =
        from_csv.tables[1].rows.iter().flatten().filter(|cell| cell.starts_with("amount=")).collect();
    assert_eq!(amounts, ["amount=9223372036854775807", "amount=-9223372036854775808", "amount=9223372036854775807"]);
    let cents = [i128::from(i64::MAX), i128::from(i64::MIN), i128::from(i64::MAX)];
    for (scale, factor) in [(2, 1), (4, 100)] {
        let amounts = Decimal128Array::from_iter_values(cents.map(|cents| cents * factor));
        let amounts = amounts.with_precision_and_scale(38, scale).expect("a decimal");
        let content = parquet(&with_column(&rows, "amount", Arc::new(amounts)), 2);
        let found = view(&plan, vec![partners(&plan), input(&plan, "deal", vec![("deals", content)])], 16);
        assert_eq!(found, from_csv, "{scale} decimals");
    }
    let beyond = [i128::from(i64::MAX) + 1, i128::from(i64::MIN) - 1, i128::MAX / 10];
    let amounts = Decimal128Array::from_iter_values(beyond).with_precision_and_scale(38, 2).expect("a decimal");
    let found = rejects(&plan, parquet(&with_column(&rows, "amount", Arc::new(amounts)), 2));
    assert_eq!(found[0], ["amount", "92233720368547758.08", "too large to be kept exactly"].map(str::to_owned));
    assert_eq!(found.len(), 3);
}

/// Rows as a batch of texts with one column of another type.
fn with_column(rows: &[Vec<String>], header: &str, column: ArrayRef) -> RecordBatch {
    let mut columns: Vec<ArrayRef> = text_batch(&HEADER, rows).columns().to_vec();
    columns[HEADER.iter().position(|known| *known == header).expect("a header")] = column;
    batch(&HEADER, columns)
}

#[test]
fn typed_cells_are_rejected_like_texts() {
    let plan = plan(EVERY_TYPE);
    let rows = [row(&[])];
    let mills = Decimal128Array::from_iter_values([1_001]).with_precision_and_scale(18, 3).expect("a decimal");
    let midday = 1_767_268_800_000_000;
    let cases: [(&str, ArrayRef, &str, &str); 6] = [
        ("amount", Arc::new(mills), "1.001", "more than 2 decimals"),
        (
            "amount",
            Arc::new(Decimal128Array::from(vec![None]).with_precision_and_scale(18, 2).expect("a decimal")),
            "",
            "missing",
        ),
        ("closed_on", Arc::new(Date32Array::from(vec![i32::MAX])), "", "outside the calendar"),
        (
            "closed_on",
            Arc::new(TimestampMicrosecondArray::from(vec![midday])),
            "2026-01-01T12:00:00",
            "has a time of day; a field for it is a `date and time`",
        ),
        (
            "signed_at",
            Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX])),
            "9223372036854775807",
            "outside the calendar",
        ),
        ("quantity", Arc::new(StringArray::from(vec!["x"])), "x", "not a whole number"),
    ];
    for (header, column, value, reason) in cases {
        let one = with_column(&rows, header, column);
        for content in [Content::Batches(vec![one.clone()]), parquet(&one, 8)] {
            let [found] = &rejects(&plan, content)[..] else { panic!("one reject for {header}") };
            assert_eq!((found[0].as_str(), found[2].as_str()), (header, reason));
            assert!(value.is_empty() || found[1] == value, "{header}: {}", found[1]);
        }
    }
}

#[test]
fn columns_of_a_type_that_cannot_be_are_errors() {
    let plan = plan(EVERY_TYPE);
    let rows = [row(&[])];
    let number: ArrayRef = Arc::new(Int64Array::from(vec![5]));
    let cases: [(&str, ArrayRef, &str); 6] = [
        ("amount", Arc::new(Float64Array::from(vec![5.0])), "floating-point-column"),
        ("customer", Arc::new(Float64Array::from(vec![5.0])), "floating-point-column"),
        ("amount", Arc::new(Date32Array::from(vec![5])), "wrong-column-type"),
        ("closed_on", number, "wrong-column-type"),
        ("registered", Arc::new(Date32Array::from(vec![5])), "wrong-column-type"),
        ("closed_on", Arc::new(BooleanArray::from(vec![true])), "wrong-column-type"),
    ];
    for (header, column, code) in cases {
        let one = with_column(&rows, header, column);
        let found = error(&plan, parquet(&one, 8));
        assert_eq!(found.code(), code, "{header}");
        assert!(found.to_string().contains(header), "{found}");
        assert_eq!(error(&plan, Content::Batches(vec![one])), found);
    }
    let unsaid = crate::view::plan(&EVERY_TYPE.replace("as \"0.12\"", ""));
    let share = Decimal128Array::from_iter_values([12]).with_precision_and_scale(5, 2).expect("a decimal");
    let one = with_column(&rows, "share", Arc::new(share));
    assert_eq!(error(&unsaid, parquet(&one, 8)).code(), "percent-scale");
}

#[test]
fn files_that_cannot_be_tables_are_errors() {
    let plan = plan(EVERY_TYPE);
    let header = HEADER.join(",");
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("nothing", Vec::new(), "empty-file"),
        ("a byte-order mark", b"\xef\xbb\xbf".to_vec(), "empty-file"),
        ("blank lines", b"\n \r\n\n".to_vec(), "empty-file"),
        ("latin-1", [b"\xfc", header.as_bytes()].concat(), "not-utf8"),
        ("utf-16", "\u{feff}id,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect(), "not-utf8"),
        ("a missing column", header.replace("amount", "amuont").into_bytes(), "missing-column"),
        ("a double column", format!("{header},Amount").into_bytes(), "duplicate-column"),
        ("an open quote", format!("{header}\nD1,\"2026-01-01\nD2,x\n").into_bytes(), "unclosed-quote"),
        ("an open quote in the header", format!("\"{header}\n").into_bytes(), "unclosed-quote"),
    ];
    for (what, bytes, code) in cases {
        assert_eq!(error(&plan, csv(bytes)).code(), code, "{what}");
    }
    let near = error(&plan, csv(header.replace("amount", "amuont")));
    assert!(near.help().is_some_and(|help| help.contains("did you mean `amuont`?")), "{near:?}");
    for bytes in [&b""[..], b"PAR1", b"PAR1PAR1", b"id,amount\n1,2\n"] {
        assert_eq!(error(&plan, file(bytes)).code(), "bad-parquet");
    }
    let opened = |name: &str| SourceFile::open(Path::new(name)).err().map(|error| error.code());
    assert_eq!(opened("no/such/deals.csv"), Some("cannot-read-file"));
    assert_eq!(opened("deals.pdf"), Some("unknown-file-format"));
    let none = load_rows(&plan, vec![partners(&plan)], 16).expect_err("there are no deals");
    assert_eq!((none.code(), none.to_string()), ("missing-table", "no table for `deal`".to_owned()));
    let no_rows = rejects(&plan, csv(header));
    assert_eq!(no_rows, Vec::<[String; 3]>::new());
}

#[test]
fn rows_that_are_none_are_rejected() {
    let plan = plan(EVERY_TYPE);
    let good = row(&[]).join(",");
    let text = format!("{}\n{good}\nD1,2026-01-01\n\n{good},more\n", HEADER.join(","));
    let found = view(&plan, vec![partners(&plan), input(&plan, "deal", vec![("deals", csv(text))])], 16);
    let whole: Vec<[&str; 3]> = found
        .rejects
        .iter()
        .filter(|reject| reject[2].is_empty())
        .map(|reject| [reject[1].as_str(), reject[3].as_str(), reject[4].as_str()])
        .collect();
    // The blank line is no row.
    assert_eq!(
        whole,
        [["2", "", "the row has 2 cells, the header 12"], ["3", "", "the row has 13 cells, the header 12"]]
    );
    let mut bytes = format!("{}\n{good}\n", HEADER.join(",")).into_bytes();
    let customer = bytes.windows(2).rposition(|pair| pair == b"C4").expect("a customer");
    bytes[customer] = 0xff;
    let found = rejects(&plan, csv(bytes));
    assert_eq!(found, [["customer", "\u{fffd}4", "not UTF-8 text"].map(str::to_owned)]);
}

#[test]
fn a_key_that_stands_twice_rejects_every_row_that_bears_it_and_those_that_name_it() {
    let plan = plan(EVERY_TYPE);
    let partner = "id,level,joined\n1,gold,2020-01-01\n2,gold,2020-01-01\n1,silver,2020-01-01\n1,gold,2020-01-01\n";
    let deals = [row(&[("id", "A"), ("partner", "1")]), row(&[("id", "B"), ("partner", "2")])];
    let inputs = vec![
        input(&plan, "partner", vec![("p", csv(partner))]),
        input(&plan, "deal", vec![("d", as_csv(&HEADER, &deals))]),
    ];
    let found = view(&plan, inputs, 2);
    let rejects: Vec<String> = found.rejects.iter().map(|reject| reject.join(" ")).collect();
    assert_eq!(
        rejects,
        [
            "p 1 id 1 duplicate key, also in p, row 3",
            "p 3 id 1 duplicate key, also in p, row 1",
            "p 4 id 1 duplicate key, also in p, row 1",
            "d 1 partner 1 refers to a rejected row: p, row 1",
        ]
    );
    assert_eq!(found.tables[1].rows.len(), 1);
}

#[test]
fn parquet_cut_off_or_damaged_anywhere_is_an_error_or_loads() {
    let plan = plan(EVERY_TYPE);
    let bytes = parquet_bytes(&text_batch(&HEADER, &deals(60)), 25);
    for n_bytes in (0..bytes.len()).step_by(41).chain(bytes.len() - 12..bytes.len()) {
        assert_eq!(error(&plan, file(&bytes[..n_bytes])).code(), "bad-parquet", "{n_bytes} bytes");
    }
    let mut n_bad = 0;
    for at in (4..bytes.len() - 8).step_by(23) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xa5;
        let inputs = vec![partners(&plan), input(&plan, "deal", vec![("deals", file(&damaged))])];
        // A changed byte of a value loads as that value; a changed name is a missing column.
        match load_rows(&plan, inputs, 16) {
            Ok(_) => {}
            Err(error) => {
                assert!(
                    ["bad-parquet", "missing-column", "wrong-column-type"].contains(&error.code()),
                    "{at}: {error}"
                );
                n_bad += 1;
            }
        }
    }
    assert!(n_bad > 20, "{n_bad}");
}

#[test]
fn sizes_that_a_footer_makes_up_change_nothing() {
    let plan = plan(EVERY_TYPE);
    let bytes = parquet_bytes(&text_batch(&HEADER, &deals(60)), 25);
    let read = |content| view(&plan, vec![partners(&plan), input(&plan, "deal", vec![("deals", content)])], 16);
    let expected = read(file(&bytes));
    for size in [i64::MAX, i64::MIN, -1, 0] {
        assert_eq!(read(file(&with_sizes(&bytes, size))), expected, "columns of {size} bytes");
    }
}

/// The same Parquet file, whose footer says that each column takes so many bytes when unpacked.
fn with_sizes(bytes: &[u8], size: i64) -> Vec<u8> {
    let Content::Parquet(handle) = file(bytes) else { panic!("a Parquet file") };
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&handle).expect("a footer");
    let mut changed = metadata.into_builder();
    for group in changed.take_row_groups() {
        let columns = group.columns().iter().cloned();
        let columns = columns.map(|column| column.into_builder().set_total_uncompressed_size(size).build());
        let columns = columns.collect::<Result<_, _>>().expect("columns");
        changed = changed.add_row_group(group.into_builder().set_column_metadata(columns).build().expect("a group"));
    }
    // The pages stay as they are; the footer that counts is the last one.
    let mut with_footer = bytes.to_vec();
    ParquetMetaDataWriter::new(&mut with_footer, &changed.build()).finish().expect("a footer");
    with_footer
}
