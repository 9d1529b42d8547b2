//! Sets made ready to be asked: for each key its rows in their order, with their days and running sums.
//!
//! Comes in: a [`Search`] of the Plan and the rows of a run. Goes out: an [`Index`], in which a row that asks finds its rows by
//! a look-up of the key and a search for the days. A sum, a count, the first and the last row then cost the same however many
//! rows there are; whatever reads both rows, or is the smallest, largest or a count of different values, looks at each row found.
//! The interpreter and machine code ask the same index; a law holds it to looking at all rows.

mod ask;
mod conditions;
mod groups;
mod kept;

pub use ask::address_of_ask;

use crate::data::{Column, Data, Rows, Values};
use crate::interpret::Fault;
use crate::interpret::eval::{Row, Value};
use crate::plan::{
    Comparison, Expr, FieldId, FindFunction, Function, Op, Plan, RecordId, Root, Search, SearchId, SearchOutput,
};
use crate::value::over;
use conditions::Conditions;
use groups::{Groups, Members};
use kept::{Found, KeptValues};
use std::cell::Cell;

/// Parts of a key at most; further equalities are conditions.
pub const MOST_KEYS: usize = 4;
/// What stands for the parts that a key has not.
const NO_PART: i64 = 0;

/// Rows whose sets are read ahead at a time.
const READ_AHEAD: usize = 64;

type Key = [i64; MOST_KEYS];

/// A key, and what bounds its rows: the first and the last day, and the row that comes after them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    key: Key,
    from: Option<i32>,
    to: Option<i32>,
    before: Option<u32>,
}

/// The rows of a set by their keys.
#[derive(Debug)]
pub struct Index {
    /// The rows that they are among.
    source: Rows,
    groups: Groups,
    /// Rows of the stream, key by key, in their order.
    rows: Vec<u32>,
    /// By place in `rows`: the row's day; none of an entity.
    days: Vec<i32>,
    /// By output: sums of the rows before each place in `rows`, as whole numbers of the output's `1/den`; none where they are not
    /// kept.
    sums: Vec<Option<Vec<i64>>>,
    /// By output: the field of each row that is asked for, as it is kept; none where it is more than that, or not of one row.
    fields: Vec<Option<KeptValues>>,
    /// By output whose value is a fraction: the denominator of each field.
    dens: Vec<Option<Vec<i64>>>,
    /// By output that gives the row that is highest or lowest by something: that of each row.
    chosen_by: Vec<Option<KeptValues>>,
    /// By output that gives a field of a span only up to its last day: the operand that is the day, and the last day of each row.
    ends: Vec<Option<(u32, Vec<i32>)>>,
    /// By part of the key, the decimals of its field.
    decimals: Vec<u32>,
    /// Its conditions on both rows, where all are comparisons of fields.
    conditions: Option<Conditions>,
    /// What was asked for last, as one row asks for several things of one set.
    last: Cell<Option<(Place, (usize, usize))>>,
    /// What was found since that was asked last.
    found: Found,
}

/// Whether a row may be in a set, as far as machine code has told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtered {
    /// It may be.
    In,
    /// It is not.
    Out,
    /// It is the interpreter's.
    Open,
}

/// A row that met a fault while its set was made ready.
#[derive(Clone, Debug)]
pub struct RowFault {
    /// The row of the search's stream.
    pub row: u32,
    /// What it met.
    pub fault: Fault,
}

impl Index {
    /// The rows of a search among those of its stream, `source`.
    ///
    /// # Errors
    /// The first row at which a condition or a value meets a fault, and the rows that it is one of.
    pub fn new(
        plan: &Plan,
        data: &Data,
        search: &Search,
        source: Rows,
        filtered: &[Filtered],
    ) -> Result<Self, Box<(RowFault, Rows)>> {
        let mut index = Self {
            source,
            groups: Groups::default(),
            rows: Vec::new(),
            days: Vec::new(),
            sums: Vec::new(),
            fields: Vec::new(),
            dens: Vec::new(),
            chosen_by: Vec::new(),
            ends: Vec::new(),
            decimals: Vec::new(),
            conditions: None,
            last: Cell::new(None),
            found: Found::default(),
        };
        match index.fill(plan, data, search, filtered) {
            Ok(()) => Ok(index),
            Err(fault) => Err(Box::new((fault, index.source))),
        }
    }

