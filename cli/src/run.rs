//! `meed run [PROGRAM] [--data …] [--out DIR]`

use crate::ExitStatus;
use crate::bind::Bound;
use crate::clock::{Clock, StageTimer};
use crate::draw::{Messages, say};
use crate::format::Format;
use crate::job::{Job, JobOptions, Limits, threads};
use crate::out::{OutError, Outputs, Request, Shared};
use crate::paid::{self, Beside};
use crate::printed::{PrintForm, Printed, PrintedTable};
use crate::progress::Progress;
use crate::rejected_rows::RejectedRows;
use crate::watch::Watched;
use crate::{out, rejected_rows, report, run_json, signals};
use clap::ValueEnum;
use meed_compiler::codegen::MAKES_CODE;
use meed_compiler::plan::{Plan, RecordKind};
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::{Compared, Room};
use meed_runtime::inner::engine::{Engine, RunOptions, RunResult, run};
use meed_runtime::inner::output::{CsvDialect, CsvStyle, Formulas, Header, Sink};
use meed_runtime::inner::pay;
use meed_runtime::inner::pay::{PayeeSums, Sinks, Slices};
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::{self, FILE_NAME, Manifest};
use std::num::NonZero;
use std::path::{Path, PathBuf};

/// Settle a program over tables of events.
#[derive(clap::Args)]
pub struct Run {
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder or one around it]
    program: Option<PathBuf>,
    #[command(flatten)]
    job: JobOptions,
    /// The folder for payments, totals and decisions
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// The folder of an earlier run: pay only what differs from what it paid; may be repeated
    #[arg(long, value_name = "FOLDER")]
    paid: Vec<PathBuf>,
    /// Write rejected rows here and settle the others
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// How the tables are written [default: csv]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// How to write texts of the data that a spreadsheet would run as formulas, in CSV tables
    #[arg(long, value_enum, default_value_t = FormulaCells::Mark)]
    csv_formulas: FormulaCells,
    /// How tables are written as CSV, such as "sep=; decimal=, bom": between fields sep=, sep=; sep=| or sep=tab, in amounts decimal=. or
    /// decimal=, and with bom the mark by which spreadsheets know UTF-8
    #[arg(long, value_name = "DIALECT")]
    csv: Option<CsvDialect>,
    /// Write only this table: totals come sooner alone than with the payments
    #[arg(long, value_enum, value_name = "TABLE", conflicts_with_all = ["paid", "slices"])]
    only: Option<Only>,
    /// Write the parts of every line too
    #[arg(long)]
    slices: bool,
    /// Execution engine [default: jit, if this build has it]
    #[arg(long, value_enum)]
    engine: Option<EngineName>,
    /// Print this table on standard output, and write no tables where the command line names no folder
    #[arg(long, value_enum, value_name = "TABLE")]
    print: Option<PrintedTable>,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORM", default_value_t, requires = "print")]
    print_as: PrintForm,
    /// Run again whenever a program or a table changes
    #[arg(long)]
    pub watch: bool,
    /// Print seconds by stage and peak memory as JSON, as the last line of the messages; rules that run side by side are told as the last of them
    #[arg(long)]
    timings: bool,
    /// Memory budget for rows, in MiB; beyond it the rows of an event spill to disk
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    memory: u32,
    /// Threads that read rows, put them in order, do rules and write [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    /// Folder for rows that spill to disk [default: the system's folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
    /// Whether what is written goes as soon as it was looked at
    #[arg(skip)]
    is_unseen: bool,
    /// Rows to process at a time
    #[arg(long, default_value_t = 4096, hide = true)]
    batch_rows: u32,
}

/// What a run has found, to be written.
struct Found<'a> {
    loaded: &'a Loaded,
    result: &'a RunResult,
    slices: Option<&'a Slices>,
    beside: Option<&'a Beside>,
    /// What each payee is paid is added up here.
    payees: &'a mut PayeeSums,
}

/// A folder that goes when nobody looks any more.
struct UnseenFolder(PathBuf);

