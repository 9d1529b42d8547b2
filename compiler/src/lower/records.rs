//! Entities and events: their fields, keys and sources.

mod format;

use super::{Lowering, suggest};
use crate::plan::{ChoiceId, ColumnSource, Field, FieldId, FieldSource, Format, Record, RecordId, RecordTable, Type};
use crate::resolve::{Declared, later, not_supported};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, FieldTypeKind, Member, RecordKind, RecordSource};

impl Lowering<'_> {
    pub(super) fn records(&mut self) {
        // Names first, so that records can refer to one another in any order.
        for (idx, declared) in self.resolved.records.iter().enumerate() {
            let record = &declared.item;
            self.records.insert(record.name.text.clone(), RecordId(idx as u32));
            self.plan.records.push(Record {
                name: record.name.text.clone(),
                kind: record.kind,
                source: RecordTable::Table(None),
                fields: Vec::new(),
                key: Vec::new(),
                when: None,
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
    }

    fn record(&mut self, id: RecordId) {
        let Declared { item: record, .. } = &self.resolved.records[id.index()];
        let mut key: Option<(Vec<FieldId>, Span)> = None;
        let mut composite: Vec<(String, Span)> = Vec::new();
        for member in &record.members {
            match member {
                Member::Key { parts, span } => {
                    if let Some((_, first)) = &key {
                        let message = format!("`{}` has two keys", record.name.text);
                        self.problem(Problem::error("duplicate-clause", *span, message).other(*first, "the first one"));
                        continue;
                    }
                    let mut fields = Vec::new();
                    for part in parts {
                        // A part of a composite key may be declared as a field of its own.
                        let declared = record.members.iter().any(|member| matches!(member, Member::Field(field) | Member::When(field) if field.name.text == part.name.text));
                        if declared && part.ty.is_none() {
                            composite.push((part.name.text.clone(), part.name.span));
                            continue;
                        }
                        if let Some(field) = self.field(id, part, Type::Id) {
                            fields.push(field);
                        }
                    }
                    key = Some((fields, *span));
                }
                Member::When(field) => {
                    if record.kind == RecordKind::Entity {
                        let message = format!("entity `{}` has a `when`, which only events have", record.name.text);
                        let help = "declare it as a field of type date, or the record as an event";
                        let mut problem = Problem::error("when-of-entity", field.span, message).help(help);
                        if field.ty.is_none() && field.column.is_none() && field.format.is_none() {
                            problem = problem.edit(field.span, format!("{} date", field.name.text));
                        }
                        self.problem(problem);
                        continue;
                    }
                    if self.plan.records[id.index()].when.is_some() {
                        let message = format!("`{}` has two `when`", record.name.text);
                        self.problem(Problem::error("duplicate-clause", field.span, message));
                        continue;
                    }
                    let added = self.field(id, field, |_| Type::Date);
                    if let Some(added) = added {
                        let ty = self.plan.records[id.index()].fields[added.index()].ty;
                        if ty != Type::Date {
                            let message = format!("`{}` says when, so it must be a date", field.name.text);
                            self.problem(Problem::error("type-mismatch", field.span, message));
                        }
                        self.plan.records[id.index()].when = Some(added);
                    }
                }
                Member::Field(field) if record.kind == RecordKind::Entity && limits_life(field) => {
                    self.problem(later(field.span, "an entity that lives `from` a date `to` a date is"));
                }
                Member::Field(field) => {
                    self.field(id, field, Type::Id);
                }
                Member::Unsupported(unsupported) => {
                    self.problem(not_supported(unsupported));
                }
            }
        }
        let (mut fields, _) = key.unwrap_or_default();
        for (name, span) in composite {
            match self.plan.records[id.index()].field(&name) {
                Some(field) => fields.push(field),
                None => self.problem(Problem::error("unknown-name", span, format!("`{name}` is no field"))),
            }
        }
        for &field in &fields {
            let field = &self.plan.records[id.index()].fields[field.index()];
            if field.optional {
                let (message, span) =
                    (format!("a part of a key cannot be missing, `{}` is optional", field.name), field.span);
                self.problem(Problem::error("optional-key", span, message).help("take `optional` out"));
            }
        }
        if fields.is_empty() {
            let message = format!("`{}` has no key", record.name.text);
            self.problem(
                Problem::error("missing-key", record.name.span, message)
                    .label("what tells one row from another?")
                    .help("add a line like: key id"),
            );
        }
        self.plan.records[id.index()].key = fields;
        if record.kind == RecordKind::Event && self.plan.records[id.index()].when.is_none() {
            let message = format!("event `{}` does not say when it happened", record.name.text);
            self.problem(
                Problem::error("missing-when", record.name.span, message).help("add a line like: when closed_on"),
            );
        }
        self.source(id, record);
    }

    fn source(&mut self, id: RecordId, record: &tree::Record) {
        match &record.from {
            None => {}
            Some(RecordSource::Table(text)) => {
                self.plan.records[id.index()].source = RecordTable::Table(Some(text.value.clone()));
            }
            Some(RecordSource::Distinct(name)) => {
                let Some(&other) = self.records.get(&name.text) else {
                    if !self.damaged(&name.text) {
                        let problem =
                            Problem::error("unknown-record", name.span, format!("there is no record `{}`", name.text));
                        let known: Vec<String> = self.records.keys().cloned().collect();
                        self.problem(suggest(problem, name, known.iter().map(String::as_str)));
                    }
                    return;
                };
                let definition = &mut self.plan.records[id.index()];
                definition.source = RecordTable::Distinct(other);
                if definition.fields.len() != 1 || definition.key.len() != 1 {
                    let message = format!(
                        "`{}` holds the distinct values of one column, so it has its key and no other field",
                        record.name.text
                    );
                    let more = record.members.iter().find_map(|member| match member {
                        Member::Field(field) | Member::When(field) => Some(field.span),
                        Member::Key { .. } | Member::Unsupported(_) => None,
                    });
                    let problem = Problem::error("distinct-fields", more.unwrap_or(record.name.span), message);
                    self.problem(problem.help("take out all but a key of one part"));
                }
                if record.kind == RecordKind::Event {
                    let message = "only an entity can be the distinct values of a column";
                    self.problem(Problem::error("distinct-fields", name.span, message));
                }
            }
        }
    }

    fn field(
        &mut self,
        id: RecordId,
        field: &tree::Field,
        default: impl Fn(crate::plan::DomainId) -> Type,
    ) -> Option<FieldId> {
        let name = &field.name;
        if let Some(first) = self.plan.records[id.index()].field(&name.text) {
            let first = self.plan.records[id.index()].fields[first.index()].span;
            let message = format!("there are two fields named `{}`", name.text);
            self.problem(Problem::error("duplicate-name", name.span, message).other(first, "declared first here"));
            return None;
        }
        let mut decimals = 0;
        let mut choices: &[tree::Choice] = &[];
        let mut zone = None;
        let ty = match field.ty.as_ref().map(|ty| (&ty.kind, ty.span)) {
            None => default(self.new_domain()),
            Some((kind, span)) => match kind {
                FieldTypeKind::Id => Type::Id(self.new_domain()),
                FieldTypeKind::Text => Type::Text(self.new_domain()),
                FieldTypeKind::Count => Type::Count,
                FieldTypeKind::Number(to) => {
                    decimals = self.decimals(*to, NUMBER_DECIMALS, span);
                    Type::Number
                }
                FieldTypeKind::Percent => {
                    decimals = NUMBER_DECIMALS;
                    Type::Percent
                }
                FieldTypeKind::Money(to) => {
                    decimals = self.decimals(*to, self.plan.unit.decimals, span);
                    Type::Money
                }
                FieldTypeKind::Date => Type::Date,
                FieldTypeKind::DateTime { zone: written } => {
                    zone = Some(written.as_ref().map(|zone| zone.value.clone()));
                    Type::Date
                }
                FieldTypeKind::YesNo => Type::YesNo,
                FieldTypeKind::OneOf(list) => {
                    choices = list;
                    self.choice_type(list, span)?
                }
                FieldTypeKind::Record(record) => match self.records.get(&record.text) {
                    Some(&target) => Type::Ref(target),
                    None => {
                        if !self.damaged(&record.text) {
                            let message = format!("`{}` is no type and no record", record.text);
                            let words = ["id", "text", "count", "number", "percent", "money", "date"];
                            let known: Vec<String> = self.records.keys().cloned().collect();
                            let known = known.iter().map(String::as_str).chain(words);
                            let problem = suggest(Problem::error("unknown-type", record.span, message), record, known);
                            self.problem(problem);
                        }
                        return None;
                    }
                },
                FieldTypeKind::Unsupported(unsupported) => {
                    self.problem(not_supported(unsupported));
                    return None;
                }
            },
        };
        let format = self.format(field, ty, choices, zone);
        let column = ColumnSource {
            header: field.column.as_ref().map_or(&name.text, |column| &column.value).clone(),
            exact: field.column.is_some(),
            format,
        };
        let Declared { item, library } = &self.resolved.records[id.index()];
        let added = (item.name.text.clone(), name.text.clone());
        let own = library.is_none() || self.resolved.extended.contains(&added);
        let record = &mut self.plan.records[id.index()];
        record.fields.push(Field {
            name: name.text.clone(),
            ty,
            decimals,
            optional: field.optional.is_some(),
            used: false,
            source: FieldSource::Column(column),
            span: if own { field.span } else { Span::default() },
        });
        Some(FieldId(record.fields.len() as u32 - 1))
    }

    fn decimals(&mut self, written: Option<u32>, usual: u32, span: Span) -> u32 {
        match written {
            Some(decimals) if decimals > NUMBER_DECIMALS => {
                let message = format!("at most {NUMBER_DECIMALS} decimals can be kept");
                self.problem(Problem::error("over-limit", span, message).help("write: to 9 decimals"));
                NUMBER_DECIMALS
            }
            Some(decimals) => decimals,
            None => usual,
        }
    }

    fn choice_type(&mut self, list: &[tree::Choice], span: Span) -> Option<Type> {
        let names: Vec<String> = list.iter().map(|choice| choice.name.text.clone()).collect();
        for (idx, choice) in list.iter().enumerate() {
            if let Some(first) = list[..idx].iter().find(|first| first.name.text == choice.name.text) {
                let message = format!("`{}` stands twice in this list", choice.name.text);
                self.problem(
                    Problem::error("duplicate-name", choice.name.span, message)
                        .other(first.name.span, "listed first here"),
                );
            }
        }
        if names.len() > MOST_CHOICES {
            let message = format!("a list of `one of` has at most {MOST_CHOICES} values");
            self.problem(Problem::error("over-limit", span, message).help("make it a text or an entity"));
            return None;
        }
        let known = self.plan.choices.iter().position(|known| *known == names);
        let idx = known.unwrap_or_else(|| {
            self.plan.choices.push(names);
            self.plan.choices.len() - 1
        });
        Some(Type::Choice(ChoiceId(idx as u32)))
    }

    /// A reference to a record with a key of several fields reads one column for each part.
    fn reference_columns(&mut self, id: RecordId) {
        let n_fields = self.plan.records[id.index()].fields.len();
        for idx in 0..n_fields {
            let field = &self.plan.records[id.index()].fields[idx];
            let (Type::Ref(target), FieldSource::Column(column)) = (field.ty, &field.source) else { continue };
            let target = self.plan.record(target);
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
            self.plan.records[id.index()].fields[idx].source = FieldSource::Columns(columns);
        }
    }
}

/// Decimals kept of numbers and shares.
const NUMBER_DECIMALS: u32 = 9;

/// Places of a `one of` are kept in a byte.
const MOST_CHOICES: usize = 250;

/// `from date` and `to date` of an entity are the days of its life.
fn limits_life(field: &tree::Field) -> bool {
    let date = field.ty.as_ref().is_some_and(|ty| matches!(ty.kind, FieldTypeKind::Date));
    date && matches!(field.name.text.as_str(), "from" | "to")
}
