//! How much work was done, in steps: tokens read, nodes visited, names compared.
//!
//! A test doubles texts and demands that the steps at most double too, which seconds on a busy machine cannot show. So
//! every loop of reading and checking counts here what it looks at. The count is of the thread: one addition, too cheap
//! to be left out of a build and so to be forgotten.

use std::cell::Cell;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// Adds to the steps of this thread.
pub fn count(steps: usize) {
    carry(steps as u64);
}

/// Adds the steps that another thread took for this one.
pub(crate) fn carry(taken: u64) {
    TAKEN.set(TAKEN.get().wrapping_add(taken));
}

/// The steps of this thread so far.
pub fn taken() -> u64 {
    TAKEN.get()
}
