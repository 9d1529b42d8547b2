//! What a run pays more or less than was paid, as tables.

use crate::earlier::compare::Compared;
use crate::earlier::ledger::Sum;
use crate::earlier::reason::Reason;
use crate::engine::result::RunResult;
use crate::manifest::Total;
use crate::output::batch::{Batch, Cells, Header, Kind, Sink, Texts};
use crate::pay::account::rule_totals;
use crate::pay::columns::{amounts, payments_header, units};
use crate::pay::credits::words;
use crate::pay::differences::header_of_differences;
use crate::pay::sinks::BATCH;
use meed_compiler::plan::{Plan, UnitId};
use meed_compiler::value::decimal_text;
use rustc_hash::FxHashMap;
use std::io;

/// From so many smallest units on an amount has more than eighteen digits.
const WIDE: u128 = 1_000_000_000_000_000_000;

/// What a total is for: the codes of the rule, the kind of payee and the payee, the unit, and the period.
type TotalOf = (u32, u32, u32, UnitId, String);

impl Compared {
    /// How many sums are others than what was paid.
    pub fn n_changed(&self) -> usize {
        self.changed.len()
    }

    /// The columns of payments.
    pub fn payments_header(&self, plan: &Plan, result: &RunResult) -> Header {
        let mut header = payments_header(plan, result);
        if self.changed.iter().any(|(sum, _)| sum.change().unsigned_abs() >= WIDE) {
            for (_, kind) in &mut header {
                if let Kind::Amount { digits, .. } = kind {
                    *digits = 38;
                }
            }
        }
        header
    }

    /// The columns of differences.
    pub fn differences_header(plan: &Plan) -> Header {
        header_of_differences(plan)
    }

    /// Writes the differences as payments, their totals, and each with its reason.
    ///
    /// # Errors
    /// What a sink meets.
    pub fn write(
        &self,
        plan: &Plan,
        payments: &mut dyn Sink,
        totals: &mut dyn Sink,
        differences: &mut dyn Sink,
    ) -> io::Result<()> {
        for changed in self.changed.chunks(BATCH) {
            payments.take(self.payments(plan, changed))?;
            differences.take(self.differences(plan, changed))?;
        }
        for sums in self.sums(plan).chunks(BATCH) {
            totals.take(self.totals(plan, sums))?;
        }
        payments.finish()?;
        totals.finish()?;
        differences.finish()
    }

    /// The period in which a difference is booked: its own, unless an earlier run settled that.
    fn booked(&self, plan: &Plan, sum: &Sum) -> String {
        if let Some(code) = sum.subject.booked {
            return self.ledger.text(code).into_owned();
        }
        let own = self.ledger.text(sum.subject.period);
        match plan.calendar.parse_name(&own) {
            Some((kind, number)) if plan.has_ended(kind, number, self.through) => self.booked.clone(),
            _ => own.into_owned(),
        }
    }

    fn texts<T>(&self, rows: &[T], code: impl Fn(&T) -> u32) -> Cells {
        let mut texts = Texts::default();
        rows.iter().for_each(|row| texts.push(&self.ledger.text(code(row))));
        Cells::Texts(texts)
    }

    fn words<T>(&self, rows: &[T], code: impl Fn(&T) -> u32) -> Cells {
        words(rows.iter().map(|row| self.ledger.text(code(row)).into_owned()))
    }

    fn payments(&self, plan: &Plan, changed: &[(Sum, Reason)]) -> Batch {
        let wholes = |value: fn(&Sum) -> i32| Cells::Wholes(changed.iter().map(|(sum, _)| value(sum)).collect());
        let columns = vec![
            self.words(changed, |(sum, _)| sum.subject.rule),
            wholes(|sum| sum.version),
            self.words(changed, |(sum, _)| sum.subject.kind),
            self.texts(changed, |(sum, _)| sum.subject.payee),
            units(plan, changed.iter().map(|(sum, _)| sum.subject.unit)),
            self.amounts(plan, changed, Sum::change),
            self.words(changed, |(sum, _)| sum.subject.event),
            self.texts(changed, |(sum, _)| sum.subject.key),
            wholes(|sum| sum.place),
            Cells::Days(changed.iter().map(|(sum, _)| sum.when).collect()),
            self.words(changed, |(sum, _)| sum.subject.period),
            words(changed.iter().map(|(sum, _)| self.booked(plan, sum))),
            due_days(changed),
            words(changed.iter().map(|(sum, _)| if sum.subject.accrual { "yes" } else { "no" }.to_owned())),
        ];
        Batch { n_rows: changed.len(), columns }
    }

