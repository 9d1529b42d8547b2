//! Which act is allowed, and what it changes.

use crate::chain::Link;
use crate::entry::{Act, Day, Entry, SealedLines, SettlementEntry, SettlementKind};
use crate::error::BookError;
use crate::money::Money;
use crate::payee::Payee;
use crate::state::{BookState, Dispute, OnHold, Settlement, Status, Transfer};
use meed_grammar::foreign::shown;

impl BookState {
    /// Takes the next link of the chain.
    ///
    /// # Errors
    /// Where it is not as it was written, or what it says cannot have happened.
    pub(crate) fn follow(&mut self, link: &Link) -> Result<(), BookError> {
        let entry = link.entry(&self.head)?;
        let applied = self.apply(&entry, &link.hash);
        applied.map_err(|error| BookError::Edited { number: entry.number, what: error.to_string() })
    }

    /// Takes what happened next.
    ///
    /// # Errors
    /// Where it cannot have happened.
    pub fn apply(&mut self, entry: &Entry, hash: &str) -> Result<(), BookError> {
        if entry.number != self.n_entries + 1 {
            return Err(BookError::Refused(format!("entry {} follows entry {}", entry.number, self.n_entries)));
        }
        let is_first = self.n_entries == 0;
        if is_first != matches!(entry.act, Act::Begun { .. }) {
            return Err(BookError::Refused("a book begins once, with its first entry".to_owned()));
        }
        if let Some(last) = self.last_day.filter(|last| entry.on < *last) {
            let message = format!("the last entry of the book is of {last}: {} is before that", entry.on);
            return Err(BookError::refused(message, format!("name that day or a later one: --on {last}")));
        }
        if !(1900..=9999).contains(&entry.on.year()) {
            return Err(BookError::Refused(format!("{} is no day of a book", entry.on)));
        }
        self.act(entry)?;
        self.last_day = Some(entry.on);
        self.n_entries = entry.number;
        hash.clone_into(&mut self.head);
        Ok(())
    }

    fn act(&mut self, entry: &Entry) -> Result<(), BookError> {
        let on = entry.on;
        match &entry.act {
            Act::Begun { .. } | Act::Upgraded { .. } | Act::Erased { .. } => Ok(()),
            Act::Drafted(settled) => self.draft(settled, on),
            Act::Dropped { settlement } => {
                let known = self.settlement_mut(*settlement)?;
                if !matches!(known.status, Status::Draft | Status::Approved) {
                    return Err(is_already(known, "only a draft can be dropped"));
                }
                known.status = Status::Dropped;
                Ok(())
            }
            Act::Approved { settlement, by, note } => {
                said(by, "who approves it", "--by NAME")?;
                let known = self.settlement_mut(*settlement)?;
                if known.status != Status::Draft {
                    return Err(is_already(known, "only a draft can be approved"));
                }
                known.status = Status::Approved;
                known.approved = Some((by.clone(), note.clone()));
                Ok(())
            }
            Act::Posted { settlement } => self.post(*settlement, on),
            Act::Closed { period, through, .. } => {
                for (program, day) in through {
                    if let Some(closed) = self.closed.get(program).filter(|closed| *closed >= day) {
                        let message = format!("`{}` is closed through {closed} already", shown(program));
                        return Err(BookError::Refused(message));
                    }
                    self.closed.insert(program.clone(), *day);
                }
                self.closes.push((period.clone(), on));
                Ok(())
            }
            Act::Paid { .. } | Act::CameBack { .. } => self.bank(&entry.act, on),
            Act::Held { payee: who, note } => {
                said(note, "why", "--note TEXT")?;
                if self.holds.contains_key(who) {
                    return Err(BookError::Refused(format!("{} is on hold already", payee(who))));
                }
                self.holds.insert(who.clone(), OnHold { on, note: note.clone() });
                Ok(())
            }
            Act::Released { payee: who, .. } => match self.holds.remove(who) {
                Some(_) => Ok(()),
                None => Err(BookError::Refused(format!("{} is not on hold", payee(who)))),
            },
            Act::Disputed { dispute, payee, key, lines, note } => {
                said(note, "what is disputed", "--note TEXT")?;
                if *dispute != self.next_dispute() {
                    return Err(BookError::Refused(format!("dispute {dispute} follows {}", self.disputes.len())));
                }
                let (payee, key, lines) = (payee.clone(), key.clone(), lines.clone());
                let opened = (on, note.clone());
                self.disputes.push(Dispute { number: *dispute, payee, key, lines, opened, resolved: None });
                Ok(())
            }
            Act::Resolved { dispute, by, note } => self.resolve(*dispute, by, note, on),
        }
    }

    /// What the bank has paid, and what came back.
    fn bank(&mut self, act: &Act, on: Day) -> Result<(), BookError> {
        let is_paid = |state: &Self, reference: &str| {
            state.transfers.iter().any(|known| known.reference == *reference && known.came_back.is_none())
        };
        match act {
            Act::Paid { transfer, settlement, reference, lines, totals } => {
                said(reference, "by which reference", "--reference TEXT")?;
                if is_paid(self, reference) {
                    let message = format!("something was paid by the reference `{}` already", shown(reference));
                    return Err(BookError::refused(message, "each transfer has a reference of its own"));
                }
                if self.settlement(*settlement)?.status != Status::Posted {
                    return Err(BookError::Refused(format!("settlement {settlement} is not posted")));
                }
                self.transfer(*transfer, reference, on, (lines, totals), None)
            }
            Act::CameBack { transfer, reference, lines, totals, note, .. } => {
                if !is_paid(self, reference) {
                    return Err(BookError::Refused(format!("nothing was paid by `{}`", shown(reference))));
                }
                self.transfer(*transfer, reference, on, (lines, totals), Some(note.clone()))
            }
            _ => Err(BookError::Store("an act that is none of the bank".to_owned())),
        }
    }

