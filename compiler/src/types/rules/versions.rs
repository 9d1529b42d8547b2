//! Versions of one rule: overlaps, gaps, and what they must have in common.

use crate::plan::calendar::date_of;
use crate::typed::{Clause, Rule, Version};
use crate::types::Typing;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;

impl Typing<'_> {
    /// Looks for overlaps and gaps among versions, which are in order by their days.
    pub(super) fn versions(&mut self, rules: &[Rule]) {
        for rule in rules {
            let (name, versions) = (&rule.name, &rule.versions);
            self.looks_back(versions);
            for pair in versions.windows(2) {
                let (a, b) = (pair[0].active, pair[1].active);
                let spans = [self.named(&pair[0]), self.named(&pair[1])];
                if b.from <= a.to {
                    let message = format!("two versions of rule `{name}` hold on the same days");
                    self.problem(
                        Problem::error("overlapping-versions", spans[1], message)
                            .other(spans[0], "the other version")
                            .help("give each its own range: active 2026-01-01 to 2026-06-30"),
                    );
                } else if b.from > a.to + 1 {
                    let message = format!("between two versions of rule `{name}` there are days on which none holds");
                    self.problem(
                        Problem::warning("version-gap", spans[1], message)
                            .other(spans[0], "the version before")
                            .help(format!("the version before ends on {}", date_of(a.to))),
                    );
                }
                if let (Some(a), Some(b)) = (pair[0].pay(), pair[1].pay())
                    && a.unit != b.unit
                {
                    let [a, b] = [a.unit, b.unit].map(|unit| self.program.unit(unit).code.clone());
                    let message = format!("the versions of rule `{name}` pay in {a} and in {b}");
                    self.problem(
                        Problem::error("version-units", spans[1], message)
                            .other(spans[0], "the other version")
                            .help("give one of them a name of its own"),
                    );
                }
                if pair[0].stream != pair[1].stream {
                    let message = format!("the versions of rule `{name}` read different things");
                    self.problem(
                        Problem::error("version-stream", spans[1], message)
                            .other(spans[0], "the other version")
                            .help("give one of them a name of its own"),
                    );
                }
            }
        }
    }

    /// The place of a version's name.
    fn named(&self, version: &Version) -> Span {
        self.resolved.rules[version.written].name.span
    }

    /// A first `ever` is held against rows from before the rule's first day, by the conditions of its first version: so
    /// the first has one, and every other that has a first.
    fn looks_back(&mut self, versions: &[Version]) {
        let Some((later, place)) = versions.iter().find_map(|version| Some((version, version.ever?))) else { return };
        let has_first = |version: &Version| version.clauses.iter().any(|clause| matches!(clause, Clause::First(..)));
        let oldest = versions[0].written;
        let without = |version: &&Version| version.ever.is_none() && (version.written == oldest || has_first(version));
        let Some(other) = versions.iter().find(without) else { return };
        let message = format!("the versions of rule `{}` do not look equally far back", later.name);
        self.problem(
            Problem::error("version-first", self.named(other), message)
                .label("this version has no `first per … ever`")
                .other(place, "this one has")
                .help("write `ever` in each version that has a `first per`, and in the first of them"),
        );
    }
}
