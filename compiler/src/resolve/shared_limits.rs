//! Limits over several rules: whoever reads what one of these rules pays waits for all of them.

use super::Resolved;
use crate::plan::Period;
use meed_grammar::problem::Problem;
use meed_grammar::steps;
use meed_grammar::tree::{Clause, ClauseKind, Path, SharedLimit};
use rustc_hash::{FxHashMap, FxHashSet};

impl Resolved {
    /// Adds to what rules read the other rules whose payments are under one limit with those that they read.
    pub(super) fn gather_shared_limits(&mut self, problems: &mut Vec<Problem>) {
        self.gather_budgets(problems);
        if self.shared_limits.is_empty() {
            return;
        }
        let group = self.limited_together();
        let mut members: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        for (idx, rule) in self.rules.iter().enumerate() {
            if let Some(&first) = group.get(rule.name.text.as_str()) {
                members.entry(first).or_default().push(idx);
            }
        }
        let mut more: Vec<(String, Vec<usize>)> = Vec::new();
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        for rule in self.rules.iter().filter(|rule| seen.insert(rule.name.text.as_str())) {
            let name = rule.name.text.as_str();
            let own = group.get(name);
            let mut waits: Vec<usize> = Vec::new();
            for &read in self.index.paid.get(name).into_iter().flatten() {
                steps::count(1);
                let Some(first) = group.get(self.rules[read].name.text.as_str()) else { continue };
                if own == Some(first) {
                    // That it reads itself is told as a cycle.
                    if self.rules[read].name.text != name {
                        problems.push(self.under_one_limit(name, &self.rules[read]));
                    }
                    continue;
                }
                waits.push(*first);
            }
            waits.sort_unstable();
            waits.dedup();
            more.push((name.to_owned(), waits.iter().flat_map(|first| members[first].iter().copied()).collect()));
        }
        for (name, waits) in more {
            let reads = self.index.reads.entry(name).or_default();
            reads.extend(waits);
            reads.sort_unstable();
            reads.dedup();
        }
    }

    /// A limit of a rule that is shared in proportion is one over the lines of all its rows, as those over several rules are.
    fn gather_budgets(&mut self, problems: &mut Vec<Problem>) {
        let mut n_versions: FxHashMap<&str, u32> = FxHashMap::default();
        self.rules.iter().for_each(|rule| *n_versions.entry(rule.name.text.as_str()).or_default() += 1);
        let mut budgets = Vec::new();
        for rule in &self.rules {
            for clause in &rule.clauses {
                let ClauseKind::AtMost { pro_rata: Some(at), .. } = &clause.kind else { continue };
                if n_versions[rule.name.text.as_str()] > 1 {
                    let name = &rule.name.text;
                    let message =
                        format!("`{name}` has several versions, and a budget is over the payments of all of them");
                    let help = format!(
                        "write it beside them: limit {name}_budget {{ over {name}   at most … per year, pro rata }}"
                    );
                    problems.push(Problem::error("bad-limit", *at, message).help(help));
                    continue;
                }
                budgets.push(SharedLimit {
                    name: rule.name.clone(),
                    over: vec![rule.name.clone()],
                    limits: vec![clause.clone()],
                    span: clause.span,
                });
            }
        }
        // A rule's own comes before those over several rules.
        self.shared_limits.splice(0..0, budgets);
    }

    /// In which period the payments of a rule are shared in proportion, if they are.
    pub fn budget_of(&self, rule: &str) -> Option<Period> {
        let of_rule = self.shared_limits.iter().filter(|limit| limit.over.iter().any(|name| name.text == rule));
        let period = |clause: &Clause| match &clause.kind {
            ClauseKind::AtMost { per, pro_rata: Some(_), .. } => {
                let word = |path: &Path| match &path.parts[..] {
                    [only] => Period::from_word(&only.text),
                    _ => None,
                };
                Some(per.iter().find_map(word).unwrap_or(Period::Program))
            }
            _ => None,
        };
        of_rule.flat_map(|limit| &limit.limits).find_map(period)
    }

    /// By the name of a rule under a shared limit, the number of those that are under one limit with it.
    fn limited_together(&self) -> FxHashMap<&str, usize> {
        let mut group: FxHashMap<&str, usize> = FxHashMap::default();
        let mut groups: Vec<usize> = Vec::new();
        for limit in &self.shared_limits {
            let own = groups.len();
            groups.push(own);
            for rule in &limit.over {
                steps::count(1);
                let known = *group.entry(rule.text.as_str()).or_insert(own);
                let (a, b) = (root(&groups, known), root(&groups, own));
                groups[a.max(b)] = a.min(b);
            }
        }
        group.into_iter().map(|(name, first)| (name, root(&groups, first))).collect()
    }

    fn under_one_limit(&self, name: &str, read: &meed_grammar::tree::Rule) -> Problem {
        let both = |limit: &&SharedLimit| {
            let has = |name: &str| limit.over.iter().any(|rule| rule.text == name);
            has(name) && has(&read.name.text)
        };
        let limit = self.shared_limits.iter().find(both).or(self.shared_limits.first());
        let place = limit.and_then(|limit| limit.over.iter().find(|rule| rule.text == name).or(limit.over.first()));
        let place = place.map_or(read.name.span, |place| place.span);
        let under = limit
            .filter(|limit| both(limit))
            .map_or("limits with it".to_owned(), |limit| format!("`{}` with it", limit.name.text));
        Problem::error(
            "rule-cycle",
            place,
            format!("`{name}` reads what `{}` pays, and is under {under}: each waits for the other", read.name.text),
        )
        .other(read.name.span, "what this pays is known once the limit is")
        .help("give one of them a limit of its own, or let both read an event")
    }
}

fn root(groups: &[usize], mut idx: usize) -> usize {
    while groups[idx] != idx {
        steps::count(1);
        idx = groups[idx];
    }
    idx
}
