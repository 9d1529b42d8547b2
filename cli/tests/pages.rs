//! The pages of a run beside the systems of `examples`: each command prints what its page shows. With `UPDATE_PAGES=1` the pages are written.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::Folder;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("a file");
        }
    }
}

/// A page with what its commands print now; they are run in a copy of the folder, one after the other.
fn filled(page: &str, folder: &Path) -> (String, usize) {
    let meed = Path::new(env!("CARGO_BIN_EXE_meed")).parent().expect("the folder of the command");
    let path = format!("{}:{}", meed.display(), std::env::var("PATH").unwrap_or_default());
    let (mut out, mut n_commands) = (String::new(), 0);
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        out += line;
        out += "\n";
        if line != "```console" {
            continue;
        }
        while let Some(line) = lines.next_if(|line| *line != "```") {
            let Some(command) = line.strip_prefix("$ ") else { continue };
            n_commands += 1;
            let mut shell = Command::new("sh");
            shell
                .args(["-c", &format!("( {command} ) 2>&1")])
                .current_dir(folder)
                .env("PATH", &path)
                .env("NO_COLOR", "1");
            let printed = shell.output().expect("a shell runs").stdout;
            let printed = String::from_utf8(printed).expect("UTF-8");
            out += line;
            out += "\n";
            printed.lines().for_each(|line| {
                out += line.trim_end();
                out += "\n";
            });
        }
    }
    (out, n_commands)
}

#[test]
fn every_page_of_a_run_shows_what_is_printed() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let entries = std::fs::read_dir(&examples).expect("the examples");
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path().join("RUN.md")).collect();
    pages.retain(|page| page.is_file());
    pages.sort();
    assert!(pages.len() > 10, "the pages are there");
    for page in pages {
        let folder = page.parent().expect("a folder");
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let own = Folder::new(&format!("page-{name}"));
        copy(folder, own.path());
        let shown = std::fs::read_to_string(&page).expect("the page can be read");
        let (printed, n_commands) = filled(&shown, own.path());
        assert!(n_commands > 3, "{name} shows {n_commands} commands");
        if std::env::var_os("UPDATE_PAGES").is_some() {
            std::fs::write(&page, printed).expect("the page can be written");
        } else {
            similar(&name, &shown, &printed);
        }
    }
}

/// Demands that two texts are equal, and shows the first line that is not.
fn similar(name: &str, shown: &str, printed: &str) {
    let (mut shown, mut printed) = (shown.lines(), printed.lines());
    loop {
        match (shown.next(), printed.next()) {
            (None, None) => return,
            (shown, printed) => assert_eq!(shown.map(str::trim_end), printed, "examples/{name}/RUN.md"),
        }
    }
}
