//! Fields: their types, and how each reads its column.

use crate::plan::{Bounds, ChoiceId, ColumnSource, DomainId, Field, FieldId, FieldSource, Period, RecordId, Type};
use crate::resolve::Declared;
use crate::types::Typing;
use meed_grammar::idioms;
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, FieldTypeKind};
use rustc_hash::FxHashMap;

/// Decimals kept of numbers and shares, and at most of anything.
const NUMBER_DECIMALS: u32 = limits::KEPT_DECIMALS;
const MOST_CHOICES: usize = limits::CHOICES;

impl Typing<'_> {
    /// Adds a field to a record; one without a type has the type that `default` gives.
    pub(super) fn field(
        &mut self,
        id: RecordId,
        field: &tree::Field,
        default: impl Fn(DomainId) -> Type,
    ) -> Option<FieldId> {
        let name = &field.name;
        if let Some(first) = self.field_of(id, &name.text) {
            let first = self.program.records[id.index()].fields[first.index()].span;
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
        let bounds = field.bounds.as_ref().map_or(Bounds::default(), |bounds| self.bounds(bounds, ty, decimals));
        let if_there = self.if_there(field, ty);
        let Declared { item, library } = &self.resolved.records[id.index()];
        let added = (item.name.text.clone(), name.text.clone());
        let own = library.is_none() || self.resolved.extended.contains(&added);
        let record = &mut self.program.records[id.index()];
        record.fields.push(Field {
            name: name.text.clone(),
            ty,
            decimals,
            optional: field.optional.is_some(),
            used: false,
            if_there,
            bounds,
            source: FieldSource::Column(column),
            span: if own { field.span } else { Span::default() },
        });
        let added = FieldId(record.fields.len() as u32 - 1);
        if let Some(FieldTypeKind::MoneyIn(currency)) = field.ty.as_ref().map(|ty| &ty.kind) {
            self.foreign.insert((id, added), currency.clone());
        }
        self.known.fields[id.index()].insert(name.text.clone(), added);
        Some(added)
    }

    /// `optional target if there`
    fn if_there(&mut self, field: &tree::Field, ty: Type) -> bool {
        let Some(span) = field.if_there else { return false };
        let problem = if !matches!(ty, Type::Ref(_)) {
            let message =
                format!("only a reference leads to a row that may not be there, and `{}` is none", field.name.text);
            Some(Problem::error("type-mismatch", span, message).help("remove `if there`"))
        } else if field.optional.is_none() {
            let message = format!("`{}` is missing where its row is not there", field.name.text);
            let name = field.name.span;
            let edit = format!("{} optional", field.name.text);
            Some(Problem::error("unexpected", span, message).other(name, "it is not optional").choice(name, &edit))
        } else {
            None
        };
        let is_well = problem.is_none();
        problem.into_iter().for_each(|problem| self.problem(problem));
        is_well
    }

    pub(in crate::types) fn field_type(&mut self, ty: &tree::FieldType) -> Option<Type> {
        Some(match &ty.kind {
            FieldTypeKind::Id => Type::Id(self.new_domain()),
            FieldTypeKind::Text => Type::Text(self.new_domain()),
            FieldTypeKind::Count => Type::Count,
            FieldTypeKind::Number(_) => Type::Number,
            FieldTypeKind::Percent => Type::Percent,
            FieldTypeKind::Money(_) => Type::MONEY,
            // It is converted before anything else.
            FieldTypeKind::MoneyIn(_) => Type::Number,
            FieldTypeKind::Date | FieldTypeKind::DateTime { .. } => Type::Date,
            FieldTypeKind::YesNo => Type::YesNo,
            FieldTypeKind::OneOf(list) => self.choice_type(list, ty.span)?,
            FieldTypeKind::Record(record) => match self.records.get(&record.text) {
                Some(&target) => Type::Ref(target),
                None if let Some(unit) = self.units.get(&record.text) => Type::Money(*unit),
                None => match Period::from_word(&record.text) {
                    Some(period) if period != Period::Program => Type::Period(self.held(period, record.span)?),
                    _ => {
                        self.unknown_type(record);
                        return None;
                    }
                },
            },
        })
    }

    fn unknown_type(&mut self, name: &tree::Name) {
        if self.damaged(&name.text) {
            return;
        }
        let message = format!("`{}` is no type and no record", name.text);
        if let Some(written) = idioms::type_called(&name.text) {
            let problem = Problem::error("unknown-type", name.span, message);
            return self.problem(problem.label(format!("write `{written}`")).sure(name.span, written));
        }
        let words = ["id", "text", "count", "number", "percent", "money", "date", "month", "quarter", "year"];
        let known = || self.records.keys().chain(&self.resolved.kinds).map(String::as_str).chain(words);
        let problem = self.suggest(Problem::error("unknown-type", name.span, message), name, known);
        self.problem(problem);
    }

    /// How many decimals a field keeps.
    fn decimals(&mut self, ty: &tree::FieldType) -> u32 {
        let (written, usual) = match &ty.kind {
            FieldTypeKind::Record(name) => {
                let unit = self.units.get(&name.text).copied();
                (None, unit.map_or(0, |unit| self.program.unit(unit).decimals))
            }
            FieldTypeKind::Number(to) => (*to, NUMBER_DECIMALS),
            FieldTypeKind::Money(to) => (*to, self.program.currency().decimals),
            FieldTypeKind::Percent => (None, NUMBER_DECIMALS),
            FieldTypeKind::MoneyIn(_) => (None, limits::MONEY_DECIMALS),
            _ => (None, 0),
        };
        written.map_or(usual, |written| self.counted(written, "a field keeps", NUMBER_DECIMALS).unwrap_or(usual))
    }

    fn choice_type(&mut self, list: &[tree::Choice], span: Span) -> Option<Type> {
        let names: Vec<String> = list.iter().map(|choice| choice.name.text.clone()).collect();
        let mut places: FxHashMap<&str, Span> = FxHashMap::default();
        for choice in list {
            match places.get(choice.name.text.as_str()) {
                Some(first) => {
                    let message = format!("`{}` is twice in this list", choice.name.text);
                    self.problem(
                        Problem::error("duplicate-name", choice.name.span, message).other(*first, "listed first here"),
                    );
                }
                None => drop(places.insert(&choice.name.text, choice.name.span)),
            }
        }
        if names.len() > MOST_CHOICES {
            let message = format!("a list of `one of` has at most {MOST_CHOICES} values, this one {}", names.len());
            self.problem(Problem::error("over-limit", span, message).help("make it a text or an entity"));
            return None;
        }
        let next = ChoiceId(self.program.choices.len() as u32);
        let id = *self.known.choices.entry(names.clone()).or_insert(next);
        if id == next {
            self.program.choices.push(names);
        }
        Some(Type::Choice(id))
    }
}
