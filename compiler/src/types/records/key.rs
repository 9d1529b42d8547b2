//! Keys: what tells one row from another.

use crate::plan::{FieldId, RecordId, Type};
use crate::types::Typing;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;
use rustc_hash::FxHashSet;

/// The key of a record while its members are read.
#[derive(Default)]
pub(super) struct Key {
    /// Where it was said.
    place: Option<Span>,
    /// Its parts; some are fields that are declared further down.
    parts: Vec<(String, Span)>,
}

impl Typing<'_> {
    /// `key id`, `key (person, season)`
    pub(super) fn key(
        &mut self,
        id: RecordId,
        record: &tree::Record,
        parts: &[tree::Field],
        span: Span,
        key: &mut Key,
    ) {
        if let Some(first) = key.place {
            let message = format!("`{}` has two keys", record.name.text);
            self.problem(Problem::error("duplicate-clause", span, message).other(first, "the first one"));
            return;
        }
        key.place = Some(span);
        let own: FxHashSet<&str> = record.members.iter().filter_map(crate::resolve::member_name).collect();
        for part in parts {
            let here = part.ty.is_some() || !own.contains(part.name.text.as_str());
            if here && self.field(id, part, Type::Id).is_none() {
                continue;
            }
            key.parts.push((part.name.text.clone(), part.name.span));
        }
    }

    /// The parts that are fields of their own are known only behind all members.
    pub(super) fn settle_key(&mut self, id: RecordId, record: &tree::Record, key: Key) {
        let Key { place, parts } = key;
        let mut fields: Vec<FieldId> = Vec::new();
        for (name, span) in parts {
            match self.field_of(id, &name) {
                Some(field) if fields.contains(&field) => {
                    self.problem(Problem::error("duplicate-name", span, format!("`{name}` is twice in the key")));
                }
                Some(field) => fields.push(field),
                None if self.failed_fields.contains(&(id, name.clone())) => {}
                None => self.problem(Problem::error("unknown-name", span, format!("`{name}` is no field"))),
            }
        }
        for &field in &fields {
            let field = &self.program.records[id.index()].fields[field.index()];
            if field.optional {
                let (name, span) = (field.name.clone(), field.span);
                let message = format!("a part of a key cannot be missing, `{name}` is optional");
                self.problem(Problem::error("optional-key", span, message).help("remove `optional`"));
            }
        }
        if place.is_none() {
            let message = format!("`{}` has no key", record.name.text);
            self.problem(
                Problem::error("missing-key", record.name.span, message)
                    .label("what tells one row from another?")
                    .help("add a line like: key id"),
            );
        }
        self.program.records[id.index()].key = fields;
    }
}
