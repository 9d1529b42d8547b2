//! Payment lines as columns, what they come from, and lines as the stream of another rule.

use super::paths::days_of;
use super::{Loaded, RunResult};
use meed_compiler::data::{Output, Payments, Rows};
use meed_compiler::plan::{Period, Plan, RecordId, RuleId, Stream};

/// The lines of one rule (one version of it), in the order of its stream.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// The row of the rule's stream.
    pub rows: Vec<u32>,
    /// The payee's row.
    pub payees: Vec<u32>,
    /// Smallest units, not zero.
    pub amounts: Vec<i64>,
    /// For a rule over payments, the row of the event, or of the grid, that the payment comes from in the end.
    roots: Option<Vec<u32>>,
}

/// What the lines of a rule come from in the end.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// Rows of an event, with their days.
    Event {
        /// The event.
        record: RecordId,
        /// By row.
        days: &'a [i32],
    },
    /// Rows of a grid: an entity and a period.
    Grid {
        /// The entity.
        record: RecordId,
        /// The kind of period.
        period: Period,
        /// The rows.
        grid: &'a meed_compiler::data::Grid,
    },
}

impl Lines {
    pub(super) fn new(output: Output, rows: &Rows) -> Self {
        let roots = match rows {
            Rows::Payments(payments) => Some(output.rows.iter().map(|&row| payments.root[row as usize]).collect()),
            Rows::Events { .. } | Rows::Grid(_) => None,
        };
        Self { rows: output.rows, payees: output.payees, amounts: output.amounts, roots }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of the event, or of the grid, that the lines come from in the end.
    pub fn roots(&self) -> &[u32] {
        self.roots.as_deref().unwrap_or(&self.rows)
    }
}

impl<'a> Origin<'a> {
    /// What the lines of a rule come from.
    pub fn of(plan: &Plan, id: RuleId, loaded: &'a Loaded, result: &'a RunResult) -> Option<Self> {
        match &plan.rule(id).stream {
            Stream::Events(record) => Some(Self::Event { record: *record, days: days_of(plan, loaded, *record) }),
            Stream::Grid(record, period) => {
                result.grid(id).map(|grid| Self::Grid { record: *record, period: *period, grid })
            }
            Stream::Payments(name) => plan.versions(name).next().and_then(|id| Self::of(plan, id, loaded, result)),
        }
    }

    /// The day of a row.
    pub fn day(&self, root: u32) -> i32 {
        match self {
            Self::Event { days, .. } => days[root as usize],
            Self::Grid { grid, .. } => grid.last_day[root as usize],
        }
    }

    /// The row of the event or the entity.
    pub fn source(&self, root: u32) -> u32 {
        match self {
            Self::Event { .. } => root,
            Self::Grid { grid, .. } => grid.entity[root as usize],
        }
    }
}

/// The lines of all versions of a rule as a stream, in the order of `when`, then of what is behind them.
pub(super) fn payments(plan: &Plan, name: &str, loaded: &Loaded, result: &RunResult) -> Payments {
    let mut found: Vec<(u32, u32, i64)> = Vec::new();
    for id in plan.versions(name) {
        let lines = &result.lines[id.index()];
        let columns = lines.roots().iter().zip(&lines.payees).zip(&lines.amounts);
        found.extend(columns.map(|((&root, &payee), &amount)| (root, payee, amount)));
    }
    // Rows of an event and of a grid stand by day and then by key; versions follow one another by day.
    if !found.is_sorted_by_key(|line| line.0) {
        found.sort_by_key(|line| line.0);
    }
    let origin = plan.versions(name).next().and_then(|id| Origin::of(plan, id, loaded, result));
    let mut payments = Payments::default();
    let Some(origin) = origin else { return payments };
    for (root, payee, amount) in found {
        payments.root.push(root);
        payments.payee.push(payee);
        payments.amount.push(amount);
        payments.when.push(origin.day(root));
        payments.source.push(origin.source(root));
    }
    payments
}
