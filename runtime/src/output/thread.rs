//! A table that is written by a thread of its own, while the rows that come next are made.

use crate::output::batch::{Batch, Sink};
use meed_compiler::internal::guarded;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that wait for the thread; whoever makes more waits for it.
const WAITING: usize = 2;

/// Hands batches to a sink in a thread of its own, which begins with the second batch: small tables need none.
pub struct ThreadSink<S: Sink + Send + 'static> {
    own: Option<S>,
    n_batches: usize,
    thread: Option<(SyncSender<Batch>, JoinHandle<io::Result<S>>)>,
}

impl<S: Sink + Send + 'static> ThreadSink<S> {
    /// Nothing is begun before there are rows.
    pub fn new(sink: S) -> Self {
        Self { own: Some(sink), n_batches: 0, thread: None }
    }

    /// The sink, once the thread has given it all batches.
    fn end(&mut self) -> io::Result<()> {
        if let Some((sender, thread)) = self.thread.take() {
            drop(sender);
            let sink = thread.join().map_err(|_| io::Error::other("the thread that writes a table ended"))?;
            self.own = Some(sink?);
        }
        Ok(())
    }
}

impl<S: Sink + Send + 'static> Sink for ThreadSink<S> {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        self.n_batches += 1;
        if self.n_batches == 2
            && let Some(mut sink) = self.own.take()
        {
            let (sender, batches) = sync_channel::<Batch>(WAITING);
            let write = move || {
                let written = guarded(|| batches.iter().try_for_each(|batch| sink.take(batch)));
                written.map_err(io::Error::other)??;
                Ok(sink)
            };
            let thread = std::thread::Builder::new().name("write".to_owned()).spawn(write)?;
            self.thread = Some((sender, thread));
        }
        match (&mut self.own, &self.thread) {
            (Some(sink), _) => sink.take(batch),
            (None, Some((sender, _))) if sender.send(batch).is_ok() => Ok(()),
            // It takes nothing more: it met an error, and says which.
            (None, _) => Err(self.end().err().unwrap_or_else(|| io::Error::other("a table was written after its end"))),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end()?;
        match &mut self.own {
            Some(sink) => sink.finish(),
            None => Err(io::Error::other("a table was finished after an error")),
        }
    }
}

/// Who gives a table up waits for the thread, so that nothing is written any more.
impl<S: Sink + Send + 'static> Drop for ThreadSink<S> {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::batch::Cells;
    use std::sync::{Arc, Mutex};

    #[derive(Default)]
    struct Noted {
        rows: Arc<Mutex<Vec<usize>>>,
        fails_at: Option<usize>,
        panics_at: Option<usize>,
    }

    impl Sink for Noted {
        fn take(&mut self, batch: Batch) -> io::Result<()> {
            assert_ne!(self.panics_at, Some(batch.n_rows), "it ends here");
            if self.fails_at == Some(batch.n_rows) {
                return Err(io::Error::other("the disk is full"));
            }
            self.rows.lock().expect("no thread panicked with it").push(batch.n_rows);
            Ok(())
        }

        fn finish(&mut self) -> io::Result<()> {
            self.rows.lock().expect("no thread panicked with it").push(0);
            Ok(())
        }
    }

    fn write(sink: Noted, n_batches: usize) -> (Vec<usize>, io::Result<()>) {
        let rows = sink.rows.clone();
        let mut sink = ThreadSink::new(sink);
        let batch = |n_rows| Batch { n_rows, columns: vec![Cells::always("a", n_rows)] };
        let written = (1..=n_batches).try_for_each(|n_rows| sink.take(batch(n_rows))).and_then(|()| sink.finish());
        drop(sink);
        let rows = rows.lock().expect("no thread panicked with it").clone();
        (rows, written)
    }

    #[test]
    fn all_batches_arrive_in_order() {
        for n_batches in [0, 1, 2, 3, 50] {
            let (rows, written) = write(Noted::default(), n_batches);
            written.expect("written");
            assert_eq!(rows, (1..=n_batches).chain([0]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_the_thread_meets_is_told() {
        for at in [1, 2, 7, 30] {
            let (rows, written) = write(Noted { fails_at: Some(at), ..Noted::default() }, 30);
            assert_eq!(written.expect_err("it fails").to_string(), "the disk is full");
            assert_eq!(rows, (1..at).collect::<Vec<_>>());
        }
        let (_, written) = write(Noted { panics_at: Some(5), ..Noted::default() }, 30);
        assert!(written.expect_err("it fails").to_string().contains("it ends here"));
    }
}
