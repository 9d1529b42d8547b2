//! Values that depend on conditions: `A if C, otherwise B`.

use crate::lower::Lowering;
use crate::lower::scope::{Scope, Typed, facts};
use crate::plan::{Expr, Op, Type};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Lowering<'_> {
    pub(super) fn conditional(
        &mut self,
        branches: &[(tree::Expr, tree::Expr)],
        otherwise: Option<&tree::Expr>,
        hint: Option<Type>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        // That it is missing was said when the text was read.
        let otherwise = otherwise?;
        let outside = scope.facts.clone();
        let mut conditions = Vec::new();
        let mut values: Vec<Typed> = Vec::new();
        for (value, condition) in branches {
            let condition = self.condition(condition, scope)?;
            let here = scope.facts.clone();
            scope.learn(facts(&condition.op, true));
            let hint = hint.or(values.first().map(|value| value.ty));
            values.push(self.hinted(value, hint, scope)?);
            scope.facts = here;
            scope.learn(facts(&condition.op, false));
            conditions.push(condition);
        }
        let hint = hint.or(values.first().map(|value| value.ty));
        values.push(self.hinted(otherwise, hint, scope)?);
        scope.facts = outside;
        let values = self.unify_all(values)?;
        if values.iter().any(|value| value.text.is_some()) {
            self.problem(
                Problem::error("misplaced-value", span, "a text can only be compared")
                    .help("compare it with a field: region is \"EMEA\""),
            );
            return None;
        }
        let ty = values[0].ty;
        let optional = values.iter().any(|value| value.optional);
        let mut values: Vec<Expr> = values.into_iter().map(Typed::into_expr).collect();
        let otherwise = Box::new(values.pop()?);
        let branches = conditions.into_iter().zip(values).collect();
        Some(Typed::new(Op::If { branches, otherwise }, ty, optional, span))
    }
}
