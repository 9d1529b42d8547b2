//! Columns by their headers, and whether what they hold can be what a field is.

use crate::decode::cell::sources;
use crate::load::bind::Place;
use crate::load::error::LoadError;
use crate::load::error::nearest;
use crate::source::columns::SourceType;
use meed_compiler::plan::{ColumnSource, Field, FieldSource, Format, PercentFormat, Plan, Type};

/// The column of a field that a rule reads or that is in the key; none only where a test leaves it out.
pub(super) fn needed_column(
    place: Place<'_>,
    field: &Field,
    source: &ColumnSource,
) -> Result<Option<usize>, LoadError> {
    let found = column(place, field, source)?;
    if found.is_some() || place.source.is_plain() {
        return Ok(found);
    }
    let found = place.source.header().to_vec();
    if found.iter().any(|header| header.contains(char::REPLACEMENT_CHARACTER)) {
        return Err(LoadError::NotUtf8 { file: place.file.to_owned(), record: place.definition().name.clone() });
    }
    Err(LoadError::MissingColumn {
        file: place.file.to_owned(),
        record: place.definition().name.clone(),
        field: field.name.clone(),
        header: source.header.clone(),
        near: nearest(&source.header, &found),
        is_key: place.definition().key.iter().any(|key| std::ptr::eq(&place.definition().fields[key.index()], field)),
        found,
    })
}

/// The column of a field, if there is one; it must hold what can be read.
pub(super) fn column(place: Place<'_>, field: &Field, source: &ColumnSource) -> Result<Option<usize>, LoadError> {
    let header = place.source.header();
    if place.source.is_plain() {
        let one_column = matches!(field.source, FieldSource::Column(_));
        let name = if one_column { &field.name } else { &source.header };
        let place_of = |name: &String| header.iter().position(|header| header == name);
        return Ok(place_of(name).or_else(|| place_of(&field.name)));
    }
    let trimmed = source.header.trim();
    let same = |header: &String| {
        if source.exact { header.trim() == trimmed } else { header.trim().to_lowercase() == trimmed.to_lowercase() }
    };
    let found: Vec<usize> = (0..header.len()).filter(|&idx| same(&header[idx])).collect();
    match found[..] {
        [] => Ok(None),
        [only] => fits(place, field, source, only).map(|()| Some(only)),
        _ => Err(LoadError::DuplicateColumn {
            file: place.file.to_owned(),
            record: place.definition().name.clone(),
            field: field.name.clone(),
            header: source.header.clone(),
            count: found.len(),
        }),
    }
}

/// In a table of a test, the name of the field that reads the column that `source` names.
pub(super) fn plain_name(place: Place<'_>, source: &ColumnSource) -> String {
    let same = |other: &ColumnSource| other.header.trim().to_lowercase() == source.header.trim().to_lowercase();
    let field = place.definition().fields.iter().find(|field| sources(field).iter().any(same));
    field.map_or(&source.header, |field| &field.name).clone()
}

/// Whether a column holds what a field can be.
fn fits(place: Place<'_>, field: &Field, source: &ColumnSource, column: usize) -> Result<(), LoadError> {
    let source_type = place.source.source_type(column);
    let (file, name) = (place.file.to_owned(), place.source.header()[column].clone());
    let is_number = matches!(field.ty, Type::Number | Type::Count | Type::Money(_));
    let is_opaque = matches!(field.ty, Type::Text(_) | Type::Id(_) | Type::Ref(_) | Type::Choice(_));
    let fits = match &source_type {
        SourceType::Texts | SourceType::Nothing => true,
        SourceType::Floats => {
            let decimals = if field.ty.is_money() { field.decimals } else { 2 };
            return Err(LoadError::FloatingPoint { file, column: name, decimals });
        }
        SourceType::Numbers if field.ty == Type::Percent => {
            let is_said = matches!(
                source.format,
                Format::Number { percent: PercentFormat::Hundredths | PercentFormat::Share, .. }
            );
            return if is_said {
                Ok(())
            } else {
                Err(LoadError::PercentScale { file, column: name, field: field.name.clone() })
            };
        }
        SourceType::Numbers => is_number || is_opaque || field.ty == Type::YesNo,
        SourceType::Dates | SourceType::Instants => is_opaque || field.ty == Type::Date,
        SourceType::YesNo => is_opaque || field.ty == Type::YesNo,
        SourceType::Other(_) => false,
    };
    if fits {
        return Ok(());
    }
    let (record, field_name) = (place.definition().name.clone(), field.name.clone());
    let (found, wanted) = (words_of(&source_type), type_words(place.plan, field.ty));
    Err(LoadError::WrongColumnType { file, column: name, record, field: field_name, found, wanted })
}

fn words_of(source_type: &SourceType) -> String {
    match source_type {
        SourceType::Texts => "texts".to_owned(),
        SourceType::Numbers => "numbers".to_owned(),
        SourceType::Floats => "binary floating point".to_owned(),
        SourceType::Dates => "dates".to_owned(),
        SourceType::Instants => "dates and times".to_owned(),
        SourceType::YesNo => "yes/no".to_owned(),
        SourceType::Nothing => "nothing".to_owned(),
        SourceType::Other(words) => words.clone(),
    }
}

fn type_words(plan: &Plan, ty: Type) -> String {
    match ty {
        Type::Number => "a number".to_owned(),
        Type::Count => "a whole number".to_owned(),
        Type::Percent => "a percent".to_owned(),
        Type::Money(_) => "money".to_owned(),
        Type::YesNo => "yes/no".to_owned(),
        Type::Date => "a date".to_owned(),
        Type::Period(period) => format!("the name of a {}", period.word()),
        Type::Choice(_) => "one of a list".to_owned(),
        Type::Text(_) => "a text".to_owned(),
        Type::Id(_) => "an id".to_owned(),
        Type::Ref(record) => format!("a reference to `{}`", plan.record(record).name),
    }
}
