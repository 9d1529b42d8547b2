//! However its bytes come, a file has the rows that the library reads.

use super::*;
use crate::source::text::trim;
use proptest::prelude::*;
use std::io::Cursor;

/// A reader that gives so many bytes at a time.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let n_bytes = room.len().min(self.1);
        self.0.read(room.get_mut(..n_bytes).unwrap_or_default())
    }
}

/// The fields of each row, and its line.
type Rows = Vec<(Vec<String>, u64)>;

fn read(text: &str, n_bytes: usize) -> Result<Rows, String> {
    let reader = Trickle(Cursor::new(text.as_bytes().to_vec()), n_bytes);
    let source = CsvSource::open("a.csv".to_owned(), Box::new(reader), Some(b','), 1, 3);
    let mut source = source.map_err(|error| error.to_string())?;
    source.choose(&[]).map_err(|error| error.to_string())?;
    let mut rows = Rows::new();
    while source.advance().map_err(|error| error.to_string())? > 0 {
        for (row, place) in source.batch.rows.iter().enumerate() {
            let field = |column| String::from_utf8_lossy(trim(source.batch.field(row, column))).into_owned();
            rows.push(((0..place.n_fields).map(field).collect(), place.line));
        }
    }
    Ok(rows)
}

proptest! {
    /// However many bytes come at a time, and so whoever cuts a row, its fields are those that the library reads.
    #[test]
    fn rows_are_those_of_the_library(body in "([ab,\r\n\" ]|é|,,|\r\n|\"b,\"){0,60}") {
        let text = format!("x,y\n{body}");
        let whole = read(&text, usize::MAX);
        for n_bytes in [1, 7] {
            prop_assert_eq!(&read(&text, n_bytes), &whole);
        }
        let Ok(rows) = whole else { return Ok(()) };
        let library = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> = library
            .into_records()
            .map(|record| record.expect("text in memory").iter().map(str::to_owned).collect::<Vec<String>>())
            .filter(|fields| fields.iter().any(|field| !field.is_empty()))
            .collect();
        prop_assert_eq!(rows.into_iter().map(|(fields, _)| fields).collect::<Vec<_>>(), expected);
    }
}

/// A return that stands alone ends a line, and is no part of the end of the row behind it.
#[test]
fn rows_behind_a_lone_return_know_their_lines() {
    for n_bytes in [1, usize::MAX] {
        let lines: Vec<u64> =
            read("x,y\n\ra\nb", n_bytes).expect("it is a table").into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, [3, 4]);
    }
}
