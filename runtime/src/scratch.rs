//! Where rows wait that are too many for memory: files without a name, gone when the run is, however it ends.
//!
//! An array is written whole and read by parts. Nothing here knows what its values mean.

use bytemuck::Pod;
use meed_compiler::internal::broken;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// When rows go to the disk, and where.
#[derive(Clone, Copy, Debug)]
pub struct Spill<'a> {
    /// The folder in which unnamed files are made.
    pub folder: &'a Path,
    /// As long as the rows of an event are at most about so many bytes they are held.
    pub bytes: usize,
    /// When they are more, about so many bytes of them are held at a time. Small pieces fit the caches of a processor.
    pub piece: usize,
}

impl<'a> Spill<'a> {
    /// Rows of more than so many bytes go to files in a folder, in pieces of a usual size.
    pub fn new(folder: &'a Path, bytes: usize) -> Self {
        Self { folder, bytes, piece: bytes.min(PIECE) }
    }
}

/// A usual size of pieces.
const PIECE: usize = 16 << 20;

/// Rows that could not be kept on the disk, or not be read back.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("cannot keep rows in the folder `{}`: {reason}", meed_grammar::foreign::shown(folder))]
pub struct ScratchError {
    /// The folder.
    pub folder: String,
    /// What the system says.
    pub reason: String,
}

impl From<ScratchError> for io::Error {
    fn from(error: ScratchError) -> Self {
        Self::other(error)
    }
}

/// One unnamed file of arrays.
#[derive(Debug)]
pub(crate) struct ScratchFile {
    folder: PathBuf,
    file: Mutex<File>,
    end: u64,
}

/// An array in a [`ScratchFile`].
#[derive(Debug)]
pub(crate) struct Array<T> {
    at: u64,
    len: usize,
    /// Bytes for each value: those of the type, or fewer where all values are this far from `base`.
    width: usize,
    base: i64,
    values: PhantomData<T>,
}

/// What arrays are of.
pub(crate) trait Value: Pod + Default {
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

impl ScratchFile {
    /// A new file in a folder.
    pub fn new(folder: &Path) -> Result<Self, ScratchError> {
        let file = tempfile::tempfile_in(folder).map_err(|error| fault(folder, &error))?;
        Ok(Self { folder: folder.to_owned(), file: Mutex::new(file), end: 0 })
    }

    /// A new, empty file beside this one.
    pub fn another(&self) -> Result<Self, ScratchError> {
        Self::new(&self.folder)
    }

    /// Writes an array behind the others, in as few bytes for each value as the span of the values takes.
    pub fn keep<T: Value>(&mut self, values: &[T]) -> Result<Array<T>, ScratchError> {
        let (at, len) = (self.end, values.len());
        let (mut width, mut base) = (size_of::<T>(), 0);
        if let Some(to_whole) = T::TO_WHOLE {
            let wholes = || values.iter().map(|&value| to_whole(value));
            let least = wholes().min().unwrap_or(0);
            let span = wholes().max().unwrap_or(0).abs_diff(least);
            let fits = [1, 2, 4].into_iter().find(|&n| n < width && span >> (8 * n) == 0);
            if let Some(narrow) = fits {
                (width, base) = (narrow, least);
            }
            let from_base = || wholes().map(|whole| whole.wrapping_sub(base));
            match (width, fits) {
                (1, Some(_)) => self.write(at, &from_base().map(|whole| whole as u8).collect::<Vec<_>>())?,
                (2, Some(_)) => self.write(at, &from_base().map(|whole| whole as u16).collect::<Vec<_>>())?,
                (4, Some(_)) => self.write(at, &from_base().map(|whole| whole as u32).collect::<Vec<_>>())?,
                _ => self.write(at, values)?,
            }
        } else {
            self.write(at, values)?;
        }
        self.end += (width * len) as u64;
        Ok(Array { at, len, width, base, values: PhantomData })
    }

    /// Writes other bytes where an array of as many stands.
    pub fn replace(&mut self, array: &Array<u8>, values: &[u8]) -> Result<(), ScratchError> {
        if array.len != values.len() {
            broken("an array replaced by one of another length");
        }
        self.write(array.at, values)
    }

