//! Decisions: what `set` names, who sets it, and where it can be read.

use crate::internal::broken;
use crate::plan::{Decision, DecisionId, Op, Root, Stream, Type};
use crate::typed::Use;
use crate::types::Typing;
use crate::types::scope::{Fact, Scope, Typed};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Typing<'_> {
    pub(super) fn decide(&mut self, name: &tree::Name, ty: Type, scope: &Scope) -> Option<DecisionId> {
        let rule = scope.rule.as_ref()?;
        match self.decision(&name.text, &rule.stream) {
            Some(id) => {
                if let Some(other) = self.resolved.other_setter(&rule.name, &name.text) {
                    let message = format!("two rules set `{}`", name.text);
                    self.problem(
                        Problem::error("decided-twice", name.span, message)
                            .other(other.name.span, "this rule sets it too")
                            .help("give the decisions two names, or make the rules versions of one"),
                    );
                    return None;
                }
                if self.program.decisions[id.index()].ty != ty {
                    let (old, new) = (self.type_words(self.program.decisions[id.index()].ty), self.type_words(ty));
                    self.problem(Problem::error(
                        "type-mismatch",
                        name.span,
                        format!("`{}` is {old} in another version and {new} here", name.text),
                    ));
                    return None;
                }
                Some(id)
            }
            None => {
                let id = DecisionId(self.program.decisions.len() as u32);
                self.program.decisions.push(Decision { name: name.text.clone(), stream: rule.stream.clone(), ty });
                self.known.decisions.entry(name.text.clone()).or_default().insert(rule.stream.clone(), id);
                Some(id)
            }
        }
    }

    /// Whether a decision is known to be there for every row that a rule matches.
    fn is_taken(&self, decision: DecisionId, root: Root, scope: &Scope) -> bool {
        let Some(rule) = &scope.rule else { return false };
        // Taken for every row of the event it is so in a set too, which sees rows from before the program.
        let own = rule.stream == self.program.decisions[decision.index()].stream;
        if own && root == Root::Row && self.everywhere.contains(&decision) {
            return true;
        }
        let Some(taken) = scope.taken else { return false };
        if self.always_taken.get(&decision).is_none_or(|found| *found >= taken) {
            return false;
        }
        let of = &self.program.decisions[decision.index()].stream;
        match (&rule.stream, of) {
            _ if rule.stream == *of => root == Root::Row,
            (Stream::Lines(..), Stream::Events(_)) => root == Root::Source,
            _ => false,
        }
    }

    /// A decision that another rule takes for these rows.
    pub(in crate::types) fn read_decision(
        &mut self,
        name: &tree::Name,
        stream: &Stream,
        root: Root,
        span: Span,
        scope: &Scope,
    ) -> Option<Typed> {
        let Some(decision) = self.decision(&name.text, stream) else {
            // Rules are done in the order of what they read, so that the one which sets it has failed, and said so.
            if self.n_errors == 0 {
                broken(format!("`{}` is read before it is set", name.text));
            }
            return None;
        };
        self.places.uses.push((name.span, Use::Decision(decision)));
        let ty = self.program.decisions[decision.index()].ty;
        let optional = !self.is_taken(decision, root, scope) && !scope.knows(&Fact::Decision(decision, root));
        Some(Typed::new(Op::Decision { decision, root }, ty, optional, span))
    }
}
