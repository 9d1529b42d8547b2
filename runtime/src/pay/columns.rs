//! The columns of payments, totals and slices: one row here for each, its name, its type, and how its cells are made.

use crate::engine::lines::NO_DUE;
use crate::engine::result::RunResult;
use crate::output::batch::{Amounts, Batch, Cells, Header, Kind, Texts};
use crate::pay::line_columns::LineColumns;
use crate::pay::paid_rule::{PaidRule, Source};
use crate::pay::periods::Periods;

use crate::pay::slices::{Slice, Slices};
use crate::pay::totals::Total;
use crate::store::seen::TakenRow;
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, RecordId, UnitId, Version, VersionId};
use meed_compiler::value::exact_text;

/// A column of a table whose batches are made by such a function.
pub(super) struct Column<F> {
    name: &'static str,
    kind: Kind,
    cells: F,
}

type PaymentColumn = Column<fn(&LineBatch<'_>) -> Cells>;
type TotalColumn = Column<fn(&TotalBatch<'_>) -> Cells>;
type SliceColumn = Column<fn(&SliceBatch<'_>) -> Cells>;

/// Lines of a rule that are written together.
pub(super) struct LineBatch<'a> {
    pub rule: &'a PaidRule<'a>,
    pub lines: &'a LineColumns,
    pub periods: &'a Periods<'a>,
    /// By line, the number of its period.
    pub numbers: &'a [i32],
}

/// Sums of a rule that are written together.
pub(super) struct TotalBatch<'a> {
    pub rule: &'a PaidRule<'a>,
    pub periods: &'a Periods<'a>,
    pub totals: &'a [Total],
}

/// Slices of lines that are written together.
pub(super) struct SliceBatch<'a> {
    pub of: LineBatch<'a>,
    /// By line, its version and its place among the lines of that.
    pub of_lines: Vec<(VersionId, usize)>,
    /// By slice, its line.
    pub repeats: Vec<u32>,
    pub slices: &'a Slices,
}

/// An amount of the program's unit: its decimals and digits are those of the run.
const AMOUNT: Kind = Kind::Amount { decimals: 0, digits: 0 };

const PAYMENTS: &[PaymentColumn] = &[
    Column { name: "rule", kind: Kind::Word, cells: |batch| batch.always(batch.rule.name) },
    Column { name: "version", kind: Kind::Whole, cells: |batch| batch.versions() },
    Column { name: "payee_kind", kind: Kind::Word, cells: |batch| batch.payee_kinds() },
    Column { name: "payee", kind: Kind::Name, cells: |batch| batch.payees() },
    Column { name: "unit", kind: Kind::Word, cells: |batch| batch.units() },
    Column { name: "amount", kind: AMOUNT, cells: |batch| batch.amounts() },
    Column { name: "event", kind: Kind::Word, cells: |batch| batch.events() },
    Column { name: "key", kind: Kind::Text, cells: |batch| Cells::Texts(batch.keys()) },
    Column { name: "place", kind: Kind::Whole, cells: |batch| batch.places() },
    Column { name: "when", kind: Kind::Day, cells: |batch| batch.days() },
    Column { name: "period", kind: Kind::Word, cells: |batch| batch.periods.cells(batch.numbers) },
    Column { name: "booked", kind: Kind::Word, cells: |batch| batch.booked() },
    Column { name: "due", kind: Kind::Day, cells: |batch| batch.dues() },
    Column { name: "accrual", kind: Kind::Word, cells: |batch| batch.accruals() },
];

const TOTALS: &[TotalColumn] = &[
    Column { name: "rule", kind: Kind::Word, cells: |batch| batch.always(batch.rule.name) },
    Column { name: "payee_kind", kind: Kind::Word, cells: |batch| batch.payee_kinds() },
    Column { name: "payee", kind: Kind::Text, cells: |batch| batch.payees() },
    Column { name: "unit", kind: Kind::Word, cells: |batch| batch.units() },
    Column { name: "period", kind: Kind::Word, cells: |batch| batch.periods() },
    Column { name: "amount", kind: AMOUNT, cells: |batch| batch.amounts() },
];