    fn fill(&mut self, plan: &Plan, data: &Data, search: &Search, filtered: &[Filtered]) -> Result<(), RowFault> {
        let n_rows = n_rows(plan, data, &self.source, search);
        let mut members = Members::default();
        let mut keys = Vec::new();
        for row in 0..n_rows {
            let filtered = filtered.get(row as usize).copied().unwrap_or(Filtered::Open);
            if filtered == Filtered::Out {
                continue;
            }
            let reader = Row::new(plan, &self.source, row, 0, false);
            let at_row = |fault| RowFault { row, fault };
            keys_of_row(plan, data, search, &reader, &mut keys).map_err(at_row)?;
            if keys.is_empty() {
                continue;
            }
            if let Some(only) = &search.only
                && filtered == Filtered::Open
                && !reader.eval(only, data).map_err(at_row)?.is_true()
            {
                continue;
            }
            for key in &keys {
                members.push(key, search.keys.len(), row);
            }
        }
        (self.rows, self.groups) = members.group();
        let days: Option<&[i32]> = match &self.source {
            Rows::Events { record } => days_of_event(plan, data, *record),
            Rows::ByDate(dated) => Some(&dated.when),
            Rows::EntityPeriods(periods) => Some(&periods.last_day),
            Rows::Payments(payments) => Some(&payments.when),
        };
        if let Some(days) = days {
            self.days = self.rows.iter().map(|row| days[*row as usize]).collect();
        }
        for output in &search.outputs {
            let sums = match (&output.function, output.den, &search.also) {
                (FindFunction::Sum, Some(den), None) if !reads_arguments(&output.value) => {
                    self.running_sums(plan, data, &output.value, den)?
                }
                _ => None,
            };
            self.sums.push(sums);
            let (value, until) = match spanned(&output.value) {
                Some((value, to, day)) => (value, Some((to, day))),
                None => (&output.value, None),
            };
            let dens = self.kept_dens(plan, data, output, value);
            self.fields.push(self.kept_fields(plan, data, output, value, dens.is_some(), search.also.is_some()));
            self.dens.push(dens);
            self.chosen_by.push(match &output.function {
                FindFunction::Highest(by) | FindFunction::Lowest(by) => self.whole_numbers(plan, data, by),
                _ => None,
            });
            self.ends.push(until.zip(search.record()).map(|((to, day), record)| {
                let last = |to: FieldId, row: u32| raw(plan, data, record, &[to], row);
                let days = self.rows.iter().map(|row| last(to, *row).map_or(i32::MAX, |day| day as i32));
                (day, days.collect())
            }));
        }
        self.conditions = search.also.as_ref().and_then(|also| Conditions::of(plan, data, also, self));
        self.decimals = search.keys.iter().map(|key| decimals_of(plan, key)).collect();
        self.found = Found::new(self.rows.len());
        Ok(())
    }

