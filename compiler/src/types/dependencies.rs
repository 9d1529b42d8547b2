//! Which rules a rule reads, found before types are known: the rules whose payments it reads, and those that set what its
//! names mean.
//!
//! Names are looked up by [`Typing::meaning`] in a scope that holds what typing's scope will hold at the same place.
//! INVARIANT: no decision that typing reads is missed. The one thing that needs a type is a value of a list
//! (`level is gold`): beside a field of that list `gold` is the value whatever a rule may set by that name; beside anything
//! else it is taken for the decision.

use super::Typing;
use super::meaning::Meaning;
use super::scope::{RuleScope, Scope};
use crate::plan::{ChoiceId, LocalId, Op, Period, RecordId, RecordKind, Root, RuleId, Stream, Type};
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Clause, ClauseKind, Expr, ExprKind, Path, Set, SetSource};
use rustc_hash::FxHashMap;
use std::rc::Rc;

impl Typing<'_> {
    /// Finds what is known of all rules before any is lowered.
    pub(super) fn index_rules(&mut self) {
        let rules = &self.resolved.rules;
        for (idx, rule) in rules.iter().enumerate() {
            let next = RuleId(self.index.ids.len() as u32);
            self.index.ids.entry(rule.name.text.clone()).or_insert(next);
            self.index.versions.entry(rule.name.text.clone()).or_default().push(idx);
        }
        for rule in rules {
            self.find_origin(&rule.name.text);
        }
        for (idx, rule) in rules.iter().enumerate() {
            let Some(RuleScope { stream, .. }) = self.outline(rule).and_then(|scope| scope.rule) else { continue };
            for clause in &rule.clauses {
                if let ClauseKind::Set { name, .. } = &clause.kind {
                    self.index.deciders.entry(name.text.clone()).or_default().push((idx, stream.clone()));
                }
            }
        }
        for rule in rules {
            let reads = self.dependencies(rule);
            self.index.reads.entry(rule.name.text.clone()).or_default().extend(reads);
        }
        for reads in self.index.reads.values_mut() {
            reads.sort_unstable();
            reads.dedup();
        }
    }

    /// The rules, by their places, whose payments or decisions a rule reads.
    fn dependencies(&self, rule: &tree::Rule) -> Vec<usize> {
        let mut found = Found { typing: self, lists: FxHashMap::default(), reads: Vec::new() };
        // A rule of which it is not known what it is about is not lowered either.
        if let Some(mut scope) = self.outline(rule) {
            for clause in &rule.clauses {
                found.clause(clause, &mut scope);
            }
        }
        found.reads
    }

    /// Goes from a rule over payments to the rule over rows behind it; those on the way have the same origin. In a ring of
    /// payments none has one.
    fn find_origin(&mut self, name: &str) {
        let rules = &self.resolved.rules;
        let (mut passed, mut at) = (Vec::new(), name.to_owned());
        let origin = loop {
            if let Some(known) = self.index.origins.get(&at) {
                break *known;
            }
            // Met again on this way it is a ring.
            self.index.origins.insert(at.clone(), None);
            passed.push(at.clone());
            let first = self.index.versions.get(&at).and_then(|versions| versions.first());
            match first.and_then(|&idx| rules[idx].clauses.iter().find_map(rows)) {
                Some(Rows::Payments(source)) => at = source.text.clone(),
                Some(Rows::Of(subject, _)) => break self.records.get(&subject.text).copied(),
                None => break None,
            }
        };
        passed.into_iter().for_each(|name| {
            self.index.origins.insert(name, origin);
        });
    }

    /// The scope in which a rule begins, without problems and without what needs other rules to be lowered.
    fn outline(&self, rule: &tree::Rule) -> Option<Scope> {
        let mut scope = Scope::constant();
        let stream = match rule.clauses.iter().find_map(rows)? {
            Rows::Payments(source) => {
                scope.payment = true;
                let origin = self
                    .index
                    .origins
                    .get(&source.text)
                    .copied()
                    .flatten()
                    .map(|record| (self.program.record(record).name.clone(), Root::Source, record));
                scope.roots.extend(origin);
                Stream::Lines(self.index.ids.get(&source.text).copied()?)
            }
            Rows::Of(subject, per) => {
                let record = self.records.get(&subject.text).copied()?;
                scope.roots.push((subject.text.clone(), Root::Row, record));
                scope.bare = Some((Root::Row, record));
                match (self.program.record(record).kind, per) {
                    (RecordKind::Event, None) => Stream::Events(record),
                    (RecordKind::Entity, Some(per)) => Stream::Periods(record, Period::from_word(&per.text)?),
                    (RecordKind::Event, Some(_)) | (RecordKind::Entity, None) => return None,
                }
            }
        };
        scope.rule = Some(RuleScope { name: rule.name.text.clone(), stream, matched: false });
        Some(scope)
    }
}

