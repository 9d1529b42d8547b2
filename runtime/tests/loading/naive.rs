//! Loading, written down a second time in the obvious way: texts, loops over everything, no care for speed.

use crate::view::{Side, TableView};
use meed_compiler::plan::Plan;
use meed_runtime::inner::store::RowCounts;
use std::cmp::Ordering;

/// A record.
pub struct Spec {
    pub name: &'static str,
    pub fields: Vec<FieldSpec>,
    pub key: Vec<usize>,
    pub when: Option<usize>,
    /// The record in whose table the keys are, and in which column.
    pub distinct: Option<(usize, &'static str)>,
}

/// A field.
pub struct FieldSpec {
    pub name: &'static str,
    pub headers: Vec<&'static str>,
    pub kind: Kind,
    pub optional: bool,
}

/// What a field is.
pub enum Kind {
    Text,
    Date,
    Money,
    /// A reference to a record by its number.
    Refer(usize),
}

/// A file: its name, headers and rows; an empty cell is missing.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

struct Row {
    file: String,
    number: usize,
    /// By field, its parts; `None` if one is missing.
    cells: Vec<Option<Vec<String>>>,
    /// Column, value, reason.
    faults: Vec<[String; 3]>,
}

impl Row {
    fn key(&self, spec: &Spec) -> Option<Vec<String>> {
        spec.key.iter().map(|&field| self.cells[field].clone()).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
    }
}

/// Loads files by record.
pub fn load(plan: &Plan, specs: &[Spec], files: &[Vec<File>], through: &str) -> Side {
    let mut tables: Vec<Vec<Row>> = specs.iter().zip(files).map(|(spec, files)| read(spec, files)).collect();
    specs.iter().zip(&mut tables).for_each(|(spec, rows)| reject_duplicates(spec, rows));
    for (table, row, fault) in on_rings(specs, &tables) {
        tables[table][row].faults.push(fault);
    }
    loop {
        let mut found = Vec::new();
        for (table, spec) in specs.iter().enumerate() {
            for (field, definition) in spec.fields.iter().enumerate() {
                let Kind::Refer(target) = definition.kind else { continue };
                for (idx, row) in tables[table].iter().enumerate() {
                    let Some(key) = row.cells[field].clone().filter(|_| row.faults.is_empty()) else { continue };
                    if let Some(reason) = dangling(specs, &tables, target, &key) {
                        found.push((table, idx, [definition.name.to_owned(), key.join("|"), reason]));
                    }
                }
            }
        }
        if found.is_empty() {
            break;
        }
        found.into_iter().for_each(|(table, row, fault)| tables[table][row].faults.push(fault));
    }
    let mut view = Side { tables: Vec::new(), rejects: Vec::new() };
    for table in 0..specs.len() {
        for row in &tables[table] {
            for [column, value, reason] in row.faults.clone() {
                view.rejects.push([row.file.clone(), row.number.to_string(), column, value, reason]);
            }
        }
        view.tables.push(table_view(plan, specs, &tables, table, through));
    }
    view
}

fn read(spec: &Spec, files: &[File]) -> Vec<Row> {
    let mut rows = Vec::new();
    for file in files {
        for (idx, cells) in file.rows.iter().enumerate() {
            let cell = |header: &&str| {
                let column = file.header.iter().position(|known| known == header).expect("the column is there");
                Some(cells[column].trim().to_owned()).filter(|cell| !cell.is_empty())
            };
            let mut row = Row { file: file.name.clone(), number: idx + 1, cells: Vec::new(), faults: Vec::new() };
            for field in &spec.fields {
                let parts: Option<Vec<String>> = field.headers.iter().map(cell).collect();
                let column = if field.headers.len() == 1 { field.headers[0] } else { field.name };
                match &parts {
                    None if !field.optional => {
                        row.faults.push([column.to_owned(), String::new(), "missing".to_owned()]);
                    }
                    None => {}
                    Some(parts) => {
                        if let Some(reason) = unreadable(&field.kind, &parts[0]) {
                            row.faults.push([column.to_owned(), parts[0].clone(), reason.to_owned()]);
                        }
                    }
                }
                row.cells.push(parts);
            }
            rows.push(row);
        }
    }
    rows
}

fn unreadable(kind: &Kind, cell: &str) -> Option<&'static str> {
    match kind {
        Kind::Text | Kind::Refer(_) => None,
        Kind::Date => cell.parse::<jiff::civil::Date>().is_err().then_some("not a date like 2026-02-01"),
        Kind::Money => cents(cell).err(),
    }
}

fn cents(cell: &str) -> Result<i64, &'static str> {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) {
        return Err("not an amount");
    }
    // Three decimals may be a thousand.
    let is_thousand = decimals.len() == 3;
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > 2 || is_thousand {
        return Err("more than 2 decimals");
    }
    let number: i128 = format!("{whole}{decimals:0<2}").parse().expect("few digits");
    let number = if cell.starts_with('-') { -number } else { number };
    i64::try_from(number).map_err(|_| "too large to be kept exactly")
}

fn reject_duplicates(spec: &Spec, rows: &mut [Row]) {
    let keys: Vec<Option<Vec<String>>> = rows.iter().map(|row| row.key(spec)).collect();
    for (idx, key) in keys.iter().enumerate() {
        let Some(key) = key else { continue };
        let others: Vec<usize> =
            (0..keys.len()).filter(|&other| other != idx && keys[other].as_ref() == Some(key)).collect();
        if let Some(&other) = others.first() {
            let reason = format!("duplicate key, also in {}, row {}", rows[other].file, rows[other].number);
            rows[idx].faults.push([spec.fields[spec.key[0]].name.to_owned(), key.join("|"), reason]);
        }
    }
}

