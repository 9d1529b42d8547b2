//! What `run.json` says of a run.

use crate::job::Job;
use crate::paid::Beside;
use meed_compiler::SourceText;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{FieldId, Plan, RecordId};
use meed_runtime::inner::engine::RunResult;
use meed_runtime::inner::output::{CsvDialect, CsvStyle};
use meed_runtime::inner::pay::{account, rule_totals};
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::sha256_of;
use meed_runtime::manifest::{
    FORMAT, Input, LeftOut, Manifest, NotThere, Parameter, Parameters, Program, Rejects, Table, UsedFile,
};

/// The files of a run.
pub struct Files {
    pub inputs: Vec<Input>,
    pub tables: Vec<Table>,
    pub rejects: Option<Rejects>,
    /// How the tables are written as CSV; the usual way where they are not.
    pub style: CsvStyle,
}

/// All of it.
pub fn describe(job: &Job, loaded: &Loaded, result: &RunResult, beside: Option<&Beside>, files: Files) -> Manifest {
    let plan = &job.plan;
    Manifest {
        format: FORMAT,
        meed: env!("CARGO_PKG_VERSION").to_owned(),
        program: program(job),
        parameters: parameters(plan),
        through: date_of(result.through).to_string(),
        paid: beside.map_or_else(Vec::new, |beside| beside.runs.clone()),
        inputs: files.inputs,
        tables: files.tables,
        formulas_as_they_are: !files.style.formulas.are_marked(),
        csv: Some(files.style.dialect).filter(|known| *known != CsvDialect::default()).map(|known| known.to_string()),
        rejects: files.rejects,
        left_out: left_out(plan, loaded),
        not_there: not_there(plan, loaded),
        account: account(plan, loaded, result),
        totals: beside.map_or_else(|| rule_totals(plan, result), |beside| beside.compared.rule_totals(plan, result)),
    }
}

/// The program.
pub fn program(job: &Job) -> Program {
    let (name, title) = (job.plan.name.clone(), job.plan.title.clone());
    Program { name, title, sha256: sha256_of(job.sources.text_of(0).as_bytes()), uses: uses(job) }
}

/// Rows that are no rows of their record.
fn left_out(plan: &Plan, loaded: &Loaded) -> Vec<LeftOut> {
    let rows = plan.records.iter().zip(&loaded.blank_rows).zip(&loaded.left_out);
    let left_out = rows.map(|((record, blank), left_out)| LeftOut {
        record: record.name.clone(),
        blank: *blank,
        skipped: left_out.skipped,
        copies: left_out.copies,
    });
    left_out.filter(|rows| rows.blank + rows.skipped + rows.copies > 0).collect()
}

/// References to rows that are not there.
#[expect(clippy::indexing_slicing, reason = "what was loaded is by field of the Plan")]
fn not_there(plan: &Plan, loaded: &Loaded) -> Vec<NotThere> {
    let of = |&(record, field, rows): &(RecordId, FieldId, u64)| {
        let record = plan.record(record);
        NotThere { record: record.name.clone(), field: record.fields[field.index()].name.clone(), rows }
    };
    loaded.not_there.iter().map(of).collect()
}

/// The other texts of the program, and the sheets of its tables.
fn uses(job: &Job) -> Vec<UsedFile> {
    let used = |(idx, file): (usize, &SourceText)| UsedFile {
        name: file.name.clone(),
        sha256: sha256_of(job.sources.text_of(idx).as_bytes()),
    };
    let sheet = |(name, text): &(String, Result<String, String>)| {
        let text = text.as_ref().ok()?;
        Some(UsedFile { name: name.clone(), sha256: sha256_of(text.as_bytes()) })
    };
    let others = job.sources.files().iter().enumerate().skip(1).map(used);
    others.chain(job.sources.sheets().iter().filter_map(sheet)).collect()
}

/// Its parameters.
pub fn parameters(plan: &Plan) -> Parameters {
    let text: String = plan.parameters.iter().map(|known| format!("{} = {}\n", known.name, known.value)).collect();
    let value = |known: &meed_compiler::plan::Parameter| Parameter {
        name: known.name.clone(),
        value: known.value.clone(),
        in_program: known.overridden.clone(),
    };
    Parameters { sha256: sha256_of(text.as_bytes()), values: plan.parameters.iter().map(value).collect() }
}
