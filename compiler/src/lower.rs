//! From declarations to the Plan: types are found, what can be missing is followed, and every rule becomes a straight
//! line of steps.
//!
//! Comes in: [`Resolved`]. Goes out: a [`Plan`] and problems, always both: a rule with a problem is left out and hides
//! no other. Each kind of declaration has its file: `head`, `records`, `schedules`, `rules`, `expressions`, `sets`.

mod dens;
mod dependencies;
mod expressions;
mod head;
mod meaning;
mod parameters;
mod records;
mod rules;
mod schedules;
mod scope;
mod sets;
mod suite;
mod walk;

pub use suite::{Expectation, Given, GivenCell, GivenFile, TestCase};

use crate::plan::{self, Plan, RecordId, ScheduleId, SlotId, SlotSpec};
use crate::resolve::Resolved;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;
use rustc_hash::{FxHashMap, FxHashSet};

/// What lowering gives: the Plan (complete but for what had problems) and the tests.
pub struct Lowered {
    /// The Plan.
    pub plan: Plan,
    /// The program's tests.
    pub tests: Vec<TestCase>,
}

/// Lowers declarations. `overrides` are parameters set for this run, as written in Meed.
pub fn lower(resolved: &Resolved, overrides: &[(String, String)], problems: &mut Vec<Problem>) -> Lowered {
    let mut lowering = Lowering::new(resolved);
    lowering.head();
    lowering.records();
    // After records: a parameter may be a value of a field's list.
    lowering.parameters(overrides);
    lowering.schedules();
    lowering.index_rules();
    lowering.rules();
    let tests = lowering.tests();
    lowering.settle_domains();
    problems.append(&mut lowering.problems);
    Lowered { plan: lowering.plan, tests }
}

/// The work in progress.
struct Lowering<'a> {
    resolved: &'a Resolved,
    plan: Plan,
    problems: Vec<Problem>,
    /// Parameters by name; none where their value had a problem.
    parameters: FxHashMap<String, Option<parameters::Constant>>,
    records: FxHashMap<String, RecordId>,
    /// Fields that are declared and had a problem: what uses them is not reported again.
    failed_fields: FxHashSet<(RecordId, String)>,
    schedules: FxHashMap<String, Option<ScheduleId>>,
    /// What is known of all rules before any is lowered.
    index: meaning::RuleIndex,
    /// The list of the texts that rules decide, once there is one.
    texts: Option<plan::ChoiceId>,
    /// Decisions that are taken for every row in the program's life.
    always_taken: Vec<plan::DecisionId>,
    /// States that the versions of a rule share.
    shared: Vec<plan::StateId>,
    /// By domain, the one it was joined to.
    domains: Vec<u32>,
    /// Whether dates move by months somewhere, and where first.
    months_used: Option<Span>,
}

impl<'a> Lowering<'a> {
    fn new(resolved: &'a Resolved) -> Self {
        Self {
            resolved,
            plan: Plan::empty(),
            problems: Vec::new(),
            parameters: FxHashMap::default(),
            records: FxHashMap::default(),
            failed_fields: FxHashSet::default(),
            schedules: FxHashMap::default(),
            index: meaning::RuleIndex::default(),
            texts: None,
            always_taken: Vec::new(),
            shared: Vec::new(),
            domains: Vec::new(),
            months_used: None,
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn damaged(&self, name: &str) -> bool {
        self.resolved.damaged.iter().any(|damaged| damaged == name)
    }

    /// The slot spec of these parts, made once.
    fn slot(&mut self, spec: SlotSpec) -> SlotId {
        let same = |known: &SlotSpec| {
            known.stream == spec.stream
                && known.period == spec.period
                && known.parts.len() == spec.parts.len()
                && known.parts.iter().zip(&spec.parts).all(|(a, b)| a.op == b.op)
        };
        let idx = self.plan.slots.iter().position(same).unwrap_or_else(|| {
            self.plan.slots.push(spec);
            self.plan.slots.len() - 1
        });
        SlotId(idx as u32)
    }

    fn new_domain(&mut self) -> plan::DomainId {
        self.domains.push(self.domains.len() as u32);
        plan::DomainId(self.domains.len() as u32 - 1)
    }

    fn domain_root(&self, domain: u32) -> u32 {
        let mut root = domain;
        while self.domains[root as usize] != root {
            root = self.domains[root as usize];
        }
        root
    }

    /// Makes the values of two domains comparable.
    fn join_domains(&mut self, a: plan::DomainId, b: plan::DomainId) {
        let (a, b) = (self.domain_root(a.0), self.domain_root(b.0));
        self.domains[a.max(b) as usize] = a.min(b);
    }

    /// Writes the joined domains everywhere, numbered in the order of the fields that hold them.
    fn settle_domains(&mut self) {
        let mut numbers: Vec<u32> = Vec::new();
        for field in self.plan.records.iter().flat_map(|record| &record.fields) {
            if let plan::Type::Text(domain) | plan::Type::Id(domain) = field.ty {
                let root = self.domain_root(domain.0);
                if !numbers.contains(&root) {
                    numbers.push(root);
                }
            }
        }
        let roots: Vec<u32> = (0..self.domains.len() as u32).map(|domain| self.domain_root(domain)).collect();
        let number = |domain: &mut plan::DomainId| {
            let root = roots.get(domain.index());
            domain.0 = numbers.iter().position(|known| Some(known) == root).unwrap_or(0) as u32;
        };
        let settle = |ty: &mut plan::Type| {
            if let plan::Type::Text(domain) | plan::Type::Id(domain) = ty {
                number(domain);
            }
        };
        self.plan.records.iter_mut().flat_map(|record| &mut record.fields).for_each(|field| settle(&mut field.ty));
        self.plan.decisions.iter_mut().for_each(|decision| settle(&mut decision.ty));
        self.plan.predicates.iter_mut().for_each(|predicate| number(&mut predicate.domain));
        self.plan.rules.iter_mut().flat_map(|rule| &mut rule.locals).for_each(|local| settle(&mut local.ty));
        walk::every(&mut self.plan, &mut |expr| settle(&mut expr.ty));
        self.plan.n_domains = numbers.len() as u32;
    }
}

/// The did-you-mean of an unknown name.
fn suggest<'n>(problem: Problem, name: &tree::Name, known: impl IntoIterator<Item = &'n str>) -> Problem {
    match meed_grammar::nearest(&name.text, known) {
        Some(near) => problem.label(format!("did you mean `{near}`?")).edit(name.span, near),
        None => problem,
    }
}
