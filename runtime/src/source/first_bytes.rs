//! What bytes without a name are, by the first of them: those of standard input, which has no ending.

use crate::source::file::{Content, StreamFormat};
use crate::source::packed::{Packing, unpacked};
use crate::source::unnamed_file::file_of;
use crate::source::workbook::Workbook;
use crate::source::{ipc, json_lines};
use std::io::{self, Cursor, Read};

/// So many bytes are looked at: up to the end of the name of the first file of an archive.
const LOOKED_AT: u64 = 38;

/// The content that bytes are, unpacked once. What is read here and there is put into a file without a name first.
pub(super) fn content_of(bytes: Box<dyn Read + Send>) -> io::Result<Content> {
    let (first, bytes) = begun(bytes)?;
    let packing = match first.as_slice() {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstandard,
        _ => return plain_content(&first, bytes),
    };
    let (first, bytes) = begun(unpacked(bytes, packing)?)?;
    plain_content(&first, bytes)
}

/// The first bytes, and all of them.
fn begun(mut bytes: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut first = Vec::new();
    bytes.by_ref().take(LOOKED_AT).read_to_end(&mut first)?;
    let all = Cursor::new(first.clone()).chain(bytes);
    Ok((first, Box::new(all)))
}

fn plain_content(first: &[u8], bytes: Box<dyn Read + Send>) -> io::Result<Content> {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    Ok(match first {
        [b'P', b'A', b'R', b'1', ..] => Content::Parquet(file_of(bytes)?),
        // An OpenDocument begins with a file of that name.
        [b'P', b'K', 3, 4, .., b'm', b'i', b'm', b'e', b't', b'y', b'p', b'e'] => {
            Content::Workbook(file_of(bytes)?, Workbook::Ods)
        }
        [b'P', b'K', 3, 4, ..] => Content::Workbook(file_of(bytes)?, Workbook::Xlsx),
        _ if first.starts_with(ipc::MARK) || first.starts_with(&ipc::CONTINUES) => {
            Content::Stream(bytes, StreamFormat::new(ipc::open_bytes))
        }
        _ if text.starts_with(b"{") || text.starts_with(b"[") => {
            Content::Stream(bytes, StreamFormat::new(json_lines::open))
        }
        _ => Content::Csv(bytes, None),
    })
}
