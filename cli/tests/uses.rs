//! `use "terms.meed"`: the items of another file, in every command.

mod support;

use support::Folder;

const PROGRAM: &str = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\nuse channel\nuse \"terms.meed\"\n\nrule bonus {\n  for each deal\n  pay partner bands(amount)\n}\n\ntest \"t\" {\n  given deal D1 { partner ACME  closed_on 2026-03-02  amount $200 }\n  expect bonus pays ACME $3\n}\n";
const TERMS: &str =
    "\u{feff}use channel\nuse \"bands.meed\"\n\nsource deal from \"sales.csv\" { amount from \"Total\" }\n";
const BANDS: &str = "schedule bands graduated nothing below zero { to $100 1%   beyond 2% }\n";
const SALES: &str = "id,closed_on,partner,Total\nD1,2026-03-02,ACME,200.00\n";

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder
        .write("p.meed", PROGRAM)
        .write("terms.meed", TERMS)
        .write("bands.meed", BANDS)
        .write("data/sales.csv", SALES);
    folder
}

#[test]
fn every_command_takes_the_items_of_other_files_in() {
    let folder = folder("uses");
    folder.meed(&["check", "p.meed"]).with(0).says("`p`: no problems (1 rule, 1 test)");
    let tested = folder.meed(&["test", "p.meed"]).with(0);
    assert!(tested.out.contains("1 passed, 0 failed"), "{}", tested.out);
    let plan = folder.meed(&["plan", "p.meed"]).with(0).out;
    assert!(plan.contains("event deal from \"sales.csv\"") && plan.contains("schedule bands"), "{plan}");
    folder.meed(&["run", "p.meed", "--data", "data", "--out", "out"]).with(0);
    assert!(folder.read("out/payments.csv").contains("3.00"), "{}", folder.read("out/payments.csv"));
    let manifest = folder.read("out/run.json");
    for (name, text) in [("terms.meed", TERMS), ("bands.meed", BANDS)] {
        let digest = meed_runtime::manifest::sha256_of(text.trim_start_matches('\u{feff}').as_bytes());
        assert!(manifest.contains(&format!("\"name\": \"{name}\"")) && manifest.contains(&digest), "{manifest}");
    }
    let explained = folder.meed(&["explain", "p.meed", "--data", "data", "--key", "D1"]).with(0).out;
    assert!(explained.contains("pay partner bands(amount)"), "{explained}");
    folder.meed(&["fmt", "--check", "p.meed", "bands.meed"]).with(0);
    // A run that would write over a file that the program uses is refused.
    folder.meed(&["run", "p.meed", "--data", "data", "--out", "out", "--rejects", "bands.meed"]).with(2);
}

#[test]
fn a_problem_is_shown_in_its_file() {
    let folder = folder("uses-problem");
    folder.write("bands.meed", "// the bands\nschedule bands graduated { to $100 1   beyond 2% }\n");
    let said = folder.meed(&["check", "p.meed"]).with(1).messages;
    assert!(said.contains("bands.meed:2:") && said.contains("to $100 1"), "{said}");
    assert!(!said.contains("p.meed:"), "{said}");
    let json = folder.meed(&["check", "p.meed", "--message-format", "json"]).with(1).out;
    assert!(json.contains("\"file\":\"bands.meed\"") && json.contains("\"line\":2"), "{json}");
    // The other half of a contradiction may be in another file.
    folder.write("bands.meed", "\nschedule bands graduated { to $100 1%   beyond 2% }\n");
    folder.write("p.meed", format!("{PROGRAM}schedule bands graduated {{ to $5 1%   beyond 2% }}\n"));
    let said = folder.meed(&["check", "p.meed"]).with(1).messages;
    assert!(said.contains("bands.meed:2:") && said.contains("p.meed, line 15: declared first here"), "{said}");
}

#[test]
fn sure_repairs_are_made_in_the_file_that_needs_them() {
    let folder = folder("uses-fix");
    folder.write("bands.meed", "parameter share = 2%\nrule more {\n  for every deal\n  pay partner share of the amount\n}\nschedule bands graduated nothing below zero { to $100 1%   beyond 2% }\n");
    let said = folder.meed(&["check", "p.meed", "--fix"]).with(0).messages;
    assert!(said.contains("repaired bands.meed, line 3: write `for each`"), "{said}");
    assert!(folder.read("bands.meed").contains("for each deal\n  pay partner share of amount"));
    assert_eq!((folder.read("p.meed"), folder.read("terms.meed")), (PROGRAM.to_owned(), TERMS.to_owned()));
}

