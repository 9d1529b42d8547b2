//! `meed new`, and commands that take a project's settings.

mod support;

use support::Folder;

#[test]
fn a_new_project_works_at_once() {
    let folder = Folder::new("new-works");
    folder.meed(&["new", "channel-2026"]).with(0).says("holds the program `channel_2026`");
    let project = Folder::new("new-works/channel-2026-moved");
    std::fs::rename(folder.path().join("channel-2026"), project.path()).expect("the project is moved");
    project.meed(&["check"]).with(0).says("`channel_2026`: no problems (3 rules, 4 tests)");
    project.meed(&["fmt", "--check"]).with(0);
    assert!(project.meed(&["test"]).with(0).out.ends_with("4 passed, 0 failed\n"), "and the tests reach everything");
    let ended = project.meed(&["run"]).with(0);
    assert!(!ended.messages.contains("rows read"), "off a terminal no progress is shown");
    let totals = "rule,payee_kind,payee,unit,period,amount\n\
                  registered_deals,partner,ACME,USD,2026-Q1,160.00\n\
                  registered_deals,partner,ACME,USD,2026-Q2,-10.00\n\
                  registered_deals,partner,BOREAS,USD,2026-Q2,12.80\n\
                  volume_rebate,partner,ACME,USD,2026-Q1,200.00\n\
                  volume_rebate,partner,BOREAS,USD,2026-Q1,12.50\n\
                  volume_rebate,partner,BOREAS,USD,2026-Q2,6.40\n\
                  introductions,person,MAYA,USD,2026-Q1,1000.00\n\
                  introductions,person,RAVI,USD,2026-Q2,500.00\n";
    assert_eq!(project.read("payments/totals.csv"), totals);
    assert!(project.read("README.md").lines().count() <= 10);
    assert!(!project.read("README.md").contains("starter"));
}

#[test]
fn a_folder_that_holds_something_is_refused() {
    let folder = Folder::new("new-refused");
    folder.write("full/notes.txt", "mine");
    folder.meed(&["new", "full"]).with(2).says("`full` is not empty");
    assert_eq!(folder.read("full/notes.txt"), "mine");
    assert!(!folder.has("full/meed.toml"));
    std::fs::create_dir(folder.path().join("empty")).expect("an empty folder");
    folder.meed(&["new", "empty"]).with(0);
    folder.meed(&["new", "full/notes.txt"]).with(5).says("cannot use `full/notes.txt`");
}

#[test]
fn a_name_that_is_no_name_of_the_language_is_replaced() {
    let folder = Folder::new("new-names");
    folder.meed(&["new", "where"]).with(0).says("holds the program `incentives`");
    assert!(folder.has("where/incentives.meed"));
    folder.meed(&["new", "2026"]).with(0).says("holds the program `incentives`");
    folder.meed(&["check", "2026"]).with(0);
}

#[test]
fn the_command_line_wins_over_the_project() {
    let folder = Folder::new("project-wins");
    folder.meed(&["new", "p"]).with(0);
    let more = "format = \"jsonl\"\n[set]\nbounty = \"$300\"\n";
    let settings = folder.read("p/meed.toml").replace("2026-06-30", "2026-03-31") + more;
    folder.write("p/meed.toml", settings);
    folder.meed(&["run", "p"]).with(0).says("through 2026-03-31").says("parameter bounty = $300 (in the program $500)");
    assert!(folder.has("p/payments/totals.jsonl") && !folder.has("p/payments/totals.csv"));
    let options = ["--through", "2026-06-30", "--set", "bounty=$400", "--out", "elsewhere", "--format", "csv"];
    let all: Vec<&str> = ["run", "p"].into_iter().chain(options).collect();
    folder.meed(&all).with(0).says("through 2026-06-30").says("parameter bounty = $400");
    assert!(folder.read("elsewhere/totals.csv").contains("introductions,person,MAYA,USD,2026-Q1,800.00"));
    folder.write("late.csv", "id,closed_on,partner,amount,registered\nD9,2026-03-01,ACME,100,yes\n");
    let ended = folder.meed(&["run", "p", "--data", "deal=late.csv", "--format", "csv"]).with(0);
    ended.says("not read: p/data/deals.csv (another file is named for `deal`)");
    assert!(folder.read("p/payments/totals.csv").contains("registered_deals,partner,ACME,USD,2026-Q1,2.00"));
}

