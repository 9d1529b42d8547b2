//! Runs the tests of a program: given rows in, expectations held against the payments.

use crate::engine::{Engine, RunOptions, run};
use crate::ledger;
use crate::load::{Content, LoadOptions, SourceFile, TableInput, load};
use meed_compiler::plan::{Plan, RecordId, RecordTable, Type};
use meed_compiler::value::{Exact, parse_exact};
use meed_compiler::{Expectation, Given, TestCase};
use meed_grammar::span::Span;
use std::collections::BTreeMap;

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its place in the program.
    pub span: Span,
    /// What came instead.
    pub message: String,
}

/// Runs one test on a Plan that was compiled with the test's own parameters.
pub fn run_test(plan: &Plan, test: &TestCase, engine: Engine) -> Vec<Failure> {
    let fail = |message: String| vec![Failure { span: test.span, message }];
    let through = test.through.unwrap_or(plan.active.to);
    let options = LoadOptions::through(through);
    let mut loaded = match load(plan, inputs(plan, &test.given), &options) {
        Ok(loaded) => loaded,
        Err(error) => return fail(error.to_string()),
    };
    let result = match run(plan, &mut loaded, &RunOptions { through, chunk_rows: 2048, engine }, None) {
        Ok(result) => result,
        Err(fault) => return fail(fault.to_string()),
    };
    let payments = ledger::payments(plan, &loaded, &result).rows;
    let decisions = ledger::decisions(plan, &loaded, &result).rows;
    let mut used = vec![false; payments.len()];
    let mut failures = Vec::new();
    for expectation in &test.expect {
        let mut report = |span: Span, message: String| failures.push(Failure { span, message });
        let mut matching = |rule: &str, payee: Option<&str>, key: &Option<String>, period: &Option<String>| {
            let same = |row: &Vec<String>| {
                row[0] == rule
                    && payee.is_none_or(|payee| row[3] == payee)
                    && key.as_ref().is_none_or(|key| row[7] == *key)
                    && period.as_ref().is_none_or(|period| row[9] == *period)
            };
            let found: Vec<usize> = (0..payments.len()).filter(|&idx| same(&payments[idx])).collect();
            found.iter().for_each(|&idx| used[idx] = true);
            found
        };
        match expectation {
            Expectation::Pays { rule, payee, amount, key, period, span } => {
                let found = matching(rule, Some(payee), key, period);
                let sum = found
                    .iter()
                    .filter_map(|&idx| parse_exact(&payments[idx][5]))
                    .fold(Exact::ZERO, |sum, amount| sum + amount);
                if *amount != sum {
                    let text = meed_compiler::value::exact_text(&sum);
                    report(*span, format!("`{rule}` pays {payee} {text} {}", plan.unit.code));
                }
            }
            Expectation::DoesNotPay { rule, payee, key, period, span } => {
                let found = matching(rule, payee.as_deref(), key, period);
                if let Some(&idx) = found.first() {
                    report(
                        *span,
                        format!("`{rule}` pays {} {} {}", payments[idx][3], payments[idx][5], plan.unit.code),
                    );
                }
            }
            Expectation::NoOtherPayments(span) => {
                for idx in 0..payments.len() {
                    if !used[idx] {
                        let row = &payments[idx];
                        report(
                            *span,
                            format!("`{}` pays {} {} {} {}", row[0], row[3], row[5], plan.unit.code, row[7])
                                .trim_end()
                                .to_owned(),
                        );
                    }
                }
            }
            Expectation::Decides { name, key, period, value, span } => {
                let same = |row: &&Vec<String>| {
                    row[5] == *name && row[3] == *key && period.as_ref().is_none_or(|period| row[4] == *period)
                };
                let found: Vec<&String> = decisions.iter().filter(same).map(|row| &row[6]).collect();
                match (found[..].first(), value) {
                    (None, None) => {}
                    (Some(found), Some(value)) if **found == *value => {}
                    (Some(found), _) => report(*span, format!("`{name}` of {key} is {found}")),
                    (None, Some(_)) => report(*span, format!("`{name}` of {key} is unknown")),
                }
            }
            Expectation::Rejected { key, span } => {
                let given = test.given.iter().any(|given| given.cells.iter().any(|cell| cell.value == *key));
                let accepted = loaded
                    .keys
                    .iter()
                    .zip(&plan.records)
                    .any(|(keys, record)| record.used && (0..keys.len()).any(|row| keys.text(row) == key.as_str()));
                if accepted || !given {
                    report(*span, format!("{key} is not rejected"));
                }
            }
        }
    }
    let expected_reject = test.expect.iter().any(|expectation| matches!(expectation, Expectation::Rejected { .. }));
    if !expected_reject {
        failures.extend(loaded.rejects.iter().map(|reject| {
            let record = &plan.record(reject.record).name;
            Failure {
                span: test.span,
                message: format!("a given {record} is rejected: {} {}: {}", reject.column, reject.value, reject.reason),
            }
        }));
    }
    failures
}

/// Tables of the given rows; what is only referred to exists with its key alone.
fn inputs(plan: &Plan, given: &[Given]) -> Vec<TableInput> {
    let mut rows: Vec<Vec<BTreeMap<String, String>>> = vec![Vec::new(); plan.records.len()];
    for given in given {
        rows[given.record.index()]
            .push(given.cells.iter().map(|cell| (cell.field.clone(), cell.value.clone())).collect());
    }
    // Referred rows may refer further only by fields that are not given, so one round is enough.
    for idx in 0..plan.records.len() {
        let referred: Vec<(RecordId, String)> = rows[idx]
            .iter()
            .flat_map(|row| row.iter().map(|(field, value)| (field.clone(), value.clone())).collect::<Vec<_>>())
            .filter_map(|(field, value)| {
                let field = plan.records[idx].field(&field)?;
                match plan.records[idx].fields[field.index()].ty {
                    Type::Ref(target) => Some((target, value)),
                    _ => None,
                }
            })
            .collect();
        for (target, value) in referred {
            let (target, name) = match plan.record(target).source {
                // The distinct values of another record's column stand in that record's rows already.
                RecordTable::Distinct(_) => continue,
                RecordTable::Table(_) => {
                    let key = plan.record(target).key[0];
                    (target, plan.record(target).fields[key.index()].name.clone())
                }
            };
            let known = rows[target.index()].iter().any(|row| row.get(&name) == Some(&value));
            if !known {
                rows[target.index()].push(BTreeMap::from([(name, value)]));
            }
        }
    }
    let table = |(idx, rows): (usize, Vec<BTreeMap<String, String>>)| {
        let header: Vec<String> = plan.records[idx].fields.iter().map(|field| field.name.clone()).collect();
        let rows = rows.iter().map(|row| header.iter().map(|field| row.get(field).cloned()).collect()).collect();
        let file = SourceFile { name: "given".to_owned(), content: Content::Cells { header, rows } };
        TableInput { record: RecordId(idx as u32), files: vec![file] }
    };
    rows.into_iter().enumerate().map(table).collect()
}
