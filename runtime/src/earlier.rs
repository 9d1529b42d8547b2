//! What earlier runs paid, and what a run pays more or less than that.
//!
//! Tables of payments of earlier runs come in, and the payments of this one; payments that are the differences go out, each with its
//! reason. A difference is by rule, payee, unit, row and due day, never by the place of a line among those of its row. So two runs, of
//! which the second knows what the first paid, pay together what one run over all rows pays: the differences of sums add up to the
//! difference of their sum, whatever a row is called.
//!
//! Both sides are put in the order of what their sums are for, on the disk where they are many, and merged.

mod compare;
mod error;
mod read;
mod reason;
mod rows;
mod run_lines;
mod subject;
mod sums;
mod write;

pub use compare::Compared;
pub use error::EarlierError;
pub use read::{EarlierRun, EarlierRuns, read_payments};
pub use reason::Reason;
pub use rows::fields_in_digests;
pub use run_lines::{Accrued, Before, Difference, RunLines};
pub use subject::Subject;
pub use sums::{Line, Room};
