//! A table in order that is spilled, of which rules see one page of rows after the other.

use crate::keys::columns::Keys;
use crate::store::error::StoreError;
use crate::store::order::Order;
use crate::store::row_batch::RowBatch;
use crate::store::spill::SpillFile;
use crate::store::spilled_batch::SpilledBatch;
use meed_compiler::data::{Column, Table, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::FieldId;

/// Rows of every page that machine code may look at before it is made.
const SAMPLES: usize = 64;

/// The rows of a table, page by page.
#[derive(Debug)]
pub(super) struct Pages {
    file: SpillFile,
    pages: Vec<SpilledBatch>,
    n_rows: usize,
    n_added: usize,
    days: DateSpan,
    when: Option<FieldId>,
    /// A few rows of every page.
    sample: RowBatch,
    /// The page that is seen.
    pub shown: Option<usize>,
    /// By page, how many rows rules see, where they see those up to some day.
    seen: Option<Vec<usize>>,
    memory: Memory,
}

/// The first day of rows and the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateSpan {
    pub first: i32,
    pub last: i32,
}

/// How much memory the rows of a table may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Bytes in all.
    pub bytes: usize,
    /// Bytes that are worked on at a time.
    pub page_bytes: usize,
}

impl DateSpan {
    /// The span of these days; of none it does not matter.
    pub fn of(days: &[i32]) -> Self {
        let first = days.iter().copied().min().unwrap_or(0);
        let last = days.iter().copied().max().unwrap_or(0);
        Self { first, last }
    }
}

impl Pages {
    pub fn new(file: SpillFile, bytes: usize, page_bytes: usize) -> Self {
        Self {
            file,
            pages: Vec::new(),
            n_rows: 0,
            n_added: 0,
            days: DateSpan { first: i32::MAX, last: i32::MIN },
            when: None,
            sample: RowBatch::default(),
            shown: None,
            seen: None,
            memory: Memory { bytes, page_bytes },
        }
    }

    /// Takes in what is known of the next page, which has its rows in this order.
    pub fn add(&mut self, rows: &RowBatch, order: &Order, when: FieldId) {
        self.when = Some(when);
        // Rows of an event without any are one page without columns.
        if let Some(column) = rows.columns.get(when.index()) {
            let Some(Column { values: Values::I32(days), .. }) = column else {
                broken("an event whose days are not kept")
            };
            let DateSpan { first, last } = self.days;
            self.days = DateSpan {
                first: days.iter().copied().fold(first, i32::min),
                last: days.iter().copied().fold(last, i32::max),
            };
        }
        let step = order.n_rows / SAMPLES + 1;
        (0..order.n_rows).step_by(step).for_each(|row| self.sample.append(rows, row..row + 1));
        self.n_rows += order.n_rows;
        self.n_added += 1;
    }

    /// Takes the pages in the order in which they were added, once they are written.
    pub fn take(&mut self, written: Vec<SpilledBatch>) {
        if written.len() != self.n_added {
            broken("pages that were not written");
        }
        self.pages = written;
    }

    /// How many pages there are.
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_added == 0
    }

    /// How many rows of a page rules see.
    pub fn n_stream(&self, page: usize) -> usize {
        self.seen.as_ref().map_or(self.pages[page].n_stream, |seen| seen[page])
    }

    /// Shows rules the rows up to a day, and says how many there are after it.
    ///
    /// # Errors
    /// When rows cannot be read back.
    pub fn see_through(&mut self, day: i32) -> Result<usize, StoreError> {
        let mut seen = Vec::with_capacity(self.pages.len());
        let mut n_later = 0;
        for (page, known) in self.pages.iter().enumerate() {
            // Pages are in the order of their days.
            let n_seen =
                if n_later > 0 { 0 } else { self.days_of(page)?[..known.n_stream].partition_point(|own| *own <= day) };
            n_later += known.n_stream - n_seen;
            seen.push(n_seen);
        }
        self.seen = Some(seen);
        Ok(n_later)
    }

    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// The days of all rows; `None` if there are no rows.
    pub fn days(&self) -> Option<DateSpan> {
        (self.n_rows > 0).then_some(self.days)
    }

    /// How many rows all pages have.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The rows of a page as a table.
    pub fn table(&self, page: usize) -> Result<Table, StoreError> {
        let (n_stream, page) = (self.n_stream(page), &self.pages[page]);
        let columns = page.columns(0..page.n_rows, &self.file)?;
        Ok(Table { n_rows: page.n_rows, n_stream, columns })
    }

    /// A few rows of every page, as if they were the table.
    pub fn samples(&self) -> Table {
        Table { n_rows: self.n_rows, n_stream: self.n_rows, columns: self.sample.columns.clone() }
    }

    /// The keys of a page's rows.
    pub fn keys_of(&self, page: usize) -> Result<Keys, StoreError> {
        let page = &self.pages[page];
        page.keys(0..page.n_rows, &self.file)
    }

    /// The places of a page's rows in the order of reading.
    pub fn places_of(&self, page: usize) -> Result<Vec<u32>, StoreError> {
        let page = &self.pages[page];
        page.places(0..page.n_rows, &self.file)
    }

    /// The days of a page's rows.
    pub fn days_of(&self, page: usize) -> Result<Vec<i32>, StoreError> {
        let page = &self.pages[page];
        if page.n_rows == 0 {
            return Ok(Vec::new());
        }
        let when = self.when.unwrap_or_else(|| broken("rows of an event without a `when`"));
        match page.column(when.index(), 0..page.n_rows, &self.file)?.map(|column| column.values) {
            Some(Values::I32(days)) => Ok(days),
            Some(Values::I64(_) | Values::U32(_) | Values::U8(_)) | None => broken("an event whose days are not kept"),
        }
    }

    /// A new file beside that of the rows.
    pub fn another_file(&self) -> Result<SpillFile, StoreError> {
        self.file.another()
    }
}
