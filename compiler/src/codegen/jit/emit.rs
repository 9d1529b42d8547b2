//! The ground floor of machine code: yes/no flags, loads through the table of pointers, and the fault flag.
//!
//! Everything of a row is computed without branches. What would stop the run only raises [`Emit::fault`]; a condition
//! under which a value is not asked for at all takes its faults back ([`Emit::guarded`]). Only where a row is left or
//! written is there a branch, and before it the flag is looked at.

use crate::data::Width;
use crate::kernel::{Input, Prefetch};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_frontend::FunctionBuilder;
use rustc_hash::FxHashMap;

/// A yes or no, where possible known while compiling. Values are 0 or 1, eight bits wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    No,
    Yes,
    When(Value),
}

impl From<bool> for Flag {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// A half of a number of 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Lower,
    Upper,
}

impl Half {
    /// Where it is in memory on this machine, for which the code is made.
    pub fn offset(self) -> i32 {
        if (self == Self::Lower) == cfg!(target_endian = "little") { 0 } else { 8 }
    }
}

/// What was met on the way to a value; it counts only where the value is asked for.
#[derive(Clone, Copy)]
pub(super) struct Raised {
    /// The row is the interpreter's.
    fault: Flag,
    /// A schedule that does not say what it gives below zero is asked there.
    below_zero: Flag,
}

impl Default for Raised {
    fn default() -> Self {
        Self { fault: Flag::No, below_zero: Flag::No }
    }
}

/// What was met outside a stretch.
#[must_use]
pub(super) struct Outside {
    raised: Raised,
    around: Flag,
}

/// The function in the making.
pub(super) struct Emit<'f> {
    pub builder: FunctionBuilder<'f>,
    /// The table of pointers so far.
    pub inputs: Vec<Input>,
    /// Where each is in the table.
    places: FxHashMap<Input, i32>,
    table: Value,
    raised: Raised,
    /// The fault flag of the stretches around this one.
    around: Flag,
    /// Elements that rows need in no order.
    pub prefetches: Vec<Prefetch>,
}

impl<'f> Emit<'f> {
    /// A function that has the table of pointers in `table`.
    pub fn new(builder: FunctionBuilder<'f>, table: Value) -> Self {
        let (inputs, places, prefetches) = (Vec::new(), FxHashMap::default(), Vec::new());
        Self { builder, inputs, places, table, raised: Raised::default(), around: Flag::No, prefetches }
    }

    /// The pointer of an input.
    ///
    /// It is loaded where it is used: kept from the start of the function, pointers would take all registers.
    pub fn pointer(&mut self, input: Input) -> Value {
        let next = self.places.len() as i32;
        let place = *self.places.entry(input).or_insert(next);
        if place == next {
            self.inputs.push(input);
        }
        self.builder.ins().load(types::I64, flags(), self.table, place * 8)
    }

    /// The address of an element.
    pub fn address(&mut self, input: Input, index: Value, shift: i64) -> Value {
        let pointer = self.pointer(input);
        let offset = if shift == 0 { index } else { self.builder.ins().ishl_imm_u(index, shift) };
        self.builder.ins().iadd(pointer, offset)
    }

    /// Notes that rows need elements in no order.
    pub fn prefetch(&mut self, prefetch: Prefetch) {
        if !self.prefetches.contains(&prefetch) {
            self.prefetches.push(prefetch);
        }
    }

    /// An element, as a number of 64 bits.
    pub fn load(&mut self, input: Input, index: Value, width: Width) -> Value {
        let address = self.address(input, index, shift(width));
        self.load_at(address, width)
    }

    /// What is at an address, as a number of 64 bits.
    pub fn load_at(&mut self, address: Value, width: Width) -> Value {
        let ins = self.builder.ins();
        match width {
            Width::I64 => ins.load(types::I64, flags(), address, 0),
            Width::I32 => ins.sload32(flags(), address, 0),
            Width::U32 => ins.uload32(flags(), address, 0),
            Width::U8 => ins.uload8(types::I64, flags(), address, 0),
        }
    }

    /// A byte that is 0 or 1.
    pub fn load_byte(&mut self, input: Input, index: Value) -> Value {
        let address = self.address(input, index, 0);
        self.builder.ins().load(types::I8, flags(), address, 0)
    }

    /// The lower or the upper half of a number of 128 bits.
    pub fn load_half(&mut self, address: Value, half: Half) -> Value {
        self.builder.ins().load(types::I64, flags(), address, half.offset())
    }

    pub fn store(&mut self, value: Value, address: Value, offset: i32) {
        self.builder.ins().store(flags(), value, address, offset);
    }

    pub fn int(&mut self, value: i64) -> Value {
        self.builder.ins().iconst(types::I64, value)
    }

    pub fn byte(&mut self, value: u8) -> Value {
        self.builder.ins().iconst(types::I8, i64::from(value))
    }

    /// A flag as a byte.
    pub fn flag_byte(&mut self, flag: Flag) -> Value {
        match flag {
            Flag::No => self.byte(0),
            Flag::Yes => self.byte(1),
            Flag::When(value) => value,
        }
    }

    /// A flag as a number of 64 bits.
    pub fn flag_int(&mut self, flag: Flag) -> Value {
        match flag {
            Flag::No => self.int(0),
            Flag::Yes => self.int(1),
            Flag::When(value) => self.builder.ins().uextend(types::I64, value),
        }
    }

    pub fn compare(&mut self, condition: IntCC, a: Value, b: Value) -> Flag {
        Flag::When(self.builder.ins().icmp(condition, a, b))
    }

