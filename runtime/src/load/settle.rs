//! Puts linked rows in order and into the columns of their tables; codes of keys become rows.

use super::cell::CellReader;
use super::draft::Draft;
use super::link::Linked;
use super::order::{Order, order, scatter};
use super::runs::By;
use super::stretch::Stretch;
use super::{LoadError, Loaded, RowAccount};
use crate::keys::{Dictionary, KeyColumn, KeySpace, Keys, NONE};
use meed_compiler::data::{Column, Table, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Field, Format, Plan, Predicate, Record, RecordId, RecordTable, TextTest, Type};

/// Orders all tables.
///
/// # Errors
/// When rows that are too many for memory cannot be kept on the disk.
pub(super) fn settle(
    mut linked: Linked<'_>,
    mut dictionaries: Vec<Dictionary>,
    through: i32,
) -> Result<Loaded, LoadError> {
    let plan = linked.plan;
    let mut loaded = Loaded::default();
    for idx in 0..plan.records.len() {
        let record = RecordId(idx as u32);
        if plan.records[idx].used && linked.drafts[idx].is_none() {
            if matches!(plan.records[idx].source, RecordTable::Table(_)) {
                loaded.named_only.push(record);
            }
            let draft = draft_of_keys(&mut linked, record, &mut dictionaries)?;
            linked.drafts[idx] = Some(draft);
        }
    }
    let in_order = |(record, draft): (&Record, &Option<Draft>)| match draft {
        Some(draft) if draft.runs.is_none() => order(&draft.rows, &draft.rejected, record.when, through),
        Some(_) | None => Order::default(),
    };
    let orders: Vec<Order> = plan.records.iter().zip(&linked.drafts).map(in_order).collect();
    let places = |(draft, order): (&Option<Draft>, &Order)| {
        order.places(draft.as_ref().map_or(0, |draft| draft.n_rows as usize))
    };
    let places: Vec<Option<Vec<u32>>> = linked.drafts.iter().zip(&orders).map(places).collect();
    let targets: Vec<Vec<u32>> =
        linked.spaces.iter().zip(&places).map(|(space, places)| targets(space.as_ref(), places.as_deref())).collect();
    linked.spaces.clear();
    let drafts = std::mem::take(&mut linked.drafts);
    for (((idx, draft), order), places) in drafts.into_iter().enumerate().zip(orders).zip(places) {
        let record = RecordId(idx as u32);
        // A record that no rule reads has no rows.
        let mut draft = draft.unwrap_or_default();
        draft.name_faults();
        loaded.rejects.add(record, &draft.origins, draft.n_rows, std::mem::take(&mut draft.faults))?;
        loaded.blank_rows.push(draft.n_blank);
        let read = if loaded.named_only.contains(&record) { 0 } else { u64::from(draft.n_rows) };
        let account = RowAccount { read, rejected: draft.rejected.len() as u64, ..RowAccount::default() };
        let definition = &plan.records[idx];
        let rejected = std::mem::take(&mut draft.rejected);
        match draft.runs.take().zip(definition.when) {
            Some((runs, when)) => {
                let turn = |columns: &mut [Option<Column>]| turn_codes(columns, &definition.fields, &targets);
                let merged = runs.merge(By { when, through }, draft.n_rows, &rejected, turn)?;
                let (after_run_date, undated) = (merged.n_after, merged.n_undated);
                loaded.accounts.push(RowAccount { after_run_date, undated, ..account });
                loaded.windows.push(Some(merged.windows));
                loaded.data.tables.push(Table::default());
                loaded.keys.push(Keys::default());
                loaded.origins.push(draft.origins);
            }
            None => {
                let (after_run_date, undated) = (order.n_after, order.n_undated);
                loaded.accounts.push(RowAccount { after_run_date, undated, ..account });
                loaded.windows.push(None);
                loaded.hold(&definition.fields, draft, order, places.as_deref(), &targets);
            }
        }
        loaded.rejected.push(rejected);
    }
    loaded.data.predicates = predicates(plan, &dictionaries);
    loaded.dictionaries = dictionaries;
    Ok(loaded)
}

impl Loaded {
    /// Adds a table whose rows are held, in their order.
    fn hold(&mut self, fields: &[Field], draft: Draft, order: Order, places: Option<&[u32]>, targets: &[Vec<u32>]) {
        let Draft { rows: Stretch { columns, keys, .. }, mut origins, .. } = draft;
        let place = |column: Column, field: &Field| arrange(column, field, places, order.n_rows, targets);
        let columns = columns.into_iter().zip(fields);
        let columns = columns.map(|(column, field)| column.map(|column| place(column, field))).collect();
        self.data.tables.push(Table { n_rows: order.n_rows, n_stream: order.n_stream, columns });
        self.keys.push(arrange_keys(keys, places, &order));
        if let Some(rows) = order.rows {
            origins.place(rows);
        }
        self.origins.push(origins);
    }
}

