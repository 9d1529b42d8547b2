//! Expressions of a version with the Plan's numbers of totals and aggregates, and the aggregates themselves.

use super::Lowering;
use super::dens::den;
use crate::internal::broken;
use crate::plan::{Expr, Group, GroupFunction, Op, StateId};
use crate::typed::{Fold, FoldFunction, walk};

impl Lowering<'_> {
    /// The expression with the Plan's numbers.
    pub(super) fn expr(&self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        walk(&mut expr, &mut |expr| match &mut expr.op {
            Op::Level { state, .. } | Op::Telescoped { state, .. } => *state = self.state_of(*state),
            Op::Group(group) => group.0 += self.first_group,
            _ => {}
        });
        expr
    }

    fn state_of(&self, total: StateId) -> StateId {
        self.totals[total.index()].unwrap_or_else(|| broken("a total is read before it is kept"))
    }

    /// The aggregates of the version.
    pub(super) fn groups(&mut self) {
        for fold in &self.version.folds {
            let group = self.group(fold);
            self.plan.groups.push(group);
        }
    }

    fn group(&self, fold: &Fold) -> Group {
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
        let function = match fold.function {
            FoldFunction::Count => GroupFunction::Count,
            FoldFunction::Sum => {
                let (value, den) = ordered();
                GroupFunction::Sum(value, den)
            }
            FoldFunction::Smallest => {
                let (value, den) = ordered();
                GroupFunction::Smallest(value, den)
            }
            FoldFunction::Largest => {
                let (value, den) = ordered();
                GroupFunction::Largest(value, den)
            }
            FoldFunction::Distinct => GroupFunction::Distinct(value()),
        };
        Group {
            rule: self.rule,
            stream: fold.stream.clone(),
            entity: fold.entity,
            join: self.expr(&fold.join),
            filter: fold.filter.as_ref().map(|filter| self.expr(filter)),
            period: fold.period,
            window: fold.window,
            function,
            span: fold.span,
        }
    }
}
