//! CSV as the world writes it.

use crate::view::{Side, csv, input, plan, trickling_csv, view};
use meed_runtime::inner::source::Content;

const PROGRAM: &str = r#"
program notes "Notes" {
  currency USD rounded half even
  active 2026-01-01 to 2026-12-31
}

event deal {
  key id      from "Deal ID"
  when on     date  from "Close Date" as "DD.MM.YYYY"
  partner     id    from "Partner"
  amount      money from "Amount" as "1.000,50"
  note        optional text
}

rule all {
  for each deal
  where note is known and note contains "a" and partner is "x"
  set read to amount
}
"#;

fn load(content: Content) -> Side {
    let plan = plan(PROGRAM);
    view(&plan, vec![input(&plan, "deal", vec![("deals.csv", content)])], 3)
}

fn rows(view: &Side) -> Vec<Vec<&str>> {
    view.tables[0].rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect()
}

#[test]
fn quotes_delimiters_line_ends_and_marks_make_no_difference() {
    let plain = "Deal ID,Close Date,Partner,Amount,note\n\
                 1,03.02.2026,ACME,\"1.234,50\",\n\
                 2,04.02.2026,Nord,\"-7,5\",\"said \"\"a, b\"\"\"\n";
    let expected = load(csv(plain));
    assert_eq!(expected.rejects, Vec::<[String; 5]>::new());
    assert_eq!(
        rows(&expected),
        [
            ["1", "deals.csv:1", "on=2026-02-03", "partner=ACME", "amount=123450", "note=?"],
            ["2", "deals.csv:2", "on=2026-02-04", "partner=Nord", "amount=-750", "note=said \"a, b\""],
        ]
    );
    let texts = [
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.trim_end().to_owned(),
        format!("\u{feff}{plain}"),
        format!("\n\n{plain}\n\n"),
        plain.replace("Deal ID", " Deal ID ").replace("note", "\"NOTE\""),
        plain.replace("ACME", "  ACME\u{a0}").replace("1,03", "\t1 ,03"),
    ];
    for text in texts {
        for n_bytes in [1, 2, 3, 1_000] {
            assert_eq!(load(trickling_csv(text.clone(), n_bytes)), expected, "{text:?}");
        }
    }
    for (delimiter, text) in [(b';', ";"), (b'\t', "\t"), (b'|', "|")] {
        // The commas of the header tell, those within quotes do not.
        let text = plain.replace("ID,", &format!("ID{text}")).replace("Date,", &format!("Date{text}"));
        let other = char::from(delimiter).to_string();
        let text = text.replace("Partner,", &format!("Partner{other}")).replace("Amount,", &format!("Amount{other}"));
        let text = text
            .replace("1,03", &format!("1{other}03"))
            .replace("2,04", &format!("2{other}04"))
            .replace("2026,", &format!("2026{other}"))
            .replace("ACME,", &format!("ACME{other}"))
            .replace("Nord,", &format!("Nord{other}"))
            .replace("\",", &format!("\"{other}"));
        assert_eq!(load(csv(text.clone())), expected, "{text:?}");
        assert_eq!(load(Content::Csv(Box::new(std::io::Cursor::new(text)), Some(delimiter))), expected);
    }
}

#[test]
fn a_text_may_have_lines_of_its_own() {
    let text =
        "Deal ID,Close Date,Partner,Amount,note\n1,03.02.2026,ACME,\"1,00\",\"a\nb\r\nc\"\n2,x,ACME,\"1,00\",a\n";
    let found = load(csv(text));
    assert_eq!(rows(&found)[0][5], "note=a\nb\r\nc");
    // Rows are counted, not lines.
    assert_eq!(
        found.rejects,
        [["deals.csv", "2", "Close Date", "x", "not a date of the given format"].map(str::to_owned)]
    );
}

#[test]
fn a_table_longer_than_every_buffer_loads_whole() {
    let n_rows = 60_000;
    let mut text = "Deal ID,Close Date,Partner,Amount,note\n".to_owned();
    for row in 0..n_rows {
        let note = if row % 1_000 == 0 { "\"long, long\" ".repeat(2_000).replace('"', "\"\"") } else { "a".to_owned() };
        text += &format!("{row},{:02}.02.2026,P{},\"{},25\",\"{note}\"\n", 1 + row % 28, row % 50, row % 900);
    }
    let plan = plan(PROGRAM);
    let deals = input(&plan, "deal", vec![("deals.csv", csv(text))]);
    let found = view(&plan, vec![deals], 16_384);
    assert_eq!(found.rejects, Vec::<[String; 5]>::new());
    assert_eq!(found.tables[0].account.read, n_rows);
    let keys: std::collections::BTreeSet<u64> =
        found.tables[0].rows.iter().map(|row| row[0].parse().expect("a number")).collect();
    assert_eq!(keys.len() as u64, n_rows);
    let last = found.tables[0].rows.iter().find(|row| row[0] == "59000").expect("the row");
    assert_eq!(last[5].len(), "note=".len() + 26_000 - 1);
}
