//! Rules, their steps and their order.

use super::expression::Place;
use super::{Index, Obligation, Report};
use crate::plan::{
    Amount, Days, DecisionId, Expr, Limit, LocalId, Op, Pay, Plan, RecordKind, RuleId, StateId, StateKind, Step,
    Stream, Type, Version, VersionId,
};
use meed_grammar::steps;

pub(super) fn verify(plan: &Plan, index: &Index, id: VersionId, report: &mut Report) {
    let rule = plan.version(id);
    report.at(format!("rule `{}`, version {}", rule.name, rule.number));
    ranges(plan, id, report);
    groups(plan, rule, report);
    steps_in_order(rule, report);
    let n_lets = rule.steps.iter().filter(|step| matches!(step, Step::Let(..))).count();
    let counted = rule.n_locals as usize == rule.locals.len() && n_lets == rule.locals.len();
    report.demand(counted, Obligation::Locals, "as many as are defined");
    let mut walk = Walk { plan, index, rule, place: Place { rule: Some(rule), ..Place::row(plan, &rule.stream) } };
    rule.steps.iter().for_each(|step| walk.step(step, report));
}

fn ranges(plan: &Plan, id: VersionId, report: &mut Report) {
    let rule = plan.version(id);
    let inside = plan.active.from <= rule.active.from && rule.active.to <= plan.active.to;
    let inside = inside || rule.active == Days::ALL && rule.pay().is_none() && matches!(rule.stream, Stream::Events(_));
    report.demand(inside, Obligation::Ranges, "outside of the program's days");
    // All versions are looked at with the first of them: in the order of their days each ends before the next begins,
    // and their numbers rise.
    let versions = &plan.rule(rule.rule).versions;
    if versions.first() != Some(&id) {
        return;
    }
    let mut by_days: Vec<&Version> = versions.iter().map(|id| plan.version(*id)).collect();
    by_days.sort_by_key(|version| version.active.from);
    for pair in by_days.windows(2) {
        steps::count(1);
        let apart = pair[0].active.to < pair[1].active.from;
        let own = pair[0].number != pair[1].number && pair[0].stream == pair[1].stream;
        report.demand(apart && own, Obligation::Ranges, format!("beside version {}", pair[0].number));
    }
    let mut numbers: Vec<u32> = by_days.iter().map(|version| version.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    report.demand(numbers.len() == by_days.len(), Obligation::Ranges, "a number of its own");
}

fn groups(plan: &Plan, rule: &Version, report: &mut Report) {
    for id in &rule.groups {
        let Some(group) = plan.groups.get(id.index()) else {
            report.demand(false, Obligation::Named, "a group");
            continue;
        };
        let fits = group.rule == rule.rule && rule.stream == Stream::Periods(group.entity, group.period);
        report.demand(fits, Obligation::Groups, "a group for its entity and period");
    }
}

/// Levels of every row, the range, what filters and computes, one pay, limits. Where rows before the range are looked at
/// for a first, it stands directly behind that first.
fn steps_in_order(rule: &Version, report: &mut Report) {
    let looks_back = rule.steps.iter().any(|step| matches!(step, Step::Until));
    let rank = |step: &Step| match step {
        Step::AccumulateAll { .. } => 0,
        Step::Until => 1,
        Step::Active => {
            if looks_back {
                2
            } else {
                1
            }
        }
        Step::Filter(_) | Step::Let(..) | Step::First(_) | Step::Accumulate { .. } | Step::Set(..) => 2,
        Step::Pay(_) => 3,
        Step::Limit(_) => 4,
    };
    let ranks: Vec<u8> = rule.steps.iter().map(rank).collect();
    let once = |wanted: u8| ranks.iter().filter(|rank| **rank == wanted).count();
    report.demand(ranks.is_sorted(), Obligation::Steps, "their order");
    report.demand(once(1) == 1 && once(3) <= 1, Obligation::Steps, "one range, one pay");
    let ranges: Vec<usize> = (0..rule.steps.len()).filter(|&idx| matches!(rule.steps[idx], Step::Active)).collect();
    let placed = |idx: usize| matches!(rule.steps[..idx].last(), Some(Step::First(_)));
    let placed = ranges.len() == 1 && (!looks_back || ranges.iter().all(|&idx| placed(idx)));
    let events = !looks_back || matches!(rule.stream, Stream::Events(_));
    report.demand(placed && events, Obligation::Steps, "the range behind a first that looks back");
    let decides = rule.steps.iter().any(|step| matches!(step, Step::Set(..)));
    report.demand(once(3) == 1 || (decides && once(4) == 0), Obligation::Steps, "it pays or decides");
}

/// The way through a rule's steps.
struct Walk<'a> {
    plan: &'a Plan,
    index: &'a Index,
    rule: &'a Version,
    place: Place<'a>,
}

