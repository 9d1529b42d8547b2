//! The renaming law: keys given other names of the same order pay the same. A key is only compared with keys, so nothing
//! that a program pays may depend on what it is called.

use crate::table::Table;
use crate::ways::Outcome;
use meed_compiler::plan::{DomainId, Field, FieldSource, Layout, Plan, RecordId, RecordTable, Type};
use meed_runtime::inner::keys::KeyComponent;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the new names look like, in the shapes of real systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Whole numbers of seven digits with gaps.
    SevenDigits,
    /// Whole numbers around 2^16, where tables of numbers begin and end.
    Around65536,
    /// A prefix and leading zeros.
    Prefixed,
    /// The first half whole numbers of up to nineteen digits, the others texts.
    Mixed,
}

impl Shape {
    /// The name in place `idx` of `n`, after those before it in the order of keys.
    fn name(self, idx: usize, n: usize) -> String {
        match self {
            Self::SevenDigits => (1_000_003 + idx * 7).to_string(),
            Self::Around65536 => (65_536 - n / 2 + idx).to_string(),
            Self::Prefixed => format!("C{:08}", idx * 3),
            Self::Mixed if idx < n / 4 => (1_048_570 + idx).to_string(),
            Self::Mixed if idx < n / 2 => (10u128.pow(18) - (n / 3) as u128 + idx as u128).to_string(),
            Self::Mixed => format!("Ω-{idx:07}"),
        }
    }
}

/// New names of the keys in some tables.
pub struct Renaming {
    names: BTreeMap<String, String>,
    back: HashMap<String, String>,
    /// By table, its columns of keys.
    columns: Vec<(String, Vec<usize>)>,
}

impl Renaming {
    /// Names for all keys in tables by record name. Keys that a program compares with written texts keep theirs.
    pub fn new(plan: &Plan, tables: &[(String, Table)], shape: Shape) -> Self {
        let columns = key_columns(plan, tables);
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        for ((_, table), (_, places)) in tables.iter().zip(&columns) {
            keys.extend(places.iter().flat_map(|&place| table.rows.iter().map(move |row| row[place].trim())));
        }
        keys.remove("");
        let mut keys: Vec<&str> = keys.into_iter().collect();
        keys.sort_by(|a, b| KeyComponent::of(a.as_bytes()).cmp(&KeyComponent::of(b.as_bytes())));
        let n = keys.len();
        let named = |(idx, key): (usize, &str)| (key.to_owned(), shape.name(idx, n));
        let names: BTreeMap<String, String> = keys.into_iter().enumerate().map(named).collect();
        let back = names.iter().map(|(old, new)| (new.clone(), old.clone())).collect();
        Self { names, back, columns }
    }

    /// How many keys have another name.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The tables with the new names.
    pub fn apply(&self, tables: &[(String, Table)]) -> Vec<(String, Table)> {
        let mut renamed = tables.to_vec();
        for ((_, table), (_, places)) in renamed.iter_mut().zip(&self.columns) {
            for row in &mut table.rows {
                for &place in places {
                    if let Some(name) = self.names.get(row[place].trim()) {
                        row[place].clone_from(name);
                    }
                }
            }
        }
        renamed
    }

    /// What came out, told with the old names.
    pub fn undo(&self, mut outcome: Outcome) -> Outcome {
        let cells = |table: &mut Table, columns: &[&str]| {
            let places: Vec<usize> = columns.iter().filter_map(|column| table.column(column)).collect();
            for row in &mut table.rows {
                places.iter().for_each(|&place| row[place] = self.old_key(&row[place]));
            }
        };
        cells(&mut outcome.payments, &["payee", "key"]);
        cells(&mut outcome.totals, &["payee"]);
        cells(&mut outcome.decisions, &["key", "value"]);
        cells(&mut outcome.credits, &["key", "found_key", "payee"]);
        cells(&mut outcome.uncredited, &["key"]);
        cells(&mut outcome.differences, &["payee", "key"]);
        cells(&mut outcome.held, &["payee", "key"]);
        cells(&mut outcome.movements, &["key", "lot", "event_key"]);
        cells(&mut outcome.rejects, &["value"]);
        if let Some(slices) = &mut outcome.slices {
            cells(slices, &["payee", "key"]);
        }
        if let Some(place) = outcome.rejects.column("reason") {
            outcome.rejects.rows.iter_mut().for_each(|row| row[place] = self.old_words(&row[place]));
        }
        outcome.fault = outcome.fault.map(|fault| self.old_words(&fault));
        outcome
    }

    /// A key of one or several parts.
    fn old_key(&self, key: &str) -> String {
        let parts = key.split('|').map(|part| self.back.get(part).map_or(part, String::as_str));
        parts.collect::<Vec<_>>().join("|")
    }

