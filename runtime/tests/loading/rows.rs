//! A program that reads a field of every type, and rows of it as texts.

use crate::view::{csv, input};
use meed_compiler::plan::Plan;
use meed_runtime::inner::source::{Content, TableInput};

/// A program that reads a field of every type.
pub const EVERY_TYPE: &str = r#"
program every "Every type" {
  currency USD rounded half even
  active 2026-01-01 to 2026-12-31
}

entity partner {
  key id
  level   one of silver, gold
  joined  date
}

event deal {
  key id
  when signed_at    date and time in "Europe/Berlin"
  partner     partner
  closed_on   date
  amount      money
  quantity    count
  share       percent         as "0.12"
  factor      number
  registered  yes/no
  stage       one of won "Closed Won", lost "Closed Lost", open otherwise
  customer    id
  note        optional text
}

rule everything {
  for each deal
  where registered and stage is won and quantity > 0 and share > 0% and factor > 0
    and closed_on >= partner.joined and partner.level is gold and note is known and note contains "a"
  first per customer per program
  pay partner amount
}
"#;

/// Headers of the table of deals.
pub const HEADER: [&str; 12] = [
    "id",
    "signed_at",
    "partner",
    "closed_on",
    "amount",
    "quantity",
    "share",
    "factor",
    "registered",
    "stage",
    "customer",
    "note",
];

/// Rows of deals as texts, so many; no cell is bad, notes are missing now and then.
pub fn deals(n_rows: usize) -> Vec<Vec<String>> {
    let stages = ["Closed Won", "Closed Lost", "Prospecting"];
    let row = |row: usize| {
        let (day, hour) = (1 + row * 7 % 28, row * 5 % 24);
        vec![
            // Numbers first, then words: both kinds of key are in one column.
            if row.is_multiple_of(3) { format!("D{row}") } else { (row * 37 % 1009).to_string() },
            format!("2026-{:02}-{day:02}T{hour:02}:30:00Z", 1 + row % 12),
            (row * 11 % 4).to_string(),
            format!("2026-{:02}-{day:02}", 1 + row % 12),
            format!("{}{}.{:02}", if row % 5 == 1 { "-" } else { "" }, row * 131 % 9_000, row % 100),
            (row % 40).to_string(),
            format!("0.{:04}", row % 10_000),
            format!("{}.{:09}", row % 7, row * 1_234_567 % 1_000_000_000),
            if row.is_multiple_of(2) { "yes" } else { "no" }.to_owned(),
            stages[row % 3].to_owned(),
            format!("C{}", row % 17),
            if row % 4 == 3 { String::new() } else { format!("note {}", row % 5) },
        ]
    };
    (0..n_rows).map(row).collect()
}

/// The table of partners that deals refer to.
pub fn partners(plan: &Plan) -> TableInput {
    let text = "id,level,joined\n0,gold,2020-01-01\n1,silver,2021-02-03\n2,gold,2022-12-31\n3,silver,2023-05-05\n";
    input(plan, "partner", vec![("partners.csv", csv(text))])
}

/// Rows as CSV.
pub fn as_csv(header: &[&str], rows: &[Vec<String>]) -> Content {
    let mut text = header.join(",") + "\n";
    for row in rows {
        text += &(row.join(",") + "\n");
    }
    csv(text)
}
