//! Temporary files for rows beyond the memory budget: without a name, and gone when the run is, however it ends.
//!
//! An array is written whole and read by slices. Nothing here knows what its values mean. Files are read and written, not
//! mapped, so that what is held is a number that the run decides on, and a full disk is a message, not a signal.

use crate::store::error::StoreError;
use bytemuck::Pod;
use meed_compiler::internal::broken;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// When rows are spilled, and where.
#[derive(Clone, Copy, Debug)]
pub struct Spill<'a> {
    /// The folder in which unnamed files are made.
    pub folder: &'a Path,
    /// As long as the rows of an event are at most about so many bytes they are held; by several threads two pages less.
    pub bytes: usize,
    /// When they are more, a page of them is about so many bytes. Small pages fit the caches of a processor.
    pub page_bytes: usize,
}

impl<'a> Spill<'a> {
    /// Rows of more than so many bytes go to files in a folder, in pages of a usual size.
    pub fn new(folder: &'a Path, bytes: usize) -> Self {
        Self { folder, bytes, page_bytes: bytes.min(PAGE) }
    }
}

/// A usual size of pages: those of 16 MiB were 15% faster than of 64 (`docs/performance.md`).
const PAGE: usize = 16 << 20;

/// One unnamed file of arrays. Its clones are the same file.
#[derive(Clone, Debug)]
pub(super) struct SpillFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    /// The file, and where the next array goes.
    file: Mutex<(File, u64)>,
}

/// An array in a [`SpillFile`].
#[derive(Debug)]
pub(super) struct Array<T> {
    at: u64,
    len: usize,
    /// Bytes for each value: those of the type, or fewer where all values are this far from `base`.
    width: usize,
    base: i64,
    values: PhantomData<T>,
}

/// What arrays are of.
pub(super) trait Value: Pod + Default {
    /// As a whole number, where a type is wide enough that it may be written in fewer bytes.
    const TO_WHOLE: Option<fn(Self) -> i64> = None;
    /// The value of a whole number.
    fn of_whole(whole: i64) -> Self;
}

impl Value for u8 {
    fn of_whole(whole: i64) -> Self {
        whole as Self
    }
}

macro_rules! wide_values {
    ($($ty:ty),*) => {$(
        impl Value for $ty {
            const TO_WHOLE: Option<fn(Self) -> i64> = Some(|value| value as i64);
            #[inline]
            fn of_whole(whole: i64) -> Self {
                whole as Self
            }
        }
    )*};
}

wide_values!(i32, u32, i64, usize);

impl<T> Array<T> {
    /// How many values.
    pub fn len(&self) -> usize {
        self.len
    }
}

impl SpillFile {
    /// A new file in a folder.
    pub fn new(folder: &Path) -> Result<Self, StoreError> {
        let file = tempfile::tempfile_in(folder).map_err(|error| fault(folder, &error))?;
        Ok(Self(Arc::new(Inner { folder: folder.to_owned(), file: Mutex::new((file, 0)) })))
    }

    /// A new, empty file beside this one.
    pub fn another(&self) -> Result<Self, StoreError> {
        Self::new(&self.0.folder)
    }

    /// Writes an array behind the others, in as few bytes for each value as the span of the values takes.
    pub fn write<T: Value>(&self, values: &[T]) -> Result<Array<T>, StoreError> {
        let len = values.len();
        let (mut width, mut base, mut fits) = (size_of::<T>(), 0, None);
        if let Some(to_whole) = T::TO_WHOLE {
            let wholes = || values.iter().map(|&value| to_whole(value));
            let least = wholes().min().unwrap_or(0);
            let span = wholes().max().unwrap_or(0).abs_diff(least);
            fits = [1, 2, 4].into_iter().find(|&n| n < width && span >> (8 * n) == 0);
            if let Some(narrow) = fits {
                (width, base) = (narrow, least);
            }
        }
        let whole = |value: &T| T::TO_WHOLE.map_or(0, |to_whole| to_whole(*value)).wrapping_sub(base);
        let at = match (width, fits) {
            (1, Some(_)) => self.append(&values.iter().map(|value| whole(value) as u8).collect::<Vec<_>>())?,
            (2, Some(_)) => self.append(&values.iter().map(|value| whole(value) as u16).collect::<Vec<_>>())?,
            (4, Some(_)) => self.append(&values.iter().map(|value| whole(value) as u32).collect::<Vec<_>>())?,
            _ => self.append(values)?,
        };
        Ok(Array { at, len, width, base, values: PhantomData })
    }

