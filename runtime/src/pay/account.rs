//! How the rows of events ended, and what each rule paid in all.

use crate::engine::counts;
use crate::engine::lines::Lines;
use crate::engine::result::RunResult;
use crate::manifest::{Counts, Total};
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Plan, RecordId, Rule};
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
            after_run_date: counts.after,
            paid: counts.paid,
            counted: counts.counted,
            paid_nothing: counts.nothing,
            not_matched: counts.unmatched,
        }
    };
    let events = (0..).map(RecordId).zip(&result.events);
    let mut account: Vec<Counts> =
        events.filter_map(|(record, counts)| counts.map(|counts| row(record, None, counts))).collect();
    for (rule, events) in plan.versions.iter().zip(&result.rules) {
        account.extend(events.iter().map(|(record, counts)| row(*record, Some((&rule.name, rule.number)), *counts)));
    }
    account
}

/// What each rule paid, its versions together.
pub fn rule_totals(plan: &Plan, result: &RunResult) -> Vec<Total> {
    let total = |rule: &Rule| {
        let lines = || rule.versions.iter().map(|id| &result.lines[id.index()]);
        Total {
            rule: rule.name.clone(),
            unit: plan.unit.code.clone(),
            payments: lines().map(|lines| lines.len() as u64).sum(),
            amount: decimal_text(lines().map(Lines::sum).sum(), plan.unit.decimals),
        }
    };
    plan.rules.iter().map(total).collect()
}