    /// Whether a lane is not 0.
    pub fn is_set(&mut self, value: Value) -> Flag {
        Flag::When(self.builder.ins().icmp_imm_u(IntCC::NotEqual, value, 0))
    }

    pub fn and(&mut self, a: Flag, b: Flag) -> Flag {
        match (a, b) {
            (Flag::No, _) | (_, Flag::No) => Flag::No,
            (Flag::Yes, other) | (other, Flag::Yes) => other,
            (Flag::When(a), Flag::When(b)) if a == b => Flag::When(a),
            (Flag::When(a), Flag::When(b)) => Flag::When(self.builder.ins().band(a, b)),
        }
    }

    pub fn or(&mut self, a: Flag, b: Flag) -> Flag {
        match (a, b) {
            (Flag::Yes, _) | (_, Flag::Yes) => Flag::Yes,
            (Flag::No, other) | (other, Flag::No) => other,
            (Flag::When(a), Flag::When(b)) if a == b => Flag::When(a),
            (Flag::When(a), Flag::When(b)) => Flag::When(self.builder.ins().bor(a, b)),
        }
    }

    pub fn not(&mut self, flag: Flag) -> Flag {
        match flag {
            Flag::No => Flag::Yes,
            Flag::Yes => Flag::No,
            Flag::When(value) => Flag::When(self.builder.ins().bxor_imm_u(value, 1)),
        }
    }

    /// `a` where the flag is yes, else `b`.
    pub fn select(&mut self, flag: Flag, a: Value, b: Value) -> Value {
        match flag {
            Flag::Yes => a,
            Flag::No => b,
            Flag::When(_) if a == b => a,
            Flag::When(flag) => self.builder.ins().select(flag, a, b),
        }
    }

    /// Flag `a` where the flag is yes, else flag `b`.
    pub fn select_flag(&mut self, flag: Flag, a: Flag, b: Flag) -> Flag {
        match (flag, a, b) {
            (Flag::Yes, value, _) | (Flag::No, _, value) => value,
            (_, a, b) if a == b => a,
            (_, Flag::Yes, b) => self.or(flag, b),
            (_, a, Flag::No) => self.and(flag, a),
            (_, Flag::No, b) => {
                let not = self.not(flag);
                self.and(not, b)
            }
            (_, a, Flag::Yes) => {
                let not = self.not(flag);
                self.or(not, a)
            }
            (Flag::When(flag), Flag::When(a), Flag::When(b)) => Flag::When(self.builder.ins().select(flag, a, b)),
        }
    }

    /// The row is the interpreter's where this holds.
    pub fn raise(&mut self, fault: Flag) {
        self.raised.fault = self.or(self.raised.fault, fault);
    }

    /// A schedule that does not say what it gives below zero is asked there where this holds.
    pub fn note_below_zero(&mut self, below: Flag) {
        self.raised.below_zero = self.or(self.raised.below_zero, below);
    }

    /// Adds what a value met that was made before.
    pub fn raise_again(&mut self, raised: Raised) {
        self.raise(raised.fault);
        self.note_below_zero(raised.below_zero);
    }

    /// Emits what is asked for only where `asked` holds: elsewhere its faults do not count.
    pub fn guarded<T>(&mut self, asked: Flag, emit: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.begin_guard();
        let value = emit(self);
        self.end_guard(asked, before);
        value
    }

    /// What was met in this stretch so far.
    pub fn raised(&self) -> Raised {
        self.raised
    }

    /// Whether the row is known to be the interpreter's, if it comes here: what it has computed may be anything.
    pub fn has_faulted(&mut self) -> Flag {
        self.or(self.around, self.raised.fault)
    }

    /// Begins a stretch as in [`Emit::guarded`]; what is returned goes to [`Emit::end_guard`].
    pub fn begin_guard(&mut self) -> Outside {
        let outside = Outside { raised: self.raised, around: self.around };
        self.around = self.has_faulted();
        self.raised = Raised::default();
        outside
    }

    /// Ends it.
    pub fn end_guard(&mut self, asked: Flag, outside: Outside) {
        self.around = outside.around;
        let within = std::mem::replace(&mut self.raised, outside.raised);
        let fault = self.and(asked, within.fault);
        self.raise(fault);
        let below_zero = self.and(asked, within.below_zero);
        self.note_below_zero(below_zero);
    }

    /// The fault flag, which is down again after.
    pub fn take_fault(&mut self) -> Flag {
        std::mem::replace(&mut self.raised.fault, Flag::No)
    }

    /// Whether a schedule was asked below zero, which is forgotten.
    pub fn take_below_zero(&mut self) -> Flag {
        std::mem::replace(&mut self.raised.below_zero, Flag::No)
    }

    /// A new block without parameters.
    pub fn block(&mut self) -> Block {
        self.builder.create_block()
    }

    /// Goes on in `block`, to which all jumps have been made.
    pub fn continue_in(&mut self, block: Block) {
        self.builder.switch_to_block(block);
        self.builder.seal_block(block);
    }

    /// A parameter of a block.
    pub fn parameter(&mut self, block: Block, ty: Type) -> Value {
        self.builder.append_block_param(block, ty)
    }
}

/// By how much an index is shifted to be an offset.
fn shift(width: Width) -> i64 {
    match width {
        Width::I64 => 3,
        Width::I32 | Width::U32 => 2,
        Width::U8 => 0,
    }
}

/// All addresses come from checked tables: aligned, and never trapping.
pub(super) fn flags() -> MemFlagsData {
    MemFlagsData::trusted()
}
