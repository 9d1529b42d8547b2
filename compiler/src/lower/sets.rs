//! What looks beyond one row: aggregates, running levels, and schedules applied as something adds up.

use super::Lowering;
use super::dens::den;
use super::expressions::pays_none;
use super::scope::{RuleScope, Scope, Typed, Wanted};
use crate::plan::{
    self, Ask, Expr, Group, GroupFunction, GroupId, Op, Period, RecordId, Root, SlotSpec, State, StateId, StateKind,
    Stream, Type, View, Window,
};
use crate::resolve::not_supported;
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
            let message = "an aggregate over a set in a rule per event is not supported yet";
            let help = "in a rule per event use `running sum of … per …`, or a rule `for each ENTITY per PERIOD`";
            self.problem(Problem::error("not-supported", span, message).help(help));
            return None;
        };
        // The short form names its set first: `sum of deal.amount`.
        let short = match (set, value.map(|value| &super::expressions::unbracketed(value).kind)) {
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
        let join = self.join(record, &stream, entity, set.and_then(|set| set.by.as_ref()), span)?;
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
                self.problem(Problem::error(
                    "not-an-event",
                    name.span,
                    format!("`{}` is an entity, not an event", name.text),
                ));
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

    /// The path from a row of the set to the entity of the rule.
    fn join(
        &mut self,
        record: RecordId,
        stream: &Stream,
        entity: RecordId,
        by: Option<&tree::Path>,
        span: Span,
    ) -> Option<Expr> {
        let root = if matches!(stream, Stream::Payments(_)) { Root::Payee } else { Root::Row };
        if let Some(by) = by {
            let mut scope = Scope::constant();
            let typed = self.follow(root, record, Vec::new(), &by.parts, by.span, &mut scope)?;
            if typed.ty != Type::Ref(entity) {
                let (found, wanted) = (self.type_words(typed.ty), self.type_words(Type::Ref(entity)));
                self.problem(Problem::error(
                    "type-mismatch",
                    by.span,
                    format!("`by` must lead to {wanted}, not {found}"),
                ));
                return None;
            }
            return Some(typed.into_expr());
        }
        if root == Root::Payee && record == entity {
            return Some(Expr {
                op: Op::Field { root, record, path: Vec::new() },
                ty: Type::Ref(entity),
                optional: false,
                span,
            });
        }
        let definition = self.plan.record(record);
        let direct: Vec<usize> =
            (0..definition.fields.len()).filter(|&idx| definition.fields[idx].ty == Type::Ref(entity)).collect();
        if let [only] = direct[..] {
            let path = vec![plan::FieldId(only as u32)];
            self.mark_used(record, &path);
            let optional = self.path_optional(root, record, &path, &Scope::constant());
            return Some(Expr { op: Op::Field { root, record, path }, ty: Type::Ref(entity), optional, span });
        }
        let paths = self.paths_to(record, entity);
        let (set, wanted) = (self.plan.record(record).name.clone(), self.plan.record(entity).name.clone());
        let message = if direct.is_empty() {
            format!("`{set}` has no field that is {}", self.type_words(Type::Ref(entity)))
        } else {
            format!("`{set}` leads to `{wanted}` in more than one way")
        };
        let mut problem = Problem::error("ambiguous-join", span, message);
        if !paths.is_empty() {
            problem = problem.help(format!(
                "say which: {}",
                paths.iter().map(|path| format!("({set} by {path})")).collect::<Vec<_>>().join(" or ")
            ));
        }
        self.problem(problem);
        None
    }

    /// The ways from a record to an entity, at most two references long.
    fn paths_to(&self, record: RecordId, entity: RecordId) -> Vec<String> {
        let mut paths = Vec::new();
        for field in &self.plan.record(record).fields {
            if let Type::Ref(next) = field.ty {
                if next == entity {
                    paths.push(field.name.clone());
                }
                for second in &self.plan.record(next).fields {
                    if second.ty == Type::Ref(entity) {
                        paths.push(format!("{}.{}", field.name, second.name));
                    }
                }
            }
        }
        paths
    }

    fn set_scope(&mut self, stream: &Stream, record: RecordId, entity: RecordId, join: &Expr) -> Scope {
        let mut scope = Scope::constant();
        let path = if let Op::Field { path, .. } = &join.op { path.clone() } else { Vec::new() };
        let entity_name = self.plan.record(entity).name.clone();
        match stream {
            Stream::Payments(_) => {
                scope.payment = true;
                scope.roots.push(("payment.payee".to_owned(), Root::Payee, record));
            }
            Stream::Events(_) | Stream::Grid(..) => {
                scope.roots.push((self.plan.record(record).name.clone(), Root::Row, record));
                scope.bare = Some((Root::Row, record));
            }
        }
        scope.rule = Some(RuleScope { name: String::new(), stream: stream.clone(), matched: true });
        scope.outer = Some((entity, path, vec![entity_name]));
        scope
    }

    pub(super) fn unknown_not_handled(&mut self, value: &Expr, what: &str) {
        self.problem(
            Problem::error("unknown-not-handled", value.span, format!("{what} may be unknown"))
                .label("a value here can be missing")
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
        let same: Vec<usize> = (0..self.plan.states.len()).filter(|&idx| self.plan.states[idx] == state).collect();
        if let (true, Some(&idx)) = (shared, same.get(nth)) {
            return StateId(idx as u32);
        }
        self.plan.states.push(state);
        StateId(self.plan.states.len() as u32 - 1)
    }

    pub(super) fn running(
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
            Some(set) => {
                if let Some(window) = &set.window {
                    self.problem(Problem::error(
                        "not-supported",
                        window.span,
                        "a window in a running level is not supported yet",
                    ));
                    return None;
                }
                let SetSource::Event(name) = &set.source else {
                    self.problem(Problem::error(
                        "not-supported",
                        set.span,
                        "a running level over payments is not supported yet",
                    ));
                    return None;
                };
                let record = self.event_named(name)?;
                if rule.stream != Stream::Events(record) {
                    self.problem(Problem::error(
                        "not-supported",
                        set.span,
                        "a running level over another event than the rule's is not supported yet",
                    ));
                    return None;
                }
                match &set.condition {
                    Some(condition) => {
                        let condition = self.condition(condition, &mut inner)?;
                        if condition.optional {
                            self.unknown_not_handled(&condition, "the condition of this set");
                            return None;
                        }
                        inner.learn(super::scope::facts(&condition.op, true));
                        Some(inline(condition, &scope.definitions))
                    }
                    None => None,
                }
            }
            None => None,
        };
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
        let state = self.state(&rule, keys, StateKind::Sums { dens }, false, 0);
        scope.wanted.push(Wanted::All { state, filter, atoms: vec![atom] });
        let view = if before { View::Before } else { View::After };
        Some(Typed::new(Op::Level { state, atom: 0, view }, ty, false, span))
    }

    pub(super) fn adds_up(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let ExprKind::AddsUp { schedule, arguments, quantity, over_all, per, at_its_highest } = &expr.kind else {
            return None;
        };
        let span = expr.span;
        if let Some(span) = at_its_highest {
            self.problem(Problem::error("not-supported", *span, "`at its highest` is not supported yet"));
            return None;
        }
        let Some(rule) = scope.rule.clone().filter(|rule| !matches!(rule.stream, Stream::Grid(..))) else {
            let help = "in a rule per period apply the schedule to a value: volume_bands(sum of deal.amount)";
            self.problem(
                Problem::error("running-in-period-rule", span, "something adds up row by row only in a rule per event")
                    .help(help),
            );
            return None;
        };
        let id = self.schedule_named(schedule)?;
        let definition = self.plan.schedules[id.index()].clone();
        if arguments.len() != definition.arguments.len() {
            let message = format!(
                "`{}` takes {} arguments, {} given",
                schedule.text,
                definition.arguments.len(),
                arguments.len()
            );
            self.problem(Problem::error("argument-count", span, message));
            return None;
        }
        let mut lowered = Vec::new();
        for (argument, ty) in arguments.iter().zip(&definition.arguments) {
            let argument = self.numeric(argument, scope)?;
            lowered.push(self.accepts(argument, *ty)?.into_expr());
        }
        let mut inner = scope.clone();
        if let Some(event) = over_all {
            let record = self.event_named(event)?;
            if rule.stream != Stream::Events(record) {
                let message = format!("`over all` names the rule's own event, not `{}`", event.text);
                self.problem(Problem::error("not-supported", event.span, message));
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
        let value = self.numeric(quantity, &mut inner)?;
        let value = self.accepts(value, definition.domain)?.into_expr();
        if value.optional {
            self.unknown_not_handled(&value, "what adds up");
            return None;
        }
        let keys = self.keys(per, &mut inner)?;
        let value = inline(value, &scope.definitions);
        let mut atoms = Vec::new();
        let total = split(&value, &keys.parts, &mut atoms);
        let dens = atoms.iter().map(|atom| den(&self.plan, atom, &[])).collect();
        let nth = scope.wanted.iter().filter(|wanted| matches!(wanted, Wanted::Matched { .. })).count();
        let state = self.state(&rule, keys, StateKind::Sums { dens }, over_all.is_none(), nth);
        let total = with_state(total, state);
        scope.wanted.push(match over_all {
            Some(_) => Wanted::All { state, filter: None, atoms },
            None => Wanted::Matched { state, atoms },
        });
        let optional = lowered.iter().any(|argument| argument.optional) || pays_none(&definition);
        let body = Op::Schedule { schedule: id, arguments: lowered, value: Box::new(total), ask: Ask::Amount };
        let body = Expr { op: body, ty: definition.result, optional, span };
        Some(Typed::new(Op::Telescoped { state, body: Box::new(body) }, definition.result, optional, span))
    }
}

/// The state that [`split`] writes before the real one is known.
const PENDING: StateId = StateId(u32::MAX);

/// What adds up, evaluated as a whole on totals: literals and what is fixed by the key stand as they are, sums,
/// differences, constant factors and divisors, roundings and bounds act on the totals, everything else is an atom that
/// is summed row by row.
fn split(value: &Expr, keys: &[Expr], atoms: &mut Vec<Expr>) -> Expr {
    let expr = split_part(value, keys, atoms);
    if atoms.is_empty() { atom(value, atoms) } else { expr }
}

fn split_part(value: &Expr, keys: &[Expr], atoms: &mut Vec<Expr>) -> Expr {
    if is_fixed(value, keys) {
        return value.clone();
    }
    let with = |op| Expr { op, ..value.clone() };
    match &value.op {
        Op::Negate(x) => with(Op::Negate(Box::new(split_part(x, keys, atoms)))),
        Op::Add(a, b) => with(Op::Add(Box::new(split_part(a, keys, atoms)), Box::new(split_part(b, keys, atoms)))),
        Op::Subtract(a, b) => {
            with(Op::Subtract(Box::new(split_part(a, keys, atoms)), Box::new(split_part(b, keys, atoms))))
        }
        Op::Multiply(a, b) if is_fixed(a, keys) => with(Op::Multiply(a.clone(), Box::new(split_part(b, keys, atoms)))),
        Op::Multiply(a, b) if is_fixed(b, keys) => with(Op::Multiply(Box::new(split_part(a, keys, atoms)), b.clone())),
        Op::Divide(a, b) if is_fixed(b, keys) => with(Op::Divide(Box::new(split_part(a, keys, atoms)), b.clone())),
        Op::Round { value, mode, quantum } => {
            with(Op::Round { value: Box::new(split_part(value, keys, atoms)), mode: *mode, quantum: quantum.clone() })
        }
        Op::Smallest(values) => with(Op::Smallest(values.iter().map(|value| split_part(value, keys, atoms)).collect())),
        Op::Largest(values) => with(Op::Largest(values.iter().map(|value| split_part(value, keys, atoms)).collect())),
        _ => atom(value, atoms),
    }
}

fn atom(value: &Expr, atoms: &mut Vec<Expr>) -> Expr {
    let idx = atoms.iter().position(|known| known.op == value.op).unwrap_or_else(|| {
        atoms.push(value.clone());
        atoms.len() - 1
    });
    Expr { op: Op::Level { state: PENDING, atom: idx as u32, view: View::Turn }, ..value.clone() }
}

fn with_state(mut expr: Expr, state: StateId) -> Expr {
    walk(&mut expr, &mut |expr| {
        if let Op::Level { state: pending, .. } = &mut expr.op
            && *pending == PENDING
        {
            *pending = state;
        }
    });
    expr
}

/// Whether a value is the same for every row of a key.
fn is_fixed(value: &Expr, keys: &[Expr]) -> bool {
    match &value.op {
        Op::Number(_) => true,
        Op::Field { root, path, .. } => keys.iter().any(|key| {
            matches!(&key.op, Op::Field { root: key_root, path: key_path, .. } if key_root == root && path.len() > key_path.len() && path.starts_with(key_path))
        }),
        Op::Negate(x) => is_fixed(x, keys),
        Op::Add(a, b) | Op::Subtract(a, b) | Op::Multiply(a, b) | Op::Divide(a, b) => is_fixed(a, keys) && is_fixed(b, keys),
        _ => false,
    }
}

/// The expression with every `let` replaced by what it stands for.
pub(super) fn inline(mut expr: Expr, definitions: &[Expr]) -> Expr {
    walk(&mut expr, &mut |expr| {
        if let Op::Local(local) = expr.op {
            *expr = Expr { span: expr.span, ..inline(definitions[local.index()].clone(), definitions) };
        }
    });
    expr
}

/// Visits every expression from the leaves up.
pub(super) fn walk(expr: &mut Expr, visit: &mut impl FnMut(&mut Expr)) {
    for child in children(&mut expr.op) {
        walk(child, visit);
    }
    visit(expr);
}

fn children(op: &mut Op) -> Vec<&mut Expr> {
    match op {
        Op::Telescoped { body: x, .. }
        | Op::Negate(x)
        | Op::Round { value: x, .. }
        | Op::Not(x)
        | Op::Predicate { value: x, .. }
        | Op::IsKnown(x)
        | Op::DatePart(_, x) => vec![x],
        Op::Add(a, b)
        | Op::Subtract(a, b)
        | Op::Multiply(a, b)
        | Op::Divide(a, b)
        | Op::Compare(_, a, b)
        | Op::IfUnknown(a, b) => vec![a, b],
        Op::AddTime { date: a, count: b, .. } | Op::TimeBetween { from: a, to: b, .. } => vec![a, b],
        Op::Smallest(values) | Op::Largest(values) | Op::And(values) | Op::Or(values) => values.iter_mut().collect(),
        Op::Schedule { arguments, value, .. } => arguments.iter_mut().chain([value.as_mut()]).collect(),
        Op::If { branches, otherwise } => {
            branches.iter_mut().flat_map(|(a, b)| [a, b]).chain([otherwise.as_mut()]).collect()
        }
        Op::Number(_)
        | Op::YesNo(_)
        | Op::Date(_)
        | Op::Choice(_)
        | Op::Missing
        | Op::Field { .. }
        | Op::PaymentAmount
        | Op::When
        | Op::Local(_)
        | Op::Decision { .. }
        | Op::Group(_)
        | Op::Level { .. }
        | Op::Argument(_) => Vec::new(),
    }
}
