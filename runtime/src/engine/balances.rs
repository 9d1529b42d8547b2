//! Rules that act on balances: their rows, of whatever streams, come in the one order, and a row does what each rule says about it
//! before the next row.

use crate::engine::added_again::{AddedAgain, with_again};
use crate::engine::entity_periods::Lives;
use crate::engine::group_index::GroupIndex;
use crate::engine::order::{Ranks, class};
use crate::engine::origin::Origin;
use crate::engine::result::{RunError, RunResult};
use crate::engine::run::Run;
use crate::engine::shared_limit::tell;
use crate::engine::stood::{Stood, part_of};
use crate::engine::under_way::UnderWay;
use crate::store::loaded::Loaded;
use meed_compiler::balances::{Movement, Mover};
use meed_compiler::data::{Additions, Chunk, Rows};
use meed_compiler::internal::broken;
use meed_compiler::interpret::lines::finish_lines;
use meed_compiler::interpret::{interpret_row, trace::Trace};
use meed_compiler::plan::{BalanceId, Plan, Stream, Version, VersionId};

/// One of the rules, with all its rows.
pub(super) struct Member {
    pub work: UnderWay,
    pub rows: Rows,
    pub n_rows: u32,
    pub chunk: Chunk,
    /// The periods that it reads as they stood.
    closed: Stood,
    /// Its rows that are done again; they stand behind the others.
    again: AddedAgain,
    /// Whether its sets are ready as the tables are seen.
    is_ready: bool,
}

/// A row in the one order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    day: i32,
    /// Whether it comes with the day itself, and not at its beginning.
    is_of_day: bool,
    class: (u32, u32),
    place: u32,
    /// The rule as written, and which of those that are done together.
    version: VersionId,
    member: u32,
    row: u32,
}

impl Run<'_, '_> {
    /// Does the rows of these versions, which share balances.
    pub(super) fn on_balances(&mut self, ids: &[VersionId]) -> Result<(), RunError> {
        let mut members = Vec::with_capacity(ids.len());
        for &id in ids {
            members.push(self.member(id)?);
        }
        let mut entries = entries(self.plan, self.loaded, &self.result, ids, &members);
        entries.sort_unstable();
        let through = self.options.through;
        let mut balances: Vec<BalanceId> = ids.iter().flat_map(|id| self.plan.version(*id).balances()).collect();
        balances.sort_unstable();
        balances.dedup();
        // What is of periods that have not ended is worked out as an accrual, and moves nothing.
        let known = entries.partition_point(|entry| entry.day <= through);
        let (known, open) = entries.split_at(known);
        self.in_order(&mut members, known)?;
        let mut moved: Vec<usize> = Vec::new();
        for balance in &balances {
            let own = &mut self.loaded.data.balances[balance.index()];
            own.end(through);
            moved.push(own.movements.len());
        }
        self.in_order(&mut members, open)?;
        for (balance, n_moved) in balances.into_iter().zip(moved) {
            let mut movements = std::mem::take(&mut self.loaded.data.balances[balance.index()].movements);
            movements.truncate(n_moved);
            movements.sort_by_key(|movement| movement.owner);
            movements.iter_mut().for_each(|movement| to_roots(movement, ids, &members));
            self.result.movements[balance.index()] = movements;
        }
        for member in members {
            self.done(member)?;
        }
        Ok(())
    }

    /// Keeps what became of the rows of a version.
    pub(super) fn done(&mut self, mut member: Member) -> Result<(), RunError> {
        if let Rows::EntityPeriods(periods) = &member.rows
            && !member.again.rows.is_empty()
        {
            let own: Vec<usize> = (0..member.n_rows as usize).collect();
            member.rows = Rows::EntityPeriods(part_of(periods, &own));
            member.work.output.status.truncate(member.n_rows as usize);
        }
        self.mark(&mut member.work, &member.rows, &member.chunk);
        member.work.output.sort_lines();
        self.keep(&mut member.work, &member.rows, member.n_rows)?;
        self.finish(member.work);
        Ok(())
    }

