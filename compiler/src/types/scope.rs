//! What names mean at a place, and what is known to be there.

use super::Typing;
use crate::plan::{
    DecisionId, Expr, Field, FieldId, FieldSource, Function, LineKind, LocalId, Op, Period, Reading, Record, RecordId,
    Reverses, Root, SearchId, Stream, Type,
};
use crate::resolve::Sight;
use crate::typed::{Lets, walk};
use meed_grammar::span::Span;
use meed_grammar::steps;
use meed_grammar::tree;
use rustc_hash::{FxHashMap, FxHashSet};

/// A typed expression in the making. A text or the name of a choice has its meaning only beside another value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Typed {
    pub op: Op,
    pub ty: Type,
    pub optional: bool,
    pub span: Span,
    /// A text literal.
    pub text: Option<String>,
    /// A plain number written as such: `0` stands for nothing of any unit, others tell that a sign is missing.
    pub literal: bool,
}

impl Typed {
    pub fn new(op: Op, ty: Type, optional: bool, span: Span) -> Self {
        Self { op, ty, optional, span, text: None, literal: false }
    }

    /// The same as a value of a type that holds it.
    pub fn of_type(self, ty: Type) -> Self {
        Self { ty, ..self }
    }

    pub fn into_expr(self) -> Expr {
        Expr { op: self.op, ty: self.ty, optional: self.optional, span: self.span }
    }

    pub fn from_expr(expr: Expr) -> Self {
        Self::new(expr.op, expr.ty, expr.optional, expr.span)
    }
}

/// Something that was found to be there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fact {
    Field(Root, RecordId, Vec<FieldId>),
    Local(LocalId),
    Decision(DecisionId, Root),
    /// A row that a set finds for these operands, as text.
    Found(SearchId, String),
    /// That an output of a set has a value for these operands.
    Given(SearchId, u32, String),
}

/// The rule at work.
#[derive(Clone, Debug)]
pub(super) struct RuleScope {
    pub name: String,
    /// The rows that it reads; those of an event by another date are the event's.
    pub stream: Stream,
    /// Whether they come by another date than the event's own.
    pub by_date: bool,
    /// Whether the accumulations of matched rows may be used: the filters are behind.
    pub matched: bool,
}

/// Where names are looked up.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub rule: Option<RuleScope>,
    /// Roots of paths: name, root, record.
    pub roots: Vec<(String, Root, RecordId)>,
    /// The record whose fields are bare names.
    pub bare: Option<(Root, RecordId)>,
    /// The enclosing row of a set: bare names second, and the path that leads from the set's row to it.
    pub outer: Option<(RecordId, Vec<FieldId>, Vec<String>)>,
    /// The `let`s of the enclosing row, which is found by this path.
    pub outer_lets: Option<(Lets, Expr)>,
    /// The row that asks, in the brackets of a set that is found for each row.
    pub asking: Option<Box<Asking>>,
    /// Whether fields of the set's row hide those of the row that asks: of the spans of that row itself.
    pub hides: bool,
    /// Sets that a `let` names.
    pub sets: FxHashMap<String, tree::Set>,
    /// The day on which dated fields are read, where it is said.
    pub day: Option<Expr>,
    pub payment: Option<LineKind>,
    /// Parties of which kinds are paid by the versions of the rule whose payments the rows are, where they are several.
    pub payees: Vec<RecordId>,
    /// The `let`s and `set`s so far.
    pub lets: Lets,
    /// Arguments of a schedule.
    pub arguments: Vec<(String, Type)>,
    pub facts: Facts,
    /// How many decisions were known to be always taken when the rule began; `None` if that is not known of the rows.
    pub taken: Option<usize>,
    /// Names of `let`s and `set`s that had a problem: what uses them is not reported again.
    pub failed: FxHashSet<String>,
    /// Whether every row of the event is looked at here, before the rule says which match.
    pub every_row: bool,
    /// Whether the rule ranks its rows.
    pub ranks: bool,
    /// Whether the row has its rank.
    pub ranked: bool,
    /// Whether rows per party and period may be of periods before the program.
    pub early: bool,
    /// Totals that the expressions of a clause read, to be kept from before it on.
    pub wanted: Vec<u32>,
    /// In the amount of a payment up a chain, the receiver and its level.
    pub each: Option<(tree::Path, u32)>,
}

/// The row that asks, and what it gives.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    /// What it sees.
    pub outside: Scope,
    /// What is read of it, each once; in the brackets these are arguments.
    pub arguments: Vec<Expr>,
}

impl Scope {
    /// No row at all.
    pub fn constant() -> Self {
        Self {
            rule: None,
            roots: Vec::new(),
            bare: None,
            outer: None,
            outer_lets: None,
            asking: None,
            hides: false,
            sets: FxHashMap::default(),
            day: None,
            payment: None,
            payees: Vec::new(),
            lets: Lets::default(),
            arguments: Vec::new(),
            each: None,
            facts: Facts::default(),
            taken: None,
            failed: FxHashSet::default(),
            every_row: false,
            early: false,
            ranks: false,
            ranked: false,
            wanted: Vec::new(),
        }
    }

