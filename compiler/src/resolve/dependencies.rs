//! Which rules a rule reads, found before types are known: the rules whose payments it reads, and those that set what its
//! names mean.
//!
//! Names are looked up by [`Resolved::meaning`] with in sight what types will see at the same place. INVARIANT: no decision
//! that a rule reads is missed. The one thing that needs a type is a value of a list (`level is gold`): beside a field of that
//! list `gold` is the value whatever a rule may set by that name; beside anything else it is taken for the decision.

use super::Resolved;
use super::meaning::{Leads, Meaning, NameIndex, Sight};
use crate::plan::{LineKind, LocalId, Period, RecordId, RecordKind, Root, RuleId, Stream};
use meed_grammar::tree::{self, Clause, ClauseKind, EACH, Expr, ExprKind, FieldTypeKind, Member, Path, Set, SetSource};
use rustc_hash::FxHashMap;
use std::rc::Rc;

impl Resolved {
    /// Finds what is known of all names before any has a type.
    pub(super) fn index_names(&mut self) {
        self.index = NameIndex::default();
        self.index_fields();
        for rule in &self.rules {
            let next = RuleId(self.index.ids.len() as u32);
            self.index.ids.entry(rule.name.text.clone()).or_insert(next);
        }
        for idx in 0..self.rules.len() {
            self.find_origin(idx);
        }
        let mut deciders: FxHashMap<String, Vec<(usize, Stream)>> = FxHashMap::default();
        for (idx, rule) in self.rules.iter().enumerate() {
            let Some(Outline { rule: Some((_, stream)), .. }) = self.outline(rule) else { continue };
            for clause in &rule.clauses {
                if let ClauseKind::Set { name, .. } = &clause.kind {
                    deciders.entry(name.text.clone()).or_default().push((idx, stream.clone()));
                }
            }
        }
        self.index.deciders = deciders;
        let mut reads: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        let mut paid: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for rule in &self.rules {
            let (of_any, of_payments) = self.dependencies(rule);
            reads.entry(rule.name.text.clone()).or_default().extend(of_any);
            paid.entry(rule.name.text.clone()).or_default().extend(of_payments);
        }
        for reads in reads.values_mut().chain(paid.values_mut()) {
            reads.sort_unstable();
            reads.dedup();
        }
        self.index.reads = reads;
        self.index.paid = paid;
    }

    /// The party and the period that an entity is keyed by, if these two are its key.
    fn party_and_period(&self, record: &tree::Record) -> Option<(RecordId, Period)> {
        let fields = record.members.iter().filter_map(|member| match member {
            Member::Field(field) => Some(field),
            Member::Key { .. } | Member::When(_) | Member::ReversesSet { .. } => None,
        });
        let keys = record.members.iter().find_map(|member| match member {
            Member::Key { parts, .. } => Some(parts),
            Member::Field(_) | Member::When(_) | Member::ReversesSet { .. } => None,
        })?;
        let [a, b] = &keys[..] else { return None };
        let type_of = |part: &tree::Field| {
            let described = fields.clone().find(|field| field.name.text == part.name.text);
            match part.ty.as_ref().or(described.and_then(|field| field.ty.as_ref())).map(|ty| &ty.kind) {
                Some(FieldTypeKind::Record(name)) => Some(name.text.clone()),
                _ => None,
            }
        };
        let (a, b) = (type_of(a)?, type_of(b)?);
        let record = |name: &str| self.index.records.get(name).copied();
        match (record(&a), record(&b)) {
            (Some(party), None) => Some((party, Period::from_word(&b)?)),
            (None, Some(party)) => Some((party, Period::from_word(&a)?)),
            _ => None,
        }
    }

