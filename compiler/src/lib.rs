//! From a tree to a Plan, its interpreter and its machine code.
//!
//! `text -> resolve -> types -> typed tree -> lower -> Plan -> interpret | codegen`. This room opens no file, reads no clock and draws no
//! random number; no floating point occurs in it.

pub mod balances;
mod checks;
pub mod codegen;
mod compile;
pub mod data;
pub mod errors;
pub mod internal;
pub mod interpret;
pub mod kernel;
pub mod lookup;
mod lower;
pub mod plan;
mod repairs;
mod resolve;
pub mod search;
pub mod typed;
mod types;
pub mod value;

pub use compile::{Compiled, compile, compile_sources};
pub use meed_grammar::problem::{Edit, Level, Problem, Repair};
pub use repairs::{Fixed, fixed, repairs};
pub use resolve::files::{Shown, SourceText, Sources};
pub use resolve::{LibraryTree, Trees, trees};
pub use types::{Expectation, Given, GivenCell, GivenFile, Later, TestCase, written_format};
