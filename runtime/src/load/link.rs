//! Keys that must be unique, and references that must lead somewhere.

use super::draft::{Draft, Fault};
use super::unique::repeated;
use crate::keys::{KeySpace, NONE};
use meed_compiler::data::{Column, Values};
use meed_compiler::plan::{Plan, Record, RecordId, RecordTable, Type};

/// Drafts and key spaces of all records.
pub(super) struct Linked<'a> {
    pub plan: &'a Plan,
    /// By record; none where the record has no table.
    pub drafts: Vec<Option<Draft>>,
    /// By record; none where nothing refers to it.
    pub spaces: Vec<Option<KeySpace>>,
}

/// A field that refers to another record.
#[derive(Clone, Copy)]
pub(super) struct Reference {
    pub record: RecordId,
    pub field: usize,
    pub target: RecordId,
}

/// Fields in use that refer to a record in use.
pub(super) fn references(plan: &Plan) -> impl Iterator<Item = Reference> + '_ {
    let used = plan.records.iter().enumerate().filter(|(_, record)| record.used);
    used.flat_map(move |(idx, record)| {
        record.fields.iter().enumerate().filter_map(move |(field, definition)| match definition.ty {
            Type::Ref(target) if definition.used && plan.record(target).used => {
                Some(Reference { record: RecordId(idx as u32), field, target })
            }
            _ => None,
        })
    })
}

impl Linked<'_> {
    /// Rejects every row of a duplicate key, then every row whose reference leads nowhere or to a rejected row, until no
    /// more is found.
    pub fn link(&mut self) {
        for idx in 0..self.drafts.len() {
            self.reject_repeated(RecordId(idx as u32));
        }
        loop {
            self.place_distinct();
            let references: Vec<Reference> = references(self.plan).collect();
            let found: Vec<(RecordId, Fault)> =
                references.iter().flat_map(|reference| self.dangling(*reference)).collect();
            if found.is_empty() {
                break;
            }
            for (record, fault) in found {
                if let Some(draft) = &mut self.drafts[record.index()] {
                    draft.fault(fault);
                }
            }
        }
    }

    fn reject_repeated(&mut self, record: RecordId) {
        let definition = self.plan.record(record);
        let Some(draft) = &mut self.drafts[record.index()] else { return };
        let repeated = match self.spaces[record.index()] {
            Some(_) => std::mem::take(&mut draft.repeated),
            None => repeated(&draft.keys, &draft.keyless),
        };
        let column = definition.fields[definition.key[0].index()].name.clone();
        let rank = definition.fields.len() + 1;
        let mut firsts = rustc_hash::FxHashSet::default();
        for (row, first) in repeated {
            let value = draft.keys.text(row as usize).into_owned();
            let mut reject = |row: u32, other: u32| {
                let (file, number) = draft.origins.read_at(other);
                let reason = format!("the key stands also in {file}, row {number}");
                let (column, value) = (column.clone(), value.clone());
                draft.fault(Fault { row, rank, column, value, reason });
            };
            reject(row, first);
            if firsts.insert(first) {
                reject(first, row);
            }
        }
    }

    /// By code, the first accepted row that bears the key, for records that hold distinct values of a column.
    fn place_distinct(&mut self) {
        for draft in self.drafts.iter().flatten() {
            for (record, codes) in &draft.distinct {
                let Some(space) = &mut self.spaces[record.index()] else { continue };
                space.set_rows(Vec::new());
                for (row, &code) in codes.iter().enumerate() {
                    if code != NONE && !draft.is_rejected(row as u32) {
                        space.bear(code, row as u32);
                    }
                }
            }
        }
    }

    /// The draft in whose rows the keys of a record stand.
    fn bearer(&self, record: RecordId) -> Option<&Draft> {
        match self.plan.record(record).source {
            RecordTable::Table(_) => self.drafts[record.index()].as_ref(),
            RecordTable::Distinct(other) => self.drafts[other.index()].as_ref(),
        }
    }

    /// Faults of the rows, not rejected so far, whose reference leads nowhere or to a rejected row.
    fn dangling(&self, reference: Reference) -> Vec<(RecordId, Fault)> {
        let (Some(draft), Some(bearer)) = (&self.drafts[reference.record.index()], self.bearer(reference.target))
        else {
            return Vec::new();
        };
        let (Some(space), Some(column)) = (&self.spaces[reference.target.index()], &draft.columns[reference.field])
        else {
            return Vec::new();
        };
        let is_bad = |code: u32| {
            let row = space.row(code);
            row == NONE || bearer.is_rejected(row)
        };
        if !(0..space.len() as u32).any(is_bad) {
            return Vec::new();
        }
        let definition = self.plan.record(reference.record);
        let mut faults = Vec::new();
        for (row, code) in codes_of(column) {
            if draft.is_rejected(row) || !is_bad(code) {
                continue;
            }
            let reason = match space.row(code) {
                NONE => format!("there is no {} with this key", self.plan.record(reference.target).name),
                at => {
                    let (file, number) = bearer.origins.read_at(at);
                    format!("refers to a rejected row: {file}, row {number}")
                }
            };
            let (rank, column) = (definition.fields.len() + 2, definition.fields[reference.field].name.clone());
            faults.push((reference.record, Fault { row, rank, column, value: space.text(code), reason }));
        }
        faults
    }

    /// The codes of the keys of a record without a table of its own, that accepted rows name or bear.
    pub fn codes_in_use(&self, record: RecordId) -> Vec<u32> {
        let Some(space) = &self.spaces[record.index()] else { return Vec::new() };
        let mut in_use = vec![false; space.len()];
        match self.plan.record(record).source {
            RecordTable::Distinct(_) => {
                in_use.iter_mut().zip(0..).for_each(|(in_use, code)| *in_use = space.row(code) != NONE);
            }
            RecordTable::Table(_) => {
                for reference in references(self.plan).filter(|reference| reference.target == record) {
                    let Some(draft) = &self.drafts[reference.record.index()] else { continue };
                    let Some(column) = &draft.columns[reference.field] else { continue };
                    let accepted = codes_of(column).filter(|(row, _)| !draft.is_rejected(*row));
                    accepted.for_each(|(_, code)| in_use[code as usize] = true);
                }
            }
        }
        (0..space.len() as u32).filter(|&code| in_use[code as usize]).collect()
    }
}

