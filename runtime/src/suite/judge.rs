//! Expectations, held against what a test's rows come to.

use crate::output::formula::unmarked;
use crate::pay::columns::{payment_column, total_column};
use crate::pay::decisions::decision_column;
use crate::pay::movements::movement_column;
use crate::source::error::SourceError;
use crate::source::file::Content;
use crate::suite::failure::{Failure, Files};
use crate::suite::settled::Settled;
use crate::suite::why::undated;
use meed_compiler::balances::MovementKind;
use meed_compiler::internal::broken;
use meed_compiler::plan::Plan;
use meed_compiler::value::{Exact, exact_text, parse_exact};
use meed_compiler::{Expectation, TestCase};
use meed_grammar::foreign::{escaped, shown};
use meed_grammar::span::Span;
use std::collections::BTreeMap;

/// The payments that an expectation is about.
struct Matching<'a> {
    rule: &'a str,
    payee: Option<&'a str>,
    unit: Option<&'a str>,
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
                Expectation::Pays { rule, payee, amount, unit, key, period, .. } => {
                    let (key, period) = (key.as_deref(), period.as_deref());
                    let wanted = Matching { rule, payee: Some(payee), unit: Some(unit), key, period };
                    self.pays(&wanted, amount, &mut used)
                }
                Expectation::DoesNotPay { rule, payee, key, period, .. } => {
                    let wanted = Matching {
                        rule,
                        payee: payee.as_deref(),
                        unit: None,
                        key: key.as_deref(),
                        period: period.as_deref(),
                    };
                    let found = self.matching(&wanted, &mut used);
                    found.first().map(|&idx| self.payment(idx)).into_iter().collect()
                }
                Expectation::NoOtherPayments(_) => {
                    (0..used.len()).filter(|&idx| !used[idx]).map(|idx| self.payment(idx)).collect()
                }
                Expectation::Decides { name, key, period, value, .. } => {
                    self.decides(name, key, period.as_deref(), value.as_deref()).into_iter().collect()
                }
                Expectation::Balance { name, key, amount, .. } => {
                    self.balance(name, key.as_deref(), amount).into_iter().collect()
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
            cell(row, "rule") == wanted.rule
                && wanted.payee.is_none_or(|payee| cell(row, "payee") == payee)
                && wanted.unit.is_none_or(|unit| cell(row, "unit") == unit)
                && wanted.key.is_none_or(|key| cell(row, "key") == key)
                && wanted.period.is_none_or(|period| cell(row, "booked") == period)
        };
        let found: Vec<usize> = (0..self.payments.len()).filter(|&idx| same(&self.payments[idx])).collect();
        found.iter().for_each(|&idx| used[idx] = true);
        found
    }

    fn pays(&self, wanted: &Matching, amount: &Exact, used: &mut [bool]) -> Vec<String> {
        let found = self.matching(wanted, used);
        let sum = found.iter().fold(Exact::ZERO, |sum, &idx| sum + amount_of(cell(&self.payments[idx], "amount")));
        if sum == *amount {
            return Vec::new();
        }
        let payee = wanted.payee.unwrap_or_default();
        let (rule, payee, code) = (wanted.rule, shown(payee), wanted.unit.unwrap_or_default());
        let (paid, expected) = (exact_text(&sum), exact_text(amount));
        vec![format!("`{rule}` pays {payee} {paid} {code}, and {expected} {code} is expected")]
    }

    /// `introductions` pays MAYA 500.00 USD I1
    fn payment(&self, idx: usize) -> String {
        let row = &self.payments[idx];
        let columns = ["rule", "payee", "amount", "unit", "key"];
        let [rule, payee, amount, unit, key] = columns.map(|column| cell(row, column));
        let words = format!("`{rule}` pays {} {amount} {unit} {}", shown(payee), shown(key));
        words.trim_end().to_owned()
    }

    fn decides(&self, name: &str, key: &str, period: Option<&str>, value: Option<&str>) -> Option<String> {
        let [of_name, of_key, of_period, of_value] = ["name", "key", "period", "value"].map(decision_column);
        let same = |row: &&Vec<String>| {
            row[of_name] == name && row[of_key] == key && period.is_none_or(|period| row[of_period] == period)
        };
        let found = self.decisions.iter().find(same).map(|row| row[of_value].as_str());
        match (found, value) {
            (found, value) if found == value => None,
            (found, value) => {
                let [found, value] = [found, value].map(|text| text.map_or("unknown".into(), shown));
                Some(format!("`{name}` of {} is {found}, and {value} is expected", shown(key)))
            }
        }
    }

    /// What is left of a balance: its movements add up to it, but for what was short.
    fn balance(&self, name: &str, key: Option<&str>, amount: &Exact) -> Option<String> {
        let [of_name, of_key, of_kind, of_amount] = ["balance", "key", "kind", "amount"].map(movement_column);
        let own = |row: &&Vec<String>| row[of_name] == name && row[of_key] == key.unwrap_or_default();
        let moved = self.movements.iter().filter(own).filter(|row| row[of_kind] != MovementKind::Short.word());
        let left = moved.fold(Exact::ZERO, |sum, row| sum + amount_of(&row[of_amount]));
        if left == *amount {
            return None;
        }
        let whose = key.map_or(String::new(), |key| format!(" of {}", shown(key)));
        let (left, expected) = (exact_text(&left), exact_text(amount));
        Some(format!("the balance of `{name}`{whose} is {left}, and {expected} is expected"))
    }

    /// How the totals differ from those of a file, by the columns that it has.
    fn totals_as_in(&self, file: &str, files: Files) -> Result<Vec<String>, String> {
        let source = files(file).map_err(|error| error.to_string())?;
        let Content::Csv(reader, _) = source.content else {
            return Err(SourceError::UnknownFormat { file: file.to_owned(), known: String::new() }.to_string());
        };
        let name = shown(file);
        let damaged = |error: csv::Error| format!("`{name}` is no table: {error}");
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
        let mut columns = Vec::new();
        for name in reader.headers().map_err(damaged)? {
            let column = total_column(name.trim_start_matches('\u{feff}'));
            columns.push(
                column.ok_or_else(|| {
                    format!("`{}` has a column `{}`, which totals have not", shown(file), shown(name))
                })?,
            );
        }
        let of_amount = total_column("amount");
        let is_amount = |column: &usize| Some(*column) == of_amount;
        let amount = columns.iter().position(is_amount);
        let amount = amount.ok_or_else(|| format!("`{name}` has no column `amount`"))?;
        let mut sums: BTreeMap<Vec<String>, (Exact, Exact)> = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(damaged)?;
            let key = columns
                .iter()
                .zip(&record)
                .filter(|(column, _)| !is_amount(column))
                .map(|(_, cell)| unmarked(cell).to_owned());
            let text = record.get(amount).unwrap_or_else(|| broken("a row of fewer cells than the header"));
            let value = parse_exact(text).ok_or_else(|| format!("`{name}` has an amount `{}`", shown(text)))?;
            sums.entry(key.collect()).or_default().0 += value;
        }
        for row in &self.totals {
            let key = columns.iter().filter(|column| !is_amount(column)).map(|column| row[*column].clone());
            sums.entry(key.collect()).or_default().1 += of_amount.map_or(Exact::ZERO, |column| amount_of(&row[column]));
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

/// A cell of a row of payments.
fn cell<'a>(row: &'a [String], column: &str) -> &'a str {
    &row[payment_column(column)]
}

/// An amount as payments have it.
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
        | Expectation::Balance { span, .. }
        | Expectation::Totals { span, .. } => *span,
    }
}
