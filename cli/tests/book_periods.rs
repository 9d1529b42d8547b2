//! Twenty-four months of a generated business in a book: late rows, returns, corrected rows, two changes of the rules and a file that is
//! withdrawn. After each month the postings add up to what a run from scratch pays, and nothing that was posted before has changed.
//!
//! The book is in a file here. `just book` keeps it on a PostgreSQL server too, and has hledger and Beancount judge the journals.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use support::Folder;
#[cfg(feature = "postgres")]
use support::server::{Server, command};

/// The program; its rules change with the ninth and the sixteenth month.
fn program(month: u32) -> String {
    let share = if month < 9 { "3%" } else { "4%" };
    let top = if month < 16 { "8%" } else { "9%" };
    format!(
        "\
program business {{ currency USD rounded half even   active 2026-01-01 to 2027-12-31 }}
entity partner {{ key id   level one of gold, silver, none }}
event deal {{ key id   when closed_on   partner partner   amount money }}
event refund {{ key id   when refunded_on   deal reverses   amount money }}
schedule growth graduated {{ to $20k 1%   to $60k 5%   beyond {top} }}
rule share {{ for each deal   pay partner {share} of amount }}
rule growing {{
  for each deal
  pay partner growth as amount over all deals adds up per partner per year
}}
rule capped {{ for each deal   where partner.level is gold   pay partner 10% of amount   at most $900 per partner per year }}
rule volume {{ for each partner per quarter   pay partner 1% of sum of deal.amount   in 2 parts per quarter }}
"
    )
}

/// A row of a table as it becomes known.
#[derive(Clone)]
struct Deal {
    key: String,
    day: String,
    partner: usize,
    cents: u32,
    file: u32,
}

struct Business {
    deals: Vec<Deal>,
    refunds: Vec<(String, String, String, u32)>,
    levels: Vec<&'static str>,
    /// Numbers by a linear congruential generator (Knuth's MMIX).
    random: u64,
}

impl Business {
    fn new() -> Self {
        Self {
            deals: Vec::new(),
            refunds: Vec::new(),
            levels: vec!["gold", "silver", "silver", "gold", "none"],
            random: 7,
        }
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.random >> 33) % u64::from(bound)) as u32
    }

    fn day(month: u32, day: u32) -> String {
        format!("{}-{:02}-{day:02}", 2026 + (month - 1) / 12, (month - 1) % 12 + 1)
    }

    /// What becomes known in a month.
    fn pass(&mut self, month: u32) {
        for n in 0..25 {
            // Every fifth row is late: of one of the months before.
            let of = if n % 5 == 4 { month.saturating_sub(1 + self.below(14)).max(1) } else { month };
            let (day, partner, cents) = (1 + self.below(28), self.below(5) as usize, 100 + self.below(900_000));
            let key = format!("D{month}-{n}");
            self.deals.push(Deal { key, day: Self::day(of, day), partner, cents, file: n % 3 });
        }
        for _ in 0..3 {
            let at = self.below(self.deals.len() as u32) as usize;
            let (corrected, partner) = (100 + self.below(900_000), self.below(5) as usize);
            let deal = &mut self.deals[at];
            match corrected % 3 {
                0 => deal.partner = partner,
                _ => deal.cents = corrected,
            }
        }
        for n in 0..2 {
            let at = self.below(self.deals.len() as u32) as usize;
            let deal = self.deals[at].clone();
            let already: u32 = self.refunds.iter().filter(|refund| refund.2 == deal.key).map(|refund| refund.3).sum();
            let day = Self::day(month, 28);
            // Nothing is taken back before it was, and no more of a row than it can have after any correction.
            if already == 0 && deal.day < day {
                let cents = 1 + self.below(100);
                self.refunds.push((format!("R{month}-{n}"), day, deal.key, cents));
            }
        }
        if month == 11 {
            self.levels[1] = "gold";
        }
    }

    /// Writes the tables; one of the files of deals is withdrawn with the thirteenth month.
    fn write(&self, folder: &Folder, month: u32) {
        for file in 0..3 {
            let mut text = "id,closed_on,partner,amount\n".to_owned();
            let is_withdrawn = file == 1 && month >= 13;
            for deal in self.deals.iter().filter(|deal| deal.file == file && !is_withdrawn) {
                let Deal { key, day, partner, cents, .. } = deal;
                writeln!(text, "{key},{day},P{partner},{}.{:02}", cents / 100, cents % 100).expect("it is text");
            }
            folder.write(&format!("data/deal-{file}.csv"), text);
        }
        let gone = |key: &str| month >= 13 && self.deals.iter().any(|deal| deal.key == key && deal.file == 1);
        let mut text = "id,refunded_on,deal,amount\n".to_owned();
        for (key, day, deal, cents) in self.refunds.iter().filter(|refund| !gone(&refund.2)) {
            writeln!(text, "{key},{day},{deal},0.{cents:02}").expect("it is text");
        }
        folder.write("data/refund.csv", text);
        let mut text = "id,level\n".to_owned();
        for (partner, level) in self.levels.iter().enumerate() {
            writeln!(text, "P{partner},{level}").expect("it is text");
        }
        folder.write("data/partner.csv", text);
    }
}

