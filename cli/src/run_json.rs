//! What `run.json` says of a run.

use crate::job::Job;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Plan, RecordId};
use meed_compiler::value::decimal_text;
use meed_runtime::inner::engine;
use meed_runtime::inner::engine::RunResult;
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::sha256_of;
use meed_runtime::manifest::{Counts, FORMAT, Input, Manifest, Parameter, Parameters, Program, Rejects, Table, Total};

/// The files of a run.
pub struct Files {
    pub inputs: Vec<Input>,
    pub tables: Vec<Table>,
    pub rejects: Option<Rejects>,
}

/// All of it.
pub fn describe(job: &Job, loaded: &Loaded, result: &RunResult, files: Files) -> Manifest {
    let plan = &job.plan;
    let (name, title) = (plan.name.clone(), plan.title.clone());
    Manifest {
        format: FORMAT,
        meed: env!("CARGO_PKG_VERSION").to_owned(),
        program: Program { name, title, sha256: sha256_of(job.text.as_bytes()) },
        parameters: parameters(plan),
        through: date_of(result.through).to_string(),
        inputs: files.inputs,
        tables: files.tables,
        rejects: files.rejects,
        account: account(plan, loaded, result),
        totals: totals(plan, result),
    }
}

fn parameters(plan: &Plan) -> Parameters {
    let text: String = plan.parameters.iter().map(|known| format!("{} = {}\n", known.name, known.value)).collect();
    let value = |known: &meed_compiler::plan::Parameter| Parameter {
        name: known.name.clone(),
        value: known.value.clone(),
        in_program: known.overridden.clone(),
    };
    Parameters { sha256: sha256_of(text.as_bytes()), values: plan.parameters.iter().map(value).collect() }
}

/// The rows of events over all rules, then by rule.
fn account(plan: &Plan, loaded: &Loaded, result: &RunResult) -> Vec<Counts> {
    let row = |record: RecordId, rule: Option<(&str, u32)>, counts: engine::Counts| {
        let rows = loaded.counts[record.index()];
        Counts {
            event: plan.record(record).name.clone(),
            rule: rule.map(|(name, _)| name.to_owned()),
            version: rule.map(|(_, version)| version),
            read: rows.read,
            rejected: rows.rejected,
            after_run_date: rows.after_run_date,
            paid: counts.paid,
            counted: counts.counted,
            paid_nothing: counts.nothing,
            not_matched: counts.unmatched,
        }
    };
    let events = (0..).map(RecordId).zip(&result.events);
    let mut account: Vec<Counts> =
        events.filter_map(|(record, counts)| counts.map(|counts| row(record, None, counts))).collect();
    for (rule, events) in plan.rules.iter().zip(&result.rules) {
        account.extend(events.iter().map(|(record, counts)| row(*record, Some((&rule.name, rule.version)), *counts)));
    }
    account
}

/// What each rule paid, its versions together.
fn totals(plan: &Plan, result: &RunResult) -> Vec<Total> {
    let mut sums: Vec<(&str, u64, i128)> = Vec::new();
    for (rule, lines) in plan.rules.iter().zip(&result.lines) {
        let (n_lines, sum) = (lines.len() as u64, lines.sum());
        match sums.iter_mut().find(|(name, ..)| *name == rule.name) {
            Some((_, n_all, all)) => (*n_all, *all) = (*n_all + n_lines, *all + sum),
            None => sums.push((&rule.name, n_lines, sum)),
        }
    }
    let total = |(rule, payments, sum): (&str, u64, i128)| Total {
        rule: rule.to_owned(),
        unit: plan.unit.code.clone(),
        payments,
        amount: decimal_text(sum, plan.unit.decimals),
    };
    sums.into_iter().map(total).collect()
}
