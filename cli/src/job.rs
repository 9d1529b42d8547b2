//! What `run` and `explain` begin with: the program compiled with this run's parameters, its day, and its tables.
//!
//! The command line wins over the project: a folder of tables named on it replaces all of the project's tables,
//! `record=FILE` only those of that record; parameters are replaced one by one.

use crate::ExitStatus;
use crate::bind::{BindError, Bound, STANDARD_INPUT, TablePlace, bind, place_name};
use crate::draw::{Messages, file_name};
use crate::inputs::Inputs;
use crate::progress::Progress;
use crate::project::{self, Program, Settings};
use meed_book::Place;
use meed_compiler::Sources;
use meed_compiler::internal::InternalError;
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::{date_of, day_of};
use meed_grammar::foreign::shown;
use meed_runtime::inner::engine::RunError;
use meed_runtime::inner::load::unsaid;
use meed_runtime::inner::load::{LoadError, LoadOptions, load};
use meed_runtime::inner::source::TableInput;
use meed_runtime::inner::store::Loaded;
use meed_runtime::inner::store::{Spill, StoreError};
use meed_runtime::manifest::Input;
use std::num::NonZero;
use std::path::{Component, Path, PathBuf};

/// Which tables, through which day, with which parameters.
#[derive(clap::Args)]
pub struct JobOptions {
    /// `record=FILE` (each `*` matches any characters: several files of one record), or a folder of tables; may be repeated
    #[arg(long)]
    pub data: Vec<String>,
    /// Settle through this day instead of the program's last
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub through: Option<jiff::civil::Date>,
    /// Give a parameter another value, such as 'bounty=$700'; may be repeated
    #[arg(long = "set", value_name = "PARAMETER=VALUE")]
    pub set: Vec<String>,
}

/// A day on the command line.
fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "a day is written 2026-03-31".to_owned())
}

const SCRATCH_HELP: &str = "free some room there, or name another folder with --scratch FOLDER";

/// What loading may take.
pub struct Limits<'a> {
    /// MiB of memory.
    pub memory: u32,
    /// The folder for what is too much for it.
    pub scratch: &'a Path,
    /// Whether rows of events may go there.
    pub spills: bool,
    /// Whether all rejected cells are to be listed.
    pub lists_rejects: bool,
    /// Whether it is asked which rows were returned when.
    pub keeps_returns: bool,
    /// How many threads may work at a time.
    pub threads: NonZero<usize>,
}

/// A thread for each processor that there is for this process.
pub fn all_threads() -> NonZero<usize> {
    std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}

/// As many threads as were asked for, else all that there are.
pub fn threads(asked: Option<u32>) -> NonZero<usize> {
    let asked = asked.and_then(|threads| NonZero::new(usize::try_from(threads).unwrap_or(usize::MAX)));
    asked.unwrap_or_else(all_threads)
}

impl<'a> Limits<'a> {
    fn options(&self, through: i32) -> LoadOptions<'a> {
        let memory = (self.memory as usize).saturating_mul(1 << 20);
        LoadOptions {
            memory,
            spill: self.spills.then(|| Spill::new(self.scratch, memory)),
            rejects: self.lists_rejects.then_some(self.scratch),
            keeps_returns: self.keeps_returns,
            threads: self.threads,
            ..LoadOptions::through(through)
        }
    }
}

/// A program ready to be settled.
pub struct Job {
    /// The program's file.
    pub path: PathBuf,
    /// Its texts.
    pub sources: Sources,
    /// The files of sheets that were read with it.
    sheets: Vec<PathBuf>,
    /// What it means.
    pub plan: Plan,
    /// The last day of the run.
    pub through: i32,
    /// Whether that day was said.
    through_is_said: bool,
    /// The project's settings; empty outside of one.
    pub settings: Settings,
    data: Vec<String>,
}

impl Job {
    /// Finds the program, compiles it, and puts options and settings together.
    pub fn new(named: Option<&Path>, options: &JobOptions, messages: Messages) -> Result<Self, ExitStatus> {
        let job = Self::without_tables(named, options, messages)?;
        if job.data.is_empty() && job.plan.records.iter().any(|record| record.used) {
            let folder = job.path.parent().filter(|folder| folder.join(project::FILE_NAME).is_file());
            let help = match folder.filter(|_| named.is_some_and(Path::is_file)) {
                Some(folder) if !folder.as_os_str().is_empty() => {
                    format!("`{0}` has a {1}: name the folder, {0}", file_name(folder), project::FILE_NAME)
                }
                _ => "name them: --data FOLDER, or --data deal=deals.csv for each record".to_owned(),
            };
            messages.error("command-line", "no tables are named", Some(&help));
            return Err(ExitStatus::Usage);
        }
        let day = job.through;
        if day > job.plan.active.to {
            messages.note(&format!("the program ends on {}: no rule matches a later row", date_of(job.plan.active.to)));
        }
        Ok(job)
    }

