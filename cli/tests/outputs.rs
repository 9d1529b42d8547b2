//! The folder of outputs: what `run.json` says, whose files are replaced, and what is refused.

mod support;

use meed_runtime::manifest::{Manifest, WrittenRun, digest_of};
use std::path::Path;
use std::process::Command;
use support::{Ended, Folder};

const PROGRAM: &str = r#"
program small "Small shares" { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity team { key id }
event deal { key id   when closed_on   team team   amount money }
parameter share = 10%
rule shares { for each deal   pay team share of amount }
"#;
const DEALS: &str = "id,closed_on,team,amount\nD1,2026-01-05,T1,100\nD2,2026-04-05,T2,90071992547409.93\n";

fn small(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("small.meed", PROGRAM).write("data/deals.csv", DEALS).write("data/teams.csv", "id\nT1\nT2\n");
    folder
}

fn run(folder: &Folder, more: &[&str]) -> Ended {
    let words = ["run", "small.meed", "--data", "data", "--out", "out"];
    folder.meed(&[&words, more].concat())
}

/// What `run.json` of the folder says, once every file that it names is as it says.
fn manifest(folder: &Folder) -> Manifest {
    let run = WrittenRun::open(&folder.path().join("out")).expect("it can be read").expect("it is there");
    run.verify().expect("every table is there");
    for table in &run.manifest.tables {
        let shown = std::fs::File::open(folder.path().join("out").join(&table.file)).expect("its name is shown");
        assert_eq!(digest_of(shown).expect("it can be read"), (table.size, table.sha256.clone()));
    }
    run.manifest
}

#[test]
fn run_json_names_what_was_read_and_written() {
    let folder = small("outputs-named");
    folder.write("data/deals-2.csv", "id,closed_on,team,amount\nD3,2026-02-05,T1,-7\nD4,2026-02-30,T1,1\n");
    let words = ["--data", "deal=data/deals*.csv", "--set", "share=20%", "--rejects", "bad.csv"];
    run(&folder, &words).with(0);
    let found = manifest(&folder);
    assert_eq!((&*found.program.name, &*found.program.title), ("small", "Small shares"));
    assert_eq!(found.program.sha256, digest_of(PROGRAM.as_bytes()).expect("memory").1);
    assert_eq!((&*found.meed, &*found.through), (env!("CARGO_PKG_VERSION"), "2026-12-31"));
    let share = &found.parameters.values[0];
    assert_eq!((&*share.name, &*share.value, share.in_program.as_deref()), ("share", "20%", Some("10%")));
    assert_eq!(found.parameters.sha256, digest_of(&b"share = 20%\n"[..]).expect("memory").1);
    let inputs: Vec<_> = found.inputs.iter().map(|input| (&*input.record, &*input.name, input.rows)).collect();
    let wanted = [("team", "data/teams.csv", 2), ("deal", "data/deals-2.csv", 2), ("deal", "data/deals.csv", 2)];
    assert_eq!(inputs, wanted);
    for input in &found.inputs {
        let file = std::fs::File::open(folder.path().join(&input.name)).expect("it is there");
        assert_eq!(digest_of(file).expect("it can be read"), (input.size, input.sha256.clone()));
    }
    let tables: Vec<_> = found.tables.iter().map(|table| (&*table.file, table.rows)).collect();
    assert_eq!(tables, [("payments.csv", 3), ("totals.csv", 2), ("decisions.csv", 0)]);
    let rejects = found.rejects.expect("a file was named");
    let bad = folder.read("bad.csv");
    assert_eq!((&*rejects.name, rejects.rows), ("bad.csv", 1));
    assert_eq!((rejects.size, rejects.sha256), digest_of(bad.as_bytes()).expect("memory"));
    let account: Vec<_> =
        found.account.iter().map(|row| (row.rule.as_deref(), row.read, row.rejected, row.paid)).collect();
    assert_eq!(account, [(None, 4, 1, 3), (Some("shares"), 4, 1, 3)]);
    let total = &found.totals[0];
    assert_eq!((&*total.rule, &*total.unit, total.payments), ("shares", "USD", 3));
    assert_eq!(total.amount, "18014398509500.59", "cents beyond 2^53 are kept");
}

#[test]
fn run_json_is_the_same_for_the_same_run() {
    let folder = small("outputs-same");
    run(&folder, &[]).with(0);
    let first = folder.shown("out");
    assert_eq!(first.keys().collect::<Vec<_>>(), ["decisions.csv", "payments.csv", "run.json", "totals.csv"]);
    for more in [&[][..], &["--engine", "interpreter"], &["--memory", "1"]] {
        run(&folder, more).with(0);
        assert_eq!(folder.shown("out"), first, "{more:?}");
    }
    run(&folder, &["--through", "2026-03-31"]).with(0);
    assert_ne!(folder.shown("out"), first);
    let counts = manifest(&folder).account[0].clone();
    assert_eq!((counts.read, counts.after_run_date, counts.paid), (2, 1, 1));
}

#[test]
fn inputs_of_every_format_have_their_digests() {
    let folder = small("outputs-formats");
    run(&folder, &["--format", "parquet"]).with(0);
    let payments = manifest(&folder).tables[0].clone();
    assert_eq!((&*payments.file, payments.rows), ("payments.parquet", 2));
    // Of Parquet only some columns are loaded; the digest is of the whole file.
    let plan = "program read { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n\
        entity team { key id }\n\
        event paid { key key   when when   payee team   amount money }\n\
        rule all { for each paid   pay payee 50% of amount }\n";
    folder.write("read.meed", plan);
    let words = ["run", "read.meed", "--data", "paid=out/payments.parquet", "--data", "team=data/teams.csv"];
    folder.meed(&[&words[..], &["--out", "again"]].concat()).with(0);
    let again = WrittenRun::open(&folder.path().join("again")).expect("it can be read").expect("it is there");
    let input = again.manifest.inputs.iter().find(|input| input.record == "paid").expect("the payments");
    assert_eq!((input.size, &input.sha256, input.rows), (payments.size, &payments.sha256, payments.rows));
}

#[test]
fn tables_of_an_earlier_run_go_with_it() {
    let folder = small("outputs-formats-change");
    run(&folder, &["--slices", "--rejects", "out/bad.csv"]).with(0);
    assert_eq!(manifest(&folder).tables.len(), 5);
    run(&folder, &["--format", "jsonl"]).with(0);
    let names: Vec<String> = folder.shown("out").into_keys().collect();
    assert_eq!(names, ["decisions.jsonl", "payments.jsonl", "run.json", "totals.jsonl"]);
    assert_eq!(std::fs::read_dir(folder.path().join("out/.meed")).expect("a folder").count(), 3, "one run is kept");
}

#[test]
fn other_peoples_files_stay() {
    let folder = small("outputs-others");
    folder.write("out/notes.txt", "mine").write("out/payments.csv.old", "mine").write("out/.meed-notes", "mine");
    let others = folder.shown("out");
    // A table that no run of Meed wrote.
    folder.write("out/payments.csv", "mine");
    let before = folder.shown("out");
    run(&folder, &[]).with(5).says("file-in-the-way").says("cannot write `out/payments.csv`: no run of Meed wrote");
    assert_eq!(folder.shown("out"), before);
    assert!(!folder.has("out/.meed"), "nothing is left of the run");
    std::fs::remove_file(folder.path().join("out/payments.csv")).expect("it is moved away");
    // Links of somebody else are files of somebody else.
    std::os::unix::fs::symlink("notes.txt", folder.path().join("out/totals.csv")).expect("a link");
    run(&folder, &[]).with(5).says("out/totals.csv");
    std::fs::remove_file(folder.path().join("out/totals.csv")).expect("it is moved away");
    run(&folder, &["--rejects", "out/notes.txt"]).with(5).says("out/notes.txt");
    run(&folder, &[]).with(0);
    run(&folder, &["--format", "parquet"]).with(0);
    let after = folder.shown("out");
    assert!(others.iter().all(|(name, content)| after.get(name) == Some(content)));
    assert_eq!(after.len(), others.len() + 4);
}

#[test]
fn a_table_that_somebody_changed_is_not_written_over() {
    let folder = small("outputs-changed");
    run(&folder, &["--rejects", "out/bad.csv"]).with(0);
    for table in ["payments.csv", "bad.csv"] {
        let written = folder.read(&format!("out/{table}"));
        // In place, as an editor or a spreadsheet may do it, with as many bytes.
        folder.write(&format!("out/{table}"), written.replacen('e', "E", 1));
        run(&folder, &["--through", "2026-03-31"]).with(5).says(&format!("out/{table}`: it was changed after a run"));
        folder.write(&format!("out/{table}"), &written);
        // By another file under the same name.
        std::fs::remove_file(folder.path().join("out").join(table)).expect("the link goes");
        folder.write(&format!("out/{table}"), written.replacen('e', "E", 1));
        run(&folder, &["--rejects", "out/bad.csv"]).with(5).says(&format!("out/{table}`: it was changed after a run"));
        folder.write(&format!("out/{table}"), &written);
        run(&folder, &["--rejects", "out/bad.csv"]).with(0);
        manifest(&folder);
    }
    std::fs::remove_file(folder.path().join("out/payments.csv")).expect("what is removed is written again");
    std::fs::remove_file(folder.path().join("out/run.json")).expect("what is removed is written again");
    run(&folder, &[]).with(0);
    manifest(&folder);
    std::fs::remove_dir_all(folder.path().join("out/.meed")).expect("what is removed is written again");
    run(&folder, &[]).with(0);
    manifest(&folder);
}

#[test]
fn another_program_is_refused() {
    let folder = small("outputs-program");
    run(&folder, &[]).with(0);
    let before = folder.shown("out");
    folder.write("small.meed", PROGRAM.replace("program small", "program other"));
    let ended = run(&folder, &[]).with(5);
    ended.says("other-program").says("`out` is the output of the program `small`, not of `other`").says("--out");
    run(&folder, &["--format", "parquet"]).with(5);
    assert_eq!(folder.shown("out"), before);
    // The same program may have another text, title and parameters.
    folder.write("small.meed", PROGRAM.replace("Small shares", "Shares").replace("10%", "11%"));
    run(&folder, &["--set", "share=12%"]).with(0);
    assert_eq!(manifest(&folder).program.title, "Shares");
}

#[test]
fn a_damaged_run_json_is_refused() {
    let folder = small("outputs-damaged");
    run(&folder, &[]).with(0);
    let whole = folder.read("out/run.json");
    let damaged = [
        String::new(),
        "{}".to_owned(),
        "mine".to_owned(),
        whole[..whole.len() / 2].to_owned(),
        whole.replace("\"payments.csv\"", "\"../small.meed\""),
        whole.replace("\"format\": 1", "\"format\": 2"),
    ];
    for text in damaged {
        folder.write("out/run.json", &text);
        let before = folder.shown("out");
        run(&folder, &[]).with(5).says("bad-run-json").says("`out/run.json` is");
        assert_eq!((folder.shown("out"), folder.read("small.meed")), (before, PROGRAM.to_owned()), "{text}");
    }
    // A file of another tool with this name, in a folder that Meed never saw.
    folder.write("new/run.json", "{\"run\": 1}");
    folder.meed(&["run", "small.meed", "--data", "data", "--out", "new"]).with(5).says("new/run.json");
    assert_eq!(folder.shown("new").len(), 1);
    folder.write("out/run.json", &whole);
    run(&folder, &[]).with(0);
}

#[test]
fn a_copy_of_a_folder_is_a_folder_of_outputs() {
    let folder = small("outputs-copy");
    run(&folder, &["--rejects", "out/bad.csv"]).with(0);
    let copy = |how: &str, to: &str| {
        let copied = Command::new("cp").args([how, "out", to]).current_dir(folder.path()).status();
        assert!(copied.is_ok_and(|status| status.success()));
    };
    copy("-a", "links");
    copy("-rL", "files");
    copy("-rL", "tables");
    std::fs::remove_dir_all(folder.path().join("tables/.meed")).expect("the hidden folder is not copied");
    for to in ["links", "files", "tables"] {
        assert_eq!(folder.shown(to), folder.shown("out"), "{to}");
        let words = ["run", "small.meed", "--data", "data", "--out", to, "--through", "2026-03-31"];
        // In a copy too a table that was changed is kept.
        let payments = folder.read(&format!("{to}/payments.csv"));
        folder.write(&format!("{to}/payments.csv"), format!("{payments}more\n"));
        folder.meed(&words).with(5).says("payments.csv`: it was changed after a run wrote it");
        folder.write(&format!("{to}/payments.csv"), payments);
        folder.meed(&words).with(0);
        let written = WrittenRun::open(&folder.path().join(to)).expect("it can be read").expect("it is there");
        written.verify().expect("it is whole");
        assert_eq!(written.manifest.through, "2026-03-31");
        assert_eq!(folder.shown(to).len(), 4, "the old rejected rows are gone");
        assert!(folder.path().join(to).join("payments.csv").is_symlink());
    }
    assert_eq!(manifest(&folder).through, "2026-12-31", "the original is as it was");
}

#[test]
fn rejected_rows_in_and_outside_of_the_folder() {
    let folder = small("outputs-rejects");
    folder.write("data/deals.csv", format!("{DEALS}D3,2026-02-30,T1,1\n")).write("other/bad.csv", "from before");
    run(&folder, &["--rejects", "out/bad.csv"]).with(0);
    let found = manifest(&folder);
    assert_eq!(found.tables[3].table, "rejects");
    assert_eq!((&*found.tables[3].file, found.tables[3].rows, found.rejects), ("bad.csv", 1, None));
    let rows = folder.read("out/bad.csv");
    run(&folder, &["--rejects", "other/bad.csv"]).with(0);
    assert_eq!(folder.read("other/bad.csv"), rows);
    assert_eq!(folder.read("other/bad.rows.csv").lines().nth(1), Some("D3,2026-02-30,T1,1"));
    assert_eq!(std::fs::read_dir(folder.path().join("other")).expect("a folder").count(), 2, "nothing is left beside");
    assert_eq!((&*found.tables[4].table, &*found.tables[4].file), ("rejected_rows", "bad.rows.csv"));
    assert!(
        !folder.has("out/bad.rows.csv")
            && !folder.has("out/bad.csv")
            && manifest(&folder).rejects.is_some_and(|rejects| rejects.rows == 1)
    );
    // A link is followed, a device is written to.
    std::os::unix::fs::symlink("other/bad.csv", folder.path().join("link.csv")).expect("a link");
    folder.write("other/bad.csv", "");
    run(&folder, &["--rejects", "link.csv"]).with(0);
    assert!(folder.path().join("link.csv").is_symlink() && folder.read("other/bad.csv") == rows);
    if Path::new("/dev/null").exists() {
        run(&folder, &["--rejects", "/dev/null"]).with(0);
        assert!(!Path::new("/dev/null").is_file() && !Path::new("/dev/null.rows.csv").exists());
    }
    run(&folder, &["--rejects", "out/run.json"]).with(2).says("is written by this run already");
}

/// Deals of many batches, so that tables are read and written by threads of their own.
fn many(name: &str) -> Folder {
    let folder = small(name);
    let mut deals = "id,closed_on,team,amount\n".to_owned();
    for deal in 0..60_000 {
        let (month, day, team) = (deal % 12 + 1, deal % 28 + 1, deal % 7 % 2 + 1);
        deals += &format!("{},2026-{month:02}-{day:02},T{team},{}\n", deal * 7_919 % 60_000, deal % 5_000 - 900);
    }
    folder.write("data/deals.csv", deals);
    folder
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let folder = many("outputs-threads");
    for format in ["csv", "parquet", "jsonl"] {
        let mut first = None;
        for threads in ["1", "2", "5"] {
            run(&folder, &["--format", format, "--threads", threads]).with(0);
            let mut shown = folder.shown("out");
            assert!(shown.remove("run.json").is_some());
            assert_eq!(first.get_or_insert_with(|| shown.clone()), &shown, "{format}, {threads} threads");
        }
        // What was written is read by threads too: as deals, of which it has all columns that are needed.
        if format == "parquet" {
            std::fs::copy(folder.path().join("out/payments.parquet"), folder.path().join("again.parquet"))
                .expect("copied");
        }
    }
    let program = PROGRAM.replace("key id   when closed_on", "key key   when closed_on from \"when\"");
    folder.write("again.meed", program.replace("team team", "team team from \"payee\""));
    let mut first = None;
    for threads in ["1", "2"] {
        let data = ["--data", "deal=again.parquet", "--data", "team=data/teams.csv"];
        let words = ["run", "again.meed", "--out", "again", "--threads", threads];
        folder.meed(&[&words[..], &data[..]].concat()).with(0);
        let payments = folder.read("again/payments.csv");
        assert!(payments.lines().count() > 50_000);
        assert_eq!(first.get_or_insert_with(|| payments.clone()), &payments, "{threads} threads");
    }
    run(&folder, &["--threads", "0"]).with(2).says("0 is not in 1..");
    // More threads than there is work for are not begun.
    run(&folder, &["--threads", "4000000000"]).with(0);
}

#[test]
fn totals_alone_are_those_beside_payments() {
    let folder = many("outputs-totals");
    run(&folder, &[]).with(0);
    let beside = folder.read("out/totals.csv");
    assert!(beside.lines().count() > 4);
    run(&folder, &["--only", "totals"]).with(0);
    let shown = folder.shown("out");
    assert_eq!(shown.keys().collect::<Vec<_>>(), ["run.json", "totals.csv"]);
    assert_eq!(folder.read("out/totals.csv"), beside);
    let found = manifest(&folder);
    assert_eq!(found.tables.iter().map(|table| &*table.table).collect::<Vec<_>>(), ["totals"]);
    run(&folder, &["--only", "payment"]).with(2).says("possible values: totals");
    run(&folder, &["--only", "totals", "--slices"]).with(2).says("--slices");
}
