//! Events that take rows of others back: which rows, and what they take off them.

use crate::internal::broken;
use crate::plan::{
    Bounds, Expr, Field, FieldId, FieldSource, FindFunction, Function, Op, Reading, RecordId, RecordKind, Reverses,
    Root, SetReversal, Stream, Type,
};
use crate::types::Typing;
use crate::types::later::{Later, later};
use crate::types::scope::{RuleScope, Scope};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Member};
use rustc_hash::FxHashMap;

impl<'a> Typing<'a> {
    /// What the events of the program take back.
    pub(super) fn reversals(&mut self) {
        let resolved = self.resolved;
        for (idx, declared) in resolved.records.iter().enumerate() {
            for member in &declared.item.members {
                if let Member::Field(field) = member
                    && let Some(reverses) = &field.reverses
                {
                    self.reversal(RecordId(idx as u32), field, reverses);
                }
            }
        }
        for (idx, declared) in resolved.records.iter().enumerate() {
            for member in &declared.item.members {
                if let Member::ReversesSet { set, span } = member {
                    self.set_reversal(RecordId(idx as u32), set, *span);
                }
            }
        }
    }

    /// Which event's rows are found and taken back; how they are found is looked at once the rules are known.
    fn set_reversal(&mut self, taker: RecordId, set: &'a tree::Set, at: Span) {
        let own = self.program.record(taker);
        let (name, kind) = (own.name.clone(), own.kind);
        let known = |typing: &Self, record: RecordId| {
            typing.program.record(record).reverses.is_some()
                || typing.set_reversals.iter().any(|(taker, ..)| *taker == record)
        };
        let tree::SetSource::Event(source) = &set.source else {
            let message = "what is taken back are rows of an event, and not what rules make of them";
            self.problem(Problem::error("bad-reverses", at, message).help("name the event: reverses (deal where …)"));
            return;
        };
        let Some(target) = self.resolved.record_named(&source.text) else {
            self.record_of_set(source);
            return;
        };
        let problem = if kind == RecordKind::Entity {
            let message = format!("`{name}` is an entity, and only what happened takes something back");
            Problem::error("bad-reverses", at, message).help("declare it as an event, with a `when`")
        } else if self.program.record(target).kind == RecordKind::Entity {
            let message = format!("`{}` is an entity, and only an event can be taken back", source.text);
            Problem::error("bad-reverses", source.span, message).help("name the event: reverses (deal where …)")
        } else if known(self, taker) {
            let message = format!("a row of `{name}` takes back rows in one way");
            Problem::error("bad-reverses", at, message).help("remove one `reverses`")
        } else if target == taker || known(self, target) {
            let message = format!("`{}` takes something back itself, which is not taken back", source.text);
            Problem::error("bad-reverses", source.span, message).help("name the event that both are about")
        } else if self.program.record(target).returned(Reading::Left).is_some() {
            later(at, Later::TakenBackBySeveral).help("let one event take them back")
        } else {
            self.field_of_returns(target, FieldSource::Returned(Reading::Left));
            self.set_reversals.push((taker, target, set));
            return;
        };
        self.problem(problem);
    }

    /// How rows are found that others take back.
    pub(in crate::types) fn found_reversals(&mut self) {
        for (taker, target, set) in self.set_reversals.clone() {
            let is_used = self.program.record(target).used;
            // Where no rule reads what is taken back, nothing is read for it.
            let before = (!is_used).then(|| (self.program.records.clone(), self.program.searches.len()));
            let mut scope = Scope::constant();
            scope.bare = Some((Root::Row, taker));
            scope.roots.push((self.program.record(taker).name.clone(), Root::Row, taker));
            let (name, stream) = (String::new(), Stream::Events(taker));
            scope.rule = Some(RuleScope { name, stream, by_date: false, matched: false });
            let found = self.found(set, set.span, &mut scope);
            if let Some(found) = found {
                let row = Op::Field { root: Root::Row, record: target, path: Vec::new() };
                let row = Expr { op: row, ty: Type::Ref(target), optional: false, span: set.span };
                let mut rows = self.ask(found, FindFunction::Each, row, false, set.span).into_expr();
                self.by_fields_alone(&rows, set.span);
                self.read_as(&mut rows, Reading::Reported, &mut FxHashMap::default());
                if is_used {
                    self.program.set_reversals.push(SetReversal { taker, target, rows, span: set.span });
                }
            }
            if let Some((before, n_searches)) = before {
                self.program.searches.truncate(n_searches);
                for (known, was) in self.program.records.iter_mut().zip(before) {
                    known.used = was.used;
                    let used = was.fields.iter().map(|field| field.used).chain(std::iter::repeat(false));
                    known.fields.iter_mut().zip(used).for_each(|(field, used)| field.used = used);
                }
            }
        }
    }

