//! What is payable to whom: what was posted, less what was paid and did not come back.

use crate::book::Book;
use crate::entry::{Day, SettlementKind};
use crate::error::BookError;
use crate::money::Money;
use crate::payee::Payee;
use crate::state::{BookState, Transfer};
use crate::store::{Store, SumBy};
use meed_compiler::plan::calendar::day_of;
use std::collections::BTreeMap;

/// How somebody stands in a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payable {
    /// Who.
    pub payee: Payee,
    /// What the settlement itself posts.
    pub settled: Money,
    /// All that was posted up to it.
    pub posted: Money,
    /// What was paid and did not come back.
    pub paid: Money,
    /// What is to be paid, and no more than with all that was posted since; below zero it is owed, and taken off what comes.
    pub balance: Money,
    /// What becomes of it.
    pub standing: Standing,
}

/// What becomes of a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is to be paid.
    Payable,
    /// It waits: the payee is on hold.
    OnHold,
    /// The payee owes it.
    Owed,
    /// It is nothing.
    Even,
}

impl Standing {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Payable => "payable",
            Self::OnHold => "on hold",
            Self::Owed => "owed",
            Self::Even => "even",
        }
    }
}

impl Payable {
    /// What is to be paid now.
    pub(crate) fn to_pay(&self) -> Option<Money> {
        match self.standing {
            Standing::Payable => Some(self.balance.clone()),
            Standing::OnHold | Standing::Owed | Standing::Even => None,
        }
    }
}

impl Book {
    /// Who is to be paid what, up to a posted settlement, of what is due by a day if one is named; by payee and unit.
    ///
    /// # Errors
    /// Where there is no such settlement, it is not posted, or sums do not fit.
    pub fn payables(&mut self, settlement: u64, due_by: Option<Day>) -> Result<Vec<Payable>, BookError> {
        payables(&self.state, &mut *self.store, settlement, due_by)
    }
}

pub(crate) fn payables(
    state: &BookState,
    store: &mut dyn Store,
    settlement: u64,
    due_by: Option<Day>,
) -> Result<Vec<Payable>, BookError> {
    let posted = state.posted(Some(settlement));
    if !posted.contains(&settlement) {
        let known = state.settlement(settlement)?;
        let message = format!("settlement {settlement} is {}, not posted", known.status.word());
        return Err(BookError::refused(message, "payables are of what is posted"));
    }
    // What an opening has was paid before there was a book.
    let is_opening =
        |number: u64| state.settlement(number).is_ok_and(|known| known.settled.kind == SettlementKind::Opening);
    let posted: Vec<u64> = posted.into_iter().filter(|number| !is_opening(*number)).collect();
    let due_by = due_by.map(day_of);
    // By payee and unit: what the settlement posts, all that was posted, and what was paid.
    let mut sums: BTreeMap<(Payee, String), [i128; 3]> = BTreeMap::new();
    for sum in store.sums(&posted, Some(settlement), SumBy::Payee, due_by)? {
        sums.insert((sum.payee, sum.unit), [sum.of_last, sum.amount, 0]);
    }
    // What was taken back since is not paid out by an older settlement.
    let all: Vec<u64> = state.posted(None).into_iter().filter(|number| !is_opening(*number)).collect();
    let mut today: BTreeMap<(Payee, String), i128> = BTreeMap::new();
    if all != posted {
        for sum in store.sums(&all, None, SumBy::Payee, due_by)? {
            today.insert((sum.payee, sum.unit), sum.amount);
        }
    }
    let transfers: Vec<u64> = state.transfers.iter().map(|known| Transfer::place(known.number)).collect();
    for sum in store.sums(&transfers, None, SumBy::Payee, None)? {
        let [.., paid] = sums.entry((sum.payee, sum.unit)).or_default();
        *paid = -sum.amount;
    }
    let payable = |((payee, unit), [settled, posted, paid]): ((Payee, String), [i128; 3])| {
        let decimals = state.units.get(&unit).copied().unwrap_or(0);
        let money = |amount| Money { unit: unit.clone(), decimals, amount };
        let now = today.get(&(payee.clone(), unit.clone())).copied();
        let balance = now.map_or(posted, |now| now.min(posted)) - paid;
        let standing = match balance {
            0 => Standing::Even,
            ..0 => Standing::Owed,
            1.. if state.holds.contains_key(&payee) => Standing::OnHold,
            1.. => Standing::Payable,
        };
        Payable {
            payee,
            settled: money(settled),
            posted: money(posted),
            paid: money(paid),
            balance: money(balance),
            standing,
        }
    };
    Ok(sums.into_iter().map(payable).collect())
}
