//! Expressions of a version with the Plan's numbers of totals and aggregates, and the aggregates themselves.

use super::Lowering;
use super::denominators::den;
use crate::internal::broken;
use crate::plan::{Expr, Fold, FoldFunction, Match, MatchId, Op, StateId};
use crate::typed::{self, walk};

impl Lowering<'_> {
    /// The expression with the Plan's numbers.
    pub(super) fn expr(&self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        walk(&mut expr, &mut |expr| match &mut expr.op {
            Op::Level { state, .. } | Op::Increment { state, .. } => *state = self.state_of(*state),
            Op::Fold(fold) => fold.0 += self.first_fold,
            _ => {}
        });
        expr
    }

    fn state_of(&self, total: StateId) -> StateId {
        self.totals[total.index()].unwrap_or_else(|| broken("a total is read before it is kept"))
    }

    /// The aggregates of the version. Those over the same rows share their match.
    pub(super) fn folds(&mut self) {
        let first = self.plan.matches.len();
        for fold in &self.version.folds {
            let rows = self.matched(fold);
            let known = self.plan.matches[first..].iter().position(|known| *known == rows);
            let over = MatchId((first + known.unwrap_or(self.plan.matches.len() - first)) as u32);
            if known.is_none() {
                self.plan.matches.push(rows);
            }
            let function = self.function(fold);
            self.plan.folds.push(Fold { over, function, span: fold.span });
        }
    }

    fn matched(&self, fold: &typed::Fold) -> Match {
        Match {
            rule: self.rule,
            stream: fold.stream.clone(),
            entity: fold.entity,
            key: self.expr(&fold.join),
            also: self.left_and(&fold.stream, fold.filter.as_ref().map(|filter| self.expr(filter))),
            period: fold.period,
            window: fold.window,
            stood: fold.stood.map(|_| fold.period).or(fold.closed),
        }
    }

    fn function(&self, fold: &typed::Fold) -> FoldFunction {
        let value = || {
            let value = fold.value.as_ref().map(|value| self.expr(value));
            value.unwrap_or_else(|| broken("an aggregate of nothing"))
        };
        // Days and places in a list are whole.
        let ordered = || {
            let value = value();
            let den = if value.ty.is_numeric() { den(self.plan, &value, &[]) } else { Some(1) };
            (value, den)
        };
        match fold.function {
            typed::FoldFunction::Count => FoldFunction::Count,
            typed::FoldFunction::Sum => {
                let (value, den) = ordered();
                FoldFunction::Sum(value, den)
            }
            typed::FoldFunction::Smallest => {
                let (value, den) = ordered();
                FoldFunction::Smallest(value, den)
            }
            typed::FoldFunction::Largest => {
                let (value, den) = ordered();
                FoldFunction::Largest(value, den)
            }
            typed::FoldFunction::Distinct => FoldFunction::Distinct(value()),
        }
    }
}
