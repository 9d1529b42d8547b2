//! What can go wrong around a run: programs that cannot be read, options that mean nothing, outputs that cannot be
//! written, a run that is killed. Each ends with its exit code and a clear message, and leaves nothing half-written.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Ended, Folder};

const PROGRAM: &str = r#"
program small { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity team { key id }
event deal { key id   when closed_on   team team   amount money }
parameter share = 10%
rule shares { for each deal   pay team share of amount }
"#;
const DEALS: &str = "id,closed_on,team,amount\nD1,2026-01-05,T1,100\n";

fn small(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("small.meed", PROGRAM).write("data/deals.csv", DEALS).write("data/teams.csv", "id\nT1\n");
    folder
}

fn run(folder: &Folder, more: &[&str]) -> Ended {
    let words: Vec<&str> = ["run", "small.meed", "--data", "data"].into_iter().chain(more.iter().copied()).collect();
    folder.meed(&words)
}

/// Everything in a folder and below, in order.
fn everything(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(everything(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[test]
fn a_program_that_cannot_be_read() {
    let folder = Folder::new("bad-program");
    folder.write("latin.meed", b"program p \"caf\xe9\" {}").write("empty.meed", "").write("sub/x.txt", "");
    for command in ["check", "test", "fmt", "plan", "run", "explain"] {
        folder.meed(&[command, "gone.meed"]).with(1).says("cannot read `gone.meed`");
        folder.meed(&[command, "latin.meed"]).with(1).says("`latin.meed` is not UTF-8 text");
        folder.meed(&[command, "sub"]).with(2).says("a folder without a `meed.toml`");
    }
    for command in ["check", "test", "plan", "run", "explain"] {
        folder.meed(&[command, "empty.meed"]).with(1).says("the file has no `program`");
    }
    folder.meed(&["fmt", "empty.meed"]).with(0);
    for command in ["check", "test", "fmt", "plan", "run", "explain"] {
        let out = folder.meed(&[command, "gone.meed", "--message-format", "json"]).with(1).out;
        let object: serde_json::Value = serde_json::from_str(out.trim()).expect("one object");
        assert_eq!(object["code"], "cannot-read-file");
    }
}

#[test]
fn problems_of_a_program_are_told_by_every_command() {
    let folder = Folder::new("bad-problems");
    folder.write("bad.meed", PROGRAM.replace("share of amount", "share of amuont"));
    for command in ["check", "test", "plan", "run", "explain"] {
        folder.meed(&[command, "bad.meed"]).with(1).says("unknown-name").says("amuont");
        let out = folder.meed(&[command, "bad.meed", "--message-format", "json"]).with(1).out;
        let object: serde_json::Value =
            serde_json::from_str(out.lines().next().unwrap_or_default()).expect("an object");
        assert_eq!((&object["code"], &object["file"]), (&"unknown-name".into(), &"bad.meed".into()), "{command}");
    }
    folder.write("bad.meed", "rule x {{");
    folder.meed(&["fmt", "bad.meed"]).with(1);
    assert_eq!(folder.read("bad.meed"), "rule x {{", "what cannot be read is left alone");
}

#[test]
fn options_that_mean_nothing() {
    let folder = small("bad-options");
    run(&folder, &["--out", "out", "--set", "shares=5%"]).with(2).says("no parameter `shares`").says("`share`");
    run(&folder, &["--out", "out", "--set", "share"]).with(2).says("`--set share` sets nothing");
    run(&folder, &["--out", "out", "--set", "share=$5"]).with(1).says("override-mismatch");
    run(&folder, &["--out", "out", "--set", "share=five"]).with(1);
    run(&folder, &["--out", "out", "--through", "2025-12-31"]).with(2).says("the program begins on 2026-01-01");
    run(&folder, &["--out", "out", "--through", "soon"]).with(2).says("invalid value 'soon'");
    run(&folder, &["--out", "out", "--format", "xls"]).with(2).says("invalid value 'xls'");
    run(&folder, &["--out", "out", "--colour"]).with(2).says("unexpected argument");
    run(&folder, &[]).with(2).says("no folder is named for the payments");
    folder.meed(&["rnu"]).with(2).says("there is no command `rnu`");
    folder.meed(&[]).with(2).says("Usage");
    assert!(!folder.has("out"));
    run(&folder, &["--out", "out", "--through", "2027-06-30"]).with(0).says("the program ends on 2026-12-31");
}

#[test]
fn an_output_that_cannot_be_written() {
    let folder = small("bad-output");
    folder.write("file", "mine");
    run(&folder, &["--out", "file"]).with(5).says("cannot write `file`");
    run(&folder, &["--out", "file/sub"]).with(5);
    assert_eq!(folder.read("file"), "mine");
    // A folder where a table should be.
    folder.write("out/totals.csv/x", "");
    run(&folder, &["--out", "out"]).with(5).says("out/totals.csv");
    let left: Vec<PathBuf> = everything(&folder.path().join("out"));
    let names: Vec<String> =
        left.iter().map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["totals.csv", "x"], "nothing new is left behind");
    run(&folder, &["--out", "new/deep", "--rejects", "nowhere/x.csv"]).with(5).says("cannot write `nowhere/x.csv`");
    run(&folder, &["--out", "new/deep", "--rejects", "data"]).with(5).says("cannot write `data`");
    assert!(!folder.has("new"), "folders that were made for a run that failed are gone");
}

#[test]
fn a_folder_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = small("bad-permissions");
    let out = folder.path().join("out");
    std::fs::create_dir_all(&out).expect("a folder");
    let set = |mode: u32| std::fs::set_permissions(&out, std::fs::Permissions::from_mode(mode)).expect("permissions");
    set(0o555);
    if std::fs::write(out.join("probe"), "").is_ok() {
        println!("skipped: this user may write everywhere");
        set(0o755);
        return;
    }
    let ended = run(&folder, &["--out", "out"]);
    set(0o755);
    ended.with(5).says("cannot write");
    assert_eq!(everything(&out), Vec::<PathBuf>::new());
}

#[test]
fn a_full_disk_leaves_what_was_there_before() {
    let folder = small("bad-disk");
    // A disk of a few pages, where this user may mount one.
    let disk = folder.path().join("disk");
    std::fs::create_dir_all(&disk).expect("a folder");
    let mount = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.to_str().expect("a UTF-8 path")];
    if !Command::new("mount").args(mount).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        println!("skipped: no disk can be mounted here");
        return;
    }
    let first = run(&folder, &["--out", "disk"]);
    let before = folder.shown("disk");
    let rows: String = (0..3000).map(|n| format!("D{n},2026-01-05,T1,100\n")).collect();
    folder.write("data/deals.csv", format!("id,closed_on,team,amount\n{rows}"));
    let ended = run(&folder, &["--out", "disk"]);
    let after = folder.shown("disk");
    let unmounted = Command::new("umount").arg(&disk).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    first.with(0);
    ended.with(5).says("cannot write").says("No space left");
    assert!(before.len() == 4 && before == after, "{:?}", after.keys());
}

