//! Rows of an event that are too many for memory: sorted runs on the disk, then these as one table in order.
//!
//! While tables are read the rows held are sorted and written as a run whenever they are many. When all is read, the
//! next few rows of every run are held side by side; those not after the least of their last ones can have no row
//! before them that is still to come, so they go on, and what was used up is read again (the multiway merge of external
//! sorting, Knuth, The Art of Computer Programming 3, section 5.4, in steps of many rows).

use super::draft::{Draft, Rejected};
use super::order::{Order, order};
use super::stretch::{Stored, Stretch};
use super::windows::Windows;
use crate::scratch::{ScratchError, ScratchFile, Spill};
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::FieldId;
use std::cmp::Ordering;

/// Sorted runs of rows.
#[derive(Debug)]
pub(super) struct Runs {
    file: ScratchFile,
    runs: Vec<Stored>,
    /// How many bytes of rows are put in order at a time.
    piece: usize,
    /// How many bytes of rows may be held side by side.
    bytes: usize,
    /// How many bytes all rows are.
    all_bytes: usize,
}

/// What is wanted of rows that lie on the disk, besides their places.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub keys: bool,
    pub field: Option<usize>,
    pub distinct: bool,
}

/// By what rows are sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct By {
    pub when: FieldId,
    pub through: i32,
}

/// A table in order, and the rows that are not in it.
pub(super) struct Merged {
    pub windows: Windows,
    pub n_after: u64,
    pub n_undated: u64,
}

impl Draft {
    /// Writes the rows held to the disk when they are many.
    pub fn make_room(&mut self, by: By, spill: Spill<'_>) -> Result<(), ScratchError> {
        let most = if self.runs.is_some() { spill.piece } else { spill.bytes };
        if self.rows.bytes() >= most { self.cut(by, spill) } else { Ok(()) }
    }

    /// Writes the rows held to the disk, if others lie there already.
    pub fn end_runs(&mut self, by: By, spill: Spill<'_>) -> Result<(), ScratchError> {
        if self.runs.is_some() && self.n_rows > self.rows.first { self.cut(by, spill) } else { Ok(()) }
    }

    fn cut(&mut self, by: By, spill: Spill<'_>) -> Result<(), ScratchError> {
        self.name_faults();
        let n_rows = (self.n_rows - self.rows.first) as usize;
        let rows = self.rows.replaced(self.n_rows);
        let bytes = rows.bytes();
        let mut runs = match self.runs.take() {
            Some(runs) => runs,
            None => {
                let file = ScratchFile::new(spill.folder)?;
                Runs { file, runs: Vec::new(), piece: spill.piece, bytes: spill.bytes, all_bytes: 0 }
            }
        };
        runs.all_bytes += bytes;
        let n_pieces = bytes.div_ceil(spill.piece.max(1)).clamp(1, n_rows.max(1));
        if n_pieces < 2 {
            runs.push(rows, by)?;
        } else {
            for piece in 0..n_pieces {
                let mut held = Stretch::default();
                held.append(&rows, n_rows * piece / n_pieces..n_rows * (piece + 1) / n_pieces);
                runs.push(held, by)?;
            }
        }
        self.runs = Some(runs);
        Ok(())
    }

    /// Gives faults the keys of their rows while these are held.
    pub fn name_faults(&mut self) {
        let Self { faults, rows, keyless, .. } = self;
        for fault in faults.without_keys() {
            let row = (fault.row - rows.first) as usize;
            let is_known = keyless.binary_search(&fault.row).is_err() && row < rows.keys.len();
            fault.key = Some(if is_known { rows.keys.text(row).into_owned() } else { String::new() });
        }
    }

    /// Looks at all rows, run by run; those of a run stand in its order.
    pub fn each_stretch(&self, wanted: Wanted, mut look: impl FnMut(&Stretch)) -> Result<(), ScratchError> {
        let Some(Runs { file, runs, .. }) = &self.runs else {
            look(&self.rows);
            return Ok(());
        };
        for run in runs {
            let all = 0..run.n_rows;
            let mut stretch = Stretch { places: run.places(all.clone(), file)?, ..Stretch::default() };
            if wanted.keys {
                stretch.keys = run.keys(all.clone(), file)?;
            }
            if let Some(field) = wanted.field {
                stretch.columns.resize_with(field + 1, || None);
                stretch.columns[field] = run.column(field, all, file)?;
            }
            if wanted.distinct {
                stretch.distinct = run.distinct(file)?;
            }
            look(&stretch);
        }
        Ok(())
    }
}

impl Runs {
    /// Writes rows as a run. Which of them are rejected is not yet known.
    fn push(&mut self, rows: Stretch, by: By) -> Result<(), ScratchError> {
        let order = order(&rows, &Rejected::default(), Some(by.when), by.through);
        self.runs.push(rows.keep(&order, &mut self.file)?);
        Ok(())
    }

    /// How many of all rows so many bytes are.
    fn n_rows_in(&self, bytes: usize, n_rows: u32) -> usize {
        (bytes / (self.all_bytes / n_rows.max(1) as usize).max(1)).max(1)
    }