    /// Begins a version with all its rows, and fills what it looks at.
    pub(super) fn member(&mut self, id: VersionId) -> Result<Member, RunError> {
        let mut work = self.begin(id);
        if let Some(observer) = &mut self.observer {
            observer.begins(id);
        }
        let version = self.plan.version(id);
        if let Some(root) = self.plan.root_of(&version.stream) {
            self.see(root, 0)?;
        }
        let (rows, n_rows) = self.rows_of(&[id], 0)?;
        self.size_payments(&version.stream, n_rows);
        self.size_decisions(version, n_rows);
        let closed = self.closed_before(id, &rows);
        self.fill_as_stood(id, &rows, Some(&closed))?;
        let again = match &rows {
            Rows::EntityPeriods(periods) if version.adds_again => self.changed_later(id, periods, &closed)?,
            _ => Vec::new(),
        };
        if let Some(root) = self.plan.root_of(&version.stream) {
            self.see(root, 0)?;
        }
        for &key in &work.used {
            if self.group_indexes[key].is_none() {
                let (days, n_all) = self.span(&version.stream, &rows, n_rows);
                let index = GroupIndex::new(self.plan, &self.plan.keys[key], self.loaded, days, n_all);
                self.group_indexes[key] = Some(index);
            }
        }
        let n_all = n_rows + again.len() as u32;
        let mut chunk = Chunk { start: 0, len: n_rows, slots: vec![Vec::new(); self.plan.keys.len()] };
        self.number((&work.used, &work.states), &rows, &mut chunk);
        work.output.begin(n_all as usize);
        // What comes from its rows is told by them while the rule is under way too.
        if !matches!(rows, Rows::Events { .. }) {
            self.result.streams[id.index()] = Some(rows.clone());
        }
        // Sets of closed periods are made ready as they are met.
        let is_ready = self.plan.searches_of(version).is_empty();
        let rows = match rows {
            Rows::EntityPeriods(periods) if !again.is_empty() => Rows::EntityPeriods(with_again(&periods, &again)),
            rows => rows,
        };
        self.ask_shown(&mut work, &rows);
        Ok(Member { work, rows, n_rows, chunk, closed, again: AddedAgain::of(again), is_ready })
    }

    /// Does rows in the one order.
    fn in_order(&mut self, members: &mut [Member], entries: &[Entry]) -> Result<(), RunError> {
        let mut seen = self.options.through;
        for entry in entries {
            self.see_for(members, entry.member as usize, entry.row, &mut seen)?;
            self.row_on_balances(&mut members[entry.member as usize], entry.row)?;
        }
        self.see_now(members, &mut seen)
    }

    /// Makes the tables those that a row of a member reads, and its sets ready. `seen` is the day as of which they are seen.
    pub(super) fn see_for(
        &mut self,
        members: &mut [Member],
        idx: usize,
        row: u32,
        seen: &mut i32,
    ) -> Result<(), RunError> {
        let stood = members[idx].stood(row).unwrap_or(self.options.through);
        if stood != *seen {
            self.forget_sets(members);
            self.see_as_of(stood)?;
            *seen = stood;
        }
        let member = &mut members[idx];
        if !member.is_ready {
            self.prepare_searches(member.work.id)?;
            member.is_ready = true;
        }
        Ok(())
    }

    /// Makes the tables those of the run's day again.
    pub(super) fn see_now(&mut self, members: &mut [Member], seen: &mut i32) -> Result<(), RunError> {
        let through = self.options.through;
        if *seen != through {
            self.forget_sets(members);
            self.see_as_of(through)?;
            *seen = through;
        }
        Ok(())
    }

    /// Sets that were made ready of the tables as they were seen are to be made again.
    fn forget_sets(&mut self, members: &mut [Member]) {
        for member in members {
            let id = member.work.id;
            self.add_found(id, &mut member.work.found);
            let searches = self.plan.searches_of(self.plan.version(id));
            member.is_ready = searches.is_empty();
            searches.into_iter().for_each(|search| self.loaded.data.searches[search.index()] = None);
        }
    }

    fn row_on_balances(&mut self, member: &mut Member, row: u32) -> Result<(), RunError> {
        let Member { work, rows, n_rows, chunk, again, .. } = member;
        // What is done again is told with the row that it is of.
        let own = if row < *n_rows { row } else { again.rows[(row - *n_rows) as usize].row };
        let observed = work.shows(own);
        let UnderWay { id, output, limited, .. } = work;
        let (id, plan) = (*id, self.plan);
        self.at.set(Some((id, row)));
        let mut trace = observed.then(Trace::default);
        let first = output.rows.len();
        let data = &mut self.loaded.data;
        let is_again = row >= *n_rows;
        if plan.version(id).adds_again {
            data.additions = Some(Additions { made: Vec::new(), is_worked_out: is_again });
        }
        let done = interpret_row(plan, id, data, rows, chunk, row, output, trace.as_mut());
        let done = done
            .map_err(|fault| (row, fault))
            .and_then(|()| finish_lines(plan, id, data, rows, chunk, first, output, trace.as_mut()));
        let made = data.additions.take().map_or_else(Vec::new, |additions| additions.made);
        let done = done.and_then(|()| {
            if !is_again {
                again.first(row, made);
                return Ok(None);
            }
            again.again(plan, data, id, (row - *n_rows) as usize, made).map(Some).map_err(|fault| (row, fault))
        });
        let told = done.map_err(|(row, fault)| self.fault(id, &plan.version(id).stream, rows, row, fault))?;
        if let Some((row, added)) = told {
            if observed {
                tell(&mut self.observer, limited, id, row, added);
            }
        } else if let Some(trace) = trace {
            tell(&mut self.observer, limited, id, row, trace);
        }
        if self.kernels.is_some() && !observed {
            self.result.replayed[id.index()] += 1;
        }
        Ok(())
    }
}

