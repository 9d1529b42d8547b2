//! The ways of settling one program over the same rows. Whatever the way, every table of output must be the same.

use crate::rename::{Renaming, Shape};
use crate::table::Table;
use meed_compiler::codegen::CodeOptions;
use meed_compiler::plan::{FieldSource, Layout, Plan, Record, RecordId, RecordTable, TextEncoding, Type};
use meed_compiler::value::{Exact, parse_exact};
use meed_runtime::inner::engine::{Counts, Engine, Observer, RunOptions, RunResult, run};
use meed_runtime::inner::load::{LoadError, LoadOptions, load};
use meed_runtime::inner::output::Sheet;
use meed_runtime::inner::pay;
use meed_runtime::inner::pay::{Sinks, Slices};
use meed_runtime::inner::source::{Content, SourceFile, TableInput};
use meed_runtime::inner::store::Loaded;
use meed_runtime::inner::store::Spill;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;

/// A way of settling.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What it is called when it differs.
    pub name: &'static str,
    /// Rows done at a time.
    pub rows: u32,
    /// Whether rows come in another order than written.
    pub shuffled: bool,
    /// Which engine does the rows.
    pub engine: Engine,
    /// Into how many parts the rows of rules are cut, and how many threads do them.
    pub cut: (u32, usize),
    /// From how many bytes on the rows of events are spilled to disk, and in pieces of how many.
    pub held: Option<(usize, usize)>,
    /// In what shape keys have other names of the same order; outcomes are told with the old ones.
    pub renamed: Option<Shape>,
}

impl Way {
    /// Whether the parts of lines are shown: rows that somebody looks at are done by the interpreter, and not cut.
    fn shows_slices(self) -> bool {
        self.engine == Engine::Interpreter && self.held.is_none() && self.cut == PLAIN.cut
    }
}

/// The plainest way.
pub const PLAIN: Way = Way {
    name: "whole",
    rows: 1_000,
    shuffled: false,
    engine: Engine::Interpreter,
    cut: (1, 1),
    held: None,
    renamed: None,
};

/// All ways, the plainest first.
pub const WAYS: [Way; 17] = [
    PLAIN,
    Way { name: "row by row", rows: 1, ..PLAIN },
    Way { name: "shuffled", shuffled: true, ..PLAIN },
    Way { name: "by machine code", engine: Engine::Jit, ..PLAIN },
    Way { name: "by machine code, row by row", rows: 1, engine: Engine::Jit, ..PLAIN },
    Way {
        name: "by machine code, shuffled, three rows at a time",
        rows: 3,
        shuffled: true,
        engine: Engine::Jit,
        ..PLAIN
    },
    Way { name: "from the disk, row by row", rows: 1, held: Some((1, 1)), ..PLAIN },
    Way { name: "from the disk, shuffled", rows: 2, shuffled: true, held: Some((400, 100)), ..PLAIN },
    Way {
        name: "from the disk by machine code",
        rows: 3,
        shuffled: true,
        engine: Engine::Jit,
        held: Some((1, 1)),
        ..PLAIN
    },
    Way { name: "in two parts", cut: (2, 1), ..PLAIN },
    Way { name: "in seven parts, from the disk", rows: 5, cut: (7, 1), held: Some((400, 100)), ..PLAIN },
    Way { name: "in seven parts by machine code", engine: Engine::Jit, cut: (7, 1), ..PLAIN },
    Way { name: "in two parts by machine code and three threads", engine: Engine::Jit, cut: (2, 3), ..PLAIN },
    Way { name: "by the interpreter and three threads", cut: (1, 3), ..PLAIN },
    Way { name: "from the disk by three threads", engine: Engine::Jit, cut: (1, 3), held: Some((1, 1)), ..PLAIN },
    Way {
        name: "with keys of seven digits, by machine code",
        engine: Engine::Jit,
        renamed: Some(Shape::SevenDigits),
        ..PLAIN
    },
    Way {
        name: "with keys of mixed shapes, from the disk",
        rows: 5,
        held: Some((400, 100)),
        renamed: Some(Shape::Mixed),
        ..PLAIN
    },
];

