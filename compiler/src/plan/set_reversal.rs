//! Rows that take others back which they find in a set.

use super::{Expr, RecordId};
use meed_grammar::span::Span;

/// An event whose rows take back whole what they find: `reverses (introduction where …)`.
#[derive(Clone, Debug, PartialEq)]
pub struct SetReversal {
    /// The event that takes back.
    pub taker: RecordId,
    /// The event whose rows are taken back.
    pub target: RecordId,
    /// The rows, of a row of the taker: an [`Op::Call`](super::Op::Call) of [`Function::Find`](super::Function::Find) whose output is
    /// [`FindFunction::Each`](super::FindFunction::Each). They are found as they were reported, by fields alone.
    pub rows: Expr,
    /// The line.
    pub span: Span,
}
