//! Records of bytes in the order of their keys, however many they are: those beyond a budget are sorted runs of a temporary file, which
//! are merged when they are read back (external merge sort, Knuth, The Art of Computer Programming 3, section 5.4).

use crate::store::error::StoreError;
use crate::store::spill::fault;
use meed_compiler::internal::broken;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Bytes that are held of each run while runs are merged, at least.
const BLOCK: usize = 64 << 10;
/// What is taken for sorting, at least.
const LEAST: usize = 1 << 20;
/// The lengths of a key and of what is beside it.
const HEAD: usize = 8;

/// A key, and what is beside it.
pub(crate) type Record<'a> = (&'a [u8], &'a [u8]);

/// Takes records in any order.
#[derive(Debug)]
pub(crate) struct SortedRecords {
    folder: PathBuf,
    budget: usize,
    bytes: Vec<u8>,
    /// Where each record begins, and how long its key is.
    records: Vec<(usize, usize)>,
    file: Option<File>,
    runs: Vec<Range<u64>>,
}

/// Gives them in order; those with one key as they came.
#[derive(Debug)]
pub(crate) struct RecordsInOrder {
    folder: PathBuf,
    heads: BinaryHeap<Run>,
    /// The run whose record was given last.
    is_given: bool,
}

/// The rest of a run: what is held of it, and what is still in the file.
#[derive(Debug)]
struct Run {
    number: usize,
    held: Vec<u8>,
    /// Where the record in front begins, and the ends of its key and of it.
    at: usize,
    key_end: usize,
    end: usize,
    file: Option<Rc<File>>,
    rest: Range<u64>,
}

impl SortedRecords {
    /// No records yet; of those beyond a budget of bytes a file is made in a folder.
    pub fn new(folder: &Path, budget: usize) -> Self {
        let budget = budget.max(LEAST);
        Self { folder: folder.to_owned(), budget, bytes: Vec::new(), records: Vec::new(), file: None, runs: Vec::new() }
    }

    /// Takes a record: its key, and what is beside it.
    pub fn push(&mut self, key: &[u8], beside: &[u8]) -> Result<(), StoreError> {
        let held = self.bytes.len() + self.records.len() * size_of::<(usize, usize)>();
        if held + key.len() + beside.len() > self.budget && !self.records.is_empty() {
            self.write_run()?;
        }
        self.records.push((self.bytes.len(), key.len()));
        for len in [key.len(), beside.len()] {
            let len = u32::try_from(len).unwrap_or_else(|_| broken("a record of 4 GiB"));
            self.bytes.extend_from_slice(&len.to_le_bytes());
        }
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(beside);
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let key = |&(at, len): &(usize, usize)| &bytes[at + HEAD..at + HEAD + len];
        self.records.sort_by(|a, b| key(a).cmp(key(b)));
    }

    /// The records held, in order.
    fn in_order(&self) -> impl Iterator<Item = &[u8]> {
        self.records.iter().map(|&(at, key)| {
            let beside = number(&self.bytes[at + 4..]);
            &self.bytes[at..at + HEAD + key + beside]
        })
    }

    fn write_run(&mut self) -> Result<(), StoreError> {
        self.sort();
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile_in(&self.folder).map_err(|error| fault(&self.folder, &error))?);
        }
        let Some(file) = &self.file else { broken("a file that was made") };
        let from = self.runs.last().map_or(0, |run| run.end);
        let mut to = from;
        let mut writer = BufWriter::with_capacity(1 << 20, file);
        let mut write = || {
            for record in self.in_order() {
                writer.write_all(record)?;
                to += record.len() as u64;
            }
            writer.flush()
        };
        write().map_err(|error| fault(&self.folder, &error))?;
        self.runs.push(from..to);
        self.bytes.clear();
        self.records.clear();
        Ok(())
    }

    /// Gives them in order.
    pub fn finish(mut self) -> Result<RecordsInOrder, StoreError> {
        // Behind runs of the file the last one goes there too: it is not held twice.
        if self.file.is_some() && !self.records.is_empty() {
            self.write_run()?;
        }
        self.sort();
        let mut last = Vec::with_capacity(self.bytes.len());
        self.in_order().for_each(|record| last.extend_from_slice(record));
        drop((std::mem::take(&mut self.bytes), std::mem::take(&mut self.records)));
        let file = self.file.map(Rc::new);
        let mut heads = BinaryHeap::new();
        let memory = Run { number: self.runs.len(), held: last, at: 0, key_end: 0, end: 0, file: None, rest: 0..0 };
        let in_file = self.runs.into_iter().enumerate().map(|(number, rest)| Run {
            number,
            held: Vec::new(),
            at: 0,
            key_end: 0,
            end: 0,
            file: file.clone(),
            rest,
        });
        for mut run in in_file.chain([memory]) {
            if run.advance().map_err(|error| fault(&self.folder, &error))? {
                heads.push(run);
            }
        }
        Ok(RecordsInOrder { folder: self.folder, heads, is_given: false })
    }
}