    /// What is in sight here, as far as names go.
    pub fn sight(&self) -> Sight<'_> {
        Sight {
            lets: &self.lets.names,
            arguments: &self.arguments,
            bare: self.bare,
            outer: self.outer.as_ref().map(|(record, _, names)| (*record, names.as_slice())),
            outer_lets: self.outer_lets.as_ref().map(|(lets, _)| &*lets.names),
            payment: self.payment,
            roots: &self.roots,
            rule: self.rule.as_ref().map(|rule| (rule.name.as_str(), &rule.stream)),
            outside: self.asking.as_ref().map(|asking| Box::new(asking.outside.sight())),
        }
    }

    /// Whether this is inside the brackets of a set.
    pub fn in_set(&self) -> bool {
        self.outer.is_some() || self.asking.is_some()
    }

    /// The rule at work, also inside the brackets of a set.
    pub fn rule_at_work(&self) -> Option<&str> {
        match &self.asking {
            Some(asking) => asking.outside.rule_at_work(),
            None => self.rule.as_ref().map(|rule| rule.name.as_str()),
        }
    }

    /// The kind of periods of the rule at work, if it has any.
    pub fn period_of_rule(&self) -> Option<Period> {
        match (&self.asking, &self.rule) {
            (Some(asking), _) => asking.outside.period_of_rule(),
            (None, Some(RuleScope { stream: Stream::Periods(_, period), .. })) => Some(*period),
            (None, _) => None,
        }
    }

    pub fn knows(&self, fact: &Fact) -> bool {
        steps::count(1);
        self.facts.known.contains(fact)
    }

    /// Whether what is asked of a set here was asked before and was there.
    pub fn is_given(&self, asked: &Op) -> bool {
        let fact = given_by(asked).map(|(search, output, operands)| Fact::Given(search, output, operands));
        fact.is_some_and(|fact| self.knows(&fact))
    }

    pub fn learn(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            if self.facts.known.insert(fact.clone()) {
                self.facts.found.push(fact);
            }
        }
    }
}

/// What was found to be there, in the order in which it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    found: Vec<Fact>,
    known: FxHashSet<Fact>,
}

impl Facts {
    /// How much is known here.
    pub fn mark(&self) -> usize {
        self.found.len()
    }

    /// Forgets what was found after a mark.
    pub fn forget_from(&mut self, mark: usize) {
        while self.found.len() > mark {
            if let Some(fact) = self.found.pop() {
                self.known.remove(&fact);
            }
        }
    }
}

/// The fact that an expression is there, if it can be kept.
pub(super) fn fact_of(op: &Op) -> Option<Fact> {
    match op {
        Op::Field { root, record, path } if !path.is_empty() => Some(Fact::Field(*root, *record, path.clone())),
        Op::Local(local) => Some(Fact::Local(*local)),
        Op::Decision { decision, root } => Some(Fact::Decision(*decision, *root)),
        // Of several decisions one is there.
        Op::IfUnknown(first, _) if op.is_decided() => fact_of(&first.op),
        _ => None,
    }
}

/// What is known when a condition holds (`holds`), or does not.
pub(super) fn facts(condition: &Op, holds: bool) -> Vec<Fact> {
    match condition {
        Op::And(parts) if holds => parts.iter().flat_map(|part| facts(&part.op, true)).collect(),
        Op::Or(parts) if !holds => parts.iter().flat_map(|part| facts(&part.op, false)).collect(),
        Op::Field { root, record, path } => known_path(*root, *record, path),
        Op::Local(_) | Op::Decision { .. } => fact_of(condition).into_iter().collect(),
        // `, unknown means no` wraps the condition; that it holds says the same as before.
        Op::IfUnknown(value, default) if default.op == Op::YesNo(!holds) => facts(&value.op, holds),
        Op::IfUnknown(..) => fact_of(condition).into_iter().collect(),
        Op::Call(Function::Not, inner) => inner.iter().flat_map(|inner| facts(&inner.op, !holds)).collect(),
        Op::Call(function, operands) if function.signature().strict || holds && *function == Function::Known => {
            operands.iter().flat_map(known_with).collect()
        }
        _ => Vec::new(),
    }
}

/// What must be there for this value to be there.
fn known_with(value: &Expr) -> Vec<Fact> {
    let op = &value.op;
    match op {
        Op::Call(Function::Find { .. }, _) if value.optional => given_by(op).map_or_else(Vec::new, |found| {
            let (search, output, operands) = found;
            vec![Fact::Found(search, operands.clone()), Fact::Given(search, output, operands)]
        }),
        Op::Field { root, record, path } => known_path(*root, *record, path),
        Op::Local(_) | Op::Decision { .. } | Op::IfUnknown(..) => fact_of(op).into_iter().collect(),
        Op::Call(function, operands) if function.signature().strict => operands.iter().flat_map(known_with).collect(),
        _ => Vec::new(),
    }
}

/// The set that is asked, which output of it, and its operands as text, whatever their places.
pub(super) fn given_by(op: &Op) -> Option<(SearchId, u32, String)> {
    let Op::Call(Function::Find { search, output }, operands) = op else { return None };
    let mut operands = operands.clone();
    for operand in &mut operands {
        walk(operand, &mut |expr| expr.span = Span::default());
    }
    Some((*search, *output, format!("{operands:?}")))
}