    /// A sentence with keys in it.
    fn old_words(&self, text: &str) -> String {
        let is_of_key = |sign: char| sign.is_alphanumeric() || sign == '-';
        let mut old = String::new();
        for piece in text.split_inclusive(|sign: char| !is_of_key(sign)) {
            let word = piece.trim_end_matches(|sign: char| !is_of_key(sign));
            old += self.back.get(word).map_or(word, String::as_str);
            old += &piece[word.len()..];
        }
        old
    }
}

/// A column of a table that fields read as parts of keys, with the domains of texts in which these are compared.
struct Column {
    table: usize,
    place: usize,
    /// Of the fields that read it; `None` if one of them reads it as something else than a text.
    domains: Option<Vec<DomainId>>,
}

/// By table, its columns of keys and texts that are compared with no written text.
fn key_columns(plan: &Plan, tables: &[(String, Table)]) -> Vec<(String, Vec<usize>)> {
    let mut columns: Vec<Column> = Vec::new();
    for record in &plan.records {
        let holder = match record.source {
            RecordTable::Table(_) => record,
            RecordTable::Distinct(other) => plan.record(other),
        };
        let Some(table) = tables.iter().position(|(name, _)| *name == holder.name) else { continue };
        for field in &record.fields {
            for (header, domain) in headers(&field.source).into_iter().zip(parts(plan, field)) {
                let place = tables[table].1.header.iter().position(|known| known.eq_ignore_ascii_case(header));
                let Some(place) = place else { continue };
                let known = columns.iter_mut().find(|column| (column.table, column.place) == (table, place));
                match (known, domain) {
                    (Some(column), Some(domain)) => {
                        if let Some(domains) = &mut column.domains {
                            domains.push(domain);
                        }
                    }
                    (Some(column), None) => column.domains = None,
                    (None, domain) => {
                        columns.push(Column { table, place, domains: domain.map(|domain| vec![domain]) });
                    }
                }
            }
        }
    }
    // What shares a column with a text that is compared with a written one keeps its name, and so on from domain to domain.
    let mut fixed: BTreeSet<DomainId> = plan.predicates.iter().map(|predicate| predicate.domain).collect();
    // Decision tables name texts too.
    fixed.extend(plan.tables.iter().flat_map(|table| &table.arguments).filter_map(|column| match column.ty {
        Type::Text(domain) | Type::Id(domain) => Some(domain),
        _ => None,
    }));
    // So does what the source of a record looks for.
    let looked_for = plan.records.iter().filter(|record| record.layout != Layout::default());
    fixed.extend(looked_for.flat_map(|record| &record.fields).flat_map(|field| parts(plan, field)).flatten());
    loop {
        let before = fixed.len();
        for column in &columns {
            match &column.domains {
                Some(domains) if domains.iter().any(|domain| fixed.contains(domain)) => fixed.extend(domains),
                Some(_) | None => {}
            }
        }
        if fixed.len() == before {
            break;
        }
    }
    let places = |table: usize| {
        let of = columns.iter().filter(|column| column.table == table);
        let free = |column: &&Column| {
            column.domains.as_ref().is_some_and(|domains| domains.iter().all(|domain| !fixed.contains(domain)))
        };
        of.filter(free).map(|column| column.place).collect()
    };
    tables.iter().enumerate().map(|(idx, (name, _))| (name.clone(), places(idx))).collect()
}

fn headers(source: &FieldSource) -> Vec<&str> {
    match source {
        FieldSource::Column(column) => vec![&column.header],
        FieldSource::Columns(columns) => columns.iter().map(|column| column.header.as_str()).collect(),
        FieldSource::Day(_) | FieldSource::Place | FieldSource::Returned(_) | FieldSource::Read(..) => Vec::new(),
    }
}

/// The domain of each part of a reference, of an id or a text; none of what is not compared as a text.
fn parts(plan: &Plan, field: &Field) -> Vec<Option<DomainId>> {
    match field.ty {
        Type::Ref(target) => key_parts(plan, target, plan.records.len()),
        Type::Id(domain) | Type::Text(domain) => vec![Some(domain)],
        _ => vec![None],
    }
}

fn key_parts(plan: &Plan, record: RecordId, depth: usize) -> Vec<Option<DomainId>> {
    let record = plan.record(record);
    let part = |key: &meed_compiler::plan::FieldId| match record.fields[key.index()].ty {
        Type::Ref(target) if depth > 0 => key_parts(plan, target, depth - 1),
        Type::Text(domain) | Type::Id(domain) => vec![Some(domain)],
        _ => vec![None],
    };
    record.key.iter().flat_map(part).collect()
}
