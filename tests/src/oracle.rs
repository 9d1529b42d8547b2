//! Holds runs against the evaluator in `tests/oracle`, which was written from the language page and shares no code with Meed.
//!
//! Comes in: programs with their rows. Goes out: what that evaluator pays for them, and in what it differs from a run. It is
//! Python, started once for many programs.

use crate::table::Table;
use crate::ways::Outcome;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command};

/// A program, its rows and how it is run.
#[derive(Clone, Debug)]
pub struct Job {
    /// How it is told from others.
    pub name: String,
    /// The text of the program.
    pub text: String,
    /// Tables by record.
    pub tables: Vec<(String, Table)>,
    /// The last day of the run, `2026-06-30`; the program's without one.
    pub through: Option<String>,
    /// Parameters with other values, as written in Meed.
    pub set: Vec<(String, String)>,
    /// Sheets of decision tables by the names of their files.
    pub sheets: Vec<(String, String)>,
}

/// What the evaluator says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each program, and most are tables")]
pub enum Answer {
    /// What comes out.
    Tables {
        /// Payments, without the columns that are empty for now.
        payments: Table,
        /// Totals.
        totals: Table,
        /// Decisions.
        decisions: Table,
        /// Credits of the rows that splits found.
        credits: Table,
        /// Parts of splits that nobody gets.
        uncredited: Table,
        /// Sums of earlier periods that closes changed, without reasons.
        differences: Table,
        /// Payments that wait.
        held: Table,
        /// Changes of balances.
        movements: Table,
        /// Rejected cells, without reasons.
        rejects: Table,
        /// Whether a set meets a fault in rows that no value asks for: whether that stops a run the page leaves open.
        unasked_faults: bool,
    },
    /// A fault stops the run: its code.
    Fault(String),
    /// The program has something that the evaluator does not know.
    Unknown(String),
}

/// Columns that the evaluator gives.
const PAYMENTS: [&str; 14] = [
    "rule",
    "version",
    "payee_kind",
    "payee",
    "unit",
    "amount",
    "event",
    "key",
    "place",
    "when",
    "period",
    "booked",
    "due",
    "accrual",
];
const CREDITS: [&str; 12] =
    ["rule", "version", "event", "key", "place", "found", "found_key", "payee", "share", "base", "unit", "amount"];
const UNCREDITED: [&str; 7] = ["rule", "version", "event", "key", "place", "unit", "amount"];
const DIFFERENCES: [&str; 12] =
    ["rule", "payee_kind", "payee", "unit", "event", "key", "period", "due", "was", "is", "amount", "booked"];
const HELD: [&str; 9] = ["rule", "payee_kind", "payee", "unit", "amount", "event", "key", "place", "period"];
const MOVEMENTS: [&str; 11] =
    ["balance", "key", "lot", "when", "kind", "unit", "amount", "left", "rule", "event", "event_key"];
const TOTALS: [&str; 6] = ["rule", "payee_kind", "payee", "unit", "period", "amount"];
const DECISIONS: [&str; 7] = ["rule", "version", "of", "key", "period", "name", "value"];
const REJECTS: [&str; 4] = ["record", "row", "column", "value"];

/// Lets the evaluator work out jobs in this folder, which is emptied first; the answers are in the order of the jobs.
///
/// # Panics
/// Where there is no `python3`, or the evaluator fails.
pub fn answers(folder: &Path, jobs: &[Job]) -> Vec<Answer> {
    let _ = std::fs::remove_dir_all(folder);
    // Two at a time: that is what small machines have.
    let half = jobs.len().div_ceil(2).max(1);
    let started: Vec<_> = jobs
        .chunks(half)
        .enumerate()
        .map(|(idx, jobs)| {
            let folder = folder.join(idx.to_string());
            std::fs::create_dir_all(&folder).expect("a folder for jobs");
            for (idx, job) in jobs.iter().enumerate() {
                let path = folder.join(format!("{idx}.job.json"));
                std::fs::write(path, job.to_json().to_string()).expect("a job can be written");
            }
            (start(&folder), folder, jobs.len())
        })
        .collect();
    let mut found = Vec::new();
    for (evaluator, folder, n_jobs) in started {
        let output = evaluator.wait_with_output().expect("the evaluator ends");
        assert!(output.status.success(), "the evaluator failed:\n{}", String::from_utf8_lossy(&output.stderr));
        for idx in 0..n_jobs {
            let text = std::fs::read_to_string(folder.join(format!("{idx}.out.json"))).expect("every job is answered");
            found.push(Answer::read(&serde_json::from_str(&text).expect("an answer is JSON")));
        }
    }
    found
}

fn start(folder: &Path) -> Child {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
    let mut command = Command::new("python3");
    command.args(["-B", "-m", "meed_oracle", "--jobs"]).arg(folder).current_dir(home);
    let started = command.stderr(std::process::Stdio::piped()).spawn();
    started.unwrap_or_else(|error| {
        panic!("this test needs Python: `python3`, of 3.10 or later, cannot be started ({error})")
    })
}

