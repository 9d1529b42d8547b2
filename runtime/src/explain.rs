//! Why a row of a rule is paid what it is paid, or nothing, in words that can be read aloud to a partner.
//!
//! A Plan with the program's text, loaded tables, and a [`query::Query`] come in; a [`query::Answer`] of plain sentences goes
//! out, without any care for how they are drawn. The run is done twice: once to see which rows are meant, and once with
//! the interpreter showing what decided each of them, so that no explanation drifts from the calculation.

pub(crate) mod answer;
mod balances;
mod booked;
mod choices;
mod contest;
mod explainer;
mod groups;
mod held;
mod limits;
mod notes;
pub(crate) mod numbers;
pub(crate) mod query;
pub(crate) mod quote;
mod select;
mod shares;
mod statement;
mod steps;
mod stood;
mod tables;
mod words;