/// Sums of a table of payments or lines by rule, payee, row and due day, which are not zero.
fn add(text: &str, sums: &mut BTreeMap<[String; 6], i64>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|known| known == name);
    for row in reader.records() {
        let row = row.expect("a row");
        let cell = |name: &str| place(name).and_then(|place| row.get(place)).unwrap_or_default();
        if cell("accrual") == "yes" {
            continue;
        }
        let key = ["rule", "payee", "event", "key", "period", "due"].map(|name| cell(name).to_owned());
        let cents: i64 = cell("amount").replace('.', "").parse().expect("cents");
        *sums.entry(key).or_default() += cents;
    }
    sums.retain(|_, cents| *cents != 0);
}

/// Who judges the journal, beside the book itself.
type Judge = fn(&Folder);

fn months(name: &str, book: &str, judge: Judge) {
    let folder = Folder::new(name);
    let mut business = Business::new();
    folder.meed(&["book", "new", "--book", book, "--on", "2026-01-01"]).with(0);
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let mut posted: Vec<String> = Vec::new();
    let (mut heads, mut settlement) = (Vec::new(), 0);
    for month in 1..=24u32 {
        business.pass(month);
        business.write(&folder, month);
        folder.write("p.meed", program(month));
        let end = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][(month as usize - 1) % 12];
        let (through, on) = (Business::day(month, end), Business::day(month + 1, 3));
        let data = ["p.meed", "--data", "deal=data/deal-*.csv", "--data", "refund=data/refund.csv", "--data"];
        let data = [&data[..], &["partner=data/partner.csv", "--through", &through]].concat();
        let settle = [&["settle"], &data[..], &["--book", book, "--on", &on]].concat();
        let approved = [&settle[..], &["--approved-by", "Finance", "--note", "as every month"]].concat();
        folder.meed(&approved).with(0).says("it is posted");
        settlement += 1;
        // The same once more is nothing.
        folder.meed(&approved).with(0).says("nothing is different from what the book has");
        folder.meed(&settle).with(0).says("nothing is different from what the book has");
        // What was posted before has not changed by a byte.
        let mut now = Vec::new();
        for number in 1..=settlement {
            let number = number.to_string();
            folder
                .meed(&[
                    "book",
                    "export",
                    &number,
                    "--table",
                    "lines",
                    "--to",
                    "lines.csv",
                    "--replace",
                    "--book",
                    book,
                ])
                .with(0);
            now.push(folder.read("lines.csv"));
        }
        assert_eq!(now[..posted.len()], posted);
        let mut sums = BTreeMap::new();
        now.iter().for_each(|lines| add(lines, &mut sums));
        folder.meed(&[&["run"], &data[..], &["--out", "scratch"]].concat()).with(0);
        let mut wanted = BTreeMap::new();
        add(&folder.read("scratch/payments.csv"), &mut wanted);
        assert_eq!(sums, wanted, "month {month}");
        for line in csv::Reader::from_reader(now[now.len() - 1].as_bytes()).records() {
            let line = line.expect("a line");
            *reasons.entry(line[15].to_owned()).or_default() += 1;
            // Nothing is booked in a quarter that is closed.
            assert!(month < 5 || &line[13] > "2026-Q1", "month {month}: {line:?}");
        }
        posted = now;
        // A quarter is closed a month after its end.
        if month % 3 == 1 && month > 3 {
            let quarter = (month - 2) / 3;
            let period = format!("{}-Q{}", 2026 + quarter / 4, quarter % 4 + 1);
            folder.meed(&["close", &period, "--book", book, "--on", &on]).with(0);
        }
        if month % 2 == 0 {
            let reference = format!("BANK-{month}");
            let paid = folder.meed(&["book", "paid", "--reference", &reference, "--book", book, "--on", &on]);
            // With the withdrawn file everybody owes for a while.
            assert!(
                paid.code == 0 || (month >= 13 && paid.messages.contains("nothing is payable")),
                "{}",
                paid.messages
            );
        }
        let checked = folder.meed(&["book", "check", "--book", book]).with(0);
        let head = checked.messages.lines().last().and_then(|line| line.strip_prefix("head ")).expect("a head");
        heads.push(head.to_owned());
        for head in &heads {
            folder.meed(&["book", "check", "--book", book, "--head", head]).with(0);
        }
        folder.meed(&["book", "journal", "--to", "book.journal", "--replace", "--book", book]).with(0);
        judge(&folder);
    }
    let all = ["corrected", "late", "moved", "new", "repriced", "returned", "withdrawn"];
    assert_eq!(reasons.keys().collect::<Vec<_>>(), all, "each reason is met: {reasons:?}");
    // A run of before is done again from the book's own record, over the tables of the last month.
    let run = folder.meed(&["book", "show", &settlement.to_string(), "--run-json", "--book", book]).with(0).out;
    folder.write("run.json", run);
    folder.meed(&["verify", "run.json", "p.meed"]).with(0).says("is what the program pays");
}

