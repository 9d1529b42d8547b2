//! The book: what is posted and why, and what people do with it.

mod support;

use rusqlite::Connection;
use std::collections::BTreeMap;
use support::{Ended, Folder};

const PROGRAM: &str = "\
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id   level one of gold, silver }
event deal { key id   when closed_on   partner partner   amount money }
event refund { key id   when refunded_on   deal reverses   amount money }
parameter rate = 10%
rule share { for each deal   pay partner rate of amount }
rule capped { for each deal   where partner.level is gold   pay partner 5% of amount   at most $60 per partner per year }
";

const PARTNERS: &str = "id,level\nACME,gold\nBETA,silver\n";
const DEALS: &str = "id,closed_on,partner,amount\nD1,2026-01-05,ACME,1000\nD2,2026-02-05,BETA,500\nD3,2026-03-05,ACME,300\nD4,2026-03-06,ACME,77\n";

/// A folder with the program, tables of a first quarter, and a new book.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("p.meed", PROGRAM);
    folder.write("meed.toml", "program = \"p.meed\"\ndata = \"data\"\nbook = \"book.db\"\n");
    folder.write("data/partner.csv", PARTNERS);
    folder.write("data/deal.csv", DEALS);
    folder.write("data/refund.csv", "id,refunded_on,deal,amount\n");
    folder.meed(&["book", "new", "--on", "2026-01-01"]).with(0);
    folder
}

fn settle(folder: &Folder, through: &str, more: &[&str]) -> Ended {
    folder.meed(&[&["settle", "--through", through, "--approved-by", "Finance", "--fewer-rows"], more].concat())
}

/// The lines of a settlement, by the columns that are named.
fn lines(folder: &Folder, settlement: &str, columns: &str) -> Vec<String> {
    folder.meed(&["book", "export", settlement, "--table", "lines", "--to", "lines.csv", "--replace"]).with(0);
    rows(&folder.read("lines.csv"), columns)
}

fn rows(text: &str, columns: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = |row: csv::StringRecord| {
        let cells: BTreeMap<&str, &str> = header.iter().zip(&row).collect();
        columns.split(' ').map(|name| cells[name]).collect::<Vec<_>>().join(" ")
    };
    reader.records().map(|cells| row(cells.expect("a row"))).collect()
}

fn head(folder: &Folder) -> String {
    let said = folder.meed(&["book", "check"]).with(0).messages;
    said.lines().last().and_then(|line| line.strip_prefix("head ")).expect("a head").to_owned()
}

/// Changes the file by the tools that anybody has.
fn edit(folder: &Folder, statements: &str) {
    let file = Connection::open(folder.path().join("book.db")).expect("it is a file of SQLite");
    file.execute_batch(statements).expect("it can be changed");
}

#[test]
fn a_settlement_is_drafted_approved_and_posted() {
    let folder = folder("book-approve");
    let drafted = folder.meed(&["settle", "--through", "2026-03-31"]).with(0);
    let drafted = drafted.says("settlement 1 of p, run through 2026-03-31: 6 lines\n  capped: 2 lines, 60.00 USD\n  share: 4 lines, 187.70 USD");
    drafted.says("it is a draft; look at it: meed book show 1; approve it: meed book approve 1");
    // Nothing is posted: the same once more is the same draft, other rows are another one.
    folder.meed(&["settle", "--through", "2026-03-31"]).with(0).says("draft 1 has all of it already");
    folder.meed(&["book", "post", "1"]).with(2).says("nobody has approved settlement 1");
    folder.meed(&["book", "payables"]).with(2).says("nothing is posted yet");
    folder.meed(&["settle", "--through", "2026-02-28"]).with(0).says("draft 1 is dropped: this one takes its place");
    folder.meed(&["book", "approve", "1", "--by", "Finance"]).with(2).says("settlement 1 is dropped");
    folder.meed(&["book", "approve", "2", "--by", " "]).with(2).says("it must be said who approves it");
    let approve = ["book", "approve", "2", "--by", "Finance", "--note", "held against the ledger"];
    folder.meed(&approve).with(0).says("settlement 2 is approved; post it: meed book post 2\nhead ");
    folder.meed(&approve).with(2).says("settlement 2 is approved: only a draft can be approved");
    // What somebody has approved is not replaced by a run.
    folder.meed(&["settle", "--through", "2026-03-31"]).with(2).says("settlement 2 of `p` is approved and not posted");
    folder.meed(&["book", "post", "2"]).with(0).says("settlement 2 is posted\nhead ");
    folder.meed(&["book", "post", "2"]).with(2).says("settlement 2 is posted: it cannot be posted again");
    folder.meed(&["book", "drop", "2"]).with(2).says("only a draft can be dropped");
    let shown = folder.meed(&["book", "show", "2"]).with(0).out;
    assert!(shown.contains(", approved by Finance: held against the ledger"), "{shown}");
    let listed = folder.meed(&["book"]).with(0);
    assert!(listed.out.contains("dropped") && listed.out.contains("posted"), "{}", listed.out);
    // An earlier day was settled already.
    folder.meed(&["settle", "--through", "2026-01-31"]).with(2).says("`p` is settled through 2026-02-28");
    folder.meed(&["book", "show", "9"]).with(2).says("there is no settlement 9: they are 1 to 2");
}

