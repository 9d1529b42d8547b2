//! Workbooks: what their cells are worth, which sheet is read, and files that are none.

use crate::view::plan;
use meed_compiler::plan::Plan;
use meed_runtime::inner::load::{LoadError, LoadOptions, load};
use meed_runtime::inner::source::{SourceFile, TableInput};
use meed_runtime::inner::store::{Loaded, StoreError};
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

const HEAD: &str = r#"
program notes "Notes" {
  currency USD rounded half even
  active 2026-01-01 to 2026-12-31
}

event deal {
  key id
  when on
  rate    optional percent   as "0.12"
  note    optional text
  big     optional yes/no
  count   optional count
  amount  money              as "1.000,50"
}

rule all {
  for each deal
  set a to amount
  set b to rate
  set c to count
  where big is known and note is known
  set d to big
}
"#;

/// A sheet as Excel writes it: its rows as XML.
fn xlsx(folder: &Path, name: &str, sheets: &[(&str, &str)]) -> std::path::PathBuf {
    let path = folder.join(name);
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).expect("a file"));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut part = |name: &str, text: String| {
        zip.start_file(name, options).expect("a part");
        zip.write_all(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}").as_bytes()).expect("a part");
    };
    let numbered = || (1..).zip(sheets);
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let types: String = numbered()
        .map(|(n, _)| {
            format!("<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>")
        })
        .collect();
    part(
        "[Content_Types].xml",
        format!(
            "<Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>{types}</Types>"
        ),
    );
    part(
        "_rels/.rels",
        format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    );
    let listed: String =
        numbered().map(|(n, (name, _))| format!("<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"r{n}\"/>")).collect();
    part(
        "xl/workbook.xml",
        format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{listed}</sheets></workbook>"),
    );
    let related: String = numbered()
        .map(|(n, _)| {
            format!("<Relationship Id=\"r{n}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>")
        })
        .collect();
    part(
        "xl/_rels/workbook.xml.rels",
        format!(
            "<Relationships xmlns=\"{package}/relationships\">{related}<Relationship Id=\"s\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"
        ),
    );
    // Style 1 shows days.
    part(
        "xl/styles.xml",
        format!(
            "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
        ),
    );
    for (n, (_, rows)) in numbered() {
        part(
            &format!("xl/worksheets/sheet{n}.xml"),
            format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"),
        );
    }
    zip.finish().expect("a workbook");
    path
}

/// A row: texts in quotes, `#46054` a day, `yes` and `no`, all else numbers.
fn row(number: u32, cells: &[&str]) -> String {
    let cell = |(place, cell): (usize, &&str)| {
        let at = format!("{}{number}", char::from(b'A' + place as u8));
        match *cell {
            "" => String::new(),
            "yes" | "no" => format!("<c r=\"{at}\" t=\"b\"><v>{}</v></c>", u8::from(*cell == "yes")),
            text if text.starts_with('"') => {
                format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{}</t></is></c>", text.trim_matches('"'))
            }
            day if day.starts_with('#') => format!("<c r=\"{at}\" s=\"1\"><v>{}</v></c>", &day[1..]),
            number => format!("<c r=\"{at}\"><v>{number}</v></c>"),
        }
    };
    format!("<row r=\"{number}\">{}</row>", cells.iter().enumerate().map(cell).collect::<String>())
}

const HEADERS: &[&str] = &["\"id\"", "\"on\"", "\"rate\"", "\"note\"", "\"big\"", "\"count\"", "\"amount\""];

fn loaded(source: &str, path: &Path) -> (Plan, Result<Loaded, LoadError>) {
    let plan = plan(&format!("{HEAD}\nsource deal {{ {source} }}\n"));
    let record = plan.record_named("deal").expect("the program has deals");
    let file = SourceFile::open(path).expect("a workbook");
    let options = LoadOptions { batch_rows: 2, ..LoadOptions::through(plan.active.to) };
    let loaded = load(&plan, vec![TableInput { record, files: vec![file] }], &options);
    (plan, loaded)
}

fn deals() -> String {
    [
        row(1, &["\"Deals of 2026\""]),
        row(3, HEADERS),
        row(4, &["7", "#46054", "0.125", "\"a\"", "yes", "3", "1234.5"]),
        row(5, &["\"D8\"", "#46055", "", "\"b\"", "no", "", "0.30000000000000004"]),
        row(7, &["\"007\"", "#46056", "0.1", "", "", "1e3", "-17"]),
        row(8, &["\"D9\"", "#46056", "0.1", "", "", "1.5", "0.005"]),
    ]
    .concat()
}

