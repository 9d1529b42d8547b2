//! Lines with all that is written of them, column by column.

use crate::engine::lines::{NO_DUE, OWN_PERIOD};
use crate::keys::columns::Keys;
use crate::store::paged::{ColumnMut, Columns};

/// Lines with all that is written of them. A column is empty where the same holds for all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct LineColumns {
    /// The rows of the payees.
    pub payees: Vec<u32>,
    /// Smallest units.
    pub amounts: Vec<i64>,
    /// The days of the rows, or of the returns that take them back.
    pub days: Vec<i32>,
    /// The keys of the rows of an event; none for periods.
    pub keys: Keys,
    /// Places among the versions of the rule; for a rule of several.
    pub versions: Vec<u32>,
    /// The kinds of payees; for a rule that pays several.
    pub kinds: Vec<u32>,
    /// For a program of several units.
    pub units: Vec<u32>,
    /// The place of each among the lines of its row, or 1.
    pub places: Vec<u32>,
    /// The period of the close that each is booked in, or [`OWN_PERIOD`].
    pub booked: Vec<i32>,
    /// The day on which each is due, or [`NO_DUE`].
    pub dues: Vec<i32>,
    /// The return that takes each back, or 0.
    pub takings: Vec<u32>,
    /// The periods of rows that are an entity and a period.
    pub periods: Vec<i32>,
    /// The place of each among the lines of its version, where it is asked for.
    pub numbers: Vec<u32>,
}

/// Which lines of others are added.
#[derive(Clone, Copy)]
enum Chosen<'a> {
    All,
    At(&'a [u32]),
}

impl LineColumns {
    /// Makes room for so many lines in the columns that all lines have.
    pub fn make_room(&mut self, n_lines: usize) {
        self.payees.reserve_exact(n_lines);
        self.amounts.reserve_exact(n_lines);
        self.days.reserve_exact(n_lines);
    }

    /// How many lines there is room for.
    pub fn room(&self) -> usize {
        self.payees.capacity()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.payees.len()
    }

    /// Takes all lines away, and keeps the room for them.
    pub fn clear(&mut self) {
        for column in self.columns() {
            match column {
                ColumnMut::I64(values) => values.clear(),
                ColumnMut::I32(values) => values.clear(),
                ColumnMut::U32(values) => values.clear(),
                ColumnMut::U8(values) => values.clear(),
                ColumnMut::Keys(keys) => keys.clear(),
            }
        }
    }

    /// Adds all of these lines.
    pub fn append(&mut self, other: &Self) {
        // What has no lines says nothing of what their keys are made of.
        if other.len() == 0 {
            return;
        }
        self.keys.append(&other.keys, 0..other.keys.len());
        self.add(other, Chosen::All);
    }

    /// Adds the lines at these places.
    pub fn append_at(&mut self, other: &Self, places: &[u32]) {
        if !other.keys.is_empty() {
            // There are as many keys as payees.
            if self.keys.is_empty() {
                self.keys.make_room(other.keys.n_components(), self.payees.capacity());
            }
            self.keys.append_rows(&other.keys, places);
        }
        self.add(other, Chosen::At(places));
    }

    /// Adds to each column but keys what another has in it. Lines of a rule have payees, amounts and days, and all or none of them
    /// versions, kinds, units, periods and numbers; the other columns may be left out by one of the two.
    fn add(&mut self, other: &Self, chosen: Chosen<'_>) {
        let n_own = self.len();
        chosen.add(&mut self.payees, &other.payees);
        chosen.add(&mut self.amounts, &other.amounts);
        chosen.add(&mut self.days, &other.days);
        chosen.add(&mut self.versions, &other.versions);
        chosen.add(&mut self.kinds, &other.kinds);
        chosen.add(&mut self.units, &other.units);
        chosen.add(&mut self.periods, &other.periods);
        chosen.add(&mut self.numbers, &other.numbers);
        let n_all = self.len();
        chosen.join(&mut self.places, &other.places, 1, n_own, n_all);
        chosen.join(&mut self.booked, &other.booked, OWN_PERIOD, n_own, n_all);
        chosen.join(&mut self.dues, &other.dues, NO_DUE, n_own, n_all);
        chosen.join(&mut self.takings, &other.takings, 0, n_own, n_all);
    }
}

impl Chosen<'_> {
    fn add<T: Copy>(self, own: &mut Vec<T>, other: &[T]) {
        match self {
            Self::All => own.extend_from_slice(other),
            Self::At(_) if other.is_empty() => {}
            Self::At(places) => own.extend(places.iter().map(|&place| other[place as usize])),
        }
    }

    /// The same of a column that may be left out, where `usual` holds for all lines.
    fn join<T: Copy>(self, own: &mut Vec<T>, other: &[T], usual: T, n_own: usize, n_all: usize) {
        if own.is_empty() && other.is_empty() {
            return;
        }
        own.resize(n_own, usual);
        self.add(own, other);
        own.resize(n_all, usual);
    }
}

impl Columns for LineColumns {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        let Self {
            payees,
            amounts,
            days,
            keys,
            versions,
            kinds,
            units,
            places,
            booked,
            dues,
            takings,
            periods,
            numbers,
        } = self;
        vec![
            ColumnMut::U32(payees),
            ColumnMut::I64(amounts),
            ColumnMut::I32(days),
            ColumnMut::Keys(keys),
            ColumnMut::U32(versions),
            ColumnMut::U32(kinds),
            ColumnMut::U32(units),
            ColumnMut::U32(places),
            ColumnMut::I32(booked),
            ColumnMut::I32(dues),
            ColumnMut::U32(takings),
            ColumnMut::I32(periods),
            ColumnMut::U32(numbers),
        ]
    }
}
