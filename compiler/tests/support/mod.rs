//! What the tests of messages share: programs completed by what they leave out, and problems as text.

#![allow(dead_code, reason = "each test file uses a part")]

use meed_compiler::Problem;

/// What a fragment is completed by; it is behind the fragment, so that places stay what they are.
const REST: &str = "
program example { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
use channel
";

/// A fragment as a whole program.
pub fn completed(fragment: &str) -> String {
    let has = |word: &str| fragment.lines().any(|line| line.starts_with(word));
    if has("program ") { fragment.to_owned() } else { format!("{fragment}{REST}") }
}

/// Problems, one a line, for a test that failed.
pub fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {}: {problem} ({})\n", problem.code, problem.primary.1)).collect()
}