/// What a run gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Payment lines.
    pub payments: Table,
    /// Totals.
    pub totals: Table,
    /// The parts of lines, which only the interpreter shows.
    pub slices: Option<Table>,
    /// Decisions.
    pub decisions: Table,
    /// What rows found by splits are credited with.
    pub credits: Table,
    /// Parts of splits that nobody gets.
    pub uncredited: Table,
    /// Sums of earlier periods that closes changed.
    pub differences: Table,
    /// Payments that are still held.
    pub held: Table,
    /// Changes of balances.
    pub movements: Table,
    /// What became of the rows, by event.
    pub accounts: Table,
    /// How often a schedule that does not say what it gives below zero was asked there, by rule.
    pub below_zero: Table,
    /// Rejected cells.
    pub rejects: Table,
    /// Why there is no output at all.
    pub fault: Option<String>,
}

/// Settles a plan over tables by record name.
///
/// # Errors
/// In words, when a table is of no record, or an account of rows does not add up.
pub fn settle(plan: &Plan, tables: &[(String, Table)], through: i32, way: Way) -> Result<Outcome, String> {
    if let Some(shape) = way.renamed {
        let renaming = Renaming::new(plan, tables, shape);
        let outcome = settle(plan, &renaming.apply(tables), through, Way { renamed: None, ..way })?;
        return Ok(renaming.undo(outcome));
    }
    let mut outcome = Outcome::default();
    let mut loaded = match loaded(plan, tables, through, way)? {
        Ok(loaded) => loaded,
        Err(error) => {
            let help = error.help().map(|help| format!("\n  help: {help}")).unwrap_or_default();
            return Ok(Outcome { fault: Some(format!("{}: {error}{help}", error.code())), ..outcome });
        }
    };
    outcome.rejects = rejects(plan, &loaded);
    let (parts, _) = way.cut;
    let options = RunOptions {
        parts: NonZero::new(parts).unwrap_or(NonZero::<u32>::MIN),
        threads: threads(way),
        ..options(through, way.rows, way.engine)
    };
    let mut slices = Slices::new(plan);
    let shown = way.shows_slices();
    let observer: Option<&mut dyn Observer> = if shown { Some(&mut slices) } else { None };
    match run(plan, &mut loaded, &options, observer) {
        Ok(result) => {
            let sheets = payments_and_totals(plan, &loaded, &result).map_err(|error| error.to_string())?;
            [outcome.payments, outcome.totals] = sheets.map(|sheet| table(Ok(sheet)));
            if table(pay::totals(plan, &loaded, &result)) != outcome.totals {
                return Err("totals alone are not those beside payments".to_owned());
            }
            if shown {
                let parts = table(pay::slices(plan, &loaded, &result, &slices));
                slices_add_up(&parts, &outcome.payments, &table(pay::held(plan, &loaded, &result)))?;
                outcome.slices = Some(parts);
            }
            outcome.decisions = table(pay::decisions(plan, &loaded, &result));
            outcome.credits = table(pay::credits(plan, &loaded, &result));
            outcome.uncredited = table(pay::uncredited(plan, &loaded, &result));
            outcome.differences = table(pay::differences(plan, &loaded, &result));
            outcome.held = table(pay::held(plan, &loaded, &result));
            outcome.movements = table(pay::movements(plan, &loaded, &result));
            outcome.accounts = accounts(plan, &loaded, &result)?;
            outcome.below_zero = below_zero(plan, &result);
        }
        Err(fault) => outcome.fault = Some(format!("{}: {fault}", fault.code())),
    }
    Ok(outcome)
}

fn threads(way: Way) -> NonZero<usize> {
    NonZero::new(way.cut.1).unwrap_or(NonZero::<usize>::MIN)
}

/// The payments and their totals, which are added up as payments go by.
fn payments_and_totals(plan: &Plan, loaded: &Loaded, result: &RunResult) -> std::io::Result<[Sheet; 2]> {
    let mut payments = Sheet::new(pay::payments_header(plan, result));
    let mut totals = Sheet::new(pay::totals_header(plan));
    let sinks = &mut Sinks { payments: Some(&mut payments), totals: Some(&mut totals), ..Sinks::default() };
    pay::write(plan, loaded, result, sinks)?;
    Ok([payments, totals])
}

/// A run as tests make it: what machine code does over many rows alone is done over few too.
pub fn options(through: i32, chunk_rows: u32, engine: Engine) -> RunOptions {
    let code = CodeOptions::OVER_FEW_ROWS;
    RunOptions { chunk_rows, engine, code, thread_rows: 1, ..RunOptions::through(through) }
}

