//! `meed explain`: what a channel manager can read aloud to a partner, and why nothing was paid.

mod support;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Ended, Folder};

/// Asks about the desk.
fn ask(question: &[&str]) -> Ended {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    // Questions are asked side by side, by several processes too, each from a folder of its own.
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let asked = ASKED.fetch_add(1, Ordering::Relaxed);
    let folder = Folder::new(&format!("explain-{}-{asked}", std::process::id()));
    let words: Vec<&str> =
        ["explain", project.to_str().expect("a UTF-8 path")].into_iter().chain(question.iter().copied()).collect();
    folder.meed(&words)
}

fn answer(question: &[&str]) -> String {
    ask(question).with(0).out
}

#[test]
fn a_paid_line() {
    insta::assert_snapshot!(answer(&["--rule", "registered", "--key", "D1"]));
}

#[test]
fn a_rounded_tie() {
    insta::assert_snapshot!(answer(&["--rule", "registered", "--key", "D5"]));
}

#[test]
fn a_condition_that_failed() {
    insta::assert_snapshot!(answer(&["--rule", "registered", "--key", "D4"]));
}

#[test]
fn a_condition_that_is_unknown() {
    insta::assert_snapshot!(answer(&["--rule", "bounty", "--key", "D7"]));
}

#[test]
fn not_the_first() {
    insta::assert_snapshot!(answer(&["--rule", "bounty", "--key", "D2"]));
}

#[test]
fn a_capped_line_and_one_with_no_room() {
    insta::assert_snapshot!(answer(&["--rule", "bounty", "--payee", "MAYA"]));
    insta::assert_snapshot!(answer(&["--rule", "bounty", "--key", "D6"]));
}

#[test]
fn an_accumulation_that_crosses_a_band() {
    insta::assert_snapshot!(answer(&["--rule", "accelerator", "--key", "D4"]));
}

#[test]
fn a_manager_override() {
    insta::assert_snapshot!(answer(&["--rule", "override", "--key", "D4"]));
    insta::assert_snapshot!(answer(&["--rule", "override", "--key", "D7"]));
}

#[test]
fn a_period_rule() {
    insta::assert_snapshot!(answer(&["--rule", "desk", "--payee", "NORA"]));
    insta::assert_snapshot!(answer(&["--rule", "desk", "--key", "OLAF", "--period", "2026-Q1"]));
}

#[test]
fn versions_and_days_outside_of_them() {
    insta::assert_snapshot!(answer(&["--rule", "spiff", "--payee", "ZOE"]));
    insta::assert_snapshot!(answer(&["--rule", "spiff", "--key", "D5"]));
}

#[test]
fn everything_about_one_deal() {
    insta::assert_snapshot!(answer(&["--key", "D8"]));
}

#[test]
fn what_the_tables_say() {
    let late = answer(&["--key", "D8", "--through", "2026-03-31"]);
    assert_eq!(late, "deal D8 is of 2026-05-02, after the run's date 2026-03-31\n");
    assert_eq!(answer(&["--key", "D99"]), "no accepted row has the key `D99`\n");
    assert_eq!(answer(&["--payee", "NOBODY"]), "no party with the key `NOBODY` is in the tables\n");
}

#[test]
fn rejected_rows_are_told() {
    let folder = Folder::new("explain-rejected");
    for name in ["desk.meed", "meed.toml", "data/managers.csv", "data/agents.csv", "data/deals.csv"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain").join(name);
        folder.write(name, std::fs::read(path).expect("a file of the desk"));
    }
    folder.write("data/deals.csv", folder.read("data/deals.csv") + "D9,2026-05-02,NOBODY,C6,EMEA,yes,1,1.001\n");
    let told = folder.meed(&["explain", "--key", "D9"]).with(0).out;
    let first = "deal D9 is rejected: data/deals.csv, row 9, column `amount` `1.001`: more than 2 decimals\n";
    assert!(told.starts_with(first), "{told}");
    assert!(folder.meed(&["explain", "--rule", "registered", "--key", "D1"]).with(0).out.contains("160.00 USD"));
}

