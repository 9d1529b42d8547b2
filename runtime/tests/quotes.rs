//! Quotes in process: what one event would be paid is what a run pays for it, and nothing of it stays.

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use meed_runtime::{LoadOptions, Program, ProgramError, QuoteError, SettleOptions, SourceFile};
use proptest::prelude::*;
use std::sync::Arc;

const PROGRAM: &str = r#"
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id   level one of silver, gold   base optional percent }
entity product { key id }
event deal {
  key id
  when closed_on
  partner   partner
  product   optional product
  customer  id
  region    text
  buyer     text
  amount    money from $0 to $100,000
  extra     optional percent
}
event visit { key id   when made_on   partner partner }
schedule bands graduated { to $1k 1%   to $5k 2%   beyond 3% }
rule year { for each deal   pay partner bands as amount adds up per partner per year }
rule limited {
  for each deal
  where region in ["EMEA", "APAC"]
  set rate to (partner.base if unknown 4%) + (extra if unknown 0%)
  pay partner rate of amount
  at most $60 per partner per quarter
}
rule first_sale {
  for each deal
  first per customer per year
  pay partner $10
}
rule visited { for each deal   pay partner $3 * count of (visit where visit.partner = deal.partner within 30 days) }
choose highest per deal {
  rule flat { for each deal   where product is known   pay partner $7 }
  rule share { for each deal   where partner.level is gold   pay partner 1% of amount   at most $25 per partner per month }
}
rule parts {
  for each deal
  pay split 5% of amount { 60% to partner   rest kept }
}
table bonus(region) gives money, one match {
  region    | money
  "EMEA"    | $2
  "LATAM"   | $9
  otherwise | $0
}
rule regional { for each deal   pay partner bonus(region) }
rule own_use { for each deal   where region = buyer   pay partner $4 }
rule volume { for each partner per quarter   pay partner 1% of (sum of deal.amount) }
"#;

