//! A column of amounts, days or small whole numbers, as differences from one to the next.

use crate::output::batch::{Cells, Kind};
use crate::output::parquet::bits::hybrid;
use crate::output::parquet::chunk::{Chunk, number};
use crate::output::parquet::column::{Column, other_kind};
use crate::output::parquet::delta::delta;
use parquet::basic::Encoding;
use parquet::file::statistics::Statistics;
use std::io;

/// Values of a page.
const PAGE_VALUES: usize = 1 << 17;

/// The rows of a row group in one column.
pub(super) struct NumberColumn {
    kind: Kind,
    chunk: Chunk,
    /// The values of the page under way.
    values: Vec<i64>,
    /// Of the rows of the page, in turn, whether they have a value and how many are alike; for days.
    there: Vec<(u32, u32)>,
    n_rows: usize,
    /// The least and the largest day.
    range: Option<(i64, i64)>,
    n_missing: u64,
    page: Vec<u8>,
}

impl NumberColumn {
    /// A column of amounts of at most eighteen digits, days or whole numbers.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            chunk: Chunk::new(Encoding::DELTA_BINARY_PACKED),
            values: Vec::new(),
            there: Vec::new(),
            n_rows: 0,
            range: None,
            n_missing: 0,
            page: Vec::new(),
        }
    }

    /// Notes whether some rows have a value.
    fn rows(&mut self, is_there: bool, n_rows: usize) -> io::Result<()> {
        self.n_rows += n_rows;
        if self.kind == Kind::Day {
            let n_more = number(n_rows)?;
            self.n_missing += if is_there { 0 } else { n_more.into() };
            match self.there.last_mut() {
                Some((known, n)) if *known == u32::from(is_there) => *n += n_more,
                _ => self.there.push((is_there.into(), n_more)),
            }
        }
        Ok(())
    }
}

impl Column for NumberColumn {
    fn take(&mut self, cells: &Cells, n_rows: usize) -> io::Result<()> {
        match cells {
            Cells::Amounts(amounts) => {
                let Kind::Amount { decimals, digits } = self.kind else { return Err(other_kind("numbers")) };
                amounts.scaled(decimals, digits, &mut self.values)?;
                self.rows(true, n_rows)?;
            }
            Cells::Days(days) => {
                self.values.extend(days.iter().map(|day| i64::from(*day)));
                self.rows(true, n_rows)?;
            }
            Cells::SomeDays(days) => {
                for day in days {
                    self.values.extend(day.map(i64::from));
                    self.rows(day.is_some(), 1)?;
                }
            }
            Cells::NoDays => self.rows(false, n_rows)?,
            Cells::Wholes(numbers) => {
                self.values.extend(numbers.iter().map(|number| i64::from(*number)));
                self.rows(true, n_rows)?;
            }
            Cells::Words { .. } | Cells::Texts(_) => return Err(other_kind("numbers")),
        }
        if self.n_rows >= PAGE_VALUES { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> io::Result<()> {
        if self.n_rows == 0 {
            return Ok(());
        }
        self.page.clear();
        if self.kind == Kind::Day {
            let mut levels = Vec::new();
            hybrid(&self.there, 1, &mut levels);
            self.page.extend_from_slice(&number(levels.len())?.to_le_bytes());
            self.page.append(&mut levels);
        }
        match self.kind {
            Kind::Amount { .. } => delta::<64>(&self.values, &mut self.page),
            _ => delta::<32>(&self.values, &mut self.page),
        }
        if let (Kind::Day, Some(&least), Some(&largest)) =
            (self.kind, self.values.iter().min(), self.values.iter().max())
        {
            let (before, after) = self.range.unwrap_or((least, largest));
            self.range = Some((before.min(least), after.max(largest)));
        }
        self.chunk.values(&self.page, self.n_rows)?;
        self.values.clear();
        self.there.clear();
        self.n_rows = 0;
        Ok(())
    }

    fn statistics(&mut self) -> Option<Statistics> {
        let (range, n_missing) = (self.range.take(), std::mem::take(&mut self.n_missing));
        (self.kind == Kind::Day).then(|| {
            let day = |value: i64| i32::try_from(value).ok();
            let (least, largest) = range.map_or((None, None), |(least, largest)| (day(least), day(largest)));
            Statistics::int32(least, largest, None, Some(n_missing), false)
        })
    }

    fn chunk(&mut self) -> &mut Chunk {
        &mut self.chunk
    }
}