#[test]
fn what_cannot_be_asked() {
    ask(&["--rule", "registred"]).with(2).says("no rule `registred`").says("did you mean `registered`?");
    ask(&["--period", "Q1"]).with(2).says("`Q1` is no period").says("2026-Q1");
    let folder = Folder::new("explain-nothing");
    folder.meed(&["explain"]).with(2).says("no program is named");
    folder.meed(&["explain", "missing-precent"]).with(2).says("did you mean `missing-percent`?");
    folder.meed(&["explain", "gone.meed"]).with(1).says("cannot read `gone.meed`");
    assert!(folder.meed(&["explain", "missing-percent"]).with(0).out.starts_with("# missing-percent"));
}

#[test]
fn a_long_answer_is_cut() {
    let all = answer(&["--rule", "accelerator", "--most", "2"]);
    assert!(all.ends_with("and 6 more: ask for a --rule, --payee, --key or --period, or for --most\n"), "{all}");
    assert_eq!(all.matches(" pays agent ").count(), 2);
    assert_eq!(all.matches("schedule").count() + all.matches("rule accelerator \"").count(), 1, "the rule stands once");
}

#[test]
fn an_answer_for_machines() {
    let all = answer(&["--rule", "registered", "--key", "D4", "--message-format", "json"]);
    let object: serde_json::Value =
        serde_json::from_str(all.lines().last().unwrap_or_default()).expect("one object a line");
    assert_eq!(object["heading"], "registered pays nothing for deal D4 of 2026-02-17");
    let last = object["points"].as_array().and_then(|points| points.last()).expect("a point");
    assert_eq!(last["holds"], false);
}

#[test]
fn a_dated_field_is_told_once_and_by_its_name() {
    let folder = Folder::new("explain-dated");
    let program = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nentity partner { key id   level one of silver, gold  dated }\nevent deal { key id   when closed_on   partner partner   amount money   pieces count from 1 to 10 }\nrule r { for each deal   where partner.level is gold and pieces > 0, unknown means no   pay partner (2% if partner.level is gold, otherwise 1%) of amount }\n";
    folder
        .write("p.meed", program)
        .write("data/partner_history.csv", "id,from,to,level\nACME,2026-01-01,,gold\n")
        .write("data/deal.csv", "id,closed_on,partner,amount,pieces\nD1,2026-02-03,ACME,100.00,1\n");
    let told = folder.meed(&["explain", "p.meed", "--data", "data", "--key", "D1"]).with(0).out;
    assert!(told.contains("partner.level is gold"), "{told}");
    assert!(
        !told.contains("partner.level is partner") && !told.lines().any(|line| line.trim().starts_with("is ")),
        "{told}"
    );
    // A value outside of its bounds is written well: no format would read it otherwise.
    folder.write("data/deal.csv", "id,closed_on,partner,amount,pieces\nD1,2026-02-03,ACME,100.00,11\n");
    let said = folder.meed(&["run", "p.meed", "--data", "data", "--out", "out"]).with(3).messages;
    assert!(said.contains("more than 10") && !said.contains("would read that"), "{said}");
}

#[test]
fn a_rule_by_another_date_says_which_rows_it_does_not_see() {
    let folder = Folder::new("explain-by-date");
    let program = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nentity partner { key id }\nevent deal { key id   when closed_on   partner partner   signed_on optional date   amount money }\nrule r { for each deal by signed_on   pay partner 1% of amount }\n";
    folder
        .write("p.meed", program)
        .write("deal.csv", "id,closed_on,partner,signed_on,amount\nD1,2026-02-03,ACME,,100.00\nD2,2026-02-03,ACME,2027-01-01,100.00\nD3,2026-02-03,ACME,2026-02-04,100.00\n");
    let told = |key: &str| folder.meed(&["explain", "p.meed", "--data", ".", "--key", key]).with(0).out;
    assert_eq!(told("D1"), "r does not see deal D1: its signed_on is missing\n");
    assert_eq!(told("D2"), "r does not see deal D2: its signed_on is 2027-01-01, after the run's date 2026-12-31\n");
    assert!(told("D3").starts_with("r pays partner ACME 1.00 USD"), "{}", told("D3"));
}

