//! Text files that are packed: `deals.csv.gz`, `deals.csv.zst`. They are unpacked while they are read, so that what is held does not grow
//! with the file.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip, one member or several behind one another.
    Gzip,
    /// Zstandard, one frame or several behind one another.
    Zstandard,
}

/// Endings of packed files, behind that of what is in them.
pub(super) const PACKINGS: [(&str, Packing); 2] = [("gz", Packing::Gzip), ("zst", Packing::Zstandard)];

/// What a packed file would be called, and how it is packed; nothing of a file that is not.
pub(super) fn unpacked_name(path: &Path) -> Option<(PathBuf, Packing)> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    let (_, packing) = PACKINGS.iter().find(|(known, _)| *known == ending)?;
    Some((path.with_extension(""), *packing))
}

/// A reader of what is packed; where that is damaged or cut, reading ends with an error.
pub(super) fn unpacked(bytes: Box<dyn Read + Send>, packing: Packing) -> io::Result<Box<dyn Read + Send>> {
    Ok(match packing {
        Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        Packing::Zstandard => Box::new(zstd::stream::read::Decoder::new(bytes)?),
    })
}
