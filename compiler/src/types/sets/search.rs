//! Sets whose rows are found for each row of a rule: in rules over events, by windows other than a rule's own period, and one row
//! of a set.
//!
//! What a condition says of the row that asks becomes an operand: an equality with a field of the set's row is a key, a bound on
//! the day of these rows an edge of the window, everything else is asked of each row found.

use crate::internal::broken;
use crate::plan::{
    DecisionId, Expr, FieldId, FindFunction, Function, Op, Period, Reading, RecordId, RecordKind, Root, RuleId, Search,
    SearchId, SearchOutput, Stream, Type,
};
use crate::typed::{Clause, walk, without_places};
use crate::types::Typing;
use crate::types::later::{Later, later};
use crate::types::scope::{Asking, Fact, RuleScope, Scope, Typed};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, ExprKind, OneRow, SetOf, SetSource};
use std::collections::BTreeSet;

/// A set of which it is known which rows it has, before anything is asked of them.
#[derive(Clone)]
pub(in crate::types) struct Found {
    pub(in crate::types) stream: Stream,
    /// A field of the set's row, and what the row that asks gives for it.
    pub(super) keys: Vec<(Expr, Expr)>,
    /// What else may be equal to what is given for the first of them.
    pub(super) ways: Vec<Expr>,
    pub(super) edges: super::window::Edges,
    pub(super) only: Vec<Expr>,
    pub(super) also: Vec<Expr>,
    /// The scope of the set's row.
    pub(in crate::types) inner: Scope,
    span: Span,
}

impl Found {
    /// The record whose rows they are; none where they are payments, or rows per entity and period.
    pub(in crate::types) fn record(&self) -> Option<RecordId> {
        if let Stream::Events(record) = self.stream { Some(record) } else { None }
    }

    /// The same rows, as far as they are up to a day.
    pub(in crate::types) fn until(&self, day: Expr) -> Self {
        let mut found = self.clone();
        found.edges.narrow(super::window::Edges { to: Some(day), ..Default::default() });
        found
    }

    /// What a set inside the brackets of another reads of the row outside of both is known to that other set too.
    pub(in crate::types) fn give_back(&self, scope: &mut Scope) {
        let outside = self.inner.asking.as_ref().and_then(|asking| asking.outside.asking.as_ref());
        if let (Some(known), Some(outside)) = (&mut scope.asking, outside) {
            known.arguments.clone_from(&outside.arguments);
        }
    }

    /// What the row that asks gives, as an argument in the set.
    pub(in crate::types) fn argument(&mut self, value: Expr) -> Expr {
        let (ty, optional, span) = (value.ty, value.optional, value.span);
        let idx = self.inner.asking.as_mut().map_or(0, |asking| {
            asking.arguments.push(value);
            asking.arguments.len() - 1
        });
        Expr { op: Op::Argument(idx as u32), ty, optional, span }
    }
}

