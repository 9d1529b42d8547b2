//! A rule under way: what it keeps while its rows are done, and what becomes of it.

use crate::engine::counts::{Counts, FoundRows, from_row, returned_in};
use crate::engine::cut::Cut;
use crate::engine::dated_rows::DatedMarks;
use crate::engine::lines::LineRows;
use crate::engine::paths::PathValues;
use crate::engine::result::RunError;
use crate::engine::run::Run;
use crate::engine::shared_limit::Limited;
use meed_compiler::data::{Chunk, Output, Rows, status};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Node, Plan, StateId, Stream, UnitId, Version, VersionId};

/// A rule under way.
pub(super) struct UnderWay {
    pub id: VersionId,
    /// The keys that it keeps something per.
    pub used: Vec<usize>,
    /// What it keeps per them.
    pub states: Vec<StateId>,
    /// How its rows are cut.
    pub cut: Cut,
    pub observed: bool,
    /// The rows of the page that whoever looks on wants to see; none where that is all.
    pub shown: Option<Vec<u32>>,
    pub counts: Counts,
    /// What it finds in sets.
    pub found: FoundRows,
    /// What became of the rows of an event that come by another date.
    pub marks: DatedMarks,
    pub output: Output,
    /// What it keeps until a limit over several rules has acted, where one is over it.
    pub limited: Option<Limited>,
}

impl Run<'_, '_> {
    /// Begins a version.
    pub(super) fn begin(&mut self, id: VersionId) -> UnderWay {
        let rule = self.plan.version(id);
        let used = (0..self.plan.keys.len()).filter(|&key| uses(self.plan, rule, key)).collect();
        // Who gets a line is known only once it is made.
        let by_row = |state: &StateId| !self.plan.key_of(*state).of_payee;
        let observed = self.observer.as_ref().is_some_and(|observer| observer.wants(id));
        let found = self.found_rows(id);
        let marks = match &rule.stream {
            Stream::ByDate(record, _) => DatedMarks::new(self.loaded.data.tables[record.index()].n_rows),
            Stream::Events(_) | Stream::Periods(..) | Stream::Lines(..) => DatedMarks::default(),
        };
        UnderWay {
            id,
            used,
            states: rule.nodes.iter().filter_map(Node::state).filter(by_row).collect(),
            cut: Cut::new(self.plan, id, self.options),
            observed,
            shown: None,
            counts: Counts::default(),
            found,
            marks,
            output: Output::default(),
            limited: self.begin_limited(id),
        }
    }

    /// Asks whoever looks on which rows of a page it wants to see.
    pub(super) fn ask_shown(&mut self, member: &mut UnderWay, rows: &Rows) {
        if let Some(observer) = self.observer.as_ref().filter(|_| member.observed) {
            member.shown = observer.rows(member.id, rows);
        }
    }

