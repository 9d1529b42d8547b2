//! Tables in pages: rows on their way into order, the tables that rules see, and what is known of their rows.
//!
//! Rows, keys and rejected cells come in while tables are read ([`rows`]); [`loaded::Loaded`] goes out, of whose tables the
//! engine sees one page of rows after the other. A table that can be held is one page. This room alone knows that rows
//! beyond the memory that a run may take are sorted on the disk (external merge sort) and that pages are read back from
//! there: to all others a page is a page ([`paged::Paged`], [`loaded::Loaded::show`]). It decides nothing of what rows mean.
//!
//! INVARIANT: rows of an entity are in key order, those of an event by `when`, then key, whatever the pages.

mod batch_writer;
pub(crate) mod error;
pub(crate) mod loaded;
#[cfg(test)]
mod model;
pub(crate) mod order;
pub(crate) mod origins;
pub(crate) mod paged;
pub(crate) mod pages;
pub(crate) mod rejected;
pub(crate) mod rejects;
pub(crate) mod row_batch;
pub(crate) mod rows;
pub(crate) mod seen;
pub(crate) mod sorted_records;
mod sorted_runs;
pub(crate) mod spill;
mod spilled_batch;
mod spilled_keys;
pub(crate) mod threads;
pub(crate) mod unique;
pub(crate) mod unreadable;
