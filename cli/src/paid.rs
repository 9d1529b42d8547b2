//! `--paid FOLDER`: what earlier runs paid, beside which a run pays.

use crate::ExitStatus;
use crate::draw::{Messages, file_name, say};
use crate::job::Job;
use crate::out::OutError;
use crate::report::{count_words, grouped};
use crate::run_json;
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::{Compared, EarlierError, EarlierRun, EarlierRuns, Room};
use meed_runtime::inner::engine::RunResult;
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::{Manifest, PaidRun};
use std::path::{Path, PathBuf};

/// Reads what earlier runs paid; nothing where no folder is named.
pub fn read(
    job: &Job,
    folders: &[PathBuf],
    out: &Path,
    room: Room<'_>,
    messages: Messages,
) -> Result<Option<EarlierRuns>, ExitStatus> {
    let tell = |error: EarlierError| {
        messages.error(error.code(), &error.to_string(), error.help().as_deref());
        match error {
            EarlierError::NoRun { .. } => ExitStatus::Usage,
            EarlierError::Store(_) => ExitStatus::Output,
            _ => ExitStatus::Tables,
        }
    };
    let same = |folder: &PathBuf| folder.canonicalize().is_ok_and(|own| out.canonicalize().is_ok_and(|out| own == out));
    if let Some(folder) = folders.iter().find(|folder| same(folder)) {
        let message = format!("`{}` is read by this run, and would be written over", file_name(folder));
        messages.error("command-line", &message, Some("name another folder with --out"));
        return Err(ExitStatus::Usage);
    }
    let open = |folder: &PathBuf| EarlierRun::open(&job.plan, folder, job.through);
    let runs = folders.iter().map(open).collect::<Result<_, _>>().map_err(tell)?;
    EarlierRuns::read(&job.plan, runs, room).map_err(tell)
}

/// What a run pays beside earlier ones, and which these are.
pub struct Beside {
    pub compared: Compared,
    pub runs: Vec<PaidRun>,
}

impl Beside {
    /// Holds what a run pays against what earlier ones paid.
    pub fn new(
        job: &Job,
        mut earlier: EarlierRuns,
        loaded: &Loaded,
        result: &RunResult,
        (out, room): (&Path, Room<'_>),
    ) -> Result<Self, OutError> {
        let runs = std::mem::take(&mut earlier.runs);
        let (program, parameters) = (run_json::program(job), run_json::parameters(&job.plan));
        let compared = earlier.compare(&job.plan, loaded, result, (&program, &parameters), room);
        Ok(Self { compared: compared.map_err(|error| (out.to_owned(), error))?, runs })
    }
}

/// Says what was paid beside earlier runs.
pub fn report(manifest: &Manifest) {
    let names: Vec<String> = manifest.paid.iter().map(|run| format!("`{}`", shown(&run.name))).collect();
    if names.is_empty() {
        return;
    }
    say(&format!("beside what {} paid:", names.join(", ")));
    for total in &manifest.totals {
        let word = if total.payments == 1 { "difference" } else { "differences" };
        let (payments, amount) = (count_words(total.payments), grouped(&total.amount));
        say(&format!("  {}: {payments} {word}, {amount} {}", shown(&total.rule), total.unit));
    }
}