type Cells = Vec<(&'static str, String)>;

fn table(columns: &[&'static str], rows: &[Cells]) -> RecordBatch {
    let column = |name: &&'static str| {
        let cell = |row: &Cells| row.iter().find(|(known, _)| known == name).map(|(_, cell)| cell.clone());
        let cells: StringArray = rows.iter().map(cell).collect();
        (*name, Arc::new(cells) as ArrayRef, true)
    };
    RecordBatch::try_from_iter_with_nullable(columns.iter().map(column)).expect("columns of one length")
}

const DEAL: [&str; 9] = ["id", "closed_on", "partner", "product", "customer", "region", "buyer", "amount", "extra"];

fn tables_of(deals: &[Cells]) -> Vec<(&'static str, SourceFile)> {
    let row = |cells: &[(&'static str, &str)]| {
        cells.iter().map(|(name, cell)| (*name, (*cell).to_owned())).collect::<Cells>()
    };
    let partners =
        [row(&[("id", "ACME"), ("level", "gold")]), row(&[("id", "BOLT"), ("level", "silver"), ("base", "2.5%")])];
    let visits = [
        row(&[("id", "1"), ("made_on", "2026-02-20"), ("partner", "ACME")]),
        row(&[("id", "2"), ("made_on", "2026-01-02"), ("partner", "BOLT")]),
    ];
    vec![
        ("partner", table(&["id", "level", "base"], &partners).into()),
        ("product", table(&["id"], &[row(&[("id", "P1")])]).into()),
        ("visit", table(&["id", "made_on", "partner"], &visits).into()),
        ("deal", table(&DEAL, deals).into()),
    ]
}

fn deal() -> impl Strategy<Value = Cells> {
    let day = (0u32..3, 1u32..=28).prop_map(|(month, day)| format!("2026-0{}-{day:02}", month + 1));
    let maybe = |one: &'static str| prop::option::of(Just(one.to_owned()));
    (
        day,
        prop::sample::select(vec!["ACME", "BOLT"]),
        maybe("P1"),
        prop::sample::select(vec!["C1", "C2", "C3", "77"]),
        // Some are in no row, but in the program, or in both fields of the quote.
        prop::sample::select(vec!["EMEA", "APAC", "AMER", "emea", "LATAM", "ANZ"]),
        prop::sample::select(vec!["EMEA", "ANZ", "LATAM", "MEA"]),
        0u32..400_000,
        prop::option::of(1u32..300),
    )
        .prop_map(|(day, partner, product, customer, region, buyer, cents, extra)| {
            let mut cells: Cells = vec![
                ("closed_on", day),
                ("partner", partner.to_owned()),
                ("customer", customer.to_owned()),
                ("region", region.to_owned()),
                ("buyer", buyer.to_owned()),
                ("amount", format!("{}.{:02}", cents / 100, cents % 100)),
            ];
            cells.extend(product.map(|product| ("product", product)));
            cells.extend(extra.map(|extra| ("extra", format!("{}.{}%", extra / 10, extra % 10))));
            cells
        })
}

/// What a run pays for a deal: rule and amount, in the order of rules.
fn settled(program: &Program, deals: &[Cells], key: &str, day: i32) -> Vec<(String, String, String)> {
    let mut tables = program.load_with(tables_of(deals), &LoadOptions::through(day)).expect("the tables load");
    let settled = tables.settle(SettleOptions::default()).expect("it is settled");
    let mut found = Vec::new();
    for batch in settled.payments().expect("payments") {
        let column = |name: &str| {
            let cells = arrow_cast::cast(batch.column_by_name(name).expect("a column"), &arrow_schema::DataType::Utf8);
            cells.expect("texts").as_any().downcast_ref::<StringArray>().expect("texts").clone()
        };
        let (rule, event, keys, payee, amount) =
            (column("rule"), column("event"), column("key"), column("payee"), column("amount"));
        for row in 0..batch.num_rows() {
            if event.value(row) == "deal" && keys.value(row) == key {
                found.push((rule.value(row).to_owned(), payee.value(row).to_owned(), amount.value(row).to_owned()));
            }
        }
    }
    found.sort();
    found
}

fn day_of(text: &str) -> i32 {
    meed_compiler::plan::calendar::day_of(text.parse().expect("a date"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_quote_is_what_a_run_pays_for_the_last_row(rows in prop::collection::vec(deal(), 1..8), quoted in prop::collection::vec(deal(), 1..5)) {
        let program = Program::compile(PROGRAM).expect("it compiles");
        let day = |row: &Cells| row.iter().find(|(name, _)| *name == "closed_on").expect("a day").1.clone();
        let keyed = |rows: &[Cells]| -> Vec<Cells> {
            rows.iter().enumerate().map(|(idx, row)| {
                let mut row = row.clone();
                row.push(("id", format!("D{idx:02}")));
                row
            }).collect()
        };
        let last = rows.iter().map(day).max().expect("a row");
        let mut known = keyed(&rows);
        let mut tables = program.load_with(tables_of(&known), &LoadOptions::through(day_of("2026-03-31"))).expect("the tables load");
        let mut quotes = tables.quotes("deal", SettleOptions::default()).expect("deals are quoted");
        for mut row in quoted {
            // A quote comes behind all others.
            row[0].1 = row[0].1.clone().max(last.clone());
            let fields: Vec<(&str, &str)> = row.iter().map(|(name, cell)| (*name, cell.as_str())).collect();
            quotes.quote(&fields).expect("a quote");
            let mut found: Vec<_> = quotes.lines().map(|line| (line.rule.to_owned(), quotes.payee(&line), line.text())).collect();
            found.sort();
            row.push(("id", "~quote".to_owned()));
            known.push(row);
            let through = day_of("2026-03-31");
            let wanted = settled(&program, &known, "~quote", through);
            prop_assert_eq!(found, wanted);
            known.pop();
        }
    }
}

fn desk() -> (Program, Vec<Cells>) {
    let row: Cells = vec![
        ("id", "D1".to_owned()),
        ("closed_on", "2026-02-01".to_owned()),
        ("partner", "ACME".to_owned()),
        ("customer", "C1".to_owned()),
        ("region", "EMEA".to_owned()),
        ("buyer", "EMEA".to_owned()),
        ("amount", "100.00".to_owned()),
    ];
    (Program::compile(PROGRAM).expect("it compiles"), vec![row])
}

#[test]
fn what_cannot_be_quoted_says_why() {
    let (program, rows) = desk();
    let mut tables = program.load(tables_of(&rows)).expect("the tables load");
    assert!(matches!(
        tables.quotes("dael", SettleOptions::default()),
        Err(ProgramError::Quote(QuoteError::UnknownEvent(_)))
    ));
    let mut quotes = tables.quotes("deal", SettleOptions::default()).expect("deals are quoted");
    let own = [
        ("closed_on", "2026-02-10"),
        ("partner", "ACME"),
        ("customer", "C1"),
        ("region", "EMEA"),
        ("buyer", "MEA"),
        ("amount", "20.50"),
    ];
    quotes.quote(&own).expect("a quote");
    assert_eq!(quotes.number("rate").map(|rate| rate.to_string()).as_deref(), Some("1/25"));
    let mut with = |name: &'static str, cell: &'static str| {
        let fields: Vec<_> =
            own.iter().map(|(known, old)| (*known, if *known == name { cell } else { *old })).collect();
        quotes.quote(&fields).expect_err("it cannot be quoted").to_string()
    };
    assert_eq!(with("partner", "NOPE"), "`partner`: there is no partner with the key NOPE");
    assert_eq!(with("amount", "1.250"), "`amount`: more than 2 decimals");
    assert_eq!(with("amount", "100000.01"), "`amount`: outside of its bounds");
    assert_eq!(
        with("closed_on", "2026-01-31"),
        "the row is of 2026-01-31, and rows are quoted from 2026-02-01 to 2026-12-31, behind all others"
    );
    assert!(with("closed_on", "10.02.2026").contains("not a date"));
    assert_eq!(quotes.quote(&own[..5]).expect_err("the amount is missing").to_string(), "`amount`: missing");
    let more = [&own[..], &[("margin", "5")]].concat();
    assert_eq!(
        quotes.quote(&more).expect_err("no field").to_string(),
        "`deal` has no field `margin`, or it is given twice"
    );
    quotes.quote(&own).expect("and then it is quoted again");
    assert!(quotes.lines().count() > 2);
}

#[test]
fn a_rule_that_looks_beyond_the_row_is_named() {
    let (_, rows) = desk();
    for (rule, what) in [
        (
            "balance pot per partner\nrule more { for each deal   add 1% of amount to pot }",
            "rule `more` acts on a balance",
        ),
        (
            "rule more { for each payment from year   pay payment.payee 1% of payment.amount }",
            "rule `more` reads its rows by another date, or as payments",
        ),
        (
            "rule more { for each deal   pay partner $1 * count of (deal where customer = this.customer before this) }",
            "rule `more` looks for rows of its own event",
        ),
        (
            "limit all { over year, limited   at most $5 per partner per year }",
            "rule `year` is under a limit over several rules",
        ),
    ] {
        let program = Program::compile(&format!("{PROGRAM}{rule}\n")).expect("it compiles");
        let mut tables = program.load(tables_of(&rows)).expect("the tables load");
        let error = tables.quotes("deal", SettleOptions::default()).err().expect("it cannot be quoted").to_string();
        assert_eq!(
            error,
            format!("{what}, and cannot be asked about one row alone: add the row to the tables and settle them")
        );
    }
}