impl Drop for UnseenFolder {
    fn drop(&mut self) {
        // It is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Tables that can be written alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    /// Sums by rule, payee and period
    Totals,
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
    /// Mark them with a `'` in front
    Mark,
    /// Write them as they are
    AsIs,
}

impl Run {
    /// The run that a `run.json` is of, into another folder: what it says was read, with its parameters, through its day.
    pub fn again(manifest: &Manifest, program: Option<PathBuf>, data: Vec<String>, folder: &Path) -> Self {
        let read = |input: &manifest::Input| format!("{}={}", input.record, input.name);
        let set = manifest.parameters.values.iter().filter(|known| known.in_program.is_some());
        let has = |table: &str| manifest.tables.iter().any(|known| known.table == table);
        let ending = manifest.tables.iter().find_map(|table| Path::new(&table.file).extension());
        Self {
            program,
            job: JobOptions {
                data: if data.is_empty() { manifest.inputs.iter().map(read).collect() } else { data },
                through: manifest.through.parse().ok(),
                set: set.map(|known| format!("{}={}", known.name, known.value)).collect(),
            },
            out: Some(folder.join("run")),
            paid: manifest.paid.iter().map(|run| PathBuf::from(&run.name)).collect(),
            rejects: match manifest.tables.iter().find(|table| table.table == "rejects") {
                Some(table) => Some(folder.join("run").join(&table.file)),
                None => manifest.rejects.as_ref().map(|_| folder.join("rejects.csv")),
            },
            format: ending.and_then(|ending| Format::from_str(&ending.to_string_lossy(), true).ok()),
            csv_formulas: if manifest.formulas_as_they_are { FormulaCells::AsIs } else { FormulaCells::Mark },
            // Where it says nothing it was the usual way, whatever the project says now.
            csv: Some(manifest.csv.as_ref().and_then(|dialect| dialect.parse().ok()).unwrap_or_default()),
            only: (has("totals") && !has("payments")).then_some(Only::Totals),
            slices: has("slices"),
            engine: None,
            print: None,
            print_as: PrintForm::default(),
            watch: false,
            timings: false,
            memory: 256,
            threads: None,
            scratch: None,
            is_unseen: true,
            batch_rows: 4096,
        }
    }

    /// What it reads and writes, for whoever runs it again when that changes.
    pub fn watched(&self) -> Watched {
        let programs = self.program.iter().cloned().collect();
        Watched { programs, data: self.job.data.clone(), rejects: self.rejects.clone() }
    }

    pub fn run(self, messages: Messages) -> ExitStatus {
        self.settle(messages).map_or_else(|status| status, |()| ExitStatus::Well)
    }

