//! Rows on their way out: columns of cells by type, and what takes them.

use meed_compiler::plan::calendar::date_of;
use meed_compiler::value::decimal_text;
use std::borrow::Cow;
use std::io;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Few different texts, again and again.
    Word,
    /// Texts of which many rows behind one another have the same.
    Name,
    /// Texts.
    Text,
    /// Decimal amounts.
    Amount {
        /// Digits after the point.
        decimals: u32,
        /// Digits in all, at most 38.
        digits: u8,
    },
    /// Days, or none in any row.
    Day,
    /// Small whole numbers.
    Whole,
}

/// A column's name and type.
pub type Header = Vec<(&'static str, Kind)>;

/// Some rows of a table.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// How many.
    pub n_rows: usize,
    /// In the order of the header.
    pub columns: Vec<Cells>,
}

/// The cells of one column.
#[derive(Clone, Debug)]
pub enum Cells {
    /// For [`Kind::Word`] and [`Kind::Name`]: the words, and which is in each row.
    Words {
        /// The words.
        words: Texts,
        /// By row.
        codes: Vec<u16>,
    },
    /// For [`Kind::Text`].
    Texts(Texts),
    /// For [`Kind::Amount`].
    Amounts(Amounts),
    /// For [`Kind::Day`].
    Days(Vec<i32>),
    /// For [`Kind::Day`]: in some rows none.
    SomeDays(Vec<Option<i32>>),
    /// For [`Kind::Day`]: none in any row.
    NoDays,
    /// For [`Kind::Whole`].
    Wholes(Vec<i32>),
}

/// Amounts as whole numbers of their smallest parts.
#[derive(Clone, Debug, Default)]
pub struct Amounts {
    /// By row.
    pub values: Vec<i128>,
    /// By row, the digits after the point, at most those of the column; empty where all have those of the column.
    pub decimals: Vec<u8>,
}

impl Amounts {
    /// The digits after the point of a row, in a column of so many.
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every amount that is written, and only for rows that there are"
    )]
    pub(crate) fn decimals(&self, row: usize, of_column: u32) -> u32 {
        if self.decimals.is_empty() { of_column } else { self.decimals[row].into() }
    }

    /// The amounts in a column of so many decimals and digits.
    ///
    /// # Errors
    /// When one of them has more.
    pub(crate) fn scaled<T: TryFrom<i128>>(&self, decimals: u32, digits: u8, target: &mut Vec<T>) -> io::Result<()> {
        let wide = || io::Error::other(format!("an amount of more than {digits} digits"));
        let beyond = 10i128.checked_pow(digits.into()).ok_or_else(wide)?;
        target.reserve(self.values.len());
        // Nearly all columns are of one unit.
        if self.decimals.is_empty() {
            if self.values.iter().any(|value| *value <= -beyond || *value >= beyond) {
                return Err(wide());
            }
            for &value in &self.values {
                target.push(T::try_from(value).map_err(|_| wide())?);
            }
            return Ok(());
        }
        for (row, &value) in self.values.iter().enumerate() {
            let more = decimals.checked_sub(self.decimals(row, decimals)).ok_or_else(wide)?;
            let value = if more == 0 {
                value
            } else {
                10i128.checked_pow(more).and_then(|unit| value.checked_mul(unit)).ok_or_else(wide)?
            };
            if value <= -beyond || value >= beyond {
                return Err(wide());
            }
            target.push(T::try_from(value).map_err(|_| wide())?);
        }
        Ok(())
    }
}

/// Texts, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Where each ends.
    pub ends: Vec<usize>,
    /// UTF-8.
    pub bytes: Vec<u8>,
    /// Rows, rising, whose text is a number of Meed's own and not one of the data.
    numbers: Vec<usize>,
}

/// Takes the batches of one table.
pub trait Sink {
    /// Takes some rows.
    ///
    /// # Errors
    /// When they cannot be written.
    fn take(&mut self, batch: Batch) -> io::Result<()>;

    /// Writes what is still to be written.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(&mut self) -> io::Result<()>;
}

