//! Why a sum is another than what was paid.

use crate::earlier::ledger::{Ledger, Subject, Sum};
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Expr, Function, Node, Op, Plan, RecordId, RuleId, Stream, Version};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io;

/// Why a sum is another than what was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
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

/// What something is paid for, as codes: the event and the key of its row, by whatever rule; of an entity in a period the rule, the payee and
/// the period.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum PaidFor {
    Row(u32, u32),
    Period(u32, u32, u32),
}

/// What tells why sums are others.
pub(super) struct Reasons<'a> {
    plan: &'a Plan,
    /// The last day of the earlier runs.
    through: i32,
    is_repriced: bool,
    /// For what earlier runs paid anybody, of what is new.
    paid: FxHashSet<PaidFor>,
    /// The rules by which they paid.
    rules: FxHashSet<u32>,
    /// Rows of events that there are, of those that changed: the codes of the event and of the key.
    there: FxHashSet<(u32, u32)>,
    /// Those of which something was returned, and the last day on which it was.
    returned: FxHashMap<(u32, u32), i32>,
}

impl<'a> Reasons<'a> {
    /// Looks for the rows behind sums.
    pub fn of(
        plan: &'a Plan,
        loaded: &Loaded,
        ledger: &Ledger,
        changed: &[Sum],
        through: i32,
        is_repriced: bool,
    ) -> io::Result<Self> {
        let was = changed.iter().filter(|sum| sum.was.is_some()).map(|sum| sum.subject);
        let of = |subject: Subject| paid_for(ledger, subject);
        let new: FxHashSet<PaidFor> =
            changed.iter().filter(|sum| sum.was.is_none()).map(|sum| of(sum.subject)).collect();
        let paid = ledger.paid_before().map(of).filter(|row| new.contains(row)).collect();
        let rules = ledger.paid_before().map(|subject| subject.rule).collect();
        let mut wanted: FxHashMap<RecordId, FxHashMap<String, u32>> = FxHashMap::default();
        let mut codes: FxHashMap<RecordId, u32> = FxHashMap::default();
        for subject in was {
            if let Some(record) = plan.record_named(&ledger.text(subject.event)) {
                codes.insert(record, subject.event);
                wanted.entry(record).or_default().insert(ledger.text(subject.key).into_owned(), subject.key);
            }
        }
        let (mut there, mut returned) = (FxHashSet::default(), FxHashMap::default());
        for (record, keys) in wanted {
            let event = codes[&record];
            let taken = loaded.taken.iter().find(|taken| taken.record == record);
            let mut last: FxHashMap<u32, i32> = FxHashMap::default();
            for taking in taken.into_iter().flat_map(|taken| &taken.rows) {
                let day = last.entry(taking.row).or_insert(taking.day);
                *day = taking.day.max(*day);
            }
            for page in 0..loaded.n_pages(record) {
                let own = loaded.keys_of(record, page)?;
                for row in 0..own.len() {
                    if let Some(key) = keys.get(&*own.text(row)) {
                        there.insert((event, *key));
                        // Rows that are taken back are all in one page.
                        if let Some(day) = u32::try_from(row).ok().and_then(|row| last.get(&row)) {
                            returned.insert((event, *key), *day);
                        }
                    }
                }
            }
        }
        Ok(Self { plan, through, is_repriced, paid, rules, there, returned })
    }

    /// Why a sum is another than it was.
    pub fn of_sum(&self, ledger: &Ledger, sum: &Sum) -> Reason {
        let rule = self.plan.rule_named(&ledger.text(sum.subject.rule));
        let is_event = !ledger.text(sum.subject.event).is_empty();
        let Subject { event, key, .. } = sum.subject;
        if sum.was.is_none() {
            let day = match sum.subject.due {
                // What was held was known, and was not due.
                Some(due) if rule.is_some_and(|rule| self.holds(rule)) => due,
                _ => sum.when,
            };
            // Of a row that was paid for, another party, due day or rule is no new row.
            let is_known = self.paid.contains(&paid_for(ledger, sum.subject));
            match () {
                () if day > self.through => return Reason::New,
                () if is_known => {}
                () if self.is_repriced && !self.rules.contains(&sum.subject.rule) => return Reason::Repriced,
                () => return Reason::Late,
            }
        }
        let row = (event, key);
        if is_event && !self.there.contains(&row) {
            return Reason::Withdrawn;
        }
        match self.returned.get(&row) {
            Some(day) if *day > self.through => Reason::Returned,
            _ if self.is_repriced => Reason::Repriced,
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

fn paid_for(ledger: &Ledger, subject: Subject) -> PaidFor {
    match ledger.text(subject.event).is_empty() {
        true => PaidFor::Period(subject.rule, subject.payee, subject.period),
        false => PaidFor::Row(subject.event, subject.key),
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