#[test]
fn each_reason_is_told_and_closed_periods_stay_closed() {
    let folder = folder("book-reasons");
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.meed(&["close", "2026-Q2"]).with(2).says("settled through 2026-03-31, and 2026-Q2 ends on 2026-06-30");
    folder.meed(&["close", "2026-Q7"]).with(2).says("what can be closed is 2026-Q1");
    folder.meed(&["close", "2026-Q1"]).with(0).says("p is closed through 2026-03-31");
    folder.meed(&["close", "2026-Q1"]).with(2).says("is closed through 2026-03-31 already");
    // D0 is late, D2 has another amount, D3 is gone, something of D4 came back, D5 is new; BETA is gold now, for what it had and has.
    folder.write(
        "data/deal.csv",
        "id,closed_on,partner,amount\nD0,2026-01-02,ACME,200\nD1,2026-01-05,ACME,1000\nD2,2026-02-05,BETA,600\nD4,2026-03-06,ACME,77\nD5,2026-05-01,ACME,640\n",
    );
    folder.write("data/refund.csv", "id,refunded_on,deal,amount\nR1,2026-04-05,D4,7\n");
    folder.write("data/partner.csv", "id,level\nACME,gold\nBETA,gold\n");
    settle(&folder, "2026-06-30", &[]).with(0).says("booked in 2026-Q2");
    let told = lines(&folder, "2", "rule key was amount period booked reason");
    let wanted = [
        "capped D0 0.00 10.00 2026-Q1 2026-Q2 late",
        "share D0 0.00 20.00 2026-Q1 2026-Q2 late",
        // The limit is met by D0 now.
        "capped D2 0.00 30.00 2026-Q1 2026-Q2 corrected",
        "share D2 50.00 10.00 2026-Q1 2026-Q2 corrected",
        "capped D3 10.00 -10.00 2026-Q1 2026-Q2 withdrawn",
        "share D3 30.00 -30.00 2026-Q1 2026-Q2 withdrawn",
        "share D4 7.70 -0.70 2026-Q1 2026-Q2 returned",
        "share D5 0.00 64.00 2026-Q2 2026-Q2 new",
    ];
    assert_eq!(told, wanted);
    // What moved by others only, is moved; the rate of all is repriced. No limit on how far back.
    folder.meed(&["close", "2026-Q2"]).with(0);
    folder.write(
        "data/deal.csv",
        "id,closed_on,partner,amount\nD1,2026-01-05,ACME,100\nD2,2026-02-05,BETA,600\nD4,2026-03-06,ACME,77\nD5,2026-05-01,ACME,640\n",
    );
    settle(&folder, "2026-06-30", &[]).with(0).says("booked in 2026-Q3");
    let told = lines(&folder, "3", "rule key amount booked reason");
    let wanted = [
        "capped D0 -10.00 2026-Q3 withdrawn",
        "share D0 -20.00 2026-Q3 withdrawn",
        "capped D1 -45.00 2026-Q3 corrected",
        "share D1 -90.00 2026-Q3 corrected",
        "capped D4 3.50 2026-Q3 moved",
        "capped D5 32.00 2026-Q3 moved",
    ];
    assert_eq!(told, wanted);
    settle(&folder, "2026-06-30", &["--set", "rate=11%"]).with(0);
    let reasons = lines(&folder, "4", "rule reason");
    assert_eq!(reasons, ["share repriced"; 4]);
    head(&folder);
}

#[test]
fn a_draft_that_was_overtaken_is_not_posted() {
    let folder = folder("book-overtaken");
    settle(&folder, "2026-02-28", &[]).with(0);
    folder.meed(&["settle", "--through", "2026-03-31"]).with(0);
    folder.meed(&["book", "approve", "2", "--by", "Finance"]).with(0);
    // The draft books into the quarter that is closed meanwhile by another settlement of the same program... which cannot be posted first.
    folder.meed(&["book", "drop", "2"]).with(0);
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.write("data/deal.csv", format!("{DEALS}D6,2026-03-07,BETA,10\n"));
    folder.meed(&["settle", "--through", "2026-04-30"]).with(0).says("booked in 2026-Q1");
    folder.meed(&["book", "approve", "4", "--by", "Finance"]).with(0);
    folder.meed(&["close", "2026-Q1"]).with(0);
    let refused = folder.meed(&["book", "post", "4"]).with(2);
    refused.says("settlement 4 books in 2026-Q1, which is closed").says("meed book drop 4");
    folder.meed(&["book", "drop", "4"]).with(0);
    settle(&folder, "2026-04-30", &[]).with(0).says("booked in 2026-Q2");
}

#[test]
fn payables_transfers_and_holds() {
    let folder = folder("book-bank");
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.write("names.csv", "key,name\nACME,Acme Trading\nBETA,Beta Limited\n");
    folder.meed(&["book", "names", "partner", "names.csv"]).with(0).says("2 names are kept");
    let payables = || {
        folder.meed(&["book", "export", "--to", "payables.csv", "--replace"]).with(0).says("head ");
        rows(&folder.read("payables.csv"), "payee name settled posted paid balance standing")
    };
    assert_eq!(
        payables(),
        ["ACME Acme Trading 197.70 197.70 0.00 197.70 payable", "BETA Beta Limited 50.00 50.00 0.00 50.00 payable"]
    );
    folder.meed(&["book", "hold", "--payee", "partner:BETA", "--note", "no tax form"]).with(0);
    folder.meed(&["book", "hold", "--payee", "partner:BETA", "--note", "again"]).with(2).says("is on hold already");
    folder
        .meed(&["book", "hold", "--payee", "partner:BETTA", "--note", "x"])
        .with(2)
        .says("did you mean partner:BETA?");
    folder.meed(&["book", "hold", "--payee", "BETA", "--note", "x"]).with(2).says("as partner:ACME");
    folder
        .meed(&["book", "paid", "--reference", "B-1", "--payee", "partner:BETA"])
        .with(2)
        .says("is on hold: no tax form");
    folder
        .meed(&["book", "paid", "--reference", "B-1"])
        .with(0)
        .says("paid by B-1, up to settlement 1: 1 amount, 197.70 USD");
    folder.meed(&["book", "paid", "--reference", "B-1"]).with(2).says("nothing is payable");
    assert_eq!(
        payables(),
        ["ACME Acme Trading 197.70 197.70 197.70 0.00 even", "BETA Beta Limited 50.00 50.00 0.00 50.00 on hold"]
    );
    folder.meed(&["book", "release", "--payee", "partner:BETA"]).with(0);
    folder.meed(&["book", "release", "--payee", "partner:BETA"]).with(2).says("is not on hold");
    folder
        .meed(&["book", "paid", "--reference", "B-1"])
        .with(2)
        .says("something was paid by the reference `B-1` already");
    folder.meed(&["book", "paid", "--reference", "B-2"]).with(0);
    let back = ["book", "came-back", "--reference", "B-1", "--payee", "partner:ACME", "--note", "account closed"];
    folder.meed(&back).with(0).says("came back from partner:ACME: 1 amount, 197.70 USD");
    folder.meed(&back).with(2).says("by `B-1` came back already");
    folder
        .meed(&["book", "came-back", "--reference", "B-9", "--payee", "partner:ACME"])
        .with(2)
        .says("nothing was paid");
    assert_eq!(payables()[0], "ACME Acme Trading 197.70 197.70 0.00 197.70 payable");
    // What is taken back is owed, and taken off what comes.
    folder.write("data/deal.csv", "id,closed_on,partner,amount\nD2,2026-02-05,BETA,200\n");
    settle(&folder, "2026-04-30", &[]).with(0);
    assert_eq!(
        payables(),
        ["ACME Acme Trading -197.70 0.00 0.00 0.00 even", "BETA Beta Limited -30.00 20.00 50.00 -30.00 owed"]
    );
    folder.write("data/deal.csv", "id,closed_on,partner,amount\nD2,2026-02-05,BETA,200\nD7,2026-05-05,BETA,1000\n");
    settle(&folder, "2026-05-31", &[]).with(0);
    folder.meed(&["book", "paid", "--reference", "B-3"]).with(0).says("1 amount, 70.00 USD");
    // The name goes, and the sums and the chain stay.
    let before = head(&folder);
    let statement = folder.meed(&["book", "statement", "--payee", "partner:BETA"]).with(0).out;
    assert!(
        statement.starts_with("partner:BETA, Beta Limited\n")
            && statement.contains("balance 0.00 USD: even")
            && statement.contains(", head "),
        "{statement}"
    );
    folder.meed(&["book", "erase", "--payee", "partner:BETA", "--note", "asked for"]).with(0);
    folder.meed(&["book", "erase", "--payee", "partner:BETA"]).with(2).says("keeps no name of `partner:BETA`");
    folder.meed(&["book", "check", "--head", &before]).with(0).says("1 entry came since");
    let bytes = std::fs::read(folder.path().join("book.db")).expect("the book");
    assert!(!bytes.windows(12).any(|part| part == b"Beta Limited"), "the name is not in the file any more");
    folder.meed(&["book", "journal", "--to", "book.journal", "--replace"]).with(0).says("head ");
    let journal = folder.read("book.journal");
    assert!(journal.contains("* \"came back, B-1: account closed\""), "{journal}");
}

