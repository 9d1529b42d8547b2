//! `run.json`: what a run computed from what, which files it wrote, and how its rows ended.
//!
//! Comes in: a folder that a run has written, or the parts of a run. Goes out: a [`Manifest`], and its text. A reader
//! trusts only files that the manifest names, and only as far as their digests agree; whatever else is in the folder
//! belongs to somebody else. How a run's files appear at once is the command line's matter.
//!
//! The text depends on the run alone, not on the clock or the machine: the same program over the same inputs gives the
//! same bytes. `docs/run-json.md` describes every field.

// Files that anybody may have changed are read here: no place outside of an array, and no number is cut.
#![cfg_attr(
    not(test),
    deny(
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod read;

pub use crate::manifest::read::{ManifestError, WrittenRun, check, digest_of, parse_manifest, sha256_of};

use serde::{Deserialize, Serialize};

/// The name of the file.
pub const FILE_NAME: &str = "run.json";

/// The version of the format that this Meed writes, and the highest that it reads.
pub const FORMAT: u32 = 1;

/// What `run.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format, see [`FORMAT`].
    pub format: u32,
    /// The version of Meed.
    pub meed: String,
    /// The program.
    pub program: Program,
    /// Its parameters.
    pub parameters: Parameters,
    /// The last day of the run, `2026-03-31`.
    pub through: String,
    /// The earlier runs beside which this one paid: its payments are what it pays more or less than they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid: Vec<PaidRun>,
    /// The files that were read, by record in the order of the program, then in the order of reading.
    pub inputs: Vec<Input>,
    /// The tables that were written, beside `run.json`.
    pub tables: Vec<Table>,
    /// Whether texts of the data that begin like formulas stand in CSV tables as they are, without a mark.
    #[serde(default, skip_serializing_if = "is_false")]
    pub formulas_as_they_are: bool,
    /// How CSV tables are written, as `--csv` says it, where that is not the usual way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<String>,
    /// The rejected rows, where a file outside of the folder was named for them; one inside is a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<Rejects>,
    /// Rows of files that are no rows of their record, by record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// References that say `if there` to rows that are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_there: Vec<NotThere>,
    /// How the rows of events ended: over all rules, then rule by rule.
    pub account: Vec<Counts>,
    /// What each rule paid.
    pub totals: Vec<Total>,
}

/// An earlier run beside which another one paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidRun {
    /// Its folder, as the command line named it.
    pub name: String,
    /// Its last day.
    pub through: String,
    /// Of its `run.json`.
    pub sha256: String,
}

/// The program of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its name: runs of one program share a folder.
    pub name: String,
    /// Its title, or its name.
    pub title: String,
    /// Of its text.
    pub sha256: String,
    /// The files that it takes in with `use "terms.meed"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<UsedFile>,
}

/// A file whose items a program takes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedFile {
    /// Its name, as the program writes it.
    pub name: String,
    /// Of its text.
    pub sha256: String,
}

/// The parameters of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Of the lines `NAME = VALUE`, each with its line end, in the order of the program.
    pub sha256: String,
    /// In the order of the program.
    pub values: Vec<Parameter>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The value that this run had, as written in Meed.
    pub value: String,
    /// The value in the program's text, where this run had another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_program: Option<String>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The record whose rows it has.
    pub record: String,
    /// Its name as the command line or `meed.toml` gives it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Rows, without a header.
    pub rows: u64,
    /// Of its bytes.
    pub sha256: String,
}

/// Rows of a record's files that are no rows of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The record.
    pub record: String,
    /// Rows of blanks.
    pub blank: u64,
    /// Rows that its source skips.
    pub skipped: u64,
    /// Rows that equal others in every column, where its source says that these are one.
    pub copies: u64,
}

/// Rows whose reference `if there` names a row that is not there: it was taken as missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotThere {
    /// The record of these rows.
    pub record: String,
    /// The field.
    pub field: String,
    /// How many.
    pub rows: u64,
}

/// A table that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it has: `payments`, `totals`, `decisions`, `credits`, `uncredited`, `slices`, `rejects`.
    pub table: String,
    /// Its name beside `run.json`.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// Rows, without a header.
    pub rows: u64,
    /// Of its bytes.
    pub sha256: String,
}

/// A file of rejected rows elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejects {
    /// Its name as the command line gives it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Rows, without a header.
    pub rows: u64,
    /// Of its bytes.
    pub sha256: String,
}

/// How rows of an event ended; the other numbers add up to those read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The event.
    pub event: String,
    /// The rule; over all rules where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The version of that rule, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Rows read.
    pub read: u64,
    /// Rows that could not be taken.
    pub rejected: u64,
    /// Rows later than the run's date.
    pub after_run_date: u64,
    /// Rows of which nothing is left, as all of them was taken back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub returned: u64,
    /// Rows with a payment of their own.
    pub paid: u64,
    /// Rows that a total or an aggregate took in.
    pub counted: u64,
    /// Rows that matched and left nothing.
    pub paid_nothing: u64,
    /// Rows that no rule wanted.
    pub not_matched: u64,
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What all versions of a rule paid in one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// The rule.
    pub rule: String,
    /// The unit.
    pub unit: String,
    /// How many payments.
    pub payments: u64,
    /// Their sum as decimal text: a JSON number would be read as binary floating point.
    pub amount: String,
}

impl Manifest {
    /// The text of the file.
    ///
    /// # Errors
    /// None that a manifest can cause; a failure is told rather than written.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}