    /// The field of each row that an output gives of one row.
    fn kept_fields(
        &self,
        plan: &Plan,
        data: &Data,
        output: &SearchOutput,
        value: &Expr,
        is_fraction: bool,
        has_conditions: bool,
    ) -> Option<KeptValues> {
        if output.function == FindFunction::Count || output.function == FindFunction::Sum && !has_conditions {
            return None;
        }
        match (&value.op, &self.source) {
            (Op::Decision { decision, root: Root::Row }, _) if is_fraction => {
                let decided = data.decision(*decision);
                let reader = |row: u32| Row::new(plan, &self.source, row, 0, false);
                let place = |row: &u32| reader(*row).decision_row(*decision, Root::Row);
                let field = |place: usize| (decided.known[place] == 1).then(|| decided.nums[place]);
                KeptValues::of(self.rows.iter().map(place).map(field))
            }
            (Op::Field { record, path, .. }, Rows::Events { .. }) => {
                // A number is kept as its own denominator says.
                let den = if value.ty.is_numeric() { 10i64.checked_pow(decimals_of(plan, value))? } else { 1 };
                let field = |row: &u32| raw(plan, data, *record, path, *row);
                // Whether values are the same can be told whatever they are kept over.
                let fits = output.den == Some(den) || output.function == FindFunction::Distinct;
                if fits { KeptValues::of(self.rows.iter().map(field)) } else { None }
            }
            _ if !reads_arguments(value) => {
                let den = output.den?;
                let of_row = |row: &u32| {
                    let reader = Row::new(plan, &self.source, *row, 0, false);
                    match reader.eval(value, data).ok()? {
                        Value::Missing => Some(None),
                        value => whole_of(&value, den).map(Some),
                    }
                };
                KeptValues::of(self.rows.iter().map(of_row).collect::<Option<Vec<_>>>()?.into_iter())
            }
            _ => None,
        }
    }

    /// The denominators of a decision that is a fraction, by row; of one row alone or the largest of them.
    fn kept_dens(&self, plan: &Plan, data: &Data, output: &SearchOutput, value: &Expr) -> Option<Vec<i64>> {
        let Op::Decision { decision, root: Root::Row } = value.op else { return None };
        if output.den.is_some() || !value.ty.is_numeric() {
            return None;
        }
        let decided = data.decision(decision);
        let place = |row: &u32| Row::new(plan, &self.source, *row, 0, false).decision_row(decision, Root::Row);
        Some(self.rows.iter().map(place).map(|place| decided.denominators[place]).collect())
    }

    /// A field of each row as a whole number; none of anything else.
    fn whole_numbers(&self, plan: &Plan, data: &Data, value: &Expr) -> Option<KeptValues> {
        match (&value.op, &self.source) {
            (Op::Field { record, path, .. }, Rows::Events { .. }) => {
                KeptValues::of(self.rows.iter().map(|row| raw(plan, data, *record, path, *row)))
            }
            _ => None,
        }
    }

    /// About how much memory is read in no order where rows ask.
    pub fn n_bytes(&self) -> usize {
        const BYTES_OF_A_ROW: usize = 32;
        self.rows.len() * BYTES_OF_A_ROW
    }

    /// Reads what rows are likely to ask for whose keys begin with these, so that many reads wait for memory at once.
    pub fn read_ahead(&self, firsts: &[u32]) {
        let mut sum = 0i64;
        let mut places = [None; READ_AHEAD];
        for firsts in firsts.chunks(READ_AHEAD) {
            for (place, first) in places.iter_mut().zip(firsts) {
                *place = self.groups.near(*first);
            }
            for place in places[..firsts.len()].iter().flatten() {
                sum ^= self.groups.second(*place);
                for days in self.ends.iter().flatten().map(|(_, days)| days).chain([&self.days]) {
                    sum ^= i64::from(days.get(*place).copied().unwrap_or(0));
                }
                let fields = self.fields.iter().flatten().map(KeptValues::values);
                for array in self.sums.iter().chain(&self.dens).flatten().map(Vec::as_slice).chain(fields) {
                    sum ^= array.get(*place).copied().unwrap_or(0);
                }
            }
        }
        std::hint::black_box(sum);
    }

    /// The rows that its rows are among.
    pub fn source(&self) -> &Rows {
        &self.source
    }

