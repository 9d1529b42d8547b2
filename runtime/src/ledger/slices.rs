//! The parts of every line: per band the quantity, rate and exact amount, then what rounding and each limit changed.

use crate::engine::Observer;
use crate::table::{Cells, Texts};
use meed_compiler::data::status;
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{Plan, RuleId};
use meed_compiler::value::{Exact, exact_text, power_of_ten};

/// Gathers the parts of all lines while a run goes on; the parts of a line add up to its amount.
pub struct Slices {
    decimals: u32,
    /// By rule and line.
    lines: Vec<Vec<Vec<Part>>>,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `band 2`, `amount`, `rounding`, `limit 1`.
    pub name: String,
    /// Of how much, where the part says.
    pub quantity: Option<Exact>,
    /// At which rate or price, where there is one.
    pub rate: Option<Exact>,
    /// The exact amount, in whole units.
    pub amount: Exact,
}

impl Slices {
    /// For the rules of a Plan.
    pub fn new(plan: &Plan) -> Self {
        Self { decimals: plan.unit.decimals, lines: vec![Vec::new(); plan.rules.len()] }
    }

    /// The parts of the lines, as columns, and for each part the number of its line.
    pub(super) fn batch(&self, lines: impl Iterator<Item = (RuleId, usize)>) -> ([Cells; 4], Vec<u32>) {
        let mut columns: [Texts; 4] = Default::default();
        let mut repeats = Vec::new();
        for (number, (rule, idx)) in (0..).zip(lines) {
            for part in &self.lines[rule.index()][idx] {
                // What has no quantity or rate of its own is written without one.
                let text = |value: &Option<Exact>| value.as_ref().map(exact_text).unwrap_or_default();
                columns[0].push(&part.name);
                columns[1].push_number(&text(&part.quantity));
                columns[2].push_number(&text(&part.rate));
                columns[3].push_number(&exact_text(&part.amount));
                repeats.push(number);
            }
        }
        (columns.map(Cells::Texts), repeats)
    }
}

impl Observer for Slices {
    fn wants(&self, _: RuleId) -> bool {
        true
    }

    fn row(&mut self, rule: RuleId, _: u32, trace: Trace) {
        if trace.status & status::PAID != 0 {
            self.lines[rule.index()].push(parts(&trace, self.decimals));
        }
    }
}

/// The parts of a line; `decimals` are those of its unit.
pub fn parts(trace: &Trace, decimals: u32) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut turned = false;
    let mut n_limits = 0;
    let per_unit = power_of_ten(decimals);
    let change = |name: String, amount: Exact| Part { name, quantity: None, rate: None, amount };
    for step in &trace.steps {
        match step {
            TraceStep::Pay { rounded: Some(rounded), slices, take_back, .. } => {
                turned = *take_back;
                parts.extend(slices.iter().map(|slice| Part {
                    name: slice.band.map_or("amount".to_owned(), |band| format!("band {band}")),
                    quantity: slice.quantity.clone(),
                    rate: slice.rate.clone(),
                    amount: slice.amount.clone(),
                }));
                let sum = slices.iter().fold(Exact::ZERO, |sum, slice| sum + &slice.amount);
                parts.push(change("rounding".to_owned(), rounded - sum));
            }
            TraceStep::Limit { before, after, .. } => {
                n_limits += 1;
                parts.push(change(format!("limit {n_limits}"), Exact::from(after - before) / &per_unit));
            }
            TraceStep::Pay { rounded: None, .. }
            | TraceStep::Active { .. }
            | TraceStep::Condition { .. }
            | TraceStep::Total { .. }
            | TraceStep::Local { .. }
            | TraceStep::First { .. } => {}
        }
    }
    parts.retain(|part| part.quantity.is_some() || part.amount != Exact::ZERO);
    if turned {
        parts.iter_mut().for_each(|part| part.amount = -part.amount.clone());
    }
    parts
}
