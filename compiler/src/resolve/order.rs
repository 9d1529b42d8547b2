//! The order of work: each rule after those it reads; and the cycles among rules that wait for one another.

use super::Resolved;
use meed_grammar::problem::Problem;
use meed_grammar::steps;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

impl Resolved {
    /// Puts the rules, by their places, in an order in which each comes after those whose payments or decisions it or
    /// another version of it reads. Of the rules that wait for none any more, the first as written is next.
    pub(super) fn order_rules(&mut self, problems: &mut Vec<Problem>) {
        let read = |rule: &meed_grammar::tree::Rule| self.index.reads.get(&rule.name.text).cloned().unwrap_or_default();
        let reads: Vec<Vec<usize>> = self.rules.iter().map(read).collect();
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); reads.len()];
        let mut n_waits: Vec<usize> = reads.iter().map(Vec::len).collect();
        for (idx, reads) in reads.iter().enumerate() {
            reads.iter().for_each(|&read| readers[read].push(idx));
        }
        let mut ready: BinaryHeap<Reverse<usize>> = BinaryHeap::new();
        ready.extend((0..reads.len()).filter(|&idx| n_waits[idx] == 0).map(Reverse));
        let mut order = Vec::new();
        while let Some(Reverse(next)) = ready.pop() {
            order.push(next);
            for &reader in &readers[next] {
                steps::count(1);
                n_waits[reader] -= 1;
                if n_waits[reader] == 0 {
                    ready.push(Reverse(reader));
                }
            }
        }
        if let Some(stuck) = n_waits.iter().position(|n_waits| *n_waits > 0) {
            problems.push(self.cycle(stuck, &reads));
        }
        self.order = order;
    }

    /// Draws a cycle among rules that wait for one another, or the one that others wait for.
    fn cycle(&self, stuck: usize, reads: &[Vec<usize>]) -> Problem {
        let rules = &self.rules;
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
            problem = problem.other(rules[idx].name.span, "also in the cycle");
        }
        problem
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
