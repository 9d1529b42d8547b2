//! A table in order that lies on the disk, of which rules see one window of rows after the other.

use super::order::Order;
use super::stretch::{Stored, Stretch};
use crate::keys::Keys;
use crate::load::Loaded;
use crate::scratch::{ScratchError, ScratchFile};
use meed_compiler::data::{Column, Table, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{FieldId, RecordId};

/// Rows of every window that machine code may look at before it is made.
const SAMPLES: usize = 64;

/// The rows of a table, window by window.
#[derive(Debug)]
pub(crate) struct Windows {
    file: ScratchFile,
    windows: Vec<Stored>,
    n_rows: usize,
    /// The first day and the last one.
    days: (i32, i32),
    when: Option<FieldId>,
    /// A few rows of every window.
    sample: Stretch,
    shown: Option<usize>,
    /// From how many bytes of rows on an event's rows are not held.
    bytes: usize,
    /// How many bytes of rows are put in order at a time.
    piece: usize,
}

/// How many rows a stream has, and between which days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub n_rows: usize,
    pub first_day: i32,
    pub last_day: i32,
}

impl Extent {
    /// The extent of rows of these days.
    pub fn of(days: &[i32]) -> Self {
        // Of no rows the days do not matter.
        let first_day = days.iter().copied().min().unwrap_or(0);
        let last_day = days.iter().copied().max().unwrap_or(0);
        Self { n_rows: days.len(), first_day, last_day }
    }
}

impl Windows {
    pub(super) fn new(file: ScratchFile, bytes: usize, piece: usize) -> Self {
        let (windows, sample) = (Vec::new(), Stretch::default());
        Self { file, windows, n_rows: 0, days: (i32::MAX, i32::MIN), when: None, sample, shown: None, bytes, piece }
    }

    /// Writes the next window, with its rows in this order.
    pub(super) fn push(&mut self, rows: Stretch, order: &Order, when: FieldId) -> Result<(), ScratchError> {
        self.when = Some(when);
        // Rows of an event without any are one window without columns.
        if let Some(column) = rows.columns.get(when.index()) {
            let Some(Column { values: Values::I32(days), .. }) = column else {
                broken("an event whose days are not kept")
            };
            self.days.0 = days.iter().copied().fold(self.days.0, i32::min);
            self.days.1 = days.iter().copied().fold(self.days.1, i32::max);
        }
        let step = order.n_rows / SAMPLES + 1;
        (0..order.n_rows).step_by(step).for_each(|row| self.sample.append(&rows, row..row + 1));
        self.n_rows += order.n_rows;
        self.windows.push(rows.keep(order, &mut self.file)?);
        Ok(())
    }

    /// How many windows there are.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// From how many bytes of rows on an event's rows are not held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes of rows are put in order at a time.
    pub fn piece(&self) -> usize {
        self.piece
    }

    /// The keys of a window's rows.
    pub fn keys(&self, window: usize) -> Result<Keys, ScratchError> {
        let window = &self.windows[window];
        window.keys(0..window.n_rows, &self.file)
    }

    /// The days of a window's rows.
    pub fn days(&self, window: usize) -> Result<Vec<i32>, ScratchError> {
        let window = &self.windows[window];
        if window.n_rows == 0 {
            return Ok(Vec::new());
        }
        let when = self.when.unwrap_or_else(|| broken("rows of an event without a `when`"));
        match window.column(when.index(), 0..window.n_rows, &self.file)?.map(|column| column.values) {
            Some(Values::I32(days)) => Ok(days),
            Some(Values::I64(_) | Values::U32(_) | Values::U8(_)) | None => broken("an event whose days are not kept"),
        }
    }

    /// A new file beside that of the rows.
    pub fn another_file(&self) -> Result<ScratchFile, ScratchError> {
        self.file.another()
    }
}

impl Loaded {
    /// Whether the rows of every table are held in memory.
    pub fn is_held(&self) -> bool {
        self.windows.iter().all(Option::is_none)
    }

    /// A new file beside those of the rows that are not held; none where all are.
    pub(crate) fn scratch_file(&self) -> Result<Option<ScratchFile>, ScratchError> {
        self.windows.iter().flatten().next().map(Windows::another_file).transpose()
    }

    /// How many windows of rows a table has; one, where all are held.
    pub(crate) fn n_windows(&self, record: RecordId) -> usize {
        self.windows[record.index()].as_ref().map_or(1, |windows| windows.windows.len())
    }

    /// How many rows of a window, or of a table that is held, rules see.
    pub(crate) fn n_stream(&self, record: RecordId, window: usize) -> usize {
        match &self.windows[record.index()] {
            Some(windows) => windows.windows[window].n_stream,
            None => self.data.tables[record.index()].n_stream,
        }
    }

    /// How many rows the stream of an event has that lies on the disk, and between which days.
    pub(crate) fn extent(&self, record: RecordId) -> Option<Extent> {
        let windows = self.windows[record.index()].as_ref().filter(|windows| windows.n_rows > 0)?;
        Some(Extent { n_rows: windows.n_rows, first_day: windows.days.0, last_day: windows.days.1 })
    }

    /// Makes a window the table that is seen; row 0 is the first of the window.
    pub(crate) fn show(&mut self, record: RecordId, window: usize) -> Result<(), ScratchError> {
        let Some(windows) = &mut self.windows[record.index()] else { return Ok(()) };
        if windows.shown == Some(window) {
            return Ok(());
        }
        let stored = &windows.windows[window];
        let (n_rows, n_stream) = (stored.n_rows, stored.n_stream);
        // The rows seen before go first.
        self.data.tables[record.index()] = Table::default();
        self.keys[record.index()] = Keys::default();
        let columns = stored.columns(0..n_rows, &windows.file)?;
        self.data.tables[record.index()] = Table { n_rows, n_stream, columns };
        windows.shown = Some(window);
        Ok(())
    }

    /// Frees the memory of the window that is seen.
    pub(crate) fn hide(&mut self, record: RecordId) {
        if let Some(windows) = &mut self.windows[record.index()] {
            windows.shown = None;
            self.data.tables[record.index()] = Table::default();
            self.keys[record.index()] = Keys::default();
        }
    }

    /// Shows the keys and the origins of the window that is seen too, for messages.
    pub(crate) fn show_names(&mut self, record: RecordId) -> Result<(), ScratchError> {
        let Some(windows) = &self.windows[record.index()] else { return Ok(()) };
        let Some(window) = windows.shown else { return Ok(()) };
        self.keys[record.index()] = windows.keys(window)?;
        let stored = &windows.windows[window];
        self.origins[record.index()].see(stored.places(0..stored.n_rows, &windows.file)?);
        Ok(())
    }

    /// Shows a few rows of every window, as if they were the table, from which can be told how numbers look.
    pub(crate) fn show_samples(&mut self) {
        for (windows, table) in self.windows.iter_mut().zip(&mut self.data.tables) {
            let Some(windows) = windows else { continue };
            let columns = windows.sample.columns.clone();
            *table = Table { n_rows: windows.n_rows, n_stream: windows.n_rows, columns };
            windows.shown = None;
        }
    }
}