    /// Keeps the lines of a page, and what its rows found.
    pub(super) fn keep(&mut self, member: &mut UnderWay, rows: &Rows, n_rows: u32) -> Result<(), RunError> {
        let is_one_page = self.n_pages(self.plan.root_of(&self.plan.version(member.id).stream)) == 1;
        let is_event = matches!(rows, Rows::Events { .. });
        let UnderWay { id, found, output, .. } = member;
        self.add_found(*id, found);
        let by_row = self.units_by_row(*id, rows, n_rows);
        self.result.keep_credits(*id, output, rows, by_row.as_deref())?;
        let unit = self.plan.version(*id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
        let of_line = |row: &u32| by_row.as_ref().map(|units| units[*row as usize]);
        let units = output.rows.iter().filter_map(of_line).collect();
        let lines = LineRows::made(output, rows, units);
        if !is_event && is_one_page {
            self.result.streams[id.index()] = Some(rows.clone());
        }
        let page = self.result.lines[id.index()].n_pages();
        match &mut member.limited {
            Some(limited) => {
                self.result.lines[id.index()].push(lines, unit)?;
                limited.pages.push(std::mem::take(&mut limited.marks))?;
            }
            None => {
                let lines = self.in_parts(member.id, page, lines)?;
                self.result.lines[member.id.index()].push(lines, unit)?;
                self.take_back(member.id)?;
            }
        }
        Ok(())
    }

    /// Takes in what became of the rows of a chunk, or, under a limit over several rules, keeps it.
    pub(super) fn mark(&mut self, member: &mut UnderWay, rows: &Rows, chunk: &Chunk) {
        let below_zero = member.output.status.iter().filter(|&&mark| mark & status::BELOW_ZERO != 0);
        self.result.below_zero[member.id.index()] += below_zero.count() as u64;
        match &mut member.limited {
            Some(_) if matches!(rows, Rows::EntityPeriods(_)) => {}
            Some(limited) => limited.marks.extend(&member.output.status),
            None => self.take_in(member, rows, chunk),
        }
    }

    /// Takes in what became of the rows of a chunk.
    pub(super) fn take_in(&mut self, member: &mut UnderWay, rows: &Rows, chunk: &Chunk) {
        let UnderWay { id, counts, found, marks, output, .. } = member;
        if let Rows::ByDate(dated) = rows {
            marks.mark(&dated.row[chunk.start as usize..], &output.status);
        }
        if let Rows::Events { record } = *rows {
            let returned = from_row(returned_in(self.plan, &self.loaded.data, *id, record), chunk.start);
            counts.add(&output.status, returned);
            if let Some((_, flags)) = found.iter_mut().find(|(known, _)| *known == record) {
                let own = &mut flags[chunk.start as usize..];
                own.iter_mut().zip(&output.status).for_each(|(flag, mark)| *flag |= mark);
            }
            self.flags.mark(record, chunk.start as usize, &output.status);
        }
        // A row that a split left nothing of may be paid for by what it is credited with.
        if let (Rows::Payments(credits), Some(record)) = (rows, self.plan.root_of(&self.plan.version(*id).stream))
            && !credits.share.is_empty()
        {
            for (row, mark) in (chunk.start as usize..).zip(&output.status) {
                self.flags.mark(record, credits.root[row] as usize, &[mark & status::PAID]);
            }
        }
    }

    /// The unit of what each row pays, where rows name their own.
    fn units_by_row(&self, id: VersionId, rows: &Rows, n_rows: u32) -> Option<Vec<u32>> {
        let unit = self.plan.version(id).emit()?.unit;
        let by_row = self.plan.unit(unit).by_row.as_ref()?;
        let mut places = PathValues::default();
        places.follow(self.plan, &by_row.currency, &self.loaded.data, rows, 0, n_rows);
        // A row whose currency is unknown is paid nothing.
        let unit = |place: &i64| usize::try_from(*place).ok().and_then(|place| by_row.units.get(place));
        Some(places.values.iter().map(|place| unit(place).map_or(u32::MAX, |unit| unit.0)).collect())
    }

    /// Counts what became of the rows of a rule, where that is known: limits over several rules wait for all of them.
    pub(super) fn finish(&mut self, rule: UnderWay) {
        match rule.limited {
            Some(_) => self.waiting.push(rule),
            None => self.count(rule),
        }
    }

    /// Counts what became of the rows of a rule that is done.
    pub(super) fn count(&mut self, rule: UnderWay) {
        let UnderWay { id, mut counts, output, mut found, mut marks, .. } = rule;
        if let Stream::ByDate(record, _) = &self.plan.version(id).stream {
            marks.add_found(*record, &mut found);
            let Some(dated) = self.result.dated(id) else { broken("rows by a date that are gone") };
            let counts = marks.counts(dated, returned_in(self.plan, &self.loaded.data, id, *record));
            self.result.rules[id.index()].push((*record, counts));
            self.flags.mark_any(*record, &marks.by_row);
        }
        self.count_found(id, found, Some(&mut counts));
        if let Stream::Events(record) = &self.plan.version(id).stream {
            let counts = counts.with_unseen(&self.loaded.counts[record.index()]);
            self.result.rules[id.index()].push((*record, counts));
        }
        // Of a rule of a choice it would count lines that lost.
        self.result.missed[id.index()] = if self.plan.stacking_of(id).is_none() { output.missed } else { 0 };
    }
}

impl UnderWay {
    /// Whether whoever looks on wants to see a row of the page.
    pub fn shows(&self, row: u32) -> bool {
        self.observed && self.shown.as_ref().is_none_or(|rows| rows.binary_search(&row).is_ok())
    }

    /// How many rows from one on, up to so many, are either all to be shown or none; one that is shown is by itself.
    pub fn n_alike(&self, row: u32, most: u32) -> u32 {
        let Some(rows) = self.shown.as_ref().filter(|_| self.observed) else { return most };
        match rows.get(rows.partition_point(|shown| *shown < row)) {
            Some(next) if *next == row => 1,
            Some(next) => most.min(next - row),
            None => most,
        }
    }
}

/// Whether a rule keeps something per this key.
pub(super) fn uses(plan: &Plan, rule: &Version, key: usize) -> bool {
    // Who gets a line is known only once it is made.
    let of = |state: StateId| plan.states[state.index()].key.index() == key && !plan.keys[key].of_payee;
    rule.nodes.iter().filter_map(Node::state).any(of)
}
