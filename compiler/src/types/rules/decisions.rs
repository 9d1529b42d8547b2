//! Decisions: what `set` names, who sets it, and where it can be read.

use crate::internal::broken;
use crate::plan::{Decision, DecisionId, Expr, Op, Root, Stream, Type};
use crate::typed::Use;
use crate::types::Typing;
use crate::types::scope::{Fact, RuleScope, Scope, Typed};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ChoosePolicy};

impl Typing<'_> {
    /// The decision that a rule takes. Versions of a rule share one; rules of a choice have one each, of which a row keeps that of
    /// the rule which it is paid by.
    pub(super) fn decide(&mut self, name: &tree::Name, ty: Type, scope: &Scope) -> Option<DecisionId> {
        let rule = scope.rule.as_ref()?;
        let known = self.decisions(&name.text, &rule.stream);
        let own = known.iter().find(|id| self.known.deciders[id.index()] == rule.name).copied();
        let Some(first) = known.first().copied() else {
            return Some(self.new_decision(name, ty, rule));
        };
        if let Some(other) = self.resolved.other_setter(&rule.name, &name.text) {
            let help = match self.resolved.choice_between(&rule.name, &other.name.text).map(|choose| &choose.policy) {
                Some(ChoosePolicy::Highest | ChoosePolicy::First) => None,
                Some(ChoosePolicy::AllUpTo(_)) => {
                    Some("give the decisions two names: a row may be paid by both rules of this choice")
                }
                None => Some(
                    "give the decisions two names, make the rules versions of one, or let a `choose` say which of them pays",
                ),
            };
            if let Some(help) = help {
                let message = format!("two rules set `{}`", name.text);
                let problem = Problem::error("decided-twice", name.span, message);
                self.problem(problem.other(other.name.span, "this rule sets it too").help(help));
                return None;
            }
        }
        let old = self.program.decisions[first.index()].ty;
        if old != ty {
            let (old, new) = (self.type_words(old), self.type_words(ty));
            let place = match &self.known.deciders[first.index()] {
                other if *other == rule.name => "another version".to_owned(),
                other => format!("rule `{other}`"),
            };
            let message = format!("`{}` is {old} in {place} and {new} here", name.text);
            self.problem(Problem::error("type-mismatch", name.span, message));
            return None;
        }
        Some(own.unwrap_or_else(|| self.new_decision(name, ty, rule)))
    }

    fn new_decision(&mut self, name: &tree::Name, ty: Type, rule: &RuleScope) -> DecisionId {
        let id = DecisionId(self.program.decisions.len() as u32);
        self.program.decisions.push(Decision { name: name.text.clone(), stream: rule.stream.clone(), ty });
        self.known.deciders.push(rule.name.clone());
        let known = self.known.decisions.entry(name.text.clone()).or_default();
        known.entry(rule.stream.clone()).or_default().push(id);
        id
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
        let Some(decisions) = self.decisions_read(name, stream) else {
            // Rules are done in the order of what they read, so that the one which sets it has failed, and said so.
            if self.n_errors == 0 {
                broken(format!("`{}` is read before it is set", name.text));
            }
            return None;
        };
        let is_there = |id: &DecisionId| self.is_taken(*id, root, scope) || scope.knows(&Fact::Decision(*id, root));
        let optional = !decisions.iter().any(is_there);
        Some(Typed::from_expr(Expr { span, ..self.decided(&decisions, root, optional) }))
    }

    /// The decisions of a name for these rows, which is read here.
    pub(in crate::types) fn decisions_read(&mut self, name: &tree::Name, stream: &Stream) -> Option<Vec<DecisionId>> {
        let known = self.decisions(&name.text, stream).to_vec();
        self.places.uses.extend(known.iter().map(|id| (name.span, Use::Decision(*id))));
        (!known.is_empty()).then_some(known)
    }

    /// What is decided of a row: of several decisions the one that is there. It is the last one where no other is, so that this may be
    /// missing just where all may.
    pub(in crate::types) fn decided(&self, decisions: &[DecisionId], root: Root, optional: bool) -> Expr {
        let read = |id: &DecisionId, optional: bool| {
            let ty = self.program.decisions[id.index()].ty;
            Expr { op: Op::Decision { decision: *id, root }, ty, optional, span: Span::default() }
        };
        let Some((last, others)) = decisions.split_last() else { broken("a decision that no rule takes") };
        others.iter().rev().fold(read(last, optional), |others, id| {
            let ty = others.ty;
            Expr { op: Op::IfUnknown(Box::new(read(id, true)), Box::new(others)), ty, optional, span: Span::default() }
        })
    }
}
