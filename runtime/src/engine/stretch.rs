//! Rows of one version, one after the other: by machine code, and by the interpreter where there is none.

use crate::engine::group_index::GroupIndex;
use crate::engine::patience::Patience;
use meed_compiler::codegen::Kernels;
use meed_compiler::data::{Chunk, Data, Output, Rows};
use meed_compiler::internal::broken;
use meed_compiler::interpret::{Fault, interpret_row};
use meed_compiler::plan::{Plan, StateId, VersionId};
use std::cell::Cell;
use std::ops::Range;

/// Who does rows, and where they are.
#[derive(Clone, Copy)]
pub(super) struct Stretches<'a> {
    pub plan: &'a Plan,
    pub kernels: Option<&'a Kernels>,
    /// The rule under way, and its row or the first of its chunk, to tell where an invariant does not hold.
    pub at: &'a Cell<Option<(VersionId, u32)>>,
    pub rows: &'a Rows,
}

impl Stretches<'_> {
    /// Gives the rows of a chunk the indexes of their keys, and states room for them.
    pub fn number(
        &self,
        (used, states): (&[usize], &[StateId]),
        indexes: &mut [Option<GroupIndex>],
        data: &mut Data,
        chunk: &mut Chunk,
    ) {
        for &key in used {
            let Some(index) = &mut indexes[key] else { broken("keys that have no numbers") };
            chunk.slots[key].resize(chunk.len as usize, 0);
            index.number(self.plan, &self.plan.keys[key], data, self.rows, chunk.start, &mut chunk.slots[key]);
        }
        for &state in states {
            let Some(index) = &indexes[self.plan.states[state.index()].key.index()] else {
                broken("a state whose keys have no numbers")
            };
            data.state(state).grow(index.len());
        }
    }

    /// Does some rows of a chunk; says how many machine code left to the interpreter.
    pub fn stretch(
        &self,
        id: VersionId,
        data: &mut Data,
        chunk: &Chunk,
        stretch: Range<u32>,
        output: &mut Output,
    ) -> Result<u64, (u32, Fault)> {
        let Self { plan, kernels, at, rows } = *self;
        let (mut row, end) = (chunk.start + stretch.start, chunk.start + stretch.end);
        at.set(Some((id, row)));
        let mut replayed = 0;
        let mut patience = Patience::default();
        while row < end {
            let kernel = kernels.and_then(|kernels| kernels.rule(id));
            if let Some(kernel) = kernel.filter(|_| patience.lasts()) {
                let from = row - chunk.start;
                #[expect(
                    unsafe_code,
                    reason = "the kernels are those of this Plan; `load` has made every reference a row of its table, 0 \
                              where it is missing, and every code one of the dictionary that the predicates are over"
                )]
                let done = unsafe { kernel.run(plan, data, rows, chunk, from..stretch.end, output) };
                patience.asked(from, done);
                row = chunk.start + done;
                if row == end {
                    break;
                }
            }
            at.set(Some((id, row)));
            interpret_row(plan, id, data, rows, chunk, row, output, None).map_err(|fault| (row, fault))?;
            row += 1;
            replayed += 1;
        }
        Ok(if kernels.is_some() { replayed } else { 0 })
    }
}
