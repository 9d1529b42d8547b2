//! Loading: what becomes of the rows of tables, whatever the format, order, split and batches they come in.

#![expect(clippy::result_large_err, reason = "an error ends the test, it is made once")]

mod arrow;
mod bad;
mod csv;
mod files;
mod formats;
mod law;
mod naive;
mod needs;
mod offers;
mod physical;
mod rings;
mod rows;
mod unreadable;
mod view;
mod workbooks;
