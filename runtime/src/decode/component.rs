//! Cells as components of keys, and as codes of texts.
//!
//! A component of a key that is a date, a number or a `one of` is compared by how its value is written in Meed, so that the
//! same key has one text in every table.

use crate::decode::cell::{CellReader, LONGEST_CELL, NOT_UTF8, OUTSIDE, Reason, TOO_LONG, sources};
use crate::decode::column::{Block, Entry, List, decode, row_of};
use crate::keys::columns::KeyColumn;
use crate::keys::component::KeyComponent;
use crate::keys::dictionary::Dictionary;
use crate::source::columns::{ColumnChunk, Encoding, Source};
use meed_compiler::internal::broken;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Bounds, Calendar, Field, FieldSource, Format, Plan, RecordId, Type};
use meed_compiler::value::decimal_text;
use std::borrow::Cow;

/// How the cells of one component of a key become its text.
pub(crate) enum ComponentReader {
    /// They are it.
    Text,
    /// They are read as a value first.
    Typed { reader: CellReader, ty: Type, decimals: u32, bounds: Bounds, choices: Vec<String>, calendar: Calendar },
}

impl ComponentReader {
    /// The components of the key of a record; cells are in the fields' own formats, or plain.
    pub fn of_record(plan: &Plan, record: RecordId, plain: bool) -> Vec<Self> {
        let mut components = Vec::new();
        let collected = Self::collect(plan, record, plain, plan.records.len(), &mut components);
        collected.unwrap_or_else(|| broken(format!("the key of `{}` has no components", plan.record(record).name)));
        components
    }

    fn collect(plan: &Plan, record: RecordId, plain: bool, depth: usize, components: &mut Vec<Self>) -> Option<()> {
        for field in &plan.record(record).key {
            #[expect(clippy::indexing_slicing, reason = "a Plan names only fields that it has")]
            let field = &plan.record(record).fields[field.index()];
            if field.source == FieldSource::Place {
                // The file, and the row in it.
                components.extend([Self::Text, Self::Text]);
                continue;
            }
            match field.ty {
                // A key that runs in a circle has no components.
                Type::Ref(target) => Self::collect(plan, target, true, depth.checked_sub(1)?, components)?,
                _ => components.push(Self::of_field(plan, field, plain)?),
            }
        }
        Some(())
    }

    #[expect(clippy::indexing_slicing, reason = "a Plan names only lists of choices that it has")]
    fn of_field(plan: &Plan, field: &Field, plain: bool) -> Option<Self> {
        let (ty, decimals) = (field.ty, field.decimals);
        let choices = match ty {
            Type::Text(_) | Type::Id(_) | Type::Ref(_) => return Some(Self::Text),
            Type::Choice(choice) => plan.choices[choice.index()].clone(),
            _ => Vec::new(),
        };
        let format = if plain { &Format::Plain } else { &sources(field).first()?.format };
        let reader = CellReader::new(plan, ty, decimals, format)?;
        Some(Self::Typed { reader, ty, decimals, bounds: field.bounds, choices, calendar: plan.calendar.clone() })
    }

    /// Whether cells are taken as text.
    pub fn as_text(&self) -> bool {
        match self {
            Self::Text => true,
            Self::Typed { ty, .. } => matches!(ty, Type::Choice(_) | Type::YesNo | Type::Period(_)),
        }
    }

    /// The text that stands for a value.
    fn write(&self, value: i64) -> String {
        let Self::Typed { ty, decimals, choices, calendar, .. } = self else {
            broken("a text that is written as a value")
        };
        written(value, *ty, *decimals, choices, calendar)
    }
}

/// How a value is written in Meed, without the sign of a currency.
pub(crate) fn written(value: i64, ty: Type, decimals: u32, choices: &[String], calendar: &Calendar) -> String {
    let shortest = |value: i64, decimals: u32| {
        let text = decimal_text(i128::from(value), decimals);
        let cut = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        cut.to_owned()
    };
    match ty {
        Type::Date => {
            let day = i32::try_from(value).unwrap_or_else(|_| broken("a day that is outside the calendar"));
            date_of(day).to_string()
        }
        Type::Period(period) => {
            let day = i32::try_from(value).unwrap_or_else(|_| broken("a period that is outside the calendar"));
            calendar.name(period, calendar.index(period, day))
        }
        Type::YesNo => if value == 1 { "yes" } else { "no" }.to_owned(),
        Type::Choice(_) => {
            let choice = usize::try_from(value).ok().and_then(|place| choices.get(place));
            choice.unwrap_or_else(|| broken("a choice that is not in its list")).clone()
        }
        Type::Money(_) => decimal_text(i128::from(value), decimals),
        Type::Percent => shortest(value, decimals.saturating_sub(2)) + "%",
        Type::Number | Type::Count | Type::Text(_) | Type::Id(_) | Type::Ref(_) => shortest(value, decimals),
    }
}

