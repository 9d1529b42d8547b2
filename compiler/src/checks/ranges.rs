//! Sets of values, as ranges of exact numbers: what a condition leaves of the values of one field.

use crate::plan::Comparison;
use crate::value::Exact;
use meed_grammar::steps;
use std::collections::BTreeMap;

/// A cut between values: a range goes from one cut to another, so that ends need no word on whether they are in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    /// Below all values.
    First,
    /// Just before the value, or just behind it.
    At(Exact, Side),
    /// Above all values.
    Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Before,
    Behind,
}

/// Ranges by the cut where each begins, to the cut where it ends. INVARIANT: none is empty, and none touches another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ranges(BTreeMap<Cut, Cut>);

impl Ranges {
    /// The values that compare so with `bound`.
    pub fn compared(comparison: Comparison, bound: &Exact) -> Self {
        let before = || Cut::At(bound.clone(), Side::Before);
        let behind = || Cut::At(bound.clone(), Side::Behind);
        Self(BTreeMap::from_iter(match comparison {
            Comparison::Equal => vec![(before(), behind())],
            Comparison::NotEqual => vec![(Cut::First, before()), (behind(), Cut::Last)],
            Comparison::Less => vec![(Cut::First, before())],
            Comparison::LessOrEqual => vec![(Cut::First, behind())],
            Comparison::Greater => vec![(behind(), Cut::Last)],
            Comparison::GreaterOrEqual => vec![(before(), Cut::Last)],
        }))
    }

    /// Every value.
    pub fn all() -> Self {
        Self(BTreeMap::from([(Cut::First, Cut::Last)]))
    }

    /// The values from `low` to `high`, both in.
    pub fn between(low: Exact, high: Exact) -> Self {
        let (low, high) = (Cut::At(low, Side::Before), Cut::At(high, Side::Behind));
        Self(if low < high { BTreeMap::from([(low, high)]) } else { BTreeMap::new() })
    }

    /// The places of a list of so many values.
    pub fn places(n_values: usize) -> Self {
        let place = |place: usize| Self::between(Exact::from(place), Exact::from(place)).0;
        Self((0..n_values).flat_map(place).collect())
    }

    /// Leaves the values that are in both.
    pub fn narrow(&mut self, other: &Self) {
        let mut from = Cut::First;
        for (low, high) in &other.0 {
            self.remove(&from, low);
            from = high.clone();
        }
        self.remove(&from, &Cut::Last);
    }

    /// The values that are in one of them.
    pub fn or(mut self, other: Self) -> Self {
        for (mut low, mut high) in other.0 {
            // Ranges that touch the new one are taken into it.
            while let Some((start, end)) = self.0.range(..=&high).next_back().filter(|(_, end)| **end >= low) {
                steps::count(1);
                let (start, end) = (start.clone(), end.clone());
                self.0.remove(&start);
                (low, high) = (low.min(start), high.max(end));
            }
            self.0.insert(low, high);
        }
        self
    }

    /// Whether no value is in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out what lies between two cuts.
    fn remove(&mut self, low: &Cut, high: &Cut) {
        while let Some((start, end)) = self.0.range(..high).next_back().filter(|(_, end)| *end > low) {
            steps::count(1);
            let (start, end) = (start.clone(), end.clone());
            self.0.remove(&start);
            if end > *high {
                self.0.insert(high.clone(), end);
            }
            if start < *low {
                self.0.insert(start, low.clone());
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

    impl Ranges {
        fn both(&self, other: &Self) -> Self {
            let mut both = self.clone();
            both.narrow(other);
            both
        }
    }

    #[test]
    fn ends_that_touch_leave_a_value_only_when_both_are_in() {
        let (at_most, at_least) = (compared(Comparison::LessOrEqual, 5), compared(Comparison::GreaterOrEqual, 5));
        assert!(!at_most.both(&at_least).is_empty());
        assert!(at_most.both(&compared(Comparison::Greater, 5)).is_empty());
        assert!(compared(Comparison::Less, 5).both(&at_least).is_empty());
        assert!(at_most.both(&at_least).both(&compared(Comparison::NotEqual, 5)).is_empty());
    }

    #[test]
    fn one_of_several_is_enough() {
        let either = compared(Comparison::Equal, 1).or(compared(Comparison::Equal, 2));
        assert!(!either.both(&compared(Comparison::Equal, 2)).is_empty());
        assert!(either.both(&compared(Comparison::Greater, 2)).is_empty());
    }

    #[test]
    fn what_is_taken_out_leaves_the_rest() {
        let mut left = Ranges::places(4);
        (0..3).for_each(|place| left.narrow(&compared(Comparison::NotEqual, place)));
        assert_eq!(left, Ranges::places(4).both(&compared(Comparison::Equal, 3)));
        left.narrow(&compared(Comparison::NotEqual, 3));
        assert!(left.is_empty());
        let whole = compared(Comparison::LessOrEqual, 1).or(compared(Comparison::Greater, 1));
        assert_eq!(whole, Ranges::all());
        let apart =
            compared(Comparison::Equal, 1).or(compared(Comparison::Equal, 5)).or(compared(Comparison::Equal, 3));
        assert_eq!(
            apart.both(&compared(Comparison::Less, 4)),
            compared(Comparison::Equal, 1).or(compared(Comparison::Equal, 3))
        );
        assert!(Ranges::between(Exact::from(3), Exact::from(2)).is_empty());
    }
}
