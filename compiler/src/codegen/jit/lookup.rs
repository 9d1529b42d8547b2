//! Decision tables: asked by a call, the one call that machine code makes.
//!
//! What is asked and answered passes through the frame of the function. A table has room for any number of rows there, where
//! code for each of them would be long and slow: rows are data.

use super::checked_int::CheckedInt;
use super::emit::{Flag, flags};
use super::number::Number;
use super::row::{Kind, RowCode, RowValue};
use crate::kernel::Input;
use crate::lookup;
use crate::plan::{Expr, TableId, Type};
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, StackSlotData, StackSlotKind, types};

/// Bytes of an argument, and of an answer: two words.
const PAIR: u32 = 16;
/// The second word of a pair.
const SECOND: i32 = 8;

/// A question that was asked in this row.
pub(super) struct Question {
    table: TableId,
    result: u32,
    operands: Vec<Expr>,
    found: RowValue,
    /// Whether the row is the interpreter's for it.
    fault: Flag,
}

impl RowCode<'_, '_> {
    /// What a table gives for these operands.
    pub(super) fn lookup(&mut self, table: TableId, result: u32, operands: &[Expr], values: &[RowValue]) -> RowValue {
        let same = |asked: &&Question| asked.table == table && asked.result == result && asked.operands == operands;
        // A question with levels in it has an answer for each side of the row.
        let repeats = !operands.iter().any(|operand| operand.has_level());
        if let Some(Question { found, fault, .. }) = self.questions.iter().find(same).filter(|_| repeats) {
            let (found, fault) = (*found, *fault);
            self.emit.raise(fault);
            return found;
        }
        let slot = |bytes| StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3);
        let arguments = self.emit.builder.create_sized_stack_slot(slot(PAIR * values.len().max(1) as u32));
        let answer = self.emit.builder.create_sized_stack_slot(slot(PAIR));
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
        let mut signature = Signature::new(self.emit.builder.func.signature.call_conv);
        signature.params = vec![AbiParam::new(types::I64); 4];
        signature.returns = vec![AbiParam::new(types::I64)];
        let signature = self.emit.builder.import_signature(signature);
        let callee = self.emit.int(lookup::address_of_ask() as i64);
        let lookup = self.emit.pointer(Input::Lookup(table));
        let arguments = self.emit.builder.ins().stack_addr(types::I64, arguments, 0);
        let place = self.emit.builder.ins().stack_addr(types::I64, answer, 0);
        let wanted = self.emit.int(i64::from(result));
        let call = self.emit.builder.ins().call_indirect(signature, callee, &[lookup, arguments, wanted, place]);
        let failed = self.emit.builder.inst_results(call)[0];
        let fault = self.emit.is_set(failed);
        self.emit.raise(fault);
        let value = self.emit.builder.ins().load(types::I64, flags(), place, 0);
        let known = self.emit.builder.ins().load(types::I64, flags(), place, SECOND);
        let known = self.emit.is_set(known);
        let column = &self.plan.tables[table.index()].results[result as usize];
        let kind = match column.ty {
            Type::Number | Type::Count | Type::Percent | Type::Money => {
                Kind::Number(Number::new(CheckedInt::any(value), column.den))
            }
            ty => self.kind(ty, value),
        };
        let found = RowValue { known, kind };
        self.questions.push(Question { table, result, operands: operands.to_vec(), found, fault });
        found
    }
}
