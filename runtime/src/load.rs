//! From files to tables: every row is accepted or rejected with a reason, references become rows, rows stand in order.
//!
//! Comes in: a Plan and the files of its records. Goes out: [`Loaded`], the columns that rules read, the key of every
//! row, and the account of rows. It opens no file by itself but through [`SourceFile::open`], and rejects nothing in
//! silence.

mod cell;
mod day;
mod error;
mod files;
mod link;

pub use error::LoadError;
pub use files::{Content, SourceFile, TableInput};

use crate::keys::{Dictionary, KeyPart, Keys};
use cell::CellReader;
use files::RawTable;
use meed_compiler::data::{Column, Data, Table, Values};
use meed_compiler::plan::{FieldSource, Format, Plan, RecordId, RecordTable, TextTest, Type};

/// How tables are read.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// The last day of the run, counted from 1970-01-01; later rows are left out and counted.
    pub through: i32,
    /// How many rows a Parquet file is read at a time.
    pub batch_rows: usize,
}

/// A cell that made its row be rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The record of the row.
    pub record: RecordId,
    /// The file, as it was named.
    pub file: String,
    /// The row, counted from 1 without the header.
    pub row: u64,
    /// The column.
    pub column: String,
    /// The value, empty where it is missing.
    pub value: String,
    /// Why it cannot be taken.
    pub reason: String,
}

/// What became of the rows of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowAccount {
    /// Rows read.
    pub read: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows after the run's date.
    pub after_run_date: u64,
    /// Rows without a date, which no rule sees.
    pub undated: u64,
}

/// Tables, keys and accounts.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Tables and predicates; states and the like are still empty.
    pub data: Data,
    /// By record, the keys of its rows.
    pub keys: Vec<Keys>,
    /// By domain, the texts by code.
    pub dictionaries: Vec<Dictionary>,
    /// By record.
    pub accounts: Vec<RowAccount>,
    /// In the order of records, files and rows.
    pub rejects: Vec<Reject>,
    /// By record and row: the file and its row.
    pub(crate) origins: Vec<Vec<(String, u64)>>,
}

impl Loaded {
    /// The file, and in it the row (counted from 1 without the header), that a row of a record comes from.
    pub fn origin(&self, record: RecordId, row: usize) -> (&str, u64) {
        let (file, number) = &self.origins[record.index()][row];
        (file, *number)
    }
}

/// The rows of one record while they are judged.
pub(crate) struct Draft {
    /// By row: file and row.
    pub origin: Vec<(String, u64)>,
    /// By row: parts of the key.
    pub keys: Vec<Vec<Vec<u8>>>,
    /// By field, by row: the value; for references the row in the other draft once linked.
    pub values: Vec<Vec<Option<i64>>>,
    /// By field, by row: the key a reference names.
    pub references: Vec<Vec<Option<Vec<Vec<u8>>>>>,
    /// By row: why it is rejected (column, value, reason); none when accepted.
    pub faults: Vec<Vec<(String, String, String)>>,
    /// By row: the instant of its `when`, for order.
    pub instants: Vec<i128>,
}

/// Loads the tables of every record that a rule reads.
///
/// # Errors
/// A [`LoadError`] where a file or column that is needed cannot be had at all. Rows that cannot be taken are no error
/// here: they are in [`Loaded::rejects`].
pub fn load(plan: &Plan, inputs: Vec<TableInput>, options: &LoadOptions) -> Result<Loaded, LoadError> {
    let mut loaded = Loaded { dictionaries: vec![Dictionary::default(); plan.n_domains as usize], ..Loaded::default() };
    let mut raw: Vec<Option<RawTable>> = (0..plan.records.len()).map(|_| None).collect();
    for input in inputs {
        let record = input.record;
        raw[record.index()] = Some(files::read(plan, input, options)?);
    }
    let mut drafts: Vec<Option<Draft>> = Vec::new();
    for idx in 0..plan.records.len() {
        let record = RecordId(idx as u32);
        let definition = plan.record(record);
        if !definition.used {
            drafts.push(None);
            continue;
        }
        let table = match definition.source {
            RecordTable::Table(_) => raw[idx].as_ref(),
            RecordTable::Distinct(other) => raw[other.index()].as_ref(),
        };
        let Some(table) = table else {
            let expected = match &definition.source {
                RecordTable::Table(Some(name)) => name.clone(),
                RecordTable::Table(None) | RecordTable::Distinct(_) => definition.name.clone(),
            };
            return Err(LoadError::MissingTable { record: definition.name.clone(), expected });
        };
        drafts.push(Some(draft(plan, record, table, &mut loaded.dictionaries)?));
    }
    link::link(plan, &mut drafts);
    for (idx, slot) in drafts.iter().enumerate() {
        let record = RecordId(idx as u32);
        match slot {
            Some(draft) => settle(plan, record, draft, options, &mut loaded),
            None => {
                loaded.data.tables.push(Table::default());
                loaded.keys.push(Keys::default());
                loaded.origins.push(Vec::new());
                loaded.accounts.push(RowAccount::default());
            }
        }
    }
    link::place_references(plan, &drafts, &mut loaded);
    loaded.data.predicates = predicates(plan, &loaded.dictionaries);
    Ok(loaded)
}

