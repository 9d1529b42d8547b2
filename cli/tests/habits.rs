//! What people are used to of commands: a project found from below, several files, standard input, less and more words, tables on
//! standard output, a command that is run again when files change.

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use support::Folder;

/// A project with its tables.
fn project(name: &str) -> Folder {
    let folder = Folder::new(&format!("habits-{name}"));
    folder.meed(&["new", "desk"]).with(0);
    folder
}

#[test]
fn a_project_is_found_from_a_folder_below() {
    let folder = project("below");
    std::fs::create_dir_all(folder.path().join("desk/notes/of/may")).expect("folders");
    for place in ["desk", "desk/notes", "desk/notes/of/may"] {
        for command in ["check", "fmt", "test", "run"] {
            folder.meed_in(place, &[command]).with(0);
        }
        folder.meed_in(place, &["show", "plan"]).with(0);
        folder.meed_in(place, &["explain", "--rule", "introductions", "--key", "I1"]).with(0);
    }
    // Everything is where the project says, and nothing in the folders below.
    assert!(folder.has("desk/payments/run.json") && !folder.has("desk/notes/payments"));
    let said = folder.meed_in("desk/notes", &["run"]).with(0);
    let said = said
        .says("written to `../payments`: payments.csv (9 rows), totals.csv (8 rows), decisions.csv (0 rows), run.json");
    said.says("paid most, in USD: person MAYA 1,000.00; person RAVI 500.00; partner ACME 350.00; partner BOREAS 31.70");
    // The nearest one counts.
    folder.write("desk/notes/meed.toml", "program = \"gone.meed\"\n");
    folder.meed_in("desk/notes/of", &["check"]).with(1).says("cannot read `../gone.meed`");
    folder.write("desk/notes/meed.toml", "progam = \"gone.meed\"\n");
    folder.meed_in("desk/notes/of/may", &["check"]).with(2).says("there is no setting `progam`");
}

#[test]
fn several_programs_folders_and_standard_input_are_checked_and_formatted() {
    let folder = project("several");
    let good = folder.read("desk/desk.meed");
    let rough = good.replace("  currency", "      currency");
    let wrong = good.replace("pay partner", "pay parner");
    folder.write("all/a.meed", &good).write("all/below/b.meed", &rough).write("all/.hidden/c.meed", &wrong);
    folder.write("all/terms.meed", "parameter bounty = $500\n").write("all/readme.txt", "no program");
    folder
        .meed(&["check", "all"])
        .with(0)
        .says("`all/terms.meed` has no `program`: it is checked with those that use it");
    let said = folder.meed(&["check", "all", "desk", "all/a.meed"]).with(0);
    assert_eq!(said.messages.matches("no problems").count(), 4, "{}", said.messages);
    // A file that is named is meant.
    folder.meed(&["check", "all/terms.meed"]).with(1).says("has no `program`");
    // One that fails does not keep the others.
    folder.write("all/z.meed", &wrong);
    let said = folder.meed(&["check", "all", "gone.meed", "all/a.meed"]).with(1);
    assert_eq!(said.messages.matches("no problems").count(), 3, "{}", said.messages);
    assert!(
        said.messages.contains("`parner`") && said.messages.contains("cannot read `gone.meed`"),
        "{}",
        said.messages
    );
    folder.meed(&["fmt", "--check", "all"]).with(1).says("`all/below/b.meed` is not in its usual form");
    std::fs::remove_file(folder.path().join("all/z.meed")).expect("it goes");
    folder.meed(&["fmt", "all"]).with(0);
    assert_eq!(folder.read("all/below/b.meed"), good);
    folder.meed(&["fmt", "--check", "all"]).with(0);
    // Standard input is printed in its usual form, or nothing of it is.
    assert_eq!(folder.meed_on(rough.as_bytes(), &["fmt", "-"]).with(0).out, good);
    assert_eq!(folder.meed_on(good.as_bytes(), &["fmt", "-"]).with(0).out, good);
    assert_eq!(folder.meed_on(rough.as_bytes(), &["fmt", "--check", "-"]).with(1).out, "");
    assert_eq!(folder.meed_on(b"rule {", &["fmt", "-"]).with(1).out, "");
    folder.meed_on(good.as_bytes(), &["check", "-"]).with(0).says("no problems");
    folder.meed_on(wrong.as_bytes(), &["check", "-"]).with(1).says("`parner`");
    folder.meed_on(wrong.as_bytes(), &["check", "--fix", "-"]).with(2).says("standard input cannot be repaired");
    folder.meed_on(b"\xff", &["check", "-"]).with(1).says("`-` is not UTF-8 text");
    // A folder of nothing.
    folder.write("none/x.txt", "");
    folder.meed(&["check", "none"]).with(2).says("a folder without a `meed.toml` and without programs");
}

