//! Rules per entity and period whose rows are too many to be held.
//!
//! Their number is known before any rule runs: entities times periods. What a run holds for each of them is counted here,
//! against what it may hold, so that a program per month of a thousand years is a message and not the end of the process.

use crate::load::error::LoadError;
use crate::load::periods::{aggregated_periods, grid_periods};
use crate::store::loaded::Loaded;
use meed_compiler::plan::{FoldFunction, Limit, Node, Period, Plan, Stream, Version};
use std::ops::RangeInclusive;

/// More rows, or cells of an aggregate, are not numbered.
const MOST_ROWS: u64 = i32::MAX as u64;
/// Bytes of a row: its entity, its period, the last day of that.
const ROW: u64 = 12;
/// Bytes of a line, of which a row has at most one for each `pay`: its row, payee and amount, and as much again while the
/// arrays grow.
const LINE: u64 = 32;
/// Bytes of a decision: a fraction, and whether it was taken.
const DECISION: u64 = 17;
/// Bytes of what a row looks at of an aggregate: a number, and whether there is one.
const LOOK: u64 = 9;
/// Bytes of what is gathered for an entity in a period, and of an exact fraction in place of a number.
const CELL: (u64, u64) = (9, 48);

/// Demands that the rows of all rules per entity and period take no more than so many bytes.
pub(super) fn fit(plan: &Plan, loaded: &Loaded, through: i32, bytes: usize) -> Result<(), LoadError> {
    let sizes: Vec<Size> = plan.versions.iter().filter_map(|rule| Size::of(plan, loaded, rule, through)).collect();
    let all: u64 = sizes.iter().fold(0, |sum, size| sum.saturating_add(size.bytes));
    let Some(most) = sizes.into_iter().max_by_key(|size| size.bytes) else { return Ok(()) };
    if all <= bytes as u64 && most.n_cells <= MOST_ROWS {
        return Ok(());
    }
    Err(LoadError::TooManyPeriodRows {
        rule: most.rule,
        entity: most.entity,
        period: most.period,
        n_entities: most.n_entities,
        n_periods: most.n_periods,
        needed: all.div_ceil(1 << 20),
        memory: bytes >> 20,
    })
}

/// What the rows of a rule take.
struct Size {
    rule: String,
    entity: String,
    period: &'static str,
    n_entities: u64,
    n_periods: u64,
    /// Its rows, or the cells of an aggregate where these are more.
    n_cells: u64,
    bytes: u64,
}

impl Size {
    /// None for a rule that is not per entity and period.
    fn of(plan: &Plan, loaded: &Loaded, rule: &Version, through: i32) -> Option<Self> {
        let Stream::Periods(entity, period) = rule.stream else { return None };
        let n_entities = loaded.data.tables[entity.index()].n_rows as u64;
        // Years of each entity's own are as many as years are begun, and one more.
        let n_periods = match period {
            Period::OwnYear => len(&grid_periods(plan, loaded, entity, Period::Year, through)) + 1,
            period => len(&grid_periods(plan, loaded, entity, period, through)),
        };
        let n_rows = n_entities * n_periods;
        let mut n_cells = n_rows;
        let mut per_row = ROW;
        for step in &rule.nodes {
            per_row += match step {
                Node::Emit(_) => LINE,
                Node::Pay(_) => 0,
                Node::Set(..) => DECISION,
                Node::Limit(Limit::AtLeast { .. }) => 1,
                Node::Limit(Limit::AtMost { .. } | Limit::Payments { .. } | Limit::PerPayment(_))
                | Node::Share(_)
                | Node::Choose(_)
                | Node::TakeFrom(_)
                | Node::Rank(_)
                | Node::Add(_)
                | Node::Active
                | Node::Until
                | Node::Keep(_)
                | Node::Let(..)
                | Node::First { .. }
                | Node::Total { .. }
                | Node::TotalOfAll { .. } => 0,
            };
        }
        let mut bytes = 0u64;
        for fold in rule.folds.iter().map(|fold| &plan.folds[fold.index()]) {
            let (_, periods) = aggregated_periods(plan, loaded, plan.rows_of(fold), through);
            let cells = n_entities * len(&periods);
            let is_exact = match &fold.function {
                FoldFunction::Count | FoldFunction::Distinct(_) => false,
                FoldFunction::Sum(_, den) | FoldFunction::Smallest(_, den) | FoldFunction::Largest(_, den) => {
                    den.is_none()
                }
            };
            n_cells = n_cells.max(cells);
            bytes = bytes.saturating_add(cells.saturating_mul(if is_exact { CELL.1 } else { CELL.0 }));
            per_row += if is_exact { CELL.1 } else { LOOK };
        }
        Some(Self {
            rule: rule.name.clone(),
            entity: plan.record(entity).name.clone(),
            period: period.word(),
            n_entities,
            n_periods,
            n_cells,
            bytes: bytes.saturating_add(n_rows.saturating_mul(per_row)),
        })
    }
}

fn len(periods: &RangeInclusive<i32>) -> u64 {
    if periods.is_empty() { 0 } else { u64::from(periods.end().abs_diff(*periods.start())) + 1 }
}
