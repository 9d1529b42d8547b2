//! The book: a memory of what was paid.
//!
//! Results of runs come in, and their differences from what was posted before go out and are kept, settlement by settlement, in a file
//! (SQLite) or on a server (PostgreSQL). A book is a list of entries, each with the hash of the one before it, and the lines of its
//! settlements beside them. Everything else (what is approved, which periods are closed, who is on hold, what was paid) is what the
//! entries add up to ([`BookState`]): nothing is ever written over.
//!
//! The engine stays a pure function from rows to lines. Which lines differ, and why, is decided in the runtime
//! (`meed_runtime::inner::earlier`), by the code that `meed run --paid` uses.
//!
//! INVARIANT: no posted line changes. For each rule, payee, unit, row and due day the postings of a program add up to what a run from
//! scratch through the day of its last settlement pays.

// Files that anybody may have changed are read here: no place outside of a list, and no number is cut.
#![cfg_attr(
    not(test),
    deny(
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod acts;
mod bank;
mod book;
mod chain;
mod check;
mod copy;
mod cursor;
mod entry;
mod error;
mod journal;
mod line;
mod money;
mod opening;
mod payables;
mod payee;
mod periods;
mod settle;
mod state;
mod store;
mod writer;

pub use acts::Adjustment;
pub use bank::Transferred;
pub use book::Book;
pub use check::{Checked, Finding};
pub use copy::Copied;
pub use entry::{Act, Day, Entry, PeriodDays, RuleTotal, SealedLines, SettlementEntry, SettlementKind};
pub use error::BookError;
pub use line::{LineId, PostedLine};
pub use money::Money;
pub use payables::{Payable, Standing};
pub use payee::Payee;
pub use settle::{FewerRows, SettleOutcome, SettledRun};
pub use state::{BookState, Dispute, OnHold, Settlement, Status, Transfer};
pub use store::{Names, Place};
