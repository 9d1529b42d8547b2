//! What looks beyond one row: aggregates over sets, and what is kept per key.

mod aggregates;
mod join;
mod running;
mod totals;

use super::Lowering;
use super::scope::{RuleScope, Scope};
use crate::plan::{
    Comparison, Expr, Function, Op, Period, RecordId, SlotSpec, State, StateId, StateKind, Stream, Type,
};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, SetSource};
use std::rc::Rc;

/// The parts of `per K and K2 per P`.
pub(super) struct Keys {
    pub parts: Vec<Expr>,
    pub period: Option<Period>,
}

/// What a state that versions share is for: only states of one purpose are shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    First,
    RunningSum,
    RunningCount,
    AddsUp,
    Limit,
}

/// Whether a row is of this day or later. Rows after the program's last day are none of a run.
pub(super) fn since(day: i32, span: Span) -> Expr {
    let plain = |op, ty| Expr { op, ty, optional: false, span };
    let (when, first) = (plain(Op::When, Type::Date), plain(Op::Date(day), Type::Date));
    plain(Op::two(Function::Compare(Comparison::GreaterOrEqual), when, first), Type::YesNo)
}

impl Lowering<'_> {
    fn set_stream(&mut self, source: &SetSource) -> Option<(Stream, RecordId)> {
        match source {
            SetSource::Event(name) => {
                let record = self.event_named(name)?;
                Some((Stream::Events(record), record))
            }
            SetSource::Payments(name) => {
                let payee = self.lowered(&name.text).first().and_then(|id| self.plan.payee_record(*id));
                let kinds = self.payee_kinds(&name.text);
                match payee {
                    Some(_) if kinds.len() > 1 => {
                        self.payees_differ(&kinds, name.span);
                        None
                    }
                    Some(record) => Some((Stream::Payments(name.text.clone()), record)),
                    None => {
                        self.unknown_rule(name);
                        None
                    }
                }
            }
        }
    }

    /// The record of this name, a plural allowed.
    fn record_named(&self, name: &str) -> Option<RecordId> {
        let singular = name.strip_suffix('s');
        self.records.get(name).or_else(|| singular.and_then(|name| self.records.get(name))).copied()
    }

    /// The event of this name, without a problem where there is none.
    pub(super) fn event(&self, name: &str) -> Option<RecordId> {
        self.record_named(name).filter(|record| self.plan.record(*record).kind == tree::RecordKind::Event)
    }

    /// The event of this name, a plural allowed.
    pub(super) fn event_named(&mut self, name: &tree::Name) -> Option<RecordId> {
        let found = self.record_named(&name.text);
        match found {
            Some(record) if self.plan.record(record).kind == tree::RecordKind::Event => {
                self.mark_used(record, &[]);
                Some(record)
            }
            Some(_) => {
                let problem =
                    Problem::error("not-an-event", name.span, format!("`{}` is an entity, not an event", name.text));
                let refers =
                    self.plan.records.iter().filter(|event| event.kind == tree::RecordKind::Event).find_map(|event| {
                        let field = event.fields.iter().find(|field| Some(field.ty) == found.map(Type::Ref))?;
                        Some(format!("{}.{}", event.name, field.name))
                    });
                self.problem(match refers {
                    Some(path) => problem.help(format!("count it in the rows of an event: count of distinct {path}")),
                    None => problem,
                });
                None
            }
            None => {
                if !self.damaged(&name.text) {
                    let problem =
                        Problem::error("unknown-record", name.span, format!("there is no event `{}`", name.text));
                    let known = || self.plan.records.iter().map(|record| record.name.as_str());
                    let problem = self.suggest(problem, name, known);
                    self.problem(problem);
                }
                None
            }
        }
    }

    pub(super) fn unknown_rule(&mut self, name: &tree::Name) {
        if self.damaged(&name.text) || !self.resolved.versions(&name.text).is_empty() {
            return;
        }
        let known = || self.resolved.rules.iter().map(|rule| rule.name.text.as_str());
        let problem = Problem::error("unknown-rule", name.span, format!("there is no rule `{}`", name.text));
        let problem = self.suggest(problem, name, known);
        self.problem(problem);
    }

    /// Which value can be missing, by name where it has one.
    fn missing_words(&self, value: &Expr) -> String {
        let mut name = None;
        super::walk::walk(&mut value.clone(), &mut |expr| {
            if let (Op::Field { record, path, .. }, true, None) = (&expr.op, expr.optional, &name) {
                let mut at = *record;
                let mut names = Vec::new();
                for field in path {
                    let field = &self.plan.record(at).fields[field.index()];
                    names.push(field.name.as_str());
                    if let Type::Ref(next) = field.ty {
                        at = next;
                    }
                }
                name = Some(format!("`{}` can be missing", names.join(".")));
            }
        });
        name.unwrap_or_else(|| "a value here can be missing".to_owned())
    }

    pub(super) fn unknown_not_handled(&mut self, value: &Expr, what: &str) {
        self.problem(
            Problem::error("unknown-not-handled", value.span, format!("{what} may be unknown"))
                .label(self.missing_words(value))
                .help("ask `is known` first, give a value with `if unknown …`, or end the clause with `, unknown means …`"),
        );
    }

    /// Keys and period after `per`.
    pub(super) fn keys(&mut self, per: &[tree::Path], scope: &mut Scope) -> Option<Keys> {
        let mut keys = Keys { parts: Vec::new(), period: None };
        for path in per {
            if let [only] = &path.parts[..]
                && let Some(period) = Period::from_word(&only.text)
                && !self.names_something(only, scope)
            {
                self.of_program |= period == Period::Program;
                if keys.period.replace(period).is_some() {
                    self.problem(Problem::error("duplicate-clause", path.span, "there is one period"));
                    return None;
                }
                continue;
            }
            let expr = tree::Expr { kind: ExprKind::Path(path.clone()), span: path.span };
            let mut key = self.expression(&expr, scope)?.into_expr();
            if let Op::Local(local) = key.op {
                let defined = &scope.lets[local].value;
                if matches!(defined.op, Op::Field { .. }) {
                    key = defined.clone();
                }
            }
            if !matches!(key.op, Op::Field { .. })
                || key.ty == Type::Money
                || key.ty == Type::Number
                || key.ty == Type::Percent
            {
                let message = format!("{} is nothing to keep a total per", self.type_words(key.ty));
                self.problem(
                    Problem::error("bad-key", path.span, message)
                        .help("write a party, an id or a list value: per rep per year"),
                );
                return None;
            }
            if key.optional {
                self.unknown_not_handled(&key, "the key of this total");
                return None;
            }
            keys.parts.push(key);
        }
        Some(keys)
    }

    /// A state that the versions of a rule share. Of those that are alike and of one purpose, the first of
    /// one version is the first of every other, and so on.
    pub(super) fn shared_state(
        &mut self,
        rule: &RuleScope,
        keys: Keys,
        kind: StateKind,
        purpose: Purpose,
        scope: &mut Scope,
    ) -> StateId {
        let state = self.new_state(rule, keys, kind);
        let key = (purpose, state.clone());
        let kept = Rc::make_mut(&mut scope.kept).entry(key.clone()).or_insert(0);
        let nth = *kept;
        *kept += 1;
        if let Some(&id) = self.shared.get(&key).and_then(|alike| alike.get(nth as usize)) {
            return id;
        }
        let id = self.keep(state);
        self.shared.entry(key).or_default().push(id);
        id
    }

    /// A state that one version of a rule keeps for itself.
    pub(super) fn own_state(&mut self, rule: &RuleScope, keys: Keys, kind: StateKind) -> StateId {
        let state = self.new_state(rule, keys, kind);
        self.keep(state)
    }

    fn new_state(&mut self, rule: &RuleScope, keys: Keys, kind: StateKind) -> State {
        let slot = self.slot(SlotSpec { stream: rule.stream.clone(), parts: keys.parts, period: keys.period });
        State { rule: rule.name.clone(), slot, kind }
    }

    fn keep(&mut self, state: State) -> StateId {
        self.plan.states.push(state);
        StateId(self.plan.states.len() as u32 - 1)
    }
}
