//! Tables as JSON lines: one object for each row; amounts are texts, never numbers.

use crate::output::batch::{Batch, Cells, DayTexts, Header, Kind, Sink, push_decimal};
use std::io::{self, BufWriter, Write};

/// Writes a table as JSON lines.
pub struct JsonLinesSink<W: Write> {
    header: Header,
    writer: BufWriter<W>,
    days: DayTexts,
}

impl<W: Write> JsonLinesSink<W> {
    /// Nothing is written before the first row.
    pub fn new(header: Header, target: W) -> Self {
        Self { header, writer: BufWriter::with_capacity(1 << 16, target), days: DayTexts::default() }
    }
}

impl<W: Write> Sink for JsonLinesSink<W> {
    #[expect(
        clippy::indexing_slicing,
        reason = "done for every cell that is written, and only for rows that there are"
    )]
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        let mut line = Vec::new();
        for row in 0..batch.n_rows {
            line.clear();
            for (idx, (cells, (name, kind))) in batch.columns.iter().zip(&self.header).enumerate() {
                line.push(if idx == 0 { b'{' } else { b',' });
                serde_json::to_writer(&mut line, name)?;
                line.push(b':');
                match (cells, kind) {
                    (Cells::NoDays, _) => line.extend_from_slice(b"null"),
                    (Cells::Wholes(numbers), _) => write!(line, "{}", numbers[row])?,
                    (Cells::Amounts(amounts), Kind::Amount { decimals, .. }) => {
                        line.push(b'"');
                        push_decimal(amounts.values[row], amounts.decimals(row, *decimals), &mut line);
                        line.push(b'"');
                    }
                    (Cells::SomeDays(days), _) => match days[row] {
                        Some(day) => serde_json::to_writer(&mut line, &self.days.get(day))?,
                        None => line.extend_from_slice(b"null"),
                    },
                    (Cells::Days(days), _) => serde_json::to_writer(&mut line, &self.days.get(days[row]))?,
                    (Cells::Words { .. } | Cells::Texts(_) | Cells::Amounts(_), kind) => {
                        serde_json::to_writer(&mut line, &cells.text(row, *kind))?;
                    }
                }
            }
            line.extend_from_slice(b"}\n");
            self.writer.write_all(&line)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
