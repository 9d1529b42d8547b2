//! The lines of a rule go to sinks batch by batch, and their sums with them.

use crate::pay::columns::{LineBatch, SliceBatch, TotalBatch};
use crate::pay::line_columns::LineColumns;
use crate::pay::paid_rule::PaidRule;
use crate::pay::periods::Periods;
use crate::pay::sinks::{BATCH, Sinks};
use crate::pay::totals::{Total, Totals};
use meed_compiler::plan::VersionId;
use std::io;

/// Writes the lines of one rule, which come in the order of output.
pub(super) struct Batches<'a> {
    rule: &'a PaidRule<'a>,
    periods: Periods<'a>,
    totals: Totals<'a>,
    /// Lines that are not a whole batch yet: batches do not depend on how lines come.
    pending: LineColumns,
}

impl<'a> Batches<'a> {
    /// Nothing is written yet.
    pub fn new(rule: &'a PaidRule<'a>) -> Self {
        let (periods, totals) = (Periods::new(rule), Totals::new(rule.plan));
        Self { rule, periods, totals, pending: LineColumns::default() }
    }

    /// Takes lines in this order.
    ///
    /// # Errors
    /// What a sink meets.
    pub fn take(&mut self, lines: &LineColumns, order: &[u32], sinks: &mut Sinks<'_>) -> io::Result<()> {
        let mut rest = order;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(BATCH - self.pending.len()));
            self.pending.append_at(lines, now);
            rest = later;
            if self.pending.len() == BATCH {
                self.write(sinks)?;
            }
        }
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// What a sink meets.
    pub fn end(mut self, sinks: &mut Sinks<'_>) -> io::Result<()> {
        self.write(sinks)?;
        self.totals.end();
        self.write_sums(&self.totals.rows, sinks)
    }

    fn write(&mut self, sinks: &mut Sinks<'_>) -> io::Result<()> {
        let lines = &self.pending;
        let numbers = self.periods.numbers(lines);
        let batch = LineBatch { rule: self.rule, lines, periods: &self.periods, numbers: &numbers };
        if let Some(payments) = &mut sinks.payments {
            payments.take(batch.payments())?;
        }
        for (line, number) in numbers.iter().enumerate() {
            let period = self.periods.booked_of(lines, line, *number);
            self.totals.add(batch.payee(line), period, batch.unit(line), lines.amounts[line]);
        }
        if let Some((slices, sink)) = &mut sinks.slices {
            let versions = (0..lines.len()).map(|line| batch.version(line));
            let of_lines = versions.zip(&lines.numbers).map(|(id, number)| (id, *number as usize));
            let of_lines: Vec<(VersionId, usize)> = of_lines.collect();
            let repeats = slices.repeats(of_lines.iter().copied());
            sink.take(SliceBatch { of: batch, of_lines, repeats, slices }.slices())?;
        }
        self.pending.clear();
        // Batches of totals do not depend on those of lines either.
        let n_full = self.totals.rows.len() - self.totals.rows.len() % BATCH;
        let totals: Vec<Total> = self.totals.rows.drain(..n_full).collect();
        self.write_sums(&totals, sinks)
    }

    /// Writes sums of lines.
    ///
    /// # Errors
    /// What the sink meets.
    pub fn write_sums(&self, totals: &[Total], sinks: &mut Sinks<'_>) -> io::Result<()> {
        if let Some(payees) = &mut sinks.payees {
            payees.add(totals);
        }
        let Some(sink) = &mut sinks.totals else { return Ok(()) };
        let mut batches = totals.chunks(BATCH);
        batches
            .try_for_each(|totals| sink.take(TotalBatch { rule: self.rule, periods: &self.periods, totals }.totals()))
    }
}
