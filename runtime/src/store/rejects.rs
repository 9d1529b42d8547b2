//! Rejected cells: all are counted and the first are held; where somebody wants to list all, the others are spilled.
//!
//! A file whose every row is bad must not take more memory than one that is well. So faults are kept in the order in
//! which they are told, by row and then by field: where all are to be listed, they are spilled as sorted runs and
//! merged when they are listed; else those after the first are dropped.

use crate::store::error::StoreError;
use crate::store::origins::Origins;
use crate::store::spill::{Array, SpillFile};
use crate::store::unreadable::{Unreadable, UnreadableColumns};
use meed_compiler::plan::RecordId;
use meed_grammar::foreign::shortened;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Deref;
use std::path::PathBuf;

/// So many rejected cells are held at most.
pub const MOST_HELD: usize = 10_000;
/// A value of more characters is kept without its middle.
const LONGEST_VALUE: usize = 1_000;
/// And so many bytes of their texts; a text is as long as a cell may be.
const MOST_BYTES: usize = 8 << 20;
/// Bytes of all runs that are read at a time, and the least of one.
const READ: (usize, usize) = (8 << 20, 4 << 10);

/// Why a row is rejected.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub row: u32,
    /// Its key, where the rows of the table are no longer held.
    pub key: Option<String>,
    /// Its place among the faults of the row: that it is no row, then fields as written, then keys and references.
    pub rank: usize,
    pub column: String,
    pub value: String,
    pub reason: String,
}

/// A cell that made its row be rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The record of the row.
    pub record: RecordId,
    /// The row's key, empty where it cannot be read.
    pub key: String,
    /// The file, as it was named.
    pub file: String,
    /// The row, counted from 1 without the header.
    pub row: u64,
    /// The line of a text file on which the row begins, counted from 1; none of what is no text.
    pub line: Option<u64>,
    /// The column.
    pub column: String,
    /// The value, empty where it is missing; of one longer than 1,000 characters the beginning and the end.
    pub value: String,
    /// Why it cannot be taken.
    pub reason: String,
}

/// All rejected cells in the order of records, files and rows. As a slice it is the first [`MOST_HELD`] of them.
#[derive(Debug, Default)]
pub struct Rejects {
    first: Vec<Reject>,
    n_all: u64,
    /// Columns with cells that cannot be read.
    unreadable: Vec<Unreadable>,
    parts: Vec<(RecordId, Origins, Faults)>,
}

/// The faults of the rows of one record.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Those that are neither dropped nor on the disk.
    held: Vec<Fault>,
    n_bytes: usize,
    n_all: u64,
    /// Faults from this row and rank on are dropped.
    dropped_from: Option<(u32, usize)>,
    /// Where those go that are too many; without it they are dropped.
    folder: Option<PathBuf>,
    file: Option<SpillFile>,
    runs: Vec<Array<u8>>,
    unreadable: UnreadableColumns,
}

impl Deref for Rejects {
    type Target = [Reject];

    fn deref(&self) -> &[Reject] {
        &self.first
    }
}

impl<const N: usize> PartialEq<[Reject; N]> for Rejects {
    fn eq(&self, other: &[Reject; N]) -> bool {
        self.n_all == N as u64 && self.first == other
    }
}

impl Rejects {
    /// How many cells were rejected. A row may have several.
    pub fn n_all(&self) -> u64 {
        self.n_all
    }

    /// The columns with cells that cannot be read: all such cells are counted, however few are held.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Gives every rejected cell to a function, in order; only the first [`MOST_HELD`] of each record where
    /// the options of loading named no place for the others.
    ///
    /// # Errors
    /// What the function gives, or that what is spilled cannot be read.
    pub fn each<E: From<StoreError>>(&self, mut take: impl FnMut(Reject) -> Result<(), E>) -> Result<(), E> {
        for (record, origins, faults) in &self.parts {
            faults.each(|fault| take(reject(*record, origins, fault)))?;
        }
        Ok(())
    }

    /// Adds the faults of the next record; all have their keys.
    pub(crate) fn add(
        &mut self,
        record: RecordId,
        origins: &Origins,
        n_read: u32,
        mut faults: Faults,
    ) -> Result<(), StoreError> {
        if faults.n_all == 0 {
            return Ok(());
        }
        faults.end()?;
        self.unreadable.extend(std::mem::take(&mut faults.unreadable).of(record, origins, n_read));
        self.n_all += faults.n_all;
        let first = &mut self.first;
        let filled = faults.each(|fault| {
            if first.len() == MOST_HELD {
                return Err(None);
            }
            first.push(reject(record, origins, fault));
            Ok(())
        });
        match filled {
            Ok(()) | Err(None) => {}
            Err(Some(error)) => return Err(error),
        }
        self.parts.push((record, origins.clone(), faults));
        Ok(())
    }
}

