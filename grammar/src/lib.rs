//! Text to tree and back for the Meed language.
//!
//! Comes in: the text of a `.meed` file. Goes out: a [`tree::File`] *and* the [`problem::Problem`]s of its surface, never
//! one instead of the other. This room knows no meanings of names and no money.
//!
//! ```
//! let parsed = meed_grammar::parse("use channel\nrule bounty { for each deal  pay partner $500 }");
//! assert!(parsed.problems.is_empty());
//! assert_eq!(parsed.file.items.len(), 2);
//! ```
//!
//! A text is read in three steps: [`tokens`] cuts it into words and signs, `lexical` names and repairs what is wrong in
//! the words alone, and `parse` reads the shape (`meed.pest`) and builds the tree.

// Texts that anybody may have written are read here: no place outside of a list or within a character, and no number is cut.
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

pub mod foreign;
mod format;
pub mod idioms;
mod lexical;
pub mod limits;
mod parse;
pub mod problem;
pub mod span;
pub mod steps;
mod token;
pub mod tree;
mod word;

pub use format::format;
pub use lexical::thousand_or_fraction;
pub use parse::{Parsed, parse, parse_value};
pub use token::{Token, TokenKind, tokens};
pub use word::{RESERVED, WORDS, nearest};
