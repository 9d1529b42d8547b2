//! What rows found by a split are credited with, and parts of splits that nobody gets.

use crate::engine::result::RunResult;
use crate::store::error::StoreError;
use crate::store::paged::{ColumnMut, Columns};
use meed_compiler::data::{Output, Rows};
use meed_compiler::plan::VersionId;
use meed_compiler::value::{Exact, Whole};

/// What stands for a payee that is nobody.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Credits of the rows of a page, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct CreditRows {
    /// The row of the event, or of the entity periods, that each comes from in the end.
    pub roots: Vec<u32>,
    /// The place of the row found, from 1.
    pub places: Vec<u32>,
    /// The row found.
    pub found: Vec<u32>,
    /// The payee, or [`NOBODY`].
    pub payees: Vec<u32>,
    /// Smallest units, before limits.
    pub amounts: Vec<i64>,
    /// The unit of each where rows name their own.
    pub units: Vec<u32>,
    shares: Fractions,
    bases: Fractions,
}

/// Fractions of any size, by their bytes.
#[derive(Clone, Debug, Default)]
struct Fractions {
    bytes: Vec<u8>,
    /// Where the numerator and the denominator of each end.
    ends: Vec<i64>,
}

/// Parts of splits that nobody gets, in the order of their rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct UncreditedRows {
    /// The row of the event, or of the entity periods, that each comes from in the end.
    pub roots: Vec<u32>,
    /// The place of the part, from 1; 0 for the whole.
    pub places: Vec<u32>,
    /// Smallest units.
    pub amounts: Vec<i64>,
    /// The unit of each where rows name their own.
    pub units: Vec<u32>,
}

impl Fractions {
    fn push(&mut self, value: &Exact) {
        self.bytes.extend_from_slice(&value.numerator().to_le_bytes());
        self.ends.push(self.bytes.len() as i64);
        self.bytes.extend_from_slice(&Whole::from(value.denominator()).to_le_bytes());
        self.ends.push(self.bytes.len() as i64);
    }

    fn get(&self, idx: usize) -> Exact {
        let end = |idx: usize| self.ends[idx] as usize;
        let from = if idx == 0 { 0 } else { end(2 * idx - 1) };
        let whole = |from: usize, to: usize| Whole::from_le_bytes(&self.bytes[from..to]);
        let numerator = whole(from, end(2 * idx));
        Exact::from(numerator) / Exact::from(whole(end(2 * idx), end(2 * idx + 1)))
    }
}

impl CreditRows {
    /// How many.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// The share of the whole.
    pub fn share(&self, idx: usize) -> Exact {
        self.shares.get(idx)
    }

    /// The share of what the amount is a share of.
    pub fn base(&self, idx: usize) -> Exact {
        self.bases.get(idx)
    }
}

impl Columns for CreditRows {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        let Self { roots, places, found, payees, amounts, units, shares, bases } = self;
        vec![
            ColumnMut::U32(roots),
            ColumnMut::U32(places),
            ColumnMut::U32(found),
            ColumnMut::U32(payees),
            ColumnMut::I64(amounts),
            ColumnMut::U32(units),
            ColumnMut::U8(&mut shares.bytes),
            ColumnMut::I64(&mut shares.ends),
            ColumnMut::U8(&mut bases.bytes),
            ColumnMut::I64(&mut bases.ends),
        ]
    }
}

impl Columns for UncreditedRows {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        let Self { roots, places, amounts, units } = self;
        vec![ColumnMut::U32(roots), ColumnMut::U32(places), ColumnMut::I64(amounts), ColumnMut::U32(units)]
    }
}

impl RunResult {
    /// Keeps the credits of a page, and what is uncredited in it, and empties both in the output.
    /// `units` are by row, where rows name their own.
    pub(super) fn keep_credits(
        &mut self,
        id: VersionId,
        output: &mut Output,
        rows: &Rows,
        units: Option<&[u32]>,
    ) -> Result<(), StoreError> {
        let unit = |row: u32| units.map(|units| units[row as usize]);
        let root = |row: u32| match rows {
            Rows::Payments(payments) => payments.root[row as usize],
            Rows::Events { .. } | Rows::ByDate(_) | Rows::EntityPeriods(_) => row,
        };
        let mut credits = CreditRows::default();
        for credit in output.credits.drain(..) {
            credits.roots.push(root(credit.row));
            credits.places.push(credit.place);
            credits.found.push(credit.found);
            credits.payees.push(credit.payee.unwrap_or(NOBODY));
            credits.amounts.push(credit.amount);
            credits.units.extend(unit(credit.row));
            credits.shares.push(&credit.share);
            credits.bases.push(&credit.base);
        }
        let mut uncredited = UncreditedRows::default();
        for part in output.uncredited.drain(..) {
            uncredited.roots.push(root(part.row));
            uncredited.places.push(part.place);
            uncredited.amounts.push(part.amount);
            uncredited.units.extend(unit(part.row));
        }
        self.n_uncredited[id.index()] += uncredited.roots.len() as u64;
        self.credits[id.index()].push(credits)?;
        self.uncredited[id.index()].push(uncredited)
    }
}
