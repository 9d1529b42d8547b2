//! From tables to payments.
//!
//! `files -> load -> tables -> engine -> lines -> ledger -> payments`. This room decides nothing of what a program
//! means: it follows the Plan.

mod columns;
pub mod keys;
pub mod load;
pub mod engine;
pub mod ledger;
pub mod suite;
