//! How the rows of events ended, and what each rule paid in all.

use crate::engine::counts;
use crate::engine::lines::LineSum;
use crate::engine::result::RunResult;
use crate::manifest::{Counts, Total};
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Plan, RecordId, Rule, UnitId, VersionId};
use meed_compiler::value::decimal_text;
use std::collections::BTreeMap;

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
            returned: counts.returned,
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

/// What each rule paid in each unit, its versions together.
pub fn rule_totals(plan: &Plan, result: &RunResult) -> Vec<Total> {
    plan.rules.iter().flat_map(|rule| totals_of(plan, result, rule)).collect()
}

/// What a version paid, by unit. One that pays in one unit has it also where there are no lines, and one that pays nothing has the
/// currency.
pub fn sums_of(plan: &Plan, result: &RunResult, id: VersionId) -> Vec<(UnitId, LineSum)> {
    let mut sums = result.paid(id).sums().to_vec();
    let usual = match plan.units_of(id)[..] {
        [] => Some(UnitId::CURRENCY),
        [only] => Some(only),
        _ => None,
    };
    if let (true, Some(usual)) = (sums.is_empty(), usual) {
        sums.push((usual, LineSum::default()));
    }
    sums.sort_by_key(|(unit, _)| *unit);
    sums
}

fn totals_of(plan: &Plan, result: &RunResult, rule: &Rule) -> Vec<Total> {
    let mut sums: BTreeMap<UnitId, LineSum> = BTreeMap::new();
    for (unit, sum) in rule.versions.iter().flat_map(|id| sums_of(plan, result, *id)) {
        let known = sums.entry(unit).or_default();
        known.n_lines += sum.n_lines;
        known.sum += sum.sum;
    }
    let total = |(unit, sum): (UnitId, LineSum)| Total {
        rule: rule.name.clone(),
        unit: plan.unit(unit).code.clone(),
        payments: sum.n_lines,
        amount: decimal_text(sum.sum, plan.unit(unit).decimals),
    };
    sums.into_iter().map(total).collect()
}
