//! The cells of a batch as values of a field, whatever shape they come in.

use crate::decode::cell::{CellReader, LONGEST_CELL, NOT_UTF8, OUTSIDE, Reason, TOO_LONG};
use crate::decode::day::{Moment, Zone};
use crate::decode::number::NumberReader;
use crate::source::columns::{ColumnChunk, Encoding, Scalar, Source};
use crate::source::text::{FIRST_DAY, LAST_DAY};
use meed_compiler::internal::broken;
use meed_compiler::plan::Bounds;
use rustc_hash::FxHashSet;
use std::borrow::Cow;

const DAY_NANOS: i128 = 86_400_000_000_000;

/// The values of a batch.
#[derive(Default)]
pub(crate) struct Block {
    /// By row; 0 where there is none.
    pub values: Vec<i64>,
    /// By row, where the field is a date and time: nanoseconds since its day began in UTC.
    pub moments: Vec<i64>,
    /// Rows without a value, rising.
    pub missing: Vec<u32>,
    /// Rows whose cell cannot be taken, rising.
    pub bad: Vec<(u32, Reason)>,
}

/// What the entries of a list of texts are, found once for each list.
#[derive(Default)]
pub(crate) struct List {
    number: Option<u64>,
    entries: Vec<Entry>,
    /// The entries, as long as all are plain values.
    values: Vec<i64>,
}

/// What one cell is.
#[derive(Clone)]
pub(crate) enum Entry {
    Missing,
    Value(i64),
    /// Day, and nanoseconds since it began in UTC.
    Moment(i64, i64),
    Bad(Reason),
}

/// A row of a batch as it is noted; no table has more rows than can be.
pub(crate) fn row_of(row: usize) -> u32 {
    u32::try_from(row).unwrap_or_else(|_| broken("a batch of more rows than a table may have"))
}

impl Block {
    pub fn clear(&mut self) {
        self.values.clear();
        self.moments.clear();
        self.missing.clear();
        self.bad.clear();
    }

    /// Appends a row.
    #[inline]
    pub fn push(&mut self, entry: Entry) {
        match entry {
            Entry::Value(value) => self.values.push(value),
            Entry::Moment(day, moment) => {
                self.moments.resize(self.values.len(), 0);
                self.values.push(day);
                self.moments.push(moment);
            }
            Entry::Missing => {
                self.missing.push(row_of(self.values.len()));
                self.values.push(0);
            }
            Entry::Bad(reason) => {
                self.bad.push((row_of(self.values.len()), reason));
                self.values.push(0);
            }
        }
    }

    /// Appends rows without a value.
    pub fn push_missing(&mut self, n_rows: usize) {
        (0..n_rows).for_each(|_| self.push(Entry::Missing));
    }

    /// Refuses the values outside of bounds, which are told in words.
    pub fn bound(&mut self, bounds: Bounds, words: impl Fn(i64) -> String) {
        if bounds == Bounds::default() {
            return;
        }
        let absent: FxHashSet<u32> = self.absent().into_iter().collect();
        let mut outside = Vec::new();
        for (value, row) in self.values.iter().zip(0..) {
            let reason = match bounds {
                _ if absent.contains(&row) => continue,
                Bounds { least: Some(least), .. } if *value < least => format!("less than {}", words(least)),
                Bounds { most: Some(most), .. } if *value > most => format!("more than {}", words(most)),
                _ => continue,
            };
            outside.push((row, Cow::Owned(reason)));
        }
        if !outside.is_empty() {
            self.bad.append(&mut outside);
            self.bad.sort_by_key(|(row, _)| *row);
        }
    }

    /// Whether every row has a value.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.bad.is_empty()
    }

    /// The rows that have none.
    pub fn absent(&self) -> Vec<u32> {
        self.missing.iter().copied().chain(self.bad.iter().map(|(row, _)| *row)).collect()
    }

    /// Appends a row for each place in a list.
    #[expect(
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        reason = "done for every cell; `source` gives only places of the list, and any other, also below zero, is beyond it"
    )]
    pub fn push_places(&mut self, cells: &ColumnChunk<'_>, places: &[i32], list: &List) {
        if cells.known.is_none() && list.values.len() == list.entries.len() {
            self.values.extend(places.iter().map(|&place| list.values[place as usize]));
            return;
        }
        for (row, &place) in places.iter().enumerate() {
            if !cells.is_known(row) {
                self.push(Entry::Missing);
                continue;
            }
            match &list.entries[place as usize] {
                Entry::Value(value) => self.values.push(*value),
                other => self.push(other.clone()),
            }
        }
    }
}

