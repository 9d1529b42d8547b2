//! External merge sort: the rows of an event beyond the memory budget as sorted runs, then these as one table in pages.
//!
//! The next few rows of every run are held side by side; those not after the least of their last ones can have no row
//! before them that is still to come, so they go on, and what was used up is read again (the multiway merge of external
//! sorting, Knuth, The Art of Computer Programming 3, section 5.4, in steps of many rows).

use crate::store::batch_writer::{BatchWriter, Sorting};
use crate::store::error::StoreError;
use crate::store::order::{Order, SortKey, order};
use crate::store::pages::Pages;
use crate::store::rejected::Rejected;
use crate::store::row_batch::{RowBatch, Wanted};
use crate::store::spill::{Spill, SpillFile};
use crate::store::spilled_batch::SpilledBatch;
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::FieldId;
use std::cmp::Ordering;
use std::num::NonZero;
use std::path::PathBuf;

/// Sorted runs of rows.
#[derive(Debug)]
pub(super) struct SortedRuns {
    runs: BatchWriter,
    budget: Budget,
    /// How many bytes all rows are.
    all_bytes: usize,
}

/// When the rows of an event are spilled, and where.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    folder: PathBuf,
    /// How many bytes of rows may be held.
    pub bytes: usize,
    /// About how many bytes a page of rows is.
    pub page_bytes: usize,
    /// How many threads may work at a time.
    threads: NonZero<usize>,
}

impl Budget {
    pub fn of(Spill { folder, bytes, page_bytes }: Spill<'_>, threads: NonZero<usize>) -> Self {
        Self { folder: folder.to_owned(), bytes, page_bytes, threads }
    }

    /// How many bytes of rows may be held before they are spilled: two pages less, but no less than half, where pages are written beside the
    /// reading of others.
    pub fn bytes_held(&self) -> usize {
        if self.threads.get() == 1 {
            self.bytes
        } else {
            self.bytes.saturating_sub(2 * self.page_bytes).max(self.bytes / 2)
        }
    }
}

/// A table in order, and the rows that are not in it.
pub(super) struct Merged {
    pub pages: Pages,
    pub n_after: u64,
    pub n_undated: u64,
}

impl SortedRuns {
    /// No runs yet.
    pub fn new(budget: &Budget) -> Result<Self, StoreError> {
        let runs = BatchWriter::new(SpillFile::new(&budget.folder)?, budget.threads);
        Ok(Self { runs, budget: budget.clone(), all_bytes: 0 })
    }

    /// Writes rows as runs of about a page each. Which of them are rejected is not yet known.
    pub fn push(&mut self, rows: RowBatch, n_rows: usize, by: SortKey) -> Result<(), StoreError> {
        let bytes = rows.bytes();
        self.all_bytes += bytes;
        let n_pages = bytes.div_ceil(self.budget.page_bytes.max(1)).clamp(1, n_rows.max(1));
        if n_pages < 2 {
            return self.runs.push(rows, Sorting::By(by));
        }
        for page in 0..n_pages {
            let mut held = RowBatch::default();
            held.append(&rows, n_rows * page / n_pages..n_rows * (page + 1) / n_pages);
            self.runs.push(held, Sorting::By(by))?;
        }
        Ok(())
    }

    /// Waits until all rows are written.
    pub fn end(&mut self) -> Result<(), StoreError> {
        self.runs.end()
    }

    /// Looks at all rows, run by run; those of a run are in its order.
    pub fn each_batch(&self, wanted: Wanted, mut look: impl FnMut(&RowBatch)) -> Result<(), StoreError> {
        let file = self.runs.file();
        for run in self.runs.written() {
            let all = 0..run.n_rows;
            let mut batch = RowBatch { places: run.places(all.clone(), file)?, ..RowBatch::default() };
            if wanted.keys {
                batch.keys = run.keys(all.clone(), file)?;
            }
            if let Some(field) = wanted.field {
                batch.columns.resize_with(field + 1, || None);
                batch.columns[field] = run.column(field, all, file)?;
            }
            if wanted.distinct {
                batch.distinct = run.distinct(file)?;
            }
            look(&batch);
        }
        Ok(())
    }

    /// How many of all rows so many bytes are.
    fn n_rows_in(&self, bytes: usize, n_rows: u32) -> usize {
        (bytes / (self.all_bytes / n_rows.max(1) as usize).max(1)).max(1)
    }

    /// How many bytes of rows may be held.
    pub fn bytes(&self) -> usize {
        self.budget.bytes
    }

