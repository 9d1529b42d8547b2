//! From which row of which file the rows of a table come, in a few bytes.

/// The files of a table, and for each row its place in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    /// Each file and how many rows were read before it, in the order of reading.
    files: Vec<(String, u32)>,
    /// By row, its place in the order of reading; none where rows stand as they were read.
    places: Option<Vec<u32>>,
}

impl Origins {
    /// Begins the next file, before which `n_read` rows were read.
    pub fn begin(&mut self, file: &str, n_read: u32) {
        self.files.push((file.to_owned(), n_read));
    }

    /// Says which rows so far the rows now are.
    pub fn place(&mut self, rows: Vec<u32>) {
        self.places = Some(match self.places.take() {
            Some(places) => rows.iter().map(|&row| places[row as usize]).collect(),
            None => rows,
        });
    }

    /// Says at which places the rows that are now seen were read.
    pub fn see(&mut self, places: Vec<u32>) {
        self.places = Some(places);
    }

    /// How many rows each file has, in the order of reading, where so many were read in all.
    pub fn rows(&self, n_read: u64) -> impl Iterator<Item = u64> {
        let ends = self.files.iter().skip(1).map(|(_, first)| u64::from(*first)).chain([n_read]);
        self.files.iter().zip(ends).map(|((_, first), end)| end - u64::from(*first))
    }

    /// File and row of what was read at a place.
    pub fn read_at(&self, place: u32) -> (&str, u64) {
        // Of files without rows the last begins at the place of the next file's first row.
        let idx = self.files.partition_point(|(_, first)| *first <= place);
        match idx.checked_sub(1).and_then(|idx| self.files.get(idx)) {
            Some((file, first)) => (file, u64::from(place - first) + 1),
            None => ("", 0),
        }
    }

    /// File and row of a row of the table.
    pub fn origin(&self, row: usize) -> (&str, u64) {
        self.read_at(self.places.as_ref().map_or(row as u32, |places| places[row]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_in_their_files() {
        let mut origins = Origins::default();
        for (file, n_read) in [("a", 0), ("empty", 2), ("b", 2), ("c", 5), ("last", 6)] {
            origins.begin(file, n_read);
        }
        let found: Vec<(&str, u64)> = (0..6).map(|row| origins.origin(row)).collect();
        assert_eq!(found, [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("b", 3), ("c", 1)]);
        assert_eq!(origins.rows(6).collect::<Vec<_>>(), [2, 0, 3, 1, 0]);
        origins.place(vec![5, 0, 3]);
        origins.place(vec![2, 0]);
        assert_eq!((origins.origin(0), origins.origin(1)), (("b", 2), ("c", 1)));
        assert_eq!((Origins::default().origin(7), Origins::default().rows(0).count()), (("", 0), 0));
    }
}
