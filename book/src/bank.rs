//! What the bank has paid, and what came back: lines of their own, which no run is compared with.

use crate::book::Book;
use crate::check::sealed;
use crate::cursor::Shared;
use crate::entry::{Act, Day, SealedLines};
use crate::error::BookError;
use crate::line::PostedLine;
use crate::money::Money;
use crate::payables::payables;
use crate::payee::Payee;
use crate::state::{BookState, Transfer};
use crate::writer::LinesWriter;
use meed_compiler::plan::calendar::day_of;
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::{Line, Subject};

/// What was transferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transferred {
    /// How many amounts.
    pub n_lines: u64,
    /// Their sums by unit.
    pub totals: Vec<Money>,
}

impl Book {
    /// Notes that the bank pays what is payable up to a settlement, to all or to some.
    ///
    /// # Errors
    /// Where nothing is payable, or a payee who is named is on hold.
    pub fn pay(
        &mut self,
        settlement: u64,
        payees: &[Payee],
        reference: &str,
        due_by: Option<Day>,
        on: Day,
    ) -> Result<Transferred, BookError> {
        self.change(on, |state, store| {
            // What somebody has changed is not paid.
            sealed(state, store, &state.posted(None), true)?;
            let all = payables(state, &mut **store.borrow_mut(), settlement, due_by)?;
            for named in payees {
                let name = named.to_string();
                if let Some(hold) = state.holds.get(named) {
                    let message = format!("`{}` is on hold: {}", shown(&name), shown(&hold.note));
                    return Err(BookError::refused(message, "release it first: meed book release"));
                }
                if !all.iter().any(|known| known.payee == *named && known.to_pay().is_some()) {
                    return Err(BookError::Refused(format!("nothing is payable to `{}`", shown(&name))));
                }
            }
            let is_asked = |payee: &Payee| payees.is_empty() || payees.contains(payee);
            let paid = all.iter().filter(|known| is_asked(&known.payee));
            let paid = paid.filter_map(|known| Some((known.payee.clone(), known.to_pay()?)));
            let transfer = state.next_transfer();
            let (lines, done) = write(store, Transfer::place(transfer), (Way::Paid, reference, on), paid)?;
            if done.n_lines == 0 {
                return Err(BookError::Refused("nothing is payable".to_owned()));
            }
            let totals = done.totals.clone();
            Ok((vec![Act::Paid { transfer, settlement, reference: reference.to_owned(), lines, totals }], done))
        })
    }

    /// What was transferred to a payee and what came back, in the order in which it was entered: each transfer with the amounts, above zero
    /// to the payee.
    ///
    /// # Errors
    /// Where lines cannot be read.
    pub fn transfers_of(&mut self, payee: &Payee) -> Result<Vec<(Transfer, Vec<Money>)>, BookError> {
        let places: Vec<u64> = self.state.transfers.iter().map(|known| Transfer::place(known.number)).collect();
        let lines = self.store.lines_of(&places, payee, None)?;
        let amounts = |known: &Transfer| {
            let own = lines.iter().filter(|(place, _)| *place == Transfer::place(known.number));
            own.map(|(_, line)| money(&self.state, &line.subject.unit, -line.line.amount)).collect::<Vec<_>>()
        };
        let all = self.state.transfers.iter().map(|known| (known.clone(), amounts(known)));
        Ok(all.filter(|(_, amounts)| !amounts.is_empty()).collect())
    }

    /// Notes that what was paid to a payee by a reference came back.
    ///
    /// # Errors
    /// Where nothing was paid by it, or it came back already.
    pub fn came_back(&mut self, reference: &str, payee: &Payee, note: &str, on: Day) -> Result<Transferred, BookError> {
        self.change(on, |state, store| {
            let of = state.transfers.iter().filter(|known| known.reference == reference);
            let places: Vec<u64> = of.map(|known| Transfer::place(known.number)).collect();
            let mut sums: Vec<Money> = Vec::new();
            let lines = store.borrow_mut().lines_of(&places, payee, None)?;
            for (_, PostedLine { subject, line, .. }) in &lines {
                match sums.iter_mut().find(|sum| sum.unit == subject.unit) {
                    Some(sum) => sum.amount = sum.amount.saturating_sub(line.amount),
                    None => sums.push(money(state, &subject.unit, line.amount.saturating_neg())),
                }
            }
            sums.retain(|sum| sum.amount > 0);
            sums.sort();
            if sums.is_empty() {
                let (who, what) = (payee.to_string(), shown(reference).into_owned());
                return Err(BookError::Refused(match lines.is_empty() {
                    true => format!("nothing was paid to `{}` by `{what}`", shown(&who)),
                    false => format!("what was paid to `{}` by `{what}` came back already", shown(&who)),
                }));
            }
            let transfer = state.next_transfer();
            let back = sums.into_iter().map(|money| (payee.clone(), money));
            let (lines, done) = write(store, Transfer::place(transfer), (Way::CameBack, reference, on), back)?;
            let (reference, payee, note) = (reference.to_owned(), payee.clone(), note.to_owned());
            let totals = done.totals.clone();
            Ok((vec![Act::CameBack { transfer, reference, payee, lines, totals, note }], done))
        })
    }
}

pub(crate) fn money(state: &BookState, unit: &str, amount: i128) -> Money {
    Money { unit: unit.to_owned(), decimals: state.units.get(unit).copied().unwrap_or(0), amount }
}

/// From the bank to the payee, or back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Paid,
    CameBack,
}

/// Writes the lines of a transfer, by payee and unit: what is paid is below zero, as it is no longer to be paid.
fn write(
    store: &Shared<'_>,
    place: u64,
    (way, reference, on): (Way, &str, Day),
    amounts: impl Iterator<Item = (Payee, Money)>,
) -> Result<(SealedLines, Transferred), BookError> {
    let mut writer = LinesWriter::new(store, place);
    let mut totals: Vec<Money> = Vec::new();
    let word = if way == Way::Paid { "paid" } else { "came back" };
    for (payee, money) in amounts {
        let large = || BookError::TooLarge {
            rule: word.to_owned(),
            key: reference.to_owned(),
            what: "the sum is too large to add up",
        };
        match totals.iter_mut().find(|sum| sum.unit == money.unit) {
            Some(sum) => sum.amount = sum.amount.checked_add(money.amount).ok_or_else(large)?,
            None => totals.push(money.clone()),
        }
        let subject = Subject {
            event: String::new(),
            key: reference.to_owned(),
            rule: word.to_owned(),
            payee_kind: payee.kind,
            payee: payee.key,
            period: String::new(),
            unit: money.unit,
            due: None,
        };
        let amount = if way == Way::Paid { -money.amount } else { money.amount };
        let line = Line { version: 1, place: 1, when: day_of(on), amount, row: None };
        let reason = word.to_owned();
        writer.push(PostedLine { number: 0, subject, line, booked: String::new(), reason, was: 0 })?;
    }
    let lines = writer.finish()?;
    let done = Transferred { n_lines: lines.lines, totals };
    Ok((lines, done))
}