/// What a rule runs over.
enum Rows<'a> {
    Of(&'a tree::Name, Option<&'a tree::Name>),
    Payments(&'a tree::Name),
}

fn rows(clause: &Clause) -> Option<Rows<'_>> {
    match &clause.kind {
        ClauseKind::ForEach { subject, per, .. } => Some(Rows::Of(subject, per.as_ref())),
        ClauseKind::ForEachPayment { rule } => Some(Rows::Payments(rule)),
        _ => None,
    }
}

/// What was found so far.
struct Found<'a, 'b> {
    typing: &'a Typing<'b>,
    /// The lists of the `let`s that have one.
    lists: FxHashMap<String, ChoiceId>,
    reads: Vec<usize>,
}

impl Found<'_, '_> {
    // What `, unknown means …` names is no row's, so that nothing is read there.
    fn clause(&mut self, clause: &Clause, scope: &mut Scope) {
        match &clause.kind {
            ClauseKind::ForEachPayment { rule } => self.payments(rule),
            ClauseKind::Where { condition, .. } => self.expr(condition, scope),
            ClauseKind::Let { name, value, .. } | ClauseKind::Set { name, value, .. } => {
                self.expr(value, scope);
                if let Some(list) = self.list_of(value, scope) {
                    self.lists.insert(name.text.clone(), list);
                }
                let local = LocalId(scope.lets.names.len() as u32);
                Rc::make_mut(&mut scope.lets.names).insert(name.text.clone(), local);
            }
            ClauseKind::FirstPer { per, .. } => self.keys(per, scope),
            ClauseKind::Pay { payee, amount, .. } | ClauseKind::TakeBack { payee, amount, .. } => {
                payee.iter().chain([amount]).for_each(|value| self.expr(value, scope));
            }
            ClauseKind::AtMost { amount, per } | ClauseKind::AtLeast { amount, per } => {
                self.expr(amount, scope);
                self.keys(per, scope);
            }
            ClauseKind::ForEach { .. } | ClauseKind::Active(_) | ClauseKind::Unsupported(_) => {}
        }
    }

    fn payments(&mut self, rule: &tree::Name) {
        self.reads.extend(self.typing.index.versions.get(&rule.text).into_iter().flatten());
    }

    fn path(&mut self, path: &Path, scope: &Scope) {
        let typing = self.typing;
        let Some(rule) = &scope.rule else { return };
        match (typing.meaning(&path.parts, scope), &path.parts[..]) {
            (Some(Meaning::Decision), [name]) => self.reads.extend(typing.index.deciders(&name.text, &rule.stream)),
            (Some(Meaning::Row(root, record)), [_, name]) => {
                if let Some(stream) = typing.decided_rows(&name.text, root, record, scope) {
                    self.reads.extend(typing.index.deciders(&name.text, &stream));
                }
            }
            _ => {}
        }
    }

