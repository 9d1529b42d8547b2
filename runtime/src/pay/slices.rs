//! The slices of every line: per band the quantity, rate and exact amount, then what rounding and each limit changed.

use crate::engine::options::Observer;
use meed_compiler::data::status;
use meed_compiler::internal::broken;
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{Plan, Version, VersionId};
use meed_compiler::value::division::equal_parts;
use meed_compiler::value::{Exact, power_of_ten};

/// Keeps the slices of all lines while a run goes on; the slices of a line add up to its amount.
pub struct Slices {
    /// By rule and line.
    lines: Vec<Vec<Vec<Slice>>>,
    /// By rule, in how many parts a line is paid.
    n_parts: Vec<Option<u32>>,
}

/// A slice of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// `band 2`, `amount`, `rounding`, `limit 1`.
    pub name: String,
    /// Of how much, where the slice says.
    pub quantity: Option<Exact>,
    /// At which rate or price, where there is one.
    pub rate: Option<Exact>,
    /// The exact amount, in whole units.
    pub amount: Exact,
}

impl Slices {
    /// For the rules of a Plan.
    pub fn new(plan: &Plan) -> Self {
        let n_parts = |version: &Version| version.pay().and_then(|pay| pay.installments).map(|parts| parts.number);
        Self { lines: vec![Vec::new(); plan.versions.len()], n_parts: plan.versions.iter().map(n_parts).collect() }
    }

    /// The slices of a line, by its number among those of its rule.
    pub(super) fn of(&self, rule: VersionId, idx: usize) -> &[Slice] {
        &self.lines[rule.index()][idx]
    }

    /// By slice of these lines, the number of its line.
    pub(super) fn repeats(&self, lines: impl Iterator<Item = (VersionId, usize)>) -> Vec<u32> {
        let of_line = |(number, (rule, idx))| self.of(rule, idx).iter().map(move |_| number);
        (0..).zip(lines).flat_map(of_line).collect()
    }
}

impl Observer for Slices {
    fn wants(&self, _: VersionId) -> bool {
        true
    }

    fn row(&mut self, rule: VersionId, _: u32, trace: Trace) {
        if trace.status & status::PAID != 0 {
            let lines = slices_of(&trace);
            self.lines[rule.index()].extend(match (self.n_parts[rule.index()], decimals_of(&trace)) {
                (Some(number), Some(decimals)) => {
                    lines.iter().flat_map(|line| in_parts(line, number, decimals)).collect()
                }
                _ => lines,
            });
        }
    }
}

/// The decimals of what a row pays; none where a return takes back what it was paid, of lines that are in parts.
fn decimals_of(trace: &Trace) -> Option<u32> {
    trace.steps.iter().find_map(|step| if let TraceStep::Pay { decimals, .. } = step { Some(*decimals) } else { None })
}

/// The slices of the equal parts of a line: its share of the whole, and what is rounded.
fn in_parts(line: &[Slice], number: u32, decimals: u32) -> Vec<Vec<Slice>> {
    let per_unit = power_of_ten(decimals);
    let whole = line.iter().fold(Exact::ZERO, |sum, slice| sum + &slice.amount);
    let units = i64::try_from((&whole * &per_unit).numerator()).unwrap_or_else(|_| broken("a line too large"));
    let share = &whole / Exact::from(number);
    let slices = |amount: i64| {
        let rounding = Exact::from(amount) / &per_unit - &share;
        let rate = Exact::ONE / Exact::from(number);
        let part =
            Slice { name: "part".to_owned(), quantity: Some(whole.clone()), rate: Some(rate), amount: share.clone() };
        let rounding = Slice { name: "rounding".to_owned(), quantity: None, rate: None, amount: rounding };
        std::iter::once(part).chain(Some(rounding).filter(|slice| slice.amount != Exact::ZERO)).collect()
    };
    equal_parts(units, number).filter(|amount| *amount != 0).map(slices).collect()
}