/// From every row along a field that refers to its own record, until it comes back or can go no further.
fn on_rings(specs: &[Spec], tables: &[Vec<Row>]) -> Vec<(usize, usize, [String; 3])> {
    let mut found = Vec::new();
    for (table, spec) in specs.iter().enumerate() {
        for (field, definition) in spec.fields.iter().enumerate() {
            if !matches!(definition.kind, Kind::Refer(target) if target == table) {
                continue;
            }
            let rows = &tables[table];
            let next = |row: &Row| {
                let key = row.cells[field].as_ref().filter(|_| row.faults.is_empty())?;
                rows.iter().position(|other| other.faults.is_empty() && other.key(spec).as_ref() == Some(key))
            };
            for start in 0..rows.len() {
                let mut walked = vec![start];
                while let Some(at) = next(&rows[walked[walked.len() - 1]]).filter(|_| walked.len() <= rows.len()) {
                    walked.push(at);
                    if at == start {
                        let keys: Vec<String> =
                            walked.iter().map(|&row| rows[row].key(spec).expect("a key").join("|")).collect();
                        let reason = format!("a loop: {}", keys.join(" → "));
                        found.push((table, start, [definition.name.to_owned(), keys[1].clone(), reason]));
                        break;
                    }
                }
            }
        }
    }
    found
}

fn dangling(specs: &[Spec], tables: &[Vec<Row>], target: usize, key: &[String]) -> Option<String> {
    let none = format!("there is no {} with this key", specs[target].name);
    if let Some((other, header)) = specs[target].distinct {
        let is_there =
            tables[other].iter().any(|row| row.faults.is_empty() && cell(&specs[other], row, header) == key.first());
        return (!is_there).then_some(none);
    }
    match tables[target].iter().find(|row| row.key(&specs[target]).as_deref() == Some(key)) {
        None => Some(none),
        Some(row) if !row.faults.is_empty() => {
            Some(format!("refers to a rejected row: {}, row {}", row.file, row.number))
        }
        Some(_) => None,
    }
}

fn cell<'a>(spec: &Spec, row: &'a Row, header: &str) -> Option<&'a String> {
    let field = spec.fields.iter().position(|field| field.headers == [header]).expect("a field of one column");
    row.cells[field].as_ref().map(|parts| &parts[0])
}

fn table_view(plan: &Plan, specs: &[Spec], tables: &[Vec<Row>], table: usize, through: &str) -> TableView {
    let spec = &specs[table];
    let record = plan.records.iter().find(|record| record.name == spec.name).expect("a record");
    if let Some((other, header)) = spec.distinct {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for row in tables[other].iter().filter(|row| row.faults.is_empty()) {
            if let Some(key) = cell(&specs[other], row, header)
                && !rows.iter().any(|known| known[0] == *key)
            {
                rows.push(vec![key.clone(), format!("{}:{}", row.file, row.number)]);
            }
        }
        rows.sort_by(|a, b| by_key(&a[0], &b[0]));
        let account = RowCounts { read: rows.len() as u64, ..RowCounts::default() };
        return TableView { name: spec.name.to_owned(), n_stream: rows.len(), account, rows };
    }
    let accepted: Vec<&Row> = tables[table].iter().filter(|row| row.faults.is_empty()).collect();
    let day = |row: &Row| spec.when.and_then(|when| row.cells[when].clone()).map(|parts| parts[0].clone());
    let is_seen = |row: &Row| spec.when.is_none() || day(row).is_some_and(|day| day.as_str() <= through);
    let by_key = |a: &Row, b: &Row| {
        let (a, b) = (a.key(spec).expect("a key"), b.key(spec).expect("a key"));
        a.iter().zip(&b).map(|(a, b)| by_key(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    let (mut seen, mut others): (Vec<&Row>, Vec<&Row>) = accepted.iter().partition(|row| is_seen(row));
    seen.sort_by(|a, b| day(a).cmp(&day(b)).then_with(|| by_key(a, b)));
    others.sort_by(|a, b| by_key(a, b));
    let account = RowCounts {
        read: tables[table].len() as u64,
        rejected: (tables[table].len() - accepted.len()) as u64,
        after_run_date: others.iter().filter(|row| day(row).is_some()).count() as u64,
        undated: others.iter().filter(|row| day(row).is_none()).count() as u64,
    };
    let n_stream = seen.len();
    seen.extend(others);
    let text = |row: &&Row| {
        let mut texts = vec![row.key(spec).expect("a key").join("|"), format!("{}:{}", row.file, row.number)];
        for ((field, cell), definition) in spec.fields.iter().zip(&row.cells).zip(&record.fields) {
            assert_eq!(field.name, definition.name);
            if definition.used {
                let value = cell.as_ref().map_or("?".to_owned(), |parts| match field.kind {
                    Kind::Money => cents(&parts[0]).expect("an amount").to_string(),
                    _ => parts.join("|"),
                });
                texts.push(format!("{}={value}", field.name));
            }
        }
        texts
    };
    TableView { name: spec.name.to_owned(), n_stream, account, rows: seen.iter().map(text).collect() }
}

/// Plain whole numbers by value, then all others by code point.
fn by_key(a: &str, b: &str) -> Ordering {
    let is_plain = |text: &str| text == "0" || (!text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit()));
    match (is_plain(a), is_plain(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}
