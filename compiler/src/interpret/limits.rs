//! Limits: what is left of a line.

use super::eval::Row;
use super::{Fault, too_large};
use crate::data::Data;
use crate::internal::broken;
use crate::plan::{Limit, Most, Type, UnitId};
use crate::value::{Exact, RoundingMode, Whole, fraction, round, round_quotient};

/// What a limit leaves of a line, and what was counted under it before the line and after it.
pub(super) type Left = (i128, Option<(i128, i128)>);

/// What a limit over several rules leaves of a line, with what was counted before the line and after it; none where the sum is too large.
/// `counted` is what is remembered under its key.
pub fn left_by(most: Most, counted: &mut i128, amount: i128) -> Option<(i128, (i128, i128))> {
    match most {
        Most::Amount(bound) => at_most(counted, amount, i128::from(bound)),
        Most::Payments(bound) => Some(payments(counted, amount, i128::from(bound))),
        Most::InProportion(_) => broken("a share of a sum that is not known"),
    }
}

/// The share of a line where all of them, together `all`, are more than `most`: the change of round(most / all * Σ). With what was shared
/// out before the line and after it; none where the sum is too large.
pub fn share_of(
    most: i64,
    all: i128,
    mode: RoundingMode,
    counted: &mut i128,
    amount: i128,
) -> Option<(i128, (i128, i128))> {
    let before = *counted;
    *counted = before.checked_add(amount)?;
    if all <= i128::from(most) {
        return Some((amount, (before, *counted)));
    }
    let out = |sum: i128| match sum.checked_mul(i128::from(most)) {
        Some(product) => Some(round_quotient(product, all, mode)),
        None => i128::try_from(round(&(Exact::from(sum) * fraction(i128::from(most), all)), mode)).ok(),
    };
    let (old, new) = (out(before)?, out(*counted)?);
    Some((new.checked_sub(old)?, (old, new)))
}

/// The change of min(Σ, M).
fn at_most(counted: &mut i128, amount: i128, bound: i128) -> Option<(i128, (i128, i128))> {
    let before = *counted;
    *counted = before.checked_add(amount)?;
    let left = (*counted).min(bound).checked_sub(before.min(bound))?;
    Some((left, (before.min(bound), (*counted).min(bound))))
}

/// Nothing of a line above zero once so many were counted.
fn payments(counted: &mut i128, amount: i128, bound: i128) -> (i128, (i128, i128)) {
    let before = *counted;
    if amount <= 0 {
        return (amount, (before, before));
    }
    if before >= bound {
        return (0, (before, before));
    }
    *counted = before + 1;
    (amount, (before, *counted))
}

impl Row<'_> {
    /// The unit of an amount of this row. Where the currency is missing there is no amount.
    pub(super) fn unit_of_row(&self, unit: UnitId, data: &Data) -> Result<UnitId, Fault> {
        let Some(by_row) = &self.plan.unit(unit).by_row else { return Ok(unit) };
        Ok(match self.eval(&by_row.currency, data)? {
            super::eval::Value::Code(place) => by_row.units[place as usize],
            _ => unit,
        })
    }

    /// M of a limit in smallest units of what is paid, or how many payments.
    pub(super) fn bound(&self, limit: &Limit, data: &Data) -> Result<i128, Fault> {
        let expr = limit.bound();
        let Some(bound) = self.eval(expr, data)?.number() else { broken("a limit without an amount") };
        let (mode, per_one) = match (limit, expr.ty) {
            (Limit::Payments { .. }, _) => (RoundingMode::TowardZero, 1),
            (Limit::AtLeast { .. }, Type::Money(unit)) => (RoundingMode::AwayFromZero, self.per_one(unit, data)?),
            (Limit::PerPayment(_) | Limit::AtMost { .. }, Type::Money(unit)) => {
                (RoundingMode::TowardZero, self.per_one(unit, data)?)
            }
            (..) => broken("a limit that is no amount"),
        };
        let bound: Whole = round(&(bound * Exact::from(per_one)), mode);
        i128::try_from(bound).ok().ok_or(too_large("a limit", expr.span))
    }

    /// How many smallest units one of a unit has.
    pub(super) fn per_one(&self, unit: UnitId, data: &Data) -> Result<i64, Fault> {
        Ok(self.plan.unit(self.unit_of_row(unit, data)?).per_one())
    }

    /// What a limit leaves of an amount; `counted` is what is remembered under its key, and `bound` its M.
    pub(super) fn limited(
        &self,
        limit: &Limit,
        amount: i128,
        bound: i128,
        counted: Option<&mut i128>,
    ) -> Result<Left, Fault> {
        let overflow = || too_large("the sum under a limit", limit.bound().span);
        let Some(counted) = counted else {
            let bound = bound.checked_abs().ok_or_else(overflow)?;
            return Ok((amount.clamp(-bound, bound), None));
        };
        let before = *counted;
        Ok(match limit {
            Limit::PerPayment(_) => broken("a limit of one payment that remembers"),
            Limit::AtMost { .. } => {
                let (left, room) = at_most(counted, amount, bound).ok_or_else(overflow)?;
                (left, Some(room))
            }
            Limit::Payments { .. } => {
                let (left, room) = payments(counted, amount, bound);
                (left, Some(room))
            }
            Limit::AtLeast { period, .. } => {
                let sum = before.checked_add(amount).ok_or_else(overflow)?;
                let add =
                    if self.period_ends(*period) { bound.checked_sub(sum).ok_or_else(overflow)?.max(0) } else { 0 };
                *counted = sum.checked_add(add).ok_or_else(overflow)?;
                (amount.checked_add(add).ok_or_else(overflow)?, Some((before, sum + add)))
            }
        })
    }
}
