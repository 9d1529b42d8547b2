//! The answer to a question.

use crate::engine::options::{Observer, RunOptions};
use crate::engine::result::RunError;
use crate::engine::settle::run;
use crate::explain::explainer::{Explainer, StoodRows};
use crate::explain::query::{Answer, Asked, ExplainError, Query};
use crate::explain::statement::statements;
use crate::explain::stood::rows_as_they_stood;
use crate::explain::{notes, select};
use crate::store::loaded::Loaded;
use meed_compiler::data::Rows;
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{Plan, Version, VersionId};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// The question about a rule that pays nobody, asked with a payee: the party whose rows it sets or adds for.
fn of_whom_it_sets(plan: &Plan, query: &Query) -> Option<Query> {
    let rule = plan.rule_named(query.rule.as_ref()?)?;
    let pays = plan.versions_of(rule).any(|id| !plan.payee_kinds(id).is_empty());
    let of_party = query.payee.is_some() && query.key.is_none() && query.balance.is_none();
    (!pays && of_party).then(|| Query { key: query.payee.clone(), payee: None, ..query.clone() })
}

/// Answers a question over tables, through a day.
///
/// # Errors
/// What is asked for is not there, or the run meets a fault.
pub fn explain(
    plan: &Plan,
    text: &str,
    loaded: &mut Loaded,
    through: i32,
    query: &Query,
) -> Result<Answer, ExplainError> {
    let by_key = of_whom_it_sets(plan, query);
    let asked = Asked::new(plan, by_key.as_ref().unwrap_or(query))?;
    if !loaded.is_whole() {
        return Err(ExplainError::NotHeld);
    }
    let options = RunOptions::through(through);
    let first = run(plan, loaded, &options, None)?;
    if let Some(balance) = asked.balance {
        let stood = StoodRows::default();
        let explainer = Explainer { plan, text, loaded, result: &first, firsts: &[], stood: &stood };
        return Ok(statements(&explainer, &asked, balance));
    }
    let mut picked = select::rows(plan, loaded, &first, &asked);
    let n_more = picked.len().saturating_sub(query.most);
    picked.truncate(query.most);
    let mut kept = TraceKeeper::new(plan, &picked);
    let result = run(plan, loaded, &options, Some(&mut kept))?;
    let stood = rows_as_they_stood(plan, text, loaded, through, &result, &picked).map_err(RunError::from)?;
    let explainer = Explainer { plan, text, loaded, result: &result, firsts: &kept.firsts, stood: &stood };
    let explanations = picked.iter().filter_map(|pick| {
        let trace = kept.traces.get(pick)?;
        Some(explainer.explanation(pick.0, pick.1, trace))
    });
    let explanations = explanations.collect();
    let notes = notes::notes(&explainer, &asked).map_err(RunError::from)?;
    Ok(Answer { notes, explanations, n_more })
}

/// Keeps the traces of the rows that are meant, and which rows were the first of their keys.
struct TraceKeeper {
    wanted: BTreeSet<(VersionId, u32)>,
    rules: Vec<bool>,
    /// By rule, whether the rows that are first of their keys are looked for among all.
    has_firsts: Vec<bool>,
    traces: FxHashMap<(VersionId, u32), Trace>,
    /// By rule.
    firsts: Vec<Vec<u32>>,
}

impl TraceKeeper {
    fn new(plan: &Plan, picked: &[(VersionId, u32)]) -> Self {
        // Versions share what they remember, so the row that was first may be another version's.
        let is_picked = |name: &str| picked.iter().any(|(rule, _)| plan.version(*rule).name == name);
        Self {
            wanted: picked.iter().copied().collect(),
            has_firsts: plan.versions.iter().map(Version::has_first).collect(),
            rules: plan.versions.iter().map(|rule| is_picked(&rule.name)).collect(),
            traces: FxHashMap::default(),
            firsts: vec![Vec::new(); plan.versions.len()],
        }
    }
}

impl Observer for TraceKeeper {
    fn wants(&self, rule: VersionId) -> bool {
        self.rules[rule.index()]
    }

    fn rows(&self, rule: VersionId, _: &Rows) -> Option<Vec<u32>> {
        let picked = self.wanted.range((rule, 0)..=(rule, u32::MAX)).map(|(_, row)| *row);
        (!self.has_firsts[rule.index()]).then(|| picked.collect())
    }

    fn row(&mut self, rule: VersionId, row: u32, trace: Trace) {
        if trace.steps.iter().any(|step| matches!(step, TraceStep::First { first: true, .. })) {
            self.firsts[rule.index()].push(row);
        }
        if self.wanted.contains(&(rule, row)) {
            match self.traces.get_mut(&(rule, row)) {
                // What is told of a row later, such as what returns take back, comes behind.
                Some(known) => known.steps.extend(trace.steps),
                None => {
                    self.traces.insert((rule, row), trace);
                }
            }
        }
    }
}