    /// What is taken back is known before any rule: no decision, payment or other set tells of it.
    fn by_fields_alone(&mut self, rows: &Expr, span: Span) {
        let Op::Call(Function::Find { search, .. }, operands) = &rows.op else { return };
        let search = &self.program.searches[search.index()];
        let mut other = None;
        let mut look = |expr: &Expr| {
            let asks = matches!(
                expr.op,
                Op::Decision { .. } | Op::Call(Function::Find { .. } | Function::Lookup { .. } | Function::Divide, _)
            );
            if asks {
                other = other.or(Some(expr.span));
            }
        };
        search
            .keys
            .iter()
            .chain(&search.ways)
            .chain(&search.only)
            .chain(&search.also)
            .for_each(|expr| expr.walk(&mut look));
        operands.iter().for_each(|expr| expr.walk(&mut look));
        if let Some(at) = other {
            let message = "what is taken back is found by fields alone, before any rule";
            let at = if at == Span::default() { span } else { at };
            let help = "compare fields of both rows: reverses (introduction where introduction.customer = departure.customer within 90 days)";
            self.problem(Problem::error("bad-reverses", at, message).help(help));
        }
    }

    fn reversal(&mut self, id: RecordId, field: &tree::Field, reverses: &tree::Reverses) {
        let Some(row) = self.field_of(id, &field.name.text) else { return };
        let own = self.program.record(id);
        let name = own.name.clone();
        let at = reverses.span;
        if own.kind == RecordKind::Entity {
            let message = format!("`{name}` is an entity, and only what happened takes something back");
            self.problem(Problem::error("bad-reverses", at, message).help("declare it as an event, with a `when`"));
            return;
        }
        if own.reverses.is_some() {
            let message = format!("a row of `{name}` takes back one row of another event");
            self.problem(Problem::error("bad-reverses", at, message).help("remove one `reverses`"));
            return;
        }
        let Type::Ref(target) = own.fields[row.index()].ty else { return };
        let other = self.program.record(target);
        if other.kind == RecordKind::Entity {
            let message = format!("`{}` is an entity, and only an event can be taken back", other.name);
            let of = field.ty.as_ref().map_or(field.span, |ty| ty.span);
            self.problem(Problem::error("bad-reverses", of, message).help("name the event: deal reverses"));
            return;
        }
        let target_name = other.name.clone();
        let reverses_too = self.resolved.records[target.index()].item.members.iter().find_map(|member| match member {
            Member::Field(field) => field.reverses.as_ref().map(|reverses| reverses.span),
            _ => None,
        });
        if target == id || reverses_too.is_some() {
            let message = format!("`{target_name}` takes something back itself, which is not taken back");
            let mut problem = Problem::error("bad-reverses", at, message);
            if let Some(span) = reverses_too.filter(|_| target != id) {
                problem = problem.other(span, "it takes back here");
            }
            self.problem(problem.help("let it refer to the event that both are about"));
            return;
        }
        let Some(takes) = self.taken_off(id, target, reverses) else { return };
        for (_, of) in &takes {
            self.field_of_returns(target, FieldSource::Read(*of, Reading::Reported));
        }
        self.field_of_returns(target, FieldSource::Returned(Reading::Left));
        self.program.records[id.index()].reverses = Some(Reverses { row, takes });
    }

