//! Bytes that are read here and there, in a file that nobody sees.

use std::fs::File;
use std::io::{self, Read, Seek};

/// The bytes in a file that is gone with its handle.
pub(super) fn file_of(mut bytes: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut bytes, &mut file)?;
    file.rewind()?;
    Ok(file)
}