#[test]
fn cells_are_worth_what_a_sheet_shows() {
    let folder = TempDir::new().expect("a folder");
    let path = xlsx(folder.path(), "deals.xlsx", &[("Notes", &row(1, &["1"])), ("Deals", &deals())]);
    let (_, loaded) = loaded("header in row 3   sheet \"Deals\"", &path);
    let loaded = loaded.expect("the workbook can be read");
    let keys: Vec<String> = (0..loaded.keys[0].len()).map(|row| loaded.keys[0].text(row).into_owned()).collect();
    assert_eq!(keys, ["7", "D8", "007"]);
    let mut rejects = Vec::new();
    let told = loaded.rejects.each::<StoreError>(|reject| {
        rejects.push(format!("{} {} {}", reject.row, reject.column, reject.value));
        Ok(())
    });
    told.expect("the rejected cells are held");
    assert_eq!(rejects, ["4 count 1.5", "4 amount 0.005"]);
    let column = |name: &str| {
        let plan = plan(HEAD);
        let field = plan.records[0].field(name).expect("a field");
        let (ty, decimals) = (plan.records[0].fields[field.index()].ty, plan.records[0].fields[field.index()].decimals);
        let column = loaded.data.tables[0].columns[field.index()].clone().expect("a column");
        (0..3).map(|row| format!("{:?}", column.value(row, ty, decimals))).collect::<Vec<_>>().join(" ")
    };
    assert!(column("amount").contains("2469") && column("amount").contains("3") && column("amount").contains("-17"));
    assert!(column("on").starts_with("Date(20485) Date(20486) Date(20487)"), "{}", column("on"));
}

/// A sheet as LibreOffice writes it.
#[test]
fn cells_of_open_documents_are_worth_the_same() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("deals.ods");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).expect("a file"));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, options).expect("a part");
        zip.write_all(text.as_bytes()).expect("a part");
    };
    part("mimetype", "application/vnd.oasis.opendocument.spreadsheet");
    let text = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let number = |value: &str| {
        format!(
            "<table:table-cell office:value-type=\"float\" office:value=\"{value}\"><text:p>{value} USD</text:p></table:table-cell>"
        )
    };
    let day = |day: &str| {
        format!(
            "<table:table-cell office:value-type=\"date\" office:date-value=\"{day}\"><text:p>a day</text:p></table:table-cell>"
        )
    };
    let empty = "<table:table-cell/>";
    let header: String = HEADERS.iter().map(|header| text(header.trim_matches('"'))).collect();
    let first =
        [number("7"), day("2026-02-01"), number("0.125"), text("a"), empty.to_owned(), number("3"), number("1234.5")]
            .concat();
    let second =
        [text("D8"), day("2026-02-02"), empty.repeat(2), empty.to_owned(), empty.to_owned(), number("-17")].concat();
    let rows: String =
        [header, first, second].iter().map(|row| format!("<table:table-row>{row}</table:table-row>")).collect();
    let names = ["office", "table", "text"]
        .map(|name| format!(" xmlns:{name}=\"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0\""))
        .concat();
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content{names}><office:body><office:spreadsheet><table:table table:name=\"Deals\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    part("content.xml", &content);
    part(
        "META-INF/manifest.xml",
        "<?xml version=\"1.0\"?><manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
    );
    zip.finish().expect("a workbook");
    let loaded = loaded("sheet \"Deals\"", &path).1.expect("the workbook can be read");
    let keys: Vec<String> = (0..loaded.keys[0].len()).map(|row| loaded.keys[0].text(row).into_owned()).collect();
    assert_eq!((keys, loaded.rejects.n_all()), (vec!["7".to_owned(), "D8".to_owned()], 0));
}

#[test]
fn what_is_no_workbook_and_what_it_does_not_have_is_said() {
    let folder = TempDir::new().expect("a folder");
    let path = xlsx(folder.path(), "deals.xlsx", &[("Deals", &deals()), ("More", "")]);
    for (source, code) in [
        ("sheet \"Deal\"", "no-sheet"),
        ("sheet \"More\"", "empty-file"),
        ("header in row 2", "no-header-row"),
        ("header in row 99", "no-header-row"),
        ("header in row 1", "missing-column"),
    ] {
        let error = loaded(source, &path).1.expect_err("it is not there");
        assert_eq!(error.code(), code, "{source}: {error}");
    }
    let whole = std::fs::read(&path).expect("the workbook");
    for cut in [0, 1, 30, whole.len() / 2, whole.len() - 1] {
        std::fs::write(folder.path().join("cut.xlsx"), &whole[..cut]).expect("a file");
        let error = loaded("", &folder.path().join("cut.xlsx")).1.expect_err("it is cut off");
        assert_eq!(error.code(), "bad-workbook", "{cut}: {error}");
    }
}
