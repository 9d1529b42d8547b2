//! What was loaded, as texts that can be compared: codes and rows as what they stand for.

use meed_compiler::data::{Column, Values};
use meed_compiler::plan::{Plan, RecordId, Type};
use meed_runtime::inner::load::{LoadError, LoadOptions, load};
use meed_runtime::inner::source::{Content, SourceFile, TableInput};
use meed_runtime::inner::store::{Loaded, RowCounts};

/// The program's last day in all tests here.
pub const THROUGH: &str = "2026-12-31";

/// What was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// By record in use.
    pub tables: Vec<TableView>,
    /// File, row, column, value, reason.
    pub rejects: Vec<[String; 5]>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableView {
    pub name: String,
    pub n_stream: usize,
    pub account: RowCounts,
    /// The key, the origin, then each kept field's name and value.
    pub rows: Vec<Vec<String>>,
}

/// Compiles a program without problems.
pub fn plan(program: &str) -> Plan {
    let compiled = meed_compiler::compile(program, &[]);
    let errors: Vec<_> = compiled.problems.iter().map(|problem| problem.message.clone()).collect();
    compiled.plan.unwrap_or_else(|| panic!("{errors:?}"))
}

/// A table of files.
pub fn input(plan: &Plan, record: &str, files: Vec<(&str, Content)>) -> TableInput {
    let record = plan.records.iter().position(|known| known.name == record).expect("a record");
    let file = |(name, content): (&str, Content)| SourceFile { name: name.to_owned(), content };
    TableInput { record: RecordId(record as u32), files: files.into_iter().map(file).collect() }
}

/// CSV as content.
pub fn csv(text: impl Into<Vec<u8>>) -> Content {
    Content::Csv(Box::new(std::io::Cursor::new(text.into())), None)
}

/// CSV of which no more than `n_bytes` can be had at a time.
pub fn trickling_csv(text: impl Into<Vec<u8>>, n_bytes: usize) -> Content {
    struct Trickle(std::io::Cursor<Vec<u8>>, usize);
    impl std::io::Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n_bytes = buffer.len().min(self.1);
            self.0.read(&mut buffer[..n_bytes])
        }
    }
    Content::Csv(Box::new(Trickle(std::io::Cursor::new(text.into()), n_bytes)), None)
}

/// Loads through the program's last day, so many rows at a time.
pub fn load_rows(plan: &Plan, inputs: Vec<TableInput>, batch_rows: usize) -> Result<Loaded, LoadError> {
    let options = LoadOptions { batch_rows, ..LoadOptions::through(plan.active.to) };
    load(plan, inputs, &options)
}

/// Loads what must load.
pub fn view(plan: &Plan, inputs: Vec<TableInput>, batch_rows: usize) -> Side {
    view_of(plan, &load_rows(plan, inputs, batch_rows).unwrap_or_else(|error| panic!("{error}")))
}

/// What was loaded, as texts.
pub fn view_of(plan: &Plan, loaded: &Loaded) -> Side {
    let used = (0..plan.records.len()).filter(|&idx| plan.records[idx].used);
    let tables = used.map(|idx| table(plan, loaded, RecordId(idx as u32))).collect();
    let reject = |reject: &meed_runtime::inner::store::Reject| {
        let row = reject.row.to_string();
        [reject.file.clone(), row, reject.column.clone(), reject.value.clone(), reject.reason.clone()]
    };
    Side { tables, rejects: loaded.rejects.iter().map(reject).collect() }
}

fn table(plan: &Plan, loaded: &Loaded, record: RecordId) -> TableView {
    let (definition, table) = (plan.record(record), &loaded.data.tables[record.index()]);
    let keys = &loaded.keys[record.index()];
    assert_eq!(keys.len(), table.n_rows, "as many keys as rows in {}", definition.name);
    let row = |row: usize| {
        let (file, number) = loaded.origin(record, row);
        let mut texts = vec![keys.text(row).into_owned(), format!("{file}:{number}")];
        for (column, field) in table.columns.iter().zip(&definition.fields) {
            if let Some(column) = column {
                texts.push(format!("{}={}", field.name, value(plan, loaded, column, field.ty, row)));
            }
        }
        texts
    };
    TableView {
        name: definition.name.clone(),
        n_stream: table.n_stream,
        account: loaded.counts[record.index()],
        rows: (0..table.n_rows).map(row).collect(),
    }
}

fn value(plan: &Plan, loaded: &Loaded, column: &Column, ty: Type, row: usize) -> String {
    if column.known.as_ref().is_some_and(|known| known[row] == 0) {
        return "?".to_owned();
    }
    let value = match &column.values {
        Values::I64(values) => values[row],
        Values::I32(values) => i64::from(values[row]),
        Values::U32(values) => i64::from(values[row]),
        Values::U8(values) => i64::from(values[row]),
    };
    match ty {
        Type::Text(domain) | Type::Id(domain) => loaded.dictionaries[domain.index()].text(value as u32).into_owned(),
        Type::Ref(target) => loaded.keys[target.index()].text(value as usize).into_owned(),
        Type::Choice(choice) => plan.choices[choice.index()][value as usize].clone(),
        Type::Date | Type::Period(_) => meed_compiler::plan::calendar::date_of(value as i32).to_string(),
        Type::Number | Type::Count | Type::Percent | Type::Money(_) | Type::YesNo => value.to_string(),
    }
}
