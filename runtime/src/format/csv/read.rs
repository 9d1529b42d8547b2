//! Reads CSV as RFC 4180 has it, and what is met besides: a byte order mark, CRLF or LF, blank lines, `;`, tab or `|`.
//!
//! Cells are spans of the buffer; nothing is copied or allocated per row. A row of more or fewer cells than the header,
//! or with a cell that is not UTF-8, is reported as malformed and goes on as a row of missing cells.

use crate::{
    columns::{Cells, ColumnCells, ColumnKind, Known, Texts},
    load::{
        error::LoadError,
        source::{Malformed, Rows},
    },
};
use std::io::Read;

/// How much is read at once; a batch ends where the bytes read so far end.
const READ_BYTES: usize = 1 << 20;
/// A row longer than this is refused.
const LONGEST_ROW: usize = 1 << 30;

/// Rows of a CSV file.
pub(crate) struct CsvRows {
    file: String,
    input: Box<dyn Read + Send>,
    at_end: bool,
    buffer: Vec<u8>,
    /// Where the next row begins.
    next: usize,
    delimiter: u8,
    headers: Vec<String>,
    batch_rows: usize,
    /// By column, its slot.
    slots: Vec<Option<usize>>,
    n_slots: usize,
    spans: Vec<(u32, u32)>,
    /// Cells with doubled quotes inside, as places in `spans`.
    doubled: Vec<usize>,
    malformed: Vec<Malformed>,
    n_rows: usize,
    n_rows_before: u64,
}

/// A row found from a place in the buffer.
enum Found {
    /// It ends before this place and has so many cells.
    Row { end: usize, n_cells: usize },
    /// A line without a cell.
    Blank { end: usize },
    /// The buffer ends within it.
    Unfinished { in_quotes: bool },
}

impl CsvRows {
    /// Opens a file and reads its header. Without a delimiter the one of `,`, `;`, tab and `|` that the header has most
    /// of is taken.
    pub fn open(
        file: &str,
        input: Box<dyn Read + Send>,
        delimiter: Option<u8>,
        batch_rows: usize,
    ) -> Result<Self, LoadError> {
        let mut rows = Self {
            file: file.to_owned(),
            input,
            at_end: false,
            buffer: Vec::new(),
            next: 0,
            delimiter: delimiter.unwrap_or(b','),
            headers: Vec::new(),
            batch_rows: batch_rows.max(1),
            slots: Vec::new(),
            n_slots: 0,
            spans: Vec::new(),
            doubled: Vec::new(),
            malformed: Vec::new(),
            n_rows: 0,
            n_rows_before: 0,
        };
        rows.fill()?;
        if rows.buffer.starts_with(b"\xEF\xBB\xBF") {
            rows.next = 3;
        }
        if rows.buffer.starts_with(b"\xFF\xFE") || rows.buffer.starts_with(b"\xFE\xFF") {
            return Err(LoadError::NotUtf8 { file: file.to_owned() });
        }
        rows.read_header(delimiter.is_none())?;
        Ok(rows)
    }

    fn read_header(&mut self, detect: bool) -> Result<(), LoadError> {
        loop {
            if detect {
                self.delimiter = detect_delimiter(&self.buffer[self.next..]);
            }
            // A header of any number of columns: the spans are taken by a first look that wants all cells.
            self.spans.clear();
            match self.find_row(self.next, None) {
                Found::Row { end, .. } => {
                    self.next = end;
                    break;
                }
                Found::Blank { end } => self.next = end,
                Found::Unfinished { .. } if self.at_end && self.next >= self.buffer.len() => {
                    return Err(LoadError::EmptyFile { file: self.file.clone() });
                }
                Found::Unfinished { .. } if self.at_end => {
                    return Err(LoadError::UnclosedQuote { file: self.file.clone(), row: 0 });
                }
                Found::Unfinished { .. } => self.fill()?,
            }
        }
        self.unquote();
        let cells = self.spans.iter().map(|&(start, end)| &self.buffer[start as usize..end as usize]);
        let headers = cells.map(|cell| std::str::from_utf8(cell).map(|cell| cell.trim().to_owned()));
        self.headers =
            headers.collect::<Result<_, _>>().map_err(|_| LoadError::NotUtf8 { file: self.file.clone() })?;
        self.slots = vec![None; self.headers.len()];
        Ok(())
    }