    fn settle(&self, messages: Messages) -> Result<(), ExitStatus> {
        let mut clock = Clock::start();
        let shared = Shared::default();
        if let Err(error) = signals::clean_up(shared.clone(), messages) {
            messages.note(&format!("a run that is told to stop will leave unfinished files: {error}"));
        }
        let job = Job::new(self.program.as_deref(), &self.job, messages)?;
        self.can_print(messages)?;
        let is_csv = self.format(&job) == Format::Csv || self.rejects.is_some() || self.print_as == PrintForm::Csv;
        if self.csv.is_some() && !is_csv {
            messages.note("--csv says how CSV is written, and this run writes none");
        }
        // A run that is only printed is written where nobody looks, and goes with this.
        let unseen = match self.print {
            Some(_) if self.out.is_none() => Some(self.unseen_folder(messages)?),
            _ => None,
        };
        let named = self.out.clone().or_else(|| Some(unseen.as_ref()?.0.clone()));
        let Some(out) = named.or_else(|| job.settings.out.clone()) else {
            let help = "name it: --out FOLDER; or see what would be paid by --print totals";
            messages.error("command-line", "no folder is named for the payments", Some(help));
            return Err(ExitStatus::Usage);
        };
        clock.stage("compile");
        let bound = job.bind(messages)?;
        job.keeps_inputs(&bound, &self.outputs(&job, &out), messages)?;
        let scratch = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let room = Room { folder: &scratch, memory: sorting(self.memory) };
        let earlier = paid::read(&job, &self.paid, &out, room, messages)?;
        let printed = self.print.map(|table| Printed::new(table, self.print_as));
        let request = Request { printed: printed.clone(), ..self.request(&job, &out) };
        let mut outputs = Outputs::begin(&request, shared).map_err(|error| error.tell(messages))?;
        let (tables, inputs) = job.open(&bound, messages)?;
        let progress = Progress::new();
        // The parts of lines are gathered for rows that are all held.
        let (spills, lists_rejects) = (!self.slices, self.rejects.is_some());
        let limits = Limits {
            memory: self.memory,
            scratch: &scratch,
            spills,
            lists_rejects,
            keeps_returns: !self.paid.is_empty(),
            threads: self.threads(),
        };
        let mut loaded = job.load(tables, limits, &progress, messages)?;
        judge(&job.plan, &loaded, self.rejects.is_some(), outputs.has_earlier_run(), messages)?;
        job.knows_the_day(&loaded, messages)?;
        // Before it is known that no file was changed: what is copied is what was loaded.
        let copied = self.copied(&job, &bound, &loaded, messages)?;
        let inputs = job.inputs(inputs, &loaded, messages)?;
        outputs.keep_changes().map_err(|error| error.tell(messages))?;
        clock.stage("load");
        if let (Some(EngineName::Jit), false) = (self.engine, MAKES_CODE) {
            messages.note("this build makes no machine code: the interpreter does every row");
        }
        let engine = match self.engine {
            Some(EngineName::Interpreter) => Engine::Interpreter,
            Some(EngineName::Jit) | None => Engine::Jit,
        };
        let threads = self.threads();
        let options = RunOptions { chunk_rows: self.batch_rows, engine, threads, ..RunOptions::through(job.through) };
        let mut timer = StageTimer::new(&job.plan, self.slices.then(|| Slices::new(&job.plan)), clock, &progress);
        let result =
            run(&job.plan, &mut loaded, &options, Some(&mut timer)).map_err(|met| job.fault(&met, messages))?;
        let (slices, mut clock) = timer.end();
        progress.writing();
        let formulas = outputs.formulas();
        let beside = earlier.map(|earlier| Beside::new(&job, earlier, &loaded, &result, (&out, room))).transpose();
        let mut payees = PayeeSums::default();
        let written = beside.and_then(|beside| {
            let (slices, beside) = (slices.as_ref(), beside.as_ref());
            let found = Found { loaded: &loaded, result: &result, slices, beside, payees: &mut payees };
            self.write(&job, outputs, (inputs, copied), found)
        });
        let manifest = written.map_err(|error| error.tell(messages))?;
        clock.stage("write");
        drop(progress);
        if !messages.are_quiet() {
            report::accounts(&job.plan, &loaded, &result, &manifest);
            report::largest_payees(&job.plan, &loaded, &payees);
            paid::report(&manifest);
            report::unmatched_texts(&job.plan, &loaded);
            if unseen.is_none() && !self.is_unseen {
                report::formulas(formulas.n_marked());
                report::written(&out, self.rejects.as_deref(), &manifest);
            }
        }
        self.more(&manifest, &clock, messages);
        if let Some(printed) = printed {
            printed.print(messages)?;
        }
        if self.timings {
            say(&clock.report(&loaded, &result).to_string());
        }
        Ok(())
    }

    fn format(&self, job: &Job) -> Format {
        self.format.or(job.settings.format).unwrap_or(Format::Csv)
    }

    fn can_print(&self, messages: Messages) -> Result<(), ExitStatus> {
        let Some(table) = self.print else { return Ok(()) };
        let message = match (self.only, table) {
            (Some(Only::Totals), PrintedTable::Payments | PrintedTable::Decisions) => {
                "--only totals writes no table that could be printed but totals"
            }
            _ if messages.are_json() => "messages as JSON and a printed table would both be on standard output",
            _ => return Ok(()),
        };
        messages.error("command-line", message, None);
        Err(ExitStatus::Usage)
    }

