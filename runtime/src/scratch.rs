//! Where rows wait that are too many for memory: files without a name, gone when the run is, however it ends.
//!
//! An array is written whole and read by parts. Nothing here knows what its values mean.

use bytemuck::Pod;
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
#[error("cannot keep rows in the folder `{folder}`: {reason}")]
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
    values: PhantomData<T>,
}

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

    /// Writes an array behind the others.
    pub fn keep<T: Pod>(&mut self, values: &[T]) -> Result<Array<T>, ScratchError> {
        let array = Array { at: self.end, len: values.len(), values: PhantomData };
        self.end += size_of_val(values) as u64;
        self.write(array.at, bytemuck::cast_slice(values))?;
        Ok(array)
    }

    /// Writes other values where an array of the same length stands.
    pub fn replace<T: Pod>(&mut self, array: &Array<T>, values: &[T]) -> Result<(), ScratchError> {
        debug_assert_eq!(array.len, values.len(), "an array keeps its length");
        self.write(array.at, bytemuck::cast_slice(values))
    }

    /// Some of the values of an array.
    pub fn load<T: Pod + Default>(&self, array: &Array<T>, places: Range<usize>) -> Result<Vec<T>, ScratchError> {
        let mut values = vec![T::default(); places.len()];
        let at = array.at + (places.start * size_of::<T>()) as u64;
        self.with(at, |file| file.read_exact(bytemuck::cast_slice_mut(&mut values)))?;
        Ok(values)
    }

    /// All values of an array.
    pub fn load_all<T: Pod + Default>(&self, array: &Array<T>) -> Result<Vec<T>, ScratchError> {
        self.load(array, 0..array.len)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), ScratchError> {
        self.with(at, |file| file.write_all(bytes))
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
        let wide = file.keep(&[i128::MIN, -1, i128::MAX]).expect("there is room");
        let none = file.keep::<u32>(&[]).expect("there is room");
        assert_eq!(file.load(&wide, 1..3).expect("it is there"), [-1, i128::MAX]);
        file.replace(&small, &[7, 8, 9]).expect("it is there");
        assert_eq!(file.load_all(&small).expect("it is there"), [7, 8, 9]);
        assert_eq!(file.load_all(&wide).expect("it is there"), [i128::MIN, -1, i128::MAX]);
        assert_eq!((file.load_all(&none).expect("it is there"), none.len()), (vec![], 0));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "the file has no name");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = ScratchFile::new(Path::new("no/such/folder")).expect_err("it is not there");
        assert!(error.to_string().starts_with("cannot keep rows in the folder `no/such/folder`"), "{error}");
    }
}
