//! Machine code by Cranelift: one function per rule, fold and filter of a set, one module per program.
//!
//! Comes in: a [`Plan`]. Goes out: [`Kernels`]. A kernel means what the interpreter means, in 64-bit integers; a row it
//! cannot do it leaves untouched to the interpreter ([`crate::kernel`]). Cranelift is named in this room only, and only
//! where the feature `jit` is on: without it there are no kernels, and every row is the interpreter's.

#[cfg(feature = "jit")]
mod jit;

use crate::data::Data;
use crate::kernel::Kernel;
use crate::plan::{FoldId, Plan, SearchId, VersionId};

/// Whether this build makes machine code: the feature `jit`.
pub const MAKES_CODE: bool = cfg!(feature = "jit");

/// The machine code of a program.
pub struct Kernels {
    rules: Vec<Option<Kernel>>,
    folds: Vec<Option<Kernel>>,
    filters: Vec<Option<Kernel>>,
}

/// How machine code is made and called; what it pays does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeOptions {
    /// How much work is put into a function.
    pub optimize: Optimize,
    /// What rows need of arrays of more bytes than this is read ahead, as the near caches are not likely to hold it.
    pub near_bytes: usize,
}

/// How much work is put into the function of a rule or fold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Optimize {
    /// More where rows are many.
    #[default]
    ByRows,
    /// More for every second one, so that tests see both over few rows.
    InTurns,
}

impl Default for CodeOptions {
    fn default() -> Self {
        Self { optimize: Optimize::ByRows, near_bytes: 1 << 18 }
    }
}

impl CodeOptions {
    /// Everything that is otherwise done over many rows alone, for tests.
    pub const OVER_FEW_ROWS: Self = Self { optimize: Optimize::InTurns, near_bytes: 0 };
}

impl Kernels {
    /// Compiles every rule and fold. One that would leave every row to the interpreter has no kernel; on a machine that
    /// Cranelift does not know, and in a build without the feature `jit`, there are none at all.
    ///
    /// The data only tell how fine their numbers are and how many; the code is right for any.
    pub fn compile(plan: &Plan, data: &Data, options: CodeOptions) -> Self {
        Self::made(plan, data, options).unwrap_or_else(|| Self {
            rules: vec![None; plan.versions.len()],
            folds: vec![None; plan.folds.len()],
            filters: vec![None; plan.searches.len()],
        })
    }

    #[cfg(not(feature = "jit"))]
    fn made(_: &Plan, _: &Data, _: CodeOptions) -> Option<Self> {
        None
    }

    #[cfg(feature = "jit")]
    fn made(plan: &Plan, data: &Data, options: CodeOptions) -> Option<Self> {
        jit::kernels(plan, data, options)
    }

    /// The kernel of a rule, if it has one.
    pub fn rule(&self, id: VersionId) -> Option<&Kernel> {
        self.rules[id.index()].as_ref()
    }

    /// The kernel that tells which rows a set may have, if it has one.
    pub fn filter(&self, id: SearchId) -> Option<&Kernel> {
        self.filters[id.index()].as_ref()
    }

    /// The kernel of a fold, if it has one.
    pub fn fold(&self, id: FoldId) -> Option<&Kernel> {
        self.folds[id.index()].as_ref()
    }
}
