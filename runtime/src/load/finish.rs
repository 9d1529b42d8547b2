//! Puts linked rows in order and into the columns of their tables; codes of keys become rows.

use crate::decode::cell::CellReader;
use crate::keys::columns::Keys;
use crate::keys::component::KeyComponent;
use crate::keys::dictionary::{Dictionary, NONE};
use crate::keys::space::KeySpace;
use crate::load::build::TableBuilder;
use crate::load::error::LoadError;
use crate::load::link::Linked;
use crate::store::loaded::{LeftOutRows, Loaded, RowCounts};
use crate::store::order::Order;
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::lookup::Lookup;
use meed_compiler::plan::{
    CellTest, DomainId, Field, FieldId, Format, Plan, Predicate, Record, RecordId, RecordTable, Table, TextTest, Type,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::num::NonZero;

/// Orders all tables.
///
/// # Errors
/// When rows that are too many for memory cannot be kept.
pub(super) fn finish(
    mut linked: Linked<'_>,
    mut dictionaries: Vec<Dictionary>,
    through: i32,
    threads: NonZero<usize>,
) -> Result<Loaded, LoadError> {
    let plan = linked.plan;
    let mut loaded = Loaded::default();
    for idx in 0..plan.records.len() {
        let record = RecordId(idx as u32);
        if plan.records[idx].used && linked.tables[idx].is_none() {
            if matches!(plan.records[idx].source, RecordTable::Table(_)) {
                loaded.named_only.push(record);
            }
            let table = table_of_keys(&mut linked, record, &mut dictionaries)?;
            linked.tables[idx] = Some(table);
        }
    }
    let order = |(record, table): (&Record, &Option<TableBuilder>)| match table {
        Some(table) => {
            // Spans of dated fields are facts, known ahead.
            let through = if record.spans.is_some() { i32::MAX } else { through };
            table.rows.order(&table.rejected, record.when, through)
        }
        None => Order::default(),
    };
    let orders: Vec<Order> = plan.records.iter().zip(&linked.tables).map(order).collect();
    let places = |(table, order): (&Option<TableBuilder>, &Order)| {
        order.places(table.as_ref().map_or(0, |table| table.rows.n_rows as usize))
    };
    let places: Vec<Option<Vec<u32>>> = linked.tables.iter().zip(&orders).map(places).collect();
    let targets: Vec<Vec<u32>> =
        linked.spaces.iter().zip(&places).map(|(space, places)| targets(space.as_ref(), places.as_deref())).collect();
    linked.spaces.clear();
    for taken in &mut linked.taken {
        if let Some(places) = &places[taken.record.index()] {
            taken.rows.iter_mut().for_each(|taking| taking.row = places[taking.row as usize]);
        }
        for taking in &mut taken.rows {
            let (record, place) = taking.by;
            taking.by.1 = places[record.index()].as_ref().map_or(place, |places| places[place as usize]);
        }
        taken.rows.retain(|taking| taking.row != NONE);
    }
    loaded.taken = std::mem::take(&mut linked.taken);
    let tables = std::mem::take(&mut linked.tables);
    for (((idx, table), order), places) in tables.into_iter().enumerate().zip(orders).zip(places) {
        let record = RecordId(idx as u32);
        // A record that no rule reads has no rows.
        let TableBuilder { rows, n_blank, origins, mut faults, rejected, left_out, n_skipped, .. } =
            table.unwrap_or_default();
        let n_left_out = left_out.len() as u64;
        rows.name(&mut faults);
        let n_read = rows.n_rows;
        loaded.rejects.add(record, &origins, n_read, faults)?;
        loaded.blank_rows.push(n_blank);
        let fields = &plan.records[idx].fields;
        let mut not_there = vec![0u64; fields.len()];
        let to_rows = |columns: &mut [Option<Column>], places: Option<&[u32]>| {
            to_rows(columns, fields, places, &targets, &mut not_there);
        };
        let ordered = rows.into_order(order, places.as_deref(), &rejected, to_rows, threads)?;
        let fields_not_there = (0..).map(FieldId).zip(not_there).filter(|(_, n_rows)| *n_rows > 0);
        loaded.not_there.extend(fields_not_there.map(|(field, n_rows)| (record, field, n_rows)));
        loaded.counts.push(RowCounts {
            read: if loaded.named_only.contains(&record) { 0 } else { u64::from(n_read) - n_left_out },
            rejected: rejected.len() as u64 - n_left_out,
            after_run_date: ordered.n_after,
            undated: ordered.n_undated,
        });
        loaded.push(ordered, origins);
        loaded.rejected.push(rejected.without(&left_out));
        loaded.left_out.push(LeftOutRows { skipped: n_skipped, copies: n_left_out - n_skipped });
    }
    loaded.data.literals = literals(plan, &mut dictionaries);
    loaded.dictionaries = dictionaries;
    loaded.know_texts(plan);
    Ok(loaded)
}

impl Loaded {
    /// Tells of every text that has a code whether it passes each test, and where decision tables have it.
    fn know_texts(&mut self, plan: &Plan) {
        self.data.predicates = predicates(plan, &self.dictionaries).into();
        let lookups: Vec<_> = plan.tables.iter().map(|table| lookup(table, &self.dictionaries)).collect();
        self.data.lookups = lookups.into();
    }

    /// Gives codes to texts that no row has: all those of decision tables, and these of domains.
    pub(crate) fn add_texts<'t>(&mut self, plan: &Plan, more: impl IntoIterator<Item = (DomainId, &'t str)>) {
        for table in &plan.tables {
            for (place, argument) in table.arguments.iter().enumerate() {
                let (Type::Text(domain) | Type::Id(domain)) = argument.ty else { continue };
                for row in &table.rows {
                    if let CellTest::Texts { texts, .. } = &row.cells[place] {
                        let dictionary = &mut self.dictionaries[domain.index()];
                        for text in texts {
                            dictionary.intern(KeyComponent::of(text.as_bytes()));
                        }
                    }
                }
            }
        }
        for (domain, text) in more {
            self.dictionaries[domain.index()].intern(KeyComponent::of(text.as_bytes()));
        }
        self.know_texts(plan);
    }
}

