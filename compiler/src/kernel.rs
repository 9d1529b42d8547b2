//! The door between machine code and the runtime: what a kernel reads and writes, and how it is called.
//!
//! A kernel does one rule, or one fold, over a chunk of rows. It is called with a table of pointers in the order of
//! [`Kernel::inputs`]. It works in 64-bit integers: where a value does not fit, or a division by zero or crossing bounds
//! are met, it stops *before* it has written anything of that row and returns the row; the caller does that row in
//! the interpreter, which has no such limits and makes the messages, and calls again with the row after it.

mod table;

use crate::data::{Chunk, Data, FoldState, Output, Rows};
use crate::plan::{
    Back, DatePart, DecisionId, Edge, FieldId, FoldId, KeyId, Period, Plan, PredicateId, RecordId, SearchId, StateId,
    TableId,
};
use crate::search::Filtered;
use rustc_hash::FxHashMap;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use table::{Ahead, Source};

/// A pointer of a kernel's table. Unless said otherwise it points at element 0 and is indexed by the row meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Values of a column, in the width of [`crate::data::Values`].
    Values(RecordId, FieldId),
    /// `u8` known marks of a column whose field is optional; where all are known, one mark for all.
    Known(RecordId, FieldId),
    /// Not a pointer: what a row is masked by to find its mark, all ones, or 0 where one mark stands for all.
    KnownMask(RecordId, FieldId),
    /// `u8` by code.
    Predicate(PredicateId),
    /// One `u32`: the code of the text that a test is for.
    Literal(PredicateId),
    /// The [`Lookup`](crate::lookup::Lookup) of a decision table, which is asked by a call.
    Lookup(TableId),
    /// The [`Plan`], for calls.
    Plan,
    /// The [`Data`] of the run, for calls.
    Data,
    /// `u32` by row *of the chunk* (from 0).
    Slots(KeyId),
    /// `u8` by slot.
    Seen(StateId),
    /// `i128` by slot: the sums of one summand.
    Sum(StateId, u32),
    /// `u8` by slot.
    Touched(StateId),
    /// `i128` by slot.
    Paid(StateId),
    /// `i128` by row of the stream.
    Fold(FoldId),
    /// `u8` by row of the stream, or one mark for all.
    FoldKnown(FoldId),
    /// As [`Input::KnownMask`].
    FoldKnownMask(FoldId),
    /// `i64` by row of the decision's stream, written by the rule that sets it.
    DecisionNum(DecisionId),
    /// `i64`, above zero.
    DecisionDen(DecisionId),
    /// `u8`.
    DecisionKnown(DecisionId),
    /// `u32` by row of the entity periods, or of an event by another date: the row of the entity or event.
    StreamRow,
    /// `i32` by the same rows: the last day of the period, or the date.
    StreamDay,
    /// `u8` by row of the entity periods: [`crate::data::EntityPeriods::ends`] of this kind.
    PeriodsEnds(Period),
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
    /// `i32` by month from January 1900, [`N_MONTHS`] of them and the one after: its first day.
    MonthStarts,
    /// Written: `u32` by line, the row of the stream.
    LineRow,
    /// Written: `u32` by line.
    LinePayee,
    /// Written: `i64` by line.
    LineAmount,
    /// Written for every row done: `u8` by row *of the chunk*.
    Status,
    /// Fold kernels: `u32` by row *of the chunk*, `u32::MAX` where a row has no slot.
    FoldSlot,
    /// Fold kernels: `i128` by slot.
    FoldCell,
    /// Fold kernels: `u8` by slot.
    FoldSeen,
    /// Fold kernels for distinct values, written: a slot and value by entry; the number of entries is `n_lines`.
    FoldMet,
}

/// Functions of a day that machine code looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayTable {
    /// A part of the date.
    Part(DatePart),
    /// The first or last day of its period.
    Edge(Period, Edge),
    /// The first day of a period before its own.
    Back(Period, Back),
    /// Months since January 1900.
    Month,
}

/// What a [`DayTable`] has for a day that has no answer.
pub const NO_ANSWER: i32 = i32::MIN;
/// The first day in a [`DayTable`]: 1900-01-01.
pub const FIRST_DAY: i32 = -25567;
/// How many days a [`DayTable`] holds: to 2199-12-31.
pub const N_DAYS: i32 = 109_573;
/// How many months they make.
pub const N_MONTHS: i32 = 3_600;

