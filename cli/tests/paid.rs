//! `--paid`: what a run pays beside what earlier runs paid.

mod support;

use std::collections::BTreeMap;
use support::{Ended, Folder};

const PROGRAM: &str = "\
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event deal { key id   when closed_on   partner partner   amount money }
event return { key id   when returned_on   deal reverses   amount money }
parameter rate = 10%
rule share { for each deal   pay partner rate of amount }
rule capped { for each deal   pay partner 5% of amount   at most $60 per partner per year }
rule volume { for each partner per quarter   pay partner 1% of sum of deal.amount in 2 parts per quarter }
rule small { for each deal   where amount < $90   pay partner $3   hold until $5 per payee }
";

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("p.meed", PROGRAM);
    folder.write(
        "d1/deal.csv",
        "id,closed_on,partner,amount\nD1,2026-01-05,ACME,1000\nD2,2026-02-05,BETA,500\nD3,2026-03-05,ACME,300\n=D4,2026-03-06,BETA,77\n",
    );
    folder.write("d1/return.csv", "id,returned_on,deal,amount\n");
    // D0 came late, D2 is of another partner, D3 is gone, `=D4` has another amount, and D5 is new.
    folder.write(
        "d2/deal.csv",
        "id,closed_on,partner,amount\nD0,2026-01-02,ACME,200\nD1,2026-01-05,ACME,1000\nD2,2026-02-05,ACME,500\n=D4,2026-03-06,BETA,80\nD5,2026-05-01,BETA,64\n",
    );
    folder.write("d2/return.csv", "id,returned_on,deal,amount\nR1,2026-04-05,D1,400\n");
    folder
}

fn run(folder: &Folder, data: &str, through: &str, out: &str, more: &[&str]) -> Ended {
    let words = ["run", "p.meed", "--data", data, "--through", through, "--out", out];
    folder.meed(&[&words, more].concat())
}

/// The rows of a table as columns by name; keys without the mark of cells that begin like formulas.
fn rows(folder: &Folder, table: &str) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(folder.path().join(table)).expect("a table");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = |row: csv::StringRecord| {
        header.iter().zip(&row).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
    };
    reader.records().map(|cells| row(cells.expect("a row"))).collect()
}

/// Sums of payments by rule, payee, row and due day, which are not zero; accruals are not paid.
fn sums(folder: &Folder, outs: &[&str]) -> BTreeMap<[String; 5], i64> {
    let mut sums = BTreeMap::new();
    for row in outs.iter().flat_map(|out| rows(folder, &format!("{out}/payments.csv"))) {
        if row["accrual"] == "no" {
            let key = ["rule", "payee", "key", "period", "due"].map(|name| row[name].clone());
            let cents: i64 = row["amount"].replace('.', "").parse().expect("cents");
            *sums.entry(key).or_default() += cents;
        }
    }
    sums.retain(|_, cents| *cents != 0);
    sums
}