    /// Sums of a value before each place; none where one does not fit or is missing, which the walk then meets.
    fn running_sums(&self, plan: &Plan, data: &Data, value: &Expr, den: i64) -> Result<Option<Vec<i64>>, RowFault> {
        let mut sums = Vec::with_capacity(self.rows.len() + 1);
        let mut sum = 0i64;
        sums.push(sum);
        let direct = match self.source {
            Rows::Events { .. } => plain_numbers(plan, data, value, den),
            Rows::ByDate(_) | Rows::EntityPeriods(_) | Rows::Payments(_) => None,
        };
        for &row in &self.rows {
            let number = match direct {
                Some(numbers) => Some(numbers[row as usize]),
                None => {
                    let reader = Row::new(plan, &self.source, row, 0, false);
                    let value = reader.eval(value, data).map_err(|fault| RowFault { row, fault })?;
                    value.number().and_then(|value| i64::try_from(over(&value, den)?).ok())
                }
            };
            let Some(next) = number.and_then(|number| sum.checked_add(number)) else { return Ok(None) };
            sum = next;
            sums.push(sum);
        }
        Ok(Some(sums))
    }

    /// Which rows of the record were found since this was asked last.
    pub fn take_found(&self) -> impl Iterator<Item = u32> + '_ {
        self.found.take().map(|place| self.rows[place])
    }
}

/// The numbers of a column in which a value is read as it is, where they are whole numbers of `1/den`.
fn plain_numbers<'d>(plan: &Plan, data: &'d Data, value: &Expr, den: i64) -> Option<&'d [i64]> {
    let Op::Field { record, path, .. } = &value.op else { return None };
    let [field] = path[..] else { return None };
    let column = data.tables[record.index()].columns[field.index()].as_ref()?;
    let decimals = plan.record(*record).fields[field.index()].decimals;
    match &column.values {
        Values::I64(numbers) if column.known.is_none() && 10i64.checked_pow(decimals) == Some(den) => Some(numbers),
        _ => None,
    }
}

/// A value that is given up to the last day of a span, as dated fields are read: the value, the field of that day, and the operand
/// that is the day of reading. An open span has no last day.
fn spanned(value: &Expr) -> Option<(&Expr, FieldId, u32)> {
    let Op::If { branches, otherwise } = &value.op else { return None };
    let ([(within, value)], Op::Missing) = (&branches[..], &otherwise.op) else { return None };
    let Op::Or(sides) = &within.op else { return None };
    let [open, until] = &sides[..] else { return None };
    let Op::Call(Function::Compare(Comparison::GreaterOrEqual), compared) = &until.op else { return None };
    let [Expr { op: Op::Field { path, .. }, .. }, Expr { op: Op::Argument(day), .. }] = &compared[..] else {
        return None;
    };
    let Op::Call(Function::Not, known) = &open.op else { return None };
    let [Expr { op: Op::Call(Function::Known, asked), .. }] = &known[..] else { return None };
    let same = matches!(&asked[..], [one] if one.op == compared[0].op);
    match path[..] {
        [to] if same => Some((value, to, *day)),
        _ => None,
    }
}

/// Whether a value depends on who asks.
fn reads_arguments(value: &Expr) -> bool {
    let mut reads = false;
    value.walk(&mut |expr| reads |= matches!(expr.op, Op::Argument(_)));
    reads
}

/// How many rows a stream has that sets can find.
fn n_rows(plan: &Plan, data: &Data, source: &Rows, search: &Search) -> u32 {
    let n_rows = match source {
        Rows::Events { record } => {
            let table = &data.tables[record.index()];
            // A row that is named is found whatever its day is: a rule by another date may have decided something of it.
            let is_named = matches!(&search.keys[..], [Expr { op: Op::Field { path, .. }, .. }] if path.is_empty());
            if plan.record(*record).when.is_some() && !is_named { table.n_stream } else { table.n_rows }
        }
        Rows::ByDate(dated) => dated.row.len(),
        Rows::EntityPeriods(periods) => periods.entity.len(),
        Rows::Payments(payments) => payments.amount.len(),
    };
    n_rows as u32
}

fn days_of_event<'d>(plan: &Plan, data: &'d Data, record: RecordId) -> Option<&'d [i32]> {
    let column = data.tables[record.index()].columns[plan.record(record).when?.index()].as_ref()?;
    if let Values::I32(days) = &column.values { Some(days) } else { None }
}

