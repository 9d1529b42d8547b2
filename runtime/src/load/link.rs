//! Keys that must be unique, and references that must lead somewhere and not round in a ring.

mod astray;
mod rings;

use super::draft::{Draft, Fault, Rejected};
use super::runs::Wanted;
use super::stretch::Stretch;
use super::unique::{Found, repeated, repeated_in_runs};
use crate::keys::{KeySpace, NONE};
use crate::scratch::ScratchError;
use meed_compiler::data::Values;
use meed_compiler::internal::broken;
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
    /// Rejects every row of a duplicate key, then every row on a ring of references, then every row whose reference leads
    /// nowhere or to a rejected row, however far that goes.
    ///
    /// # Errors
    /// When rows that lie on the disk cannot be read.
    pub fn link(&mut self) -> Result<(), ScratchError> {
        for idx in 0..self.drafts.len() {
            self.reject_repeated(RecordId(idx as u32))?;
        }
        let on_rings = self.on_rings()?;
        self.reject(on_rings);
        self.place_distinct()?;
        // All are found before any is rejected, so that it does not matter which reference comes first.
        let astray = self.astray()?;
        if !astray.is_empty() {
            for (reference, rows) in astray {
                self.reject_dangling(reference, rows)?;
            }
            self.place_distinct()?;
        }
        Ok(())
    }

    fn reject(&mut self, faults: Vec<(RecordId, Fault)>) {
        for (record, fault) in faults {
            if let Some(draft) = &mut self.drafts[record.index()] {
                draft.fault(fault);
            }
        }
    }

    fn reject_repeated(&mut self, record: RecordId) -> Result<(), ScratchError> {
        let definition = self.plan.record(record);
        let Some(draft) = &mut self.drafts[record.index()] else { return Ok(()) };
        let (repeated, found) = match (&self.spaces[record.index()], &draft.runs) {
            (Some(_), _) => (std::mem::take(&mut draft.repeated), Found::default()),
            (None, Some(runs)) => repeated_in_runs(draft, runs.bytes())?,
            (None, None) => (repeated(&draft.rows.keys, &draft.keyless), Found::default()),
        };
        let column = definition.fields[definition.key[0].index()].name.clone();
        let rank = definition.fields.len() + 1;
        let mut firsts = Rejected::default();
        for (row, first) in repeated {
            let value = match draft.runs {
                Some(_) => found.text(row),
                None => draft.rows.keys.text(row as usize).into_owned(),
            };
            let mut reject = |row: u32, other: u32| {
                let (file, number) = draft.origins.read_at(other);
                let reason = format!("the key stands also in {file}, row {number}");
                let (column, value) = (column.clone(), value.clone());
                draft.fault(Fault { row, key: Some(value.clone()), rank, column, value, reason });
            };
            reject(row, first);
            if firsts.insert(first) {
                reject(first, row);
            }
            draft.make_room_for_faults()?;
        }
        Ok(())
    }

    /// By code, the first accepted row that bears the key, for records that hold distinct values of a column.
    fn place_distinct(&mut self) -> Result<(), ScratchError> {
        for draft in self.drafts.iter().flatten() {
            for (record, _) in &draft.rows.distinct {
                if let Some(space) = &mut self.spaces[record.index()] {
                    space.set_rows(Vec::new());
                }
            }
            let spaces = &mut self.spaces;
            draft.each_stretch(Wanted { distinct: true, ..Wanted::default() }, |stretch| {
                for (record, codes) in &stretch.distinct {
                    let Some(space) = &mut spaces[record.index()] else { continue };
                    for (row, &code) in codes.iter().enumerate() {
                        let place = stretch.place(row);
                        if code != NONE && !draft.rejected.contains(place) {
                            space.bear_first(code, place);
                        }
                    }
                }
            })?;
        }
        Ok(())
    }

    /// The draft in whose rows the keys of a record stand.
    fn bearer(&self, record: RecordId) -> Option<&Draft> {
        match self.plan.record(record).source {
            RecordTable::Table(_) => self.drafts[record.index()].as_ref(),
            RecordTable::Distinct(other) => self.drafts[other.index()].as_ref(),
        }
    }

    /// Rejects rows that [`Linked::astray`] found. Faults are written one by one: there may be as many as rows.
    fn reject_dangling(&mut self, reference: Reference, rows: Vec<(u32, u32)>) -> Result<(), ScratchError> {
        let definition = self.plan.record(reference.record);
        let (rank, column) = (definition.fields.len() + 2, &definition.fields[reference.field].name);
        let is_distinct = matches!(self.plan.record(reference.target).source, RecordTable::Distinct(_));
        let Some(mut draft) = self.drafts[reference.record.index()].take() else { return Ok(()) };
        let fault = |linked: &Self, draft: &Draft, (place, code): (u32, u32), key: Option<String>| {
            let Some(space) = &linked.spaces[reference.target.index()] else {
                broken("a reference to a record whose keys are not kept")
            };
            let reason = match space.row(code) {
                at if at != NONE && !is_distinct => {
                    // The rows of the draft may refer to rows of its own.
                    let bearer = linked.bearer(reference.target).unwrap_or(draft);
                    let (file, number) = bearer.origins.read_at(at);
                    format!("refers to a rejected row: {file}, row {number}")
                }
                _ => format!("there is no {} with this key", linked.plan.record(reference.target).name),
            };
            Fault { row: place, key, rank, column: column.clone(), value: space.text(code), reason }
        };
        if draft.runs.is_none() {
            for found in rows {
                let fault = fault(self, &draft, found, None);
                draft.fault(fault);
                draft.make_room_for_faults()?;
            }
        } else {
            // Keys are read beside the rows once more, a stretch at a time.
            let mut rows = rows.into_iter().peekable();
            let mut faults = std::mem::take(&mut draft.faults);
            let mut rejected = std::mem::take(&mut draft.rejected);
            let mut kept = Ok(());
            draft.each_stretch(Wanted { keys: true, ..Wanted::default() }, |stretch| {
                for row in 0..stretch.places.len() {
                    let Some(found) = rows.next_if(|(place, _)| *place == stretch.place(row)) else { continue };
                    let fault = fault(self, &draft, found, Some(stretch.keys.text(row).into_owned()));
                    rejected.insert(fault.row);
                    faults.push(fault);
                    if kept.is_ok() && faults.are_many() {
                        kept = faults.make_room();
                    }
                }
            })?;
            kept?;
            (draft.faults, draft.rejected) = (faults, rejected);
        }
        self.drafts[reference.record.index()] = Some(draft);
        Ok(())
    }

    /// The codes of the keys of a record without a table of its own, that accepted rows name or bear.
    pub fn codes_in_use(&self, record: RecordId) -> Result<Vec<u32>, ScratchError> {
        let Some(space) = &self.spaces[record.index()] else { return Ok(Vec::new()) };
        let mut in_use = vec![false; space.len()];
        match self.plan.record(record).source {
            RecordTable::Distinct(_) => {
                in_use.iter_mut().zip(0..).for_each(|(in_use, code)| *in_use = space.row(code) != NONE);
            }
            RecordTable::Table(_) => {
                for reference in references(self.plan).filter(|reference| reference.target == record) {
                    let Some(draft) = &self.drafts[reference.record.index()] else { continue };
                    let wanted = Wanted { field: Some(reference.field), ..Wanted::default() };
                    draft.each_stretch(wanted, |stretch| {
                        let codes = codes_of(stretch, reference.field);
                        let accepted = codes.filter(|(row, _)| !draft.rejected.contains(stretch.place(*row)));
                        accepted.for_each(|(_, code)| in_use[code as usize] = true);
                    })?;
                }
            }
        }
        Ok((0..space.len() as u32).filter(|&code| in_use[code as usize]).collect())
    }
}

