//! Keys that must be unique, and references that must lead somewhere and not round in a ring.

mod astray;
mod rings;

use crate::keys::dictionary::NONE;
use crate::keys::space::KeySpace;
use crate::load::build::TableBuilder;
use crate::store::error::StoreError;
use crate::store::rejected::Rejected;
use crate::store::rejects::Fault;
use crate::store::row_batch::{RowBatch, Wanted};
use crate::store::seen::Taken;
use crate::store::unique::Repeated;
use meed_compiler::data::Values;
use meed_compiler::internal::broken;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Field, FieldSource, Life, Plan, Record, RecordId, RecordTable, Spans, Type};

/// Tables and key spaces of all records.
pub(super) struct Linked<'a> {
    pub plan: &'a Plan,
    /// By record; `None` if the record has no table.
    pub tables: Vec<Option<TableBuilder>>,
    /// By record; `None` if nothing refers to it.
    pub spaces: Vec<Option<KeySpace>>,
    /// What returns took off, where it is asked for; by places of rows as they were read.
    pub taken: Vec<Taken>,
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
    /// When rows that are not held cannot be read.
    pub fn link(&mut self) -> Result<(), StoreError> {
        for idx in 0..self.tables.len() {
            self.reject_repeated(RecordId(idx as u32))?;
        }
        for idx in 0..self.tables.len() {
            self.reject_overlaps(RecordId(idx as u32))?;
            self.reject_backward_lives(RecordId(idx as u32))?;
        }
        let on_rings = self.on_rings()?;
        self.reject(on_rings);
        self.place_distinct()?;
        // All are found before any is rejected, so that it does not matter which reference comes first.
        self.reject_astray()
    }

    /// Rejects rows whose reference leads nowhere or to a rejected row, however far that goes.
    pub(super) fn reject_astray(&mut self) -> Result<(), StoreError> {
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
            if let Some(table) = &mut self.tables[record.index()] {
                table.fault(fault);
            }
        }
    }

    fn reject_repeated(&mut self, record: RecordId) -> Result<(), StoreError> {
        let definition = self.plan.record(record);
        let Some(table) = &mut self.tables[record.index()] else { return Ok(()) };
        let repeated = match &self.spaces[record.index()] {
            // Where others refer to the keys, rows were held against one another as they were read.
            Some(_) => Repeated::known(std::mem::take(&mut table.repeated)),
            None => Repeated::of(&table.rows)?,
        };
        let column = header(&definition.fields[definition.key[0].index()]).to_owned();
        let rank = definition.fields.len() + 1;
        let mut firsts = Rejected::default();
        for &(row, first) in &repeated.pairs {
            let value = repeated.key(&table.rows, row);
            let mut reject = |row: u32, other: u32| {
                let (file, number) = table.origins.read_at(other);
                let reason = format!("duplicate key, also in {file}, row {number}");
                let (column, value) = (column.clone(), value.clone());
                table.fault(Fault { row, key: Some(value.clone()), rank, column, value, reason });
            };
            reject(row, first);
            if firsts.insert(first) {
                reject(first, row);
            }
            table.make_room_for_faults()?;
        }
        Ok(())
    }

    /// Rejects rows of an entity that live up to a day before their first.
    fn reject_backward_lives(&mut self, record: RecordId) -> Result<(), StoreError> {
        let definition = self.plan.record(record);
        let Life { from: Some(from), to: Some(to) } = definition.life else { return Ok(()) };
        let Some(table) = &mut self.tables[record.index()] else { return Ok(()) };
        let [first, last] = [from, to].map(|field| days_by_place(table, field.index()));
        let (first, last) = (first?, last?);
        let column = header(&definition.fields[to.index()]).to_owned();
        let rank = definition.fields.len() + 1;
        for (place, pair) in first.iter().zip(&last).enumerate() {
            let row = place as u32;
            if let (Some(first), Some(last)) = pair
                && last < first
                && !table.rejected.contains(row)
            {
                let (column, value) = (column.clone(), date_of(*last).to_string());
                table.fault(Fault { row, key: None, rank, column, value, reason: "ends before it begins".to_owned() });
            }
        }
        Ok(())
    }

    /// Rejects spans of days that another span of the same party has days of.
    fn reject_overlaps(&mut self, record: RecordId) -> Result<(), StoreError> {
        let definition = self.plan.record(record);
        let (Some(Spans { of, to }), Some(from)) = (definition.spans, definition.when) else { return Ok(()) };
        let Some(table) = &mut self.tables[record.index()] else { return Ok(()) };
        let codes = codes_by_place(table, of.index())?;
        let [first, last] = [from, to].map(|field| days_by_place(table, field.index()));
        let (first, last) = (first?, last?);
        let accepted = (0..codes.len())
            .filter(|&place| codes[place] != NONE && first[place].is_some() && !table.rejected.contains(place as u32));
        let mut spans: Vec<(u32, i32, i32, u32)> = accepted
            .filter_map(|place| Some((codes[place], first[place]?, last[place].unwrap_or(i32::MAX), place as u32)))
            .collect();
        spans.sort_unstable();
        // Of the spans so far the one that ends last.
        let mut open: Option<(u32, i32, u32)> = None;
        let mut overlaps: Vec<(u32, u32)> = Vec::new();
        let mut backwards: Vec<u32> = Vec::new();
        for (code, first, last, place) in spans {
            if last < first {
                backwards.push(place);
                continue;
            }
            match open {
                Some((known, end, other)) if known == code => {
                    if first <= end {
                        overlaps.extend([(place, other), (other, place)]);
                    }
                    if last > end {
                        open = Some((code, last, place));
                    }
                }
                _ => open = Some((code, last, place)),
            }
        }
        overlaps.sort_unstable();
        overlaps.dedup_by_key(|(place, _)| *place);
        let column = header(&definition.fields[from.index()]).to_owned();
        let rank = definition.fields.len() + 1;
        for row in backwards {
            let column = header(&definition.fields[to.index()]).to_owned();
            let reason = "ends before it begins".to_owned();
            let value = last[row as usize].map_or_else(String::new, |day| date_of(day).to_string());
            table.fault(Fault { row, key: None, rank, column, value, reason });
        }
        for (row, other) in overlaps {
            let (file, number) = table.origins.read_at(other);
            let reason = format!("overlaps the days of {file}, row {number}");
            let value = first[row as usize].map_or_else(String::new, |day| date_of(day).to_string());
            table.fault(Fault { row, key: None, rank, column: column.clone(), value, reason });
            table.make_room_for_faults()?;
        }
        Ok(())
    }

    /// By code, the first accepted row that has the key, for records that hold distinct values of a column.
    fn place_distinct(&mut self) -> Result<(), StoreError> {
        for table in self.tables.iter().flatten() {
            for (record, _) in &table.rows.batch.distinct {
                if let Some(space) = &mut self.spaces[record.index()] {
                    space.set_rows(Vec::new());
                }
            }
            let spaces = &mut self.spaces;
            table.rows.each_batch(Wanted { distinct: true, ..Wanted::default() }, |batch| {
                for (record, codes) in &batch.distinct {
                    let Some(space) = &mut spaces[record.index()] else { continue };
                    for (row, &code) in codes.iter().enumerate() {
                        let place = batch.place(row);
                        if code != NONE && !table.rejected.contains(place) {
                            space.set_first_owner(code, place);
                        }
                    }
                }
            })?;
        }
        Ok(())
    }

    /// The table in whose rows the keys of a record are.
    fn owner(&self, record: RecordId) -> Option<&TableBuilder> {
        match self.plan.record(record).source {
            RecordTable::Table(_) => self.tables[record.index()].as_ref(),
            RecordTable::Distinct(other) => self.tables[other.index()].as_ref(),
        }
    }

    /// Rejects rows that [`Linked::astray`] found. Faults are written one by one: there may be as many as rows.
    fn reject_dangling(&mut self, reference: Reference, rows: Vec<(u32, u32)>) -> Result<(), StoreError> {
        let definition = self.plan.record(reference.record);
        let (rank, column) = (definition.fields.len() + 2, header(&definition.fields[reference.field]));
        let is_distinct = matches!(self.plan.record(reference.target).source, RecordTable::Distinct(_));
        let Some(mut table) = self.tables[reference.record.index()].take() else { return Ok(()) };
        let fault = |linked: &Self, table: &TableBuilder, (place, code): (u32, u32), key: Option<String>| {
            let Some(space) = &linked.spaces[reference.target.index()] else {
                broken("a reference to a record whose keys are not kept")
            };
            let reason = match space.row(code) {
                at if at != NONE && !is_distinct => {
                    // The rows of the table may refer to rows of its own.
                    let owner = linked.owner(reference.target).unwrap_or(table);
                    let (file, number) = owner.origins.read_at(at);
                    format!("refers to a rejected row: {file}, row {number}")
                }
                _ => format!("there is no {} with this key", linked.plan.record(reference.target).name),
            };
            Fault { row: place, key, rank, column: column.to_owned(), value: space.text(code), reason }
        };
        // Keys are read beside the rows once more, a batch at a time.
        let mut rows = rows.into_iter().peekable();
        table.rows.name(&mut table.faults);
        let mut faults = std::mem::take(&mut table.faults);
        let mut rejected = std::mem::take(&mut table.rejected);
        let mut kept = Ok(());
        table.rows.each_batch(Wanted { keys: true, ..Wanted::default() }, |batch| {
            for row in 0..batch.keys.len() {
                let Some(found) = rows.next_if(|(place, _)| *place == batch.place(row)) else { continue };
                let fault = fault(self, &table, found, Some(batch.keys.text(row).into_owned()));
                rejected.insert(fault.row);
                faults.push(fault);
                if kept.is_ok() && faults.are_many() {
                    kept = faults.make_room();
                }
            }
        })?;
        kept?;
        (table.faults, table.rejected) = (faults, rejected);
        self.tables[reference.record.index()] = Some(table);
        Ok(())
    }

    /// The codes of the keys of a record without a table of its own, that accepted rows name or have.
    pub fn codes_in_use(&self, record: RecordId) -> Result<Vec<u32>, StoreError> {
        let Some(space) = &self.spaces[record.index()] else { return Ok(Vec::new()) };
        let mut in_use = vec![false; space.len()];
        match self.plan.record(record).source {
            RecordTable::Distinct(_) => {
                in_use.iter_mut().zip(0..).for_each(|(in_use, code)| *in_use = space.row(code) != NONE);
            }
            RecordTable::Table(_) => {
                for reference in references(self.plan).filter(|reference| reference.target == record) {
                    let Some(table) = &self.tables[reference.record.index()] else { continue };
                    let wanted = Wanted { field: Some(reference.field), ..Wanted::default() };
                    table.rows.each_batch(wanted, |batch| {
                        let codes = codes_of(batch, reference.field);
                        let accepted = codes.filter(|(row, _)| !table.rejected.contains(batch.place(*row)));
                        accepted.for_each(|(_, code)| in_use[code as usize] = true);
                    })?;
                }
            }
        }
        Ok((0..space.len() as u32).filter(|&code| in_use[code as usize]).collect())
    }
}

