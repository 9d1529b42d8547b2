//! `in N parts per P`: what limits leave of a line is paid in equal parts, each due at the end of a period.

use crate::engine::lines::LineRows;
use crate::engine::origin::PageOrigin;
use crate::engine::result::RunError;
use crate::engine::run::Run;
use meed_compiler::internal::broken;
use meed_compiler::interpret::{Fault, FaultKind};
use meed_compiler::plan::VersionId;
use meed_grammar::span::Span;

impl Run<'_, '_> {
    /// The lines of a version in a page as they are paid.
    pub(super) fn in_parts(&mut self, id: VersionId, page: usize, lines: LineRows) -> Result<LineRows, RunError> {
        let (plan, loaded) = (self.plan, &*self.loaded);
        let Some(parts) = plan.version(id).pay().and_then(|pay| pay.installments) else { return Ok(lines) };
        let page_origin = PageOrigin::new(plan, id, loaded, &self.result, page)?;
        let origin = page_origin.as_ref().map(PageOrigin::origin);
        let origin = origin.unwrap_or_else(|| broken("lines that come from nothing"));
        let mut unknown = None;
        let due = |lines: &LineRows, idx: usize| {
            let day = loaded.day_of_line(&origin, lines.roots()[idx], lines.taking(idx));
            // A part of nothing is none, and so is due on no day.
            let amount = lines.amounts[idx].unsigned_abs();
            let number = u32::try_from(amount).map_or(parts.number, |amount| amount.min(parts.number));
            plan.due_days(parts, number, day).unwrap_or_else(|| {
                unknown.get_or_insert(lines.rows[idx]);
                Vec::new()
            })
        };
        let paid = lines.in_parts(parts, due);
        if let Some(row) = unknown {
            let kind =
                FaultKind::Date("a part of the payment would be due in a period that the calendar does not have");
            let span = plan.version(id).emit().map_or_else(Span::default, |emit| emit.span);
            return Err(self.stopped_at(id, page, row, Fault { kind, span }));
        }
        Ok(paid)
    }
}
