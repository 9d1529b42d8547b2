//! Where the tables of a run go.

use crate::output::batch::Sink;
use crate::pay::payees::PayeeSums;
use crate::pay::slices::Slices;

/// Rows made at a time.
pub(crate) const BATCH: usize = 16_384;

/// Where the tables of a run go.
#[derive(Default)]
pub struct Sinks<'a> {
    /// One row for each payment line, where they are wanted.
    pub payments: Option<&'a mut dyn Sink>,
    /// Sums of the payments by rule, payee and period, where they are wanted; sums of zero are left out.
    pub totals: Option<&'a mut dyn Sink>,
    /// What each payee is paid over all rules, where it is wanted.
    pub payees: Option<&'a mut PayeeSums>,
    /// One row for each slice of a line, where a run kept them.
    pub slices: Option<(&'a Slices, &'a mut dyn Sink)>,
}

impl Sinks<'_> {
    /// Whether nothing is wanted of single lines.
    pub(super) fn wants_totals_only(&self) -> bool {
        self.payments.is_none() && self.slices.is_none()
    }
}