#[test]
fn adjustments_are_kept_apart_from_what_runs_pay() {
    let folder = folder("book-adjust");
    let adjust = ["book", "adjust", "--payee", "partner:ACME", "--note", "goodwill", "--amount"];
    folder.meed(&[&adjust[..], &["-20.50 USD"]].concat()).with(2).says("nothing was settled yet");
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.meed(&[&adjust[..], &["-20.50"]].concat()).with(2).says("the amount has no unit");
    folder.meed(&[&adjust[..], &["-20.505 USD"]].concat()).with(2).says("is no amount of USD");
    folder.meed(&[&adjust[..], &["0 USD"]].concat()).with(2).says("is no amount of USD");
    folder.meed(&[&adjust[..], &["5 EUR"]].concat()).with(2).says("`p` pays no `EUR`");
    folder.meed(&[&adjust[..], &["-20.50 USD"]].concat()).with(0).says("settlement 2 of p, adjustment through ");
    folder.meed(&["book", "post", "2"]).with(2).says("nobody has approved");
    folder.meed(&["book", "approve", "2", "--by", "Finance", "--note", "ok"]).with(0);
    folder.meed(&["book", "post", "2"]).with(0);
    assert_eq!(lines(&folder, "2", "rule payee amount reason"), ["adjustment ACME -20.50 adjusted"]);
    // A run takes nothing of it back.
    settle(&folder, "2026-03-31", &[]).with(0).says("nothing is different");
    folder.meed(&["book", "export", "2", "--to", "payables.csv", "--replace"]).with(0);
    assert_eq!(rows(&folder.read("payables.csv"), "payee settled balance"), ["ACME -20.50 177.20", "BETA 0.00 50.00"]);
    folder.meed(&["close", "2026-Q1"]).with(0);
    let closed = [&adjust[..], &["1 USD", "--period", "2026-Q1"]].concat();
    folder.meed(&closed).with(2).says("2026-Q1 is closed, and everything through 2026-03-31");
    let unknown = ["book", "adjust", "--payee", "partner:ACNE", "--note", "x", "--amount", "1 USD"];
    folder.meed(&unknown).with(2).says("the book has nothing of `partner:ACNE`").says("did you mean partner:ACME?");
    folder.meed(&[&unknown[..], &["--new", "--period", "2026-Q2"]].concat()).with(0).says("booked in 2026-Q2");
    head(&folder);
}

