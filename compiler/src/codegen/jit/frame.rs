//! The frame of a kernel: the loop over the rows of a chunk, and how it ends.

use super::emit::{Emit, Flag, flags};
use crate::kernel::{Input, Prefetch};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, BlockArg, Function, InstBuilder, Value, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

/// Where the fields of [`crate::kernel::Context`] are.
const INPUTS: i32 = 0;
const N_LINES: i32 = 8;
const MISSED: i32 = 16;

/// What a kernel reads and writes.
pub(super) struct Reads {
    /// The table of pointers.
    pub inputs: Vec<Input>,
    /// Elements of it that rows need in no order.
    pub prefetches: Vec<Prefetch>,
}

/// The loop around the code of a row.
pub(super) struct Frame {
    /// The row of the stream.
    pub row: Value,
    /// The row of the chunk.
    pub in_chunk: Value,
    /// Lines so far.
    pub n_lines: Value,
    /// Smallest units missed so far.
    pub missed: Value,
    header: Block,
    done: Block,
    /// The row, lines and units missed at the end.
    ends: [Value; 3],
    context: Value,
    start: Value,
    /// Whether every row would be the interpreter's.
    hopeless: bool,
}

impl Frame {
    /// Begins a function of the signature of [`crate::kernel::Entry`]; what is emitted next is done for every row.
    pub fn begin<'f>(function: &'f mut Function, context: &'f mut FunctionBuilderContext) -> (Emit<'f>, Self) {
        let mut builder = FunctionBuilder::new(function, context);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        let parameters = builder.block_params(entry).to_vec();
        let (context, start, from, len) = (parameters[0], parameters[1], parameters[2], parameters[3]);
        let [start, from, len] = [start, from, len].map(|value| builder.ins().uextend(types::I64, value));
        let first = builder.ins().iadd(start, from);
        let end = builder.ins().iadd(start, len);
        let [table, n_lines, missed] =
            [INPUTS, N_LINES, MISSED].map(|offset| builder.ins().load(types::I64, flags(), context, offset));
        let [header, body, done] = [(); 3].map(|()| builder.create_block());
        builder.ins().jump(header, &[first, n_lines, missed].map(BlockArg::Value));
        let [row, n_lines, missed] = [(); 3].map(|()| builder.append_block_param(header, types::I64));
        let ends = [(); 3].map(|()| builder.append_block_param(done, types::I64));
        builder.switch_to_block(header);
        let over = builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, row, end);
        builder.ins().brif(over, done, &[row, n_lines, missed].map(BlockArg::Value), body, &[]);
        let mut emit = Emit::new(builder, table);
        emit.continue_in(body);
        let in_chunk = emit.builder.ins().isub(row, start);
        (emit, Self { row, in_chunk, n_lines, missed, header, done, ends, context, start, hopeless: false })
    }

    /// Stops the kernel where the row has met a fault.
    pub fn stop_at_fault(&mut self, emit: &mut Emit<'_>) {
        match emit.take_fault() {
            Flag::No => {}
            Flag::Yes => self.hopeless = true,
            Flag::When(fault) => {
                let go_on = emit.block();
                let stop = [self.row, self.n_lines, self.missed].map(BlockArg::Value);
                emit.builder.ins().brif(fault, self.done, &stop, go_on, &[]);
                emit.continue_in(go_on);
            }
        }
    }

    /// Writes the status of the row and goes to the next.
    pub fn next(&self, emit: &mut Emit<'_>, mark: Value, n_lines: Value, missed: Value) {
        let address = emit.address(Input::Status, self.in_chunk, 0);
        emit.store(mark, address, 0);
        let next = emit.builder.ins().iadd_imm_s(self.row, 1);
        emit.builder.ins().jump(self.header, &[next, n_lines, missed].map(BlockArg::Value));
    }

    /// Ends the function; what it reads, or `None` if every row would be the interpreter's.
    pub fn finish(self, mut emit: Emit<'_>, config: TargetFrontendConfig) -> Option<Reads> {
        emit.builder.seal_block(self.header);
        emit.continue_in(self.done);
        emit.store(self.ends[1], self.context, N_LINES);
        emit.store(self.ends[2], self.context, MISSED);
        let stopped = emit.builder.ins().isub(self.ends[0], self.start);
        let stopped = emit.builder.ins().ireduce(types::I32, stopped);
        emit.builder.ins().return_(&[stopped]);
        let reads =
            Reads { inputs: std::mem::take(&mut emit.inputs), prefetches: std::mem::take(&mut emit.prefetches) };
        emit.builder.finalize(config);
        (!self.hopeless).then_some(reads)
    }
}
