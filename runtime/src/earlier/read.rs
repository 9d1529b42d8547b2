//! Reads what earlier runs paid.

use crate::earlier::error::EarlierError;
use crate::earlier::subject::{Apart, Subject};
use crate::earlier::sums::{Line, Lines, Room};
use crate::manifest::{FILE_NAME, Manifest, ManifestError, PaidRun, WrittenRun, check};
use crate::output::dialect::CsvDialect;
use crate::output::formula::unmarked;
use crate::source::columns::{ColumnChunk, Encoding, Wanted};
use crate::source::error::SourceError;
use crate::source::file::{Content, SourceFile};
use crate::source::opening::Opening;
use meed_compiler::plan::calendar::day_of;
use meed_compiler::plan::{Layout, Plan};
use meed_compiler::value::{Exact, parse_exact};
use rustc_hash::FxHashSet;
use std::num::NonZero;
use std::path::Path;

/// Rows read at a time.
const BATCH: usize = 4_096;
/// Bytes that a page of a file may take.
const PAGE: usize = 256 << 20;
/// The columns that are read.
const COLUMNS: [&str; 14] = [
    "rule",
    "version",
    "payee_kind",
    "payee",
    "unit",
    "amount",
    "event",
    "key",
    "place",
    "when",
    "period",
    "booked",
    "due",
    "accrual",
];

/// A folder with an earlier run.
pub struct EarlierRun {
    /// As it was named.
    pub folder: String,
    run: WrittenRun,
}

/// What earlier runs paid.
pub struct EarlierRuns {
    pub(super) lines: Lines,
    /// The rules by which they paid.
    pub(super) rules: FxHashSet<String>,
    /// The last day of the latest of them.
    pub(super) through: i32,
    /// What the last of them says of itself.
    pub(super) last: Manifest,
    /// All of them, as `run.json` names them.
    pub runs: Vec<PaidRun>,
}

impl EarlierRun {
    /// Finds the run of a folder.
    ///
    /// # Errors
    /// Where there is none, or it is of another program or a later day.
    pub fn open(plan: &Plan, folder: &Path, through: i32) -> Result<Self, EarlierError> {
        let name = folder.display().to_string();
        let Some(run) = WrittenRun::open(folder)? else { return Err(EarlierError::NoRun { folder: name }) };
        let theirs = &run.manifest.program.name;
        if *theirs != plan.name {
            return Err(EarlierError::OtherProgram { folder: name, theirs: theirs.clone(), ours: plan.name.clone() });
        }
        let earlier = Self { folder: name, run };
        match earlier.through()? {
            day if day > through => Err(EarlierError::Later { folder: earlier.folder, through: day }),
            _ => Ok(earlier),
        }
    }

    fn through(&self) -> Result<i32, EarlierError> {
        let text = &self.run.manifest.through;
        let cell = || EarlierError::Cell { file: self.folder.clone(), row: 0, value: text.clone(), what: "day" };
        text.parse().map(day_of).map_err(|_| cell())
    }
}

impl EarlierRuns {
    /// Reads the payments of runs, each of which knew what those before it had paid; at least one.
    ///
    /// # Errors
    /// Where they are not all the runs that paid, or their payments are not as they wrote them.
    pub fn read(plan: &Plan, mut runs: Vec<EarlierRun>, room: Room<'_>) -> Result<Option<Self>, EarlierError> {
        runs.sort_by_key(|run| run.run.manifest.paid.len());
        for (idx, own) in runs.iter().enumerate() {
            let before = runs.split_at(idx).0;
            if let Some(other) = before.iter().find(|other| other.run.sha256 == own.run.sha256) {
                return Err(EarlierError::Twice { folder: own.folder.clone(), other: other.folder.clone() });
            }
            let knows = |other: &EarlierRun| own.run.manifest.paid.iter().any(|paid| paid.sha256 == other.run.sha256);
            let is_named = |paid: &&PaidRun| !runs.iter().any(|other| other.run.sha256 == paid.sha256);
            if let Some(missing) = own.run.manifest.paid.iter().find(is_named) {
                if let Some(other) = runs.iter().find(|other| other.folder == missing.name) {
                    return Err(EarlierError::Replaced { folder: own.folder.clone(), other: other.folder.clone() });
                }
                return Err(EarlierError::Incomplete { folder: own.folder.clone(), other: missing.name.clone() });
            }
            if let Some(other) = before.iter().find(|other| !knows(other)) {
                return Err(EarlierError::Apart { folder: own.folder.clone(), other: other.folder.clone() });
            }
        }
        let Some(last) = runs.last().map(|run| run.run.manifest.clone()) else { return Ok(None) };
        let mut through = i32::MIN;
        for run in &runs {
            through = through.max(run.through()?);
        }
        let named = |run: &EarlierRun| PaidRun {
            name: run.folder.clone(),
            through: run.run.manifest.through.clone(),
            sha256: run.run.sha256.clone(),
        };
        let named = runs.iter().map(named).collect();
        let mut earlier = Self { lines: Lines::new(room), rules: FxHashSet::default(), through, last, runs: named };
        for run in runs {
            earlier.take(plan, run)?;
        }
        Ok(Some(earlier))
    }