#[test]
fn what_was_paid_before_there_was_a_book() {
    // By row: only what is different from then is posted.
    let folder = folder("book-opening");
    let header = "rule,payee_kind,payee,unit,amount,event,key,period";
    folder.write(
        "paid.csv",
        format!(
            "{header}\nshare,partner,ACME,USD,100.00,deal,D1,2026-Q1\nshare,partner,BETA,USD,49.00,deal,D2,2026-Q1\n"
        ),
    );
    folder.meed(&["book", "open", "paid.csv", "--through", "2026-02-28"]).with(0).says("opening through 2026-02-28");
    folder.meed(&["settle", "--through", "2026-03-31"]).with(2).says("settlement 1 of `p` is draft and not posted");
    folder.meed(&["book", "approve", "1", "--by", "Finance", "--note", "from the old system"]).with(0);
    folder.meed(&["book", "post", "1"]).with(0);
    folder.meed(&["book", "open", "paid.csv", "--through", "2026-02-28"]).with(2).says("`p` is in the book already");
    settle(&folder, "2026-03-31", &[]).with(0);
    assert_eq!(
        lines(&folder, "2", "rule key was amount reason"),
        [
            "capped D1 0.00 50.00 moved",
            "share D2 49.00 1.00 corrected",
            "capped D3 0.00 10.00 new",
            "share D3 0.00 30.00 new",
            "share D4 0.00 7.70 new",
        ]
    );
    // What was paid before is not payable.
    folder.meed(&["book", "export", "--to", "payables.csv", "--replace"]).with(0);
    assert_eq!(rows(&folder.read("payables.csv"), "payee posted balance"), ["ACME 97.70 97.70", "BETA 1.00 1.00"]);
    folder.meed(&["book", "journal", "--to", "book.journal", "--replace"]).with(0);
    assert!(folder.read("book.journal").contains("Equity:Opening-Balances"));
    // The payments of a run are read as they were meant, marks, long keys and all.
    let folder = self::folder("book-opening-run");
    let long = "K".repeat(3_000);
    folder.write("data/deal.csv", format!("{DEALS}=D8,2026-01-09,ACME,10\n{long},2026-01-09,ACME,20\n"));
    folder.meed(&["run", "--through", "2026-03-31", "--out", "out"]).with(0);
    folder.meed(&["book", "open", "out/payments.csv", "--through", "2026-03-31"]).with(0);
    folder.meed(&["book", "approve", "1", "--by", "Finance"]).with(0);
    folder.meed(&["book", "post", "1"]).with(0);
    settle(&folder, "2026-03-31", &[]).with(0).says("nothing is different");
    // By sum: it gives way to the rows.
    let folder = self::folder("book-opening-sums");
    let header = "rule,payee_kind,payee,unit,amount,period";
    folder.write("paid.csv", format!("{header}\nshare,partner,ACME,USD,100.00,2026-Q1\n"));
    folder.meed(&["book", "open", "paid.csv", "--through", "2026-02-28"]).with(0);
    folder.meed(&["book", "approve", "1", "--by", "Finance"]).with(0);
    folder.meed(&["book", "post", "1"]).with(0);
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.meed(&["book", "export", "--to", "payables.csv", "--replace"]).with(0);
    assert_eq!(rows(&folder.read("payables.csv"), "payee balance"), ["ACME 97.70", "BETA 50.00"]);
    // What the program cannot have paid is refused.
    let folder = self::folder("book-opening-bad");
    for (row, words) in [
        ("shares,partner,ACME,USD,1,2026-Q1", "the program has no rule `shares`"),
        ("share,person,ACME,USD,1,2026-Q1", "the program has no entity `person`"),
        ("share,partner,ACME,EUR,1,2026-Q1", "`EUR` is no unit of the program"),
        ("share,partner,ACME,USD,1.005,2026-Q1", "`1.005` is no amount of the unit"),
        ("share,partner,ACME,USD,1,2026-Q9", "`2026-Q9` is no period"),
        ("share,partner,ACME,USD,0,2026-Q1", "has no payments"),
    ] {
        folder.write("paid.csv", format!("{header}\n{row}\n"));
        let refused = folder.meed(&["book", "open", "paid.csv", "--through", "2026-02-28"]).says(words);
        assert_ne!(refused.code, 0);
    }
    folder.write("paid.csv", "rule,payee\nshare,ACME\n");
    folder.meed(&["book", "open", "paid.csv", "--through", "2026-02-28"]).with(3).says("its columns must be rule");
    folder.meed(&["book", "open", "none.csv", "--through", "2026-02-28"]).with(3);
    folder.meed(&["book"]).with(0).says("1 entry\n");
}

#[test]
fn disputes_and_several_programs() {
    let folder = folder("book-disputes");
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.write("q.meed", PROGRAM.replace("program p", "program q").replace("rate = 10%", "rate = 1%"));
    let q =
        ["settle", "q.meed", "--data", "data", "--book", "book.db", "--through", "2026-03-31", "--approved-by", "F"];
    folder.meed(&q).with(0).says("settlement 2 of q, run through 2026-03-31: 6 lines");
    folder.meed(&q).with(0).says("nothing is different");
    settle(&folder, "2026-03-31", &[]).with(0).says("nothing is different");
    folder.meed(&["close", "2026-Q1", "--program", "q"]).with(0).says("q is closed through 2026-03-31");
    folder.meed(&["close", "2026-Q1"]).with(2).says("closed through 2026-03-31 already");
    folder.meed(&["close", "2026-Q1", "--program", "p"]).with(0);
    folder.meed(&["close", "2026-Q1", "--program", "r"]).with(2).says("the book has no program `r`");
    let adjust = ["book", "adjust", "--payee", "partner:ACME", "--note", "x", "--amount", "1 USD"];
    folder.meed(&adjust).with(2).says("the book has several programs");
    folder
        .meed(&["dispute", "open", "--payee", "partner:ACME", "--key", "D3", "--note", "half of it is missing"])
        .with(0)
        .says("dispute 1 is open, about lines 1.4, 1.5, 2.4, 2.5");
    folder.meed(&["dispute", "open", "--line", "1.4", "--note", "too little"]).with(0).says("about lines 1.4\n");
    folder.meed(&["dispute", "open", "--line", "1.99", "--note", "x"]).with(2).says("settlement 1 has no line 99");
    folder
        .meed(&["dispute", "open", "--payee", "partner:ACME", "--key", "D9", "--note", "it was never paid"])
        .with(0)
        .says("dispute 3 is open, about no posted line");
    let resolve = ["dispute", "resolve", "1", "--by", "Channel desk", "--note", "the limit was met"];
    folder.meed(&resolve).with(0);
    folder.meed(&resolve).with(2).says("dispute 1 was resolved on").says("by Channel desk");
    folder.meed(&["dispute", "resolve", "7", "--by", "x", "--note", "y"]).with(2).says("there is no dispute 7");
    let listed = folder.meed(&["dispute", "list"]).with(0).out;
    assert!(listed.contains("the limit was met") && listed.contains("it was never paid"), "{listed}");
    head(&folder);
}

