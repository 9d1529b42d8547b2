//! Output tables: batches of columns, and where they go.
//!
//! Whoever makes rows hands [`batch::Batch`]es to a [`batch::Sink`]: CSV, JSON lines, Parquet, workbooks, Arrow IPC, Arrow batches, or text cells
//! in memory. A new format is one file here. Nothing of what a row says is decided in a sink.

// What comes from foreign keys and texts is written here: no place outside of an array, and no number is cut.
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

pub(crate) mod arrow;
pub(crate) mod batch;
pub(crate) mod csv;
pub(crate) mod dialect;
pub(crate) mod formula;
pub(crate) mod ipc;
pub(crate) mod jsonl;
pub(crate) mod parquet;
pub(crate) mod sheet;
pub(crate) mod thread;
pub(crate) mod xlsx;