    fn resolve(&mut self, dispute: u64, by: &str, note: &str, on: Day) -> Result<(), BookError> {
        said(by, "who resolves it", "--by NAME")?;
        said(note, "how it was resolved", "--note TEXT")?;
        let Some(known) = self.disputes.iter_mut().find(|known| known.number == dispute) else {
            return Err(BookError::Refused(format!("there is no dispute {dispute}")));
        };
        if let Some((day, by, _)) = &known.resolved {
            let message = format!("dispute {dispute} was resolved on {day} by {}", shown(by));
            return Err(BookError::Refused(message));
        }
        known.resolved = Some((on, by.to_owned(), note.to_owned()));
        Ok(())
    }

    fn transfer(
        &mut self,
        number: u64,
        reference: &str,
        on: Day,
        (lines, totals): (&SealedLines, &[Money]),
        came_back: Option<String>,
    ) -> Result<(), BookError> {
        if number != self.next_transfer() {
            return Err(BookError::Refused(format!("transfer {number} follows {}", self.transfers.len())));
        }
        let (reference, lines, totals) = (reference.to_owned(), lines.clone(), totals.to_vec());
        self.transfers.push(Transfer { number, reference, on, lines, totals, came_back });
        Ok(())
    }

    fn draft(&mut self, settled: &SettlementEntry, on: Day) -> Result<(), BookError> {
        if settled.settlement != self.next_settlement() {
            let n = self.settlements.len();
            return Err(BookError::Refused(format!("settlement {} follows settlement {n}", settled.settlement)));
        }
        if settled.kind != SettlementKind::Adjustment
            && let Some(open) = self.open(&settled.program, settled.kind)
        {
            let number = open.settled.settlement;
            let message = format!("settlement {number} of `{}` is still open", shown(&settled.program));
            return Err(BookError::refused(message, format!("post it, or drop it: meed book drop {number}")));
        }
        if settled.kind == SettlementKind::Adjustment {
            said(&settled.note, "why", "--note TEXT")?;
        }
        if settled.kind == SettlementKind::Opening && !self.compared(&settled.program).is_empty() {
            let message = format!("`{}` is in the book already", shown(&settled.program));
            return Err(BookError::refused(
                message,
                "an opening comes before the first settlement; what came to light later is an adjustment",
            ));
        }
        self.follows(settled)?;
        self.has_units(settled)?;
        self.settlements.push(Settlement {
            settled: settled.clone(),
            on,
            status: Status::Draft,
            approved: None,
            posted: None,
        });
        Ok(())
    }

    /// Whether units have the decimals with which something was posted.
    fn has_units(&self, settled: &SettlementEntry) -> Result<(), BookError> {
        for (unit, decimals) in &settled.units {
            if let Some(known) = self.units.get(unit).filter(|known| *known != decimals) {
                let message = format!(
                    "`{}` has {decimals} decimals in `{}` and {known} in the book",
                    shown(unit),
                    shown(&settled.program)
                );
                return Err(BookError::refused(message, "keep that program in a book of its own"));
            }
        }
        Ok(())
    }

    /// Whether nothing that a settlement was held against has changed.
    fn follows(&self, settled: &SettlementEntry) -> Result<(), BookError> {
        let number = settled.settlement;
        let last = self.compared(&settled.program).last().map_or(0, |last| last.settled.settlement);
        if settled.kind != SettlementKind::Adjustment && settled.follows != last {
            let what = match settled.follows {
                0 => "before anything was posted".to_owned(),
                before => format!("after settlement {before}"),
            };
            let message =
                format!("settlement {number} was computed {what}, and settlement {last} has been posted since");
            return Err(BookError::refused(message, format!("drop it and settle again: meed book drop {number}")));
        }
        let closed = self.closed.get(&settled.program);
        if let Some(period) = settled.booked.iter().find(|period| closed.is_some_and(|closed| period.to <= *closed)) {
            let message = format!("settlement {number} books in {}, which is closed", shown(&period.period));
            return Err(BookError::refused(message, format!("drop it and settle again: meed book drop {number}")));
        }
        Ok(())
    }

    fn post(&mut self, number: u64, on: Day) -> Result<(), BookError> {
        let known = self.settlement(number)?;
        match known.status {
            Status::Approved => {}
            Status::Draft => {
                let help = format!("meed book approve {number} --by NAME --note TEXT");
                return Err(BookError::refused(format!("nobody has approved settlement {number}"), help));
            }
            Status::Posted | Status::Dropped => return Err(is_already(known, "it cannot be posted again")),
        }
        self.follows(&known.settled)?;
        self.has_units(&known.settled)?;
        let units = known.settled.units.clone();
        self.units.extend(units);
        let known = self.settlement_mut(number)?;
        known.status = Status::Posted;
        known.posted = Some(on);
        Ok(())
    }
}

fn is_already(known: &Settlement, why: &str) -> BookError {
    BookError::Refused(format!("settlement {} is {}: {why}", known.settled.settlement, known.status.word()))
}

fn said(text: &str, what: &str, option: &str) -> Result<(), BookError> {
    match !text.chars().any(char::is_alphanumeric) {
        true => Err(BookError::refused(format!("it must be said {what}"), option)),
        false => Ok(()),
    }
}

/// A payee for people.
fn payee(who: &Payee) -> String {
    format!("`{}`", shown(&who.to_string()))
}
