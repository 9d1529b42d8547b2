//! Lines as tables: payments, totals, slices and decisions, in one order whatever the order of the input.
//!
//! Rows stand by rule as written, then by payee, period, `when` and key. Lines arise in the order of `when` and key, so
//! that a counting sort by payee is all that is missing.

mod bundles;
mod decisions;
mod family;
mod slices;

pub use slices::Slices;

use crate::engine::{RunResult, root_of};
use crate::load::{Loaded, Windows};
use crate::table::{Batch, Header, Kind, Sheet, Sink};
use bundles::OnDisk;
use family::{Family, Totals, families};
use meed_compiler::internal::guarded;
use meed_compiler::plan::{Plan, RecordId, RuleId};
use std::io;

/// Rows made at a time.
const BATCH: usize = 16_384;

/// Where the tables of a run go.
pub struct Sinks<'a> {
    /// One row for each payment line.
    pub payments: &'a mut dyn Sink,
    /// Sums of the payments by rule, payee and period; sums of zero are left out.
    pub totals: &'a mut dyn Sink,
    /// One row for each part of a line, where a run gathered them.
    pub slices: Option<(&'a Slices, &'a mut dyn Sink)>,
}

/// The columns of the payments of a run.
pub fn payments_header(plan: &Plan, result: &RunResult) -> Header {
    let wide = result.lines.iter().any(|lines| lines.largest() >= 10u64.pow(18));
    let amount = Kind::Amount { decimals: plan.unit.decimals, digits: if wide { 19 } else { 18 } };
    vec![
        ("rule", Kind::Word),
        ("version", Kind::Whole),
        ("payee_kind", Kind::Word),
        ("payee", Kind::Text),
        ("unit", Kind::Word),
        ("amount", amount),
        ("event", Kind::Word),
        ("key", Kind::Text),
        ("when", Kind::Day),
        ("period", Kind::Word),
        ("due", Kind::Day),
        ("accrual", Kind::Word),
    ]
}

/// The columns of the totals of a run.
pub fn totals_header(plan: &Plan) -> Header {
    vec![
        ("rule", Kind::Word),
        ("payee_kind", Kind::Word),
        ("payee", Kind::Text),
        ("unit", Kind::Word),
        ("period", Kind::Word),
        ("amount", Kind::Amount { decimals: plan.unit.decimals, digits: 38 }),
    ]
}

/// The columns of the slices of a run.
pub fn slices_header() -> Header {
    let columns = [
        ("rule", Kind::Word),
        ("payee", Kind::Text),
        ("period", Kind::Word),
        ("event", Kind::Word),
        ("key", Kind::Text),
        ("slice", Kind::Text),
        ("quantity", Kind::Text),
        ("rate", Kind::Text),
        ("amount", Kind::Text),
    ];
    columns.to_vec()
}

/// The columns of the decisions of a run.
pub fn decisions_header() -> Header {
    let columns = [
        ("rule", Kind::Word),
        ("version", Kind::Whole),
        ("of", Kind::Word),
        ("key", Kind::Text),
        ("period", Kind::Word),
        ("name", Kind::Word),
        ("value", Kind::Text),
    ];
    columns.to_vec()
}

/// Writes payments, totals and slices, rule by rule.
///
/// # Errors
/// What a sink meets, and a [`meed_compiler::internal::InternalError`] inside of the error.
pub fn write(plan: &Plan, loaded: &Loaded, result: &RunResult, sinks: &mut Sinks<'_>) -> io::Result<()> {
    guarded(|| write_lines(plan, loaded, result, sinks)).map_err(io::Error::other)?
}

fn write_lines(plan: &Plan, loaded: &Loaded, result: &RunResult, sinks: &mut Sinks<'_>) -> io::Result<()> {
    for (name, versions) in families(plan) {
        if let Some(rule) = OnDisk::new(plan, name, &versions, loaded, result) {
            if sinks.slices.is_some() {
                return Err(io::Error::other("parts of lines are written only where all rows are held in memory"));
            }
            rule.write(sinks)?;
        } else if let Some(family) = Family::held(plan, name, &versions, loaded, result) {
            let mut totals = Totals::default();
            family.write(sinks, &mut totals)?;
            family.end(sinks, &mut totals)?;
        }
    }
    sinks.payments.finish()?;
    sinks.totals.finish()?;
    match &mut sinks.slices {
        Some((_, sink)) => sink.finish(),
        None => Ok(()),
    }
}

/// Writes one row for each decision that was taken.
///
/// # Errors
/// What the sink meets.
pub fn write_decisions(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    let written = guarded(|| {
        let mut families = families(plan).into_iter();
        families.try_for_each(|(name, versions)| decisions::write(plan, name, &versions, loaded, result, sink))
    });
    written.map_err(io::Error::other)??;
    sink.finish()
}

/// The event behind the lines of a rule, and its windows, where it lies on the disk.
fn on_disk<'a>(plan: &Plan, id: RuleId, loaded: &'a Loaded) -> Option<(RecordId, &'a Windows)> {
    let root = root_of(plan, &plan.rule(id).stream)?;
    Some((root, loaded.windows[root.index()].as_ref()?))
}

/// The payments as text.
///
/// # Errors
/// When rows that wait on the disk cannot be read.
pub fn payments(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(payments_header(plan, result));
    write(plan, loaded, result, &mut Sinks { payments: &mut sheet, totals: &mut Nowhere, slices: None })?;
    Ok(sheet)
}

/// The totals as text.
///
/// # Errors
/// When rows that wait on the disk cannot be read.
pub fn totals(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(totals_header(plan));
    write(plan, loaded, result, &mut Sinks { payments: &mut Nowhere, totals: &mut sheet, slices: None })?;
    Ok(sheet)
}

/// The slices that a run gathered, as text.
///
/// # Errors
/// When rows that wait on the disk cannot be read.
pub fn slices(plan: &Plan, loaded: &Loaded, result: &RunResult, slices: &Slices) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(slices_header());
    let sinks = &mut Sinks { payments: &mut Nowhere, totals: &mut Nowhere, slices: Some((slices, &mut sheet)) };
    write(plan, loaded, result, sinks)?;
    Ok(sheet)
}

/// The decisions as text.
///
/// # Errors
/// When rows that wait on the disk cannot be read.
pub fn decisions(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(decisions_header());
    write_decisions(plan, loaded, result, &mut sheet)?;
    Ok(sheet)
}

/// A table that nobody wants.
struct Nowhere;

impl Sink for Nowhere {
    fn take(&mut self, _: &Batch) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
