//! Lines on their way into a store: numbered, sealed by their digest, and written some at a time.

use crate::book::BATCH;
use crate::cursor::Shared;
use crate::entry::SealedLines;
use crate::error::BookError;
use crate::line::{LinesDigest, PostedLine};

/// Writes the lines of a settlement or a transfer.
pub(crate) struct LinesWriter<'s, 'b> {
    store: &'s Shared<'b>,
    place: u64,
    held: Vec<PostedLine>,
    n_lines: u64,
    digest: LinesDigest,
}

impl<'s, 'b> LinesWriter<'s, 'b> {
    pub fn new(store: &'s Shared<'b>, place: u64) -> Self {
        Self { store, place, held: Vec::new(), n_lines: 0, digest: LinesDigest::default() }
    }

    /// Takes the next line, which gets its number.
    pub fn push(&mut self, line: PostedLine) -> Result<(), BookError> {
        self.n_lines += 1;
        let line = PostedLine { number: self.n_lines, ..line };
        self.digest.take(&line);
        self.held.push(line);
        if self.held.len() == BATCH { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), BookError> {
        self.store.borrow_mut().put_lines(self.place, &self.held)?;
        self.held.clear();
        Ok(())
    }

    /// Writes the rest, and says by what the lines are known again.
    pub fn finish(mut self) -> Result<SealedLines, BookError> {
        self.write()?;
        Ok(SealedLines { lines: self.n_lines, sha256: self.digest.finish() })
    }
}
