//! Rejected rows once more, as their file has them: to be corrected and read again.
//!
//! The rows are not kept; the file is read a second time, line by line, by the lines on which its rows begin. Cells stay as
//! they are, those of columns that no rule reads too, and so do quotes and separators.

use crate::store::loaded::Loaded;
use meed_compiler::plan::RecordId;
use std::io::{self, BufRead, Write};
use std::ops::Range;

impl Loaded {
    /// How many rows of file number `nth` of a record (counted from 0) are rejected.
    pub fn n_rejected(&self, record: RecordId, nth: usize) -> u64 {
        self.rejected_places(record, nth).count() as u64
    }

    /// Writes the rejected rows of file number `nth` of a record, whose text is read from its beginning. Its header is put
    /// before them where `header` is empty, and becomes it; where that is another header nothing is written, and the answer is
    /// no. So it is for a file that has no lines.
    ///
    /// # Errors
    /// When the text cannot be read or the rows cannot be written.
    pub fn copy_rejected(
        &self,
        record: RecordId,
        nth: usize,
        text: &mut dyn BufRead,
        header: &mut Vec<u8>,
        target: &mut dyn Write,
    ) -> io::Result<bool> {
        let origins = &self.origins[record.index()];
        let places = self.places(record, nth);
        let Some(first) = origins.line_at(places.start) else { return Ok(false) };
        let mut lines = Lines { text, next: 1 };
        let own = lines.take(1..first)?;
        if header.is_empty() {
            target.write_all(&own)?;
            *header = own;
        } else if *header != own {
            return Ok(false);
        }
        for place in self.rejected_places(record, nth) {
            let end = (place + 1 < places.end).then(|| origins.line_at(place + 1)).flatten().unwrap_or(u64::MAX);
            if let Some(line) = origins.line_at(place) {
                target.write_all(&lines.take(line..end)?)?;
            }
        }
        Ok(true)
    }

    /// The places in the order of reading of the rows of a file.
    fn places(&self, record: RecordId, nth: usize) -> Range<u32> {
        let mut before = self.rows_of_files(record);
        let start = before.by_ref().take(nth).sum::<u64>() as u32;
        start..start + before.next().unwrap_or(0) as u32
    }

    fn rejected_places(&self, record: RecordId, nth: usize) -> impl Iterator<Item = u32> {
        let rejected = &self.rejected[record.index()];
        self.places(record, nth).filter(|&place| rejected.contains(place))
    }
}

/// The lines of a text, which end with a feed, a return, or both.
struct Lines<'a> {
    text: &'a mut dyn BufRead,
    /// The number of the next line.
    next: u64,
}

impl Lines<'_> {
    /// Lines by their numbers, each with its end; lines of nothing but blanks and separators at the beginning and the end are
    /// no part of a row.
    fn take(&mut self, numbers: Range<u64>) -> io::Result<Vec<u8>> {
        let (mut taken, mut n_used) = (Vec::new(), 0);
        let mut line = Vec::new();
        while self.next < numbers.end {
            line.clear();
            if !self.line(&mut line)? {
                break;
            }
            self.next += 1;
            let is_empty = is_blank(&line);
            if self.next <= numbers.start || (is_empty && n_used == 0) {
                continue;
            }
            taken.extend_from_slice(&line);
            if !is_empty {
                n_used = taken.len();
            }
            // The last row of a file goes on to its end, which may be far.
            if numbers.end == u64::MAX && taken.len() > n_used + MOST_BLANK {
                break;
            }
        }
        taken.truncate(n_used);
        if n_used > 0 && !taken.ends_with(b"\n") && !taken.ends_with(b"\r") {
            taken.push(b'\n');
        }
        Ok(taken)
    }

    /// Appends the next line; none is left when false.
    fn line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            let known = self.text.fill_buf()?;
            if known.is_empty() {
                return Ok(!line.is_empty());
            }
            let end = known.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let n_bytes = end.map_or(known.len(), |end| end + 1);
            line.extend_from_slice(&known[..n_bytes]);
            self.text.consume(n_bytes);
            if end.is_none() {
                continue;
            }
            if line.ends_with(b"\r") && self.text.fill_buf()?.first() == Some(&b'\n') {
                self.text.consume(1);
                line.push(b'\n');
            }
            return Ok(true);
        }
    }
}

/// Whether a line has nothing but blanks, separators and cells of nothing in quotes. What ends a cell of several lines has a quote more.
fn is_blank(line: &[u8]) -> bool {
    let n_quotes = line.iter().filter(|byte| **byte == b'"').count();
    n_quotes.is_multiple_of(2) && line.iter().all(|byte| b" \t,;|\r\n\"".contains(byte))
}

/// Bytes of blank lines after which nothing more is looked for: a row has at most so many.
const MOST_BLANK: usize = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_nothing_behind_a_row_are_no_part_of_it() {
        let text = "id,on\nD1,yy\n\n\"\",\"\"\n , \nD2,\"a\n\"\nD3,\"\n\"\"\n\"\n";
        let mut bytes = text.as_bytes();
        let mut lines = Lines { text: &mut bytes, next: 1 };
        let mut take = |numbers| String::from_utf8(lines.take(numbers).expect("text in memory")).expect("it is UTF-8");
        assert_eq!(take(1..2), "id,on\n");
        assert_eq!(take(2..6), "D1,yy\n");
        assert_eq!(take(6..8), "D2,\"a\n\"\n");
        assert_eq!(take(8..u64::MAX), "D3,\"\n\"\"\n\"\n");
    }
}