    /// The path of a folder that is made for the run: a run that is stopped removes what it made.
    fn unseen_folder(&self, messages: Messages) -> Result<UnseenFolder, ExitStatus> {
        let scratch = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let name = tempfile::Builder::new().prefix("meed-").tempdir_in(&scratch).and_then(|folder| {
            let path = folder.path().to_owned();
            folder.close().map(|()| path)
        });
        name.map(UnseenFolder).map_err(|error| out::not_written(&scratch, &error, messages))
    }

    /// What was read, and how long each stage took.
    fn more(&self, Manifest { inputs, .. }: &Manifest, clock: &Clock, messages: Messages) {
        for manifest::Input { record, name, size, rows, sha256 } in inputs {
            let (rows, size) = (report::count_words(*rows), report::count_words(*size));
            let digest: String = sha256.chars().take(12).collect();
            messages.more(&format!("read {} for {record}: {rows} rows, {size} bytes, SHA-256 {digest}…", shown(name)));
        }
        clock.stages().for_each(|(stage, seconds)| messages.more(&format!("{stage}: {seconds} s")));
    }

    /// How tables are written as CSV.
    fn style(&self, job: &Job) -> CsvStyle {
        CsvStyle {
            formulas: match self.csv_formulas {
                FormulaCells::Mark => Formulas::marked(),
                FormulaCells::AsIs => Formulas::as_they_are(),
            },
            dialect: self.csv.or(job.settings.csv).unwrap_or_default(),
        }
    }