#[test]
fn a_program_that_is_named_leaves_the_project_alone() {
    let folder = Folder::new("project-alone");
    folder.meed(&["new", "p"]).with(0);
    let project = folder.path().join("p");
    let named = Folder::new("project-alone/p-copy");
    std::fs::copy(project.join("p.meed"), named.path().join("p.meed")).expect("a copy");
    named.write("meed.toml", "program = \"p.meed\"\nout = \"here\"\n");
    named.meed(&["run", "p.meed", "--data", "../p/data"]).with(2).says("no folder is named for the payments");
    named.meed(&["run", "--data", "../p/data", "--through", "2026-06-30"]).with(0);
    assert!(named.has("here/totals.csv"));
}

#[test]
fn settings_that_are_wrong_are_told_with_key_and_line() {
    let folder = Folder::new("project-wrong");
    folder.write("meed.toml", "program = \"p.meed\"\nformt = \"csv\"\nout = 5\n");
    for command in ["check", "test", "run", "plan", "fmt"] {
        let ended = folder.meed(&[command]).with(2).says("there is no setting `formt`").says("did you mean `format`?");
        ended.says("meed.toml:2:1").says("`out` is a text in quotes").says("meed.toml:3:7");
    }
    let json = folder.meed(&["check", "--message-format", "json"]).with(2).out;
    assert!(json.contains("\"code\":\"project-file\"") && json.contains("\"file\":\"meed.toml\""), "{json}");
    folder.write("meed.toml", "out = \"x\"\n");
    folder.meed(&["check"]).with(2).says("`meed.toml` names no program");
    folder.write("meed.toml", "program = \"gone.meed\"\n");
    folder.meed(&["check"]).with(1).says("cannot read `gone.meed`");
}

#[test]
fn without_a_project_a_program_is_named() {
    let folder = Folder::new("project-none");
    for command in ["check", "test", "run", "plan", "fmt"] {
        folder.meed(&[command]).with(2).says("no program is named").says("meed new");
    }
    folder.write("sub/x.txt", "");
    folder.meed(&["check", "sub"]).with(2).says("`sub` is a folder without a `meed.toml`");
}

#[test]
fn a_project_begins_with_any_example() {
    let folder = Folder::new("new-from");
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let entries = std::fs::read_dir(examples).expect("the examples").map(|entry| entry.expect("an entry").path());
    let mut n_examples = 0;
    for example in entries.filter(|path| path.is_dir()) {
        let name = example.file_name().expect("a name").to_string_lossy().into_owned();
        let short = name.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches('-').replace('_', "-");
        folder.meed(&["new", &name, "--from", &short]).with(0).says("holds the example");
        folder.meed(&["check", &name]).with(0);
        folder.meed(&["test", &name]).with(0);
        let out = format!("{name}-out");
        folder
            .meed(&["run", &name, "--out", &out, "--rejects", &format!("{name}.csv"), "--through", "2026-12-31"])
            .with(0);
        assert!(folder.has(&format!("{out}/payments.csv")));
        n_examples += 1;
    }
    assert!(n_examples >= 17);
    folder.meed(&["new", "other", "--from", "02-development-fund"]).with(0);
    folder
        .meed(&["new", "third", "--from", "price_desc"])
        .with(2)
        .says("did you mean `price-desk`?")
        .says("sales-goals");
    folder.meed(&["new", "other", "--from", "price-desk"]).with(2).says("`other` is not empty");
}
