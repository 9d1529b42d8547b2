//! What a trace says, with the names and texts of the program and its tables.

use crate::engine::result::RunResult;
use crate::explain::query::Explanation;
use crate::store::loaded::Loaded;
use meed_compiler::data::status;
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{FoldId, LocalId, Node, Plan, RecordId, VersionId};
use rustc_hash::FxHashMap;

/// More parties than these are counted only.
const NAMED: usize = 6;

/// For a row of a rule, the rows that an aggregate took in on an earlier day, in words.
pub(super) type StoodRows = FxHashMap<(FoldId, u32), Vec<String>>;

/// Tells what a trace says, with the names and texts of the program and its tables.
#[derive(Clone, Copy)]
pub(super) struct Explainer<'a> {
    pub plan: &'a Plan,
    pub text: &'a str,
    pub loaded: &'a Loaded,
    pub result: &'a RunResult,
    /// By rule, the rows that were the first of their key.
    pub firsts: &'a [Vec<u32>],
    /// The rows of sets that are read as of an earlier day.
    pub stood: &'a StoodRows,
}

impl Explainer<'_> {
    /// What a rule that only sets has set, if it did; for a heading.
    fn set_in_short(&self, id: VersionId, trace: &Trace) -> Option<String> {
        let rule = self.plan.version(id);
        if rule.emit().is_some() || trace.status & status::MATCHED == 0 {
            return None;
        }
        let is_set =
            |local: LocalId| rule.nodes.iter().any(|node| matches!(node, Node::Set(_, known) if *known == local));
        let mut set: Vec<String> = trace
            .steps
            .iter()
            .filter_map(|step| match step {
                TraceStep::Local { local, value, .. } if is_set(*local) => {
                    let definition = &rule.locals[local.index()];
                    Some(format!("{} to {}", definition.name, self.value(definition.ty, value)))
                }
                _ => None,
            })
            .collect();
        let n_more = set.len().saturating_sub(NAMED);
        set.truncate(NAMED);
        if n_more > 0 {
            set.push(format!("{n_more} more"));
        }
        (!set.is_empty()).then(|| listed(set))
    }

    /// Why a rule pays a row what it pays.
    pub fn explanation(&self, id: VersionId, row: u32, trace: &Trace) -> Explanation {
        let rule = self.plan.version(id);
        let lines = self.result.lines[id.index()].all();
        let own = lines.of_row(row, rule.takes_back);
        let of = self.of_row(id, row);
        let payee = |line: usize| {
            let usual = self.plan.payee_record(id);
            usual.map_or_else(String::new, |usual| self.party(lines.kind(line, usual), lines.payees[line]))
        };
        let amount = |line: usize| lines.amounts[line];
        let is_paid = trace.status & status::PAID != 0;
        let added = if rule.emit().is_none() { self.added_in_short(trace) } else { None };
        let heading = if let Some(added) = added {
            format!("{} adds {added} {of}", rule.name)
        } else if let Some(set) = self.set_in_short(id, trace) {
            format!("{} sets {set} {of}", rule.name)
        } else if !is_paid || own.is_empty() {
            format!("{} pays nothing {of}", rule.name)
        } else if own.len() > NAMED {
            let sum = own.iter().map(|line| i128::from(amount(*line))).sum();
            let mut parties: Vec<(RecordId, u32)> = own
                .iter()
                .filter_map(|line| Some((lines.kind(*line, self.plan.payee_record(id)?), lines.payees[*line])))
                .collect();
            parties.sort_unstable();
            parties.dedup();
            let (sum, n_parties, n_payments) = (self.amount(id, row, sum), parties.len(), own.len());
            let all = if n_parties == 1 { "one party".to_owned() } else { format!("{n_parties} parties") };
            format!("{} pays {sum} to {all} in {n_payments} payments {of}", rule.name)
        } else if own.iter().all(|line| amount(*line) < 0) {
            let parts = own
                .into_iter()
                .map(|line| format!("{} back from {}", self.amount(id, row, -i128::from(amount(line))), payee(line)));
            format!("{} takes {} {of}", rule.name, listed(parts.collect()))
        } else {
            let parts =
                own.into_iter().map(|line| format!("{} {}", payee(line), self.amount(id, row, amount(line).into())));
            format!("{} pays {} {of}", rule.name, listed(parts.collect()))
        };
        let mut steps = self.points(id, row, trace);
        steps.extend(self.booked(id, row));
        steps.extend(self.held(id, row));
        Explanation { heading, rule: self.rule_text(id), steps }
    }
}

/// `A, B and C`
fn listed(mut words: Vec<String>) -> String {
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) }
}