    /// Reads more after what is there.
    fn fill(&mut self) -> Result<(), LoadError> {
        let start = self.buffer.len();
        let more = READ_BYTES.max(start);
        let limit = self.input.by_ref().take(more as u64);
        let mut limit = limit;
        let n_read = limit
            .read_to_end(&mut self.buffer)
            .map_err(|fault| LoadError::CannotRead { file: self.file.clone(), reason: fault.to_string() })?;
        self.at_end = n_read < more;
        if self.buffer.len() - self.next > LONGEST_ROW {
            let row = self.n_rows_before + self.n_rows as u64 + 1;
            return Err(LoadError::RowTooLong { file: self.file.clone(), row });
        }
        Ok(())
    }

    /// Finds the row that begins at `start` and adds the spans of wanted cells (all of them without `first`, which is the
    /// place of the row's spans).
    fn find_row(&mut self, start: usize, first: Option<usize>) -> Found {
        let Self { buffer, delimiter, slots, spans, doubled, at_end, .. } = self;
        let bytes = buffer.as_slice();
        let n_doubled = doubled.len();
        let (mut at, mut n_cells) = (start, 0);
        loop {
            let (mut from, mut to, mut has_doubled) = (at, at, false);
            let mut in_quotes = false;
            if bytes.get(at) == Some(&b'"') {
                from = at + 1;
                at = from;
                in_quotes = true;
                loop {
                    match bytes[at..].iter().position(|&byte| byte == b'"') {
                        None => break,
                        Some(n) => {
                            at += n;
                            if bytes.get(at + 1) == Some(&b'"') {
                                has_doubled = true;
                                at += 2;
                            } else {
                                to = at;
                                at += 1;
                                in_quotes = false;
                                break;
                            }
                        }
                    }
                }
                // A quote at the very end may be the first of two.
                if in_quotes || (at >= bytes.len() && !*at_end) {
                    doubled.truncate(n_doubled);
                    return Found::Unfinished { in_quotes };
                }
            }
            let quoted = from != to || bytes.get(from.wrapping_sub(1)) == Some(&b'"') && from > start;
            let tail = at;
            at += bytes[at..].iter().position(|&byte| byte == *delimiter || byte == b'\n').unwrap_or(bytes.len() - at);
            let is_last = match bytes.get(at) {
                Some(&byte) => byte == b'\n',
                None if *at_end => true,
                None => {
                    doubled.truncate(n_doubled);
                    return Found::Unfinished { in_quotes: false };
                }
            };
            let end = if is_last && at > tail && bytes[at - 1] == b'\r' { at - 1 } else { at };
            if !quoted || to < from {
                to = end;
            } else if end > tail {
                // Text after a closing quote belongs to the cell, with its quotes.
                from -= 1;
                to = end;
                has_doubled = false;
            }
            if is_last && n_cells == 0 && bytes[start..end].iter().all(u8::is_ascii_whitespace) {
                if at >= bytes.len() && at == start {
                    return Found::Unfinished { in_quotes: false };
                }
                return Found::Blank { end: (at + 1).min(bytes.len()) };
            }
            let slot = match first {
                None => {
                    spans.push((0, 0));
                    Some(n_cells)
                }
                Some(first) => slots.get(n_cells).copied().flatten().map(|slot| first + slot),
            };
            if let Some(slot) = slot {
                spans[slot] = (from as u32, to as u32);
                if has_doubled {
                    doubled.push(slot);
                }
            }
            n_cells += 1;
            at = (at + 1).min(bytes.len());
            if is_last {
                return Found::Row { end: at, n_cells };
            }
            if at >= bytes.len() && *at_end {
                // The file ends behind a delimiter: one more, empty cell.
                return Found::Row { end: at, n_cells: n_cells + 1 };
            }
        }
    }

