//! `meed run PROGRAM --data … --out DIR`

use crate::Ending;
use crate::bind::bind;
use crate::clock::{Clock, Watch};
use crate::draw::{self, MessageFormat};
use crate::out::{Format, Outputs};
use crate::report;
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::day_of;
use meed_runtime::engine::{Engine, RunFault, RunOptions, RunResult, run};
use meed_runtime::ledger::{self, Sinks, Slices};
use meed_runtime::load::{LoadOptions, Loaded, load};
use meed_runtime::table::Sink;
use std::path::PathBuf;

/// Settle a program over tables of events.
#[derive(clap::Args)]
pub struct Run {
    /// The program, a `.meed` file
    program: PathBuf,
    /// `record=FILE` (a `*` in the name means several files), or a folder of tables
    #[arg(long, required = true)]
    data: Vec<String>,
    /// The folder for payments, totals and decisions
    #[arg(long)]
    out: PathBuf,
    /// Settle through this day instead of the program's last
    #[arg(long)]
    through: Option<jiff::civil::Date>,
    /// Give a parameter another value, as `bounty=$700`
    #[arg(long = "set", value_name = "PARAMETER=VALUE")]
    overrides: Vec<String>,
    /// Write rejected rows here and settle the others
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// How the tables are written
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Write the parts of every line too
    #[arg(long)]
    slices: bool,
    /// Which engine does the rows
    #[arg(long, value_enum, default_value_t = EngineName::Jit)]
    engine: EngineName,
    /// Print seconds by stage and peak memory as JSON, as the last line of the messages
    #[arg(long)]
    timings: bool,
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

impl Run {
    pub fn run(self) -> Ending {
        let mut clock = Clock::start();
        let Some(text) = draw::read_program(&self.program) else { return Ending::Program };
        let Some(overrides) = self.overrides() else { return Ending::Program };
        let compiled = meed_compiler::compile(&text, &overrides);
        draw::problems(&self.program, &text, &compiled.problems, MessageFormat::Human);
        let Some(plan) = compiled.plan else { return Ending::Program };
        clock.stage("compile");
        let through = self.through.map_or(plan.active.to, day_of);
        let mut loaded = match self.load(&plan, through) {
            Ok(loaded) => loaded,
            Err(ending) => return ending,
        };
        clock.stage("load");
        let engine = match self.engine {
            EngineName::Interpreter => Engine::Interpreter,
            EngineName::Jit => Engine::Jit,
        };
        let options = RunOptions { through, chunk_rows: self.batch_rows, engine };
        let mut watch = Watch::new(&plan, self.slices.then(|| Slices::new(&plan)), clock);
        let result = match run(&plan, &mut loaded, &options, Some(&mut watch)) {
            Ok(result) => result,
            Err(fault) => return self.fault(&text, &fault),
        };
        let (slices, mut clock) = watch.end();
        if let Err((path, error)) = self.write(&plan, &loaded, &result, slices.as_ref()) {
            eprintln!("error: cannot write `{}`: {error}", path.display());
            return Ending::Output;
        }
        clock.stage("write");
        report::accounts(&plan, &loaded, &result);
        if self.timings {
            eprintln!("{}", clock.report(&loaded, &result));
        }
        Ending::Well
    }

    fn overrides(&self) -> Option<Vec<(String, String)>> {
        let split = |entry: &String| match entry.split_once('=') {
            Some((name, value)) => Some((name.trim().to_owned(), value.trim().to_owned())),
            None => {
                eprintln!("error: `--set {entry}` is not of the form parameter=value");
                None
            }
        };
        self.overrides.iter().map(split).collect()
    }

    fn load(&self, plan: &Plan, through: i32) -> Result<Loaded, Ending> {
        let bound = bind(plan, &self.data).map_err(|error| tables(&format!("error: {error}"), None))?;
        for file in &bound.not_read {
            eprintln!("not read: {}", file.display());
        }
        let options = LoadOptions { through, batch_rows: 65_536 };
        let loaded = load(plan, bound.inputs, &options)
            .map_err(|error| tables(&format!("error[{}]: {error}", error.code()), error.help()))?;
        if loaded.rejects.is_empty() || self.rejects.is_some() {
            return Ok(loaded);
        }
        report::rejects(&loaded, 20);
        let n_rows: u64 = loaded.accounts.iter().map(|account| account.rejected).sum();
        Err(tables(
            &format!("error[rejected-rows]: {n_rows} rows are rejected, nothing is written"),
            Some("mend them, or set them aside with --rejects FILE".to_owned()),
        ))
    }

    fn fault(&self, text: &str, fault: &RunFault) -> Ending {
        let kind = &fault.fault.kind;
        eprintln!("error[{}]: {fault}", kind.code());
        let problem =
            meed_compiler::Problem::error(kind.code(), fault.fault.span, kind.to_string()).label(fault.place.clone());
        draw::problems(&self.program, text, &[problem], MessageFormat::Human);
        Ending::Fault
    }

    fn write(
        &self,
        plan: &Plan,
        loaded: &Loaded,
        result: &RunResult,
        slices: Option<&Slices>,
    ) -> Result<(), (PathBuf, std::io::Error)> {
        let mut outputs = Outputs::new(&self.out, self.format)?;
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
        let folder = |error| (self.out.clone(), error);
        ledger::write(plan, loaded, result, &mut sinks).map_err(folder)?;
        ledger::write_decisions(plan, loaded, result, decisions.as_mut()).map_err(folder)?;
        drop((payments, totals, decisions, parts));
        outputs.appear()
    }
}

/// A table that cannot be had.
fn tables(message: &str, help: Option<String>) -> Ending {
    eprintln!("{message}");
    if let Some(help) = help {
        eprintln!("help: {help}");
    }
    Ending::Tables
}
