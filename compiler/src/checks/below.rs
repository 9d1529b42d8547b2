//! Schedules of what can be below zero, where it is not said what they pay there.
//!
//! A warning is certain: a difference can be below zero, and a field can where the program itself shows it so, by a test
//! with such a row or by a condition that asks for it. That an amount could be below zero because any amount could is no
//! warning; the account of a run tells whether it was.

use crate::plan::{
    BelowZero, Comparison, Expr, FieldId, FoldFunction, Function, LocalId, Node, Op, Plan, RecordId, Root, StateId,
    Type, Version,
};
use crate::resolve::Resolved;
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;
use meed_grammar::tree::{ExprKind, TestStepKind};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) fn below_zero(plan: &Plan, resolved: &Resolved, problems: &mut Vec<Problem>) {
    let silent: Vec<bool> = plan.schedules.iter().map(|schedule| schedule.below_zero == BelowZero::Unsaid).collect();
    if !silent.contains(&true) {
        return;
    }
    let shown = shown_below(plan, resolved);
    let mut uses: Vec<Option<Span>> = vec![None; plan.schedules.len()];
    for rule in &plan.versions {
        let mut work = Work::new(plan, &shown);
        work.rule(rule, &mut uses);
    }
    for ((schedule, place), silent) in plan.schedules.iter().zip(uses).zip(silent) {
        let Some(place) = place.filter(|_| silent) else { continue };
        let declared = resolved.schedule(&schedule.name);
        let span = declared.map_or(schedule.span, |declared| declared.name.span);
        let message = format!("what does `{}` pay below zero?", schedule.name);
        let mut problem = Problem::warning("below-zero", span, message)
            .label("it does not say, and pays nothing there")
            .other(place, "this can be below zero")
            .help("write `nothing below zero` or `mirrored` before its bands");
        if let Some(end) = declared.and_then(|declared| declared.words_end()) {
            problem = problem.choice(end, " nothing below zero").choice(end, " mirrored");
        }
        problems.push(problem);
    }
}

/// Schedules that mirror what is below zero, where every rule that asks them drops such rows before.
pub(super) fn dropped(plan: &Plan, resolved: &Resolved, problems: &mut Vec<Problem>) {
    let is_mirrored: Vec<bool> =
        plan.schedules.iter().map(|schedule| schedule.below_zero == BelowZero::Mirrored).collect();
    if !is_mirrored.contains(&true) {
        return;
    }
    // By schedule, the condition that drops such rows where it is asked first; none once it is asked of others.
    let mut found: Vec<Option<Option<Span>>> = vec![None; plan.schedules.len()];
    for rule in &plan.versions {
        let dropped = dropped_by(rule);
        let summand = |value: &Expr| match &value.op {
            Op::Level { state, summand, .. } => rule.nodes.iter().find_map(|node| match node {
                Node::Total { state: own, summands } if own == state => named(summands.get(*summand as usize)?),
                _ => None,
            }),
            _ => named(value),
        };
        let mut look = |expr: &Expr| {
            let Some((schedule, _, _, quantity)) = expr.op.as_schedule() else { return };
            let cause = summand(quantity).and_then(|quantity| dropped.get(&quantity).copied());
            let known = &mut found[schedule.index()];
            *known = Some(known.map_or(cause, |known| known.filter(|_| cause.is_some())));
        };
        rule.nodes.iter().flat_map(Node::exprs).for_each(|expr| expr.walk(&mut look));
    }
    for ((schedule, found), is_mirrored) in plan.schedules.iter().zip(found).zip(is_mirrored) {
        let Some(condition) = found.flatten().filter(|_| is_mirrored) else { continue };
        let declared = resolved.schedule(&schedule.name);
        let span = declared.map_or(schedule.span, |declared| declared.name.span);
        let message = format!("rows below zero are dropped here, and never come to `{}`", schedule.name);
        let problem =
            Problem::warning("below-zero-dropped", condition, message).label("what is below zero does not pass");
        let help = "leave such rows in, so that they take back what their sales were paid; or write `nothing below zero` in the schedule";
        problems.push(problem.other(span, "it is `mirrored` for them").help(help));
    }
}

/// What the conditions of a rule over an event leave at zero and above, with the condition.
fn dropped_by(rule: &Version) -> FxHashMap<Named, Span> {
    let mut dropped = FxHashMap::default();
    for node in &rule.nodes {
        let Node::Keep(condition) = node else { continue };
        each_part(condition, &mut |part| {
            if let Some(named) = asked(part, &is_from_zero) {
                dropped.entry(named).or_insert(part.span);
            }
        });
    }
    dropped
}

