//! How a Plan is run, and who may look on.

use meed_compiler::codegen::CodeOptions;
use meed_compiler::data::Rows;
use meed_compiler::interpret::trace::Trace;
use meed_compiler::plan::VersionId;
use std::num::NonZero;

/// Which engine does the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Row by row in exact fractions.
    Interpreter,
    /// Machine code; a row that it cannot do in its width is done by the interpreter.
    #[default]
    Jit,
}

/// How a Plan is run.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// The last day of the run.
    pub through: i32,
    /// Rows done at a time.
    pub chunk_rows: u32,
    /// Which engine does the rows.
    pub engine: Engine,
    /// How machine code is made and called.
    pub code: CodeOptions,
    /// How many threads may work at a time.
    pub threads: NonZero<usize>,
    /// From how many rows on rules are done by threads; fewer are done sooner than a thread begins.
    pub thread_rows: u32,
    /// Into how many parts the rows of a chunk are cut at most, where rules let them; what a run gives does not depend on it. It is asked for to
    /// see that.
    pub parts: NonZero<u32>,
}

impl RunOptions {
    /// A run through this day, otherwise as usual.
    pub fn through(day: i32) -> Self {
        Self {
            through: day,
            chunk_rows: 4096,
            engine: Engine::default(),
            code: CodeOptions::default(),
            threads: NonZero::<usize>::MIN,
            thread_rows: 1 << 16,
            parts: NonZero::<u32>::MIN,
        }
    }
}

/// Looks on while a Plan is run. Rows that it wants to see are done by the interpreter.
pub trait Observer {
    /// Whether the rows of this rule are to be shown.
    fn wants(&self, rule: VersionId) -> bool;
    /// Which of the rows of a rule that is wanted are to be shown, in order, of those in a page; none where all are.
    fn rows(&self, _rule: VersionId, _rows: &Rows) -> Option<Vec<u32>> {
        None
    }
    /// A row of a rule that is wanted, in the order of the stream, and everything that decided it. Rows count from the
    /// first of the page.
    fn row(&mut self, rule: VersionId, row: u32, trace: Trace);
    /// A rule is about to begin, or to go on with the next page of rows.
    fn begins(&mut self, _rule: VersionId) {}
}
