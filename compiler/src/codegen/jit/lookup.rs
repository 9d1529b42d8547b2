//! Decision tables and sets: asked by a call, the one kind of call that machine code makes.
//!
//! What is asked and answered passes through the frame of the function. A table or set has room for any number of rows there,
//! where code for each of them would be long and slow: rows are data.

use super::checked_int::CheckedInt;
use super::emit::{Flag, flags};
use super::number::Number;
use super::row::{Kind, RowCode, RowValue};
use crate::kernel::{Input, Prefetch, Wanted};
use crate::lookup;
use crate::plan::{Expr, FieldId, Function, Op, Root, SearchId, Stream, TableId, Type};
use crate::search;
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, StackSlotData, StackSlotKind, Value, types};

/// Bytes of an argument: two words.
const PAIR: u32 = 16;
/// Bytes of an answer: three words.
const ANSWER: u32 = 24;
/// The second word of a pair.
const SECOND: i32 = 8;
/// The third word of an answer.
const THIRD: i32 = 16;

/// A question that was asked in this row.
pub(super) struct Question {
    function: Function,
    operands: Vec<Expr>,
    found: RowValue,
    /// Whether the row is the interpreter's for it.
    fault: Flag,
    /// Whether it was asked for, and not ahead.
    live: bool,
}

impl RowCode<'_, '_> {
    /// What a table gives for these operands.
    pub(super) fn lookup(&mut self, table: TableId, result: u32, operands: &[Expr], values: &[RowValue]) -> RowValue {
        let column = &self.plan.tables[table.index()].results[result as usize];
        let (ty, den) = (column.ty, Some(column.den));
        self.asked(&Function::Lookup { table, result }, operands, |code| {
            let lookup = code.emit.pointer(Input::Lookup(table));
            let (arguments, place) = code.question(values);
            let wanted = code.emit.int(i64::from(result));
            code.call_for_answer(lookup::address_of_ask(), &[lookup, arguments, wanted, place], place, ty, den)
        })
    }

    /// What is asked of the rows of a set that these operands find.
    pub(super) fn find(&mut self, search: SearchId, output: u32, operands: &[Expr], values: &[RowValue]) -> RowValue {
        let asked = &self.plan.search(search).outputs[output as usize];
        let (ty, den) = (asked.ty(), asked.den);
        if let Some(Expr { op: Op::Field { root: Root::Row, path, .. }, .. }) = operands.first()
            && !self.plan.search(search).keys.is_empty()
        {
            self.read_ahead(search, path);
        }
        // What was asked ahead for a branch that may not be taken is no answer elsewhere.
        let live = self.live;
        self.asked(&Function::Find { search, output }, operands, |code| {
            let (plan, data) = (code.emit.pointer(Input::Plan), code.emit.pointer(Input::Data));
            let (arguments, place) = code.question(values);
            let wanted = code.emit.int((i64::from(search.0) << 32) | i64::from(output));
            // Rows that it finds are noted, and which it asks for may hang on a number that did not fit.
            let faulted = code.emit.has_faulted();
            let sound = code.emit.not(faulted);
            let live = code.emit.and(live, sound);
            let live = code.emit.flag_int(live);
            let given = [plan, data, wanted, arguments, place, live];
            code.call_for_answer(search::address_of_ask(), &given, place, ty, den)
        })
    }

    /// Rows of a set by what a path leads to are read ahead, where that needs no row but the stream's.
    fn read_ahead(&mut self, search: SearchId, path: &[FieldId]) {
        let index = match (self.stream, path) {
            (Stream::Events(record), [field])
                if matches!(self.plan.record(*record).fields[field.index()].ty, Type::Ref(_)) =>
            {
                Input::Values(*record, *field)
            }
            (Stream::Periods(..), []) => Input::StreamRow,
            _ => return,
        };
        self.emit.prefetch(Prefetch { index, wanted: Wanted::Set(search) });
    }