/// Whether a comparison holds only for what is not below zero.
fn is_from_zero(comparison: Comparison, bound: &Exact) -> bool {
    matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual | Comparison::Equal) && *bound >= Exact::ZERO
}

/// Fields that a test gives a value below zero, or that a condition asks for one.
fn shown_below(plan: &Plan, resolved: &Resolved) -> FxHashSet<(RecordId, FieldId)> {
    let mut shown = FxHashSet::default();
    let records: FxHashMap<&str, usize> =
        plan.records.iter().enumerate().map(|(idx, record)| (record.name.as_str(), idx)).collect();
    for step in resolved.tests.iter().flat_map(|test| &test.steps) {
        let TestStepKind::Given { record, fields, .. } = &step.kind else { continue };
        let Some(&idx) = records.get(record.text.as_str()) else { continue };
        for (name, value) in fields {
            let negative = match &value.kind {
                ExprKind::Number(text) | ExprKind::Percent(text) => text.starts_with('-'),
                ExprKind::Money { amount, .. } => amount.starts_with('-'),
                _ => false,
            };
            if let Some(field) = plan.records[idx].field(&name.text).filter(|_| negative) {
                shown.insert((RecordId(idx as u32), field));
            }
        }
    }
    let filters = plan.versions.iter().flat_map(|rule| &rule.nodes).filter_map(|step| match step {
        Node::Keep(condition) => Some(condition),
        _ => None,
    });
    for condition in filters.chain(plan.matches.iter().filter_map(|rows| rows.also.as_ref())) {
        each_part(condition, &mut |part| {
            if let Some(Named::Field(_, record, path)) = asked(part, &|comparison, bound| match comparison {
                Comparison::Less => *bound <= Exact::ZERO,
                Comparison::LessOrEqual | Comparison::Equal => *bound < Exact::ZERO,
                _ => false,
            }) {
                shown.extend(end_of(plan, record, &path));
            }
        });
    }
    // A row with such a value is rejected.
    let bounded = |(record, field): &(RecordId, FieldId)| {
        plan.record(*record).fields[field.index()].bounds.least.is_some_and(|least| least >= 0)
    };
    shown.retain(|end| !bounded(end));
    shown
}

/// What has one value for a row.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Named {
    Field(Root, RecordId, Vec<FieldId>),
    Local(LocalId),
}

/// What can be below zero in a rule.
struct Work<'p> {
    plan: &'p Plan,
    shown: &'p FxHashSet<(RecordId, FieldId)>,
    /// What the conditions leave at zero and above.
    bounded: FxHashSet<Named>,
    /// Pairs of which the first is not below the second.
    above: FxHashSet<(Named, Named)>,
    locals: FxHashMap<LocalId, bool>,
    summands: FxHashMap<(StateId, u32), bool>,
}

impl<'p> Work<'p> {
    fn new(plan: &'p Plan, shown: &'p FxHashSet<(RecordId, FieldId)>) -> Self {
        Self {
            plan,
            shown,
            bounded: FxHashSet::default(),
            above: FxHashSet::default(),
            locals: FxHashMap::default(),
            summands: FxHashMap::default(),
        }
    }

    /// Notes for each schedule the first place where it is taken of what can be below zero.
    fn rule(&mut self, rule: &Version, uses: &mut [Option<Span>]) {
        for step in &rule.nodes {
            if let Node::TotalOfAll { state, filter, summands } = step {
                let mut own = Work::new(self.plan, self.shown);
                filter.iter().for_each(|filter| own.learn(filter));
                for (idx, summand) in summands.iter().enumerate() {
                    self.summands.insert((*state, idx as u32), own.is_below(summand));
                }
            }
        }
        for step in &rule.nodes {
            if let Node::Keep(condition) = step {
                self.learn(condition);
            }
        }
        for step in &rule.nodes {
            match step {
                Node::Let(local, value) => {
                    self.look(value, uses);
                    let below = self.is_below(value);
                    self.locals.insert(*local, below);
                }
                Node::Total { state, summands } => {
                    for (idx, summand) in summands.iter().enumerate() {
                        let below = self.is_below(summand);
                        self.summands.insert((*state, idx as u32), below);
                    }
                }
                Node::Keep(condition) => self.look(condition, uses),
                Node::Emit(emit) => self.look(&emit.worth, uses),
                Node::Limit(_)
                | Node::TotalOfAll { .. }
                | Node::Active
                | Node::Until
                | Node::First { .. }
                | Node::Set(..)
                | Node::Share(_)
                | Node::Choose(_)
                | Node::Pay(_) => {}
                Node::Rank(rank) => self.look(&rank.measure, uses),
                Node::TakeFrom(take) => self.look(&take.amount, uses),
                Node::Add(add) => self.look(&add.amount, uses),
            }
        }
    }

