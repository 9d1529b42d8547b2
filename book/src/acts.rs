//! What people do in a book beside settling: approve, post, close, pay, hold, dispute, adjust.

use crate::book::Book;
use crate::check::sealed;
use crate::entry::{Act, Day, PeriodDays, RuleTotal, SealedLines, SettlementEntry, SettlementKind};
use crate::error::BookError;
use crate::line::{LineId, LinesDigest, PostedLine};
use crate::money::Money;
use crate::payee::Payee;
use crate::periods::open_period;
use crate::state::BookState;
use crate::store::Store;
use meed_compiler::plan::calendar::day_of;
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::{Line, Subject};
use std::collections::BTreeMap;

/// An amount that somebody decided on.
#[derive(Clone, Debug)]
pub struct Adjustment {
    /// Who gets it, or has it taken.
    pub payee: Payee,
    /// What, as it was said: an amount and a unit.
    pub amount: String,
    /// The unit.
    pub unit: String,
    /// Why.
    pub note: String,
    /// The program that it belongs to; none where the book has one only.
    pub program: Option<String>,
    /// The period that it is booked in; unsaid the one that is open on its day.
    pub period: Option<String>,
    /// Whether the payee may be one of whom the book has nothing yet.
    pub is_new: bool,
}

impl Book {
    /// Approves a draft.
    ///
    /// # Errors
    /// Where it is none, or it is not said by whom.
    pub fn approve(&mut self, settlement: u64, by: &str, note: &str, on: Day) -> Result<(), BookError> {
        let (by, note) = (by.to_owned(), note.to_owned());
        self.change(on, |state, store| {
            sealed(state, store, &[settlement], false)?;
            Ok((vec![Act::Approved { settlement, by, note }], ()))
        })
    }

    /// Posts an approved settlement.
    ///
    /// # Errors
    /// Where it is not approved, or what it was held against is no longer so.
    pub fn post(&mut self, settlement: u64, on: Day) -> Result<(), BookError> {
        self.change(on, |state, store| {
            sealed(state, store, &[settlement], false)?;
            Ok((vec![Act::Posted { settlement }], ()))
        })
    }

    /// Gives a draft up.
    ///
    /// # Errors
    /// Where it is none.
    pub fn drop_draft(&mut self, settlement: u64, on: Day) -> Result<(), BookError> {
        self.change(on, |_, store| {
            store.borrow_mut().drop_lines(settlement)?;
            Ok((vec![Act::Dropped { settlement }], ()))
        })
    }

    /// Closes a period of all programs that have it, or of one; gives their last days.
    ///
    /// # Errors
    /// Where no program has it, it was not settled through its end, or it is closed.
    pub fn close(
        &mut self,
        period: &str,
        program: Option<&str>,
        note: &str,
        on: Day,
    ) -> Result<BTreeMap<String, Day>, BookError> {
        self.change(on, |state, _| {
            let through = closing(state, period, program)?;
            if let Some(day) = through.values().find(|day| **day > on) {
                let message = format!("{period} ends on {day}, which is still to come on {on}");
                return Err(BookError::Refused(message));
            }
            let act = Act::Closed { period: period.to_owned(), through: through.clone(), note: note.to_owned() };
            Ok((vec![act], through))
        })
    }

    /// Puts a payee on hold; one of whom the book has nothing yet only where it is said that it is new.
    ///
    /// # Errors
    /// Where it is already, or not known.
    pub fn hold(&mut self, payee: &Payee, is_new: bool, note: &str, on: Day) -> Result<(), BookError> {
        let (payee, note) = (payee.clone(), note.to_owned());
        self.change(on, |_, store| {
            known(&mut **store.borrow_mut(), &payee, is_new)?;
            Ok((vec![Act::Held { payee, note }], ()))
        })
    }

    /// Ends a hold.
    ///
    /// # Errors
    /// Where there is none.
    pub fn release(&mut self, payee: &Payee, note: &str, on: Day) -> Result<(), BookError> {
        let (payee, note) = (payee.clone(), note.to_owned());
        self.change(on, |_, _| Ok((vec![Act::Released { payee, note }], ())))
    }

