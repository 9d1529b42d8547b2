//! What the entries of a book add up to. Whether an act is allowed is decided here, once: for an entry that is about to be written and
//! for one that is read.

mod apply;

use crate::entry::{Day, SealedLines, SettlementEntry, SettlementKind};
use crate::error::BookError;
use crate::line::LineId;
use crate::money::Money;
use crate::payee::Payee;
use std::collections::BTreeMap;

/// How far a settlement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was computed.
    Draft,
    /// Somebody approved it.
    Approved,
    /// It is what was paid.
    Posted,
    /// It was given up.
    Dropped,
}

impl Status {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Posted => "posted",
            Self::Dropped => "dropped",
        }
    }
}

/// A settlement, and what became of it.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// As it was computed.
    pub settled: SettlementEntry,
    /// The day on which it was.
    pub on: Day,
    /// How far it is.
    pub status: Status,
    /// Who approved it, and what they said.
    pub approved: Option<(String, String)>,
    /// The day on which it was posted.
    pub posted: Option<Day>,
}

/// Payments of the bank, or what came back of one.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// From 1.
    pub number: u64,
    /// The reference of the bank.
    pub reference: String,
    /// The day on which it was entered.
    pub on: Day,
    /// Its lines.
    pub lines: SealedLines,
    /// Their sums by unit.
    pub totals: Vec<Money>,
    /// Of what came back, why.
    pub came_back: Option<String>,
}

impl Transfer {
    /// Where a store keeps its lines: behind those of all settlements.
    pub(crate) fn place(number: u64) -> u64 {
        TRANSFERS + number
    }
}

/// Behind the number of every settlement.
const TRANSFERS: u64 = 1 << 40;

/// Why a payee is on hold.
#[derive(Clone, Debug)]
pub struct OnHold {
    /// Since when.
    pub on: Day,
    /// Why.
    pub note: String,
}

/// A dispute.
#[derive(Clone, Debug)]
pub struct Dispute {
    /// Its number, from 1.
    pub number: u64,
    /// Whose.
    pub payee: Payee,
    /// The key of the row.
    pub key: String,
    /// The lines.
    pub lines: Vec<LineId>,
    /// When it was opened, and what was said.
    pub opened: (Day, String),
    /// When it was resolved, by whom and how.
    pub resolved: Option<(Day, String, String)>,
}

/// What the entries add up to.
#[derive(Clone, Debug, Default)]
pub struct BookState {
    /// The hash of the last entry; it stands for all of them.
    pub head: String,
    /// How many entries there are.
    pub n_entries: u64,
    /// The day of the last one.
    pub last_day: Option<Day>,
    /// By number, from 1.
    pub settlements: Vec<Settlement>,
    /// The last closed day by program.
    pub closed: BTreeMap<String, Day>,
    /// Closed periods, with the day on which each was closed.
    pub closes: Vec<(String, Day)>,
    /// What the bank transferred, by number, from 1.
    pub transfers: Vec<Transfer>,
    /// Who is on hold.
    pub holds: BTreeMap<Payee, OnHold>,
    /// By number, from 1.
    pub disputes: Vec<Dispute>,
    /// The decimals of units.
    pub units: BTreeMap<String, u32>,
}

impl BookState {
    /// A settlement by its number.
    ///
    /// # Errors
    /// Where there is none.
    pub fn settlement(&self, number: u64) -> Result<&Settlement, BookError> {
        let found = usize::try_from(number).ok().and_then(|number| self.settlements.get(number.checked_sub(1)?));
        found.ok_or_else(|| match self.settlements.len() {
            0 => BookError::Refused(format!("there is no settlement {number}: the book has none yet")),
            n => BookError::Refused(format!("there is no settlement {number}: they are 1 to {n}")),
        })
    }

    fn settlement_mut(&mut self, number: u64) -> Result<&mut Settlement, BookError> {
        self.settlement(number)?;
        let idx = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        self.settlements.get_mut(idx).ok_or_else(|| BookError::Refused(format!("there is no settlement {number}")))
    }

    /// The posted settlements of a program that its runs are compared with, in their order.
    pub fn compared(&self, program: &str) -> Vec<&Settlement> {
        let is_compared = |known: &&Settlement| {
            known.status == Status::Posted
                && known.settled.kind != SettlementKind::Adjustment
                && known.settled.program == program
        };
        self.settlements.iter().filter(is_compared).collect()
    }

    /// The posted settlements up to one, or all, by number.
    pub fn posted(&self, up_to: Option<u64>) -> Vec<u64> {
        let is_posted = |known: &&Settlement| {
            known.status == Status::Posted && up_to.is_none_or(|last| known.settled.settlement <= last)
        };
        self.settlements.iter().filter(is_posted).map(|known| known.settled.settlement).collect()
    }

    /// The settlement of a program that is neither posted nor dropped.
    pub fn open(&self, program: &str, kind: SettlementKind) -> Option<&Settlement> {
        let is_open = |known: &&Settlement| {
            matches!(known.status, Status::Draft | Status::Approved)
                && known.settled.program == program
                && known.settled.kind == kind
        };
        self.settlements.iter().find(is_open)
    }

    /// The programs that have anything in the book.
    pub fn programs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.settlements.iter().map(|known| &*known.settled.program).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The number of the next settlement.
    pub fn next_settlement(&self) -> u64 {
        self.settlements.len() as u64 + 1
    }

    /// The number of the next transfer.
    pub fn next_transfer(&self) -> u64 {
        self.transfers.len() as u64 + 1
    }

    /// The number of the next dispute.
    pub fn next_dispute(&self) -> u64 {
        self.disputes.len() as u64 + 1
    }
}
