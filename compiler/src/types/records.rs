//! Entities and events: their members, and where their rows come from.

mod fields;
mod format;
mod key;
mod reverses;
mod skip;
mod source;

pub use format::written_format;

use super::Typing;
use crate::plan::{
    ColumnSource, FieldId, FieldSource, Format, Layout, Life, Record, RecordId, RecordTable, Spans, Type,
};
use crate::resolve::{Declared, history_name};
use key::Key;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, FieldTypeKind, Member, RecordKind, RecordSource};
use rustc_hash::FxHashMap;

impl Typing<'_> {
    pub(super) fn records(&mut self) {
        // Names first, so that records can refer to one another in any order.
        for (idx, declared) in self.resolved.records.iter().enumerate() {
            let record = &declared.item;
            self.records.insert(record.name.text.clone(), RecordId(idx as u32));
            self.known.fields.push(FxHashMap::default());
            self.program.records.push(Record {
                name: record.name.text.clone(),
                kind: record.kind,
                source: RecordTable::Table(None),
                layout: Layout::default(),
                fields: Vec::new(),
                key: Vec::new(),
                when: None,
                spans: None,
                life: Life::default(),
                own_year: None,
                reverses: None,
                used: false,
                span: if declared.library.is_some() { Span::default() } else { record.span },
            });
        }
        for idx in 0..self.resolved.records.len() {
            self.record(RecordId(idx as u32));
        }
        for idx in 0..self.resolved.records.len() {
            self.reference_columns(RecordId(idx as u32));
        }
        for idx in 0..self.resolved.records.len() {
            self.source_lines(RecordId(idx as u32));
        }
        self.references_to_no_key();
        self.currencies();
        self.reversals();
    }

    fn record(&mut self, id: RecordId) {
        let Declared { item: record, .. } = &self.resolved.records[id.index()];
        let mut key = Key::default();
        for member in &record.members {
            match member {
                Member::Key { parts, span } => self.key(id, record, parts, *span, &mut key),
                Member::When(field) => self.when(id, record, field),
                Member::Field(field) if record.kind == RecordKind::Entity && self.limits_life(field) => {
                    self.day_of_life(id, field);
                }
                Member::Field(field) => {
                    let added = self.field(id, field, Type::Id);
                    if let (Some(added), Some(dated)) = (added, field.dated) {
                        self.dated_field(id, record, added, dated);
                    }
                }
                // Rows of others are looked for once all records are known.
                Member::ReversesSet { .. } => {}
            }
        }
        self.settle_key(id, record, key);
        let has_when = record.members.iter().any(|member| matches!(member, Member::When(_)));
        if record.kind == RecordKind::Event && !has_when {
            let message = format!("event `{}` does not say when it happened", record.name.text);
            self.problem(
                Problem::error("missing-when", record.name.span, message).help("add a line like: when closed_on"),
            );
        }
        self.source(id, record);
        if record.history_of.is_some()
            && let [of, ..] = self.program.records[id.index()].key[..]
            && let Some(to) = self.field_of(id, "to")
        {
            self.program.records[id.index()].spans = Some(Spans { of, to });
        }
    }

    /// A field whose values are in the record of its entity's history.
    fn dated_field(&mut self, id: RecordId, record: &tree::Record, added: FieldId, dated: Span) {
        if record.kind == RecordKind::Event {
            let message = format!("`{}` is an event, and happens once", record.name.text);
            let help = "only the fields of an entity change from day to day";
            self.problem(Problem::error("dated-event", dated, message).help(help));
            return;
        }
        if let Some(history) = self.records.get(&history_name(&record.name.text)) {
            self.dated.insert((id, added), *history);
        }
    }

    /// `from first_day`, `to last_day`: the days between which a row of an entity lives.
    fn day_of_life(&mut self, id: RecordId, field: &tree::Field) {
        let is_first = field.name.text == "from";
        let name = match field.ty.as_ref().map(|ty| &ty.kind) {
            Some(FieldTypeKind::Record(name)) => name.clone(),
            _ => field.name.clone(),
        };
        let ty = Some(tree::FieldType { kind: FieldTypeKind::Date, span: field.span });
        // Without a last day a row lives on.
        let optional = if is_first { field.optional } else { Some(field.span) };
        let day = tree::Field { name, ty, optional, ..field.clone() };
        let Some(added) = self.field(id, &day, |_| Type::Date) else { return };
        let life = &mut self.program.records[id.index()].life;
        let side = if is_first { &mut life.from } else { &mut life.to };
        if side.replace(added).is_some() {
            let message = format!("`{}` is said twice", field.name.text);
            self.problem(Problem::error("duplicate-clause", field.span, message).help("remove one of them"));
        }
    }

    /// `when closed_on`
    fn when(&mut self, id: RecordId, record: &tree::Record, field: &tree::Field) {
        if record.kind == RecordKind::Entity {
            let message = format!("entity `{}` has a `when`, which only events have", record.name.text);
            let help = "declare it as a field of type date, or the record as an event";
            let mut problem = Problem::error("when-of-entity", field.span, message).help(help);
            if field.ty.is_none() && field.column.is_none() && field.format.is_none() {
                problem = problem.sure(field.span, format!("{} date", field.name.text));
            }
            return self.problem(problem);
        }
        if self.program.records[id.index()].when.is_some() {
            let message = format!("`{}` has two `when`", record.name.text);
            return self.problem(Problem::error("duplicate-clause", field.span, message).help("remove one of them"));
        }
        let Some(added) = self.field(id, field, |_| Type::Date) else { return };
        if self.program.records[id.index()].fields[added.index()].ty != Type::Date {
            let message = format!("`{}` says when, so it must be a date", field.name.text);
            self.problem(Problem::error("type-mismatch", field.span, message));
        }
        self.program.records[id.index()].when = Some(added);
    }

    fn source(&mut self, id: RecordId, record: &tree::Record) {
        match &record.from {
            None => {}
            Some(RecordSource::Table(text)) => {
                self.program.records[id.index()].source = RecordTable::Table(Some(text.value.clone()));
            }
            Some(RecordSource::Distinct(name)) => {
                let Some(&other) = self.records.get(&name.text) else {
                    if !self.damaged(&name.text) {
                        let problem =
                            Problem::error("unknown-record", name.span, format!("there is no record `{}`", name.text));
                        let problem = self.suggest(problem, name, || self.records.keys().map(String::as_str));
                        self.problem(problem);
                    }
                    return;
                };
                let definition = &mut self.program.records[id.index()];
                definition.source = RecordTable::Distinct(other);
                if definition.fields.len() != 1 || definition.key.len() != 1 {
                    let message = format!(
                        "`{}` holds the distinct values of one column, so it has its key and no other field",
                        record.name.text
                    );
                    let more = record.members.iter().find_map(|member| match member {
                        Member::Field(field) | Member::When(field) => Some(field.span),
                        Member::Key { .. } | Member::ReversesSet { .. } => None,
                    });
                    let problem = Problem::error("distinct-fields", more.unwrap_or(record.name.span), message);
                    self.problem(problem.help("remove all but a key of one part"));
                }
                if record.kind == RecordKind::Event {
                    let message = "only an entity can be the distinct values of a column";
                    self.problem(Problem::error("distinct-fields", name.span, message));
                }
            }
        }
    }

    /// A reference to a record with a key of several fields reads one column for each part.
    fn reference_columns(&mut self, id: RecordId) {
        let n_fields = self.program.records[id.index()].fields.len();
        for idx in 0..n_fields {
            let field = &self.program.records[id.index()].fields[idx];
            let (Type::Ref(target), FieldSource::Column(column)) = (field.ty, &field.source) else { continue };
            let target = self.program.record(target);
            if target.key.len() < 2 {
                continue;
            }
            if column.exact {
                let span = field.span;
                let message = format!("a reference to `{}` reads one column for each part of its key", target.name);
                let help = "leave `from` out: the columns are named as the parts of the key";
                self.problem(Problem::error("composite-reference", span, message).help(help));
                continue;
            }
            let part = |field: &FieldId| {
                let name = target.fields[field.index()].name.clone();
                ColumnSource { header: name, exact: false, format: Format::Plain }
            };
            let columns = target.key.iter().map(part).collect();
            self.program.records[id.index()].fields[idx].source = FieldSource::Columns(columns);
        }
    }

    /// Whether a field of an entity is the first or last day of its life: `from date`, or `from first_day` with a name of
    /// the day's own.
    fn limits_life(&self, field: &tree::Field) -> bool {
        let is_day = match field.ty.as_ref().map(|ty| &ty.kind) {
            Some(FieldTypeKind::Date) => true,
            Some(FieldTypeKind::Record(name)) => !self.records.contains_key(&name.text),
            _ => false,
        };
        is_day && matches!(field.name.text.as_str(), "from" | "to")
    }
}
