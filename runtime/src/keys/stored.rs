//! Keys on the disk.

use super::{KeyColumn, Keys};
use crate::scratch::{Array, ScratchError, ScratchFile};
use std::ops::Range;

/// The keys of rows that lie on the disk.
#[derive(Debug)]
pub(crate) struct StoredKeys(Vec<StoredColumn>);

#[derive(Debug)]
enum StoredColumn {
    Whole(Array<i64>),
    Text { ends: Array<usize>, bytes: Array<u8> },
}

impl StoredKeys {
    /// Writes keys.
    pub fn keep(keys: &Keys, file: &mut ScratchFile) -> Result<Self, ScratchError> {
        let mut keep = |part: &KeyColumn| {
            Ok(match part {
                KeyColumn::Whole(values) => StoredColumn::Whole(file.keep(values)?),
                KeyColumn::Text { ends, bytes } => {
                    StoredColumn::Text { ends: file.keep(ends)?, bytes: file.keep(bytes)? }
                }
            })
        };
        Ok(Self(keys.parts.iter().map(&mut keep).collect::<Result<_, _>>()?))
    }

    /// The keys of some rows.
    pub fn load(&self, rows: Range<usize>, file: &ScratchFile) -> Result<Keys, ScratchError> {
        let part = |part: &StoredColumn| {
            Ok(match part {
                StoredColumn::Whole(values) => KeyColumn::Whole(file.load(values, rows.clone())?),
                StoredColumn::Text { ends, bytes } => {
                    let begin = match rows.start.checked_sub(1) {
                        Some(before) if !rows.is_empty() => file.load(ends, before..rows.start)?[0],
                        Some(_) | None => 0,
                    };
                    let mut ends = file.load(ends, rows.clone())?;
                    let end = ends.last().copied().unwrap_or(begin);
                    ends.iter_mut().for_each(|end| *end -= begin);
                    KeyColumn::Text { ends, bytes: file.load(bytes, begin..end)? }
                }
            })
        };
        Ok(Keys { parts: self.0.iter().map(part).collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyPart;

    #[test]
    fn some_of_the_keys_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = ScratchFile::new(folder.path()).expect("a file");
        let mut keys = Keys::new(2);
        for (number, text) in [(7, "a"), (8, "bb"), (9, "12"), (10, "d")] {
            keys.parts[0].push(KeyPart::Whole(number));
            keys.parts[1].push(KeyPart::of(text.as_bytes()));
        }
        let stored = StoredKeys::keep(&keys, &mut file).expect("there is room");
        for rows in [0..4, 1..3, 3..4, 2..2, 4..4, 0..0] {
            let loaded = stored.load(rows.clone(), &file).expect("they are there");
            let texts =
                |keys: &Keys, rows: Range<usize>| rows.map(|row| keys.text(row).into_owned()).collect::<Vec<_>>();
            assert_eq!(texts(&loaded, 0..rows.len()), texts(&keys, rows));
        }
    }
}