/// Rows and codes of a column of references, missing ones left out.
fn codes_of(column: &Column) -> impl Iterator<Item = (u32, u32)> {
    let codes: &[u32] = match &column.values {
        Values::U32(codes) => codes,
        Values::I64(_) | Values::I32(_) | Values::U8(_) => &[],
    };
    let known = |row: usize| column.known.as_ref().is_none_or(|known| known[row] == 1);
    codes.iter().enumerate().filter(move |(row, _)| known(*row)).map(|(row, &code)| (row as u32, code))
}

/// Whether nothing but the keys of an entity is read, and these of one part that is an id or a text, so that references
/// alone can tell them.
pub(crate) fn is_key_alone(plan: &Plan, record: RecordId) -> bool {
    use meed_compiler::plan::{RecordKind, Stream};
    let definition: &Record = plan.record(record);
    let [key] = definition.key[..] else { return false };
    let is_text = matches!(definition.fields[key.index()].ty, Type::Id(_) | Type::Text(_));
    let others = definition.fields.iter().enumerate().filter(|(idx, _)| *idx != key.index());
    let is_walked = plan.rules.iter().any(|rule| matches!(rule.stream, Stream::Grid(entity, _) if entity == record));
    definition.kind == RecordKind::Entity
        && matches!(definition.source, RecordTable::Table(_))
        && is_text
        && !is_walked
        && !others.into_iter().any(|(_, field)| field.used)
}
