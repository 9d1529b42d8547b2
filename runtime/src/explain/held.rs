//! When what a row is paid is due, and what of it is held until it is worth a payment.

use crate::engine::lines::{LineRows, NO_DUE};
use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use crate::explain::query::ExplainStep;
use meed_compiler::data::Rows;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Installments, UnitId, VersionId};

impl Explainer<'_> {
    /// Whether the lines of a row wait, or on which days they are due; none where the rule says nothing of that.
    pub(super) fn held(&self, id: VersionId, row: u32) -> Option<ExplainStep> {
        let text = self.when_paid(id)?;
        let usual = self.plan.payee_record(id)?;
        let unit = self.plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
        let root = match self.result.streams[id.index()].as_ref() {
            Some(Rows::Payments(payments)) => payments.root[row as usize],
            _ => row,
        };
        // Of rules over payments, those for this one.
        let of = match self.result.streams[id.index()].as_ref() {
            Some(Rows::Payments(payments)) => {
                let taking = payments.taking.get(row as usize).copied().unwrap_or(0);
                Some((payments.place[row as usize], taking))
            }
            _ => None,
        };
        // The parts of a payment are numbered one payment behind the other.
        let n_parts = self.plan.version(id).pay().and_then(|pay| pay.installments).map_or(1, |parts| parts.number);
        let place = |lines: &LineRows, line: usize| (lines.place(line) - 1) / n_parts + 1;
        let is_own = |lines: &LineRows, line: usize| of.is_none_or(|of| (place(lines, line), lines.taking(line)) == of);
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
        (!details.is_empty()).then_some(ExplainStep { holds: None, text, details })
    }

    /// What a rule says of when it pays.
    fn when_paid(&self, id: VersionId) -> Option<String> {
        let version = self.plan.version(id);
        if let Some(hold) = &version.hold {
            let unit = self.plan.unit(version.emit().map_or(UnitId::CURRENCY, |emit| emit.unit));
            return Some(format!("held until the account comes to {}", numbers::amount(unit, hold.until.into())));
        }
        let pay = version.pay()?;
        match (&pay.due, pay.installments) {
            (Some(day), _) => Some(format!("due {}", self.quote(day.span))),
            (None, Some(Installments { number, period })) => {
                Some(format!("paid in {number} parts, each due on the last day of a {}", period.word()))
            }
            (None, None) => None,
        }
    }
}
