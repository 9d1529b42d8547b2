//! Limits over several rules: when the lines of all of them are known, they come line by line in the one order, and of one row as the
//! rules are written, and each limit acts on what the one before left.

use crate::engine::hold::party_behind;
use crate::engine::lines::{LineRows, Lines};
use crate::engine::options::Observer;
use crate::engine::order::Ranks;
use crate::engine::origin::PageOrigin;
use crate::engine::result::RunError;
use crate::engine::run::Run;
use crate::engine::under_way::UnderWay;
use crate::store::paged::{Paged, Shelf};
use meed_compiler::data::{Chunk, Rows, status};
use meed_compiler::internal::broken;
use meed_compiler::interpret::limits::{left_by, share_of};
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::interpret::{Fault, FaultKind};
use meed_compiler::plan::{
    Most, Period, Plan, RecordId, RuleId, SharedLimit, SharedLimitId, Stream, UnitId, VersionId, Whose,
};
use rustc_hash::FxHashMap;

/// What a rule under such a limit keeps until its lines are known.
#[derive(Default)]
pub(super) struct Limited {
    /// What became of the rows of the page at work.
    pub marks: Vec<u8>,
    /// The same of the pages before.
    pub pages: Paged<Vec<u8>>,
    /// What decided its rows, with their pages, where somebody looks on.
    traces: Vec<(usize, u32, Trace)>,
}

/// A line in the one order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    day: i32,
    class: (u32, u32),
    /// The page of the row, and its place there or in the order of keys.
    row: (u32, u32),
    rule: RuleId,
    place: u32,
    /// Where the line is.
    member: u32,
    page: u32,
    line: u32,
}

/// Whose lines in which time are counted together: the limit, the kind of party and its row, and the period.
type Account = (SharedLimitId, u32, u32, i32);

/// What was counted.
#[derive(Default)]
struct Counted {
    sum: i128,
    /// What all lines are together, where each gets a share of that.
    all: i128,
    /// By rule, where somebody looks on.
    by_rule: Vec<(RuleId, i128)>,
}

