//! Which column each field of a record is read from, and what is done with its cells.
//!
//! A field that a rule reads, and every component of the key, must have its column; the column of another field is looked at
//! where it is there, so that a value that cannot be read does not pass in silence, but nothing of it is kept.

mod columns;

use crate::decode::cell::{CellReader, sources};
use crate::decode::column::List;
use crate::decode::component::ComponentReader;
use crate::load::bind::columns::{column, needed_column, plain_name};
use crate::load::error::LoadError;
use crate::load::sift::{Asked, Sift};
use crate::source::columns::{Source, SourceType, Wanted};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Bounds, DomainId, Field, FieldId, FieldSource, Format, Plan, Record, RecordId, Type};
use std::path::Path;

/// What is done with one or several columns, batch by batch.
pub(super) struct Task {
    /// How faults are reported; `None` if another task of the same cells does.
    pub report: Option<Report>,
    /// By component, where its cells are; `None` if there is no such column.
    pub chosen_columns: Vec<Option<usize>>,
    pub take: Take,
    pub list: List,
}

/// How faults of a field are reported.
#[derive(Clone)]
pub(super) struct Report {
    /// See [`Fault::rank`](crate::store::rejects::Fault::rank).
    pub rank: usize,
    pub header: String,
    /// Whether a missing cell is a fault.
    pub must: bool,
}

/// What becomes of cells.
pub(super) enum Take {
    /// Values of a field that is kept.
    Value { field: usize, reader: CellReader, bounds: BoundsInWords, is_when: bool },
    /// Codes of texts and ids.
    Text { field: usize, domain: DomainId },
    /// Codes of keys of another record.
    Refer { field: usize, target: RecordId, components: Vec<ComponentReader> },
    /// The file and the row of each row, which are its key; in a table of a test its given key and the row.
    Place { file: String },
    /// The same day for all rows.
    Day { field: usize, day: i32 },
    /// The keys of the rows; by field of the key its report and how many components it has.
    Key { record: RecordId, components: Vec<ComponentReader>, reports: Vec<(Report, usize)> },
    /// The keys of a record that holds the distinct values of this column.
    Distinct { place: usize, record: RecordId, component: ComponentReader },
    /// Values that must be readable.
    Check(CellReader, BoundsInWords),
}

/// What values lie between, and how the ends are written.
pub(super) struct BoundsInWords {
    pub bounds: Bounds,
    pub ty: Type,
    pub decimals: u32,
}

/// A file of a record.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub plan: &'a Plan,
    pub record: RecordId,
    pub file: &'a str,
    pub source: &'a dyn Source,
}

/// What is done with the columns of a file, which are wanted, and which rows are left out; `distinct` are the records that
/// hold distinct values of its columns.
pub(super) fn bind(place: Place<'_>, distinct: &[RecordId]) -> Result<(Vec<Task>, Vec<Wanted>, Sift), LoadError> {
    let mut wanted = Vec::new();
    let mut tasks = vec![key_task(place, &mut wanted)?];
    for field in 0..place.definition().fields.len() {
        tasks.extend(field_task(place, field, &mut wanted)?);
    }
    for (idx, &record) in distinct.iter().enumerate() {
        tasks.push(distinct_task(place, idx, record, &mut wanted)?);
    }
    let sift = sift(place, &mut wanted)?;
    Ok((tasks, wanted, sift))
}

