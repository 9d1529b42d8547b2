//! From tables to payments.
//!
//! `files -> load -> tables -> engine -> lines -> ledger -> payments`. This room decides nothing of what a program
//! means: it follows the Plan.

#![expect(clippy::result_large_err, reason = "an error ends the run, it is made once")]

mod columns;
pub mod engine;
pub mod explain;
pub mod keys;
pub mod ledger;
pub mod load;
pub mod suite;
pub mod table;
