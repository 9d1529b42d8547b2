//! Tables of the given rows, and of files of them.

use crate::load::link::{is_key_alone, is_walked};
use crate::source::file::{Content, SourceFile, TableInput};
use crate::suite::failure::{Failure, Files};
use meed_compiler::TestCase;
use meed_compiler::plan::{Field, FieldId, FieldSource, Plan, RecordId, RecordTable, Type};
use std::collections::BTreeMap;

/// A given row: cells by field.
type Cells = BTreeMap<String, String>;

/// The tables of a test. What given rows only refer to exists with its key alone, unless a file gives its rows.
pub(super) fn inputs(plan: &Plan, test: &TestCase, files: Files) -> Result<Vec<TableInput>, Failure> {
    let mut rows: Vec<Vec<Cells>> = vec![Vec::new(); plan.records.len()];
    for given in &test.given {
        let cells = given.cells.iter().map(|cell| (cell.field.clone(), cell.value.clone()));
        rows[given.record.index()].push(cells.collect());
    }
    // Referred rows may refer further only by fields that are not given, so one round is enough.
    for idx in 0..plan.records.len() {
        let referred: Vec<(RecordId, Cells)> = rows[idx].iter().flat_map(|row| referred(plan, idx, row)).collect();
        for (target, key) in referred {
            // The distinct values of another record's column are in that record's rows already.
            let is_table = matches!(plan.record(target).source, RecordTable::Table(_));
            let from_file = test.files.iter().any(|file| file.record == target);
            let is_it = |row: &Cells| key.iter().all(|(name, value)| row.get(name) == Some(value));
            if is_table && !from_file && !rows[target.index()].iter().any(is_it) {
                rows[target.index()].push(key);
            }
        }
    }
    // Where only the keys of parties are read, those that other rows name are enough; a rule per period also has rows of
    // a party that is given and that no row names.
    let needed = |idx: usize| {
        let record = RecordId(idx as u32);
        let is_given = || test.given.iter().any(|given| given.record == record);
        !is_key_alone(plan, record) || (is_walked(plan, record) && is_given())
    };
    let mut inputs: Vec<TableInput> = rows
        .into_iter()
        .enumerate()
        .filter(|(idx, _)| needed(*idx))
        .map(|(idx, rows)| table(plan, RecordId(idx as u32), rows))
        .collect();
    for given in &test.files {
        let file = files(&given.file).map_err(|error| Failure::new(given.span, error.to_string()))?;
        match inputs.iter_mut().find(|input| input.record == given.record) {
            Some(input) => input.files.push(file),
            None => inputs.push(TableInput { record: given.record, files: vec![file] }),
        }
    }
    Ok(inputs)
}

/// What a row refers to, by the cells of its key.
fn referred(plan: &Plan, record: usize, row: &Cells) -> Vec<(RecordId, Cells)> {
    let target = |field: &Field| {
        // One that may not be there is not, unless it is given.
        let Type::Ref(target) = field.ty else { return None };
        if field.if_there {
            return None;
        }
        let columns = match &field.source {
            FieldSource::Columns(columns) => columns.iter().map(|column| column.header.as_str()).collect(),
            _ => vec![field.name.as_str()],
        };
        let definition = plan.record(target);
        let part = |(own, column): (&FieldId, &str)| {
            Some((definition.fields[own.index()].name.clone(), row.get(column)?.clone()))
        };
        let key: Option<Cells> = definition.key.iter().zip(columns).map(part).collect();
        Some((target, key?))
    };
    plan.records[record].fields.iter().filter_map(target).collect()
}

fn table(plan: &Plan, record: RecordId, rows: Vec<Cells>) -> TableInput {
    let fields = plan.record(record).fields.iter().map(|field| field.name.as_str());
    let mut header: Vec<String> = fields.map(str::to_owned).collect();
    // A reference by several key fields has a column for each.
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !header.contains(name) {
            header.push(name.clone());
        }
    }
    let rows: Vec<Vec<Option<String>>> =
        rows.iter().map(|row| header.iter().map(|field| row.get(field).cloned()).collect()).collect();
    let file = SourceFile { name: "given".to_owned(), content: Content::Cells { header, rows } };
    TableInput { record, files: vec![file] }
}