#[test]
fn what_differs_is_paid_with_its_reason() {
    let folder = folder("paid-reasons");
    run(&folder, "d1", "2026-03-31", "q1", &[]).with(0);
    let told = run(&folder, "d2", "2026-06-30", "q2", &["--paid", "q1"]).with(0);
    assert!(told.messages.contains("beside what `q1` paid:\n  share: 7 differences,"), "{}", told.messages);
    run(&folder, "d2", "2026-06-30", "all", &[]).with(0);
    assert_eq!(sums(&folder, &["q1", "q2"]), sums(&folder, &["all"]));
    let told: Vec<String> = rows(&folder, "q2/differences.csv")
        .iter()
        .map(|row| {
            ["rule", "payee", "key", "due", "was", "is", "amount", "booked", "reason"].map(|name| &*row[name]).join(" ")
        })
        .collect();
    let wanted = [
        "share ACME D0  0.00 20.00 20.00 2026-Q2 late",
        "share ACME D1  100.00 60.00 -40.00 2026-Q2 returned",
        "share ACME D2  0.00 50.00 50.00 2026-Q2 corrected",
        "share BETA '=D4  7.70 8.00 0.30 2026-Q2 corrected",
        "share BETA D5  0.00 6.40 6.40 2026-Q2 new",
        "capped ACME D0  0.00 10.00 10.00 2026-Q2 late",
        "capped ACME D1  50.00 30.00 -20.00 2026-Q2 returned",
        "capped ACME D2  0.00 20.00 20.00 2026-Q2 moved",
        "capped BETA '=D4  3.85 4.00 0.15 2026-Q2 moved",
        "capped BETA D5  0.00 3.20 3.20 2026-Q2 new",
        "volume BETA  2026-03-31 2.89 0.40 -2.49 2026-Q2 moved",
        "volume BETA  2026-06-30 2.88 0.40 -2.48 2026-Q2 moved",
        "volume BETA  2026-06-30 0.00 0.32 0.32 2026-Q2 new",
        "volume BETA  2026-09-30 0.00 0.32 0.32 2026-Q2 new",
        // The day of the deal was known; that it comes to enough is new.
        "small BETA '=D4 2026-05-01 0.00 3.00 3.00 2026-Q2 new",
        "small BETA D5 2026-05-01 0.00 3.00 3.00 2026-Q2 new",
        // What is paid no more: by key, then by rule.
        "capped BETA D2  25.00 0.00 -25.00 2026-Q2 moved",
        "share BETA D2  50.00 0.00 -50.00 2026-Q2 corrected",
        "capped ACME D3  10.00 0.00 -10.00 2026-Q2 withdrawn",
        "share ACME D3  30.00 0.00 -30.00 2026-Q2 withdrawn",
    ];
    assert_eq!(told, wanted);
    // Totals are of the differences, as `run.json` has them.
    let totals: i64 = rows(&folder, "q2/totals.csv")
        .iter()
        .map(|row| row["amount"].replace('.', "").parse::<i64>().expect("cents"))
        .sum();
    assert_eq!(totals, sums(&folder, &["q2"]).values().sum::<i64>());
    let json = std::fs::read_to_string(folder.path().join("q2/run.json")).expect("run.json");
    assert!(json.contains("\"paid\": [\n    {\n      \"name\": \"q1\",\n      \"through\": \"2026-03-31\""), "{json}");
    // Nothing is different any more; Parquet is read as well.
    run(&folder, "d2", "2026-06-30", "q2p", &["--paid", "q1", "--format", "parquet"]).with(0);
    for second in ["q2", "q2p"] {
        run(&folder, "d2", "2026-06-30", "q3", &["--paid", second, "--paid", "q1"]).with(0);
        assert_eq!(rows(&folder, "q3/payments.csv"), []);
        assert_eq!(rows(&folder, "q3/differences.csv"), []);
    }
    // Another rate is a reason of its own, but for what is returned or gone.
    run(&folder, "d2", "2026-06-30", "q3", &["--paid", "q1", "--paid", "q2", "--set", "rate=11%"]).with(0);
    let reasons: Vec<String> = rows(&folder, "q3/differences.csv").iter().map(|row| row["reason"].clone()).collect();
    assert_eq!(reasons, ["repriced"; 5]);
    // So is a rule that is new, for rows for which others have paid and whose own sums are as they were.
    let more = "rule thanks { for each deal   pay partner $1 }\n";
    folder.write("p.meed", [PROGRAM, more].concat());
    run(&folder, "d2", "2026-06-30", "q3", &["--paid", "q1", "--paid", "q2"]).with(0);
    let told = rows(&folder, "q3/differences.csv");
    let told: Vec<[&str; 3]> = told.iter().map(|row| ["rule", "key", "reason"].map(|name| &*row[name])).collect();
    let wanted = ["D0", "D1", "D2", "'=D4", "D5"].map(|key| ["thanks", key, "repriced"]);
    assert_eq!(told, wanted);
}

