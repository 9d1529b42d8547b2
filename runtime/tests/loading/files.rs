//! What a source says of a whole file: where its header is, how its letters are written, which rows are none.

use crate::view::{csv, plan, trickling_csv};
use meed_compiler::plan::{Plan, RecordId};
use meed_runtime::inner::load::{LoadError, LoadOptions, load};
use meed_runtime::inner::source::{Content, SourceFile, TableInput};
use meed_runtime::inner::store::{LeftOutRows, Loaded};
use std::io::Cursor;

const HEAD: &str = r#"
program notes "Notes" {
  currency USD rounded half even
  active 2026-01-01 to 2026-12-31
}

event deal {
  key id
  when on
  note    optional text
  amount  money
}

rule all { for each deal   where note is known   set read to amount }
"#;

fn loaded(source: &str, files: Vec<(&str, Content)>) -> (Plan, Result<Loaded, LoadError>) {
    let plan = plan(&format!("{HEAD}\nsource deal {{ {source} }}\n"));
    let record = plan.record_named("deal").expect("the program has deals");
    let files = files.into_iter().map(|(name, content)| SourceFile { name: name.to_owned(), content }).collect();
    let options = LoadOptions { batch_rows: 2, ..LoadOptions::through(plan.active.to) };
    let loaded = load(&plan, vec![TableInput { record, files }], &options);
    (plan, loaded)
}

fn bytes(bytes: &[u8]) -> Content {
    Content::Csv(Box::new(Cursor::new(bytes.to_vec())), None)
}

fn keys(loaded: &Loaded) -> Vec<String> {
    let keys = &loaded.keys[0];
    (0..keys.len()).map(|row| keys.text(row).into_owned()).collect()
}

#[test]
fn the_header_is_in_its_row_whatever_stands_above() {
    let table = "id;on;note;amount\nD1;2026-02-01;a;1.00\nD2;2026-02-02;b;2.00\n";
    let titles = "\u{feff}Deals, \"as\" of; today\n\"a cell\nof two lines\",x\n\n";
    for ends in ["\n", "\r\n", "\r"] {
        let text = format!("{titles}{table}").replace('\n', ends);
        for n_bytes in [1, 2, 3, 7, 1_000] {
            let (_, loaded) = loaded("header in row 4", vec![("deals.csv", trickling_csv(text.as_str(), n_bytes))]);
            let loaded = loaded.expect("the header is there");
            assert_eq!((keys(&loaded), loaded.rejects.n_all()), (vec!["D1".to_owned(), "D2".to_owned()], 0));
        }
    }
    for (row, text) in
        [(4, "one\ntwo\n"), (3, "one\ntwo\n"), (2, "one\n\nid,on,note,amount\n"), (2, "\"open\nid,on"), (9, "")]
    {
        let (_, loaded) = loaded(&format!("header in row {row}"), vec![("deals.csv", csv(text))]);
        let error = loaded.expect_err("there is no header");
        assert_eq!((error.code(), error.help().is_some()), ("no-header-row", true), "{text:?}: {error}");
        assert_eq!(error.to_string(), format!("`deals.csv` has no header in row {row}"));
    }
}

#[test]
fn a_letter_that_is_none_rejects_its_row_in_the_words_of_its_encoding() {
    let windows = b"id,on,note,amount\nD1,2026-02-01,caf\xe9,1.00\nD2,2026-02-02,b\x81d,2.00\n";
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut bad = utf16("id,on,note,amount\nD1,2026-02-01,é,1.00\nD2,2026-02-02,b");
    bad.extend([0x00, 0xd8]);
    bad.extend(utf16("d,2.00\n"));
    for (encoding, text, reason) in [
        ("windows-1252", &windows[..], "not windows-1252 text"),
        ("utf-16", &bad, "not utf-16 text"),
        ("utf-8", "id,on,note,amount\nD1,2026-02-01,é,1.00\nD2,2026-02-02,b?d,2.00\n".as_bytes(), "not UTF-8 text"),
    ] {
        let text: Vec<u8> =
            text.iter().map(|&byte| if encoding == "utf-8" && byte == b'?' { 0xff } else { byte }).collect();
        let (_, loaded) = loaded(encoding, vec![("deals.csv", bytes(&text))]);
        let loaded = loaded.expect("one row is bad");
        let reject = loaded.rejects.first().expect("a bad row");
        assert_eq!((reject.file.as_str(), reject.row, reject.column.as_str()), ("deals.csv", 2, "note"));
        assert_eq!((reject.reason.as_str(), keys(&loaded)), (reason, vec!["D1".to_owned()]));
    }
}

#[test]
fn rows_that_are_left_out_keep_their_numbers_and_are_counted() {
    let first =
        "id,on,note,amount,other\nD1,2026-02-01,a,1.00,x\nsum,,,1.00,\nD2,2026-02-02,a,bad,y\nD3,2026-02-03,b,3.00,z\n";
    // The same columns in another order, and a row of it that has another cell in a column that nobody reads.
    let second = "other,amount,note,on,id\nx,1.00,a,2026-02-01,D1\nz,3.00,b,2026-02-03,D4\n,2.00,,,sum\n";
    let (_, loaded) = loaded(
        "equal rows are one   skip rows where id is \"sum\"",
        vec![("a.csv", csv(first)), ("b.csv", csv(second))],
    );
    let loaded = loaded.expect("it loads");
    assert_eq!(keys(&loaded), ["D1", "D3", "D4"]);
    let counts = loaded.counts[0];
    assert_eq!((counts.read, counts.rejected), (4, 1));
    assert_eq!(loaded.left_out[0], LeftOutRows { skipped: 2, copies: 1 });
    assert_eq!(loaded.rows_of_files(RecordId(0)).collect::<Vec<_>>(), [4, 3]);
    let reject = loaded.rejects.first().expect("an amount is bad");
    assert_eq!((reject.key.as_str(), reject.row, reject.line), ("D2", 3, Some(4)));
    assert_eq!((loaded.n_rejected(RecordId(0), 0), loaded.n_rejected(RecordId(0), 1)), (1, 0));
    // A key that differs in its second file alone is a duplicate, not a copy.
    assert_eq!(loaded.origin(RecordId(0), 2), ("b.csv", 2));
}

#[test]
fn rows_without_a_key_are_known_by_the_name_of_their_file_and_their_row() {
    let text = "on,note,amount\n2026-02-01,a,1.00\n2026-02-01,a,1.00\n";
    let files = || vec![("in/b.csv", csv(text)), ("in/a.csv", csv(text))];
    let (_, first) = loaded("no key", files());
    assert_eq!(keys(&first.expect("it loads")), ["a.csv|1", "a.csv|2", "b.csv|1", "b.csv|2"]);
    let (_, twice) = loaded("no key", vec![("in/a.csv", csv(text)), ("out/a.csv", csv(text))]);
    let error = twice.expect_err("two files of one name");
    assert_eq!(error.code(), "same-file-name");
    assert_eq!(error.to_string(), "rows of `deal` have no key, and two of its files are named `out/a.csv`");
    // Eleven rows: the second row comes before the tenth.
    let rows: String = (0..11).map(|_| "2026-02-01,a,1.00\n").collect();
    let (_, many) = loaded("no key", vec![("a.csv", csv(format!("on,note,amount\n{rows}")))]);
    assert_eq!(keys(&many.expect("it loads"))[1..3], ["a.csv|2", "a.csv|3"]);
}