    /// The same, where no tables are read.
    pub fn without_tables(named: Option<&Path>, options: &JobOptions, messages: Messages) -> Result<Self, ExitStatus> {
        let program = project::program(named, &options.data, messages)?;
        let settings = &program.settings;
        let set = parameters(&settings.set, &options.set, messages)?;
        let compiled = meed_compiler::compile_sources(&program.sources, &set);
        program.tell(&compiled.problems, messages);
        let unknown =
            compiled.problems.iter().any(|problem| problem.code == "unknown-parameter" && problem.primary.0.end == 0);
        let plan = compiled.plan.ok_or(if unknown { ExitStatus::Usage } else { ExitStatus::Program })?;
        let data = tables(&settings.data, &options.data);
        let said = options.through.or(settings.through);
        let through = said.map_or(plan.active.to, day_of);
        if through < plan.active.from {
            let (first, last) = (date_of(plan.active.from), date_of(through));
            let message = format!("the program begins on {first}: through {last} there is nothing to settle");
            messages.error("command-line", &message, None);
            return Err(ExitStatus::Usage);
        }
        let sheets = program.sheets();
        let Program { path, sources, settings, .. } = program;
        Ok(Self { path, sources, sheets, plan, through, through_is_said: said.is_some(), settings, data })
    }

    /// Settles through a day where none was said.
    pub fn settle_through(&mut self, day: i32, messages: Messages) -> Result<(), ExitStatus> {
        if self.through_is_said {
            return Ok(());
        }
        if day < self.plan.active.from {
            let message = format!("the program begins on {}, after {}", date_of(self.plan.active.from), date_of(day));
            messages.error("command-line", &message, None);
            return Err(ExitStatus::Usage);
        }
        self.through = day;
        Ok(())
    }

    /// Finds the tables.
    pub fn bind(&self, messages: Messages) -> Result<Bound, ExitStatus> {
        let bound = bind(&self.plan, &self.data).map_err(|error| unbound(&error, messages))?;
        let is_input = |(_, tables): &(_, Vec<TablePlace>)| tables.contains(&TablePlace::StandardInput);
        if self.path == Path::new(STANDARD_INPUT) && bound.tables.iter().any(is_input) {
            let message = "standard input is read as the program and cannot be a table too";
            messages.error("command-line", message, Some("name a file for one of them"));
            return Err(ExitStatus::Usage);
        }
        let is_sheet = |file: &Path| self.sheets.iter().any(|sheet| place(sheet) == place(file));
        let is_table = |table: &TablePlace| table.file().is_none_or(|file| !is_sheet(file));
        for (table, reason) in bound.not_read.iter().filter(|(table, _)| is_table(table)) {
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
            messages.note(&format!("not read: {}{reason}", place_name(table)));
        }
        Ok(bound)
    }

    /// Opens the tables.
    pub fn open(&self, bound: &Bound, messages: Messages) -> Result<(Vec<TableInput>, Inputs), ExitStatus> {
        Inputs::open(bound).map_err(|error| unbound(&error, messages))
    }

    /// Reads the tables.
    pub fn load(
        &self,
        inputs: Vec<TableInput>,
        limits: Limits<'_>,
        progress: &Progress,
        messages: Messages,
    ) -> Result<Loaded, ExitStatus> {
        let rows = |n_rows: u64| progress.rows(n_rows);
        let options = LoadOptions { progress: Some(&rows), ..limits.options(self.through) };
        load(&self.plan, inputs, &options).map_err(|error| match error {
            LoadError::Store(error) => no_room(&error, messages),
            LoadError::Internal(error) => mistake(&error, messages),
            error => unbound(&error.into(), messages),
        })
    }

    /// Asks for the day where it was not said and the tables end before a period of a rule begins.
    pub fn knows_the_day(&self, loaded: &Loaded, messages: Messages) -> Result<(), ExitStatus> {
        let unsaid = if self.through_is_said { None } else { unsaid(&self.plan, loaded) };
        let Some(unsaid) = unsaid else { return Ok(()) };
        let names: Vec<&str> = unsaid.events.iter().map(|event| &*self.plan.record(*event).name).collect();
        let names = names.join(" or ");
        let last = date_of(self.plan.active.to);
        let known = match unsaid.last_row {
            Some(day) => format!("no row of {names} is after {}", date_of(day)),
            None => format!("there is no row of {names}"),
        };
        let message = format!(
            "through which day? {known}, and through {last} rule `{}` takes {} and what follows as ended",
            unsaid.rule, unsaid.first
        );
        let period = unsaid.period.word();
        let mut offers: Vec<String> = Vec::new();
        if let Some((day, end)) = unsaid.last_period {
            let end_of = format!("--through {}, the end of its {period}", date_of(end));
            offers.push(match day == end {
                true => format!("--through {}, the day of the last row", date_of(day)),
                false => format!("--through {}, the day of the last row, or {end_of}", date_of(day)),
            });
        }
        offers.push(format!("--through {last}, if no more rows come"));
        messages.error("missing-through", &message, Some(&offers.join("; ")));
        Err(ExitStatus::Usage)
    }