impl Walk<'_> {
    fn step(&mut self, step: &Step, report: &mut Report) {
        match step {
            Step::AccumulateAll { state, filter, atoms } => {
                if let Some(filter) = filter {
                    self.condition(filter, report);
                }
                self.sums(*state, atoms, report);
            }
            Step::Active | Step::Until => {}
            Step::Filter(condition) => self.condition(condition, report),
            Step::Let(local, value) => self.define(*local, value, report),
            Step::First(state) => self.keeps(*state, &StateKind::Seen, report),
            Step::Accumulate { state, atoms } => self.sums(*state, atoms, report),
            Step::Set(decision, local) => self.set(*decision, *local, report),
            Step::Pay(pay) => self.pay(pay, report),
            Step::Limit(limit) => self.limit(limit, report),
        }
    }

    fn condition(&self, condition: &Expr, report: &mut Report) {
        self.place.check(condition, report);
        report.demand(condition.ty == Type::YesNo, Obligation::Types, "a condition is a yes or no");
    }

    fn define(&mut self, local: LocalId, value: &Expr, report: &mut Report) {
        self.place.check(value, report);
        report.demand(local.index() == self.place.n_locals, Obligation::Locals, "numbered in order, defined once");
        let known = self.rule.locals.get(local.index());
        let same = known.is_some_and(|known| known.ty == value.ty && known.optional == value.optional);
        report.demand(same, Obligation::Types, "a `let` and its value");
        self.place.n_locals += 1;
    }

    /// A state of this rule, of the kind its step wants, touched once.
    fn keeps(&mut self, state: StateId, kind: &StateKind, report: &mut Report) {
        let Some(known) = self.plan.states.get(state.index()) else {
            return report.demand(false, Obligation::Named, "a state");
        };
        let fits = known.rule == self.rule.rule && std::mem::discriminant(&known.kind) == std::mem::discriminant(kind);
        report.demand(fits, Obligation::States, "its rule and kind");
        report.demand(self.place.states.insert(state), Obligation::States, "one step keeps it");
    }

    fn sums(&mut self, state: StateId, atoms: &[Expr], report: &mut Report) {
        for atom in atoms {
            self.place.check(atom, report);
            report.demand(atom.ty.is_numeric(), Obligation::Types, "what adds up is a number");
        }
        self.keeps(state, &StateKind::Sums { dens: Vec::new() }, report);
        if let Some(StateKind::Sums { dens }) = self.plan.states.get(state.index()).map(|state| &state.kind) {
            report.demand(dens.len() == atoms.len(), Obligation::States, "as many sums as atoms");
        }
    }

    fn set(&self, decision: DecisionId, local: LocalId, report: &mut Report) {
        let Some(known) = self.plan.decisions.get(decision.index()) else {
            return report.demand(false, Obligation::Named, "a decision");
        };
        report.demand(local.index() < self.place.n_locals, Obligation::Locals, "the value of a decision");
        let value = self.rule.locals.get(local.index());
        let fits = value.is_some_and(|value| value.ty == known.ty) && known.stream == self.rule.stream;
        report.demand(fits, Obligation::Decisions, format!("`{}`", known.name));
        // Whoever sets it, one of them is the first.
        let first = self.index.setters(decision).first().map(|id| self.plan.version(*id));
        let alone = first.is_none_or(|first| first.rule == self.rule.rule);
        report.demand(alone, Obligation::Decisions, format!("another rule sets `{}`", known.name));
    }

    fn pay(&mut self, pay: &Pay, report: &mut Report) {
        self.place.check(&pay.payee, report);
        let entity = |ty: Type| match ty {
            Type::Ref(record) => self.plan.records.get(record.index()).is_some_and(|to| to.kind == RecordKind::Entity),
            _ => false,
        };
        report.demand(entity(pay.payee.ty), Obligation::Payments, "the payee");
        match &pay.amount {
            Amount::Plain(value) => {
                self.place.check(value, report);
                let zero = matches!(&value.op, Op::Number(number) if *number == crate::value::Exact::ZERO);
                report.demand(value.ty == Type::Money || zero, Obligation::Payments, "the amount");
            }
            Amount::AlongTotal { factor, state, body } => {
                if let Some(factor) = factor {
                    self.place.check(factor, report);
                    report.demand(factor.ty.is_numeric(), Obligation::Types, "the factor is a number");
                }
                report.demand(body.ty.is_numeric(), Obligation::Types, "what is paid along a total is a number");
                self.place.check_sides(*state, body, report);
            }
        }
    }

    fn limit(&mut self, limit: &Limit, report: &mut Report) {
        let (amount, state) = match limit {
            Limit::PerPayment(amount) => (amount, None),
            Limit::AtMost { amount, state } => (amount, Some(*state)),
            Limit::AtLeast { amount, state, .. } => {
                let grid = matches!(self.rule.stream, Stream::Periods(..));
                report.demand(grid, Obligation::Payments, "a guarantee per entity and period");
                (amount, Some(*state))
            }
        };
        self.place.check(amount, report);
        report.demand(amount.ty == Type::Money, Obligation::Payments, "a limit is an amount of money");
        if let Some(state) = state {
            self.keeps(state, &StateKind::Paid, report);
        }
    }
}

