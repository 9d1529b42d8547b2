//! CSV as a source: quotes, any delimiter, any line ends, headers of the real world.
//!
//! A batch is the bytes of its fields one behind the other, with the place where each ends; cells are slices of it. Rows without a quote are
//! cut where the delimiter stands; all others, and rows that do not lie whole in what was read, are the reader's of fields.

use crate::source::columns::{ColumnChunk, Encoding, Source, SourceType, Wanted, of_column};
use crate::source::error::{OtherFormat, SourceError};
use crate::source::text::trim;
use crate::source::text::value_of;
use csv_core::ReadRecordResult;
use meed_compiler::internal::broken;
use std::io::Read;

/// Bytes read from the file at a time.
const INPUT: usize = 1 << 18;
/// A batch has no more bytes than this and one row.
const BATCH: usize = 1 << 22;
/// Nor more fields: the place where each ends is kept.
const BATCH_FIELDS: usize = 1 << 21;
/// A row of more bytes is a quote that was never closed, or no table; a row is held whole.
const LONGEST_ROW: usize = 1 << 24;
/// What a field adds to the length of its row, so that a row of nothing but commas has an end too.
const FIELD: usize = 8;
/// Put behind the end of the file, on a line of its own: a row of its own, unless a quote is still open.
const MARK: &[u8] = b"\x03end of file\x03";

pub(super) struct CsvSource {
    file: String,
    reader: Box<dyn Read + Send>,
    core: csv_core::Reader,
    /// What stands between fields, once the reader of fields has read the header.
    delimiter: Option<u8>,
    /// Bytes of the file not yet cut into fields.
    input: Vec<u8>,
    at: usize,
    /// Whether [`MARK`] was put behind what was read.
    at_end: bool,
    header: Vec<String>,
    wanted: Vec<Wanted>,
    batch_rows: usize,
    batch: Batch,
    n_before: u64,
    lines: Lines,
    n_blank: u64,
    damaged: Vec<(usize, String)>,
    /// The delimiter that a line before the header says.
    said: Option<u8>,
}

/// Rows of fields.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    n_bytes: usize,
    /// Where each field ends, counted from the start of its row.
    ends: Vec<usize>,
    n_ends: usize,
    rows: Vec<RowPlace>,
}

/// Where a row is in a batch.
#[derive(Clone, Copy)]
struct RowPlace {
    /// Its first byte.
    start: usize,
    /// Its first field.
    first: usize,
    n_fields: usize,
    /// How many bytes stand between two fields.
    gap: usize,
    /// The line of the file on which it begins.
    line: u64,
}

/// Counts lines, which end with a feed, a return, or both.
struct Lines {
    /// The line of the next byte, counted from 1.
    line: u64,
    after_return: bool,
}

impl Lines {
    fn pass(&mut self, bytes: &[u8]) {
        let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return };
        let count = |wanted: u8| bytes.iter().filter(|&&byte| byte == wanted).count() as u64;
        let (n_feeds, n_returns) = (count(b'\n'), count(b'\r'));
        let within = if n_returns == 0 { 0 } else { bytes.windows(2).filter(|pair| pair == b"\r\n").count() as u64 };
        self.line += n_feeds + n_returns - within - u64::from(self.after_return && first == b'\n');
        self.after_return = last == b'\r';
    }
}

impl Batch {
    /// The bytes of the last row, which begins here.
    fn bytes_from(&self, start: usize) -> &[u8] {
        self.bytes.get(start..self.n_bytes).unwrap_or_else(|| broken("a row ends before it begins"))
    }

    fn clear(&mut self) {
        self.n_bytes = 0;
        self.n_ends = 0;
        self.rows.clear();
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "done for every cell; the places of a row are those that `read_row` wrote"
    )]
    fn field(&self, row: usize, column: usize) -> &[u8] {
        let RowPlace { start, first, n_fields, gap, .. } = self.rows[row];
        if column >= n_fields {
            return &[];
        }
        let from = if column == 0 { 0 } else { self.ends[first + column - 1] + gap };
        &self.bytes[start + from..start + self.ends[first + column]]
    }
}

