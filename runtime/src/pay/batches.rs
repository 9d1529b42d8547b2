//! The lines of a rule go to sinks batch by batch, and their sums with them.

use crate::pay::columns::{LineBatch, SliceBatch, TotalBatch};
use crate::pay::line_columns::LineColumns;
use crate::pay::periods::Periods;
use crate::pay::rule_lines::RuleLines;
use crate::pay::sinks::{BATCH, Sinks};
use crate::pay::totals::{Total, Totals};
use meed_compiler::plan::VersionId;
use std::io;

impl RuleLines<'_> {
    /// Writes all lines and their slices, and their sums but for the last.
    pub fn write(&self, sinks: &mut Sinks<'_>, totals: &mut Totals<'_>) -> io::Result<()> {
        self.write_places(&self.order(), sinks, totals)
    }

    /// Writes lines as long as they fill a batch, and says which rows the others, in order, are for.
    pub fn write_batches(&self, sinks: &mut Sinks<'_>, totals: &mut Totals<'_>) -> io::Result<Vec<u32>> {
        let order = self.order();
        let (full, rest) = order.split_at(order.len() - order.len() % BATCH);
        self.write_places(full, sinks, totals)?;
        Ok(rest.iter().map(|&place| self.root_at(place)).collect())
    }

    fn write_places(&self, places: &[u32], sinks: &mut Sinks<'_>, totals: &mut Totals<'_>) -> io::Result<()> {
        let periods = Periods::new(&self.context);
        for places in places.chunks(BATCH) {
            let lines = LineColumns::gather(self, places);
            let numbers = periods.numbers(&lines);
            let batch = LineBatch { rule: self, lines: &lines, periods: &periods, numbers: &numbers };
            if let Some(payments) = &mut sinks.payments {
                payments.take(batch.payments())?;
            }
            for (line, number) in numbers.iter().enumerate() {
                let period = periods.booked_of(lines.booked.get(line), *number);
                totals.add(lines.payee(line), period, lines.units.get(line), lines.amounts[line]);
            }
            if totals.rows.len() >= BATCH {
                self.write_totals(&periods, sinks, totals)?;
            }
            if let Some((slices, sink)) = &mut sinks.slices {
                let of_lines = places.iter().map(|&place| self.located(place));
                let of_lines: Vec<(VersionId, usize)> =
                    of_lines.map(|(version, idx)| (self.versions[version as usize].id, idx)).collect();
                let repeats = slices.repeats(of_lines.iter().copied());
                sink.take(SliceBatch { of: batch, of_lines, repeats, slices }.slices())?;
            }
        }
        Ok(())
    }

    /// Writes the sums that are left when all lines are written.
    pub fn end(&self, sinks: &mut Sinks<'_>, totals: &mut Totals<'_>) -> io::Result<()> {
        totals.end();
        self.write_totals(&Periods::new(&self.context), sinks, totals)
    }

    fn write_totals(&self, periods: &Periods<'_>, sinks: &mut Sinks<'_>, totals: &mut Totals<'_>) -> io::Result<()> {
        let rows = std::mem::take(&mut totals.rows);
        match &mut sinks.totals {
            Some(totals) => totals.take(TotalBatch { rule: self, periods, totals: &rows }.totals()),
            None => Ok(()),
        }
    }

    /// Writes sums of all lines.
    pub fn write_sums(&self, sums: &[Total], sinks: &mut Sinks<'_>) -> io::Result<()> {
        let periods = Periods::new(&self.context);
        let Some(sink) = &mut sinks.totals else { return Ok(()) };
        for totals in sums.chunks(BATCH) {
            sink.take(TotalBatch { rule: self, periods: &periods, totals }.totals())?;
        }
        Ok(())
    }
}
