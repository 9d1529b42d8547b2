//! In which periods the closes of a program booked what a row comes to.

use crate::engine::difference::{Party, Reason};
use crate::engine::lines::OWN_PERIOD;
use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use crate::explain::query::ExplainStep;
use meed_compiler::data::Rows;
use meed_compiler::plan::{UnitId, VersionId};

impl Explainer<'_> {
    /// What was booked for a row, where closes booked it in more than its own period.
    pub(super) fn booked(&self, id: VersionId, row: u32) -> Option<ExplainStep> {
        self.plan.calendar.settled?;
        // Of rules over payments, what was booked for this one.
        let (root, place) = match self.result.streams[id.index()].as_ref() {
            Some(Rows::Payments(payments)) => (payments.root[row as usize], Some(payments.place[row as usize])),
            _ => (row, None),
        };
        let usual = self.plan.payee_record(id)?;
        let usual_unit = self.plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
        let told_by = self.plan.calendar.told_by();
        let (mut details, mut is_later) = (Vec::new(), false);
        for lines in [Some(self.result.paid(id)), self.result.held[id.index()].as_ref()].into_iter().flatten() {
            let lines = lines.all();
            let roots = lines.roots();
            let own = roots.partition_point(|other| *other < root)..roots.partition_point(|other| *other <= root);
            for line in own.filter(|line| place.is_none_or(|place| lines.place(*line) == place)) {
                let (unit, kind) = (lines.unit(line, usual_unit), lines.kind(line, usual));
                let of = (kind.0, lines.payees[line], unit.0, lines.due(line));
                let (unit, party) = (self.plan.unit(unit), self.party(kind, lines.payees[line]));
                let amount = numbers::amount(unit, lines.amounts[line].into());
                is_later |= lines.booked(line) != OWN_PERIOD;
                details.push(match lines.booked(line) {
                    OWN_PERIOD => format!("{amount} for {party}, in its own period"),
                    booked => {
                        let why = self.reason(id, root, lines.taking(line), booked, of);
                        let period = self.plan.calendar.name(told_by, booked);
                        format!("{amount} for {party}, in {period}{why}")
                    }
                });
            }
        }
        if !is_later {
            return None;
        }
        Some(ExplainStep { holds: None, text: "what was booked, close by close".to_owned(), details })
    }

    /// Why a sum changed in a period.
    fn reason(&self, id: VersionId, root: u32, taking: u32, booked: i32, of: Party) -> &'static str {
        let known = self.result.differences.get(id.index()).and_then(|pages| pages.whole());
        let place = known.and_then(|known| {
            let mut rows = 0..known.roots.len();
            rows.find(|&idx| {
                let is_of = known.roots[idx] == root && known.takings[idx] == taking;
                is_of && known.booked[idx] == booked && known.party(idx) == of
            })
        });
        match known.zip(place).map(|(known, idx)| known.reason(idx)) {
            Some(Reason::Returned) => ", as a return became known",
            Some(Reason::Moved) => ", as other rows moved it",
            None => "",
        }
    }
}
