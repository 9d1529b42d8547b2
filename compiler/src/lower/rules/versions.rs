//! Versions of one rule: their numbers, overlaps and gaps.

use crate::lower::Lowering;
use crate::plan::RuleId;
use crate::plan::calendar::date_of;
use meed_grammar::problem::Problem;

impl Lowering<'_> {
    /// Numbers versions by their ranges and looks for overlaps and gaps.
    pub(super) fn versions(&mut self, written: &[usize], families: &[Vec<RuleId>]) {
        for family in families {
            let name = self.plan.rule(family[0]).name.clone();
            let mut versions: Vec<usize> = family.iter().map(|id| id.index()).collect();
            versions.sort_by_key(|&idx| self.plan.rules[idx].active.from);
            for (number, &idx) in versions.iter().enumerate() {
                self.plan.rules[idx].version = number as u32 + 1;
            }
            for pair in versions.windows(2) {
                let (a, b) = (self.plan.rules[pair[0]].active, self.plan.rules[pair[1]].active);
                let spans = [pair[0], pair[1]].map(|idx| self.resolved.rules[written[idx]].name.span);
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
                if self.plan.rules[pair[0]].stream != self.plan.rules[pair[1]].stream {
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
}
