//! Holds what a run pays against what earlier runs paid.

use crate::earlier::ledger::{Ledger, Line, Subject, Sum};
use crate::earlier::read::EarlierRuns;
use crate::earlier::reason::{Reason, Reasons};
use crate::engine::result::RunResult;
use crate::manifest::{Parameters, Program};
use crate::output::batch::{Batch, Cells, Kind, Sink};
use crate::pay::columns::payment_column;
use crate::pay::sinks::Sinks;
use crate::pay::write::write;
use crate::store::loaded::Loaded;
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, UnitId};
use std::borrow::Cow;
use std::io;

/// What a run pays more or less than earlier runs paid.
pub struct Compared {
    pub(super) ledger: Ledger,
    pub(super) changed: Vec<(Sum, Reason)>,
    /// The period in which what an earlier run settled is booked now.
    pub(super) booked: String,
    /// The last day of the earlier runs.
    pub(super) through: i32,
}

impl EarlierRuns {
    /// Holds what a run pays against them; the program and the parameters are those of this run.
    ///
    /// # Errors
    /// When the lines of the run cannot be read back, or sums do not fit.
    pub fn compare(
        mut self,
        plan: &Plan,
        loaded: &Loaded,
        result: &RunResult,
        program: &Program,
        parameters: &Parameters,
    ) -> io::Result<Compared> {
        let mut taken = Taken { plan, earlier: &mut self };
        let sinks = &mut Sinks { payments: Some(&mut taken), ..Sinks::default() };
        write(plan, loaded, result, sinks)?;
        let changed = self.ledger.changed();
        let is_repriced = self.last.program != *program || self.last.parameters != *parameters;
        let reasons = Reasons::of(plan, loaded, &self.ledger, &changed, self.through, is_repriced)?;
        let changed = changed.into_iter().map(|sum| (sum, reasons.of_sum(&self.ledger, &sum))).collect();
        let kind = plan.calendar.told_by();
        let day =
            if plan.calendar.knows(kind, result.through) { result.through } else { plan.active.to.min(result.through) };
        let booked = plan.calendar.name(kind, plan.calendar.index(kind, day));
        Ok(Compared { ledger: self.ledger, changed, booked, through: self.through })
    }
}

/// Takes the payments of the run in.
struct Taken<'a> {
    plan: &'a Plan,
    earlier: &'a mut EarlierRuns,
}

impl Sink for Taken<'_> {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        let column = |name: &str| &batch.columns[payment_column(name)];
        let (plan, earlier) = (self.plan, &mut *self.earlier);
        let [rules, kinds, units, events, periods, booked, accruals] =
            ["rule", "payee_kind", "unit", "event", "period", "booked", "accrual"].map(|name| words(column(name)));
        let codes = |ledger: &mut Ledger, words: &[Cow<'_, str>]| {
            words.iter().map(|word| ledger.code(word)).collect::<Vec<_>>()
        };
        let [rule_codes, kind_codes, event_codes, period_codes] =
            [&rules, &kinds, &events, &periods].map(|(words, _)| codes(&mut earlier.ledger, words));
        let unit_ids: Vec<Option<UnitId>> = units.0.iter().map(|unit| plan.unit_named(unit)).collect();
        let booked_codes: Vec<Option<u32>> = booked
            .0
            .iter()
            .map(|name| match earlier.comes_after(plan, name) {
                Some(true) => Some(earlier.ledger.code(name)),
                Some(false) => None,
                None => broken(format!("a period `{name}` that is none")),
            })
            .collect();
        let of = |codes: &[u32], of_rows: &[u16], row: usize| codes[usize::from(of_rows[row])];
        for row in 0..batch.n_rows {
            let text = |name: &str| match column(name) {
                cells @ (Cells::Texts(_) | Cells::Words { .. }) => cells.text(row, Kind::Text),
                _ => broken("a key that is no text"),
            };
            let accrual = accruals.0[usize::from(accruals.1[row])] == "yes";
            let unit = unit_ids[usize::from(units.1[row])].unwrap_or_else(|| broken("a unit of no program"));
            let own = booked_codes[usize::from(booked.1[row])];
            let subject = Subject {
                rule: of(&rule_codes, rules.1, row),
                kind: of(&kind_codes, kinds.1, row),
                payee: earlier.ledger.code(&text("payee")),
                unit,
                event: of(&event_codes, events.1, row),
                key: earlier.ledger.code(&text("key")),
                period: of(&period_codes, periods.1, row),
                due: day(column("due"), row),
                booked: own,
                accrual,
            };
            let line = Line {
                version: whole(column("version"), row),
                place: whole(column("place"), row),
                when: day(column("when"), row).unwrap_or_else(|| broken("a payment of no day")),
                amount: match column("amount") {
                    Cells::Amounts(amounts) => amounts.values[row],
                    _ => broken("an amount that is none"),
                },
            };
            let fits = earlier.ledger.pays(subject, line);
            fits.ok_or_else(|| io::Error::other("what is paid is too large to add up"))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn words(cells: &Cells) -> (Vec<Cow<'_, str>>, &[u16]) {
    match cells {
        Cells::Words { words, codes } => (words.iter().map(String::from_utf8_lossy).collect(), codes),
        _ => broken("a word that is none"),
    }
}

fn whole(cells: &Cells, row: usize) -> i32 {
    match cells {
        Cells::Wholes(numbers) => numbers[row],
        _ => broken("a number that is none"),
    }
}

fn day(cells: &Cells, row: usize) -> Option<i32> {
    match cells {
        Cells::Days(days) => Some(days[row]),
        Cells::SomeDays(days) => days[row],
        Cells::NoDays => None,
        _ => broken("a day that is none"),
    }
}
