//! `meed quote`: what one event would be paid is what a run pays for it.

mod support;

use std::path::Path;
use support::Folder;

const PROGRAM: &str = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\
    entity partner { key id   level one of silver, gold }\n\
    event deal { key id   when closed_on from \"Close\" as \"DD.MM.YYYY\"   partner partner   customer id   amount money from \"Amount\" as \"1.000,50\"   extra optional percent }\n\
    rule rate {\n  for each deal\n  set share to (5% if partner.level is gold, otherwise 3%)\n  pay partner share of amount\n  at most $60 per partner per quarter\n}\n\
    rule first_sale {\n  for each deal\n  first per customer ever\n  pay partner $10\n}\n\
    rule special { for each deal   pay partner extra of amount, unknown means 0 }\n";

fn desk(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("p.meed", PROGRAM);
    folder.write("data/partner.csv", "id,level\nACME,gold\nBOLT,silver\n");
    folder.write("data/deal.csv", "id,Close,partner,customer,Amount,extra\nD1,10.01.2026,ACME,C1,\"1.000,00\",\nD2,20.05.2026,BOLT,C2,\"500,00\",\n");
    folder
}

#[test]
fn an_event_is_quoted_as_tests_write_it_whatever_its_source_says() {
    let folder = desk("quote-desk");
    let quote = |json: &str| folder.meed(&["quote", "p.meed", "--data", "data", "--deal", json]);
    let told = quote(r#"{"partner": "ACME", "closed_on": "2026-02-10", "customer": "C9", "amount": 1000.30}"#);
    insta::assert_snapshot!(told.with(0).out);
    let says = |json: &str, words: &[&str]| {
        let told = quote(json).with(0).out;
        words.iter().for_each(|words| assert!(told.contains(words), "{words}\n{told}"));
    };
    // The rows of later days are not there yet, the key may be given, and a number may be a text.
    says(
        r#"{"id": "Q7", "partner": "BOLT", "closed_on": "2026-05-19", "customer": "C2", "amount": "10.00", "extra": "12.5%"}"#,
        &[
            "deal Q7 of 2026-05-19",
            "rate pays partner BOLT 0.30 USD",
            "rate sets share to 3%",
            "first_sale pays partner BOLT 10.00 USD",
            "special pays partner BOLT 1.25 USD",
        ],
    );
    says(
        r#"{"partner": "BOLT", "closed_on": "2026-05-20", "customer": "C2", "amount": 1}"#,
        &["not the first per customer ever (C2): deal D2 of 2026-05-20 came before"],
    );
    let json = folder.meed(&[
        "quote",
        "p.meed",
        "--data",
        "data",
        "--message-format",
        "json",
        "--deal",
        r#"{"partner": "ACME", "closed_on": "2026-02-10", "customer": "C9", "amount": 1000.30}"#,
    ]);
    let told: serde_json::Value = serde_json::from_str(&json.with(0).out).expect("one object");
    assert_eq!(told["payments"][0]["amount"], "10.00");
    assert_eq!(told["decisions"][0]["value"], "0.05");
    assert_eq!(told["explanations"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_cannot_be_quoted_says_why() {
    let folder = desk("quote-refused");
    let quote = |option: &str, json: &str| folder.meed(&["quote", "p.meed", "--data", "data", option, json]);
    let row = r#"{"partner": "ACME", "closed_on": "2026-02-10", "customer": "C9", "amount": 1000.30}"#;
    quote("--del", row).with(2).says("has no event `del`").says("did you mean `--deal`?");
    quote("--partner", row).with(2).says("has no event `partner`");
    quote("--deal", r#"{"partnr": "ACME"}"#)
        .with(2)
        .says("`deal` has no field `partnr`")
        .says("did you mean `partner`?");
    quote("--deal", r#"{"partner": "ACME"}"#).with(2).says("has no `closed_on`");
    quote("--deal", &row.replace("1000.30", "null")).with(2).says("the deal has no `amount`, which rules read");
    quote("--deal", r#"{"partner": "ACME", "partner": "BOLT"}"#).with(2).says("`partner` is given twice");
    quote("--deal", r#"{"partner": ["ACME"]}"#).with(2).says("a field is one cell");
    quote("--deal", r#"{"partner": "ACME""#).with(2).says("no JSON object of fields");
    quote("--deal", &row.replace("2026-02-10", "2025-02-10")).with(2).says("the program begins on 2026-01-01");
    for (from, to, what) in [
        ("\"ACME\"", "\"NOPE\"", "there is no partner with this key"),
        ("1000.30", "\"1.000,30\"", "not an amount"),
        ("2026-02-10", "2026-02-31", "not a date"),
    ] {
        quote("--deal", &row.replace(from, to)).with(3).says(what).says("is rejected, and nothing is paid for it");
    }
    quote("--deal", &row.replace("ACME", " ")).with(2).says("the deal has no `partner`, which rules read");
    let known = row.replace('{', r#"{"id": "D1", "#);
    quote("--deal", &known).with(3).says("is rejected, and nothing is paid for it");
    folder.meed(&["quote", "p.meed", "--data", "data"]).with(2).says("--row <EVENT=JSON>");
}

#[test]
fn what_an_event_takes_back_and_what_waits_is_told() {
    let folder = Folder::new("quote-back");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\
         entity partner { key id }\n\
         event deal { key id   when closed_on   partner partner   amount money }\n\
         event refund { key id   when refunded_on   deal reverses   amount money }\n\
         event fee { key id   when shipped_on   partner partner   fee money }\n\
         source fee { no key }\n\
         rule bonus { for each deal   pay partner 10% of amount   returns take back what was paid }\n\
         rule small { for each deal   pay partner $1   hold until $3 per payee }\n\
         rule fees { for each fee   pay partner 50% of fee }\n",
    );
    folder.write("data/partner.csv", "id\nACME\n");
    folder.write("data/deal.csv", "id,closed_on,partner,amount\nD1,2026-01-10,ACME,100\n");
    folder.write("data/refund.csv", "id,refunded_on,deal,amount\n");
    folder.write("data/fee.csv", "shipped_on,partner,fee\n");
    let quote = |option: &str, json: &str| folder.meed(&["quote", "p.meed", "--data", "data", option, json]);
    let says = |option: &str, json: &str, words: &[&str]| {
        let told = quote(option, json).with(0).out;
        words.iter().for_each(|words| assert!(told.contains(words), "{words}\n{told}"));
    };
    says(
        "--refund",
        r#"{"refunded_on": "2026-02-01", "deal": "D1", "amount": 40}"#,
        &["bonus pays partner ACME -4.00 USD", "takes back 4.00 USD of the 10.00 USD of partner ACME"],
    );
    let deal = r#"{"id": "A|1", "closed_on": " 2026-02-01 ", "partner": " ACME", "amount": "20.00"}"#;
    says(
        "--deal",
        deal,
        &[
            "deal A|1 of 2026-02-01",
            "bonus pays partner ACME 2.00 USD\n",
            "small pays partner ACME 1.00 USD, which is held",
        ],
    );
    quote("--fee", r#"{"shipped_on": "2026-02-01", "partner": "ACME", "fee": 5}"#)
        .with(2)
        .says("have no key of their own");
}

/// Each deal of the desk is taken out of its table and quoted: what is paid for it is what a run through its day pays.
#[test]
fn a_quote_is_what_a_run_pays() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    let read = |name: &str| std::fs::read_to_string(project.join(name)).expect("a file of the desk");
    let deals = read("data/deals.csv");
    let mut rows = deals.lines();
    let header: Vec<&str> = rows.next().expect("a header").split(',').collect();
    let rows: Vec<&str> = rows.collect();
    let folder = Folder::new("quote-law");
    folder.write("desk.meed", read("desk.meed"));
    for name in ["agents.csv", "managers.csv"] {
        folder.write(&format!("data/{name}"), read(&format!("data/{name}")));
    }
    let mut n_paid = 0;
    for own in &rows {
        let cells: Vec<&str> = own.split(',').collect();
        let cell = |name: &str| cells[header.iter().position(|known| *known == name).expect("a column")];
        let (key, day) = (cell("id"), cell("closed_on"));
        folder.write("data/deals.csv", &deals);
        let ran =
            folder.meed(&["run", "desk.meed", "--data", "data", "--through", day, "--out", "out", "--format", "jsonl"]);
        if ran.code != 0 {
            continue;
        }
        let paid = std::fs::read_to_string(folder.path().join("out/payments.jsonl")).expect("payments");
        let paid = paid.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a payment"));
        let own_lines = paid.filter(|paid| paid["key"] == key && paid["event"] == "deal");
        let fields = ["rule", "payee_kind", "payee", "unit"];
        let line = |paid: &serde_json::Value| {
            let mut words: Vec<String> =
                fields.iter().map(|name| paid[*name].as_str().unwrap_or_default().to_owned()).collect();
            words.push(paid["amount"].as_str().map_or_else(|| paid["amount"].to_string(), str::to_owned));
            words
        };
        let mut wanted: Vec<Vec<String>> = own_lines.map(|paid| line(&paid)).collect();
        let others: Vec<&str> = rows.iter().copied().filter(|row| row != own).collect();
        folder.write("data/deals.csv", format!("{}\n{}\n", header.join(","), others.join("\n")));
        let fields = header.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty());
        let object: serde_json::Map<String, serde_json::Value> =
            fields.map(|(name, cell)| ((*name).to_owned(), serde_json::Value::from(*cell))).collect();
        let json = serde_json::Value::Object(object).to_string();
        let told = folder.meed(&["quote", "desk.meed", "--data", "data", "--deal", &json, "--message-format", "json"]);
        // Rows that are rejected are told before.
        let told = told.with(0).out;
        let told: serde_json::Value =
            told.lines().last().and_then(|line| serde_json::from_str(line).ok()).expect("an object");
        let mut found: Vec<Vec<String>> = told["payments"].as_array().expect("payments").iter().map(line).collect();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted, "{key}");
        n_paid += found.len();
    }
    assert!(n_paid > 10, "only {n_paid} payments were compared");
}