    /// Opens a dispute about what was posted to a payee for a row, or about one line of that; gives its number and the lines.
    ///
    /// # Errors
    /// Where it is not said what is disputed.
    pub fn dispute(
        &mut self,
        payee: &Payee,
        key: &str,
        line: Option<LineId>,
        note: &str,
        on: Day,
    ) -> Result<(u64, Vec<LineId>), BookError> {
        self.change(on, |state, store| {
            let found = store.borrow_mut().lines_of(&state.posted(None), payee, Some(key))?;
            let id = |(settlement, line): (u64, PostedLine)| LineId { settlement, number: line.number };
            let is_meant = |id: &LineId| line.is_none_or(|line| line == *id);
            let lines: Vec<LineId> = found.into_iter().map(id).filter(is_meant).collect();
            let dispute = state.next_dispute();
            let act = Act::Disputed {
                dispute,
                payee: payee.clone(),
                key: key.to_owned(),
                lines: lines.clone(),
                note: note.to_owned(),
            };
            Ok((vec![act], (dispute, lines)))
        })
    }

    /// Resolves a dispute.
    ///
    /// # Errors
    /// Where there is none, or it was resolved.
    pub fn resolve(&mut self, dispute: u64, by: &str, note: &str, on: Day) -> Result<(), BookError> {
        let (by, note) = (by.to_owned(), note.to_owned());
        self.change(on, |_, _| Ok((vec![Act::Resolved { dispute, by, note }], ())))
    }

    /// Erases the name of a payee; sums, lines and the chain stay.
    ///
    /// # Errors
    /// Where no name is kept.
    pub fn erase(&mut self, payee: &Payee, note: &str, on: Day) -> Result<(), BookError> {
        self.change(on, |_, store| {
            if !store.borrow_mut().erase_name(payee)? {
                let message = format!("the book keeps no name of `{}`", shown(&payee.to_string()));
                return Err(BookError::Refused(message));
            }
            Ok((vec![Act::Erased { payee: payee.clone(), note: note.to_owned() }], ()))
        })?;
        self.store.forget().map_err(|error| {
            let message = format!("the name is erased, and the file could not be written anew: {error}");
            BookError::refused(
                message,
                "in its free parts the name may still be: copy the book by meed book backup, and keep the copy",
            )
        })
    }

    /// Drafts an adjustment; gives its number.
    ///
    /// # Errors
    /// Where the program, the unit or the period is not known, or the amount is none.
    pub fn adjust(&mut self, adjustment: &Adjustment, on: Day) -> Result<u64, BookError> {
        self.change(on, |state, store| {
            let (settled, line) = adjusted(state, adjustment, on)?;
            known(&mut **store.borrow_mut(), &adjustment.payee, adjustment.is_new)?;
            let number = settled.settlement;
            store.borrow_mut().put_lines(number, std::slice::from_ref(&line))?;
            Ok((vec![Act::Drafted(Box::new(settled))], number))
        })
    }
}

/// Demands that the book has anything of a payee: who is misspelled is nobody.
fn known(store: &mut dyn Store, payee: &Payee, is_new: bool) -> Result<(), BookError> {
    let keys = store.keys_of(&payee.kind)?;
    if is_new || keys.contains(&payee.key) {
        return Ok(());
    }
    let message = format!("the book has nothing of `{}`", shown(&payee.to_string()));
    Err(BookError::refused(
        message,
        match meed_grammar::nearest(&payee.key, keys.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {}:{}? if it is new, say --new", payee.kind, shown(near)),
            None => "write what it is and its key, as in payments: partner:ACME; if it is new, say --new".to_owned(),
        },
    ))
}