#[test]
fn what_somebody_changed_is_found() {
    let folder = folder("book-edited");
    settle(&folder, "2026-02-28", &[]).with(0);
    let then = head(&folder);
    settle(&folder, "2026-03-31", &[]).with(0);
    let whole = std::fs::read(folder.path().join("book.db")).expect("the book");
    for (statements, words) in [
        ("UPDATE line SET amount = amount + 1 WHERE settlement = 1 AND number = 1", "do not add up to its totals"),
        ("UPDATE line SET amount = amount + 1, was = was - 1 WHERE settlement = 2 AND number = 1", "add up"),
        ("UPDATE line SET key = 'D8' WHERE settlement = 2 AND number = 1", "settlement 2"),
        (
            "UPDATE line SET \"when\" = \"when\" + 1 WHERE settlement = 1 AND number = 1",
            "a line of settlement 1 is not as it was written",
        ),
        (
            "INSERT INTO line SELECT 1, 0, event, key, rule, payee, period, unit, due, version, place, \"when\", booked, reason, was, 1000000, row FROM line WHERE settlement = 1 AND number = 1",
            "it has lines or entries with numbers below one",
        ),
        ("UPDATE payee SET key = 'ACNE' WHERE key = 'ACME'", "is not as it was written"),
        ("DELETE FROM line WHERE settlement = 1 AND number = 3", "settlement 1 has 2 lines, and had 3"),
        (
            "INSERT INTO line SELECT 9, number, event, key, rule, payee, period, unit, due, version, place, \"when\", booked, reason, was, amount, row FROM line WHERE settlement = 1",
            "lines of settlement 9, which has none",
        ),
        (
            "UPDATE entry SET body = replace(body, 'Finance', 'Somebody') WHERE number = 3",
            "entry 3 of the book is not as it was written",
        ),
        ("DELETE FROM entry WHERE number = 7", "no entry has the head"),
        ("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM line; END", "its tables are not as Meed makes them"),
        ("DROP VIEW lines", "its tables are not as Meed makes them"),
    ] {
        let last = head(&folder);
        edit(&folder, statements);
        let found = folder.meed(&["book", "check", "--head", &last]).with(1).says(words);
        let is_told = ["the book is not as Meed wrote it", "the book adds up, and has not that head"];
        assert!(is_told.iter().any(|words| found.messages.contains(words)), "{}", found.messages);
        std::fs::write(folder.path().join("book.db"), &whole).expect("it can be put back");
    }
    // What somebody has changed is not paid, exported or posted upon.
    edit(&folder, "UPDATE line SET amount = amount + 1 WHERE settlement = 1 AND number = 1");
    for command in [
        &["book", "paid", "--reference", "B-1"][..],
        &["book", "export", "--to", "x.csv"],
        &["book", "export", "1", "--table", "lines", "--to", "x.csv"],
        &["book", "journal", "--to", "x.journal"],
        &["settle", "--through", "2026-03-31"],
    ] {
        folder.meed(command).with(3).says("the lines of settlement 1 are not as they were written");
        assert!(!folder.has("x.csv") && !folder.has("x.journal"));
    }
    std::fs::write(folder.path().join("book.db"), &whole).expect("it can be put back");
    // Somebody who makes the chain anew is found by any head of before.
    folder.meed(&["book", "check", "--head", &then]).with(0).says("3 entries came since");
    folder.meed(&["book", "check", "--head", &then[..16]]).with(0);
    folder.meed(&["book", "check", "--head", &then[..8]]).with(2).says("is no head").says("its first 16 letters");
    folder.meed(&["book", "check", "--head", "not a head at all"]).with(2).says("is no head");
    folder.meed(&["book", "check", "--head", &"0".repeat(64)]).with(1).says("no entry has the head");
    // No command builds on an entry that was changed.
    edit(&folder, "UPDATE entry SET body = replace(body, 'Finance', 'Somebody') WHERE number = 3");
    folder
        .meed(&["settle", "--through", "2026-03-31"])
        .with(3)
        .says("error[book-edited]: entry 3 of the book is not as it was written");
}

#[test]
fn books_that_cannot_be_used() {
    let folder = folder("book-bad");
    folder.meed(&["book", "new"]).with(2).says("`book.db` is there already");
    folder.meed(&["settle", "--book", "none.db"]).with(2).says("there is no book `none.db`").says("meed book new");
    assert!(!folder.has("none.db"));
    folder.write("text.db", "this is a text and no book, long enough to be looked at by SQLite at all");
    folder.meed(&["book", "--book", "text.db"]).with(2).says("`text.db` is no book of Meed");
    folder.write("empty.db", "");
    folder.meed(&["book", "--book", "empty.db"]).with(2).says("`empty.db` is no book of Meed");
    folder.meed(&["book", "--book", "data"]).with(2);
    let whole = std::fs::read(folder.path().join("book.db")).expect("the book");
    folder.write("cut.db", &whole[..whole.len() / 2]);
    assert_ne!(folder.meed(&["book", "check", "--book", "cut.db"]).code, 0);
    edit(&folder, "PRAGMA user_version = 99");
    folder.meed(&["settle"]).with(2).says("is of format 99, written by a later version of Meed");
    folder.meed(&["book", "upgrade"]).with(2).says("is of format 99");
    edit(&folder, "PRAGMA user_version = 2");
    folder.meed(&["book", "upgrade"]).with(0).says("is of this format already");
    folder.meed(&["book", "new", "--book", "nowhere/book.db"]).with(2).says("there is no folder `nowhere`");
    folder.meed(&["book", "--book", "postgres://finance:secret@127.0.0.1:1/books"]);
    let nowhere = Folder::new("book-nowhere");
    nowhere.meed(&["book"]).with(2).says("no book is named").says("--book FILE");
    let told = nowhere.meed(&["book", "--book", "postgres://finance:secret@127.0.0.1:1/books"]);
    assert!(told.code != 0 && !told.messages.contains("secret"), "{}", told.messages);
    // A file that nobody may write is read.
    folder.meed(&["book", "approve", "1", "--by", "x"]).with(2).says("there is no settlement 1: the book has none yet");
    // Rejected rows stop a settlement, or are set aside.
    folder.write("data/deal.csv", format!("{DEALS}D9,2026-03-07,ACME,much\n"));
    settle(&folder, "2026-03-31", &[]).with(3).says("1 row is rejected");
    settle(&folder, "2026-03-31", &["--rejects", "rejects.csv"]).with(0).says("6 lines");
    assert!(folder.read("rejects.csv").contains("much"));
}

#[test]
fn a_backup_is_the_same_book() {
    let folder = folder("book-backup");
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.write("names.csv", "key,name\nACME,Acme Trading\n");
    folder.meed(&["book", "names", "partner", "names.csv"]).with(0);
    folder.meed(&["book", "backup", "copy.db"]).with(0).says("`copy.db` has 4 entries and 6 lines");
    folder.meed(&["book", "backup", "copy.db"]).with(2).says("`copy.db` is there already");
    folder.meed(&["book", "backup", "nowhere/copy.db"]).with(2);
    let both = ["book.db", "copy.db"].map(|book| folder.meed(&["book", "check", "--book", book]).with(0).messages);
    assert_eq!(both[0], both[1]);
    let payables = ["book.db", "copy.db"].map(|book| folder.meed(&["book", "payables", "--book", book]).with(0).out);
    assert_eq!(payables[0], payables[1]);
    settle(&folder, "2026-03-31", &["--book", "copy.db"]).with(0).says("nothing is different");
}

