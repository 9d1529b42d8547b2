//! What happened, entry by entry, as the book keeps it.

use crate::line::LineId;
use crate::money::Money;
use crate::payee::Payee;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A day, `2026-04-02` in entries.
pub type Day = jiff::civil::Date;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub number: u64,
    /// The day on which it was entered.
    pub on: Day,
    /// What happened.
    #[serde(flatten)]
    pub act: Act,
}

/// What can happen in a book. Names of acts and fields are part of its format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Act {
    /// The book was begun.
    Begun {
        /// The version of Meed.
        meed: String,
    },
    /// A settlement was computed; it is a draft.
    Drafted(Box<SettlementEntry>),
    /// A draft was dropped; its lines are gone.
    Dropped {
        /// The settlement.
        settlement: u64,
    },
    /// A draft was approved.
    Approved {
        /// The settlement.
        settlement: u64,
        /// Who approved it.
        by: String,
        /// What they said.
        note: String,
    },
    /// An approved settlement was posted: from now on it is what was paid.
    Posted {
        /// The settlement.
        settlement: u64,
    },
    /// A period was closed, and all before it.
    Closed {
        /// Its name.
        period: String,
        /// Its last day by program.
        through: BTreeMap<String, Day>,
        /// Why, if said.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// Payees were paid by the bank; the lines say who got what.
    Paid {
        /// The number of the transfer, from 1.
        transfer: u64,
        /// The last settlement whose lines are in it.
        settlement: u64,
        /// The reference of the bank.
        reference: String,
        /// Its lines.
        #[serde(flatten)]
        lines: SealedLines,
        /// Their sums by unit.
        totals: Vec<Money>,
    },
    /// What was paid to a payee came back from the bank; the lines say what.
    CameBack {
        /// The number of the transfer, from 1.
        transfer: u64,
        /// The reference under which it was paid.
        reference: String,
        /// From whom.
        payee: Payee,
        /// Its lines.
        #[serde(flatten)]
        lines: SealedLines,
        /// Their sums by unit.
        totals: Vec<Money>,
        /// Why.
        note: String,
    },
    /// A payee was put on hold: nothing is payable.
    Held {
        /// Who.
        payee: Payee,
        /// Why.
        note: String,
    },
    /// A payee is no longer on hold.
    Released {
        /// Who.
        payee: Payee,
        /// Why.
        note: String,
    },
    /// Somebody disputes lines, or that there are none.
    Disputed {
        /// Its number.
        dispute: u64,
        /// Whose.
        payee: Payee,
        /// The key of the row that it is about.
        key: String,
        /// The posted lines that it is about, if there are any.
        lines: Vec<LineId>,
        /// What is said.
        note: String,
    },
    /// A dispute was resolved.
    Resolved {
        /// Its number.
        dispute: u64,
        /// By whom.
        by: String,
        /// How.
        note: String,
    },
    /// The name of a payee was erased.
    Erased {
        /// Whose; the key stays.
        payee: Payee,
        /// Why.
        note: String,
    },
    /// The book was brought to a newer format.
    Upgraded {
        /// The format before.
        from: u32,
        /// The format since.
        to: u32,
    },
}

/// What a settlement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettlementKind {
    /// The difference of a run from what was posted.
    Run,
    /// What was paid before there was a book.
    Opening,
    /// An amount that somebody decided on.
    Adjustment,
}

impl SettlementKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Opening => "opening",
            Self::Adjustment => "adjustment",
        }
    }
}

/// A settlement as it was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SettlementEntry {
    /// Its number, from 1.
    pub settlement: u64,
    /// What it is.
    pub kind: SettlementKind,
    /// The program's name.
    pub program: String,
    /// Its last day.
    pub through: Day,
    /// The settlement of the program that was posted last; 0 where there is none.
    pub follows: u64,
    /// Its lines.
    #[serde(flatten)]
    pub lines: SealedLines,
    /// What each rule pays more or less.
    pub totals: Vec<RuleTotal>,
    /// How many lines have which reason.
    pub reasons: BTreeMap<String, u64>,
    /// The periods that its lines are booked in.
    pub booked: Vec<PeriodDays>,
    /// The periods by which the program's lines are told.
    pub periods: Vec<PeriodDays>,
    /// The decimals of the program's units.
    pub units: BTreeMap<String, u32>,
    /// What has accrued and is not paid yet, as its periods have not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accrued: Vec<RuleTotal>,
    /// The text of the `run.json` that it is based on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The last day of the program's life.
    pub ends: Day,
    /// Of which fields of events the digests of rows are: a digest of others says nothing of a change.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fields: String,
    /// SHA-256 of the Plan without titles: what the program means, parameters and all, whatever its words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Why, of an adjustment; of what, of an opening.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// The lines of a settlement, by which they are known again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedLines {
    /// How many.
    pub lines: u64,
    /// SHA-256 of all of them, see [`crate::PostedLine`].
    pub sha256: String,
}

/// What a rule pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTotal {
    /// The rule.
    pub rule: String,
    /// How many lines.
    pub lines: u64,
    /// Their sum.
    #[serde(flatten)]
    pub money: Money,
}

/// A period and its days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodDays {
    /// Its name.
    pub period: String,
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub to: Day,
}
