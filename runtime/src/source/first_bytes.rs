//! What bytes without a name are, by the first of them: those of standard input, which has no ending.

use crate::source::file::{Content, StreamFormat};
use crate::source::packed::Packing;
use crate::source::workbook::Workbook;
use crate::source::{ipc, json_lines};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};

/// So many bytes are looked at: up to the end of the name of the first file of an archive.
const LOOKED_AT: u64 = 38;

/// The content that bytes are. What is read here and there is put into a file without a name first.
pub(super) fn content_of(mut bytes: Box<dyn Read + Send>) -> io::Result<Content> {
    let mut first = Vec::new();
    bytes.by_ref().take(LOOKED_AT).read_to_end(&mut first)?;
    let all = |first: Vec<u8>, rest| -> Box<dyn Read + Send> { Box::new(Cursor::new(first).chain(rest)) };
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first).trim_ascii_start();
    Ok(match first.as_slice() {
        [0x1f, 0x8b, ..] => Content::Packed(all(first, bytes), Packing::Gzip, Content::Unnamed),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Content::Packed(all(first, bytes), Packing::Zstandard, Content::Unnamed),
        [b'P', b'A', b'R', b'1', ..] => Content::Parquet(file_of(all(first, bytes))?),
        // An OpenDocument begins with a file of that name.
        [b'P', b'K', 3, 4, .., b'm', b'i', b'm', b'e', b't', b'y', b'p', b'e'] => {
            Content::Workbook(file_of(all(first, bytes))?, Workbook::Ods)
        }
        [b'P', b'K', 3, 4, ..] => Content::Workbook(file_of(all(first, bytes))?, Workbook::Xlsx),
        bytes_of_file if bytes_of_file.starts_with(ipc::MARK) => Content::ArrowFile(file_of(all(first, bytes))?),
        stream if stream.starts_with(&ipc::CONTINUES) => {
            Content::Stream(all(first, bytes), StreamFormat::new(ipc::open_stream))
        }
        _ if text.starts_with(b"{") => Content::Stream(all(first, bytes), StreamFormat::new(json_lines::open)),
        _ => Content::Csv(all(first, bytes), None),
    })
}

/// The bytes in a file that is gone with its handle.
fn file_of(mut bytes: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut bytes, &mut file)?;
    file.rewind()?;
    Ok(file)
}
