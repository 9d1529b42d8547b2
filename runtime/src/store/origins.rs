//! From which row of which file the rows of a table come, in a few bytes.

use std::path::Path;

/// The files of a table, and for each row its place in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    /// Each file and how many rows were read before it, in the order of reading.
    files: Vec<(String, u32)>,
    /// On which lines rows read from text begin. Most files have a line for each row, so that one run is all of them.
    lines: Vec<LineRun>,
    /// By row, its place in the order of reading; `None` if rows are as they were read.
    places: Option<Vec<u32>>,
}

/// Rows of one file whose lines are equally far apart.
#[derive(Clone, Copy, Debug)]
struct LineRun {
    /// The place of the first.
    place: u32,
    /// Its line.
    line: u64,
    /// From each to the next.
    step: u64,
}

impl Origins {
    /// Begins the next file, before which `n_read` rows were read.
    pub fn begin(&mut self, file: &str, n_read: u32) {
        self.files.push((file.to_owned(), n_read));
    }

    /// Says on which line of its file the row begins that was read at a place. Places rise.
    pub fn at_line(&mut self, place: u32, line: u64) {
        let first = self.files.last().map_or(0, |(_, first)| *first);
        if let Some(run) = self.lines.last_mut().filter(|run| run.place >= first) {
            let n_rows = u64::from(place - run.place);
            if n_rows == 1 {
                run.step = line - run.line;
            }
            if run.line + n_rows * run.step == line {
                return;
            }
        }
        self.lines.push(LineRun { place, line, step: 1 });
    }

    /// The line on which the row begins that was read at a place, counted from 1; `None` if its file has no lines.
    pub fn line_at(&self, place: u32) -> Option<u64> {
        let file = self.files.partition_point(|(_, first)| *first <= place);
        let (_, first) = self.files.get(file.checked_sub(1)?)?;
        let run = self.lines.partition_point(|run| run.place <= place);
        let run = self.lines.get(run.checked_sub(1)?).filter(|run| run.place >= *first)?;
        Some(run.line + u64::from(place - run.place) * run.step)
    }

    /// Whether a file before has the same name, whatever their folders.
    pub fn has_named(&self, file: &str) -> bool {
        let own = Path::new(file).file_name();
        own.is_some() && self.files.iter().any(|(other, _)| Path::new(other).file_name() == own)
    }

    /// How many files there are so far.
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    /// The name of a file, in the order of reading.
    pub fn file(&self, idx: usize) -> &str {
        &self.files[idx].0
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

    #[test]
    fn lines_are_those_on_which_rows_begin() {
        let mut origins = Origins::default();
        let lines = [2, 3, 4, 7, 8, 11, 14, 17, 18];
        origins.begin("a", 0);
        (0..).zip(lines).for_each(|(place, line)| origins.at_line(place, line));
        origins.begin("without lines", 9);
        origins.begin("empty", 12);
        origins.begin("b", 12);
        [5, 7, 9, 10].iter().zip(12..).for_each(|(line, place)| origins.at_line(place, *line));
        let found: Vec<Option<u64>> = (0..16).map(|place| origins.line_at(place)).collect();
        let known = |lines: &[u64]| lines.iter().map(|line| Some(*line)).collect::<Vec<_>>();
        assert_eq!(found, [known(&lines), vec![None; 3], known(&[5, 7, 9, 10])].concat());
        let mut even = Origins::default();
        even.begin("a", 0);
        (0..1_000).for_each(|place| even.at_line(place, 2 + 3 * u64::from(place)));
        assert_eq!((even.lines.len(), even.line_at(999), Origins::default().line_at(0)), (1, Some(2_999), None));
    }
}
