//! Tables as CSV.
//!
//! Fields are quoted as the `csv` crate quotes them, which tests hold this to; they are put together here because words, days and numbers,
//! which most fields are, need no look at each of their bytes.

use crate::output::batch::{Batch, Cells, DayTexts, Header, Kind, Sink, push_decimal};
use crate::output::formula::Formulas;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes a table as CSV with a header; bytes are the same wherever it is written. Texts of the data that begin like
/// formulas are marked: see [`Formulas`].
pub struct CsvSink<W: Write> {
    header: Header,
    target: W,
    days: DayTexts,
    formulas: Formulas,
    /// The lines of a batch.
    text: Vec<u8>,
}

impl<W: Write> CsvSink<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(header: Header, target: W) -> io::Result<Self> {
        Self::with_formulas(header, target, Formulas::marked())
    }

    /// The same, with the say on formulas.
    ///
    /// # Errors
    /// When the header cannot be written.
    pub fn with_formulas(header: Header, mut target: W, formulas: Formulas) -> io::Result<Self> {
        let mut text = Vec::new();
        for (idx, (name, _)) in header.iter().enumerate() {
            if idx > 0 {
                text.push(b',');
            }
            push_field(name.as_bytes(), &mut text);
        }
        text.push(b'\n');
        target.write_all(&text)?;
        Ok(Self { header, target, days: DayTexts::default(), formulas, text })
    }
}

impl<W: Write> Sink for CsvSink<W> {
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every cell that is written, and only for rows that there are"
    )]
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        let Self { header, target, days: day_texts, formulas, text } = self;
        text.clear();
        let mut digits = itoa::Buffer::new();
        let words_of = |cells: &Cells| match cells {
            Cells::Words { words, .. } => words.iter().map(|word| Word::new(word, formulas)).collect(),
            _ => Vec::new(),
        };
        let words: Vec<Vec<Word>> = batch.columns.iter().map(words_of).collect();
        for row in 0..batch.n_rows {
            for (idx, (cells, (_, kind))) in batch.columns.iter().zip(header.iter()).enumerate() {
                if idx > 0 {
                    text.push(b',');
                }
                match (cells, kind) {
                    (Cells::Words { codes, .. }, _) => {
                        let word = &words[idx][usize::from(codes[row])];
                        text.extend_from_slice(&word.field);
                        formulas.count(word.is_marked);
                    }
                    (Cells::Texts(texts), _) if texts.is_number(row) => push_field(texts.get(row), text),
                    (Cells::Texts(texts), _) => push_field(&formulas.cell(texts.get(row)), text),
                    (Cells::Amounts(amounts), Kind::Amount { decimals, .. }) => {
                        push_decimal(amounts.values[row], amounts.decimals(row, *decimals), text);
                    }
                    (Cells::SomeDays(days), _) => {
                        let day = days[row].map(|day| day_texts.get(day));
                        text.extend_from_slice(day.unwrap_or_default().as_bytes());
                    }
                    (Cells::Days(days), _) => text.extend_from_slice(day_texts.get(days[row]).as_bytes()),
                    (Cells::Wholes(numbers), _) => text.extend_from_slice(digits.format(numbers[row]).as_bytes()),
                    (Cells::NoDays | Cells::Amounts(_), _) => {}
                }
            }
            text.push(b'\n');
        }
        target.write_all(text)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

/// A word as it is written, and whether it is marked as none of a spreadsheet's formulas.
struct Word {
    field: Vec<u8>,
    is_marked: bool,
}

impl Word {
    fn new(word: &[u8], formulas: &Formulas) -> Self {
        let (cell, mut field) = (formulas.uncounted(word), Vec::new());
        push_field(&cell, &mut field);
        Self { field, is_marked: matches!(cell, Cow::Owned(_)) }
    }
}

/// Writes a field, in quotes where it needs them. No table has a single column, of which an empty field would need them too.
fn push_field(field: &[u8], text: &mut Vec<u8>) {
    if !field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        return text.extend_from_slice(field);
    }
    text.push(b'"');
    for &byte in field {
        if byte == b'"' {
            text.push(b'"');
        }
        text.push(byte);
    }
    text.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::batch::Texts;
    use proptest::prelude::*;

    proptest! {
        /// Fields are quoted as the library quotes them.
        #[test]
        fn fields_are_those_of_the_library(rows in prop::collection::vec(("[a,\"\r\n =-]{0,6}|\\PC{0,9}", "[0,\"\n=]{0,3}"), 0..20)) {
            let mut written = Vec::new();
            let header = vec![("a \"first\", column", Kind::Text), ("b", Kind::Word)];
            let mut sink = CsvSink::with_formulas(header.clone(), &mut written, Formulas::as_they_are()).expect("memory");
            let texts = Cells::Texts(rows.iter().map(|(text, _)| text).collect::<Texts>());
            let words = rows.iter().map(|(_, word)| word).collect();
            let codes = (0..rows.len() as u16).collect();
            let columns = vec![texts, Cells::Words { words, codes }];
            sink.take(Batch { n_rows: rows.len(), columns }).expect("memory");
            sink.finish().expect("memory");
            drop(sink);
            let mut library = csv::Writer::from_writer(Vec::new());
            library.write_record(header.iter().map(|(name, _)| name)).expect("memory");
            rows.iter().for_each(|(text, word)| library.write_record([text, word]).expect("memory"));
            prop_assert_eq!(written, library.into_inner().expect("memory"));
        }
    }
}
