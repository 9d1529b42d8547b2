//! The loop that tells which rows of its stream a set may have at all, whoever asks.

use super::frame::{Frame, Reads};
use super::machine::FunctionSlot;
use super::row::RowCode;
use super::scales::Scales;
use crate::plan::{Expr, Plan, Stream};

/// Writes the function that marks the rows for which a condition holds with 1; the inputs it reads, or `None` if every row would
/// be the interpreter's.
pub(super) fn write_filter(
    plan: &Plan,
    scales: &Scales,
    stream: &Stream,
    condition: &Expr,
    function_slot: FunctionSlot<'_>,
) -> Option<Reads> {
    let (emit, mut frame) = Frame::begin(function_slot.function, function_slot.context);
    let mut code = RowCode::new(emit, plan, scales, stream, &frame);
    let passes = code.holds(condition);
    frame.stop_at_fault(&mut code.emit);
    let mark = code.emit.flag_byte(passes);
    frame.next(&mut code.emit, mark, frame.n_lines, frame.missed);
    frame.finish(code.emit, function_slot.config)
}