/// Tells whoever looks on about a row; of a rule whose lines are not known yet, later.
pub(super) fn tell(
    observer: &mut Option<&mut (dyn Observer + '_)>,
    limited: &mut Option<Limited>,
    id: VersionId,
    row: u32,
    trace: Trace,
) {
    match (limited, observer) {
        (Some(limited), _) => limited.traces.push((limited.pages.len(), row, trace)),
        (None, Some(observer)) => observer.row(id, row, trace),
        (None, None) => {}
    }
}

/// By place in the order of work, whether the lines of all rules under some limits are then known.
pub(super) fn ends(plan: &Plan, limited: &[Option<RuleId>]) -> Vec<bool> {
    let mut last: FxHashMap<RuleId, usize> = FxHashMap::default();
    for (idx, id) in plan.order.iter().enumerate() {
        last.extend(limited[plan.version(*id).rule.index()].map(|group| (group, idx)));
    }
    let mut ends = vec![false; plan.order.len()];
    last.into_values().for_each(|idx| ends[idx] = true);
    ends
}

impl Run<'_, '_> {
    /// Room for what a rule under such a limit keeps.
    pub(super) fn begin_limited(&self, id: VersionId) -> Option<Limited> {
        let version = self.plan.version(id);
        self.limited[version.rule.index()]?;
        let pages = self.limited_pages.paged(self.loaded, self.plan.root_of(&version.stream));
        Some(Limited { pages, ..Limited::default() })
    }

    /// Does what limits over several rules say, where all of these are done.
    pub(super) fn limit_together(&mut self) -> Result<(), RunError> {
        let mut groups: Vec<RuleId> = self.waiting.iter().filter_map(|member| self.group_of(member.id)).collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            let of_group = |id: VersionId| self.group_of(id) == Some(group);
            let n_all = (0..self.plan.versions.len() as u32).filter(|id| of_group(VersionId(*id))).count();
            if self.waiting.iter().filter(|member| of_group(member.id)).count() == n_all {
                let (mut members, others): (Vec<UnderWay>, Vec<UnderWay>) = std::mem::take(&mut self.waiting)
                    .into_iter()
                    .partition(|member| self.group_of(member.id) == Some(group));
                self.waiting = others;
                members.sort_by_key(|member| member.id);
                self.limit_members(members)?;
            }
        }
        Ok(())
    }

    fn group_of(&self, id: VersionId) -> Option<RuleId> {
        self.limited[self.plan.version(id).rule.index()]
    }

    fn limit_members(&mut self, mut members: Vec<UnderWay>) -> Result<(), RunError> {
        let plan = self.plan;
        if let (Some(observer), Some(first)) = (&mut self.observer, members.first()) {
            observer.begins(first.id);
        }
        let mut lines: Vec<Vec<LineRows>> = Vec::with_capacity(members.len());
        for member in &members {
            let known = &self.result.lines[member.id.index()];
            let pages = (0..known.n_pages()).map(|page| Ok(known.page(page)?.into_owned()));
            lines.push(pages.collect::<Result<_, RunError>>()?);
        }
        for limited in members.iter_mut().filter_map(|member| member.limited.as_mut()) {
            limited.traces.sort_by_key(|(page, row, _)| (*page, *row));
        }
        let mut entries = self.entries_of(&members, &lines)?;
        entries.sort_unstable();
        let mut counted: FxHashMap<Account, Counted> = FxHashMap::default();
        // Who looks at one of the rules is told what the others were paid.
        let observed = members.iter().any(|member| member.observed);
        for (number, limit) in (0..).map(SharedLimitId).zip(&plan.shared_limits) {
            if let Most::InProportion(_) = limit.most {
                for entry in &entries {
                    let line = &lines[entry.member as usize][entry.page as usize];
                    let id = members[entry.member as usize].id;
                    let amount = i128::from(line.amounts[entry.line as usize]);
                    if let Some((account, _)) = self.account_of(id, line, entry, number, limit) {
                        let all = &mut counted.entry(account).or_default().all;
                        *all = all.saturating_add(amount);
                    }
                }
            }
            for entry in &entries {
                let member = &mut members[entry.member as usize];
                let line = &mut lines[entry.member as usize][entry.page as usize];
                self.limit_line(member, line, entry, (number, limit), &mut counted, observed)?;
            }
        }
        for (mut member, pages) in members.into_iter().zip(lines) {
            let id = member.id;
            let shelf = Shelf::new(self.loaded)?;
            let unit = plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
            let mut left = Lines::new(shelf.paged(self.loaded, plan.root_of(&plan.version(id).stream)));
            let pages: Vec<LineRows> = pages.into_iter().map(LineRows::without_zeros).collect();
            self.paid_rows(&mut member, &pages)?;
            for (number, page) in pages.into_iter().enumerate() {
                left.push(self.in_parts(id, number, page)?, unit)?;
            }
            self.result.lines[id.index()] = left;
            self.take_back(id)?;
            self.count(member);
        }
        Ok(())
    }

    /// The lines of the members.
    fn entries_of(&self, members: &[UnderWay], lines: &[Vec<LineRows>]) -> Result<Vec<Entry>, RunError> {
        let (plan, loaded, result) = (self.plan, &*self.loaded, &self.result);
        let ids: Vec<VersionId> = members.iter().map(|member| member.id).collect();
        let ranks = Ranks::of(plan, loaded, &ids);
        let mut entries = Vec::new();
        for (member, (id, pages)) in (0..).zip(ids.iter().zip(lines)) {
            for (page, rows) in pages.iter().enumerate() {
                let page_origin = PageOrigin::new(plan, *id, loaded, result, page)?;
                let origin = page_origin.as_ref().map(PageOrigin::origin);
                let origin = origin.unwrap_or_else(|| broken("lines that come from nothing"));
                entries.extend(rows.roots().iter().enumerate().map(|(idx, &root)| Entry {
                    day: loaded.day_of_line(&origin, root, rows.taking(idx)),
                    class: loaded.class_of_line(&origin, rows.taking(idx)),
                    row: (page as u32, loaded.row_of_line(&origin, &ranks, root, rows.taking(idx))),
                    rule: plan.version(*id).rule,
                    place: rows.place(idx),
                    member,
                    page: page as u32,
                    line: idx as u32,
                }));
            }
        }
        Ok(entries)
    }

    /// Whose lines a line is counted with under a limit, with the period; none where the limit is not over it.
    fn account_of(
        &self,
        id: VersionId,
        lines: &LineRows,
        entry: &Entry,
        number: SharedLimitId,
        limit: &SharedLimit,
    ) -> Option<(Account, Option<(Period, i32)>)> {
        let (plan, line) = (self.plan, entry.line as usize);
        if lines.amounts[line] == 0 || !limit.rules.contains(&entry.rule) {
            return None;
        }
        let usual = plan.payee_record(id).unwrap_or_else(|| broken("nobody's lines that are limited"));
        let (kind, payee) = (lines.kind(line, usual), lines.payees[line]);
        let party = match &limit.per {
            Whose::All => (u32::MAX, u32::MAX),
            Whose::Payee => (kind.0, payee),
            Whose::Party(record, _) if *record != kind => return None,
            Whose::Party(record, path) => party_behind(plan, self.loaded, *record, path, payee)?,
        };
        let period = limit.period.map(|period| (period, plan.calendar.index(period, entry.day)));
        Some(((number, party.0, party.1, period.map_or(0, |(_, index)| index)), period))
    }

    /// Lets a limit act on a line.
    fn limit_line(
        &mut self,
        member: &mut UnderWay,
        lines: &mut LineRows,
        entry: &Entry,
        (number, limit): (SharedLimitId, &SharedLimit),
        counted: &mut FxHashMap<Account, Counted>,
        observed: bool,
    ) -> Result<(), RunError> {
        let (plan, id, line) = (self.plan, member.id, entry.line as usize);
        let before = i128::from(lines.amounts[line]);
        if let Some((account, period)) = self.account_of(id, lines, entry, number, limit) {
            let own = counted.entry(account).or_default();
            let left = match limit.most {
                Most::InProportion(most) => share_of(most, own.all, plan.unit(limit.unit).mode, &mut own.sum, before),
                most => left_by(most, &mut own.sum, before),
            };
            let Some((after, room)) = left else {
                let fault = Fault { kind: FaultKind::Overflow("the sum under a limit"), span: limit.span };
                return Err(self.stopped_at(id, entry.page as usize, lines.rows[line], fault));
            };
            lines.amounts[line] = i64::try_from(after).unwrap_or_else(|_| broken("a limit that adds to a line"));
            if let Some(limited) = member.limited.as_mut().filter(|_| member.observed) {
                let place = limited
                    .traces
                    .binary_search_by_key(&(entry.page as usize, lines.rows[line]), |(page, row, _)| (*page, *row));
                if let Ok(place) = place {
                    limited.traces[place].2.steps.push(TraceStep::SharedLimit {
                        limit: number,
                        place: entry.place,
                        before,
                        after,
                        room,
                        all: matches!(limit.most, Most::InProportion(_)).then_some(own.all),
                        used: own.by_rule.clone(),
                        party: (limit.per != Whose::All).then_some((RecordId(account.1), account.2)),
                        period,
                    });
                }
            }
            if observed && after != 0 {
                match own.by_rule.iter_mut().find(|(rule, _)| *rule == entry.rule) {
                    Some((_, sum)) => *sum += after,
                    None => own.by_rule.push((entry.rule, after)),
                }
            }
        }
        Ok(())
    }

    /// A fault at a row of a page.
    pub(super) fn stopped_at(&mut self, id: VersionId, page: usize, row: u32, fault: Fault) -> RunError {
        let stream = &self.plan.version(id).stream;
        if let Some(root) = self.plan.root_of(stream)
            && let Err(error) = self.see(root, page)
        {
            return error.into();
        }
        match self.rows_behind(id, page) {
            Ok(rows) => self.fault(id, stream, &rows, row, fault),
            Err(error) => error,
        }
    }

    /// The rows that a version has read in a page.
    fn rows_behind(&self, id: VersionId, page: usize) -> Result<Rows, RunError> {
        match (&self.plan.version(id).stream, &self.result.streams[id.index()]) {
            (Stream::Events(record), _) => Ok(Rows::Events { record: *record }),
            (_, Some(rows)) => Ok(rows.clone()),
            (_, None) => Ok(self.rows_of(&[id], page)?.0),
        }
    }

    /// Takes in what became of the rows of a version, now that it is known which are paid, and tells whoever looks on.
    fn paid_rows(&mut self, member: &mut UnderWay, pages: &[LineRows]) -> Result<(), RunError> {
        let Some(mut limited) = member.limited.take() else { broken("a rule under no limit") };
        let stream = &self.plan.version(member.id).stream;
        let mut traces = std::mem::take(&mut limited.traces).into_iter().peekable();
        for (page, lines) in pages.iter().enumerate() {
            if !matches!(stream, Stream::Periods(..)) {
                if let Some(root) = self.plan.root_of(stream) {
                    self.see(root, page)?;
                }
                let rows = self.rows_behind(member.id, page)?;
                let mut marks = limited.pages.get(page)?.into_owned();
                marks.iter_mut().for_each(|mark| *mark &= !(status::PAID | status::BELOW_ZERO));
                lines.rows.iter().for_each(|row| marks[*row as usize] |= status::PAID);
                let chunk = Chunk { start: 0, len: marks.len() as u32, slots: Vec::new() };
                member.output.status = marks;
                self.take_in(member, &rows, &chunk);
            }
            let Some(observer) = self.observer.as_mut().filter(|_| member.observed) else { continue };
            observer.begins(member.id);
            let mut paid = lines.rows.iter().copied().peekable();
            while let Some((_, row, mut trace)) = traces.next_if(|(of, ..)| *of == page) {
                while paid.next_if(|line| *line < row).is_some() {}
                if paid.peek() != Some(&row) {
                    trace.status &= !status::PAID;
                }
                observer.row(member.id, row, trace);
            }
        }
        Ok(())
    }
}