/// The order of work.
pub(super) fn order(plan: &Plan, index: &Index, report: &mut Report) {
    report.at("the order of work");
    let mut seen = plan.order.clone();
    seen.sort();
    let all: Vec<VersionId> = (0..plan.versions.len() as u32).map(VersionId).collect();
    report.demand(seen == all, Obligation::Order, "every rule once");
    if seen != all {
        return;
    }
    let mut places = vec![0; plan.versions.len()];
    plan.order.iter().enumerate().for_each(|(place, id)| places[id.index()] = place);
    for id in &all {
        let rule = plan.version(*id);
        let late = reads(plan, index, rule).into_iter().find(|read| places[read.index()] >= places[id.index()]);
        if let Some(late) = late {
            let detail = format!("`{}` reads `{}`", rule.name, plan.version(late).name);
            report.demand(false, Obligation::Order, detail);
        }
    }
}

/// The rules whose payments or decisions a rule reads.
fn reads(plan: &Plan, index: &Index, rule: &Version) -> Vec<VersionId> {
    let mut rules: Vec<RuleId> = Vec::new();
    let groups = || rule.groups.iter().filter_map(|id| plan.groups.get(id.index()));
    for stream in std::iter::once(&rule.stream).chain(groups().map(|group| &group.stream)) {
        if let Stream::Lines(rule) = stream {
            rules.push(*rule);
        }
    }
    let mut decisions: Vec<DecisionId> = Vec::new();
    let mut visit = |expr: &Expr| {
        if let Op::Decision { decision, .. } = expr.op {
            decisions.push(decision);
        }
    };
    rule.steps.iter().flat_map(Step::exprs).for_each(|expr| expr.walk(&mut visit));
    groups().flat_map(|group| group.exprs()).for_each(|expr| expr.walk(&mut visit));
    rules.sort_unstable();
    rules.dedup();
    decisions.sort_unstable();
    decisions.dedup();
    let paid = rules.iter().filter_map(|rule| plan.rules.get(rule.index())).flat_map(|rule| &rule.versions);
    let set = decisions.iter().flat_map(|decision| index.setters(*decision));
    let set = set.filter(|other| plan.version(**other).rule != rule.rule);
    let mut reads: Vec<VersionId> = paid.chain(set).copied().collect();
    reads.sort_unstable();
    reads.dedup();
    steps::count(reads.len());
    reads
}