/// The rows of a record without a table of its own: the keys that rows of others have or name.
fn table_of_keys(
    linked: &mut Linked<'_>,
    record: RecordId,
    dictionaries: &mut [Dictionary],
) -> Result<TableBuilder, LoadError> {
    let plan = linked.plan;
    let definition = plan.record(record);
    let codes = linked.codes_in_use(record)?;
    let Some(space) = &mut linked.spaces[record.index()] else {
        broken(format!("`{}`, which has no table and whose keys are not kept", definition.name))
    };
    let mut table = TableBuilder::new(definition, 0, &[]);
    table.rows.batch.keys = space.keys(&codes);
    table.rows.n_rows = codes.len() as u32;
    if let RecordTable::Distinct(other) = definition.source
        && let Some(other) = &linked.tables[other.index()]
    {
        table.origins = other.origins.clone();
        table.origins.place(codes.iter().map(|&code| space.row(code)).collect());
    }
    let mut rows = vec![NONE; space.len()];
    codes.iter().zip(0..).for_each(|(&code, row)| rows[code as usize] = row);
    space.set_rows(rows);
    for &key in &definition.key {
        let field = &definition.fields[key.index()];
        if field.used {
            table.rows.batch.columns[key.index()] = Some(key_column(plan, field, &table.rows.batch.keys, dictionaries));
        }
    }
    Ok(table)
}

/// The values of a field that is the whole key, from the keys.
fn key_column(plan: &Plan, field: &Field, keys: &Keys, dictionaries: &mut [Dictionary]) -> Column {
    let rows = 0..keys.len();
    let values = match field.ty {
        Type::Text(domain) | Type::Id(domain) => {
            let dictionary = &mut dictionaries[domain.index()];
            Values::U32(rows.map(|row| dictionary.intern(keys.components[0].get(row))).collect())
        }
        _ => {
            let reader = CellReader::new(plan, field.ty, field.decimals, &Format::Plain);
            // Texts of keys were written from values that were read before.
            let value = |row| reader.as_ref().and_then(|reader| reader.parse(keys.text(row).as_bytes()).ok());
            let read = |row| value(row).unwrap_or_else(|| broken(format!("the key `{}` of no value", keys.text(row))));
            narrow(field.ty, rows.map(read))
        }
    };
    Column { values, known: None }
}

/// By code of a key, the row of the table that has it.
fn targets(space: Option<&KeySpace>, places: Option<&[u32]>) -> Vec<u32> {
    // Nobody refers to a record whose keys are not kept.
    let Some(space) = space else { return Vec::new() };
    let place = |code: u32| match (space.row(code), places) {
        (NONE, _) => NONE,
        (row, Some(places)) => places[row as usize],
        (row, None) => row,
    };
    (0..space.len() as u32).map(place).collect()
}

/// Codes of keys become rows where they are, in columns of rows as they were read; `places` are the rows of the table that
/// these are, where they are others.
///
/// A reference `if there` to none is missing, and counted in `not_there`, by field.
fn to_rows(
    columns: &mut [Option<Column>],
    fields: &[Field],
    places: Option<&[u32]>,
    targets: &[Vec<u32>],
    not_there: &mut [u64],
) {
    let is_accepted = |row: usize| places.is_none_or(|places| places[row] != NONE);
    for ((column, field), n_missing) in columns.iter_mut().zip(fields).zip(not_there) {
        if let (Some(Column { values: Values::U32(codes), known }), Type::Ref(target)) = (column, field.ty) {
            if field.if_there {
                *n_missing += mark_missing(codes, known, is_accepted, &targets[target.index()]);
            }
            *codes = referred(std::mem::take(codes), known.as_deref(), is_accepted, &targets[target.index()], field);
        }
    }
}