#[test]
fn what_stands_between_the_lines_is_not_told() {
    let folder = Folder::new("explain-between");
    let program = "program p { currency USD rounded half even   month ends round down   active 2026-01-01 to 2026-12-31 }\nentity partner { key id   joined_on date   level one of silver, gold  dated }\nevent deal { key id   when closed_on   partner partner   amount money }\nrule steady { for each partner per quarter   where level is gold throughout, unknown means no   pay partner $10 }\nrule recent { for each deal   where count of (deal where partner = this.partner within 30 days) >= 1   pay partner $10   at most $15 per partner per year from partner.joined_on }\n";
    folder
        .write("p.meed", program)
        .write("partner.csv", "id,joined_on\nACME,2021-03-01\n")
        .write("partner_history.csv", "id,from,to,level\nACME,2026-01-01,,gold\n")
        .write("deal.csv", "id,closed_on,partner,amount\nD1,2026-02-03,ACME,100.00\nD2,2026-02-04,ACME,100.00\n");
    let told = |words: &[&str]| {
        let words: Vec<&str> = ["explain", "p.meed", "--data", "."].into_iter().chain(words.iter().copied()).collect();
        folder.meed(&words).with(0).out
    };
    let steady = told(&["--rule", "steady", "--key", "ACME", "--period", "2026-Q1"]);
    assert!(steady.contains("✓ level is gold throughout\n") && !steady.contains("throughout is"), "{steady}");
    let recent = told(&["--rule", "recent", "--key", "D2"]);
    assert!(!recent.contains("within 30 days is"), "{recent}");
    assert!(recent.contains("(partner ACME, the year from 2025-03-01)"), "{recent}");
}

#[test]
fn what_was_taken_back_is_told() {
    let folder = Folder::new("explain-returns");
    let program = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nentity partner { key id }\nevent deal { key id   when closed_on   partner partner   amount money }\nevent refund { key id   when refunded_on   deal reverses   amount money }\nrule r { for each deal   pay partner 1% of amount }\n";
    folder
        .write("p.meed", program)
        .write("deal.csv", "id,closed_on,partner,amount\nD1,2026-02-03,ACME,100.00\nD2,2026-02-03,ACME,100.00\n")
        .write("refund.csv", "id,refunded_on,deal,amount\nR1,2026-03-03,D1,100.00\nR2,2026-03-04,D2,40.00\n");
    let told = |key: &str| folder.meed(&["explain", "p.meed", "--data", ".", "--key", key]).with(0).out;
    let gone = told("D1");
    assert!(gone.contains("deal D1: refund R1 of 2026-03-03 takes 100.00 USD off its amount"), "{gone}");
    assert!(gone.contains("✗ nothing is left of the deal: all of it was taken back"), "{gone}");
    let left = told("D2");
    assert!(left.contains("deal D2: refund R2 of 2026-03-04 takes 40.00 USD off its amount"), "{left}");
    assert!(left.contains("r pays partner ACME 0.60 USD") && !left.contains("nothing is left"), "{left}");
    // What was paid is taken back by shares.
    let shares = program.replace("1% of amount }", "1% of amount   returns take back what was paid }");
    folder.write("p.meed", &shares);
    let shared = told("D2");
    for part in [
        "r pays partner ACME 1.00 USD",
        "refund R2 of 2026-03-04 takes back 0.40 USD of the 1.00 USD of partner ACME",
        "with it 40%",
    ] {
        assert!(shared.contains(part), "{part}\n{shared}");
    }
    assert!(told("R1").contains("refund R1 of 2026-03-03 takes back 1.00 USD of the 1.00 USD"), "{}", told("R1"));
    folder.write("p.meed", program);
    // The table of what takes back is needed: without it nothing could be told of what is left.
    std::fs::remove_file(folder.path().join("refund.csv")).expect("the file is there");
    let said = folder.meed(&["run", "p.meed", "--data", ".", "--out", "out"]).with(3).messages;
    assert!(said.contains("refund"), "{said}");
}