const SLICES: &[SliceColumn] = &[
    Column { name: "rule", kind: Kind::Word, cells: |batch| batch.always(batch.of.rule.name) },
    Column { name: "payee", kind: Kind::Name, cells: |batch| batch.repeat_cells(batch.of.payees()) },
    Column { name: "period", kind: Kind::Word, cells: |batch| batch.periods() },
    Column { name: "event", kind: Kind::Word, cells: |batch| batch.repeat_cells(batch.of.events()) },
    Column { name: "key", kind: Kind::Text, cells: |batch| batch.repeat_texts(&batch.of.keys()) },
    Column { name: "place", kind: Kind::Text, cells: |batch| batch.repeat_texts(&batch.of.place_texts()) },
    Column { name: "slice", kind: Kind::Text, cells: |batch| batch.each(|slice, texts| texts.push(&slice.name)) },
    // What has no quantity or rate of its own is written without one.
    Column {
        name: "quantity",
        kind: Kind::Text,
        cells: |batch| {
            batch.each(|slice, texts| {
                texts.push_number(&slice.quantity.as_ref().map(exact_text).unwrap_or_default());
            })
        },
    },
    Column {
        name: "rate",
        kind: Kind::Text,
        cells: |batch| {
            batch.each(|slice, texts| texts.push_number(&slice.rate.as_ref().map(exact_text).unwrap_or_default()))
        },
    },
    Column {
        name: "amount",
        kind: Kind::Text,
        cells: |batch| batch.each(|slice, texts| texts.push_number(&exact_text(&slice.amount))),
    },
];

/// The columns of the payments of a run.
pub fn payments_header(plan: &Plan, result: &RunResult) -> Header {
    let is_wide = (0..plan.versions.len() as u32).any(|id| result.paid(VersionId(id)).largest() >= 10u64.pow(18));
    let is_mixed = plan.versions.iter().filter_map(Version::emit).any(|emit| emit.unit != UnitId::CURRENCY);
    header(
        PAYMENTS,
        plan,
        if is_mixed {
            38
        } else if is_wide {
            19
        } else {
            18
        },
    )
}

/// The columns of the totals of a run.
pub fn totals_header(plan: &Plan) -> Header {
    header(TOTALS, plan, 38)
}

/// The columns of the slices of a run.
pub fn slices_header() -> Header {
    SLICES.iter().map(|column| (column.name, column.kind)).collect()
}

/// The place of a column of payments by its name.
pub(crate) fn payment_column(name: &str) -> usize {
    place(PAYMENTS, name)
}

/// The place of a column of totals by its name, if there is one.
pub(crate) fn total_column(name: &str) -> Option<usize> {
    TOTALS.iter().position(|column| column.name == name)
}

fn place<F>(columns: &[Column<F>], name: &str) -> usize {
    let place = columns.iter().position(|column| column.name == name);
    place.unwrap_or_else(|| broken(format!("a column `{name}` that no table has")))
}

fn header<F>(columns: &[Column<F>], plan: &Plan, digits: u8) -> Header {
    let amount = Kind::Amount { decimals: most_decimals(plan), digits };
    columns.iter().map(|column| (column.name, if column.kind == AMOUNT { amount } else { column.kind })).collect()
}