/// What bytes are that no text begins with.
fn other_format(first: &[u8]) -> Option<OtherFormat> {
    let text = first.trim_ascii_start();
    let begins = |word: &str| text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word.as_bytes()));
    match first {
        [b'P', b'K', 3, 4, ..] => Some(OtherFormat::Workbook),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(OtherFormat::OldWorkbook),
        [b'P', b'A', b'R', b'1', ..] => Some(OtherFormat::Parquet),
        [0x1f, 0x8b, ..] => Some(OtherFormat::Packed),
        _ if begins("<html") || begins("<!doctype") || begins("<table") => Some(OtherFormat::Page),
        _ => None,
    }
}

impl CsvSource {
    /// Reads the header.
    pub fn open(
        file: String,
        reader: Box<dyn Read + Send>,
        delimiter: Option<u8>,
        header_row: u32,
        batch_rows: usize,
    ) -> Result<Self, SourceError> {
        let mut source = Self {
            file,
            reader,
            core: csv_core::Reader::new(),
            delimiter: None,
            input: Vec::new(),
            at: 0,
            at_end: false,
            header: Vec::new(),
            wanted: Vec::new(),
            batch_rows,
            batch: Batch { bytes: vec![0; INPUT], ends: vec![0; 1024], ..Batch::default() },
            n_before: 0,
            lines: Lines { line: 1, after_return: false },
            n_blank: 0,
            damaged: Vec::new(),
            said: None,
        };
        let first = source.first_line(header_row)?;
        let delimiter = delimiter.unwrap_or(first);
        source.core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        if !source.read_row()? {
            return Err(SourceError::EmptyFile { file: source.file });
        }
        source.delimiter = Some(delimiter);
        let n_fields = source.batch.rows.first().map_or(0, |row| row.n_fields);
        // A header that is not UTF-8 does no harm where nobody reads its column.
        let text = |column| String::from_utf8_lossy(source.batch.field(0, column)).trim().to_owned();
        source.header = (0..n_fields).map(text).collect();
        Ok(source)
    }

