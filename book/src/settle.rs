//! Settling: what a run pays more or less than was posted becomes a draft.

use crate::book::Book;
use crate::cursor::{InOrder, Shared};
use crate::entry::{Act, Day, PeriodDays, RuleTotal, SettlementEntry, SettlementKind};
use crate::error::BookError;
use crate::line::{LinesDigest, PostedLine};
use crate::money::Money;
use crate::periods::{Booking, periods_of};
use crate::state::{BookState, Settlement, Status};
use crate::writer::LinesWriter;
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::{date_of, day_of};
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::{Before, Difference, Line, RunLines, fields_in_digests};
use meed_runtime::inner::store::Loaded;
use meed_runtime::manifest::{Counts, Manifest, sha256_of};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
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
    /// Whether it may be posted at once though an event has less than half of the rows that it had.
    pub fewer_rows: bool,
}

/// An event of which there are fewer rows than when the program was settled last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FewerRows {
    /// The event.
    pub event: String,
    /// How many there were.
    pub were: u64,
    /// How many there are.
    pub are: u64,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum SettleOutcome {
    /// The book has all of it.
    Nothing {
        /// The draft that was dropped, as there is nothing to post.
        dropped: Option<u64>,
    },
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
        /// Events of which there are fewer rows than before.
        fewer: Vec<FewerRows>,
    },
}

