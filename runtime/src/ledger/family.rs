//! The lines of all versions of one rule, in the order in which they are written.

use super::{BATCH, Sinks};
use crate::engine::{LineRows, Origin, RunResult};
use crate::keys::Keys;
use crate::load::{Extent, Loaded};
use crate::table::{Batch, Cells, Texts};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Period, Plan, RecordId, RuleId};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The rules by name in the order written, with their versions.
pub(super) fn families(plan: &Plan) -> Vec<(&str, Vec<RuleId>)> {
    let mut families: Vec<(&str, Vec<RuleId>)> = Vec::new();
    for (idx, rule) in plan.rules.iter().enumerate() {
        let id = RuleId(idx as u32);
        match families.iter_mut().find(|(name, _)| *name == rule.name) {
            Some((_, versions)) => versions.push(id),
            None => families.push((&rule.name, vec![id])),
        }
    }
    families
}

/// What lines of a rule are told with.
#[derive(Clone, Copy)]
pub(super) struct Lot<'a> {
    pub plan: &'a Plan,
    pub name: &'a str,
    pub origin: Origin<'a>,
    /// The keys of the event's rows.
    pub keys: &'a Keys,
    pub through: i32,
}

/// The lines of a rule with its versions.
pub(super) struct Family<'a> {
    lot: Lot<'a>,
    versions: Vec<Version<'a>>,
    /// Places in the lines of all versions, one version behind the other.
    order: Vec<u32>,
}

/// The lines of one version of a rule.
pub(super) struct Version<'a> {
    id: RuleId,
    number: i32,
    payee: RecordId,
    keys: &'a Keys,
    lines: Cow<'a, LineRows>,
    /// The place of its first line.
    first: u32,
}

/// One line.
struct Found<'a> {
    version: &'a Version<'a>,
    idx: usize,
    payee: u32,
    root: u32,
    amount: i64,
}

impl<'a> Version<'a> {
    /// None for a version that pays nobody.
    pub fn new(plan: &Plan, id: RuleId, loaded: &'a Loaded, lines: Cow<'a, LineRows>) -> Option<Self> {
        let payee = plan.payee_record(id)?;
        let number = plan.rule(id).version as i32;
        Some(Self { id, number, payee, keys: &loaded.keys[payee.index()], lines, first: 0 })
    }
}

impl<'a> Family<'a> {
    /// The lines of versions, at least one.
    pub fn new(lot: Lot<'a>, mut versions: Vec<Version<'a>>) -> Self {
        let mut n_lines = 0;
        for version in &mut versions {
            version.first = n_lines;
            n_lines += version.lines.len() as u32;
        }
        let mut family = Self { lot, versions, order: Vec::new() };
        family.order = family.order(n_lines);
        family
    }

    /// The lines of a rule whose tables are held; none for one that pays nothing.
    pub fn held(
        plan: &'a Plan,
        name: &'a str,
        ids: &[RuleId],
        loaded: &'a Loaded,
        result: &'a RunResult,
    ) -> Option<Self> {
        let lines = |id: RuleId| Cow::Borrowed(result.lines[id.index()].all_held());
        let versions: Vec<Version<'a>> =
            ids.iter().filter_map(|&id| Version::new(plan, id, loaded, lines(id))).collect();
        let origin = Origin::of(plan, versions.first()?.id, loaded, result);
        let origin = origin.unwrap_or_else(|| broken(format!("lines of `{name}` that come from nothing")));
        let (Origin::Event { record, .. } | Origin::Grid { record, .. }) = origin;
        let lot = Lot { plan, name, origin, keys: &loaded.keys[record.index()], through: result.through };
        Some(Self::new(lot, versions))
    }