    /// The fields that are taken off: those that are said, else the one number field that both events share.
    fn taken_off(
        &mut self,
        id: RecordId,
        target: RecordId,
        reverses: &tree::Reverses,
    ) -> Option<Vec<(FieldId, FieldId)>> {
        let (own, other) = (self.program.record(id), self.program.record(target));
        let is_number = |field: &Field| matches!(field.ty, Type::Count | Type::Number | Type::Money(_));
        let shared = |name: &str| {
            let (a, b) = (own.field(name)?, other.field(name)?);
            let (own, other) = (&own.fields[a.index()], &other.fields[b.index()]);
            (is_number(own) && own.ty == other.ty).then_some((a, b))
        };
        let numbers: Vec<&str> = own.fields.iter().map(|field| field.name.as_str()).collect();
        let in_common: Vec<(FieldId, FieldId)> = numbers.iter().filter_map(|name| shared(name)).collect();
        let words = |pairs: &[(FieldId, FieldId)]| {
            pairs
                .iter()
                .map(|(own_field, _)| own.fields[own_field.index()].name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        if reverses.by.is_empty() {
            if in_common.len() > 1 {
                let message = format!(
                    "`{}` and `{}` share more than one number: which of them are taken off?",
                    own.name, other.name
                );
                let (all, first) = (words(&in_common), words(&in_common[..1]));
                let help = format!("write: reverses by {all}, or only one of them: reverses by {first}");
                self.problem(Problem::error("ambiguous-reverses", reverses.span, message).help(help));
                return None;
            }
            return self.of_one_currency(id, target, in_common, reverses.span);
        }
        let mut takes: Vec<(FieldId, FieldId)> = Vec::new();
        for name in &reverses.by {
            let Some(pair) = shared(&name.text) else {
                let both = format!("`{}` and `{}`", own.name, other.name);
                let message = format!("`{}` is no number that both {both} have", name.text);
                let known = words(&in_common);
                let help = match &known[..] {
                    "" => "they share no number: leave `by` out, and the whole row is taken back".to_owned(),
                    known => format!("they share: {known}"),
                };
                self.problem(Problem::error("bad-reverses", name.span, message).help(help));
                return None;
            };
            if takes.contains(&pair) {
                let message = format!("`{}` is named twice", name.text);
                self.problem(Problem::error("duplicate-name", name.span, message));
                return None;
            }
            takes.push(pair);
        }
        self.of_one_currency(id, target, takes, reverses.span)
    }

    /// Amounts in the currency of a row are taken off only where both are of the program's.
    fn of_one_currency(
        &mut self,
        id: RecordId,
        target: RecordId,
        takes: Vec<(FieldId, FieldId)>,
        span: Span,
    ) -> Option<Vec<(FieldId, FieldId)>> {
        let is_foreign = |(own, other): &&(FieldId, FieldId)| {
            self.foreign.contains_key(&(id, *own)) || self.foreign.contains_key(&(target, *other))
        };
        let Some((_, other)) = takes.iter().find(is_foreign) else { return Some(takes) };
        let name = &self.program.record(target).fields[other.index()].name;
        let message = format!("`{name}` is in the currency that its row names, and cannot be taken off");
        let help = "name another number, or leave the numbers out so that whole rows are taken back";
        self.problem(Problem::error("bad-reverses", span, message).help(help));
        None
    }

    /// A field of an event that is made of what others take back; it is made once.
    pub(in crate::types) fn field_of_returns(&mut self, id: RecordId, source: FieldSource) -> FieldId {
        let fields = &mut self.program.records[id.index()].fields;
        if let Some(known) = fields.iter().position(|field| field.source == source) {
            return FieldId(known as u32);
        }
        // No name in a program has a hyphen.
        let read_as = |name: &str, reading| match reading {
            Reading::Left => name.to_owned(),
            Reading::Reported => format!("{name}-as-reported"),
            Reading::Within(days) => format!("{name}-within-{days}"),
            Reading::AtEnd(period) => format!("{name}-at-end-of-{}", period.word().replace(' ', "-")),
        };
        let made = match source {
            FieldSource::Read(of, reading) => {
                let of = &fields[of.index()];
                Field { name: read_as(&of.name, reading), bounds: Bounds::default(), used: false, ..of.clone() }
            }
            FieldSource::Returned(reading) => Field {
                name: read_as("nothing-left", reading),
                ty: Type::YesNo,
                decimals: 0,
                optional: false,
                used: false,
                if_there: false,
                bounds: Bounds::default(),
                source: FieldSource::Returned(reading),
                span: Span::default(),
            },
            FieldSource::Column(_) | FieldSource::Columns(_) | FieldSource::Day(_) | FieldSource::Place => {
                broken("a field of returns that is read from a table")
            }
        };
        fields.push(Field { source, span: Span::default(), ..made });
        FieldId(fields.len() as u32 - 1)
    }
}
