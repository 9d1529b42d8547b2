//! How the file of a record is written, in the Plan's text, both ways: the lines `file:` and `skip:` below its fields.

use super::lexer::{Cursor, Read, quoted};
use super::phrase::text_test;
use super::read::{self, number, records::field_named};
use super::words::Word;
use crate::plan::{Layout, Record, RowTest, TextEncoding};

/// Appends the lines of a record; none where its file is as files are.
pub(super) fn write(record: &Record, out: &mut String) {
    let Layout { header_row, sheet, encoding, missing, skip, equal_rows_are_one } = &record.layout;
    let mut words = Vec::new();
    if *header_row != 1 {
        words.push(format!("header {header_row}"));
    }
    words.extend(sheet.iter().map(|sheet| format!("sheet {}", quoted(sheet))));
    if *encoding != TextEncoding::Utf8 {
        words.push(format!("encoding {}", encoding.word()));
    }
    if !missing.is_empty() {
        words.push(format!("missing {}", missing.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")));
    }
    if *equal_rows_are_one {
        words.push("equal-rows-are-one".to_owned());
    }
    if !words.is_empty() {
        *out += &format!("  file: {}\n", words.join(" "));
    }
    if let Some(test) = skip {
        *out += &format!("  skip: {}\n", test_text(record, test));
    }
}

fn test_text(record: &Record, test: &RowTest) -> String {
    let name = |field: &crate::plan::FieldId| record.fields[field.index()].name.as_str();
    let list = |parts: &[RowTest]| parts.iter().map(|part| test_text(record, part)).collect::<Vec<_>>().join(", ");
    match test {
        RowTest::All(parts) => format!("all ({})", list(parts)),
        RowTest::Any(parts) => format!("any ({})", list(parts)),
        RowTest::Not(part) => format!("not ({})", test_text(record, part)),
        RowTest::Missing(field) => format!("missing {}", name(field)),
        RowTest::Compare(field, comparison, value) => format!("value {} {} {value}", name(field), comparison.word()),
        RowTest::Text(field, test) => format!("text {} ({})", name(field), text_test(test)),
    }
}

/// What is behind `file:`.
pub(super) fn read_file(layout: &mut Layout, line: &mut Cursor) -> Read<()> {
    while let Some(word) = line.peek() {
        line.expect(word)?;
        match word {
            "header" => layout.header_row = number(line)?,
            "sheet" => layout.sheet = Some(line.text()?),
            "encoding" => layout.encoding = read::word(line)?,
            "missing" => layout.missing = line.list(Cursor::text)?,
            "equal-rows-are-one" => layout.equal_rows_are_one = true,
            other => return Err(format!("`{other}` says nothing of a file")),
        }
    }
    Ok(())
}

/// What is behind `skip:`.
pub(super) fn read_test(record: &Record, line: &mut Cursor) -> Read<RowTest> {
    let word = line.word()?;
    if matches!(word, "all" | "any" | "not") {
        line.expect_mark('(')?;
        let mut parts = line.list(|line| read_test(record, line))?;
        line.expect_mark(')')?;
        return Ok(match word {
            "all" => RowTest::All(parts),
            "any" => RowTest::Any(parts),
            _ => RowTest::Not(Box::new(parts.pop().ok_or("`not` of nothing")?)),
        });
    }
    let field = field_named(record, line)?;
    Ok(match word {
        "missing" => RowTest::Missing(field),
        "value" => RowTest::Compare(field, read::word(line)?, number(line)?),
        "text" => {
            line.expect_mark('(')?;
            let test = read::phrase::test(line)?;
            line.expect_mark(')')?;
            RowTest::Text(field, test)
        }
        other => return Err(format!("`{other}` is no test of a row")),
    })
}
