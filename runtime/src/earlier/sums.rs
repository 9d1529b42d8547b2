//! Sums of payments from two sides, and where they differ: a merge of two streams in the order of subjects.

use crate::earlier::rows::{Row, RowDigest};
use crate::earlier::subject::{Apart, Subject};
use crate::store::error::StoreError;
use crate::store::sorted_records::{RecordsInOrder, SortedRecords};
use meed_compiler::internal::broken;
use std::io;
use std::path::Path;

/// Where what is not held is kept, and how many bytes may be held.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// Bytes.
    pub memory: usize,
}

/// A line of payments beside its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The version of the rule.
    pub version: i32,
    /// Its place among the lines of its row.
    pub place: i32,
    /// The day of the row.
    pub when: i32,
    /// In the smallest parts of the unit.
    pub amount: i128,
    /// Of what was paid, the digest of the row's cells then, where it is known.
    pub row: Option<u64>,
}

/// Lines on their way into order.
#[derive(Debug)]
pub(super) struct Lines {
    records: SortedRecords,
    n_lines: u64,
}

/// A line, the bytes of its subject, and its place among all that came.
#[derive(Clone, Debug)]
pub(super) struct Ranked {
    pub key: Vec<u8>,
    pub line: Line,
    pub rank: u64,
}

/// A sum that two sides differ in.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    pub subject: Subject,
    pub apart: Apart,
    /// None where nothing was paid.
    pub was: Option<i128>,
    /// None where the run pays nothing.
    pub is: Option<i128>,
    /// Of the line that came first, of the run where it has one.
    pub line: Line,
    /// Its place in the order in which the run writes; the last where it does not have it.
    pub rank: u64,
    /// Whether anything was paid for the same row, by whatever rule, or by the rule to the same payee for the same period.
    pub is_known: bool,
    /// Of a row of an event, what is known of it now; nothing where it is gone.
    pub row: Option<Row>,
    /// Its digest when it was paid last, where that is known.
    pub row_was: Option<RowDigest>,
}

impl Lines {
    pub fn new(room: Room<'_>) -> Self {
        Self { records: SortedRecords::new(room.folder, room.memory), n_lines: 0 }
    }

    pub fn push(&mut self, key: &[u8], line: Line) -> Result<(), StoreError> {
        let Line { version, place, when, amount, .. } = line;
        let mut bytes = [0; 36];
        bytes[..8].copy_from_slice(&self.n_lines.to_le_bytes());
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        bytes[12..16].copy_from_slice(&place.to_le_bytes());
        bytes[16..20].copy_from_slice(&when.to_le_bytes());
        bytes[20..].copy_from_slice(&amount.to_le_bytes());
        self.n_lines += 1;
        self.records.push(key, &bytes)
    }

    pub fn in_order(self) -> Result<LinesInOrder, StoreError> {
        Ok(LinesInOrder(self.records.finish()?))
    }
}

/// Lines in the order of their subjects.
#[derive(Debug)]
pub(super) struct LinesInOrder(RecordsInOrder);

impl Iterator for LinesInOrder {
    type Item = io::Result<Ranked>;

    fn next(&mut self) -> Option<Self::Item> {
        let (key, bytes) = match self.0.next() {
            Ok(record) => record?,
            Err(error) => return Some(Err(error.into())),
        };
        let word = |at: usize| bytes[at..].first_chunk::<4>().map(|word| i32::from_le_bytes(*word));
        let line = || {
            let line = Line {
                version: word(8)?,
                place: word(12)?,
                when: word(16)?,
                amount: i128::from_le_bytes(*bytes[20..].first_chunk()?),
                row: None,
            };
            Some(Ranked { key: key.to_vec(), line, rank: u64::from_le_bytes(*bytes.first_chunk()?) })
        };
        Some(Ok(line().unwrap_or_else(|| broken("a line that is cut"))))
    }
}

/// Goes through both sides and gives each sum that differs, in the order of subjects.
pub(super) fn differing(
    was: impl Iterator<Item = io::Result<Ranked>>,
    is: impl Iterator<Item = io::Result<Ranked>>,
    mut row_of: impl FnMut(&[u8]) -> io::Result<Option<Row>>,
    mut each: impl FnMut(Sum) -> io::Result<()>,
) -> io::Result<()> {
    let (mut was, mut is) = (Side::new(was)?, Side::new(is)?);
    // The sums of one row, until it is known whether anything was paid for it.
    let mut of_row: Vec<(Vec<u8>, BothSides)> = Vec::new();
    let mut row: Vec<u8> = Vec::new();
    let mut key: Vec<u8> = Vec::new();
    while let Some(next) = least(&was.head, &is.head) {
        key.clear();
        key.extend_from_slice(next);
        if of_row.is_empty() || !key.starts_with(&row) {
            give(&mut of_row, row_of(&row)?, &mut each)?;
            row.clear();
            row.extend_from_slice(&key[..Subject::len_of_row(&key)]);
        }
        let (before, now) = (was.sum_of(&key)?, is.sum_of(&key)?);
        of_row.push((key.clone(), BothSides { was: before, is: now }));
    }
    give(&mut of_row, row_of(&row)?, &mut each)
}

/// What two sides have of a subject.
struct BothSides {
    was: Option<SideSum>,
    is: Option<SideSum>,
}

