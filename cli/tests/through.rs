//! The day through which a run settles, where it is not said.

mod support;

use support::Folder;

const PROGRAM: &str = "program cq \"Closed quarter\" { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
use channel
rule bounty { for each introduction  first per customer per program  pay introducer $500 }
rule floor_ { for each partner per quarter  pay partner 1% of (sum of deal.amount)  at least $100 per partner per quarter }
";

fn folder(name: &str, deals: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("t.meed", PROGRAM);
    folder.write("data/partners.csv", "id\nACME\n");
    folder.write("data/deals.csv", format!("id,closed_on,partner,amount\n{deals}"));
    folder.write("data/introductions.csv", "id,introduced_on,introducer,customer\nI1,2026-01-14,MAYA,C1\n");
    folder
}

fn run(folder: &Folder, arguments: &[&str]) -> support::Ended {
    folder.meed(&[&["run", "t.meed", "--data", "data", "--out", "out"], arguments].concat())
}

#[test]
fn the_day_is_asked_for_where_a_period_begins_after_the_last_row() {
    let folder = folder("through-asked", "D1,2026-01-14,ACME,10000\nD2,2026-05-14,ACME,1000\n");
    run(&folder, &[])
        .with(2)
        .says("error[missing-through]: through which day? no row of deal is after 2026-05-14")
        .says("through 2026-12-31 rule `floor_` takes 2026-Q3 and what follows as ended")
        .says("--through 2026-05-14, the day of the last row, or --through 2026-06-30, the end of its quarter")
        .says("--through 2026-12-31, if no more rows come");
    assert!(!folder.has("out/totals.csv"), "nothing is written");
    folder.meed(&["explain", "t.meed", "--data", "data", "--payee", "ACME"]).with(2).says("missing-through");
    // Through the last row's day the second quarter has not ended: what it has earned, and no guarantee.
    run(&folder, &["--through", "2026-05-14"]).with(0).says("floor_: 2 payments, 110.00 USD");
    run(&folder, &["--through", "2026-06-30"]).with(0).says("floor_: 2 payments, 200.00 USD");
    run(&folder, &["--through", "2026-12-31"]).with(0).says("floor_: 4 payments, 400.00 USD");
    folder.write("meed.toml", "program = \"t.meed\"\ndata = \"data\"\nout = \"out\"\nthrough = 2026-06-30\n");
    folder.meed(&["run"]).with(0).says("floor_: 2 payments, 200.00 USD");
}

#[test]
fn rows_that_wait_on_the_disk_are_looked_at_too() {
    let rows: String = (0..60_000).map(|n| format!("D{n},2026-03-31,ACME,1\n")).collect();
    let folder = folder("through-disk", &rows);
    let asked = run(&folder, &["--memory", "1"]).with(2).says("no row of deal is after 2026-03-31");
    let asked = asked.says("--through 2026-03-31, the day of the last row; --through 2026-12-31");
    assert!(!asked.messages.contains("the end of its quarter"), "{}", asked.messages);
}

#[test]
fn without_rows_the_day_is_asked_for() {
    let none = folder("through-none", "");
    run(&none, &[]).with(2).says("there is no row of deal").says("takes 2026-Q1 and what follows as ended");
    let early = folder("through-early", "D1,2025-12-31,ACME,1\n");
    run(&early, &[]).with(2).says("no row of deal is after 2025-12-31").says("takes 2026-Q1");
}

#[test]
fn the_day_is_not_asked_for_where_nothing_is_open() {
    let last_quarter = folder("through-last", "D1,2026-10-01,ACME,1\n");
    run(&last_quarter, &[]).with(0).says("through 2026-12-31");
    let later = folder("through-later", "D1,2026-01-14,ACME,1\nD2,2027-01-01,ACME,1\n");
    run(&later, &[]).with(0).says("through 2026-12-31");
    // A rule per event, and one per period that reads no event, have nothing to wait for.
    let silent = folder("through-silent", "");
    silent.write("t.meed", PROGRAM.replace("pay partner 1% of (sum of deal.amount)", "pay partner $7"));
    run(&silent, &[]).with(0).says("floor_: 4 payments, 400.00 USD");
    // Periods in which the rule does not hold are none of it.
    let ended = folder("through-ended", "D1,2026-02-01,ACME,1\n");
    ended
        .write("t.meed", PROGRAM.replace("partner per quarter  pay", "partner per quarter  active to 2026-03-31  pay"));
    run(&ended, &[]).with(0).says("floor_: 1 payment, 100.00 USD");
    // One period for all.
    let whole = folder("through-program", "D1,2026-01-14,ACME,1\n");
    whole.write("t.meed", PROGRAM.replace("partner per quarter", "partner per program"));
    run(&whole, &[]).with(0).says("floor_: 1 payment, 100.00 USD");
}

#[test]
fn payments_that_are_summed_wait_for_the_rows_behind_them() {
    let folder = folder("through-payments", "D1,2026-01-14,ACME,100\n");
    let program = PROGRAM.split("rule floor_").next().expect("a part").to_owned();
    let summed = "rule best { for each person per quarter  pay person 10% of (sum of payment.amount in payments from bounty) }\n";
    folder.write("t.meed", program.clone() + summed);
    run(&folder, &[]).with(2).says("no row of introduction is after 2026-01-14").says("rule `best`");
    // Through a rule of a longer period too.
    let yearly = "rule y { for each partner per year  pay partner 1% of (sum of deal.amount) }\n";
    let shared =
        "rule share { for each partner per quarter  pay partner $3 + (1% of (sum of amount in payments from y)) }\n";
    folder.write("t.meed", program + yearly + shared);
    run(&folder, &[]).with(2).says("no row of deal is after 2026-01-14").says("rule `share`");
}