    /// What will be written where.
    fn request<'a>(&'a self, job: &'a Job, out: &'a Path) -> Request<'a> {
        let mut tables = vec!["totals"];
        if self.only.is_none() {
            tables.extend(["payments", "decisions"]);
            tables.extend(pay::credits_header(&job.plan).map(|_| "credits"));
            tables.extend(pay::uncredited_header(&job.plan).map(|_| "uncredited"));
            tables.extend(self.differences_header(&job.plan).map(|_| "differences"));
            tables.extend(pay::held_header(&job.plan).map(|_| "held"));
            tables.extend(pay::movements_header(&job.plan).map(|_| "movements"));
            tables.extend(self.slices.then_some("slices"));
        }
        Request {
            folder: out,
            format: self.format(job),
            tables,
            rejects: self.rejects.as_deref(),
            rejected_rows: self.rejected_rows(&job.plan),
            style: self.style(job),
            printed: None,
            program: &job.plan.name,
            threads: self.threads(),
        }
    }

    /// How many threads may work at a time.
    fn threads(&self) -> NonZero<usize> {
        threads(self.threads)
    }

    /// The columns of differences: to what earlier runs paid, or between the closes of this one.
    fn differences_header(&self, plan: &Plan) -> Option<Header> {
        if self.paid.is_empty() { pay::differences_header(plan) } else { Some(Compared::differences_header(plan)) }
    }

    /// The files that will be written.
    fn outputs(&self, job: &Job, out: &Path) -> Vec<PathBuf> {
        let Request { tables, format, .. } = self.request(job, out);
        let tables = tables.iter().map(|name| format!("{name}.{}", format.ending())).chain([FILE_NAME.to_owned()]);
        let tables = tables.map(|name| out.join(name)).chain(self.rejects.clone());
        tables.chain(self.rejected_rows(&job.plan)).collect()
    }

    /// The table of rejected cells, where rows can be beside it: nothing is put beside a device or a pipe.
    fn rejects_file(&self) -> Option<&Path> {
        self.rejects.as_deref().filter(|path| path.is_file() || !path.exists())
    }

    /// The files that could be beside the rejected cells.
    fn rejected_rows(&self, plan: &Plan) -> Vec<PathBuf> {
        self.rejects_file().map_or_else(Vec::new, |path| rejected_rows::all_beside(path, plan))
    }

    /// The rejected rows as their files have them, and where they go.
    fn copied(
        &self,
        job: &Job,
        bound: &Bound,
        loaded: &Loaded,
        messages: Messages,
    ) -> Result<Vec<(PathBuf, RejectedRows)>, ExitStatus> {
        let Some(rejects) = self.rejects_file().filter(|_| !loaded.rejects.is_empty()) else {
            return Ok(Vec::new());
        };
        let copied = rejected_rows::copy(&job.plan, bound, loaded, messages);
        let copied = copied.map_err(|error| OutError::from((rejects.to_owned(), error)).tell(messages))?;
        let is_one = copied.len() == 1;
        let named =
            |rows: RejectedRows| (rejected_rows::beside(rejects, (!is_one).then_some(rows.record.as_str())), rows);
        Ok(copied.into_iter().map(named).collect())
    }

    fn write(
        &self,
        job: &Job,
        mut outputs: Outputs,
        (inputs, copied): (Vec<manifest::Input>, Vec<(PathBuf, RejectedRows)>),
        Found { loaded, result, slices, beside, payees }: Found<'_>,
    ) -> Result<Manifest, OutError> {
        let plan = &job.plan;
        if self.only.is_some() {
            let mut totals = outputs.table("totals", pay::totals_header(plan))?;
            outputs.rejects(plan, loaded)?;
            outputs.rejected_rows(copied)?;
            let mut sinks = Sinks { totals: Some(totals.as_mut()), payees: Some(payees), ..Sinks::default() };
            pay::write(plan, loaded, result, &mut sinks).map_err(|error| (outputs.folder().to_owned(), error))?;
            drop(totals);
            return self.appear(job, outputs, inputs, (loaded, result, beside));
        }
        let header = beside.map(|beside| beside.compared.payments_header(plan, result));
        let mut payments = outputs.table("payments", header.unwrap_or_else(|| pay::payments_header(plan, result)))?;
        let mut totals = outputs.table("totals", pay::totals_header(plan))?;
        let mut decisions = outputs.table("decisions", pay::decisions_header())?;
        let mut credits = match pay::credits_header(plan) {
            Some(header) => Some(outputs.table("credits", header)?),
            None => None,
        };
        let mut uncredited = match pay::uncredited_header(plan) {
            Some(header) => Some(outputs.table("uncredited", header)?),
            None => None,
        };
        let mut differences = match self.differences_header(plan) {
            Some(header) => Some(outputs.table("differences", header)?),
            None => None,
        };
        let mut held = match pay::held_header(plan) {
            Some(header) => Some(outputs.table("held", header)?),
            None => None,
        };
        let mut movements = match pay::movements_header(plan) {
            Some(header) => Some(outputs.table("movements", header)?),
            None => None,
        };
        let mut parts = match slices {
            Some(slices) => Some((slices, outputs.table("slices", pay::slices_header())?)),
            None => None,
        };
        outputs.rejects(plan, loaded)?;
        outputs.rejected_rows(copied)?;
        let folder = |error| (outputs.folder().to_owned(), error);
        match (beside, &mut differences) {
            (Some(beside), Some(differences)) => {
                let written = beside.compared.write(plan, payments.as_mut(), totals.as_mut(), differences.as_mut());
                written.map_err(folder)?;
                if let Some((slices, sink)) = &mut parts {
                    let mut sinks = Sinks { slices: Some((*slices, sink.as_mut())), ..Sinks::default() };
                    pay::write(plan, loaded, result, &mut sinks).map_err(folder)?;
                }
            }
            _ => {
                let mut sinks = Sinks {
                    payments: Some(payments.as_mut()),
                    totals: Some(totals.as_mut()),
                    payees: Some(payees),
                    slices: parts.as_mut().map(|(slices, sink)| (*slices, sink.as_mut() as &mut dyn Sink)),
                };
                pay::write(plan, loaded, result, &mut sinks).map_err(folder)?;
            }
        }
        pay::write_decisions(plan, loaded, result, decisions.as_mut()).map_err(folder)?;
        if let Some(credits) = &mut credits {
            pay::write_credits(plan, loaded, result, credits.as_mut()).map_err(folder)?;
        }
        if let Some(uncredited) = &mut uncredited {
            pay::write_uncredited(plan, loaded, result, uncredited.as_mut()).map_err(folder)?;
        }
        if let (None, Some(differences)) = (beside, &mut differences) {
            pay::write_differences(plan, loaded, result, differences.as_mut()).map_err(folder)?;
        }
        if let Some(held) = &mut held {
            pay::write_held(plan, loaded, result, held.as_mut()).map_err(folder)?;
        }
        if let Some(movements) = &mut movements {
            pay::write_movements(plan, loaded, result, movements.as_mut()).map_err(folder)?;
        }
        drop((payments, totals, decisions, parts, credits, uncredited, differences, held, movements));
        self.appear(job, outputs, inputs, (loaded, result, beside))
    }

    /// Shows the tables, with what `run.json` says of them.
    fn appear(
        &self,
        job: &Job,
        outputs: Outputs,
        inputs: Vec<manifest::Input>,
        (loaded, result, beside): (&Loaded, &RunResult, Option<&Beside>),
    ) -> Result<Manifest, OutError> {
        outputs.appear(|tables, rejects| {
            run_json::describe(
                job,
                loaded,
                result,
                beside,
                run_json::Files {
                    inputs,
                    tables,
                    rejects,
                    // Where nothing is CSV it says nothing; rejected rows always are.
                    style: match self.format(job) == Format::Csv || self.rejects.is_some() {
                        true => self.style(job),
                        false => CsvStyle::default(),
                    },
                },
            )
        })
    }
}

