//! What of a row is held until it is worth a payment, and when the rest is due.

use crate::engine::lines::{LineRows, NO_DUE};
use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use crate::explain::query::ExplainStep;
use meed_compiler::data::Rows;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{UnitId, VersionId};

impl Explainer<'_> {
    /// Whether the lines of a row wait, or since when they are due; none where the rule holds nothing.
    pub(super) fn held(&self, id: VersionId, row: u32) -> Option<ExplainStep> {
        let hold = self.plan.version(id).hold.as_ref()?;
        let usual = self.plan.payee_record(id)?;
        let unit = self.plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
        let root = match self.result.streams[id.index()].as_ref() {
            Some(Rows::Payments(payments)) => payments.root[row as usize],
            _ => row,
        };
        // Of rules over payments, those for this one.
        let place = match self.result.streams[id.index()].as_ref() {
            Some(Rows::Payments(payments)) => Some(payments.place[row as usize]),
            _ => None,
        };
        let is_own = |lines: &LineRows, line: usize| place.is_none_or(|place| lines.place(line) == place);
        let mut details = Vec::new();
        for (lines, waits) in [(Some(self.result.paid(id)), false), (self.result.held[id.index()].as_ref(), true)] {
            let Some(lines) = lines.and_then(|lines| lines.whole()) else { continue };
            for line in (0..lines.len()).filter(|&line| lines.roots()[line] == root && is_own(lines, line)) {
                let party = self.party(lines.kind(line, usual), lines.payees[line]);
                let amount = numbers::amount(self.plan.unit(lines.unit(line, unit)), lines.amounts[line].into());
                details.push(match lines.due(line) {
                    _ if waits => format!("{amount} for {party} wait still"),
                    NO_DUE => continue,
                    day => format!("{amount} for {party} are due on {}", date_of(day)),
                });
            }
        }
        let until = numbers::amount(self.plan.unit(unit), hold.until.into());
        (!details.is_empty()).then(|| ExplainStep {
            holds: None,
            text: format!("held until the account comes to {until}"),
            details,
        })
    }
}
