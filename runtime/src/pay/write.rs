//! Writes the tables of a run, rule by rule.

use crate::engine::result::RunResult;
use crate::output::batch::Sink;
use crate::output::sheet::Sheet;
use crate::pay::columns::{payments_header, slices_header, totals_header};
use crate::pay::credits::{self, credits_header, uncredited_header};
use crate::pay::decisions::{self, decisions_header};
use crate::pay::differences::{self, differences_header};
use crate::pay::held::{self, held_header};
use crate::pay::movements::{self, movements_header};
use crate::pay::paid_rule::PaidRule;
use crate::pay::partition::{self, Room};
use crate::pay::sinks::Sinks;
use crate::pay::slices::Slices;
use crate::store::loaded::Loaded;
use meed_compiler::internal::guarded;
use meed_compiler::plan::Plan;
use std::io;

/// Writes payments, totals and slices, rule by rule.
///
/// # Errors
/// What a sink meets, and a [`meed_compiler::internal::InternalError`] inside of the error.
pub fn write(plan: &Plan, loaded: &Loaded, result: &RunResult, sinks: &mut Sinks<'_>) -> io::Result<()> {
    guarded(|| write_lines(plan, loaded, result, sinks)).map_err(io::Error::other)?
}

fn write_lines(plan: &Plan, loaded: &Loaded, result: &RunResult, sinks: &mut Sinks<'_>) -> io::Result<()> {
    let mut room = Room::new();
    for rule in &plan.rules {
        let Some(paid) = PaidRule::new(plan, rule, loaded, result, false) else { continue };
        if sinks.slices.is_some() && paid.n_pages > 1 {
            return Err(io::Error::other("parts of lines are written only where all rows are held in memory"));
        }
        if !result.is_paid_otherwise() {
            partition::write(&paid, sinks, &mut room)?;
            continue;
        }
        // What was booked are differences; parts are those of what the rows come to on the run's day.
        let parts = sinks.slices.take();
        partition::write(&paid, sinks, &mut room)?;
        if let Some((slices, sink)) = parts {
            let mut own = Sinks { slices: Some((slices, &mut *sink)), ..Sinks::default() };
            if let Some(computed) = PaidRule::new(plan, rule, loaded, result, true) {
                partition::write(&computed, &mut own, &mut room)?;
            }
            sinks.slices = Some((slices, sink));
        }
    }
    if let Some(payments) = &mut sinks.payments {
        payments.finish()?;
    }
    if let Some(totals) = &mut sinks.totals {
        totals.finish()?;
    }
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
        let mut rules = plan.rules.iter();
        rules.try_for_each(|rule| decisions::write(plan, &rule.name, &rule.versions, loaded, result, sink))
    });
    written.map_err(io::Error::other)??;
    sink.finish()
}

/// Writes one row for each row found by a split.
///
/// # Errors
/// What the sink meets.
pub fn write_credits(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    guarded(|| credits::write_credits(plan, loaded, result, sink)).map_err(io::Error::other)??;
    sink.finish()
}

/// Writes one row for each part of a split that nobody gets.
///
/// # Errors
/// What the sink meets.
pub fn write_uncredited(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    guarded(|| credits::write_uncredited(plan, loaded, result, sink)).map_err(io::Error::other)??;
    sink.finish()
}

/// Writes one row for each sum of an earlier period that a close changed.
///
/// # Errors
/// What the sink meets.
pub fn write_differences(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    guarded(|| differences::write_differences(plan, loaded, result, sink)).map_err(io::Error::other)??;
    sink.finish()
}

/// Writes one row for each line that is still held.
///
/// # Errors
/// What the sink meets.
pub fn write_held(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    guarded(|| held::write_held(plan, loaded, result, sink)).map_err(io::Error::other)??;
    sink.finish()
}

/// Writes one row for each change of a balance.
///
/// # Errors
/// What the sink meets.
pub fn write_movements(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    guarded(|| movements::write_movements(plan, loaded, result, sink)).map_err(io::Error::other)??;
    sink.finish()
}

/// The payments as text.
///
/// # Errors
/// When lines cannot be read back.
pub fn payments(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(payments_header(plan, result));
    write(plan, loaded, result, &mut Sinks { payments: Some(&mut sheet), ..Sinks::default() })?;
    Ok(sheet)
}

/// The totals as text.
///
/// # Errors
/// When lines cannot be read back.
pub fn totals(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(totals_header(plan));
    write(plan, loaded, result, &mut Sinks { totals: Some(&mut sheet), ..Sinks::default() })?;
    Ok(sheet)
}

/// The slices that a run kept, as text.
///
/// # Errors
/// When lines cannot be read back.
pub fn slices(plan: &Plan, loaded: &Loaded, result: &RunResult, slices: &Slices) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(slices_header());
    let sinks = &mut Sinks { slices: Some((slices, &mut sheet)), ..Sinks::default() };
    write(plan, loaded, result, sinks)?;
    Ok(sheet)
}

/// The credits as text; nothing where no rule divides among rows found.
///
/// # Errors
/// When credits cannot be read back.
pub fn credits(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(credits_header(plan).unwrap_or_default());
    write_credits(plan, loaded, result, &mut sheet)?;
    Ok(sheet)
}

/// What is uncredited, as text; nothing where no rule divides anything.
///
/// # Errors
/// When it cannot be read back.
pub fn uncredited(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(uncredited_header(plan).unwrap_or_default());
    write_uncredited(plan, loaded, result, &mut sheet)?;
    Ok(sheet)
}

/// The differences as text; nothing where the program is not settled at the ends of periods.
///
/// # Errors
/// When they cannot be read back.
pub fn differences(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(differences_header(plan).unwrap_or_default());
    write_differences(plan, loaded, result, &mut sheet)?;
    Ok(sheet)
}

/// The lines that are still held, as text; nothing where no rule holds any.
///
/// # Errors
/// When they cannot be read back.
pub fn held(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(held_header(plan).unwrap_or_default());
    write_held(plan, loaded, result, &mut sheet)?;
    Ok(sheet)
}

/// The movements of balances, as text; nothing where the program has none.
///
/// # Errors
/// What cannot be written.
pub fn movements(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(movements_header(plan).unwrap_or_default());
    write_movements(plan, loaded, result, &mut sheet)?;
    Ok(sheet)
}

/// The decisions as text.
///
/// # Errors
/// When decisions cannot be read back.
pub fn decisions(plan: &Plan, loaded: &Loaded, result: &RunResult) -> io::Result<Sheet> {
    let mut sheet = Sheet::new(decisions_header());
    write_decisions(plan, loaded, result, &mut sheet)?;
    Ok(sheet)
}