    /// Makes one quote of each doubled one.
    fn unquote(&mut self) {
        for &place in &self.doubled {
            let (start, end) = (self.spans[place].0 as usize, self.spans[place].1 as usize);
            let (mut from, mut to) = (start, start);
            while from < end {
                let byte = self.buffer[from];
                self.buffer[to] = byte;
                to += 1;
                from += if byte == b'"' { 2 } else { 1 };
            }
            self.spans[place].1 = to as u32;
        }
        self.doubled.clear();
    }

    fn check_utf8(&mut self, start: usize) {
        if std::str::from_utf8(&self.buffer[start..self.next]).is_ok() {
            return;
        }
        for (place, span) in self.spans.iter_mut().enumerate() {
            let cell = &self.buffer[span.0 as usize..span.1 as usize];
            if std::str::from_utf8(cell).is_err() {
                self.malformed.push(Malformed {
                    row: place / self.n_slots,
                    slot: Some(place % self.n_slots),
                    value: String::from_utf8_lossy(cell).into_owned(),
                    reason: "not UTF-8 text".to_owned(),
                });
                *span = (0, 0);
            }
        }
    }
}

impl Rows for CsvRows {
    fn headers(&self) -> &[String] {
        &self.headers
    }

    fn kind(&self, _column: usize) -> ColumnKind {
        ColumnKind::Text
    }

    fn select(&mut self, columns: &[usize]) -> Result<(), LoadError> {
        self.n_slots = columns.len();
        for (slot, &column) in columns.iter().enumerate() {
            self.slots[column] = Some(slot);
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<usize, LoadError> {
        self.n_rows_before += self.n_rows as u64;
        self.n_rows = 0;
        self.spans.clear();
        self.malformed.clear();
        self.buffer.drain(..self.next);
        self.next = 0;
        if !self.at_end && self.buffer.len() < READ_BYTES {
            self.fill()?;
        }
        while self.n_rows < self.batch_rows {
            let first = self.spans.len();
            self.spans.resize(first + self.n_slots, (0, 0));
            match self.find_row(self.next, Some(first)) {
                Found::Row { end, n_cells } => {
                    self.next = end;
                    if n_cells != self.headers.len() {
                        self.spans[first..].fill((0, 0));
                        self.doubled.retain(|&place| place < first);
                        let reason = format!("{n_cells} cells where the header has {}", self.headers.len());
                        self.malformed.push(Malformed { row: self.n_rows, slot: None, value: String::new(), reason });
                    }
                    self.n_rows += 1;
                }
                Found::Blank { end } => {
                    self.spans.truncate(first);
                    self.next = end;
                }
                Found::Unfinished { in_quotes } => {
                    self.spans.truncate(first);
                    if self.at_end && self.next >= self.buffer.len() {
                        break;
                    }
                    if self.at_end {
                        let row = self.n_rows_before + self.n_rows as u64 + 1;
                        debug_assert!(in_quotes);
                        return Err(LoadError::UnclosedQuote { file: self.file.clone(), row });
                    }
                    if self.n_rows > 0 {
                        break;
                    }
                    self.fill()?;
                }
            }
        }
        self.check_utf8(0);
        self.unquote();
        Ok(self.n_rows)
    }

    fn cells(&self, slot: usize) -> Option<ColumnCells<'_>> {
        let texts = Texts::Spans { bytes: &self.buffer, spans: &self.spans, n_slots: self.n_slots, slot };
        Some(ColumnCells { cells: Cells::Text(texts), known: Known::ALL })
    }

    fn malformed(&self) -> &[Malformed] {
        &self.malformed
    }

    fn n_rows_known(&self) -> Option<usize> {
        None
    }
}

/// The one of the usual delimiters that the first line has most of outside quotes.
fn detect_delimiter(bytes: &[u8]) -> u8 {
    const USUAL: [u8; 4] = [b',', b';', b'\t', b'|'];
    let mut counts = [0usize; 4];
    let mut in_quotes = false;
    for &byte in bytes {
        match byte {
            b'"' => in_quotes = !in_quotes,
            b'\n' if !in_quotes && counts != [0; 4] => break,
            _ if !in_quotes => {
                if let Some(idx) = USUAL.iter().position(|&usual| usual == byte) {
                    counts[idx] += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    counts.iter().position(|&count| count == most && most > 0).map_or(b',', |idx| USUAL[idx])
}
