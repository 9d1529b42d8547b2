//! How large the pages of a Parquet file are when unpacked, before any is.
//!
//! A few kilobytes can unpack to gigabytes, and the decoder takes a page whole. The header of each page says how large it
//! will be, and can be read alone. Only what comes before the page's own bytes is looked at; what a header says beyond
//! that, and whether it is right, is the decoder's. Headers are Thrift structs in its compact protocol.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

/// Bytes read at a time: a header is some fifty, and pages lie far apart.
const READ: usize = 512;
/// Structs of headers lie no deeper within one another.
const DEEPEST: u32 = 8;

/// How many bytes the largest page takes that is in this range of a file. Where a header cannot be read the pages
/// before it count: the decoder will tell.
pub(super) fn largest_page(file: impl Read + Seek, range: Range<u64>) -> u64 {
    let mut largest = 0;
    let mut headers = Headers { reader: BufReader::with_capacity(READ, file), at: range.start };
    if headers.reader.seek(SeekFrom::Start(range.start)).is_err() {
        return largest;
    }
    while headers.at < range.end {
        let start = headers.at;
        let Some((unpacked, packed)) = headers.page() else { break };
        // What the header itself holds, the least and largest value say, is held too.
        largest = largest.max(unpacked.max(packed) + (headers.at - start));
        if headers.skip(packed).is_none() {
            break;
        }
    }
    largest
}

/// Reads headers of pages.
struct Headers<R> {
    reader: BufReader<R>,
    at: u64,
}

impl<R: Read + Seek> Headers<R> {
    /// The bytes of the next page, unpacked and packed; `None` if this is no header.
    fn page(&mut self) -> Option<(u64, u64)> {
        let (mut unpacked, mut packed) = (None, None);
        let mut id = 0;
        while let Some((field, kind)) = self.field(&mut id)? {
            match (field, kind) {
                (2, 5) => unpacked = Some(self.whole()?),
                (3, 5) => packed = Some(self.whole()?),
                _ => self.skip_value(kind, DEEPEST)?,
            }
        }
        let size = |size: Option<i64>| u64::try_from(size?).ok();
        Some((size(unpacked)?, size(packed)?))
    }

    /// The next field of a struct and its kind; none at its end.
    fn field(&mut self, id: &mut i64) -> Option<Option<(i64, u8)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *id = match byte >> 4 {
            0 => self.whole()?,
            step => id.checked_add(i64::from(step))?,
        };
        Some(Some((*id, byte & 0xf)))
    }

    fn skip_value(&mut self, kind: u8, deepest: u32) -> Option<()> {
        match kind {
            // Yes and no are in the kind.
            1 | 2 => Some(()),
            3 => self.skip(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip(8),
            8 => {
                let len = self.varint()?;
                self.skip(len)
            }
            9 | 10 => {
                let byte = self.byte()?;
                let n_items = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                let item = byte & 0xf;
                // What has a size is passed at once: a file has no end to step over, and a list may be said to be endless.
                match item {
                    1..=3 => self.skip(n_items),
                    7 => self.skip(n_items.checked_mul(8)?),
                    item => (0..n_items).try_for_each(|_| self.skip_value(item, deepest.checked_sub(1)?)),
                }
            }
            12 => {
                let mut id = 0;
                while let Some((_, kind)) = self.field(&mut id)? {
                    self.skip_value(kind, deepest.checked_sub(1)?)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// A whole number as the protocol writes it, signs taking turns.
    fn whole(&mut self) -> Option<i64> {
        let bits = self.varint()?;
        let half = (bits >> 1).cast_signed();
        Some(if bits & 1 == 0 { half } else { !half })
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = 0;
        self.reader.read_exact(std::slice::from_mut(&mut byte)).ok()?;
        self.at += 1;
        Some(byte)
    }

    fn skip(&mut self, n_bytes: u64) -> Option<()> {
        self.reader.seek_relative(i64::try_from(n_bytes).ok()?).ok()?;
        self.at = self.at.checked_add(n_bytes)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A header whose page is so many bytes, unpacked and packed, with a text and a list of structs behind.
    fn header(unpacked: u8, packed: u8) -> Vec<u8> {
        // Type 0; the sizes, signs taking turns; a struct of a number, a text, and a list of two structs of yes.
        let sizes = [0x15, 0, 0x15, unpacked * 2, 0x15, packed * 2];
        [&sizes[..], &[0x2c, 0x15, 4, 0x18, 3, b'a', b'b', b'c', 0x19, 0x2c, 0x11, 0, 0x11, 0, 0, 0]].concat()
    }

    #[test]
    fn the_largest_page_is_found_by_headers_alone() {
        let pages = [(5, 4), (60, 7), (9, 0)];
        let bytes: Vec<u8> = pages
            .iter()
            .flat_map(|&(unpacked, packed)| [header(unpacked, packed), vec![0xff; packed.into()]].concat())
            .collect();
        let in_file = [b"PAR1".to_vec(), bytes.clone(), header(63, 63)].concat();
        let (start, end) = (4, 4 + bytes.len() as u64);
        let own = header(0, 0).len() as u64;
        assert_eq!(largest_page(Cursor::new(&in_file), start..end), 60 + own);
        assert_eq!(largest_page(Cursor::new(&in_file), start..start + 4 + own), 5 + own, "the first alone");
        assert_eq!(largest_page(Cursor::new(&in_file), 4..4), 0);
        // What is no header, or ends within one, ends the search.
        for cut in 0..in_file.len() {
            let found = largest_page(Cursor::new(&in_file[..cut]), start..u64::MAX);
            assert!([0, 5 + own, 60 + own].contains(&found), "{cut}: {found}");
        }
        for byte in 0..=255 {
            assert_eq!(largest_page(Cursor::new(vec![byte; 100]), 0..100), 0, "{byte}");
        }
    }

    #[test]
    fn lists_without_end_and_numbers_beyond_all_end_the_search() {
        let sizes = [0x15, 0, 0x15, 10, 0x15, 8];
        for n_items in [1 << 40, 1 << 62, u64::MAX >> 1, u64::MAX] {
            let varint: Vec<u8> =
                (0..10).map(|at| (n_items >> (7 * at)) as u8 & 0x7f | if at < 9 { 0x80 } else { 0 }).collect();
            // A list and a set of each kind of items, then a text.
            for (list, item) in (0..=15).flat_map(|item| [(0x19, item), (0x1a, item)]) {
                let bytes = [&sizes[..], &[list, 0xf0 | item], &varint].concat();
                assert_eq!(largest_page(Cursor::new(&bytes), 0..u64::MAX), 0, "{n_items} items of the kind {item}");
            }
            let bytes = [&sizes[..], &[0x18], &varint].concat();
            assert_eq!(largest_page(Cursor::new(&bytes), 0..u64::MAX), 0, "a text of {n_items} bytes");
        }
        // The highest number that a field can have, and a field behind it.
        let bytes = [&[0x01, 0xfe][..], &[0xff; 8], &[0x01, 0x11, 0]].concat();
        assert_eq!(largest_page(Cursor::new(&bytes), 0..u64::MAX), 0);
    }
}
