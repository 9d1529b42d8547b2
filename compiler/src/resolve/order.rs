//! The order of work: each rule after those it reads; and the cycles among rules that wait for one another.

use super::Resolved;
use super::balances::balances_of;
use meed_grammar::problem::Problem;
use meed_grammar::steps;
use meed_grammar::tree::{ClauseKind, Rule};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

impl Resolved {
    /// Puts the rules, by their places, in an order in which each comes after those whose payments or decisions it or
    /// another version of it reads. Of the rules that wait for none any more, the first as written is next that reads the event of
    /// the one before, if there is one: rules over one event then go through its rows together.
    pub(super) fn order_rules(&mut self, problems: &mut Vec<Problem>) {
        let read = |rule: &Rule| self.index.reads.get(&rule.name.text).cloned().unwrap_or_default();
        let own: Vec<Vec<usize>> = self.rules.iter().map(read).collect();
        // Rules that act on one balance wait for what any of them reads, and are next to one another.
        let together = self.on_balances();
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); own.len()];
        together.iter().enumerate().for_each(|(idx, &first)| members[first].push(idx));
        let mut reads = own.clone();
        for own_members in members.iter().filter(|own_members| own_members.len() > 1) {
            let mut all: Vec<usize> = own_members.iter().flat_map(|&idx| own[idx].iter().copied()).collect();
            all.sort_unstable();
            all.dedup();
            own_members.iter().for_each(|&idx| reads[idx].clone_from(&all));
        }
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); reads.len()];
        let mut n_waits: Vec<usize> = reads.iter().map(Vec::len).collect();
        for (idx, reads) in reads.iter().enumerate() {
            reads.iter().for_each(|&read| readers[read].push(idx));
        }
        let events: Vec<Option<&str>> = self.rules.iter().map(event).collect();
        let mut ready = Ready::default();
        (0..reads.len()).filter(|&idx| n_waits[idx] == 0).for_each(|idx| ready.push(idx, events[idx]));
        let mut order = Vec::new();
        let mut last = None;
        while let Some(next) = ready.pop(last) {
            let mut done = members[together[next]].clone();
            if done.first() != Some(&next) {
                continue;
            }
            last = events[next];
            done.sort_by_key(|&idx| !self.adds(idx));
            for &idx in &done {
                order.push(idx);
                for &reader in &readers[idx] {
                    steps::count(1);
                    n_waits[reader] -= 1;
                    if n_waits[reader] == 0 {
                        ready.push(reader, events[reader]);
                    }
                }
            }
        }
        if let Some(stuck) = n_waits.iter().position(|n_waits| *n_waits > 0) {
            let waiting = members.iter().filter(|members| members.iter().any(|&idx| n_waits[idx] > 0));
            let shared =
                waiting.filter(|members| members.len() > 1).find_map(|members| self.read_in_block(members, &own));
            problems.push(shared.unwrap_or_else(|| self.cycle(stuck, &reads)));
        }
        self.order = order;
    }

    /// A rule that reads, in the end, another one with which it shares a balance.
    fn read_in_block(&self, members: &[usize], reads: &[Vec<usize>]) -> Option<Problem> {
        for &reader in members {
            let mut seen = vec![reader];
            let mut next = 0;
            while next < seen.len() {
                for &read in &reads[seen[next]] {
                    steps::count(1);
                    if read != reader && members.contains(&read) {
                        return Some(self.in_one_block(reader, read));
                    }
                    if !seen.contains(&read) {
                        seen.push(read);
                    }
                }
                next += 1;
            }
        }
        None
    }

    fn in_one_block(&self, reader: usize, read: usize) -> Problem {
        let (reader, read) = (&self.rules[reader], &self.rules[read]);
        let (own, other) = (balances_of(reader), balances_of(read));
        let both = own.iter().find(|name| other.contains(name));
        let both = both.map_or("balances that they share with others".to_owned(), |name| format!("`{name}`"));
        let (reader_name, read_name) = (&reader.name.text, &read.name.text);
        Problem::error(
            "rule-cycle",
            reader.name.span,
            format!("`{reader_name}` reads `{read_name}`, and both act on {both}: each waits for the other"),
        )
        .label("it reads what the other pays or decides")
        .other(read.name.span, "this rule")
        .help("keep a balance of its own for one of them, or do both in one rule")
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

/// The event whose rows a rule reads in their order.
fn event(rule: &Rule) -> Option<&str> {
    rule.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::ForEach { subject, per: None, by: None, .. } => Some(subject.text.as_str()),
        _ => None,
    })
}

/// Rules that wait for no other.
#[derive(Default)]
struct Ready<'a> {
    all: BinaryHeap<Reverse<usize>>,
    by_event: FxHashMap<&'a str, BinaryHeap<Reverse<usize>>>,
    taken: FxHashSet<usize>,
}

impl<'a> Ready<'a> {
    fn push(&mut self, rule: usize, event: Option<&'a str>) {
        self.all.push(Reverse(rule));
        if let Some(event) = event {
            self.by_event.entry(event).or_default().push(Reverse(rule));
        }
    }

    /// The first as written that reads this event, else the first of all.
    fn pop(&mut self, event: Option<&str>) -> Option<usize> {
        let alike = event.and_then(|event| self.by_event.get_mut(event));
        let next =
            alike.and_then(|rules| untaken(rules, &self.taken)).or_else(|| untaken(&mut self.all, &self.taken))?;
        self.taken.insert(next);
        Some(next)
    }
}

fn untaken(rules: &mut BinaryHeap<Reverse<usize>>, taken: &FxHashSet<usize>) -> Option<usize> {
    std::iter::from_fn(|| rules.pop()).map(|Reverse(rule)| rule).find(|rule| !taken.contains(rule))
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
