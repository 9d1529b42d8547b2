//! How long it takes from the text of a program to machine code and to the first payment, by the number of rules:
//! `compile [RULES …]`. Then how long checking takes as texts grow. Medians of several runs, in microseconds.

#[path = "../../compiler/tests/support/kinds.rs"]
#[expect(dead_code, reason = "a test uses the rest")]
mod kinds;

use kinds::KINDS;
use meed_compiler::codegen::{CodeOptions, Kernels};
use meed_compiler::plan::Plan;
use meed_runtime::inner::engine::{RunOptions, run};
use meed_runtime::inner::load::{LoadOptions, load};
use meed_runtime::inner::pay;
use meed_runtime::inner::source::{Content, SourceFile, TableInput};
use meed_runtime::inner::store::Loaded;
use std::time::Instant;

const RUNS: usize = 15;

fn main() {
    let mut sizes: Vec<usize> = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1, 10, 100, 1000];
    }
    println!("| rules | text to Plan | Plan to machine code | text to first payment |");
    println!("| ---: | ---: | ---: | ---: |");
    for n_rules in sizes {
        let text = kinds::rules(n_rules);
        let plan = meed_compiler::compile(&text, &[]).plan.expect("the program has no problem");
        let to_plan = median(|| drop(meed_compiler::compile(&text, &[])));
        let settled = settle(&plan);
        let to_code = median(|| drop(Kernels::compile(&plan, &settled.data, CodeOptions::default())));
        let to_payment = median(|| {
            let plan = meed_compiler::compile(&text, &[]).plan.expect("the program has no problem");
            drop(settle(&plan));
        });
        println!("| {n_rules} | {to_plan} | {to_code} | {to_payment} |");
    }
    growth();
}

fn median(mut work: impl FnMut()) -> u128 {
    let mut times: Vec<u128> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    times[RUNS / 2]
}

/// How long it takes to check texts of each kind that can grow, for one, two and four times the size. A test counts the
/// steps; these are the seconds.
fn growth() {
    println!("\n| kind | size | check | twice | four times |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for kind in KINDS {
        let [one, two, four] = [1, 2, 4].map(|times| {
            let text = (kind.text)(kind.size * times);
            median(|| drop(meed_compiler::compile(&text, &[])))
        });
        println!("| {} | {} | {one} | {two} | {four} |", kind.name, kind.size);
    }
}

/// Settles one deal, for which something is paid.
fn settle(plan: &Plan) -> Loaded {
    let deals = table(
        plan,
        "deal",
        &["id", "closed_on", "partner", "rep", "customer", "quantity", "amount", "registered"],
        &["D1", "2026-04-10", "ACME", "MAYA", "C1", "3", "5000.00", "yes"],
    );
    let partners = table(plan, "partner", &["id"], &["ACME"]);
    let through = plan.active.to;
    let mut loaded = load(plan, vec![deals, partners], &LoadOptions::through(through)).expect("the deal loads");
    let options = RunOptions::through(through);
    let result = run(plan, &mut loaded, &options, None).expect("no rule meets a fault");
    assert!(pay::payments(plan, &loaded, &result).is_ok_and(|sheet| !sheet.rows.is_empty()));
    loaded
}

/// A table of one row.
fn table(plan: &Plan, record: &str, header: &[&str], row: &[&str]) -> TableInput {
    let content = Content::Cells {
        header: header.iter().map(|&name| name.to_owned()).collect(),
        rows: vec![row.iter().map(|&cell| Some(cell.to_owned())).collect()],
    };
    let record = plan.record_named(record).expect("the library has it");
    TableInput { record, files: vec![SourceFile { name: "given".to_owned(), content }] }
}