    /// How many bytes of rows may be held side by side.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts the rows that are not rejected in order; `finish` is given the columns of each window before it is written.
    pub fn merge(
        self,
        by: By,
        n_rows: u32,
        rejected: &Rejected,
        mut finish: impl FnMut(&mut [Option<Column>]),
    ) -> Result<Merged, ScratchError> {
        let n_piece = self.n_rows_in(self.piece, n_rows) / 2;
        // The more runs there are, the more rows are held, lest they be read in crumbs.
        let n_side_by_side = self.n_rows_in((self.bytes / 4).max(self.piece / 2), n_rows);
        let n_next = (n_side_by_side / self.runs.len().max(1)).clamp(1, n_piece.max(1));
        let mut windows = Windows::new(self.file.another()?, self.bytes, self.piece);
        let mut cursors: Vec<Cursor<'_>> = self.runs.iter().map(Cursor::new).collect();
        let mut gathered = Stretch::default();
        let mut write = |mut gathered: Stretch, windows: &mut Windows| {
            let order = order(&gathered, &Rejected::default(), Some(by.when), by.through);
            gathered.moments.clear();
            finish(&mut gathered.columns);
            windows.push(gathered, &order, by.when)
        };
        loop {
            for cursor in &mut cursors {
                cursor.refill(n_next, &self.file, rejected)?;
            }
            cursors.retain(|cursor| cursor.taken < cursor.held.places.len());
            let last = |cursor: &Cursor<'_>| cursor.held.places.len() - 1;
            let Some(least) = (0..cursors.len()).min_by(|&a, &b| {
                let (a, b) = (&cursors[a], &cursors[b]);
                compare(&a.held, last(a), &b.held, last(b), by.when)
            }) else {
                break;
            };
            let bound = last(&cursors[least]);
            let ends: Vec<usize> = cursors.iter().map(|cursor| cursor.end(&cursors[least].held, bound, by)).collect();
            for (cursor, end) in cursors.iter_mut().zip(ends) {
                gathered.append(&cursor.held, cursor.taken..end);
                cursor.taken = end;
            }
            if gathered.places.len() >= n_piece {
                write(std::mem::take(&mut gathered), &mut windows)?;
            }
        }
        if !gathered.places.is_empty() {
            write(gathered, &mut windows)?;
        } else if windows.is_empty() {
            // A table has a window, if without rows.
            let empty = self.runs.first().map(|run| run.stretch(0..0, &self.file)).transpose()?;
            windows.push(empty.unwrap_or_default(), &Order::default(), by.when)?;
        }
        let (n_after, n_undated) = self.later(by.when, rejected)?;
        Ok(Merged { windows, n_after, n_undated })
    }

    /// How many accepted rows are after the last day, and how many have none.
    fn later(&self, when: FieldId, rejected: &Rejected) -> Result<(u64, u64), ScratchError> {
        let (mut n_after, mut n_undated) = (0, 0);
        for run in &self.runs {
            let rows = run.n_stream..run.n_rows;
            let places = run.places(rows.clone(), &self.file)?;
            let known = run.column(when.index(), rows, &self.file)?.and_then(|column| column.known);
            for (row, _) in places.into_iter().enumerate().filter(|(_, place)| !rejected.contains(*place)) {
                match known.as_ref().is_none_or(|known| known[row] == 1) {
                    true => n_after += 1,
                    false => n_undated += 1,
                }
            }
        }
        Ok((n_after, n_undated))
    }
}

/// The next rows of a run.
struct Cursor<'a> {
    run: &'a Stored,
    /// The first row that was not read yet.
    next: usize,
    held: Stretch,
    /// How many of those held went on.
    taken: usize,
}

impl<'a> Cursor<'a> {
    fn new(run: &'a Stored) -> Self {
        Self { run, next: 0, held: Stretch::default(), taken: 0 }
    }

    /// Reads the next rows when all that are held went on.
    fn refill(&mut self, n_rows: usize, file: &ScratchFile, rejected: &Rejected) -> Result<(), ScratchError> {
        while self.taken == self.held.places.len() && self.next < self.run.n_stream {
            let end = (self.next + n_rows).min(self.run.n_stream);
            self.held = accepted(self.run.stretch(self.next..end, file)?, rejected);
            self.next = end;
            self.taken = 0;
        }
        Ok(())
    }

    /// Up to where rows held are not after a row of another run.
    fn end(&self, other: &Stretch, bound: usize, by: By) -> usize {
        let (mut low, mut high) = (self.taken, self.held.places.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match compare(&self.held, middle, other, bound, by.when) {
                Ordering::Less | Ordering::Equal => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        low
    }
}

/// The rows that are not rejected.
fn accepted(stretch: Stretch, rejected: &Rejected) -> Stretch {
    if !stretch.places.iter().any(|&place| rejected.contains(place)) {
        return stretch;
    }
    let mut kept = Stretch::default();
    for row in (0..stretch.places.len()).filter(|&row| !rejected.contains(stretch.places[row])) {
        kept.append(&stretch, row..row + 1);
    }
    kept
}

/// The order of rows of two runs: by day, moment and key.
fn compare(a: &Stretch, a_row: usize, b: &Stretch, b_row: usize, when: FieldId) -> Ordering {
    let day = |stretch: &Stretch, row: usize| match stretch.columns[when.index()].as_ref().map(|column| &column.values)
    {
        Some(Values::I32(days)) => days[row],
        Some(Values::I64(_) | Values::U32(_) | Values::U8(_)) | None => broken("an event whose days are not kept"),
    };
    // Where no row has a time of day, none is kept.
    let moment = |stretch: &Stretch, row: usize| if stretch.moments.is_empty() { 0 } else { stretch.moments[row] };
    day(a, a_row)
        .cmp(&day(b, b_row))
        .then_with(|| moment(a, a_row).cmp(&moment(b, b_row)))
        .then_with(|| a.cmp_keys(a_row, b, b_row))
}