impl Book {
    /// Whether a program can be settled through a day; before a run is begun that would be for nothing.
    ///
    /// # Errors
    /// Where it was settled through a later day, or a settlement is approved and not posted.
    pub fn can_settle(&self, program: &str, through: i32, on: Day) -> Result<(), BookError> {
        can_settle(&self.state, program, through, on)
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
            can_settle(state, &program, run.through, on).map_err(|error| match state.head == known {
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

fn can_settle(state: &BookState, program: &str, through: i32, on: Day) -> Result<(), BookError> {
    let last_day = date_of(through);
    if last_day > on {
        let message = format!("{last_day} is still to come on {on}: a book is of what has happened");
        let help = "name the last day of what has ended, as --through 2026-03-31; `meed run` tells what will be";
        return Err(BookError::refused(message, help));
    }
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
    let SettledRun { plan, loaded, lines, through, manifest, text, fewer_rows } = run;
    let settlement = state.next_settlement();
    let compared = state.compared(&plan.name);
    let numbers: Vec<u64> = compared.iter().map(|known| known.settled.settlement).collect();
    let follows = numbers.last().copied().unwrap_or(0);
    let (meaning, fields) = (meaning(plan), fields_in_digests(plan));
    let before = before(state, &plan.name, manifest, &meaning)?;
    let fewer = fewer(state, &plan.name, manifest)?;
    if let Some(FewerRows { event, were, are }) = fewer.iter().find(|fewer| fewer.are < fewer.were.div_ceil(2))
        && approved.is_some()
        && !fewer_rows
    {
        let message = format!("`{}` had {were} rows when this was settled last, and has {are}", shown(event));
        let help = "rows go back to the first day of the program; if so many are gone indeed, say --fewer-rows, or draft it without --approved-by";
        return Err(BookError::refused(message, help));
    }
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
        writer: LinesWriter::new(store, settlement),
        booking: Booking::new(plan, &compared, &periods, closed, through),
        units: &state.units,
        booked: FxHashMap::default(),
        totals: Vec::new(),
        reasons: BTreeMap::new(),
    };
    let seals: RefCell<FxHashMap<u64, LinesDigest>> =
        RefCell::new(numbers.iter().map(|number| (*number, LinesDigest::default())).collect());
    let was = InOrder::new(store, numbers).map(|line| {
        let (number, posted) = line.map_err(io::Error::other)?;
        if let Some(seal) = seals.borrow_mut().get_mut(&number) {
            seal.take(&posted);
        }
        // A digest of other fields says nothing.
        let is_of_these = |known: &&&Settlement| known.settled.settlement == number && known.settled.fields == fields;
        let row = posted.line.row.filter(|_| compared.iter().find(is_of_these).is_some());
        Ok((posted.subject, Line { row, ..posted.line }))
    });
    lines.differences(loaded, &before, was, |difference| drafting.take(difference)).map_err(book_error)?;
    // What somebody has changed is nothing to take a difference from.
    let mut seals = seals.into_inner();
    for known in &compared {
        let seal = seals.remove(&known.settled.settlement).unwrap_or_default();
        if seal.finish() != known.settled.lines.sha256 {
            return Err(BookError::EditedLines { of: format!("settlement {}", known.settled.settlement) });
        }
    }
    let Drafting { booked, writer, mut totals, reasons, .. } = drafting;
    let sealed = writer.finish()?;
    let n_lines = sealed.lines;
    let mut booked: Vec<PeriodDays> = booked.into_values().collect();
    booked.sort_by(|a, b| (a.to, &a.period).cmp(&(b.to, &b.period)));
    booked.dedup();
    totals.sort_by(|a, b| (&a.rule, &a.money.unit).cmp(&(&b.rule, &b.money.unit)));
    // Those that the program has, and those that are only taken back.
    let own = plan.units.iter().map(|unit| (unit.code.clone(), unit.decimals));
    let posted = totals.iter().map(|total| (total.money.unit.clone(), total.money.decimals));
    let units = own.chain(posted).collect();
    let settled = SettlementEntry {
        settlement,
        kind: SettlementKind::Run,
        program: plan.name.clone(),
        through: date_of(through),
        follows,
        lines: sealed,
        totals,
        reasons,
        booked,
        periods,
        units,
        accrued,
        run: Some(text.to_owned()),
        ends: date_of(plan.active.to),
        fields,
        meaning,
        note: String::new(),
    };
    let open = state.open(&plan.name, SettlementKind::Run);
    let is_same = |other: &SettlementEntry| {
        (&other.lines, other.through, &other.run) == (&settled.lines, settled.through, &settled.run)
    };
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
        return Ok((acts, SettleOutcome::Nothing { dropped: instead_of }));
    }
    let settled = Box::new(settled);
    acts.push(Act::Drafted(settled.clone()));
    if let Some((by, note)) = approved {
        acts.push(Act::Approved { settlement, by: by.to_owned(), note: note.to_owned() });
        acts.push(Act::Posted { settlement });
    }
    Ok((acts, SettleOutcome::Drafted { settled, instead_of, fewer }))
}

/// SHA-256 of what the program means: titles and comments change no payment.
fn meaning(plan: &Plan) -> String {
    let mut plan = plan.clone();
    plan.title.clear();
    plan.versions.iter_mut().for_each(|version| version.title.clear());
    // Whether a value is that of the text is told elsewhere.
    plan.parameters.iter_mut().for_each(|known| known.overridden = None);
    sha256_of(plan.to_text().as_bytes())
}

/// What the run of the last posted settlement of a program says of itself.
fn last_run<'a>(state: &'a BookState, program: &str) -> Result<Option<(&'a SettlementEntry, Manifest)>, BookError> {
    let compared = state.compared(program);
    let Some(last) = compared.iter().rev().find(|known| known.settled.run.is_some()) else { return Ok(None) };
    let text = last.settled.run.as_deref().unwrap_or_default();
    let run = serde_json::from_str(text).map_err(|error| BookError::Store(error.to_string()))?;
    Ok(Some((&last.settled, run)))
}

/// What is known of the settlements that were posted.
fn before(state: &BookState, program: &str, manifest: &Manifest, meaning: &str) -> Result<Before, BookError> {
    let compared = state.compared(program);
    let rules: FxHashSet<String> =
        compared.iter().flat_map(|known| &known.settled.totals).map(|total| total.rule.clone()).collect();
    let through = compared.last().map_or(i32::MIN, |last| day_of(last.settled.through));
    let is_repriced = match last_run(state, program)? {
        None => false,
        Some((last, run)) if last.meaning.is_empty() => {
            run.program != manifest.program || run.parameters != manifest.parameters
        }
        Some((last, _)) => last.meaning != meaning,
    };
    Ok(Before { through, is_repriced, rules })
}

/// Events of which there are fewer rows than when the program was settled last.
fn fewer(state: &BookState, program: &str, manifest: &Manifest) -> Result<Vec<FewerRows>, BookError> {
    let Some((_, run)) = last_run(state, program)? else { return Ok(Vec::new()) };
    let of_all = |counts: &&Counts| counts.rule.is_none();
    let now = |event: &str| manifest.account.iter().filter(of_all).find(|counts| counts.event == event);
    let fewer = run.account.iter().filter(of_all).filter_map(|was| {
        let are = now(&was.event).map_or(0, |counts| counts.read - counts.rejected);
        let were = was.read - was.rejected;
        (are < were).then(|| FewerRows { event: was.event.clone(), were, are })
    });
    Ok(fewer.collect())
}

fn book_error(error: io::Error) -> BookError {
    error.downcast::<BookError>().unwrap_or_else(BookError::Io)
}

/// A settlement while its lines are written.
struct Drafting<'a, 's, 'b> {
    plan: &'a Plan,
    writer: LinesWriter<'s, 'b>,
    booking: Booking<'a>,
    /// The decimals of units that were posted: the program may have given one up.
    units: &'a BTreeMap<String, u32>,
    /// By the period of a row, in which one it is booked.
    booked: FxHashMap<String, PeriodDays>,
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
                let own = self.plan.unit_named(&subject.unit).map(|unit| self.plan.unit(unit).decimals);
                let posted = || self.units.get(&subject.unit).copied();
                let decimals = own.or_else(posted).ok_or_else(|| {
                    BookError::Store(format!("nobody knows the decimals of `{}`", shown(&subject.unit)))
                })?;
                let money = Money { unit: subject.unit.clone(), decimals, amount: line.amount };
                self.totals.push(RuleTotal { rule: subject.rule.clone(), lines: 1, money });
            }
        }
        *self.reasons.entry(reason.word().to_owned()).or_default() += 1;
        let reason = reason.word().to_owned();
        self.writer.push(PostedLine { number: 0, subject, line, booked, reason, was })
    }
}