#[test]
fn less_and_more_is_told_as_asked_and_in_color() {
    let folder = project("words");
    for words in [["-q", "run"], ["run", "--quiet"]] {
        let ended = folder.meed_in("desk", &words).with(0);
        assert_eq!((ended.out, ended.messages), (String::new(), String::new()));
    }
    let ended = folder.meed_in("desk", &["run", "-v"]).with(0);
    let ended = ended.says("read data/deals.csv for deal: 5 rows, 195 bytes, SHA-256 ").says("rule introductions: 0.");
    assert!(folder.meed_in("desk", &["run"]).with(0).messages.len() < ended.messages.len());
    folder.meed_in("desk", &["-q", "-v", "run"]).with(2);
    // Problems are told all the same.
    folder.write("desk/desk.meed", folder.read("desk/desk.meed").replace("pay partner", "pay parner"));
    let plain = folder.meed_in("desk", &["-q", "check"]).with(1).says("`parner`");
    assert!(!plain.messages.contains('\u{1b}'));
    for (when, is_colored) in [("always", true), ("never", false), ("auto", false)] {
        let ended = folder.meed_in("desk", &["check", "--color", when]).with(1).says("parner");
        assert_eq!(ended.messages.contains('\u{1b}'), is_colored, "{when}");
    }
}

#[test]
fn what_there_is_is_named_where_something_else_is_asked_for() {
    let folder = project("asked");
    folder
        .meed(&["chek"])
        .with(2)
        .says("there is no command `chek`")
        .says("did you mean `check`? There are new, check, fmt");
    folder
        .meed(&["show", "pln"])
        .with(2)
        .says("there is no command `pln` in `meed show`")
        .says("There are plan, tree, phases");
    folder.meed(&["book", "xyz"]).with(2).says("There are new, list, show, check, statement");
    folder.meed(&["\u{1b}[31m"]).with(2).says("there is no command");
    let set = |value: &str| folder.meed_in("desk", &["run", "--set", value]).with(2);
    set("bouny=$5").says("did you mean `bounty`? The parameters are bounty");
    set("x=$5").says("the parameters are bounty");
    set("bounty").says("`--set bounty` sets nothing");
    folder.write("desk/desk.meed", "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n");
    set("x=$5").says("the program has no parameters");
}

#[test]
fn tables_are_printed_on_standard_output() {
    let folder = project("printed");
    let run = |more: &[&str]| folder.meed_in("desk", &[&["run", "--print"], more].concat());
    // Nothing is written where no folder is named on the command line.
    let totals = run(&["totals"]).with(0);
    assert!(!folder.has("desk/payments") && !totals.messages.contains("written to"));
    assert!(
        totals.out.contains("| introductions    | person     | RAVI   | USD  | 2026-Q2 |  500.00 |\n"),
        "{}",
        totals.out
    );
    let csv = run(&["payments", "--print-as", "csv", "-q"]).with(0);
    assert_eq!(csv.messages, "");
    folder.meed_in("desk", &["run"]).with(0);
    assert_eq!(csv.out, folder.read("desk/payments/payments.csv"));
    // With one they are written too, in their own format.
    let both = run(&["payments", "--print-as", "csv", "--out", "both", "--format", "parquet"]).with(0);
    assert!(folder.has("desk/both/payments.parquet") && both.out == csv.out);
    let json = run(&["totals", "--print-as", "json"]).with(0).out;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).expect("a list");
    assert_eq!((rows.len(), &rows[7]["amount"]), (8, &serde_json::Value::from("500.00")));
    assert_eq!(run(&["decisions", "--print-as", "json"]).with(0).out, "[\n]\n");
    let comma = run(&["totals", "--print-as", "csv", "--csv", "sep=; decimal=,"]).with(0).out;
    assert!(comma.contains("introductions;person;RAVI;USD;2026-Q2;500,00\n"), "{comma}");
    // Totals alone have no payments; and two things cannot be on standard output.
    assert_eq!(run(&["totals", "--only", "totals", "--print-as", "csv"]).with(0).out.lines().count(), 9);
    run(&["payments", "--only", "totals"]).with(2).says("--only totals writes no table");
    assert_eq!(run(&["totals", "--message-format", "json"]).with(2).messages, "");
    folder.meed_in("desk", &["run", "--print-as", "csv"]).with(2);
    // A run that fails prints nothing.
    folder.write("desk/data/deals.csv", "id\nD1\n");
    assert_eq!(run(&["totals"]).with(3).out, "");
    // What it was written into is gone.
    let scratch = folder.path().join("desk/scratch");
    std::fs::create_dir(&scratch).expect("a folder");
    run(&["totals", "--scratch", "scratch"]).with(3);
    assert_eq!(std::fs::read_dir(&scratch).expect("a folder").count(), 0);
}

