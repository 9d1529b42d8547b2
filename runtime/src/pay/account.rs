//! How the rows of events ended, and what each rule paid in all.

use crate::engine::counts;
use crate::engine::result::RunResult;
use crate::manifest::{Counts, Total};
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Plan, RecordId};
use meed_compiler::value::decimal_text;

/// The rows of events over all rules, then by rule.
pub fn account(plan: &Plan, loaded: &Loaded, result: &RunResult) -> Vec<Counts> {
    let row = |record: RecordId, rule: Option<(&str, u32)>, counts: counts::Counts| {
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
pub fn rule_totals(plan: &Plan, result: &RunResult) -> Vec<Total> {
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
