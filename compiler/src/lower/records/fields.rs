//! Fields: their types, and how each reads its column.

use crate::lower::{Lowering, suggest};
use crate::plan::{ChoiceId, ColumnSource, DomainId, Field, FieldId, FieldSource, RecordId, Type};
use crate::resolve::{Declared, not_supported};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, FieldTypeKind};

/// Decimals kept of numbers and shares.
const NUMBER_DECIMALS: u32 = 9;
/// Places of a `one of` are kept in a byte.
const MOST_CHOICES: usize = 250;

/// Types of other languages, and what is written here.
const TYPES: &[(&str, &str)] = &[
    ("bool", "yes/no"),
    ("boolean", "yes/no"),
    ("currency", "money"),
    ("datetime", "date and time"),
    ("decimal", "number"),
    ("double", "number"),
    ("float", "number"),
    ("int", "count"),
    ("integer", "count"),
    ("numeric", "number"),
    ("percentage", "percent"),
    ("str", "text"),
    ("string", "text"),
    ("timestamp", "date and time"),
    ("varchar", "text"),
];

impl Lowering<'_> {
    /// Adds a field to a record; one without a type has the type that `default` gives.
    pub(super) fn field(
        &mut self,
        id: RecordId,
        field: &tree::Field,
        default: impl Fn(DomainId) -> Type,
    ) -> Option<FieldId> {
        let name = &field.name;
        if let Some(first) = self.plan.records[id.index()].field(&name.text) {
            let first = self.plan.records[id.index()].fields[first.index()].span;
            let message = format!("there are two fields named `{}`", name.text);
            self.problem(Problem::error("duplicate-name", name.span, message).other(first, "declared first here"));
            return None;
        }
        let ty = match &field.ty {
            None => Some(default(self.new_domain())),
            Some(ty) => self.field_type(ty),
        };
        let Some(ty) = ty else {
            self.failed_fields.insert((id, name.text.clone()));
            return None;
        };
        let decimals = field.ty.as_ref().map_or(0, |ty| self.decimals(ty));
        let (choices, zone): (&[tree::Choice], _) = match field.ty.as_ref().map(|ty| &ty.kind) {
            Some(FieldTypeKind::OneOf(list)) => (list, None),
            Some(FieldTypeKind::DateTime { zone }) => (&[], Some(zone.as_ref().map(|zone| zone.value.clone()))),
            _ => (&[], None),
        };
        let column = ColumnSource {
            header: field.column.as_ref().map_or(&name.text, |column| &column.value).clone(),
            exact: field.column.is_some(),
            format: self.format(field, ty, choices, zone),
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

    fn field_type(&mut self, ty: &tree::FieldType) -> Option<Type> {
        Some(match &ty.kind {
            FieldTypeKind::Id => Type::Id(self.new_domain()),
            FieldTypeKind::Text => Type::Text(self.new_domain()),
            FieldTypeKind::Count => Type::Count,
            FieldTypeKind::Number(_) => Type::Number,
            FieldTypeKind::Percent => Type::Percent,
            FieldTypeKind::Money(_) => Type::Money,
            FieldTypeKind::Date | FieldTypeKind::DateTime { .. } => Type::Date,
            FieldTypeKind::YesNo => Type::YesNo,
            FieldTypeKind::OneOf(list) => self.choice_type(list, ty.span)?,
            FieldTypeKind::Record(record) => match self.records.get(&record.text) {
                Some(&target) => Type::Ref(target),
                None => {
                    self.unknown_type(record);
                    return None;
                }
            },
            FieldTypeKind::Unsupported(unsupported) => {
                self.problem(not_supported(unsupported));
                return None;
            }
        })
    }

    fn unknown_type(&mut self, name: &tree::Name) {
        if self.damaged(&name.text) {
            return;
        }
        let message = format!("`{}` is no type and no record", name.text);
        if let Some((_, written)) = TYPES.iter().find(|(other, _)| *other == name.text.to_lowercase()) {
            let problem = Problem::error("unknown-type", name.span, message);
            return self.problem(problem.label(format!("write `{written}`")).edit(name.span, *written));
        }
        let words = ["id", "text", "count", "number", "percent", "money", "date"];
        let known: Vec<String> = self.records.keys().cloned().collect();
        let known = known.iter().map(String::as_str).chain(words);
        let problem = suggest(Problem::error("unknown-type", name.span, message), name, known);
        self.problem(problem);
    }

    /// How many decimals a field keeps.
    fn decimals(&mut self, ty: &tree::FieldType) -> u32 {
        let (written, usual) = match ty.kind {
            FieldTypeKind::Number(to) => (to, NUMBER_DECIMALS),
            FieldTypeKind::Money(to) => (to, self.plan.unit.decimals),
            FieldTypeKind::Percent => (None, NUMBER_DECIMALS),
            _ => (None, 0),
        };
        match written {
            Some(decimals) if decimals > NUMBER_DECIMALS => {
                let message = format!("at most {NUMBER_DECIMALS} decimals can be kept");
                self.problem(Problem::error("over-limit", ty.span, message).help("write: to 9 decimals"));
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
}