    /// The fields of all records, and what they lead to.
    fn index_fields(&mut self) {
        let records = self.records.iter().enumerate();
        self.index.records =
            records.map(|(idx, record)| (record.item.name.text.clone(), RecordId(idx as u32))).collect();
        for (idx, record) in self.records.iter().enumerate() {
            if let Some((party, period)) = self.party_and_period(&record.item) {
                self.index.by_period.insert(record.item.name.text.clone(), (RecordId(idx as u32), party, period));
            }
        }
        for record in &self.records {
            let mut fields = FxHashMap::default();
            for member in &record.item.members {
                let declared: Vec<&tree::Field> = match member {
                    Member::Field(field) | Member::When(field) => vec![field],
                    Member::Key { parts, .. } => parts.iter().collect(),
                    Member::ReversesSet { .. } => continue,
                };
                for field in declared {
                    let leads = match field.ty.as_ref().map(|ty| &ty.kind) {
                        Some(FieldTypeKind::Record(name)) => {
                            self.index.records.get(&name.text).map_or(Leads::Value, |record| Leads::Record(*record))
                        }
                        Some(FieldTypeKind::OneOf(list)) => {
                            self.index.lists.push(list.iter().map(|choice| choice.name.text.clone()).collect());
                            Leads::List(self.index.lists.len() - 1)
                        }
                        // A key part without a type may be a field that is declared further down.
                        None if fields.contains_key(&field.name.text) => continue,
                        _ => Leads::Value,
                    };
                    // `from joined_on`: the first day of a life has a name of its own.
                    let name = match field.ty.as_ref().map(|ty| &ty.kind) {
                        Some(FieldTypeKind::Record(day))
                            if record.item.kind == RecordKind::Entity
                                && matches!(field.name.text.as_str(), "from" | "to")
                                && !self.index.records.contains_key(&day.text) =>
                        {
                            &day.text
                        }
                        _ => &field.name.text,
                    };
                    fields.insert(name.clone(), leads);
                }
            }
            self.index.fields.push(fields);
        }
    }

    /// The rules, by their places, whose payments or decisions a rule reads, and those whose payments it reads.
    fn dependencies(&self, rule: &tree::Rule) -> (Vec<usize>, Vec<usize>) {
        let own = rule.name.text.as_str();
        let (lists, records, sets) = (FxHashMap::default(), FxHashMap::default(), FxHashMap::default());
        let mut found = Found { resolved: self, own, lists, records, sets, reads: Vec::new(), paid: Vec::new() };
        // A rule of which it is not known what it is about has no types either.
        if let Some(mut scope) = self.outline(rule) {
            for clause in &rule.clauses {
                found.clause(clause, &mut scope);
            }
        }
        (found.reads, found.paid)
    }

    /// Goes from a rule over payments to the rule over rows behind it; those on the way have the same origin. In a ring of
    /// payments none has one.
    fn find_origin(&mut self, rule: usize) {
        let (mut passed, mut at) = (Vec::new(), self.rules[rule].name.text.clone());
        let origin = loop {
            if let Some(known) = self.index.origins.get(&at) {
                break *known;
            }
            // Met again on this way it is a ring.
            self.index.origins.insert(at.clone(), None);
            passed.push(at.clone());
            let first = self.versions(&at).first();
            match first.and_then(|&idx| self.rules[idx].clauses.iter().find_map(rows)) {
                Some(Rows::Payments(source, _)) => at = source.text.clone(),
                Some(Rows::Of(subject, _)) => break self.index.records.get(&subject.text).copied(),
                None => break None,
            }
        };
        passed.into_iter().for_each(|name| {
            self.index.origins.insert(name, origin);
        });
    }

    /// What is in sight where a rule begins.
    fn outline(&self, rule: &tree::Rule) -> Option<Outline> {
        let mut scope = Outline::default();
        let named = |record: RecordId| self.records[record.index()].item.name.text.clone();
        let stream = match rule.clauses.iter().find_map(rows)? {
            Rows::Payments(source, kind) => {
                scope.payment = Some(kind);
                let origin = self.index.origins.get(&source.text).copied().flatten();
                scope.roots.extend(origin.map(|record| (named(record), Root::Source, record)));
                Stream::Lines(self.index.ids.get(&source.text).copied()?, kind)
            }
            Rows::Of(subject, per) => {
                let record = self.index.records.get(&subject.text).copied()?;
                scope.roots.push((subject.text.clone(), Root::Row, record));
                scope.bare = Some((Root::Row, record));
                match (self.records[record.index()].item.kind, per) {
                    (RecordKind::Event, None) => Stream::Events(record),
                    (RecordKind::Entity, Some(per)) => Stream::Periods(record, Period::from_word(&per.text)?),
                    (RecordKind::Event, Some(_)) | (RecordKind::Entity, None) => return None,
                }
            }
        };
        scope.rule = Some((rule.name.text.clone(), stream));
        Some(scope)
    }
}