#[test]
fn two_settles_at_once_are_one() {
    let folder = folder("book-race");
    let command = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meed"));
        command.args(["settle", "--through", "2026-03-31", "--approved-by", "Finance"]).current_dir(folder.path());
        command.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().expect("it runs")
    };
    let all: Vec<_> = (0..4).map(|_| command()).collect();
    let ended: Vec<_> = all.into_iter().map(|child| child.wait_with_output().expect("it ends")).collect();
    for output in ended {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let is_told = ["it is posted", "nothing is different", "the book changed while", "another Meed is writing"];
        assert!(is_told.iter().any(|words| said.contains(words)), "{said}");
    }
    assert_eq!(lines(&folder, "1", "amount").len(), 6);
    folder.meed(&["book", "show", "2"]).with(2).says("they are 1 to 1");
    head(&folder);
    // While another program holds the file, nothing is written, and that is said.
    let other = Connection::open(folder.path().join("book.db")).expect("it is a file of SQLite");
    other.execute_batch("BEGIN IMMEDIATE").expect("it can be held");
    let hold = ["book", "hold", "--payee", "partner:ACME", "--note", "x"];
    folder.meed(&hold).with(5).says("error[book-busy]: another Meed is writing to `book.db`");
    drop(other);
    folder.meed(&hold).with(0);
}

#[test]
fn a_posted_settlement_is_exported_in_every_format() {
    let folder = folder("book-export");
    folder.meed(&["settle", "--through", "2026-03-31"]).with(0);
    folder.meed(&["book", "export", "1", "--to", "x.csv"]).with(2).says("settlement 1 is draft, not posted");
    folder.meed(&["book", "approve", "1", "--by", "F"]).with(0);
    folder.meed(&["book", "post", "1"]).with(0);
    for ending in ["csv", "parquet", "xlsx", "jsonl"] {
        for table in ["payables", "lines"] {
            let to = format!("{table}.{ending}");
            folder.meed(&["book", "export", "1", "--table", table, "--to", &to, "--replace"]).with(0).says("head ");
            assert!(folder.has(&to));
        }
    }
    folder.meed(&["book", "export", "1", "--to", "x.pdf"]).with(2).says("ends with no format that is written");
    folder.meed(&["book", "export", "1", "--to", "nowhere/x.csv"]).with(5).says("cannot write `nowhere/x.csv`");
    assert!(folder.read("lines.csv").starts_with("line,rule,version,payee_kind,payee,unit,was,amount"));
}

#[test]
fn a_run_is_verified_by_what_it_says_of_itself() {
    let folder = folder("book-verify");
    folder.meed(&["run", "--through", "2026-03-31", "--out", "out", "--set", "rate=12%"]).with(0);
    folder.meed(&["verify", "out/run.json"]).with(0).says("is what the program pays for these tables");
    let json = std::fs::read(folder.path().join("out/run.json")).expect("run.json");
    folder.write("kept.json", &json);
    folder.write("data/deal.csv", DEALS.replace("1000", "1001"));
    let told = folder.meed(&["verify", "kept.json"]).with(1);
    told.says("`data/deal.csv` is not the file that was read for deal").says("the table `payments` is another now");
    folder.write("data/deal.csv", DEALS);
    folder.write("p.meed", PROGRAM.replace("5%", "6%"));
    folder.meed(&["verify", "kept.json"]).with(1).says("the program has another text now");
    folder.write("p.meed", PROGRAM);
    for format in ["parquet", "jsonl"] {
        folder.meed(&["run", "--through", "2026-03-31", "--out", format, "--format", format, "--slices"]).with(0);
        folder.meed(&["verify", &format!("{format}/run.json")]).with(0);
    }
    folder.meed(&["verify", "none.json"]).with(2).says("cannot read `none.json`");
    folder.write("bad.json", "{}");
    folder.meed(&["verify", "bad.json"]).with(3).says("is damaged");
    std::fs::remove_file(folder.path().join("data/deal.csv")).expect("it is there");
    assert_ne!(folder.meed(&["verify", "kept.json"]).code, 0);
}

#[test]
fn a_full_disk_leaves_the_book_as_it_was() {
    let folder = folder("book-full");
    settle(&folder, "2026-02-28", &[]).with(0);
    let before = head(&folder);
    let rows: String = (10..12_000).map(|n| format!("D{n},2026-03-05,ACME,100\n")).collect();
    folder.write("data/deal.csv", format!("{DEALS}{rows}"));
    // Files of this process may grow no longer than so many blocks of 512 bytes.
    for blocks in [100, 300, 600] {
        let meed = env!("CARGO_BIN_EXE_meed");
        let words = format!("ulimit -f {blocks}; exec {meed} settle --through 2026-03-31 --approved-by F");
        let output = std::process::Command::new("sh").args(["-c", &words]).current_dir(folder.path()).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains("error[cannot-write-book]"), "{said}");
        assert_eq!(head(&folder), before);
    }
    // A disk of a few pages, where this user may mount one.
    let disk = folder.path().join("disk");
    std::fs::create_dir_all(&disk).expect("a folder");
    let mount = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.to_str().expect("a UTF-8 path")];
    let mounted = std::process::Command::new("mount").args(mount).stderr(std::process::Stdio::null()).status();
    if mounted.is_ok_and(|status| status.success()) {
        let copied = folder.meed(&["book", "backup", "disk/book.db"]);
        let ended = settle(&folder, "2026-03-31", &["--book", "disk/book.db"]);
        let checked = folder.meed(&["book", "check", "--book", "disk/book.db", "--head", &before]);
        let refused = folder.meed(&["book", "backup", "disk/again.db"]);
        let left = std::fs::read_dir(&disk).expect("the disk").count();
        let unmounted = std::process::Command::new("umount").arg(&disk).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
        copied.with(0);
        ended.with(5).says("there is no room for the book").says("free some room; nothing was changed");
        checked.with(0).says("nothing was entered since that head");
        assert!(refused.code == 0 || left == 1, "{}", refused.messages);
    }
    settle(&folder, "2026-03-31", &[]).with(0);
    head(&folder);
}