    fn order(&self, n_lines: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n_lines).collect();
        // Versions hold on different days, and rows of an event or grid stand by day.
        if self.versions.len() > 1 {
            order.sort_by_key(|&place| self.at(place).root);
        }
        let kind = self.versions[0].payee;
        if self.versions.iter().all(|version| version.payee == kind) {
            return self.by_payee(&order, self.versions[0].keys.len());
        }
        order.sort_by(|&a, &b| {
            let (a, b) = (self.at(a), self.at(b));
            compare(a.version.keys, a.payee, b.version.keys, b.payee).then(a.version.payee.cmp(&b.version.payee))
        });
        order
    }

    /// Sorts by payee, each payee's lines staying in their order.
    fn by_payee(&self, lines: &[u32], n_payees: usize) -> Vec<u32> {
        let mut next = vec![0u32; n_payees + 1];
        for version in &self.versions {
            version.lines.payees.iter().for_each(|&payee| next[payee as usize + 1] += 1);
        }
        for payee in 1..next.len() {
            next[payee] += next[payee - 1];
        }
        let mut order = vec![0; lines.len()];
        for &line in lines {
            let place = &mut next[self.at(line).payee as usize];
            order[*place as usize] = line;
            *place += 1;
        }
        order
    }

    fn at(&self, place: u32) -> Found<'_> {
        let version = match self.versions.as_slice() {
            [only] => only,
            versions => &versions[versions.partition_point(|version| version.first <= place) - 1],
        };
        let (idx, lines) = ((place - version.first) as usize, &version.lines);
        Found { version, idx, payee: lines.payees[idx], root: lines.roots()[idx], amount: lines.amounts[idx] }
    }

    /// Writes all lines and their parts, and their sums but for the last.
    pub fn write(&self, sinks: &mut Sinks<'_>, totals: &mut Totals) -> std::io::Result<()> {
        self.write_places(&self.order, sinks, totals)
    }

    /// Writes lines as long as they fill a batch, and says which rows the others, in order, are for.
    pub fn write_batches(&self, sinks: &mut Sinks<'_>, totals: &mut Totals) -> std::io::Result<Vec<u32>> {
        let (full, rest) = self.order.split_at(self.order.len() - self.order.len() % BATCH);
        self.write_places(full, sinks, totals)?;
        Ok(rest.iter().map(|&place| self.at(place).root).collect())
    }

    fn write_places(&self, places: &[u32], sinks: &mut Sinks<'_>, totals: &mut Totals) -> std::io::Result<()> {
        let periods = Periods::new(&self.lot);
        for places in places.chunks(BATCH) {
            let lines: Vec<Found<'_>> = places.iter().map(|&place| self.at(place)).collect();
            let numbers: Vec<i32> = lines.iter().map(|line| periods.number(line.root)).collect();
            sinks.payments.take(&self.payments(&lines, &numbers, &periods))?;
            for (line, number) in lines.iter().zip(&numbers) {
                totals.add(line, *number);
            }
            if totals.rows.len() >= BATCH {
                sinks.totals.take(&self.totals(totals, &periods))?;
            }
            if let Some((slices, sink)) = &mut sinks.slices {
                let ids = lines.iter().map(|line| (line.version.id, line.idx));
                let (batch, repeats) = slices.batch(ids);
                let of = |cells: Cells| repeat(cells, &repeats);
                let head = [
                    Cells::always(self.lot.name, repeats.len()),
                    Cells::Texts(repeat_texts(&self.payees(&lines), &repeats)),
                    of(periods.cells(&numbers)),
                    self.event(repeats.len()),
                    Cells::Texts(repeat_texts(&self.event_keys(&lines), &repeats)),
                ];
                sink.take(&Batch { n_rows: repeats.len(), columns: head.into_iter().chain(batch).collect() })?;
            }
        }
        Ok(())
    }

    /// Writes the sums that are left when all lines are written.
    pub fn end(&self, sinks: &mut Sinks<'_>, totals: &mut Totals) -> std::io::Result<()> {
        totals.end();
        sinks.totals.take(&self.totals(totals, &Periods::new(&self.lot)))
    }

    fn payments(&self, lines: &[Found<'_>], numbers: &[i32], periods: &Periods<'_>) -> Batch {
        let n_rows = lines.len();
        let words: Vec<String> =
            self.versions.iter().map(|version| self.lot.plan.record(version.payee).name.clone()).collect();
        let kinds = lines.iter().map(|line| self.place_of(line.version) as u16).collect();
        let accruals = lines.iter().map(|line| u16::from(periods.is_open(line.root))).collect();
        let columns = vec![
            Cells::always(self.lot.name, n_rows),
            Cells::Wholes(lines.iter().map(|line| line.version.number).collect()),
            Cells::Words { words, codes: kinds },
            Cells::Texts(self.payees(lines)),
            Cells::always(&self.lot.plan.unit.code, n_rows),
            Cells::Amounts(lines.iter().map(|line| i128::from(line.amount)).collect()),
            self.event(n_rows),
            Cells::Texts(self.event_keys(lines)),
            Cells::Days(lines.iter().map(|line| self.lot.origin.day(line.root)).collect()),
            periods.cells(numbers),
            Cells::NoDays,
            Cells::Words { words: vec!["no".to_owned(), "yes".to_owned()], codes: accruals },
        ];
        Batch { n_rows, columns }
    }

    fn place_of(&self, version: &Version<'_>) -> usize {
        let place = self.versions.iter().position(|known| known.id == version.id);
        place.unwrap_or_else(|| broken("a line of a version that is not of the rule"))
    }

    fn payees(&self, lines: &[Found<'_>]) -> Texts {
        let mut texts = Texts::default();
        let mut before = None;
        for line in lines {
            let payee = Some((line.version.payee, line.payee));
            if before == payee {
                texts.repeat();
            } else {
                line.version.keys.write(line.payee as usize, &mut texts.bytes);
                texts.end();
            }
            before = payee;
        }
        texts
    }

    fn event(&self, n_rows: usize) -> Cells {
        match self.lot.origin {
            Origin::Event { record, .. } => Cells::always(&self.lot.plan.record(record).name, n_rows),
            Origin::Grid { .. } => Cells::always("", n_rows),
        }
    }

    fn event_keys(&self, lines: &[Found<'_>]) -> Texts {
        let mut texts = Texts::default();
        match self.lot.origin {
            Origin::Event { .. } => {
                self.lot.keys.write_rows(lines.iter().map(|line| line.root), &mut texts);
            }
            Origin::Grid { .. } => lines.iter().for_each(|_| texts.end()),
        }
        texts
    }

    fn totals(&self, totals: &mut Totals, periods: &Periods<'_>) -> Batch {
        let rows = std::mem::take(&mut totals.rows);
        let words = self.versions.iter().map(|version| self.lot.plan.record(version.payee).name.clone()).collect();
        let mut payees = Texts::default();
        let mut codes = Vec::new();
        for row in &rows {
            let place = self.versions.iter().position(|version| version.payee == row.payee.0);
            let place = place.unwrap_or_else(|| broken("a total of a kind of payee that the rule does not pay"));
            self.versions[place].keys.write(row.payee.1 as usize, &mut payees.bytes);
            payees.end();
            codes.push(place as u16);
        }
        let numbers: Vec<i32> = rows.iter().map(|row| row.period).collect();
        let columns = vec![
            Cells::always(self.lot.name, rows.len()),
            Cells::Words { words, codes },
            Cells::Texts(payees),
            Cells::always(&self.lot.plan.unit.code, rows.len()),
            periods.cells(&numbers),
            Cells::Amounts(rows.iter().map(|row| row.sum).collect()),
        ];
        Batch { n_rows: rows.len(), columns }
    }
}

/// Sums of lines as they go by, by payee and period.
#[derive(Default)]
pub(super) struct Totals {
    rows: Vec<Total>,
    open: Option<Total>,
}

struct Total {
    payee: (RecordId, u32),
    period: i32,
    sum: i128,
}

impl Totals {
    fn add(&mut self, line: &Found<'_>, period: i32) {
        let payee = (line.version.payee, line.payee);
        match &mut self.open {
            Some(open) if open.payee == payee && open.period == period => open.sum += i128::from(line.amount),
            Some(_) | None => {
                self.end();
                self.open = Some(Total { payee, period, sum: line.amount.into() });
            }
        }
    }

    fn end(&mut self) {
        self.rows.extend(self.open.take().filter(|open| open.sum != 0));
    }
}

/// The periods of lines.
struct Periods<'a> {
    lot: &'a Lot<'a>,
    kind: Period,
    /// By day of an event, from the first.
    numbers: Vec<i32>,
    first_day: i32,
}

impl<'a> Periods<'a> {
    fn new(lot: &'a Lot<'a>) -> Self {
        let (kind, first_day, last_day) = match &lot.origin {
            Origin::Event { days, .. } => {
                let Extent { first_day, last_day, .. } = Extent::of(days);
                (Period::Quarter, first_day, last_day)
            }
            Origin::Grid { period, .. } => (*period, 0, 0),
        };
        // Days far apart are looked up one by one.
        let last_day = last_day.min(first_day.saturating_add(100_000));
        let numbers = (first_day..=last_day).map(|day| lot.plan.calendar.index(kind, day)).collect();
        Self { lot, kind, numbers, first_day }
    }

    fn number(&self, root: u32) -> i32 {
        match &self.lot.origin {
            Origin::Event { days, .. } => {
                let day = days[root as usize];
                let known = self.numbers.get(day.wrapping_sub(self.first_day) as usize);
                known.copied().unwrap_or_else(|| self.lot.plan.calendar.index(self.kind, day))
            }
            Origin::Grid { grid, .. } => grid.period[root as usize],
        }
    }

    /// Whether the period has not ended by the run's date.
    fn is_open(&self, root: u32) -> bool {
        match &self.lot.origin {
            Origin::Event { .. } => false,
            Origin::Grid { period, grid, .. } => {
                !self.lot.plan.has_ended(*period, grid.period[root as usize], self.lot.through)
            }
        }
    }

    /// The names of periods, as few words again and again.
    fn cells(&self, numbers: &[i32]) -> Cells {
        let mut known: Vec<i32> = Vec::new();
        let mut codes: Vec<u16> = Vec::with_capacity(numbers.len());
        for (row, &number) in numbers.iter().enumerate() {
            if row > 0 && numbers[row - 1] == number {
                codes.push(codes[row - 1]);
                continue;
            }
            let place = known.iter().position(|&known| known == number);
            codes.push(place.unwrap_or(known.len()) as u16);
            if place.is_none() {
                known.push(number);
            }
        }
        let name = |&number: &i32| self.lot.plan.calendar.name(self.kind, number);
        Cells::Words { words: known.iter().map(name).collect(), codes }
    }
}

/// Every cell as often as its line has parts; `repeats` holds for each part the number of its line.
fn repeat(cells: Cells, repeats: &[u32]) -> Cells {
    match cells {
        Cells::Words { words, codes } => {
            Cells::Words { words, codes: repeats.iter().map(|&line| codes[line as usize]).collect() }
        }
        other => other,
    }
}

fn repeat_texts(texts: &Texts, repeats: &[u32]) -> Texts {
    let mut repeated = Texts::default();
    for &line in repeats {
        repeated.bytes.extend_from_slice(texts.get(line as usize));
        repeated.end();
    }
    repeated
}

/// The order of keys of two records.
pub(super) fn compare(a: &Keys, a_row: u32, b: &Keys, b_row: u32) -> Ordering {
    let n_parts = a.n_parts().min(b.n_parts());
    let by_part = |part| a.key_part(a_row as usize, part).cmp(&b.key_part(b_row as usize, part));
    (0..n_parts).map(by_part).find(|ordering| ordering.is_ne()).unwrap_or(a.n_parts().cmp(&b.n_parts()))
}
