//! How a file is opened.

use meed_compiler::plan::Layout;
use std::num::NonZero;

/// How a file is opened.
pub(crate) struct Opening<'a> {
    /// How its record's source says that it is written.
    pub layout: &'a Layout,
    /// So many rows are read at a time.
    pub batch_rows: usize,
    /// How much memory a page or a batch of a file may take, in bytes.
    pub memory: usize,
    /// How many threads may read.
    pub threads: NonZero<usize>,
}
