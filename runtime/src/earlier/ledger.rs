//! Sums of payments as earlier runs and this one have them.

use crate::keys::component::KeyComponent;
use crate::keys::dictionary::Dictionary;
use meed_compiler::plan::UnitId;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// What a sum is for. Texts are codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    pub rule: u32,
    pub kind: u32,
    pub payee: u32,
    pub unit: UnitId,
    pub event: u32,
    pub key: u32,
    pub period: u32,
    /// The day on which it is due; none where nothing is said of that.
    pub due: Option<i32>,
    /// Of a program that is settled at the ends of periods, the period of a close after the earlier runs that books it; none of what
    /// they could have booked.
    pub booked: Option<u32>,
    /// Whether its period has not ended: it is not paid yet.
    pub accrual: bool,
}

/// A sum by what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    pub subject: Subject,
    /// None where no earlier run paid it.
    pub was: Option<i128>,
    /// None where this run does not.
    pub is: Option<i128>,
    /// Of the line that was found first, of this run where it has one.
    pub version: i32,
    pub place: i32,
    pub when: i32,
    /// Its place in the order in which this run writes.
    rank: u64,
}

/// All sums, and the texts that they are for.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    texts: Dictionary,
    places: FxHashMap<Subject, usize>,
    sums: Vec<Sum>,
    n_ranked: u64,
}

/// A line beside what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub version: i32,
    pub place: i32,
    pub when: i32,
    pub amount: i128,
}

impl Ledger {
    pub fn code(&mut self, text: &str) -> u32 {
        self.texts.intern(KeyComponent::of(text.as_bytes()))
    }

    pub fn text(&self, code: u32) -> Cow<'_, str> {
        self.texts.text(code)
    }

    /// Adds what an earlier run paid; none if it does not fit.
    pub fn paid(&mut self, subject: Subject, line: Line) -> Option<()> {
        let sum = self.sum(subject, line);
        sum.was = Some(sum.was.unwrap_or(0).checked_add(line.amount)?);
        Some(())
    }

    /// Adds what this run pays; none if it does not fit.
    pub fn pays(&mut self, subject: Subject, line: Line) -> Option<()> {
        self.n_ranked += 1;
        let rank = self.n_ranked;
        let sum = self.sum(subject, line);
        if sum.is.is_none() {
            (sum.version, sum.place, sum.when, sum.rank) = (line.version, line.place, line.when, rank);
        }
        sum.is = Some(sum.is.unwrap_or(0).checked_add(line.amount)?);
        Some(())
    }

    fn sum(&mut self, subject: Subject, line: Line) -> &mut Sum {
        let next = self.sums.len();
        let place = *self.places.entry(subject).or_insert(next);
        if place == next {
            let Line { version, place, when, .. } = line;
            // What this run does not pay comes behind all that it pays.
            self.sums.push(Sum { subject, was: None, is: None, version, place, when, rank: u64::MAX });
        }
        &mut self.sums[place]
    }

    /// What earlier runs paid.
    pub fn paid_before(&self) -> impl Iterator<Item = Subject> {
        self.sums.iter().filter(|sum| sum.was.is_some()).map(|sum| sum.subject)
    }

    /// The sums that differ, in the order in which this run writes, then those that it does not have as they were read.
    pub fn changed(&self) -> Vec<Sum> {
        let mut changed: Vec<Sum> = self.sums.iter().filter(|sum| sum.change() != 0).copied().collect();
        changed.sort_by_key(|sum| sum.rank);
        changed
    }
}

impl Sum {
    /// What this run pays more.
    pub fn change(&self) -> i128 {
        self.is.unwrap_or(0) - self.was.unwrap_or(0)
    }
}