/// Gives the component of each row of a chosen column to `take`, `None` if there is none, and notes in `block` where and why.
pub(crate) fn each_component(
    component: &ComponentReader,
    source: &dyn Source,
    chosen: usize,
    block: &mut Block,
    mut take: impl FnMut(Option<KeyComponent<'_>>),
) {
    if let ComponentReader::Typed { reader, bounds, .. } = component {
        decode(reader, source, chosen, &mut List::default(), block);
        block.bound(*bounds, |value| component.write(value));
        let mut absent = vec![false; block.values.len()];
        for row in block.absent() {
            #[expect(clippy::indexing_slicing, reason = "a block notes only rows that it has")]
            let absent = &mut absent[row as usize];
            *absent = true;
        }
        for (&value, absent) in block.values.iter().zip(absent) {
            let text = if absent { String::new() } else { component.write(value) };
            take((!absent).then(|| KeyComponent::of(text.as_bytes())));
        }
        return;
    }
    let cells = source.cells(chosen);
    let mut give = |row: usize, text: Result<&[u8], Reason>, is_known: bool| match text.and_then(text_component) {
        // What lies under a missing cell is nobody's.
        found if !is_known || found == Ok(KeyComponent::Text(b"")) => {
            block.missing.push(row_of(row));
            take(None);
        }
        Ok(component) => take(Some(component)),
        Err(reason) => {
            block.bad.push((row_of(row), reason));
            take(None);
        }
    };
    match &cells.encoding {
        Encoding::Texts(texts) => {
            texts.iter().enumerate().for_each(|(row, text)| give(row, Ok(text), cells.is_known(row)));
        }
        Encoding::Scalars(scalars) => {
            let texts = scalars.iter().map(|scalar| scalar.text()).enumerate();
            texts.for_each(|(row, text)| give(row, Ok(text), cells.is_known(row)));
        }
        Encoding::Entries { places, .. } => {
            let texts = source.entries(chosen);
            for (row, &place) in places.iter().enumerate() {
                let is_known = cells.is_known(row);
                #[expect(
                    clippy::cast_sign_loss,
                    clippy::indexing_slicing,
                    reason = "done for every cell; `source` gives only places of the list, and any other is beyond it"
                )]
                let text = if is_known { texts[place as usize] } else { &[] };
                give(row, Ok(text), is_known);
            }
        }
        Encoding::Wholes { values, .. } => wholes(&cells, values, block, take),
        Encoding::Wides { .. } | Encoding::Days(_) | Encoding::Instants { .. } | Encoding::YesNo(_) => {
            for row in 0..cells.len() {
                let text = cells.encoding.text(row);
                let text = text.as_ref().map(String::as_bytes).ok_or(Cow::Borrowed(OUTSIDE));
                give(row, text, cells.is_known(row));
            }
        }
        Encoding::Nothing(n_rows) => (0..*n_rows).for_each(|row| give(row, Ok(&[]), false)),
    }
}

fn wholes(cells: &ColumnChunk<'_>, values: &[i64], block: &mut Block, mut take: impl FnMut(Option<KeyComponent<'_>>)) {
    let mut digits = String::new();
    for (row, &value) in values.iter().enumerate() {
        if cells.is_known(row) {
            take(Some(KeyComponent::of_whole(value, &mut digits)));
        } else {
            block.missing.push(row_of(row));
            take(None);
        }
    }
}

/// A text as a component; the reason where it is none.
fn text_component(text: &[u8]) -> Result<KeyComponent<'_>, Reason> {
    match KeyComponent::of(text) {
        KeyComponent::Text(text) if text.len() > LONGEST_CELL => Err(Cow::Borrowed(TOO_LONG)),
        KeyComponent::Text(text) if std::str::from_utf8(text).is_err() => Err(Cow::Borrowed(NOT_UTF8)),
        component => Ok(component),
    }
}

/// Appends the keys of a chosen column whose cells are all plain whole numbers; does nothing, and says so, where they are not.
pub(crate) fn whole_keys(
    component: &ComponentReader,
    source: &dyn Source,
    chosen: usize,
    column: &mut KeyColumn,
) -> bool {
    let (ComponentReader::Text, KeyColumn::Whole(column)) = (component, column) else { return false };
    let cells = source.cells(chosen);
    match (&cells.encoding, &cells.known) {
        (Encoding::Wholes { values, .. }, None) if values.iter().all(|&value| KeyComponent::is_whole(value)) => {
            column.extend_from_slice(values);
            true
        }
        _ => false,
    }
}

/// Appends the codes of a chosen column's cells.
pub(crate) fn codes(
    component: &ComponentReader,
    source: &dyn Source,
    chosen: usize,
    list: &mut List,
    dictionary: &mut Dictionary,
    block: &mut Block,
) {
    let cells = source.cells(chosen);
    if let (ComponentReader::Text, Encoding::Entries { places, list: number }) = (component, &cells.encoding) {
        list.refresh(*number, || {
            let code = |text: &[u8]| match text_component(text) {
                _ if text.is_empty() => Entry::Missing,
                Ok(component) => Entry::Value(i64::from(dictionary.intern(component))),
                Err(reason) => Entry::Bad(reason),
            };
            source.entries(chosen).into_iter().map(code).collect()
        });
        block.push_places(&cells, places, list);
        return;
    }
    if let (ComponentReader::Text, Encoding::Wholes { values, .. }, None) = (component, &cells.encoding, &cells.known) {
        block.values.extend(values.iter().map(|&value| i64::from(dictionary.intern_number(value))));
        return;
    }
    drop(cells);
    let mut values = Vec::new();
    each_component(component, source, chosen, block, |component| {
        values.push(component.map_or(0, |component| i64::from(dictionary.intern(component))));
    });
    block.values = values;
}
