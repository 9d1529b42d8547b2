//! The Plan as text, and back.
//!
//! [`Plan::to_text`] prints a Plan as a newcomer can read it: records with the columns they read, schedules as bands,
//! states with their keys, matches, folds, and each rule as numbered nodes of typed expressions. Nothing in it is a raw number
//! of the program's insides: records, fields, schedules and rules go by their names, states and folds are counted
//! within their rule (`total.1`, `fold.2`). [`Plan::from_text`] reads it back; printing what was read gives the same
//! text. Places in the program's text are not printed and not read.
//!
//! How to read an expression: what has two sides is in brackets with its sign between, `row.amount` is a field of
//! the row, `let.x` a `let` of the rule, a `?` follows what can be missing, and `: money` tells the type of a value
//! where it is not that of its parts.

mod layout;
mod lexer;
mod names;
mod phases;
mod phrase;
mod read;
mod searches;
mod shares;
mod tables;
mod words;
mod write;

pub use read::ReadError;

use super::Plan;

impl Plan {
    /// The Plan as text.
    pub fn to_text(&self) -> String {
        write::write(self)
    }

    /// The phases of every version, in the order of work: what is done, which rows must stay in one part, and what is read.
    pub fn phases_text(&self) -> String {
        phases::write(self)
    }

    /// The Plan of this text, with empty places.
    ///
    /// # Errors
    /// The first line that is no line of a Plan.
    pub fn from_text(text: &str) -> Result<Self, ReadError> {
        read::read(text)
    }
}
