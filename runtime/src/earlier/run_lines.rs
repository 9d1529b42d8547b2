//! The payments of a run on their way into the order of subjects, and what they are more or less than was paid.

use crate::earlier::reason::{Reason, Reasons};
use crate::earlier::rows::RowsInOrder;
use crate::earlier::subject::{Apart, Subject, push_day, push_text};
use crate::earlier::sums::{Line, Lines, Ranked, Room, Sum, differing};
use crate::output::batch::{Batch, Cells, Kind, Sink};
use crate::pay::columns::payment_column;
use crate::store::loaded::Loaded;
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, RuleId, UnitId};
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::io;

/// What is known of the runs that paid before.
#[derive(Clone, Debug)]
pub struct Before {
    /// The last day of the latest of them.
    pub through: i32,
    /// Whether the program or its parameters are others than its.
    pub is_repriced: bool,
    /// The rules by which they paid.
    pub rules: FxHashSet<String>,
}

/// A sum that is another than was paid.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What it is for.
    pub subject: Subject,
    /// Of the line that comes first, of the run where it has one: the version of its rule, its place and its day; and of the row of an event the
    /// digest of its cells now.
    pub line: Line,
    /// What was paid.
    pub was: i128,
    /// What the run comes to.
    pub is: i128,
    /// Why they differ.
    pub reason: Reason,
    pub(super) apart: Apart,
    /// Its place in the order in which the run writes; the last where it does not have it.
    pub(super) rank: u64,
}

/// What is not paid yet, as its period has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accrued {
    /// The rule.
    pub rule: RuleId,
    /// The unit.
    pub unit: UnitId,
    /// How many lines.
    pub n_lines: u64,
    /// Their sum.
    pub amount: i128,
}

/// What becomes of lines that earlier runs cannot have paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotPaidBefore {
    /// Accruals are counted, and of all others the period is that of the row.
    Counted,
    /// Accruals, and what closes after this day book, are compared with nothing.
    Apart { through: i32 },
}

/// Takes the payments of a run in.
#[derive(Debug)]
pub struct RunLines<'a> {
    plan: &'a Plan,
    room: Room<'a>,
    lines: Lines,
    not_paid_before: NotPaidBefore,
    accrued: Vec<Accrued>,
    key: Vec<u8>,
}

impl Difference {
    /// What the run pays more.
    pub fn change(&self) -> i128 {
        self.is - self.was
    }
}

impl<'a> RunLines<'a> {
    /// Takes payments that are paid when their period has ended: accruals are only counted.
    pub fn new(plan: &'a Plan, room: Room<'a>) -> Self {
        Self::with(plan, room, NotPaidBefore::Counted)
    }

    pub(super) fn with(plan: &'a Plan, room: Room<'a>, not_paid_before: NotPaidBefore) -> Self {
        Self { plan, room, lines: Lines::new(room), not_paid_before, accrued: Vec::new(), key: Vec::new() }
    }

    /// What is not paid yet, by rule and unit.
    pub fn accrued(&self) -> &[Accrued] {
        &self.accrued
    }

    /// Gives each sum that is another than was paid, in the order of subjects, with the reason. `was` is what was paid, in that order.
    ///
    /// # Errors
    /// When lines or rows cannot be read back, sums do not fit, `was` is not in order, and what `each` meets.
    pub fn differences(
        self,
        loaded: &Loaded,
        before: &Before,
        was: impl Iterator<Item = io::Result<(Subject, Line)>>,
        each: impl FnMut(Difference) -> io::Result<()>,
    ) -> io::Result<()> {
        let ranked = was.zip(0..).map(|(line, rank)| {
            let (subject, line) = line?;
            let mut key = Vec::new();
            subject.push(&mut key);
            Apart::default().push(&mut key);
            Ok(Ranked { key, line, rank })
        });
        self.compare(loaded, before, ranked, each)
    }

    pub(super) fn compare(
        self,
        loaded: &Loaded,
        before: &Before,
        was: impl Iterator<Item = io::Result<Ranked>>,
        mut each: impl FnMut(Difference) -> io::Result<()>,
    ) -> io::Result<()> {
        let reasons = Reasons::new(self.plan, before);
        let mut rows = RowsInOrder::of(self.plan, loaded, self.room)?;
        differing(
            was,
            self.lines.in_order()?,
            |row| Ok(rows.find(row)?),
            |sum| {
                let reason = reasons.of(&sum);
                let Sum { subject, apart, was, is, mut line, rank, row, .. } = sum;
                line.row = row.map(|row| row.digest.0);
                each(Difference { subject, line, was: was.unwrap_or(0), is: is.unwrap_or(0), reason, apart, rank })
            },
        )
    }

