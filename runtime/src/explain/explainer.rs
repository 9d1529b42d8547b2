//! What a trace says, with the names and texts of the program and its tables.

use crate::engine::result::RunResult;
use crate::explain::query::Explanation;
use crate::store::loaded::Loaded;
use meed_compiler::data::status;
use meed_compiler::interpret::trace::Trace;
use meed_compiler::plan::{Plan, VersionId};

/// Tells what a trace says, with the names and texts of the program and its tables.
#[derive(Clone, Copy)]
pub(super) struct Explainer<'a> {
    pub plan: &'a Plan,
    pub text: &'a str,
    pub loaded: &'a Loaded,
    pub result: &'a RunResult,
    /// By rule, the rows that were the first of their key.
    pub firsts: &'a [Vec<u32>],
}

impl Explainer<'_> {
    /// Why a rule pays a row what it pays.
    pub fn explanation(&self, id: VersionId, row: u32, trace: &Trace) -> Explanation {
        let rule = self.plan.version(id);
        let lines = self.result.lines[id.index()].all();
        let line = lines.rows.binary_search(&row).ok();
        let paid = line.map(|line| (lines.payees[line], lines.amounts[line]));
        let of = self.of_row(id, row);
        let heading = match paid.filter(|_| trace.status & status::PAID != 0) {
            Some((payee, amount)) => {
                let payee = self.plan.payee_record(id).map_or_else(String::new, |record| self.party(record, payee));
                match amount {
                    0.. => format!("{} pays {payee} {} {of}", rule.name, self.amount(id, row, amount.into())),
                    _ => format!(
                        "{} takes {} back from {payee} {of}",
                        rule.name,
                        self.amount(id, row, -i128::from(amount))
                    ),
                }
            }
            None => format!("{} pays nothing {of}", rule.name),
        };
        Explanation { heading, rule: self.rule_text(id), steps: self.points(id, row, trace) }
    }
}
