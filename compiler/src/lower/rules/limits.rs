//! Limits: `at most` and `at least`.

use crate::lower::Lowering;
use crate::lower::rules::Work;
use crate::lower::scope::{RuleScope, Scope};
use crate::lower::sets::Keys;
use crate::plan::{Expr, Limit, Op, Root, StateKind, Step, Stream, Type};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Lowering<'_> {
    pub(super) fn limit(
        &mut self,
        amount: &tree::Expr,
        per: &[tree::Path],
        floor: bool,
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        let Some(value) = self.numeric(amount, scope) else { return };
        if value.ty != Type::Money {
            let message = format!("a limit is an amount of money, not {}", self.type_words(value.ty));
            self.problem(Problem::error("not-money", value.span, message));
            return;
        }
        let value = value.into_expr();
        if value.optional {
            return self.unknown_not_handled(&value, "this limit");
        }
        if matches!(&value.op, Op::Number(number) if *number < crate::value::Exact::ZERO) {
            let mut problem = Problem::error("negative-limit", value.span, "a limit is not below zero")
                .help("write the amount without a minus");
            if matches!(&amount.kind, tree::ExprKind::Money { amount, .. } if amount.starts_with('-')) {
                let sign = Span { start: amount.span.start, end: amount.span.start + 1 };
                problem = problem.edit(sign, "");
            }
            self.problem(problem);
            return;
        }
        self.flush(scope, work);
        let Some(rule) = scope.rule.clone() else { return };
        let Some(keys) = self.keys(per, scope) else { return };
        let nth = work
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Limit(Limit::AtMost { .. } | Limit::AtLeast { .. })))
            .count();
        let step = match (floor, keys.parts.is_empty() && keys.period.is_none()) {
            (false, true) => Limit::PerPayment(value),
            (false, false) => Limit::AtMost { amount: value, state: self.limit_state(&rule, keys, nth) },
            (true, _) => {
                let Stream::Grid(entity, own) = rule.stream else {
                    self.problem(
                        Problem::error(
                            "guarantee-per-event",
                            span,
                            "a guarantee belongs to a rule per entity and period",
                        )
                        .help("write the rule as: for each partner per quarter"),
                    );
                    return;
                };
                let Some(period) = keys.period else {
                    self.problem(
                        Problem::error("missing-period", span, "a guarantee is for a period")
                            .help("write: at least $1,000 per partner per quarter"),
                    );
                    return;
                };
                let row = |part: &Expr| matches!(&part.op, Op::Field { root: Root::Row, path, .. } if path.is_empty());
                if keys.parts.len() != 1 || !keys.parts.iter().all(row) {
                    let name = self.plan.record(entity).name.clone();
                    self.problem(
                        Problem::error("bad-key", span, format!("the guarantee of this rule is per {name}"))
                            .help(format!("write: at least $1,000 per {name} per {}", period.word())),
                    );
                    return;
                }
                if period < own {
                    let message =
                        format!("the rule runs per {}, its guarantee cannot be per {}", own.word(), period.word());
                    self.problem(Problem::error("unknown-period", span, message));
                    return;
                }
                Limit::AtLeast { amount: value, state: self.limit_state(&rule, keys, nth), period }
            }
        };
        work.steps.push(Step::Limit(step));
    }

    /// Limits of one kind and key in one rule are told apart by their place.
    fn limit_state(&mut self, rule: &RuleScope, keys: Keys, nth: usize) -> crate::plan::StateId {
        self.state(rule, keys, StateKind::Paid, true, nth)
    }
}