/// The rows of a record without a table of its own: the keys that rows of others bear or name.
fn draft_of_keys(
    linked: &mut Linked<'_>,
    record: RecordId,
    dictionaries: &mut [Dictionary],
) -> Result<Draft, LoadError> {
    let plan = linked.plan;
    let definition = plan.record(record);
    let codes = linked.codes_in_use(record)?;
    let Some(space) = &mut linked.spaces[record.index()] else {
        broken(format!("`{}`, which has no table and whose keys are not kept", definition.name))
    };
    let mut draft = Draft::new(definition, 0, &[]);
    draft.rows.keys = space.keys(&codes);
    draft.n_rows = codes.len() as u32;
    if let RecordTable::Distinct(other) = definition.source
        && let Some(other) = &linked.drafts[other.index()]
    {
        draft.origins = other.origins.clone();
        draft.origins.place(codes.iter().map(|&code| space.row(code)).collect());
    }
    let mut rows = vec![NONE; space.len()];
    codes.iter().zip(0..).for_each(|(&code, row)| rows[code as usize] = row);
    space.set_rows(rows);
    for &key in &definition.key {
        let field = &definition.fields[key.index()];
        if field.used {
            draft.rows.columns[key.index()] = Some(key_column(plan, field, &draft.rows.keys, dictionaries));
        }
    }
    Ok(draft)
}

/// The values of a field that is the whole key, from the keys.
fn key_column(plan: &Plan, field: &Field, keys: &Keys, dictionaries: &mut [Dictionary]) -> Column {
    let rows = 0..keys.len();
    let values = match field.ty {
        Type::Text(domain) | Type::Id(domain) => {
            let dictionary = &mut dictionaries[domain.index()];
            Values::U32(rows.map(|row| dictionary.intern(keys.parts[0].get(row))).collect())
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

/// By code of a key, the row of the table that bears it.
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

/// A column in the order of the table.
fn arrange(column: Column, field: &Field, places: Option<&[u32]>, n_rows: usize, targets: &[Vec<u32>]) -> Column {
    let Column { values, known } = column;
    let values = match (values, field.ty) {
        (Values::U32(codes), Type::Ref(target)) => {
            let is_accepted = |row: usize| places.is_none_or(|places| places[row] != NONE);
            let rows = referred(codes, known.as_deref(), is_accepted, &targets[target.index()], field);
            Values::U32(match places {
                None => rows,
                Some(places) => scatter(rows.into_iter(), places, n_rows),
            })
        }
        (values, _) => match places {
            None => values,
            Some(places) => match values {
                Values::I64(values) => Values::I64(scatter(values.into_iter(), places, n_rows)),
                Values::I32(values) => Values::I32(scatter(values.into_iter(), places, n_rows)),
                Values::U32(values) => Values::U32(scatter(values.into_iter(), places, n_rows)),
                Values::U8(values) => Values::U8(scatter(values.into_iter(), places, n_rows)),
            },
        },
    };
    let known = known.map(|known| match places {
        None => known,
        Some(places) => scatter(known.into_iter(), places, n_rows),
    });
    let mut column = Column { values, known };
    drop_mask(&mut column);
    column
}

fn arrange_keys(keys: Keys, places: Option<&[u32]>, order: &Order) -> Keys {
    let (Some(places), Some(rows)) = (places, &order.rows) else { return keys };
    match keys.whole_numbers() {
        Some(whole) => Keys { parts: vec![KeyColumn::Whole(scatter(whole.iter().copied(), places, order.n_rows))] },
        None => keys.gather(rows),
    }
}

/// Takes a mask away that says of every row that its value is known: the rows that made it necessary were rejected.
fn drop_mask(column: &mut Column) {
    column.known = column.known.take().filter(|known| known.contains(&0));
}

/// Codes of keys become rows where they stand, and masks go that are not needed.
fn turn_codes(columns: &mut [Option<Column>], fields: &[Field], targets: &[Vec<u32>]) {
    for (column, field) in columns.iter_mut().zip(fields) {
        column.iter_mut().for_each(drop_mask);
        if let (Some(Column { values: Values::U32(codes), known }), Type::Ref(target)) = (column, field.ty) {
            *codes = referred(std::mem::take(codes), known.as_deref(), |_| true, &targets[target.index()], field);
        }
    }
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
        Type::Number | Type::Count | Type::Percent | Type::Money => Values::I64(values.collect()),
        Type::Date => Values::I32(values.map(|value| value as i32).collect()),
        Type::Text(_) | Type::Id(_) | Type::Ref(_) => Values::U32(values.map(|value| value as u32).collect()),
        Type::YesNo | Type::Choice(_) => Values::U8(values.map(|value| value as u8).collect()),
    }
}

fn predicates(plan: &Plan, dictionaries: &[Dictionary]) -> Vec<Vec<u8>> {
    let passes = |test: &TextTest, text: &str| match test {
        TextTest::In(texts) => texts.iter().any(|known| known == text),
        TextTest::Contains(part) => text.contains(part.as_str()),
        TextTest::StartsWith(part) => text.starts_with(part.as_str()),
    };
    let of = |predicate: &Predicate| {
        let dictionary = &dictionaries[predicate.domain.index()];
        (0..dictionary.len() as u32).map(|code| u8::from(passes(&predicate.test, &dictionary.text(code)))).collect()
    };
    plan.predicates.iter().map(of).collect()
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
