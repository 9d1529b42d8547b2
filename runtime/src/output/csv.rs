//! Tables as CSV.

use crate::output::batch::{Batch, Cells, DayTexts, Header, Kind, Sink, push_decimal};
use crate::output::formula::Formulas;
use csv::{Writer, WriterBuilder};
use std::io::{self, Write};

/// Writes a table as CSV with a header; bytes are the same wherever it is written. Texts of the data that begin like
/// formulas are marked: see [`Formulas`].
pub struct CsvSink<W: Write> {
    header: Header,
    writer: Writer<W>,
    days: DayTexts,
    formulas: Formulas,
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
    pub fn with_formulas(header: Header, target: W, formulas: Formulas) -> io::Result<Self> {
        let mut writer = WriterBuilder::new().buffer_capacity(1 << 16).from_writer(target);
        writer.write_record(header.iter().map(|(name, _)| name))?;
        Ok(Self { header, writer, days: DayTexts::default(), formulas })
    }
}

impl<W: Write> Sink for CsvSink<W> {
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every cell that is written, and only for rows that there are"
    )]
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        let mut digits = itoa::Buffer::new();
        let mut amount = Vec::new();
        for row in 0..batch.n_rows {
            for (cells, (_, kind)) in batch.columns.iter().zip(&self.header) {
                match (cells, kind) {
                    (Cells::Words { words, codes }, _) => {
                        self.writer.write_field(self.formulas.cell(words.get(codes[row].into())))?;
                    }
                    (Cells::Texts(texts), _) if texts.is_number(row) => self.writer.write_field(texts.get(row))?,
                    (Cells::Texts(texts), _) => self.writer.write_field(self.formulas.cell(texts.get(row)))?,
                    (Cells::Amounts(amounts), Kind::Amount { decimals, .. }) => {
                        amount.clear();
                        push_decimal(amounts.values[row], amounts.decimals(row, *decimals), &mut amount);
                        self.writer.write_field(&amount)?;
                    }
                    (Cells::SomeDays(days), _) => {
                        let text = days[row].map(|day| self.days.get(day));
                        self.writer.write_field(text.unwrap_or_default().as_bytes())?;
                    }
                    (Cells::Days(days), _) => self.writer.write_field(self.days.get(days[row]).as_bytes())?,
                    (Cells::Wholes(numbers), _) => self.writer.write_field(digits.format(numbers[row]))?,
                    (Cells::NoDays | Cells::Amounts(_), _) => self.writer.write_field("")?,
                }
            }
            self.writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
