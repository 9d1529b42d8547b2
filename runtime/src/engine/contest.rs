//! Contests: the rows of a period are ranked when all of them have come as far as the ranking, and go on from there.

use crate::engine::balances::Member;
use crate::engine::result::RunError;
use crate::engine::run::Run;
use crate::engine::shared_limit::tell;
use meed_compiler::data::Rows;
use meed_compiler::internal::broken;
use meed_compiler::interpret::contest::{Candidate, Placing, before_ranking, shares_of};
use meed_compiler::interpret::lines::finish_lines;
use meed_compiler::plan::{Rank, Stream, Ties, VersionId};
use std::cmp::Ordering;

impl Run<'_, '_> {
    /// Does the rows of a version that ranks them.
    pub(super) fn contest(&mut self, id: VersionId) -> Result<(), RunError> {
        let mut member = self.member(id)?;
        let through = self.options.through;
        let mut seen = through;
        let mut candidates: Vec<Candidate> = Vec::new();
        for row in member.first_row(self.plan)..member.n_rows {
            self.see_for(std::slice::from_mut(&mut member), 0, row, &mut seen)?;
            candidates.extend(self.before_ranking(&mut member, row)?);
        }
        let mut placed: Vec<(Candidate, Placing)> = Vec::with_capacity(candidates.len());
        let mut rest = candidates.into_iter().peekable();
        while let Some(first) = rest.next() {
            let Rows::EntityPeriods(periods) = &member.rows else { broken("a contest of rows that are no periods") };
            let period = |candidate: &Candidate| periods.period[candidate.row as usize];
            let own = period(&first);
            let mut of_period = vec![first];
            while let Some(next) = rest.next_if(|next| period(next) == own) {
                of_period.push(next);
            }
            self.see_for(std::slice::from_mut(&mut member), 0, of_period[0].row, &mut seen)?;
            placed.extend(self.placed(&member, own, of_period)?);
        }
        for (candidate, placing) in placed {
            self.see_for(std::slice::from_mut(&mut member), 0, candidate.row, &mut seen)?;
            self.after_ranking(&mut member, candidate, placing)?;
        }
        self.see_now(std::slice::from_mut(&mut member), &mut seen)?;
        self.done(member)
    }

    fn before_ranking(&mut self, member: &mut Member, row: u32) -> Result<Option<Candidate>, RunError> {
        let Member { work, rows, chunk, .. } = member;
        let (id, plan, observed) = (work.id, self.plan, work.shows(row));
        self.at.set(Some((id, row)));
        let data = &mut self.loaded.data;
        let done = before_ranking(plan, id, data, rows, chunk, row, &mut work.output, observed);
        match done.map_err(|fault| self.fault(id, &plan.version(id).stream, rows, row, fault))? {
            Ok(candidate) => Ok(Some(candidate)),
            Err(trace) => {
                if let Some(trace) = trace {
                    tell(&mut self.observer, &mut work.limited, id, row, trace);
                }
                Ok(None)
            }
        }
    }

    /// The rows of one period with their ranks, in the order of their rows.
    fn placed(
        &mut self,
        member: &Member,
        period: i32,
        mut candidates: Vec<Candidate>,
    ) -> Result<Vec<(Candidate, Placing)>, RunError> {
        let (id, plan) = (member.work.id, self.plan);
        let version = plan.version(id);
        let Some((_, rank)) = version.ranking() else { broken("a contest without a ranking") };
        let Stream::Periods(_, kind) = &version.stream else { broken("a contest of rows that are no periods") };
        let is_open = !plan.has_ended(*kind, period, self.options.through);
        let n_ranked = candidates.len() as u32;
        candidates.sort_by(|a, b| order(rank, a, b).then(a.row.cmp(&b.row)));
        let mut placed: Vec<(Candidate, Placing)> = Vec::with_capacity(candidates.len());
        let mut rest = candidates.into_iter().peekable();
        while let Some(first) = rest.next() {
            let mut level = vec![first];
            while let Some(next) = rest.next_if(|next| order(rank, &level[0], next).is_eq()) {
                level.push(next);
            }
            let (place, n_level) = (placed.len() as u32 + 1, level.len() as u32);
            let is_shared = n_level > 1 && rank.ties == Ties::SharePrizes && version.emit().is_some();
            let shares = if is_shared { Some(self.shares(member, &level, place)?) } else { None };
            placed.extend(level.into_iter().enumerate().map(|(idx, candidate)| {
                let placing = Placing {
                    rank: place,
                    n_level,
                    n_ranked,
                    is_undecided: n_level > 1 && rank.ties == Ties::ToTheEarliest,
                    is_open,
                    completed: candidate.completed.map(|(day, ..)| day),
                    shared: shares.as_ref().map(|(sum, shares)| (*sum, shares[idx])),
                };
                (candidate, placing)
            }));
        }
        placed.sort_by_key(|(candidate, _)| candidate.row);
        Ok(placed)
    }

    /// What the places of level rows are paid, and what each of them gets of it.
    fn shares(&mut self, member: &Member, level: &[Candidate], first: u32) -> Result<(i128, Vec<i64>), RunError> {
        let Member { work, rows, chunk, .. } = member;
        let (id, plan) = (work.id, self.plan);
        let [one, ..] = level else { broken("level rows that are none") };
        let mut sum = 0;
        for place in first..first + level.len() as u32 {
            let prize = one.prize(plan, id, &mut self.loaded.data, rows, chunk, place);
            let prize = prize.map_err(|fault| self.fault(id, &plan.version(id).stream, rows, one.row, fault))?;
            sum += i128::from(prize);
        }
        let shares = shares_of(sum, level.len() as u32, plan.version(id));
        let shares = shares.map_err(|fault| self.fault(id, &plan.version(id).stream, rows, one.row, fault))?;
        Ok((sum, shares))
    }

    fn after_ranking(&mut self, member: &mut Member, candidate: Candidate, placing: Placing) -> Result<(), RunError> {
        let Member { work, rows, chunk, .. } = member;
        let (id, plan, row) = (work.id, self.plan, candidate.row);
        self.at.set(Some((id, row)));
        let first = work.output.rows.len();
        let data = &mut self.loaded.data;
        let done = candidate.after_ranking(plan, id, data, rows, chunk, placing, &mut work.output);
        let done = done.map_err(|fault| (row, fault)).and_then(|mut trace| {
            finish_lines(plan, id, data, rows, chunk, first, &mut work.output, trace.as_mut())?;
            Ok(trace)
        });
        let trace = done.map_err(|(row, fault)| self.fault(id, &plan.version(id).stream, rows, row, fault))?;
        if let Some(trace) = trace {
            tell(&mut self.observer, &mut work.limited, id, row, trace);
        }
        if self.kernels.is_some() && !work.shows(row) {
            self.result.replayed[id.index()] += 1;
        }
        Ok(())
    }
}

/// The order of a contest: the largest measure first, then whose measure was complete first, where that counts; who has no row comes
/// last.
fn order(rank: &Rank, a: &Candidate, b: &Candidate) -> Ordering {
    let by_measure = b.measure.cmp(&a.measure);
    if rank.ties != Ties::ToTheEarliest {
        return by_measure;
    }
    let when = |candidate: &Candidate| (candidate.completed.is_none(), candidate.completed);
    by_measure.then_with(|| when(a).cmp(&when(b)))
}