    fn count(&mut self, rule: RuleId, unit: UnitId, amount: i128) -> io::Result<()> {
        let known = self.accrued.iter_mut().find(|known| (known.rule, known.unit) == (rule, unit));
        let Some(known) = known else {
            self.accrued.push(Accrued { rule, unit, n_lines: 1, amount });
            return Ok(());
        };
        known.n_lines += 1;
        let sum = known.amount.checked_add(amount);
        known.amount = sum.ok_or_else(|| io::Error::other("what is accrued is too large to add up"))?;
        Ok(())
    }
}

impl Sink for RunLines<'_> {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        let column = |name: &str| &batch.columns[payment_column(name)];
        let plan = self.plan;
        let [rules, kinds, units, events, periods, booked, accruals] =
            ["rule", "payee_kind", "unit", "event", "period", "booked", "accrual"].map(|name| words(column(name)));
        let rule_ids: Vec<Option<RuleId>> = rules.0.iter().map(|name| plan.rule_named(name)).collect();
        let unit_ids: Vec<Option<UnitId>> = units.0.iter().map(|unit| plan.unit_named(unit)).collect();
        // Whether a close books it that comes after the earlier runs.
        let is_after: Vec<bool> = match self.not_paid_before {
            NotPaidBefore::Counted => vec![false; booked.0.len()],
            NotPaidBefore::Apart { through } => booked.0.iter().map(|name| comes_after(plan, name, through)).collect(),
        };
        let (payees, keys) = (column("payee"), column("key"));
        let amounts = match column("amount") {
            Cells::Amounts(amounts) => &amounts.values,
            _ => broken("amounts that are none"),
        };
        for row in 0..batch.n_rows {
            let of = |(_, codes): &(_, &[u16])| usize::from(codes[row]);
            let accrual = accruals.0[of(&accruals)] == "yes";
            if accrual && self.not_paid_before == NotPaidBefore::Counted {
                let rule = rule_ids[of(&rules)].unwrap_or_else(|| broken("a rule of no program"));
                let unit = unit_ids[of(&units)].unwrap_or_else(|| broken("a unit of no program"));
                self.count(rule, unit, amounts[row])?;
                continue;
            }
            self.key.clear();
            let key = &mut self.key;
            push_text(&events.0[of(&events)], key);
            push_text(&text(keys, row), key);
            push_text(&rules.0[of(&rules)], key);
            push_text(&kinds.0[of(&kinds)], key);
            push_text(&text(payees, row), key);
            push_text(&periods.0[of(&periods)], key);
            push_text(&units.0[of(&units)], key);
            push_day(day(column("due"), row), key);
            let close = of(&booked);
            let booked = is_after[close].then(|| booked.0[close].clone().into_owned());
            Apart { accrual, booked }.push(key);
            let line = Line {
                version: whole(column("version"), row),
                place: whole(column("place"), row),
                when: day(column("when"), row).unwrap_or_else(|| broken("a payment of no day")),
                amount: amounts[row],
                row: None,
            };
            self.lines.push(&self.key, line)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a close of this period comes after a day, so that runs through that day could not have booked anything in it.
fn comes_after(plan: &Plan, period: &str, through: i32) -> bool {
    let known = plan.calendar.parse_name(period);
    let (kind, number) = known.unwrap_or_else(|| broken(format!("a period `{period}` that is none")));
    plan.calendar.settled.is_some() && plan.calendar.days(kind, number, plan.active).from > through
}

fn words(cells: &Cells) -> (Vec<Cow<'_, str>>, &[u16]) {
    match cells {
        Cells::Words { words, codes } => (words.iter().map(String::from_utf8_lossy).collect(), codes),
        _ => broken("a word that is none"),
    }
}

fn text(cells: &Cells, row: usize) -> Cow<'_, str> {
    match cells {
        Cells::Texts(_) | Cells::Words { .. } => cells.text(row, Kind::Text),
        _ => broken("a key that is no text"),
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
