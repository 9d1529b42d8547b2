//! Whole amounts divided into parts that add up to them, to the last smallest unit.

use super::{Exact, RoundingMode, round};
use crate::internal::broken;
use dashu_int::{IBig, UBig};
pub use meed_grammar::tree::Spare;

/// Decimals of the weights of [`halved`].
const WEIGHT_DECIMALS: usize = 18;

/// A share of an amount in smallest units, not below zero: any fraction, or a [`Portion`] where all shares of the amount are.
pub trait Claimed: Clone + Ord {
    /// So many whole units as it holds.
    fn units(&self) -> u64;
    /// What is left of it without so many units, which it holds.
    fn without(&self, units: u64) -> Self;
    /// What is left of it without another, which is not more.
    fn less(&self, other: &Self) -> Self;
    /// As a fraction.
    fn exact(&self) -> Exact;
}

impl Claimed for Exact {
    fn units(&self) -> u64 {
        u64::try_from(round(self, RoundingMode::Downward))
            .unwrap_or_else(|_| broken("a claim on a split that is no amount"))
    }

    fn without(&self, units: u64) -> Self {
        self - Self::from(units)
    }

    fn less(&self, other: &Self) -> Self {
        self - other
    }

    fn exact(&self) -> Exact {
        self.clone()
    }
}

/// So many portions of a unit, of which all shares of one amount have the same number in a unit.
///
/// It is what shares mostly are, percents of cents, and is reckoned in whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Portion {
    number: u128,
    in_unit: u128,
}

impl Portion {
    /// So many of the portions, of which there are `in_unit` in a unit.
    pub const fn new(number: u128, in_unit: u128) -> Self {
        Self { number, in_unit }
    }
}

impl Claimed for Portion {
    fn units(&self) -> u64 {
        u64::try_from(self.number / self.in_unit).unwrap_or_else(|_| broken("a claim on a split that is no amount"))
    }

    fn without(&self, units: u64) -> Self {
        Self { number: self.number - u128::from(units) * self.in_unit, ..*self }
    }

    fn less(&self, other: &Self) -> Self {
        Self { number: self.number - other.number, ..*self }
    }

    fn exact(&self) -> Exact {
        Exact::from(self.number) / Exact::from(self.in_unit)
    }
}

/// A part of an amount, before it is cut down to smallest units.
#[derive(Clone, Debug)]
pub struct Claim<S> {
    /// Its exact share.
    pub share: S,
    /// What it may be at most.
    pub most: Option<u64>,
    /// Of equal claims the one with the smaller number comes first, then the one that stands first.
    pub rank: u64,
}

/// An amount in so many equal parts; the units that are left go to the first ones, and the parts of `-x` are minus those of `x`.
///
/// ```
/// use meed_compiler::value::division::equal_parts;
/// assert_eq!(equal_parts(10, 4).collect::<Vec<_>>(), [3, 3, 2, 2]);
/// assert_eq!(equal_parts(-2, 4).collect::<Vec<_>>(), [-1, -1, 0, 0]);
/// ```
pub fn equal_parts(whole: i64, number: u32) -> impl Iterator<Item = i64> {
    let (each, spare) = (whole / i64::from(number), whole % i64::from(number));
    (0..i64::from(number)).map(move |place| if place < spare.abs() { each + spare.signum() } else { each })
}

/// Divides `whole` smallest units among claims whose shares add up to it: each gets its share cut down, and the units that this leaves
/// go to one claim each, in the order that `spare` says. A claim of nothing gets nothing, and none gets more than it may.
///
/// This is the largest remainder method (Hamilton's) where `spare` is the largest fraction.
///
/// ```
/// use meed_compiler::value::{Exact, division::{Claim, Spare, divide}, fraction};
/// let claim = |share: Exact| Claim { share, most: None, rank: 0 };
/// let claims = [fraction(1003, 2), fraction(3009, 10), fraction(1003, 5)].map(claim);
/// assert_eq!(divide(1003, &claims, Spare::LargestFraction), [501, 301, 201]);
/// assert_eq!(divide(1003, &claims, Spare::ListedOrder), [502, 301, 200]);
/// ```
pub fn divide<S: Claimed>(whole: u64, claims: &[Claim<S>], spare: Spare) -> Vec<u64> {
    let mut parts: Vec<u64> = claims.iter().map(|claim| claim.share.units()).collect();
    let given: u64 = parts.iter().sum();
    let n_spare = whole.saturating_sub(given) as usize;
    if n_spare == 0 {
        return parts;
    }
    let may_have_more = |idx: &usize| {
        let Claim { share, most, .. } = &claims[*idx];
        *share > share.less(share) && most.is_none_or(|most| parts[*idx] < most)
    };
    let mut order: Vec<usize> = (0..claims.len()).filter(may_have_more).collect();
    let fraction = |idx: usize| claims[idx].share.without(parts[idx]);
    let by_rank = |a: usize, b: usize| claims[a].rank.cmp(&claims[b].rank);
    match spare {
        Spare::ListedOrder => {}
        Spare::LargestShare => {
            order.sort_by(|&a, &b| claims[b].share.cmp(&claims[a].share).then_with(|| by_rank(a, b)));
        }
        Spare::LargestFraction => {
            let fractions: Vec<S> = (0..claims.len()).map(fraction).collect();
            order.sort_by(|&a, &b| fractions[b].cmp(&fractions[a]).then_with(|| by_rank(a, b)));
        }
    }
    order.into_iter().take(n_spare).for_each(|idx| parts[idx] += 1);
    parts
}