#[test]
fn parts_of_a_split_are_told_for_whom_they_are() {
    let folder = Folder::new("explain-split");
    let program = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nentity partner { key id }\nentity rep { key id }\nevent deal { key id   when closed_on   rep rep   partner partner   amount money }\nrule s { for each deal   pay split 10% of amount { 60% to rep   rest to partner }   at most $120 per payee per year }\nrule again { for each payment from s   pay deal.partner 10% of payment.amount }\nrule own { for each deal   pay rep $7   at most $7 per payee per year }\n";
    folder.write("p.meed", program).write(
        "deal.csv",
        "id,closed_on,rep,partner,amount\nD1,2026-01-01,R1,ACME,2000.00\nD2,2026-01-02,R2,ACME,2000.00\nD3,2026-01-03,R2,ACME,10.00\n",
    );
    let told = |words: &[&str]| {
        let words: Vec<&str> = ["explain", "p.meed", "--data", "."].into_iter().chain(words.iter().copied()).collect();
        folder.meed(&words).with(0).out
    };
    let again = told(&["--rule", "again", "--key", "D2"]);
    assert!(again.contains("on the 120.00 USD that s pays rep R2 for deal D2"), "{again}");
    // Of one row a part can be paid, and another not.
    let part = told(&["--rule", "s", "--key", "D3", "--payee", "R2"]);
    assert!(part.contains("rep R2: limit $120 per payee per year"), "{part}");
    assert!(part.contains("deal D2 of 2026-01-02 used 120.00 USD of it"), "{part}");
    let own = told(&["--rule", "own", "--key", "D3"]);
    assert!(own.contains("deal D2 of 2026-01-02 used 7.00 USD of it"), "{own}");
}

#[test]
fn what_closes_booked_is_told() {
    let folder = Folder::new("explain-closes");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31   settled per quarter }\n\
         event deal { key id   when closed_on   partner partner   amount money }\n\
         event credit_note { key id   when issued_on   deal reverses   amount money }\n\
         entity partner { key id }\n\
         rule share { for each deal   pay partner 10% of amount }\n",
    );
    folder.write("deal.csv", "id,closed_on,partner,amount\nD1,2026-02-01,ACME,1000\nD2,2026-02-02,ACME,500\n");
    folder.write("credit_note.csv", "id,issued_on,deal,amount\nN1,2026-05-10,D1,1000\n");
    let ask = |question: &[&str]| {
        let words = ["explain", "p.meed", "--data", "."].into_iter().chain(question.iter().copied());
        folder.meed(&words.collect::<Vec<_>>()).with(0).out
    };
    // Nothing is left of D1, and what was booked for it is told all the same, also to the party.
    for question in [["--key", "D1"], ["--payee", "ACME"]] {
        let told = ask(&question);
        assert!(told.contains("share pays nothing for deal D1"), "{told}");
        assert!(told.contains("100.00 USD for partner ACME, in its own period"), "{told}");
        assert!(told.contains("-100.00 USD for partner ACME, in 2026-Q2, as a return became known"), "{told}");
    }
    assert!(!ask(&["--key", "D2"]).contains("close by close"));
}

