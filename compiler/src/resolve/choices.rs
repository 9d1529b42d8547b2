//! Choices between rules: which rules they are between, and that these wait for the same.

use super::Resolved;
use meed_grammar::problem::Problem;
use meed_grammar::tree::Choose;
use rustc_hash::FxHashMap;

impl Resolved {
    /// Rules of a choice wait for what any of them waits for, and whoever reads one of them waits for all. What is wrong with a
    /// choice is said, and the choice left out.
    pub(super) fn gather_choices(&mut self, problems: &mut Vec<Problem>) {
        let mut choice_of: FxHashMap<String, usize> = FxHashMap::default();
        let chooses = std::mem::take(&mut self.chooses);
        for choose in chooses {
            let known = problems.len();
            self.look_at(&choose, &choice_of, problems);
            if problems.len() > known {
                continue;
            }
            let next = self.chooses.len();
            choice_of.extend(choose.rules.iter().map(|rule| (rule.text.clone(), next)));
            self.chooses.push(choose);
        }
        self.choice_of = choice_of;
        for choose in &self.chooses {
            let names: Vec<&str> = choose.rules.iter().map(|rule| rule.text.as_str()).collect();
            let read = |name: &&str| self.index.reads.get(*name).cloned().unwrap_or_default();
            let mut all: Vec<usize> = names.iter().flat_map(read).collect();
            all.sort_unstable();
            all.dedup();
            for rule in &choose.rules {
                self.index.reads.insert(rule.text.clone(), all.clone());
            }
        }
        let versions: Vec<Vec<usize>> = self
            .chooses
            .iter()
            .map(|choose| choose.rules.iter().flat_map(|rule| self.versions(&rule.text).to_vec()).collect())
            .collect();
        for reads in self.index.reads.values_mut() {
            let met: Vec<&Vec<usize>> =
                versions.iter().filter(|members| members.iter().any(|member| reads.contains(member))).collect();
            reads.extend(met.into_iter().flatten());
            reads.sort_unstable();
            reads.dedup();
        }
    }

    fn look_at(&self, choose: &Choose, choice_of: &FxHashMap<String, usize>, problems: &mut Vec<Problem>) {
        let mut names: Vec<&str> = Vec::new();
        for rule in &choose.rules {
            names.extend((!names.contains(&rule.text.as_str())).then_some(rule.text.as_str()));
        }
        if names.len() < 2 {
            let problem = Problem::error("bad-choose", choose.span, "a choice is between two rules or more");
            problems.push(problem.help("write the rules between its braces"));
            return;
        }
        for name in &names {
            let n_inside = choose.rules.iter().filter(|rule| rule.text == *name).count();
            let place = choose.rules.iter().find(|rule| rule.text == *name).map_or(choose.span, |rule| rule.span);
            if choice_of.contains_key(*name) || self.versions(name).len() != n_inside {
                let message = format!("all versions of rule `{name}` belong to one choice");
                let problem = Problem::error("bad-choose", place, message);
                problems.push(
                    problem.help("move the other versions between the same braces, or give the rule another name"),
                );
            }
            let reads = self.index.reads.get(*name);
            let inside = |idx: &&usize| {
                let read = self.rules[**idx].name.text.as_str();
                read != *name && names.contains(&read)
            };
            if let Some(&read) = reads.into_iter().flatten().find(inside) {
                let message = format!(
                    "rule `{name}` reads `{}`, and which of them pays is known only when both are done",
                    self.rules[read].name.text
                );
                let problem = Problem::error("bad-choose", place, message).other(self.rules[read].name.span, "is read");
                problems.push(problem.help("move one of them out of the choice"));
            }
        }
    }
}
