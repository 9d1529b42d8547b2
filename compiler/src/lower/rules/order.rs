//! Which rules wait for which, and the circles among them.

use crate::lower::Lowering;
use meed_grammar::problem::Problem;
use meed_grammar::steps;
use meed_grammar::tree::{self, ClauseKind};

impl Lowering<'_> {
    /// Rules that must be done before this one: those whose payments it reads, and those that set a name it uses.
    pub(super) fn reads(&self, rule: &tree::Rule) -> Vec<usize> {
        let mut names = Vec::new();
        let mut sources = Vec::new();
        mentions(rule, &mut names, &mut sources);
        names.sort_unstable();
        names.dedup();
        let rules = &self.resolved.rules;
        let other = |idx: &&usize| rules[**idx].name.text != rule.name.text;
        let sets = names.iter().flat_map(|name| self.resolved.setters(name)).filter(other);
        // A rule that reads its own payments waits for itself.
        let sources = sources.iter().flat_map(|source| self.resolved.versions(source));
        let mut reads: Vec<usize> = sets.chain(sources).inspect(|_| steps::count(1)).copied().collect();
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    pub(super) fn cycle(&mut self, stuck: usize, reads: &mut [Vec<usize>]) {
        let rules = &self.resolved.rules;
        let mut path = vec![stuck];
        let mut at = stuck;
        while let Some(&next) = reads[at].iter().find(|&&next| !reads[next].is_empty()) {
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

/// The names a rule mentions, and the rules whose payments it reads.
fn mentions(rule: &tree::Rule, names: &mut Vec<String>, sources: &mut Vec<String>) {
    for clause in &rule.clauses {
        if let ClauseKind::ForEachPayment { rule } = &clause.kind {
            sources.push(rule.text.clone());
        }
        crate::lower::mention::clause(clause, names, sources);
    }
}