#[test]
fn lots_of_balances_and_ranks_are_told() {
    let folder = Folder::new("explain-balances");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\
         entity partner { key id }\n\
         event deal { key id   when closed_on   partner partner   amount money }\n\
         event claim { key id   when filed_on   partner partner   cost money }\n\
         balance mdf per partner expires after 1 quarter\n\
         rule fund { for each partner per quarter   add 2% of (sum of deal.amount) to mdf }\n\
         rule claims { for each claim   pay partner take 50% of cost from mdf }\n\
         rule club {\n  for each partner per quarter\n  where count of deal > 0\n  ranked by sum of deal.amount, share prizes\n  keep top 2\n  pay partner $100 / rank\n}\n",
    );
    folder.write("deal.csv", "id,closed_on,partner,amount\nD1,2026-02-01,ACME,1000\nD2,2026-02-02,BETA,1000\n");
    folder.write(
        "claim.csv",
        "id,filed_on,partner,cost\nC1,2026-04-10,ACME,30\nC2,2026-04-11,ACME,50\nC3,2026-07-01,ACME,10\n",
    );
    let ask = |question: &[&str]| {
        let words = ["explain", "p.meed", "--data", ".", "--through", "2026-07-02"].into_iter();
        folder.meed(&words.chain(question.iter().copied()).collect::<Vec<_>>()).with(0).out
    };
    let said = |told: &str, parts: &[&str]| {
        for part in parts {
            assert!(told.contains(part), "{part}\n{told}");
        }
    };
    said(
        &ask(&["--rule", "claims", "--key", "C2"]),
        &[
            "claims pays partner ACME 5.00 USD",
            "25.00 USD are asked from `mdf` of partner ACME, and the 5.00 USD that are there are taken",
            "`mdf` of partner ACME had 5.00 USD; 0.00 USD are left",
            "5.00 USD from what `fund` added for 2026-Q1",
        ],
    );
    said(
        &ask(&["--rule", "claims", "--key", "C3"]),
        &["claims pays nothing for claim C3", "5.00 USD are asked from `mdf` of partner ACME, and nothing is there"],
    );
    said(
        &ask(&["--rule", "fund", "--key", "ACME", "--period", "2026-Q1"]),
        &[
            "fund adds 20.00 USD to `mdf` of partner ACME",
            "20.00 USD are added to `mdf` of partner ACME on 2026-03-31, to be used up to 2026-06-30",
            "sum of deal.amount is 1,000.00 USD",
        ],
    );
    said(&ask(&["--rule", "fund"]), &["`fund` pays nobody: ask with the key of a row, or with a period"]);
    said(
        &ask(&["--rule", "club", "--key", "BETA", "--period", "2026-Q1"]),
        &[
            "club pays partner BETA 75.00 USD",
            "rank 1 of 2: sum of deal.amount is 1,000.00 USD",
            "one other is level with it",
            "places 1 to 2 are paid 150.00 USD together, of which it gets 75.00 USD",
            "its share of the prizes is 75.00 USD",
        ],
    );
}

#[test]
fn the_statement_of_a_balance_adds_up() {
    let folder = Folder::new("explain-statement");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\
         entity partner { key id }\n\
         event deal { key id   when closed_on   partner partner   amount money }\n\
         event claim { key id   when filed_on   partner partner   cost money }\n\
         event grant { key id   when granted_on   amount money }\n\
         balance mdf per partner expires after 2 quarters\n\
         balance pot may be negative\n\
         rule fund { for each partner per quarter   add 2% of (sum of deal.amount) to mdf }\n\
         rule claims { for each claim   pay partner take 50% of cost from mdf }\n\
         rule extra { for each claim   pay partner take 10% of cost from pot }\n\
         rule grants { for each grant   add amount to pot }\n",
    );
    folder.write("partner.csv", "id\nACME\nBOLT\nCORE\n");
    folder.write(
        "deal.csv",
        "id,closed_on,partner,amount\nD1,2026-02-01,ACME,10000\nD2,2026-02-01,BOLT,20000\nD3,2026-05-03,ACME,7000\n\
         D4,2026-08-03,ACME,-12000\n",
    );
    folder.write("claim.csv", "id,filed_on,partner,cost\nC1,2026-04-10,ACME,300\nC2,2026-07-12,ACME,60\n");
    folder.write("grant.csv", "id,granted_on,amount\nG1,2026-05-01,20\n");
    let ask = |question: &[&str]| {
        let words = ["explain", "p.meed", "--data", ".", "--through", "2026-12-31"].into_iter();
        folder.meed(&words.chain(question.iter().copied()).collect::<Vec<_>>())
    };
    let answer = |question: &[&str]| ask(question).with(0).out;
    insta::assert_snapshot!(answer(&["--balance", "mdf"]));
    insta::assert_snapshot!(answer(&["--balance", "mdf", "--payee", "ACME", "--period", "2026-Q3"]));
    insta::assert_snapshot!(answer(&["--balance", "pot"]));
    assert!(answer(&["--balance", "mdf", "--payee", "CORE"]).contains("nothing was added or taken"));
    assert_eq!(answer(&["--balance", "mdf", "--payee", "X"]), "no partner with the key `X` is in the tables\n");
    assert!(answer(&["--balance", "mdf", "--most", "1"]).contains("and 1 more"));
    ask(&["--balance", "mdx"]).with(2).says("has no balance `mdx`").says("did you mean `mdf`?");
    ask(&["--balance", "pot", "--payee", "ACME"]).with(2).says("`pot` is one balance for the whole program");
    ask(&["--balance", "mdf", "--rule", "fund"]).with(2).says("cannot be used with");
}

