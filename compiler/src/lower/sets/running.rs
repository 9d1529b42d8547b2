//! Running levels, and schedules applied as something adds up.

use crate::lower::Lowering;
use crate::lower::dens::den;
use crate::lower::expressions::pays_none;
use crate::lower::scope::{RuleScope, Scope, Typed, Wanted};
use crate::lower::sets::Keys;
use crate::lower::sets::totals::{split, with_state};
use crate::lower::walk::inline;
use crate::plan::{Ask, Expr, Op, StateId, StateKind, Stream, Type, View};
use crate::resolve::later;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, SetSource};

impl Lowering<'_> {
    pub(in crate::lower) fn running(
        &mut self,
        value: Option<&tree::Expr>,
        set: Option<&tree::Set>,
        per: &[tree::Path],
        before: bool,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let Some(rule) = scope.rule.clone().filter(|rule| !matches!(rule.stream, Stream::Grid(..))) else {
            self.problem(
                Problem::error("running-in-period-rule", span, "a running level belongs to a rule per event")
                    .help("in a rule per period write: sum of deal.amount"),
            );
            return None;
        };
        let mut inner = scope.clone();
        inner.facts.clear();
        let filter = match set {
            Some(set) => self.running_set(set, &rule, &mut inner)?,
            None => None,
        };
        let filter = filter.map(|filter| inline(filter, &scope.definitions));
        let keys = self.keys(per, &mut inner)?;
        let atom = match value {
            Some(value) => {
                let value = self.numeric(value, &mut inner)?;
                if value.optional {
                    self.unknown_not_handled(&value.clone().into_expr(), "what is summed");
                    return None;
                }
                inline(value.into_expr(), &scope.definitions)
            }
            None => Expr { op: Op::Number(crate::value::Exact::ONE), ty: Type::Count, optional: false, span },
        };
        let dens = vec![den(&self.plan, &atom, &[])];
        let ty = atom.ty;
        let state = self.own_state(&rule, keys, StateKind::Sums { dens });
        scope.wanted.push(Wanted::All { state, filter, atoms: vec![atom] });
        let view = if before { View::Before } else { View::After };
        Some(Typed::new(Op::Level { state, atom: 0, view }, ty, false, span))
    }

    /// The condition of the set that a running level is over: rows of the rule's own event.
    fn running_set(&mut self, set: &tree::Set, rule: &RuleScope, inner: &mut Scope) -> Option<Option<Expr>> {
        if let Some(window) = &set.window {
            self.problem(later(window.span, "a window in a running level is"));
            return None;
        }
        let SetSource::Event(name) = &set.source else {
            self.problem(later(set.span, "a running level over payments is"));
            return None;
        };
        let record = self.event_named(name)?;
        if rule.stream != Stream::Events(record) {
            self.problem(later(set.span, "a running level over another event than the rule's is"));
            return None;
        }
        match &set.condition {
            Some(condition) => self.set_condition(condition, inner).map(Some),
            None => Some(None),
        }
    }

    pub(in crate::lower) fn adds_up(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let ExprKind::AddsUp { schedule, arguments, quantity, over_all, per, at_its_highest } = &expr.kind else {
            return None;
        };
        let span = expr.span;
        if let Some(span) = at_its_highest {
            self.problem(later(*span, "`at its highest` is"));
            return None;
        }
        let Some(rule) = scope.rule.clone().filter(|rule| !matches!(rule.stream, Stream::Grid(..))) else {
            let message = "something adds up row by row only in a rule per event";
            let help = "in a rule per period apply the schedule to a value: volume_bands(sum of deal.amount)";
            self.problem(Problem::error("running-in-period-rule", span, message).help(help));
            return None;
        };
        let id = self.schedule_named(schedule)?;
        let definition = self.plan.schedules[id.index()].clone();
        if arguments.len() != definition.arguments.len() {
            return self.argument_count(schedule, arguments.len(), "", span);
        }
        let mut lowered = Vec::new();
        for (argument, ty) in arguments.iter().zip(&definition.arguments) {
            let argument = self.numeric(argument, scope)?;
            lowered.push(self.accepts(argument, *ty)?.into_expr());
        }
        let mut inner = scope.clone();
        self.accumulates(over_all.as_ref(), &rule, span, &mut inner)?;
        let value = self.numeric(quantity, &mut inner)?;
        let value = self.accepts(value, definition.domain)?.into_expr();
        if value.optional {
            self.unknown_not_handled(&value, "what adds up");
            return None;
        }
        let keys = self.keys(per, &mut inner)?;
        let (state, total) = self.total(value, keys, &rule, over_all.is_some(), scope);
        let optional = lowered.iter().any(|argument| argument.optional) || pays_none(&definition);
        let body = Op::Schedule { schedule: id, arguments: lowered, value: Box::new(total), ask: Ask::Amount };
        let body = Expr { op: body, ty: definition.result, optional, span };
        Some(Typed::new(Op::Telescoped { state, body: Box::new(body) }, definition.result, optional, span))
    }

    /// Whether rows may add up here: those of the rule's event, or once it is decided which rows match.
    fn accumulates(
        &mut self,
        over_all: Option<&tree::Name>,
        rule: &RuleScope,
        span: Span,
        inner: &mut Scope,
    ) -> Option<()> {
        if let Some(event) = over_all {
            let record = self.event_named(event)?;
            if rule.stream != Stream::Events(record) {
                let message = format!("`over all` names the rule's own event, not `{}`", event.text);
                let problem = Problem::error("other-event", event.span, message);
                self.problem(match rule.stream {
                    Stream::Events(own) => problem.help(format!("write: over all {}", self.plan.record(own).name)),
                    Stream::Grid(..) | Stream::Payments(_) => problem.help("leave `over all` out"),
                });
                return None;
            }
            inner.facts.clear();
        } else if !rule.matched {
            let message = "what adds up is used before the rule has decided which rows match";
            self.problem(
                Problem::error("clause-order", span, message)
                    .help("put it behind `where` and `first per`, or write `over all …`"),
            );
            return None;
        }
        Some(())
    }

    /// The state of what adds up, and the quantity evaluated on it.
    fn total(
        &mut self,
        value: Expr,
        keys: Keys,
        rule: &RuleScope,
        over_all: bool,
        scope: &mut Scope,
    ) -> (StateId, Expr) {
        let value = inline(value, &scope.definitions);
        let mut atoms = Vec::new();
        let total = split(&value, &keys.parts, &mut atoms);
        let dens = atoms.iter().map(|atom| den(&self.plan, atom, &[])).collect();
        let kind = StateKind::Sums { dens };
        let state = match over_all {
            true => self.own_state(rule, keys, kind),
            false => self.shared_state(rule, keys, kind, scope),
        };
        let total = with_state(total, state);
        scope.wanted.push(if over_all {
            Wanted::All { state, filter: None, atoms }
        } else {
            Wanted::Matched { state, atoms }
        });
        (state, total)
    }
}