    /// Takes in what one run paid.
    fn take(&mut self, plan: &Plan, run: EarlierRun) -> Result<(), EarlierError> {
        let EarlierRun { folder, run } = run;
        let table = run.manifest.tables.iter().find(|table| table.table == "payments");
        let Some(table) = table else { return Err(EarlierError::NoPayments { folder }) };
        let path = run.place(table);
        let file = format!("{folder}/{}", table.file);
        check(&path, table.size, &table.sha256).map_err(|error| match error {
            ManifestError::Changed { .. } => EarlierError::Changed { file: file.clone() },
            other => other.into(),
        })?;
        let is_csv = path.extension().is_some_and(|ending| ending == "csv");
        let is_marked = !run.manifest.formulas_as_they_are && is_csv;
        let dialect = run.manifest.csv.as_deref().unwrap_or_default();
        let unread = |reason| ManifestError::Damaged { path: Path::new(&folder).join(FILE_NAME), reason };
        let dialect: CsvDialect = dialect.parse().map_err(unread)?;
        let SourceFile { content, .. } = SourceFile::open(&path)?;
        let content = match content {
            Content::Csv(bytes, _) => Content::Csv(bytes, Some(dialect.separator)),
            other => other,
        };
        let source = SourceFile { name: file.clone(), content };
        let has_comma = is_csv && dialect.decimal == b',';
        let table = PaymentsFile { plan, file, is_marked, has_comma, is_whole: true };
        let (lines, rules) = (&mut self.lines, &mut self.rules);
        let mut bytes = Vec::new();
        let is_read = table.read(source, |subject, line| {
            if !rules.contains(&subject.rule) {
                rules.insert(subject.rule.clone());
            }
            bytes.clear();
            subject.push(&mut bytes);
            // Whatever it booked, this run compares with what it comes to now.
            Apart::default().push(&mut bytes);
            Ok(lines.push(&bytes, line)?)
        })?;
        if is_read { Ok(()) } else { Err(EarlierError::NoPayments { folder }) }
    }
}

/// Reads payments of before from a file of any format: `rule`, `payee_kind`, `payee`, `unit`, `amount` and `period`, and what else of the
/// columns of payments is there. A line without a day of its own has `when`.
///
/// # Errors
/// Where the file cannot be read, a column is missing, or a cell is none that it can have.
pub fn read_payments(
    plan: &Plan,
    path: &Path,
    when: i32,
    mut each: impl FnMut(Subject, Line),
) -> Result<(), EarlierError> {
    let source = SourceFile::open(path)?;
    let file = source.name.clone();
    // A file that a run has written is read as it was meant.
    let is_marked = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let table = PaymentsFile { plan, file: file.clone(), is_marked, has_comma: false, is_whole: false };
    let is_read = table.read(source, |subject, mut line| {
        if line.when == i32::MIN {
            line.when = when;
        }
        each(subject, line);
        Ok(())
    })?;
    if is_read { Ok(()) } else { Err(EarlierError::NoColumn { file, columns: NEEDED.join(", ") }) }
}

/// A cell as a CSV file has it; empty where there is none.
fn cell((column, entries): &(ColumnChunk<'_>, Vec<&[u8]>), row: usize) -> String {
    if !column.is_known(row) {
        return String::new();
    }
    match &column.encoding {
        Encoding::Entries { places, .. } => {
            let entry = usize::try_from(places[row]).ok().and_then(|place| entries.get(place));
            entry.map_or_else(String::new, |entry| String::from_utf8_lossy(entry).into_owned())
        }
        encoding => encoding.text_to_show(row),
    }
}

/// A table of payments.
struct PaymentsFile<'a> {
    plan: &'a Plan,
    file: String,
    /// Whether cells that begin like formulas have a mark.
    is_marked: bool,
    /// Whether amounts have a comma before their decimals.
    has_comma: bool,
    /// Whether it has all columns, as a run writes them.
    is_whole: bool,
}

