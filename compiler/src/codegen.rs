//! Machine code by Cranelift: one function per rule and group, one module per program.
//!
//! Comes in: a [`Plan`]. Goes out: [`Kernels`]. A kernel means what the interpreter means, in 64-bit lanes; a row it
//! cannot do it leaves untouched to the interpreter ([`crate::kernel`]). Cranelift is named in this room only.

mod dates;
mod emit;
mod expression;
mod frame;
mod group;
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
mod word;

use crate::data::Data;
use crate::kernel::{DayTables, Input, Kernel};
use crate::plan::{GroupId, Plan, RecordId, RuleId, Stream};
use frame::Reads;
use machine::{Effort, Machine, Object};
use rustc_hash::FxHashMap;
use scales::Scales;
use std::sync::Arc;

/// The machine code of a program.
pub struct Kernels {
    rules: Vec<Option<Kernel>>,
    groups: Vec<Option<Kernel>>,
}

/// How machine code is made and called; what it pays does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeOptions {
    /// How much work is put into a function.
    pub optimize: Optimize,
    /// What rows need of arrays of more bytes than this is read ahead, as the near caches are not likely to hold it.
    pub near_bytes: usize,
}

/// How much work is put into the function of a rule or group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Optimize {
    /// More where rows are many.
    #[default]
    ByRows,
    /// More for every second one, so that tests see both over few rows.
    InTurns,
}

impl Default for CodeOptions {
    fn default() -> Self {
        Self { optimize: Optimize::ByRows, near_bytes: 1 << 18 }
    }
}

impl CodeOptions {
    /// Everything that is otherwise done over many rows alone, for tests.
    pub const OVER_FEW_ROWS: Self = Self { optimize: Optimize::InTurns, near_bytes: 0 };
}

/// From so many rows on better code is worth its making.
const MANY_ROWS: usize = 32_768;

impl Kernels {
    /// Compiles every rule and group. One that would leave every row to the interpreter has no kernel, and on a machine
    /// that Cranelift does not know there are none at all.
    ///
    /// The data only tell how fine their numbers are and how many; the code is right for any.
    pub fn compile(plan: &Plan, data: &Data, options: CodeOptions) -> Self {
        Self::make(plan, data, options)
            .unwrap_or_else(|| Self { rules: vec![None; plan.rules.len()], groups: vec![None; plan.groups.len()] })
    }

    fn make(plan: &Plan, data: &Data, options: CodeOptions) -> Option<Self> {
        let machine = Machine::here()?;
        let mut scales = Scales::guess(plan, data);
        let n_rows = StreamRows::of(plan, data);
        let made = machine.make(plan.groups.len(), |writer, idx| {
            let effort = effort(&n_rows, &plan.groups[idx].stream, idx, options);
            let mut unit = None;
            let object =
                writer.function(effort, |blank| group::write_group(plan, &scales, &plan.groups[idx], &mut unit, blank));
            (object, unit)
        });
        let mut groups = Vec::with_capacity(made.len());
        for (id, (object, unit)) in (0..).map(GroupId).zip(made) {
            if let (Some(unit), Some(den)) = (unit, plan.groups[id.index()].function.den()) {
                scales.note_group(id, unit, den);
            }
            groups.push(object);
        }
        let rules = machine.make(plan.rules.len(), |writer, idx| {
            let rule = &plan.rules[idx];
            let effort = effort(&n_rows, &rule.stream, idx, options);
            writer.function(effort, |blank| rule::write_rule(plan, &scales, rule, blank))
        });
        let (entries, module) = machine.link(rules.iter().chain(&groups).flatten())?;
        let tables = Arc::new(day_tables(plan, rules.iter().chain(&groups).flatten()));
        let mut entries = entries.into_iter();
        let mut kernel = |object: Object| {
            let entry = entries.next()?;
            let (Reads { inputs, gathers }, module) = (object.reads, module.clone());
            Some(Kernel { inputs, gathers, entry, tables: tables.clone(), near_bytes: options.near_bytes, module })
        };
        let mut kernels =
            |objects: Vec<Option<Object>>| objects.into_iter().map(|object| object.and_then(&mut kernel)).collect();
        Some(Self { rules: kernels(rules), groups: kernels(groups) })
    }

    /// The kernel of a rule, if it has one.
    pub fn rule(&self, id: RuleId) -> Option<&Kernel> {
        self.rules[id.index()].as_ref()
    }

    /// The kernel of a group, if it has one.
    pub fn group(&self, id: GroupId) -> Option<&Kernel> {
        self.groups[id.index()].as_ref()
    }
}

/// What the rows of a stream are worth.
fn effort(n_rows: &StreamRows<'_>, stream: &Stream, idx: usize, options: CodeOptions) -> Effort {
    let thorough = match options.optimize {
        Optimize::ByRows => n_rows.stream(stream) >= MANY_ROWS,
        Optimize::InTurns => idx.is_multiple_of(2),
    };
    if thorough { Effort::Thorough } else { Effort::Quick }
}

/// About how many rows streams have.
struct StreamRows<'a> {
    data: &'a Data,
    /// How many rows the versions of a rule read together, and so at most pay.
    paid: FxHashMap<&'a str, usize>,
}

impl<'a> StreamRows<'a> {
    fn of(plan: &'a Plan, data: &'a Data) -> Self {
        let mut rows = Self { data, paid: FxHashMap::default() };
        // In the order of work a rule comes after those whose payments it reads.
        for id in &plan.order {
            let rule = plan.rule(*id);
            let n_rows = rows.stream(&rule.stream);
            let paid = rows.paid.entry(&rule.name).or_default();
            *paid = paid.saturating_add(n_rows);
        }
        rows
    }

    fn stream(&self, stream: &Stream) -> usize {
        let table = |record: RecordId| self.data.tables.get(record.index()).map_or(0, |table| table.n_rows);
        match stream {
            Stream::Events(record) => table(*record),
            Stream::Grid(record, _) => table(*record) * 4,
            Stream::Payments(name) => self.paid.get(name.as_str()).copied().unwrap_or(0),
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
