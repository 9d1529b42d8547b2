//! What the tests of messages share: programs completed by what they leave out, and problems as text.

use meed_compiler::Problem;

/// What a fragment is completed by; it stands behind the fragment, so that places stay what they are.
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

/// The text with the edits of a problem made.
#[allow(dead_code, reason = "not every test mends")]
pub fn mended(source: &str, problem: &Problem) -> String {
    let mut edits = problem.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    let mut text = source.to_owned();
    for edit in edits {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.replacement);
    }
    text
}