#[test]
fn many_rows_are_printed_in_part_for_people() {
    let folder = Folder::new("habits-many");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nentity partner { key id }\n\
         event deal { key id   when closed_on   partner partner   amount money }\nrule r { for each deal   pay partner amount }\n",
    );
    let rows: String = (0..2_500).map(|n| format!("D{n},2026-01-01,P{},{n}.5\n", n % 900)).collect();
    folder.write("deal.csv", format!("id,closed_on,partner,amount\n{rows}"));
    let run = ["run", "p.meed", "--data", "deal=deal.csv", "--print", "payments"];
    let ended = folder.meed(&run).with(0).says("1,500 more rows: --print-as csv has all");
    let ended = ended.says("r: 2,500 payments, 3,125,000.00 USD").says("| deal      | 2,500 |");
    assert_eq!(ended.out.lines().count(), 1_004);
    assert!(ended.messages.contains("paid most, in USD: P699 4,798.50; P698 4,795.50"), "{}", ended.messages);
    assert_eq!(folder.meed(&[&run[..], &["--print-as", "csv"]].concat()).with(0).out.lines().count(), 2_501);
}

#[test]
fn a_command_is_run_again_when_a_file_changes() {
    let folder = project("watch");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meed"));
    command.args(["test", "--watch"]).current_dir(folder.path().join("desk"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut next = || loop {
        let line = lines.next().expect("it goes on").expect("a line");
        if line.ends_with("failed") {
            return line;
        }
    };
    assert_eq!(next(), "4 passed, 0 failed");
    folder.write("desk/desk.meed", folder.read("desk/desk.meed").replace("bounty = $500", "bounty = $501"));
    let second = next();
    assert_ne!(second, "4 passed, 0 failed");
    folder.write("desk/desk.meed", folder.read("desk/desk.meed").replace("bounty = $501", "bounty = $500"));
    assert_eq!(next(), "4 passed, 0 failed");
    child.kill().expect("it can be stopped");
    child.wait().expect("it ends");
}

/// What a run writes has it not run again, and what it reads has, by whatever way that is named.
#[test]
fn a_run_is_done_again_for_what_it_reads_alone() {
    let folder = project("watch-run");
    let in_desk = |name: &str| folder.path().join("desk").join(name);
    std::fs::create_dir(in_desk("others")).expect("a folder");
    std::fs::copy(in_desk("data/deals.csv"), in_desk("others/deals-1.csv")).expect("a copy");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meed"));
    command.args(["run", "--watch", "--print", "totals", "--print-as", "csv", "-q"]);
    command.args(["--rejects", "rejects.csv", "--data", "deal=others/deals*.csv"]).current_dir(in_desk(""));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command runs");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let (sender, heads) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        lines.map_while(Result::ok).filter(|line| line.starts_with("rule,")).for_each(|line| drop(sender.send(line)));
    });
    let runs = |seconds: u64| heads.recv_timeout(std::time::Duration::from_secs(seconds)).is_ok();
    assert!(runs(20));
    // It has written rejected rows by now.
    assert!(in_desk("rejects.csv").exists() && !runs(2));
    for file in ["others/deals-1.csv", "data/partners.csv", "desk.meed", "meed.toml"] {
        let text = std::fs::read_to_string(in_desk(file)).expect("a file") + "\n";
        std::fs::write(in_desk(file), text).expect("a file");
        assert!(runs(20), "{file}");
    }
    child.kill().expect("it can be stopped");
    child.wait().expect("it ends");
    folder.meed_on(b"", &["check", "--watch", "-"]).with(2).says("standard input is read once");
    folder.meed_on(b"", &["run", "-", "--data", "deal=-", "--out", "out"]).with(1);
    let program = folder.read("desk/desk.meed");
    let both = ["run", "-", "--data", "deal=-", "--out", "out"];
    folder.meed_on(program.as_bytes(), &both).with(2).says("standard input is read as the program");
}

#[test]
fn completions_and_manual_name_every_command() {
    let folder = Folder::new("habits-manual");
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.meed(&["completions", shell]).with(0).out;
        assert!(["settle", "print-as", "verify"].iter().all(|word| script.contains(word)), "{shell}");
    }
    folder.meed(&["completions", "sh"]).with(2);
    folder.meed(&["man", "pages"]).with(0);
    assert!(folder.read("pages/meed.1").contains("settle") && folder.read("pages/meed-run.1").contains("print"));
    folder.write("file", "");
    folder.meed(&["man", "file"]).with(5).says("cannot write `file`");
}