/// Whether the rows of some event are spilled when they are settled this way.
///
/// # Errors
/// In words, why they cannot be loaded.
pub fn lies_on_disk(plan: &Plan, tables: &[(String, Table)], way: Way) -> Result<bool, String> {
    let loaded = loaded(plan, tables, plan.active.to, way)?.map_err(|error| error.to_string())?;
    Ok(!loaded.is_whole())
}

fn loaded(
    plan: &Plan,
    tables: &[(String, Table)],
    through: i32,
    way: Way,
) -> Result<Result<Loaded, LoadError>, String> {
    let folder = std::env::temp_dir();
    let spill = way.held.map(|(bytes, page_bytes)| Spill { folder: &folder, bytes, page_bytes });
    let options =
        LoadOptions { batch_rows: way.rows as usize, spill, threads: threads(way), ..LoadOptions::through(through) };
    Ok(load(plan, inputs(plan, tables, way.shuffled)?, &options))
}

/// How many rows machine code leaves to the interpreter.
///
/// # Errors
/// In words, why there is no result.
pub fn replayed(plan: &Plan, tables: &[(String, Table)], way: Way) -> Result<u64, String> {
    let mut loaded = loaded(plan, tables, plan.active.to, way)?.map_err(|error| error.to_string())?;
    let options = options(plan.active.to, way.rows, way.engine);
    let result = run(plan, &mut loaded, &options, None).map_err(|error| error.to_string())?;
    Ok(result.replayed.iter().sum())
}

/// What can be compared with a run of this way: of one whose rows came in another order all but the numbers of rows in
/// their files, of machine code all but the parts of lines.
pub fn alike(outcome: &Outcome, way: &Way) -> Outcome {
    let mut plain = outcome.clone();
    if !way.shows_slices() {
        plain.slices = None;
    }
    if way.shuffled {
        if let Some(place) = plain.rejects.column("row") {
            plain.rejects.rows.iter_mut().for_each(|row| row[place].clear());
        }
        plain.rejects.rows.iter_mut().flatten().for_each(|cell| *cell = without_rows(cell));
        plain.rejects.rows.sort();
        plain.fault = plain.fault.map(|fault| without_rows(&fault));
    }
    plain
}