#[test]
fn messages_that_nobody_can_hear_stop_nothing() {
    let folder = small("bad-ears");
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").map(Stdio::from);
    let Ok(deaf) = full() else {
        println!("skipped: there is no /dev/full here");
        return;
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
    command.args(["run", "small.meed", "--data", "data", "--out", "out"]).current_dir(folder.path()).stderr(deaf);
    assert_eq!(command.status().expect("the command runs").code(), Some(0));
    assert!(folder.has("out/payments.csv"));
    // A reader that goes away, as `meed plan | head` does.
    let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
    command.args(["plan", "small.meed"]).current_dir(folder.path()).stdout(full().expect("opened before"));
    let output = command.stderr(Stdio::piped()).output().expect("the command runs");
    assert_eq!(output.status.code(), Some(5), "what was asked for could not be written");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn rejected_rows_do_not_replace_an_input() {
    let folder = small("bad-rejects");
    folder.write("data/deals.csv", format!("{DEALS}D2,2026-02-30,T1,100\n"));
    let before = folder.read("data/deals.csv");
    run(&folder, &["--out", "out", "--rejects", "data/deals.csv"]).with(2).says("`data/deals.csv` is read by this run");
    run(&folder, &["--out", "out", "--rejects", "data/../data/deals.csv"]).with(2);
    run(&folder, &["--out", "out", "--rejects", "small.meed"]).with(2).says("`small.meed` is read by this run");
    assert_eq!((folder.read("data/deals.csv"), folder.has("out")), (before, false));
    run(&folder, &["--out", "out", "--rejects", "out/payments.csv"]).with(2).says("is written by this run already");
    run(&folder, &["--out", "out", "--rejects", "out/rejects.csv"]).with(0);
    assert!(folder.read("out/rejects.csv").starts_with("record,file,row,line,column,value,reason\n"));
}

#[test]
fn files_keep_their_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = small("bad-modes");
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).expect("a file").permissions().mode() & 0o777;
    folder.write("plain", "");
    run(&folder, &["--out", "out"]).with(0);
    assert_eq!(mode("out/payments.csv"), mode("plain"), "as the system gives new files");
    let shut = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(folder.path().join("small.meed"), shut).expect("permissions");
    let before = folder.read("small.meed");
    folder.meed(&["fmt", "small.meed"]).with(0);
    assert_ne!(folder.read("small.meed"), before);
    assert_eq!(mode("small.meed"), 0o640);
}

#[test]
fn payments_do_not_replace_an_input() {
    let folder = small("bad-replace");
    folder.write("data/totals.csv", "id\nT1\n");
    let words =
        ["run", "small.meed", "--data", "deal=data/deals.csv", "--data", "team=data/totals.csv", "--out", "data"];
    folder.meed(&words).with(2).says("`data/totals.csv` is read by this run");
    assert_eq!(folder.read("data/totals.csv"), "id\nT1\n");
}
