//! A run that does not come to its end: stopped, killed, hindered, or second in a folder. The folder shows the run before.
//!
//! A run whose deals come through a pipe waits as long as a test wants: nothing here depends on how fast a machine is.
#![cfg(unix)]

mod support;

use meed_runtime::manifest::WrittenRun;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use support::{Ended, Folder};

const PROGRAM: &str = r#"
program small { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity team { key id }
event deal { key id   when closed_on   team team   amount money }
rule shares { for each deal   pay team 10% of amount }
"#;
const HEADER: &str = "id,closed_on,team,amount\n";

fn small(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("small.meed", PROGRAM).write("deals.csv", format!("{HEADER}D1,2026-01-05,T1,100\n"));
    folder.write("teams.csv", "id\nT1\n");
    folder
}

const WORDS: [&str; 8] = ["run", "small.meed", "--data", "team=teams.csv", "--out", "out", "--data", "deal=deals.csv"];

fn run(folder: &Folder) -> Ended {
    folder.meed(&WORDS)
}

/// A run that waits for its deals.
struct Waiting {
    child: Child,
    pipe: File,
}

impl Waiting {
    /// Begins one. It has the folder, and has opened the teams, when this returns.
    fn begin(folder: &Folder, more: &[&str]) -> Self {
        let made = Command::new("mkfifo").arg(folder.path().join("pipe.csv")).status().expect("the command runs");
        assert!(made.success());
        let words = [&WORDS[..7], &["deal=pipe.csv"], more].concat();
        let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
        let command = command.args(words).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().expect("the command starts");
        // Waits for a reader.
        let pipe = File::options().write(true).open(folder.path().join("pipe.csv")).expect("a pipe");
        Self { child, pipe }
    }

    /// Tells it to stop, and waits until it has: to its deals it would go on when the pipe ends.
    fn tell(&mut self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()));
        while self.child.try_wait().expect("it can be asked").is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Hands over these deals, and waits for the end.
    fn end(mut self, deals: &str) -> Ended {
        let _ = self.pipe.write_all(deals.as_bytes());
        drop(self.pipe);
        let output = self.child.wait_with_output().expect("it ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { code: code(output.status), out: text(&output.stdout), messages: text(&output.stderr) }
    }
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

fn verify(folder: &Folder) -> WrittenRun {
    let run = WrittenRun::open(&folder.path().join("out")).expect("it can be read").expect("it is there");
    run.verify().expect("it is whole");
    run
}

fn hidden(folder: &Folder) -> usize {
    std::fs::read_dir(folder.path().join("out/.meed")).map_or(0, Iterator::count)
}

#[test]
fn a_run_that_is_told_to_stop_leaves_the_run_before() {
    for (signal, wanted) in [("-TERM", 143), ("-INT", 130)] {
        let folder = small(&format!("stop{signal}"));
        let mut waiting = Waiting::begin(&folder, &[]);
        assert!(folder.has("out/.meed/lock"));
        waiting.tell(signal);
        waiting.end("").with(wanted).says("stopped").says("nothing is written");
        assert!(!folder.has("out"), "a folder that was made for the run is gone");
        run(&folder).with(0);
        let before = folder.shown("out");
        std::fs::remove_file(folder.path().join("pipe.csv")).expect("the pipe");
        let mut waiting = Waiting::begin(&folder, &["--rejects", "out/bad.csv", "--slices"]);
        waiting.tell(signal);
        waiting.end("").with(wanted);
        assert_eq!((folder.shown("out"), hidden(&folder)), (before, 3));
        verify(&folder);
    }
}

#[test]
fn a_run_that_is_told_to_stop_while_it_writes() {
    let folder = small("stop-writing");
    run(&folder).with(0);
    let before = folder.shown("out");
    let rows: String = (0..100_000).map(|n| format!("D{n},2026-01-05,T1,100\n")).collect();
    let mut child = Waiting::begin(&folder, &[]);
    child.pipe.write_all(format!("{HEADER}{rows}").as_bytes()).expect("the run reads");
    let Waiting { mut child, pipe } = child;
    drop(pipe);
    // Its new files appear; it is told at some point from there on.
    while hidden(&folder) < 4 && child.try_wait().expect("its state is known").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    let ended = code(child.wait().expect("it ends"));
    let lines = verify(&folder).manifest.tables[0].rows;
    match ended {
        143 => assert_eq!((folder.shown("out"), lines), (before, 1)),
        0 => assert_eq!(lines, 100_000),
        other => panic!("{other}"),
    }
    assert_eq!(hidden(&folder), 3, "nothing is left");
}

#[test]
fn two_runs_in_one_folder() {
    let folder = small("stop-two");
    let waiting = Waiting::begin(&folder, &[]);
    run(&folder).with(5).says("folder-in-use").says("another run is writing to `out`");
    folder.meed(&[&WORDS[..5], &["./out"], &WORDS[6..]].concat()).with(5).says("folder-in-use");
    waiting.end(&format!("{HEADER}D7,2026-01-05,T1,700\n")).with(0);
    assert!(folder.read("out/payments.csv").contains("D7"));
    run(&folder).with(0);
    // The lock of a run that is killed is gone with it, and so are its files with the next run.
    std::fs::remove_file(folder.path().join("pipe.csv")).expect("the pipe");
    let mut waiting = Waiting::begin(&folder, &[]);
    waiting.child.kill().expect("it can be killed");
    waiting.end("").with(-1);
    std::fs::create_dir(folder.path().join("out/.meed/run-killed")).expect("as a run that writes leaves it");
    let unfinished = folder.path().join("out/payments.parquet");
    std::os::unix::fs::symlink(".meed/current/payments.parquet", &unfinished).expect("as a run that was killed");
    verify(&folder);
    run(&folder).with(0);
    assert!(hidden(&folder) == 3 && !unfinished.is_symlink());
}

#[test]
fn an_obstacle_at_the_last_moment_leaves_the_run_before() {
    let folder = small("stop-obstacle");
    // In a new folder, where a table will be.
    let waiting = Waiting::begin(&folder, &[]);
    folder.write("out/totals.csv/x", "");
    waiting.end(HEADER).with(5).says("cannot write `out/totals.csv`");
    assert_eq!(folder.shown("out").into_keys().collect::<Vec<_>>(), ["totals.csv"]);
    assert!(!folder.has("out/.meed") && folder.has("out/totals.csv/x"));
    std::fs::remove_dir_all(folder.path().join("out")).expect("a folder");
    run(&folder).with(0);
    // Where a new table will be, and in the place of an old one.
    for place in ["slices.csv", "payments.csv"] {
        std::fs::remove_file(folder.path().join("pipe.csv")).expect("the pipe");
        let waiting = Waiting::begin(&folder, &["--slices", "--rejects", "bad.csv"]);
        let _ = std::fs::remove_file(folder.path().join("out").join(place));
        folder.write(&format!("out/{place}/x"), "");
        let before = folder.shown("out");
        waiting.end(HEADER).with(5).says(&format!("cannot write `out/{place}`"));
        assert_eq!((folder.shown("out"), hidden(&folder)), (before, 3));
        assert!(!folder.has("bad.csv"));
        verify(&folder);
        std::fs::remove_dir_all(folder.path().join("out").join(place)).expect("a folder");
    }
    run(&folder).with(0);
}

#[test]
fn a_file_that_appears_in_the_meantime_is_kept() {
    let folder = small("stop-meantime");
    let waiting = Waiting::begin(&folder, &[]);
    folder.write("out/payments.csv", "mine");
    waiting.end(HEADER).with(5).says("out/payments.csv");
    assert_eq!(folder.shown("out"), BTreeMap::from([("payments.csv".to_owned(), b"mine".to_vec())]));
}

#[test]
fn a_limit_on_the_size_of_files_is_a_message() {
    let folder = small("stop-limit");
    run(&folder).with(0);
    let before = folder.shown("out");
    let rows: String = (0..20_000).map(|n| format!("D{n},2026-01-05,T1,100\n")).collect();
    folder.write("deals.csv", format!("{HEADER}{rows}"));
    let limited = format!("ulimit -f 8 && exec {} {}", env!("CARGO_BIN_EXE_meed"), WORDS.join(" "));
    let output = Command::new("sh").args(["-c", &limited]).current_dir(folder.path()).output().expect("it runs");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(output.status), 5, "{messages}");
    assert!(messages.contains("cannot write `out`: File too large"), "{messages}");
    assert_eq!((folder.shown("out"), hidden(&folder)), (before, 3));
}

#[test]
fn a_table_that_changes_while_it_is_read_stops_the_run() {
    let folder = small("stop-changes");
    let change: [&dyn Fn(); 3] = [
        &|| {
            let mut file = File::options().append(true).open(folder.path().join("teams.csv")).expect("a file");
            file.write_all(b"T2\n").expect("it can be written");
        },
        &|| {
            folder.write("teams-2.csv", "id\nT1\n");
            std::fs::rename(folder.path().join("teams-2.csv"), folder.path().join("teams.csv")).expect("a file");
        },
        &|| std::fs::remove_file(folder.path().join("teams.csv")).expect("a file"),
    ];
    for change in change {
        folder.write("teams.csv", "id\nT1\n");
        let waiting = Waiting::begin(&folder, &[]);
        change();
        waiting.end(HEADER).with(3).says("input-changed").says("`teams.csv` was changed while it was read");
        assert!(!folder.has("out"));
        std::fs::remove_file(folder.path().join("pipe.csv")).expect("the pipe");
    }
}

#[test]
fn a_pipe_has_a_digest_too() {
    let folder = small("stop-pipe");
    Waiting::begin(&folder, &[]).end(&folder.read("deals.csv")).with(0);
    let piped = verify(&folder).manifest.inputs;
    run(&folder).with(0);
    let read = verify(&folder).manifest.inputs;
    assert_eq!((&piped[1].sha256, piped[1].size, piped[1].rows), (&read[1].sha256, read[1].size, read[1].rows));
}
