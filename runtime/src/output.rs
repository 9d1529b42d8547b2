//! Output tables: batches of columns, and where they go.
//!
//! Whoever makes rows hands [`batch::Batch`]es to a [`batch::Sink`]: CSV, JSON lines, Parquet, Arrow batches, or text cells
//! in memory. A new format is one file here. Nothing of what a row says is decided in a sink.

pub(crate) mod arrow;
pub(crate) mod batch;
pub(crate) mod csv;
pub(crate) mod formula;
pub(crate) mod jsonl;
pub(crate) mod parquet;
pub(crate) mod sheet;
