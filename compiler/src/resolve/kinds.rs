//! Kinds: lists of values that have a name, `kind tier one of silver, gold`.
//!
//! A kind stands wherever a type is written; here its list is put in its place, so that everything behind knows lists alone.

use super::declare;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{Choice, FieldType, FieldTypeKind, Item, Member};
use rustc_hash::FxHashMap;

/// The lists of the kinds, by name.
#[derive(Debug, Default)]
pub(super) struct Kinds(FxHashMap<String, Vec<Choice>>);

impl Kinds {
    /// The kinds among these items; `types` are the names of types so far.
    pub fn gather<'i>(
        items: impl Iterator<Item = &'i Item>,
        types: &mut FxHashMap<String, Span>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut kinds = Self::default();
        for item in items {
            if let Item::Kind(kind) = item
                && declare(types, &kind.name, "type", problems)
            {
                kinds.0.insert(kind.name.text.clone(), kind.values.clone());
            }
        }
        kinds
    }

    /// Puts lists in the place of the kinds that an item names.
    pub fn spell_out(&self, item: &mut Item) {
        let members = |members: &mut Vec<Member>| {
            for member in members {
                match member {
                    Member::Key { parts, .. } => parts.iter_mut().for_each(|part| self.of(part.ty.as_mut())),
                    Member::When(field) | Member::Field(field) => self.of(field.ty.as_mut()),
                    Member::ReversesSet { .. } => {}
                }
            }
        };
        match item {
            Item::Record(record) => members(&mut record.members),
            Item::Extend(extend) => members(&mut extend.members),
            Item::Schedule(schedule) => schedule.arguments.iter_mut().for_each(|one| self.of(Some(&mut one.ty))),
            Item::Table(table) => {
                table.arguments.iter_mut().for_each(|one| self.of(one.ty.as_mut()));
                table.results.iter_mut().for_each(|one| self.of(one.ty.as_mut()));
            }
            Item::Program(_)
            | Item::Use(_)
            | Item::UseFile(_)
            | Item::Source(_)
            | Item::Kind(_)
            | Item::Calendar(_)
            | Item::Rates(_)
            | Item::Unit(_)
            | Item::Parameter(_)
            | Item::Rule(_)
            | Item::Choose(_)
            | Item::Test(_)
            | Item::Balance(_)
            | Item::SharedLimit(_)
            | Item::Damaged(_) => {}
        }
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    fn of(&self, ty: Option<&mut FieldType>) {
        if let Some(ty) = ty
            && let FieldTypeKind::Record(name) = &ty.kind
            && let Some(values) = self.0.get(&name.text)
        {
            ty.kind = FieldTypeKind::OneOf(values.clone());
        }
    }
}