    /// Puts the rows that are not rejected in order; `finish` is given the columns of each page before it is written.
    pub fn merge(
        self,
        by: SortKey,
        n_rows: u32,
        rejected: &Rejected,
        mut finish: impl FnMut(&mut [Option<Column>]),
    ) -> Result<Merged, StoreError> {
        let n_page = self.n_rows_in(self.budget.page_bytes, n_rows) / 2;
        // The more runs there are, the more rows are held, so that reads stay large.
        let Budget { bytes, page_bytes, threads, .. } = self.budget;
        let (file, runs) = (self.runs.file(), self.runs.written());
        let n_side_by_side = self.n_rows_in((bytes / 4).max(page_bytes / 2), n_rows);
        let n_next = (n_side_by_side / runs.len().max(1)).clamp(1, n_page.max(1));
        let mut writer = BatchWriter::new(file.another()?, threads);
        let mut pages = Pages::new(writer.file().clone(), bytes, page_bytes);
        let mut cursors: Vec<Cursor<'_>> = runs.iter().map(Cursor::new).collect();
        let mut merging = RowBatch::default();
        let mut push = |rows: RowBatch, order: Order, pages: &mut Pages| {
            pages.add(&rows, &order, by.when);
            writer.push(rows, Sorting::Known(order))
        };
        let mut write = |mut merging: RowBatch, pages: &mut Pages| {
            let order = order(&merging, &Rejected::default(), Some(by.when), by.through);
            merging.moments.clear();
            finish(&mut merging.columns);
            push(merging, order, pages)
        };
        loop {
            for cursor in &mut cursors {
                cursor.refill(n_next, file, rejected)?;
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
                merging.append(&cursor.held, cursor.taken..end);
                cursor.taken = end;
            }
            if merging.places.len() >= n_page {
                write(std::mem::take(&mut merging), &mut pages)?;
            }
        }
        if !merging.places.is_empty() {
            write(merging, &mut pages)?;
        } else if pages.is_empty() {
            // A table has a page, if without rows.
            let empty = runs.first().map(|run| run.batch(0..0, file)).transpose()?;
            push(empty.unwrap_or_default(), Order::default(), &mut pages)?;
        }
        pages.take(writer.into_written()?);
        let (n_after, n_undated) = self.later(by.when, rejected)?;
        Ok(Merged { pages, n_after, n_undated })
    }

    /// How many accepted rows are after the last day, and how many have none.
    fn later(&self, when: FieldId, rejected: &Rejected) -> Result<(u64, u64), StoreError> {
        let (mut n_after, mut n_undated) = (0, 0);
        let file = self.runs.file();
        for run in self.runs.written() {
            let rows = run.n_stream..run.n_rows;
            let places = run.places(rows.clone(), file)?;
            let known = run.column(when.index(), rows, file)?.and_then(|column| column.known);
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
    run: &'a SpilledBatch,
    /// The first row that was not read yet.
    next: usize,
    held: RowBatch,
    /// How many of those held went on.
    taken: usize,
}

impl<'a> Cursor<'a> {
    fn new(run: &'a SpilledBatch) -> Self {
        Self { run, next: 0, held: RowBatch::default(), taken: 0 }
    }

    /// Reads the next rows when all that are held went on.
    fn refill(&mut self, n_rows: usize, file: &SpillFile, rejected: &Rejected) -> Result<(), StoreError> {
        while self.taken == self.held.places.len() && self.next < self.run.n_stream {
            let end = (self.next + n_rows).min(self.run.n_stream);
            self.held = accepted(self.run.batch(self.next..end, file)?, rejected);
            self.next = end;
            self.taken = 0;
        }
        Ok(())
    }

    /// Up to where rows held are not after a row of another run.
    fn end(&self, other: &RowBatch, bound: usize, by: SortKey) -> usize {
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
fn accepted(batch: RowBatch, rejected: &Rejected) -> RowBatch {
    if !batch.places.iter().any(|&place| rejected.contains(place)) {
        return batch;
    }
    let mut kept = RowBatch::default();
    for row in (0..batch.places.len()).filter(|&row| !rejected.contains(batch.places[row])) {
        kept.append(&batch, row..row + 1);
    }
    kept
}

/// The order of rows of two runs: by day, moment and key.
fn compare(a: &RowBatch, a_row: usize, b: &RowBatch, b_row: usize, when: FieldId) -> Ordering {
    let day = |batch: &RowBatch, row: usize| match batch.columns[when.index()].as_ref().map(|column| &column.values) {
        Some(Values::I32(days)) => days[row],
        Some(Values::I64(_) | Values::U32(_) | Values::U8(_)) | None => broken("an event whose days are not kept"),
    };
    // Where no row has a time of day, none is kept.
    let moment = |batch: &RowBatch, row: usize| if batch.moments.is_empty() { 0 } else { batch.moments[row] };
    day(a, a_row)
        .cmp(&day(b, b_row))
        .then_with(|| moment(a, a_row).cmp(&moment(b, b_row)))
        .then_with(|| a.cmp_keys(a_row, b, b_row))
}
