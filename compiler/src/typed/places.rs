//! What is where in the text: the type of every expression, and what every name means.
//!
//! Both are kept also of what has a problem elsewhere, for an editor that shows types and leads to declarations.

use crate::plan::{DecisionId, FieldId, LocalId, RecordId, ScheduleId, TableId, Type};
use meed_grammar::span::Span;

/// The two side tables of the typed tree, in the order in which the text was typed.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The type of each expression, and whether it can be missing.
    pub types: Vec<(Span, Type, bool)>,
    /// What each name stands for.
    pub uses: Vec<(Span, Use)>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// A field of a record.
    Field(RecordId, FieldId),
    /// A row, or rows, of a record.
    Record(RecordId),
    /// A `let` or `set` of the same rule.
    Local(LocalId),
    /// What another rule sets.
    Decision(DecisionId),
    /// A parameter, by its name.
    Parameter(String),
    /// An argument of the schedule around it.
    Argument(u32),
    /// A schedule.
    Schedule(ScheduleId),
    /// A decision table.
    Table(TableId),
    /// A rule, by its name.
    Rule(String),
}

impl Places {
    /// The type of the smallest expression around a place in the text.
    pub fn type_at(&self, offset: u32) -> Option<(Span, Type, bool)> {
        let around = self.types.iter().filter(|(span, ..)| span.start <= offset && offset < span.end);
        around.min_by_key(|(span, ..)| span.end - span.start).copied()
    }

    /// What the name at a place in the text stands for.
    pub fn use_at(&self, offset: u32) -> Option<&(Span, Use)> {
        self.uses.iter().find(|(span, _)| span.start <= offset && offset < span.end)
    }
}
