//! Versions of one rule: their numbers, overlaps and gaps.

use crate::lower::Lowering;
use crate::lower::sets::since;
use crate::plan::calendar::date_of;
use crate::plan::{Days, Expr, Op, RuleId, Step};
use crate::value::Exact;
use meed_grammar::problem::Problem;

impl Lowering<'_> {
    /// Numbers versions by their ranges and looks for overlaps and gaps.
    pub(super) fn versions(&mut self, written: &[usize], families: &[Vec<RuleId>]) {
        for family in families {
            let name = self.plan.rule(family[0]).name.clone();
            let mut versions: Vec<usize> = family.iter().map(|id| id.index()).collect();
            versions.sort_by_key(|&idx| self.plan.rules[idx].active.from);
            self.look_back(written, &versions);
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

    /// A first `ever` is held against rows from before the rule's first day, by the conditions of its first version: that
    /// one looks at them, and goes no further with them.
    fn look_back(&mut self, written: &[usize], versions: &[usize]) {
        let ever = |idx: usize| self.looks_back.get(&self.plan.rules[idx].span).copied();
        let Some((later, place)) = versions.iter().find_map(|&idx| Some((idx, ever(idx)?))) else { return };
        let is_first = |step: &Step| matches!(step, Step::First(_));
        let (oldest, name) = (versions[0], &self.plan.rules[later].name);
        let has_first = |idx: usize| self.plan.rules[idx].steps.iter().any(is_first);
        if let Some(other) =
            versions.iter().copied().find(|&idx| ever(idx).is_none() && (idx == oldest || has_first(idx)))
        {
            let message = format!("the versions of rule `{name}` do not look equally far back");
            self.problem(
                Problem::error("version-first", self.resolved.rules[written[other]].name.span, message)
                    .label("this version has no `first per … ever`")
                    .other(place, "this one has")
                    .help("write `ever` in each version that has a `first per`, and in the first of them"),
            );
            return;
        }
        let rule = &mut self.plan.rules[oldest];
        if rule.active == Days::ALL {
            return;
        }
        if let Some(range) = rule.steps.iter_mut().find(|step| matches!(step, Step::Active)) {
            *range = Step::Until;
        }
        // A level counts rows of the rule's own days, as it would without the `ever`.
        let from = rule.active.from;
        let first = rule.steps.iter().position(is_first);
        for step in rule.steps.iter_mut().take(first.unwrap_or(0)) {
            if let Step::Accumulate { atoms, .. } = step {
                atoms.iter_mut().for_each(|atom| *atom = from_day(atom.clone(), from));
            }
        }
        if let Some(first) = first {
            rule.steps.insert(first + 1, Step::Active);
        }
    }
}

/// A value of the rows from a day on; nothing for those before.
fn from_day(value: Expr, day: i32) -> Expr {
    let Expr { ty, optional, span, .. } = value;
    let nothing = Expr { op: Op::Number(Exact::ZERO), ty, optional: false, span };
    let op = Op::If { branches: vec![(since(day, span), value)], otherwise: Box::new(nothing) };
    Expr { op, ty, optional, span }
}
