//! Rows of a file that are no rows of its record: those that its source skips, and copies of others.
//!
//! Comes in: a batch. Goes out: which of its rows are left out. They keep their places, so that a row of a file is told by
//! its number, and are neither read nor rejected: only counted.

use crate::decode::cell::CellReader;
use crate::decode::column::{Block, List, decode};
use crate::source::columns::{Encoding, Source};
use meed_compiler::plan::{Comparison, FieldId, RowTest};
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// What of a row is kept to know it again: half of a digest, which nobody can meet by chance or on purpose.
type Mark = [u8; 16];

/// What is left out of the rows of one file.
pub(super) struct Sift {
    pub test: Option<RowTest>,
    /// The cells that the test looks at.
    pub cells: Vec<Asked>,
    /// The columns of the file by their headers, and where their cells are, if copies are left out.
    pub columns: Option<Vec<(String, usize)>>,
}

/// A cell that a test looks at.
pub(super) struct Asked {
    pub field: FieldId,
    pub chosen: usize,
    /// None where its text is looked at.
    pub reader: Option<CellReader>,
}

/// Why a row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftOut {
    Skipped,
    Copy,
}

/// What the cells of a batch say.
enum Said<'a> {
    Values(Block, FxHashSet<u32>),
    Texts(Vec<Cow<'a, [u8]>>),
}

impl Sift {
    /// The rows of a batch that are left out, rising; `seen` are the rows before it.
    pub fn of_batch(&self, n_rows: usize, source: &dyn Source, seen: &mut FxHashSet<Mark>) -> Vec<(u32, LeftOut)> {
        let mut found = Vec::new();
        let said: Vec<(FieldId, Said<'_>)> =
            self.cells.iter().map(|asked| (asked.field, asked.said(n_rows, source))).collect();
        let all: Option<Vec<Vec<Cow<'_, [u8]>>>> = self
            .columns
            .as_ref()
            .map(|columns| columns.iter().map(|(_, chosen)| texts(source, *chosen, n_rows)).collect());
        for row in 0..n_rows {
            if self.test.as_ref().is_some_and(|test| holds(test, &said, row) == Some(true)) {
                found.push((row as u32, LeftOut::Skipped));
            } else if let (Some(columns), Some(cells)) = (&self.columns, &all)
                && !seen.insert(mark(columns, cells, row))
            {
                found.push((row as u32, LeftOut::Copy));
            }
        }
        found
    }
}

impl Asked {
    fn said<'a>(&self, n_rows: usize, source: &'a dyn Source) -> Said<'a> {
        let Some(reader) = &self.reader else { return Said::Texts(texts(source, self.chosen, n_rows)) };
        let mut block = Block::default();
        decode(reader, source, self.chosen, &mut List::default(), &mut block);
        let absent = block.absent().into_iter().collect();
        Said::Values(block, absent)
    }
}

/// Whether a test holds; none where a cell that it needs is missing or cannot be read.
fn holds(test: &RowTest, said: &[(FieldId, Said<'_>)], row: usize) -> Option<bool> {
    let of = |field: &FieldId| said.iter().find(|(known, _)| known == field).map(|(_, said)| said);
    match test {
        RowTest::All(parts) => {
            let found: Vec<Option<bool>> = parts.iter().map(|part| holds(part, said, row)).collect();
            if found.contains(&Some(false)) {
                Some(false)
            } else {
                found.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        }
        RowTest::Any(parts) => {
            let found: Vec<Option<bool>> = parts.iter().map(|part| holds(part, said, row)).collect();
            if found.contains(&Some(true)) {
                Some(true)
            } else {
                found.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        RowTest::Not(part) => holds(part, said, row).map(|holds| !holds),
        RowTest::Missing(field) => Some(match of(field)? {
            Said::Values(block, _) => block.missing.binary_search(&(row as u32)).is_ok(),
            Said::Texts(texts) => texts[row].is_empty(),
        }),
        RowTest::Compare(field, comparison, bound) => match of(field)? {
            Said::Values(block, absent) if !absent.contains(&(row as u32)) => {
                Some(compares(*comparison, block.values[row], *bound))
            }
            Said::Values(..) | Said::Texts(_) => None,
        },
        RowTest::Text(field, test) => match of(field)? {
            Said::Texts(texts) if !texts[row].is_empty() => {
                let text = std::str::from_utf8(&texts[row]).ok()?;
                Some(test.holds(text))
            }
            Said::Values(..) | Said::Texts(_) => None,
        },
    }
}

fn compares(comparison: Comparison, value: i64, bound: i64) -> bool {
    match comparison {
        Comparison::Equal => value == bound,
        Comparison::NotEqual => value != bound,
        Comparison::Less => value < bound,
        Comparison::LessOrEqual => value <= bound,
        Comparison::Greater => value > bound,
        Comparison::GreaterOrEqual => value >= bound,
    }
}

/// The cells of a chosen column as texts, empty where they are missing.
fn texts(source: &dyn Source, chosen: usize, n_rows: usize) -> Vec<Cow<'_, [u8]>> {
    let cells = source.cells(chosen);
    let entries = source.entries(chosen);
    let text = |row: usize| match &cells.encoding {
        _ if !cells.is_known(row) => Cow::Borrowed(&[][..]),
        Encoding::Texts(texts) => Cow::Borrowed(texts[row]),
        Encoding::Entries { places, .. } => Cow::Borrowed(entries[places[row] as usize]),
        Encoding::Nothing(_) => Cow::Borrowed(&[][..]),
        encoding => Cow::Owned(encoding.text_to_show(row).into_bytes()),
    };
    (0..n_rows).map(text).collect()
}

/// What a row is known by: every header that has a cell, with the cell. Columns come in the order of their headers.
fn mark(columns: &[(String, usize)], cells: &[Vec<Cow<'_, [u8]>>], row: usize) -> Mark {
    let mut digest = Sha256::new();
    for ((header, _), cells) in columns.iter().zip(cells) {
        for text in [header.as_bytes(), &cells[row]] {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
    }
    let digest = digest.finalize();
    let mut mark = Mark::default();
    mark.copy_from_slice(&digest[..16]);
    mark
}