#[test]
fn two_years_add_up_in_a_file() {
    months("book-periods", "book.db", |_| {});
}

/// hledger and Beancount accept the journal, and all accounts add up to zero.
#[cfg(feature = "postgres")]
fn judged(folder: &Folder) {
    let journal = folder.path().join("book.journal").display().to_string();
    command(&["hledger", "-f", &journal, "check"]);
    command(&["bean-check", &journal]);
    let balance = command(&["hledger", "-f", &journal, "balance", "--output-format", "csv"]);
    assert_eq!(balance.lines().last(), Some("\"total\",\"0\""), "{balance}");
}

#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs hledger and Beancount: just book"]
fn two_years_in_a_file_are_accepted_by_hledger_and_beancount() {
    months("book-periods-judged", "book.db", judged);
}

#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs a PostgreSQL server, hledger and Beancount: just book"]
fn two_years_add_up_on_a_server() {
    let server = Server::start(54329);
    let url = server.url("books");
    months("book-periods-server", &url, judged);
    let folder = Folder::new("book-server");
    // A copy in a file says the same, and so does a copy of that on the server.
    let head = |book: &str| folder.meed(&["book", "check", "--book", book]).with(0).messages;
    folder.meed(&["book", "backup", "copy.db", "--book", &url]).with(0);
    assert_eq!(head("copy.db"), head(&url));
    let copy = server.url("copies");
    folder.meed(&["book", "backup", &copy, "--book", "copy.db"]).with(0);
    assert_eq!(head(&copy), head(&url));
    folder.meed(&["book", "backup", &copy, "--book", "copy.db"]).with(2).says("is there already");
    folder.meed(&["book", "new", "--book", &copy]).with(2).says("is there already");
    let empty = server.url("empty");
    folder.meed(&["book", "--book", &empty]).with(2).says("there is no book");
    // Whoever comes while another one writes is told so, and no password is.
    let lock = "BEGIN; LOCK TABLE meed.entry IN EXCLUSIVE MODE; SELECT pg_sleep(20)";
    let psql = server.bin.join("psql");
    let mut other = std::process::Command::new(psql)
        .args(["-h", "127.0.0.1", "-p", &server.port.to_string(), "-U", "meed", "-d", "copies", "-c", lock])
        .spawn()
        .expect("psql is needed here");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let named = copy.replace("meed@", "meed:secret@");
    let hold = ["book", "hold", "--payee", "partner:P1", "--note", "x", "--book", &named];
    let busy = folder.meed(&hold).with(5).says("another Meed is writing to");
    assert!(!busy.messages.contains("secret"), "{}", busy.messages);
    other.kill().expect("it can be stopped");
    other.wait().expect("it ends");
}