#[test]
fn a_book_of_an_earlier_format_is_brought_to_this_one_and_kept() {
    let folder = folder("book-upgrade");
    folder.write(
        "paid.csv",
        "rule,payee_kind,payee,unit,amount,event,key,period\nshare,partner,ACME,USD,100.00,deal,D1,2026-Q1\n",
    );
    folder.meed(&["book", "open", "paid.csv", "--through", "2026-02-28"]).with(0);
    folder.meed(&["book", "approve", "1", "--by", "Finance"]).with(0);
    folder.meed(&["book", "post", "1"]).with(0);
    folder.write("names.csv", "key,name\nACME,Acme Trading\n");
    folder.meed(&["book", "names", "partner", "names.csv"]).with(0);
    let before = head(&folder);
    // As the first format had it: lines without digests of rows.
    edit(&folder, "DROP VIEW lines; ALTER TABLE line DROP COLUMN row; PRAGMA user_version = 1");
    let old = std::fs::read(folder.path().join("book.db")).expect("the book");
    for command in [&["settle"][..], &["book"], &["book", "check"]] {
        folder
            .meed(command)
            .with(2)
            .says("is of format 1, written by an earlier version of Meed")
            .says("meed book upgrade");
    }
    folder.write("book.format-1.db", "in the way");
    folder.meed(&["book", "upgrade"]).with(2).says("book.format-1.db` is there already");
    assert_eq!(std::fs::read(folder.path().join("book.db")).expect("the book"), old);
    folder.meed(&["book", "upgrade", "--keep", "old.db"]).with(0).says("the old one is `old.db`");
    assert_eq!(std::fs::read(folder.path().join("old.db")).expect("the old book"), old);
    folder.meed(&["book", "check", "--head", &before]).with(0).says("1 entry came since");
    folder.meed(&["book", "upgrade"]).with(0).says("is of this format already");
    let statement = folder.meed(&["book", "statement", "--payee", "partner:ACME"]).with(0).out;
    assert!(statement.starts_with("partner:ACME, Acme Trading"), "{statement}");
    settle(&folder, "2026-03-31", &[]).with(0);
    assert_eq!(lines(&folder, "2", "rule key amount").len(), 5);
    head(&folder);
}

#[test]
fn what_was_left_of_funds_and_draws_is_rows_of_a_table() {
    let folder = Folder::new("book-lots");
    folder.write(
        "p.meed",
        "\
program p { currency USD rounded half even   active 2026-07-01 to 2026-12-31 }
entity partner { key id }
event opening_lot { key id   when day   partner partner   amount money   until date }
event opening_draw { key id   when day   partner partner   amount money }
event claim { key id   when day   partner partner   cost money }
event deal { key id   when closed_on   partner partner   amount money }
balance mdf per partner expires after 2 quarters
balance owed per partner
rule lots { for each opening_lot   add amount to mdf until until }
rule draws { for each opening_draw   add amount to owed }
rule claims { for each claim   let got = take 50% of cost from mdf   pay partner got }
rule earned { for each deal   let back = take 10% of amount from owed   pay partner (10% of amount) - back }
",
    );
    folder.write("data/partner.csv", "id\nACME\n");
    folder.write("data/opening_lot.csv", "id,day,partner,amount,until\nL1,2026-07-01,ACME,300,2026-09-30\n");
    folder.write("data/opening_draw.csv", "id,day,partner,amount\nW1,2026-07-01,ACME,40\n");
    folder.write("data/claim.csv", "id,day,partner,cost\nC1,2026-08-01,ACME,500\nC2,2026-09-01,ACME,500\n");
    folder.write("data/deal.csv", "id,closed_on,partner,amount\nD1,2026-08-03,ACME,300\nD2,2026-08-04,ACME,300\n");
    folder.meed(&["book", "new", "--book", "book.db"]).with(0);
    let settle =
        ["settle", "p.meed", "--data", "data", "--book", "book.db", "--through", "2026-09-30", "--approved-by", "F"];
    folder.meed(&settle).with(0).says("claims: 2 lines, 300.00 USD\n  earned: 1 line, 20.00 USD");
    // A later claim that is withdrawn gives back what it took: what was posted is corrected, not counted twice.
    folder.write("data/claim.csv", "id,day,partner,cost\nC2,2026-09-01,ACME,500\n");
    folder.meed(&settle).with(0).says("claims: 2 lines, -50.00 USD");
    folder.meed(&settle).with(0).says("nothing is different");
}

#[test]
fn what_has_not_happened_is_not_in_a_book() {
    let folder = folder("book-future");
    folder
        .meed(&["settle", "--through", "2026-06-30", "--on", "2026-04-01"])
        .with(2)
        .says("2026-06-30 is still to come on 2026-04-01")
        .says("`meed run` tells what will be");
    let settle = ["settle", "--through", "2026-04-30", "--on", "2026-05-02", "--approved-by", "Finance"];
    folder.meed(&settle).with(0);
    folder.meed(&["close", "2026-Q1", "--on", "2026-03-30"]).with(2).says("2026-03-31, which is still to come");
    folder.meed(&["close", "2026-Q1", "--on", "2026-05-02"]).with(0);
    folder
        .meed(&["book", "hold", "--payee", "partner:ACME", "--note", "x", "--on", "2020-01-01"])
        .with(2)
        .says("2020-01-01 is before that")
        .says("--on 2026-05-02");
}

#[test]
fn tables_that_shrink_are_told_and_not_posted_unseen() {
    let folder = folder("book-fewer");
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.write("data/deal.csv", "id,closed_on,partner,amount\nD9,2026-04-05,ACME,10\n");
    let unseen = ["settle", "--through", "2026-04-30", "--approved-by", "Nightly job"];
    folder.meed(&unseen).with(2).says("`deal` had 4 rows when this was settled last, and has 1").says("--fewer-rows");
    folder
        .meed(&["settle", "--through", "2026-04-30"])
        .with(0)
        .says("what was paid for rows that are gone is taken back");
    folder.meed(&[&unseen[..], &["--fewer-rows"]].concat()).with(0).says("it is posted");
}

#[test]
fn an_older_settlement_pays_no_more_than_is_left_today() {
    let folder = folder("book-old");
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.write("data/deal.csv", "id,closed_on,partner,amount\nD4,2026-03-06,ACME,77\n");
    settle(&folder, "2026-04-30", &[]).with(0);
    folder.meed(&["book", "export", "1", "--to", "payables.csv"]).with(0);
    let told = rows(&folder.read("payables.csv"), "payee settled posted balance standing");
    assert_eq!(told, ["ACME 197.70 197.70 11.55 payable", "BETA 50.00 50.00 0.00 even"]);
    folder.meed(&["book", "paid", "1", "--reference", "B-1"]).with(0).says("1 amount, 11.55 USD");
    folder.meed(&["book", "paid", "2", "--reference", "B-2"]).with(2).says("nothing is payable");
}

