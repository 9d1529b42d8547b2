//! How a line was divided: who got which part, and where the spare cents went.

use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use crate::explain::query::ExplainStep;
use crate::explain::steps::failed;
use meed_compiler::interpret::eval::Value;
use meed_compiler::interpret::trace::SharedPart;
use meed_compiler::plan::{Function, Op, Parties, RecordKind, Stream, Type, VersionId};
use meed_compiler::value::{Exact, RoundingMode, Whole, round};
use meed_grammar::span::Span;

impl Explainer<'_> {
    /// What each party of a chain is paid.
    pub(super) fn levels(
        &self,
        id: VersionId,
        row: u32,
        parts: &[SharedPart],
        values: &[Vec<(Span, Type, Value)>],
    ) -> Vec<ExplainStep> {
        if parts.is_empty() {
            return vec![failed("there is nobody up the chain to be paid".to_owned())];
        }
        let unit = self.unit(id, row);
        let first = parts[0].place;
        let level = |(part, values): (&SharedPart, &Vec<(Span, Type, Value)>)| {
            let amount = self.amount(id, row, part.amount.into());
            let exact = numbers::in_short(unit, &(&part.exact / Exact::from(unit.per_one())));
            let rounded =
                if part.exact == Exact::from(part.amount) { String::new() } else { format!(", {exact} exactly") };
            let party = part.kind.zip(part.payee).map_or_else(String::new, |(kind, payee)| self.party(kind, payee));
            let text = format!("level {}, {party}: {amount}{rounded}", part.place - first + 1);
            // Of a value that was looked at in several steps, such as a dated field, what it came to.
            let last = |idx: usize| values[idx + 1..].iter().all(|(span, ..)| *span != values[idx].0);
            let is_shown = |idx: &usize| last(*idx) && !self.quote(values[*idx].0).is_empty();
            let values: Vec<_> = (0..values.len()).filter(is_shown).map(|idx| values[idx].clone()).collect();
            ExplainStep { holds: None, text, details: self.told(id, row, part.span, &values) }
        };
        parts.iter().zip(values).map(level).collect()
    }

    /// The whole and its parts.
    pub(super) fn share(&self, id: VersionId, row: u32, whole: i64, parts: &[SharedPart]) -> ExplainStep {
        let amount = self.amount(id, row, whole.into());
        if parts.is_empty() {
            return failed(format!("there is nobody among whom {amount} could be divided: it is uncredited"));
        }
        let n_parts = match parts.len() {
            1 => "one part".to_owned(),
            n => format!("{n} parts"),
        };
        let text = format!("{amount} is divided into {n_parts}");
        ExplainStep { holds: None, text, details: parts.iter().map(|part| self.part(id, row, part)).collect() }
    }

    fn part(&self, id: VersionId, row: u32, part: &SharedPart) -> String {
        let amount = self.amount(id, row, part.amount.into());
        let unit = self.unit(id, row);
        let exact = numbers::in_short(unit, &(&part.exact / Exact::from(unit.per_one())));
        let spare = if unit.decimals == 2 { "cent" } else { "unit" };
        let is_more = Whole::from(part.amount.unsigned_abs()) > whole_part(&part.exact);
        let how = if part.exact == Exact::from(part.amount) {
            amount.clone()
        } else if is_more {
            format!("{exact} exactly, with a spare {spare} it is {amount}")
        } else {
            format!("{exact} exactly, cut down to {amount}")
        };
        let found = self.found(id, part).map_or_else(String::new, |found| format!(" for {found}"));
        match (part.kind, part.payee) {
            (Some(kind), Some(payee)) => format!("{}{found}: {how}", self.party(kind, payee)),
            (Some(kind), None) => {
                let kind = &self.plan.record(kind).name;
                let what =
                    if part.amount == 0 { "its part is 0".to_owned() } else { format!("{amount} is uncredited") };
                format!("no {kind} is known{found}: {what}")
            }
            (None, _) => format!("kept: {how}"),
        }
    }

    /// The row found, in words.
    fn found(&self, id: VersionId, part: &SharedPart) -> Option<String> {
        let row = part.found?;
        let Some(Parties::Found { payee, .. }) = self.plan.version(id).share().map(|share| &share.parties) else {
            return None;
        };
        let Op::Call(Function::Find { search, .. }, _) = &payee.op else { return None };
        Some(match self.plan.search(*search).stream {
            Stream::Events(record) | Stream::ByDate(record, _) => match self.plan.record(record).kind {
                RecordKind::Event => self.event(record, row),
                RecordKind::Entity => self.party(record, row),
            },
            Stream::Periods(record, _) => self.party(record, row),
            Stream::Lines(..) => return None,
        })
    }
}

/// An amount without its sign and without what is behind the point.
fn whole_part(value: &Exact) -> Whole {
    let cut = round(value, RoundingMode::TowardZero);
    if cut < Whole::ZERO { -cut } else { cut }
}