    /// What `run.json` says of the tables that were read.
    pub fn inputs(&self, inputs: Inputs, loaded: &Loaded, messages: Messages) -> Result<Vec<Input>, ExitStatus> {
        inputs.finish(&self.plan, loaded).map_err(|error| unbound(&error, messages))
    }

    /// Demands that no file that is written is one that is read, and none is written twice.
    pub fn keeps_inputs(&self, bound: &Bound, outputs: &[PathBuf], messages: Messages) -> Result<(), ExitStatus> {
        let tables: Vec<PathBuf> =
            bound.tables.iter().flat_map(|(_, tables)| tables).flat_map(TablePlace::files).collect();
        let mut own = project::files(&self.path, &self.sources);
        own.extend(self.sheets.iter().cloned());
        if let Some(Place::File(book)) = &self.settings.book {
            own.push(book.clone());
        }
        own.push(self.settings.file());
        let read: Vec<PathBuf> = tables.iter().chain(&own).map(|path| place(path)).collect();
        for (idx, path) in outputs.iter().enumerate() {
            let own = place(path);
            let why = match read.contains(&own) {
                true => "is read by this run, and would be written over",
                false if outputs.iter().take(idx).any(|other| place(other) == own) => "is written by this run already",
                false => continue,
            };
            messages.error(
                "command-line",
                &format!("`{}` {why}", file_name(path)),
                Some("name another file or folder"),
            );
            return Err(ExitStatus::Usage);
        }
        Ok(())
    }
}

/// Says that rows could not be kept on the disk.
pub fn no_room(error: &StoreError, messages: Messages) -> ExitStatus {
    messages.error("cannot-keep-rows", &error.to_string(), Some(SCRATCH_HELP));
    ExitStatus::Output
}

/// Says that an invariant of Meed does not hold.
pub fn mistake(error: &InternalError, messages: Messages) -> ExitStatus {
    messages.error("internal-error", &error.to_string(), Some(InternalError::HELP));
    ExitStatus::Internal
}

/// Where a path leads, also where nothing is there yet: a folder that will be made is no link.
fn place(path: &Path) -> PathBuf {
    if let Ok(whole) = path.canonicalize() {
        return whole;
    }
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut found = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => drop(found.pop()),
            Component::CurDir => {}
            part => found.push(part),
        }
        if let Ok(there) = found.canonicalize() {
            found = there;
        }
    }
    found
}

fn unbound(error: &BindError, messages: Messages) -> ExitStatus {
    messages.error(error.code(), &error.to_string(), error.help().as_deref());
    error.exit_status()
}

impl Job {
    /// Says what a run met; a row's fault at its place in the program.
    pub fn fault(&self, error: &RunError, messages: Messages) -> ExitStatus {
        let met = match error {
            RunError::Fault(met) => met,
            RunError::Store(error) => return no_room(error, messages),
            RunError::Internal(error) => return mistake(error, messages),
        };
        let (code, span) = (met.fault.kind.code(), met.fault.span);
        let problem = meed_compiler::Problem::error(code, span, met.to_string()).label(met.place.clone());
        project::tell(&self.path, &self.sources, &[problem], messages);
        ExitStatus::Fault
    }
}

/// The project's tables and those of the command line.
fn tables(settings: &[String], options: &[String]) -> Vec<String> {
    let record = |entry: &str| {
        entry.split_once('=').filter(|_| !Path::new(entry).is_dir()).map(|(name, _)| name.trim().to_owned())
    };
    let named: Vec<String> = options.iter().filter_map(|entry| record(entry)).collect();
    let folder = options.iter().any(|entry| record(entry).is_none());
    let kept = settings.iter().filter(|entry| !folder && record(entry).is_none_or(|name| !named.contains(&name)));
    kept.chain(options).cloned().collect()
}

/// The project's parameters and those of the command line.
fn parameters(
    settings: &[(String, String)],
    options: &[String],
    messages: Messages,
) -> Result<Vec<(String, String)>, ExitStatus> {
    let mut all = settings.to_vec();
    for entry in options {
        let Some((name, value)) = entry.split_once('=') else {
            let help = Some("write the parameter and its value, as --set 'bounty=$700'");
            messages.error("command-line", &format!("`--set {}` sets nothing", shown(entry)), help);
            return Err(ExitStatus::Usage);
        };
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => all.push((name, value)),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::tables;

    #[test]
    fn the_command_line_wins() {
        let all = |entries: &[&str]| entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>();
        let settings = all(&["tables", "deal=a.csv", "partner=p.csv"]);
        assert_eq!(tables(&settings, &[]), settings);
        let one = tables(&settings, &all(&["deal=b.csv", "deal=c.csv"]));
        assert_eq!(one, all(&["tables", "partner=p.csv", "deal=b.csv", "deal=c.csv"]));
        assert_eq!(tables(&settings, &all(&["others"])), all(&["others"]));
    }
}