/// What is in sight at a place, as far as names go.
#[derive(Clone, Default)]
struct Outline {
    lets: Rc<FxHashMap<String, LocalId>>,
    bare: Option<(Root, RecordId)>,
    outer: Option<(RecordId, Vec<String>)>,
    outer_lets: Option<Rc<FxHashMap<String, LocalId>>>,
    payment: Option<LineKind>,
    roots: Vec<(String, Root, RecordId)>,
    rule: Option<(String, Stream)>,
    outside: Option<Rc<Outline>>,
    /// The first receiver of a payment up a chain, in its amount.
    each: Option<Path>,
}

impl Outline {
    fn sight(&self) -> Sight<'_> {
        Sight {
            lets: &self.lets,
            arguments: &[],
            bare: self.bare,
            outer: self.outer.as_ref().map(|(record, names)| (*record, names.as_slice())),
            outer_lets: self.outer_lets.as_deref(),
            payment: self.payment,
            roots: &self.roots,
            rule: self.rule.as_ref().map(|(name, stream)| (name.as_str(), stream)),
            outside: self.outside.as_ref().map(|outside| Box::new(outside.sight())),
        }
    }
}

/// What a rule runs over.
enum Rows<'a> {
    Of(&'a tree::Name, Option<&'a tree::Name>),
    Payments(&'a tree::Name, LineKind),
}

fn rows(clause: &Clause) -> Option<Rows<'_>> {
    match &clause.kind {
        ClauseKind::ForEach { subject, per, .. } => Some(Rows::Of(subject, per.as_ref())),
        ClauseKind::ForEachPayment { rule, credit } => {
            Some(Rows::Payments(rule, credit.map_or(LineKind::Payment, |_| LineKind::Credit)))
        }
        _ => None,
    }
}

/// What was found so far.
struct Found<'a> {
    resolved: &'a Resolved,
    /// The rule, which does not wait for itself.
    own: &'a str,
    /// The records whose rows `let`s are, where it can be told.
    records: FxHashMap<String, RecordId>,
    /// What the sets are of that `let`s name.
    sets: FxHashMap<String, SetSource>,
    /// The lists of the `let`s that have one.
    lists: FxHashMap<String, usize>,
    reads: Vec<usize>,
    paid: Vec<usize>,
}