/// Marks accepted references that lead nowhere as missing, and counts them.
fn mark_missing(
    codes: &[u32],
    known: &mut Option<Vec<u8>>,
    is_accepted: impl Fn(usize) -> bool,
    targets: &[u32],
) -> u64 {
    let mut n_missing = 0;
    for (row, code) in codes.iter().enumerate() {
        let is_known = known.as_ref().is_none_or(|known| known[row] == 1);
        if is_known && is_accepted(row) && targets.get(*code as usize).is_none_or(|target| *target == NONE) {
            known.get_or_insert_with(|| vec![1; codes.len()])[row] = 0;
            n_missing += 1;
        }
    }
    n_missing
}

/// The rows that references lead to, by their codes. Every accepted row's leads to one; the others are row 0, which no rule
/// looks at.
fn referred(
    mut codes: Vec<u32>,
    known: Option<&[u8]>,
    is_accepted: impl Fn(usize) -> bool,
    targets: &[u32],
    field: &Field,
) -> Vec<u32> {
    for (row, code) in codes.iter_mut().enumerate() {
        *code = if !is_accepted(row) || known.is_some_and(|known| known[row] == 0) {
            0
        } else {
            match targets.get(*code as usize) {
                Some(&target) if target != NONE => target,
                Some(_) | None => broken(format!("a reference `{}` that leads nowhere, in row {row} read", field.name)),
            }
        };
    }
    codes
}

/// Values in the width of their type.
fn narrow(ty: Type, values: impl Iterator<Item = i64>) -> Values {
    match ty {
        Type::Number | Type::Count | Type::Percent | Type::Money(_) => Values::I64(values.collect()),
        Type::Date | Type::Period(_) => Values::I32(values.map(|value| value as i32).collect()),
        Type::Text(_) | Type::Id(_) | Type::Ref(_) => Values::U32(values.map(|value| value as u32).collect()),
        Type::YesNo | Type::Choice(_) => Values::U8(values.map(|value| value as u8).collect()),
    }
}

/// By predicate, the code of the text that it is for; only of those that are values too. The data need not have the text.
fn literals(plan: &Plan, dictionaries: &mut [Dictionary]) -> Vec<u32> {
    let mut codes = vec![0; plan.predicates.len()];
    for test in plan.texts_as_values() {
        let predicate = &plan.predicates[test.index()];
        if let TextTest::In(texts) = &predicate.test
            && let [text] = &texts[..]
        {
            codes[test.index()] = dictionaries[predicate.domain.index()].intern(KeyComponent::of(text.as_bytes()));
        }
    }
    codes
}

fn predicates(plan: &Plan, dictionaries: &[Dictionary]) -> Vec<Vec<u8>> {
    let of = |predicate: &Predicate| {
        let dictionary = &dictionaries[predicate.domain.index()];
        (0..dictionary.len() as u32).map(|code| u8::from(predicate.test.holds(&dictionary.text(code)))).collect()
    };
    plan.predicates.iter().map(of).collect()
}

/// A decision table with the codes that its texts have in this data.
fn lookup(table: &Table, dictionaries: &[Dictionary]) -> Lookup {
    let codes: Vec<FxHashMap<String, u32>> = (0..table.arguments.len())
        .map(|place| {
            let named = table.rows.iter().filter_map(|row| match &row.cells[place] {
                CellTest::Texts { texts, .. } => Some(texts),
                _ => None,
            });
            let named: FxHashSet<&str> = named.flatten().map(String::as_str).collect();
            let dictionary = match table.arguments[place].ty {
                Type::Text(domain) | Type::Id(domain) if !named.is_empty() => dictionaries.get(domain.index()),
                _ => None,
            };
            let texts =
                dictionary.into_iter().flat_map(|known| (0..known.len() as u32).map(|code| (known.text(code), code)));
            texts.filter(|(text, _)| named.contains(&**text)).map(|(text, code)| (text.to_string(), code)).collect()
        })
        .collect();
    Lookup::new(table, |place, text| codes[place].get(text).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use meed_compiler::internal::guarded;

    #[test]
    fn a_reference_leads_to_its_row_or_the_load_ends() {
        let compiled = meed_compiler::compile(
            r#"
program t { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event deal { key id  when closed_on  partner partner  amount money }
rule r { for each deal  pay partner amount }
"#,
            &[],
        );
        let plan = compiled.plan.expect("the program has no errors");
        let deal = plan.record(plan.record_named("deal").expect("the library has deals"));
        let field = deal.fields.iter().find(|field| field.name == "partner").expect("a field");
        let targets = [2, NONE, 0];
        assert_eq!(referred(vec![0, 2, 0], None, |_| true, &targets, field), [2, 0, 2]);
        // Missing ones and those of rejected rows lead to no row at all, and may not be looked up.
        assert_eq!(referred(vec![1, 9, 0], Some(&[0, 0, 1]), |_| true, &targets, field), [0, 0, 2]);
        assert_eq!(referred(vec![1, 2], None, |row| row > 0, &targets, field), [0, 0]);
        for codes in [vec![0, 1], vec![3]] {
            let error = guarded(|| referred(codes, None, |_| true, &targets, field)).expect_err("it leads nowhere");
            assert!(error.what.starts_with("a reference `partner` that leads nowhere"), "{error}");
        }
    }
}
