//! One function of machine code while it is being written: its loop, its pointers, and the flag that says that a row
//! cannot be done here.
//!
//! Expressions are written straight, without branches; where they are evaluated lazily the flag is masked. Branches
//! stand between steps only, so everything written so far dominates what follows and may be used again.

use super::expression::Val;
use super::state::Levels;
use crate::kernel::{Context, Input};
use crate::plan::{Op, Plan, StateId, Stream, View};
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Type as Width, Value,
};
use cranelift_codegen::isa::CallConv;
use rustc_hash::FxHashSet;
use std::mem::offset_of;

/// This rule or group cannot be written as machine code; the interpreter does it.
#[derive(Debug)]
pub(super) struct Unfit;

/// What was written, or that it cannot be.
pub(super) type Fit<T> = Result<T, Unfit>;

/// Whether a value is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// Always.
    Yes,
    /// Never.
    No,
    /// Where this byte is 1.
    If(Value),
}

/// The largest function worth writing.
const MAX_INSTRUCTIONS: usize = 40_000;

/// The function and what is known about it.
pub(super) struct Code<'a> {
    pub plan: &'a Plan,
    pub stream: &'a Stream,
    pub func: Function,
    /// The row of the stream.
    pub row: Value,
    /// The row of the chunk.
    pub index: Value,
    /// The number of lines so far.
    pub n_lines: Value,
    /// The sum of what lines rounded alone miss.
    pub missed: Value,
    /// Values that may be asked for more than once.
    pub memo: Vec<(Op, Val)>,
    /// By `let`.
    pub locals: Vec<Option<Val>>,
    /// Accumulations met so far.
    pub levels: Vec<(StateId, Levels)>,
    /// The side of the row that a telescoped body is written for.
    pub turn: View,
    /// Words that a guard has found to be of usual size.
    pub guarded: FxHashSet<Value>,
    inputs: Vec<(Input, Value)>,
    /// 1 where the row cannot be done, among what is evaluated here.
    bad: Option<Value>,
    /// 1 where the row cannot be done, whatever is evaluated.
    always_bad: Option<Value>,
    block: Block,
    frame: Frame,
}

/// The blocks and values around the loop.
struct Frame {
    /// Stays open until the end, so that pointers can be loaded there while rows are written.
    entry: Block,
    header: Block,
    latch: Block,
    stop: Block,
    context: Value,
    table: Value,
    /// 16 bytes of zero, then a byte of 1.
    safe: Value,
    /// Row, lines and sum missed at the start.
    first: [Value; 3],
}

