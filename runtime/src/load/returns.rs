//! Returns: what rows of one event take off the rows of another that they refer to.
//!
//! All that were dated up to the run's day are taken off before any rule sees a row: its numbers are what is left, as if it had
//! been so from the start. They are looked at in the order of their days, then of the events in the program, then of their keys; one
//! that is dated before its row, or takes off more than is left, is rejected.

use crate::keys::dictionary::NONE;
use crate::load::link::{Linked, codes_by_place, days_by_place, header, numbers_by_place};
use crate::store::error::StoreError;
use crate::store::rejects::Fault;
use crate::store::seen::{Taken, TakenRow};
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{FieldId, FieldSource, Plan, Reading, RecordId, Reverses, Type, Version};
use meed_compiler::value::decimal_text;
use std::cmp::Ordering;

/// A row that takes something off another.
#[derive(Clone)]
struct Taking {
    /// Where its row was read, and the row that it is of.
    place: u32,
    of: u32,
    /// The key that it names.
    code: u32,
    day: i32,
    /// How many days after its row it is.
    age: i32,
    /// The event, and its numbers in the order of [`Reverses::takes`].
    event: usize,
    numbers: Vec<i64>,
    /// The share of its row that is taken back with it, known once all before it are taken off.
    share: Share,
}

/// A part of a whole that is not zero.
type Share = (i64, i64);

/// An event that takes rows of another back.
#[derive(Clone, Copy)]
struct Event<'a> {
    record: RecordId,
    reverses: &'a Reverses,
}

/// What is left of the rows of an event, by the place where they were read.
struct Left {
    record: RecordId,
    /// By field that something is taken off.
    numbers: Vec<(FieldId, Vec<i64>)>,
    /// Whether anything was taken off, and whether the row was taken back whole.
    touched: Vec<bool>,
    whole: Vec<bool>,
}