    fn keys(&mut self, per: &[Path], scope: &Scope) {
        per.iter().for_each(|path| self.path(path, scope));
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, scope: &Scope) {
        exprs.into_iter().for_each(|expr| self.expr(expr, scope));
    }

    fn expr(&mut self, expr: &Expr, scope: &Scope) {
        match &expr.kind {
            ExprKind::Path(path) => self.path(path, scope),
            ExprKind::List(values) | ExprKind::Function { values, .. } => self.exprs(values, scope),
            ExprKind::Call { arguments, .. } => {
                self.exprs(arguments.iter().map(|argument| &argument.value), scope);
            }
            ExprKind::Bracket(x)
            | ExprKind::Negate(x)
            | ExprKind::Not(x)
            | ExprKind::RateOf(x)
            | ExprKind::BandOf(x) => self.expr(x, scope),
            ExprKind::Known { value, .. } | ExprKind::Rounded { value, .. } => self.expr(value, scope),
            ExprKind::Period { count: x, .. } | ExprKind::DatePart { date: x, .. } => self.expr(x, scope),
            ExprKind::Binary { left: a, right: b, .. } | ExprKind::TimeBetween { from: a, to: b, .. } => {
                self.exprs([&**a, &**b], scope);
            }
            ExprKind::Compare { left, right, .. } => self.beside(left, right, scope),
            ExprKind::IfUnknown { value, default } => self.beside(value, default, scope),
            ExprKind::In { value, list, .. } => {
                self.expr(value, scope);
                let hint = self.list_of(value, scope);
                match &unbracketed(list).kind {
                    ExprKind::List(values) => values.iter().for_each(|value| self.hinted(value, hint, scope)),
                    _ => self.expr(list, scope),
                }
            }
            ExprKind::Between { value, low, high, .. } => {
                self.beside(value, low, scope);
                self.beside(value, high, scope);
            }
            ExprKind::Conditional { .. } => self.hinted(expr, None, scope),
            ExprKind::Clamp { value, at_least, at_most } => {
                self.expr(value, scope);
                self.exprs(at_least.iter().chain(at_most).map(|bound| &**bound), scope);
            }
            ExprKind::Aggregate { value, set, .. } => self.aggregate(value.as_deref(), set.as_ref(), scope),
            ExprKind::Running { value, set, per, .. } => {
                value.iter().for_each(|value| self.expr(value, scope));
                set.iter().flat_map(|set| &set.condition).for_each(|condition| self.expr(condition, scope));
                self.keys(per, scope);
            }
            ExprKind::AddsUp { arguments, quantity, per, .. } => {
                self.exprs(arguments.iter().map(|argument| &argument.value), scope);
                self.expr(quantity, scope);
                self.keys(per, scope);
            }
            ExprKind::Number(_)
            | ExprKind::Percent(_)
            | ExprKind::Money { .. }
            | ExprKind::Date(_)
            | ExprKind::Text(_)
            | ExprKind::YesNo(_)
            | ExprKind::Unsupported(_)
            | ExprKind::Damaged => {}
        }
    }

    /// Two values side by side, of which the second may be a value of the first one's list.
    fn beside(&mut self, left: &Expr, right: &Expr, scope: &Scope) {
        self.expr(left, scope);
        let hint = self.list_of(left, scope);
        self.hinted(right, hint, scope);
    }

    /// An expression where a value of a list may be named.
    fn hinted(&mut self, expr: &Expr, hint: Option<ChoiceId>, scope: &Scope) {
        match &expr.kind {
            ExprKind::Bracket(inner) => self.hinted(inner, hint, scope),
            ExprKind::Path(path) if self.is_value(path, hint) => {}
            ExprKind::Conditional { branches, otherwise } => {
                let hint = hint.or_else(|| self.list_of(expr, scope));
                for (value, condition) in branches {
                    self.expr(condition, scope);
                    self.hinted(value, hint, scope);
                }
                otherwise.iter().for_each(|value| self.hinted(value, hint, scope));
            }
            _ => self.expr(expr, scope),
        }
    }

