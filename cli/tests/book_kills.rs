//! Commands that change a book are killed at 300 random moments: after each the book is as before or as after, and never between.

mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::Folder;

const PROGRAM: &str = "\
program k { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event deal { key id   when closed_on   partner partner   amount money }
rule share { for each deal   pay partner 10% of amount }
rule volume { for each partner per quarter   pay partner 1% of sum of deal.amount }
";

/// How often a command is killed.
const KILLS: u32 = 300;

/// Two states of the tables, so that there is always a difference.
fn deals(odd: bool) -> String {
    let row = |n: u32| {
        let cents = n * 37 % 90_000 + u32::from(odd && n.is_multiple_of(3)) * 500;
        format!("D{n},2026-{:02}-{:02},P{},{}.{:02}\n", n % 3 + 1, n % 28 + 1, n % 40, cents / 100, cents % 100)
    };
    let rows: String = (0..1_500).filter(|n| odd || n % 50 != 7).map(row).collect();
    format!("id,closed_on,partner,amount\n{rows}")
}

/// The number of entries, and the head.
fn checked(folder: &Folder, head: Option<&str>) -> (u64, String) {
    let since: Vec<&str> = head.map_or(Vec::new(), |head| vec!["--head", head]);
    let said = folder.meed(&[&["book", "check"], &since[..]].concat()).with(0).messages;
    let n_entries = said.split(' ').next().and_then(|number| number.parse().ok()).expect("a number of entries");
    (n_entries, said.lines().last().and_then(|line| line.strip_prefix("head ")).expect("a head").to_owned())
}

#[test]
fn three_hundred_kills_leave_a_whole_book() {
    let folder = Folder::new("book-kills");
    folder.write("k.meed", PROGRAM);
    folder.write("meed.toml", "program = \"k.meed\"\nbook = \"book.db\"\nthrough = 2026-03-31\n");
    folder.write("even/deal.csv", deals(false)).write("odd/deal.csv", deals(true));
    folder.write("names.csv", "key,name\nP1,Somebody\nP2,Somebody Else\n");
    folder.meed(&["book", "new"]).with(0);
    folder.meed(&["settle", "--data", "even", "--approved-by", "F"]).with(0);
    // Numbers by a linear congruential generator (Knuth's MMIX).
    let mut random: u64 = 20_261_130;
    let mut below = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    let (mut odd, mut done, mut cut) = (false, 0u32, 0u32);
    let mut longest = [Duration::ZERO; 5];
    for kill in 0..KILLS {
        let (n_before, head) = checked(&folder, None);
        // Each with the numbers of entries that it makes: a settlement can take the place of a draft.
        let kind = [0, 1, 0, 2, 3, 4][kill as usize % 6];
        let data = if odd { "even" } else { "odd" };
        let words: Vec<String> = match kind {
            0 => ["settle", "--data", data, "--approved-by", "F"].map(str::to_owned).to_vec(),
            1 => ["settle", "--data", data].map(str::to_owned).to_vec(),
            2 => ["book", "paid", "--reference"].map(str::to_owned).into_iter().chain([format!("B-{kill}")]).collect(),
            3 => ["dispute", "open", "--payee", "partner:P1", "--key", "D1", "--note", "x"].map(str::to_owned).to_vec(),
            _ => ["book", "names", "partner", "names.csv"].map(str::to_owned).to_vec(),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
        command.args(&words).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().expect("it runs");
        // The first of a kind is let alone, to see how long it takes.
        if longest[kind] > Duration::ZERO {
            // Most of what is written is written towards the end.
            let whole = longest[kind].as_micros() as u64;
            std::thread::sleep(Duration::from_micros(whole / 4 + below(whole)));
            child.kill().expect("it can be killed");
        }
        // Ended by itself, if only to say that nothing is payable.
        let whole = child.wait().expect("it ends").code().is_some();
        if longest[kind] == Duration::ZERO {
            longest[kind] = begun.elapsed();
        }
        let (n_after, _) = checked(&folder, Some(&head));
        let n_new = n_after - n_before;
        let whole_numbers: &[u64] = match kind {
            0 => &[3, 4],
            1 => &[1, 2],
            2 | 3 => &[1],
            _ => &[],
        };
        assert!(n_new == 0 || whole_numbers.contains(&n_new), "{words:?} made {n_new} entries");
        if n_new > 0 && kind == 0 {
            odd = !odd;
        }
        if whole { done += 1 } else { cut += 1 }
    }
    assert!(done > 20 && cut > 150, "{done} were done, {cut} were not");
    // What is posted is what a run from scratch pays, whatever was cut off.
    folder.meed(&["settle", "--data", "even", "--approved-by", "F"]).with(0);
    folder.meed(&["settle", "--data", "even", "--approved-by", "F"]).with(0).says("nothing is different");
    folder.meed(&["run", "--data", "even", "--out", "out"]).with(0);
    let cents = |text: &str, column: &str| -> i64 {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        let place = header.iter().position(|name| name == column).expect("a column");
        reader.records().map(|row| row.expect("a row")[place].replace('.', "").parse::<i64>().expect("cents")).sum()
    };
    folder.meed(&["book", "export", "--to", "payables.csv", "--replace"]).with(0);
    assert_eq!(cents(&folder.read("payables.csv"), "posted"), cents(&folder.read("out/payments.csv"), "amount"));
}
