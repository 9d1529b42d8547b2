//! Rules: clauses in order become steps.

mod clauses;
mod decisions;
mod limits;
mod order;
mod payments;
mod places;
mod stream;
mod versions;

use super::Lowering;
use super::scope::{RuleScope, Scope};
use crate::plan::{Days, GroupId, Local, Rule, RuleId, Step};
use meed_grammar::problem::Problem;
use meed_grammar::tree::{self, ClauseKind};

impl Lowering<'_> {
    pub(super) fn rules(&mut self) {
        let rules = &self.resolved.rules;
        let mut reads: Vec<Vec<usize>> = rules.iter().map(|rule| self.reads(rule)).collect();
        let mut done = vec![false; rules.len()];
        let mut lowered: Vec<(usize, Rule)> = Vec::new();
        while let Some(next) = (0..rules.len()).find(|&idx| !done[idx] && reads[idx].iter().all(|&read| done[read])) {
            done[next] = true;
            let rule = self.rule(&rules[next]);
            // A rule that failed still has its place, so that what reads it says nothing more about it.
            if let Some(rule) = rule {
                self.plan.rules.push(rule.clone());
                lowered.push((next, rule));
            }
        }
        if let Some(stuck) = done.iter().position(|done| !done) {
            self.cycle(stuck, &mut reads);
        }
        // Rules stand as written; the order of work has those that are read first, versions by their ranges.
        let work: Vec<usize> = lowered.iter().map(|(idx, _)| *idx).collect();
        lowered.sort_by_key(|(idx, _)| *idx);
        let written: Vec<usize> = lowered.iter().map(|(idx, _)| *idx).collect();
        self.plan.rules = lowered.into_iter().map(|(_, rule)| rule).collect();
        self.versions(&written);
        let place = |idx: &usize| RuleId(written.iter().position(|written| written == idx).unwrap_or(0) as u32);
        let mut order: Vec<RuleId> = Vec::new();
        for idx in &work {
            let name = &self.plan.rule(place(idx)).name;
            if order.iter().any(|id| self.plan.rule(*id).name == *name) {
                continue;
            }
            let mut versions: Vec<RuleId> = self.plan.versions(name).collect();
            versions.sort_by_key(|id| self.plan.rule(*id).active.from);
            order.extend(versions);
        }
        self.plan.order = order;
    }

    fn rule(&mut self, rule: &tree::Rule) -> Option<Rule> {
        let before = self.problems.iter().filter(|problem| problem.is_error()).count();
        self.clause_order(rule);
        let for_each = rule
            .clauses
            .iter()
            .find(|clause| matches!(clause.kind, ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. }));
        let Some(for_each) = for_each else {
            let message = format!("rule `{}` does not say for what", rule.name.text);
            self.problem(
                Problem::error("missing-clause", rule.name.span, message)
                    .help("begin it with: for each deal, or for each partner per quarter"),
            );
            return None;
        };
        let mut scope = Scope::constant();
        let stream = self.stream(rule, for_each, &mut scope)?;
        scope.rule = Some(RuleScope { name: rule.name.text.clone(), stream: stream.clone(), matched: false });
        scope.learn(self.taken_for(&stream));
        let mut work = Work {
            steps: vec![Step::Active],
            locals: Vec::new(),
            all: Vec::new(),
            active: self.plan.active,
            take_back: None,
        };
        let n_groups = self.plan.groups.len();
        let last_filter = rule
            .clauses
            .iter()
            .rposition(|clause| matches!(clause.kind, ClauseKind::Where { .. } | ClauseKind::FirstPer { .. }));
        for (idx, clause) in rule.clauses.iter().enumerate() {
            if let Some(rule) = &mut scope.rule {
                rule.matched = last_filter.is_none_or(|last| idx > last);
            }
            // That a limit comes too early was said with the order of the clauses.
            let limit = matches!(clause.kind, ClauseKind::AtMost { .. } | ClauseKind::AtLeast { .. });
            let pays =
                |clause: &tree::Clause| matches!(clause.kind, ClauseKind::Pay { .. } | ClauseKind::TakeBack { .. });
            if !limit || rule.clauses[..idx].iter().any(pays) {
                self.clause(clause, &mut scope, &mut work);
            }
        }
        let acts = rule.clauses.iter().any(|clause| {
            matches!(clause.kind, ClauseKind::Pay { .. } | ClauseKind::TakeBack { .. } | ClauseKind::Set { .. })
        });
        let clean = self.problems.iter().filter(|problem| problem.is_error()).count() == before;
        if !acts && clean {
            let message = format!("rule `{}` neither pays nor sets anything", rule.name.text);
            self.problem(
                Problem::error("missing-clause", rule.name.span, message).help("end it with: pay partner 2% of amount"),
            );
            return None;
        }
        if !clean {
            return None;
        }
        let mut steps = work.all;
        steps.append(&mut work.steps);
        Some(Rule {
            name: rule.name.text.clone(),
            title: rule.title.as_ref().map_or(&rule.name.text, |title| &title.value).clone(),
            version: 1,
            active: work.active,
            stream,
            n_locals: work.locals.len() as u32,
            locals: work.locals,
            steps,
            groups: (n_groups..self.plan.groups.len()).map(|idx| GroupId(idx as u32)).collect(),
            span: rule.span,
        })
    }
}

/// A rule in the making.
pub(super) struct Work {
    steps: Vec<Step>,
    locals: Vec<Local>,
    all: Vec<Step>,
    active: Days,
    take_back: Option<bool>,
}
