//! The hand-written evaluation against the acceptance data of program P, and against its own payments read back.
//!
//! The acceptance data lies outside the repository, in `../shared`; without it those cases say that they are skipped.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use crate::{
    digest, generate,
    hand::{self, Wanted},
};

/// The acceptance data of program P, or a visible line that it is not here.
fn acceptance() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/programs/settlement");
    if !folder.is_dir() {
        // Not `println!`, which the test harness hides.
        writeln!(io::stderr(), "skipped: ../shared is absent").unwrap();
        return None;
    }
    Some(folder)
}

fn pays_as_expected(rows: &str, bounty: i64, lines: &str, totals: Option<&str>) {
    let Some(folder) = acceptance() else { return };
    let data = folder.join(rows);
    let outcome = hand::run(&data, &folder, bounty, Wanted { totals: true, payments: None }).unwrap();
    assert_eq!(outcome.digest().to_string(), fs::read_to_string(data.join(lines)).unwrap());
    if let Some(totals) = totals {
        let mut found = Vec::new();
        outcome.totals.write(&mut found).unwrap();
        assert!(found == fs::read(data.join(totals)).unwrap(), "{totals} differs");
    }
}

#[test]
fn pays_the_small_settlement() {
    pays_as_expected("5000", 50_000, "expected_lines.csv", Some("expected_totals.csv"));
}

#[test]
fn pays_the_large_settlement() {
    pays_as_expected("200000", 50_000, "expected_lines.csv", Some("expected_totals.csv"));
}

#[test]
fn pays_the_large_settlement_with_another_bounty() {
    pays_as_expected("200000", 70_000, "expected_lines_bounty_700.csv", None);
}

#[test]
fn written_payments_have_the_digest_of_the_lines() {
    let mut digests = Vec::new();
    for text_keys in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        generate::generate(3_000, folder.path(), false, text_keys).unwrap();
        let written = folder.path().join("payments.parquet");
        let wanted = Wanted { totals: true, payments: Some(&written) };
        let outcome = hand::run(folder.path(), folder.path(), 50_000, wanted).unwrap();
        let (digest, totals) = digest::of_file(&written).unwrap();
        assert_eq!(digest, outcome.digest());
        assert!(totals == outcome.totals);
        digests.push(digest);
    }
    assert_eq!(digests[0], digests[1], "the form of keys changes no payment");
}
