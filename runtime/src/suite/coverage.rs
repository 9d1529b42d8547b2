//! What the tests of a program reach: rules, bands and their edges, limits, and the edges of conditions.

use crate::engine::options::Observer;
use crate::explain::numbers::numeric;
use meed_compiler::data::status;
use meed_compiler::interpret::schedule::{edges, pieces_reached};
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{
    Comparison, End, Expr, Function, Limit, Node, Op, Piece, Pieces, Plan, Schedule, ScheduleId, SharedLimitId,
    VersionId,
};
use meed_compiler::value::Exact;
use meed_grammar::span::Span;
use std::collections::BTreeSet;

/// What was reached so far; by the numbers of the Plan, which are the same whatever parameters a test sets.
#[derive(Debug, Default)]
pub struct Coverage {
    schedules: Vec<Schedule>,
    rules: BTreeSet<VersionId>,
    pieces: BTreeSet<(u32, usize)>,
    edges: BTreeSet<(u32, usize)>,
    /// Limits that changed a line.
    limits: BTreeSet<Span>,
    /// The same of limits over several rules.
    shared_limits: BTreeSet<SharedLimitId>,
    /// Sides of comparisons that were equal.
    equal: BTreeSet<Span>,
}

/// Something that no test reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreached {
    /// Its place in the program; the empty span in a library.
    pub span: Span,
    /// What it is.
    pub text: String,
}

impl Observer for Coverage {
    fn wants(&self, _: VersionId) -> bool {
        true
    }

    fn row(&mut self, rule: VersionId, _: u32, trace: Trace) {
        if trace.status & (status::MATCHED | status::PAID) != 0 {
            self.rules.insert(rule);
        }
        for evaluation in &trace.evaluations {
            let (pieces, edges) =
                pieces_reached(&self.schedules[evaluation.schedule.index()], &evaluation.arguments, &evaluation.x);
            self.pieces.extend(pieces.into_iter().map(|piece| (evaluation.schedule.0, piece)));
            self.edges.extend(edges.into_iter().map(|edge| (evaluation.schedule.0, edge)));
        }
        self.equal.extend(trace.equal);
        for step in &trace.steps {
            match step {
                TraceStep::Limit { span, before, after, .. } if before != after => drop(self.limits.insert(*span)),
                TraceStep::SharedLimit { limit, before, after, .. } if before != after => {
                    self.shared_limits.insert(*limit);
                }
                _ => {}
            }
        }
    }
}

impl Coverage {
    /// Nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes ready for a test, whose parameters may have moved the bounds of schedules.
    pub(super) fn begin(&mut self, plan: &Plan) {
        self.schedules.clone_from(&plan.schedules);
    }

    /// What no test reached, in the order of the program. What is in a rule that no test reaches is not told again.
    pub fn unreached(&self, plan: &Plan) -> Vec<Unreached> {
        let mut found = Vec::new();
        let mut used: BTreeSet<ScheduleId> = BTreeSet::new();
        for (idx, rule) in plan.versions.iter().enumerate() {
            if !self.rules.contains(&VersionId(idx as u32)) {
                let version = match plan.versions_of(rule.rule).count() {
                    1 => String::new(),
                    _ => format!(", version {}", rule.number),
                };
                found.push(Unreached { span: rule.span, text: format!("rule `{}`{version}", rule.name) });
                continue;
            }
            let groups = rule.folds.iter().flat_map(|fold| plan.exprs_of(*fold));
            let searches = plan.searches_of(rule);
            let sets = searches.iter().flat_map(|id| plan.search(*id).exprs());
            for expr in rule.nodes.iter().flat_map(Node::exprs).chain(groups).chain(sets) {
                expr.walk(&mut |expr| match expr.op.as_call() {
                    Some((Function::Schedule { schedule, .. }, _)) => {
                        used.insert(*schedule);
                    }
                    Some((Function::Compare(comparison), [a, b])) => {
                        found.extend(self.edge_of(plan, *comparison, a, b));
                    }
                    _ => {}
                });
            }
            found.extend(rule.nodes.iter().filter_map(|step| self.limit(plan, step)));
        }
        for (limit, number) in plan.shared_limits.iter().zip(0..) {
            if !self.shared_limits.contains(&SharedLimitId(number)) {
                found.push(Unreached { span: limit.span, text: format!("the limit `{}`", limit.name) });
            }
        }
        for id in used {
            self.schedule(plan, id, &mut found);
        }
        found.sort_by_key(|unreached| unreached.span);
        found
    }

