//! `meed settle [PROGRAM]`: what a run pays more or less than the book has becomes a draft.

use crate::ExitStatus;
use crate::book::{BookOptions, report, tell};
use crate::digest::{Digests, Hashed};
use crate::draw::{Messages, say};
use crate::format::Format;
use crate::job::{Job, JobOptions, Limits, threads};
use crate::out::{beside, not_written, write_rejects};
use crate::progress::Progress;
use crate::run::{judge, sorting};
use crate::{report, run_json};
use meed_book::{BookError, FewerRows, Place, SettleOutcome};
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::{Room, RunLines};
use meed_runtime::inner::engine::{RunOptions, RunResult, run};
use meed_runtime::inner::output::{Batch, CsvStyle, Sink};
use meed_runtime::inner::pay::{self, Sinks};
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::{Rejects, Table, digest_of};
use std::io;
use std::num::NonZero;
use std::path::PathBuf;
use tempfile::NamedTempFile;

/// Settle a program beside the book: what it pays more or less than was posted becomes a draft, to be approved and posted.
#[derive(clap::Args)]
pub struct Settle {
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder or one around it]
    program: Option<PathBuf>,
    #[command(flatten)]
    job: JobOptions,
    #[command(flatten)]
    book: BookOptions,
    /// Approve and post at once, in this name
    #[arg(long, value_name = "NAME")]
    approved_by: Option<String>,
    /// What is said with the approval
    #[arg(long, value_name = "TEXT", requires = "approved_by")]
    note: Option<String>,
    /// Post at once though an event has less than half of the rows that it had
    #[arg(long, requires = "approved_by")]
    fewer_rows: bool,
    /// Write rejected rows here and settle the others
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Memory budget for rows, in MiB; beyond it the rows of an event spill to disk
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    memory: u32,
    /// Threads that read rows, put them in order and do rules [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    /// Folder for rows that spill to disk [default: the system's folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
}

impl Settle {
    pub fn run(self, messages: Messages) -> ExitStatus {
        self.settle(messages).map_or_else(|status| status, |()| ExitStatus::Well)
    }

    fn settle(&self, messages: Messages) -> Result<(), ExitStatus> {
        let mut job = Job::new(self.program.as_deref(), &self.job, messages)?;
        let wrong = |error: BookError| tell(&error, messages);
        let mut book = self.book.open(job.settings.book.as_ref(), messages)?;
        book.can_settle(&job.plan.name, job.through, self.book.day()).map_err(wrong)?;
        let is_new = !book.state().settlements.iter().any(|known| known.settled.program == job.plan.name);
        let others: Vec<String> =
            book.state().programs().into_iter().map(|name| format!("`{}`", shown(name))).collect();
        if is_new && !others.is_empty() {
            messages.note(&format!(
                "`{}` is new in this book, which has {}: all that it pays is new. A program that was only renamed is paid a second time",
                shown(&job.plan.name),
                others.join(", ")
            ));
        }
        let bound = job.bind(messages)?;
        // No more than a table is the book written over by what this writes.
        job.settings.book = book.file().map(Place::File);
        job.keeps_inputs(&bound, &self.rejects.iter().cloned().collect::<Vec<_>>(), messages)?;
        let (tables, inputs) = job.open(&bound, messages)?;
        let progress = Progress::new();
        let scratch = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let threads = threads(self.threads);
        let limits = Limits {
            memory: self.memory,
            scratch: &scratch,
            spills: true,
            lists_rejects: self.rejects.is_some(),
            keeps_returns: true,
            threads,
        };
        let mut loaded = job.load(tables, limits, &progress, messages)?;
        let has_earlier = !book.state().compared(&job.plan.name).is_empty();
        judge(&job.plan, &loaded, self.rejects.is_some(), has_earlier, messages)?;
        job.knows_the_day(&loaded, messages)?;
        let inputs = job.inputs(inputs, &loaded, messages)?;
        let options = RunOptions { threads, ..RunOptions::through(job.through) };
        let result = run(&job.plan, &mut loaded, &options, None).map_err(|met| job.fault(&met, messages))?;
        let (aside, rejects) = self.set_aside(&job, &loaded, messages)?;
        progress.writing();
        let room = Room { folder: &scratch, memory: sorting(self.memory) };
        let lines = RunLines::new(&job.plan, room);
        let (lines, table) = payments(&job, &loaded, &result, lines).map_err(|error| {
            messages.error("cannot-keep-rows", &error.to_string(), None);
            ExitStatus::Output
        })?;
        let files = run_json::Files { inputs, tables: vec![table], rejects, style: CsvStyle::default() };
        let manifest = run_json::describe(&job, &loaded, &result, None, files);
        let text = manifest.to_json().map_err(|error| {
            messages.error("internal-error", &error.to_string(), None);
            ExitStatus::Internal
        })?;
        drop(progress);
        if !messages.are_quiet() {
            report::accounts(&job.plan, &loaded, &result, &manifest);
            report::unmatched_texts(&job.plan, &loaded);
        }
        let run = meed_book::SettledRun {
            plan: &job.plan,
            loaded: &loaded,
            lines,
            through: job.through,
            manifest: &manifest,
            text: &text,
            fewer_rows: self.fewer_rows,
        };
        let approved = self.approved_by.as_deref().map(|by| (by, self.note.as_deref().unwrap_or("")));
        let outcome = book.settle(run, approved, self.book.day()).map_err(wrong)?;
        if let (Some(aside), Some(path)) = (aside, &self.rejects) {
            aside.persist(path).map_err(|error| not_written(path, &error.error, messages))?;
        }
        say("");
        match outcome {
            SettleOutcome::Nothing { dropped } => {
                if let Some(draft) = dropped {
                    say(&format!("draft {draft} is dropped: there is nothing to post"));
                }
                say(&format!("nothing is different from what the book has: `{}`", book.place()));
                say(&format!("head {}", book.state().head));
            }
            SettleOutcome::Same { settlement } => {
                say(&format!("draft {settlement} has all of it already"));
                say(&format!("head {}", book.state().head));
            }
            SettleOutcome::Drafted { settled, instead_of, fewer } => {
                for FewerRows { event, were, are } in fewer {
                    say(&format!(
                        "`{}` had {were} rows when this was settled last, and has {are}: what was paid for rows that are gone is taken back",
                        shown(&event)
                    ));
                }
                if let Some(before) = instead_of {
                    say(&format!("draft {before} is dropped: this one takes its place"));
                }
                report(&book, &settled);
            }
        }
        Ok(())
    }

