//! What looks beyond one row: aggregates over sets, and what is kept per key.

mod join;
mod running;
mod totals;

use super::Lowering;
use super::dens::den;
use super::expressions::unbracketed;
use super::scope::{RuleScope, Scope, Typed};
use crate::plan::{
    self, Expr, Group, GroupFunction, GroupId, Op, Period, RecordId, SlotSpec, State, StateId, StateKind, Stream, Type,
    Window,
};
use crate::resolve::{later, not_supported};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Aggregate, ExprKind, SetSource, WindowKind};

/// The parts of `per K and K2 per P`.
pub(super) struct Keys {
    pub parts: Vec<Expr>,
    pub period: Option<Period>,
}

impl Lowering<'_> {
    pub(super) fn aggregate(
        &mut self,
        function: Aggregate,
        value: Option<&tree::Expr>,
        set: Option<&tree::Set>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let Some(RuleScope { name, stream: Stream::Grid(entity, period), .. }) = scope.rule.clone() else {
            let help = "in a rule per event use `running sum of … per …`, or a rule `for each ENTITY per PERIOD`";
            self.problem(later(span, "an aggregate over a set in a rule per event is").help(help));
            return None;
        };
        // The short form names its set first: `sum of deal.amount`.
        let short = match (set, value.map(|value| &unbracketed(value).kind)) {
            (None, Some(ExprKind::Path(path))) if path.parts.len() > 1 => Some(path.parts[0].clone()),
            _ => None,
        };
        let source = match (set, short) {
            (Some(set), _) => set.source.clone(),
            (None, Some(name)) => SetSource::Event(name),
            (None, None) => {
                let help = "write: sum of deal.amount, or sum of amount in (deal where registered)";
                self.problem(Problem::error("missing-set", span, "of which rows?").help(help));
                return None;
            }
        };
        let (stream, record) = self.set_stream(&source)?;
        let plain = set.filter(|set| set.condition.is_none() && set.window.is_none()).map(|set| set.span);
        let join = self.join(record, &stream, entity, set.and_then(|set| set.by.as_ref()), plain, span)?;
        let mut inner = self.set_scope(&stream, record, entity, &join);
        let filter = match set.and_then(|set| set.condition.as_deref()) {
            Some(condition) => {
                let condition = self.condition(condition, &mut inner)?;
                if condition.optional {
                    self.unknown_not_handled(&condition, "the condition of this set");
                    return None;
                }
                inner.learn(super::scope::facts(&condition.op, true));
                Some(condition)
            }
            None => None,
        };
        let window = match set.and_then(|set| set.window.as_ref()).map(|window| &window.kind) {
            None => Window::Own,
            Some(WindowKind::ToDate) => Window::ToDate,
            Some(WindowKind::Previous(name)) => match Period::from_word(&name.text) {
                Some(period) if period != Period::Program => Window::Previous(period),
                _ => {
                    self.problem(
                        Problem::error("unknown-period", name.span, format!("`{}` is no period", name.text))
                            .help("write month, quarter, half or year"),
                    );
                    return None;
                }
            },
            Some(WindowKind::Unsupported(unsupported)) => {
                self.problem(not_supported(unsupported));
                return None;
            }
        };
        let taken = match value {
            Some(value) => {
                let taken = self.expression(value, &mut inner)?;
                if taken.optional {
                    self.unknown_not_handled(&taken.clone().into_expr(), "what is aggregated");
                    return None;
                }
                Some(taken.into_expr())
            }
            None => None,
        };
        let known_den = taken.as_ref().and_then(|taken| den(&self.plan, taken, &[]));
        let numeric = taken.as_ref().is_none_or(|taken| taken.ty.is_numeric());
        let ordered = taken
            .as_ref()
            .is_none_or(|taken| taken.ty.is_numeric() || matches!(taken.ty, Type::Date | Type::Choice(_)));
        if (matches!(function, Aggregate::Sum | Aggregate::Average) && !numeric)
            || (matches!(function, Aggregate::Smallest | Aggregate::Largest) && !ordered)
        {
            let words = taken.as_ref().map_or_else(String::new, |taken| self.type_words(taken.ty));
            self.problem(Problem::error("type-mismatch", span, format!("{words} cannot be aggregated so")));
            return None;
        }
        let ty = taken.as_ref().map_or(Type::Count, |taken| taken.ty);
        let make = |function| Group {
            rule: name.clone(),
            stream: stream.clone(),
            entity,
            join: join.clone(),
            filter: filter.clone(),
            period,
            window,
            function,
            span,
        };
        let plain = if ty.is_numeric() { known_den } else { Some(1) };
        Some(match (function, taken) {
            (Aggregate::Sum, Some(taken)) => self.group(make(GroupFunction::Sum(taken, known_den)), ty, false, span),
            (Aggregate::Smallest, Some(taken)) => {
                self.group(make(GroupFunction::Smallest(taken, plain)), ty, true, span)
            }
            (Aggregate::Largest, Some(taken)) => self.group(make(GroupFunction::Largest(taken, plain)), ty, true, span),
            (Aggregate::CountDistinct, Some(taken)) => {
                self.group(make(GroupFunction::Distinct(taken)), Type::Count, false, span)
            }
            (Aggregate::Average, Some(taken)) => {
                let sum = self.group(make(GroupFunction::Sum(taken, known_den)), ty, false, span).into_expr();
                let count = self.group(make(GroupFunction::Count), Type::Count, false, span).into_expr();
                let none = Expr { op: Op::Number(crate::value::Exact::ZERO), ty: Type::Count, optional: false, span };
                let some = Op::Compare(plan::Comparison::Greater, Box::new(count.clone()), Box::new(none));
                let some = Expr { op: some, ty: Type::YesNo, optional: false, span };
                let ty = if ty == Type::Count { Type::Number } else { ty };
                let average = Expr { op: Op::Divide(Box::new(sum), Box::new(count)), ty, optional: false, span };
                let missing = Expr { op: Op::Missing, ty, optional: true, span };
                Typed::new(Op::If { branches: vec![(some, average)], otherwise: Box::new(missing) }, ty, true, span)
            }
            (Aggregate::Count, _) | (_, None) => self.group(make(GroupFunction::Count), Type::Count, false, span),
        })
    }

    fn group(&mut self, group: Group, ty: Type, optional: bool, span: Span) -> Typed {
        self.plan.groups.push(group);
        Typed::new(Op::Group(GroupId(self.plan.groups.len() as u32 - 1)), ty, optional, span)
    }

    fn set_stream(&mut self, source: &SetSource) -> Option<(Stream, RecordId)> {
        match source {
            SetSource::Event(name) => {
                let record = self.event_named(name)?;
                Some((Stream::Events(record), record))
            }
            SetSource::Payments(name) => {
                let payee = self
                    .plan
                    .rules
                    .iter()
                    .position(|rule| rule.name == name.text)
                    .and_then(|idx| self.plan.payee_record(plan::RuleId(idx as u32)));
                match payee {
                    Some(record) => Some((Stream::Payments(name.text.clone()), record)),
                    None => {
                        self.unknown_rule(name);
                        None
                    }
                }
            }
        }
    }

    /// The event of this name, a plural allowed.
    pub(super) fn event_named(&mut self, name: &tree::Name) -> Option<RecordId> {
        let singular = name.text.strip_suffix('s');
        let found = self.records.get(&name.text).or_else(|| singular.and_then(|name| self.records.get(name))).copied();
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
                    let known: Vec<String> = self.plan.records.iter().map(|record| record.name.clone()).collect();
                    let problem =
                        Problem::error("unknown-record", name.span, format!("there is no event `{}`", name.text));
                    self.problem(super::suggest(problem, name, known.iter().map(String::as_str)));
                }
                None
            }
        }
    }

    pub(super) fn unknown_rule(&mut self, name: &tree::Name) {
        let declared = self.resolved.rules.iter().any(|rule| rule.name.text == name.text);
        if self.damaged(&name.text) || declared {
            return;
        }
        let known: Vec<&str> = self.resolved.rules.iter().map(|rule| rule.name.text.as_str()).collect();
        let problem = Problem::error("unknown-rule", name.span, format!("there is no rule `{}`", name.text));
        self.problem(super::suggest(problem, name, known));
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
                if keys.period.replace(period).is_some() {
                    self.problem(Problem::error("duplicate-clause", path.span, "there is one period"));
                    return None;
                }
                continue;
            }
            let expr = tree::Expr { kind: ExprKind::Path(path.clone()), span: path.span };
            let mut key = self.expression(&expr, scope)?.into_expr();
            if let Op::Local(local) = key.op {
                key = scope.definitions[local.index()].clone();
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

    /// The state of this kind and key, shared by the versions of its rule. `nth` tells states of one kind apart.
    pub(super) fn state(&mut self, rule: &RuleScope, keys: Keys, kind: StateKind, shared: bool, nth: usize) -> StateId {
        let slot = self.slot(SlotSpec { stream: rule.stream.clone(), parts: keys.parts, period: keys.period });
        let state = State { rule: rule.name.clone(), slot, kind };
        let ids = (0..self.plan.states.len() as u32).map(StateId);
        let mut same = ids.filter(|id| self.plan.states[id.index()] == state && !self.own_states.contains(id));
        if let (true, Some(id)) = (shared, same.nth(nth)) {
            return id;
        }
        let id = StateId(self.plan.states.len() as u32);
        self.plan.states.push(state);
        if !shared {
            self.own_states.push(id);
        }
        id
    }
}
