//! Lines that are written together, column by column.
//!
//! Lines lie in the order of their rows and are written in that of their payees. Each column is gathered by a loop of its own, so that
//! many scattered reads are under way at once; what is the same for all lines is told once.

use crate::engine::lines::{NO_DUE, OWN_PERIOD, Said};
use crate::engine::origin::Origin;
use crate::pay::rule_lines::{RuleLines, Version};
use meed_compiler::plan::{RecordId, UnitId};

/// Values of lines: one of all of them, or one of each.
pub(super) enum Each<T> {
    Same(T),
    Own(Vec<T>),
}

/// Lines in the order in which they are written.
pub(super) struct LineColumns {
    /// How many.
    pub n_lines: usize,
    /// Places among the versions of the rule.
    pub versions: Each<u32>,
    pub kinds: Each<RecordId>,
    pub payees: Vec<u32>,
    pub amounts: Vec<i64>,
    pub units: Each<UnitId>,
    pub places: Each<u32>,
    /// The period of the close that each is booked in, or [`OWN_PERIOD`].
    pub booked: Each<i32>,
    /// The day on which each is due, or [`NO_DUE`].
    pub dues: Each<i32>,
    pub roots: Vec<u32>,
    /// The return that takes each back, or 0.
    pub takings: Each<u32>,
    /// The days of the rows, or of the returns.
    pub days: Vec<i32>,
}

impl<T: Copy + PartialEq> Each<T> {
    /// Of a line.
    pub fn get(&self, line: usize) -> T {
        match self {
            Self::Same(value) => *value,
            Self::Own(values) => values[line],
        }
    }

    /// Of all lines in turn.
    pub fn iter(&self, n_lines: usize) -> impl Iterator<Item = T> + Clone + '_ {
        (0..n_lines).map(|line| self.get(line))
    }

    /// The value of all lines, if it is one.
    pub fn same(&self) -> Option<T> {
        match self {
            Self::Same(value) => Some(*value),
            Self::Own(_) => None,
        }
    }
}

impl LineColumns {
    /// The lines at these places.
    pub fn gather(rule: &RuleLines<'_>, places: &[u32]) -> Self {
        let column = Gather { rule, places };
        let roots = column.each(|version, idx| version.lines.roots()[idx]);
        let takings = column.said(|_| 0, |said| said.takings, |taking| taking);
        let days = match (&takings, &rule.context.origin) {
            (Each::Same(0), Origin::Event { days, .. }) => roots.iter().map(|&root| days[root as usize]).collect(),
            (Each::Same(0), origin) => roots.iter().map(|&root| origin.day(root)).collect(),
            (takings, origin) => {
                let day = |(line, &root)| rule.context.loaded.day_of_line(origin, root, takings.get(line));
                roots.iter().enumerate().map(day).collect()
            }
        };
        let versions = match rule.versions.as_slice() {
            [_] => Each::Same(0),
            _ => Each::Own(places.iter().map(|&place| rule.located(place).0).collect()),
        };
        Self {
            n_lines: places.len(),
            versions,
            kinds: column.said(|version| version.usual, |said| said.kinds, RecordId),
            payees: column.each(|version, idx| version.lines.payees[idx]),
            amounts: column.each(|version, idx| version.lines.amounts[idx]),
            units: column.said(|version| version.unit, |said| said.units, UnitId),
            places: column.said(|_| 1, |said| said.places, |place| place),
            booked: column.said(|_| OWN_PERIOD, |said| said.booked, |booked| booked),
            dues: column.said(|_| NO_DUE, |said| said.dues, |due| due),
            roots,
            takings,
            days,
        }
    }

    /// Who is paid by a line.
    pub fn payee(&self, line: usize) -> (RecordId, u32) {
        (self.kinds.get(line), self.payees[line])
    }
}

/// Gathers columns of the lines at some places.
struct Gather<'a> {
    rule: &'a RuleLines<'a>,
    places: &'a [u32],
}

impl Gather<'_> {
    /// A column that every line has.
    fn each<T>(&self, of: impl Fn(&Version<'_>, usize) -> T) -> Vec<T> {
        match self.rule.versions.as_slice() {
            [only] => self.places.iter().map(|&place| of(only, place as usize)).collect(),
            versions => {
                let located = self.places.iter().map(|&place| self.rule.located(place));
                located.map(|(version, idx)| of(&versions[version as usize], idx)).collect()
            }
        }
    }

    /// A column that lines may leave out, with what holds for those of a version then.
    fn said<S: Copy, T: Copy + PartialEq>(
        &self,
        usual: impl Fn(&Version<'_>) -> T,
        own: impl for<'s> Fn(Said<'s>) -> &'s [S],
        value: impl Fn(S) -> T,
    ) -> Each<T> {
        let [first, others @ ..] = self.rule.versions.as_slice() else { return Each::Own(Vec::new()) };
        let is_usual = |version: &Version<'_>| usual(version) == usual(first) && own(version.lines.said()).is_empty();
        if is_usual(first) && others.iter().all(is_usual) {
            return Each::Same(usual(first));
        }
        let of = |version: &Version<'_>, idx| match own(version.lines.said()) {
            [] => usual(version),
            own => value(own[idx]),
        };
        Each::Own(self.each(of))
    }
}