impl List {
    /// Finds the entries anew if this is another list.
    pub fn refresh(&mut self, number: u64, texts: impl FnOnce() -> Vec<Entry>) {
        if self.number != Some(number) {
            self.number = Some(number);
            self.entries = texts();
            let value = |entry: &Entry| if let Entry::Value(value) = entry { Some(*value) } else { None };
            self.values = self.entries.iter().map_while(value).collect();
        }
    }
}

impl CellReader {
    /// What a text is.
    fn entry(&self, text: &[u8]) -> Entry {
        if text.is_empty() {
            return Entry::Missing;
        }
        if text.len() > LONGEST_CELL {
            return Entry::Bad(Cow::Borrowed(TOO_LONG));
        }
        let entry = match self.has_moments() {
            true => self.parse_moment(text).map(|(day, instant)| moment(day, instant)),
            false => self.parse(text).map(Entry::Value),
        };
        entry.unwrap_or_else(|reason| {
            let is_text = std::str::from_utf8(text).is_ok();
            Entry::Bad(if is_text { reason } else { Cow::Borrowed(NOT_UTF8) })
        })
    }
}

impl CellReader {
    /// What a cell is that may be a number of its file: by how the field's texts are written only where it is a text.
    fn scalar(&self, cell: Scalar<'_>) -> Entry {
        match (cell, self.typed()) {
            (Scalar::Number(text), Self::Number(number)) if text.len() <= LONGEST_CELL => {
                value_or_bad(number.parse_plain(text))
            }
            (cell, _) => self.entry(cell.text()),
        }
    }
}

/// Appends the values of the cells in a chosen column.
pub(crate) fn decode(reader: &CellReader, source: &dyn Source, chosen: usize, list: &mut List, block: &mut Block) {
    let cells = source.cells(chosen);
    let is_text = matches!(cells.encoding, Encoding::Texts(_) | Encoding::Scalars(_) | Encoding::Entries { .. });
    let reader = if is_text { reader } else { reader.typed() };
    match (&cells.encoding, reader) {
        (Encoding::Texts(texts), _) => {
            texts.iter().for_each(|text| block.push(reader.entry(text)));
        }
        (Encoding::Scalars(scalars), _) => {
            scalars.iter().for_each(|scalar| block.push(reader.scalar(*scalar)));
        }
        (Encoding::Entries { places, list: number }, _) => {
            let entries = || source.entries(chosen).into_iter().map(|text| reader.entry(text)).collect();
            list.refresh(*number, entries);
            block.push_places(&cells, places, list);
        }
        (Encoding::Wholes { values, decimals }, CellReader::Number(number)) => {
            wholes(number, &cells, values, *decimals, block);
        }
        (Encoding::Wides { values, decimals }, CellReader::Number(number)) => {
            let shift = number.shift(*decimals);
            each(&cells, values, block, |&value| value_or_bad(number.shifted(value, shift)));
        }
        (Encoding::Wholes { values, .. }, _) => {
            each(&cells, values, block, |value| reader.entry(value.to_string().as_bytes()));
        }
        (Encoding::Wides { values, .. }, _) => {
            each(&cells, values, block, |value| reader.entry(value.to_string().as_bytes()));
        }
        (Encoding::Days(days), CellReader::Date(_)) if cells.known.is_none() && all_days(days) => {
            block.values.extend(days.iter().map(|&day| i64::from(day)));
        }
        (Encoding::Days(_) | Encoding::Instants { .. }, CellReader::Choice(_)) => {
            for row in 0..cells.len() {
                let text = || cells.encoding.text(row);
                let entry = || text().map_or(Entry::Bad(Cow::Borrowed(OUTSIDE)), |text| reader.entry(text.as_bytes()));
                block.push(if cells.is_known(row) { entry() } else { Entry::Missing });
            }
        }
        (Encoding::Days(days), _) => each(&cells, days, block, |&day| on_day(reader, day)),
        (Encoding::Instants { values, per_second, in_utc }, _) => {
            each(&cells, values, block, |&value| at_instant(reader, value, *per_second, *in_utc));
        }
        (Encoding::YesNo(values), CellReader::YesNo { .. }) if cells.known.is_none() => {
            block.values.extend(values.iter().map(|&value| i64::from(value)));
        }
        (Encoding::YesNo(values), _) => each(&cells, values, block, |&value| match reader {
            CellReader::YesNo { .. } => Entry::Value(i64::from(value)),
            _ => reader.entry(if value == 1 { b"true" } else { b"false" }),
        }),
        (Encoding::Nothing(n_rows), _) => block.push_missing(*n_rows),
    }
    if !block.moments.is_empty() {
        block.moments.resize(block.values.len(), 0);
    }
}

