//! The harness: the only code that takes programs and rows through the whole corridor and holds what comes out.
//!
//! Cases are pages of Markdown under `tests/suite` ([`page`]); their form is told in `tests/suite/README.md`. A case is put
//! together ([`case`]), settled in several ways ([`ways`]) and held against its expected blocks ([`check`]). Programs over
//! folders of files are settled by [`plan`] and [`settle`].

pub mod case;
pub mod check;
pub mod deals;
pub mod engines;
pub mod examples;
pub mod generate;
pub mod oracle;
pub mod page;
pub mod published;
pub mod rename;
pub mod shape;
pub mod table;
pub mod ways;

use meed_compiler::plan::Plan;
use meed_runtime::inner::engine::{Engine, run};
use meed_runtime::inner::load::{LoadOptions, load};
use meed_runtime::inner::output::Sheet;
use meed_runtime::inner::pay;
use meed_runtime::inner::source::{SourceFile, TableInput};
use meed_runtime::inner::store::Spill;
use std::path::{Path, PathBuf};

/// Payments and totals of a run.
pub struct Settled {
    /// Payment lines.
    pub payments: Sheet,
    /// Totals by rule, payee and period.
    pub totals: Sheet,
    /// Rows read, and the sum of what became of them, by event.
    pub accounts: Vec<(u64, u64)>,
    /// Rows that machine code left to the interpreter.
    pub replayed: u64,
}

/// The folder beside the project with programs and data, or none; says so where it is absent.
pub fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: ../shared is absent");
    None
}

/// Compiles a program that must have no problem.
pub fn plan(path: &Path, overrides: &[(&str, &str)]) -> Plan {
    let text = std::fs::read_to_string(path).expect("the program can be read");
    let overrides: Vec<(String, String)> =
        overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let compiled = meed_compiler::compile(&text, &overrides);
    assert_eq!(compiled.problems, [], "{}", path.display());
    compiled.plan.expect("a program without problems has a Plan")
}

/// Both engines.
pub const ENGINES: [Engine; 2] = [Engine::Interpreter, Engine::Jit];

/// Settles a plan over files by record, `rows` at a time; no row may be rejected.
pub fn settle(plan: &Plan, files: &[(&str, Vec<PathBuf>)], rows: u32, engine: Engine) -> Settled {
    settle_in(plan, files, rows, engine, None)
}

/// The same; from so many bytes on the rows of an event are spilled to disk, in pieces of so many.
pub fn settle_in(
    plan: &Plan,
    files: &[(&str, Vec<PathBuf>)],
    rows: u32,
    engine: Engine,
    held: Option<(usize, usize)>,
) -> Settled {
    let input = |(name, paths): &(&str, Vec<PathBuf>)| {
        let record = plan.record_named(name).expect("the record is known");
        let files = paths.iter().map(|path| SourceFile::open(path).expect("the table opens")).collect();
        TableInput { record, files }
    };
    let folder = std::env::temp_dir();
    let spill = held.map(|(bytes, page_bytes)| Spill { folder: &folder, bytes, page_bytes });
    let options = LoadOptions { batch_rows: rows as usize, spill, ..LoadOptions::through(plan.active.to) };
    let mut loaded = load(plan, files.iter().map(input).collect(), &options).expect("the tables load");
    assert_eq!(loaded.rejects, []);
    assert_eq!(loaded.is_whole(), held.is_none(), "rows lie where they were meant to");
    let options = ways::options(plan.active.to, rows, engine);
    let result = run(plan, &mut loaded, &options, None).expect("no rule meets a fault");
    let ends = |(idx, counts): (usize, &Option<meed_runtime::inner::engine::Counts>)| {
        let (account, counts) = (loaded.counts[idx], (*counts)?);
        let sum = account.rejected
            + counts.after
            + counts.returned
            + counts.paid
            + counts.counted
            + counts.nothing
            + counts.unmatched;
        Some((account.read, sum))
    };
    let accounts = result.events.iter().enumerate().filter_map(ends).collect();
    Settled {
        payments: pay::payments(plan, &loaded, &result).expect("rows can be read"),
        totals: pay::totals(plan, &loaded, &result).expect("rows can be read"),
        accounts,
        replayed: result.replayed.iter().sum(),
    }
}
