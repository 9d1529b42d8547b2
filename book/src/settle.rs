//! Settling: what a run pays more or less than was posted becomes a draft.

use crate::book::{BATCH, Book};
use crate::cursor::{InOrder, Shared};
use crate::entry::{Act, Day, PeriodDays, RuleTotal, SealedLines, SettlementEntry, SettlementKind};
use crate::error::BookError;
use crate::line::{LinesDigest, PostedLine};
use crate::money::Money;
use crate::periods::{Booking, periods_of};
use crate::state::{BookState, Status};
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::{date_of, day_of};
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::{Before, Difference, RunLines};
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::Manifest;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::io;

/// A run that is settled.
pub struct SettledRun<'a> {
    /// The program.
    pub plan: &'a Plan,
    /// Its tables.
    pub loaded: &'a Loaded,
    /// What it pays.
    pub lines: RunLines<'a>,
    /// Its last day.
    pub through: i32,
    /// What its `run.json` says.
    pub manifest: &'a Manifest,
    /// The text of that.
    pub text: &'a str,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum SettleOutcome {
    /// The book has all of it.
    Nothing,
    /// A draft has all of it.
    Same {
        /// The draft.
        settlement: u64,
    },
    /// A draft was made.
    Drafted {
        /// It.
        settled: Box<SettlementEntry>,
        /// The draft that it takes the place of.
        instead_of: Option<u64>,
    },
}

impl Book {
    /// Whether a program can be settled through a day; before a run is begun that would be for nothing.
    ///
    /// # Errors
    /// Where it was settled through a later day, or a settlement is approved and not posted.
    pub fn can_settle(&self, program: &str, through: i32) -> Result<(), BookError> {
        can_settle(&self.state, program, through)
    }

    /// Makes a draft of what a run pays more or less than was posted; approved and posted at once where it is said by whom.
    ///
    /// # Errors
    /// As [`Book::can_settle`]; where lines cannot be read or written, and where somebody else posted meanwhile.
    pub fn settle(
        &mut self,
        run: SettledRun<'_>,
        approved: Option<(&str, &str)>,
        on: Day,
    ) -> Result<SettleOutcome, BookError> {
        let known = self.state.head.clone();
        let seen = last_posted(&self.state, &run.plan.name);
        self.change(on, |state, store| {
            let program = run.plan.name.clone();
            can_settle(state, &program, run.through).map_err(|error| match state.head == known {
                true => error,
                false => BookError::Changed { what: error.to_string() },
            })?;
            if last_posted(state, &program) != seen {
                let what = format!("settlement {} was posted", last_posted(state, &program));
                return Err(BookError::Changed { what });
            }
            settle(state, store, run, approved)
        })
    }
}

/// The settlement of a program that was posted last; 0 where there is none.
fn last_posted(state: &BookState, program: &str) -> u64 {
    state.compared(program).last().map_or(0, |last| last.settled.settlement)
}

fn can_settle(state: &BookState, program: &str, through: i32) -> Result<(), BookError> {
    for kind in [SettlementKind::Run, SettlementKind::Opening] {
        let Some(open) = state.open(program, kind) else { continue };
        let number = open.settled.settlement;
        if open.status == Status::Approved || kind == SettlementKind::Opening {
            let is = open.status.word();
            let message = format!("settlement {number} of `{}` is {is} and not posted", shown(program));
            let help = format!("post it: meed book post {number}; or drop it: meed book drop {number}");
            return Err(BookError::refused(message, help));
        }
    }
    let last = state.compared(program).last().map(|last| last.settled.through);
    if let Some(last) = last.filter(|last| day_of(*last) > through) {
        let message =
            format!("`{}` is settled through {last}, and this run is through {}", shown(program), date_of(through));
        return Err(BookError::refused(message, format!("name that day or a later one: --through {last}")));
    }
    Ok(())
}