impl Found<'_> {
    // What `, unknown means …` names is no row's, so that nothing is read there.
    fn clause(&mut self, clause: &Clause, scope: &mut Outline) {
        match &clause.kind {
            ClauseKind::ForEachPayment { rule, .. } => self.payments(rule),
            ClauseKind::Where { condition, .. } => self.expr(condition, scope),
            ClauseKind::Let { name, value, .. } | ClauseKind::Set { name, value, .. } => {
                self.expr(value, scope);
                match &value.kind {
                    ExprKind::Set(set) => drop(self.sets.insert(name.text.clone(), set.source.clone())),
                    _ => {
                        if let Some(record) = self.record_of(value, scope) {
                            self.records.insert(name.text.clone(), record);
                        }
                    }
                }
                if let Some(list) = self.list_of(value, scope) {
                    self.lists.insert(name.text.clone(), list);
                }
                let local = LocalId(scope.lets.len() as u32);
                Rc::make_mut(&mut scope.lets).insert(name.text.clone(), local);
            }
            ClauseKind::FirstPer { per, .. } => self.keys(per, scope),
            ClauseKind::Pay { payee, amount, .. } | ClauseKind::TakeBack { payee, amount, .. } => {
                payee.iter().chain([amount]).for_each(|value| self.expr(value, scope));
            }
            ClauseKind::PayEach { way, amount, .. } => {
                // Every receiver is of one kind.
                let first = way.paths().into_iter().next();
                first.iter().for_each(|path| self.path(path, scope));
                scope.each = first;
                self.expr(amount, scope);
                scope.each = None;
            }
            ClauseKind::PaySplit { amount, parties, .. } => {
                self.expr(amount, scope);
                match parties {
                    tree::Parties::Listed(parts) => self.parts(parts, scope),
                    tree::Parties::Found { set, model, payee } => {
                        self.aggregate(Some(payee), Some(set), scope);
                        model.exprs().into_iter().for_each(|value| self.aggregate(Some(value), Some(set), scope));
                    }
                }
            }
            ClauseKind::AtMost { amount, per, .. }
            | ClauseKind::AtMostPayments { most: amount, per }
            | ClauseKind::AtLeast { amount, per } => {
                self.expr(amount, scope);
                self.keys(per, scope);
            }
            ClauseKind::RankedBy { measure: amount, .. } | ClauseKind::KeepTop(amount) => self.expr(amount, scope),
            ClauseKind::Add { amount, account, until, .. } => {
                self.exprs(std::iter::once(amount).chain(until), scope);
                account.of.iter().for_each(|path| self.path(path, scope));
            }
            ClauseKind::Due { day, .. } => self.expr(day, scope),
            ClauseKind::ForEach { .. }
            | ClauseKind::Active(_)
            | ClauseKind::InParts { .. }
            | ClauseKind::Hold { .. }
            | ClauseKind::Returns(_) => {}
        }
    }

    /// The listed parts of a split.
    fn parts(&mut self, parts: &[tree::SplitPart], scope: &Outline) {
        for part in parts {
            match &part.take {
                tree::SplitTake::Share(value) | tree::SplitTake::UpTo(value) => self.expr(value, scope),
                tree::SplitTake::Rest => {}
            }
            match &part.to {
                tree::SplitTo::Payee(payee) => self.expr(payee, scope),
                tree::SplitTo::Kept => {}
                tree::SplitTo::Split(parts) => self.parts(parts, scope),
            }
        }
    }

    fn payments(&mut self, rule: &tree::Name) {
        self.reads.extend(self.resolved.versions(&rule.text));
        self.paid.extend(self.resolved.versions(&rule.text));
    }

    fn path(&mut self, path: &Path, scope: &Outline) {
        if let (Some(each), [first, rest @ ..]) = (&scope.each, &path.parts[..])
            && first.text == EACH
        {
            let parts = each.parts.iter().chain(rest).cloned().collect();
            let receiver = Outline { each: None, ..scope.clone() };
            return self.path(&Path { parts, span: path.span }, &receiver);
        }
        let resolved = self.resolved;
        let Some((_, stream)) = &scope.rule else { return };
        match (resolved.meaning(&path.parts, &scope.sight()), &path.parts[..]) {
            (Some(Meaning::Decision), [name, ..]) => self.reads.extend(resolved.index.deciders(&name.text, stream)),
            (Some(Meaning::Decided(_, record)), [name, ..]) => self.decision_of(&name.text, record),
            (Some(Meaning::Row(root, record)), [_, rest @ ..]) => {
                if let [name] = rest
                    && let Some(stream) = resolved.decided_rows(&name.text, root, record, &scope.sight())
                {
                    self.reads.extend(resolved.index.deciders(&name.text, &stream));
                }
                self.decisions_behind(record, rest);
            }
            (Some(Meaning::Field(_, record)), names) => self.decisions_behind(record, names),
            (Some(Meaning::OfPeriod(record)), [_, rest @ ..]) => self.decisions_behind(record, rest),
            (Some(Meaning::Local(_)), [first, rest @ ..]) => match self.records.get(&first.text).copied() {
                Some(record) => self.decisions_behind(record, rest),
                None => self.any_decision(rest),
            },
            (Some(Meaning::Outer), [first, rest @ ..]) => {
                if first.text == "this" {
                    let mut outermost = scope;
                    while let Some(outside) = &outermost.outside {
                        outermost = outside;
                    }
                    match &outermost.rule {
                        Some((_, Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _))) => {
                            self.decisions_behind(*record, rest);
                        }
                        Some((_, Stream::Lines(..))) => self.any_decision(rest),
                        None => {}
                    }
                } else if let Some(outside) = &scope.outside {
                    self.path(path, &Rc::clone(outside));
                }
            }
            (Some(Meaning::Payment), [_, rest @ ..]) => self.any_decision(rest),
            _ => {}
        }
    }

    /// The rules that set a name for rows of a record.
    fn decision_of(&mut self, name: &str, record: RecordId) {
        let resolved = self.resolved;
        let own = self.own;
        let others = resolved.index.deciders_of(name, record).map(|(idx, _)| idx);
        self.reads.extend(others.filter(|idx| resolved.rules[*idx].name.text != own));
    }

    /// The decisions that a path from a row may end with.
    fn decisions_behind(&mut self, from: RecordId, names: &[tree::Name]) {
        let mut at = from;
        for name in names {
            match self.resolved.index.field(at, &name.text) {
                Some(Leads::Record(next)) => at = *next,
                Some(Leads::List(_) | Leads::Value) => return,
                None => return self.decision_of(&name.text, at),
            }
        }
    }

    /// The decisions that names behind something unknown may be.
    fn any_decision(&mut self, names: &[tree::Name]) {
        let (resolved, own) = (self.resolved, self.own);
        for name in names {
            let known = resolved.index.deciders.get(&name.text).into_iter().flatten().map(|(idx, _)| *idx);
            self.reads.extend(known.filter(|idx| resolved.rules[*idx].name.text != own));
        }
    }

    /// The record whose row a value is, where names tell it.
    fn record_of(&self, expr: &Expr, scope: &Outline) -> Option<RecordId> {
        let resolved = self.resolved;
        match &expr.kind {
            ExprKind::Bracket(inner) => self.record_of(inner, scope),
            ExprKind::IfUnknown { value, .. } => self.record_of(value, scope),
            ExprKind::Conditional { branches, .. } => {
                branches.first().and_then(|(value, _)| self.record_of(value, scope))
            }
            ExprKind::OneRow { set, field, .. } => {
                let from = resolved.record_named(&self.source(&set.source)?)?;
                field.as_ref().map_or(Some(from), |field| self.record_behind(from, &field.parts))
            }
            ExprKind::FieldOf { row, field } => self.record_behind(self.record_of(row, scope)?, &field.parts),
            ExprKind::Function { name, .. } => resolved.record_named(&name.text),
            ExprKind::Path(path) => {
                let (from, names) = match resolved.meaning(&path.parts, &scope.sight())? {
                    Meaning::Local(_) => (self.records.get(&path.parts[0].text).copied()?, &path.parts[1..]),
                    Meaning::Field(_, record) => (record, &path.parts[..]),
                    Meaning::Row(_, record) | Meaning::OfPeriod(record) => (record, &path.parts[1..]),
                    _ => return None,
                };
                self.record_behind(from, names)
            }
            _ => None,
        }
    }

    fn record_behind(&self, from: RecordId, names: &[tree::Name]) -> Option<RecordId> {
        names.iter().try_fold(from, |at, name| match self.resolved.index.field(at, &name.text)? {
            Leads::Record(next) => Some(*next),
            Leads::List(_) | Leads::Value => None,
        })
    }

    /// The name of the record that a set is of, through names of sets.
    fn source(&self, source: &SetSource) -> Option<String> {
        let SetSource::Event(name) = source else { return None };
        let mut at = name.text.clone();
        for _ in 0..self.sets.len() {
            match self.sets.get(&at) {
                Some(SetSource::Event(next)) => at = next.text.clone(),
                Some(SetSource::Payments(_) | SetSource::Credits(_) | SetSource::Decisions(_)) => return None,
                None => break,
            }
        }
        Some(at)
    }

    fn keys(&mut self, per: &[Path], scope: &Outline) {
        per.iter().for_each(|path| self.path(path, scope));
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, scope: &Outline) {
        exprs.into_iter().for_each(|expr| self.expr(expr, scope));
    }

    fn expr(&mut self, expr: &Expr, scope: &Outline) {
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
            ExprKind::InCurrency { value, at, .. } => {
                self.expr(value, scope);
                if let Some(tree::RateDay::Day(day)) = at {
                    self.expr(day, scope);
                }
            }
            ExprKind::PeriodOf { period, date } => {
                // A field or decision may have the name of a period, and what follows is a part of something.
                self.path(&Path { parts: vec![period.clone()], span: period.span }, scope);
                self.expr(date, scope);
            }
            ExprKind::Period { count: x, .. }
            | ExprKind::DatePart { date: x, .. }
            | ExprKind::PeriodEdge { date: Some(x), .. } => self.expr(x, scope),
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
            ExprKind::Set(set) => self.aggregate(None, Some(set), scope),
            ExprKind::OneRow { by, set, field, .. } => {
                self.aggregate(None, Some(set), scope);
                let behind: Vec<Path> = by.iter().chain(field).cloned().collect();
                for path in behind {
                    let kind = ExprKind::Path(path.clone());
                    self.aggregate(Some(&Expr { kind, span: path.span }), Some(set), scope);
                }
            }
            ExprKind::FieldOf { row, field } => {
                self.expr(row, scope);
                match self.record_of(row, scope) {
                    Some(record) => self.decisions_behind(record, &field.parts),
                    None => self.any_decision(&field.parts),
                }
            }
            ExprKind::TakeFrom { amount, accounts } => {
                self.expr(amount, scope);
                accounts.iter().flat_map(|account| &account.of).for_each(|path| self.path(path, scope));
            }
            ExprKind::BalanceOf(account) => account.of.iter().for_each(|path| self.path(path, scope)),
            ExprKind::PaidBy { rule } => self.payments(rule),
            ExprKind::AsReported(path) => self.path(path, scope),
            ExprKind::Earlier { value, .. } => self.path(value, scope),
            ExprKind::ExtremeOver { value, from, to, .. } => {
                self.path(value, scope);
                self.exprs([&**from, &**to], scope);
            }
            ExprKind::At { value, moment } => {
                self.expr(value, scope);
                if let tree::Moment::Day(day) = moment {
                    self.expr(day, scope);
                }
            }
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
            | ExprKind::PeriodName(_)
            | ExprKind::Text(_)
            | ExprKind::YesNo(_)
            | ExprKind::PeriodEdge { date: None, .. }
            | ExprKind::DaysIn { .. }
            | ExprKind::Damaged => {}
        }
    }

    /// Two values side by side, of which the second may be a value of the first one's list.
    fn beside(&mut self, left: &Expr, right: &Expr, scope: &Outline) {
        self.expr(left, scope);
        let hint = self.list_of(left, scope);
        self.hinted(right, hint, scope);
    }

    /// An expression where a value of a list may be named.
    fn hinted(&mut self, expr: &Expr, hint: Option<usize>, scope: &Outline) {
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

    fn is_value(&self, path: &Path, hint: Option<usize>) -> bool {
        let values = hint.map(|list| &self.resolved.index.lists[list]);
        let [name] = &path.parts[..] else { return false };
        values.is_some_and(|values| values.contains(&name.text))
    }

    /// The rows of a set and what is read of them.
    fn aggregate(&mut self, value: Option<&Expr>, set: Option<&Set>, scope: &Outline) {
        let first = |value: &Expr| match &unbracketed(value).kind {
            ExprKind::Path(path) if path.parts.len() > 1 => Some(SetSource::Event(path.parts[0].clone())),
            _ => None,
        };
        let Some(mut source) = set.map(|set| set.source.clone()).or_else(|| value.and_then(first)) else { return };
        // As many steps as there are names at most.
        for _ in 0..self.sets.len() {
            match &source {
                SetSource::Event(name) if let Some(named) = self.sets.get(&name.text) => source = named.clone(),
                _ => break,
            }
        }
        match &source {
            SetSource::Payments(rule) | SetSource::Credits(rule) => self.payments(rule),
            SetSource::Decisions(rule) => self.reads.extend(self.resolved.versions(&rule.text)),
            SetSource::Event(_) => {}
        }
        let Some(inner) = self.inside(&source, scope) else { return };
        self.exprs(set.and_then(|set| set.condition.as_deref()).into_iter().chain(value), &inner);
    }

    /// What is in sight inside the brackets of a set.
    fn inside(&self, source: &SetSource, outside: &Outline) -> Option<Outline> {
        let around = match outside.rule.as_ref()?.1 {
            Stream::Periods(around, _) | Stream::ByDate(around, _) | Stream::Events(around) => Some(around),
            Stream::Lines(..) => None,
        };
        let named = |record: RecordId| self.resolved.records[record.index()].item.name.text.clone();
        let mut scope = Outline::default();
        let stream = match source {
            SetSource::Event(name) => {
                let record = self.resolved.record_named(&name.text)?;
                scope.roots.push((named(record), Root::Row, record));
                scope.bare = Some((Root::Row, record));
                Stream::Events(record)
            }
            SetSource::Payments(rule) | SetSource::Credits(rule) => {
                let is_credits = matches!(source, SetSource::Credits(_));
                let kind = if is_credits { LineKind::Credit } else { LineKind::Payment };
                scope.payment = Some(kind);
                let origin = self.resolved.index.origins.get(&rule.text).copied().flatten();
                scope.roots.extend(origin.map(|record| (named(record), Root::Source, record)));
                Stream::Lines(self.resolved.index.ids.get(&rule.text).copied()?, kind)
            }
            SetSource::Decisions(rule) => {
                let first = self.resolved.versions(&rule.text).first()?;
                let (_, stream) = self.resolved.outline(&self.resolved.rules[*first])?.rule?;
                if let Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _) = stream {
                    scope.roots.push((named(record), Root::Row, record));
                    scope.bare = Some((Root::Row, record));
                }
                stream
            }
        };
        scope.rule = Some((String::new(), stream));
        if let Some(around) = around {
            let is_own = scope.roots.iter().any(|(_, _, record)| *record == around);
            let own = (!is_own).then(|| named(around));
            scope.outer = Some((around, own.into_iter().chain(["this".to_owned()]).collect()));
        }
        scope.outside = Some(Rc::new(outside.clone()));
        scope.outer_lets = Some(outside.lets.clone());
        Some(scope)
    }

    /// The list whose value an expression is, where fields tell it.
    fn list_of(&self, expr: &Expr, scope: &Outline) -> Option<usize> {
        match &expr.kind {
            ExprKind::Bracket(inner) => self.list_of(inner, scope),
            ExprKind::IfUnknown { value, .. } => self.list_of(value, scope),
            ExprKind::Conditional { branches, .. } => {
                branches.first().and_then(|(value, _)| self.list_of(value, scope))
            }
            ExprKind::Path(path) => {
                let (from, fields) = match self.resolved.meaning(&path.parts, &scope.sight())? {
                    Meaning::Local(_) if path.parts.len() == 1 => {
                        return self.lists.get(&path.parts[0].text).copied();
                    }
                    Meaning::Field(_, record) => (record, &path.parts[..]),
                    Meaning::Row(_, record) | Meaning::OfPeriod(record) => (record, &path.parts[1..]),
                    _ => return None,
                };
                self.list_behind(from, fields)
            }
            _ => None,
        }
    }

    fn list_behind(&self, from: RecordId, fields: &[tree::Name]) -> Option<usize> {
        let mut leads = Leads::Record(from);
        for name in fields {
            let Leads::Record(record) = leads else { return None };
            leads = self.resolved.index.field(record, &name.text)?.clone();
        }
        if let Leads::List(list) = leads { Some(list) } else { None }
    }
}

fn unbracketed(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Bracket(inner) => unbracketed(inner),
        _ => expr,
    }
}
