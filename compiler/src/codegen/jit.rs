//! The making of kernels: functions in turn, one module, and the tables that they read.

mod checked_int;
mod dates;
mod emit;
mod expression;
mod filter;
mod fold;
mod frame;
mod function;
mod lookup;
mod machine;
mod number;
mod pay;
mod rounding;
mod row;
mod rule;
mod scales;
mod schedule;
#[cfg(test)]
mod tests;

use super::{CodeOptions, Kernels, Optimize};
use crate::data::Data;
use crate::kernel::{DayTables, Input, Kernel};
use crate::plan::{Expr, FoldId, Node, Op, Plan, RecordId, RuleId, SearchId, Stream};
use frame::Reads;
use machine::{Machine, Object, OptLevel};
use rustc_hash::FxHashMap;
use scales::Scales;
use std::sync::Arc;

/// From this many rows on, optimizing pays: registers given out in one pass halve the time to make a function and make it a
/// fifth slower (`docs/performance.md`).
const MANY_ROWS: usize = 32_768;

/// The kernels of a program; none on a machine that Cranelift does not know.
pub(super) fn kernels(plan: &Plan, data: &Data, options: CodeOptions) -> Option<Kernels> {
    let machine = Machine::here()?;
    let mut scales = Scales::guess(plan, data);
    let n_rows = StreamRows::of(plan, data);
    let made = machine.make(plan.folds.len(), |writer, idx| {
        if plan.exprs_of(FoldId(idx as u32)).into_iter().any(reads_credits) {
            return (None, None);
        }
        let opt_level = opt_level(&n_rows, &plan.matched(FoldId(idx as u32)).stream, idx, options);
        let mut unit = None;
        let object = writer.function(opt_level, |function_slot| {
            fold::write_fold(plan, &scales, &plan.folds[idx], &mut unit, function_slot)
        });
        (object, unit)
    });
    let mut folds = Vec::with_capacity(made.len());
    for (id, (object, unit)) in (0..).map(FoldId).zip(made) {
        if let (Some(unit), Some(den)) = (unit, plan.folds[id.index()].function.den()) {
            scales.note_fold(id, unit, den);
        }
        folds.push(object);
    }
    let rules = machine.make(plan.versions.len(), |writer, idx| {
        let rule = &plan.versions[idx];
        // What is done with its lines asks for what its rows have found out, which the interpreter keeps.
        if !plan.is_apart(rule)
            || rule.acts_on_balances()
            || rule.ranking().is_some()
            || rule.nodes.iter().flat_map(Node::exprs).any(reads_credits)
        {
            return None;
        }
        let opt_level = opt_level(&n_rows, &rule.stream, idx, options);
        writer.function(opt_level, |function_slot| rule::write_rule(plan, &scales, rule, function_slot))
    });
    let filters = machine.make(plan.searches.len(), |writer, idx| {
        let search = plan.search(SearchId(idx as u32));
        let condition = search.filter().filter(|condition| !reads_credits(condition))?;
        let opt_level = opt_level(&n_rows, &search.stream, idx, options);
        writer.function(opt_level, |function_slot| {
            filter::write_filter(plan, &scales, &search.stream, &condition, function_slot)
        })
    });
    let objects = || rules.iter().chain(&folds).chain(&filters).flatten();
    let (entries, module) = machine.link(objects())?;
    let tables = Arc::new(day_tables(plan, objects()));
    let mut entries = entries.into_iter();
    let mut kernel = |object: Object| {
        let entry = entries.next()?;
        let (Reads { inputs, prefetches }, module) = (object.reads, module.clone());
        Some(Kernel { inputs, prefetches, entry, tables: tables.clone(), near_bytes: options.near_bytes, module })
    };
    let mut all =
        |objects: Vec<Option<Object>>| objects.into_iter().map(|object| object.and_then(&mut kernel)).collect();
    Some(Kernels { rules: all(rules), folds: all(folds), filters: all(filters) })
}

/// Whether an expression asks for the share or the base of a credit, which are fractions of any size.
fn reads_credits(expr: &Expr) -> bool {
    let mut reads = false;
    expr.walk(&mut |expr| reads |= matches!(expr.op, Op::Credit(_)));
    reads
}

/// What the rows of a stream are worth.
fn opt_level(n_rows: &StreamRows, stream: &Stream, idx: usize, options: CodeOptions) -> OptLevel {
    let thorough = match options.optimize {
        Optimize::ByRows => n_rows.stream(stream) >= MANY_ROWS,
        Optimize::InTurns => idx.is_multiple_of(2),
    };
    if thorough { OptLevel::Thorough } else { OptLevel::Quick }
}

/// About how many rows streams have.
struct StreamRows {
    /// By record, the rows of its table.
    tables: Vec<usize>,
    /// How many rows the versions of a rule read together, and so at most pay.
    paid: FxHashMap<RuleId, usize>,
}

impl StreamRows {
    fn of(plan: &Plan, data: &Data) -> Self {
        let tables = data.tables.iter().map(|table| table.n_rows).collect();
        let mut rows = Self { tables, paid: FxHashMap::default() };
        // In the order of work a rule comes after those whose payments it reads.
        for id in &plan.order {
            let rule = plan.version(*id);
            let n_rows = rows.stream(&rule.stream);
            let paid = rows.paid.entry(rule.rule).or_default();
            *paid = paid.saturating_add(n_rows);
        }
        rows
    }

    fn stream(&self, stream: &Stream) -> usize {
        let table = |record: RecordId| self.tables.get(record.index()).copied().unwrap_or(0);
        match stream {
            Stream::Events(record) | Stream::ByDate(record, _) => table(*record),
            Stream::Periods(record, _) => table(*record) * 4,
            Stream::Lines(rule, _) => self.paid.get(rule).copied().unwrap_or(0),
        }
    }
}

/// The tables of days that any of these functions reads.
fn day_tables<'o>(plan: &Plan, objects: impl Iterator<Item = &'o Object>) -> DayTables {
    let mut tables = DayTables::default();
    for input in objects.flat_map(|object| object.reads.inputs.iter()) {
        match input {
            Input::Days(table) => {
                tables.days.entry(*table).or_insert_with(|| dates::day_table(plan, *table));
            }
            Input::MonthStarts if tables.month_starts.is_empty() => tables.month_starts = dates::month_starts(),
            _ => {}
        }
    }
    tables
}