#[test]
fn what_cannot_be_used_is_told_at_its_place() {
    let folder = folder("uses-bad");
    let with = |uses: &str| PROGRAM.replace("use \"terms.meed\"", &format!("use \"terms.meed\"\n{uses}"));
    for (uses, words) in [
        ("use \"none.meed\"", "`none.meed` cannot be read"),
        ("use \"../p.meed\"", "`../p.meed` is no name of a file beside this one"),
        ("use \"/etc/passwd\"", "is no name of a file beside this one"),
        ("use \"data\"", "`data` cannot be read"),
        ("use \"bytes.meed\"", "it is not UTF-8 text"),
        ("use \"terms.meed\"", "`terms.meed` is used twice"),
        ("use \"p.meed\"", "files use one another in a circle: p.meed → p.meed"),
    ] {
        folder.write("bytes.meed", [0xff, 0xfe]).write("p.meed", with(uses));
        folder.meed(&["check", "p.meed"]).with(1).says(words).says("p.meed:5:");
    }
    folder.write("p.meed", PROGRAM).write("bands.meed", format!("use \"terms.meed\"\n{BANDS}"));
    folder
        .meed(&["check", "p.meed"])
        .with(1)
        .says("files use one another in a circle: terms.meed → bands.meed → terms.meed")
        .says("bands.meed:1:");
    // Two files may use a third: its items are taken in once.
    folder.write("bands.meed", BANDS).write("p.meed", with("use \"bands.meed\""));
    folder.meed(&["check", "p.meed"]).with(0);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_outside_is_not_read() {
    let folder = folder("uses-link");
    std::fs::remove_file(folder.path().join("bands.meed")).expect("it is there");
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("bands.meed")).expect("a link");
    folder.meed(&["check", "p.meed"]).with(1).says("a link leads outside of the folder");
}

const WITH_SHEET: &str = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\nuse channel\n\ntable rate(amount) from \"rates.csv\" gives percent, one match {\n  amount   from \"Min\" to \"Max\"\n  percent  from \"Rate\" as \"12\"\n}\n\nrule bonus {\n  for each deal\n  pay partner (rate(amount) if unknown 0%) of amount\n}\n";
const RATES: &str = "Min;Max;Rate\n;100;1\n100.01;;2\n";

#[test]
fn a_table_is_read_from_a_sheet_beside_the_program() {
    let folder = Folder::new("uses-sheet");
    folder
        .write("p.meed", WITH_SHEET)
        .write("rates.csv", RATES)
        .write("data/deals.csv", "id,closed_on,partner,amount\nD1,2026-03-02,ACME,200.00\n");
    folder.meed(&["check", "p.meed"]).with(0);
    folder.meed(&["run", "p.meed", "--data", "data", "--out", "out"]).with(0);
    assert!(folder.read("out/payments.csv").contains("4.00"), "{}", folder.read("out/payments.csv"));
    let manifest = folder.read("out/run.json");
    let digest = meed_runtime::manifest::sha256_of(RATES.as_bytes());
    assert!(manifest.contains("\"name\": \"rates.csv\"") && manifest.contains(&digest), "{manifest}");
    // A run that would write over it is refused.
    folder.meed(&["run", "p.meed", "--data", "data", "--out", "out", "--rejects", "rates.csv"]).with(2);
    folder.write("rates.csv", "Min;Max;Rate\n;100;1\n100;;2\n");
    let said = folder.meed(&["check", "p.meed"]).with(1).messages;
    assert!(said.contains("rows 1 and 2 of `rates.csv` match amount 100 USD"), "{said}");
    folder.write("rates.csv", "");
    assert!(folder.meed(&["check", "p.meed"]).with(1).messages.contains("no line of headers"));
    std::fs::remove_file(folder.path().join("rates.csv")).expect("the sheet can be removed");
    assert!(folder.meed(&["check", "p.meed"]).with(1).messages.contains("`rates.csv` cannot be read"));
}