/// A value at the end of a path is there only if every field on the way is.
fn known_path(root: Root, record: RecordId, path: &[FieldId]) -> Vec<Fact> {
    (1..=path.len()).map(|n| Fact::Field(root, record, path[..n].to_vec())).collect()
}

impl Typing<'_> {
    /// The name of a type in the designer's words.
    pub(super) fn type_words(&self, ty: Type) -> String {
        match ty {
            Type::Number => "a number".to_owned(),
            Type::Count => "a count".to_owned(),
            Type::Percent => "a percent".to_owned(),
            Type::MONEY => "an amount of money".to_owned(),
            Type::Money(unit) if self.program.unit(unit).by_row.is_some() => {
                "an amount in the currency of its row".to_owned()
            }
            Type::Money(unit) => format!("an amount of {}", self.program.unit(unit).code),
            Type::YesNo => "a yes or no".to_owned(),
            Type::Date => "a date".to_owned(),
            Type::Period(Period::Half) => "a half of a year".to_owned(),
            Type::Period(period) => format!("a {}", period.word()),
            Type::Choice(_) if self.is_list_of_texts(ty) => "a text".to_owned(),
            Type::Choice(choice) => format!("one of {}", self.program.choices[choice.index()].join(", ")),
            Type::Text(_) => "a text".to_owned(),
            Type::Id(_) => "an id".to_owned(),
            Type::Ref(record) => {
                let name = &self.program.record(record).name;
                let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                format!("{article} {name}")
            }
        }
    }

    /// Where the program declares the field that a path ends with; none for a library's.
    pub(super) fn declared(&self, op: &Op) -> Option<Span> {
        let Op::Field { record, path, .. } = op else { return None };
        let mut at = *record;
        let mut span = None;
        for field in path {
            let field = &self.program.record(at).fields[field.index()];
            span = Some(field.span);
            if let Type::Ref(next) = field.ty {
                at = next;
            }
        }
        span.filter(|span| !span.is_empty())
    }

    /// Whether the value of a path can be missing, given what is known.
    pub(super) fn path_optional(&self, root: Root, record: RecordId, path: &[FieldId], scope: &Scope) -> bool {
        let mut at = record;
        for (idx, &field) in path.iter().enumerate() {
            let definition = &self.program.record(at).fields[field.index()];
            if definition.optional && !scope.knows(&Fact::Field(root, record, path[..=idx].to_vec())) {
                return true;
            }
            if let Type::Ref(next) = definition.ty {
                at = next;
            }
        }
        false
    }

    /// Marks the fields of a path, and the records it passes, as read.
    pub(super) fn mark_used(&mut self, record: RecordId, path: &[FieldId]) {
        let mut at = record;
        self.mark_record(at);
        for &field in path {
            let definition = &mut self.program.records[at.index()].fields[field.index()];
            definition.used = true;
            if let Type::Ref(next) = definition.ty {
                self.mark_record(next);
                at = next;
            }
        }
    }

    fn mark_record(&mut self, record: RecordId) {
        let definition = &mut self.program.records[record.index()];
        if definition.used {
            return;
        }
        definition.used = true;
        let (keys, when) = (definition.key.clone(), definition.when);
        for field in keys.into_iter().chain(when) {
            let definition = &mut self.program.records[record.index()].fields[field.index()];
            let ty = definition.ty;
            // A key is kept by itself; as a field it is needed where it is read, or leads to another record.
            definition.used |= when == Some(field) || matches!(ty, Type::Ref(_));
            if let Type::Ref(next) = ty {
                self.mark_record(next);
            }
        }
        // What is left of its rows is what others have not taken back.
        for idx in 0..self.program.records.len() {
            let Some(Reverses { row, takes }) = self.program.records[idx].reverses.clone() else { continue };
            if self.program.records[idx].fields[row.index()].ty == Type::Ref(record) {
                self.mark_used(RecordId(idx as u32), &[row]);
                for (own, other) in takes {
                    self.mark_used(RecordId(idx as u32), &[own]);
                    self.mark_used(record, &[other]);
                }
                let returned = self.program.records[record.index()].returned(Reading::Left);
                returned.into_iter().for_each(|returned| self.mark_used(record, &[returned]));
            }
        }
        for (taker, target, _) in self.set_reversals.clone() {
            if target == record {
                self.mark_record(taker);
                let returned = self.program.records[record.index()].returned(Reading::Left);
                returned.into_iter().for_each(|returned| self.mark_used(record, &[returned]));
            }
        }
        if let crate::plan::RecordTable::Distinct(other) = self.program.records[record.index()].source {
            self.mark_record(other);
        }
    }
}

/// The names of a record's fields that a program can write.
pub(super) fn field_names(record: &Record) -> impl Iterator<Item = &str> {
    let is_made = |field: &&Field| matches!(field.source, FieldSource::Read(..) | FieldSource::Returned(_));
    record.fields.iter().filter(move |field| !is_made(field)).map(|field| field.name.as_str())
}