    /// Some of the values of an array.
    pub fn load<T: Value>(&self, array: &Array<T>, places: Range<usize>) -> Result<Vec<T>, ScratchError> {
        let value = |from_base: i64| T::of_whole(array.base.wrapping_add(from_base));
        Ok(match array.width {
            width if width == size_of::<T>() => self.read(array, places)?,
            1 => self.read::<u8, T>(array, places)?.into_iter().map(|byte| value(byte.into())).collect(),
            2 => self.read::<u16, T>(array, places)?.into_iter().map(|short| value(short.into())).collect(),
            _ => self.read::<u32, T>(array, places)?.into_iter().map(|word| value(word.into())).collect(),
        })
    }

    /// All values of an array.
    pub fn load_all<T: Value>(&self, array: &Array<T>) -> Result<Vec<T>, ScratchError> {
        self.load(array, 0..array.len)
    }

    /// Values as they are written.
    fn read<W: Pod + Default, T>(&self, array: &Array<T>, places: Range<usize>) -> Result<Vec<W>, ScratchError> {
        if places.end > array.len {
            let reason = format!("rows to {} of {} are asked for", places.end, array.len);
            return Err(ScratchError { folder: self.folder.display().to_string(), reason });
        }
        let mut words = vec![W::default(); places.len()];
        let at = array.at + (places.start * size_of::<W>()) as u64;
        self.with(at, |file| file.read_exact(bytemuck::cast_slice_mut(&mut words)))?;
        Ok(words)
    }

    fn write<W: Pod>(&self, at: u64, words: &[W]) -> Result<(), ScratchError> {
        self.with(at, |file| file.write_all(bytemuck::cast_slice(words)))
    }

    fn with(&self, at: u64, act: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), ScratchError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let acted = file.seek(SeekFrom::Start(at)).and_then(|_| act(&mut file));
        acted.map_err(|error| fault(&self.folder, &error))
    }
}

fn fault(folder: &Path, error: &io::Error) -> ScratchError {
    ScratchError { folder: folder.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back_as_they_were_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = ScratchFile::new(folder.path()).expect("a file");
        let small = file.keep(&[1u8, 2, 3]).expect("there is room");
        let none = file.keep::<u32>(&[]).expect("there is room");
        let spans = [0, 1, 255, 256, 65_535, 65_536, u32::MAX.into(), 1 << 32, i64::MAX];
        for (base, span) in [i64::MIN, -300, 0, 7].into_iter().flat_map(|base| spans.map(|span| (base, span))) {
            let Some(most) = base.checked_add(span) else { continue };
            let values = [base, most, base, most - span / 2];
            let array = file.keep(&values).expect("there is room");
            assert_eq!(file.load_all(&array).expect("it is there"), values, "{base} {span}");
            assert_eq!(file.load(&array, 1..3).expect("it is there"), values[1..3], "{base} {span}");
        }
        let all = file.keep(&[i64::MIN, i64::MAX]).expect("there is room");
        assert_eq!(file.load_all(&all).expect("it is there"), [i64::MIN, i64::MAX]);
        for values in [[i32::MIN, i32::MAX], [-5, 250], [-5, 251]] {
            let array = file.keep(&values).expect("there is room");
            assert_eq!(file.load_all(&array).expect("it is there"), values);
        }
        for values in [[u32::MAX, 0], [u32::MAX, u32::MAX - 1]] {
            let array = file.keep(&values).expect("there is room");
            assert_eq!(file.load_all(&array).expect("it is there"), values);
        }
        file.replace(&small, &[7, 8, 9]).expect("it is there");
        assert_eq!(file.load_all(&small).expect("it is there"), [7, 8, 9]);
        assert_eq!((file.load_all(&none).expect("it is there"), none.len()), (vec![], 0));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "the file has no name");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = ScratchFile::new(Path::new("no/such/folder")).expect_err("it is not there");
        assert!(error.to_string().starts_with("cannot keep rows in the folder `no/such/folder`"), "{error}");
    }
}
