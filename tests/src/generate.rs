//! Random programs and rows, bounded and repeatable by their seed, for holding the two engines against each other.
//!
//! A program has three entities and one event with a field of every type, a handful of schedules of every form, and rules
//! over events, entities per period and payments. Texts are put together by type, but not by the whole of the language:
//! a text that does not compile is passed over by whoever asks for one.

mod balance;
mod draw;
mod expression;
mod head;
mod keys;
mod program;
mod rows;
mod schedule;
mod table;

pub use draw::Draw;
pub use head::has_refunds;
pub use keys::Numbering;
pub use program::program;
pub use rows::rows;