#[test]
fn many_runs_together_pay_what_one_does() {
    let folder = Folder::new("paid-many");
    folder.write("p.meed", PROGRAM.replace("{ currency", "{ settled per quarter   currency"));
    folder.write("p2.meed", PROGRAM);
    // Rows come, change and go at random between the runs.
    let mut state = 20_261_130_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let days = ["2026-02-10", "2026-03-31", "2026-07-15", "2026-12-31"];
    for program in ["p.meed", "p2.meed"] {
        let mut deals: BTreeMap<u64, String> = BTreeMap::new();
        let mut paid: Vec<String> = Vec::new();
        for (idx, day) in days.iter().enumerate() {
            for _ in 0..60 {
                let id = next(90);
                if next(5) == 0 {
                    deals.remove(&id);
                } else {
                    let amount = next(40_000) as i64 - 8_000;
                    let row = format!(
                        "D{id},2026-{:02}-{:02},P{},{}.{:02}\n",
                        1 + next(12),
                        1 + next(28),
                        next(4),
                        amount / 100,
                        amount.abs() % 100
                    );
                    deals.insert(id, row);
                }
            }
            let data = format!("data{idx}");
            let mut returns = "id,returned_on,deal,amount\n".to_owned();
            for (id, row) in deals.iter().filter(|(id, row)| *id % 7 == idx as u64 && !row.contains(",-")) {
                let month: u64 = row.split('-').nth(1).and_then(|month| month.parse().ok()).expect("a month");
                returns += &format!("R{id},2026-{:02}-28,D{id},0.01\n", (month + 3).min(12));
            }
            let text = "id,closed_on,partner,amount\n".to_owned() + &deals.values().cloned().collect::<String>();
            folder.write(&format!("{data}/deal.csv"), &text).write(&format!("{data}/return.csv"), &returns);
            let settle = |out: &str, more: &[&str]| {
                let words = ["run", program, "--data", &data, "--through", day, "--out", out, "--rejects", "bad.csv"];
                folder.meed(&[&words, more].concat()).with(0);
            };
            let out = format!("{program}-{idx}");
            let words: Vec<&str> = paid.iter().flat_map(|out| ["--paid", out]).collect();
            settle(&out, &words);
            paid.push(out);
            let all = format!("{program}-all");
            settle(&all, &[]);
            let outs: Vec<&str> = paid.iter().map(String::as_str).collect();
            assert_eq!(sums(&folder, &outs), sums(&folder, &[&all]), "{program} through {day}");
            assert!(!sums(&folder, &[&all]).is_empty());
            // Once more, with nothing changed: nothing is different but what is an accrual still.
            let words: Vec<&str> = paid.iter().flat_map(|out| ["--paid", out]).collect();
            settle("again", &words);
            let again = rows(&folder, "again/differences.csv");
            let accruals = rows(&folder, "again/payments.csv").iter().filter(|row| row["accrual"] == "yes").count();
            assert_eq!(again.len(), accruals, "{program} through {day} again: {again:?}");
        }
    }
}

#[test]
fn cells_that_begin_like_formulas_are_read_as_they_were_written() {
    let folder = Folder::new("paid-formulas");
    folder.write("p.meed", PROGRAM);
    folder.write("d/deal.csv", "id,closed_on,partner,amount\n'=1,2026-01-05,'=A,1000\n=1,2026-01-06,=A,500\n");
    folder.write("d/return.csv", "id,returned_on,deal,amount\n");
    for (name, formulas) in [("marked", "mark"), ("as-is", "as-is")] {
        let (first, second) = (format!("{name}-1"), format!("{name}-2"));
        run(&folder, "d", "2026-03-31", &first, &["--csv-formulas", formulas]).with(0);
        run(&folder, "d", "2026-03-31", &second, &["--csv-formulas", formulas, "--paid", &first]).with(0);
        assert_eq!(rows(&folder, &format!("{second}/payments.csv")), [], "{formulas}");
    }
}

