//! Lines as tables: payments, totals, slices and decisions, in one order whatever the order of the input.
//!
//! What a run gives comes in; batches of rows go to sinks. Rows are in order by rule as written, then by payee, period, `when` and
//! key. Lines arise in the order of `when` and key, so that a counting sort by payee is all that is missing; lines of many
//! pages are partitioned by payee first. No table is ever built whole. What the columns of a table are is told in
//! [`columns`] alone.

pub(crate) mod account;
mod batches;
pub(crate) mod columns;
pub(crate) mod credits;
pub(crate) mod decisions;
pub(crate) mod differences;
pub(crate) mod held;
mod line_columns;
pub(crate) mod movements;
mod page;
mod page_lines;
mod paid_rule;
mod partition;
pub(crate) mod payees;
mod periods;
mod ranges;
pub(crate) mod sinks;
pub(crate) mod slices;
mod sums;
mod totals;
pub(crate) mod write;