/// The sum of one side, with the line that came first.
#[derive(Clone, Copy)]
struct SideSum {
    amount: i128,
    line: Line,
    rank: u64,
    /// Of the line that came last.
    row: Option<u64>,
}

fn give(
    of_row: &mut Vec<(Vec<u8>, BothSides)>,
    row: Option<Row>,
    each: &mut impl FnMut(Sum) -> io::Result<()>,
) -> io::Result<()> {
    let is_paid = |sum: SideSum| sum.amount != 0;
    let is_known = of_row.iter().any(|(_, sums)| sums.was.is_some_and(is_paid));
    // Of what was not paid before, the row is as it was paid last by others.
    let paid_as = || of_row.iter().filter_map(|(_, sums)| sums.was?.row.map(RowDigest));
    let is_as_it_was = row.is_some_and(|row| paid_as().any(|digest| digest == row.digest));
    let by_others = if is_as_it_was { row.map(|row| row.digest) } else { paid_as().next() };
    for (key, BothSides { was, is }) in of_row.drain(..) {
        let amount = |side: Option<SideSum>| side.map(|sum| sum.amount);
        if amount(was).unwrap_or(0) == amount(is).unwrap_or(0) {
            continue;
        }
        let Some(first) = is.or(was) else { broken("a sum that no side has") };
        let (subject, apart) = Subject::read(&key);
        // What the run does not pay comes behind all that it pays.
        let rank = is.map_or(u64::MAX, |sum| sum.rank);
        let row_was = was.map_or(by_others, |sum| sum.row.map(RowDigest));
        // What was paid and taken back again was paid as much as what never was.
        let was = was.filter(|sum| is_paid(*sum));
        each(Sum { subject, apart, was: amount(was), is: amount(is), line: first.line, rank, is_known, row, row_was })?;
    }
    Ok(())
}

fn least<'a>(was: &'a Option<Ranked>, is: &'a Option<Ranked>) -> Option<&'a [u8]> {
    match (was, is) {
        (Some(was), Some(is)) => Some((&was.key).min(&is.key)),
        (Some(one), None) | (None, Some(one)) => Some(&one.key),
        (None, None) => None,
    }
}

/// One of the streams, and what is next in it.
struct Side<I> {
    lines: I,
    head: Option<Ranked>,
}

impl<I: Iterator<Item = io::Result<Ranked>>> Side<I> {
    fn new(mut lines: I) -> io::Result<Self> {
        let head = lines.next().transpose()?;
        Ok(Self { lines, head })
    }

    /// The sum of a subject, if this side has it: goes on behind it.
    fn sum_of(&mut self, key: &[u8]) -> io::Result<Option<SideSum>> {
        let mut sum: Option<SideSum> = None;
        while let Some(Ranked { line, rank, .. }) = self.head.take_if(|head| head.key == key) {
            let large = || io::Error::other("what is paid is too large to add up");
            let before = sum.map_or(0, |sum| sum.amount);
            let amount = before.checked_add(line.amount).ok_or_else(large)?;
            sum = Some(match sum {
                Some(first) if first.rank < rank => SideSum { amount, row: line.row.or(first.row), ..first },
                Some(_) | None => SideSum { amount, line, rank, row: line.row },
            });
            self.head = self.lines.next().transpose()?;
            if self.head.as_ref().is_some_and(|head| *head.key < *key) {
                return Err(io::Error::other("payments that are not in order"));
            }
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(of: &[(&str, &str, i128)]) -> LinesInOrder {
        let mut lines = Lines::new(Room { folder: Path::new("."), memory: 0 });
        for (n, (key, rule, amount)) in of.iter().enumerate() {
            let subject =
                Subject { event: "deal".into(), key: (*key).into(), rule: (*rule).into(), ..Subject::default() };
            let mut bytes = Vec::new();
            subject.push(&mut bytes);
            Apart::default().push(&mut bytes);
            lines
                .push(&bytes, Line { version: 1, place: n as i32, when: 0, amount: *amount, row: None })
                .expect("there is room");
        }
        lines.in_order().expect("there is room")
    }

    #[test]
    fn only_sums_that_differ_are_given_and_what_was_paid_for_a_row_is_known() {
        let was = lines(&[("D2", "a", 4), ("D1", "a", 1), ("D1", "a", 2), ("D3", "a", 5)]);
        let is =
            lines(&[("D1", "a", 3), ("D1", "b", 7), ("D3", "a", 6), ("D3", "a", -2), ("D4", "a", 1), ("D5", "a", 0)]);
        let mut given = Vec::new();
        differing(
            was,
            is,
            |_| Ok(None),
            |sum| {
                given.push((sum.subject.key, sum.subject.rule, sum.was, sum.is, sum.line.place, sum.is_known));
                Ok(())
            },
        )
        .expect("they are in order");
        let sum = |key: &str, rule: &str, was, is, place, is_known| (key.into(), rule.into(), was, is, place, is_known);
        assert_eq!(
            given,
            [
                sum("D1", "b", None, Some(7), 1, true),
                sum("D2", "a", Some(4), None, 0, true),
                sum("D3", "a", Some(5), Some(4), 2, true),
                sum("D4", "a", None, Some(1), 4, false),
            ]
        );
    }
}
