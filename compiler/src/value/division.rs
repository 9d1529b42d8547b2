//! Whole amounts divided into parts that add up to them, to the last smallest unit.

use super::{Exact, RoundingMode, Whole, round};
use dashu_int::{IBig, UBig};
pub use meed_grammar::tree::Spare;

/// Decimals of the weights of [`halved`].
const WEIGHT_DECIMALS: usize = 18;

/// A part of an amount, before it is cut down to smallest units.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its exact share in smallest units, not below zero.
    pub share: Exact,
    /// What it may be at most.
    pub most: Option<u64>,
    /// Of equal claims the one with the smaller number comes first, then the one that stands first.
    pub rank: u64,
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
pub fn divide(whole: u64, claims: &[Claim], spare: Spare) -> Vec<u64> {
    let cut = |claim: &Claim| u64::try_from(round(&claim.share, RoundingMode::Downward)).unwrap_or(0);
    let mut parts: Vec<u64> = claims.iter().map(cut).collect();
    let given: u64 = parts.iter().sum();
    let n_spare = whole.saturating_sub(given) as usize;
    if n_spare == 0 {
        return parts;
    }
    let may_have_more = |idx: &usize| {
        let Claim { share, most, .. } = &claims[*idx];
        *share > Exact::ZERO && most.is_none_or(|most| parts[*idx] < most)
    };
    let mut order: Vec<usize> = (0..claims.len()).filter(may_have_more).collect();
    let fraction = |idx: usize| &claims[idx].share - Exact::from(Whole::from(parts[idx]));
    let by_rank = |a: usize, b: usize| claims[a].rank.cmp(&claims[b].rank);
    match spare {
        Spare::ListedOrder => {}
        Spare::LargestShare => {
            order.sort_by(|&a, &b| claims[b].share.cmp(&claims[a].share).then_with(|| by_rank(a, b)));
        }
        Spare::LargestFraction => {
            let fractions: Vec<Exact> = (0..claims.len()).map(fraction).collect();
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
    let one = UBig::from(10u8).pow(WEIGHT_DECIMALS);
    let n = half_life.max(1) as usize;
    // A weight of less than half of the last decimal is nothing, as 2^60 is more than 10^18.
    if i64::from(days) > 62 * n as i64 {
        return Exact::ZERO;
    }
    // The root of ten times as fine a number, so that which way to round shows; the power is never a tie but where it is exact.
    let fine = &one * UBig::from(10u8);
    let power = fine.pow(n);
    let shift = days.unsigned_abs() as usize;
    let scaled = if days >= 0 { &power >> shift } else { &power << shift };
    let root = scaled.nth_root(n);
    let exact = root.pow(n) == scaled && (days < 0 || &scaled << shift == power);
    // Below a unit of the fine root there is more, which decides at a five that is no tie.
    let twice = IBig::from(root) * 2 + IBig::from(u8::from(!exact));
    let weight = round(&Exact::from_parts(twice, UBig::from(20u8)), RoundingMode::HalfEven);
    Exact::from_parts(weight, one)
}