    /// A comparison by order with a literal has its edge there.
    fn edge_of(&self, plan: &Plan, comparison: Comparison, a: &Expr, b: &Expr) -> Option<Unreached> {
        let literal = [b, a].into_iter().find(|side| matches!(side.op, Op::Number(_) | Op::Date(_)))?;
        // What is written nowhere, such as the program's first day in `first day of quarter`, has no boundary to reach.
        if comparison.is_equality() || literal.span.is_empty() || self.equal.contains(&literal.span) {
            return None;
        }
        let text = match &literal.op {
            Op::Number(value) => numeric(plan, literal.ty, value),
            Op::Date(day) => meed_compiler::plan::calendar::date_of(*day).to_string(),
            _ => return None,
        };
        Some(Unreached { span: literal.span, text: format!("the boundary {text} of a condition") })
    }

    fn limit(&self, plan: &Plan, step: &Node) -> Option<Unreached> {
        let (amount, words) = match step {
            Node::Limit(
                Limit::PerPayment(amount) | Limit::AtMost { amount, .. } | Limit::Payments { most: amount, .. },
            ) => (amount, "at most"),
            Node::Limit(Limit::AtLeast { amount, .. }) => (amount, "at least"),
            _ => return None,
        };
        if self.limits.contains(&amount.span) {
            return None;
        }
        let bound = match &amount.op {
            Op::Number(value) => format!(" {}", numeric(plan, amount.ty, value)),
            _ => String::new(),
        };
        Some(Unreached { span: amount.span, text: format!("the limit {words}{bound}") })
    }

    fn schedule(&self, plan: &Plan, id: ScheduleId, found: &mut Vec<Unreached>) {
        let schedule = &plan.schedules[id.index()];
        let fixed = schedule.arguments.is_empty();
        let bounds: Vec<Exact> = if fixed { edges(schedule, &[]) } else { Vec::new() };
        let name = &schedule.name;
        let bound = |idx: usize| bounds.get(idx).map(|bound| numeric(plan, schedule.domain, bound));
        for (idx, (span, words)) in parts(schedule).into_iter().enumerate() {
            if !self.pieces.contains(&(id.0, idx)) {
                let reach = match (bound(idx), idx.checked_sub(1).and_then(bound)) {
                    (Some(upper), None) => format!(", up to {upper}"),
                    (Some(upper), Some(lower)) => format!(", from {lower} to {upper}"),
                    (None, Some(lower)) => format!(", beyond {lower}"),
                    (None, None) => String::new(),
                };
                let reach = if matches!(schedule.pieces, Pieces::Steps { .. }) { String::new() } else { reach };
                found.push(Unreached { span, text: format!("{words} of `{name}`{reach}") });
            }
        }
        for (idx, span) in edge_spans(schedule).into_iter().enumerate() {
            if !self.edges.contains(&(id.0, idx)) {
                let at = bound(idx).map_or_else(|| format!(" {}", idx + 1), |bound| format!(" {bound}"));
                found.push(Unreached { span, text: format!("the boundary{at} of `{name}`") });
            }
        }
    }
}

/// The parts of a schedule, with words for them; a single point is of the part behind it.
fn parts(schedule: &Schedule) -> Vec<(Span, String)> {
    match &schedule.pieces {
        Pieces::Lines { pieces, heights } => {
            let parts = pieces.iter().filter(|piece| piece.end != End::Point).enumerate();
            let words = |(idx, piece): (usize, &Piece)| match (heights, piece.number) {
                (true, _) => (piece.span, format!("part {}", idx + 1)),
                (false, 0) => (piece.span, "what is below the first band".to_owned()),
                (false, number) => (piece.span, format!("band {number}")),
            };
            parts.map(words).collect()
        }
        Pieces::Steps { .. } => vec![(schedule.span, "a package".to_owned())],
    }
}

fn edge_spans(schedule: &Schedule) -> Vec<Span> {
    match &schedule.pieces {
        Pieces::Lines { pieces, .. } => {
            pieces.iter().filter_map(|piece| piece.end.bound()).map(|bound| bound.span).collect()
        }
        Pieces::Steps { size, .. } => vec![size.span],
    }
}
