//! Which rules wait for which, and the cycles among them.

use crate::types::Typing;
use meed_grammar::problem::Problem;
use meed_grammar::tree;

impl Typing<'_> {
    /// Rules that must be done before this one: those whose payments or decisions it or another version of it reads. The
    /// versions of a rule are done one behind the other.
    pub(super) fn reads(&self, rule: &tree::Rule) -> Vec<usize> {
        self.index.reads.get(&rule.name.text).cloned().unwrap_or_default()
    }

    /// Draws a cycle among rules that wait for one another, or the one that others wait for.
    pub(super) fn cycle(&mut self, stuck: usize, reads: &mut [Vec<usize>]) {
        let rules = &self.resolved.rules;
        let waits = waiting(reads);
        let mut path = vec![stuck];
        let mut at = stuck;
        while let Some(&next) = reads[at].iter().find(|&&next| waits[next]) {
            let seen = path.iter().position(|&known| known == next);
            path.push(next);
            at = next;
            if let Some(start) = seen {
                path.drain(..start);
                break;
            }
        }
        let drawn: Vec<String> = path.iter().map(|&idx| format!("`{}`", rules[idx].name.text)).collect();
        let first = &rules[path[0]];
        let mut problem = Problem::error(
            "rule-cycle",
            first.name.span,
            format!("rules wait for one another: {}", drawn.join(" reads ")),
        )
        .help("let one of them read an event instead");
        for &idx in path.iter().skip(1).filter(|&&idx| idx != path[0]) {
            problem = problem.other(rules[idx].name.span, "also in the circle");
        }
        self.problem(problem);
    }
}

/// By rule, whether it waits for a rule that waits in the end for itself.
fn waiting(reads: &[Vec<usize>]) -> Vec<bool> {
    let mut n_open: Vec<usize> = reads.iter().map(Vec::len).collect();
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); reads.len()];
    for (idx, reads) in reads.iter().enumerate() {
        reads.iter().for_each(|&read| readers[read].push(idx));
    }
    let mut done: Vec<usize> = (0..reads.len()).filter(|&idx| n_open[idx] == 0).collect();
    while let Some(idx) = done.pop() {
        for &reader in &readers[idx] {
            n_open[reader] -= 1;
            if n_open[reader] == 0 {
                done.push(reader);
            }
        }
    }
    n_open.into_iter().map(|n_open| n_open > 0).collect()
}
