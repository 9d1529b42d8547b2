//! `returns take back what was paid`: a return takes its share of every line of its row back, on its own day, as a line of its own.
//!
//! Of a line of `p` that a return brings from the share `a` of its row taken back to `b` it takes `round(p * b) - round(p * a)`, so
//! that all returns of a row together take back what was paid, to the cent.

use crate::engine::lines::Lines;
use crate::engine::origin::Origin;
use crate::engine::result::RunError;
use crate::engine::run::Run;
use crate::store::paged::Shelf;
use meed_compiler::internal::broken;
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{UnitId, VersionId};
use meed_compiler::value::{Exact, round};
use rustc_hash::FxHashMap;

impl Run<'_, '_> {
    /// Adds to the lines of a version what returns take back of them; the lines are done but for that.
    pub(super) fn take_back(&mut self, id: VersionId) -> Result<(), RunError> {
        let plan = self.plan;
        let version = plan.version(id);
        let Some(record) = version.stream.event().filter(|_| version.takes_back) else { return Ok(()) };
        let known = self.loaded.taken.iter().find(|taken| taken.record == record);
        let Some(takings) = known.map(|taken| &taken.rows).filter(|rows| !rows.is_empty()) else { return Ok(()) };
        let unit = version.emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
        // A split of which all is kept pays nobody.
        let Some(usual) = plan.payee_record(id) else { return Ok(()) };
        let observed = self.observer.as_ref().is_some_and(|observer| observer.wants(id));
        let mut lines = self.result.lines[id.index()].page(0)?.into_owned();
        let origin =
            Origin::of(plan, id, self.loaded, &self.result).unwrap_or_else(|| broken("lines that come from nothing"));
        let mut by_row: FxHashMap<u32, Vec<usize>> = takings.iter().map(|taking| (taking.row, Vec::new())).collect();
        for (idx, root) in lines.roots().iter().enumerate() {
            if let Some(own) = by_row.get_mut(&origin.source(*root)) {
                own.push(idx);
            }
        }
        let share = |(part, whole): (i64, i64)| Exact::from(part) / Exact::from(whole);
        let mut told: Vec<(u32, Trace)> = Vec::new();
        let mut before = (u32::MAX, Exact::ZERO);
        for (number, taking) in (1u32..).zip(takings) {
            let had = if before.0 == taking.row { before.1.clone() } else { Exact::ZERO };
            if taking.day > self.options.through {
                continue;
            }
            let has = share(taking.share);
            for &idx in &by_row[&taking.row] {
                let (paid, unit) = (lines.amounts[idx], lines.unit(idx, unit));
                let (mode, decimals) = (plan.unit(unit).mode, plan.unit(unit).decimals);
                let of = |share: &Exact| round(&(Exact::from(paid) * share), mode);
                let amount = i64::try_from(of(&had) - of(&has)).unwrap_or_else(|_| broken("more than all of a line"));
                if amount != 0 {
                    lines.take_back(idx, amount, number, taking.day);
                }
                if !observed {
                    continue;
                }
                let party = (lines.kind(idx, usual), lines.payees[idx]);
                let shares = (had.clone(), has.clone());
                let step = TraceStep::TakenBack {
                    by: taking.by,
                    day: taking.day,
                    shares,
                    party,
                    unit,
                    decimals,
                    paid,
                    amount,
                };
                told.push((lines.rows[idx], Trace::of_line(step)));
            }
            before = (taking.row, has);
        }
        let shelf = Shelf::new(self.loaded)?;
        let mut both = Lines::new(shelf.paged(self.loaded, plan.root_of(&version.stream)));
        both.push(lines, unit)?;
        self.result.lines[id.index()] = both;
        if let Some(observer) = &mut self.observer {
            told.into_iter().for_each(|(row, trace)| observer.row(id, row, trace));
        }
        Ok(())
    }
}