    /// Passes over the rows before the header, and finds its delimiter. Where the header is in the first row, lines of
    /// blanks before it are skipped.
    #[expect(
        clippy::indexing_slicing,
        reason = "`blank` and `n_skipped` count bytes of `rest`, and a mark of three bytes is passed only where it stands"
    )]
    fn first_line(&mut self, header_row: u32) -> Result<u8, SourceError> {
        while self.input.len() < 3 && self.fill()? {}
        if let Some(is) = other_format(&self.input) {
            return Err(SourceError::OtherFormat { file: self.file.clone(), is });
        }
        if self.input.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        let mut rows = RowsBefore::default();
        for _ in 1..header_row {
            while !rows.end(&self.input, &mut self.at, &mut self.lines) {
                if !self.fill()? {
                    return Err(SourceError::NoHeaderRow { file: self.file.clone(), row: header_row });
                }
            }
        }
        if rows.last == Some(b'\r') && self.at == self.input.len() && self.fill()? && self.input.first() == Some(&b'\n')
        {
            self.at = 1;
            self.lines.pass(b"\n");
        }
        loop {
            let more = self.fill()?;
            let rest = &self.input[self.at..];
            let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let line = rest[blank..].split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
            if more && blank + line.len() == rest.len() && rest.len() < LONGEST_ROW {
                continue;
            }
            if header_row > 1
                && (line.is_empty() || rest[..blank].iter().any(|byte| matches!(byte, b'\n' | b'\r')) || line == MARK)
            {
                return Err(SourceError::NoHeaderRow { file: self.file.clone(), row: header_row });
            }
            // What Excel says of the file in a line of its own.
            if let ([b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', said], true) = (line, header_row <= 1)
                && self.said.is_none()
            {
                self.said = Some(*said);
                let n_passed = blank + line.len();
                self.lines.pass(&self.input[self.at..self.at + n_passed]);
                self.at += n_passed;
                continue;
            }
            let delimiter = self.said.unwrap_or_else(|| delimiter_of(line));
            // Lines of blanks are skipped; blanks before the first header may be a column without one.
            let n_skipped =
                rest[..blank].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
            self.lines.pass(&rest[..n_skipped]);
            self.at += n_skipped;
            return Ok(delimiter);
        }
    }

    /// Appends bytes of the file to the input, or what marks its end; no more when false.
    fn fill(&mut self) -> Result<bool, SourceError> {
        if self.at_end {
            return Ok(false);
        }
        self.input.drain(..self.at);
        self.at = 0;
        let n_known = self.input.len();
        self.input.resize(n_known + INPUT, 0);
        let n_read = loop {
            let (_, room) = self.input.split_at_mut(n_known);
            match self.reader.read(room) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let n_read =
            n_read.map_err(|error| SourceError::CannotRead { file: self.file.clone(), reason: error.to_string() })?;
        self.input.truncate(n_known + n_read);
        if n_read == 0 {
            self.input.push(b'\n');
            self.input.extend_from_slice(MARK);
            self.at_end = true;
        }
        Ok(true)
    }

    /// Appends the next row to the batch, where it lies whole in what was read and has no quote; whether it did.
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every row; places are those that were just found, and there is room for what is written"
    )]
    fn plain_row(&mut self) -> bool {
        let Some(delimiter) = self.delimiter else { return false };
        let input = &self.input[self.at..];
        let n_before = input.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let rest = &input[n_before..];
        let Some(len) = memchr::memchr3(b'\n', b'\r', b'"', rest) else { return false };
        let end = match (rest[len], rest.get(len + 1)) {
            (b'\n', _) => 1,
            (b'\r', Some(b'\n')) => 2,
            _ => return false,
        };
        let line = &rest[..len];
        let Batch { bytes, n_bytes, ends, n_ends, rows } = &mut self.batch;
        let (start, first) = (*n_bytes, *n_ends);
        if bytes.len() < start + len {
            bytes.resize((bytes.len() * 2).max(start + len), 0);
        }
        bytes[start..start + len].copy_from_slice(line);
        *n_bytes += len;
        for field_end in memchr::memchr_iter(delimiter, line).chain([len]) {
            if *n_ends == ends.len() {
                ends.resize(ends.len() * 2, 0);
            }
            ends[*n_ends] = field_end;
            *n_ends += 1;
        }
        self.lines.pass(&input[..n_before]);
        rows.push(RowPlace { start, first, n_fields: *n_ends - first, gap: 1, line: self.lines.line });
        // Only the end of the row ends a line, and a return before the row is none of it.
        self.lines.after_return = false;
        self.lines.pass(&rest[len..len + end]);
        self.at += n_before + len + end;
        true
    }

    /// Appends the next row to the batch; none is left when false.
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every row; the reader of fields says how much of each buffer it used"
    )]
    fn read_row(&mut self) -> Result<bool, SourceError> {
        if self.plain_row() {
            return Ok(true);
        }
        let (start, first) = (self.batch.n_bytes, self.batch.n_ends);
        let mut line = None;
        loop {
            if self.at == self.input.len() {
                // To the reader of fields an empty input is the end of the file, so it gets one only then.
                self.fill()?;
            }
            let Batch { bytes, n_bytes, ends, n_ends, .. } = &mut self.batch;
            let input = &self.input[self.at..];
            let (result, n_in, n_out, n_fields) =
                self.core.read_record(input, &mut bytes[*n_bytes..], &mut ends[*n_ends..]);
            let (mut used, is_end) = (&input[..n_in], |byte: &&u8| matches!(byte, b'\n' | b'\r'));
            if line.is_none() {
                // Ends of lines before a row are no part of it.
                let (before, row) = used.split_at(used.iter().take_while(is_end).count());
                self.lines.pass(before);
                line = (!row.is_empty()).then_some(self.lines.line);
                used = row;
            }
            self.lines.pass(used);
            self.at += n_in;
            *n_bytes += n_out;
            *n_ends += n_fields;
            match result {
                _ if *n_bytes - start + (*n_ends - first) * FIELD > LONGEST_ROW => {
                    let row = self.n_before + self.batch.rows.len() as u64 + 1;
                    return Err(SourceError::RowTooLong { file: self.file.clone(), row });
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => bytes.resize(bytes.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    let (n_fields, line) = (self.batch.n_ends - first, line.unwrap_or(self.lines.line));
                    self.batch.rows.push(RowPlace { start, first, n_fields, gap: 0, line });
                    return self.is_row(start);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// Whether the row just read is one of the table, not what marks the end.
    fn is_row(&mut self, start: usize) -> Result<bool, SourceError> {
        if !self.at_end || self.at < self.input.len() {
            return Ok(true);
        }
        let text = self.batch.bytes_from(start);
        if text == MARK {
            self.batch.rows.pop();
            return Ok(false);
        }
        if text.ends_with(MARK) {
            let row = self.n_before + self.batch.rows.len() as u64;
            return Err(SourceError::UnclosedQuote { file: self.file.clone(), row });
        }
        Ok(true)
    }
}

impl Source for CsvSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn source_type(&self, _: usize) -> SourceType {
        SourceType::Texts
    }

    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.wanted = wanted.to_vec();
        self.batch.clear();
        Ok(())
    }

    fn advance(&mut self) -> Result<usize, SourceError> {
        self.n_before += self.batch.rows.len() as u64;
        self.batch.clear();
        self.damaged.clear();
        let has_room = |batch: &Batch| batch.n_bytes < BATCH && batch.n_ends < BATCH_FIELDS;
        while self.batch.rows.len() < self.batch_rows && has_room(&self.batch) && self.read_row()? {
            let Some((&RowPlace { start, first, n_fields, .. }, before)) = self.batch.rows.split_last() else {
                broken("a row that was read is not there")
            };
            let row = before.len();
            if (0..n_fields).all(|column| trim(self.batch.field(row, column)).is_empty()) {
                // Sheets leave such rows behind: they say nothing.
                self.batch.rows.pop();
                (self.batch.n_bytes, self.batch.n_ends) = (start, first);
                self.n_blank += 1;
                continue;
            }
            if n_fields != self.header.len() {
                let reason = format!("the row has {n_fields} cells, the header {}", self.header.len());
                self.damaged.push((row, reason));
            }
        }
        Ok(self.batch.rows.len())
    }

    fn damaged(&self) -> &[(usize, String)] {
        &self.damaged
    }

    fn line(&self, row: usize) -> Option<u64> {
        self.batch.rows.get(row).map(|row| row.line)
    }

    fn n_blank(&self) -> u64 {
        self.n_blank
    }

    fn cells(&self, chosen: usize) -> ColumnChunk<'_> {
        let (batch, column) = (&self.batch, of_column(&self.wanted, chosen).column);
        let texts = (0..batch.rows.len()).map(|row| trim(batch.field(row, column)));
        ColumnChunk { encoding: Encoding::Texts(texts.collect()), known: None }
    }

    fn text(&self, chosen: usize, row: usize) -> String {
        value_of(trim(self.batch.field(row, of_column(&self.wanted, chosen).column)))
    }
}

/// Where rows end before the delimiter is known: at the end of a line, but not in a cell in quotes.
#[derive(Default)]
struct RowsBefore {
    /// Whether a cell in quotes is open.
    quoted: bool,
    /// The byte before.
    last: Option<u8>,
}

impl RowsBefore {
    /// Goes on behind the end of the row; not, where the bytes end before it does.
    fn end(&mut self, bytes: &[u8], at: &mut usize, lines: &mut Lines) -> bool {
        let row = bytes.get(*at..).unwrap_or_default();
        let start = *at;
        while let Some(&byte) = bytes.get(*at) {
            let begins = self.last.is_none_or(|last| b"\n\r,;|\t\"".contains(&last));
            let after_return = self.last == Some(b'\r') && !self.quoted;
            if byte == b'"' && (self.quoted || begins) {
                self.quoted = !self.quoted;
            }
            self.last = Some(byte);
            *at += 1;
            if !self.quoted && (byte == b'\r' || (byte == b'\n' && !after_return)) {
                // The feed behind a return belongs to the same end.
                if byte == b'\r' && bytes.get(*at) == Some(&b'\n') {
                    *at += 1;
                    self.last = Some(b'\n');
                }
                lines.pass(row.get(..*at - start).unwrap_or(row));
                return true;
            }
        }
        lines.pass(row);
        false
    }
}

/// The delimiter that is most often in a line, outside quotes.
fn delimiter_of(line: &[u8]) -> u8 {
    let mut quoted = false;
    let plain: Vec<u8> = line
        .iter()
        .copied()
        .filter(|&byte| {
            quoted ^= byte == b'"';
            !quoted
        })
        .collect();
    let count = |delimiter: u8| plain.iter().filter(|&&byte| byte == delimiter).count();
    // Of equals the last one counts, so the comma is there.
    let found = b"|\t;,".iter().max_by_key(|&&delimiter| count(delimiter));
    found.copied().unwrap_or(b',')
}

#[cfg(test)]
mod tests;
