//! What was paid before there was a book.

use crate::book::Book;
use crate::entry::{Act, Day, PeriodDays, RuleTotal, SettlementEntry, SettlementKind};
use crate::error::BookError;
use crate::line::PostedLine;
use crate::money::Money;
use crate::payee::Payee;
use crate::periods::periods_of;
use crate::writer::LinesWriter;
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::{Days, date_of};
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::{Line, Subject, read_payments};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::path::Path;

impl Book {
    /// Drafts an opening of what a file says was paid through a day, before there was a book; gives it.
    ///
    /// # Errors
    /// Where the program is in the book already, the file cannot be read or says what the program cannot have paid.
    pub fn open_with(&mut self, plan: &Plan, file: &Path, through: i32, on: Day) -> Result<SettlementEntry, BookError> {
        let name = file.display().to_string();
        let mut sums: BTreeMap<Subject, Line> = BTreeMap::new();
        let (mut large, mut twice) = (None, None);
        let mut places: FxHashSet<(Subject, i32)> = FxHashSet::default();
        read_payments(plan, file, through, |subject, line| {
            if !places.insert((subject.clone(), line.place)) {
                twice = Some(subject.clone());
            }
            match sums.get_mut(&subject) {
                None => {
                    sums.insert(subject, line);
                }
                Some(known) => match known.amount.checked_add(line.amount) {
                    Some(sum) => known.amount = sum,
                    None => large = Some(subject),
                },
            }
        })?;
        if let Some(Subject { rule, key, payee_kind, payee, period, .. }) = twice {
            let payee = Payee { kind: payee_kind, key: payee }.to_string();
            let message = format!(
                "two rows of the file are `{}` to `{}` for `{}` in {}",
                shown(&rule),
                shown(&payee),
                shown(&key),
                shown(&period)
            );
            let help = "if both were paid, give them a column `place`, 1 and 2; if not, remove one";
            return Err(BookError::refused(message, help));
        }
        if let Some(Subject { rule, key, .. }) = large {
            return Err(BookError::TooLarge { rule, key, what: "the sum is too large" });
        }
        sums.retain(|_, line| line.amount != 0);
        if sums.is_empty() {
            return Err(BookError::Refused(format!("`{}` has no payments", shown(&name))));
        }
        self.change(on, |state, store| {
            let settlement = state.next_settlement();
            let mut writer = LinesWriter::new(store, settlement);
            let mut totals: BTreeMap<(String, String), RuleTotal> = BTreeMap::new();
            let mut booked: BTreeMap<String, PeriodDays> = BTreeMap::new();
            for (subject, line) in sums {
                known(plan, &subject)?;
                let large = || BookError::TooLarge {
                    rule: subject.rule.clone(),
                    key: subject.key.clone(),
                    what: "the sum is too large",
                };
                let total = totals.entry((subject.rule.clone(), subject.unit.clone())).or_insert_with(|| {
                    let decimals = plan.unit_named(&subject.unit).map_or(0, |unit| plan.unit(unit).decimals);
                    let money = Money { unit: subject.unit.clone(), decimals, amount: 0 };
                    RuleTotal { rule: subject.rule.clone(), lines: 0, money }
                });
                total.lines += 1;
                total.money.amount = total.money.amount.checked_add(line.amount).ok_or_else(large)?;
                if let Some((kind, index)) = plan.calendar.parse_name(&subject.period) {
                    let Days { from, to } = plan.calendar.days(kind, index, plan.active);
                    if from > through.min(plan.active.to) {
                        let message = format!(
                            "{} begins on {}, after {}",
                            subject.period,
                            date_of(from),
                            date_of(through.min(plan.active.to))
                        );
                        return Err(BookError::refused(message, "an opening is of what was paid through its day"));
                    }
                    let days = PeriodDays { period: subject.period.clone(), from: date_of(from), to: date_of(to) };
                    booked.insert(subject.period.clone(), days);
                }
                let booked = subject.period.clone();
                let posted = PostedLine { number: 0, subject, line, booked, reason: "opening".to_owned(), was: 0 };
                writer.push(posted)?;
            }
            let lines = writer.finish()?;
            let n_lines = lines.lines;
            let settled = SettlementEntry {
                settlement,
                kind: SettlementKind::Opening,
                program: plan.name.clone(),
                through: date_of(through),
                follows: 0,
                lines,
                totals: totals.into_values().collect(),
                reasons: BTreeMap::from([("opening".to_owned(), n_lines)]),
                booked: booked.into_values().collect(),
                periods: periods_of(plan, through),
                units: plan.units.iter().map(|unit| (unit.code.clone(), unit.decimals)).collect(),
                accrued: Vec::new(),
                run: None,
                ends: date_of(plan.active.to),
                fields: String::new(),
                meaning: String::new(),
                note: name,
            };
            Ok((vec![Act::Drafted(Box::new(settled.clone()))], settled))
        })
    }
}

/// A line of a rule, an event or a kind of party that the program does not have is held against nothing, and would be taken back whole by
/// the first settlement.
fn known(plan: &Plan, subject: &Subject) -> Result<(), BookError> {
    let Subject { event, rule, payee_kind, .. } = subject;
    let record = |name: &str| plan.record_named(name).is_some();
    let (what, name) = match () {
        () if plan.rule_named(rule).is_none() => ("rule", rule),
        () if !record(payee_kind) => ("entity", payee_kind),
        () if !event.is_empty() && !record(event) => ("event", event),
        () => return Ok(()),
    };
    let message = format!("the program has no {what} `{}`", shown(name));
    Err(BookError::refused(message, "write it as the program does, in the column of the file"))
}