#[test]
fn limits_over_rules_payees_of_kinds_and_sets_as_they_stood_are_told() {
    let folder = Folder::new("explain-together");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\
         entity partner { key id }\n\
         entity person { key id   employer partner   is_paid yes/no }\n\
         event deal { key id   when closed_on   rep person   amount money }\n\
         event return { key id   when returned_on   deal reverses   amount money }\n\
         rule reward {\n  for each deal\n  pay (rep if rep.is_paid, otherwise rep.employer) 10% of amount\n}\n\
         rule more { for each deal   pay rep $30 }\n\
         limit together { over reward, more   at most $100 per payee per year }\n\
         rule growth {\n  for each partner per quarter\n  pay partner 1% of (sum of amount in (deal by rep.employer previous quarter, as it stood))\n}\n",
    );
    folder.write("person.csv", "id,employer,is_paid\nANA,P1,yes\nBEN,P1,no\n");
    folder.write("deal.csv", "id,closed_on,rep,amount\nD1,2026-02-01,ANA,800\nD2,2026-02-02,BEN,500\n");
    folder.write("return.csv", "id,returned_on,deal,amount\nR1,2026-07-01,D2,200\n");
    let ask = |question: &[&str]| {
        let words = ["explain", "p.meed", "--data", ".", "--through", "2026-12-31"].into_iter();
        folder.meed(&words.chain(question.iter().copied()).collect::<Vec<_>>()).with(0).out
    };
    let said = |told: &str, parts: &[&str]| {
        for part in parts {
            assert!(told.contains(part), "{part}\n{told}");
        }
    };
    said(
        &ask(&["--rule", "more", "--key", "D1"]),
        &[
            "more pays person ANA 20.00 USD for deal D1",
            "limit `together` of 100.00 USD over `reward`, `more` (person ANA, 2026): 30.00 USD is cut to 20.00 USD",
            "before this deal: 80.00 USD paid, room for 20.00 USD",
        ],
    );
    said(
        &ask(&["--rule", "reward", "--key", "D2"]),
        &[
            "reward pays partner P1 30.00 USD for deal D2",
            "it goes to partner P1\n      rep.is_paid is no\n      rep.employer is partner P1",
        ],
    );
    said(
        &ask(&["--rule", "growth", "--payee", "P1"]),
        &[
            "as it stood) is 1,300.00 USD\n        as it stood on 2026-06-30:\n        deal D1 of 2026-02-01: 800.00 USD",
            "deal D2 of 2026-02-02: 500.00 USD",
        ],
    );
}

#[test]
fn levels_of_a_chain_are_told() {
    let folder = Folder::new("explain-chain");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\
         entity person { key id   manager optional person   rate percent }\n\
         event deal { key id   when closed_on   rep person   amount money }\n\
         rule override {\n  for each deal\n  pay each manager above rep up to 3 levels (each.rate if each.depth = 1, otherwise 0.333%) of amount\n  at most $40\n}\n",
    );
    folder.write("person.csv", "id,manager,rate\nANA,BEN,1%\nBEN,CLEO,5%\nCLEO,,2%\n");
    folder.write("deal.csv", "id,closed_on,rep,amount\nD1,2026-02-01,ANA,1000\nD2,2026-02-02,CLEO,500\n");
    let ask = |key: &str| folder.meed(&["explain", "p.meed", "--data", ".", "--key", key]).with(0).out;
    let told = ask("D1");
    for part in [
        "override pays person BEN 40.00 USD and person CLEO 3.33 USD for deal D1",
        "level 1, person BEN: 50.00 USD\n      each.rate is 5%\n      amount is 1,000.00 USD",
        "level 2, person CLEO: 3.33 USD",
        "person BEN: limit $40: 50.00 USD is cut to 40.00 USD",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(ask("D2").contains("there is nobody up the chain to be paid"), "{}", ask("D2"));
}

