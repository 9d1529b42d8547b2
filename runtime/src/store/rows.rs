//! The rows of one table while it is read and linked, and how they become a table in order.
//!
//! Rows are appended to the batch that is read last. Where they may be spilled and are many, they go on as sorted runs;
//! to others all rows are batches, one or several ([`TableRows::each_batch`]).

use crate::keys::columns::Keys;
use crate::store::error::StoreError;
use crate::store::order::{Order, SortKey, order, scatter};
use crate::store::pages::Pages;
use crate::store::rejected::Rejected;
use crate::store::rejects::Faults;
use crate::store::row_batch::{RowBatch, Wanted};
use crate::store::sorted_runs::{Budget, Merged, SortedRuns};
use crate::store::spill::Spill;
use meed_compiler::data::{Column, Table, Values};
use meed_compiler::internal::{broken, guarded};
use meed_compiler::plan::FieldId;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

/// So many rows are put in order sooner than a thread begins.
const FEW_ROWS: usize = 1 << 16;

/// The rows of one table.
#[derive(Default)]
pub(crate) struct TableRows {
    /// How many were read.
    pub n_rows: u32,
    /// The rows read last: all of them, unless there are runs.
    pub batch: RowBatch,
    /// Rows whose key cannot be read, rising.
    pub keyless: Vec<u32>,
    /// By what rows are sorted where they may be spilled, and how many are held.
    spills: Option<(SortKey, Budget)>,
    runs: Option<SortedRuns>,
}

/// A table in order.
pub(crate) struct Ordered {
    pub(super) table: Table,
    pub(super) keys: Keys,
    /// By row, the row read; `None` if they are the same, or come page by page.
    pub(super) rows: Option<Vec<u32>>,
    pub(super) pages: Option<Pages>,
    /// Accepted rows after the run's date.
    pub n_after: u64,
    /// Accepted rows without a day.
    pub n_undated: u64,
}

impl TableRows {
    /// No rows yet, of these columns and keys.
    pub fn new(batch: RowBatch) -> Self {
        Self { batch, ..Self::default() }
    }

    /// Lets rows go to the disk where the options of loading say so: those of an event, which are sorted by this key.
    pub fn allow_spilling(&mut self, by: SortKey, spill: Option<Spill<'_>>, threads: NonZero<usize>) {
        self.spills = spill.map(|spill| (by, Budget::of(spill, threads)));
    }

    /// How many rows of the batch are read so far.
    pub fn n_in_batch(&self) -> usize {
        (self.n_rows - self.batch.first) as usize
    }

    /// Appends the moments of the next rows; where none of all rows has one there are none.
    pub fn take_moments(&mut self, moments: &[i64], n_more: usize) {
        self.batch.take_moments(self.n_in_batch(), moments, n_more);
    }

    /// Keeps the rows held within the memory budget. Faults get the keys of their rows before these go.
    pub fn make_room(&mut self, faults: &mut Faults) -> Result<(), StoreError> {
        let Some((by, budget)) = &self.spills else { return Ok(()) };
        let most = if self.runs.is_some() { budget.page_bytes } else { budget.bytes_held() };
        if self.batch.bytes() < most {
            return Ok(());
        }
        let (by, runs) = (*by, self.runs.take().map_or_else(|| SortedRuns::new(budget), Ok)?);
        self.spill(by, runs, faults)
    }

    /// Says that all rows are read.
    pub fn end(&mut self, faults: &mut Faults) -> Result<(), StoreError> {
        if self.n_in_batch() > 0 {
            match (&self.spills, self.runs.take()) {
                (Some((by, _)), Some(runs)) => self.spill(*by, runs, faults)?,
                (_, runs) => self.runs = runs,
            }
        }
        self.runs.as_mut().map_or(Ok(()), SortedRuns::end)
    }

    fn spill(&mut self, by: SortKey, mut runs: SortedRuns, faults: &mut Faults) -> Result<(), StoreError> {
        self.name(faults);
        let n_rows = self.n_in_batch();
        let rows = self.batch.replaced(self.n_rows);
        runs.push(rows, n_rows, by)?;
        self.runs = Some(runs);
        Ok(())
    }

    /// Gives faults of the batch the keys of their rows.
    pub fn name(&self, faults: &mut Faults) {
        for fault in faults.without_keys() {
            let row = (fault.row - self.batch.first) as usize;
            let is_known = !self.is_keyless(fault.row) && row < self.batch.keys.len();
            fault.key = Some(if is_known { self.batch.keys.text(row).into_owned() } else { String::new() });
        }
    }

    /// Whether the key of the row read at a place cannot be read.
    pub fn is_keyless(&self, place: u32) -> bool {
        !self.keyless.is_empty() && self.keyless.binary_search(&place).is_ok()
    }

    /// Looks at all rows, batch by batch.
    pub fn each_batch(&self, wanted: Wanted, mut look: impl FnMut(&RowBatch)) -> Result<(), StoreError> {
        match &self.runs {
            Some(runs) => runs.each_batch(wanted, look),
            None => {
                look(&self.batch);
                Ok(())
            }
        }
    }

    /// The memory in which all keys are to be told apart; `None` if all rows are held anyway.
    pub(super) fn bytes_for_keys(&self) -> Option<usize> {
        self.runs.as_ref().map(SortedRuns::bytes)
    }

