//! Runs a Plan over loaded tables: rule by rule in the Plan's order, page by page and chunk by chunk in the order of rows.
//!
//! A Plan and [`Loaded`](crate::store::loaded::Loaded) tables come in; the lines of every rule and what became of every row
//! go out. Rounding and meaning are the compiler's; this room keeps keys, chunks, aggregates and counts.
//!
//! INVARIANT: nothing that is kept depends on the size of chunks or pages or on the order of the files: a state is a sum, a
//! mark or a sum of rounded lines per key, and rows come in one order.

mod added_again;
mod aggregate;
pub(crate) mod balances;
mod beside;
pub(crate) mod closes;
mod contest;
pub(crate) mod counts;
pub(crate) mod credits;
mod cut;
mod dated_rows;
mod days;
pub(crate) mod difference;
mod entity_periods;
mod fill;
mod flags;
mod found;
mod group_index;
mod hold;
mod installments;
pub(crate) mod kept;
pub(crate) mod line_stream;
pub(crate) mod lines;
pub(crate) mod options;
mod order;
pub mod origin;
mod page;
mod parts;
pub(crate) mod paths;
mod patience;
mod place;
pub(crate) mod result;
mod run;
pub(crate) mod settle;
mod shared_limit;
mod stood;
mod stretch;
mod taken_back;
mod under_way;
