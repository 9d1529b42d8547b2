//! Why a sum is another than what was paid.

use crate::earlier::run_lines::Before;
use crate::earlier::sums::Sum;
use meed_compiler::plan::{Expr, Function, Node, Op, Plan, RuleId, Stream, Version};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// Why a sum is another than what was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is of a day after the earlier run.
    New,
    /// It is of a day that the earlier run looked at, and was not known then.
    Late,
    /// A return of the row became known.
    Returned,
    /// The program or its parameters are others.
    Repriced,
    /// The row is gone.
    Withdrawn,
    /// Cells of the row, or of what it refers to, are others: the rule reads nothing else.
    Corrected,
    /// Other rows moved it, or cells of its own.
    Moved,
}

impl Reason {
    /// The word that tables have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Late => "late",
            Self::Returned => "returned",
            Self::Repriced => "repriced",
            Self::Withdrawn => "withdrawn",
            Self::Corrected => "corrected",
            Self::Moved => "moved",
        }
    }
}

/// What tells why sums are others.
pub(super) struct Reasons<'a> {
    plan: &'a Plan,
    before: &'a Before,
    /// By rule, once it was asked, whether it reads its row alone.
    alone: RefCell<FxHashMap<RuleId, bool>>,
}

impl<'a> Reasons<'a> {
    pub fn new(plan: &'a Plan, before: &'a Before) -> Self {
        Self { plan, before, alone: RefCell::default() }
    }

    /// Why a sum is another than it was.
    pub fn of(&self, sum: &Sum) -> Reason {
        let rule = self.plan.rule_named(&sum.subject.rule);
        let is_event = !sum.subject.event.is_empty();
        let Before { through, is_repriced, rules } = self.before;
        if sum.was.is_none() {
            let day = match sum.subject.due {
                // What was held was known, and was not due.
                Some(due) if rule.is_some_and(|rule| self.holds(rule)) => due,
                // A party can leave before its period ends.
                _ if !is_event => self.end_of(&sum.subject.period).unwrap_or(sum.line.when),
                _ => sum.line.when,
            };
            // Of a row that was paid for, another party, due day or rule is no new row.
            match () {
                () if day > *through => return Reason::New,
                () if sum.is_known => {}
                () if *is_repriced && !rules.contains(&sum.subject.rule) => return Reason::Repriced,
                () => return Reason::Late,
            }
        }
        if is_event && sum.row.is_none() {
            let record = self.plan.record_named(&sum.subject.event);
            let is_read = record.is_some_and(|record| self.plan.record(record).used);
            // Of an event that no rule reads any more no table is looked at.
            return if is_read || !*is_repriced { Reason::Withdrawn } else { Reason::Repriced };
        }
        // Whether the cells of the row are others than when it was paid, and what was returned; nothing where that is not known.
        let digests = sum.row.zip(sum.row_was).map(|(row, was)| (row.digest, was));
        let is_changed = digests.map(|(is, was)| is.is_changed(was));
        let is_returned = digests.map(|(is, was)| is.is_returned(was));
        match sum.row.and_then(|row| row.returned) {
            Some(day) if day > *through => Reason::Returned,
            // One of a day before that was not known then, or is known no more.
            _ if is_returned == Some(true) => Reason::Returned,
            _ if *is_repriced => Reason::Repriced,
            Some(_) if is_returned.is_none() => Reason::Returned,
            Some(_) | None if is_event && is_changed == Some(true) => Reason::Corrected,
            Some(_) | None if is_event && rule.is_some_and(|rule| self.reads_its_row_alone(rule)) => Reason::Corrected,
            Some(_) | None => Reason::Moved,
        }
    }

    /// Whether what a rule pays a row hangs on that row alone, and on what it refers to.
    fn reads_its_row_alone(&self, rule: RuleId) -> bool {
        *self.alone.borrow_mut().entry(rule).or_insert_with(|| self.is_alone(rule))
    }

    /// The last day of a period, within the program's life.
    fn end_of(&self, period: &str) -> Option<i32> {
        let (kind, index) = self.plan.calendar.parse_name(period)?;
        let active = self.plan.active;
        Some(self.plan.calendar.days(kind, index, active).to.min(active.to))
    }

    fn versions(&self, rule: RuleId) -> impl Iterator<Item = &'a Version> {
        let plan = self.plan;
        plan.versions_of(rule).map(|id| plan.version(id))
    }

    fn holds(&self, rule: RuleId) -> bool {
        self.versions(rule).any(|version| version.hold.is_some())
    }

    fn is_alone(&self, rule: RuleId) -> bool {
        let shares_limit = self.plan.shared_limits.iter().any(|limit| limit.rules.contains(&rule));
        !shares_limit
            && self.versions(rule).all(|version| {
                let keeps = |node: &Node| match node {
                    Node::TotalOfAll { .. } | Node::First { .. } | Node::Total { .. } => true,
                    Node::Choose(_) | Node::TakeFrom(_) | Node::Rank(_) | Node::Add(_) => true,
                    Node::Limit(limit) => limit.state().is_some(),
                    Node::Active | Node::Until | Node::Keep(_) | Node::Let(..) | Node::Set(..) => false,
                    Node::Emit(_) | Node::Share(_) | Node::Pay(_) => false,
                };
                matches!(version.stream, Stream::Events(_) | Stream::ByDate(..))
                    && version.hold.is_none()
                    && version.folds.is_empty()
                    && !version.nodes.iter().any(keeps)
                    && !version.nodes.iter().flat_map(Node::exprs).any(reads_others)
            })
    }
}

/// Whether a value hangs on other rows than its own.
fn reads_others(expr: &Expr) -> bool {
    let mut reads = expr.has_level();
    expr.walk(&mut |expr| {
        reads |= matches!(
            expr.op,
            Op::Fold(_)
                | Op::Decision { .. }
                | Op::Rank
                | Op::Taken(_)
                | Op::Balance { .. }
                | Op::Call(Function::Find { .. }, _)
        );
    });
    reads
}