impl Linked<'_> {
    /// Takes returns off their rows.
    ///
    /// # Errors
    /// When rows that are not held cannot be read.
    pub fn take_returns(&mut self, through: i32, keeps_returns: bool) -> Result<(), StoreError> {
        for idx in 0..self.plan.records.len() {
            let record = RecordId(idx as u32);
            if self.plan.records[idx].used && self.plan.records[idx].returned(Reading::Left).is_some() {
                self.take_off(record, through, keeps_returns)?;
            }
        }
        Ok(())
    }

    /// Takes off the rows of one event what others take off them.
    fn take_off(&mut self, target: RecordId, through: i32, keeps_returns: bool) -> Result<(), StoreError> {
        let plan = self.plan;
        let reported = self.reported(target)?;
        let (mut left, events, takings) = loop {
            let events = events(plan, target);
            let mut takings = self.takings(&events, through)?;
            let (left, bad) = self.left(target, &events, &mut takings, &reported)?;
            if bad.is_empty() {
                break (left, events, takings);
            }
            for (record, fault) in bad {
                if let Some(table) = &mut self.tables[record.index()] {
                    table.fault(fault);
                    table.make_room_for_faults()?;
                }
            }
            // What refers to a return that is rejected is rejected with it.
            self.reject_astray()?;
        };
        // Settled at the ends of periods, a run sees what was left on their last days too, as do rules whose periods stay closed and sets
        // that are read as they stood.
        let is_asked = |rule: &Version| rule.as_it_stood || rule.takes_back;
        let stood = plan.matches.iter().any(|rows| rows.stood.is_some()) || plan.versions.iter().any(is_asked);
        if keeps_returns || plan.calendar.settled.is_some() || stood {
            self.taken.push(taken(plan, &events, &takings, &left));
        }
        self.write(&mut left, Reading::Left);
        for reading in plan.record(target).readings() {
            let is_within = |taking: &&Taking| plan.counts_in(reading, taking.day, taking.day - taking.age);
            let mut takings: Vec<Taking> = takings.iter().filter(is_within).cloned().collect();
            let (mut left, _) = self.left(target, &events, &mut takings, &reported)?;
            self.write(&mut left, reading);
        }
        Ok(())
    }

    /// What is taken off up to the run's day by rows that are accepted, row by row in the one order.
    fn takings(&self, events: &[Event<'_>], through: i32) -> Result<Vec<Taking>, StoreError> {
        let mut takings: Vec<Taking> = Vec::new();
        for (event, Event { record, reverses }) in events.iter().enumerate() {
            let definition = self.plan.record(*record);
            let Type::Ref(target) = definition.fields[reverses.row.index()].ty else { broken("a return of no row") };
            let (Some(table), Some(space)) = (&self.tables[record.index()], &self.spaces[target.index()]) else {
                continue;
            };
            let codes = codes_by_place(table, reverses.row.index())?;
            let Some(when) = definition.when else { broken("an event without a `when`") };
            let days = days_by_place(table, when.index())?;
            let numbers: Vec<Vec<Option<i64>>> = reverses
                .takes
                .iter()
                .map(|(own, _)| numbers_by_place(table, own.index()))
                .collect::<Result<_, StoreError>>()?;
            for (place, (&code, day)) in (0..).zip(codes.iter().zip(&days)) {
                let Some(day) = day.filter(|day| *day <= through) else { continue };
                if code == NONE || table.rejected.contains(place) || space.row(code) == NONE {
                    continue;
                }
                // A number that is missing takes nothing off.
                let numbers = numbers.iter().map(|by_place| by_place[place as usize].unwrap_or(0)).collect();
                let (age, share) = (0, (0, 1));
                takings.push(Taking { place, of: space.row(code), code, day, age, event, numbers, share });
            }
        }
        // Rows that take others back are held.
        let by_key = |a: &Taking, b: &Taking| match &self.tables[events[a.event].record.index()] {
            Some(table) => table.rows.batch.keys.cmp(a.place as usize, b.place as usize),
            None => Ordering::Equal,
        };
        takings.sort_by(|a, b| {
            (a.of, a.day, a.event).cmp(&(b.of, b.day, b.event)).then_with(|| by_key(a, b)).then(a.place.cmp(&b.place))
        });
        Ok(takings)
    }

    /// The numbers of an event that others take off, as they were reported: by place.
    fn reported(&self, target: RecordId) -> Result<Vec<(FieldId, Vec<i64>)>, StoreError> {
        let Some(table) = &self.tables[target.index()] else { return Ok(Vec::new()) };
        let taken = events(self.plan, target);
        let mut fields: Vec<FieldId> =
            taken.iter().flat_map(|event| event.reverses.takes.iter().map(|(_, of)| *of)).collect();
        fields.sort_unstable_by_key(|field| field.index());
        fields.dedup();
        let numbers = fields.into_iter().map(|field| {
            let by_place = numbers_by_place(table, field.index())?;
            Ok((field, by_place.into_iter().map(|number| number.unwrap_or(0)).collect()))
        });
        numbers.collect()
    }

    /// What these leave of the rows, and those of them that cannot be.
    fn left(
        &self,
        target: RecordId,
        events: &[Event<'_>],
        takings: &mut [Taking],
        reported: &[(FieldId, Vec<i64>)],
    ) -> Result<(Left, Vec<(RecordId, Fault)>), StoreError> {
        let definition = self.plan.record(target);
        let mut bad = Vec::new();
        let Some(table) = &self.tables[target.index()] else { return Ok((Left::of_no_rows(target), bad)) };
        let n_rows = table.rows.n_rows as usize;
        let numbers = reported.to_vec();
        let mut left = Left { record: target, numbers, touched: vec![false; n_rows], whole: vec![false; n_rows] };
        // A payment is shared by the number that is named first.
        let measure = events.iter().find_map(|event| event.reverses.takes.first().map(|(_, of)| *of));
        let measure = measure.and_then(|measure| reported.iter().position(|(field, _)| *field == measure));
        let days = match definition.when {
            Some(when) => days_by_place(table, when.index())?,
            None => vec![None; n_rows],
        };
        for taking in takings {
            let (event, of) = (&events[taking.event], taking.of as usize);
            let own = self.plan.record(event.record);
            let reject = |column: FieldId, value: String, reason: String| {
                let column = header(&own.fields[column.index()]).to_owned();
                let rank = own.fields.len() + 3;
                (
                    event.record,
                    Fault {
                        row: taking.place,
                        key: self.key_at(event.record, taking.place),
                        rank,
                        column,
                        value,
                        reason,
                    },
                )
            };
            if let Some(day) = days[of].filter(|day| taking.day < *day) {
                let Some(when) = own.when else { broken("an event without a `when`") };
                let (file, number) = table.origins.read_at(taking.of);
                let reason = format!(
                    "before the {} that it takes back: {file}, row {number} is of {}",
                    definition.name,
                    date_of(day)
                );
                bad.push(reject(when, date_of(taking.day).to_string(), reason));
                continue;
            }
            match left.takes(self.plan, event, taking) {
                Ok(()) => {
                    left.touched[of] = true;
                    taking.age = days[of].map_or(0, |day| taking.day.saturating_sub(day));
                    let whole = measure.map_or(0, |measure| reported[measure].1[of]);
                    taking.share = match measure {
                        _ if left.is_returned(of) => (1, 1),
                        Some(measure) if whole != 0 => (whole - left.numbers[measure].1[of], whole),
                        _ => (0, 1),
                    };
                }
                Err(Over::Whole) => {
                    let (file, number) = table.origins.read_at(taking.of);
                    let reason =
                        format!("nothing is left of the {} that it takes back: {file}, row {number}", definition.name);
                    let value =
                        self.spaces[target.index()].as_ref().map_or_else(String::new, |space| space.text(taking.code));
                    bad.push(reject(event.reverses.row, value, reason));
                }
                Err(Over::Number { own, value, left, adds }) => {
                    let (file, number) = table.origins.read_at(taking.of);
                    let word = if adds { "adds to" } else { "takes off more than" };
                    let reason = format!("{word} the {left} that is left of {file}, row {number}");
                    bad.push(reject(own, value, reason));
                }
            }
        }
        Ok((left, bad))
    }

    /// The key of the row read at a place.
    fn key_at(&self, record: RecordId, place: u32) -> Option<String> {
        let table = self.tables[record.index()].as_ref()?;
        let row = place.checked_sub(table.rows.batch.first)? as usize;
        (row < table.rows.batch.keys.len()).then(|| table.rows.batch.keys.text(row).into_owned())
    }

    /// Puts what is left in the place of what was read, or beside it where that is another reading, and keeps what was read where it is
    /// asked for.
    fn write(&mut self, left: &mut Left, reading: Reading) {
        let definition = self.plan.record(left.record);
        let Some(table) = &mut self.tables[left.record.index()] else { return };
        let columns = &mut table.rows.batch.columns;
        columns.resize_with(definition.fields.len(), || None);
        for (idx, field) in definition.fields.iter().enumerate().filter(|(_, field)| field.used) {
            match field.source {
                FieldSource::Read(of, other) if other == reading || reading == Reading::Left => {
                    columns[idx] = columns[of.index()].clone();
                }
                FieldSource::Returned(other) if other == reading => {
                    let returned = (0..left.touched.len()).map(|row| u8::from(left.is_returned(row))).collect();
                    columns[idx] = Some(Column { values: Values::U8(returned), known: None });
                }
                _ => {}
            }
        }
        for (field, numbers) in left.numbers.drain(..) {
            let field = definition.read_as(field, reading).filter(|field| definition.fields[field.index()].used);
            if let Some(column) = field.and_then(|field| columns[field.index()].as_mut()) {
                column.values = Values::I64(numbers);
            }
        }
    }
}

/// More than is left.
enum Over {
    /// The row was taken back whole before.
    Whole,
    /// A number, and what is left of it.
    Number { own: FieldId, value: String, left: String, adds: bool },
}

impl Left {
    fn of_no_rows(record: RecordId) -> Self {
        Self { record, numbers: Vec::new(), touched: Vec::new(), whole: Vec::new() }
    }

    /// Whether nothing is left of a row.
    fn is_returned(&self, row: usize) -> bool {
        let nothing = !self.numbers.is_empty() && self.numbers.iter().all(|(_, numbers)| numbers[row] == 0);
        self.whole[row] || self.touched[row] && nothing
    }

    /// Takes something off, all of it or nothing.
    fn takes(&mut self, plan: &Plan, event: &Event<'_>, taking: &Taking) -> Result<(), Over> {
        let row = taking.of as usize;
        if event.reverses.takes.is_empty() {
            if self.whole[row] || self.touched[row] && self.is_returned(row) {
                return Err(Over::Whole);
            }
            self.whole[row] = true;
            return Ok(());
        }
        if self.whole[row] {
            return Err(Over::Whole);
        }
        let mut after = Vec::new();
        for ((own, of), number) in event.reverses.takes.iter().zip(&taking.numbers) {
            let Some(idx) = self.numbers.iter().position(|(field, _)| field == of) else { continue };
            let decimals = |record: RecordId, field: FieldId| plan.record(record).fields[field.index()].decimals;
            let (own_decimals, decimals) = (decimals(event.record, *own), decimals(self.record, *of));
            let before = self.numbers[idx].1[row];
            let over = || Over::Number {
                own: *own,
                value: decimal_text(i128::from(*number), own_decimals),
                left: decimal_text(i128::from(before), decimals),
                adds: number.signum() * before.signum() < 0,
            };
            let scaled = rescaled(*number, own_decimals, decimals).ok_or_else(over)?;
            let left = before.checked_sub(scaled).ok_or_else(over)?;
            // What is left lies between nothing and what was there.
            if left.signum() * before.signum() < 0 || left.unsigned_abs() > before.unsigned_abs() {
                return Err(over());
            }
            after.push((idx, left));
        }
        for (idx, left) in after {
            self.numbers[idx].1[row] = left;
        }
        Ok(())
    }
}

/// What was taken off by whom, with places where rows were read.
fn taken(plan: &Plan, events: &[Event<'_>], takings: &[Taking], left: &Left) -> Taken {
    let fields: Vec<FieldId> = left.numbers.iter().map(|(field, _)| *field).collect();
    let decimals = |record: RecordId, field: FieldId| plan.record(record).fields[field.index()].decimals;
    let row = |taking: &Taking| {
        let Event { record, reverses } = events[taking.event];
        let mut numbers = vec![0; if reverses.takes.is_empty() { 0 } else { fields.len() }];
        for ((own, of), number) in reverses.takes.iter().zip(&taking.numbers) {
            let scaled = rescaled(*number, decimals(record, *own), decimals(left.record, *of));
            let Some(place) = fields.iter().position(|field| field == of) else { continue };
            numbers[place] = scaled.unwrap_or_else(|| broken("a return of a number that has other decimals"));
        }
        let by = (record, taking.place);
        TakenRow { row: taking.of, day: taking.day, age: taking.age, by, share: taking.share, numbers }
    };
    let rows = takings.iter().map(row).collect();
    Taken { record: left.record, fields, rows }
}

/// A number of so many decimals with so many others; none where it does not have them.
fn rescaled(number: i64, from: u32, to: u32) -> Option<i64> {
    if to >= from {
        return number.checked_mul(10i64.checked_pow(to - from)?);
    }
    let factor = 10i64.checked_pow(from - to)?;
    (number % factor == 0).then_some(number / factor)
}

/// The events that take rows of a record back, in the order of the program.
fn events(plan: &Plan, target: RecordId) -> Vec<Event<'_>> {
    let mut events = Vec::new();
    for (idx, record) in plan.records.iter().enumerate().filter(|(_, record)| record.used) {
        if let Some(reverses) = &record.reverses
            && record.fields[reverses.row.index()].ty == Type::Ref(target)
        {
            events.push(Event { record: RecordId(idx as u32), reverses });
        }
    }
    events
}