/// One rejected row stops a run, unless rejected rows are set aside.
pub fn judge(
    plan: &Plan,
    loaded: &Loaded,
    sets_aside: bool,
    has_earlier_run: bool,
    messages: Messages,
) -> Result<(), ExitStatus> {
    if loaded.rejects.is_empty() {
        return Ok(());
    }
    if sets_aside {
        return keeps_earlier_run(plan, loaded, has_earlier_run, messages);
    }
    report::rejects(plan, loaded, 20, messages);
    let n_rows: u64 = loaded.counts.iter().map(|account| account.rejected).sum();
    let rows = if n_rows == 1 { "row is" } else { "rows are" };
    let message = format!("{n_rows} {rows} rejected, nothing is written");
    let help = "fix them, write them aside with --rejects FILE, or see by `meed data --from FOLDER` how the files could be read";
    messages.error("rejected-rows", &message, Some(help));
    Err(ExitStatus::Tables)
}

/// How many bytes of payments may be held to put them in order, of so many MiB for rows.
pub fn sorting(memory: u32) -> usize {
    usize::try_from(memory).unwrap_or(usize::MAX).saturating_mul(1 << 20) / 4
}

/// A file of which nothing can be read is a mistake, and no reason to take earlier payments back: a run in which every row of
/// an event is rejected does not replace the run that the folder shows.
fn keeps_earlier_run(
    plan: &Plan,
    loaded: &Loaded,
    has_earlier_run: bool,
    messages: Messages,
) -> Result<(), ExitStatus> {
    let mut accounts = plan.records.iter().zip(&loaded.counts).filter(|(record, _)| record.kind == RecordKind::Event);
    let lost = accounts.find(|(_, account)| account.read > 0 && account.rejected == account.read);
    let Some((record, account)) = lost.filter(|_| has_earlier_run) else { return Ok(()) };
    report::rejects(plan, loaded, 20, messages);
    let (n_rows, name) = (account.rejected, shown(&record.name));
    let message = format!("all {n_rows} rows of `{name}` are rejected, and the earlier results stay as they are");
    messages.error("rejected-rows", &message, Some("fix the rows, or name another folder with --out"));
    Err(ExitStatus::Tables)
}