/// By place of a row, the code of the key that it refers to; [`NONE`] where that is missing.
fn codes_by_place(draft: &Draft, field: usize) -> Result<Vec<u32>, ScratchError> {
    let mut by_place = vec![NONE; draft.n_rows as usize];
    draft.each_stretch(Wanted { field: Some(field), ..Wanted::default() }, |stretch| {
        codes_of(stretch, field).for_each(|(row, code)| by_place[stretch.place(row) as usize] = code);
    })?;
    Ok(by_place)
}

/// Rows and codes of a column of references, missing ones left out.
fn codes_of(stretch: &Stretch, field: usize) -> impl Iterator<Item = (usize, u32)> {
    let column = stretch.columns.get(field).and_then(Option::as_ref);
    let codes: &[u32] = match column.map(|column| &column.values) {
        Some(Values::U32(codes)) => codes,
        Some(Values::I64(_) | Values::I32(_) | Values::U8(_)) | None => &[],
    };
    let known = column.and_then(|column| column.known.as_ref());
    let is_known = move |row: usize| known.is_none_or(|known| known[row] == 1);
    codes.iter().copied().enumerate().filter(move |(row, _)| is_known(*row))
}

/// Whether a rule per period has a row for each row of an entity.
pub(crate) fn is_walked(plan: &Plan, record: RecordId) -> bool {
    use meed_compiler::plan::Stream;
    plan.rules.iter().any(|rule| matches!(rule.stream, Stream::Grid(entity, _) if entity == record))
}

/// Whether nothing but the keys of an entity is read, and these of one part that is an id or a text, so that references
/// alone can tell them.
pub(crate) fn is_key_alone(plan: &Plan, record: RecordId) -> bool {
    use meed_compiler::plan::RecordKind;
    let definition: &Record = plan.record(record);
    let [key] = definition.key[..] else { return false };
    let is_text = matches!(definition.fields[key.index()].ty, Type::Id(_) | Type::Text(_));
    let others = definition.fields.iter().enumerate().filter(|(idx, _)| *idx != key.index());
    definition.kind == RecordKind::Entity
        && matches!(definition.source, RecordTable::Table(_))
        && is_text
        && !others.into_iter().any(|(_, field)| field.used)
}
