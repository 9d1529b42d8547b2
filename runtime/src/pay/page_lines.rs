//! The lines of a page of a rule, in the order of their rows, as columns.

use crate::engine::lines::{LineRows, NO_DUE, OWN_PERIOD, Said};
use crate::engine::origin::Origin;
use crate::pay::line_columns::LineColumns;
use crate::pay::page::PageOrigin;
use crate::pay::paid_rule::{PaidRule, Source};
use crate::store::error::StoreError;
use meed_compiler::internal::broken;
use meed_compiler::plan::VersionId;
use std::borrow::Cow;

/// The lines of all versions of a rule in a page.
pub(super) struct PageLines<'a> {
    rule: &'a PaidRule<'a>,
    /// What the rows come from; none where there are no lines.
    page: Option<PageOrigin<'a>>,
    versions: Vec<Version<'a>>,
    /// Places in the lines of all versions, one version behind the other, where these are not in order.
    order: Option<Vec<u32>>,
    pub n_lines: usize,
}

/// The lines of one version in a page.
struct Version<'a> {
    id: VersionId,
    /// Its place among the versions of the rule.
    place: u32,
    lines: Cow<'a, LineRows>,
    /// The place of its first line.
    first: u32,
}

/// What is written beside lines.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// The keys of rows.
    pub keys: bool,
    /// The places of lines in those of their version.
    pub numbers: bool,
}

impl<'a> PageLines<'a> {
    /// The lines of a page.
    pub fn new(rule: &'a PaidRule<'a>, page: usize) -> Result<Self, StoreError> {
        let mut versions = Vec::new();
        let mut n_lines = 0;
        for (place, &id) in (0..).zip(&rule.ids) {
            let lines = rule.lines(id).page(page)?;
            let first = n_lines;
            n_lines += lines.len() as u32;
            versions.push(Version { id, place, lines, first });
        }
        let origin = match n_lines {
            0 => None,
            _ => PageOrigin::new(rule.plan, rule.ids[0], rule.loaded, rule.result, page)?,
        };
        let mut lines = Self { rule, page: origin, versions, order: None, n_lines: n_lines as usize };
        lines.order = lines.order();
        Ok(lines)
    }

    /// What the rows come from; none where there are no lines.
    fn origin(&self) -> Option<Origin<'_>> {
        self.page.as_ref().map(PageOrigin::origin)
    }

    /// The order by row, where lines do not come in it: versions hold on different days, and what is taken back comes last.
    fn order(&self) -> Option<Vec<u32>> {
        let all = 0..self.n_lines as u32;
        if let Some(origin) = self.origin().filter(|_| self.versions.iter().any(|version| version.lines.has_takings()))
        {
            let mut order: Vec<u32> = all.collect();
            order.sort_by_key(|&place| {
                let (version, idx) = self.located(place);
                self.rule.loaded.place_of_line(&origin, version.lines.roots()[idx], version.lines.taking(idx))
            });
            return Some(order);
        }
        let root = |place: u32| {
            let (version, idx) = self.located(place);
            version.lines.roots()[idx]
        };
        match self.versions.as_slice() {
            [_] => None,
            _ if all.clone().is_sorted_by_key(root) => None,
            _ => {
                let mut order: Vec<u32> = all.collect();
                order.sort_by_key(|&place| root(place));
                Some(order)
            }
        }
    }

    /// The version of the line at a place, and its place in that.
    fn located(&self, place: u32) -> (&Version<'a>, usize) {
        let version = match self.versions.as_slice() {
            [only] => only,
            versions => &versions[versions.partition_point(|version| version.first <= place) - 1],
        };
        (version, (place - version.first) as usize)
    }

    /// Lines from one place in their order to another.
    pub fn columns(&self, from: usize, to: usize, wanted: Wanted) -> LineColumns {
        let (Some(page), Some(origin)) = (&self.page, self.origin()) else {
            broken(format!("lines of `{}` that come from nothing", self.rule.name))
        };
        let (rule, block) = (self.rule, Block { lines: self, from, to });
        let roots = block.each(|version, idx| version.lines.roots()[idx]);
        let takings = block.said(|said| said.takings, 0);
        let days = match (takings.as_slice(), origin) {
            ([], Origin::Event { days, .. }) => roots.iter().map(|&root| days[root as usize]).collect(),
            ([], origin) => roots.iter().map(|&root| origin.day(root)).collect(),
            (takings, origin) => {
                let lines = roots.iter().zip(takings);
                lines.map(|(&root, &taking)| rule.loaded.day_of_line(&origin, root, taking)).collect()
            }
        };
        let mut columns = LineColumns {
            payees: block.each(|version, idx| version.lines.payees[idx]),
            amounts: block.each(|version, idx| version.lines.amounts[idx]),
            days,
            places: block.said(|said| said.places, 1),
            booked: block.said(|said| said.booked, OWN_PERIOD),
            dues: block.said(|said| said.dues, NO_DUE),
            takings,
            ..LineColumns::default()
        };
        if self.versions.len() > 1 {
            columns.versions = block.each(|version, _| version.place);
        }
        if rule.kinds.len() > 1 {
            columns.kinds = block.each(|version, idx| version.lines.kind(idx, rule.usual_kind(version.id)).0);
        }
        if rule.plan.units.len() > 1 {
            columns.units = block.each(|version, idx| version.lines.unit(idx, rule.usual_unit(version.id)).0);
        }
        if wanted.numbers {
            columns.numbers = block.each(|_, idx| idx as u32);
        }
        match (rule.source, origin) {
            (Source::Event(_), Origin::Event { rows: None, .. }) if wanted.keys => {
                columns.keys.append_rows(page.keys(), &roots);
            }
            (Source::Event(_), Origin::Event { .. }) if wanted.keys => {
                let rows: Vec<u32> = roots.iter().map(|&root| origin.source(root)).collect();
                columns.keys.append_rows(page.keys(), &rows);
            }
            (Source::Periods(_), Origin::EntityPeriods { periods, .. }) => {
                columns.periods = roots.iter().map(|&root| periods.period[root as usize]).collect();
            }
            (Source::Event(_), Origin::Event { .. }) => {}
            (Source::Event(_), Origin::EntityPeriods { .. }) | (Source::Periods(_), Origin::Event { .. }) => {
                broken(format!("lines of `{}` that come from other rows than it reads", rule.name))
            }
        }
        columns
    }
}

/// Lines from one place in their order to another.
#[derive(Clone, Copy)]
struct Block<'a> {
    lines: &'a PageLines<'a>,
    from: usize,
    to: usize,
}

impl Block<'_> {
    /// A column that every line has.
    fn each<T>(self, of: impl Fn(&Version<'_>, usize) -> T) -> Vec<T> {
        let Self { lines, from, to } = self;
        let at = |place: u32| {
            let (version, idx) = lines.located(place);
            of(version, idx)
        };
        match (lines.versions.as_slice(), &lines.order) {
            // The only version's places are those of all lines.
            ([only], None) => (from..to).map(|idx| of(only, idx)).collect(),
            (_, None) => (from as u32..to as u32).map(at).collect(),
            (_, Some(order)) => order[from..to].iter().map(|&place| at(place)).collect(),
        }
    }

    /// A column that lines may leave out, and that is left out if all do.
    fn said<T: Copy>(self, own: impl for<'s> Fn(Said<'s>) -> &'s [T], usual: T) -> Vec<T> {
        if self.lines.versions.iter().all(|version| own(version.lines.said()).is_empty()) {
            return Vec::new();
        }
        self.each(|version, idx| own(version.lines.said()).get(idx).copied().unwrap_or(usual))
    }
}
