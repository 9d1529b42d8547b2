//! A table in which some texts say that there is no value: `null`, `N/A`.

use crate::source::columns::{ColumnChunk, Encoding, Scalar, Source, SourceType, Wanted};
use crate::source::error::SourceError;

/// A table around another, in which cells with one of these texts are empty. What is no text stays as it is.
pub(super) struct MissingTexts {
    pub source: Box<dyn Source>,
    pub texts: Vec<String>,
}

impl MissingTexts {
    fn cell<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        if self.texts.iter().any(|missing| missing.as_bytes() == text) { &[] } else { text }
    }
}

impl Source for MissingTexts {
    fn header(&self) -> &[String] {
        self.source.header()
    }

    fn is_plain(&self) -> bool {
        self.source.is_plain()
    }

    fn source_type(&self, column: usize) -> SourceType {
        self.source.source_type(column)
    }

    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.source.choose(wanted)
    }

    fn advance(&mut self) -> Result<usize, SourceError> {
        self.source.advance()
    }

    fn damaged(&self) -> &[(usize, String)] {
        self.source.damaged()
    }

    fn line(&self, row: usize) -> Option<u64> {
        self.source.line(row)
    }

    fn n_blank(&self) -> u64 {
        self.source.n_blank()
    }

    fn cells(&self, chosen: usize) -> ColumnChunk<'_> {
        let mut chunk = self.source.cells(chosen);
        match &mut chunk.encoding {
            Encoding::Texts(texts) => texts.iter_mut().for_each(|text| *text = self.cell(text)),
            Encoding::Scalars(cells) => {
                let is_missing = |cell: &&mut Scalar<'_>| self.cell(cell.text()).is_empty();
                cells.iter_mut().filter(is_missing).for_each(|cell| *cell = Scalar::Text(&[]));
            }
            Encoding::Entries { .. }
            | Encoding::Wholes { .. }
            | Encoding::Wides { .. }
            | Encoding::Days(_)
            | Encoding::Instants { .. }
            | Encoding::YesNo(_)
            | Encoding::Nothing(_) => {}
        }
        chunk
    }

    fn entries(&self, chosen: usize) -> Vec<&[u8]> {
        self.source.entries(chosen).into_iter().map(|text| self.cell(text)).collect()
    }

    fn text(&self, chosen: usize, row: usize) -> String {
        self.source.text(chosen, row)
    }
}
