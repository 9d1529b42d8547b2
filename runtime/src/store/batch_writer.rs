//! Rows on their way to the disk: sorted and written beside whoever makes the next ones.

use crate::store::error::StoreError;
use crate::store::order::{Order, SortKey, order};
use crate::store::rejected::Rejected;
use crate::store::row_batch::RowBatch;
use crate::store::spill::SpillFile;
use crate::store::spilled_batch::SpilledBatch;
use meed_compiler::internal::{InternalError, broken, guarded};
use std::num::NonZero;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Writes batches of rows to a file, one behind the other. With several threads no more than two batches wait or are written at a time.
#[derive(Debug)]
pub(super) struct BatchWriter {
    file: SpillFile,
    written: Vec<SpilledBatch>,
    thread: Option<Writing>,
    threads: NonZero<usize>,
}

/// A thread that writes.
#[derive(Debug)]
struct Writing {
    waiting: SyncSender<(RowBatch, Sorting)>,
    thread: JoinHandle<Result<Result<Vec<SpilledBatch>, StoreError>, InternalError>>,
}

/// In which order rows are written.
#[derive(Debug)]
pub(super) enum Sorting {
    /// By this, each as if none of them were rejected.
    By(SortKey),
    /// In this one.
    Known(Order),
}

impl BatchWriter {
    pub fn new(file: SpillFile, threads: NonZero<usize>) -> Self {
        Self { file, written: Vec::new(), thread: None, threads }
    }

    /// The file.
    pub fn file(&self) -> &SpillFile {
        &self.file
    }

    /// What was written, once that has ended.
    pub fn written(&self) -> &[SpilledBatch] {
        if self.thread.is_some() {
            broken("rows that are read while others are written");
        }
        &self.written
    }

    /// Writes rows, or gives them to the thread that does.
    ///
    /// # Errors
    /// When these rows or some before them cannot be written.
    pub fn push(&mut self, rows: RowBatch, sorting: Sorting) -> Result<(), StoreError> {
        if self.threads.get() > 1 && self.thread.is_none() {
            self.thread = Writing::begin(self.file.clone());
        }
        let Some(Writing { waiting, .. }) = &self.thread else {
            self.written.push(write(rows, sorting, &self.file)?);
            return Ok(());
        };
        // A thread that takes no more has met an error, which it tells when it ends.
        if waiting.send((rows, sorting)).is_err() {
            self.end()?;
            broken("a thread that ends before the rows that it writes");
        }
        Ok(())
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// When some rows cannot be written.
    pub fn end(&mut self) -> Result<(), StoreError> {
        let Some(Writing { waiting, thread }) = self.thread.take() else { return Ok(()) };
        drop(waiting);
        match thread.join() {
            Ok(Ok(written)) => self.written.extend(written?),
            Ok(Err(error)) => broken(error.to_string()),
            Err(_) => broken("a thread that does not end"),
        }
        Ok(())
    }

    /// What was written.
    ///
    /// # Errors
    /// When some rows cannot be written.
    pub fn into_written(mut self) -> Result<Vec<SpilledBatch>, StoreError> {
        self.end()?;
        Ok(self.written)
    }
}

impl Writing {
    /// Begins a thread; `None` where the system gives none.
    fn begin(file: SpillFile) -> Option<Self> {
        let (waiting, batches) = sync_channel::<(RowBatch, Sorting)>(0);
        let work = move || guarded(|| batches.iter().map(|(rows, sorting)| write(rows, sorting, &file)).collect());
        let thread = std::thread::Builder::new().name("spill".to_owned()).spawn(work).ok()?;
        Some(Self { waiting, thread })
    }
}

fn write(rows: RowBatch, sorting: Sorting, file: &SpillFile) -> Result<SpilledBatch, StoreError> {
    let order = match sorting {
        Sorting::By(by) => order(&rows, &Rejected::default(), Some(by.when), by.through),
        Sorting::Known(order) => order,
    };
    SpilledBatch::write(rows, &order, file)
}
