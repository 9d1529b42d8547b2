//! Why a sum is another than what was paid.

use crate::earlier::run_lines::Before;
use crate::earlier::sums::Sum;
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Expr, Function, Node, Op, Plan, RecordId, RuleId, Stream, Version};
use rustc_hash::FxHashMap;
use std::io;

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
    /// By sum, what is known of its row now; nothing of what is new or no row of an event.
    rows: Vec<Row>,
}

/// What is known now of the row of an event.
#[derive(Clone, Copy, Default)]
struct Row {
    is_there: bool,
    /// The last day on which something of it was returned.
    returned: Option<i32>,
}

impl<'a> Reasons<'a> {
    /// Looks for the rows behind sums.
    pub fn of(plan: &'a Plan, loaded: &Loaded, before: &'a Before, sums: &[Sum]) -> io::Result<Self> {
        let mut wanted: FxHashMap<RecordId, FxHashMap<&str, Row>> = FxHashMap::default();
        let is_wanted = |sum: &&Sum| sum.was.is_some() || sum.is_known;
        for sum in sums.iter().filter(is_wanted) {
            if let Some(record) = plan.record_named(&sum.subject.event) {
                wanted.entry(record).or_default().insert(&sum.subject.key, Row::default());
            }
        }
        for (record, keys) in &mut wanted {
            let taken = loaded.taken.iter().find(|taken| taken.record == *record);
            let mut last: FxHashMap<u32, i32> = FxHashMap::default();
            for taking in taken.into_iter().flat_map(|taken| &taken.rows) {
                let day = last.entry(taking.row).or_insert(taking.day);
                *day = taking.day.max(*day);
            }
            for page in 0..loaded.n_pages(*record) {
                let own = loaded.keys_of(*record, page)?;
                for row in 0..own.len() {
                    if let Some(known) = keys.get_mut(&*own.text(row)) {
                        known.is_there = true;
                        // Rows that are taken back are all in one page.
                        let returned = u32::try_from(row).ok().and_then(|row| last.get(&row).copied());
                        known.returned = returned.or(known.returned);
                    }
                }
            }
        }
        let row = |sum: &Sum| {
            let keys = wanted.get(&plan.record_named(&sum.subject.event)?)?;
            keys.get(&*sum.subject.key).copied()
        };
        Ok(Self { plan, before, rows: sums.iter().map(|sum| row(sum).unwrap_or_default()).collect() })
    }

    /// Why one of the sums is another than it was.
    pub fn of_sum(&self, idx: usize, sum: &Sum) -> Reason {
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
        let Row { is_there, returned } = self.rows[idx];
        if is_event && !is_there {
            return Reason::Withdrawn;
        }
        match returned {
            Some(day) if day > *through => Reason::Returned,
            _ if *is_repriced => Reason::Repriced,
            // One of a day before that was not known then.
            Some(_) => Reason::Returned,
            None if is_event && rule.is_some_and(|rule| self.reads_its_row_alone(rule)) => Reason::Corrected,
            None => Reason::Moved,
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
