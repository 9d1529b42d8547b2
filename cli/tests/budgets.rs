//! What could grow without a bound says its number, or is spilled to disk.

mod support;

use support::{Ended, Folder};

const PROGRAM: &str = r#"
program bad { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
use channel
rule all { for each deal  pay partner 2% of amount }
rule customers { for each deal  first per customer per program  pay rep $1 }
"#;

/// Deals of which every tenth is well; of the others the amount, the key or the partner is bad.
fn deals(n_rows: u32) -> String {
    let mut text = "id,closed_on,partner,rep,customer,amount\n".to_owned();
    for row in 0..n_rows {
        let (key, partner, amount) = match row % 10 {
            0 => (format!("D{row}"), "A", "100"),
            1..=3 => (format!("D{row}"), "A", "many"),
            4..=6 => (format!("TWICE{}", row % 50), "A", "100"),
            _ => (format!("D{row}"), "NOBODY", "100"),
        };
        text += &format!("{key},2026-{:02}-05,{partner},R,C{row},{amount}\n", 1 + row % 12);
    }
    text
}

fn bad(name: &str, n_rows: u32) -> Folder {
    let folder = Folder::new(name);
    folder.write("bad.meed", PROGRAM).write("data/deals.csv", deals(n_rows)).write("data/partners.csv", "id\nA\n");
    folder.write("data/persons.csv", "id\nR\n");
    folder
}

fn run(folder: &Folder, arguments: &[&str]) -> Ended {
    folder.meed(&[&["run", "bad.meed", "--data", "data", "--out", "out"], arguments].concat())
}

#[test]
fn rejected_rows_beyond_those_held_are_counted_and_listed_whatever_fits_into_memory() {
    let folder = bad("budgets-rejects", 60_000);
    for memory in ["1", "256"] {
        let ended = run(&folder, &["--memory", memory]).with(3).says("54000 rows are rejected, nothing is written");
        let n_told = ended.messages.lines().filter(|line| line.starts_with("data/deals.csv, ")).count();
        assert_eq!(n_told, 20, "{}", ended.messages);
        ended.says("column `amount`, 18,000 of 60,000 rows: not an amount, as `many` in row 2, line 3\n");
        let rejects = format!("rejects-{memory}.csv");
        run(&folder, &["--memory", memory, "--rejects", &rejects, "--scratch", "."]).with(0);
    }
    let listed = folder.read("rejects-1.csv");
    assert!(listed == folder.read("rejects-256.csv"), "the same rows, in the same order");
    let mut reader = csv::Reader::from_reader(listed.as_bytes());
    let rows: Vec<u32> = reader.records().map(|row| row.expect("a row")[2].parse().expect("a number")).collect();
    assert_eq!(rows.len(), 54_000);
    assert!(rows.is_sorted() && rows.first() == Some(&2) && rows.last() == Some(&60_000));
    let told = folder.meed(&["explain", "bad.meed", "--data", "data", "--key", "D59997"]).with(0);
    assert!(told.out.contains("deal D59997 is rejected: data/deals.csv, row 59998"), "{}", told.out);
    let told = folder.meed(&["explain", "bad.meed", "--data", "data", "--key", "TWICE4"]).with(0);
    assert!(told.out.contains("and 1180 more cells of rows with the key `TWICE4` are rejected"), "{}", told.out);
}

#[test]
fn rejected_rows_that_cannot_wait_are_a_message() {
    let folder = bad("budgets-nowhere", 60_000);
    let ended = run(&folder, &["--rejects", "r.csv", "--scratch", "nowhere"]).with(5);
    ended.says("cannot keep rows in the folder `nowhere`").says("--scratch FOLDER");
    assert!(!folder.has("r.csv") && !folder.has("out/payments.csv"));
    // Rows that nobody lists need no place.
    run(&folder, &["--scratch", "nowhere"]).with(3);
}

#[test]
fn a_rule_with_too_many_periods_says_how_many() {
    let folder = Folder::new("budgets-grid");
    let rule = "rule r { for each partner per month  set sold to sum of deal.amount  pay partner $1 + (1% of sold)  at least $1 per partner per quarter }";
    let program = |active: &str| {
        format!("program grid {{ currency USD rounded half even  active {active} }}\nuse channel\n{rule}\n")
    };
    let partners = (0..1_000).fold("id\n".to_owned(), |text, n| text + &format!("P{n}\n"));
    folder.write("grid.meed", program("0001-01-01 to 9999-12-31"));
    folder
        .write("data/partners.csv", partners)
        .write("data/deals.csv", "id,closed_on,partner,amount\nD1,2026-02-01,P1,1\n");
    let run = |arguments: &[&str]| {
        folder.meed(&[&["run", "grid.meed", "--data", "data", "--out", "out"], arguments].concat())
    };
    for arguments in [&[][..], &["--memory", "64"], &["--slices"], &["--memory", "4000"]] {
        run(arguments)
            .with(3)
            .says("error[too-many-period-rows]: rule `r` has 119988000 rows, 1000 of `partner` in 119988 periods")
            .says("--memory MIB");
    }
    assert!(!folder.has("out"), "nothing is written");
    folder.meed(&["explain", "grid.meed", "--data", "data", "--key", "P1"]).with(3).says("too-many-period-rows");
    let daily = program("0001-01-01 to 9999-12-31").replace("per month", "per day");
    folder.write("daily.meed", daily);
    folder.meed(&["run", "daily.meed", "--data", "data", "--out", "out"]).with(3).says(
        "error[too-many-period-rows]: rule `r` has 3652059000 rows, 1000 of `partner` in 3652059 periods (per day)",
    );
    // Only periods that have begun count, and those that there is room for are done.
    run(&["--through", "0002-12-31"]).with(0);
    folder.write("grid.meed", program("2026-01-01 to 2026-12-31"));
    run(&["--memory", "1", "--through", "2026-12-31"]).with(0).says("r: 12,000 payments, 12,000.01 USD");
    folder.write("grid.meed", program("2020-01-01 to 2026-12-31"));
    run(&["--memory", "1"]).with(3).says("has 84000 rows").says("and the limit is 1 MiB");
    run(&["--memory", "16", "--through", "2026-12-31"]).with(0).says("r: 84,000 payments");
}
