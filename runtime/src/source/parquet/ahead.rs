//! Batches of a Parquet file, decoded by a thread of its own while those before are taken in.

use crate::source::error::SourceError;
use arrow_array::RecordBatch;
use meed_compiler::internal::broken;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// Batches that wait to be taken in.
const WAITING: usize = 1;
/// Batches that there are at a time: one is taken in, some wait, and one is decoded.
pub(super) const AT_A_TIME: u64 = 3;

/// Where the next batch comes from.
pub(super) enum Batches<R> {
    /// It is decoded when it is asked for.
    Own(R),
    /// It was decoded before.
    Ahead(Ahead),
}

/// A thread that decodes batches.
pub(super) struct Ahead {
    /// None once the last batch was taken, or an error.
    batches: Option<Receiver<Result<Option<RecordBatch>, SourceError>>>,
    thread: Option<JoinHandle<()>>,
}

impl<R> Batches<R>
where
    R: FnMut() -> Result<Option<RecordBatch>, SourceError> + Send + 'static,
{
    /// Decodes in a thread from now on, or, where none can be had, when asked.
    pub fn ahead(read: R) -> Self {
        let (sender, batches) = sync_channel(WAITING);
        let (handed, taken) = sync_channel::<R>(1);
        let work = move || {
            let Ok(mut read) = taken.recv() else { return };
            loop {
                let batch = read();
                let is_last = !matches!(batch, Ok(Some(_)));
                // Whoever asked may have gone.
                if sender.send(batch).is_err() || is_last {
                    return;
                }
            }
        };
        match std::thread::Builder::new().name("read".to_owned()).spawn(work) {
            Ok(thread) => match handed.send(read) {
                Ok(()) => Self::Ahead(Ahead { batches: Some(batches), thread: Some(thread) }),
                Err(error) => Self::Own(error.0),
            },
            Err(_) => Self::Own(read),
        }
    }

    /// The next batch.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        match self {
            Self::Own(read) => read(),
            Self::Ahead(ahead) => {
                let Some(batches) = &ahead.batches else { return Ok(None) };
                let batch =
                    batches.recv().unwrap_or_else(|_| broken("a thread that ends before the file that it reads"));
                if !matches!(batch, Ok(Some(_))) {
                    ahead.batches = None;
                }
                batch
            }
        }
    }
}

/// Who stops reading waits for the thread, so that nothing is read any more.
impl Drop for Ahead {
    fn drop(&mut self) {
        drop(self.batches.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
