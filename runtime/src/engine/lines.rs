//! Payment lines as columns, what they come from, and lines as the stream of another rule.

use super::paths::days_of;
use super::{Loaded, RunResult};
use crate::scratch::{Array, ScratchError, ScratchFile};
use meed_compiler::data::{Output, Payments, Rows};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Period, Plan, RecordId, RuleId, Stream};
use std::borrow::Cow;

/// The lines of one rule (one version of it), in the order of its stream.
#[derive(Debug, Default)]
pub struct Lines {
    /// By window of what the rule reads; one, where the tables are held.
    parts: Vec<Part>,
    n_lines: usize,
    sum: i128,
    largest: u64,
}

/// The lines of one window.
#[derive(Debug)]
enum Part {
    Held(LineRows),
    Stored { roots: Array<u32>, payees: Array<u32>, amounts: Array<i64> },
}

/// Lines as columns.
#[derive(Clone, Debug, Default)]
pub struct LineRows {
    /// The row of the rule's stream.
    pub rows: Vec<u32>,
    /// The payee's row.
    pub payees: Vec<u32>,
    /// Smallest units, not zero.
    pub amounts: Vec<i64>,
    /// For a rule over payments, the row of the event, or of the grid, that the payment comes from in the end.
    roots: Option<Vec<u32>>,
}

/// A line of one of several versions of a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Its place among the versions.
    pub version: u32,
    /// The row of the event, or of the grid, that it comes from in the end.
    pub root: u32,
    pub payee: u32,
    pub amount: i64,
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
    /// Adds the lines of the next window, which go to the file if there is one, and empties `output`.
    pub(super) fn push(
        &mut self,
        output: &mut Output,
        rows: &Rows,
        file: Option<&mut ScratchFile>,
    ) -> Result<(), ScratchError> {
        self.n_lines += output.amounts.len();
        self.sum += output.amounts.iter().map(|&amount| i128::from(amount)).sum::<i128>();
        let largest = output.amounts.iter().map(|amount| amount.unsigned_abs()).max();
        self.largest = self.largest.max(largest.unwrap_or(0));
        let roots = match rows {
            Rows::Payments(payments) => Some(output.rows.iter().map(|&row| payments.root[row as usize]).collect()),
            Rows::Events { .. } | Rows::Grid(_) => None,
        };
        self.parts.push(match file {
            Some(file) => Part::Stored {
                roots: file.keep(roots.as_deref().unwrap_or(&output.rows))?,
                payees: file.keep(&output.payees)?,
                amounts: file.keep(&output.amounts)?,
            },
            None => Part::Held(LineRows {
                rows: std::mem::take(&mut output.rows),
                payees: std::mem::take(&mut output.payees),
                amounts: std::mem::take(&mut output.amounts),
                roots,
            }),
        });
        output.rows.clear();
        output.payees.clear();
        output.amounts.clear();
        Ok(())
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.n_lines
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_lines == 0
    }

    /// What they add up to, in smallest units.
    pub fn sum(&self) -> i128 {
        self.sum
    }

    /// The largest amount, whatever its sign.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// All lines; `None` where the rows that the rule reads are not held in memory, and so their lines are not either.
    pub fn held(&self) -> Option<&LineRows> {
        match self.parts.as_slice() {
            [Part::Held(lines)] => Some(lines),
            _ => None,
        }
    }

    /// All lines of a rule whose rows are known to be held.
    #[track_caller]
    pub(crate) fn all_held(&self) -> &LineRows {
        self.held().unwrap_or_else(|| broken("lines that are not held, where all were to be"))
    }

    /// How many windows what the rule reads has.
    pub(crate) fn n_windows(&self) -> usize {
        self.parts.len()
    }

    /// The lines of a window, with rows counted from its first.
    pub(crate) fn part(&self, window: usize, file: Option<&ScratchFile>) -> Result<Cow<'_, LineRows>, ScratchError> {
        match (self.parts.get(window), file) {
            (Some(Part::Held(lines)), _) => Ok(Cow::Borrowed(lines)),
            (Some(Part::Stored { roots, payees, amounts }), Some(file)) => Ok(Cow::Owned(LineRows {
                rows: file.load_all(roots)?,
                payees: file.load_all(payees)?,
                amounts: file.load_all(amounts)?,
                roots: None,
            })),
            (Some(Part::Stored { .. }), None) => broken("lines on the disk without their file"),
            (None, _) => broken("lines of a rule that was not run"),
        }
    }
}

impl From<LineRows> for Cow<'_, LineRows> {
    fn from(lines: LineRows) -> Self {
        Cow::Owned(lines)
    }
}

impl LineRows {
    /// Lines of these rows.
    pub(crate) fn new(rows: Vec<u32>, payees: Vec<u32>, amounts: Vec<i64>) -> Self {
        Self { rows, payees, amounts, roots: None }
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

/// The lines of all versions of a rule in a window as a stream, in the order of `when`, then of what is behind them.
pub(super) fn payments(
    plan: &Plan,
    name: &str,
    loaded: &Loaded,
    result: &RunResult,
    window: usize,
) -> Result<Payments, ScratchError> {
    let found = result.merged(plan.versions(name), window)?;
    let origin = plan.versions(name).next().and_then(|id| Origin::of(plan, id, loaded, result));
    let mut payments = Payments::default();
    let Some(origin) = origin else { broken(format!("payments of `{name}` that come from nothing")) };
    for Line { root, payee, amount, .. } in found {
        payments.root.push(root);
        payments.payee.push(payee);
        payments.amount.push(amount);
        payments.when.push(origin.day(root));
        payments.source.push(origin.source(root));
    }
    Ok(payments)
}
