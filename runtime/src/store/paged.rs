//! What is known of the rows of a table, page by page: lines, flags, decisions.
//!
//! Of a table that is held it is held too; of one whose pages are spilled it is spilled with them.

use crate::keys::columns::Keys;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::pages::Pages;
use crate::store::spill::{Array, SpillFile};
use crate::store::spilled_keys::SpilledKeys;
use meed_compiler::plan::RecordId;
use std::borrow::Cow;

/// Columns of plain values that are kept and given back together.
pub(crate) trait Columns: Clone + Default {
    /// All of them, always in one order.
    fn columns(&mut self) -> Vec<ColumnMut<'_>>;
}

/// A column by the type of its values.
pub(crate) enum ColumnMut<'a> {
    I64(&'a mut Vec<i64>),
    I32(&'a mut Vec<i32>),
    U32(&'a mut Vec<u32>),
    U8(&'a mut Vec<u8>),
    Keys(&'a mut Keys),
}

/// Where columns are kept that go with the tables of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf(Option<SpillFile>);

/// Columns by page.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    /// Where they go; without it they are held.
    file: Option<SpillFile>,
    pages: Vec<Option<Page<T>>>,
}

#[derive(Debug)]
enum Page<T> {
    Held(T),
    Spilled(Vec<SpilledColumn>),
}

#[derive(Debug)]
enum SpilledColumn {
    I64(Array<i64>),
    I32(Array<i32>),
    U32(Array<u32>),
    U8(Array<u8>),
    Keys(SpilledKeys, usize),
}

impl Shelf {
    /// A new shelf beside the tables.
    pub fn new(loaded: &Loaded) -> Result<Self, StoreError> {
        loaded.pages.iter().flatten().next().map(Pages::another_file).transpose().map(Self)
    }

    /// Room for what is known of a record's rows, or of what comes from no record.
    pub fn paged<T>(&self, loaded: &Loaded, record: Option<RecordId>) -> Paged<T> {
        let is_spilled = record.is_some_and(|record| loaded.pages[record.index()].is_some());
        Paged { file: self.0.clone().filter(|_| is_spilled), pages: Vec::new() }
    }
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Self { file: None, pages: Vec::new() }
    }
}

impl<T: Columns> Paged<T> {
    /// How many pages there are.
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Adds the next page.
    pub fn push(&mut self, columns: T) -> Result<(), StoreError> {
        self.put(self.pages.len(), columns)
    }

    /// Replaces a page.
    pub fn put(&mut self, page: usize, mut columns: T) -> Result<(), StoreError> {
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        let known = &mut self.pages[page];
        let Some(file) = &self.file else {
            *known = Some(Page::Held(columns));
            return Ok(());
        };
        let mut columns = columns.columns();
        // Flags are as many each time: they take the place of those before.
        match (known, columns.as_mut_slice()) {
            (Some(Page::Spilled(arrays)), [ColumnMut::U8(flags)]) if let [SpilledColumn::U8(array)] = &arrays[..] => {
                file.replace(array, flags)
            }
            (known, columns) => {
                let spilled = columns.iter().map(|column| SpilledColumn::write(column, file));
                *known = Some(Page::Spilled(spilled.collect::<Result<_, _>>()?));
                Ok(())
            }
        }
    }

    /// A page; of one that was never put nothing.
    pub fn get(&self, page: usize) -> Result<Cow<'_, T>, StoreError> {
        Ok(match (self.pages.get(page), &self.file) {
            (Some(Some(Page::Held(columns))), _) => Cow::Borrowed(columns),
            (Some(Some(Page::Spilled(arrays))), Some(file)) => {
                let mut columns = T::default();
                for (column, array) in columns.columns().into_iter().zip(arrays) {
                    array.read(column, file)?;
                }
                Cow::Owned(columns)
            }
            (Some(Some(Page::Spilled(_)) | None) | None, _) => Cow::Owned(T::default()),
        })
    }

    /// The only page, where it is held.
    pub fn whole(&self) -> Option<&T> {
        match self.pages.as_slice() {
            [Some(Page::Held(columns))] => Some(columns),
            _ => None,
        }
    }
}

impl SpilledColumn {
    fn write(column: &ColumnMut<'_>, file: &SpillFile) -> Result<Self, StoreError> {
        Ok(match column {
            ColumnMut::I64(values) => Self::I64(file.write(values)?),
            ColumnMut::I32(values) => Self::I32(file.write(values)?),
            ColumnMut::U32(values) => Self::U32(file.write(values)?),
            ColumnMut::U8(values) => Self::U8(file.write(values)?),
            ColumnMut::Keys(keys) => Self::Keys(SpilledKeys::write(keys, file)?, keys.len()),
        })
    }

    /// Reads what was written of such a column.
    fn read(&self, column: ColumnMut<'_>, file: &SpillFile) -> Result<(), StoreError> {
        match (column, self) {
            (ColumnMut::I64(values), Self::I64(array)) => *values = file.read_all(array)?,
            (ColumnMut::I32(values), Self::I32(array)) => *values = file.read_all(array)?,
            (ColumnMut::U32(values), Self::U32(array)) => *values = file.read_all(array)?,
            (ColumnMut::U8(values), Self::U8(array)) => *values = file.read_all(array)?,
            (ColumnMut::Keys(keys), Self::Keys(spilled, n_rows)) => *keys = spilled.read(0..*n_rows, file)?,
            (
                ColumnMut::I64(_) | ColumnMut::I32(_) | ColumnMut::U32(_) | ColumnMut::U8(_) | ColumnMut::Keys(_),
                Self::I64(_) | Self::I32(_) | Self::U32(_) | Self::U8(_) | Self::Keys(..),
            ) => meed_compiler::internal::broken("columns that come back in another order"),
        }
        Ok(())
    }
}

impl Columns for Vec<u8> {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        vec![ColumnMut::U8(self)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::component::KeyComponent;

    #[derive(Clone, Debug, Default)]
    struct Known {
        rows: Vec<u32>,
        days: Vec<i32>,
        amounts: Vec<i64>,
        keys: Keys,
    }

    impl Columns for Known {
        fn columns(&mut self) -> Vec<ColumnMut<'_>> {
            let Self { rows, days, amounts, keys } = self;
            vec![ColumnMut::U32(rows), ColumnMut::I32(days), ColumnMut::I64(amounts), ColumnMut::Keys(keys)]
        }
    }

    fn known(first: u32) -> Known {
        let mut keys = Keys::new(1);
        (first..first + 3).for_each(|row| keys.components[0].push(KeyComponent::of(format!("K{row}").as_bytes())));
        let rows: Vec<u32> = (first..first + 3).collect();
        let amounts = rows.iter().map(|&row| i64::from(row) - 100_000).collect();
        Known { days: rows.iter().map(|&row| row as i32 * -7).collect(), amounts, keys, rows }
    }

    #[test]
    fn pages_come_back_as_they_were_put_wherever_they_are_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in [None, Some(SpillFile::new(folder.path()).expect("a file"))] {
            let mut pages = Paged { file, pages: Vec::new() };
            pages.push(known(7)).expect("there is room");
            pages.put(2, known(65_535)).expect("there is room");
            pages.put(0, known(1)).expect("there is room");
            let told = |page: usize| {
                let found = pages.get(page).expect("it is there");
                let keys: Vec<String> = (0..found.keys.len()).map(|row| found.keys.text(row).into_owned()).collect();
                (found.rows.clone(), found.days.clone(), found.amounts.clone(), keys)
            };
            let keys = |keys: [&str; 3]| keys.map(str::to_owned).to_vec();
            assert_eq!(
                told(0),
                (vec![1, 2, 3], vec![-7, -14, -21], vec![-99_999, -99_998, -99_997], keys(["K1", "K2", "K3"]))
            );
            assert_eq!(told(2).3, keys(["K65535", "K65536", "K65537"]));
            assert_eq!((told(1).0, told(9).0, pages.len()), (vec![], vec![], 3));
            assert!(pages.whole().is_none());
        }
    }

    #[test]
    fn flags_take_the_place_of_those_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = SpillFile::new(folder.path()).expect("a file");
        let mut flags: Paged<Vec<u8>> = Paged { file: Some(file), pages: Vec::new() };
        flags.put(1, vec![1, 2, 3]).expect("there is room");
        flags.put(0, vec![9]).expect("there is room");
        flags.put(1, vec![4, 5, 6]).expect("there is room");
        assert_eq!(
            (0..3).map(|page| flags.get(page).expect("it is there").into_owned()).collect::<Vec<_>>(),
            [vec![9], vec![4, 5, 6], vec![]]
        );
    }
}