#[test]
fn what_cannot_be_trusted_is_refused() {
    let folder = folder("paid-refused");
    run(&folder, "d1", "2026-03-31", "q1", &[]).with(0);
    run(&folder, "d2", "2026-06-30", "q2", &["--paid", "q1"]).with(0);
    run(&folder, "d2", "2026-06-30", "apart", &[]).with(0);
    run(&folder, "d1", "2026-03-31", "lines", &["--format", "jsonl"]).with(0);
    folder.write("other.meed", PROGRAM.replace("program p ", "program other "));
    folder.meed(&["run", "other.meed", "--data", "d1", "--through", "2026-03-31", "--out", "other"]).with(0);
    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    let refused = |more: &[&str], status, part: &str| {
        let ended = run(&folder, "d2", "2026-06-30", "out", more).with(status);
        assert!(ended.messages.contains(part), "{part}\n{}", ended.messages);
        assert!(!folder.path().join("out/payments.csv").exists());
    };
    refused(&["--paid", "q2"], 3, "`q2` holds only what its run paid beside `q1`, which is not named");
    refused(&["--paid", "q1", "--paid", "apart"], 3, "`apart` was paid without knowing what `q1` had paid");
    refused(&["--paid", "q1", "--paid", "./q1"], 3, "`./q1` and `q1` are one run");
    refused(&["--paid", "empty"], 2, "`empty` is no folder that a run has written");
    refused(&["--paid", "nowhere"], 2, "`nowhere` is no folder that a run has written");
    refused(&["--paid", "other"], 3, "`other` is of the program `other`, not of `p`");
    run(&folder, "d2", "2026-06-30", "read", &["--paid", "lines"]).with(0);
    let ended = run(&folder, "d1", "2026-02-28", "out", &["--paid", "q1"]).with(3);
    assert!(ended.messages.contains("`q1` is through 2026-03-31, later than this run"), "{}", ended.messages);
    let ended = run(&folder, "d2", "2026-06-30", "q1", &["--paid", "q1"]).with(2);
    assert!(ended.messages.contains("`q1` is read by this run, and would be written over"), "{}", ended.messages);
    // The folder beside which it was paid has another run now.
    run(&folder, "d2", "2026-03-31", "q0", &[]).with(0);
    run(&folder, "d2", "2026-06-30", "after", &["--paid", "q0"]).with(0);
    run(&folder, "d1", "2026-03-31", "q0", &[]).with(0);
    refused(
        &["--paid", "q0", "--paid", "after"],
        3,
        "`after` was paid beside what `q0` held then, which is another run now",
    );
    // A table that somebody has changed.
    let table = folder.path().join("q1/payments.csv").canonicalize().expect("its file");
    let text = std::fs::read_to_string(&table).expect("a table");
    std::fs::write(&table, text.replace("100.00", "900.00")).expect("it can be written");
    refused(&["--paid", "q1"], 3, "`q1/payments.csv` is not as the run wrote it");
    // One that agrees with its `run.json`, and is none that a run writes.
    for (from, to, part) in [
        ("100.00", "100.001", "row 1 of `q1/payments.csv`: `100.001` is no amount of the unit"),
        ("USD", "XYZ", "`XYZ` is no unit of the program"),
        ("2026-01-05", "5 January", "`5 January` is no day"),
        (",no\n", ",perhaps\n", "`perhaps` is no `yes` or `no`"),
        ("booked", "bucked", "`q1` has no table of payments"),
    ] {
        let changed = text.replacen(from, to, 1);
        std::fs::write(&table, &changed).expect("it can be written");
        let (size, sha256) = meed_runtime::manifest::digest_of(changed.as_bytes()).expect("memory");
        let json = folder.path().join("q1/run.json").canonicalize().expect("its file");
        let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).expect("it")).expect("JSON");
        for table in manifest["tables"].as_array_mut().expect("tables") {
            if table["table"] == "payments" {
                (table["size"], table["sha256"]) = (size.into(), sha256.clone().into());
            }
        }
        std::fs::write(&json, manifest.to_string()).expect("it can be written");
        refused(&["--paid", "q1"], 3, part);
    }
}