/// What its source leaves out of a file; nothing of the rows of a test, which are rows of the record and of no file.
fn sift(place: Place<'_>, wanted: &mut Vec<Wanted>) -> Result<Sift, LoadError> {
    let (definition, layout) = (place.definition(), &place.definition().layout);
    let mut sift = Sift { test: None, cells: Vec::new(), columns: None };
    if place.source.is_plain() {
        return Ok(sift);
    }
    if let Some(test) = &layout.skip {
        for id in test.fields() {
            let field = &definition.fields[id.index()];
            let is_text = matches!(field.ty, Type::Text(_) | Type::Id(_) | Type::Ref(_));
            let reader = if is_text { None } else { Some(reader(place, field)?) };
            let as_text = is_text || matches!(field.ty, Type::Choice(_));
            let column = needed_column(place, field, &sources(field)[0])?;
            let Some(chosen) = want(column, as_text, wanted) else { broken("a file without a column that it needs") };
            sift.cells.push(Asked { field: id, chosen, reader });
        }
        sift.test = Some(test.clone());
    }
    if layout.equal_rows_are_one {
        let headers = place.source.header().iter().enumerate();
        let mut columns: Vec<(String, usize)> =
            headers.filter_map(|(column, header)| Some((header.clone(), want(Some(column), true, wanted)?))).collect();
        columns.sort();
        sift.columns = Some(columns);
    }
    Ok(sift)
}

impl<'a> Place<'a> {
    pub fn definition(self) -> &'a Record {
        self.plan.record(self.record)
    }

    fn format(self, field: &'a Field) -> &'a Format {
        if self.source.is_plain() { &Format::Plain } else { &sources(field)[0].format }
    }

    fn components(self, record: RecordId, plain: bool) -> Vec<ComponentReader> {
        ComponentReader::of_record(self.plan, record, plain)
    }
}

/// Puts a column on the list of those that are wanted.
fn want(column: Option<usize>, as_text: bool, wanted: &mut Vec<Wanted>) -> Option<usize> {
    wanted.push(Wanted { column: column?, as_text });
    Some(wanted.len() - 1)
}

fn key_task(place: Place<'_>, wanted: &mut Vec<Wanted>) -> Result<Task, LoadError> {
    let definition = place.definition();
    if definition.has_no_key() {
        let is_key = |header: &String| definition.key.iter().any(|key| definition.fields[key.index()].name == *header);
        let given = place.source.header().iter().position(|header| place.source.is_plain() && is_key(header));
        let file = Path::new(place.file).file_name().map_or(place.file.into(), |name| name.to_string_lossy());
        let take = Take::Place { file: file.into_owned() };
        return Ok(Task { report: None, chosen_columns: vec![want(given, true, wanted)], take, list: List::default() });
    }
    let components = place.components(place.record, place.source.is_plain());
    let (mut chosen_columns, mut reports) = (Vec::new(), Vec::new());
    for &FieldId(idx) in &definition.key {
        let field = &definition.fields[idx as usize];
        let columns = sources(field);
        for source in columns {
            let as_text = components.get(chosen_columns.len()).is_none_or(ComponentReader::as_text);
            let column = needed_column(place, field, source)?;
            chosen_columns.push(want(column, as_text, wanted));
        }
        reports.push((report(idx as usize, field, !field.optional), columns.len()));
    }
    if chosen_columns.len() != components.len() {
        broken(format!("a key of `{}` of other columns than components", definition.name));
    }
    let take = Take::Key { record: place.record, components, reports };
    Ok(Task { report: None, chosen_columns, take, list: List::default() })
}