/// Reads the cells of a table by the fields of a record.
fn draft(plan: &Plan, record: RecordId, table: &RawTable, dictionaries: &mut [Dictionary]) -> Result<Draft, LoadError> {
    let definition = plan.record(record);
    let distinct = matches!(definition.source, RecordTable::Distinct(_));
    let n_fields = definition.fields.len();
    let mut draft = Draft {
        origin: Vec::new(),
        keys: Vec::new(),
        values: vec![Vec::new(); n_fields],
        references: vec![Vec::new(); n_fields],
        faults: Vec::new(),
        instants: Vec::new(),
    };
    let mut seen = rustc_hash::FxHashSet::default();
    let mut columns: Vec<Vec<Option<usize>>> = Vec::new();
    let mut readers: Vec<Option<CellReader>> = Vec::new();
    for field in &definition.fields {
        let sources = match &field.source {
            FieldSource::Column(source) => std::slice::from_ref(source),
            FieldSource::Columns(sources) => sources.as_slice(),
        };
        let found = sources.iter().map(|source| table.column(plan, record, field, source, !distinct));
        columns.push(found.collect::<Result<_, _>>()?);
        let plain = Format::Plain;
        let format = if table.canonical() { &plain } else { &sources[0].format };
        let reader = CellReader::new(plan, field.ty, field.decimals, format);
        let refers = matches!(field.ty, Type::Text(_) | Type::Id(_) | Type::Ref(_));
        if reader.is_none() && !refers {
            let Format::DateTime { zone, .. } = format else {
                return Err(LoadError::Plan { what: field.name.clone() });
            };
            return Err(LoadError::UnknownZone { zone: zone.clone().unwrap_or_default(), field: field.name.clone() });
        }
        readers.push(reader);
    }
    for row in table.rows() {
        let mut faults: Vec<(String, String, String)> = Vec::new();
        if let Some(reason) = &row.damage {
            faults.push((String::new(), String::new(), reason.clone()));
        }
        let mut values = vec![None; n_fields];
        let mut references: Vec<Option<Vec<Vec<u8>>>> = vec![None; n_fields];
        let mut key = Vec::new();
        let mut instant = i128::MAX;
        for (idx, field) in definition.fields.iter().enumerate() {
            let is_key = definition.key.iter().any(|key| key.index() == idx);
            let cells: Vec<Option<&[u8]>> =
                columns[idx].iter().map(|column| column.and_then(|at| row.cell(at))).collect();
            let header = match &field.source {
                FieldSource::Column(source) => source.header.clone(),
                FieldSource::Columns(_) => field.name.clone(),
            };
            let complete: Option<Vec<Vec<u8>>> = cells.iter().map(|cell| cell.map(<[u8]>::to_vec)).collect();
            let text = |parts: &[Vec<u8>]| {
                parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>().join("|")
            };
            let Some(parts) = complete else {
                let absent = table.canonical() || columns[idx].iter().any(Option::is_none);
                if !field.optional && row.damage.is_none() && (is_key || !absent) && !distinct {
                    faults.push((header, String::new(), "missing".to_owned()));
                }
                continue;
            };
            if let Some(bad) = parts.iter().find(|part| std::str::from_utf8(part).is_err()) {
                faults.push((header, String::from_utf8_lossy(bad).into_owned(), "not UTF-8 text".to_owned()));
                continue;
            }
            if is_key {
                key.extend(parts.iter().cloned());
            }
            match (&readers[idx], field.ty) {
                (Some(reader), _) => {
                    let parsed = reader.parse(&parts[0]);
                    let moment = definition.when.is_some_and(|when| when.index() == idx);
                    match parsed {
                        Ok(value) => {
                            values[idx] = Some(value);
                            if moment {
                                let exact = reader.parse_moment(&parts[0]).map_or((0, 0), |found| found);
                                instant = i128::from(value) * 100_000_000_000_000 + day_part(exact.1);
                            }
                        }
                        Err(reason) => faults.push((header, text(&parts), reason.into_owned())),
                    }
                }
                (None, Type::Ref(_)) => references[idx] = Some(parts),
                (None, Type::Text(domain) | Type::Id(domain)) => {
                    if field.used {
                        let code = dictionaries[domain.index()].intern(KeyPart::of(&parts[0]));
                        values[idx] = Some(i64::from(code));
                    }
                }
                (None, _) => {}
            }
        }
        if distinct && (key.is_empty() || !seen.insert(key.clone())) {
            continue;
        }
        draft.origin.push((row.file.to_string(), row.number));
        draft.keys.push(key);
        for (idx, value) in values.into_iter().enumerate() {
            draft.values[idx].push(value);
        }
        for (idx, reference) in references.into_iter().enumerate() {
            draft.references[idx].push(reference);
        }
        draft.faults.push(faults);
        draft.instants.push(instant);
    }
    Ok(draft)
}

