//! `meed verify RUN_JSON [PROGRAM]`: does a run again, and compares.

use crate::ExitStatus;
use crate::bind::STANDARD_INPUT;
use crate::draw::{Messages, file_name, say};
use crate::run::Run;
use meed_grammar::foreign::shown;
use meed_runtime::inner::output::CsvDialect;
use meed_runtime::manifest::{Manifest, WrittenRun, parse_manifest};
use std::path::PathBuf;

/// Do the run of a run.json again from its inputs, and compare all that it says.
#[derive(clap::Args)]
pub struct Verify {
    /// A run.json, in the folder of its run or alone, as `meed book show --run-json` prints one
    run_json: PathBuf,
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder or one around it]
    program: Option<PathBuf>,
    /// Where its tables are now, as for `meed run` [default: where run.json says]
    #[arg(long)]
    data: Vec<String>,
}

impl Verify {
    pub fn run(self, messages: Messages) -> ExitStatus {
        self.verify(messages).map_or_else(|status| status, |()| ExitStatus::Well)
    }

    fn verify(self, messages: Messages) -> Result<(), ExitStatus> {
        let told = file_name(&self.run_json);
        let bytes = std::fs::read(&self.run_json).map_err(|error| {
            messages.error("cannot-read-file", &format!("cannot read `{told}`: {error}"), None);
            ExitStatus::Usage
        })?;
        let manifest = parse_manifest(&self.run_json, &bytes).map_err(|error| {
            messages.error("bad-run-json", &error.to_string(), None);
            ExitStatus::Tables
        })?;
        if let Some(Err(reason)) = manifest.csv.as_ref().map(|dialect| dialect.parse::<CsvDialect>()) {
            messages.error("bad-run-json", &format!("`{told}`: {reason}"), None);
            return Err(ExitStatus::Tables);
        }
        if let Some(input) = manifest.inputs.iter().find(|input| input.name == STANDARD_INPUT && self.data.is_empty()) {
            let message =
                format!("the run of `{told}` read the table of `{}` from standard input", shown(&input.record));
            let help = format!("name its file: --data {}=FILE, with all other tables", shown(&input.record));
            messages.error("command-line", &message, Some(&help));
            return Err(ExitStatus::Usage);
        }
        let folder = tempfile::tempdir().map_err(|error| {
            messages.error("cannot-write", &format!("cannot make a folder for the run: {error}"), None);
            ExitStatus::Output
        })?;
        let status = Run::again(&manifest, self.program, self.data, folder.path()).run(messages);
        if status != ExitStatus::Well {
            messages.error("not-verified", &format!("the run of `{told}` cannot be done again"), None);
            return Err(status);
        }
        let again = WrittenRun::open(&folder.path().join("run")).ok().flatten();
        let Some(again) = again else {
            messages.error("internal-error", "the run left no run.json", None);
            return Err(ExitStatus::Internal);
        };
        let differences = differences(&manifest, &again.manifest);
        for difference in &differences {
            messages.error("not-verified", difference, None);
        }
        if !differences.is_empty() {
            return Err(ExitStatus::Program);
        }
        messages.note(&format!("`{told}` is what the program pays for these tables"));
        Ok(())
    }
}

/// What two runs say differently, the cause before what comes of it.
fn differences(was: &Manifest, is: &Manifest) -> Vec<String> {
    let mut differences = Vec::new();
    if was.meed != is.meed {
        say(&format!("it was made by Meed {}, this is Meed {}", shown(&was.meed), is.meed));
    }
    if (&was.program.name, &was.program.sha256, &was.program.uses)
        != (&is.program.name, &is.program.sha256, &is.program.uses)
    {
        differences.push("the program has another text now".to_owned());
    }
    if was.parameters.sha256 != is.parameters.sha256 {
        differences.push("its parameters have other values".to_owned());
    }
    if was.through != is.through {
        differences.push(format!("it was through {}, and is through {}", shown(&was.through), is.through));
    }
    if was.inputs.len() != is.inputs.len() {
        differences.push(format!("{} files were read, and {} now", was.inputs.len(), is.inputs.len()));
    }
    for (was, is) in was.inputs.iter().zip(&is.inputs) {
        if (&was.record, &was.sha256, was.rows) != (&is.record, &is.sha256, is.rows) {
            differences.push(format!("`{}` is not the file that was read for {}", shown(&is.name), shown(&was.record)));
        }
    }
    for table in &was.tables {
        match is.tables.iter().find(|known| known.table == table.table) {
            None => differences.push(format!("there is no table `{}` now", shown(&table.table))),
            Some(known) if (&known.sha256, known.rows) != (&table.sha256, table.rows) => {
                differences.push(format!("the table `{}` is another now", shown(&table.table)));
            }
            Some(_) => {}
        }
    }
    if was.account != is.account {
        differences.push("the account of rows is another".to_owned());
    }
    if was.totals != is.totals {
        differences.push("the totals are others".to_owned());
    }
    differences
}
