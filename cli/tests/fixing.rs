//! `meed check --fix` makes the sure repairs in the file, and nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

const HEAD: &str = "program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }\nuse channel\n";

/// A folder with a program in `p.meed`.
fn folder(case: &str, program: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(case);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("p.meed"), program).expect("the program");
    folder
}

/// What `meed check --fix` says, its exit code, and the file after it.
fn fix(folder: &Path) -> (String, i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_meed"))
        .args(["check", "p.meed", "--fix"])
        .current_dir(folder)
        .output()
        .expect("the command runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    let text = std::fs::read_to_string(folder.join("p.meed")).expect("the program");
    (said, output.status.code().unwrap_or(-1), text)
}

#[test]
fn sure_repairs_are_made_and_told() {
    let program = format!("{HEAD}rule r {{\n  for every deal\n  pay partner 0.02 of the amount\n}}\n");
    let folder = folder("fixing", &program);
    let (said, code, text) = fix(&folder);
    assert_eq!(text, format!("{HEAD}rule r {{\n  for each deal\n  pay partner 2% of amount\n}}\n"));
    assert_eq!(code, 0, "{said}");
    for line in [
        "repaired p.meed, line 4: write `for each`",
        "repaired p.meed, line 5: write `2%`",
        "`p`: no problems (1 rule, 0 tests)",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let (said, code, again) = fix(&folder);
    assert_eq!((code, again), (0, text));
    assert!(said.contains("nothing in `p.meed` has a sure repair"), "{said}");
}

#[test]
fn a_choice_is_left_to_the_writer() {
    let program =
        format!("{HEAD}schedule s {{ to $100k 1%  beyond 2% }}\nrule r {{ for each deal  pay partner s(amount) }}\n");
    let folder = folder("choosing", &program);
    let before = std::fs::metadata(folder.join("p.meed")).and_then(|file| file.modified()).expect("the time");
    let (said, code, text) = fix(&folder);
    assert_eq!((code, &text), (1, &program), "{said}");
    let after = std::fs::metadata(folder.join("p.meed")).and_then(|file| file.modified()).expect("the time");
    assert_eq!(before, after, "the file is not written");
}
