//! Runs over more rows than may be held: the others are spilled, and nobody sees it from the payments.

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use support::{Ended, Folder};

const PROGRAM: &str = r#"
program many { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
use channel

schedule bands graduated { to $50k  2%  to $500k  3%  beyond  1% }

rule volume {
  for each deal
  set size to amount / $1000
  pay partner bands as amount adds up per partner per quarter
  at most $90k per partner per year
}

rule first_deal { for each deal  first per customer per program  pay rep $20 }

rule override { for each payment from volume  pay payment.payee 1% of payment.amount }

rule year { for each partner per year  pay partner 0.1% of sum of deal.amount }
"#;

/// Deals in no order; a tenth of the keys are words.
fn deals(n_rows: u64) -> String {
    let mut text = "id,closed_on,partner,rep,customer,amount\n".to_owned();
    let mut state = 7u64;
    for row in 0..n_rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = state >> 33;
        let key = if row % 10 == 3 { format!("D{row}") } else { (row * 7919 % 1_000_003).to_string() };
        let (month, day, cents) = (1 + draw % 12, 1 + draw / 12 % 28, draw % 900_000);
        let (partner, rep, customer) = (draw % 37, draw % 11, draw % 4_001);
        text += &format!(
            "{key},2026-{month:02}-{day:02},P{partner},R{rep},C{customer},{}.{:02}\n",
            cents / 100,
            cents % 100
        );
    }
    text
}

fn many(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("many.meed", PROGRAM);
    folder.write("deals.csv", deals(60_000));
    folder.write("partners.csv", (0..37).fold("id\n".to_owned(), |text, n| text + &format!("P{n}\n")));
    folder
}

fn run(folder: &Folder, out: &str, arguments: &[&str]) -> Ended {
    let tables = ["run", "many.meed", "--data", "deal=deals.csv", "--data", "partner=partners.csv", "--out", out];
    folder.meed(&[&tables, arguments].concat())
}

fn same(folder: &Folder, one: &str, other: &str, ending: &str) {
    for table in ["payments", "totals", "decisions"] {
        let read = |out: &str| std::fs::read(folder.path().join(format!("{out}/{table}.{ending}"))).expect("a table");
        assert!(read(one) == read(other), "{table} of {one} and {other}");
    }
}

#[test]
fn payments_are_the_same_whatever_fits_into_memory() {
    let folder = many("memory-same");
    std::fs::create_dir_all(folder.path().join("scratch")).expect("a folder");
    for format in ["csv", "jsonl", "parquet"] {
        let held = run(&folder, "held", &["--format", format]).with(0);
        for engine in ["jit", "interpreter"] {
            let stored = run(
                &folder,
                "stored",
                &["--format", format, "--memory", "1", "--scratch", "scratch", "--engine", engine],
            );
            // Asked for machine code, a build without it says so before the account.
            let account = stored.with(0).messages;
            assert!(account.ends_with(&held.messages.replace("`held`", "`stored`")), "the account of rows\n{account}");
            same(&folder, "held", "stored", format);
        }
    }
    let left = std::fs::read_dir(folder.path().join("scratch")).expect("a folder").count();
    assert_eq!(left, 0, "nothing is left where rows waited");
    // Parts of lines need all rows in memory.
    run(&folder, "parts", &["--memory", "1", "--scratch", "nowhere", "--slices"]).with(0);
    run(&folder, "stored", &["--memory", "1", "--scratch", "scratch"]).with(0);
    same(&folder, "parts", "stored", "csv");
}

#[test]
fn a_folder_where_rows_cannot_wait() {
    let folder = many("memory-nowhere");
    run(&folder, "out", &["--through", "2026-03-31"]).with(0);
    let before = folder.shown("out");
    run(&folder, "out", &["--memory", "1", "--scratch", "nowhere"])
        .with(5)
        .says("cannot keep rows in the folder `nowhere`")
        .says("--scratch FOLDER");
    assert_eq!(folder.shown("out"), before);
    run(&folder, "out", &["--memory", "0"]).with(2).says("--memory");
    run(&folder, "out", &["--memory", "much"]).with(2).says("--memory");
}

#[test]
fn a_disk_that_is_full_of_rows() {
    let folder = many("memory-full");
    let disk = folder.path().join("disk");
    std::fs::create_dir_all(&disk).expect("a folder");
    // Full while tables are read, while they are put in order, while rules run, and while lines are dealt out.
    let mut n_full = 0;
    for size in ["100k", "500k", "1m", "1500k", "2m", "2500k", "3m", "4m", "6m", "60m"] {
        let Some(ended) = on_disk_of(&disk, size, || run(&folder, "out", &["--memory", "1", "--scratch", "disk"]))
        else {
            println!("skipped: no disk can be mounted here");
            return;
        };
        if ended.code == 0 {
            break;
        }
        n_full += 1;
        ended.with(5).says("cannot keep rows in the folder `disk`").says("--scratch FOLDER");
        assert!(!folder.has("out/payments.csv"), "{size}");
    }
    assert!((3..10).contains(&n_full), "{n_full} disks were full");
}

/// Does something while a small disk is mounted; `None` if this user may mount none.
fn on_disk_of<T>(place: &Path, size: &str, act: impl FnOnce() -> T) -> Option<T> {
    let size = format!("size={size}");
    let mount = ["-t", "tmpfs", "-o", &size, "tmpfs", place.to_str().expect("a UTF-8 path")];
    let mounted = Command::new("mount").args(mount).stderr(Stdio::null()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        return None;
    }
    let done = act();
    let unmounted = Command::new("umount").arg(place).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    Some(done)
}
