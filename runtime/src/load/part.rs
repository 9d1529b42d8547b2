//! Cells as parts of keys, and as codes of texts.
//!
//! A part of a key that is a date, a number or a `one of` is compared by how its value is written in Meed, so that the
//! same key has one text in every table.

use super::cell::{CellReader, LONGEST_CELL, NOT_UTF8, Reason, TOO_LONG};
use super::decode::{Block, Entry, List, decode};
use super::source::{Cells, Shape, Source};
use crate::keys::{Dictionary, KeyColumn, KeyPart};
use meed_compiler::internal::broken;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Field, Format, Plan, RecordId, Type};
use meed_compiler::value::decimal_text;
use std::borrow::Cow;

/// How the cells of one part of a key become its text.
pub(super) enum PartReader {
    /// They are it.
    Text,
    /// They are read as a value first.
    Typed { reader: CellReader, ty: Type, decimals: u32, choices: Vec<String> },
}

impl PartReader {
    /// The parts of the key of a record; cells are in the fields' own formats, or plain.
    pub fn of_record(plan: &Plan, record: RecordId, plain: bool) -> Vec<Self> {
        let mut parts = Vec::new();
        let collected = Self::collect(plan, record, plain, plan.records.len(), &mut parts);
        collected.unwrap_or_else(|| broken(format!("the key of `{}` has no parts", plan.record(record).name)));
        parts
    }

    fn collect(plan: &Plan, record: RecordId, plain: bool, depth: usize, parts: &mut Vec<Self>) -> Option<()> {
        for field in &plan.record(record).key {
            let field = &plan.record(record).fields[field.index()];
            match field.ty {
                // A key that runs in a circle has no parts.
                Type::Ref(target) => Self::collect(plan, target, true, depth.checked_sub(1)?, parts)?,
                _ => parts.push(Self::of_field(plan, field, plain)?),
            }
        }
        Some(())
    }

    fn of_field(plan: &Plan, field: &Field, plain: bool) -> Option<Self> {
        let (ty, decimals) = (field.ty, field.decimals);
        let choices = match ty {
            Type::Text(_) | Type::Id(_) | Type::Ref(_) => return Some(Self::Text),
            Type::Choice(choice) => plan.choices[choice.index()].clone(),
            _ => Vec::new(),
        };
        let format = if plain { &Format::Plain } else { &super::bind::sources(field)[0].format };
        let reader = CellReader::new(plan, ty, decimals, format)?;
        Some(Self::Typed { reader, ty, decimals, choices })
    }

    /// Whether cells are taken as text.
    pub fn as_text(&self) -> bool {
        match self {
            Self::Text => true,
            Self::Typed { ty, .. } => matches!(ty, Type::Choice(_) | Type::YesNo),
        }
    }

    /// The text that stands for a value.
    fn write(&self, value: i64) -> String {
        let Self::Typed { ty, decimals, choices, .. } = self else { broken("a text that is written as a value") };
        let shortest = |value: i64, decimals: u32| {
            let text = decimal_text(i128::from(value), decimals);
            let cut = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
            cut.to_owned()
        };
        match ty {
            Type::Date => date_of(value as i32).to_string(),
            Type::YesNo => if value == 1 { "yes" } else { "no" }.to_owned(),
            Type::Choice(_) => choices[value as usize].clone(),
            Type::Money => decimal_text(i128::from(value), *decimals),
            Type::Percent => shortest(value, decimals.saturating_sub(2)) + "%",
            _ => shortest(value, *decimals),
        }
    }
}