    fn look(&self, value: &Expr, uses: &mut [Option<Span>]) {
        if let Some((schedule, _, _, quantity)) = value.op.as_schedule() {
            let used = &mut uses[schedule.index()];
            if used.is_none() && self.is_below(quantity) {
                *used = Some(quantity.span);
            }
        }
        value.op.children().into_iter().for_each(|child| self.look(child, uses));
    }

    fn learn(&mut self, condition: &Expr) {
        each_part(condition, &mut |part| {
            if let Some(named) = asked(part, &is_from_zero) {
                self.bounded.insert(named);
            }
            let Some((Function::Compare(comparison), [a, b])) = part.op.as_call() else { return };
            let pair = match comparison {
                Comparison::Greater | Comparison::GreaterOrEqual | Comparison::Equal => named(a).zip(named(b)),
                Comparison::Less | Comparison::LessOrEqual => named(b).zip(named(a)),
                Comparison::NotEqual => None,
            };
            self.above.extend(pair);
        });
    }

    /// Whether a value is known to be below zero for some rows.
    fn is_below(&self, value: &Expr) -> bool {
        steps::count(1);
        if named(value).is_some_and(|named| self.bounded.contains(&named)) {
            return false;
        }
        match &value.op {
            Op::Number(number) => *number < Exact::ZERO,
            Op::Field { record, path, .. } if value.ty.is_numeric() => {
                end_of(self.plan, *record, path).is_some_and(|end| self.shown.contains(&end))
            }
            Op::Local(local) => self.locals.get(local).copied().unwrap_or(false),
            Op::Level { state, summand, .. } => self.summands.get(&(*state, *summand)).copied().unwrap_or(false),
            Op::Fold(id) => {
                let fold = &self.plan.folds[id.index()];
                let (FoldFunction::Sum(inner, _) | FoldFunction::Smallest(inner, _) | FoldFunction::Largest(inner, _)) =
                    &fold.function
                else {
                    return false;
                };
                let mut own = Work::new(self.plan, self.shown);
                self.plan.matched(*id).also.iter().for_each(|filter| own.learn(filter));
                own.is_below(inner)
            }
            Op::IfUnknown(a, b) => self.is_below(a) || self.is_below(b),
            Op::If { branches, otherwise } => {
                branches.iter().any(|(_, value)| self.is_below(value)) || self.is_below(otherwise)
            }
            op => match op.as_call() {
                Some((Function::Subtract, [a, b])) => {
                    let pair = named(a).zip(named(b));
                    let nothing = b.op.as_number().is_some_and(|number| *number <= Exact::ZERO);
                    !nothing && b.ty != Type::Date && !pair.is_some_and(|pair| self.above.contains(&pair))
                }
                Some((Function::Negate, _)) => true,
                Some((Function::Largest, values)) => values.iter().all(|value| self.is_below(value)),
                Some((
                    Function::Add | Function::Multiply | Function::Divide | Function::Smallest | Function::Round { .. },
                    values,
                )) => values.iter().any(|value| self.is_below(value)),
                _ => false,
            },
        }
    }
}

/// The parts that all must hold.
fn each_part(condition: &Expr, visit: &mut impl FnMut(&Expr)) {
    steps::count(1);
    match &condition.op {
        Op::And(parts) => parts.iter().for_each(|part| each_part(part, visit)),
        // `, unknown means no`
        Op::IfUnknown(inner, default) if default.op == Op::YesNo(false) => each_part(inner, visit),
        _ => visit(condition),
    }
}

/// What a comparison with a number asks about, where the comparison fits.
fn asked(condition: &Expr, fits: &dyn Fn(Comparison, &Exact) -> bool) -> Option<Named> {
    let Some((Function::Compare(comparison), [a, b])) = condition.op.as_call() else { return None };
    match (&a.op, &b.op) {
        (_, Op::Number(bound)) if fits(*comparison, bound) => named(a),
        (Op::Number(bound), _) if fits(comparison.turned(), bound) => named(b),
        _ => None,
    }
}

fn named(value: &Expr) -> Option<Named> {
    Some(match &value.op {
        Op::Field { root, record, path } => Named::Field(*root, *record, path.clone()),
        Op::Local(local) => Named::Local(*local),
        _ => return None,
    })
}

/// The field that a path ends with.
fn end_of(plan: &Plan, record: RecordId, path: &[FieldId]) -> Option<(RecordId, FieldId)> {
    let mut at = record;
    for field in path {
        if let Type::Ref(next) = plan.record(at).fields[field.index()].ty {
            at = next;
        } else {
            return Some((at, *field));
        }
    }
    None
}