impl Typing<'_> {
    /// The spans of the row of a rule per entity and period, in which their fields hide those of the row.
    pub(in crate::types) fn spans_of_row(
        &mut self,
        history: RecordId,
        entity: RecordId,
        of: FieldId,
        scope: &Scope,
        span: Span,
    ) -> Found {
        let mut found = self.rows_of_record(history, scope, span);
        found.inner.hides = true;
        let key = Op::Field { root: Root::Row, record: history, path: vec![of] };
        let row = Op::Field { root: Root::Row, record: entity, path: Vec::new() };
        let expr = |op| Expr { op, ty: Type::Ref(entity), optional: false, span };
        found.keys.push((expr(key), expr(row)));
        found
    }

    /// A set with the rows that a `let` names in place of that name.
    pub(in crate::types) fn unnamed_set(&self, set: &tree::Set, scope: &Scope) -> tree::Set {
        let mut set = set.clone();
        while let SetSource::Event(name) = &set.source
            && let Some(named) = scope.sets.get(&name.text)
        {
            let both = |a: Option<Box<tree::Expr>>, b: Option<Box<tree::Expr>>| match (a, b) {
                (Some(a), Some(b)) => {
                    let span = b.span;
                    let bracket = |inner: Box<tree::Expr>| {
                        Box::new(tree::Expr { span: inner.span, kind: ExprKind::Bracket(inner) })
                    };
                    let kind =
                        ExprKind::Binary { op: BinaryOp::And, op_span: span, left: bracket(a), right: bracket(b) };
                    Some(Box::new(tree::Expr { kind, span }))
                }
                (a, b) => a.or(b),
            };
            set = tree::Set {
                source: named.source.clone(),
                of: set.of.or(named.of),
                by: if set.by.is_empty() { named.by.clone() } else { set.by },
                condition: both(named.condition.clone(), set.condition.take()),
                window: set.window.take().or_else(|| named.window.clone()),
                unknown: set.unknown.take().or_else(|| named.unknown.clone()),
                as_it_stood: set.as_it_stood.or(named.as_it_stood),
                span: set.span,
            };
        }
        set
    }

    /// `earliest (SET)`, `the (SET).segment`
    pub(in crate::types) fn one_row(
        &mut self,
        which: OneRow,
        by: Option<&tree::Path>,
        set: &tree::Set,
        field: Option<&tree::Path>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let set = self.unnamed_set(set, scope);
        let mut found = self.found(&set, span, scope)?;
        let function = match (which, by) {
            (OneRow::Only, _) => FindFunction::Only,
            (OneRow::Earliest, _) => FindFunction::Earliest,
            (OneRow::Latest, _) => FindFunction::Latest,
            (OneRow::Highest | OneRow::Lowest, by) => {
                let by = by?;
                let ordered = self.path(by, &mut found.inner)?;
                if !(ordered.ty.is_numeric() || matches!(ordered.ty, Type::Date | Type::Period(_) | Type::Choice(_))) {
                    let message = format!("{} has no highest and no lowest", self.type_words(ordered.ty));
                    self.problem(Problem::error("type-mismatch", by.span, message));
                    return None;
                }
                let ordered = ordered.into_expr();
                if which == OneRow::Highest { FindFunction::Highest(ordered) } else { FindFunction::Lowest(ordered) }
            }
        };
        if matches!(function, FindFunction::Earliest | FindFunction::Latest)
            && let Some(record) = found.record()
            && self.program.record(record).kind == RecordKind::Entity
        {
            let message =
                format!("`{}` is an entity, and only events come one after the other", self.record_name(record));
            self.problem(
                Problem::error("not-an-event", span, message).help("write `highest by` or `lowest by` with a field"),
            );
            return None;
        }
        let value = match (field, found.record()) {
            (None, Some(record)) => self.set_row(record, span),
            (Some(field), Some(record)) => {
                self.follow(Root::Row, record, Vec::new(), &field.parts, field.span, &mut found.inner)?.into_expr()
            }
            (Some(field), None) => self.path_of_derived(field, &mut found)?.into_expr(),
            (None, None) => {
                let (what, example) = match &set.source {
                    SetSource::Decisions(rule) => {
                        let decisions = self.program.decisions.iter();
                        let own = decisions.filter(|known| known.stream == found.stream);
                        let own = own.map(|known| &known.name).find(|name| self.resolved.sets(&rule.text, name));
                        let name = own.map_or("", String::as_str);
                        ("a decision", format!("latest (decision from {}).{name}", rule.text))
                    }
                    SetSource::Payments(rule) => ("a payment", format!("latest (payments from {}).amount", rule.text)),
                    SetSource::Credits(rule) => ("a credit", format!("latest (credit from {}).amount", rule.text)),
                    SetSource::Event(_) => broken("a set of rows that are none"),
                };
                let help = format!("write what of it is meant: {example}");
                let message = format!("{what} as a whole is no value");
                self.problem(Problem::error("misplaced-value", span, message).help(help));
                return None;
            }
        };
        found.give_back(scope);
        Some(self.ask(found, function, value, true, span))
    }

    /// `goal of (rep, 2026)`: the row with this key.
    pub(in crate::types) fn row_of_key(
        &mut self,
        record: RecordId,
        values: &[tree::Expr],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        self.mark_used(record, &[]);
        let key = self.program.record(record).key.clone();
        if key.len() != values.len() {
            let names: Vec<&str> = {
                let fields = &self.program.record(record).fields;
                key.iter().map(|field| fields[field.index()].name.as_str()).collect()
            };
            let parts = if key.len() == 1 { "one part".to_owned() } else { format!("{} parts", key.len()) };
            let message = format!("the key of `{}` has {parts}, not {}", self.record_name(record), values.len());
            let help = format!("write: {} of ({})", self.record_name(record), names.join(", "));
            self.problem(Problem::error("argument-count", span, message).help(help));
            return None;
        }
        let mut typed = Vec::new();
        for (field, value) in key.into_iter().zip(values) {
            let ty = self.program.record(record).fields[field.index()].ty;
            typed.push(self.hinted(value, Some(ty), scope)?);
        }
        self.row_with_key(record, typed, span, scope)
    }

    /// The row with a key of these parts.
    pub(in crate::types) fn row_with_key(
        &mut self,
        record: RecordId,
        values: Vec<Typed>,
        span: Span,
        scope: &Scope,
    ) -> Option<Typed> {
        self.mark_used(record, &[]);
        let mut found = self.rows_of_record(record, scope, span);
        for (field, value) in self.program.record(record).key.clone().into_iter().zip(values) {
            self.mark_used(record, &[field]);
            let ty = self.program.record(record).fields[field.index()].ty;
            self.program.records[record.index()].fields[field.index()].used = true;
            let part = Op::Field { root: Root::Row, record, path: vec![field] };
            let (part, value) = self.unify(Typed::new(part, ty, false, span), value)?;
            let value = self.text_beside_data(value, Some(part.ty))?;
            found.keys.push((part.into_expr(), value.into_expr()));
        }
        let value = self.set_row(record, span);
        Some(self.ask(found, FindFunction::Only, value, true, span))
    }

    /// A field of a row that was found in a set.
    pub(in crate::types) fn field_of_found(
        &mut self,
        row: &Expr,
        names: &[tree::Name],
        known: bool,
        span: Span,
        scope: &Scope,
    ) -> Option<Typed> {
        let Op::Call(Function::Find { search, output }, operands) = &row.op else { return None };
        let mut inner = Scope::constant();
        let record = self.program.searches[search.index()].record()?;
        // A row of a set is seen from the row that asks; what changes from day to day is that of its own day.
        inner.outer = Some((record, Vec::new(), Vec::new()));
        inner.rule =
            Some(RuleScope { name: String::new(), stream: Stream::Events(record), by_date: false, matched: true });
        let value = self.follow(Root::Row, record, Vec::new(), names, span, &mut inner)?;
        let optional = value.optional || !known;
        let function = self.program.searches[search.index()].outputs[*output as usize].function.clone();
        // Wherever a field is named it is one output, so that what is known of it at one place is known at the other.
        let mut value = value.into_expr();
        walk(&mut value, &mut |expr| expr.span = Span::default());
        let (search, output) = self.output(*search, SearchOutput { function, value, den: None });
        let ty = self.program.searches[search.index()].outputs[output as usize].ty();
        let op = Op::Call(Function::Find { search, output }, operands.clone());
        let optional = optional && !scope.is_given(&op);
        Some(Typed::new(op, ty, optional, span))
    }

    fn record_name(&self, record: RecordId) -> &str {
        &self.program.record(record).name
    }

    /// The row of the set itself.
    fn set_row(&self, record: RecordId, span: Span) -> Expr {
        let op = Op::Field { root: Root::Row, record, path: Vec::new() };
        Expr { op, ty: Type::Ref(record), optional: false, span }
    }

    /// A set of a record, before anything is said of its rows.
    fn rows_of_record(&self, record: RecordId, scope: &Scope, span: Span) -> Found {
        self.no_rows_yet(Stream::Events(record), scope, span)
    }

    /// A set of a stream's rows, before anything is said of them.
    pub(super) fn no_rows_yet(&self, stream: Stream, scope: &Scope, span: Span) -> Found {
        let mut inner = Scope::constant();
        let record = match &stream {
            Stream::Events(own) | Stream::ByDate(own, _) | Stream::Periods(own, _) => {
                inner.roots.push((self.record_name(*own).to_owned(), Root::Row, *own));
                inner.bare = Some((Root::Row, *own));
                Some(*own)
            }
            Stream::Lines(rule, kind) => {
                let name = self.resolved.index.ids.iter().find(|(_, id)| *id == rule).map(|(name, _)| name.clone());
                let name = name.unwrap_or_default();
                inner.payment = Some(*kind);
                inner.payees = self.payee_kinds(&name);
                let payee = inner.payees.first().copied();
                inner.roots.extend(payee.map(|payee| (format!("{}.payee", kind.word()), Root::Payee, payee)));
                let source = self.resolved.index.origins.get(&name).copied().flatten();
                inner.roots.extend(source.map(|source| (self.record_name(source).to_owned(), Root::Source, source)));
                source
            }
        };
        inner.rule = Some(RuleScope { name: String::new(), stream: stream.rows(), by_date: false, matched: true });
        inner.early = matches!(stream, Stream::Periods(..));
        inner.asking = Some(Box::new(Asking { outside: scope.clone(), arguments: Vec::new() }));
        if let Some((own, around)) = around(self, scope) {
            let mut names = vec!["this".to_owned()];
            // In a set over its own event the name of the event is the set's row, as is that of what is paid for.
            if Some(around) != record {
                names.push(own);
            }
            inner.outer = Some((around, Vec::new(), names));
            let op = Op::Field { root: Root::Row, record: around, path: Vec::new() };
            let place = Expr { op, ty: Type::Ref(around), optional: false, span };
            inner.outer_lets = Some((scope.lets.clone(), place));
        }
        let edges = super::window::Edges::default();
        Found { stream, keys: Vec::new(), ways: Vec::new(), edges, only: Vec::new(), also: Vec::new(), inner, span }
    }

    /// What is asked of a payment, or of a row per entity and period, behind the brackets of a set.
    fn path_of_derived(&mut self, field: &tree::Path, found: &mut Found) -> Option<Typed> {
        let mut path = field.clone();
        let is_own = |name: &str| found.inner.roots.iter().any(|(root, ..)| root == name);
        if let Stream::Lines(_, kind) = found.stream
            && !is_own(&path.parts[0].text)
        {
            path.parts.insert(0, tree::Name { text: kind.word().to_owned(), span: field.span });
        }
        self.path(&path, &mut found.inner)
    }

    /// The rows of a set.
    pub(in crate::types) fn found(&mut self, set: &tree::Set, span: Span, scope: &mut Scope) -> Option<Found> {
        if let SetSource::Event(name) = &set.source
            && scope.failed.contains(&name.text)
        {
            return None;
        }
        let Some(stream) = scope.rule.as_ref().map(|rule| rule.stream.clone()) else {
            let message = "there is no row here that a set could belong to";
            self.problem(Problem::error("misplaced-value", span, message));
            return None;
        };
        if let Some(at) = set.as_it_stood {
            if scope.period_of_rule() == Some(Period::OwnYear) {
                self.problem(later(at, Later::StoodInOwnYears));
                return None;
            }
            let problem = later(at, Later::StoodRowByRow);
            let help = "it can be said of sums and counts of an event's rows in a rule per party and period, where no condition asks \
                        another set: of the period itself, `to date`, the `previous` one or the `same … last year`";
            self.problem(problem.help(help));
            return None;
        }
        let (rows, only) = self.rows_of_set(&set.source)?;
        let mut found = self.no_rows_yet(rows, scope, span);
        if let SetSource::Decisions(name) = &set.source {
            let known = self.set_together(&name.text);
            found.inner.learn(known.into_iter().map(|decision| Fact::Decision(decision, Root::Row)).collect());
        }
        found.only.extend(only);
        self.tie(&mut found, set, &stream)?;
        if let Some(condition) = self.set_condition(set, &mut found.inner)? {
            self.conditions(&mut found, condition);
        }
        // In a rule over events the rows of an entity are those that live on the row's day.
        if let (Stream::Events(_) | Stream::Lines(..), Some(record)) = (&stream, found.record())
            && self.program.record(record).life.is_bounded()
        {
            let row = self.set_row(record, span);
            let day = found.argument(without_places(Expr { op: Op::When, ty: Type::Date, optional: false, span }));
            let lives = self.lives_on(&row, &day);
            // It is written nowhere, and so is the day that is asked with.
            found.also.extend(lives.map(without_places));
        }
        let rows = found.stream.clone();
        let edges = self.window_edges(set.window.as_ref(), &rows, scope, span)?.without_places();
        found.edges.narrow(edges);
        self.warn_of_walk(&found, set);
        Some(found)
    }

    /// Whether a set that gets a name can be found; what is wrong with it is said.
    pub(in crate::types) fn is_set(&mut self, set: &tree::Set, scope: &mut Scope) -> bool {
        let set = tree::Set { as_it_stood: None, ..self.unnamed_set(set, scope) };
        self.found(&set, set.span, scope).is_some()
    }

    /// The rows that a set is of, and which of them are in it at all.
    fn rows_of_set(&mut self, source: &SetSource) -> Option<(Stream, Option<Expr>)> {
        match source {
            SetSource::Event(name) => Some((Stream::Events(self.record_of_set(name)?), None)),
            SetSource::Payments(_) | SetSource::Credits(_) => Some((self.set_stream(source)?.0, None)),
            SetSource::Decisions(name) => self.decided_by(name),
        }
    }

    /// `decision from RULE`: a row for each time that the rule set something.
    fn decided_by(&mut self, name: &tree::Name) -> Option<(Stream, Option<Expr>)> {
        let Some(stream) = self.typed(&name.text).next().map(|version| version.stream.clone()) else {
            self.unknown_rule(name);
            return None;
        };
        self.places.uses.push((name.span, crate::typed::Use::Rule(name.text.clone())));
        if let Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _) = stream {
            self.mark_used(record, &[]);
        }
        let mut known: Vec<DecisionId> = Vec::new();
        for clause in self.typed(&name.text).flat_map(|version| &version.clauses) {
            if let Clause::Set(decision, _) = clause {
                known.push(*decision);
            }
        }
        known.sort_unstable();
        known.dedup();
        let expr = |op| Expr { op, ty: Type::YesNo, optional: false, span: name.span };
        let is_known = |id: &DecisionId| {
            let value = Expr { span: name.span, ..self.decided(&[*id], Root::Row, true) };
            expr(Op::one(Function::Known, value))
        };
        let mut conditions: Vec<Expr> = known.iter().map(is_known).collect();
        let only = match conditions.len() {
            0 => {
                let message = format!("rule `{}` sets nothing", name.text);
                let help = "name a rule that has a `set`; what a rule pays is: payments from RULE";
                self.problem(Problem::error("no-decisions", name.span, message).help(help));
                return None;
            }
            1 => conditions.pop(),
            _ => Some(expr(Op::Or(conditions))),
        };
        Some((stream, only))
    }

    /// The decisions that a rule has taken for every row for which it has taken one: no condition stands between the first and
    /// these.
    fn set_together(&self, rule: &str) -> Vec<DecisionId> {
        let mut of_all: Option<Vec<DecisionId>> = None;
        for version in self.typed(rule) {
            let mut known = Vec::new();
            let mut begun = false;
            for clause in &version.clauses {
                match clause {
                    Clause::Set(decision, local) => {
                        begun = true;
                        if !version.locals[local.index()].optional {
                            known.push(*decision);
                        }
                    }
                    Clause::Where(_) | Clause::First(..) if begun => break,
                    _ => {}
                }
            }
            of_all = Some(match of_all {
                Some(before) => before.into_iter().filter(|one| known.contains(one)).collect(),
                None => known,
            });
        }
        of_all.unwrap_or_default()
    }

    /// The record of a set, a plural allowed.
    pub(in crate::types) fn record_of_set(&mut self, name: &tree::Name) -> Option<RecordId> {
        match self.resolved.record_named(&name.text) {
            Some(record) if self.program.record(record).kind == RecordKind::Entity => {
                self.places.uses.push((name.span, crate::typed::Use::Record(record)));
                self.mark_used(record, &[]);
                Some(record)
            }
            _ => self.event_named(name),
        }
    }

    /// Ties a set to the row that asks where no condition does: by its one field of that row's record, or by a path.
    fn tie(&mut self, found: &mut Found, set: &tree::Set, stream: &Stream) -> Option<()> {
        let (Stream::Events(around) | Stream::Periods(around, _)) = stream else {
            if set.of == Some(SetOf::This) || !set.by.is_empty() {
                let message = "the row of this rule is a payment, to which nothing belongs by itself";
                let help = "say how they are tied: where referral.customer = deal.customer";
                self.problem(Problem::error("ambiguous-join", found.span, message).help(help));
                return None;
            }
            return Some(());
        };
        let is_period = matches!(stream, Stream::Periods(..));
        let tied = match set.of {
            Some(SetOf::Everyone) => {
                if let Some(by) = set.by.first() {
                    let message = "`of everyone` takes everybody's rows, and `by` says whose";
                    self.problem(Problem::error("unexpected", by.span, message).help("remove one of them"));
                    return None;
                }
                return Some(());
            }
            Some(SetOf::This) => true,
            None => is_period || !set.by.is_empty(),
        };
        if !tied {
            return Some(());
        }
        // In the brackets of another set `this` is the rule's row, and not the row to which a set would belong there.
        let within = found.inner.asking.as_ref().is_some_and(|asking| asking.outside.in_set());
        if within && set.of == Some(SetOf::This) {
            let message = "here `this` is the row of the rule, and a set belongs to the row of the set around it";
            let help = "say how they are tied: where visit.deal = this";
            self.problem(Problem::error("ambiguous-join", found.span, message).help(help));
            return None;
        }
        let is_own = found.record() == Some(*around) && set.by.is_empty();
        if is_own {
            let message = format!("a `{}` belongs to no other by itself", self.record_name(*around));
            let help = "say how they are tied: where rep = this.rep";
            self.problem(Problem::error("ambiguous-join", found.span, message).help(help));
            return None;
        }
        let (stream, span) = (found.stream.clone(), found.span);
        let mut ways = Vec::new();
        for path in self.paths_of(set)? {
            let way = self.join(&stream, *around, path.as_ref(), None, span)?;
            if !ways.iter().any(|known: &Expr| known.op == way.op) {
                ways.push(way);
            }
        }
        let mut ways = ways.into_iter();
        let key = ways.next()?;
        found.ways = ways.collect();
        // Who asks is written nowhere.
        let row = Op::Field { root: Root::Row, record: *around, path: Vec::new() };
        let row = Expr { op: row, ty: Type::Ref(*around), optional: false, span: Span::default() };
        found.keys.push((key, row));
        Some(())
    }

    /// The paths by which rows belong to the row that asks; none of them where it is not said.
    fn paths_of(&mut self, set: &tree::Set) -> Option<Vec<Option<tree::Path>>> {
        let mut paths = Vec::new();
        for way in &set.by {
            self.chain_of(way)?;
            paths.extend(way.paths().into_iter().map(Some));
        }
        Some(if paths.is_empty() { vec![None] } else { paths })
    }

    /// A set without a key that must be walked for each row costs the product of both tables.
    fn warn_of_walk(&mut self, found: &Found, set: &tree::Set) {
        let is_told = |known: &Problem| known.code == "walk-without-key" && known.primary.0 == set.span;
        if found.keys.is_empty() && !found.also.is_empty() && !self.problems.iter().any(is_told) {
            let (name, behind) = match &found.stream {
                Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _) => {
                    (self.record_name(*record), self.record_name(*record))
                }
                Stream::Lines(rule, kind) => {
                    (kind.word(), self.source_of(*rule).map_or(kind.word(), |source| self.record_name(source)))
                }
            };
            let message = format!("every row that asks looks at every `{name}` of its time");
            self.problem(Problem::warning("walk-without-key", set.span, message).label("no equality ties them").help(
                format!("tie them by a field where that is what is meant: where {behind}.customer = this.customer"),
            ));
        }
    }

    /// Asks something of the rows found.
    pub(in crate::types) fn ask(
        &mut self,
        found: Found,
        function: FindFunction,
        value: Expr,
        optional: bool,
        span: Span,
    ) -> Typed {
        let mut asked = self.ask_all(found, vec![(function, value, optional)], span);
        asked.pop().unwrap_or_else(|| broken("a set that gives nothing for what is asked of it"))
    }

    /// Asks several things of the same rows, each with whether it can be missing; the operands of all are the same.
    pub(in crate::types) fn ask_all(
        &mut self,
        found: Found,
        asked: Vec<(FindFunction, Expr, bool)>,
        span: Span,
    ) -> Vec<Typed> {
        let Found { stream, keys, ways, edges, only, also, inner, span: set_span } = found;
        let arguments = inner.asking.map_or_else(Vec::new, |asking| asking.arguments);
        let (keys, mut operands): (Vec<Expr>, Vec<Expr>) = keys.into_iter().unzip();
        let mut place = |operand: Option<Expr>| {
            operand.map(|operand| {
                operands.push(operand);
                operands.len() as u32 - 1
            })
        };
        let (from, to, before) = (place(edges.from), place(edges.to), place(edges.before));
        let mut places: Vec<Option<u32>> = vec![None; arguments.len()];
        let mut renumber = |mut expr: Expr| {
            walk(&mut expr, &mut |expr| {
                if let Op::Argument(idx) = &mut expr.op {
                    let known = &mut places[*idx as usize];
                    *idx = *known.get_or_insert_with(|| {
                        operands.push(arguments[*idx as usize].clone());
                        operands.len() as u32 - 1
                    });
                }
            });
            expr
        };
        let also: Vec<Expr> = also.into_iter().map(&mut renumber).collect();
        let asked: Vec<(FindFunction, Expr, bool)> = asked
            .into_iter()
            .map(|(function, value, optional)| {
                let value = renumber(value);
                let function = match function {
                    FindFunction::Highest(by) => FindFunction::Highest(renumber(by)),
                    FindFunction::Lowest(by) => FindFunction::Lowest(renumber(by)),
                    other => other,
                };
                (function, value, optional)
            })
            .collect();
        let search = Search {
            stream,
            keys,
            ways,
            from,
            to,
            before,
            only: all(only),
            also: all(also),
            operands: operands.iter().map(|operand| operand.ty).collect(),
            reading: Reading::Left,
            outputs: Vec::new(),
            span: set_span,
        };
        let id = self.search_id(search);
        let optional: Vec<bool> = asked.iter().map(|(.., optional)| *optional).collect();
        let outputs = asked.into_iter().map(|(function, value, _)| SearchOutput { function, value, den: None });
        let (search, places) = self.outputs(id, outputs.collect());
        let give = |(output, optional): (u32, bool)| {
            let ty = self.program.searches[search.index()].outputs[output as usize].ty();
            Typed::new(Op::Call(Function::Find { search, output }, operands.clone()), ty, optional, span)
        };
        places.into_iter().zip(optional).map(give).collect()
    }

    /// Asks two things of the same rows.
    pub(super) fn ask_twice(&mut self, found: Found, asked: [(FindFunction, Expr); 2], span: Span) -> [Typed; 2] {
        let [(first, value), (second, other)] = asked;
        let again = found.clone();
        [self.ask(found, first, value, false, span), self.ask(again, second, other, false, span)]
    }

    /// A field of a row in brackets.
    pub(in crate::types) fn field_of_row(
        &mut self,
        row: &tree::Expr,
        field: &tree::Path,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let row = self.expression(row, scope)?;
        let known = !row.optional;
        match (&row.op, row.ty) {
            (Op::Call(Function::Find { .. }, _), Type::Ref(_)) => {
                self.field_of_found(&row.into_expr(), &field.parts, known, span, scope)
            }
            (Op::Field { root, record, path }, Type::Ref(_)) => {
                let (root, record, path) = (*root, *record, path.clone());
                self.follow(root, record, path, &field.parts, span, scope)
            }
            (Op::Local(local), Type::Ref(_)) => {
                let definition = scope.lets[*local].value.clone();
                self.field_of_found(&definition, &field.parts, known, span, scope)
            }
            _ => {
                let message = format!("{} in brackets has no fields", self.type_words(row.ty));
                self.problem(Problem::error("unknown-name", field.span, message));
                None
            }
        }
    }

    /// A search of these rows that an output can be asked of, and its place there.
    pub(in crate::types) fn output(&mut self, search: SearchId, output: SearchOutput) -> (SearchId, u32) {
        let (search, places) = self.outputs(search, vec![output]);
        (search, places.first().copied().unwrap_or_default())
    }

    /// A search of these rows that outputs can be asked of together, and their places there. A search is made once, for whoever asks
    /// first: so all that its outputs read is known at the same time, and the searches that they ask come before it.
    fn outputs(&mut self, search: SearchId, outputs: Vec<SearchOutput>) -> (SearchId, Vec<u32>) {
        let own = Search { outputs: Vec::new(), ..self.program.searches[search.index()].clone() };
        let (waits, last) = self.waits_for(own.exprs().chain(outputs.iter().flat_map(SearchOutput::exprs)));
        let fits = |idx: usize| {
            let is_alike = self.known.waits.get(&idx).is_none_or(|known| *known == waits);
            last.is_none_or(|last| last.index() < idx) && is_alike
        };
        let twins = (0..self.program.searches.len()).filter(|idx| self.program.searches[*idx].finds_as(&own));
        let found = std::iter::once(search.index()).chain(twins).find(|idx| fits(*idx));
        let idx = found.unwrap_or_else(|| {
            self.program.searches.push(own);
            self.program.searches.len() - 1
        });
        self.known.waits.entry(idx).or_insert(waits);
        let known = &mut self.program.searches[idx].outputs;
        let mut place = |output: SearchOutput| {
            let place = known.iter().position(|known| *known == output);
            place.unwrap_or_else(|| {
                known.push(output);
                known.len() - 1
            }) as u32
        };
        let places = outputs.into_iter().map(&mut place).collect();
        (SearchId(idx as u32), places)
    }

    /// The rules whose payments or decisions are read here, by sets too, and the last search that is asked.
    fn waits_for<'e>(&self, exprs: impl Iterator<Item = &'e Expr>) -> (BTreeSet<RuleId>, Option<SearchId>) {
        let (mut rules, mut searches) = (BTreeSet::new(), Vec::new());
        let look = |expr: &Expr, rules: &mut BTreeSet<RuleId>, searches: &mut Vec<SearchId>| match &expr.op {
            Op::Decision { decision, .. } => rules.extend(self.rule_named(&self.known.deciders[decision.index()])),
            Op::Call(Function::Find { search, .. }, _) if !searches.contains(search) => searches.push(*search),
            _ => {}
        };
        exprs.for_each(|expr| expr.walk(&mut |expr| look(expr, &mut rules, &mut searches)));
        let last = searches.iter().max().copied();
        let mut next = 0;
        while let Some(id) = searches.get(next).copied() {
            let search = &self.program.searches[id.index()];
            rules.extend(if let Stream::Lines(rule, _) = search.stream { Some(rule) } else { None });
            search.exprs().for_each(|expr| expr.walk(&mut |expr| look(expr, &mut rules, &mut searches)));
            next += 1;
        }
        (rules, last)
    }
}

/// The name and record of the row around a set.
fn around(typing: &Typing<'_>, scope: &Scope) -> Option<(String, RecordId)> {
    let (Stream::Events(record) | Stream::Periods(record, _)) = scope.rule.as_ref()?.stream else { return None };
    Some((typing.record_name(record).to_owned(), record))
}

/// All of these conditions.
fn all(mut conditions: Vec<Expr>) -> Option<Expr> {
    let last = conditions.pop()?;
    if conditions.is_empty() {
        return Some(last);
    }
    let span = conditions[0].span.to(last.span);
    conditions.push(last);
    let optional = conditions.iter().any(|condition| condition.optional);
    Some(Expr { op: Op::And(conditions), ty: Type::YesNo, optional, span })
}
