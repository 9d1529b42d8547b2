//! The frame of a kernel: the loop over the rows of a chunk, and how it ends.
//!
//! Rows are done in blocks of [`BLOCK`]. Before a block, one short loop for each large array reads what its rows will need
//! there: many such reads wait for memory at once, where the long code of a row would wait for each by itself.

use super::emit::{Emit, Flag, flags};
use crate::data::Width;
use crate::kernel::Input;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, BlockArg, Function, InstBuilder, Value, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

/// Where the fields of [`crate::kernel::Context`] stand.
const INPUTS: i32 = 0;
const N_LINES: i32 = 8;
const MISSED: i32 = 16;
const LARGE: i32 = 24;
const SINK: i32 = 32;

/// Rows whose elements are fetched together; what they touch fits the nearest cache.
const BLOCK: i64 = 64;

/// What a kernel reads and writes.
pub(super) struct Reads {
    /// The table of pointers.
    pub inputs: Vec<Input>,
    /// Arrays of it that are fetched ahead where they are large.
    pub fetched: Vec<Input>,
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
    /// Where a block of rows begins.
    outer: Block,
    /// Where the arrays of a block are fetched.
    chain: Block,
    header: Block,
    done: Block,
    /// The row, lines and units missed at the beginning of a block, and the row after its last.
    block: [Value; 4],
    /// The row, lines and units missed at the end.
    ends: [Value; 3],
    context: Value,
    start: Value,
    /// A bit for each fetch of an array that is large.
    large: Value,
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
        let large = builder.ins().load(types::I64, flags(), context, LARGE);
        let [outer, fetch, header, body, done] = [(); 5].map(|()| builder.create_block());
        let begin = builder.ins().jump(outer, &[first, n_lines, missed].map(BlockArg::Value));
        let at = [(); 3].map(|()| builder.append_block_param(outer, types::I64));
        let [row, n_lines, missed] = [(); 3].map(|()| builder.append_block_param(header, types::I64));
        let ends = [(); 3].map(|()| builder.append_block_param(done, types::I64));
        builder.switch_to_block(outer);
        let over = builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, at[0], end);
        builder.ins().brif(over, done, &at.map(BlockArg::Value), fetch, &[]);
        builder.switch_to_block(fetch);
        builder.seal_block(fetch);
        let most = builder.ins().iadd_imm_s(at[0], BLOCK);
        let block_end = builder.ins().umin(most, end);
        let block = [at[0], at[1], at[2], block_end];
        // What is fetched is not known yet; a later jump leads there from this block.
        let chain = builder.create_block();
        builder.ins().jump(chain, &[]);
        builder.switch_to_block(header);
        let over = builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, row, block_end);
        builder.ins().brif(over, outer, &[row, n_lines, missed].map(BlockArg::Value), body, &[]);
        let mut emit = Emit::new(builder, table, begin);
        emit.continue_in(body);
        let in_chunk = emit.builder.ins().isub(row, start);
        let frame = Self {
            row,
            in_chunk,
            n_lines,
            missed,
            outer,
            chain,
            header,
            done,
            block,
            ends,
            context,
            start,
            large,
            hopeless: false,
        };
        (emit, frame)
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

    /// Fetches what the rows of a block need of large arrays, one array after the other.
    fn fetch(&self, emit: &mut Emit<'_>) {
        let [first, n_lines, missed, end] = self.block;
        emit.continue_in(self.chain);
        for (nth, fetch) in emit.fetches.clone().into_iter().enumerate() {
            let [head, step, after] = [(); 3].map(|()| emit.block());
            let [row, sum] = [(); 2].map(|()| emit.parameter(head, types::I64));
            let zero = emit.int(0);
            let bit = emit.builder.ins().band_imm_u(self.large, 1 << nth);
            emit.builder.ins().brif(bit, head, &[first, zero].map(BlockArg::Value), after, &[]);
            emit.builder.switch_to_block(head);
            let over = emit.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, row, end);
            let done = emit.block();
            emit.builder.ins().brif(over, done, &[], step, &[]);
            emit.continue_in(step);
            let place = if fetch.by_chunk { emit.builder.ins().isub(row, self.start) } else { row };
            let index = emit.load(fetch.index, place, Width::U32);
            let nowhere = emit.int(i64::from(u32::MAX));
            let missing = emit.compare(IntCC::Equal, index, nowhere);
            let index = emit.select(missing, zero, index);
            let address = emit.address(fetch.array, index, fetch.shift);
            let byte = emit.load_at(address, Width::U8);
            let more = emit.builder.ins().iadd(sum, byte);
            let next = emit.builder.ins().iadd_imm_s(row, 1);
            emit.builder.ins().jump(head, &[next, more].map(BlockArg::Value));
            emit.builder.seal_block(head);
            emit.continue_in(done);
            // A sum that nobody needs, but that must have been read.
            emit.store(sum, self.context, SINK);
            emit.builder.ins().jump(after, &[]);
            emit.continue_in(after);
        }
        emit.builder.ins().jump(self.header, &[first, n_lines, missed].map(BlockArg::Value));
    }

    /// Ends the function; what it reads, or none where every row would be the interpreter's.
    pub fn finish(self, mut emit: Emit<'_>, config: TargetFrontendConfig) -> Option<Reads> {
        self.fetch(&mut emit);
        emit.builder.seal_block(self.header);
        emit.builder.seal_block(self.outer);
        emit.continue_in(self.done);
        emit.store(self.ends[1], self.context, N_LINES);
        emit.store(self.ends[2], self.context, MISSED);
        let stopped = emit.builder.ins().isub(self.ends[0], self.start);
        let stopped = emit.builder.ins().ireduce(types::I32, stopped);
        emit.builder.ins().return_(&[stopped]);
        let fetched = emit.fetches.iter().map(|fetch| fetch.array).collect();
        let reads = Reads { inputs: std::mem::take(&mut emit.inputs), fetched };
        emit.builder.finalize(config);
        (!self.hopeless).then_some(reads)
    }
}
