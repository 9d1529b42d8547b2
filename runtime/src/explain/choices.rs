//! Which rule of a choice pays a row, and against which others.

use crate::explain::explainer::Explainer;
use crate::explain::query::ExplainStep;
use meed_compiler::interpret::trace::Chosen;
use meed_compiler::plan::{StackingPolicy, VersionId};

impl Explainer<'_> {
    /// What the rules of a choice would pay, and what this one does; `place` is its own among them.
    pub(super) fn chosen(&self, id: VersionId, row: u32, place: usize, all: &[Chosen]) -> ExplainStep {
        let own = all[place];
        let amount = |units: i128| self.amount(id, row, units);
        let name = |chosen: &Chosen| &self.plan.rule(chosen.rule).name;
        let policy = self.plan.stacking_of(id).map(|id| &self.plan.stacking(id).policy);
        let details: Vec<String> =
            all.iter().map(|chosen| format!("{} would pay {}", name(chosen), amount(chosen.would))).collect();
        let winner = all.iter().find(|chosen| chosen.given != 0);
        let (holds, text) = match (policy, winner) {
            (Some(StackingPolicy::AllUpTo(most)), _) => {
                let most = self.quote(most.span);
                let text = match own.given == own.would {
                    true => format!("all rules of the choice pay up to {most} together: {} in full", amount(own.would)),
                    false => format!(
                        "all rules of the choice pay up to {most} together: {} is cut to {}",
                        amount(own.would),
                        amount(own.given)
                    ),
                };
                ((own.given == 0 && own.would != 0).then_some(false), text)
            }
            (_, None) => (Some(false), "no rule of the choice would pay anything".to_owned()),
            (_, Some(winner)) if winner.rule == own.rule => {
                let why = if let Some(StackingPolicy::First) = policy {
                    "the first that pays"
                } else if winner.given < 0 {
                    "the one that takes back most"
                } else {
                    "the one that pays most"
                };
                (Some(true), format!("of the rules of the choice it is {why}"))
            }
            (_, Some(winner)) => (
                Some(false),
                format!("another rule of the choice was chosen: {} with {}", name(winner), amount(winner.given)),
            ),
        };
        ExplainStep { holds, text, details }
    }
}
