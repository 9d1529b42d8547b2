//! Expectations, held against what a test's rows come to.

use super::why::undated;
use super::{Failure, Files, Settled};
use crate::load::{Content, LoadError};
use crate::table::unmarked;
use meed_compiler::internal::broken;
use meed_compiler::plan::Plan;
use meed_compiler::value::{Exact, exact_text, parse_exact};
use meed_compiler::{Expectation, TestCase};
use meed_grammar::foreign::{escaped, shown};
use meed_grammar::span::Span;
use std::collections::BTreeMap;

/// Columns of the totals, in their order.
const TOTALS: [&str; 6] = ["rule", "payee_kind", "payee", "unit", "period", "amount"];

/// The payments that an expectation is about.
struct Matching<'a> {
    rule: &'a str,
    payee: Option<&'a str>,
    key: Option<&'a str>,
    period: Option<&'a str>,
}

impl Settled {
    /// The expectations that do not hold.
    pub(super) fn judge(&self, plan: &Plan, test: &TestCase, files: Files) -> Vec<Failure> {
        let mut used = vec![false; self.payments.len()];
        let mut failures = Vec::new();
        for expectation in &test.expect {
            let said = match expectation {
                Expectation::Pays { rule, payee, amount, key, period, .. } => {
                    let wanted = Matching { rule, payee: Some(payee), key: key.as_deref(), period: period.as_deref() };
                    self.pays(plan, &wanted, amount, &mut used)
                }
                Expectation::DoesNotPay { rule, payee, key, period, .. } => {
                    let wanted =
                        Matching { rule, payee: payee.as_deref(), key: key.as_deref(), period: period.as_deref() };
                    let found = self.matching(&wanted, &mut used);
                    found.first().map(|&idx| self.payment(plan, idx)).into_iter().collect()
                }
                Expectation::NoOtherPayments(_) => {
                    (0..used.len()).filter(|&idx| !used[idx]).map(|idx| self.payment(plan, idx)).collect()
                }
                Expectation::Decides { name, key, period, value, .. } => {
                    self.decides(name, key, period.as_deref(), value.as_deref()).into_iter().collect()
                }
                Expectation::Rejected { key, .. } => {
                    let rejected = self.loaded.rejects.iter().any(|reject| reject.key == *key);
                    if rejected { Vec::new() } else { vec![format!("{} is not rejected", shown(key))] }
                }
                Expectation::Totals { file, .. } => {
                    used.fill(true);
                    self.totals_as_in(file, files).unwrap_or_else(|error| vec![error])
                }
            };
            let span = place(expectation);
            failures.extend(said.into_iter().map(|message| Failure::new(span, message)));
        }
        failures.extend(self.unexpected_rejects(plan, test));
        failures.extend(undated(plan, test));
        failures
    }

    /// The payments that are meant; they are not `other` payments any more.
    fn matching(&self, wanted: &Matching, used: &mut [bool]) -> Vec<usize> {
        let same = |row: &[String]| {
            row[0] == wanted.rule
                && wanted.payee.is_none_or(|payee| row[3] == payee)
                && wanted.key.is_none_or(|key| row[7] == key)
                && wanted.period.is_none_or(|period| row[9] == period)
        };
        let found: Vec<usize> = (0..self.payments.len()).filter(|&idx| same(&self.payments[idx])).collect();
        found.iter().for_each(|&idx| used[idx] = true);
        found
    }

    fn pays(&self, plan: &Plan, wanted: &Matching, amount: &Exact, used: &mut [bool]) -> Vec<String> {
        let found = self.matching(wanted, used);
        let sum = found.iter().fold(Exact::ZERO, |sum, &idx| sum + amount_of(&self.payments[idx][5]));
        if sum == *amount {
            return Vec::new();
        }
        let payee = wanted.payee.unwrap_or_default();
        let (rule, payee, code) = (wanted.rule, shown(payee), &plan.unit.code);
        let (paid, expected) = (exact_text(&sum), exact_text(amount));
        vec![format!("`{rule}` pays {payee} {paid} {code}, and {expected} {code} is expected")]
    }