/// The keys of a row of the set, each once: one for each way that leads somewhere, none where another part is missing.
fn keys_of_row(plan: &Plan, data: &Data, search: &Search, reader: &Row<'_>, keys: &mut Vec<Key>) -> Result<(), Fault> {
    keys.clear();
    let part = |expr: &Expr| -> Result<Option<i64>, Fault> {
        Ok(match &expr.op {
            Op::Field { root, record, path } => raw(plan, data, *record, path, reader.root(*root)),
            _ => as_kept(&reader.eval(expr, data)?, 0),
        })
    };
    let mut key = [NO_PART; MOST_KEYS];
    for (place, expr) in key.iter_mut().zip(&search.keys).skip(1) {
        let Some(found) = part(expr)? else { return Ok(()) };
        *place = found;
    }
    if search.keys.is_empty() {
        keys.push(key);
    }
    for way in search.keys.iter().take(1).chain(&search.ways) {
        if let Some(found) = part(way)? {
            key[0] = found;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    Ok(())
}

/// A field of a row, or what it leads to, as it is kept.
fn raw(plan: &Plan, data: &Data, mut record: RecordId, path: &[FieldId], mut row: u32) -> Option<i64> {
    let (last, before) = match path {
        [before @ .., last] => (*last, before),
        [] => return Some(i64::from(row)),
    };
    for &field in before {
        row = u32::try_from(kept(data.tables[record.index()].columns[field.index()].as_ref()?, row)?).ok()?;
        let crate::plan::Type::Ref(next) = plan.record(record).fields[field.index()].ty else { return None };
        record = next;
    }
    kept(data.tables[record.index()].columns[last.index()].as_ref()?, row)
}

fn kept(column: &Column, row: u32) -> Option<i64> {
    let row = row as usize;
    if column.known.as_ref().is_some_and(|known| known[row] == 0) {
        return None;
    }
    Some(match &column.values {
        Values::I64(values) => values[row],
        Values::I32(values) => i64::from(values[row]),
        Values::U32(values) => i64::from(values[row]),
        Values::U8(values) => i64::from(values[row]),
    })
}

/// A value as a whole number of `1/den`, what is no number as itself; none where it is missing or does not fit.
fn whole_of(value: &Value, den: i64) -> Option<i64> {
    match value {
        Value::Missing => None,
        Value::Number(number) => i64::try_from(over(number, den)?).ok(),
        Value::YesNo(value) => Some(i64::from(*value)),
        Value::Date(day) => Some(i64::from(*day)),
        Value::Code(code) => Some(i64::from(*code)),
    }
}

/// A value of who asks as a field with these decimals keeps it; none where it is missing, or no field has it.
fn as_kept(value: &Value, decimals: u32) -> Option<i64> {
    whole_of(value, 10i64.checked_pow(decimals)?)
}

/// The decimals of the field that a path ends with.
fn decimals_of(plan: &Plan, expr: &Expr) -> u32 {
    let Op::Field { record, path, .. } = &expr.op else { return 0 };
    let mut at = *record;
    let mut decimals = 0;
    for field in path {
        let field = &plan.record(at).fields[field.index()];
        decimals = if field.ty.is_numeric() { field.decimals } else { 0 };
        if let crate::plan::Type::Ref(next) = field.ty {
            at = next;
        }
    }
    decimals
}

/// Makes a set ready among the rows of its stream.
///
/// # Errors
/// The row that met a fault, and the rows that it is one of.
pub fn prepare(
    plan: &Plan,
    data: &mut Data,
    id: SearchId,
    source: Rows,
    filtered: &[Filtered],
) -> Result<(), Box<(RowFault, Rows)>> {
    let index = Index::new(plan, data, plan.search(id), source, filtered)?;
    data.searches[id.index()] = Some(index);
    Ok(())
}