    fn is_value(&self, path: &Path, hint: Option<ChoiceId>) -> bool {
        let values = hint.map(|list| &self.typing.program.choices[list.index()]);
        let [name] = &path.parts[..] else { return false };
        values.is_some_and(|values| values.contains(&name.text))
    }

    /// The rows of a set and what is read of them.
    fn aggregate(&mut self, value: Option<&Expr>, set: Option<&Set>, scope: &Scope) {
        let first = |value: &Expr| match &unbracketed(value).kind {
            ExprKind::Path(path) if path.parts.len() > 1 => Some(SetSource::Event(path.parts[0].clone())),
            _ => None,
        };
        let Some(source) = set.map(|set| set.source.clone()).or_else(|| value.and_then(first)) else { return };
        if let SetSource::Payments(rule) = &source {
            self.payments(rule);
        }
        let Some(inner) = self.inside(&source, scope) else { return };
        self.exprs(set.and_then(|set| set.condition.as_deref()).into_iter().chain(value), &inner);
    }

    /// The scope inside the brackets of a set; none in rules over events, which cannot have one.
    fn inside(&self, source: &SetSource, outside: &Scope) -> Option<Scope> {
        let Stream::Periods(entity, _) = outside.rule.as_ref()?.stream else { return None };
        let mut scope = Scope::constant();
        let stream = match source {
            SetSource::Event(name) => {
                let record = self.typing.event(&name.text)?;
                scope.roots.push((self.typing.program.record(record).name.clone(), Root::Row, record));
                scope.bare = Some((Root::Row, record));
                Stream::Events(record)
            }
            SetSource::Payments(rule) => {
                scope.payment = true;
                Stream::Lines(self.typing.index.ids.get(&rule.text).copied()?)
            }
        };
        scope.rule = Some(RuleScope { name: String::new(), stream, matched: true });
        scope.outer = Some((entity, Vec::new(), vec![self.typing.program.record(entity).name.clone()]));
        // Names are all that is asked of them here.
        let nothing = crate::plan::Expr { op: Op::Missing, ty: Type::YesNo, optional: true, span: Span::default() };
        scope.outer_lets = Some((outside.lets.clone(), nothing));
        Some(scope)
    }

    /// The list whose value an expression is, where fields tell it.
    fn list_of(&self, expr: &Expr, scope: &Scope) -> Option<ChoiceId> {
        match &expr.kind {
            ExprKind::Bracket(inner) => self.list_of(inner, scope),
            ExprKind::IfUnknown { value, .. } => self.list_of(value, scope),
            ExprKind::Conditional { branches, .. } => {
                branches.first().and_then(|(value, _)| self.list_of(value, scope))
            }
            ExprKind::Path(path) => {
                let (from, fields) = match self.typing.meaning(&path.parts, scope)? {
                    Meaning::Local(_) if path.parts.len() == 1 => {
                        return self.lists.get(&path.parts[0].text).copied();
                    }
                    Meaning::Field(_, record) => (record, &path.parts[..]),
                    Meaning::Row(_, record) => (record, &path.parts[1..]),
                    _ => return None,
                };
                self.list_behind(from, fields)
            }
            _ => None,
        }
    }

    fn list_behind(&self, from: RecordId, fields: &[tree::Name]) -> Option<ChoiceId> {
        let mut ty = Type::Ref(from);
        for name in fields {
            let Type::Ref(record) = ty else { return None };
            let field = self.typing.field_of(record, &name.text)?;
            ty = self.typing.program.record(record).fields[field.index()].ty;
        }
        if let Type::Choice(list) = ty { Some(list) } else { None }
    }
}

fn unbracketed(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Bracket(inner) => unbracketed(inner),
        _ => expr,
    }
}
