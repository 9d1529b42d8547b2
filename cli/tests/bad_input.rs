//! Bad tables through the whole command: a clear message, an exit code above zero, and nothing written.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The example's tables with one file replaced, run; gives exit code, messages, and whether anything was written.
fn run(case: &str, file: &str, content: &[u8], more: &[&str]) -> (i32, String, bool) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(case);
    let (data, out) = (folder.join("data"), folder.join("out"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&data).expect("a folder for the case");
    for entry in std::fs::read_dir(example.join("data")).expect("the example's tables") {
        let path = entry.expect("an entry").path();
        std::fs::copy(&path, data.join(path.file_name().expect("a name"))).expect("a copy");
    }
    if file.ends_with("parquet") {
        std::fs::remove_file(data.join("deals.csv")).expect("the table is replaced");
    }
    std::fs::write(data.join(file), content).expect("the bad table");
    let output = Command::new(env!("CARGO_BIN_EXE_meed"))
        .arg("run")
        .arg(example.join("quickstart.meed"))
        .args(["--data".as_ref(), data.as_os_str(), "--out".as_ref(), out.as_os_str()])
        .args(more)
        .output()
        .expect("the command runs");
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!messages.contains("panicked"), "{messages}");
    (output.status.code().unwrap_or(-1), messages, out.exists())
}

#[test]
fn bad_tables_stop_the_run_before_anything_is_written() {
    let header = "id,closed_on,partner,amount,registered\n";
    let cases: [(&str, &str, Vec<u8>, &str); 9] = [
        ("empty", "deals.csv", Vec::new(), "has no header"),
        ("column", "deals.csv", b"id,closed_on,partner,amuont,registered\n".to_vec(), "has no column `amount`"),
        ("date", "deals.csv", format!("{header}D1,2026-02-30,ACME,1,yes\n").into(), "not a date"),
        ("decimals", "deals.csv", format!("{header}D1,2026-02-03,ACME,1.001,yes\n").into(), "more than 2 decimals"),
        ("large", "deals.csv", format!("{header}D1,2026-02-03,ACME,99999999999999999999,yes\n").into(), "amount"),
        ("reference", "deals.csv", format!("{header}D1,2026-02-03,NOBODY,1,yes\n").into(), "no partner with this key"),
        (
            "key",
            "deals.csv",
            format!("{header}D1,2026-02-03,ACME,1,yes\nD1,2026-02-04,ACME,1,yes\n").into(),
            "duplicate key",
        ),
        ("missing", "deals.csv", format!("{header}D1,2026-02-03,ACME,,yes\n").into(), "missing"),
        ("parquet", "deals.parquet", b"PAR1 cut off".to_vec(), "not a readable Parquet file"),
    ];
    for (case, file, content, message) in cases {
        let (code, messages, written) = run(case, file, &content, &[]);
        assert_eq!(code, 3, "{case}: {messages}");
        assert!(messages.contains(message), "{case}: {messages}");
        assert!(!written, "{case}");
    }
}

#[test]
fn rejected_rows_can_be_set_aside() {
    let rejects = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("rejects.csv");
    let text = b"id,closed_on,partner,amount,registered\nD1,2026-02-03,ACME,\xff,yes\nD2,2026-02-03,ACME,100,yes\n";
    let more = ["--rejects", rejects.to_str().expect("a UTF-8 path")];
    let (code, messages, written) = run("aside", "deals.csv", text, &more);
    assert_eq!(code, 0, "{messages}");
    assert!(written);
    let table = std::fs::read_to_string(&rejects).expect("the rejected rows");
    assert!(table.starts_with("record,file,row,line,column,value,reason\n"), "{table}");
    assert!(table.contains(",1,2,amount,"), "{table}");
}

#[test]
fn an_entity_of_which_only_the_key_is_read_needs_no_table_and_the_run_says_so() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("key-alone");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the case");
    let program = folder.join("p.meed");
    let text = "program p \"P\" { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }\nuse channel\n\
                rule all { for each deal  pay partner 2% of amount }\n";
    std::fs::write(&program, text).expect("the program");
    let deals = folder.join("deals.csv");
    std::fs::write(&deals, "id,closed_on,partner,amount\n1,2026-02-03,B,100\n2,2026-02-03,A,50\n").expect("the table");
    let output = Command::new(env!("CARGO_BIN_EXE_meed"))
        .arg("run")
        .arg(&program)
        .args(["--data".as_ref(), folder.as_os_str(), "--out".as_ref(), folder.join("out").as_os_str()])
        .output()
        .expect("the command runs");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{messages}");
    assert!(messages.contains("no table for partner: its rows are the 2 keys that other rows name"), "{messages}");
    let totals = std::fs::read_to_string(folder.join("out/totals.csv")).expect("the totals");
    assert!(totals.contains("all,partner,A,USD,2026-Q1,1.00") && totals.contains("all,partner,B,USD,2026-Q1,2.00"));
}
