//! Rules: clauses in order become steps.

mod clauses;
mod decisions;
mod levels;
mod limits;
mod order;
mod payments;
mod places;
mod stream;
mod versions;

use super::Lowering;
use super::scope::{RuleScope, Scope};
use crate::plan::{Days, DecisionId, GroupId, Local, Rule, RuleId, Step, Stream};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;
use meed_grammar::tree::{self, ClauseKind};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

impl Lowering<'_> {
    pub(super) fn rules(&mut self) {
        let rules = &self.resolved.rules;
        let mut reads: Vec<Vec<usize>> = rules.iter().map(|rule| self.reads(rule)).collect();
        let mut done = vec![false; rules.len()];
        let mut lowered: Vec<(usize, Rule)> = Vec::new();
        // Of the rules that wait for none any more, the first as written is next.
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); rules.len()];
        let mut n_waits: Vec<usize> = reads.iter().map(Vec::len).collect();
        for (idx, reads) in reads.iter().enumerate() {
            reads.iter().for_each(|&read| readers[read].push(idx));
        }
        let mut ready: BinaryHeap<Reverse<usize>> = BinaryHeap::new();
        ready.extend((0..rules.len()).filter(|&idx| n_waits[idx] == 0).map(Reverse));
        while let Some(Reverse(next)) = ready.pop() {
            done[next] = true;
            let rule = self.rule(&rules[next]);
            // A rule that failed still has its place, so that what reads it says nothing more about it.
            if let Some(rule) = rule {
                self.keep_rule(&rule);
                lowered.push((next, rule));
            }
            for &reader in &readers[next] {
                steps::count(1);
                n_waits[reader] -= 1;
                if n_waits[reader] == 0 {
                    ready.push(Reverse(reader));
                }
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
        let mut families = self.families();
        self.versions(&written, &families);
        for versions in &mut families {
            versions.sort_by_key(|id| self.plan.rule(*id).active.from);
        }
        let mut of_name: FxHashMap<String, Vec<RuleId>> = FxHashMap::default();
        for versions in families {
            of_name.insert(self.plan.rule(versions[0]).name.clone(), versions);
        }
        // The versions of a rule are done together, where the first of them is done.
        let names = work.iter().map(|&idx| &self.resolved.rules[idx].name.text);
        self.plan.order = names.flat_map(|name| of_name.remove(name).unwrap_or_default()).collect();
    }

    /// The versions of each rule, in the order written.
    fn families(&self) -> Vec<Vec<RuleId>> {
        let mut families: Vec<Vec<RuleId>> = Vec::new();
        let mut places: FxHashMap<&str, usize> = FxHashMap::default();
        for (idx, rule) in self.plan.rules.iter().enumerate() {
            steps::count(1);
            let place = *places.entry(&rule.name).or_insert(families.len());
            if place == families.len() {
                families.push(Vec::new());
            }
            families[place].push(RuleId(idx as u32));
        }
        families
    }

    /// Adds a rule to those that others can read.
    fn keep_rule(&mut self, rule: &Rule) {
        let origin = match &rule.stream {
            Stream::Events(record) | Stream::Grid(record, _) => Some(*record),
            Stream::Payments(source) => self.known.origins.get(source).copied().flatten(),
        };
        self.known.origins.entry(rule.name.clone()).or_insert(origin);
        self.known.rules.entry(rule.name.clone()).or_default().push(RuleId(self.plan.rules.len() as u32));
        self.plan.rules.push(rule.clone());
    }

    fn rule(&mut self, rule: &tree::Rule) -> Option<Rule> {
        let before = self.n_errors;
        self.shares.locals.clear();
        self.of_program = false;
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
        scope.taken = Some(self.always_taken.len());
        let is_active = |clause: &tree::Clause| matches!(clause.kind, ClauseKind::Active(_));
        let pays = |clause: &tree::Clause| matches!(clause.kind, ClauseKind::Pay { .. } | ClauseKind::TakeBack { .. });
        // What is known of a row does not begin with the program.
        let only_sets =
            matches!(stream, Stream::Events(_)) && !rule.clauses.iter().any(|clause| is_active(clause) || pays(clause));
        let mut work = Work {
            steps: vec![Step::Active],
            ever: None,
            everywhere: Vec::new(),
            locals: Vec::new(),
            all: Vec::new(),
            active: if only_sets { Days::ALL } else { self.plan.active },
            take_back: None,
            filters: false,
        };
        let n_groups = self.plan.groups.len();
        let last_filter = rule
            .clauses
            .iter()
            .rposition(|clause| matches!(clause.kind, ClauseKind::Where { .. } | ClauseKind::FirstPer { .. }));
        let mut paid = false;
        for (idx, clause) in rule.clauses.iter().enumerate() {
            steps::count(1);
            if let Some(rule) = &mut scope.rule {
                rule.matched = last_filter.is_none_or(|last| idx > last);
            }
            // That a limit comes too early was said with the order of the clauses.
            self.clause = Some(clause.span);
            let limit = matches!(clause.kind, ClauseKind::AtMost { .. } | ClauseKind::AtLeast { .. });
            if !limit || paid {
                self.clause(clause, &mut scope, &mut work);
            }
            paid |= pays(clause);
        }
        let acts = rule.clauses.iter().any(|clause| {
            matches!(clause.kind, ClauseKind::Pay { .. } | ClauseKind::TakeBack { .. } | ClauseKind::Set { .. })
        });
        let clean = self.n_errors == before;
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
        // What is asked per program is of the program's own rows.
        if self.of_program && work.active == Days::ALL {
            work.active = self.plan.active;
        }
        if work.active == Days::ALL {
            self.everywhere.extend(&work.everywhere);
        }
        let mut steps = work.all;
        steps.append(&mut work.steps);
        if let Some(ever) = work.ever {
            self.looks_back.insert(rule.span, ever);
        }
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
    /// `ever` of its first.
    ever: Option<Span>,
    /// Decisions that it takes for every row it runs over.
    everywhere: Vec<DecisionId>,
    /// Whether some rows have gone no further.
    filters: bool,
}
