//! Keys that are spilled.

use crate::keys::columns::{KeyColumn, Keys};
use crate::store::error::StoreError;
use crate::store::spill::{Array, SpillFile};
use std::ops::Range;

/// The keys of rows that are spilled.
#[derive(Debug)]
pub(super) struct SpilledKeys(Vec<SpilledColumn>);

#[derive(Debug)]
enum SpilledColumn {
    Whole(Array<i64>),
    Text { ends: Array<usize>, bytes: Array<u8> },
}

impl SpilledKeys {
    /// Writes keys.
    pub fn write(keys: &Keys, file: &SpillFile) -> Result<Self, StoreError> {
        let write = |component: &KeyColumn| {
            Ok(match component {
                KeyColumn::Whole(values) => SpilledColumn::Whole(file.write(values)?),
                KeyColumn::Text { ends, bytes } => {
                    SpilledColumn::Text { ends: file.write(ends)?, bytes: file.write(bytes)? }
                }
            })
        };
        Ok(Self(keys.components.iter().map(write).collect::<Result<_, _>>()?))
    }

    /// The keys of some rows.
    pub fn read(&self, rows: Range<usize>, file: &SpillFile) -> Result<Keys, StoreError> {
        let component = |component: &SpilledColumn| {
            Ok(match component {
                SpilledColumn::Whole(values) => KeyColumn::Whole(file.read_some(values, rows.clone())?),
                SpilledColumn::Text { ends, bytes } => {
                    let begin = match rows.start.checked_sub(1) {
                        Some(before) if !rows.is_empty() => file.read_some(ends, before..rows.start)?[0],
                        Some(_) | None => 0,
                    };
                    let mut ends = file.read_some(ends, rows.clone())?;
                    let end = ends.last().copied().unwrap_or(begin);
                    ends.iter_mut().for_each(|end| *end -= begin);
                    KeyColumn::Text { ends, bytes: file.read_some(bytes, begin..end)? }
                }
            })
        };
        Ok(Keys { components: self.0.iter().map(component).collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::component::KeyComponent;

    #[test]
    fn some_of_the_keys_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = SpillFile::new(folder.path()).expect("a file");
        let mut keys = Keys::new(2);
        for (number, text) in [(7, "a"), (8, "bb"), (9, "12"), (10, "d")] {
            keys.components[0].push(KeyComponent::Whole(number));
            keys.components[1].push(KeyComponent::of(text.as_bytes()));
        }
        let spilled = SpilledKeys::write(&keys, &file).expect("there is room");
        for rows in [0..4, 1..3, 3..4, 2..2, 4..4, 0..0] {
            let loaded = spilled.read(rows.clone(), &file).expect("they are there");
            let texts =
                |keys: &Keys, rows: Range<usize>| rows.map(|row| keys.text(row).into_owned()).collect::<Vec<_>>();
            assert_eq!(texts(&loaded, 0..rows.len()), texts(&keys, rows));
        }
    }
}
