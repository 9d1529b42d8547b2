//! The loop of one fold over the rows of a chunk: each goes into the cell of its slot.

use super::checked_int::CheckedInt;
use super::emit::{Emit, Flag, Half};
use super::frame::{Frame, Reads};
use super::machine::FunctionSlot;
use super::row::{Kind, RowCode};
use super::scales::Scales;
use crate::data::{MODERATE, Width, status};
use crate::kernel::{Input, Prefetch, Wanted};
use crate::plan::{Comparison, Fold, FoldFunction, Plan, Side};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// Writes the function of a fold; the inputs it reads, or `None` if every row would be the interpreter's.
///
/// `unit` becomes the denominator of what is taken in, where it is known.
pub(super) fn write_fold(
    plan: &Plan,
    scales: &Scales,
    fold: &Fold,
    unit: &mut Option<i64>,
    function_slot: FunctionSlot<'_>,
) -> Option<Reads> {
    let (emit, mut frame) = Frame::begin(function_slot.function, function_slot.context);
    let mut code = RowCode::new(emit, plan, scales, &plan.matches[fold.over.index()].stream, &frame);
    let slot = code.load(Input::FoldSlot, frame.in_chunk, Width::U32);
    if !matches!(fold.function, FoldFunction::Distinct(_)) {
        code.emit.prefetch(Prefetch { index: Input::FoldSlot, wanted: Wanted::Element(Input::FoldCell) });
    }
    let nowhere = code.emit.int(i64::from(u32::MAX));
    let placed = code.emit.compare(IntCC::NotEqual, slot, nowhere);
    let zero = code.emit.int(0);
    let slot = code.emit.select(placed, slot, zero);
    let guard = code.emit.begin_guard();
    let passes = plan.matches[fold.over.index()].also.as_ref().map_or(Flag::Yes, |filter| code.holds(filter));
    code.emit.end_guard(placed, guard);
    let asked = code.emit.and(placed, passes);
    let guard = code.emit.begin_guard();
    let taken = take(&mut code, &fold.function, slot);
    code.emit.end_guard(asked, guard);
    let is_in = code.emit.and(asked, taken.known);
    frame.stop_at_fault(&mut code.emit);
    let n_lines = write(&mut code.emit, &frame, is_in, slot, taken.cell);
    let mark = code.emit.flag_byte(is_in);
    let mark = code.emit.builder.ins().ishl_imm_u(mark, i64::from(status::COUNTED.trailing_zeros()));
    frame.next(&mut code.emit, mark, n_lines, frame.missed);
    *unit = taken.unit;
    frame.finish(code.emit, function_slot.config)
}

/// What becomes of the cell.
enum Cell {
    /// Its new value.
    Holds(CheckedInt),
    /// It only notes the value.
    Meets(CheckedInt),
}

struct Taken {
    known: Flag,
    cell: Cell,
    /// The denominator of the number taken in.
    unit: Option<i64>,
}

fn take(code: &mut RowCode<'_, '_>, function: &FoldFunction, slot: Value) -> Taken {
    match function {
        FoldFunction::Count => {
            let before = cell(code, slot, Flag::Yes);
            let one = code.emit.checked_int(1);
            Taken { known: Flag::Yes, cell: Cell::Holds(code.emit.add(before, one)), unit: None }
        }
        FoldFunction::Sum(value, den) => {
            let (known, number) = code.number(value, Side::After);
            let before = cell(code, slot, known);
            let sum = code.guarded(known, |code| match den {
                Some(den) => {
                    let add = code.emit.over_den(number, *den);
                    code.emit.add(before, add)
                }
                None => code.emit.no_room().numerator,
            });
            Taken { known, cell: Cell::Holds(sum), unit: Some(number.den) }
        }
        FoldFunction::Smallest(value, den) => extreme(code, value, *den, slot, Comparison::Less),
        FoldFunction::Largest(value, den) => extreme(code, value, *den, slot, Comparison::Greater),
        FoldFunction::Distinct(value) => {
            let row_value = code.value(value);
            let value = code.guarded(row_value.known, |code| match row_value.kind {
                Kind::Code(code) => code,
                Kind::YesNo(flag) => CheckedInt::within(code.emit.flag_int(flag), 0, 1),
                Kind::Number(number) => {
                    let whole = code.whole(number);
                    let low = code.emit.is(IntCC::SignedLessThan, whole, -MODERATE);
                    let high = code.emit.is(IntCC::SignedGreaterThanOrEqual, whole, MODERATE);
                    let outside = code.emit.or(low, high);
                    code.emit.raise(outside);
                    whole
                }
            });
            Taken { known: row_value.known, cell: Cell::Meets(value), unit: None }
        }
    }
}

fn extreme(
    code: &mut RowCode<'_, '_>,
    value: &crate::plan::Expr,
    den: Option<i64>,
    slot: Value,
    wanted: Comparison,
) -> Taken {
    let row_value = code.value(value);
    let value = code.guarded(row_value.known, |code| match (row_value.kind, den) {
        (Kind::Number(number), Some(den)) => code.emit.over_den(number, den),
        (Kind::Number(_), None) => code.emit.no_room().numerator,
        (Kind::Code(code), _) => code,
        (Kind::YesNo(flag), _) => CheckedInt::within(code.emit.flag_int(flag), 0, 1),
    });
    let seen = code.load_mark(Input::FoldSeen, slot);
    let before = cell(code, slot, seen);
    let better = code.emit.holds(super::number::condition(wanted), value, before);
    let new = code.emit.not(seen);
    let replaces = code.emit.or(new, better);
    let unit = if let Kind::Number(number) = row_value.kind { Some(number.den) } else { None };
    Taken { known: row_value.known, cell: Cell::Holds(code.emit.choose(replaces, value, before)), unit }
}

fn cell(code: &mut RowCode<'_, '_>, slot: Value, asked: Flag) -> CheckedInt {
    let address = code.emit.address(Input::FoldCell, slot, 4);
    code.load_wide(address, asked)
}

/// Writes the cell, or notes the value, where the row is in; returns how many values are noted.
fn write(emit: &mut Emit<'_>, frame: &Frame, is_in: Flag, slot: Value, cell: Cell) -> Value {
    let n_lines = match cell {
        Cell::Holds(_) => frame.n_lines,
        Cell::Meets(value) => {
            // Written in any case, it only counts where the row is in.
            let address = emit.address(Input::FoldMet, frame.n_lines, 4);
            let slot = emit.builder.ins().ireduce(types::I32, slot);
            emit.store(slot, address, 0);
            emit.store(value.value, address, 8);
            let more = emit.flag_int(is_in);
            emit.builder.ins().iadd(frame.n_lines, more)
        }
    };
    let (write, go_on) = (emit.block(), emit.block());
    let condition = emit.flag_byte(is_in);
    emit.builder.ins().brif(condition, write, &[], go_on, &[]);
    emit.continue_in(write);
    if let Cell::Holds(value) = cell {
        let address = emit.address(Input::FoldCell, slot, 4);
        let upper = emit.builder.ins().sshr_imm_u(value.value, 63);
        emit.store(value.value, address, Half::Lower.offset());
        emit.store(upper, address, Half::Upper.offset());
    }
    let one = emit.byte(1);
    let address = emit.address(Input::FoldSeen, slot, 0);
    emit.store(one, address, 0);
    emit.builder.ins().jump(go_on, &[]);
    emit.continue_in(go_on);
    n_lines
}