impl Texts {
    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.end();
    }

    /// Adds a number that Meed computed.
    pub fn push_number(&mut self, text: &str) {
        self.numbers.push(self.ends.len());
        self.push(text);
    }

    /// Whether the text of a row is a number of Meed's own.
    pub(crate) fn is_number(&self, row: usize) -> bool {
        self.numbers.binary_search(&row).is_ok()
    }

    /// Adds the text before once more.
    pub fn repeat(&mut self) {
        let (start, end) = match *self.ends.as_slice() {
            [.., start, end] => (start, end),
            [end] => (0, end),
            [] => (0, 0),
        };
        self.bytes.extend_from_within(start..end);
        self.end();
    }

    /// Ends the text whose bytes were added.
    pub fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|row| self.get(row))
    }

    /// The text of a row.
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every cell that is written, and only for rows that there are"
    )]
    pub fn get(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start..self.ends[row]]
    }
}

impl<S: AsRef<str>> FromIterator<S> for Texts {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.push(text.as_ref()));
        all
    }
}

impl Cells {
    /// One word in every row.
    pub fn always(word: &str, n_rows: usize) -> Self {
        Self::Words { words: Texts::from_iter([word]), codes: vec![0; n_rows] }
    }

    /// A cell as text; empty where there is no value.
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every cell that is written, and only for rows that there are"
    )]
    pub fn text(&self, row: usize, kind: Kind) -> Cow<'_, str> {
        match self {
            Self::Words { words, codes } => String::from_utf8_lossy(words.get(codes[row].into())),
            Self::Texts(texts) => String::from_utf8_lossy(texts.get(row)),
            Self::Amounts(amounts) => {
                let decimals = if let Kind::Amount { decimals, .. } = kind { decimals } else { 0 };
                Cow::Owned(decimal_text(amounts.values[row], amounts.decimals(row, decimals)))
            }
            Self::Days(days) => Cow::Owned(date_of(days[row]).to_string()),
            Self::SomeDays(days) => days[row].map_or(Cow::Borrowed(""), |day| Cow::Owned(date_of(day).to_string())),
            Self::NoDays => Cow::Borrowed(""),
            Self::Wholes(numbers) => Cow::Owned(numbers[row].to_string()),
        }
    }
}

/// The texts of days, each made once.
#[derive(Debug, Default)]
pub(crate) struct DayTexts {
    first: i32,
    texts: Vec<String>,
}

impl DayTexts {
    /// The date of a day, `2026-02-01`.
    pub fn get(&mut self, day: i32) -> Cow<'_, str> {
        const SPAN: i32 = 4096;
        if self.texts.is_empty() {
            self.first = day.saturating_sub(SPAN / 2);
            self.texts = vec![String::new(); SPAN as usize];
        }
        let place = day.checked_sub(self.first).and_then(|idx| usize::try_from(idx).ok());
        match place.and_then(|idx| self.texts.get_mut(idx)) {
            Some(text) => {
                if text.is_empty() {
                    *text = date_of(day).to_string();
                }
                Cow::Borrowed(text)
            }
            None => Cow::Owned(date_of(day).to_string()),
        }
    }
}

/// Writes a decimal amount.
pub(crate) fn push_decimal(value: i128, decimals: u32, text: &mut Vec<u8>) {
    let (Ok(small), 1..=4) = (i64::try_from(value), decimals) else {
        text.extend_from_slice(decimal_text(value, decimals).as_bytes());
        return;
    };
    let unit = 10u64.pow(decimals);
    let (whole, rest) = (small.unsigned_abs() / unit, small.unsigned_abs() % unit);
    if small < 0 {
        text.push(b'-');
    }
    let mut digits = itoa::Buffer::new();
    text.extend_from_slice(digits.format(whole).as_bytes());
    text.push(b'.');
    let (_, rest) = digits.format(rest + unit).split_at(1);
    text.extend_from_slice(rest.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_as_the_definition_writes_them() {
        for decimals in 0..6 {
            for value in
                [0, 1, -1, 9, 10, -99, 100, 12_345, -100_000, i128::from(i64::MAX), i128::from(i64::MIN), 1 << 100]
            {
                let mut text = Vec::new();
                push_decimal(value, decimals, &mut text);
                assert_eq!(String::from_utf8(text).expect("digits"), decimal_text(value, decimals));
            }
        }
    }
}