    /// Writes rejected rows beside where they are asked for: they appear with the settlement.
    fn set_aside(
        &self,
        job: &Job,
        loaded: &Loaded,
        messages: Messages,
    ) -> Result<(Option<NamedTempFile>, Option<Rejects>), ExitStatus> {
        let Some(path) = &self.rejects else { return Ok((None, None)) };
        let write = || {
            let file = beside(path)?;
            write_rejects(&job.plan, loaded, &CsvStyle::default(), file.as_file())?;
            file.as_file().sync_all()?;
            let (size, sha256) = digest_of(std::fs::File::open(file.path())?)?;
            let rejects = Rejects { name: path.display().to_string(), size, rows: loaded.rejects.n_all(), sha256 };
            Ok((Some(file), Some(rejects)))
        };
        write().map_err(|error| not_written(path, &error, messages))
    }
}

/// Hands the payments of a run to the book, and gives what `run.json` says of them: the table that `meed run` would write.
fn payments<'a>(
    job: &Job,
    loaded: &Loaded,
    result: &RunResult,
    lines: RunLines<'a>,
) -> io::Result<(RunLines<'a>, Table)> {
    let digests = Digests::new();
    let target = Hashed { inner: io::sink(), stream: digests.stream(0) };
    let header = pay::payments_header(&job.plan, result);
    let csv = Format::Csv.sink(header, target, CsvStyle::default(), NonZero::<usize>::MIN)?;
    let mut both = Both { csv, lines, n_rows: 0 };
    pay::write(&job.plan, loaded, result, &mut Sinks { payments: Some(&mut both), ..Sinks::default() })?;
    let Both { csv, lines, n_rows } = both;
    drop(csv);
    let digest = digests.finish(1).pop().flatten().unwrap_or_else(|| Err(io::Error::other("it has no digest")))?;
    let table = Table {
        table: "payments".to_owned(),
        file: "payments.csv".to_owned(),
        size: digest.size,
        rows: n_rows,
        sha256: digest.sha256,
    };
    Ok((lines, table))
}

/// Payments on their way to their digest and to the book.
struct Both<'a> {
    csv: Box<dyn Sink>,
    lines: RunLines<'a>,
    n_rows: u64,
}

impl Sink for Both<'_> {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        self.n_rows += batch.n_rows as u64;
        self.csv.take(batch.clone())?;
        self.lines.take(batch)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.csv.finish()?;
        self.lines.finish()
    }
}