/// A message without the numbers of rows in it.
fn without_rows(text: &str) -> String {
    let mut parts = text.split("row ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + "row " + part.trim_start_matches(|sign: char| sign.is_ascii_digit()))
}

/// The first table in which two outcomes differ, both as pages write them.
pub fn difference(one: &Outcome, other: &Outcome) -> Option<String> {
    let nothing = Table::default();
    let tables = [
        ("payments", &one.payments, &other.payments),
        ("totals", &one.totals, &other.totals),
        ("slices", one.slices.as_ref().unwrap_or(&nothing), other.slices.as_ref().unwrap_or(&nothing)),
        ("decisions", &one.decisions, &other.decisions),
        ("credits", &one.credits, &other.credits),
        ("uncredited", &one.uncredited, &other.uncredited),
        ("differences", &one.differences, &other.differences),
        ("held", &one.held, &other.held),
        ("movements", &one.movements, &other.movements),
        ("accounts", &one.accounts, &other.accounts),
        ("below-zero", &one.below_zero, &other.below_zero),
        ("rejects", &one.rejects, &other.rejects),
    ];
    if one.fault != other.fault {
        return Some(format!("fault {:?} and not {:?}", other.fault, one.fault));
    }
    let (name, one, other) = tables.into_iter().find(|(_, one, other)| one != other)?;
    Some(format!("{name}\n{}and not\n{}", other.to_text(), one.to_text()))
}

/// The parts of the lines of a rule, payee, period and event must add up to these lines, paid or held.
fn slices_add_up(slices: &Table, payments: &Table, held: &Table) -> Result<(), String> {
    let columns = ["rule", "payee", "period", "event", "key", "amount"].map(str::to_owned);
    let sums = |table: &Table| -> Result<BTreeMap<Vec<String>, Exact>, String> {
        let mut sums: BTreeMap<Vec<String>, Exact> = BTreeMap::new();
        for mut row in table.only(&columns)?.rows {
            let amount = row.pop().and_then(|cell| parse_fraction(&cell)).ok_or("an amount is no number")?;
            let sum = sums.entry(row).or_default();
            *sum = &*sum + amount;
        }
        Ok(sums)
    };
    let mut lines = sums(payments)?;
    if !held.header.is_empty() {
        for (key, amount) in sums(held)? {
            let sum = lines.entry(key).or_default();
            *sum = &*sum + amount;
        }
    }
    // Where several closes booked a row that comes to nothing in the end, there are no parts of it.
    let nonzero = |mut sums: BTreeMap<Vec<String>, Exact>| {
        sums.retain(|_, sum| *sum != Exact::ZERO);
        sums
    };
    let (parts, lines) = (nonzero(sums(slices)?), nonzero(lines));
    if parts == lines { Ok(()) } else { Err(format!("slices {parts:?} are not lines {lines:?}")) }
}

fn parse_fraction(cell: &str) -> Option<Exact> {
    match cell.split_once('/') {
        Some((numerator, denominator)) => Some(parse_exact(numerator)? / parse_exact(denominator)?),
        None => parse_exact(cell),
    }
}

/// Tables as the loader takes them. A party or thing that is only referred to exists with its key alone.
pub(crate) fn inputs(plan: &Plan, tables: &[(String, Table)], shuffled: bool) -> Result<Vec<TableInput>, String> {
    for (name, _) in tables {
        if !plan.records.iter().any(|record| record.name == *name) {
            return Err(format!("rows of `{name}`, which the program does not know"));
        }
    }
    let own = |record: &Record| record.used && matches!(record.source, RecordTable::Table(_));
    let records = plan.records.iter().enumerate().filter(|(_, record)| own(record));
    let input = |(idx, record): (usize, &Record)| {
        let given = tables.iter().find(|(name, _)| *name == record.name);
        let mut table = match given {
            Some((_, table)) => table.clone(),
            None => referred(plan, RecordId(idx as u32), tables),
        };
        // Where rows have no key the order of the file is part of the data.
        if shuffled && !record.has_no_key() {
            shuffle(&mut table.rows);
        }
        let bytes = std::io::Cursor::new(written(&record.layout, &table));
        let content = Content::Csv(Box::new(bytes), Some(b','));
        let file = SourceFile { name: record.name.clone(), content };
        TableInput { record: RecordId(idx as u32), files: vec![file] }
    };
    Ok(records.map(input).collect())
}

/// The tables with those of the records that have none and that rules read, as [`settle`] makes them.
pub fn completed(plan: &Plan, tables: &[(String, Table)]) -> Vec<(String, Table)> {
    let is_missing = |record: &Record| {
        let is_own = record.used && matches!(record.source, RecordTable::Table(_));
        is_own && tables.iter().all(|(name, _)| *name != record.name)
    };
    let records = plan.records.iter().enumerate().filter(|(_, record)| is_missing(record));
    let made = records.map(|(idx, record)| (record.name.clone(), referred(plan, RecordId(idx as u32), tables)));
    tables.iter().cloned().chain(made).collect()
}

/// A table as the source of its record says that it is written.
fn written(layout: &Layout, table: &Table) -> Vec<u8> {
    let titles: String = (1..layout.header_row).map(|row| format!("\"Title, of {row}\"\n")).collect();
    let text = titles + &table.to_csv();
    match layout.encoding {
        TextEncoding::Utf8 => text.into_bytes(),
        TextEncoding::Windows1252 => {
            text.chars().map(|letter| if letter == '€' { 0x80 } else { letter as u8 }).collect()
        }
        TextEncoding::Utf16 => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
    }
}

/// A table of the keys by which other tables refer to a record; without any, a table of its columns without rows.
fn referred(plan: &Plan, target: RecordId, tables: &[(String, Table)]) -> Table {
    let record = plan.record(target);
    let mut keys: BTreeSet<Vec<String>> = BTreeSet::new();
    for (name, table) in tables {
        let fields = plan.records.iter().filter(|record| record.name == *name).flat_map(|record| &record.fields);
        for field in fields.filter(|field| field.ty == Type::Ref(target)) {
            let places: Option<Vec<usize>> = headers(&field.source).iter().map(|header| place(table, header)).collect();
            let Some(places) = places else { continue };
            let key = |row: &Vec<String>| places.iter().map(|&place| row[place].clone()).collect::<Vec<_>>();
            keys.extend(table.rows.iter().map(key).filter(|key| key.iter().all(|part| !part.is_empty())));
        }
    }
    let key = record.key.iter().map(|key| &record.fields[key.index()]);
    let fields: Vec<_> = match keys.is_empty() {
        true => record.fields.iter().collect(),
        false => key.collect(),
    };
    let header = fields.iter().flat_map(|field| headers(&field.source)).map(str::to_owned).collect();
    Table { header, rows: keys.into_iter().collect() }
}

fn headers(source: &FieldSource) -> Vec<&str> {
    match source {
        FieldSource::Column(column) => vec![&column.header],
        FieldSource::Columns(columns) => columns.iter().map(|column| column.header.as_str()).collect(),
        FieldSource::Day(_) | FieldSource::Place | FieldSource::Returned(_) | FieldSource::Read(..) => Vec::new(),
    }
}

fn place(table: &Table, header: &str) -> Option<usize> {
    table.header.iter().position(|known| known.eq_ignore_ascii_case(header))
}

/// Another order, the same in every run.
fn shuffle(rows: &mut [Vec<String>]) {
    let mut state = 0x9e37_79b9_u64;
    for idx in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(idx, (state >> 33) as usize % (idx + 1));
    }
}