/// Gives the part of each row of a slot to `take`, none where there is none, and notes in `block` where and why.
pub(super) fn each_part(
    part: &PartReader,
    source: &dyn Source,
    slot: usize,
    block: &mut Block,
    mut take: impl FnMut(Option<KeyPart<'_>>),
) {
    if let PartReader::Typed { reader, .. } = part {
        decode(reader, source, slot, &mut List::default(), block);
        let mut absent = vec![false; block.values.len()];
        block.absent().into_iter().for_each(|row| absent[row as usize] = true);
        for (&value, absent) in block.values.iter().zip(absent) {
            let text = if absent { String::new() } else { part.write(value) };
            take((!absent).then(|| KeyPart::of(text.as_bytes())));
        }
        return;
    }
    let cells = source.cells(slot);
    let mut give = |row: usize, text: Result<&[u8], Reason>, is_known: bool| match text.and_then(text_part) {
        // What lies under a missing cell is nobody's.
        found if !is_known || found == Ok(KeyPart::Text(b"")) => {
            block.missing.push(row as u32);
            take(None);
        }
        Ok(part) => take(Some(part)),
        Err(reason) => {
            block.bad.push((row as u32, reason));
            take(None);
        }
    };
    match &cells.shape {
        Shape::Texts(texts) => {
            texts.iter().enumerate().for_each(|(row, text)| give(row, Ok(text), cells.is_known(row)));
        }
        Shape::Entries { places, .. } => {
            let texts = source.entries(slot);
            for (row, &place) in places.iter().enumerate() {
                let is_known = cells.is_known(row);
                give(row, Ok(if is_known { texts[place as usize] } else { &[] }), is_known);
            }
        }
        Shape::Wholes { values, .. } => wholes(&cells, values, block, take),
        Shape::Wides { .. } | Shape::Days(_) | Shape::Instants { .. } | Shape::YesNo(_) => {
            for row in 0..cells.len() {
                let text = cells.shape.text(row);
                let text = text.as_ref().map(String::as_bytes).map_err(Clone::clone);
                give(row, text, cells.is_known(row));
            }
        }
        Shape::Nothing(n_rows) => (0..*n_rows).for_each(|row| give(row, Ok(&[]), false)),
    }
}

fn wholes(cells: &Cells<'_>, values: &[i64], block: &mut Block, mut take: impl FnMut(Option<KeyPart<'_>>)) {
    let mut digits = String::new();
    for (row, &value) in values.iter().enumerate() {
        if cells.is_known(row) {
            take(Some(KeyPart::of_whole(value, &mut digits)));
        } else {
            block.missing.push(row as u32);
            take(None);
        }
    }
}

/// A text as a part; the reason where it is none.
fn text_part(text: &[u8]) -> Result<KeyPart<'_>, Reason> {
    match KeyPart::of(text) {
        KeyPart::Text(text) if text.len() > LONGEST_CELL => Err(Cow::Borrowed(TOO_LONG)),
        KeyPart::Text(text) if std::str::from_utf8(text).is_err() => Err(Cow::Borrowed(NOT_UTF8)),
        part => Ok(part),
    }
}

/// Appends the keys of a slot whose cells are all plain whole numbers; does nothing, and says so, where they are not.
pub(super) fn whole_keys(part: &PartReader, source: &dyn Source, slot: usize, column: &mut KeyColumn) -> bool {
    let (PartReader::Text, KeyColumn::Whole(column)) = (part, column) else { return false };
    let cells = source.cells(slot);
    match (&cells.shape, &cells.known) {
        (Shape::Wholes { values, .. }, None) if values.iter().all(|&value| KeyPart::is_whole(value)) => {
            column.extend_from_slice(values);
            true
        }
        _ => false,
    }
}

/// Appends the codes of a slot's cells.
pub(super) fn codes(
    part: &PartReader,
    source: &dyn Source,
    slot: usize,
    list: &mut List,
    dictionary: &mut Dictionary,
    block: &mut Block,
) {
    let cells = source.cells(slot);
    if let (PartReader::Text, Shape::Entries { places, list: number }) = (part, &cells.shape) {
        list.refresh(*number, || {
            let code = |text: &[u8]| match text_part(text) {
                _ if text.is_empty() => Entry::Missing,
                Ok(part) => Entry::Value(i64::from(dictionary.intern(part))),
                Err(reason) => Entry::Bad(reason),
            };
            source.entries(slot).into_iter().map(code).collect()
        });
        block.push_places(&cells, places, list);
        return;
    }
    if let (PartReader::Text, Shape::Wholes { values, .. }, None) = (part, &cells.shape, &cells.known) {
        block.values.extend(values.iter().map(|&value| i64::from(dictionary.intern_number(value))));
        return;
    }
    drop(cells);
    let mut values = Vec::new();
    each_part(part, source, slot, block, |part| {
        values.push(part.map_or(0, |part| i64::from(dictionary.intern(part))));
    });
    block.values = values;
}

impl Cells<'_> {
    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.shape {
            Shape::Texts(texts) => texts.len(),
            Shape::Entries { places, .. } => places.len(),
            Shape::Wholes { values, .. } | Shape::Instants { values, .. } => values.len(),
            Shape::Wides { values, .. } => values.len(),
            Shape::Days(days) => days.len(),
            Shape::YesNo(values) => values.len(),
            Shape::Nothing(n_rows) => *n_rows,
        }
    }
}
