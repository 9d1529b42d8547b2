//! What a run pays more or less than was paid, as tables.

use crate::earlier::compare::Compared;
use crate::earlier::run_lines::Difference;
use crate::earlier::subject::Subject;
use crate::earlier::sums::Line;
use crate::engine::result::RunResult;
use crate::manifest::Total;
use crate::output::batch::{Batch, Cells, Header, Kind, Sink};
use crate::pay::account::rule_totals;
use crate::pay::columns::{amounts, payments_header, units};
use crate::pay::credits::words as pay_words;
use crate::pay::differences::header_of_differences;
use crate::pay::sinks::BATCH;
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, UnitId};
use meed_compiler::value::decimal_text;
use rustc_hash::FxHashMap;
use std::io;

/// From so many smallest units on an amount has more than eighteen digits.
const WIDE: u128 = 1_000_000_000_000_000_000;

/// What a total is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct TotalOf<'a> {
    rule: &'a str,
    payee_kind: &'a str,
    payee: &'a str,
    unit: &'a str,
    booked: &'a str,
}

impl Compared {
    /// How many sums are others than what was paid.
    pub fn n_changed(&self) -> usize {
        self.changed.len()
    }

    /// The columns of payments.
    pub fn payments_header(&self, plan: &Plan, result: &RunResult) -> Header {
        let mut header = payments_header(plan, result);
        if self.changed.iter().any(|row| row.change().unsigned_abs() >= WIDE) {
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
    fn booked<'a>(&'a self, plan: &Plan, difference: &'a Difference) -> &'a str {
        if let Some(close) = &difference.apart.booked {
            return close;
        }
        let own = &difference.subject.period;
        match plan.calendar.parse_name(own) {
            Some((kind, number)) if plan.has_ended(kind, number, self.through) => &self.booked,
            _ => own,
        }
    }

    fn payments(&self, plan: &Plan, changed: &[Difference]) -> Batch {
        let wholes = |value: fn(&Line) -> i32| Cells::Wholes(changed.iter().map(|row| value(&row.line)).collect());
        let columns = vec![
            words(changed, |row| &row.subject.rule),
            wholes(|line| line.version),
            words(changed, |row| &row.subject.payee_kind),
            texts(changed, |row| &row.subject.payee),
            units(plan, changed.iter().map(|row| unit(plan, &row.subject.unit))),
            self.amounts(plan, changed, Difference::change),
            words(changed, |row| &row.subject.event),
            texts(changed, |row| &row.subject.key),
            wholes(|line| line.place),
            Cells::Days(changed.iter().map(|row| row.line.when).collect()),
            words(changed, |row| &row.subject.period),
            words(changed, |row| self.booked(plan, row)),
            due_days(changed),
            words(changed, |row| if row.apart.accrual { "yes" } else { "no" }),
        ];
        Batch { n_rows: changed.len(), columns }
    }

    fn differences(&self, plan: &Plan, changed: &[Difference]) -> Batch {
        let columns = vec![
            words(changed, |row| &row.subject.rule),
            words(changed, |row| &row.subject.payee_kind),
            texts(changed, |row| &row.subject.payee),
            units(plan, changed.iter().map(|row| unit(plan, &row.subject.unit))),
            words(changed, |row| &row.subject.event),
            texts(changed, |row| &row.subject.key),
            words(changed, |row| &row.subject.period),
            due_days(changed),
            self.amounts(plan, changed, |row| row.was),
            self.amounts(plan, changed, |row| row.is),
            self.amounts(plan, changed, Difference::change),
            words(changed, |row| self.booked(plan, row)),
            words(changed, |row| row.reason.word()),
        ];
        Batch { n_rows: changed.len(), columns }
    }

    fn amounts(&self, plan: &Plan, changed: &[Difference], value: fn(&Difference) -> i128) -> Cells {
        let values = changed.iter().map(value).collect();
        amounts(plan, values, changed.iter().map(|row| unit(plan, &row.subject.unit)))
    }

    /// Sums by rule, payee, unit and the period that they are booked in, which are not zero.
    fn sums<'a>(&'a self, plan: &Plan) -> Vec<(TotalOf<'a>, i128)> {
        let mut sums: Vec<(TotalOf<'a>, i128)> = Vec::new();
        let mut places: FxHashMap<TotalOf<'a>, usize> = FxHashMap::default();
        for row in &self.changed {
            let Subject { rule, payee_kind, payee, unit, .. } = &row.subject;
            let key = TotalOf { rule, payee_kind, payee, unit, booked: self.booked(plan, row) };
            let place = *places.entry(key).or_insert(sums.len());
            if place == sums.len() {
                sums.push((key, 0));
            }
            sums[place].1 += row.change();
        }
        sums.retain(|(_, sum)| *sum != 0);
        sums
    }

    fn totals(&self, plan: &Plan, sums: &[(TotalOf<'_>, i128)]) -> Batch {
        let columns = vec![
            words(sums, |(key, _)| key.rule),
            words(sums, |(key, _)| key.payee_kind),
            texts(sums, |(key, _)| key.payee),
            units(plan, sums.iter().map(|(key, _)| unit(plan, key.unit))),
            words(sums, |(key, _)| key.booked),
            amounts(plan, sums.iter().map(|(_, sum)| *sum).collect(), sums.iter().map(|(key, _)| unit(plan, key.unit))),
        ];
        Batch { n_rows: sums.len(), columns }
    }

    /// What each rule pays more or less, for `run.json`.
    pub fn rule_totals(&self, plan: &Plan, result: &RunResult) -> Vec<Total> {
        let mut sums: Vec<(&str, UnitId, u64, i128)> = Vec::new();
        for row in &self.changed {
            let (rule, unit) = (&*row.subject.rule, unit(plan, &row.subject.unit));
            let known = sums.iter().position(|(name, known, ..)| *name == rule && *known == unit);
            let place = known.unwrap_or_else(|| {
                sums.push((rule, unit, 0, 0));
                sums.len() - 1
            });
            sums[place].2 += 1;
            sums[place].3 += row.change();
        }
        let total = |(rule, unit, payments, sum): (&str, UnitId, u64, i128)| Total {
            rule: rule.to_owned(),
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

/// Both sides are of units of the program: of others no payments are read.
fn unit(plan: &Plan, code: &str) -> UnitId {
    plan.unit_named(code).unwrap_or_else(|| broken("a unit of no program"))
}

fn texts<T>(rows: &[T], text: impl Fn(&T) -> &str) -> Cells {
    Cells::Texts(rows.iter().map(text).collect())
}

fn words<'a, T>(rows: &'a [T], word: impl Fn(&'a T) -> &'a str) -> Cells {
    pay_words(rows.iter().map(|row| word(row).to_owned()))
}

fn due_days(changed: &[Difference]) -> Cells {
    let days = || changed.iter().map(|row| row.subject.due);
    if days().all(|day| day.is_none()) { Cells::NoDays } else { Cells::SomeDays(days().collect()) }
}