/// Columns without which a line says nothing.
const NEEDED: [&str; 6] = ["rule", "payee_kind", "payee", "unit", "amount", "period"];

impl PaymentsFile<'_> {
    /// Gives its lines; false where a column is missing.
    fn read(
        &self,
        source: SourceFile,
        mut each: impl FnMut(Subject, Line) -> Result<(), EarlierError>,
    ) -> Result<bool, EarlierError> {
        let opening =
            Opening { layout: &Layout::default(), batch_rows: BATCH, memory: PAGE, threads: NonZero::<usize>::MIN };
        let mut source = match source.into_source(&opening) {
            Ok(Some(source)) => source,
            // JSON lines of no payments say nothing of their columns.
            Ok(None) => return Ok(true),
            Err(SourceError::EmptyFile { .. }) if self.is_whole => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        let header = source.header().to_vec();
        let (mut wanted, mut places) = (Vec::new(), [None; COLUMNS.len()]);
        for (place, name) in places.iter_mut().zip(COLUMNS) {
            match header.iter().position(|known| known == name) {
                Some(column) => {
                    *place = Some(wanted.len());
                    wanted.push(Wanted { column, as_text: true });
                }
                None if self.is_whole || NEEDED.contains(&name) => return Ok(false),
                None => {}
            }
        }
        source.choose(&wanted)?;
        let mut n_rows = 0;
        loop {
            let in_batch = source.advance()?;
            if in_batch == 0 {
                return Ok(true);
            }
            // Whole cells: what is shown in messages is shortened.
            let columns: Vec<(ColumnChunk<'_>, Vec<&[u8]>)> =
                (0..wanted.len()).map(|chosen| (source.cells(chosen), source.entries(chosen))).collect();
            for row in 0..in_batch {
                let cells = places.map(|place| place.map_or_else(String::new, |chosen| cell(&columns[chosen], row)));
                if let Some((subject, line)) = self.row(&cells, n_rows + row as u64 + 1)? {
                    each(subject, line)?;
                }
            }
            n_rows += in_batch as u64;
        }
    }

    /// A line; none of what was not paid yet.
    fn row(&self, cells: &[String; COLUMNS.len()], row: u64) -> Result<Option<(Subject, Line)>, EarlierError> {
        let bad =
            |value: &str, what| EarlierError::Cell { file: self.file.clone(), row, value: value.to_owned(), what };
        let plan = self.plan;
        let [rule, version, kind, payee, unit, amount, event, key, place, when, period, booked, due, accrual] = cells;
        match accrual.as_str() {
            "no" => {}
            "" if !self.is_whole => {}
            // What was not paid yet is paid now.
            "yes" => return Ok(None),
            other => return Err(bad(other, "`yes` or `no`")),
        }
        let text = |cell: &str| if self.is_marked { unmarked(cell).to_owned() } else { cell.to_owned() };
        let day = |cell: &str| cell.parse().map(day_of).map_err(|_| bad(cell, "day"));
        let whole = |cell: &str| match cell {
            "" if !self.is_whole => Ok(1),
            cell => cell.parse::<i32>().map_err(|_| bad(cell, "whole number")),
        };
        let is_period = |cell: &str| match plan.calendar.parse_name(&text(cell)) {
            Some(_) => Ok(()),
            None => Err(bad(cell, "period")),
        };
        let known = plan.unit_named(unit).ok_or_else(|| bad(unit, "unit of the program"))?;
        let per_one = Exact::from(plan.unit(known).per_one());
        let plain = if self.has_comma { amount.replace(',', ".") } else { amount.clone() };
        let units = parse_exact(&plain).map(|amount| amount * per_one).filter(|units| units.denominator().is_one());
        let units = units.and_then(|units| i128::try_from(units.numerator()).ok());
        let amount = units.ok_or_else(|| bad(amount, "amount of the unit"))?;
        let due = if due.is_empty() { None } else { Some(day(due)?) };
        // A day that is not said is filled in by who reads.
        let when = if when.is_empty() && !self.is_whole { i32::MIN } else { day(when)? };
        let line = Line { version: whole(version)?, place: whole(place)?, when, amount, row: None };
        is_period(period)?;
        if self.is_whole || !booked.is_empty() {
            is_period(booked)?;
        }
        let subject = Subject {
            event: event.clone(),
            key: text(key),
            rule: rule.clone(),
            payee_kind: kind.clone(),
            payee: text(payee),
            period: text(period),
            unit: unit.clone(),
            due,
        };
        Ok(Some((subject, line)))
    }
}