/// What a kernel is called with.
#[repr(C)]
#[derive(Debug)]
pub struct Context {
    /// The table of pointers, in the order of [`Kernel::inputs`].
    pub inputs: *const *mut u8,
    /// How many lines (or distinct entries) are in the output; the kernel appends and raises it.
    pub n_lines: u64,
    /// By how many smallest units lines rounded alone are above the rounding along the total; the kernel adds to it.
    pub missed: i64,
}

/// `fn(context, first row of the chunk in the stream, first row of the chunk to do, rows in the chunk) -> row`: the
/// number of the chunk's row that it could not do, or the number of rows when all are done. Row numbers within the
/// chunk start at 0; the row in the stream is `start + row`.
pub type Entry = unsafe extern "C" fn(*mut Context, u32, u32, u32) -> u32;

/// Rows done at a time where something is read ahead; what they need fits the nearest cache. Reading ahead took a rule over
/// ten million deals with large arrays from 0.43 to 0.35 s (`docs/performance.md`).
const BLOCK: u32 = 64;

/// What a row needs of large arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefetch {
    /// Slots, or references of the row.
    pub index: Input,
    /// What is found by them.
    pub wanted: Wanted,
}

/// What is read ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// An element of an array.
    Element(Input),
    /// The rows of a set with that first part of their key.
    Set(SearchId),
}

/// Machine code for one rule or fold.
#[derive(Clone)]
pub struct Kernel {
    /// What the pointers are.
    pub inputs: Vec<Input>,
    /// Elements that rows need in no order.
    pub(crate) prefetches: Vec<Prefetch>,
    pub(crate) entry: Entry,
    pub(crate) tables: Arc<DayTables>,
    /// As in [`crate::codegen::CodeOptions`].
    pub(crate) near_bytes: usize,
    /// Where the code is; it goes with the last kernel.
    #[expect(dead_code, reason = "held, not read: the code must outlive its kernels")]
    pub(crate) module: Arc<dyn Any + Send + Sync>,
}

/// Functions of days that the kernels of a program look up.
#[derive(Debug, Default)]
pub struct DayTables {
    /// By function.
    pub days: FxHashMap<DayTable, Vec<i32>>,
    /// The first days of months.
    pub month_starts: Vec<i32>,
}