impl LineBatch<'_> {
    /// The lines as rows of payments.
    pub fn payments(&self) -> Batch {
        Batch { n_rows: self.lines.len(), columns: PAYMENTS.iter().map(|column| (column.cells)(self)).collect() }
    }

    /// The version that a line is of.
    pub fn version(&self, line: usize) -> VersionId {
        self.rule.ids[self.lines.versions.get(line).map_or(0, |place| *place as usize)]
    }

    /// Who is paid by a line.
    pub fn payee(&self, line: usize) -> (RecordId, u32) {
        let kind = self.lines.kinds.get(line).map_or(self.rule.kinds[0].0, |kind| RecordId(*kind));
        (kind, self.lines.payees[line])
    }

    /// What a line is in.
    pub fn unit(&self, line: usize) -> UnitId {
        self.lines.units.get(line).map_or(UnitId::CURRENCY, |unit| UnitId(*unit))
    }

    fn always(&self, word: &str) -> Cells {
        Cells::always(word, self.lines.len())
    }

    fn versions(&self) -> Cells {
        let number = |id: VersionId| self.rule.plan.version(id).number as i32;
        if let [only] = self.rule.ids[..] {
            return Cells::Wholes(vec![number(only); self.lines.len()]);
        }
        Cells::Wholes((0..self.lines.len()).map(|line| number(self.version(line))).collect())
    }

    fn place(&self, line: usize) -> u32 {
        self.lines.places.get(line).copied().unwrap_or(1)
    }

    fn places(&self) -> Cells {
        Cells::Wholes((0..self.lines.len()).map(|line| self.place(line) as i32).collect())
    }

    fn payee_kinds(&self) -> Cells {
        if let [(only, _)] = self.rule.kinds[..] {
            return self.always(&self.rule.plan.record(only).name);
        }
        let place = |kind: &u32| self.rule.place_of_kind(RecordId(*kind)) as u16;
        Cells::Words { words: kinds(self.rule), codes: self.lines.kinds.iter().map(place).collect() }
    }

    fn payees(&self) -> Cells {
        let (mut words, mut codes) = (Texts::default(), Vec::with_capacity(self.lines.len()));
        let mut before = None;
        for line in 0..self.lines.len() {
            let payee = self.payee(line);
            if before != Some(payee) {
                self.rule.keys(payee.0).write(payee.1 as usize, &mut words.bytes);
                words.end();
                before = Some(payee);
            }
            codes.push((words.ends.len() - 1) as u16);
        }
        Cells::Words { words, codes }
    }

    fn place_texts(&self) -> Texts {
        let mut texts = Texts::default();
        (0..self.lines.len()).for_each(|line| texts.push_number(&self.place(line).to_string()));
        texts
    }

    fn units(&self) -> Cells {
        match self.rule.plan.units.as_slice() {
            [only] => self.always(&only.code),
            _ => units(self.rule.plan, (0..self.lines.len()).map(|line| self.unit(line))),
        }
    }

    fn amounts(&self) -> Cells {
        let values = self.lines.amounts.iter().map(|amount| i128::from(*amount)).collect();
        amounts(self.rule.plan, values, (0..self.lines.len()).map(|line| self.unit(line)))
    }

    /// The return that takes a line back.
    fn taking(&self, line: usize) -> Option<&TakenRow> {
        let (taking, Source::Event(record)) = (self.lines.takings.get(line)?, self.rule.source) else { return None };
        self.rule.loaded.taking_of_event(record, *taking)
    }

    /// The events of the rows that lines are for: of what is taken back, that of the return.
    fn events(&self) -> Cells {
        let Source::Event(own) = self.rule.source else { return self.always("") };
        let plan = self.rule.plan;
        if self.lines.takings.is_empty() {
            return self.always(&plan.record(own).name);
        }
        let record = |line| self.taking(line).map_or(own, |taking| taking.by.0);
        let words = plan.records.iter().map(|record| &record.name).collect();
        Cells::Words { words, codes: (0..self.lines.len()).map(|line| record(line).0 as u16).collect() }
    }

    fn keys(&self) -> Texts {
        let mut texts = Texts::default();
        match (self.rule.source, self.lines.keys.whole_numbers()) {
            (Source::Periods(_), _) => texts.ends.resize(self.lines.len(), 0),
            (Source::Event(_), Some(keys)) if self.lines.takings.is_empty() => {
                let mut digits = itoa::Buffer::new();
                keys.iter().for_each(|key| texts.push(digits.format(*key)));
            }
            (Source::Event(_), _) => (0..self.lines.len()).for_each(|line| self.key(line, &mut texts)),
        }
        texts
    }

    /// The key of one line, which a return may take back.
    fn key(&self, line: usize, texts: &mut Texts) {
        match self.taking(line) {
            Some(taking) => {
                let (record, row) = taking.by;
                self.rule.loaded.keys[record.index()].write(row as usize, &mut texts.bytes);
            }
            None => self.lines.keys.write(line, &mut texts.bytes),
        }
        texts.end();
    }

    fn days(&self) -> Cells {
        Cells::Days(self.lines.days.clone())
    }

    fn dues(&self) -> Cells {
        if self.lines.dues.is_empty() { Cells::NoDays } else { due_days(self.lines.dues.iter().copied()) }
    }

    fn booked(&self) -> Cells {
        if self.lines.booked.is_empty() {
            return self.periods.cells(self.numbers);
        }
        let booked = |line: usize| self.periods.booked_of(self.lines, line, self.numbers[line]);
        self.periods.cells_of(self.lines.len(), booked)
    }

    fn accruals(&self) -> Cells {
        if let Source::Event(_) = self.rule.source {
            return self.always("no");
        }
        let codes = self.numbers.iter().map(|&number| u16::from(self.periods.is_open(number))).collect();
        Cells::Words { words: Texts::from_iter(["no", "yes"]), codes }
    }
}

