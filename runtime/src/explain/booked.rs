//! In which periods the closes of a program booked what a row comes to.

use crate::engine::difference::Reason;
use crate::engine::lines::{Lines, OWN_PERIOD};
use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use crate::explain::query::ExplainStep;
use meed_compiler::data::Rows;
use meed_compiler::plan::{UnitId, VersionId};

impl Explainer<'_> {
    /// What was booked for a row, where closes booked it in more than its own period.
    pub(super) fn booked(&self, id: VersionId, row: u32) -> Option<ExplainStep> {
        self.plan.calendar.settled?;
        let lines: &Lines = self.result.paid(id);
        let lines = lines.all();
        let root = match self.result.streams[id.index()].as_ref() {
            Some(Rows::Payments(payments)) => payments.root[row as usize],
            _ => row,
        };
        let roots = lines.roots();
        let own = roots.partition_point(|other| *other < root)..roots.partition_point(|other| *other <= root);
        if own.clone().all(|line| lines.booked(line) == OWN_PERIOD) {
            return None;
        }
        let usual = self.plan.payee_record(id)?;
        let told_by = self.plan.calendar.told_by();
        let mut details = Vec::new();
        for line in own {
            let unit = self.plan.unit(lines.unit(line, UnitId::CURRENCY));
            let party = self.party(lines.kind(line, usual), lines.payees[line]);
            let amount = numbers::amount(unit, lines.amounts[line].into());
            details.push(match lines.booked(line) {
                OWN_PERIOD => format!("{amount} for {party}, in its own period"),
                booked => {
                    let why = self.reason(id, root, booked, lines.payees[line]);
                    let period = self.plan.calendar.name(told_by, booked);
                    format!("{amount} for {party}, in {period}{why}")
                }
            });
        }
        Some(ExplainStep { holds: None, text: "what was booked, close by close".to_owned(), details })
    }

    /// Why a sum changed in a period.
    fn reason(&self, id: VersionId, root: u32, booked: i32, payee: u32) -> &'static str {
        let known = self.result.differences.get(id.index()).and_then(|pages| pages.whole());
        let place = known.and_then(|known| {
            let mut rows = 0..known.roots.len();
            rows.find(|&idx| known.roots[idx] == root && known.booked[idx] == booked && known.payees[idx] == payee)
        });
        match known.zip(place).map(|(known, idx)| known.reason(idx)) {
            Some(Reason::Returned) => ", as a return became known",
            Some(Reason::Moved) => ", as other rows moved it",
            None => "",
        }
    }
}