impl Kernel {
    /// Does these rows of a chunk, in order; returns the first that it could not do, or the end of the rows when all are
    /// done. What is done is in the output and in what rules remember, the row returned and those after it are not touched.
    ///
    /// # Safety
    /// The kernel was compiled for this Plan. Every reference in the columns of `data` is a row of the table it refers to
    /// (0 where it is missing), and every code of a text is known to the predicates over its domain: the code reads arrays
    /// at these places without a look at their lengths. All else is checked here, and what does not fit is left to the
    /// interpreter: the first row is returned.
    #[expect(unsafe_code, reason = "the obligations of who calls are told above")]
    pub unsafe fn run(
        &self,
        plan: &Plan,
        data: &mut Data,
        rows: &Rows,
        chunk: &Chunk,
        todo: Range<u32>,
        output: &mut Output,
    ) -> u32 {
        let n_lines = output.rows.len();
        let same = output.payees.len() == n_lines && output.amounts.len() == n_lines;
        if !same || output.status.len() < chunk.len as usize || todo.end > chunk.len {
            return todo.start;
        }
        let more = todo.len() + 1;
        output.rows.reserve(more);
        output.payees.reserve(more);
        output.amounts.reserve(more);
        let end = (chunk.start + chunk.len) as usize;
        let source = Source { plan, rows, end, tables: &self.tables };
        let table = self.inputs.iter().map(|input| source.rule_pointer(*input, data, chunk, output)).collect();
        let Some(table) = table else { return todo.start };
        let ahead = source.ahead(self, data, None);
        let (stopped, context) = self.call(table, ahead, n_lines, chunk.start, todo);
        #[expect(
            unsafe_code,
            reason = "there was room for a line of every row, and the code has written the first `n_lines`"
        )]
        unsafe {
            output.rows.set_len(context.n_lines as usize);
            output.payees.set_len(context.n_lines as usize);
            output.amounts.set_len(context.n_lines as usize);
        }
        output.missed += i128::from(context.missed);
        stopped
    }

    /// Takes rows of a fold's stream in, each at its slot, from row `from` of them on; the first is row `start` of the
    /// stream. Returns the first that it could not do, and marks those done in `taken`, as [`Kernel::run`] does.
    ///
    /// # Safety
    /// As for [`Kernel::run`].
    #[expect(unsafe_code, reason = "the obligations of who calls are told above")]
    #[expect(clippy::too_many_arguments, reason = "the rows of a fold are all of these, and none belongs to another")]
    pub unsafe fn gather(
        &self,
        plan: &Plan,
        data: &mut Data,
        rows: &Rows,
        start: u32,
        slots: &[u32],
        from: u32,
        fold_state: &mut FoldState,
        taken: &mut [u8],
    ) -> u32 {
        let len = slots.len() as u32;
        if taken.len() < slots.len() || from >= len {
            return from;
        }
        let n_met = fold_state.entries.len();
        fold_state.entries.reserve((len - from) as usize + 1);
        let source = Source { plan, rows, end: (start + len) as usize, tables: &self.tables };
        let table =
            self.inputs.iter().map(|input| source.fold_pointer(*input, data, slots, fold_state, taken)).collect();
        let Some(table) = table else { return from };
        let ahead = source.ahead(self, data, Some(fold_state));
        let (stopped, context) = self.call(table, ahead, n_met, start, from..len);
        #[expect(unsafe_code, reason = "there was room for every row, and the code has written the first `n_lines`")]
        unsafe {
            fold_state.entries.set_len(context.n_lines as usize);
        }
        stopped
    }

    /// Tells of the rows of a stream, as many as there are marks, whether a set may have them; rows that it cannot do stay open.
    ///
    /// # Safety
    /// As for [`Kernel::run`].
    #[expect(unsafe_code, reason = "the obligations of who calls are told above")]
    pub unsafe fn filter(&self, plan: &Plan, data: &mut Data, rows: &Rows, n_rows: u32) -> Vec<Filtered> {
        let (mut marks, slots) = (vec![0; n_rows as usize], vec![0; n_rows as usize]);
        let mut open = Vec::new();
        let mut next = 0;
        while next < n_rows {
            #[expect(unsafe_code, reason = "as who calls says")]
            let stopped =
                unsafe { self.gather(plan, data, rows, 0, &slots, next, &mut FoldState::default(), &mut marks) };
            if stopped < n_rows {
                open.push(stopped);
            }
            next = stopped + 1;
        }
        let told = |mark: &u8| if *mark == 1 { Filtered::In } else { Filtered::Out };
        let mut filtered: Vec<Filtered> = marks.iter().map(told).collect();
        open.iter().for_each(|row| filtered[*row as usize] = Filtered::Open);
        filtered
    }

    /// Calls the code for these rows of the chunk.
    ///
    /// Where arrays are large rows are done in blocks, and what a block needs of such arrays is read before: many reads
    /// then wait for memory at once, where the long code of a row would wait for each by itself.
    fn call(
        &self,
        mut table: Vec<*mut u8>,
        ahead: Vec<Ahead>,
        n_lines: usize,
        start: u32,
        rows: Range<u32>,
    ) -> (u32, Context) {
        let mut context = Context { inputs: table.as_mut_ptr(), n_lines: n_lines as u64, missed: 0 };
        let step = if ahead.is_empty() { u32::MAX } else { BLOCK };
        let mut next = rows.start;
        while next < rows.end {
            let end = next.saturating_add(step).min(rows.end);
            #[expect(
                unsafe_code,
                reason = "machine code is called here and nowhere else. It reads and writes only through the table of \
                          pointers: `Source` has checked that each array reaches as far as rows and slots of the chunk \
                          do, and there is room for what it appends; references in columns are rows of their tables and \
                          codes known to predicates, as who calls `run` or `gather` says. The code is there as long as \
                          `self.module` is. What is read ahead are elements that the code is about to read, and sets of \
                          the data, which nothing changes while rules run over them"
            )]
            let stopped = unsafe {
                for prefetch in &ahead {
                    prefetch.read(&table, start, next..end);
                }
                (self.entry)(&raw mut context, start, next, end)
            };
            if stopped < end {
                return (stopped, context);
            }
            next = end;
        }
        (rows.end, context)
    }
}
