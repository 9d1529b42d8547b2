//! `returns take back what was paid`: a return takes its share of every line of its row back, on its own day, as a line of its own.
//!
//! Of a line of `p` that a return brings from the share `a` of its row taken back to `b` it takes `round(p * b) - round(p * a)`, so
//! that all returns of a row together take back what was paid, to the cent.

use crate::engine::lines::{LineRows, Lines, Origin};
use crate::engine::result::RunError;
use crate::engine::run::Run;
use crate::store::paged::Shelf;
use meed_compiler::internal::broken;
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{RecordId, UnitId, VersionId};
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
        let usual = plan.payee_record(id).unwrap_or_else(|| broken("nobody's lines that are taken back"));
        let lines = self.result.lines[id.index()].page(0)?.into_owned();
        let origin =
            Origin::of(plan, id, self.loaded, &self.result).unwrap_or_else(|| broken("lines that come from nothing"));
        let mut by_row: FxHashMap<u32, Vec<usize>> = takings.iter().map(|taking| (taking.row, Vec::new())).collect();
        for (idx, root) in lines.roots().iter().enumerate() {
            if let Some(own) = by_row.get_mut(&origin.source(*root)) {
                own.push(idx);
            }
        }
        let share = |(part, whole): (i64, i64)| Exact::from(part) / Exact::from(whole);
        let mut more = More::default();
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
                    more.push(&lines, idx, usual, unit, amount, number);
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
        if more.rows.is_empty() && told.is_empty() {
            return Ok(());
        }
        let all = more.behind(lines, usual, unit);
        let shelf = Shelf::new(self.loaded)?;
        let mut both = Lines::new(shelf.paged(self.loaded, plan.root_of(&version.stream)));
        both.push_rows(all, unit)?;
        self.result.lines[id.index()] = both;
        if let Some(observer) = self.observer.as_mut().filter(|observer| observer.wants(id)) {
            told.into_iter().for_each(|(row, trace)| observer.row(id, row, trace));
        }
        Ok(())
    }
}

/// Lines that are added.
#[derive(Default)]
struct More {
    rows: Vec<u32>,
    payees: Vec<u32>,
    amounts: Vec<i64>,
    units: Vec<u32>,
    places: Vec<u32>,
    kinds: Vec<u32>,
    takings: Vec<u32>,
}

impl More {
    fn push(&mut self, lines: &LineRows, idx: usize, usual: RecordId, unit: UnitId, amount: i64, taking: u32) {
        self.rows.push(lines.rows[idx]);
        self.payees.push(lines.payees[idx]);
        self.amounts.push(amount);
        self.units.push(unit.0);
        self.places.push(lines.place(idx));
        self.kinds.push(lines.kind(idx, usual).0);
        self.takings.push(taking);
    }

    /// Others, and these behind them.
    fn behind(self, lines: LineRows, usual: RecordId, unit: UnitId) -> LineRows {
        let mut all = Self::default();
        (0..lines.len()).for_each(|idx| all.push(&lines, idx, usual, lines.unit(idx, unit), lines.amounts[idx], 0));
        all.rows.extend(self.rows);
        all.payees.extend(self.payees);
        all.amounts.extend(self.amounts);
        all.units.extend(self.units);
        all.places.extend(self.places);
        all.kinds.extend(self.kinds);
        all.takings.extend(self.takings);
        LineRows::new(all.rows, all.payees, all.amounts, all.units)
            .with_parts(all.places, all.kinds)
            .taken_by(all.takings)
    }
}