    /// `introductions` pays MAYA 500.00 USD I1
    fn payment(&self, plan: &Plan, idx: usize) -> String {
        let row = &self.payments[idx];
        let words = format!("`{}` pays {} {} {} {}", row[0], shown(&row[3]), row[5], plan.unit.code, shown(&row[7]));
        words.trim_end().to_owned()
    }

    fn decides(&self, name: &str, key: &str, period: Option<&str>, value: Option<&str>) -> Option<String> {
        let same = |row: &&Vec<String>| row[5] == name && row[3] == key && period.is_none_or(|period| row[4] == period);
        let found = self.decisions.iter().find(same).map(|row| row[6].as_str());
        match (found, value) {
            (found, value) if found == value => None,
            (found, value) => {
                let [found, value] = [found, value].map(|text| text.map_or("unknown".into(), shown));
                Some(format!("`{name}` of {} is {found}, and {value} is expected", shown(key)))
            }
        }
    }

    /// How the totals differ from those of a file, by the columns that it has.
    fn totals_as_in(&self, file: &str, files: Files) -> Result<Vec<String>, String> {
        let source = files(file).map_err(|error| error.to_string())?;
        let Content::Csv(reader, _) = source.content else {
            return Err(LoadError::UnknownFormat { file: file.to_owned() }.to_string());
        };
        let name = shown(file);
        let damaged = |error: csv::Error| format!("`{name}` is no table: {error}");
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
        let mut columns = Vec::new();
        for name in reader.headers().map_err(damaged)? {
            let column = TOTALS.iter().position(|known| *known == name.trim_start_matches('\u{feff}'));
            columns.push(
                column.ok_or_else(|| {
                    format!("`{}` has a column `{}`, which totals have not", shown(file), shown(name))
                })?,
            );
        }
        let amount = columns.iter().position(|column| *column == 5);
        let amount = amount.ok_or_else(|| format!("`{name}` has no column `amount`"))?;
        let mut sums: BTreeMap<Vec<String>, (Exact, Exact)> = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(damaged)?;
            let key = columns
                .iter()
                .zip(&record)
                .filter(|(column, _)| **column != 5)
                .map(|(_, cell)| unmarked(cell).to_owned());
            let text = record.get(amount).unwrap_or_else(|| broken("a row of fewer cells than the header"));
            let value = parse_exact(text).ok_or_else(|| format!("`{name}` has an amount `{}`", shown(text)))?;
            sums.entry(key.collect()).or_default().0 += value;
        }
        for row in &self.totals {
            let key = columns.iter().filter(|column| **column != 5).map(|column| row[*column].clone());
            sums.entry(key.collect()).or_default().1 += amount_of(&row[5]);
        }
        let differs = |(key, (wanted, found)): (&Vec<String>, &(Exact, Exact))| {
            (wanted != found).then(|| {
                format!("{}: {} in `{name}`, {} paid", shown(&key.join(" ")), exact_text(wanted), exact_text(found))
            })
        };
        Ok(sums.iter().filter_map(differs).collect())
    }

    /// A given row that is rejected is a mistake of the test, unless it expects that.
    fn unexpected_rejects(&self, plan: &Plan, test: &TestCase) -> Vec<Failure> {
        let expects = |expectation: &Expectation| matches!(expectation, Expectation::Rejected { .. });
        if test.expect.iter().any(expects) {
            return Vec::new();
        }
        let told = self.loaded.rejects.iter().map(|reject| {
            let record = &plan.record(reject.record).name;
            let message = format!(
                "a given {record} is rejected: {} {}: {}",
                shown(&reject.column),
                shown(&reject.value),
                escaped(&reject.reason)
            );
            Failure::new(test.span, message)
        });
        told.collect()
    }
}

/// An amount as the ledger writes it.
fn amount_of(text: &str) -> Exact {
    parse_exact(text).unwrap_or_else(|| broken(format!("`{text}`, which is no amount")))
}

/// Where an expectation is written.
pub(super) fn place(expectation: &Expectation) -> Span {
    match expectation {
        Expectation::Pays { span, .. }
        | Expectation::DoesNotPay { span, .. }
        | Expectation::NoOtherPayments(span)
        | Expectation::Decides { span, .. }
        | Expectation::Rejected { span, .. }
        | Expectation::Totals { span, .. } => *span,
    }
}