    /// The answer to a question, or to the same one before in this row.
    fn asked(
        &mut self,
        function: &Function,
        operands: &[Expr],
        ask: impl FnOnce(&mut Self) -> (RowValue, Flag),
    ) -> RowValue {
        let live = matches!(self.live, Flag::Yes);
        let same = |asked: &&Question| {
            let serves = asked.live || matches!(function, Function::Lookup { .. });
            serves && asked.function == *function && asked.operands == operands
        };
        // A question with levels in it has an answer for each side of the row.
        let repeats = !operands.iter().any(Expr::has_level);
        if let Some(Question { found, fault, .. }) = self.questions.iter().find(same).filter(|_| repeats) {
            let (found, fault) = (*found, *fault);
            self.emit.raise(fault);
            return found;
        }
        let (found, fault) = ask(self);
        self.questions.push(Question { function: function.clone(), operands: operands.to_vec(), found, fault, live });
        found
    }

    /// Writes operands into the frame; where they are, and where there is room for an answer.
    fn question(&mut self, values: &[RowValue]) -> (Value, Value) {
        let slot = |bytes| StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3);
        let arguments = self.emit.builder.create_sized_stack_slot(slot(PAIR * values.len().max(1) as u32));
        let answer = self.emit.builder.create_sized_stack_slot(slot(ANSWER));
        for (idx, found) in values.iter().enumerate() {
            let guard = self.emit.begin_guard();
            let (num, den) = match found.kind {
                Kind::Number(number) => self.emit.over_one(number),
                Kind::YesNo(flag) => (self.emit.flag_int(flag), self.emit.int(1)),
                Kind::Code(code) => (code.value, self.emit.int(1)),
            };
            self.emit.end_guard(found.known, guard);
            let missing = self.emit.int(0);
            let den = self.emit.select(found.known, den, missing);
            let place = (idx as u32 * PAIR) as i32;
            self.emit.builder.ins().stack_store(types::I64, num, arguments, place);
            self.emit.builder.ins().stack_store(types::I64, den, arguments, place + SECOND);
        }
        let arguments = self.emit.builder.ins().stack_addr(types::I64, arguments, 0);
        (arguments, self.emit.builder.ins().stack_addr(types::I64, answer, 0))
    }

    /// Calls and reads the answer; with it, whether the row is the interpreter's.
    fn call_for_answer(
        &mut self,
        callee: usize,
        arguments: &[Value],
        place: Value,
        ty: Type,
        den: Option<i64>,
    ) -> (RowValue, Flag) {
        let mut signature = Signature::new(self.emit.builder.func.signature.call_conv);
        signature.params = vec![AbiParam::new(types::I64); arguments.len()];
        signature.returns = vec![AbiParam::new(types::I64)];
        let signature = self.emit.builder.import_signature(signature);
        let callee = self.emit.int(callee as i64);
        let call = self.emit.builder.ins().call_indirect(signature, callee, arguments);
        let failed = self.emit.builder.inst_results(call)[0];
        let fault = self.emit.is_set(failed);
        self.emit.raise(fault);
        let value = self.emit.builder.ins().load(types::I64, flags(), place, 0);
        let known = self.emit.builder.ins().load(types::I64, flags(), place, SECOND);
        let known = self.emit.is_set(known);
        let kind = match ty {
            Type::Number | Type::Count | Type::Percent | Type::Money(_) => {
                let value = CheckedInt::any(value);
                Kind::Number(match den {
                    Some(den) => Number::new(value, den),
                    None => {
                        let den = self.emit.builder.ins().load(types::I64, flags(), place, THIRD);
                        let one = self.emit.int(1);
                        let over = self.emit.select(known, den, one);
                        Number { numerator: value, den: 1, over: Some(CheckedInt::within(over, 1, i64::MAX)) }
                    }
                })
            }
            ty => self.kind(ty, value),
        };
        (RowValue { known, kind }, fault)
    }
}
