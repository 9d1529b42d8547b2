//! The examples are in the command, and so are the commit and the day of its source: it is built again when they change.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=../examples");
    println!("cargo:rerun-if-env-changed=MEED_SOURCE");
    let log = Path::new("../.git/logs/HEAD");
    if log.exists() {
        println!("cargo:rerun-if-changed={}", log.display());
    }
    // Where the source is no clone, whoever builds it may say what it is of: the commit and its day.
    let said = std::env::var("MEED_SOURCE").ok().filter(|said| !said.trim().is_empty());
    let source = said.or_else(commit).map_or(String::new(), |source| format!(" ({})", source.trim()));
    println!("cargo:rustc-env=MEED_VERSION={}{source}", env!("CARGO_PKG_VERSION"));
}

/// The commit of the source and its day; nothing outside of a clone.
fn commit() -> Option<String> {
    let git = Command::new("git").args(["log", "-1", "--format=%h %cs"]).output().ok()?;
    let text = String::from_utf8(git.stdout).ok()?;
    (git.status.success() && Path::new("../.git").exists()).then_some(text)
}
