//! What is kept of the rows of a set, by their places: values as whole numbers, and which rows were found.

use std::cell::{Cell, RefCell};
use std::ops::Range;

/// Stands for a value that is missing.
const MISSING: i64 = i64::MIN;

/// A value of each row as a whole number, if it is there.
#[derive(Debug)]
pub(super) struct KeptValues(Vec<i64>);

impl KeptValues {
    /// None where a value cannot be told from a missing one.
    pub fn of(values: impl Iterator<Item = Option<i64>>) -> Option<Self> {
        values
            .map(|value| if value == Some(MISSING) { None } else { Some(value.unwrap_or(MISSING)) })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The value at a place.
    pub fn get(&self, place: usize) -> Option<i64> {
        Some(self.0[place]).filter(|value| *value != MISSING)
    }

    /// The values as they lie.
    pub fn values(&self) -> &[i64] {
        &self.0
    }
}

/// Ranges found that are noted before they are sorted in.
const MOST_NOTED: usize = 1 << 12;

/// Which rows were found since this was asked last.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Ranges of places that are not in `open` yet: to go there for each alone would wait for memory.
    noted: RefCell<Vec<Range<u32>>>,
    /// By place, how many more ranges begin there than end there.
    open: Vec<Cell<i32>>,
    /// By place, whether the row alone was found.
    met: Vec<Cell<bool>>,
}

impl Found {
    pub fn new(n_rows: usize) -> Self {
        Self { noted: RefCell::default(), open: vec![Cell::new(0); n_rows + 1], met: vec![Cell::new(false); n_rows] }
    }

    /// The rows at these places are found.
    pub fn range(&self, places: &Range<usize>) {
        if places.is_empty() {
            return;
        }
        let mut noted = self.noted.borrow_mut();
        noted.push(places.start as u32..places.end as u32);
        if noted.len() == MOST_NOTED {
            self.sort_in(&mut noted);
        }
    }

    /// The row at this place is found.
    pub fn row(&self, place: usize) {
        self.met[place].set(true);
    }

    /// The places found, which then are none.
    pub fn take(&self) -> impl Iterator<Item = usize> + '_ {
        self.sort_in(&mut self.noted.borrow_mut());
        let mut open = 0;
        let found = move |place: &usize| {
            open += self.open[*place].take();
            self.met[*place].take() || open > 0
        };
        if let Some(end) = self.open.last() {
            end.set(0);
        }
        (0..self.met.len()).filter(found)
    }

    fn sort_in(&self, noted: &mut Vec<Range<u32>>) {
        for Range { start, end } in noted.drain(..) {
            let (first, end) = (&self.open[start as usize], &self.open[end as usize]);
            first.set(first.get() + 1);
            end.set(end.get() - 1);
        }
    }
}