fn settle(
    state: &BookState,
    store: &Shared<'_>,
    run: SettledRun<'_>,
    approved: Option<(&str, &str)>,
) -> Result<(Vec<Act>, SettleOutcome), BookError> {
    let SettledRun { plan, loaded, lines, through, manifest, text } = run;
    let settlement = state.next_settlement();
    let compared = state.compared(&plan.name);
    let numbers: Vec<u64> = compared.iter().map(|known| known.settled.settlement).collect();
    let follows = numbers.last().copied().unwrap_or(0);
    let before = before(state, &plan.name, manifest)?;
    let periods = periods_of(plan, through);
    let closed = state.closed.get(&plan.name).copied();
    let accrued = lines.accrued().iter().map(|accrued| {
        let unit = plan.unit(accrued.unit);
        let money = Money { unit: unit.code.clone(), decimals: unit.decimals, amount: accrued.amount };
        RuleTotal { rule: plan.rule(accrued.rule).name.clone(), lines: accrued.n_lines, money }
    });
    let accrued = accrued.collect();
    let mut drafting = Drafting {
        plan,
        store,
        settlement,
        booking: Booking::new(plan, &periods, closed, through),
        booked: FxHashMap::default(),
        lines: Vec::new(),
        n_lines: 0,
        digest: LinesDigest::default(),
        totals: Vec::new(),
        reasons: BTreeMap::new(),
    };
    let was = InOrder::new(store, numbers).map(|line| {
        let (_, PostedLine { subject, line, .. }) = line.map_err(io::Error::other)?;
        Ok((subject, line))
    });
    lines.differences(loaded, &before, was, |difference| drafting.take(difference)).map_err(book_error)?;
    drafting.write()?;
    let Drafting { booked, n_lines, digest, mut totals, reasons, .. } = drafting;
    let mut booked: Vec<PeriodDays> = booked.into_values().collect();
    booked.sort_by(|a, b| (a.to, &a.period).cmp(&(b.to, &b.period)));
    booked.dedup();
    totals.sort_by(|a, b| (&a.rule, &a.money.unit).cmp(&(&b.rule, &b.money.unit)));
    let settled = SettlementEntry {
        settlement,
        kind: SettlementKind::Run,
        program: plan.name.clone(),
        through: date_of(through),
        follows,
        lines: SealedLines { lines: n_lines, sha256: digest.finish() },
        totals,
        reasons,
        booked,
        periods,
        units: plan.units.iter().map(|unit| (unit.code.clone(), unit.decimals)).collect(),
        accrued,
        run: Some(text.to_owned()),
        note: String::new(),
    };
    let open = state.open(&plan.name, SettlementKind::Run);
    let is_same = |other: &SettlementEntry| other.lines == settled.lines && other.through == settled.through;
    let is_nothing = n_lines == 0 && compared.last().is_some_and(|last| last.settled.through == settled.through);
    if let Some(open) = open.filter(|open| is_same(&open.settled) && approved.is_none() && !is_nothing) {
        store.borrow_mut().drop_lines(settlement)?;
        return Ok((Vec::new(), SettleOutcome::Same { settlement: open.settled.settlement }));
    }
    let mut acts = Vec::new();
    let instead_of = open.map(|open| open.settled.settlement);
    if let Some(settlement) = instead_of {
        store.borrow_mut().drop_lines(settlement)?;
        acts.push(Act::Dropped { settlement });
    }
    if is_nothing {
        return Ok((acts, SettleOutcome::Nothing));
    }
    let settled = Box::new(settled);
    acts.push(Act::Drafted(settled.clone()));
    if let Some((by, note)) = approved {
        acts.push(Act::Approved { settlement, by: by.to_owned(), note: note.to_owned() });
        acts.push(Act::Posted { settlement });
    }
    Ok((acts, SettleOutcome::Drafted { settled, instead_of }))
}

/// What is known of the settlements that were posted.
fn before(state: &BookState, program: &str, manifest: &Manifest) -> Result<Before, BookError> {
    let compared = state.compared(program);
    let rules: FxHashSet<String> =
        compared.iter().flat_map(|known| &known.settled.totals).map(|total| total.rule.clone()).collect();
    let through = compared.last().map_or(i32::MIN, |last| day_of(last.settled.through));
    let last_run = compared.iter().rev().find_map(|known| known.settled.run.as_deref());
    let is_repriced = match last_run {
        None => false,
        Some(text) => {
            let last: Manifest = serde_json::from_str(text).map_err(|error| BookError::Store(error.to_string()))?;
            last.program != manifest.program || last.parameters != manifest.parameters
        }
    };
    Ok(Before { through, is_repriced, rules })
}

fn book_error(error: io::Error) -> BookError {
    error.downcast::<BookError>().unwrap_or_else(BookError::Io)
}

/// A settlement while its lines are written.
struct Drafting<'a, 's, 'b> {
    plan: &'a Plan,
    store: &'s Shared<'b>,
    settlement: u64,
    booking: Booking<'a>,
    /// By the period of a row, in which one it is booked.
    booked: FxHashMap<String, PeriodDays>,
    lines: Vec<PostedLine>,
    n_lines: u64,
    digest: LinesDigest,
    totals: Vec<RuleTotal>,
    reasons: BTreeMap<String, u64>,
}

impl Drafting<'_, '_, '_> {
    fn take(&mut self, difference: Difference) -> io::Result<()> {
        self.add(difference).map_err(io::Error::other)
    }

    fn add(&mut self, difference: Difference) -> Result<(), BookError> {
        let Difference { subject, mut line, was, is, reason, .. } = difference;
        let large = || BookError::TooLarge {
            rule: subject.rule.clone(),
            key: subject.key.clone(),
            what: "the amount is too large",
        };
        line.amount = is.checked_sub(was).ok_or_else(large)?;
        if !self.booked.contains_key(&subject.period) {
            let period = self.booking.of(&subject.period)?;
            self.booked.insert(subject.period.clone(), period);
        }
        let booked = self.booked.get(&subject.period).map_or(String::new(), |days| days.period.clone());
        let known = self.totals.iter_mut().find(|known| known.rule == subject.rule && known.money.unit == subject.unit);
        match known {
            Some(known) => {
                known.lines += 1;
                known.money.amount = known.money.amount.checked_add(line.amount).ok_or_else(large)?;
            }
            None => {
                let unit = self.plan.unit_named(&subject.unit).map_or(0, |unit| self.plan.unit(unit).decimals);
                let money = Money { unit: subject.unit.clone(), decimals: unit, amount: line.amount };
                self.totals.push(RuleTotal { rule: subject.rule.clone(), lines: 1, money });
            }
        }
        *self.reasons.entry(reason.word().to_owned()).or_default() += 1;
        self.n_lines += 1;
        let posted = PostedLine { number: self.n_lines, subject, line, booked, reason: reason.word().to_owned(), was };
        self.digest.take(&posted);
        self.lines.push(posted);
        if self.lines.len() == BATCH { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), BookError> {
        self.store.borrow_mut().put_lines(self.settlement, &self.lines)?;
        self.lines.clear();
        Ok(())
    }
}
