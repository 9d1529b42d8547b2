//! How CSV is written for the programs of a country: which separators, and whether a mark says that it is UTF-8.

use std::fmt;
use std::str::FromStr;

/// A dialect of CSV, as `sep=; decimal=, bom` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvDialect {
    /// Between the fields of a row.
    pub separator: u8,
    /// Between whole and decimals.
    pub decimal: u8,
    /// Whether the file begins with the byte order mark, by which spreadsheets know UTF-8.
    pub has_bom: bool,
}

impl CsvDialect {
    /// What a file begins with: the mark of UTF-8, or nothing.
    pub fn mark(&self) -> &'static [u8] {
        if self.has_bom { b"\xef\xbb\xbf" } else { b"" }
    }
}

impl Default for CsvDialect {
    fn default() -> Self {
        Self { separator: b',', decimal: b'.', has_bom: false }
    }
}

impl FromStr for CsvDialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut dialect = Self::default();
        for word in text.split_whitespace() {
            match word {
                "bom" => dialect.has_bom = true,
                "sep=," => dialect.separator = b',',
                "sep=;" => dialect.separator = b';',
                "sep=|" => dialect.separator = b'|',
                "sep=tab" => dialect.separator = b'\t',
                "decimal=." => dialect.decimal = b'.',
                "decimal=," => dialect.decimal = b',',
                other => {
                    return Err(format!("`{other}` is none of sep=, sep=; sep=| sep=tab decimal=. decimal=, and bom"));
                }
            }
        }
        if dialect.separator == dialect.decimal {
            return Err("a comma cannot be between fields and within amounts: add sep=; for example".to_owned());
        }
        Ok(dialect)
    }
}

/// As it is read.
impl fmt::Display for CsvDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.separator {
            b'\t' => f.write_str("sep=tab")?,
            other => write!(f, "sep={}", char::from(other))?,
        }
        write!(f, " decimal={}", char::from(self.decimal))?;
        if self.has_bom { f.write_str(" bom") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_are_read_as_they_are_told() {
        for text in ["sep=, decimal=.", "sep=; decimal=, bom", "sep=tab decimal=,", "sep=| decimal=. bom"] {
            assert_eq!(text.parse::<CsvDialect>().map(|dialect| dialect.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("".parse(), Ok(CsvDialect::default()));
        for text in ["decimal=,", "sep=: ", "Bom", "sep=", "sep=;decimal=,", "decimal=, sep=,"] {
            assert!(text.parse::<CsvDialect>().is_err(), "{text}");
        }
    }
}
