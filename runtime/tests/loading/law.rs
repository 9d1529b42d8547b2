//! Loading does what the naive loader does, on random small tables full of faults, from every format.

use crate::arrow::{parquet, text_batch};
use crate::naive::{self, FieldSpec, File, Kind, Spec};
use crate::view::{Side, THROUGH, input, plan, trickling_csv, view};
use meed_compiler::plan::Plan;
use meed_runtime::inner::source::Content;
use proptest::prelude::*;
use std::sync::LazyLock;

/// References to entities with keys of several parts, to the record itself, to distinct values, and among events.
const PROGRAM: &str = r#"
program law "Random tables" {
  currency USD rounded half even
  active 2026-01-01 to 2026-12-31
}

entity boss from person { key name from "boss" }

entity person {
  key id
  boss     boss
  manager  optional person
}

entity partner {
  key (country text, number)
  name  optional text
}

event deal {
  key id
  when closed_on optional
  partner  partner
  rep      person
  amount   money
  revises  optional deal
}

rule all {
  for each deal
  where rep.manager is known and revises is known and partner.name is known and partner.name contains "a"
  pay rep.boss amount
}
"#;

static PLAN: LazyLock<Plan> = LazyLock::new(|| plan(PROGRAM));

fn field(name: &'static str, headers: &[&'static str], kind: Kind, optional: bool) -> FieldSpec {
    FieldSpec { name, headers: headers.to_vec(), kind, optional }
}

fn specs() -> Vec<Spec> {
    let text = |name: &'static str, optional: bool| field(name, &[name], Kind::Text, optional);
    let boss = field("name", &["boss"], Kind::Text, false);
    let person = vec![
        text("id", false),
        field("boss", &["boss"], Kind::Refer(0), false),
        field("manager", &["manager"], Kind::Refer(1), true),
    ];
    let partner = vec![text("country", false), text("number", false), text("name", true)];
    let deal = vec![
        text("id", false),
        field("closed_on", &["closed_on"], Kind::Date, true),
        field("partner", &["country", "number"], Kind::Refer(2), false),
        field("rep", &["rep"], Kind::Refer(1), false),
        field("amount", &["amount"], Kind::Money, false),
        field("revises", &["revises"], Kind::Refer(3), true),
    ];
    vec![
        Spec { name: "boss", fields: vec![boss], key: vec![0], when: None, distinct: Some((1, "boss")) },
        Spec { name: "person", fields: person, key: vec![0], when: None, distinct: None },
        Spec { name: "partner", fields: partner, key: vec![0, 1], when: None, distinct: None },
        Spec { name: "deal", fields: deal, key: vec![0], when: Some(1), distinct: None },
    ]
}

/// Cells by header: mostly good ones, so that good rows and long chains of references happen too.
fn cell(header: &str) -> BoxedStrategy<String> {
    let pool: &[&str] = match header {
        "closed_on" => &["2026-01-05", "2026-06-01", "2026-06-01", "2025-12-31", "2027-01-01", "", "2026-02-30", "x"],
        "amount" => {
            &["1.00", "-2.5", "100", "1.001", "1.100", "12,5", "", "92233720368547758.07", "92233720368547758.08"]
        }
        "country" => &["DE", "DE", "US", ""],
        "number" => &["1", "01", "2", "10", "1"],
        "manager" | "revises" => &["", "", "", "1", "2", "A", "99"],
        "boss" => &["Eva", "Bo", "Eva", "7", ""],
        "name" => &["", "Acme", "\u{a0}Nord "],
        // Keys of persons and deals, and references to persons.
        _ => &["1", "2", "3", "4", "5", "6", "10", "007", "A", "b", "B", "-1", "123456789012345678901", " 8 ", ""],
    };
    prop::sample::select(pool).prop_map(str::to_owned).boxed()
}

fn table(header: &'static [&'static str], n_rows: usize) -> BoxedStrategy<Vec<Vec<String>>> {
    let row: Vec<BoxedStrategy<String>> = header.iter().map(|header| cell(header)).collect();
    // Blank rows are skipped in text, and are rows elsewhere.
    let is_row = |row: &Vec<String>| row.iter().any(|cell| !cell.is_empty());
    let rows = prop::collection::vec(row, 0..n_rows);
    rows.prop_map(move |rows| rows.into_iter().filter(is_row).collect()).boxed()
}

const HEADERS: [&[&str]; 3] = [
    &["id", "boss", "manager"],
    &["country", "number", "name"],
    &["id", "closed_on", "country", "number", "rep", "amount", "revises"],
];

/// Files of a table: its rows cut in two.
fn files(name: &str, header: &[&str], rows: &[Vec<String>], cut: usize) -> Vec<File> {
    let (first, second) = rows.split_at(cut % (rows.len() + 1));
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let file = |part: &str, rows: &[Vec<String>]| File {
        name: format!("{name}-{part}"),
        header: header.clone(),
        rows: rows.to_vec(),
    };
    vec![file("a", first), file("b", second)]
}

fn content(file: &File, format: usize) -> Content {
    let header: Vec<&str> = file.header.iter().map(String::as_str).collect();
    match format {
        0 => {
            let quoted = |cell: &String| if cell.is_empty() { String::new() } else { format!("\"{cell}\"") };
            let row = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(";") + "\r\n";
            let rows: String = file.rows.iter().map(row).collect();
            trickling_csv(format!("\u{feff}{}\r\n{rows}", header.join(";")), 1 + file.rows.len() % 5)
        }
        1 => Content::Batches(vec![text_batch(&header, &file.rows)]),
        _ => parquet(&text_batch(&header, &file.rows), 5),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn loading_is_what_the_naive_loader_does(
        persons in table(HEADERS[0], 12),
        partners in table(HEADERS[1], 6),
        deals in table(HEADERS[2], 16),
        cut in 0usize..20,
        formats in prop::collection::vec(0usize..3, 6),
        batch_rows in prop::sample::select(vec![1usize, 3, 64]),
    ) {
        let tables = [persons, partners, deals];
        let names = ["person", "partner", "deal"];
        let mut by_record: Vec<Vec<File>> = vec![Vec::new()];
        for ((name, header), rows) in names.iter().zip(HEADERS).zip(&tables) {
            by_record.push(files(name, header, rows, cut));
        }
        let expected: Side = naive::load(&PLAN, &specs(), &by_record, THROUGH);
        let mut formats = formats.into_iter();
        let inputs = names.iter().zip(&by_record[1..]).map(|(name, files)| {
            let files = files.iter().map(|file| (file.name.as_str(), content(file, formats.next().unwrap_or(0))));
            input(&PLAN, name, files.collect())
        });
        let found = view(&PLAN, inputs.collect(), batch_rows);
        prop_assert_eq!(&found.rejects, &expected.rejects);
        prop_assert_eq!(found, expected);
    }
}
