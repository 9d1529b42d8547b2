//! Holds the two engines against each other: over the same rows they must leave the same of everything.

use crate::table::Table;
use crate::ways;
use meed_compiler::data::{Data, DecisionData};
use meed_compiler::plan::{Plan, StateKind};
use meed_compiler::value::{Exact, fraction};
use meed_runtime::inner::engine::{Engine, RunError, RunOptions, RunResult, run};
use meed_runtime::inner::load::{LoadOptions, load};
use std::num::NonZero;

/// What came of holding them against each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// Rows that rules and folds read.
    pub rows: u64,
    /// Of these, rows that machine code left to the interpreter, in programs where it has a place for every sum, and whose rules it does.
    pub replayed: u64,
    /// Lines paid.
    pub lines: u64,
    /// Whether a fault stopped the run.
    pub fault: bool,
}

/// A run with one engine.
struct Ran {
    result: Result<RunResult, RunError>,
    data: Data,
}

/// Settles rows by both engines, the machine code in chunks of these sizes.
///
/// # Errors
/// In words, what differs.
pub fn hold(plan: &Plan, tables: &[(String, Table)], chunks: &[u32]) -> Result<Held, String> {
    let any_size =
        keeps_fractions(plan) || plan.versions.iter().any(|rule| rule.acts_on_balances() || rule.ranking().is_some());
    let reference = settle(plan, tables, Engine::Interpreter, 64)?;
    let mut held = Held::default();
    for &rows in chunks {
        let compiled = settle(plan, tables, Engine::Jit, rows)?;
        same(plan, &reference, &compiled).map_err(|difference| format!("{rows} rows at a time: {difference}"))?;
        match &compiled.result {
            Ok(result) => {
                held.replayed += if any_size { 0 } else { result.replayed.iter().sum() };
                held.lines += result.lines.iter().map(|lines| lines.len() as u64).sum::<u64>();
                held.rows += result
                    .rules
                    .iter()
                    .flatten()
                    .map(|(_, counts)| counts.paid + counts.counted + counts.nothing + counts.unmatched)
                    .sum::<u64>();
            }
            Err(_) => held.fault = true,
        }
    }
    Ok(held)
}

/// Whether some rows are the interpreter's anyway: where a sum is a fraction of any size.
fn keeps_fractions(plan: &Plan) -> bool {
    let states = plan.states.iter().any(|state| match &state.kind {
        StateKind::Sums { denominators, .. } => denominators.contains(&None),
        StateKind::Seen | StateKind::Paid => false,
    });
    // What is done with lines apart from their rows asks for what only the interpreter keeps.
    let together = plan.versions.iter().any(|version| !plan.is_apart(version));
    states || together || plan.folds.iter().any(|group| group.function.den().is_none())
}

fn settle(plan: &Plan, tables: &[(String, Table)], engine: Engine, chunk_rows: u32) -> Result<Ran, String> {
    let through = plan.active.to;
    let inputs = ways::inputs(plan, tables, false)?;
    let mut loaded = load(plan, inputs, &LoadOptions { batch_rows: 64, ..LoadOptions::through(through) })
        .map_err(|error| format!("the tables: {error}"))?;
    if let Some(reject) = loaded.rejects.first() {
        return Err(format!("a row is rejected: {} {}: {}", reject.column, reject.value, reject.reason));
    }
    // Machine code also in parts, and by threads.
    let (parts, threads) = if engine == Engine::Jit { (chunk_rows % 3 + 1, 2) } else { (1, 1) };
    let options = RunOptions {
        parts: NonZero::new(parts).unwrap_or(NonZero::<u32>::MIN),
        threads: NonZero::new(threads).unwrap_or(NonZero::<usize>::MIN),
        ..ways::options(through, chunk_rows, engine)
    };
    let result = run(plan, &mut loaded, &options, None);
    Ok(Ran { result, data: loaded.data })
}

fn same(plan: &Plan, a: &Ran, b: &Ran) -> Result<(), String> {
    let (first, second) = match (&a.result, &b.result) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(RunError::Fault(first)), Err(RunError::Fault(second)))
            if first.to_string() == second.to_string() && first.fault == second.fault =>
        {
            return Ok(());
        }
        (first, second) => {
            let words = |result: &Result<RunResult, RunError>| match result {
                Ok(_) => "no fault".to_owned(),
                Err(fault) => fault.to_string(),
            };
            return Err(format!("{} / {}", words(first), words(second)));
        }
    };
    for (idx, rule) in plan.versions.iter().enumerate() {
        let (a, b) = (&first.lines[idx], &second.lines[idx]);
        let lines = |lines: &meed_runtime::inner::engine::Lines| {
            let lines = lines.whole().expect("all rows are held");
            let parts = lines.rows.iter().zip(&lines.payees).zip(&lines.amounts);
            parts.map(|((row, payee), amount)| (*row, *payee, *amount)).collect::<Vec<_>>()
        };
        equal(&format!("lines of {}", rule.name), &lines(a), &lines(b))?;
        equal(&format!("accounts of {}", rule.name), &first.rules[idx], &second.rules[idx])?;
        equal(&format!("what {} misses", rule.name), &first.missed[idx], &second.missed[idx])?;
        equal(&format!("rows of {} below zero", rule.name), &first.below_zero[idx], &second.below_zero[idx])?;
    }
    equal("accounts", &first.events, &second.events)?;
    for (idx, state) in plan.states.iter().enumerate() {
        let name = format!("state {idx} of {}", plan.rule(state.rule).name);
        equal(&name, &format!("{:?}", a.data.states[idx]), &format!("{:?}", b.data.states[idx]))?;
    }
    for (idx, decision) in plan.decisions.iter().enumerate() {
        equal(&decision.name, &decided(&a.data.decisions[idx]), &decided(&b.data.decisions[idx]))?;
    }
    Ok(())
}

fn decided(data: &DecisionData) -> Vec<Option<Exact>> {
    let words = data.nums.iter().zip(&data.denominators).zip(&data.known);
    words.map(|((&num, &den), &known)| (known == 1).then(|| fraction(num.into(), den.into()))).collect()
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, a: &T, b: &T) -> Result<(), String> {
    if a == b { Ok(()) } else { Err(format!("{what}\n  interpreter {a:?}\n  machine code {b:?}")) }
}