impl Job {
    fn to_json(&self) -> Value {
        let trees = meed_compiler::trees(&meed_compiler::Sources::alone("program", &self.text))
            .expect("a program that compiles can be read");
        let tables = self
            .tables
            .iter()
            .map(|(name, table)| (name.clone(), json!({ "header": table.header, "rows": table.rows })));
        let set = self.set.iter().map(|(name, value)| (name.clone(), Value::from(value.clone())));
        let sheets = self.sheets.iter().map(|(name, text)| (name.clone(), Value::from(text.clone())));
        json!({
            "sheets": sheets.collect::<serde_json::Map<_, _>>(),
            "name": self.name,
            "tree": trees,
            "tables": tables.collect::<serde_json::Map<_, _>>(),
            "through": self.through,
            "set": set.collect::<serde_json::Map<_, _>>(),
        })
    }
}

impl Answer {
    fn read(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        if let Some(fault) = text("fault") {
            return Self::Fault(fault);
        }
        if let Some(unknown) = text("unknown") {
            return Self::Unknown(unknown);
        }
        let table = |name: &str, header: &[&str]| {
            let rows = value[name].as_array().expect("a table").iter();
            let cells = |row: &Value| row.as_array().expect("a row").iter().map(cell).collect();
            sorted(Table {
                header: header.iter().map(|name| (*name).to_owned()).collect(),
                rows: rows.map(cells).collect(),
            })
        };
        Self::Tables {
            payments: table("payments", &PAYMENTS),
            totals: table("totals", &TOTALS),
            decisions: table("decisions", &DECISIONS),
            credits: table("credits", &CREDITS),
            uncredited: table("uncredited", &UNCREDITED),
            differences: table("differences", &DIFFERENCES),
            held: table("held", &HELD),
            movements: table("movements", &MOVEMENTS),
            rejects: table("rejects", &REJECTS),
            unasked_faults: value["unasked_faults"] == true,
        }
    }

    /// In what a run differs from this answer, if in anything.
    ///
    /// Of faults it is compared that there is one: which of several is reported is not for the language to say.
    pub fn difference(&self, outcome: &Outcome) -> Option<String> {
        match (self, &outcome.fault) {
            (Self::Unknown(what), _) => Some(format!("the evaluator does not know {what}")),
            (Self::Fault(_), Some(_)) => None,
            (Self::Fault(fault), None) => Some(format!("the evaluator meets a fault, {fault}, and Meed none")),
            (Self::Tables { unasked_faults: true, .. }, Some(_)) => None,
            (Self::Tables { .. }, Some(fault)) => Some(format!("Meed meets a fault, {fault}, and the evaluator none")),
            (
                Self::Tables {
                    payments,
                    totals,
                    decisions,
                    credits,
                    uncredited,
                    differences,
                    held,
                    movements,
                    rejects,
                    ..
                },
                None,
            ) => {
                let pairs = [
                    ("rejects", rejects, &outcome.rejects),
                    ("decisions", decisions, &outcome.decisions),
                    ("credits", credits, &outcome.credits),
                    ("uncredited", uncredited, &outcome.uncredited),
                    ("differences", differences, &outcome.differences),
                    ("held", held, &outcome.held),
                    ("movements", movements, &outcome.movements),
                    ("payments", payments, &outcome.payments),
                    ("totals", totals, &outcome.totals),
                ];
                pairs.into_iter().find_map(|(name, mine, theirs)| rows_differ(name, mine, theirs))
            }
        }
    }
}

fn cell(value: &Value) -> String {
    value.as_str().expect("a cell is text").to_owned()
}

/// Without an order of rows: that is held elsewhere.
fn sorted(mut table: Table) -> Table {
    table.rows.sort();
    table
}

/// The rows that only one of two tables has.
fn rows_differ(name: &str, mine: &Table, theirs: &Table) -> Option<String> {
    let theirs = sorted(match theirs.header.is_empty() {
        true => Table { header: mine.header.clone(), rows: Vec::new() },
        false => theirs.only(&mine.header).expect("the columns of the evaluator are known"),
    });
    if *mine == theirs {
        return None;
    }
    let only = |of: &Table, other: &Table| {
        let mut left = other.rows.clone();
        let is_missing = |row: &&Vec<String>| match left.iter().position(|known| known == *row) {
            Some(place) => {
                left.swap_remove(place);
                false
            }
            None => true,
        };
        let rows: Vec<Vec<String>> = of.rows.iter().filter(is_missing).take(8).cloned().collect();
        Table { header: of.header.clone(), rows }.to_text()
    };
    Some(format!("{name}\nonly Meed\n{}only the evaluator\n{}", only(&theirs, mine), only(mine, &theirs)))
}