#[test]
fn when_payments_are_due_is_told() {
    let folder = Folder::new("explain-due");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\
         entity partner { key id }\n\
         event deal { key id   when closed_on   partner partner   amount money }\n\
         event return { key id   when returned_on   deal reverses   amount money }\n\
         rule share {\n  for each deal\n  pay partner 10% of amount\n    in 3 parts per quarter\n  at most $50\n  returns take back what was paid\n}\n\
         rule bonus { for each payment from share   pay payment.payee 5% of payment.amount, due 45 days after payment.when }\n",
    );
    folder.write("deal.csv", "id,closed_on,partner,amount\nD1,2026-01-05,ACME,1000\n");
    folder.write("return.csv", "id,returned_on,deal,amount\nR1,2026-05-05,D1,250\n");
    let ask =
        |rule: &str| folder.meed(&["explain", "p.meed", "--data", ".", "--rule", rule, "--key", "D1"]).with(0).out;
    let told = ask("share");
    for part in [
        "limit $50: 100.00 USD is cut to 50.00 USD",
        "paid in 3 parts, each due on the last day of a quarter\n      16.67 USD for partner ACME are due on 2026-03-31",
        "16.66 USD for partner ACME are due on 2026-09-30\n      -4.17 USD for partner ACME are due on 2026-05-05",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    // Of a payment that a return takes back only what is taken back of it.
    let told = ask("bonus");
    let part = "due 45 days after payment.when\n      -0.21 USD for partner ACME are due on 2026-06-19\n";
    assert!(told.contains(part) && told.matches("0.83 USD for partner ACME are due").count() == 3, "{told}");
}

#[test]
fn decisions_of_choices_own_years_and_what_is_added_again_are_told() {
    let folder = Folder::new("explain-decided");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31   month ends round down }\n\
         entity person { key id   joined_on date }\n\
         event deal { key id   when closed_on   rep person   amount money }\n\
         event refund { key id   when refunded_on   deal reverses   amount money }\n\
         balance fund per person\n\
         choose first per deal {\n\
         rule large { for each deal   where amount >= $100   set extra to yes   set share to 5%   pay rep share of amount }\n\
         rule small { for each deal   where amount >= $50   set extra to no   set share to 1%   pay rep share of amount }\n\
         }\n\
         rule gift {\n  for each deal\n  where extra, unknown means no\n  pay rep share of $20, unknown means 0\n}\n\
         rule loyalty { for each person per year from joined_on   pay person 10% of (sum of amount in (deal by rep)) }\n\
         rule accrue {\n  for each person per quarter\n  add 10% of (sum of amount in (deal by rep)) to fund\n  returns take back what was added\n}\n",
    );
    folder.write("person.csv", "id,joined_on\nMAYA,2020-05-15\n");
    folder.write(
        "deal.csv",
        "id,closed_on,rep,amount\nD1,2026-02-01,MAYA,600\nD2,2026-02-02,MAYA,60\nD3,2026-02-03,MAYA,10\n",
    );
    folder.write("refund.csv", "id,refunded_on,deal,amount\nR1,2026-04-20,D1,200\n");
    let ask = |rule: &str, key: &str| {
        let args = ["explain", "p.meed", "--data", ".", "--through", "2026-06-30", "--rule", rule, "--key", key];
        folder.meed(&args).with(0).out
    };
    for (key, part) in [
        ("D1", "✓ extra\n      extra is yes"),
        ("D2", "✗ extra\n      extra is no"),
        ("D3", "✗ extra: unknown\n      extra is unknown"),
    ] {
        assert!(ask("gift", key).contains(part), "{part}\n{}", ask("gift", key));
    }
    assert!(ask("gift", "D1").contains("share is 5%"), "{}", ask("gift", "D1"));
    assert!(ask("small", "D1").contains("share is 1%, which is decided only where the rule is chosen"));
    let told = ask("loyalty", "MAYA");
    assert!(told.contains("sum of amount in (deal by rep) is 470.00 USD"), "{told}");
    // Who asks is no value of the set.
    assert!(!told.contains("is person MAYA"), "{told}");
    let told = ask("accrue", "MAYA");
    let part = "after a return `fund` of person MAYA is lowered by 20.00 USD on 2026-04-20\n      \
                with what was returned up to then it comes to 47.00 USD in place of 67.00 USD";
    assert!(told.contains(part), "{told}");
}

