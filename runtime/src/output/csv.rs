//! Tables as CSV.
//!
//! Fields are quoted as the `csv` crate quotes them, which tests hold this to; they are put together here because words, days and numbers,
//! which most fields are, need no look at each of their bytes.

use crate::output::batch::{Batch, Cells, DayTexts, Header, Kind, Sink, push_decimal};
use crate::output::dialect::CsvDialect;
use crate::output::formula::Formulas;
use std::borrow::Cow;
use std::io::{self, Write};

/// How tables are written as CSV.
#[derive(Clone, Debug)]
pub struct CsvStyle {
    /// What becomes of cells that begin like formulas.
    pub formulas: Formulas,
    /// Separators, and whether a mark says that it is UTF-8.
    pub dialect: CsvDialect,
}

impl CsvStyle {
    /// The same with a count of marked cells of its own.
    pub fn apart(&self) -> Self {
        Self { formulas: self.formulas.apart(), ..*self }
    }
}

impl Default for CsvStyle {
    fn default() -> Self {
        Self { formulas: Formulas::marked(), dialect: CsvDialect::default() }
    }
}

/// Writes a table as CSV with a header; bytes are the same wherever it is written. Texts of the data that begin like
/// formulas are marked: see [`Formulas`].
pub struct CsvSink<W: Write> {
    header: Header,
    target: W,
    days: DayTexts,
    style: CsvStyle,
    /// The lines of a batch.
    text: Vec<u8>,
}

impl<W: Write> CsvSink<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(header: Header, target: W) -> io::Result<Self> {
        Self::with_style(header, target, CsvStyle::default())
    }

    /// The same in a style of its own.
    ///
    /// # Errors
    /// When the header cannot be written.
    pub fn with_style(header: Header, mut target: W, style: CsvStyle) -> io::Result<Self> {
        let separator = style.dialect.separator;
        let mut text = style.dialect.mark().to_vec();
        for (idx, (name, _)) in header.iter().enumerate() {
            if idx > 0 {
                text.push(separator);
            }
            push_field(name.as_bytes(), separator, &mut text);
        }
        text.push(b'\n');
        target.write_all(&text)?;
        Ok(Self { header, target, days: DayTexts::default(), style, text })
    }
}

impl<W: Write> Sink for CsvSink<W> {
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every cell that is written, and only for rows that there are"
    )]
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        let Self { header, target, days: day_texts, style, text } = self;
        let (formulas, CsvDialect { separator, decimal, .. }) = (&style.formulas, style.dialect);
        text.clear();
        let mut digits = itoa::Buffer::new();
        let words_of = |cells: &Cells| match cells {
            Cells::Words { words, .. } => words.iter().map(|word| Word::new(word, separator, formulas)).collect(),
            _ => Vec::new(),
        };
        let words: Vec<Vec<Word>> = batch.columns.iter().map(words_of).collect();
        for row in 0..batch.n_rows {
            for (idx, (cells, (_, kind))) in batch.columns.iter().zip(header.iter()).enumerate() {
                if idx > 0 {
                    text.push(separator);
                }
                match (cells, kind) {
                    (Cells::Words { codes, .. }, _) => {
                        let word = &words[idx][usize::from(codes[row])];
                        text.extend_from_slice(&word.field);
                        formulas.count(word.is_marked);
                    }
                    (Cells::Texts(texts), _) if texts.is_number(row) => {
                        let start = text.len();
                        push_field(texts.get(row), separator, text);
                        with_decimal(decimal, &mut text[start..]);
                    }
                    (Cells::Texts(texts), _) => push_field(&formulas.cell(texts.get(row)), separator, text),
                    (Cells::Amounts(amounts), Kind::Amount { decimals, .. }) => {
                        let start = text.len();
                        push_decimal(amounts.values[row], amounts.decimals(row, *decimals), text);
                        with_decimal(decimal, &mut text[start..]);
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
    fn new(word: &[u8], separator: u8, formulas: &Formulas) -> Self {
        let (cell, mut field) = (formulas.uncounted(word), Vec::new());
        push_field(&cell, separator, &mut field);
        Self { field, is_marked: matches!(cell, Cow::Owned(_)) }
    }
}

/// Puts the sign of the dialect in place of the point of a number.
fn with_decimal(decimal: u8, number: &mut [u8]) {
    if decimal != b'.'
        && let Some(point) = number.iter_mut().find(|byte| **byte == b'.')
    {
        *point = decimal;
    }
}

/// Writes a field, in quotes where it needs them. No table has a single column, of which an empty field would need them too.
fn push_field(field: &[u8], separator: u8, text: &mut Vec<u8>) {
    if !field.iter().any(|byte| *byte == separator || matches!(byte, b'"' | b'\r' | b'\n')) {
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
    use crate::output::batch::{Amounts, Texts};
    use proptest::prelude::*;

    proptest! {
        /// Fields are quoted as the library quotes them.
        #[test]
        fn fields_are_those_of_the_library(
            rows in prop::collection::vec(("[a,;\"\r\n =-]{0,6}|\\PC{0,9}", "[0,;\"\n=]{0,3}"), 0..20),
            dialect in prop::sample::select(vec!["", "sep=;", "sep=tab", "sep=| decimal=,"])
        ) {
            let mut written = Vec::new();
            let dialect: CsvDialect = dialect.parse().expect("a dialect");
            let style = CsvStyle { formulas: Formulas::as_they_are(), dialect };
            let header = vec![("a \"first\", column", Kind::Text), ("b", Kind::Word)];
            let mut sink = CsvSink::with_style(header.clone(), &mut written, style).expect("memory");
            let texts = Cells::Texts(rows.iter().map(|(text, _)| text).collect::<Texts>());
            let words = rows.iter().map(|(_, word)| word).collect();
            let codes = (0..rows.len() as u16).collect();
            let columns = vec![texts, Cells::Words { words, codes }];
            sink.take(Batch { n_rows: rows.len(), columns }).expect("memory");
            sink.finish().expect("memory");
            drop(sink);
            let mut library = csv::WriterBuilder::new().delimiter(dialect.separator).from_writer(Vec::new());
            library.write_record(header.iter().map(|(name, _)| name)).expect("memory");
            rows.iter().for_each(|(text, word)| library.write_record([text, word]).expect("memory"));
            prop_assert_eq!(written, library.into_inner().expect("memory"));
        }
    }

    #[test]
    fn numbers_have_the_sign_of_the_dialect() {
        let mut written = Vec::new();
        let header =
            vec![("key", Kind::Text), ("amount", Kind::Amount { decimals: 2, digits: 18 }), ("value", Kind::Text)];
        let dialect = "sep=; decimal=, bom".parse().expect("a dialect");
        let mut sink =
            CsvSink::with_style(header, &mut written, CsvStyle { dialect, ..CsvStyle::default() }).expect("memory");
        let mut values = Texts::default();
        ["-1.5", "0.25"].iter().for_each(|number| values.push_number(number));
        let keys = Cells::Texts(Texts::from_iter(["v1.0", "a;b"]));
        let amounts = Cells::Amounts(Amounts { values: vec![-123_456, 5], decimals: Vec::new() });
        sink.take(Batch { n_rows: 2, columns: vec![keys, amounts, Cells::Texts(values)] }).expect("memory");
        sink.finish().expect("memory");
        drop(sink);
        let wanted = "\u{feff}key;amount;value\nv1.0;-1234,56;-1,5\n\"a;b\";0,05;0,25\n";
        assert_eq!(String::from_utf8(written).expect("a text"), wanted);
    }
}
