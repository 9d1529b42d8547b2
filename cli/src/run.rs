//! `meed run PROGRAM --data … --out DIR`

use crate::Ending;
use crate::bind::bind;
use crate::draw::{self, MessageFormat};
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::{date_of, day_of};
use meed_compiler::value::decimal_text;
use meed_runtime::engine::{Counts, RunOptions, RunResult, run};
use meed_runtime::ledger::{self, Sheet};
use meed_runtime::load::{LoadOptions, Loaded, load};
use std::io::Write;
use std::path::{Path, PathBuf};

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
    /// Rows done at a time
    #[arg(long, default_value_t = 65_536, hide = true)]
    batch_rows: u32,
}

impl Run {
    pub fn run(self) -> Ending {
        let Some(text) = draw::read_program(&self.program) else { return Ending::Program };
        let mut overrides = Vec::new();
        for entry in &self.overrides {
            match entry.split_once('=') {
                Some((name, value)) => overrides.push((name.trim().to_owned(), value.trim().to_owned())),
                None => {
                    eprintln!("error: `--set {entry}` is not of the form parameter=value");
                    return Ending::Program;
                }
            }
        }
        let compiled = meed_compiler::compile(&text, &overrides);
        draw::problems(&self.program, &text, &compiled.problems, MessageFormat::Human);
        let Some(plan) = compiled.plan else { return Ending::Program };
        let through = self.through.map_or(plan.active.to, day_of);
        let bound = match bind(&plan, &self.data) {
            Ok(bound) => bound,
            Err(error) => return tables(&error.to_string(), None),
        };
        for file in &bound.not_read {
            eprintln!("not read: {}", file.display());
        }
        let options = LoadOptions { through, batch_rows: self.batch_rows as usize };
        let mut loaded = match load(&plan, bound.inputs, &options) {
            Ok(loaded) => loaded,
            Err(error) => return tables(&error.to_string(), error.help()),
        };
        if !loaded.rejects.is_empty() && self.rejects.is_none() {
            for reject in loaded.rejects.iter().take(20) {
                eprintln!(
                    "{}, row {}, column `{}`, value `{}`: {}",
                    reject.file, reject.row, reject.column, reject.value, reject.reason
                );
            }
            let n_rows: u64 = loaded.accounts.iter().map(|account| account.rejected).sum();
            return tables(
                &format!("{n_rows} rows are rejected, nothing is written"),
                Some("mend them, or set them aside with --rejects FILE".to_owned()),
            );
        }
        let result = match run(&plan, &mut loaded, &RunOptions { through, chunk_rows: self.batch_rows, traced: false })
        {
            Ok(result) => result,
            Err(fault) => {
                eprintln!("error: {fault}");
                let problem = meed_compiler::Problem::error("fault", fault.fault.span, fault.fault.kind.to_string())
                    .label(fault.place.clone());
                draw::problems(&self.program, &text, &[problem], MessageFormat::Human);
                return Ending::Fault;
            }
        };
        if let Err((path, error)) = self.write(&plan, &loaded, &result) {
            eprintln!("error: cannot write `{}`: {error}", path.display());
            return Ending::Output;
        }
        report(&plan, &loaded, &result, through);
        Ending::Well
    }

    fn write(&self, plan: &Plan, loaded: &Loaded, result: &RunResult) -> Result<(), (PathBuf, std::io::Error)> {
        std::fs::create_dir_all(&self.out).map_err(|error| (self.out.clone(), error))?;
        let sheets = [
            ("payments", ledger::payments(plan, loaded, result)),
            ("totals", ledger::totals(plan, loaded, result)),
            ("decisions", ledger::decisions(plan, loaded, result)),
        ];
        let mut files: Vec<(PathBuf, Vec<u8>)> =
            sheets.iter().map(|(name, sheet)| (self.out.join(format!("{name}.csv")), sheet.to_csv())).collect();
        if let Some(path) = &self.rejects {
            let rows = loaded.rejects.iter().map(|reject| {
                vec![
                    reject.file.clone(),
                    reject.row.to_string(),
                    reject.column.clone(),
                    reject.value.clone(),
                    reject.reason.clone(),
                ]
            });
            let sheet = Sheet { header: &["file", "row", "column", "value", "reason"], rows: rows.collect() };
            files.push((path.clone(), sheet.to_csv()));
        }
        // All are written beside their places first, so that a full disk leaves what was there before.
        let mut written = Vec::new();
        for (path, bytes) in &files {
            written.push((path, stage(path, bytes).map_err(|error| (path.clone(), error))?));
        }
        for (path, staged) in written {
            staged.persist(path).map_err(|error| (path.clone(), error.error))?;
        }
        Ok(())
    }
}

fn tables(message: &str, help: Option<String>) -> Ending {
    eprintln!("error: {message}");
    if let Some(help) = help {
        eprintln!("help: {help}");
    }
    Ending::Tables
}

fn stage(path: &Path, bytes: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Writes a file whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    stage(path, bytes)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The account of rows and the totals by rule, for people.
fn report(plan: &Plan, loaded: &Loaded, result: &RunResult, through: i32) {
    eprintln!("{} through {}", plan.title, date_of(through));
    for parameter in plan.parameters.iter().filter(|parameter| parameter.overridden.is_some()) {
        eprintln!(
            "parameter {} = {} (in the program {})",
            parameter.name,
            parameter.value,
            parameter.overridden.as_deref().unwrap_or_default()
        );
    }
    let header =
        ["rows of", "read", "rejected", "after the run's date", "paid", "counted", "paid nothing", "not matched"];
    let mut table = comfy_table::Table::new();
    table.set_header(header);
    let mut row = |name: String, record: usize, counts: Counts| {
        let account = loaded.accounts[record];
        let numbers = [
            account.read,
            account.rejected,
            account.after_run_date,
            counts.paid,
            counts.counted,
            counts.nothing,
            counts.unmatched,
        ];
        table.add_row(std::iter::once(name).chain(numbers.map(|number| number.to_string())));
    };
    for (idx, counts) in result.events.iter().enumerate() {
        if let Some(counts) = counts {
            row(plan.records[idx].name.clone(), idx, *counts);
        }
    }
    for (rule, events) in plan.rules.iter().zip(&result.rules) {
        for (record, counts) in events {
            row(format!("{} in {}", plan.record(*record).name, rule.name), record.index(), *counts);
        }
    }
    eprintln!("{table}");
    for (idx, rule) in plan.rules.iter().enumerate() {
        let sum: i128 = result.lines[idx].iter().map(|line| i128::from(line.amount)).sum();
        eprintln!(
            "{}: {} payments, {} {}",
            rule.name,
            result.lines[idx].len(),
            decimal_text(sum, plan.unit.decimals),
            plan.unit.code
        );
        if result.missed[idx] != 0 {
            let missed = decimal_text(result.missed[idx], plan.unit.decimals);
            eprintln!("  rounding each line alone pays {missed} {} more than along the running total", plan.unit.code);
        }
    }
}
