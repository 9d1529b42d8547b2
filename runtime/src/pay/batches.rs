//! The lines of a rule go to sinks batch by batch, and their sums with them.

use crate::pay::columns::{LineBatch, SliceBatch, TotalBatch};
use crate::pay::periods::Periods;
use crate::pay::rule_lines::{LineRef, RuleLines};
use crate::pay::sinks::{BATCH, Sinks};
use crate::pay::totals::Totals;
use std::io;

impl RuleLines<'_> {
    /// Writes all lines and their slices, and their sums but for the last.
    pub fn write(&self, sinks: &mut Sinks<'_>, totals: &mut Totals<'_>) -> io::Result<()> {
        self.write_places(&self.order, sinks, totals)
    }

    /// Writes lines as long as they fill a batch, and says which rows the others, in order, are for.
    pub fn write_batches(&self, sinks: &mut Sinks<'_>, totals: &mut Totals<'_>) -> io::Result<Vec<u32>> {
        let (full, rest) = self.order.split_at(self.order.len() - self.order.len() % BATCH);
        self.write_places(full, sinks, totals)?;
        Ok(rest.iter().map(|&place| self.at(place).root).collect())
    }

    fn write_places(&self, places: &[u32], sinks: &mut Sinks<'_>, totals: &mut Totals<'_>) -> io::Result<()> {
        let periods = Periods::new(&self.context);
        for places in places.chunks(BATCH) {
            let lines: Vec<LineRef<'_>> = places.iter().map(|&place| self.at(place)).collect();
            let numbers: Vec<i32> = lines.iter().map(|line| periods.number(line)).collect();
            let batch = LineBatch { rule: self, lines: &lines, periods: &periods, numbers: &numbers };
            sinks.payments.take(&batch.payments())?;
            for (line, number) in lines.iter().zip(&numbers) {
                totals.add(line, periods.booked_of(line, *number));
            }
            if totals.rows.len() >= BATCH {
                self.write_totals(&periods, sinks, totals)?;
            }
            if let Some((slices, sink)) = &mut sinks.slices {
                let repeats = slices.repeats(lines.iter().map(|line| (line.version.id, line.idx)));
                sink.take(&SliceBatch { of: batch, repeats, slices }.slices())?;
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
        sinks.totals.take(&TotalBatch { rule: self, periods, totals: &rows }.totals())
    }
}