    /// The order of the rows that are not rejected; where they come page by page it is found as they are merged.
    pub fn order(&self, rejected: &Rejected, when: Option<FieldId>, through: i32) -> Order {
        if self.runs.is_some() { Order::default() } else { order(&self.batch, rejected, when, through) }
    }

    /// Puts the rows in this order; `places` are their rows in it. What codes of keys become is told by `finish`, which is
    /// given columns of rows as they were read, with the place of each (`None` if they stay where they are).
    pub fn into_order(
        self,
        order: Order,
        places: Option<&[u32]>,
        rejected: &Rejected,
        mut finish: impl FnMut(&mut [Option<Column>], Option<&[u32]>),
        threads: NonZero<usize>,
    ) -> Result<Ordered, StoreError> {
        if let Some((runs, (by, _))) = self.runs.zip(self.spills) {
            let merged = runs.merge(by, self.n_rows, rejected, |columns| {
                columns.iter_mut().flatten().for_each(drop_mask);
                finish(columns, None);
            })?;
            let Merged { pages, n_after, n_undated } = merged;
            let (table, keys) = (Table::default(), Keys::default());
            return Ok(Ordered { table, keys, rows: None, pages: Some(pages), n_after, n_undated });
        }
        let RowBatch { mut columns, keys, .. } = self.batch;
        finish(&mut columns, places);
        let (mut columns, keys) = match (places, &order.rows) {
            (Some(places), Some(rows)) => arrange_all(columns, keys, places, rows, threads),
            (None, _) | (_, None) => (columns, keys),
        };
        columns.iter_mut().flatten().for_each(drop_mask);
        let Order { rows, n_rows, n_stream, n_after, n_undated } = order;
        Ok(Ordered { table: Table { n_rows, n_stream, columns }, keys, rows, pages: None, n_after, n_undated })
    }
}

/// Columns and keys in the order of the table, each by one of so many threads.
fn arrange_all(
    columns: Vec<Option<Column>>,
    keys: Keys,
    places: &[u32],
    rows: &[u32],
    threads: NonZero<usize>,
) -> (Vec<Option<Column>>, Keys) {
    let n_columns = columns.len();
    let waiting = Mutex::new(columns.into_iter().enumerate().rev().collect::<Vec<_>>());
    // What is arranged is as long as what it was made of where no row was rejected, and then makes room for the next.
    let work = || {
        let (mut spare, mut done) = (Spare::default(), Vec::new());
        while let Some((idx, column)) = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            done.push((idx, column.map(|column| arrange(column, places, rows.len(), &mut spare))));
        }
        done
    };
    let n_more = if rows.len() < FEW_ROWS { 0 } else { threads.get().min(n_columns).saturating_sub(1) };
    let (mut columns, keys) = std::thread::scope(|scope| {
        // Where the system gives no thread, there is less help and nothing else.
        let other = || std::thread::Builder::new().name("order".to_owned()).spawn_scoped(scope, || guarded(work)).ok();
        let others: Vec<_> = (0..n_more).map_while(|_| other()).collect();
        let keys = arrange_keys(keys, places, rows);
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(Ok(more)) => done.extend(more),
                Ok(Err(error)) => broken(error.to_string()),
                Err(_) => broken("a thread that puts columns in order ended"),
            }
        }
        (done, keys)
    });
    columns.sort_unstable_by_key(|(idx, _)| *idx);
    (columns.into_iter().map(|(_, column)| column).collect(), keys)
}

/// Memory of columns that were arranged, for those that are next: fresh memory costs more than to fill it.
#[derive(Default)]
struct Spare {
    i64: Vec<i64>,
    i32: Vec<i32>,
    u32: Vec<u32>,
    u8: Vec<u8>,
}

/// A column in the order of the table.
fn arrange(column: Column, places: &[u32], n_rows: usize, spare: &mut Spare) -> Column {
    let Column { values, known } = column;
    let values = match values {
        Values::I64(values) => Values::I64(arranged(values, places, n_rows, &mut spare.i64)),
        Values::I32(values) => Values::I32(arranged(values, places, n_rows, &mut spare.i32)),
        Values::U32(values) => Values::U32(arranged(values, places, n_rows, &mut spare.u32)),
        Values::U8(values) => Values::U8(arranged(values, places, n_rows, &mut spare.u8)),
    };
    Column { values, known: known.map(|known| arranged(known, places, n_rows, &mut spare.u8)) }
}

/// Values in the order of the table; those that are spare are overwritten, and what was arranged is spare then.
fn arranged<T: Copy + Default>(values: Vec<T>, places: &[u32], n_rows: usize, spare: &mut Vec<T>) -> Vec<T> {
    let mut target = std::mem::take(spare);
    scatter(&values, places, n_rows, &mut target);
    *spare = values;
    target
}

fn arrange_keys(keys: Keys, places: &[u32], rows: &[u32]) -> Keys {
    match keys.whole_numbers() {
        Some(whole) => {
            let mut arranged = Vec::new();
            scatter(whole, places, rows.len(), &mut arranged);
            Keys::of_whole_numbers(arranged)
        }
        None => keys.gather(rows),
    }
}

/// Takes a mask away that says of every row that its value is known: the rows that made it necessary were rejected.
fn drop_mask(column: &mut Column) {
    column.known = column.known.take().filter(|known| known.contains(&0));
}