#[test]
fn the_program_may_change_its_unit_its_calendar_and_its_titles() {
    let folder = folder("book-changes");
    settle(&folder, "2026-03-31", &[]).with(0);
    // A title and a comment change no payment, and are no reason for one.
    folder.write(
        "p.meed",
        format!("// signed in April\n{}", PROGRAM.replace("rule share {", "rule share \"Ten percent\" {")),
    );
    folder.write("data/deal.csv", DEALS.replace("500", "600"));
    settle(&folder, "2026-03-31", &[]).with(0);
    assert_eq!(lines(&folder, "2", "rule key amount reason"), ["share D2 10.00 corrected"]);
    // Nor is a parameter that has the value which it has.
    folder.write("data/deal.csv", DEALS.replace("500", "700"));
    settle(&folder, "2026-03-31", &["--set", "rate=10%"]).with(0).says("of these 1 corrected");
    folder.write("data/deal.csv", DEALS.replace("500", "600"));
    settle(&folder, "2026-03-31", &[]).with(0).says("of these 1 corrected");
    // With another currency what was posted in the old one is taken back, to the cent.
    folder.write("p.meed", PROGRAM.replace("currency USD", "currency EUR").replace("$60", "€60"));
    settle(&folder, "2026-03-31", &[]).with(0).says("share: 4 lines, -197.70 USD");
    let told = lines(&folder, "5", "rule key amount unit");
    assert!(told.contains(&"share D1 -100.00 USD".to_owned()), "{told:?}");
    // Years that begin otherwise have other periods: what was booked in the old ones stays there.
    folder.write("p.meed", PROGRAM.replace("half even ", "half even   fiscal year starts april named by end "));
    settle(&folder, "2026-03-31", &[]).with(0);
    assert!(lines(&folder, "6", "period booked unit").iter().any(|line| line.starts_with("FY2026-Q4 FY2026-Q4 USD")));
    head(&folder);
    // A draft that was dropped decides nothing on units.
    let folder = self::folder("book-units");
    let points = |decimals: &str| {
        let rule = "rule thanks { for each deal   pay partner 5 points }\n";
        format!("{PROGRAM}unit points {decimals}, rounded half even\n{rule}")
    };
    folder.write("p.meed", points("whole"));
    folder.meed(&["settle", "--through", "2026-03-31"]).with(0);
    folder.meed(&["book", "drop", "1"]).with(0);
    folder.write("p.meed", points("to 2 decimals"));
    settle(&folder, "2026-03-31", &[]).with(0);
    folder.write("p.meed", points("whole"));
    folder.meed(&["settle", "--through", "2026-03-31"]).with(2).says("has 0 decimals in `p` and 2 in the book");
}

#[test]
fn rows_that_come_and_go_have_their_reasons() {
    let folder = folder("book-come-and-go");
    folder.write("data/refund.csv", "id,refunded_on,deal,amount\nR1,2026-02-20,D2,100\n");
    settle(&folder, "2026-03-31", &[]).with(0);
    // The return was known: what is new is the amount.
    folder.write("data/deal.csv", DEALS.replace("500", "700"));
    settle(&folder, "2026-03-31", &[]).with(0);
    assert_eq!(lines(&folder, "2", "rule key amount reason"), ["share D2 20.00 corrected"]);
    // A return that is entered late, of a day that was settled.
    folder.write("data/refund.csv", "id,refunded_on,deal,amount\nR1,2026-02-20,D2,100\nR2,2026-03-20,D1,10\n");
    settle(&folder, "2026-03-31", &[]).with(0);
    assert!(lines(&folder, "3", "rule key reason").contains(&"share D1 returned".to_owned()));
    // Gone, and entered again as it was.
    folder.write("data/deal.csv", DEALS.replace("500", "700").replace("D4,2026-03-06,ACME,77\n", ""));
    settle(&folder, "2026-03-31", &[]).with(0);
    assert_eq!(lines(&folder, "4", "rule key reason"), ["share D4 withdrawn"]);
    folder.write("data/deal.csv", DEALS.replace("500", "700"));
    settle(&folder, "2026-03-31", &[]).with(0);
    assert_eq!(lines(&folder, "5", "rule key reason"), ["share D4 late"]);
    head(&folder);
}

#[test]
fn a_name_that_was_erased_is_nowhere_in_the_file() {
    let folder = folder("book-names");
    let names: String = (0..600).map(|n| format!("P{n},Somebody Number{n:04}\n")).collect();
    folder.write("names.csv", format!("key,name\n{names}"));
    folder.meed(&["book", "names", "partner", "names.csv"]).with(0).says("600 names are kept");
    folder.write("names.csv", "key,name\nP300,Somebody Renamed\n");
    folder.meed(&["book", "names", "partner", "names.csv"]).with(0);
    for key in [90, 210, 300, 599] {
        folder.meed(&["book", "erase", "--payee", &format!("partner:P{key}")]).with(0);
    }
    let bytes = std::fs::read(folder.path().join("book.db")).expect("the book");
    let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    for erased in ["Number0090", "Number0210", "Number0300", "Number0599", "Somebody Renamed"] {
        assert!(!has(erased), "{erased} is in the file");
    }
    assert!(has("Number0091"));
}

#[test]
fn no_command_writes_over_the_book_or_over_other_files() {
    let folder = folder("book-over");
    settle(&folder, "2026-03-31", &[]).with(0);
    let whole = std::fs::read(folder.path().join("book.db")).expect("the book");
    folder.meed(&["book", "journal", "--to", "book.db", "--replace"]).with(2).says("`book.db` is the book");
    folder.meed(&["book", "journal", "--to", "data/deal.csv"]).with(2).says("`data/deal.csv` is there already");
    folder.meed(&["book", "export", "--to", "data/deal.csv"]).with(2).says("is there already").says("--replace");
    settle(&folder, "2026-03-31", &["--rejects", "book.db"]).with(2);
    assert_eq!(std::fs::read(folder.path().join("book.db")).expect("the book"), whole);
    assert_eq!(folder.read("data/deal.csv"), DEALS);
}