/// The slices of the lines that a row has made. A part of a divided line has one for its share of the whole, and then those of limits
/// on it: what the whole is made of is not told again for each part.
fn slices_of(trace: &Trace) -> Vec<Vec<Slice>> {
    let taken_back = |step: &TraceStep| match step {
        TraceStep::TakenBack { decimals, amount, .. } => {
            let amount = Exact::from(*amount) / power_of_ten(*decimals);
            (amount != Exact::ZERO)
                .then(|| vec![Slice { name: "taken back".to_owned(), quantity: None, rate: None, amount }])
        }
        _ => None,
    };
    let lines: Vec<Vec<Slice>> = trace.steps.iter().filter_map(taken_back).collect();
    if trace.steps.iter().any(|step| matches!(step, TraceStep::TakenBack { .. })) {
        return lines;
    }
    let Some((whole, parts)) = trace.steps.iter().find_map(|step| match step {
        TraceStep::Share { whole, parts } => Some((Some(*whole), parts)),
        TraceStep::Levels { parts, .. } => Some((None, parts)),
        _ => None,
    }) else {
        return vec![slices_of_line(trace)];
    };
    let per_unit = trace.steps.iter().find_map(|step| match step {
        TraceStep::Pay { decimals, .. } => Some(power_of_ten(*decimals)),
        _ => None,
    });
    let per_unit = per_unit.unwrap_or(Exact::ONE);
    let whole = whole.map(Exact::from);
    let mut lines = Vec::new();
    for part in parts.iter().filter(|part| part.payee.is_some()) {
        let change = |name: String, amount: Exact| Slice { name, quantity: None, rate: None, amount };
        let amount = &part.exact / &per_unit;
        let share = match &whole {
            Some(whole) => Slice {
                name: "share".to_owned(),
                quantity: Some(whole / &per_unit),
                rate: Some(&part.exact / whole),
                amount,
            },
            // A party of a chain is paid by itself.
            None => change("amount".to_owned(), amount),
        };
        let mut found =
            vec![share, change("rounding".to_owned(), (Exact::from(part.amount) - &part.exact) / &per_unit)];
        let mut left = i128::from(part.amount);
        let mut n_limits = 0;
        for step in &trace.steps {
            if let TraceStep::Limit { place: Some(place), before, after, .. }
            | TraceStep::SharedLimit { place, before, after, .. } = step
                && *place == part.place
            {
                n_limits += 1;
                left = *after;
                found.push(change(format!("limit {n_limits}"), Exact::from(after - before) / &per_unit));
            }
        }
        found.retain(|slice| slice.quantity.is_some() || slice.amount != Exact::ZERO);
        if left != 0 {
            lines.push(found);
        }
    }
    lines
}

/// The slices of a line.
fn slices_of_line(trace: &Trace) -> Vec<Slice> {
    let mut found = Vec::new();
    let mut turned = false;
    let mut n_limits = 0;
    // Of a contest, what a level row gets in place of what its own place is paid.
    let mut shared: Option<i64> = None;
    let mut per_unit = Exact::ONE;
    let change = |name: String, amount: Exact| Slice { name, quantity: None, rate: None, amount };
    for step in &trace.steps {
        match step {
            TraceStep::Pay { rounded: Some(rounded), decimals, slices, take_back, .. } => {
                per_unit = power_of_ten(*decimals);
                turned = *take_back;
                found.extend(slices.iter().map(|slice| Slice {
                    name: slice.band.map_or("amount".to_owned(), |band| format!("band {band}")),
                    quantity: slice.quantity.clone(),
                    rate: slice.rate.clone(),
                    amount: slice.amount.clone(),
                }));
                let sum = slices.iter().fold(Exact::ZERO, |sum, slice| sum + &slice.amount);
                found.push(change("rounding".to_owned(), rounded - sum));
                if let Some(share) = shared {
                    found.push(change("shared prize".to_owned(), Exact::from(share) / &per_unit - rounded));
                }
            }
            TraceStep::Ranked { placing, .. } => shared = placing.shared.as_ref().map(|(_, share)| *share),
            TraceStep::Limit { before, after, .. } => {
                n_limits += 1;
                found.push(change(format!("limit {n_limits}"), Exact::from(after - before) / &per_unit));
            }
            TraceStep::SharedLimit { before, after, .. } => {
                n_limits += 1;
                // It acts on what is paid, whose sign is turned with that of all other parts.
                let cut = if turned { before - after } else { after - before };
                found.push(change(format!("limit {n_limits}"), Exact::from(cut) / &per_unit));
            }
            TraceStep::Choose { place, all } => {
                // Told with its sign, which is turned with that of all other parts.
                let cut = all[*place].given - all[*place].would;
                found.push(change("choice".to_owned(), Exact::from(if turned { -cut } else { cut }) / &per_unit));
            }
            TraceStep::Pay { rounded: None, .. }
            | TraceStep::Payee { .. }
            | TraceStep::TakenBack { .. }
            | TraceStep::Share { .. }
            | TraceStep::Levels { .. }
            | TraceStep::Added { .. }
            | TraceStep::AddedAgain { .. }
            | TraceStep::Taken { .. }
            | TraceStep::Active { .. }
            | TraceStep::Condition { .. }
            | TraceStep::Total { .. }
            | TraceStep::Local { .. }
            | TraceStep::First { .. } => {}
        }
    }
    found.retain(|slice: &Slice| slice.quantity.is_some() || slice.amount != Exact::ZERO);
    if turned {
        found.iter_mut().for_each(|slice| slice.amount = -slice.amount.clone());
    }
    found
}
