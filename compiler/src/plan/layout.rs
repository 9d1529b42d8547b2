//! How the file of a record is written, apart from its fields, and which of its rows are no rows of the record.

use super::{Comparison, FieldId, TextTest};
pub use meed_grammar::tree::TextEncoding;

/// How the file of a record is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The row of the file that holds the headers, counted from 1, rows of blanks among them.
    pub header_row: u32,
    /// The sheet of a workbook; its first where none is named.
    pub sheet: Option<String>,
    /// How its letters are written, where it is a text.
    pub encoding: TextEncoding,
    /// Texts that say that there is no value.
    pub missing: Vec<String>,
    /// Which rows are left out.
    pub skip: Option<RowTest>,
    /// Whether a row that equals another in every column is a copy of it.
    pub equal_rows_are_one: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            header_row: 1,
            sheet: None,
            encoding: TextEncoding::Utf8,
            missing: Vec::new(),
            skip: None,
            equal_rows_are_one: false,
        }
    }
}

/// A condition on the cells of a row. What asks for the value of a cell that is missing or cannot be read neither holds nor
/// does its opposite: such a row is never left out for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowTest {
    /// All of these hold.
    All(Vec<RowTest>),
    /// One of these holds.
    Any(Vec<RowTest>),
    /// This does not hold.
    Not(Box<RowTest>),
    /// The cell is empty.
    Missing(FieldId),
    /// A number at the decimals of its field, a day, the place of a value in its list, or 1 for yes.
    Compare(FieldId, Comparison, i64),
    /// A text, an id, or the key that a reference names.
    Text(FieldId, TextTest),
}

impl RowTest {
    /// The fields whose cells it looks at, each once, in the order written.
    pub fn fields(&self) -> Vec<FieldId> {
        let mut fields = Vec::new();
        self.collect(&mut fields);
        fields
    }

    fn collect(&self, fields: &mut Vec<FieldId>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect(fields)),
            Self::Not(part) => part.collect(fields),
            Self::Missing(field) | Self::Compare(field, ..) | Self::Text(field, _) => {
                if !fields.contains(field) {
                    fields.push(*field);
                }
            }
        }
    }
}

/// What the values of a field lie between, both ends in, at the decimals of the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The least, if there is one.
    pub least: Option<i64>,
    /// The most, if there is one.
    pub most: Option<i64>,
}
