//! `meed run [PROGRAM] [--data …] [--out DIR]`

use crate::Ending;
use crate::clock::{Clock, Watch};
use crate::draw::{Messages, file_name, say};
use crate::job::{Job, JobOptions, Limits, no_room};
use crate::out::{Format, Outputs};
use crate::progress::Progress;
use crate::report;
use meed_runtime::engine::{Engine, RunOptions, RunResult, run};
use meed_runtime::ledger::{self, Sinks, Slices};
use meed_runtime::load::Loaded;
use meed_runtime::scratch::ScratchError;
use meed_runtime::table::{Formulas, Sink};
use std::path::{Path, PathBuf};

/// Settle a program over tables of events.
#[derive(clap::Args)]
pub struct Run {
    /// The program, a `.meed` file or a folder with a `meed.toml`; without it the project here
    program: Option<PathBuf>,
    #[command(flatten)]
    job: JobOptions,
    /// The folder for payments, totals and decisions
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write rejected rows here and settle the others
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// How the tables are written [default: csv]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// In tables as CSV, what becomes of texts of the data that a spreadsheet would run as formulas
    #[arg(long, value_enum, default_value_t = FormulaCells::Mark)]
    csv_formulas: FormulaCells,
    /// Write the parts of every line too
    #[arg(long)]
    slices: bool,
    /// Which engine does the rows
    #[arg(long, value_enum, default_value_t = EngineName::Jit)]
    engine: EngineName,
    /// Print seconds by stage and peak memory as JSON, as the last line of the messages
    #[arg(long)]
    timings: bool,
    /// About how much memory rows may take, in MiB; of an event more rows than that wait on the disk
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    memory: u32,
    /// The folder for rows that wait on the disk; without it the system's folder for temporary files
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
    /// Rows done at a time
    #[arg(long, default_value_t = 4096, hide = true)]
    batch_rows: u32,
}

/// The engines by name.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum EngineName {
    /// Row by row in exact fractions
    Interpreter,
    /// Machine code
    Jit,
}

/// What becomes of cells that begin like formulas.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FormulaCells {
    /// They get a `'` before them
    Mark,
    /// They are written as they are
    AsIs,
}

impl Run {
    pub fn run(self, messages: Messages) -> Ending {
        self.settle(messages).map_or_else(|ending| ending, |()| Ending::Well)
    }

    fn settle(&self, messages: Messages) -> Result<(), Ending> {
        let mut clock = Clock::start();
        let job = Job::new(self.program.as_deref(), &self.job, messages)?;
        let Some(out) = self.out.clone().or_else(|| job.settings.out.clone()) else {
            messages.error("command-line", "no folder is named for the payments", Some("name it: --out FOLDER"));
            return Err(Ending::Usage);
        };
        clock.stage("compile");
        let bound = job.bind(messages)?;
        job.keeps_inputs(&bound, &self.outputs(&job, &out), messages)?;
        let progress = Progress::new();
        let scratch = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        // The parts of lines are gathered for rows that are all held.
        let (spills, lists_rejects) = (!self.slices, self.rejects.is_some());
        let limits = Limits { memory: self.memory, scratch: &scratch, spills, lists_rejects };
        let mut loaded = job.load(&bound, limits, &progress, messages)?;
        self.judge(&loaded, messages)?;
        clock.stage("load");
        let engine = match self.engine {
            EngineName::Interpreter => Engine::Interpreter,
            EngineName::Jit => Engine::Jit,
        };
        let options = RunOptions { through: job.through, chunk_rows: self.batch_rows, engine };
        let mut watch = Watch::new(&job.plan, self.slices.then(|| Slices::new(&job.plan)), clock, &progress);
        let result =
            run(&job.plan, &mut loaded, &options, Some(&mut watch)).map_err(|met| job.fault(&met, messages))?;
        let (slices, mut clock) = watch.end();
        progress.writing();
        let n_marked = self.write(&job, &out, &loaded, &result, slices.as_ref()).map_err(|(path, error)| {
            if let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<ScratchError>()) {
                return no_room(error, messages);
            }
            messages.error("cannot-write", &format!("cannot write `{}`: {error}", file_name(&path)), None);
            Ending::Output
        })?;
        clock.stage("write");
        drop(progress);
        report::accounts(&job.plan, &loaded, &result);
        report::formulas(n_marked);
        if self.timings {
            say(&clock.report(&loaded, &result).to_string());
        }
        Ok(())
    }

    fn format(&self, job: &Job) -> Format {
        self.format.or(job.settings.format).unwrap_or(Format::Csv)
    }

    /// The files that will be written.
    fn outputs(&self, job: &Job, out: &Path) -> Vec<PathBuf> {
        let ending = self.format(job).ending();
        let tables = ["payments", "totals", "decisions"].into_iter().chain(self.slices.then_some("slices"));
        tables.map(|name| out.join(format!("{name}.{ending}"))).chain(self.rejects.clone()).collect()
    }

    /// One rejected row stops the run, unless rejected rows are set aside.
    fn judge(&self, loaded: &Loaded, messages: Messages) -> Result<(), Ending> {
        if loaded.rejects.is_empty() || self.rejects.is_some() {
            return Ok(());
        }
        report::rejects(loaded, 20, messages);
        let n_rows: u64 = loaded.accounts.iter().map(|account| account.rejected).sum();
        let message = format!("{n_rows} rows are rejected, nothing is written");
        messages.error("rejected-rows", &message, Some("mend them, or set them aside with --rejects FILE"));
        Err(Ending::Tables)
    }

    fn write(
        &self,
        job: &Job,
        out: &Path,
        loaded: &Loaded,
        result: &RunResult,
        slices: Option<&Slices>,
    ) -> Result<u64, (PathBuf, std::io::Error)> {
        let plan = &job.plan;
        let mut outputs = Outputs::new(out, self.format(job))?;
        outputs.formulas = match self.csv_formulas {
            FormulaCells::Mark => Formulas::marked(),
            FormulaCells::AsIs => Formulas::as_they_are(),
        };
        let formulas = outputs.formulas.clone();
        let mut payments = outputs.table("payments", ledger::payments_header(plan, result))?;
        let mut totals = outputs.table("totals", ledger::totals_header(plan))?;
        let mut decisions = outputs.table("decisions", ledger::decisions_header())?;
        let mut parts = match slices {
            Some(slices) => Some((slices, outputs.table("slices", ledger::slices_header())?)),
            None => None,
        };
        if let Some(path) = &self.rejects {
            outputs.rejects(path, loaded)?;
        }
        let mut sinks = Sinks {
            payments: payments.as_mut(),
            totals: totals.as_mut(),
            slices: parts.as_mut().map(|(slices, sink)| (*slices, sink.as_mut() as &mut dyn Sink)),
        };
        let folder = |error| (out.to_owned(), error);
        ledger::write(plan, loaded, result, &mut sinks).map_err(folder)?;
        ledger::write_decisions(plan, loaded, result, decisions.as_mut()).map_err(folder)?;
        drop((payments, totals, decisions, parts));
        outputs.appear().map(|()| formulas.n_marked())
    }
}
