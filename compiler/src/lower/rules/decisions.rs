//! Decisions: what `set` names, who sets it, and where it can be read.

use crate::lower::Lowering;
use crate::lower::scope::{Fact, Scope, Typed};
use crate::plan::{Decision, DecisionId, Op, Root, Stream, Type};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ClauseKind};

impl Lowering<'_> {
    pub(super) fn decide(&mut self, name: &tree::Name, ty: Type, scope: &Scope) -> Option<DecisionId> {
        let rule = scope.rule.as_ref()?;
        let setter = |other: &tree::Rule| {
            other.name.text != rule.name
                && other.clauses.iter().any(
                    |clause| matches!(&clause.kind, ClauseKind::Set { name: other, .. } if other.text == name.text),
                )
        };
        let known = self
            .plan
            .decisions
            .iter()
            .position(|decision| decision.name == name.text && decision.stream == rule.stream);
        match known {
            Some(idx) => {
                if let Some(other) = self.resolved.rules.iter().find(|other| setter(other)) {
                    let message = format!("two rules set `{}`", name.text);
                    self.problem(
                        Problem::error("decided-twice", name.span, message)
                            .other(other.name.span, "this rule sets it too")
                            .help("give the decisions two names, or make the rules versions of one"),
                    );
                    return None;
                }
                if self.plan.decisions[idx].ty != ty {
                    let (old, new) = (self.type_words(self.plan.decisions[idx].ty), self.type_words(ty));
                    self.problem(Problem::error(
                        "type-mismatch",
                        name.span,
                        format!("`{}` is {old} in another version and {new} here", name.text),
                    ));
                    return None;
                }
                Some(DecisionId(idx as u32))
            }
            None => {
                self.plan.decisions.push(Decision { name: name.text.clone(), stream: rule.stream.clone(), ty });
                Some(DecisionId(self.plan.decisions.len() as u32 - 1))
            }
        }
    }

    /// The decisions that are known to be there for every row that a rule matches.
    pub(super) fn taken_for(&self, stream: &Stream) -> Vec<Fact> {
        let fact = |&id: &DecisionId| {
            let of = &self.plan.decisions[id.index()].stream;
            match (stream, of) {
                _ if stream == of => Some(Fact::Decision(id, Root::Row)),
                (Stream::Payments(_), Stream::Events(_)) => Some(Fact::Decision(id, Root::Source)),
                _ => None,
            }
        };
        self.always_taken.iter().filter_map(fact).collect()
    }

    /// A decision that another rule takes for these rows.
    pub(in crate::lower) fn decision(
        &mut self,
        name: &tree::Name,
        stream: &Stream,
        root: Root,
        span: Span,
        scope: &Scope,
    ) -> Option<Typed> {
        let of = |decision: &Decision| decision.name == name.text && decision.stream == *stream;
        let Some(idx) = self.plan.decisions.iter().position(of) else {
            // Rules are done in the order of what they read, so that the one which sets it has failed, and said so.
            if !self.problems.iter().any(Problem::is_error) {
                let message = format!("`{}` is read before it is set", name.text);
                self.problem(Problem::error("compiler-mistake", name.span, message));
            }
            return None;
        };
        let decision = DecisionId(idx as u32);
        let ty = self.plan.decisions[idx].ty;
        let optional = !scope.knows(&Fact::Decision(decision, root));
        Some(Typed::new(Op::Decision { decision, root }, ty, optional, span))
    }
}
