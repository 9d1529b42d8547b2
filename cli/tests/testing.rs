//! `meed test`: what passes, what fails and how, and what no test reaches.

mod support;

use support::Folder;

const HEAD: &str = r#"
program small { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
use channel
parameter bounty = $5
schedule bands graduated { to $10k 1%   beyond 2% }
rule share { for each deal   where amount >= $100   pay partner bands(amount) }
rule visit { for each introduction   pay introducer bounty   at most $20 per introducer per quarter }
"#;

/// A folder with a program of these tests.
fn small(name: &str, tests: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("small.meed", format!("{HEAD}{tests}"));
    folder
}

#[test]
fn an_expectation_that_does_not_hold_is_shown_at_its_place() {
    let tests = "test \"one percent\" {\n  given deal D1 { partner ACME  closed_on 2026-02-01  amount $500 }\n  \
                 expect share pays ACME $6\n}\ntest \"nothing\" { expect no other payments }\n";
    let ended = small("test-fails", tests).meed(&["test", "small.meed"]).with(1);
    assert!(ended.out.starts_with("FAILED  one percent\npassed  nothing\n1 passed, 1 failed\n"), "{}", ended.out);
    ended.says("test-failed").says("`share` pays ACME 5 USD").says("expect share pays ACME $6");
}

#[test]
fn what_no_test_reaches_is_listed() {
    let tests = "test \"one percent\" {\n  given deal D1 { partner ACME  closed_on 2026-02-01  amount $500 }\n  \
                 expect share pays ACME $5\n}\n";
    let out = small("test-reach", tests).meed(&["test", "small.meed"]).with(0).out;
    let wanted = "passed  one percent\n1 passed, 0 failed\nno test reaches\n  \
                  small.meed:5: the boundary 10,000.00 USD of `bands`\n  \
                  small.meed:5: band 2 of `bands`, beyond 10,000.00 USD\n  \
                  small.meed:6: the boundary 100.00 USD of a condition\n  \
                  small.meed:7: rule `visit`\n";
    assert_eq!(out, wanted);
}

#[test]
fn what_tests_reach_is_not_listed() {
    let tests = "test \"all\" {\n  given deal D1 { partner ACME  closed_on 2026-02-01  amount $100 }\n  \
                 given deal D2 { partner ACME  closed_on 2026-02-01  amount $10,000 }\n  \
                 given deal D3 { partner ACME  closed_on 2026-02-01  amount $10,001 }\n  \
                 expect share pays ACME $201.02\n}\n\
                 test \"limit\" {\n  with bounty = $30\n  \
                 given introduction I1 { introducer MAYA  introduced_on 2026-02-01 }\n  \
                 expect visit pays MAYA $20\n}\n";
    let out = small("test-reached", tests).meed(&["test", "small.meed"]).with(0).out;
    assert_eq!(out, "passed  all\npassed  limit\n2 passed, 0 failed\n");
}

#[test]
fn a_test_with_a_wrong_parameter_is_told_kindly() {
    for (with, message) in [
        ("with bounty = 5%", "is an amount of money"),
        ("with bonty = $5", "there is no parameter `bonty`"),
        ("with bounty = amount", "`amount` is no value of a list, and no parameter"),
    ] {
        let tests = format!("test \"odd\" {{ {with}   expect no other payments }}\n");
        small("test-with", &tests).meed(&["test", "small.meed"]).with(1).says(message);
    }
}

#[test]
fn rows_and_totals_may_come_from_files() {
    let tests = "test \"files\" {\n  given deal from \"rows/deals.csv\"\n  given deal D9 { partner ACME  closed_on 2026-07-01  amount $100 }\n  \
                 expect totals from \"rows/totals.csv\"\n  expect no other payments\n}\n";
    let folder = small("test-files", tests);
    folder.write(
        "rows/deals.csv",
        "id,closed_on,partner,amount\nD1,2026-02-01,ACME,500.00\nD2,2026-05-02,BOREAS,20000\n",
    );
    folder.write(
        "rows/totals.csv",
        "rule,payee,period,amount\nshare,ACME,2026-Q1,5.00\nshare,BOREAS,2026-Q2,300\nshare,ACME,2026-Q3,1\n",
    );
    assert!(folder.meed(&["test", "small.meed"]).with(0).out.starts_with("passed  files\n"));
    // By fewer columns, sums are held against sums.
    folder.write("rows/totals.csv", "payee, amount\nACME, 6.00\nBOREAS, 300.00\n");
    folder.meed(&["test", "small.meed"]).with(0);
    folder.write("rows/totals.csv", "payee,amount\nACME,6.01\nCIRRUS,1\n");
    let ended = folder.meed(&["test", "small.meed"]).with(1).says("ACME: 6.01 in `rows/totals.csv`, 6 paid");
    ended.says("CIRRUS: 1 in `rows/totals.csv`, 0 paid").says("BOREAS: 0 in `rows/totals.csv`, 300 paid");
    folder.write("rows/totals.csv", "payee,sum\nACME,6\n");
    folder.meed(&["test", "small.meed"]).with(1).says("a column `sum`, which totals have not");
    folder.write("rows/totals.csv", "payee,amount\nACME,six\n");
    folder.meed(&["test", "small.meed"]).with(1).says("an amount `six`");
    std::fs::remove_file(folder.path().join("rows/deals.csv")).expect("a file to remove");
    folder.meed(&["test", "small.meed"]).with(1).says("cannot read");
}

#[test]
fn rejected_rows_fail_a_test_that_does_not_expect_them() {
    let given = "given deal D1 { partner ACME  closed_on 2026-02-01  amount $500 }   \
                 given deal D1 { partner ACME  closed_on 2026-02-02  amount $1 }";
    let folder = small("test-rejects", &format!("test \"t\" {{ {given}   expect no other payments }}\n"));
    folder.meed(&["test", "small.meed"]).with(1).says("a given deal is rejected");
    let folder = small("test-rejects", &format!("test \"t\" {{ {given}   expect D1 rejected }}\n"));
    folder.meed(&["test", "small.meed"]).with(0);
    let fine = "given deal D1 { partner ACME  closed_on 2026-02-01  amount $500 }";
    let folder = small("test-rejects", &format!("test \"t\" {{ {fine}   expect D1 rejected }}\n"));
    folder.meed(&["test", "small.meed"]).with(1).says("D1 is not rejected");
}

const FEE: &str = r#"
program t { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
use channel
rule fee { for each deal  where registered  pay partner 2% of amount }
"#;

/// The messages of a test of one given deal.
fn failed(name: &str, expect: &str, deal: &str) -> support::Ended {
    let folder = Folder::new(name);
    folder.write("t.meed", format!("{FEE}test \"t\" {{\n  given deal D1 {{ partner ACME  {deal} }}\n  {expect}\n}}\n"));
    folder.meed(&["test", "t.meed"]).with(1)
}

#[test]
fn a_failing_test_says_what_was_expected_what_was_paid_and_why() {
    let fails = |name: &str, deal: &str| {
        failed(name, "expect fee pays ACME $200", deal).says("`fee` pays ACME 0 USD, and 200 USD is expected")
    };
    fails("why-undated", "amount $10,000  registered yes")
        .says("deal D1 is given without `closed_on`, so no rule sees it")
        .says("given deal D1 { partner ACME  amount $10,000  registered yes }");
    fails("why-outside", "closed_on 2025-02-03  amount $10,000  registered yes")
        .says("deal D1 of 2025-02-03 is outside the program, which is active from 2026-01-01 to 2026-12-31");
    fails("why-missing", "closed_on 2026-02-03  registered yes")
        .says("deal D1 is given without `amount`, which `fee` reads");
    let ended = fails("why-condition", "closed_on 2026-02-03  amount $10,000  registered no");
    let ended = ended.says("fee pays nothing for deal D1 of 2026-02-03").says("✗ registered").says("registered is no");
    assert!(!ended.messages.contains("is given without"), "{}", ended.messages);
    fails("why-after", "closed_on 2026-02-03  amount $10,000  registered yes }  through 2026-01-31  given deal D2 {")
        .says("deal D1 of 2026-02-03 is after 2026-01-31, through which the test runs");
}

#[test]
fn another_amount_is_explained_by_what_made_it() {
    let deal = "closed_on 2026-02-03  amount $5,000  registered yes";
    let ended = failed("why-amount", "expect fee pays ACME $200", deal);
    ended.says("`fee` pays ACME 100 USD, and 200 USD is expected").says("amount is 5,000.00 USD");
    let ended = failed("why-paid", "expect fee does not pay ACME", deal);
    ended.says("`fee` pays ACME 100.00 USD D1").says("amount is 5,000.00 USD");
    let ended = failed("why-nobody", "expect fee pays BOREAS $100", deal);
    ended.says("`fee` pays BOREAS 0 USD").says("no party with the key `BOREAS` is in the tables");
}

#[test]
fn a_given_row_that_no_rule_sees_is_an_error_even_where_nothing_is_expected() {
    let ended = failed("why-vacuous", "expect fee does not pay ACME", "amount $10,000  registered yes");
    ended.says("deal D1 is given without `closed_on`");
}

#[test]
fn results_for_machines() {
    let tests = "test \"nothing\" { expect no other payments }\n";
    let out = small("test-json", tests).meed(&["test", "small.meed", "--message-format", "json"]).with(0).out;
    let objects: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    assert_eq!(objects[0], serde_json::json!({ "test": "nothing", "passed": true }));
    assert_eq!(objects[1], serde_json::json!({ "passed": 1, "failed": 0 }));
    assert!(objects[2..].iter().any(|object| object["not_reached"] == "rule `visit`" && object["line"] == 7));
}

#[test]
fn a_program_without_tests_says_so() {
    small("test-none", "").meed(&["test", "small.meed"]).with(0).says("the program has no tests");
}

#[test]
fn tests_read_only_files_in_the_folder_of_their_program() {
    let folder = Folder::new("test-outside");
    folder.write("deals.csv", "id,closed_on,partner,amount\nD1,2026-02-01,ACME,500.00\n");
    folder.write("own/rows/deals.csv", folder.read("deals.csv"));
    let test = |file: &str| {
        let tests = format!(
            "test \"t\" {{\n  given deal from \"{file}\"\n  expect share pays ACME $5\n  expect no other payments\n}}\n"
        );
        folder.write("own/small.meed", format!("{HEAD}{tests}"));
        folder.meed(&["test", "own/small.meed"])
    };
    for inside in ["rows/deals.csv", "./rows/deals.csv", "rows/../rows/deals.csv"] {
        test(inside).with(0);
    }
    let here = folder.path().display().to_string();
    for outside in
        ["../deals.csv", "rows/../../deals.csv", "../own/rows/deals.csv", &format!("{here}/own/rows/deals.csv")]
    {
        test(outside).with(1).says(&format!("cannot read `{outside}`")).says("only files in the folder of its program");
    }
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, folder.path().join(name)).expect("a link");
    };
    link("../deals.csv", "own/deals.csv");
    link("..", "own/up");
    link("rows", "own/same");
    for outside in ["deals.csv", "up/deals.csv", "up/own/../deals.csv"] {
        test(outside).with(1).says("only files in the folder of its program");
    }
    test("same/deals.csv").with(0);
    test("rows/gone.csv").with(1).says("cannot read");
    // What is expected is read from files too.
    let tests = "test \"t\" {\n  given deal from \"rows/deals.csv\"\n  expect totals from \"../totals.csv\"\n}\n";
    folder.write("own/small.meed", format!("{HEAD}{tests}")).write("totals.csv", "payee,amount\nACME,5\n");
    folder.meed(&["test", "own/small.meed"]).with(1).says("only files in the folder of its program");
}

#[test]
fn fields_that_no_table_has_are_nobodys_to_give() {
    let folder = Folder::new("testing-returned");
    folder.write(
        "p.meed",
        "\
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event deal { key id   when closed_on   partner partner   amount money }
event refund { key id   when refunded_on   deal reverses   amount money }
rule share { for each deal   pay partner 10% of amount }
test \"a wrong amount\" {
  given deal D1 { partner ACME  closed_on 2026-02-10  amount $100 }
  expect share pays ACME $11
}
",
    );
    let failed = folder.meed(&["test", "p.meed"]).with(1);
    let said = failed.messages + &failed.out;
    assert!(said.contains("10.00") && !said.contains("given without"), "{said}");
}
