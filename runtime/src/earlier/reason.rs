//! Why a sum is another than what was paid.

use crate::earlier::run_lines::Before;
use crate::earlier::sums::Sum;
use meed_compiler::plan::{Expr, Function, Node, Op, Plan, RuleId, Stream, Version};

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
    pub plan: &'a Plan,
    pub before: &'a Before,
}

impl<'a> Reasons<'a> {
    /// Why a sum is another than it was.
    pub fn of(&self, sum: &Sum) -> Reason {
        let rule = self.plan.rule_named(&sum.subject.rule);
        let is_event = !sum.subject.event.is_empty();
        let Before { through, is_repriced, rules } = self.before;
        if sum.was.is_none() {
            let day = match sum.subject.due {
                // What was held was known, and was not due.
                Some(due) if rule.is_some_and(|rule| self.holds(rule)) => due,
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
            return Reason::Withdrawn;
        }
        // Whether the cells of the row are others than when it was paid; nothing where that is not known.
        let is_changed = sum.row.zip(sum.row_was).map(|(row, was)| row.digest != was);
        match sum.row.and_then(|row| row.returned) {
            Some(day) if day > *through => Reason::Returned,
            _ if *is_repriced => Reason::Repriced,
            // One of a day before that was not known then.
            Some(_) if is_changed != Some(false) => Reason::Returned,
            Some(_) | None if is_event && is_changed == Some(true) => Reason::Corrected,
            Some(_) | None if is_event && rule.is_some_and(|rule| self.reads_its_row_alone(rule)) => Reason::Corrected,
            Some(_) | None => Reason::Moved,
        }
    }

    fn versions(&self, rule: RuleId) -> impl Iterator<Item = &'a Version> {
        let plan = self.plan;
        plan.versions_of(rule).map(|id| plan.version(id))
    }

    fn holds(&self, rule: RuleId) -> bool {
        self.versions(rule).any(|version| version.hold.is_some())
    }

    /// Whether what a rule pays a row hangs on that row alone, and on what it refers to.
    fn reads_its_row_alone(&self, rule: RuleId) -> bool {
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