impl Member {
    /// Rows of periods before the program are those of rules that only set.
    pub(super) fn first_row(&self, plan: &Plan) -> u32 {
        match &self.rows {
            Rows::EntityPeriods(periods) if !plan.version(self.work.id).is_early() => {
                periods.last_day.partition_point(|day| *day < plan.active.from) as u32
            }
            _ => 0,
        }
    }

    /// The day as of which a row reads the tables, where that is a closed period's.
    fn stood(&self, row: u32) -> Option<i32> {
        self.closed.day_of(row)
    }
}

/// All rows of the members.
fn entries(plan: &Plan, loaded: &Loaded, result: &RunResult, ids: &[VersionId], members: &[Member]) -> Vec<Entry> {
    let ranks = Ranks::of(plan, loaded, ids);
    let mut entries = Vec::new();
    for (idx, member) in (0..).zip(members) {
        let id = member.work.id;
        let version = plan.version(id);
        let origin = Origin::of(plan, id, loaded, result).unwrap_or_else(|| broken("rows that come from nothing"));
        let first = member.first_row(plan);
        let moments = moments(plan, loaded, version, &member.rows);
        let entry = |row: u32, of: u32, day: Option<i32>, is_of_day: bool| {
            let root = root_of(&member.rows, of);
            Entry {
                day: day.unwrap_or_else(|| origin.day(root)),
                is_of_day,
                class: class(&origin),
                place: ranks.place(&origin, root),
                version: id,
                member: idx,
                row,
            }
        };
        let own = |row: u32| entry(row, row, moments.get(row as usize).copied(), !version.acts_at_start());
        entries.extend((first..member.n_rows).map(own));
        let again = (member.n_rows..).zip(&member.again.rows).filter(|(_, again)| again.row >= first);
        entries.extend(again.map(|(row, again)| entry(row, again.row, Some(again.day), true)));
    }
    entries
}

/// By row, when an entity acts on balances in a period: on the last day of the period, or on the first that lies within its life. None
/// for rows that are of their own days.
pub(super) fn moments(plan: &Plan, loaded: &Loaded, version: &Version, rows: &Rows) -> Vec<i32> {
    let (Stream::Periods(record, kind), Rows::EntityPeriods(periods)) = (&version.stream, rows) else {
        return Vec::new();
    };
    if !version.acts_at_start() {
        return periods.period.iter().map(|index| plan.cut_days(*kind, *index).to).collect();
    }
    let lives = Lives::of(plan, &loaded.data, *record);
    let start = |(entity, index): (&u32, &i32)| {
        let first = plan.cut_days(*kind, *index).from;
        lives.first.get(*entity as usize).map_or(first, |born| first.max(*born))
    };
    periods.entity.iter().zip(&periods.period).map(start).collect()
}

/// The row of the event, or of the entity periods, that a row comes from in the end.
fn root_of(rows: &Rows, row: u32) -> u32 {
    match rows {
        Rows::Payments(payments) => payments.root[row as usize],
        Rows::Events { .. } | Rows::ByDate(_) | Rows::EntityPeriods(_) => row,
    }
}

/// Names a movement by the rows that rules come from in the end.
fn to_roots(movement: &mut Movement, ids: &[VersionId], members: &[Member]) {
    let to_root = |mover: Mover| {
        let idx = ids.iter().position(|id| *id == mover.version);
        let rows = idx.map_or_else(|| broken("a movement by another rule"), |idx| &members[idx].rows);
        Mover { row: root_of(rows, mover.row), ..mover }
    };
    movement.lot = movement.lot.map(to_root);
    movement.by = movement.by.map(to_root);
}
