//! What people are told of rows that cannot be read, and what becomes of them.

mod support;

use support::{Ended, Folder};

const PROGRAM: &str = r#"
program t { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event deal { key id   when closed_on   partner partner   level text   amount money   registered yes/no }
rule fee { for each deal   where registered   where level is "gold"   pay partner 2% of amount }
"#;
const HEADER: &str = "id,closed_on,partner,level,amount,registered,note\n";

fn folder(name: &str, deals: impl AsRef<[u8]>) -> Folder {
    let folder = Folder::new(name);
    folder.write("t.meed", PROGRAM).write("deals.csv", [HEADER.as_bytes(), deals.as_ref()].concat());
    folder
}

fn run(folder: &Folder, more: &[&str]) -> Ended {
    folder.meed(&[&["run", "t.meed", "--data", "deal=deals.csv", "--out", "out"], more].concat())
}

#[test]
fn a_wrong_format_is_told_once_with_what_would_read_it() {
    let rows: String = (1..=50)
        .map(|n| format!("D{n},{:02}/{:02}/2026,A,gold,\"1.{n:03},50\",J,x\n", 1 + n % 12, 10 + n % 15))
        .collect();
    let ended = run(&folder("wrong-format", &rows), &[]).with(3);
    let told: Vec<&str> = ended.messages.lines().filter(|line| line.starts_with("deals.csv")).collect();
    let field = |name: &str, offer: &str| format!("; the field `{name}` of `deal` would read that with {offer}");
    let date = field("closed_on", "`as \"MM/DD/YYYY\"`");
    let amount = field("amount", "`as \"1.000,50\"`");
    let registered = field("registered", "`as \"J/N\"`");
    let column = |name: &str| format!("deals.csv, column `{name}`, 50 of 50 rows: ");
    assert_eq!(
        told,
        [
            format!("{}not a date like 2026-02-01, as `02/11/2026` in row 1, line 2{date}", column("closed_on")),
            format!("{}not an amount, as `1.001,50` in row 1, line 2{amount}", column("amount")),
            format!("{}not yes, no, true or false, as `J` in row 1, line 2{registered}", column("registered")),
        ]
    );
    ended.says("50 rows are rejected, nothing is written");
}

#[test]
fn two_readings_of_a_date_are_both_offered() {
    let rows: String = (1..=9).map(|n| format!("D{n},{n:02}/{n:02}/2026,A,gold,5,yes,x\n")).collect();
    let ended = run(&folder("wrong-dates", rows + "E,05/04/2026,A,gold,5,yes,x\n"), &[]).with(3);
    ended.says("would read that with `as \"DD/MM/YYYY\"` or `as \"MM/DD/YYYY\"` (ask which is meant)");
    let ended = run(&folder("wrong-none", "1,soon,A,gold,5,yes,x\n2,never,A,gold,5,yes,x\n"), &[]).with(3);
    assert!(!ended.messages.contains("would read that"), "{}", ended.messages);
}

#[test]
fn the_rejects_table_has_rows_and_lines() {
    let rows = "1,2026-01-01,A,gold,5,yes,\"two\nlines\"\r\n\n2,2026-02-30,A,gold,x,yes,\n,,,,,,\n  \n3,2026-03-01,A,gold,5,yes,\n3,2026-03-01,A,gold,5,yes,\n";
    let folder = folder("reject-lines", rows);
    let ended = run(&folder, &["--rejects", "bad.csv"]).with(0).says("2 blank rows are skipped in the tables of deal");
    assert!(ended.messages.contains("| deal        |    4 |        3 |"), "{}", ended.messages);
    let wanted = "record,file,row,line,column,value,reason\n\
                  deal,deals.csv,2,5,closed_on,2026-02-30,not a date like 2026-02-01\n\
                  deal,deals.csv,2,5,amount,x,not an amount\n\
                  deal,deals.csv,3,8,id,3,\"duplicate key, also in deals.csv, row 4\"\n\
                  deal,deals.csv,4,9,id,3,\"duplicate key, also in deals.csv, row 3\"\n";
    assert_eq!(folder.read("bad.csv"), wanted);
}

#[test]
fn letters_that_are_not_utf8_do_no_harm_where_nobody_reads_them() {
    let folder = folder("reject-utf8", b"1,2026-01-01,A,gold,5,yes,caf\xe9\n");
    let deals =
        [&b"id,closed_on,partner,level,amount,registered,not\xe9\n"[..], b"1,2026-01-01,A,gold,5,yes,caf\xe9\n"]
            .concat();
    run(&folder, &[]).with(0);
    folder.write("deals.csv", &deals);
    run(&folder, &[]).with(0);
    let text = deals.iter().map(|&byte| if byte == b'g' { 0xe9 } else { byte }).collect::<Vec<_>>();
    folder.write("deals.csv", text);
    run(&folder, &[]).with(3).says("`deals.csv` is not UTF-8 text");
    folder.write("deals.csv", [HEADER.as_bytes(), b"1,2026-01-01,A,g\xe9ld,5,yes,x\n"].concat());
    run(&folder, &[]).with(3).says("not UTF-8 text");
}

#[test]
fn a_run_in_which_every_row_is_rejected_does_not_replace_earlier_results() {
    let folder = folder("reject-all", "1,2026-01-01,A,gold,100,yes,x\n");
    run(&folder, &[]).with(0);
    let before = folder.read("out/payments.csv");
    folder.write("deals.csv", format!("{HEADER}1,01/01/2026,A,gold,100,yes,x\n2,01/02/2026,A,gold,100,yes,x\n"));
    let ended = run(&folder, &["--rejects", "bad.csv"]).with(3);
    ended.says("all 2 rows of `deal` are rejected, and the earlier results stay").says("2 of 2 rows: not a date");
    assert_eq!((folder.read("out/payments.csv"), folder.has("bad.csv")), (before, false));
    folder.write("deals.csv", format!("{HEADER}1,01/01/2026,A,gold,100,yes,x\n2,2026-01-02,A,gold,100,yes,x\n"));
    run(&folder, &["--rejects", "bad.csv"]).with(0);
}

#[test]
fn parties_of_a_rule_per_period_need_no_table() {
    let folder = Folder::new("reject-no-table");
    let program = PROGRAM.split("rule fee").next().expect("records").to_owned()
        + "rule r { for each partner per quarter   pay partner 2% of (sum of deal.amount) }\n";
    folder.write("t.meed", program);
    folder.write("deals.csv", format!("{HEADER}1,2026-01-01,B,,100,yes,\n2,2026-05-01,A,,50,yes,\n"));
    run(&folder, &["--through", "2026-06-30"])
        .with(0)
        .says("no table for partner: its rows are the 2 keys that other rows name");
    let totals = folder.read("out/totals.csv");
    assert!(totals.contains("r,partner,A,USD,2026-Q2,1.00\nr,partner,B,USD,2026-Q1,2.00\n"), "{totals}");
}

#[test]
fn a_text_that_no_row_has_is_told() {
    let folder = folder("text-unmatched", "1,2026-01-01,A,Gold,100,yes,x\n2,2026-01-01,A,Silver,100,yes,x\n");
    run(&folder, &[]).with(0).says("no row of deal has level \"gold\"; there are Gold, Silver");
    folder.write("deals.csv", format!("{HEADER}1,2026-01-01,A,gold,100,yes,x\n"));
    assert!(!run(&folder, &[]).with(0).messages.contains("no row of"));
    let many = |n: u32| (0..n).map(|n| format!("{n},2026-01-01,A,L{n:04},100,yes,x\n")).collect::<String>();
    folder.write("deals.csv", HEADER.to_owned() + &many(14));
    run(&folder, &[]).with(0).says("L0010, L0011 and 2 more");
    folder.write("deals.csv", HEADER.to_owned() + &many(1_001));
    assert!(!run(&folder, &[]).with(0).messages.contains("no row of"));
}

#[test]
fn rejected_rows_are_copied_as_they_are_to_be_corrected_and_read_again() {
    let rows = "1,2026-01-01,A,gold,100,yes,\"two\nlines\"\r\n\n2,2026-02-30,A, gold ,x,yes,\"=1+1; \"\"q\"\"\"\r\n,,,,,,\n3,2026-03-01,A,gold,5,yes,\r\n4,soon,A,gold,5,yes,\"a\n,,\n\"";
    let folder = folder("reject-copy", rows);
    let wanted =
        format!("{HEADER}2,2026-02-30,A, gold ,x,yes,\"=1+1; \"\"q\"\"\"\r\n4,soon,A,gold,5,yes,\"a\n,,\n\"\n");
    for (rejects, copy) in [("bad.csv", "bad.rows.csv"), ("out/bad.csv", "out/bad.rows.csv")] {
        run(&folder, &["--rejects", rejects]).with(0);
        assert_eq!(folder.read(copy), wanted);
    }
    // Corrected, they are read as any other file; what is read is not written over.
    folder.write(
        "bad.rows.csv",
        wanted.replace("2026-02-30", "2026-02-28").replace(",x,", ",1,").replace("soon", "2026-04-01"),
    );
    let again = ["run", "t.meed", "--data", "deal=bad.rows.csv", "--out", "again"];
    folder.meed(&again).with(0);
    assert_eq!(folder.read("again/payments.csv").lines().count(), 3);
    let over = folder.meed(&[&again[..], &["--rejects", "bad.csv"]].concat()).with(2);
    over.says("`bad.rows.csv` is read by this run");
}

#[test]
fn rejected_rows_of_several_records_and_files_have_files_of_their_own() {
    let folder = folder("reject-several", "1,soon,A,gold,100,yes,x\n2,2026-01-01,A,gold,100,yes,x\n");
    folder
        .write("partners.csv", "id;city\nA;Rome\nB;Oslo\nB;Bonn\n")
        .write("more.csv", format!("{HEADER}3,never,A,gold,1,yes,\n"));
    folder.write("other.csv", "note,id,closed_on,partner,level,amount,registered\nx,4,never,A,gold,1,yes\n");
    let files = ["--data", "deal=more.csv", "--data", "deal=other.csv", "--data", "partner=partners.csv"];
    let ended = run(&folder, &[&files[..], &["--rejects", "bad.csv"]].concat()).with(0);
    ended
        .says("the rejected rows of other.csv are not copied: its header is not that of the other files of its record");
    assert_eq!(folder.read("bad-partner.rows.csv"), "id;city\nB;Oslo\nB;Bonn\n");
    assert_eq!(folder.read("bad-deal.rows.csv"), format!("{HEADER}1,soon,A,gold,100,yes,x\n3,never,A,gold,1,yes,\n"));
    assert!(!folder.has("bad.rows.csv"));
}