fn table(sheet: std::io::Result<Sheet>) -> Table {
    let sheet = sheet.expect("what lies on the disk can be read");
    Table { header: sheet.header.iter().map(|&name| name.to_owned()).collect(), rows: sheet.rows }
}

fn rejects(plan: &Plan, loaded: &Loaded) -> Table {
    let header = ["record", "row", "column", "value", "reason"];
    let row = |reject: &meed_runtime::inner::store::Reject| {
        vec![
            plan.record(reject.record).name.clone(),
            reject.row.to_string(),
            reject.column.clone(),
            reject.value.clone(),
            reject.reason.clone(),
        ]
    };
    Table { header: header.map(str::to_owned).to_vec(), rows: loaded.rejects.iter().map(row).collect() }
}

/// One row for each rule that asked a schedule below zero which does not say what it gives there.
fn below_zero(plan: &Plan, result: &RunResult) -> Table {
    let asked = plan.versions.iter().zip(&result.below_zero).filter(|(_, n_rows)| **n_rows > 0);
    let rows = asked.map(|(rule, n_rows)| vec![rule.name.clone(), n_rows.to_string()]).collect();
    Table { header: ["rule", "rows"].map(str::to_owned).to_vec(), rows }
}

/// One row for each event that a rule reads; what became of its rows must add up to the rows read.
fn accounts(plan: &Plan, loaded: &Loaded, result: &RunResult) -> Result<Table, String> {
    let header = ["event", "read", "rejected", "after", "returned", "paid", "counted", "nothing", "unmatched"];
    let mut table = Table { header: header.map(str::to_owned).to_vec(), rows: Vec::new() };
    let records = plan.records.iter().zip(&loaded.counts).zip(&result.events);
    for ((record, account), counts) in records {
        let Some(Counts { after, returned, paid, counted, nothing, unmatched }) = *counts else { continue };
        let ends = [account.rejected, after, returned, paid, counted, nothing, unmatched];
        if ends.iter().sum::<u64>() != account.read {
            return Err(format!("{} rows of `{}` were read, but they end as {ends:?}", account.read, record.name));
        }
        let numbers = std::iter::once(account.read).chain(ends).map(|number| number.to_string());
        table.rows.push(std::iter::once(record.name.clone()).chain(numbers).collect());
    }
    for (rule, ends) in plan.versions.iter().zip(&result.rules) {
        for (idx, (event, counts)) in ends.iter().enumerate() {
            if ends[..idx].iter().any(|(other, _)| other == event) {
                let name = &plan.record(*event).name;
                return Err(format!("`{name}` has two accounts in rule `{}`", rule.name));
            }
            let account = &loaded.counts[event.index()];
            let sum = account.rejected + counts.after + counts.returned + counts.paid + counts.counted;
            if sum + counts.nothing + counts.unmatched != account.read {
                let name = &plan.record(*event).name;
                return Err(format!("the account of `{name}` in rule `{}` does not add up: {counts:?}", rule.name));
            }
        }
    }
    Ok(table)
}