impl<'a> Code<'a> {
    /// Opens the loop; what is written next is done for every row.
    pub fn new(plan: &'a Plan, stream: &'a Stream, call_conv: CallConv) -> Self {
        let mut func = Function::new();
        func.signature.call_conv = call_conv;
        func.signature.params = [I64, I32, I32, I32].map(AbiParam::new).to_vec();
        func.signature.returns = vec![AbiParam::new(I32)];
        let [entry, header, body, latch, stop] = std::array::from_fn(|_| func.dfg.make_block());
        let slot = func.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 24, 4));
        let [context, start, from, len] = [I64, I32, I32, I32].map(|width| func.dfg.append_block_param(entry, width));
        let [index, n_lines, missed] = [I64; 3].map(|width| func.dfg.append_block_param(header, width));
        func.layout.append_block(entry);
        let frame = Frame { entry, header, latch, stop, context, table: context, safe: context, first: [context; 3] };
        let mut code = Self {
            plan,
            stream,
            func,
            row: index,
            index,
            n_lines,
            missed,
            memo: Vec::new(),
            locals: Vec::new(),
            levels: Vec::new(),
            turn: View::After,
            guarded: FxHashSet::default(),
            inputs: Vec::new(),
            bad: None,
            always_bad: None,
            block: entry,
            frame,
        };
        let safe = code.at().ins().stack_addr(I64, slot, 0);
        for (offset, word) in [(0, 0), (8, 0), (16, 1)] {
            let word = code.constant(word);
            code.store(word, safe, offset);
        }
        code.frame.safe = safe;
        code.frame.table = code.load(I64, context, offset_of!(Context, inputs));
        let n_lines = code.load(I64, context, offset_of!(Context, n_lines));
        let missed = code.load(I64, context, offset_of!(Context, missed));
        let [start, from, len] = [start, from, len].map(|word| code.at().ins().uextend(I64, word));
        code.frame.first = [from, n_lines, missed];
        code.open(header);
        let more = code.at().ins().icmp(IntCC::UnsignedLessThan, index, len);
        let here = code.here();
        code.at().ins().brif(more, body, &[], stop, &here);
        code.open(body);
        code.row = code.at().ins().iadd(start, index);
        code
    }

    /// Closes the loop and the function.
    pub fn finish(mut self) -> Fit<(Function, Vec<Input>)> {
        if self.func.dfg.num_insts() > MAX_INSTRUCTIONS {
            return Err(Unfit);
        }
        let Frame { entry, header, latch, stop, context, first, .. } = self.frame;
        self.block = entry;
        self.at().ins().jump(header, &first.map(BlockArg::Value));
        let [n_lines, missed] = [I64; 2].map(|width| self.func.dfg.append_block_param(latch, width));
        self.open(latch);
        let (index, one) = (self.index, self.constant(1));
        let next = self.at().ins().iadd(index, one);
        self.at().ins().jump(header, &[next, n_lines, missed].map(BlockArg::Value));
        let [row, n_lines, missed] = [I64; 3].map(|width| self.func.dfg.append_block_param(stop, width));
        self.open(stop);
        self.store(n_lines, context, offset_of!(Context, n_lines));
        self.store(missed, context, offset_of!(Context, missed));
        let row = self.at().ins().ireduce(I32, row);
        self.at().ins().return_(&[row]);
        Ok((self.func, self.inputs.into_iter().map(|(input, _)| input).collect()))
    }

    /// Where the next instruction goes.
    pub fn at(&mut self) -> FuncCursor<'_> {
        FuncCursor::new(&mut self.func).at_bottom(self.block)
    }

    /// A new block, not yet in its place.
    pub fn block(&mut self) -> Block {
        self.func.dfg.make_block()
    }

    /// Puts a block in its place and writes there from now on.
    pub fn open(&mut self, block: Block) {
        self.func.layout.append_block(block);
        self.block = block;
    }

    fn here(&self) -> [BlockArg; 3] {
        [self.index, self.n_lines, self.missed].map(BlockArg::Value)
    }

    /// Goes to `then` where `condition` is 1, else to `otherwise`.
    pub fn branch(&mut self, condition: Value, then: Block, otherwise: Block) {
        self.at().ins().brif(condition, then, &[], otherwise, &[]);
    }

    /// Goes on with the next row.
    pub fn next_row(&mut self) {
        let (latch, args) = (self.frame.latch, [self.n_lines, self.missed].map(BlockArg::Value));
        self.at().ins().jump(latch, &args);
    }

    /// Leaves the function with this row where it cannot be done. What is written next may change memory.
    pub fn stop_if_bad(&mut self) {
        let bad = match (self.bad, self.always_bad) {
            (Some(a), Some(b)) => self.at().ins().bor(a, b),
            (Some(bad), None) | (None, Some(bad)) => bad,
            (None, None) => return,
        };
        let (next, stop, here) = (self.block(), self.frame.stop, self.here());
        self.at().ins().brif(bad, stop, &here, next, &[]);
        self.open(next);
    }

    /// Says that the row cannot be done where `flag` is 1.
    pub fn spoil(&mut self, flag: Value) {
        self.bad = Some(match self.bad {
            Some(bad) => self.at().ins().bor(bad, flag),
            None => flag,
        });
    }

    /// Says it whether or not what needs it is evaluated.
    pub fn spoil_always(&mut self, flag: Value) {
        self.always_bad = Some(match self.always_bad {
            Some(bad) => self.at().ins().bor(bad, flag),
            None => flag,
        });
    }

    /// Writes something that matters only where `known`.
    pub fn masked<T>(&mut self, known: Known, write: impl FnOnce(&mut Self) -> Fit<T>) -> Fit<T> {
        let outer = self.bad.take();
        let written = write(self);
        let inner = std::mem::replace(&mut self.bad, outer);
        match (inner, known) {
            (Some(flag), Known::Yes) => self.spoil(flag),
            (Some(flag), Known::If(known)) => {
                let flag = self.and(flag, known);
                self.spoil(flag);
            }
            (Some(_), Known::No) | (None, _) => {}
        }
        written
    }

    /// The pointer of an input, loaded before the loop.
    pub fn pointer(&mut self, input: Input) -> Value {
        if let Some((_, pointer)) = self.inputs.iter().find(|(other, _)| *other == input) {
            return *pointer;
        }
        let block = std::mem::replace(&mut self.block, self.frame.entry);
        let pointer = self.load(I64, self.frame.table, 8 * self.inputs.len());
        self.block = block;
        self.inputs.push((input, pointer));
        pointer
    }

    /// The address of element `row` of an input with elements of `1 << shift` bytes.
    pub fn address(&mut self, input: Input, row: Value, shift: i64) -> Value {
        let pointer = self.pointer(input);
        let offset = if shift == 0 { row } else { self.shift_left(row, shift) };
        self.at().ins().iadd(pointer, offset)
    }

    /// An address, or where it makes no sense that of 16 bytes of zero.
    pub fn safe(&mut self, address: Value, known: Known) -> Value {
        match known {
            Known::Yes => address,
            Known::No => self.frame.safe,
            Known::If(known) => {
                let safe = self.frame.safe;
                self.at().ins().select(known, address, safe)
            }
        }
    }

    /// A known mark, 1 where the pointer is null.
    pub fn mark(&mut self, input: Input, row: Value, known: Known) -> Value {
        let block = std::mem::replace(&mut self.block, self.frame.entry);
        let pointer = self.pointer(input);
        let (zero, ones, safe) = (self.constant(0), self.constant(-1), self.frame.safe);
        let null = self.at().ins().icmp(IntCC::Equal, pointer, zero);
        let mask = self.at().ins().select(null, zero, ones);
        let one = self.constant(16);
        let one = self.at().ins().iadd(safe, one);
        let base = self.at().ins().select(null, one, pointer);
        self.block = block;
        let offset = self.at().ins().band(row, mask);
        let address = self.at().ins().iadd(base, offset);
        let address = self.safe(address, known);
        self.load(I8, address, 0)
    }

    /// A word of memory.
    pub fn load(&mut self, width: Width, address: Value, offset: usize) -> Value {
        self.at().ins().load(width, MemFlagsData::trusted(), address, offset as i32)
    }

    /// Writes to memory.
    pub fn store(&mut self, value: Value, address: Value, offset: usize) {
        self.at().ins().store(MemFlagsData::trusted(), value, address, offset as i32);
    }

    /// A constant of 64 bits.
    pub fn constant(&mut self, value: i64) -> Value {
        self.at().ins().iconst(I64, value)
    }

    /// A constant byte: 0 or 1.
    pub fn bit(&mut self, value: bool) -> Value {
        self.at().ins().iconst(I8, i64::from(value))
    }

    /// Compares words.
    pub fn compare_words(&mut self, comparison: IntCC, a: Value, b: Value) -> Value {
        self.at().ins().icmp(comparison, a, b)
    }

    /// Compares a word with a constant.
    pub fn compare_constant(&mut self, comparison: IntCC, a: Value, b: i64) -> Value {
        let b = self.constant(b);
        self.at().ins().icmp(comparison, a, b)
    }

    /// `a`, where the byte is 1, else `b`.
    pub fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        if a == b { a } else { self.at().ins().select(condition, a, b) }
    }

    /// Both bits.
    pub fn and(&mut self, a: Value, b: Value) -> Value {
        if a == b { a } else { self.at().ins().band(a, b) }
    }

    /// One of the bits.
    pub fn or(&mut self, a: Value, b: Value) -> Value {
        if a == b { a } else { self.at().ins().bor(a, b) }
    }

    /// The other bit.
    pub fn not(&mut self, a: Value) -> Value {
        let one = self.bit(true);
        self.at().ins().bxor(a, one)
    }

    /// Bits moved up.
    pub fn shift_left(&mut self, a: Value, by: i64) -> Value {
        let by = self.constant(by);
        self.at().ins().ishl(a, by)
    }

    /// The sign of a word in all its bits.
    pub fn sign(&mut self, a: Value) -> Value {
        let by = self.constant(63);
        self.at().ins().sshr(a, by)
    }

    /// Both are there.
    pub fn both(&mut self, a: Known, b: Known) -> Known {
        match (a, b) {
            (Known::No, _) | (_, Known::No) => Known::No,
            (Known::Yes, known) | (known, Known::Yes) => known,
            (Known::If(a), Known::If(b)) => Known::If(self.and(a, b)),
        }
    }

    /// As a byte.
    pub fn known_bit(&mut self, known: Known) -> Value {
        match known {
            Known::Yes => self.bit(true),
            Known::No => self.bit(false),
            Known::If(known) => known,
        }
    }
}