#[test]
fn the_row_of_a_table_that_counted_is_named() {
    let folder = Folder::new("explain-tables");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\nuse channel\n\n\
         table rate(quantity) gives percent, one match {\n  quantity   | percent\n  below 10   | 1%\n  10 or more | 2%   // bulk\n}\n\n\
         table extra(region, quantity) gives percent, sum of matches {\n  region  | quantity   | percent\n  \"North\" | any        | 1%\n  any     | 10 or more | 2%\n  any     | any        | 0.5%\n}\n\n\
         table kept(region) gives money, first match {\n  region    | money\n  \"South\"   | $5\n  otherwise | $1\n}\n\n\
         table best(quantity) from \"best.csv\" gives percent, highest by percent {\n  quantity  from \"Min\" to \"Max\"\n  percent   from \"Rate\" as \"12\"\n  empty means any\n}\n\n\
         extend deal { region text }\n\n\
         rule r {\n  for each deal\n  let share = rate(quantity) + extra(region, quantity + 1)\n  where kept(region) > $0\n  pay partner (share + (best(quantity) if unknown 0%)) of amount\n}\n",
    );
    folder.write("best.csv", "Min,Max,Rate\n1,5,3\n1,20,4\n1,,2\n");
    folder.write(
        "data/deal.csv",
        "id,closed_on,partner,amount,quantity,region\nD1,2026-02-03,ACME,100,12,North\nD2,2026-02-03,ACME,100,9,West\n",
    );
    let asked = |key: &str| folder.meed(&["explain", "p.meed", "--data", "data", "--key", key]).with(0).out;
    let told = asked("D1");
    for line in [
        "the row of `rate`: 10 or more | 2%",
        "the row of `extra`: \"North\" | any | 1%",
        "the row of `extra`: any | 10 or more | 2%",
        "the row of `extra`: any | any | 0.5%",
        "no row of `kept` matches: otherwise",
        "row 2 of \"best.csv\"",
    ] {
        assert!(told.contains(line), "no {line:?} in\n{told}");
    }
    assert!(told.contains("9.50 USD"), "{told}");
    let told = asked("D2");
    assert!(told.contains("the row of `rate`: below 10 | 1%") && !told.contains("\"North\" | any"), "{told}");
    // Nine and one is ten, which the second row takes.
    assert!(told.contains("the row of `extra`: any | 10 or more | 2%"), "{told}");
}

/// One place of the text is asked once for each level of a chain, and each level has its row.
#[test]
fn the_row_of_a_table_is_that_of_the_level() {
    let folder = Folder::new("explain-table-levels");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\nuse channel\n\n\
         table q(depth) gives percent, one match {\n  below 2   | 1%\n  2 or more | 5%\n}\n\n\
         table lone(c) gives percent, one match {\n  \"X\" | 5%\n  otherwise | 6%\n}\n\nextend deal { c text }\n\n\
         rule c {\n  for each deal\n  where lone(c) > 0%\n  pay each manager above rep up to 2 levels q(each.depth) of amount\n}\n",
    );
    folder.write("data/person.csv", "id,manager\nANN,BEN\nBEN,CEM\nCEM,\n");
    folder.write("data/deal.csv", "id,closed_on,rep,amount,c\nD1,2026-02-03,ANN,100,X\n");
    let told = folder.meed(&["explain", "p.meed", "--data", "data", "--key", "D1"]).with(0).out;
    for lines in [
        "q(each.depth) is 1%\n      the row of `q`: below 2 | 1%\n",
        "q(each.depth) is 5%\n      the row of `q`: 2 or more | 5%\n",
        "the row of `lone`: \"X\" | 5%",
    ] {
        assert!(told.contains(lines), "no {lines:?} in\n{told}");
    }
}