fn each<T>(cells: &ColumnChunk<'_>, values: &[T], block: &mut Block, entry: impl Fn(&T) -> Entry) {
    for (row, value) in values.iter().enumerate() {
        block.push(if cells.is_known(row) { entry(value) } else { Entry::Missing });
    }
}

fn wholes(reader: &NumberReader, cells: &ColumnChunk<'_>, values: &[i64], decimals: i32, block: &mut Block) {
    match reader.shift(decimals) {
        0 if cells.known.is_none() => block.values.extend_from_slice(values),
        shift @ 0..=18 => {
            let factor = 10i64.pow(shift.unsigned_abs());
            each(cells, values, block, |&value| match value.checked_mul(factor) {
                Some(value) => Entry::Value(value),
                None => value_or_bad(reader.shifted(i128::from(value), shift)),
            });
        }
        shift => each(cells, values, block, |&value| value_or_bad(reader.shifted(i128::from(value), shift))),
    }
}

fn value_or_bad(value: Result<i64, Reason>) -> Entry {
    value.map_or_else(Entry::Bad, Entry::Value)
}

fn moment(day: i32, instant: i128) -> Entry {
    // A day is at most 26 hours off its own in UTC, so this is never long.
    let within = i64::try_from(instant - i128::from(day) * DAY_NANOS);
    Entry::Moment(i64::from(day), within.unwrap_or_else(|_| broken("an instant far from its own day")))
}

fn all_days(days: &[i32]) -> bool {
    days.iter().all(|day| (FIRST_DAY..=LAST_DAY).contains(day))
}

fn on_day(reader: &CellReader, day: i32) -> Entry {
    if !(FIRST_DAY..=LAST_DAY).contains(&day) {
        return Entry::Bad(Cow::Borrowed(OUTSIDE));
    }
    match reader {
        CellReader::Moment { zone, .. } => local(zone, Moment { day, nanos: 0, offset: None }),
        _ => Entry::Value(i64::from(day)),
    }
}

fn at_instant(reader: &CellReader, value: i64, per_second: i64, in_utc: bool) -> Entry {
    let (seconds, rest) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    let nanos = rest * (1_000_000_000 / per_second);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let Some(day) = i32::try_from(day).ok().filter(|day| (FIRST_DAY..=LAST_DAY).contains(day)) else {
        return Entry::Bad(Cow::Borrowed(OUTSIDE));
    };
    match reader {
        CellReader::Moment { zone, .. } if in_utc => match zone.place_instant(seconds, nanos) {
            Some((day, instant)) => moment(day, instant),
            None => Entry::Bad(Cow::Borrowed(OUTSIDE)),
        },
        CellReader::Moment { zone, .. } => {
            local(zone, Moment { day, nanos: second * 1_000_000_000 + nanos, offset: None })
        }
        _ if second == 0 && nanos == 0 => Entry::Value(i64::from(day)),
        _ => Entry::Bad(Cow::Borrowed("has a time of day; a field for it is a `date and time`")),
    }
}

fn local(zone: &Zone, found: Moment) -> Entry {
    match zone.place(found) {
        Some((day, instant)) => moment(day, instant),
        None => Entry::Bad(Cow::Borrowed(OUTSIDE)),
    }
}
