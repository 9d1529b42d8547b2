//! What earlier runs paid, and what a run pays more or less than that.
//!
//! Tables of payments of earlier runs come in, and the payments of this one; payments that are the differences go out, each with its
//! reason. A difference is by rule, payee, unit, row and due day, never by the place of a line among those of its row. So two runs, of
//! which the second knows what the first paid, pay together what one run over all rows pays: the differences of sums add up to the
//! difference of their sum, whatever a row is called.
//!
//! Sums are held in memory, one for each payment that is known from either side.

mod compare;
mod error;
mod ledger;
mod read;
mod reason;
mod write;

pub use compare::Compared;
pub use error::EarlierError;
pub use read::{EarlierRun, EarlierRuns};