/// What a weight of one has become after so many days, where it is halved every `half_life` days: `2^(-days / half_life)`, to 18
/// decimals, half even. Below zero days it is more than one.
///
/// ```
/// use meed_compiler::value::{division::halved, fraction};
/// assert_eq!(halved(30, 30), fraction(1, 2));
/// assert_eq!(halved(-60, 30), fraction(4, 1));
/// ```
pub fn halved(days: i32, half_life: u32) -> Exact {
    let n = i64::from(half_life.max(1));
    // A weight of less than half of the last decimal is nothing, as 2^60 is more than 10^18.
    if i64::from(days) > 62 * n {
        return Exact::ZERO;
    }
    let (halvings, rest) = (i64::from(days).div_euclid(n), i64::from(days).rem_euclid(n));
    let one = UBig::from(10u8).pow(WEIGHT_DECIMALS);
    let shift = UBig::ONE << halvings.unsigned_abs() as usize;
    let scale = if halvings >= 0 { Exact::from_parts(one.clone().into(), shift) } else { Exact::from(&one * shift) };
    let rounded = |value: Exact| round(&(value * &scale), RoundingMode::HalfEven);
    if rest == 0 {
        return Exact::from_parts(rounded(Exact::ONE), one);
    }
    // The power is irrational: a few bits more always tell on which side of a tie it is.
    let mut n_bits = 128 + halvings.min(0).unsigned_abs() as usize;
    loop {
        let (low, high) = half_to_the(rest.unsigned_abs(), n.unsigned_abs(), n_bits);
        let side = |bits: IBig| rounded(Exact::from_parts(bits, UBig::ONE << n_bits));
        let weight = side(low);
        if weight == side(high) {
            return Exact::from_parts(weight, one);
        }
        n_bits *= 2;
    }
}

/// What `2^(-rest / n)` is between, in so many bits behind the point; `rest` is below `n`. It is the series of `exp(-y)` at
/// `y = rest / n * ln 2`, with `ln 2` as the sum of `1 / (k * 2^k)`.
fn half_to_the(rest: u64, n: u64, n_bits: usize) -> (IBig, IBig) {
    let one = UBig::ONE << n_bits;
    let ln_2: UBig = (1..=n_bits).map(|k| (&one >> k) / UBig::from(k)).sum();
    let y = ln_2 * UBig::from(rest) / UBig::from(n);
    let (mut sum, mut term) = (IBig::from(one.clone()), one);
    for k in 1u32.. {
        term = ((term * &y) >> n_bits) / UBig::from(k);
        if term == UBig::ZERO {
            break;
        }
        let term = IBig::from(term.clone());
        sum = if k % 2 == 1 { sum - term } else { sum + term };
    }
    // Each of the terms of both series is cut, by less than two units.
    let cut = IBig::from(8 * n_bits);
    (&sum - &cut, sum + cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whole numbers of portions are divided as the fractions that they are.
        #[test]
        fn portions_are_divided_as_fractions(
            whole in 0u64..100_000,
            weights in prop::collection::vec((0u64..50, prop::option::of(0u64..60_000), 0u64..3), 1..8),
        ) {
            let sum: u64 = weights.iter().map(|(weight, ..)| weight).sum();
            prop_assume!(sum > 0);
            let of = |weight: u64| u128::from(whole) * u128::from(weight);
            let portions: Vec<Claim<Portion>> = weights
                .iter()
                .map(|&(weight, most, rank)| Claim { share: Portion::new(of(weight), sum.into()), most, rank })
                .collect();
            let fractions: Vec<Claim<Exact>> = portions
                .iter()
                .map(|claim| Claim { share: claim.share.exact(), most: claim.most, rank: claim.rank })
                .collect();
            for spare in [Spare::LargestFraction, Spare::ListedOrder, Spare::LargestShare] {
                prop_assert_eq!(divide(whole, &portions, spare), divide(whole, &fractions, spare));
            }
        }
    }
}
