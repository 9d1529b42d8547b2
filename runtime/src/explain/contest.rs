//! Where a row stands in its contest.

use crate::explain::explainer::Explainer;
use crate::explain::query::ExplainStep;
use meed_compiler::interpret::contest::Placing;
use meed_compiler::interpret::eval::Value;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Ties, VersionId};
use meed_compiler::value::Exact;
use meed_grammar::span::Span;

impl Explainer<'_> {
    /// The rank of a row, and what becomes of those who are level with it.
    pub(super) fn ranked(
        &self,
        id: VersionId,
        row: u32,
        measure: &Exact,
        placing: &Placing,
        span: Span,
    ) -> ExplainStep {
        let Placing { rank, n_level, n_ranked, shared, .. } = placing;
        let Some((_, ranking)) = self.plan.version(id).ranking() else {
            return ExplainStep { holds: None, text: String::new(), details: Vec::new() };
        };
        let value = self.value(ranking.measure.ty, &Value::Number(measure.clone()));
        let text = format!("rank {rank} of {n_ranked}: {} is {value}", self.quote(span));
        let mut details = Vec::new();
        if *n_level > 1 {
            let others = match n_level - 1 {
                1 => "one other is".to_owned(),
                n => format!("{n} others are"),
            };
            details.push(format!("{others} level with it"));
        }
        if let (Some(day), true) = (placing.completed, ranking.ties == Ties::ToTheEarliest) {
            details.push(format!("its measure was complete on {}", date_of(day)));
        }
        if let Some((sum, share)) = shared {
            let last = rank + n_level - 1;
            details.push(format!(
                "places {rank} to {last} are paid {} together, of which it gets {}",
                self.amount(id, row, *sum),
                self.amount(id, row, (*share).into())
            ));
        } else if *n_level > 1 && ranking.ties == Ties::KeepRank {
            details.push("each of them is paid as of this rank".to_owned());
        }
        ExplainStep { holds: None, text, details }
    }
}
