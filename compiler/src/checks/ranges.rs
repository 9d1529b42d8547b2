//! Sets of values, as ranges of exact numbers: what a condition leaves of the values of one field.

use crate::plan::Comparison;
use crate::value::Exact;
use meed_grammar::limits;
use meed_grammar::steps;

/// One end of a range: none is without end, and whether the value itself is in.
type End = Option<(Exact, bool)>;

/// Values between two ends.
#[derive(Clone, Debug, PartialEq)]
struct Range {
    low: End,
    high: End,
}

/// Ranges in no order; a value is in if any of them has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ranges(Vec<Range>);

/// Ranges of one field beyond which conditions are not followed any more: every pair of them is looked at. The longest
/// list of a `one of` is followed.
const FOLLOWED: usize = limits::CHOICES;

impl Ranges {
    /// The values that compare so with `bound`.
    pub fn compared(comparison: Comparison, bound: &Exact) -> Self {
        let end = |included| Some((bound.clone(), included));
        let (below, above) =
            (|included| Range { low: None, high: end(included) }, |included| Range { low: end(included), high: None });
        Self(match comparison {
            Comparison::Equal => vec![Range { low: end(true), high: end(true) }],
            Comparison::NotEqual => vec![below(false), above(false)],
            Comparison::Less => vec![below(false)],
            Comparison::LessOrEqual => vec![below(true)],
            Comparison::Greater => vec![above(false)],
            Comparison::GreaterOrEqual => vec![above(true)],
        })
    }

    /// The values from `low` to `high`, both in.
    pub fn between(low: Exact, high: Exact) -> Self {
        Self(vec![Range { low: Some((low, true)), high: Some((high, true)) }])
    }

    /// The places of a list of so many values.
    pub fn places(n_values: usize) -> Self {
        Self((0..n_values).map(Exact::from).flat_map(|place| Self::between(place.clone(), place).0).collect())
    }

    /// The values that are in both.
    pub fn and(&self, other: &Self) -> Self {
        steps::count(self.0.len() * other.0.len());
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(move |two| one.and(two)));
        Self(pairs.filter(|range| !range.is_empty()).collect())
    }

    /// Leaves the values that are in both. Where these are scattered over more ranges than are followed, all may be left:
    /// a warning must be certain.
    pub fn narrow(&mut self, other: &Self) {
        *self = if self.0.len() > FOLLOWED || other.0.len() > FOLLOWED { Self::all() } else { self.and(other) };
    }

    /// Every value.
    pub fn all() -> Self {
        Self(vec![Range { low: None, high: None }])
    }

    /// The values that are in one of them.
    pub fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether no value is in.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Range::is_empty)
    }
}

impl Range {
    fn and(&self, other: &Self) -> Self {
        Self { low: tighter(&self.low, &other.low, |a, b| a > b), high: tighter(&self.high, &other.high, |a, b| a < b) }
    }

    fn is_empty(&self) -> bool {
        match (&self.low, &self.high) {
            (Some((low, low_in)), Some((high, high_in))) => low > high || (low == high && !(*low_in && *high_in)),
            _ => false,
        }
    }
}

/// The end that leaves less; of two at one value the one that leaves it out.
fn tighter(one: &End, other: &End, beats: impl Fn(&Exact, &Exact) -> bool) -> End {
    match (one, other) {
        (None, end) | (end, None) => end.clone(),
        (Some((a, a_in)), Some((b, b_in))) if a == b => Some((a.clone(), *a_in && *b_in)),
        (Some((a, _)), Some((b, _))) => {
            if beats(a, b) {
                one.clone()
            } else {
                other.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(comparison: Comparison, bound: i64) -> Ranges {
        Ranges::compared(comparison, &Exact::from(bound))
    }

    #[test]
    fn ends_that_touch_leave_a_value_only_when_both_are_in() {
        let (at_most, at_least) = (compared(Comparison::LessOrEqual, 5), compared(Comparison::GreaterOrEqual, 5));
        assert!(!at_most.and(&at_least).is_empty());
        assert!(at_most.and(&compared(Comparison::Greater, 5)).is_empty());
        assert!(compared(Comparison::Less, 5).and(&at_least).is_empty());
        assert!(at_most.and(&at_least).and(&compared(Comparison::NotEqual, 5)).is_empty());
    }

    #[test]
    fn one_of_several_is_enough() {
        let either = compared(Comparison::Equal, 1).or(compared(Comparison::Equal, 2));
        assert!(!either.and(&compared(Comparison::Equal, 2)).is_empty());
        assert!(either.and(&compared(Comparison::Greater, 2)).is_empty());
    }
}
