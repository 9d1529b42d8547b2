//! The door between machine code and the runtime: what a kernel reads and writes, and how it is called.
//!
//! A kernel does one rule, or one group, over a chunk of rows. It is called with a table of pointers in the order of
//! [`Kernel::inputs`]. It works in 64-bit lanes: where a value does not fit, or a division by zero or crossing bounds
//! are met, it stops *before* it has written anything of that row and returns the row; the caller does that row in
//! the interpreter, which has no such limits and makes the messages, and calls again with the row after it.

use crate::plan::{DatePart, DecisionId, FieldId, GroupId, Period, PredicateId, RecordId, SlotId, StateId};

/// A pointer of a kernel's table. Unless said otherwise it points at element 0 and is indexed by the row meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Values of a column, in the width of [`crate::data::Values`].
    Values(RecordId, FieldId),
    /// `u8` known marks of a column whose field is optional; the pointer is null when all are known.
    Known(RecordId, FieldId),
    /// `u8` by code.
    Predicate(PredicateId),
    /// `u32` by row *of the chunk* (from 0).
    Slots(SlotId),
    /// `u8` by slot.
    Seen(StateId),
    /// `i128` by slot: the sums of one atom.
    Sum(StateId, u32),
    /// `u8` by slot.
    Touched(StateId),
    /// `i128` by slot.
    Paid(StateId),
    /// `i128` by row of the stream.
    Group(GroupId),
    /// `u8` by row of the stream; null when all are known.
    GroupKnown(GroupId),
    /// `i64` by row of the decision's stream, written by the rule that sets it.
    DecisionNum(DecisionId),
    /// `i64`, above zero.
    DecisionDen(DecisionId),
    /// `u8`.
    DecisionKnown(DecisionId),
    /// `u32` by row of the grid.
    GridEntity,
    /// `i32` by row of the grid.
    GridLastDay,
    /// `u8` by row of the grid: [`crate::data::Grid::ends`] of this kind.
    GridEnds(Period),
    /// `u32` by payment.
    PaymentPayee,
    /// `i64` by payment.
    PaymentAmount,
    /// `i32` by payment.
    PaymentWhen,
    /// `u32` by payment.
    PaymentSource,
    /// `i32` by day minus [`FIRST_DAY`], [`N_DAYS`] of them.
    Days(DayTable),
    /// Written: `u32` by line, the row of the stream.
    LineRow,
    /// Written: `u32` by line.
    LinePayee,
    /// Written: `i64` by line.
    LineAmount,
    /// Written for every row done: `u8` by row *of the chunk*.
    Status,
    /// Group kernels: `i128` sum, or count, or the smallest or largest so far, by slot.
    GroupSum,
    /// Group kernels for smallest and largest: `u8` by slot, whether there is one yet.
    GroupSeen,
    /// Group kernels for distinct: written, `u32` slot by entry (the number of entries is `n_lines`).
    DistinctSlot,
    /// Group kernels for distinct: written, `i64` value by entry.
    DistinctValue,
}

/// Functions of a day that machine code looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayTable {
    /// A part of the date.
    Part(DatePart),
    /// The day moved by this many months.
    AddMonths(i32),
    /// Calendar year times 12 plus month from 0.
    Month,
    /// Day of the month.
    DayOfMonth,
}

/// The first day in a [`DayTable`]: 1900-01-01.
pub const FIRST_DAY: i32 = -25567;
/// How many days a [`DayTable`] holds: to 2199-12-31.
pub const N_DAYS: i32 = 109_573;

/// What a kernel is called with.
#[repr(C)]
#[derive(Debug)]
pub struct Context {
    /// The table of pointers, in the order of [`Kernel::inputs`].
    pub inputs: *const *mut u8,
    /// How many lines (or distinct entries) stand in the output; the kernel appends and raises it.
    pub n_lines: u64,
    /// By how many smallest units lines rounded alone are above the rounding along the total; the kernel adds to it.
    pub missed: i64,
}

/// `fn(context, first row of the chunk in the stream, first row of the chunk to do, rows in the chunk) -> row`: the
/// number of the chunk's row that it could not do, or the number of rows when all are done. Row numbers within the
/// chunk start at 0; the row in the stream is `start + row`.
pub type Entry = unsafe extern "C" fn(*mut Context, u32, u32, u32) -> u32;

/// Machine code for one rule or group.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What the pointers are.
    pub inputs: Vec<Input>,
    /// The code; lives as long as the module it came from.
    pub entry: Entry,
}