impl TotalBatch<'_> {
    /// The sums as rows of totals.
    pub fn totals(&self) -> Batch {
        Batch { n_rows: self.totals.len(), columns: TOTALS.iter().map(|column| (column.cells)(self)).collect() }
    }

    fn always(&self, word: &str) -> Cells {
        Cells::always(word, self.totals.len())
    }

    fn payee_kinds(&self) -> Cells {
        let codes = self.totals.iter().map(|total| self.rule.place_of_kind(total.payee.0) as u16).collect();
        Cells::Words { words: kinds(self.rule), codes }
    }

    fn payees(&self) -> Cells {
        let mut texts = Texts::default();
        for Total { payee: (kind, row), .. } in self.totals {
            self.rule.keys(*kind).write(*row as usize, &mut texts.bytes);
            texts.end();
        }
        Cells::Texts(texts)
    }

    fn periods(&self) -> Cells {
        self.periods.cells_of(self.totals.len(), |row| self.totals[row].period)
    }

    fn units(&self) -> Cells {
        units(self.rule.plan, self.totals.iter().map(|total| total.unit))
    }

    fn amounts(&self) -> Cells {
        let values = self.totals.iter().map(|total| total.sum).collect();
        amounts(self.rule.plan, values, self.totals.iter().map(|total| total.unit))
    }
}

impl SliceBatch<'_> {
    /// The slices as rows.
    pub fn slices(&self) -> Batch {
        Batch { n_rows: self.repeats.len(), columns: SLICES.iter().map(|column| (column.cells)(self)).collect() }
    }

    fn always(&self, word: &str) -> Cells {
        Cells::always(word, self.repeats.len())
    }

    /// Every text as often as its line has slices.
    fn repeat_texts(&self, texts: &Texts) -> Cells {
        let mut repeated = Texts::default();
        for &line in &self.repeats {
            repeated.bytes.extend_from_slice(texts.get(line as usize));
            repeated.end();
        }
        Cells::Texts(repeated)
    }

    /// Every word or name as often as its line has slices.
    fn repeat_cells(&self, cells: Cells) -> Cells {
        let Cells::Words { words, codes } = cells else { return cells };
        Cells::Words { words, codes: self.repeats.iter().map(|&line| codes[line as usize]).collect() }
    }

    fn periods(&self) -> Cells {
        let numbers: Vec<i32> = self.repeats.iter().map(|&line| self.of.numbers[line as usize]).collect();
        self.of.periods.cells(&numbers)
    }

    /// What is written of each slice.
    fn each(&self, write: impl Fn(&Slice, &mut Texts)) -> Cells {
        let mut texts = Texts::default();
        for &(version, idx) in &self.of_lines {
            self.slices.of(version, idx).iter().for_each(|slice| write(slice, &mut texts));
        }
        Cells::Texts(texts)
    }
}

/// The names of units.
pub(crate) fn units(plan: &Plan, units: impl Iterator<Item = UnitId>) -> Cells {
    let words = plan.units.iter().map(|unit| &unit.code).collect();
    Cells::Words { words, codes: units.map(|unit| unit.0 as u16).collect() }
}

/// Amounts in units, each with the decimals of its own.
pub(crate) fn amounts(plan: &Plan, values: Vec<i128>, units: impl Iterator<Item = UnitId>) -> Cells {
    let mut decimals = Vec::new();
    if plan.units.len() > 1 {
        decimals.extend(units.map(|unit| plan.unit(unit).decimals as u8));
    }
    Cells::Amounts(Amounts { values, decimals })
}

/// The most digits after the point of any unit that rules pay in.
pub(super) fn most_decimals(plan: &Plan) -> u32 {
    let versions = (0..plan.versions.len() as u32).map(VersionId);
    let units = versions.flat_map(|id| plan.units_of(id)).map(|unit| plan.unit(unit).decimals);
    units.max().unwrap_or(plan.currency().decimals)
}

/// The kinds of payees.
fn kinds(rule: &PaidRule<'_>) -> Texts {
    rule.kinds.iter().map(|(kind, _)| &rule.plan.record(*kind).name).collect()
}

/// The days on which lines are due, where something is said of them.
pub(super) fn due_days(dues: impl Iterator<Item = i32> + Clone) -> Cells {
    let days = dues.map(|day| Some(day).filter(|day| *day != NO_DUE));
    if days.clone().all(|day| day.is_none()) { Cells::NoDays } else { Cells::SomeDays(days.collect()) }
}
