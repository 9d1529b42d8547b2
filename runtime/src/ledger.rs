//! Lines as tables: payments, totals and decisions, in one order whatever the order of the input.

use crate::engine::{Line, RunResult};
use crate::load::Loaded;
use meed_compiler::interpret::eval::Value;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Period, Plan, RuleId, Step, Stream, Type};
use meed_compiler::value::{decimal_text, exact_text, fraction};
use std::collections::BTreeMap;

/// A table of text cells with its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Names of the columns.
    pub header: &'static [&'static str],
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

/// The rules by name in the order written, with their versions.
fn families(plan: &Plan) -> Vec<(&str, Vec<RuleId>)> {
    let mut families: Vec<(&str, Vec<RuleId>)> = Vec::new();
    for (idx, rule) in plan.rules.iter().enumerate() {
        let id = RuleId(idx as u32);
        match families.iter_mut().find(|(name, _)| *name == rule.name) {
            Some((_, versions)) => versions.push(id),
            None => families.push((&rule.name, vec![id])),
        }
    }
    families
}

/// The lines of a rule with its versions, by payee, period, when and key.
fn sorted<'a>(result: &'a RunResult, versions: &[RuleId]) -> Vec<(RuleId, &'a Line)> {
    let mut lines: Vec<(RuleId, &Line)> =
        versions.iter().flat_map(|id| result.lines[id.index()].iter().map(move |line| (*id, line))).collect();
    lines.sort_by_key(|(_, line)| {
        (line.payee, line.period.1, line.when, line.event.map(|(_, row)| row), line.entity, line.row)
    });
    lines
}

/// One row for each payment line.
pub fn payments(plan: &Plan, loaded: &Loaded, result: &RunResult) -> Sheet {
    let mut rows = Vec::new();
    for (name, versions) in families(plan) {
        for (id, line) in sorted(result, &versions) {
            let Some(payee) = plan.payee_record(id) else { continue };
            let (event, key) = match line.event {
                Some((record, row)) => {
                    (plan.record(record).name.clone(), loaded.keys[record.index()].text(row as usize).into_owned())
                }
                None => (String::new(), String::new()),
            };
            rows.push(vec![
                name.to_owned(),
                plan.rule(id).version.to_string(),
                plan.record(payee).name.clone(),
                loaded.keys[payee.index()].text(line.payee as usize).into_owned(),
                plan.unit.code.clone(),
                decimal_text(line.amount.into(), plan.unit.decimals),
                event,
                key,
                date_of(line.when).to_string(),
                plan.calendar.name(line.period.0, line.period.1),
                String::new(),
                if line.accrual { "yes" } else { "no" }.to_owned(),
            ]);
        }
    }
    let header = &[
        "rule",
        "version",
        "payee_kind",
        "payee",
        "unit",
        "amount",
        "event",
        "key",
        "when",
        "period",
        "due",
        "accrual",
    ];
    Sheet { header, rows }
}

/// Sums of the payments by rule, payee and period; sums of zero are left out.
pub fn totals(plan: &Plan, loaded: &Loaded, result: &RunResult) -> Sheet {
    let mut rows = Vec::new();
    for (name, versions) in families(plan) {
        let mut sums: BTreeMap<(u32, i32, Period), i128> = BTreeMap::new();
        for (_, line) in sorted(result, &versions) {
            *sums.entry((line.payee, line.period.1, line.period.0)).or_default() += i128::from(line.amount);
        }
        let Some(payee) = plan.payee_record(versions[0]) else { continue };
        for ((row, number, kind), sum) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
            rows.push(vec![
                name.to_owned(),
                plan.record(payee).name.clone(),
                loaded.keys[payee.index()].text(row as usize).into_owned(),
                plan.unit.code.clone(),
                plan.calendar.name(kind, number),
                decimal_text(sum, plan.unit.decimals),
            ]);
        }
    }
    Sheet { header: &["rule", "payee_kind", "payee", "unit", "period", "amount"], rows }
}

/// One row for each decision that was taken.
pub fn decisions(plan: &Plan, loaded: &Loaded, result: &RunResult) -> Sheet {
    let mut rows = Vec::new();
    for (name, versions) in families(plan) {
        let mut found: Vec<(usize, i32, Vec<String>)> = Vec::new();
        for &id in &versions {
            for step in &plan.rule(id).steps {
                let Step::Set(decision, _) = step else { continue };
                let (definition, data) = (&plan.decisions[decision.index()], loaded.data.decision(*decision));
                for row in (0..data.known.len()).filter(|&row| data.known[row] == 1) {
                    let (of, key, period, when) = match (&definition.stream, &result.grids[id.index()]) {
                        (Stream::Events(record), _) => {
                            let when = plan
                                .record(*record)
                                .when
                                .and_then(|when| loaded.data.tables[record.index()].columns[when.index()].as_ref());
                            let day = match when.map(|when| when.value(row, Type::Date, 0)) {
                                Some(Value::Date(day)) => day,
                                _ => continue,
                            };
                            let quarter = plan.calendar.index(Period::Quarter, day);
                            (*record, row, plan.calendar.name(Period::Quarter, quarter), day)
                        }
                        (Stream::Grid(entity, kind), Some(grid)) => (
                            *entity,
                            grid.entity[row] as usize,
                            plan.calendar.name(*kind, grid.period[row]),
                            grid.last_day[row],
                        ),
                        (Stream::Grid(..) | Stream::Payments(_), _) => continue,
                    };
                    // Versions share a decision; each writes the rows of its own days.
                    if !plan.rule(id).active.holds(when.min(plan.active.to)) {
                        continue;
                    }
                    let value = match definition.ty {
                        Type::YesNo => if data.nums[row] == 1 { "yes" } else { "no" }.to_owned(),
                        Type::Date => date_of(data.nums[row] as i32).to_string(),
                        _ => exact_text(&fraction(data.nums[row].into(), data.dens[row].into())),
                    };
                    let text = loaded.keys[of.index()].text(key).into_owned();
                    found.push((
                        key,
                        when,
                        vec![
                            name.to_owned(),
                            plan.rule(id).version.to_string(),
                            plan.record(of).name.clone(),
                            text,
                            period,
                            definition.name.clone(),
                            value,
                        ],
                    ));
                }
            }
        }
        found.sort_by_key(|(key, when, _)| (*when, *key));
        rows.extend(found.into_iter().map(|(_, _, row)| row));
    }
    Sheet { header: &["rule", "version", "of", "key", "period", "name", "value"], rows }
}

impl Sheet {
    /// The table as CSV, with its header; bytes are the same wherever it is written.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory cannot fail; a failure would show as a missing row, which no caller could repair.
        let written = writer
            .write_record(self.header)
            .and_then(|()| self.rows.iter().try_for_each(|row| writer.write_record(row)));
        debug_assert!(written.is_ok());
        writer.into_inner().unwrap_or_default()
    }
}