fn reject(record: RecordId, origins: &Origins, fault: Fault) -> Reject {
    let Fault { row, key, column, value, reason, .. } = fault;
    let line = origins.line_at(row);
    let (file, row) = origins.read_at(row);
    Reject { record, key: key.unwrap_or_default(), file: file.to_owned(), row, line, column, value, reason }
}

impl Faults {
    /// Faults that are too many go to this folder, if there is one.
    pub fn set_folder(&mut self, folder: Option<PathBuf>) {
        self.folder = folder;
    }

    /// Counts a cell of the file that is being read which cannot be read.
    pub fn unreadable(&mut self, origins: &Origins, row: u32, rank: usize, column: &str, reason: &str, value: &str) {
        self.unreadable.note(origins, row, rank, column, reason, value);
    }

    /// Adds a fault.
    pub fn push(&mut self, mut fault: Fault) {
        self.n_all += 1;
        if self.dropped_from.is_some_and(|from| place(&fault) >= from) {
            return;
        }
        if let std::borrow::Cow::Owned(value) = shortened(&fault.value, LONGEST_VALUE) {
            fault.value = value;
        }
        self.n_bytes += bytes(&fault);
        self.held.push(fault);
    }

    /// Those whose rows have not given them their keys yet.
    pub fn without_keys(&mut self) -> impl Iterator<Item = &mut Fault> {
        self.held.iter_mut().filter(|fault| fault.key.is_none())
    }

    /// Whether too many are held.
    pub fn are_many(&self) -> bool {
        self.held.len() >= MOST_HELD * 2 || self.n_bytes >= MOST_BYTES
    }

    /// Lets those go that are too many, to the disk or altogether. All have their keys.
    pub fn make_room(&mut self) -> Result<(), StoreError> {
        self.held.sort_by_key(place);
        if self.folder.is_some() {
            return self.write();
        }
        let mut n_bytes = 0;
        let fits = |fault: &&Fault| {
            n_bytes += bytes(fault);
            n_bytes < MOST_BYTES / 2
        };
        let n_kept = self.held.iter().take(MOST_HELD).take_while(fits).count();
        self.dropped_from = self.held.get(n_kept).map(place).or(self.dropped_from);
        self.held.truncate(n_kept);
        self.n_bytes = self.held.iter().map(bytes).sum();
        Ok(())
    }

    /// Says that no more will come.
    fn end(&mut self) -> Result<(), StoreError> {
        self.held.sort_by_key(place);
        match (&self.folder, self.runs.is_empty()) {
            // All that are to be listed are held.
            (Some(_), true) => Ok(()),
            (Some(_), false) | (None, _) => self.make_room(),
        }
    }

    /// Writes those held, in order, as a run.
    fn write(&mut self) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        if self.held.is_empty() {
            return Ok(());
        }
        let mut run = Vec::with_capacity(self.n_bytes);
        self.held.drain(..).for_each(|fault| encode(&fault, &mut run));
        self.n_bytes = 0;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(SpillFile::new(folder)?),
        };
        self.runs.push(file.write(&run)?);
        Ok(())
    }

    /// All that are kept, in order.
    fn each<E: From<StoreError>>(&self, mut take: impl FnMut(Fault) -> Result<(), E>) -> Result<(), E> {
        let Some(file) = &self.file else { return self.held.iter().cloned().try_for_each(take) };
        let n_read = (READ.0 / self.runs.len().max(1)).max(READ.1);
        let cursor = |run| Cursor { file, run, n_read, at: 0, held: Vec::new(), used: 0 };
        let mut cursors: Vec<Cursor<'_>> = self.runs.iter().map(cursor).collect();
        let mut next: Vec<Option<Fault>> = cursors.iter_mut().map(Cursor::next).collect::<Result<_, _>>()?;
        // Of equal places that of the run written first comes first.
        let by_place = |(run, fault): (usize, &Option<Fault>)| Some(Reverse((place(fault.as_ref()?), run)));
        let mut heap: BinaryHeap<_> = next.iter().enumerate().filter_map(by_place).collect();
        while let Some(Reverse((_, run))) = heap.pop() {
            let Some(least) = std::mem::replace(&mut next[run], cursors[run].next()?) else { continue };
            heap.extend(by_place((run, &next[run])));
            take(least)?;
        }
        Ok(())
    }
}

/// The next faults of a run.
struct Cursor<'a> {
    file: &'a SpillFile,
    run: &'a Array<u8>,
    n_read: usize,
    /// The first byte that was not read yet.
    at: usize,
    held: Vec<u8>,
    used: usize,
}