    /// Writes other bytes where an array of as many is.
    pub fn replace(&self, array: &Array<u8>, values: &[u8]) -> Result<(), StoreError> {
        if array.len != values.len() {
            broken("an array replaced by one of another length");
        }
        self.with(|file, _| file.seek(SeekFrom::Start(array.at)).and_then(|_| file.write_all(values)))
    }

    /// Some of the values of an array.
    pub fn read_some<T: Value>(&self, array: &Array<T>, places: Range<usize>) -> Result<Vec<T>, StoreError> {
        let value = |from_base: i64| T::of_whole(array.base.wrapping_add(from_base));
        Ok(match array.width {
            width if width == size_of::<T>() => self.read(array, places)?,
            1 => self.read::<u8, T>(array, places)?.into_iter().map(|byte| value(byte.into())).collect(),
            2 => self.read::<u16, T>(array, places)?.into_iter().map(|short| value(short.into())).collect(),
            _ => self.read::<u32, T>(array, places)?.into_iter().map(|word| value(word.into())).collect(),
        })
    }

    /// All values of an array.
    pub fn read_all<T: Value>(&self, array: &Array<T>) -> Result<Vec<T>, StoreError> {
        self.read_some(array, 0..array.len)
    }

    /// Values as they are written.
    fn read<W: Pod + Default, T>(&self, array: &Array<T>, places: Range<usize>) -> Result<Vec<W>, StoreError> {
        if places.end > array.len {
            let reason = format!("rows to {} of {} are asked for", places.end, array.len);
            return Err(StoreError { folder: self.0.folder.display().to_string(), reason });
        }
        let mut words = vec![W::default(); places.len()];
        let at = array.at + (places.start * size_of::<W>()) as u64;
        self.with(|file, _| {
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(bytemuck::cast_slice_mut(&mut words))
        })?;
        Ok(words)
    }

    /// Writes words behind all others, and says where.
    fn append<W: Pod>(&self, words: &[W]) -> Result<u64, StoreError> {
        let bytes: &[u8] = bytemuck::cast_slice(words);
        self.with(|file, end| {
            let at = *end;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(bytes)?;
            *end += bytes.len() as u64;
            Ok(at)
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut File, &mut u64) -> io::Result<T>) -> Result<T, StoreError> {
        let mut held = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, end) = &mut *held;
        act(file, end).map_err(|error| fault(&self.0.folder, &error))
    }
}

pub(super) fn fault(folder: &Path, error: &io::Error) -> StoreError {
    StoreError { folder: folder.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back_as_they_were_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = SpillFile::new(folder.path()).expect("a file");
        let small = file.write(&[1u8, 2, 3]).expect("there is room");
        let none = file.write::<u32>(&[]).expect("there is room");
        let spans = [0, 1, 255, 256, 65_535, 65_536, u32::MAX.into(), 1 << 32, i64::MAX];
        for (base, span) in [i64::MIN, -300, 0, 7].into_iter().flat_map(|base| spans.map(|span| (base, span))) {
            let Some(most) = base.checked_add(span) else { continue };
            let values = [base, most, base, most - span / 2];
            let array = file.write(&values).expect("there is room");
            assert_eq!(file.read_all(&array).expect("it is there"), values, "{base} {span}");
            assert_eq!(file.read_some(&array, 1..3).expect("it is there"), values[1..3], "{base} {span}");
        }
        let all = file.write(&[i64::MIN, i64::MAX]).expect("there is room");
        assert_eq!(file.read_all(&all).expect("it is there"), [i64::MIN, i64::MAX]);
        for values in [[i32::MIN, i32::MAX], [-5, 250], [-5, 251]] {
            let array = file.write(&values).expect("there is room");
            assert_eq!(file.read_all(&array).expect("it is there"), values);
        }
        for values in [[u32::MAX, 0], [u32::MAX, u32::MAX - 1]] {
            let array = file.write(&values).expect("there is room");
            assert_eq!(file.read_all(&array).expect("it is there"), values);
        }
        file.replace(&small, &[7, 8, 9]).expect("it is there");
        assert_eq!(file.read_all(&small).expect("it is there"), [7, 8, 9]);
        assert_eq!((file.read_all(&none).expect("it is there"), none.len()), (vec![], 0));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "the file has no name");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = SpillFile::new(Path::new("no/such/folder")).expect_err("it is not there");
        assert!(error.to_string().starts_with("cannot keep rows in the folder `no/such/folder`"), "{error}");
    }
}