/// The part of an instant that orders rows of one day.
fn day_part(instant: i128) -> i128 {
    instant.rem_euclid(100_000_000_000_000)
}

/// Puts the accepted rows of a draft in order and into columns.
fn settle(plan: &Plan, record: RecordId, draft: &Draft, options: &LoadOptions, loaded: &mut Loaded) {
    let definition = plan.record(record);
    let mut account = RowAccount { read: draft.origin.len() as u64, ..RowAccount::default() };
    let when = definition.when.map(|when| &draft.values[when.index()]);
    let mut rows: Vec<usize> = Vec::new();
    let mut later: Vec<usize> = Vec::new();
    for row in 0..draft.origin.len() {
        if !draft.faults[row].is_empty() {
            account.rejected += 1;
            for (column, value, reason) in &draft.faults[row] {
                let (file, number) = draft.origin[row].clone();
                loaded.rejects.push(Reject {
                    record,
                    file,
                    row: number,
                    column: column.clone(),
                    value: value.clone(),
                    reason: reason.clone(),
                });
            }
            continue;
        }
        match when.map(|when| when[row]) {
            None => rows.push(row),
            Some(Some(day)) if day <= i64::from(options.through) => rows.push(row),
            Some(Some(_)) => {
                account.after_run_date += 1;
                later.push(row);
            }
            Some(None) => {
                account.undated += 1;
                later.push(row);
            }
        }
    }
    let by_key = |a: &usize, b: &usize| link::compare_keys(&draft.keys[*a], &draft.keys[*b]);
    rows.sort_by(|a, b| draft.instants[*a].cmp(&draft.instants[*b]).then_with(|| by_key(a, b)));
    later.sort_by(by_key);
    let n_stream = rows.len();
    rows.append(&mut later);
    let mut table = Table { n_rows: rows.len(), n_stream, columns: Vec::new() };
    for (idx, field) in definition.fields.iter().enumerate() {
        if !field.used || matches!(field.ty, Type::Ref(_)) {
            table.columns.push(None);
            continue;
        }
        let values = rows.iter().map(|&row| draft.values[idx][row]);
        table.columns.push(Some(column(field.ty, values)));
    }
    let mut keys = Keys { parts: vec![Default::default(); draft.keys.first().map_or(1, Vec::len).max(1)] };
    for &row in &rows {
        for (part, text) in keys.parts.iter_mut().zip(&draft.keys[row]) {
            part.push(KeyPart::of(text));
        }
    }
    loaded.data.tables.push(table);
    loaded.keys.push(keys);
    loaded.origins.push(rows.iter().map(|&row| draft.origin[row].clone()).collect());
    loaded.accounts.push(account);
}

/// Values in the width of their type.
pub(crate) fn column(ty: Type, values: impl Iterator<Item = Option<i64>> + Clone) -> Column {
    let known: Vec<u8> = values.clone().map(|value| u8::from(value.is_some())).collect();
    let all = known.iter().all(|&known| known == 1);
    let values = values.map(Option::unwrap_or_default);
    let values = match ty {
        Type::Number | Type::Count | Type::Percent | Type::Money => Values::I64(values.collect()),
        Type::Date => Values::I32(values.map(|value| value as i32).collect()),
        Type::Text(_) | Type::Id(_) | Type::Ref(_) => Values::U32(values.map(|value| value as u32).collect()),
        Type::YesNo | Type::Choice(_) => Values::U8(values.map(|value| value as u8).collect()),
    };
    Column { values, known: (!all).then_some(known) }
}

fn predicates(plan: &Plan, dictionaries: &[Dictionary]) -> Vec<Vec<u8>> {
    let passes = |test: &TextTest, text: &str| match test {
        TextTest::In(texts) => texts.iter().any(|known| known == text),
        TextTest::Contains(part) => text.contains(part.as_str()),
        TextTest::StartsWith(part) => text.starts_with(part.as_str()),
    };
    let of = |predicate: &meed_compiler::plan::Predicate| {
        let dictionary = &dictionaries[predicate.domain.index()];
        (0..dictionary.len() as u32).map(|code| u8::from(passes(&predicate.test, &dictionary.text(code)))).collect()
    };
    plan.predicates.iter().map(of).collect()
}