impl Cursor<'_> {
    fn next(&mut self) -> Result<Option<Fault>, StoreError> {
        loop {
            let mut left = &self.held[self.used..];
            if let Some(fault) = decode(&mut left) {
                self.used = self.held.len() - left.len();
                return Ok(Some(fault));
            }
            if self.at == self.run.len() {
                return Ok(None);
            }
            let end = (self.at + self.n_read).min(self.run.len());
            self.held.drain(..self.used);
            self.used = 0;
            self.held.extend(self.file.read_some(self.run, self.at..end)?);
            self.at = end;
        }
    }
}

/// Where a fault is told.
fn place(fault: &Fault) -> (u32, usize) {
    (fault.row, fault.rank)
}

/// About how many bytes a fault takes.
fn bytes(fault: &Fault) -> usize {
    let key = fault.key.as_ref().map_or(0, String::len);
    size_of::<Fault>() + key + fault.column.len() + fault.value.len() + fault.reason.len()
}

fn encode(fault: &Fault, out: &mut Vec<u8>) {
    let Fault { row, key, rank, column, value, reason } = fault;
    out.extend_from_slice(&row.to_le_bytes());
    out.extend_from_slice(&(*rank as u32).to_le_bytes());
    for text in [key.as_deref().unwrap_or_default(), column, value, reason] {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

/// The fault that bytes begin with; `None` if they end before it does.
fn decode(bytes: &mut &[u8]) -> Option<Fault> {
    fn number(bytes: &mut &[u8]) -> Option<u32> {
        bytes.split_off(..4).map(|word| word.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }
    fn text(bytes: &mut &[u8]) -> Option<String> {
        let len = number(bytes)? as usize;
        bytes.split_off(..len).map(|text| String::from_utf8_lossy(text).into_owned())
    }
    let (row, rank) = (number(bytes)?, number(bytes)? as usize);
    let (key, column, value, reason) = (text(bytes)?, text(bytes)?, text(bytes)?, text(bytes)?);
    Some(Fault { row, key: Some(key), rank, column, value, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(row: u32, rank: usize) -> Fault {
        let text = |what: &str| format!("{what} of {row}");
        Fault {
            row,
            key: Some(text("key")),
            rank,
            column: text("column"),
            value: text("value"),
            reason: text("reason"),
        }
    }

    /// So many faults in no order, with room made whenever too many are held.
    fn many(n_faults: u32, folder: Option<PathBuf>) -> Faults {
        let mut faults = Faults::default();
        faults.set_folder(folder);
        for idx in 0..n_faults {
            faults.push(fault(idx.wrapping_mul(7919) % n_faults, 3));
            if faults.are_many() {
                faults.make_room().expect("there is room");
                assert!(faults.held.len() <= MOST_HELD);
            }
        }
        faults
    }

    #[test]
    fn all_are_counted_the_first_are_held_and_the_others_can_be_listed() {
        const N_FAULTS: u32 = 70_001;
        let mut origins = Origins::default();
        origins.begin("deals.csv", 0);
        for to in [None, Some(PathBuf::from("."))] {
            let lists_all = to.is_some();
            let mut rejects = Rejects::default();
            rejects.add(RecordId(0), &origins, N_FAULTS, many(N_FAULTS, to)).expect("there is room");
            assert_eq!((rejects.n_all(), rejects.len()), (u64::from(N_FAULTS), MOST_HELD));
            assert!(rejects.iter().zip(1..).all(|(reject, row)| reject.row == row));
            let mut rows = Vec::new();
            let each = rejects.each(|reject| {
                assert_eq!(reject.value, format!("value of {}", reject.row - 1));
                rows.push(reject.row);
                Ok::<(), StoreError>(())
            });
            each.expect("it can be read");
            let n_listed = if lists_all { u64::from(N_FAULTS) } else { MOST_HELD as u64 };
            assert!(rows.into_iter().eq(1..=n_listed), "{lists_all}");
        }
    }

    #[test]
    fn long_texts_take_no_more_memory_than_short_ones() {
        let mut faults = Faults::default();
        for row in 0..2_000 {
            let key = Some("k".repeat(60_000));
            faults.push(Fault { value: "é".repeat(60_000), key, ..fault(2_000 - row, 1) });
            assert!(faults.n_bytes < MOST_BYTES + 65_000);
            if faults.are_many() {
                faults.make_room().expect("none is needed");
            }
        }
        assert_eq!(faults.n_all, 2_000);
        let first: Vec<u32> = faults.held.iter().map(|fault| fault.row).collect();
        assert!(first.len() > 50 && first.iter().copied().min() == Some(1), "{first:?}");
        assert!(faults.held.iter().all(|fault| fault.value.chars().count() == LONGEST_VALUE));
    }
}
