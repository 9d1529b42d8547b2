//! Checking takes as long as a text is: twice the text, at most 2.2 times the steps and the memory asked for.
//!
//! Steps are what reading and checking look at (`meed_grammar::steps`). Work that forgets to count itself mostly copies
//! something, which shows in the bytes that are asked for.

#[path = "support/kinds.rs"]
mod kinds;

use kinds::{KINDS, Kind};
use meed_compiler::compile;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator of the system, with a count of the bytes that this thread asked for.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator cannot be written without; all is handed on to that of the system")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + layout.size() as u64));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Twice the text may take at most so many times the work: something is looked up in logarithmic time.
const MOST: f64 = 2.2;

/// The steps and the bytes that checking a text takes.
fn work(kind: &Kind, size: usize) -> [u64; 2] {
    let text = (kind.text)(size);
    let before = ASKED.get();
    let compiled = compile(&text, &[]);
    let asked = ASKED.get() - before;
    let problems: Vec<String> =
        compiled.problems.iter().map(|problem| format!("{}: {problem}", problem.code)).collect();
    assert_eq!(compiled.plan.is_some(), kind.is_well, "{} of {size}: {problems:?}", kind.name);
    [compiled.steps, asked]
}

#[test]
fn twice_the_text_takes_at_most_2_2_times_the_work() {
    let mut failures = String::new();
    for kind in KINDS {
        let works = [1, 2, 4].map(|times| work(kind, kind.size * times));
        println!("{:45} {works:?}", kind.name);
        for pair in works.windows(2) {
            for (what, idx) in [("steps", 0), ("bytes", 1)] {
                let times = ratio(pair[1][idx], pair[0][idx]);
                if times > MOST {
                    failures += &format!("{}: {times:.2} times the {what}: {works:?}\n", kind.name);
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[expect(clippy::float_arithmetic, reason = "how many times as much; no money is meant")]
fn ratio(more: u64, less: u64) -> f64 {
    more as f64 / less as f64
}