fn field_task(place: Place<'_>, idx: usize, wanted: &mut Vec<Wanted>) -> Result<Option<Task>, LoadError> {
    let definition = place.definition();
    let field = &definition.fields[idx];
    let is_key = definition.key.contains(&FieldId(idx as u32));
    if is_key && !field.used {
        return Ok(None);
    }
    if field.source.is_made_by_returns() {
        return Ok(None);
    }
    let mut columns = Vec::new();
    if let FieldSource::Day(day) = field.source {
        let given = place.source.header().iter().position(|header| *header == field.name);
        match given.filter(|_| place.source.is_plain()) {
            Some(given) => columns.push(Some(given)),
            None => {
                let take = Take::Day { field: idx, day };
                return Ok(Some(Task { report: None, chosen_columns: Vec::new(), take, list: List::default() }));
            }
        }
    }
    for source in sources(field) {
        columns.push(if field.used {
            needed_column(place, field, source)?
        } else {
            // What is wrong with a column that no rule reads harms nobody.
            column(place, field, source).ok().flatten()
        });
    }
    let is_yes_no =
        |column: &Option<usize>| column.is_none_or(|column| place.source.source_type(column) == SourceType::YesNo);
    let mut as_text = vec![matches!(field.ty, Type::Choice(_)); columns.len()];
    if field.ty == Type::YesNo {
        as_text = columns.iter().map(|column| !is_yes_no(column)).collect();
    }
    let take = match field.ty {
        Type::Ref(target) if field.used => {
            let components = place.components(target, true);
            if components.len() != columns.len() {
                broken(format!("a reference to `{}` of other columns than components", place.plan.record(target).name));
            }
            as_text = components.iter().map(ComponentReader::as_text).collect();
            Take::Refer { field: idx, target, components }
        }
        Type::Text(domain) | Type::Id(domain) if field.used => {
            as_text = vec![true];
            Take::Text { field: idx, domain }
        }
        // Any text will do where nobody reads it.
        Type::Text(_) | Type::Id(_) | Type::Ref(_) => return Ok(None),
        _ => {
            let reader = reader(place, field)?;
            let is_when = definition.when == Some(FieldId(idx as u32));
            let bounds = BoundsInWords { bounds: field.bounds, ty: field.ty, decimals: field.decimals };
            if field.used { Take::Value { field: idx, reader, bounds, is_when } } else { Take::Check(reader, bounds) }
        }
    };
    if !field.used && columns.contains(&None) {
        return Ok(None);
    }
    let chosen_columns =
        columns.into_iter().zip(as_text).map(|(column, as_text)| want(column, as_text, wanted)).collect();
    // What is missing or bad in a key is reported with the key. A field that no rule reads may have no column, so its
    // cells may be missing too.
    let must = field.used && !field.optional && !place.source.is_plain();
    let report = (!is_key).then(|| report(idx, field, must));
    Ok(Some(Task { report, chosen_columns, take, list: List::default() }))
}

fn distinct_task(place: Place<'_>, idx: usize, record: RecordId, wanted: &mut Vec<Wanted>) -> Result<Task, LoadError> {
    let definition = place.plan.record(record);
    let mut components = place.components(record, place.source.is_plain());
    let (Some(component), Some(key)) = (components.pop(), definition.key.first()) else {
        broken(format!("`{}` without a key", definition.name));
    };
    let field = &definition.fields[key.index()];
    let source = &sources(field)[0];
    // Its column is one of the table of another record, and messages name it as its own.
    let owner = Place { record, ..place };
    let column = if place.source.is_plain() {
        let name = plain_name(place, source);
        place.source.header().iter().position(|header| *header == name)
    } else {
        needed_column(owner, field, source)?
    };
    let chosen_columns = vec![want(column, component.as_text(), wanted)];
    Ok(Task {
        report: None,
        chosen_columns,
        take: Take::Distinct { place: idx, record, component },
        list: List::default(),
    })
}

fn reader(place: Place<'_>, field: &Field) -> Result<CellReader, LoadError> {
    let format = place.format(field);
    CellReader::new(place.plan, field.ty, field.decimals, format).ok_or_else(|| match format {
        Format::DateTime { zone, .. } => {
            LoadError::UnknownZone { zone: zone.clone().unwrap_or_default(), field: field.name.clone() }
        }
        _ => broken(format!("no reader for the field `{}`", field.name)),
    })
}

fn report(idx: usize, field: &Field, must: bool) -> Report {
    let header = match &field.source {
        FieldSource::Column(source) => source.header.clone(),
        FieldSource::Columns(_)
        | FieldSource::Day(_)
        | FieldSource::Place
        | FieldSource::Returned(_)
        | FieldSource::Read(..) => field.name.clone(),
    };
    Report { rank: idx + 1, header, must }
}