/// A library of rules is read as a file of the program, and has no file that could be shown, fixed or written over.
#[test]
fn every_command_takes_the_rules_of_a_library_in() {
    let folder = Folder::new("uses-library");
    let program = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\nuse channel\nuse volume_rebate\n\nschedule rebate_bands graduated { to $100 1%   beyond 2% }\n";
    let sales = "id,closed_on,partner,amount\nD1,2026-03-02,ACME,200.00\n";
    folder.write("p.meed", program).write("data/deal.csv", sales);
    folder.meed(&["check", "p.meed"]).with(0).says("`p`: no problems (1 rule, 0 tests)");
    folder.meed(&["run", "p.meed", "--data", "data", "--through", "2026-12-31", "--out", "out"]).with(0);
    assert!(folder.read("out/payments.csv").contains("volume_rebate,1,partner,ACME,USD,3.00"));
    let text = meed_stdlib::library("volume_rebate").expect("the library").text;
    assert!(folder.read("out/run.json").contains(&meed_runtime::manifest::sha256_of(text.as_bytes())));
    let explained =
        folder.meed(&["explain", "p.meed", "--data", "data", "--through", "2026-12-31", "--payee", "ACME"]).with(0).out;
    assert!(explained.contains("pay partner rebate_bands(sum of deal.amount)"), "{explained}");
    // What does not fit is shown where the library is taken in.
    let other = program.replace(
        "use channel",
        "entity partner { key id }\nevent deal { key id  when closed_on  partner partner  value money }",
    );
    folder.write("p.meed", &other);
    let said = folder.meed(&["check", "p.meed"]).with(1).messages;
    for part in ["p.meed:5:", "`deal` has no field `amount`", "taken in here", "volume_rebate, line 6: `amount`"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    // A sure repair of the program's own is made, and nothing else is written.
    folder.write("p.meed", format!("{program}rule more {{\n  for every deal\n  pay partner 1% of amount\n}}\n"));
    let said = folder.meed(&["check", "p.meed", "--fix"]).messages;
    assert!(folder.read("p.meed").contains("for each deal"), "{said}");
    assert!(!folder.has("library volume_rebate"));
    folder.meed(&["check", "p.meed"]).with(0);
    // Taken in by a file of the program, and by the program too.
    folder.write("p.meed", format!("use \"terms.meed\"\n{program}")).write("terms.meed", "use volume_rebate\n");
    folder.meed(&["check", "p.meed"]).with(0);
}

/// The order of files does not matter: what is extended may come behind.
#[test]
fn a_record_of_another_file_is_extended() {
    let folder = Folder::new("uses-extend");
    let program = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nuse \"facts.meed\"\nuse channel\nuse goal_bonus\nextend sale { margin money }\nextend goal { cap money }\nschedule attainment curve nothing below zero { below 60% 0%  at 60% pays 30%  at 100% pays 100%  beyond flat }\nrule r { for each sale  pay seller 1% of margin }\n";
    folder.write("p.meed", program).write("facts.meed", "event sale { key id  when sold_on  seller person }\n");
    folder.meed(&["check", "p.meed"]).with(0);
}

/// What a library needs is declared in the form that its rules read, and a message says which it is.
#[test]
fn terms_of_a_library_are_of_the_kind_that_it_reads() {
    let folder = Folder::new("uses-terms");
    let head = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nuse channel\n";
    let fund = "use development_fund\nparameter fund_share = 50%\n";
    let own = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nentity partner { key id }\n\
               event deal { key id  when closed_on  partner partner  amount money }\nuse target_prospects\n\
               parameter engagement_bounty = $5\nparameter engagement_limit = $9\n";
    let credit = "use credit_equal_shares\nparameter referral_rate = 5%\nparameter referral_days = 90\n";
    for (text, words) in [
        (
            format!("{head}{fund}balance fund per partner\nparameter fund_rate = $2\n"),
            "`fund_rate` of library `development_fund` is a percent",
        ),
        (
            format!("{head}{fund}balance fund\nparameter fund_rate = 2%\n"),
            "`fund` of library `development_fund` is kept as in: balance fund per partner",
        ),
        (
            format!(
                "{head}use price_discount\ntable discount(level, quantity, family) gives percent, one match {{\n  otherwise | 0%\n}}\n"
            ),
            "`discount` of library `price_discount` is asked with level, family, quantity",
        ),
        (format!("{head}{credit}use credit_in_full\n"), "take in one of the two"),
        (format!("{head}entity goal {{ key id }}\nuse goal_bonus\n"), "add fields to the library's"),
        (own.to_owned(), "entity customer { key id }"),
    ] {
        folder.write("p.meed", &text);
        let said = folder.meed(&["check", "p.meed"]).with(1).messages;
        assert!(said.contains(words), "no {words:?} in {said}\n{text}");
        assert!(!said.contains("internal"), "{said}");
    }
    folder.write(
        "p.meed",
        format!("{head}{fund}balance fund per partner\nparameter rate = 1%\nparameter fund_rate = rate\n"),
    );
    folder.meed(&["check", "p.meed"]).with(0);
}