    fn differences(&self, plan: &Plan, changed: &[(Sum, Reason)]) -> Batch {
        let columns = vec![
            self.words(changed, |(sum, _)| sum.subject.rule),
            self.words(changed, |(sum, _)| sum.subject.kind),
            self.texts(changed, |(sum, _)| sum.subject.payee),
            units(plan, changed.iter().map(|(sum, _)| sum.subject.unit)),
            self.words(changed, |(sum, _)| sum.subject.event),
            self.texts(changed, |(sum, _)| sum.subject.key),
            self.words(changed, |(sum, _)| sum.subject.period),
            due_days(changed),
            self.amounts(plan, changed, |sum| sum.was.unwrap_or(0)),
            self.amounts(plan, changed, |sum| sum.is.unwrap_or(0)),
            self.amounts(plan, changed, Sum::change),
            words(changed.iter().map(|(sum, _)| self.booked(plan, sum))),
            words(changed.iter().map(|(_, reason)| reason.word().to_owned())),
        ];
        Batch { n_rows: changed.len(), columns }
    }

    fn amounts(&self, plan: &Plan, changed: &[(Sum, Reason)], value: fn(&Sum) -> i128) -> Cells {
        let values = changed.iter().map(|(sum, _)| value(sum)).collect();
        amounts(plan, values, changed.iter().map(|(sum, _)| sum.subject.unit))
    }

    /// Sums by rule, payee, unit and the period that they are booked in, which are not zero.
    fn sums(&self, plan: &Plan) -> Vec<(TotalOf, i128)> {
        let mut sums: Vec<(TotalOf, i128)> = Vec::new();
        let mut places: FxHashMap<TotalOf, usize> = FxHashMap::default();
        for (sum, _) in &self.changed {
            let subject = sum.subject;
            let key = (subject.rule, subject.kind, subject.payee, subject.unit, self.booked(plan, sum));
            let place = *places.entry(key.clone()).or_insert(sums.len());
            if place == sums.len() {
                sums.push((key, 0));
            }
            sums[place].1 += sum.change();
        }
        sums.retain(|(_, sum)| *sum != 0);
        sums
    }

    fn totals(&self, plan: &Plan, sums: &[(TotalOf, i128)]) -> Batch {
        let columns = vec![
            self.words(sums, |(key, _)| key.0),
            self.words(sums, |(key, _)| key.1),
            self.texts(sums, |(key, _)| key.2),
            units(plan, sums.iter().map(|(key, _)| key.3)),
            words(sums.iter().map(|(key, _)| key.4.clone())),
            amounts(plan, sums.iter().map(|(_, sum)| *sum).collect(), sums.iter().map(|(key, _)| key.3)),
        ];
        Batch { n_rows: sums.len(), columns }
    }

    /// What each rule pays more or less, for `run.json`.
    pub fn rule_totals(&self, plan: &Plan, result: &RunResult) -> Vec<Total> {
        let mut sums: Vec<(String, UnitId, u64, i128)> = Vec::new();
        for (sum, _) in &self.changed {
            let rule = self.ledger.text(sum.subject.rule);
            let known = sums.iter().position(|(name, unit, ..)| *name == rule && *unit == sum.subject.unit);
            let place = known.unwrap_or_else(|| {
                sums.push((rule.into_owned(), sum.subject.unit, 0, 0));
                sums.len() - 1
            });
            sums[place].2 += 1;
            sums[place].3 += sum.change();
        }
        let total = |(rule, unit, payments, sum): (String, UnitId, u64, i128)| Total {
            rule,
            unit: plan.unit(unit).code.clone(),
            payments,
            amount: decimal_text(sum, plan.unit(unit).decimals),
        };
        // Rules as they are written, those that pay nothing more too, then those that are gone.
        let mut totals: Vec<Total> = Vec::new();
        for own in rule_totals(plan, result) {
            let known = sums.iter().position(|(rule, unit, ..)| *rule == own.rule && plan.unit(*unit).code == own.unit);
            totals.push(match known {
                Some(place) => total(sums.remove(place)),
                None => {
                    let decimals = plan.unit_named(&own.unit).map_or(0, |unit| plan.unit(unit).decimals);
                    Total { payments: 0, amount: decimal_text(0, decimals), ..own }
                }
            });
        }
        totals.extend(sums.into_iter().map(total));
        totals
    }
}

fn due_days(changed: &[(Sum, Reason)]) -> Cells {
    let days = || changed.iter().map(|(sum, _)| sum.subject.due);
    if days().all(|day| day.is_none()) { Cells::NoDays } else { Cells::SomeDays(days().collect()) }
}