impl RecordsInOrder {
    /// The next record: its key, and what is beside it.
    pub fn next(&mut self) -> Result<Option<Record<'_>>, StoreError> {
        if self.is_given
            && let Some(mut head) = self.heads.peek_mut()
            && !head.advance().map_err(|error| fault(&self.folder, &error))?
        {
            PeekMut::pop(head);
        }
        self.is_given = true;
        Ok(self.heads.peek().map(|run| (run.key(), &run.held[run.key_end..run.end])))
    }
}

impl Run {
    fn key(&self) -> &[u8] {
        &self.held[self.at + HEAD..self.key_end]
    }

    /// Goes to the next record; false at the end.
    fn advance(&mut self) -> std::io::Result<bool> {
        self.at = self.end;
        if !self.has(HEAD)? {
            return Ok(false);
        }
        let (key, beside) = (number(&self.held[self.at..]), number(&self.held[self.at + 4..]));
        if !self.has(HEAD + key + beside)? {
            broken("a record that ends too soon");
        }
        self.key_end = self.at + HEAD + key;
        self.end = self.key_end + beside;
        Ok(true)
    }

    /// Whether so many bytes are held from here on, after as many were read as it takes.
    fn has(&mut self, n_bytes: usize) -> std::io::Result<bool> {
        if self.held.len() - self.at >= n_bytes {
            return Ok(true);
        }
        let Some(file) = &self.file else { return Ok(false) };
        self.held.drain(..self.at);
        (self.at, self.end) = (0, 0);
        while self.held.len() < n_bytes && !self.rest.is_empty() {
            let more = (self.rest.end - self.rest.start).min(BLOCK as u64);
            let mut file: &File = file;
            file.seek(SeekFrom::Start(self.rest.start))?;
            file.take(more).read_to_end(&mut self.held)?;
            self.rest.start += more;
        }
        Ok(self.held.len() >= n_bytes)
    }
}

fn number(bytes: &[u8]) -> usize {
    let word = bytes.first_chunk::<4>().unwrap_or_else(|| broken("a length that is cut"));
    u32::from_le_bytes(*word) as usize
}

/// The least key is the greatest head, as the heap gives the greatest first.
impl Ord for Run {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(self.key()).then_with(|| other.number.cmp(&self.number))
    }
}

impl PartialOrd for Run {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Run {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(records: &[(Vec<u8>, Vec<u8>)], budget: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sorter = SortedRecords { budget, ..SortedRecords::new(folder.path(), 0) };
        records.iter().try_for_each(|(key, beside)| sorter.push(key, beside)).expect("there is room");
        let mut given = Vec::new();
        let mut in_order = sorter.finish().expect("there is room");
        while let Some((key, beside)) = in_order.next().expect("it can be read back") {
            given.push((key.to_vec(), beside.to_vec()));
        }
        assert!(in_order.next().expect("it can be read back").is_none(), "the end stays the end");
        given
    }

    proptest! {
        /// With room for all and with room for hardly any they are in one order: by key, then as they came.
        #[test]
        fn any_records_come_in_order(
            keys in proptest::collection::vec(proptest::collection::vec(0u8..4, 0..6), 0..200),
            budget in 1usize..4_000,
        ) {
            let records: Vec<_> =
                keys.into_iter().enumerate().map(|(n, key)| (key, vec![n as u8; n % 7])).collect();
            let mut wanted = records.clone();
            wanted.sort_by(|a, b| a.0.cmp(&b.0));
            prop_assert_eq!(&sorted(&records, budget), &wanted);
            prop_assert_eq!(&sorted(&records, 1 << 20), &wanted);
        }
    }

    #[test]
    fn long_records_are_read_back_across_blocks() {
        let records: Vec<_> = (0..40u8).rev().map(|n| (vec![n], vec![n; 50_000])).collect();
        let mut wanted = records.clone();
        wanted.reverse();
        assert_eq!(sorted(&records, 300_000), wanted);
    }
}