/// The program that is meant: the one that is named, or the only one.
pub(crate) fn program_meant(state: &BookState, named: Option<&str>) -> Result<String, BookError> {
    let programs = state.programs();
    let all = || programs.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ");
    match (named, programs.as_slice()) {
        (Some(name), known) if known.contains(&name) => Ok(name.to_owned()),
        (_, []) => Err(BookError::refused("nothing was settled yet", "settle first: meed settle")),
        (Some(name), _) => {
            let message = format!("the book has no program `{}`", shown(name));
            Err(BookError::refused(message, format!("it has {}", all())))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => {
            Err(BookError::refused("the book has several programs", format!("say which: --program NAME, of {}", all())))
        }
    }
}

/// The last days that a closing has, by program.
fn closing(state: &BookState, period: &str, program: Option<&str>) -> Result<BTreeMap<String, Day>, BookError> {
    let programs = match program {
        Some(_) => vec![program_meant(state, program)?],
        None => state.programs().into_iter().map(str::to_owned).collect(),
    };
    let mut through = BTreeMap::new();
    let mut known: Vec<String> = Vec::new();
    for program in programs {
        let posted = state.compared(&program);
        let Some(last) = posted.last() else { continue };
        let Some(days) = last.settled.periods.iter().find(|days| days.period == period) else {
            let closed = state.closed.get(&program);
            let is_open =
                |days: &&PeriodDays| closed.is_none_or(|closed| days.to > *closed) && days.to <= last.settled.through;
            known.extend(last.settled.periods.iter().filter(is_open).map(|days| days.period.clone()));
            continue;
        };
        // A program that ended before the period has nothing to settle in it.
        if last.settled.through < days.to && last.settled.ends >= days.from {
            let (name, settled) = (shown(&program).into_owned(), last.settled.through);
            let message = format!("`{name}` is settled through {settled}, and {period} ends on {}", days.to);
            return Err(BookError::refused(message, format!("settle first: meed settle --through {}", days.to)));
        }
        through.insert(program, days.to);
    }
    if through.is_empty() {
        known.sort_unstable();
        known.dedup();
        let message = format!("no program of the book has settled a period `{}`", shown(period));
        return Err(match known.is_empty() {
            true => BookError::refused(message, "settle and post first: meed settle"),
            false => BookError::refused(message, format!("what can be closed is {}", known.join(", "))),
        });
    }
    Ok(through)
}

/// An adjustment as a settlement of one line.
fn adjusted(state: &BookState, adjustment: &Adjustment, on: Day) -> Result<(SettlementEntry, PostedLine), BookError> {
    let Adjustment { payee, amount, unit, note, program, period, .. } = adjustment;
    let program = program_meant(state, program.as_deref())?;
    let of_program = |known: &&crate::state::Settlement| {
        known.settled.program == program && known.settled.kind != SettlementKind::Adjustment
    };
    let last = state.settlements.iter().rev().find(of_program);
    let Some(last) = last else { return Err(BookError::Refused("nothing was settled yet".to_owned())) };
    let Some(&decimals) = last.settled.units.get(unit) else {
        let units: Vec<&str> = last.settled.units.keys().map(String::as_str).collect();
        let message = format!("`{}` pays no `{}`", shown(&program), shown(unit));
        return Err(BookError::refused(message, format!("it pays {}", units.join(", "))));
    };
    let money = Money::parse(amount, unit, decimals).filter(|money| money.amount != 0).ok_or_else(|| {
        BookError::refused(
            format!("`{}` is no amount of {}", shown(amount), shown(unit)),
            format!("write it with at most {decimals} decimals and no thousands, as --amount \"-120.50 {unit}\""),
        )
    })?;
    let booked = match period {
        Some(name) => {
            let found = last.settled.periods.iter().find(|days| days.period == *name).cloned();
            found
                .ok_or_else(|| BookError::Refused(format!("`{}` is no period of `{}`", shown(name), shown(&program))))?
        }
        None => open_period(&last.settled.periods, state.closed.get(&program).copied(), on)?,
    };
    if let Some(closed) = state.closed.get(&program).filter(|closed| booked.to <= **closed) {
        let message = format!("{} is closed, and everything through {closed}", shown(&booked.period));
        return Err(BookError::refused(message, "leave --period out: it is booked in the period that is open"));
    }
    let number = state.next_settlement();
    let subject = Subject {
        event: String::new(),
        key: format!("adjustment {number}"),
        rule: "adjustment".to_owned(),
        payee_kind: payee.kind.clone(),
        payee: payee.key.clone(),
        period: booked.period.clone(),
        unit: unit.clone(),
        due: None,
    };
    let line = PostedLine {
        number: 1,
        subject,
        line: Line { version: 1, place: 1, when: day_of(on), amount: money.amount, row: None },
        booked: booked.period.clone(),
        reason: "adjusted".to_owned(),
        was: 0,
    };
    let mut digest = LinesDigest::default();
    digest.take(&line);
    let settled = SettlementEntry {
        settlement: number,
        kind: SettlementKind::Adjustment,
        program,
        through: on,
        follows: 0,
        lines: SealedLines { lines: 1, sha256: digest.finish() },
        totals: vec![RuleTotal { rule: "adjustment".to_owned(), lines: 1, money }],
        reasons: BTreeMap::from([("adjusted".to_owned(), 1)]),
        booked: vec![booked],
        periods: last.settled.periods.clone(),
        units: last.settled.units.clone(),
        accrued: Vec::new(),
        run: None,
        ends: last.settled.ends,
        fields: String::new(),
        meaning: String::new(),
        note: note.clone(),
    };
    Ok((settled, line))
}