/// By place of a row, the code of the key that it refers to; [`NONE`] where that is missing.
pub(super) fn codes_by_place(table: &TableBuilder, field: usize) -> Result<Vec<u32>, StoreError> {
    let mut by_place = vec![NONE; table.rows.n_rows as usize];
    table.rows.each_batch(Wanted { field: Some(field), ..Wanted::default() }, |batch| {
        codes_of(batch, field).for_each(|(row, code)| by_place[batch.place(row) as usize] = code);
    })?;
    Ok(by_place)
}

/// The column that a field is read from, as rejected cells are listed.
pub(super) fn header(field: &Field) -> &str {
    if let FieldSource::Column(column) = &field.source { &column.header } else { &field.name }
}

/// By place of a row, the day in a column; none where it is missing.
pub(super) fn days_by_place(table: &TableBuilder, field: usize) -> Result<Vec<Option<i32>>, StoreError> {
    by_place(table, field, |values| if let Values::I32(days) = values { days } else { &[] })
}

/// By place of a row, the number in a column; none where it is missing.
pub(super) fn numbers_by_place(table: &TableBuilder, field: usize) -> Result<Vec<Option<i64>>, StoreError> {
    by_place(table, field, |values| if let Values::I64(numbers) = values { numbers } else { &[] })
}

fn by_place<T: Copy>(
    table: &TableBuilder,
    field: usize,
    values: impl Fn(&Values) -> &[T],
) -> Result<Vec<Option<T>>, StoreError> {
    let mut by_place = vec![None; table.rows.n_rows as usize];
    table.rows.each_batch(Wanted { field: Some(field), ..Wanted::default() }, |batch| {
        let Some(column) = batch.columns.get(field).and_then(Option::as_ref) else { return };
        for (row, value) in values(&column.values).iter().enumerate() {
            if column.known.as_ref().is_none_or(|known| known[row] == 1) {
                by_place[batch.place(row) as usize] = Some(*value);
            }
        }
    })?;
    Ok(by_place)
}

/// Rows and codes of a column of references, missing ones left out.
fn codes_of(batch: &RowBatch, field: usize) -> impl Iterator<Item = (usize, u32)> {
    let column = batch.columns.get(field).and_then(Option::as_ref);
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
    plan.versions.iter().any(|rule| matches!(rule.stream, Stream::Periods(entity, _) if entity == record))
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
        && !references(plan).any(|reference| {
            // Whether its key is there, only a table tells.
            reference.target == record && plan.record(reference.record).fields[reference.field].if_there
        })
}
